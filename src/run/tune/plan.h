/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  Which options the trials of a tuning have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_PLAN_H
#define WALS_RUN_PLAN_H

#include "base/job.h"
#include "run/tune/tune.h"

typedef struct WalsPlan
{
	WalsTuneRequest *request;
	WalsJob *job;
	WcParams base; /* of a trial, before the options of its point */
	int32 n_trials; /* at most */
	int32 n_points; /* to choose from */
	double *points; /* n_points x options of the grid */
	double *places; /* the same, as a model sees them; NULL without one */
	int32 *chosen; /* n_trials: place of the point; -1: the defaults */
	bool fades; /* some point has a half-life */
	bool leaves_factors; /* some trial has as many as a training chooses */
} WalsPlan;

/*
 * Resolve the search and find the points.  Combinations that wals_train would
 * refuse are left out, with a NOTICE; 22023 when no other is left, and for
 * values that are wrong whatever the others are.  The params of the request
 * become what all trials have in common, with the largest number of factors.
 */
extern void wals_plan_make(WalsTuneRequest *request, WalsJob *job,
                           WalsPlan *plan);

/*
 * Choose the options of a trial; value has what those before it came to, NaN
 * for nothing.  Trials are chosen in order, each once.
 */
extern void wals_plan_choose(WalsPlan *plan, int32 trial, const double *value);

/* Lists of factors end at this number: points with more become points with it. */
extern void wals_plan_limit_factors(WalsPlan *plan, int32 most);

/* The options of a trial that was chosen; NULL: none, the defaults. */
extern const double *wals_plan_point(const WalsPlan *plan, int32 trial);

#endif /* WALS_RUN_PLAN_H */
