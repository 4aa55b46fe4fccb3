/*-------------------------------------------------------------------------
 *
 * test_filter.c
 *	  Rare users and items are left out as a plain matrix says they should be.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 40
#define ITEMS 30

/* Entry weights tell the cell, so that a mix-up shows. */
static float
cell_weight(int32_t i, int32_t j)
{
	return (float) (i * ITEMS + j);
}

/* Users and items get rarer with their number. */
static void
random_cells(bool cell[USERS][ITEMS], uint64_t seed)
{
	uint64_t state = seed * 2 + 1;

	for (int32_t i = 0; i < USERS; i++)
	{
		for (int32_t j = 0; j < ITEMS; j++)
			cell[i][j] = check_random(&state) * (i + 1) * (j + 1) < 30;
	}
}

static void
create(bool cell[USERS][ITEMS], bool arrays, WcCsr *csr)
{
	WcCoo coo;
	int64_t n_merged;
	int64_t n_zero;

	if (wc_coo_init(&coo, arrays, arrays, false, &check_alloc) != WC_OK)
		abort();
	for (int32_t i = 0; i < USERS; i++)
	{
		for (int32_t j = 0; j < ITEMS; j++)
		{
			if (cell[i][j] &&
			    check_append(&coo, i, j, -cell_weight(i, j), cell_weight(i, j),
			                 0, &check_alloc) != WC_OK)
				abort();
		}
	}
	if (wc_csr_from_coo(&coo, USERS, ITEMS,
	                    (WcMerging){.duplicates = WC_DUP_ERROR}, csr, &n_merged,
	                    &n_zero, &check_alloc, NULL, NULL) != WC_OK)
		abort();
}

/* The same by the words of core.h: thresholds once, then empty ones. */
static void
expect(bool cell[USERS][ITEMS], int min_user, int min_item,
       bool keep_user[USERS], bool keep_item[ITEMS])
{
	bool frequent_user[USERS];
	bool frequent_item[ITEMS];

	for (int32_t i = 0; i < USERS; i++)
	{
		int count = 0;

		for (int32_t j = 0; j < ITEMS; j++)
			count += cell[i][j];
		frequent_user[i] = count >= min_user;
		keep_user[i] = false;
	}
	for (int32_t j = 0; j < ITEMS; j++)
	{
		int count = 0;

		for (int32_t i = 0; i < USERS; i++)
			count += cell[i][j];
		frequent_item[j] = count >= min_item;
		keep_item[j] = false;
	}
	for (int32_t i = 0; i < USERS; i++)
	{
		for (int32_t j = 0; j < ITEMS; j++)
		{
			if (cell[i][j] && frequent_user[i] && frequent_item[j])
				keep_user[i] = keep_item[j] = true;
		}
	}
}

static void
test_filter(uint64_t seed, bool arrays, int min_user, int min_item)
{
	bool cell[USERS][ITEMS];
	bool expected_user[USERS];
	bool expected_item[ITEMS];
	bool keep_user[USERS];
	bool keep_item[ITEMS];
	int64_t e = 0;
	int32_t rows = 0;
	int32_t cols = 0;
	WcCsr csr;

	random_cells(cell, seed);
	create(cell, arrays, &csr);
	expect(cell, min_user, min_item, expected_user, expected_item);
	CHECK(wc_csr_filter(&csr, min_user, min_item, keep_user, keep_item,
	                    &check_alloc, NULL) == WC_OK);
	CHECK(memcmp(keep_user, expected_user, sizeof(keep_user)) == 0);
	CHECK(memcmp(keep_item, expected_item, sizeof(keep_item)) == 0);
	CHECK(wc_csr_check(&csr));
	for (int32_t i = 0; i < USERS; i++)
	{
		cols = 0;
		for (int32_t j = 0; j < ITEMS; j++)
		{
			if (!keep_item[j])
				continue;
			if (keep_user[i] && cell[i][j] && e < csr.nnz)
			{
				CHECK(csr.start[rows] <= e && e < csr.start[rows + 1]);
				CHECK(csr.col[e] == cols);
				CHECK(csr.weight == NULL || csr.weight[e] == cell_weight(i, j));
				CHECK(csr.value == NULL || csr.value[e] == -cell_weight(i, j));
				e++;
			}
			cols++;
		}
		rows += keep_user[i];
	}
	CHECK(csr.rows == rows && csr.cols == cols && csr.nnz == e);
	wc_csr_free(&csr, &check_alloc);
}

/* A user kept by his count alone goes when all his items go. */
static void
test_partners(void)
{
	bool cell[USERS][ITEMS] = {{0}};
	bool keep_user[USERS];
	bool keep_item[ITEMS];
	WcCsr csr;

	cell[0][0] = cell[0][1] = cell[0][2] = true;
	cell[1][3] = cell[2][3] = cell[3][3] = cell[2][4] = true;
	create(cell, false, &csr);
	CHECK(wc_csr_filter(&csr, 1, 3, keep_user, keep_item, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(csr.rows == 3 && csr.cols == 1 && csr.nnz == 3);
	CHECK(!keep_user[0] && keep_user[1] && keep_user[2] && !keep_user[4]);
	CHECK(keep_item[3] && !keep_item[0] && !keep_item[4]);
	wc_csr_free(&csr, &check_alloc);
}

static void
test_failures(void)
{
	bool cell[USERS][ITEMS];
	bool keep_user[USERS];
	bool keep_item[ITEMS];
	int64_t nnz;
	WcCsr csr;

	random_cells(cell, 1);
	create(cell, true, &csr);
	nnz = csr.nnz;
	check_fail_after = 0;
	CHECK(wc_csr_filter(&csr, 2, 2, keep_user, keep_item, &check_alloc, NULL) ==
	      WC_NO_MEMORY);
	check_fail_after = -1;
	CHECK(wc_csr_check(&csr) && csr.nnz == nnz);
	wc_csr_free(&csr, &check_alloc);
	for (long n = 0; n < 2; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcStatus status;

		create(cell, true, &csr);
		status = wc_csr_filter(&csr, 2, 2, keep_user, keep_item, &check_alloc,
		                       &hooks);
		CHECK(status == (n == 0 ? WC_CANCELLED : WC_OK));
		CHECK((csr.start == NULL) == (n == 0));
		wc_csr_free(&csr, &check_alloc);
	}
}

/* One long row is asked about, too: cancelled in each of the three passes. */
static void
test_long_row(void)
{
	int32_t items = 400000;
	bool *keep_item = malloc((size_t) items * sizeof(bool));
	WcStatus status = WC_CANCELLED;
	long n = 0;

	for (; status != WC_OK && n < 50; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		bool keep_user;
		int64_t n_merged;
		int64_t n_zero;
		WcCoo coo;
		WcCsr csr;

		if (wc_coo_init(&coo, false, false, false, &check_alloc) != WC_OK)
			abort();
		for (int32_t j = 0; j < items; j++)
		{
			if (check_append(&coo, 0, j, 0, 0, 0, &check_alloc) != WC_OK)
				abort();
		}
		if (wc_csr_from_coo(
		        &coo, 1, items, (WcMerging){.duplicates = WC_DUP_ERROR}, &csr,
		        &n_merged, &n_zero, &check_alloc, NULL, NULL) != WC_OK)
			abort();
		status = wc_csr_filter(&csr, 1, 1, &keep_user, keep_item, &check_alloc,
		                       &hooks);
		CHECK(status == WC_OK || (status == WC_CANCELLED && csr.col == NULL));
		if (status == WC_OK)
			CHECK(csr.nnz == items && csr.cols == items && keep_user);
		wc_csr_free(&csr, &check_alloc);
	}

	/* Eight passes over 400,000 elements. */
	CHECK(status == WC_OK && n >= 10);
	free(keep_item);
}

int
main(void)
{
	for (uint64_t seed = 0; seed < 5; seed++)
	{
		for (int arrays = 0; arrays < 2; arrays++)
		{
			test_filter(seed, arrays != 0, 1, 1);
			test_filter(seed, arrays != 0, 3, 1);
			test_filter(seed, arrays != 0, 1, 4);
			test_filter(seed, arrays != 0, 5, 6);
			test_filter(seed, arrays != 0, 100, 1);
			test_filter(seed, arrays != 0, 1, INT32_MAX);
		}
	}
	test_partners();
	test_failures();
	test_long_row();
	return check_report("test_filter");
}
