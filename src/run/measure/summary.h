/*-------------------------------------------------------------------------
 *
 * summary.h
 *	  What rankers have come to, summed up: means, their errors, differences.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SUMMARY_H
#define WALS_RUN_SUMMARY_H

#include "run/measure/ranker.h"

/* NaN stands for: there is none. */
typedef struct WalsMean
{
	double value;
	double error; /* its standard error over the users */
	int64 n_users;
	int64 n_measured; /* predictions, or users again */
} WalsMean;

/* Over the users, or of predictions over all of these. */
extern WalsMean wals_summary_mean(const WalsMetric *metric,
                                  const WalsOutcome *outcome);

/* Two sides of one or more versions each, on the same users. */
typedef struct WalsDifference
{
	double value[2];
	double difference; /* second less first */
	double error; /* its standard error */
	double version_error; /* the part that versions of one side tell */
	double df;
	double t;
	double p;
	int64 n_higher; /* users for whom the second is higher; -1: none */
	int64 n_lower;
	double sign_p;
	int64 n_users;
	int64 n_measured; /* predictions of each version, or users again */
} WalsDifference;

/*
 * The outcomes of versions[0] versions and then of versions[1]; who has no
 * number with one of them is left out.  All have predicted the same cells.
 */
extern WalsDifference wals_summary_difference(const WalsMetric *metric,
                                              const WalsOutcome *outcomes,
                                              const int versions[2]);

#endif /* WALS_RUN_SUMMARY_H */
