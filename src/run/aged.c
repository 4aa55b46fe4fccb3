/*-------------------------------------------------------------------------
 *
 * aged.c
 *	  Entries of a tuning whose weights fade with age.
 *
 * A half-life fades the ratings while those of a cell are merged, so that every
 * trial with one merges them again, from a copy that is kept of them.  It takes
 * about as long as an iteration with a few factors.  Which cells there are does
 * not depend on it: a mean that happens to be 0 without fading is no entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/report.h"
#include "run/aged.h"
#include "run/measure.h"
#include "run/steps.h"

static void *
copy_of(const void *from, int64 count, Size size, WalsMemory *memory)
{
	void *result;

	if (from == NULL)
		return NULL;
	result = wals_measure_alloc(memory, count, size);
	if (count > 0)
		memcpy(result, from, (Size) count * size);
	return result;
}

void
wals_aged_copy(const WcCoo *coo, WalsMemory *memory, WcCoo *result)
{
	memset(result, 0, sizeof(*result));
	result->count = result->capacity = coo->count;
	result->user = copy_of(coo->user, coo->count, sizeof(int32), memory);
	result->item = copy_of(coo->item, coo->count, sizeof(int32), memory);
	result->value = copy_of(coo->value, coo->count, sizeof(float), memory);
	result->weight = copy_of(coo->weight, coo->count, sizeof(float), memory);
	result->time = copy_of(coo->time, coo->count, sizeof(int64), memory);
}

void
wals_aged_merge(const WalsSource *source, const WcParams *params,
                const WcCoo *arrivals, const WcCsr *all, int64 newest,
                WalsMemory *memory, const WalsRatings *ratings, WcCsr *result)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcMerging merging = wc_merging(params);
	WcCoo coo;
	double faded;
	int64 n_merged;
	int64 n_zero;

	merging.drop_zero = false;
	wals_aged_copy(arrivals, memory, &coo);
	wals_step_check(source, memory, ratings,
	                wc_csr_from_coo(&coo, all->rows, all->cols, merging, result,
	                                &n_merged, &n_zero, &memory->alloc,
	                                &wals_hooks, &error),
	                &error);
	wals_step_check(source, memory, ratings,
	                wc_csr_keep_cells(result, all, &wals_hooks), &error);
	Assert(result->nnz == all->nnz);
	wals_step_check(source, memory, ratings,
	                wc_csr_fade(result, params->half_life, newest, &faded,
	                            &memory->alloc, &wals_hooks),
	                &error);
}
