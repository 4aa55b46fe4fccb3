/*-------------------------------------------------------------------------
 *
 * test_sort.c
 *	  Sorting by keys: ascending, equal keys in their order, and keys of floats.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

#include "core/ground/internal.h"

static void
test_sorting(int32_t count, uint32_t mask, int shift)
{
	WcKeyed *entries = malloc(sizeof(WcKeyed) * ((size_t) count + 1));
	WcKeyed *scratch = malloc(sizeof(WcKeyed) * ((size_t) count + 1));
	bool *seen = calloc((size_t) count + 1, sizeof(bool));
	WcPace pace = wc_pace_start(NULL);
	WcKeyed *sorted = NULL;
	uint64_t state = 17;
	bool right = true;

	for (int32_t i = 0; i < count; i++)
	{
		entries[i].key =
		    ((uint32_t) (check_random(&state) * 4294967296.0) & mask) << shift;
		entries[i].value = i;
	}
	CHECK(wc_sort_keyed(count, entries, scratch, &sorted, &pace) == WC_OK);
	CHECK(sorted == entries || sorted == scratch);
	for (int32_t i = 0; i < count; i++)
	{
		right &= !seen[sorted[i].value];
		seen[sorted[i].value] = true;
		if (i > 0)
			right &= sorted[i - 1].key < sorted[i].key ||
			         (sorted[i - 1].key == sorted[i].key &&
			          sorted[i - 1].value < sorted[i].value);
	}
	CHECK(right);
	free(entries);
	free(scratch);
	free(seen);
}

static void
test_keys(void)
{
	static const float descending[] = {
	    FLT_MAX, 1e30f,   2,       1.0000001f, 1,  1e-30f, FLT_MIN, 1e-45f,
	    0,       -1e-45f, -1e-30f, -1,         -2, -1e30f, -FLT_MAX};
	int count = (int) (sizeof(descending) / sizeof(descending[0]));

	for (int i = 1; i < count; i++)
		CHECK(wc_key_descending(descending[i - 1]) <
		      wc_key_descending(descending[i]));
	CHECK(wc_key_descending(-0.0f) == wc_key_descending(0.0f));
	/* means no score in search.c */
	CHECK(wc_key_descending(-FLT_MAX) < UINT32_MAX);
}

static void
test_cancel(void)
{
	int32_t count = 300000;
	WcKeyed *entries = calloc((size_t) count, sizeof(WcKeyed));
	WcKeyed *scratch = calloc((size_t) count, sizeof(WcKeyed));
	WcStatus status = WC_CANCELLED;
	long n;

	for (n = 0; status != WC_OK && n < 100; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcPace pace = wc_pace_start(&hooks);
		WcKeyed *sorted;

		for (int32_t i = 0; i < count; i++)
			entries[i].key = (uint32_t) i * 2654435761u;
		status = wc_sort_keyed(count, entries, scratch, &sorted, &pace);
		CHECK(status == WC_OK || status == WC_CANCELLED);
	}
	CHECK(status == WC_OK && n > 4);
	free(entries);
	free(scratch);
}

int
main(void)
{
	static const int32_t counts[] = {0, 1, 2, 3, 1000, 5000};

	for (int i = 0; i < 6; i++)
	{
		test_sorting(counts[i], UINT32_MAX, 0);
		test_sorting(counts[i], 15, 0);
		test_sorting(counts[i], 15, 28);
		test_sorting(counts[i], 255, 12);
		test_sorting(counts[i], 0, 0);
	}
	test_keys();
	test_cancel();
	return check_report("test_sort");
}
