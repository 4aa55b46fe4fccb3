/*-------------------------------------------------------------------------
 *
 * test_holdout.c
 *	  The hashes of tests: published values of their parts, values computed in
 *	  another language, and that they spread.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static uint64_t
hash_text(const char *text, size_t length)
{
	WcId id = {99, text, length};

	return wc_hash_id(WC_ID_BYTES, &id);
}

/* FNV-1a's own test vectors; integers are themselves. */
static void
test_id(void)
{
	WcId number = {-2, "ignored", 7};

	CHECK(hash_text("", 0) == UINT64_C(0xcbf29ce484222325));
	CHECK(hash_text("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	CHECK(hash_text("foobar", 6) == UINT64_C(0x85944171f73967e8));
	CHECK(hash_text("\0\377", 2) == UINT64_C(0x0831c907b4ea2b60));
	CHECK(wc_hash_id(WC_ID_INT64, &number) == UINT64_MAX - 1);
}

static void
test_pair(void)
{
	CHECK(wc_hash_pair(0, 0, 0) == UINT64_C(0x238275bc38fcbe91));
	CHECK(wc_hash_pair(0, 1, 2) == UINT64_C(0x5def8c1f8a9e3322));
	CHECK(wc_hash_pair(0, 2, 1) == UINT64_C(0x51bf25161a05fb1b));
	CHECK(wc_hash_pair(7, 1, 2) == UINT64_C(0x16e639e2c7aae6e3));
	CHECK(wc_hash_pair(-1, (uint64_t) -5, UINT64_C(1) << 62) ==
	      UINT64_C(0xe89eaba04ded7c3f));
}

static void
test_unit(void)
{
	CHECK(wc_hash_unit(0) == 0);
	CHECK(wc_hash_unit(UINT64_MAX) < 1);
	CHECK(wc_hash_unit(UINT64_C(1) << 63) == 0.5);
	CHECK_NEAR(wc_hash_unit(wc_hash_pair(0, 1, 2)), 0.3669364525800283, 1e-15);
}

/*
 * Tenths of 1000 x 1000 pairs of neighbouring numbers: each is near 100,000
 * (300 is one standard deviation), in every row of a user and for every seed.
 */
static void
test_spread(void)
{
	for (int64_t seed = 0; seed < 3; seed++)
	{
		int64_t tenth[10] = {0};
		int64_t together = 0;

		for (uint64_t user = 0; user < 1000; user++)
		{
			int row = 0;

			for (uint64_t item = 0; item < 1000; item++)
			{
				double x = wc_hash_unit(wc_hash_pair(seed, user, item));
				double y = wc_hash_unit(wc_hash_pair(seed + 1, user, item));

				tenth[(int) (10 * x)]++;
				row += x < 0.1;
				together += x < 0.1 && y < 0.1;
			}
			CHECK(row > 50 && row < 155);
		}
		for (int t = 0; t < 10; t++)
			CHECK_NEAR((double) tenth[t], 100000, 1500);
		/* what one seed holds out says nothing about another */
		CHECK_NEAR((double) together, 10000, 500);
	}
}

#define PAIRS_USERS 40
#define PAIRS_ITEMS 30

/* Two ratings of every pair, with the arrays asked for. */
static WcCoo
all_pairs(bool has_value, bool has_weight, bool has_time)
{
	WcCoo coo;

	CHECK(wc_coo_init(&coo, has_value, has_weight, has_time, &check_alloc) ==
	      WC_OK);
	for (int32_t e = 0; e < 2 * PAIRS_USERS * PAIRS_ITEMS; e++)
		CHECK(check_append(&coo, e % PAIRS_USERS, e / PAIRS_USERS % PAIRS_ITEMS,
		                   (float) e, (float) (e + 1), e + 2,
		                   &check_alloc) == WC_OK);
	return coo;
}

static void
fill_hashes(uint64_t *users, uint64_t *items)
{
	for (uint64_t u = 0; u < PAIRS_USERS; u++)
		users[u] = 1000 * u;
	for (uint64_t i = 0; i < PAIRS_ITEMS; i++)
		items[i] = i + 7;
}

/* Triplets of one kind, in order, all of a triplet in its place. */
static void
check_triplets(const WcCoo *coo, double fraction, int64_t seed, bool are_held)
{
	int64_t before = -1;

	for (int64_t e = 0; e < coo->count; e++)
	{
		int64_t number = coo->time != NULL ? coo->time[e] - 2 : before + 1;
		uint64_t hash = wc_hash_pair(seed, (uint64_t) coo->user[e] * 1000,
		                             (uint64_t) coo->item[e] + 7);

		CHECK((wc_hash_unit(hash) < fraction) == are_held);
		CHECK(number > before);
		before = number;
		if (coo->time == NULL)
			continue;
		CHECK(coo->user[e] == number % PAIRS_USERS);
		CHECK(coo->item[e] == number / PAIRS_USERS % PAIRS_ITEMS);
		CHECK(coo->value == NULL || coo->value[e] == (float) number);
		CHECK(coo->weight == NULL || coo->weight[e] == (float) (number + 1));
	}
}

static void
test_hold_out(void)
{
	static const double fractions[] = {0, 0.1, 0.5, 1};
	uint64_t users[PAIRS_USERS];
	uint64_t items[PAIRS_ITEMS];

	fill_hashes(users, items);
	for (int arrays = 0; arrays < 8; arrays++)
		for (int f = 0; f < 4; f++)
		{
			WcCoo coo = all_pairs(arrays & 1, arrays & 2, arrays & 4);
			int64_t total = coo.count;
			double expected = fractions[f] * (double) total;
			WcCoo held;

			CHECK(wc_coo_hold_out(&coo,
			                      &(WcDraw){fractions[f], 3, users, items},
			                      &held, &check_alloc, NULL) == WC_OK);
			CHECK(coo.count + held.count == total);
			/* twice each pair; 4 standard deviations */
			CHECK_NEAR((double) held.count, expected,
			           4 * sqrt(2 * expected * (1 - fractions[f])));
			CHECK((held.value != NULL) == (coo.value != NULL));
			CHECK((held.weight != NULL) == (coo.weight != NULL));
			CHECK((held.time != NULL) == (coo.time != NULL));
			check_triplets(&coo, fractions[f], 3, false);
			check_triplets(&held, fractions[f], 3, true);
			wc_coo_free(&coo, &check_alloc);
			wc_coo_free(&held, &check_alloc);
		}
}

/* Every failing allocation and every cancel leaves no memory behind. */
static void
test_hold_out_fails(void)
{
	uint64_t users[PAIRS_USERS];
	uint64_t items[PAIRS_ITEMS];
	WcStatus status = WC_NO_MEMORY;
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcCoo coo;
	WcCoo held;

	fill_hashes(users, items);
	for (long n = 0; status == WC_NO_MEMORY; n++)
	{
		coo = all_pairs(true, true, true);
		check_fail_after = n;
		status = wc_coo_hold_out(&coo, &(WcDraw){0.9, 0, users, items}, &held,
		                         &check_alloc, NULL);
		check_fail_after = -1;
		CHECK(status == WC_OK ? n > 5 : held.user == NULL && held.count == 0);
		wc_coo_free(&coo, &check_alloc);
		wc_coo_free(&held, &check_alloc);
	}
	CHECK(status == WC_OK);
	coo = all_pairs(false, false, false);
	CHECK(wc_coo_hold_out(&coo, &(WcDraw){0.9, 0, users, items}, &held,
	                      &check_alloc, &hooks) == WC_CANCELLED);
	CHECK(held.user == NULL);
	wc_coo_free(&coo, &check_alloc);
}

int
main(void)
{
	test_id();
	test_pair();
	test_unit();
	test_spread();
	test_hold_out();
	test_hold_out_fails();
	return check_report("test_holdout");
}
