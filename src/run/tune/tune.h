/*-------------------------------------------------------------------------
 *
 * tune.h
 *	  Find good options for a training by trying them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_TUNE_H
#define WALS_RUN_TUNE_H

#include "base/args.h"
#include "run/tune/grid.h"
#include "run/measure/metric.h"
#include "run/train/train.h"
#include "store/output.h"

typedef enum WalsTuneHoldout
{
	WALS_HOLDOUT_HASH, /* as wals_holdout draws */
	WALS_HOLDOUT_LEAVE_LAST, /* the last two entries of each user */
	WALS_HOLDOUT_LAST /* the last entries of all */
} WalsTuneHoldout;

typedef enum WalsSearch
{
	WALS_SEARCH_AUTO, /* grid if it has no more than trials, else model */
	WALS_SEARCH_GRID,
	WALS_SEARCH_RANDOM,
	WALS_SEARCH_HALVING,
	WALS_SEARCH_MODEL
} WalsSearch;

/* Trials when nobody says how many, and in a batch of those that go on. */
#define WALS_TUNE_TRIALS 20

extern const WalsChoice wals_tune_holdouts[];
extern const WalsChoice wals_tune_searches[];

typedef struct WalsTuneRequest
{
	WalsTrainRequest train; /* what all trials have in common */
	WalsGrid grid;
	bool with_defaults; /* the first trial has none of the grid's options */
	WalsMetric metric;
	int32 trials;
	bool goes_on; /* in batches, as long as there is time */
	int32 max_seconds; /* PG_INT32_MAX: no limit */
	WalsTuneHoldout holdout;
	double fraction; /* held out for the test, and again to validate */
	WalsSearch search;
	bool has_threshold;
	double threshold; /* of the value of a relevant pair */
	int32 max_users; /* measured on */
	int64 seed;
	WalsTrials *table; /* where trials are written, opened; NULL: nowhere */
	bool commits; /* after reading, and after each trial */
} WalsTuneRequest;

typedef struct WalsTuned
{
	int count;
	WalsTrialRow *rows;
	WalsTrainRequest train; /* what the call of the best row asks for */
} WalsTuned;

/* The result is allocated in the current context. */
extern void wals_tune_run(WalsTuneRequest *request, WalsTuned *tuned);

/*
 * What else CALL wals_tune_into() asks for (into.c): trials go into a table, and
 * the best options are trained if there is a model.
 */
typedef struct WalsTuneInto
{
	const char *trials; /* name of the table */
	const char *model; /* NULL: none */
	WalsActivate activate;
	bool commits; /* the call may commit between its steps */
} WalsTuneInto;

extern void wals_tune_into_run(WalsTuneRequest *request,
                               const WalsTuneInto *into);

#endif /* WALS_RUN_TUNE_H */
