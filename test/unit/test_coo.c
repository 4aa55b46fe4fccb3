/*-------------------------------------------------------------------------
 *
 * test_coo.c
 *	  Triplets survive growth, failures of growth, renumbering and decay.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static WcStatus
append(WcCoo *coo, int64_t e)
{
	return check_append(coo, (int32_t) e, (int32_t) (2 * e), (float) e + 0.5f,
	                    (float) e + 0.25f, -e, &check_alloc);
}

static bool
holds(const WcCoo *coo, int64_t count)
{
	if (coo->count != count || coo->capacity < count)
		return false;
	for (int64_t e = 0; e < count; e++)
	{
		if (coo->user[e] != e || coo->item[e] != 2 * e ||
		    (coo->value != NULL && coo->value[e] != (float) e + 0.5f) ||
		    (coo->weight != NULL && coo->weight[e] != (float) e + 0.25f) ||
		    (coo->time != NULL && coo->time[e] != -e))
			return false;
	}
	return true;
}

static void
test_growth(void)
{
	for (int bits = 0; bits < 8; bits++)
	{
		WcCoo coo;

		CHECK(wc_coo_init(&coo, bits & 1, bits & 2, bits & 4, &check_alloc) ==
		      WC_OK);
		CHECK(coo.count == 0 && coo.user != NULL && coo.item != NULL);
		CHECK((coo.value != NULL) == ((bits & 1) != 0));
		CHECK((coo.weight != NULL) == ((bits & 2) != 0));
		CHECK((coo.time != NULL) == ((bits & 4) != 0));
		for (int64_t e = 0; e < 10000; e++)
		{
			if (append(&coo, e) != WC_OK)
				abort();
		}
		CHECK(holds(&coo, 10000));
		CHECK((coo.value != NULL) == ((bits & 1) != 0));
		wc_coo_free(&coo, &check_alloc);
		CHECK(coo.user == NULL && coo.time == NULL && coo.count == 0);
		wc_coo_free(&coo, &check_alloc);
	}
}

/* A failed growth loses nothing, and the next one succeeds. */
static void
test_no_memory(void)
{
	WcStatus status = WC_NO_MEMORY;

	for (long n = 0; status != WC_OK; n++)
	{
		WcCoo coo;

		check_fail_after = n;
		status = wc_coo_init(&coo, true, true, true, &check_alloc);
		check_fail_after = -1;
		CHECK(status == (n < 5 ? WC_NO_MEMORY : WC_OK));
		CHECK((coo.user == NULL) == (n < 5));
		wc_coo_free(&coo, &check_alloc);
	}
	for (long n = 0; n < 5; n++)
	{
		WcCoo coo;
		int64_t full;

		CHECK(wc_coo_init(&coo, true, true, true, &check_alloc) == WC_OK);
		full = coo.capacity;
		for (int64_t e = 0; e < full; e++)
		{
			if (append(&coo, e) != WC_OK)
				abort();
		}
		check_fail_after = n;
		CHECK(append(&coo, full) == WC_NO_MEMORY);
		check_fail_after = -1;
		CHECK(holds(&coo, full));
		CHECK(append(&coo, full) == WC_OK);
		CHECK(holds(&coo, full + 1));
		wc_coo_free(&coo, &check_alloc);
	}
}

/* Blocks of any size, below, at and above what there is room for. */
static void
test_blocks(void)
{
	static const int64_t blocks[] = {0, 1, 1023, 1024, 1025, 5000};
	int32_t user[5000];
	int32_t item[5000];
	float value[5000];
	float weight[5000];
	int64_t time[5000];

	for (int bits = 0; bits < 8; bits++)
	{
		for (int b = 0; b < 6; b++)
		{
			WcCoo coo;
			int64_t count = 0;

			CHECK(wc_coo_init(&coo, bits & 1, bits & 2, bits & 4,
			                  &check_alloc) == WC_OK);
			for (int times = 0; times < 5; times++)
			{
				for (int64_t e = 0; e < blocks[b]; e++)
				{
					user[e] = (int32_t) (count + e);
					item[e] = 2 * user[e];
					value[e] = (float) user[e] + 0.5f;
					weight[e] = (float) user[e] + 0.25f;
					time[e] = -user[e];
				}
				CHECK(wc_coo_append(&coo,
				                    &(WcCoo){0, 0, user, item,
				                             bits & 1 ? value : NULL,
				                             bits & 2 ? weight : NULL,
				                             bits & 4 ? time : NULL},
				                    0, blocks[b], &check_alloc) == WC_OK);
				count += blocks[b];
				CHECK(holds(&coo, count));
			}
			wc_coo_free(&coo, &check_alloc);
		}
	}
}

/* A block that takes several growths is appended whole or not at all. */
static void
test_block_no_memory(void)
{
	WcStatus status = WC_NO_MEMORY;
	int32_t index[5000] = {0};
	long n = 0;

	for (; status != WC_OK; n++)
	{
		WcCoo coo;

		CHECK(wc_coo_init(&coo, false, false, false, &check_alloc) == WC_OK);
		CHECK(append(&coo, 0) == WC_OK);
		check_fail_after = n;
		status = wc_coo_append(&coo, &(WcCoo){.user = index, .item = index}, 0,
		                       5000, &check_alloc);
		check_fail_after = -1;
		CHECK(coo.count == (status == WC_OK ? 5001 : 1));
		CHECK(coo.capacity >= coo.count);
		CHECK(append(&coo, coo.count) == WC_OK);
		wc_coo_free(&coo, &check_alloc);
	}
	CHECK(n == 1 + 2 * 3);
}

/* A capacity that cannot be doubled is refused, not wrapped around. */
static void
test_too_large(void)
{
	WcCoo coo;

	memset(&coo, 0, sizeof(coo));
	coo.count = coo.capacity = INT64_MAX / 2 + 1;
	CHECK(append(&coo, 1) == WC_TOO_LARGE);
	coo.count = coo.capacity = INT64_MAX / 2;
	CHECK(append(&coo, 1) == WC_NO_MEMORY);
}

static void
test_renumber(void)
{
	int32_t users[] = {2, 0, 1};
	int32_t items[] = {1, 0};
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcCoo coo;

	CHECK(wc_coo_init(&coo, false, false, false, &check_alloc) == WC_OK);
	CHECK(wc_coo_renumber(&coo, users, items, NULL) == WC_OK);
	for (int32_t e = 0; e < 3; e++)
		CHECK(check_append(&coo, e, e % 2, 0, 0, 0, &check_alloc) == WC_OK);
	CHECK(wc_coo_renumber(&coo, users, items, &hooks) == WC_CANCELLED);
	CHECK(wc_coo_renumber(&coo, users, items, NULL) == WC_OK);
	CHECK(coo.user[0] == 2 && coo.user[1] == 0 && coo.user[2] == 1);
	CHECK(coo.item[0] == 1 && coo.item[1] == 0 && coo.item[2] == 1);
	wc_coo_free(&coo, &check_alloc);
}

/* Every rating of a row, in its order, and no other; for both sides. */
static void
test_group(void)
{
	static const int32_t row_of[5] = {2, -1, 0, 3, -1};
	int64_t start[5];
	int64_t order[60];
	CheckCancel cancel = {1, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcCoo coo;

	CHECK(wc_coo_init(&coo, false, false, false, &check_alloc) == WC_OK);
	CHECK(wc_coo_group(&coo, WC_USERS, row_of, 4, start, order, NULL) == WC_OK);
	CHECK(start[0] == 0 && start[4] == 0);
	for (int32_t e = 0; e < 60; e++)
		CHECK(check_append(&coo, e * 7 % 5, e * e % 5, 0, 0, 0, &check_alloc) ==
		      WC_OK);
	for (int side = 0; side < 2; side++)
	{
		const int32_t *index = side == WC_USERS ? coo.user : coo.item;
		int64_t place = 0;
		bool same = true;

		CHECK(wc_coo_group(&coo, (WcSide) side, row_of, 4, start, order,
		                   NULL) == WC_OK);
		for (int32_t row = 0; row < 4; row++)
		{
			same &= start[row] == place;
			for (int64_t e = 0; e < coo.count; e++)
				if (row_of[index[e]] == row)
					same &= order[place++] == e;
		}
		CHECK(same && start[4] == place);
	}
	CHECK(start[2] == start[1]); /* nobody's row */
	cancel.remaining = 0;
	CHECK(wc_coo_group(&coo, WC_USERS, row_of, 4, start, order, &hooks) ==
	      WC_CANCELLED);
	wc_coo_free(&coo, &check_alloc);
}

int
main(void)
{
	test_growth();
	test_no_memory();
	test_blocks();
	test_block_no_memory();
	test_too_large();
	test_renumber();
	test_group();
	return check_report("test_coo");
}
