/*-------------------------------------------------------------------------
 *
 * trials.h
 *	  The trials of a tuning in a table of the user's.
 *
 * The table is one OF wals_trial, with tunings one after the other: a row for each
 * trial that was run, by the time the tuning began and the trial's number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_TRIALS_H
#define WALS_STORE_TRIALS_H

#include "utils/timestamp.h"

/* One trial; NaN stands for NULL. */
typedef struct WalsTrialRow
{
	int32 trial; /* from 1 */
	const char *options; /* JSON object */
	double value; /* on the validation */
	double error;
	int32 iterations; /* that were run */
	double seconds;
	bool best;
	double test_value; /* of the best only */
	double test_error;
	double test_baseline;
	const char *call; /* SELECT wals_train(...), of the best only */
} WalsTrialRow;

typedef struct WalsTrials
{
	Oid relation; /* InvalidOid before wals_trials_create */
	Oid schema;
	const char *name;

	/* what all rows of a tuning have in common, for the caller to set */
	TimestampTz tuned_at;
	const char *source;
	const char *metric;
} WalsTrials;

/*
 * Resolve a name to a table of trials that is the current role's, or to the
 * schema where it is going to be created.  42809 when it is another relation,
 * 42501 when it is somebody else's or nothing may be created there.
 */
extern void wals_trials_open(const char *name, WalsTrials *trials);

/* Create the table, unless there is one. */
extern void wals_trials_create(WalsTrials *trials);

/*
 * Insert the row of a trial, or update it; what the table was when it was opened
 * is checked again, for transactions may have ended since.
 */
extern void wals_trials_put(const WalsTrials *trials, const WalsTrialRow *row);

#endif /* WALS_STORE_TRIALS_H */
