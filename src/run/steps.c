/*-------------------------------------------------------------------------
 *
 * steps.c
 *	  Steps that a training and the trials of a tuning have in common.
 *
 * run/train.c and run/tune.c tell the two stories.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/report.h"
#include "base/settings.h"
#include "run/steps.h"

WcStatus
wals_step_rank(const WcRanker *ranker, const WcTrial *trial, double *values,
               int32 *best_rank, const WcAlloc *alloc, WcError *error)
{
	int64 next = 0;
	WcStatus status;

	do
	{
		CHECK_FOR_INTERRUPTS();
		status = wc_rank_users(ranker, trial, wals_thread_count(), &next,
		                       values, best_rank, alloc, &wals_hooks, error);
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

/* An id of one side for a message, or NULL. */
static char *
id_name(const WalsSource *source, const WalsRatings *ratings, WcSide side,
        int32 index)
{
	const WcIdMap *ids = side == WC_USERS ? ratings->users : ratings->items;
	WalsIdType type =
	    side == WC_USERS ? source->user_id_type : source->item_id_type;

	if (ids == NULL || index < 0 || index >= wc_idmap_count(ids))
		return NULL;
	return wals_id_to_cstring(type, wc_idmap_get(ids, index));
}

void
wals_step_check(const WalsSource *source, const WalsMemory *memory,
                const WalsRatings *ratings, WcStatus status, WcError *error)
{
	if (status == WC_OK)
		return;
	error->status = status;
	wals_report(error, memory,
	            id_name(source, ratings, error->side, error->row),
	            id_name(source, ratings, 1 - error->side, error->other));
}

void
wals_step_sort_ids(const WalsSource *source, WalsMemory *memory,
                   WalsRatings *ratings)
{
	const WcAlloc *alloc = &memory->alloc;
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	int32 *users = wc_alloc_array(
	    alloc, (size_t) wc_idmap_count(ratings->users), sizeof(int32));
	int32 *items = wc_alloc_array(
	    alloc, (size_t) wc_idmap_count(ratings->items), sizeof(int32));

	if (users == NULL || items == NULL)
		wals_step_check(source, memory, ratings, WC_NO_MEMORY, &error);
	wals_step_check(source, memory, ratings,
	                wc_idmap_sort(ratings->users, users, &wals_hooks), &error);
	wals_step_check(source, memory, ratings,
	                wc_idmap_sort(ratings->items, items, &wals_hooks), &error);
	wals_step_check(source, memory, ratings,
	                wc_coo_renumber(&ratings->coo, users, items, &wals_hooks),
	                &error);
	wc_free(alloc, users);
	wc_free(alloc, items);
}

void
wals_step_merge(const WalsSource *source, const WcParams *params,
                WalsMemory *memory, WalsRatings *ratings, WcCsr *by_user,
                int64 *n_zero)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	int64 n_merged;

	wals_step_check(
	    source, memory, ratings,
	    wc_csr_from_coo(&ratings->coo, wc_idmap_count(ratings->users),
	                    wc_idmap_count(ratings->items), wc_merging(params),
	                    by_user, &n_merged, n_zero, &memory->alloc, &wals_hooks,
	                    &error),
	    &error);
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
