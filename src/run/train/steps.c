/*-------------------------------------------------------------------------
 *
 * steps.c
 *	  Steps that a training and the trials of a tuning have in common.
 *
 * run/train/train.c and run/tune/tune.c tell the two stories.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/debug.h"
#include "base/settings.h"
#include "run/train/steps.h"

WcStatus
wals_step_rank(const WcRanker *ranker, const WcTrial *trial, double *values,
               int32 *best_rank, const WalsJob *job)
{
	WcJob core = job->core;
	int64 next = 0;
	WcStatus status;

	core.threads = wals_thread_count();
	do
	{
		wals_debug_point("rank");
		CHECK_FOR_INTERRUPTS();
		status = wc_rank_users(ranker, trial, &next, values, best_rank, &core);
	} while (status == WC_PAUSED);
	return status;
}

double
wals_step_seconds(instr_time start)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_DOUBLE(now);
}

static char *
name_of_ratings(const void *arg, WcSide side, int32 index)
{
	const WalsStepNames *names = arg;
	const WalsRatings *ratings = names->ratings;
	const WcIdMap *ids = side == WC_USERS ? ratings->users : ratings->items;
	WalsIdType type = side == WC_USERS ? names->source->user_id_type
	                                   : names->source->item_id_type;

	if (ids == NULL || index >= wc_idmap_count(ids))
		return NULL;
	return wals_id_to_cstring(type, wc_idmap_get(ids, index));
}

void
wals_step_name(WalsJob *job, const WalsStepNames *names)
{
	job->namer = name_of_ratings;
	job->named = names;
}

void
wals_step_sort_ids(WalsJob *job, WalsRatings *ratings)
{
	int32 *users =
	    wals_job_array(job, wc_idmap_count(ratings->users), sizeof(int32));
	int32 *items =
	    wals_job_array(job, wc_idmap_count(ratings->items), sizeof(int32));

	wals_job_check(job, wc_idmap_sort(ratings->users, users, &wals_hooks));
	wals_job_check(job, wc_idmap_sort(ratings->items, items, &wals_hooks));
	wals_job_check(job,
	               wc_coo_renumber(&ratings->coo, users, items, &wals_hooks));
	wc_free(&job->alloc, users);
	wc_free(&job->alloc, items);
}

void
wals_step_merge(WalsJob *job, const WcParams *params, WalsRatings *ratings,
                WcCsr *by_user, int64 *n_zero)
{
	int64 n_merged;

	wals_job_check(
	    job, wc_csr_from_coo(&ratings->coo, wc_idmap_count(ratings->users),
	                         wc_idmap_count(ratings->items), wc_merging(params),
	                         by_user, &n_merged, n_zero, &job->alloc,
	                         &wals_hooks, &job->error));
}

WcStatus
wals_step_solve(WcSolver *solver, WcSide side, WcModel *model, bool exact,
                WcError *error)
{
	WcStatus status;

	do
	{
		CHECK_FOR_INTERRUPTS();
		status = exact
		             ? wc_half_sweep(solver, side, model, &wals_hooks, error)
		             : wc_half_descent(solver, side, model, &wals_hooks, error);
	} while (status == WC_PAUSED);
	return status;
}
