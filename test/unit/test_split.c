/*-------------------------------------------------------------------------
 *
 * test_split.c
 *	  Three parts of the ratings: what is in which, and their matrices.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 40
#define ITEMS 60
#define ROWS 1500

/* Random triplets, some twice, and the rows they make. */
typedef struct Data
{
	int64_t count;
	int32_t user[ROWS];
	int32_t item[ROWS];
	int64_t time[ROWS];
	uint64_t user_hash[USERS];
	uint64_t item_hash[ITEMS];
	WcCsr csr;
} Data;

static void
make_data(Data *data)
{
	uint64_t state = 99;
	WcCoo coo;
	WcError error;
	int64_t n_merged;
	int64_t n_zero;

	data->count = ROWS;
	CHECK(wc_coo_init(&coo, true, true, true, &check_alloc) == WC_OK);
	for (int32_t r = 0; r < ROWS; r++)
	{
		/* user 0 has two ratings, user 1 none */
		int32_t user = r < 2 ? 0 : 2 + (int32_t) (check_random(&state) * 38);

		data->user[r] = user;
		data->item[r] = r < 2 ? r : (int32_t) (check_random(&state) * ITEMS);
		data->time[r] = (int64_t) (check_random(&state) * 300) - 100;
		CHECK(check_append(&coo, user, data->item[r], (float) r, 1.0f,
		                   data->time[r], &check_alloc) == WC_OK);
	}
	for (int32_t i = 0; i < USERS; i++)
		data->user_hash[i] = (uint64_t) i + 1000;
	for (int32_t j = 0; j < ITEMS; j++)
		data->item_hash[j] = (uint64_t) j + 5;
	CHECK(wc_csr_from_coo(&coo, USERS, ITEMS,
	                      (WcMerging){.duplicates = WC_DUP_MAX}, &data->csr,
	                      &n_merged, &n_zero, &check_alloc, NULL,
	                      &error) == WC_OK);
	CHECK(n_merged > 100);
}

static void
test_hash(const Data *data)
{
	const WcCsr *csr = &data->csr;
	uint8_t part[ROWS];
	int64_t n[5] = {0};

	CHECK(wc_split_hash(csr,
	                    &(WcDraw){0.2, 42, data->user_hash, data->item_hash},
	                    part, NULL) == WC_OK);
	for (int32_t i = 0; i < csr->rows; i++)
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			double unit = wc_hash_unit(wc_hash_pair(
			    42, data->user_hash[i], data->item_hash[csr->col[e]]));

			CHECK(part[e] == (unit < 0.2   ? WC_PART_TEST
			                  : unit < 0.4 ? WC_PART_VALIDATION
			                               : WC_PART_TRAIN));
			n[part[e]]++;
		}
	for (int p = 1; p <= 4; p *= 2)
		CHECK(n[p] > 150);
}

/* The latest of what was merged; a cell that is no entry is passed over. */
static void
test_times(const Data *data, int64_t *time)
{
	const WcCsr *csr = &data->csr;
	int32_t absent_user = 1;
	int32_t absent_item = 3;
	int64_t absent_time = 1000;

	CHECK(wc_split_times(csr, data->count, data->user, data->item, data->time,
	                     time, NULL) == WC_OK);
	for (int32_t i = 0; i < csr->rows; i++)
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			int64_t latest = INT64_MIN;

			for (int32_t r = 0; r < ROWS; r++)
				if (data->user[r] == i && data->item[r] == csr->col[e] &&
				    data->time[r] > latest)
					latest = data->time[r];
			CHECK(time[e] == latest);
		}
	CHECK(wc_split_times(csr, 1, &absent_user, &absent_item, &absent_time, time,
	                     NULL) == WC_OK);
	for (int64_t e = 0; e < csr->nnz; e++)
		CHECK(time[e] == INT64_MIN);
	CHECK(wc_split_times(csr, data->count, data->user, data->item, data->time,
	                     time, NULL) == WC_OK);
}

static void
test_leave_last(const Data *data, const int64_t *time)
{
	const WcCsr *csr = &data->csr;
	uint8_t part[ROWS];
	uint8_t other[ROWS];
	int n_ties = 0;

	CHECK(wc_split_leave_last(csr, time,
	                          &(WcDraw){0, 1, data->user_hash, data->item_hash},
	                          part, NULL) == WC_OK);
	CHECK(wc_split_leave_last(csr, time,
	                          &(WcDraw){0, 2, data->user_hash, data->item_hash},
	                          other, NULL) == WC_OK);
	for (int32_t i = 0; i < csr->rows; i++)
	{
		int64_t n[5] = {0};
		int64_t when[5] = {0};
		int64_t length = csr->start[i + 1] - csr->start[i];
		int64_t latest = INT64_MIN;

		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			n[part[e]]++;
			when[part[e]] = time[e];
			latest =
			    part[e] == WC_PART_TRAIN && time[e] > latest ? time[e] : latest;
			n_ties += part[e] != other[e];
		}
		CHECK(n[WC_PART_TEST] == (length >= 3) &&
		      n[WC_PART_VALIDATION] == (length >= 3));
		CHECK(n[WC_PART_TRAIN] == (length >= 3 ? length - 2 : length));
		if (length >= 3)
			CHECK(when[WC_PART_TEST] >= when[WC_PART_VALIDATION] &&
			      when[WC_PART_VALIDATION] >= latest);
	}
	CHECK(n_ties > 0); /* which the seed decides */
}

static int
compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *) a;
	int64_t right = *(const int64_t *) b;

	return (left > right) - (left < right);
}

static void
test_last(const Data *data, const int64_t *time)
{
	const WcCsr *csr = &data->csr;
	const double fractions[3] = {0.1, 0.25, 0.499};
	int64_t sorted[ROWS];
	int64_t ends[4] = {INT64_MIN, INT64_MAX, -1, INT64_MAX - 1};
	const int64_t start[2] = {0, 4};
	int32_t cols[4] = {0, 1, 2, 3};
	WcCsr four = {.rows = 1,
	              .cols = 4,
	              .nnz = 4,
	              .start = (int64_t *) start,
	              .col = cols};
	uint8_t part[ROWS];

	memcpy(sorted, time, sizeof(int64_t) * (size_t) csr->nnz);
	qsort(sorted, (size_t) csr->nnz, sizeof(int64_t), compare_times);
	for (int f = 0; f < 3; f++)
	{
		double n = (double) csr->nnz;
		int64_t first = sorted[(int64_t) ceil((1 - 2 * fractions[f]) * n) - 1];
		int64_t second = sorted[(int64_t) ceil((1 - fractions[f]) * n) - 1];

		CHECK(wc_split_last(csr, time, fractions[f], part, NULL) == WC_OK);
		for (int64_t e = 0; e < csr->nnz; e++)
			CHECK(part[e] == (time[e] > second  ? WC_PART_TEST
			                  : time[e] > first ? WC_PART_VALIDATION
			                                    : WC_PART_TRAIN));
	}
	/* the whole range of times */
	CHECK(wc_split_last(&four, ends, 0.25, part, NULL) == WC_OK);
	CHECK(part[0] == WC_PART_TRAIN && part[1] == WC_PART_TEST &&
	      part[2] == WC_PART_TRAIN && part[3] == WC_PART_VALIDATION);
}

/* Entries of two parts, without a user and an item, under new numbers. */
static void
test_take(const Data *data)
{
	const WcCsr *csr = &data->csr;
	int parts = WC_PART_TRAIN | WC_PART_TEST;
	uint8_t part[ROWS];
	int32_t user_map[USERS];
	int32_t item_map[ITEMS];
	WcCsr taken;
	int64_t n = 0;

	CHECK(wc_split_hash(csr,
	                    &(WcDraw){0.2, 42, data->user_hash, data->item_hash},
	                    part, NULL) == WC_OK);
	for (int32_t i = 0; i < USERS; i++)
		user_map[i] = i == 7 ? -1 : i - (i > 7);
	for (int32_t j = 0; j < ITEMS; j++)
		item_map[j] = j == 9 ? -1 : j - (j > 9);
	CHECK(wc_split_take(csr, part, parts, user_map, USERS - 1, item_map,
	                    ITEMS - 1, &taken, &check_alloc, NULL) == WC_OK);
	CHECK(wc_csr_check(&taken));
	CHECK(taken.rows == USERS - 1 && taken.cols == ITEMS - 1);
	for (int32_t i = 0; i < USERS; i++)
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			if (i == 7 || csr->col[e] == 9 || (part[e] & parts) == 0)
				continue;
			CHECK(n >= taken.start[user_map[i]] &&
			      n < taken.start[user_map[i] + 1]);
			CHECK(taken.col[n] == item_map[csr->col[e]] &&
			      taken.value[n] == csr->value[e] &&
			      taken.weight[n] == csr->weight[e]);
			n++;
		}
	CHECK(taken.nnz == n && n > 700);
	wc_csr_free(&taken, &check_alloc);

	/* whatever fails, nothing is left */
	for (check_fail_after = 0;; check_fail_after++)
	{
		long after = check_fail_after;
		WcStatus status =
		    wc_split_take(csr, part, parts, user_map, USERS - 1, item_map,
		                  ITEMS - 1, &taken, &check_alloc, NULL);

		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		if (status == WC_OK)
		{
			CHECK(after == 4);
			wc_csr_free(&taken, &check_alloc);
			break;
		}
		check_fail_after = after;
	}
	check_fail_after = -1;
}

/* Every one of them can be stopped. */
static void
test_cancel(const Data *data, const int64_t *time)
{
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	uint8_t part[ROWS];
	int64_t times[ROWS];
	int32_t map[ITEMS];
	WcCsr taken;

	for (int32_t j = 0; j < ITEMS; j++)
		map[j] = j;
	memset(part, WC_PART_TRAIN, sizeof(part));
	CHECK(wc_split_hash(&data->csr,
	                    &(WcDraw){0.1, 0, data->user_hash, data->item_hash},
	                    part, &hooks) == WC_CANCELLED);
	CHECK(wc_split_leave_last(&data->csr, time,
	                          &(WcDraw){0, 0, data->user_hash, data->item_hash},
	                          part, &hooks) == WC_CANCELLED);
	CHECK(wc_split_last(&data->csr, time, 0.1, part, &hooks) == WC_CANCELLED);
	CHECK(wc_split_times(&data->csr, data->count, data->user, data->item,
	                     data->time, times, &hooks) == WC_CANCELLED);
	CHECK(wc_split_take(&data->csr, part, WC_PART_TRAIN, map, USERS, map, ITEMS,
	                    &taken, &check_alloc, &hooks) == WC_CANCELLED);
	CHECK(cancel.asked == 5);
}

int
main(void)
{
	static Data data;
	static int64_t time[ROWS];

	make_data(&data);
	test_hash(&data);
	test_times(&data, time);
	test_leave_last(&data, time);
	test_last(&data, time);
	test_take(&data);
	test_cancel(&data, time);
	wc_csr_free(&data.csr, &check_alloc);
	return check_report("test_split");
}
