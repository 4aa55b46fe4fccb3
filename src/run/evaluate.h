/*-------------------------------------------------------------------------
 *
 * evaluate.h
 *	  How good versions of models are, on ratings that were held out.
 *
 * wals_measure (measure.c) ranks and rates for every user of a test, twice:
 * with a version and with what everybody gets, or with two versions.
 * evaluate.c and compare.c sum up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_EVALUATE_H
#define WALS_RUN_EVALUATE_H

#include "core/core.h"

#define WALS_CUTS_MAX 20
#define WALS_VERSIONS_MAX 20 /* of one side of a comparison */
#define WALS_SIDES_MAX (2 * WALS_VERSIONS_MAX)

typedef struct WalsEvaluateRequest
{
	Oid test;
	int n_models; /* 1, or those of both sides to compare them */
	int n_first; /* of them: on the first side */
	Oid model[WALS_SIDES_MAX]; /* InvalidOid: the default; the one before */
	int32 version[WALS_SIDES_MAX]; /* 0: the active one */
	const char *user_col; /* of test and candidates; NULL: the model's */
	const char *item_col;
	const char *value_col; /* NULL: the model's, if test has it */
	int32 n_cuts;
	int32 cuts[WALS_CUTS_MAX]; /* ascending */
	bool has_threshold;
	double threshold; /* of the value of a relevant pair */
	bool exclude_seen;
	int32 negatives; /* 0: all items are ranked */
	Oid candidates; /* InvalidOid: none */
	int32 max_users;
	int64 seed;
} WalsEvaluateRequest;

/*
 * What was measured for each version; or for one, and for popularity.  Users are in the order of their ids.
 */
typedef struct WalsMeasured
{
	int32 n_asked; /* users of the test, or of the sample of it */
	int32 n_users; /* those that all versions know */
	int32 n_values; /* wc_trial_values */
	double *values[WALS_SIDES_MAX]; /* n_users x n_values; may be NULL */
	double coverage[WALS_SIDES_MAX][WALS_CUTS_MAX];
	bool rated; /* explicit feedback: predictions, too */
	int64 n_pairs; /* pairs with a value, of all users asked */
	WcErrorSums *sums[WALS_SIDES_MAX]; /* n_users; the second may be NULL */
} WalsMeasured;

/* Results are allocated in the current context. */
extern void wals_measure(const WalsEvaluateRequest *request,
                         WalsMeasured *measured);

/* The metrics in the order of their rows, with the measures of a cut first. */
extern const char *const wals_cut_metrics[WC_CUT_METRICS];

/* One row of wals_evaluate; NaN stands for NULL. */
typedef struct WalsEvaluateRow
{
	const char *metric;
	int32 cut; /* 0: none */
	double value;
	double error;
	double baseline;
	int64 n_users;
	int64 n_skipped;
} WalsEvaluateRow;

/* The mean of one of the numbers per user: values[.][user][place]. */
extern WalsEvaluateRow wals_evaluate_mean(const WalsMeasured *measured,
                                          const char *metric, int32 cut,
                                          int place);

/* Root of the mean square, or mean of the absolute, over all predictions. */
extern WalsEvaluateRow wals_evaluate_errors(const WalsMeasured *measured,
                                            const char *metric, bool square);

extern int wals_evaluate_run(const WalsEvaluateRequest *request,
                             WalsEvaluateRow **rows);

/* One row of wals_compare; NaN stands for NULL. */
typedef struct WalsCompareRow
{
	const char *metric;
	int32 cut; /* 0: none */
	double value[2];
	double difference; /* second minus first */
	double error; /* of the difference */
	double version_error; /* the part that versions of one side tell */
	double df;
	double t;
	double p;
	int64 n_higher; /* users for whom the second is higher; -1: none */
	int64 n_lower;
	double sign_p;
	int64 n_users;
	int64 n_skipped;
} WalsCompareRow;

extern int wals_compare_run(const WalsEvaluateRequest *request,
                            WalsCompareRow **rows);

#endif /* WALS_RUN_EVALUATE_H */
