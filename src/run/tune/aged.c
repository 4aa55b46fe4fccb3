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

#include "run/tune/contest.h"

static void *
copy_of(const void *from, int64 count, Size size, WalsJob *job)
{
	void *result;

	if (from == NULL)
		return NULL;
	result = wals_job_array(job, count, size);
	if (count > 0)
		memcpy(result, from, (Size) count * size);
	return result;
}

void
wals_aged_copy(const WcCoo *coo, WalsJob *job, WcCoo *result)
{
	memset(result, 0, sizeof(*result));
	result->count = result->capacity = coo->count;
	result->user = copy_of(coo->user, coo->count, sizeof(int32), job);
	result->item = copy_of(coo->item, coo->count, sizeof(int32), job);
	result->value = copy_of(coo->value, coo->count, sizeof(float), job);
	result->weight = copy_of(coo->weight, coo->count, sizeof(float), job);
	result->time = copy_of(coo->time, coo->count, sizeof(int64), job);
}

void
wals_aged_merge(WalsJob *job, const WcParams *params, const WcCoo *arrivals,
                const WcCsr *all, int64 newest, WcCsr *result)
{
	WcMerging merging = wc_merging(params);
	WcCoo coo;
	double faded;
	int64 n_merged;
	int64 n_zero;

	merging.drop_zero = false;
	wals_aged_copy(arrivals, job, &coo);
	wals_job_check(job, wc_csr_from_coo(&coo, all->rows, all->cols, merging,
	                                    result, &n_merged, &n_zero, &job->alloc,
	                                    &wals_hooks, &job->error));
	wals_job_check(job, wc_csr_keep_cells(result, all, &wals_hooks));
	Assert(result->nnz == all->nnz);
	wals_job_check(job, wc_csr_fade(result, params->half_life, newest, &faded,
	                                &job->alloc, &wals_hooks));
}
