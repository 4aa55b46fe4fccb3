/*-------------------------------------------------------------------------
 *
 * baseline.h
 *	  Does a training predict ratings better than mean and biases?
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_BASELINE_H
#define WALS_RUN_BASELINE_H

#include "base/job.h"
#include "core/core.h"

/*
 * Hold out a part of the entries of a problem with explicit feedback, solve the
 * rest once more with the same options, and compare predictions.  request has the
 * options as they were given, weights those per user and item or NULL.  False
 * where that would take long, or memory that is not to be had, or there are too
 * few entries to tell.
 */
extern bool wals_baseline_check(const WcParams *params,
                                const WcProblem *problem,
                                const float *user_weights,
                                const float *item_weights, WalsJob *job,
                                WcComparison *result);

/* A warning if the model is behind by more than chance; params as they were given. */
extern void wals_baseline_tell(const char *model, const WcParams *params,
                               const WcProblem *problem,
                               const WcComparison *comparison);

#endif /* WALS_RUN_BASELINE_H */
