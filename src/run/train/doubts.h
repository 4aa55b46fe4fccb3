/*-------------------------------------------------------------------------
 *
 * doubts.h
 *	  What is odd about a training that went through: warnings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_DOUBTS_H
#define WALS_RUN_DOUBTS_H

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

#endif /* WALS_RUN_DOUBTS_H */
