/*-------------------------------------------------------------------------
 *
 * doubts.h
 *	  What is odd about a training that went through: warnings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_DOUBTS_H
#define WALS_RUN_DOUBTS_H

#include "base/job.h"
#include "core/core.h"
#include "run/train/train.h"
#include "store/model.h"
#include "store/ratings.h"

/* A training that is done, as its doubts see it. */
typedef struct WalsDoubtful
{
	const char *model;
	const WalsTrainRequest *request;
	const WcProblem *problem;
	const WcModel *factors;
	double faded; /* part of the entries of which hardly anything is left */
	int64 newest; /* time, where there is a half-life */
	const WalsRatings *ratings;
} WalsDoubtful;

/*
 * WARNINGs where people most likely meant something else: a column that is no
 * user, values that single precision blurs, times in another unit, entries that
 * have all but faded, factors that cannot tell items or users apart.
 */
extern void wals_doubts_tell(const WalsDoubtful *doubtful);

/* NOTICE: the source is a temporary table. */
extern void wals_doubts_temporary(const WalsTarget *target,
                                  const WalsSource *source);

/* NOTICE: the version has other options than another one, in words or NULL. */
extern void wals_doubts_differences(const WalsTarget *target, int32 version,
                                    const char *words);

/* Does a training predict ratings better than mean and biases? (baseline.c). */

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

#endif /* WALS_RUN_DOUBTS_H */
