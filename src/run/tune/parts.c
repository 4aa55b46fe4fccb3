/*-------------------------------------------------------------------------
 *
 * parts.c
 *	  The ratings of a tuning: entries, and which of three parts each is in.
 *
 * Trials train on the first part and are measured on the second; the best is
 * measured on the third.  Memory: a byte an entry for its part; for times, 24
 * bytes a row while the split is made, or to the end and twice if trials fade.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/measure/measure.h"
#include "run/train/steps.h"
#include "run/tune/contest.h"

/* Whether entries need times: to be split, or to fade. */
static bool
needs_times(const WalsParts *parts)
{
	return parts->request->holdout != WALS_HOLDOUT_HASH || parts->fades;
}

void
wals_parts_load(WalsParts *parts)
{
	const WalsTuneRequest *request = parts->request;
	const WalsSource *source = &request->train.source;
	WalsRatings *ratings = parts->ratings;
	WcCoo *coo = &ratings->coo;
	WcParams params = request->train.params;
	WalsShortage nothing = {
	    source->name, "tune on", ratings, &request->train.params, 0, 0, 0, 0};

	if (request->with_defaults)
		params.factors = WC_FACTORS_AUTO; /* said once the shape is known */
	wals_ratings_check_memory(ratings, parts->job, &params);
	params.half_life = 0; /* entries fade in the trials */
	if (coo->count == 0)
		wals_shortage_check(&nothing);
	wals_step_sort_ids(parts->job, ratings);
	if (needs_times(parts))
		wals_aged_copy(coo, parts->job, &parts->arrivals);
	wals_step_merge(parts->job, &params, ratings, &parts->all, &parts->n_zero);
}

void
wals_parts_split(WalsParts *parts)
{
	const WalsTuneRequest *request = parts->request;
	const WcAlloc *alloc = &parts->job->alloc;
	const WcCsr *all = &parts->all;
	WcCoo *arrivals = &parts->arrivals;
	int64 *time = NULL;
	WcDraw draw = {request->fraction, request->seed};

	draw.user_hash = parts->user_hash =
	    wals_measure_hashes(parts->ratings->users, parts->job);
	draw.item_hash = parts->item_hash =
	    wals_measure_hashes(parts->ratings->items, parts->job);
	parts->part = wals_job_array(parts->job, all->nnz, sizeof(uint8));
	if (needs_times(parts))
	{
		time = wals_job_array(parts->job, all->nnz, sizeof(int64));
		wals_job_check(parts->job,
		               wc_split_times(all, arrivals->count, arrivals->user,
		                              arrivals->item, arrivals->time, time,
		                              &wals_hooks));
	}
	switch (request->holdout)
	{
		case WALS_HOLDOUT_HASH:
			draw.seed ^= WC_DRAW_TUNING;
			wals_job_check(parts->job,
			               wc_split_hash(all, &draw, parts->part, &wals_hooks));
			break;
		case WALS_HOLDOUT_LEAVE_LAST:
			wals_job_check(parts->job,
			               wc_split_leave_last(all, time, &draw, parts->part,
			                                   &wals_hooks));
			break;
		case WALS_HOLDOUT_LAST:
			wals_job_check(parts->job,
			               wc_split_last(all, time, request->fraction,
			                             parts->part, &wals_hooks));
			break;
	}
	if (parts->fades)
	{
		parts->time = time;
		return;
	}
	wc_free(alloc, time);
	wc_coo_free(arrivals, alloc);
}
