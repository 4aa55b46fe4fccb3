/*-------------------------------------------------------------------------
 *
 * test_profile.c
 *	  Spreads, values and labour counted by hand, and by slow twins.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

/* Rows of these lengths; entries at the first columns. */
static WcCsr
staircase(int32_t rows, const int32_t *length, int32_t cols)
{
	WcCsr csr = {.rows = rows, .cols = cols};
	size_t nnz = 0;

	for (int32_t i = 0; i < rows; i++)
		nnz += (size_t) length[i];
	csr.start = check_malloc(NULL, ((size_t) rows + 1) * sizeof(int64_t));
	csr.col = check_malloc(NULL, nnz * sizeof(int32_t));
	csr.start[0] = 0;
	for (int32_t i = 0; i < rows; i++)
	{
		for (int32_t e = 0; e < length[i]; e++)
			csr.col[csr.nnz++] = e;
		csr.start[i + 1] = csr.nnz;
	}
	return csr;
}

static void
test_spread(void)
{
	static const int32_t length[] = {1, 4, 1, 0, 4, 2};
	WcCsr csr = staircase(6, length, 5);
	WcSpread users;
	WcSpread items;

	CHECK(wc_spread(&csr, WC_USERS, &users, &check_alloc, NULL) == WC_OK);
	CHECK(users.rows == 6 && users.most == 4 && users.most_row == 1);
	CHECK(users.singles == 2);
	CHECK(users.median == 1.5);
	CHECK(users.top_rows == 1);
	CHECK_NEAR(users.top_share, 4.0 / 12, 1e-15);

	/* columns: 5, 3, 2, 2 and none */
	CHECK(wc_spread(&csr, WC_ITEMS, &items, &check_alloc, NULL) == WC_OK);
	CHECK(items.rows == 5 && items.most == 5 && items.most_row == 0);
	CHECK(items.singles == 0);
	CHECK(items.median == 2);
	CHECK_NEAR(items.top_share, 5.0 / 12, 1e-15);
	wc_csr_free(&csr, &check_alloc);
}

/* The top hundredth of 250 rows are two. */
static void
test_spread_top(void)
{
	int32_t length[250];
	WcCsr csr;
	WcSpread spread;

	for (int32_t i = 0; i < 250; i++)
		length[i] = i == 77 ? 30 : i == 200 ? 20 : 1;
	csr = staircase(250, length, 30);
	CHECK(wc_spread(&csr, WC_USERS, &spread, &check_alloc, NULL) == WC_OK);
	CHECK(spread.top_rows == 2 && spread.most_row == 77);
	CHECK_NEAR(spread.top_share, 50.0 / 298, 1e-15);
	CHECK(spread.median == 1 && spread.singles == 248);
	wc_csr_free(&csr, &check_alloc);

	csr = staircase(0, length, 0);
	CHECK(wc_spread(&csr, WC_USERS, &spread, &check_alloc, NULL) == WC_OK);
	CHECK(spread.rows == 0 && spread.most == 0 && spread.most_row == -1);
	CHECK(spread.median == 0 && spread.top_share == 0);
	wc_csr_free(&csr, &check_alloc);
}

static void
test_values(void)
{
	static const float value[] = {3,    -1, 0,  3, 5,       -0.0f, 5,
	                              0.5f, 3,  -1, 7, FLT_MAX, 0.25f, 0};
	WcValues values;

	CHECK(wc_values_summary(14, value, &values, &check_alloc, NULL) == WC_OK);
	CHECK(values.count == 14 && values.min == -1 && values.max == FLT_MAX);
	CHECK(values.negative == 2 && values.zero == 3);
	CHECK(values.distinct == 8);
	CHECK(values.n_common == 5);
	/* 0 and 3 three times, -1 and 5 twice, then the least of the others */
	CHECK(values.common[0].value == 0 && values.common[0].count == 3);
	CHECK(values.common[1].value == 3 && values.common[1].count == 3);
	CHECK(values.common[2].value == -1 && values.common[2].count == 2);
	CHECK(values.common[3].value == 5 && values.common[3].count == 2);
	CHECK(values.common[4].value == 0.25f && values.common[4].count == 1);
	CHECK(!signbit(values.common[0].value));

	CHECK(wc_values_summary(1, value, &values, &check_alloc, NULL) == WC_OK);
	CHECK(values.distinct == 1 && values.n_common == 1);
	CHECK(values.min == 3 && values.max == 3);
	CHECK(wc_values_summary(0, NULL, &values, &check_alloc, NULL) == WC_OK);
	CHECK(values.distinct == 0 && values.n_common == 0 && values.min == 0);
}

/* As many different values as are counted, and one more. */
static void
test_values_many(void)
{
	int32_t count = WC_DISTINCT_MAX + 1;
	float *value = malloc((size_t) count * sizeof(float));
	WcValues values;

	for (int32_t i = 0; i < count; i++)
		value[i] = (float) i * 0.125f;
	CHECK(wc_values_summary(count - 1, value, &values, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(values.distinct == WC_DISTINCT_MAX && values.n_common == 5);
	CHECK(wc_values_summary(count, value, &values, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(values.distinct == -1 && values.n_common == 0);
	CHECK(values.max == (float) (count - 1) * 0.125f);
	free(value);
}

static void
test_labour(void)
{
	static const int32_t length[] = {1, 10};
	WcCsr csr = staircase(2, length, 10);
	WcLabour labour;
	static const int32_t four = 4;
	double dual = 1 * 1 * 8 + 1.0 / 3 + 2 * 8;

	/* k = 8: below 4 entries the row is solved in their number */
	CHECK(wc_labour(&csr, 8, &labour, &check_alloc, NULL) == WC_OK);
	CHECK_NEAR(labour.users, dual + 10 * 64 + 512 / 3.0 + 160, 1e-9);
	CHECK(labour.exact == labour.users);
	/* columns: one of 2 entries, nine of 1 */
	CHECK_NEAR(labour.items, 9 * dual + 4 * 8 + 8.0 / 3 + 2 * 2 * 8, 1e-9);
	CHECK_NEAR(labour.dense, 4 * 12 * 64 + 2 * 11 * 8, 1e-9);
	CHECK_NEAR(labour.eigen, 18 * 512, 1e-9);
	wc_csr_free(&csr, &check_alloc);

	/* with 4 it is not */
	csr = staircase(1, &four, 4);
	CHECK(wc_labour(&csr, 8, &labour, &check_alloc, NULL) == WC_OK);
	CHECK_NEAR(labour.users, 4 * 64 + 512 / 3.0 + 64, 1e-9);
	wc_csr_free(&csr, &check_alloc);
	csr = staircase(2, length, 10);

	/* from 128 factors on iterations are not exact */
	CHECK(wc_labour(&csr, 128, &labour, &check_alloc, NULL) == WC_OK);
	CHECK_NEAR(labour.users, 8 * 11 * 128, 1e-9);
	CHECK_NEAR(labour.items, 8 * 11 * 128, 1e-9);
	CHECK(labour.exact > labour.users);
	wc_csr_free(&csr, &check_alloc);
}

/* A sample is a valid matrix, has the lengths of the data, and is bounded. */
static void
test_sample(void)
{
	static int32_t length[3000];
	static const int32_t factors[] = {1, 64, 1024};

	for (int32_t i = 0; i < 3000; i++)
		length[i] = i == 7 ? 9000 : 1 + i % 90;
	for (int f = 0; f < 3; f++)
	{
		WcCsr csr = staircase(3000, length, 9000);
		WcCsr sample;
		WcLabour all;
		WcLabour part;
		int64_t longest = 0;

		CHECK(wc_labour_sample(&csr, factors[f], true, &sample, &check_alloc) ==
		      WC_OK);
		CHECK(wc_csr_check(&sample));
		CHECK(sample.rows >= 1 && sample.rows <= 3000);
		CHECK(sample.cols <= 9000);
		CHECK((int64_t) sample.cols * factors[f] <= 1 << 22);
		for (int32_t i = 0; i < sample.rows; i++)
			longest = fmax(longest, sample.start[i + 1] - sample.start[i]);
		CHECK(longest <= 4096);
		CHECK(wc_labour(&csr, factors[f], &all, &check_alloc, NULL) == WC_OK);
		CHECK(wc_labour(&sample, factors[f], &part, &check_alloc, NULL) ==
		      WC_OK);
		if (sample.rows < 3000)
			CHECK(part.exact >= 5e7 && part.exact <= 3e8);
		/* mean lengths agree */
		if (sample.rows > 100 && factors[f] > 1)
			CHECK_NEAR((double) sample.nnz / sample.rows,
			           (double) (csr.nnz - 9000) / 3000, 8);
		wc_csr_free(&sample, &check_alloc);
		CHECK(wc_labour_sample(&csr, factors[f], false, &sample,
		                       &check_alloc) == WC_OK);
		CHECK(wc_labour(&sample, factors[f], &part, &check_alloc, NULL) ==
		      WC_OK);
		CHECK(wc_csr_check(&sample));
		if (sample.rows < 3000)
			CHECK(part.users >= 5e7 && part.users <= 3e8);
		wc_csr_free(&sample, &check_alloc);
		wc_csr_free(&csr, &check_alloc);
	}
}

/* A single row of nothing. */
static void
test_sample_small(void)
{
	static const int32_t length[] = {0};
	WcCsr csr = staircase(1, length, 1);
	WcCsr sample;

	CHECK(wc_labour_sample(&csr, 3, false, &sample, &check_alloc) == WC_OK);
	CHECK(sample.rows == 1 && sample.nnz == 0);
	wc_csr_free(&sample, &check_alloc);
	wc_csr_free(&csr, &check_alloc);
}

static void
test_failures(void)
{
	static const int32_t length[] = {1, 4, 1, 0, 4, 2};
	static const float value[] = {1, 2};
	WcCsr csr = staircase(6, length, 5);
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcSpread spread;
	WcValues values;
	WcLabour labour;
	WcCsr sample;

	CHECK(wc_spread(&csr, WC_USERS, &spread, &check_alloc, &hooks) ==
	      WC_CANCELLED);
	CHECK(wc_spread(&csr, WC_ITEMS, &spread, &check_alloc, &hooks) ==
	      WC_CANCELLED);
	CHECK(wc_values_summary(2, value, &values, &check_alloc, &hooks) ==
	      WC_CANCELLED);
	CHECK(wc_labour(&csr, 2, &labour, &check_alloc, &hooks) == WC_CANCELLED);
	for (long n = 0; n < 3; n++)
	{
		check_fail_after = n;
		CHECK(wc_labour_sample(&csr, 2, true, &sample, &check_alloc) ==
		      WC_NO_MEMORY);
		if (n < 2)
		{
			check_fail_after = n;
			CHECK(wc_spread(&csr, WC_USERS, &spread, &check_alloc, NULL) ==
			      WC_NO_MEMORY);
		}
	}
	check_fail_after = 0;
	CHECK(wc_values_summary(2, value, &values, &check_alloc, NULL) ==
	      WC_NO_MEMORY);
	CHECK(wc_labour(&csr, 2, &labour, &check_alloc, NULL) == WC_NO_MEMORY);
	check_fail_after = -1;
	wc_csr_free(&csr, &check_alloc);
}

int
main(void)
{
	test_spread();
	test_spread_top();
	test_values();
	test_values_many();
	test_labour();
	test_sample();
	test_sample_small();
	test_failures();
	return check_report("test_profile");
}
