/*-------------------------------------------------------------------------
 *
 * evaluate.h
 *	  How good versions of models are, on ratings that were held out.
 *
 * wals_measure (measure.c) ranks and rates for every user of a test, twice:
 * with a version and with what everybody gets, or with two versions.
 * evaluate.c sums up (summary.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_EVALUATE_H
#define WALS_RUN_EVALUATE_H

#include "run/measure/summary.h"

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
	bool commits; /* when all is read; one model */
} WalsEvaluateRequest;

/*
 * What was measured for each version; or for one, and for what needs no model.
 * Users are in the order of their ids.
 */
typedef struct WalsMeasured
{
	int32 n_asked; /* users of the test, or of the sample of it */
	bool rated; /* explicit feedback: predictions, too */
	int64 n_pairs; /* pairs with a value, of all users asked */
	const char *test; /* names, quoted */
	const char *model; /* the first */
	int32 version;
	WalsOutcome outcomes[WALS_SIDES_MAX];
} WalsMeasured;

/* Results are allocated in the current context. */
extern void wals_measure(const WalsEvaluateRequest *request,
                         WalsMeasured *measured);

/* One row of wals_evaluate; NaN stands for NULL. */
typedef struct WalsEvaluateRow
{
	WalsMetric metric;
	WalsMean mean;
	double baseline;
	int64 n_skipped;
} WalsEvaluateRow;

extern int wals_evaluate_run(const WalsEvaluateRequest *request,
                             WalsEvaluateRow **rows);

/* The same into a table of this name; commits where the request says so. */
extern void wals_evaluate_into_run(const WalsEvaluateRequest *request,
                                   const char *table);

/* One row of wals_compare. */
typedef struct WalsCompareRow
{
	WalsMetric metric;
	WalsDifference difference;
	int64 n_skipped;
} WalsCompareRow;

extern int wals_compare_run(const WalsEvaluateRequest *request,
                            WalsCompareRow **rows);

#endif /* WALS_RUN_EVALUATE_H */
