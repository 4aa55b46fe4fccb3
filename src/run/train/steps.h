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

#include "base/job.h"
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
                               const WalsJob *job);

extern double wals_step_seconds(instr_time start);

/*
 * Too few users or items for a model: what was left out, and why (shortage.c).
 */

/* A model needs two users and two items. */
#define WALS_ROWS_MIN 2

/* What there was, and what is left. */
typedef struct WalsShortage
{
	const char *relation; /* its name */
	const char *purpose; /* "train on", "tune on" */
	const WalsRatings *ratings;
	const WcParams *params;
	int64 n_zero; /* cells whose value was 0 */
	int64 n_held_out;
	int32 users; /* with entries enough */
	int32 items;
} WalsShortage;

/* Raise 22023 if there are too few. */
extern void wals_shortage_check(const WalsShortage *shortage);

/* Rows that were left out: with a NULL, with weight 0, with value 0. */
extern int64 wals_left_out(const WalsRatings *ratings, int64 n_zero);

/* "3 with a NULL, 2 with weight 0": why they were. */
extern char *wals_left_out_words(const WalsRatings *ratings, int64 n_zero);

/* How many factors a training has, if nobody said (choose.c). */

/* A training whose ratings are read. */
typedef struct WalsChooser
{
	const char *model;
	const WcCsr *by_user;
	const WalsJob *job;
	WcFeedback feedback;
	int32 most; /* that fit into wals.max_memory */
} WalsChooser;

/*
 * Choose factors where they are WC_FACTORS_AUTO, and tell by a NOTICE what they
 * cost where they are more than the least.  Those of an earlier version stay; a
 * NOTICE says so when the data have become others.
 */
extern void wals_choose_factors(const WalsChooser *chooser, int32 *factors);

/* Work of an iteration with so many factors, 1 with the least. */
extern double wals_choose_labour(const WalsChooser *chooser, int32 factors);

#endif /* WALS_RUN_STEPS_H */
