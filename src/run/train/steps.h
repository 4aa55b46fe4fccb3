/*-------------------------------------------------------------------------
 *
 * steps.h
 *	  Steps that a training and the trials of a tuning have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_STEPS_H
#define WALS_RUN_STEPS_H

#include "portability/instr_time.h"

#include "core/core.h"
#include "store/ratings.h"

/* The ids that a job's errors are about. */
typedef struct WalsStepNames
{
	const WalsSource *source;
	const WalsRatings *ratings;
} WalsStepNames;

/* The core's indexes become ids, as long as the ratings have them. */
extern void wals_step_name(WalsJob *job, const WalsStepNames *names);

/* Dense, sorted indexes for both sides, whatever the order of arrival. */
extern void wals_step_sort_ids(WalsJob *job, WalsRatings *ratings);

/* Triplets to rows of users; n_zero is the number of cells that came to 0. */
extern void wals_step_merge(WalsJob *job, const WcParams *params,
                            WalsRatings *ratings, WcCsr *by_user,
                            int64 *n_zero);

/* Solve one side, exactly or as the solver of the options does. */
extern WcStatus wals_step_solve(WcSolver *solver, WcSide side, WcModel *model,
                                bool exact, WcError *error);

/* wc_rank_users on all threads, serving the interrupts that are no end. */
extern WcStatus wals_step_rank(const WcRanker *ranker, const WcTrial *trial,
                               double *values, int32 *best_rank,
                               const WcAlloc *alloc, WcError *error);

extern double wals_step_seconds(instr_time start);

#endif /* WALS_RUN_STEPS_H */
