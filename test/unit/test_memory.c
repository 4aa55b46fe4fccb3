/*-------------------------------------------------------------------------
 *
 * test_memory.c
 *	  Sizes are checked, statuses have words, and the estimate of a training
 *	  holds against what sorting and building a problem really take.  Of
 *	  core/solve/estimate.c, too.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static void
test_status_text(void)
{
	for (int a = WC_OK; a <= WC_EMPTY; a++)
	{
		CHECK(strlen(wc_status_text((WcStatus) a)) > 3);
		CHECK(strcmp(wc_status_text((WcStatus) a), "unknown status") != 0);
		for (int b = WC_OK; b < a; b++)
			CHECK(strcmp(wc_status_text((WcStatus) a),
			             wc_status_text((WcStatus) b)) != 0);
	}
	CHECK(wc_status_text((WcStatus) 12345) != NULL);
}

static void
test_arrays(void)
{
	int32_t *array;

	CHECK(wc_alloc_array(&check_alloc, SIZE_MAX / 4 + 1, 4) == NULL);
	CHECK(wc_alloc_array(&check_alloc, SIZE_MAX, SIZE_MAX) == NULL);
	CHECK(wc_resize_array(&check_alloc, NULL, SIZE_MAX / 2, 3) == NULL);

	array = wc_alloc_array(&check_alloc, 0, 4);
	CHECK(array != NULL);
	array = wc_resize_array(&check_alloc, array, 1000, sizeof(int32_t));
	CHECK(array != NULL);
	array[999] = 7;
	array = wc_resize_array(&check_alloc, array, 1001, sizeof(int32_t));
	CHECK(array != NULL && array[999] == 7);
	array = wc_resize_array(&check_alloc, array, 0, sizeof(int32_t));
	CHECK(array != NULL);
	wc_free(&check_alloc, array);
	wc_free(&check_alloc, NULL);

	check_fail_after = 0;
	CHECK(wc_alloc_array(&check_alloc, 1, 1) == NULL);
	check_fail_after = -1;
}

/* An allocator that knows how much is out at once. */
typedef struct Meter
{
	size_t now;
	size_t peak;
} Meter;

#define METER_HEADER 16

static void *
meter_resize(void *arg, void *block, size_t bytes)
{
	Meter *meter = arg;
	char *base = block == NULL ? NULL : (char *) block - METER_HEADER;

	if (base != NULL)
		meter->now -= *(size_t *) (void *) base;
	base = realloc(base, bytes + METER_HEADER);
	if (base == NULL)
		abort();
	*(size_t *) (void *) base = bytes;
	meter->now += bytes;
	if (meter->now > meter->peak)
		meter->peak = meter->now;
	return base + METER_HEADER;
}

static void *
meter_alloc(void *arg, size_t bytes)
{
	return meter_resize(arg, NULL, bytes);
}

static void
meter_release(void *arg, void *block)
{
	Meter *meter = arg;
	char *base = (char *) block - METER_HEADER;

	meter->now -= *(size_t *) (void *) base;
	free(base);
}

/* Peak of sorting and building; the count fills the capacity exactly. */
static size_t
measure(bool has_value, bool has_weight, bool has_time, int32_t users,
        int32_t items, int64_t nnz)
{
	Meter meter = {0, 0};
	WcAlloc alloc = {meter_alloc, meter_resize, meter_release, NULL};
	WcParams params;
	WcProblem problem;
	WcCoo coo;
	WcCsr csr;
	int64_t n_merged;
	int64_t n_zero;

	alloc.arg = &meter;
	wc_params_defaults(&params);
	CHECK(wc_coo_init(&coo, has_value, has_weight, has_time, &alloc) == WC_OK);
	for (int64_t e = 0; e < nnz; e++)
	{
		/* Distinct cells in an order that is not sorted. */
		int64_t cell = (e * 7919) % ((int64_t) users * items);

		if (check_append(&coo, (int32_t) (cell / items),
		                 (int32_t) (cell % items), (float) (e % 5) - 1.5f, 1.0f,
		                 e, &alloc) != WC_OK)
			abort();
	}
	CHECK(coo.capacity == nnz);
	CHECK(wc_csr_from_coo(
	          &coo, users, items,
	          (WcMerging){.duplicates = has_time ? WC_DUP_LAST : WC_DUP_SUM,
	                      .drop_zero = true},
	          &csr, &n_merged, &n_zero, &alloc, NULL, NULL) == WC_OK);
	CHECK(csr.nnz == nnz && n_merged == 0 && n_zero == 0);
	CHECK(wc_problem_build(&params, &csr, NULL, NULL, &problem, &alloc, NULL,
	                       NULL) == WC_OK);
	wc_problem_free(&problem, &alloc);
	CHECK(meter.now == 0);
	return meter.peak;
}

static void
test_estimate(void)
{
	int32_t users = 1000;
	int32_t items = 700;
	int64_t nnz = 1 << 18;

	for (int bits = 0; bits < 8; bits++)
	{
		bool value = (bits & 1) != 0;
		bool weight = (bits & 2) != 0;
		bool time = (bits & 4) != 0;
		size_t peak = measure(value, weight, time, users, items, nnz);
		size_t bytes;

		CHECK(wc_memory_needed(nnz, users, items, 0, value, weight, time,
		                       &bytes) == WC_OK);
		CHECK(peak <= bytes);
		CHECK(bytes <= peak + peak / 20);
	}
}

static void
test_estimate_sizes(void)
{
	size_t bytes;
	size_t more;

	CHECK(wc_memory_needed(0, 0, 0, 1, true, true, true, &bytes) == WC_OK);
	CHECK(bytes == 0);
	CHECK(wc_memory_needed(0, 100, 50, 64, false, false, false, &bytes) ==
	      WC_OK);
	CHECK(bytes >= 150 * 64 * 4);

	/* Factors come on top. */
	CHECK(wc_memory_needed(1000000, 100, 50, 64, true, false, false, &bytes) ==
	      WC_OK);
	CHECK(wc_memory_needed(1000000, 100, 50, 128, true, false, false, &more) ==
	      WC_OK);
	CHECK(more - bytes == 150 * 64 * 4);

	/* The size of ML-20M: two sides and the factors of 64, within a tenth. */
	CHECK(wc_memory_needed(20000263, 138493, 26744, 64, true, false, false,
	                       &bytes) == WC_OK);
	CHECK_NEAR((double) bytes, 20000263.0 * 16 + 165237.0 * 64 * 4,
	           0.1 * 20000263.0 * 16);

	CHECK(wc_memory_needed(INT64_MAX, 1, 1, 1, false, false, false, &bytes) ==
	      WC_TOO_LARGE);
	CHECK(bytes == 0);
	CHECK(wc_memory_needed(INT64_MAX / 16, INT32_MAX, INT32_MAX, 1024, true,
	                       true, true, &bytes) == WC_TOO_LARGE);
	CHECK(wc_memory_needed(-1, 1, 1, 1, false, false, false, &bytes) ==
	      WC_TOO_LARGE);
}

int
main(void)
{
	test_status_text();
	test_arrays();
	test_estimate();
	test_estimate_sizes();
	return check_report("test_memory");
}
