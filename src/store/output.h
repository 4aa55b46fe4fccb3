/*-------------------------------------------------------------------------
 *
 * output.h
 *	  Tables of the user's to which jobs that commit write what they find.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_OUTPUT_H
#define WALS_STORE_OUTPUT_H

#include "utils/timestamp.h"

#include "store/relation.h"

/* What such a table is: OF a type of the extension's. */
typedef struct WalsOutputForm
{
	WalsTableKind kind;
	const char *type;
	const char *what; /* "a table of wals trials" */
	const char *options; /* of its columns, and its key, for CREATE TABLE */
	const char *call; /* the procedure */
} WalsOutputForm;

typedef struct WalsOutput
{
	const WalsOutputForm *form;
	Oid relation; /* InvalidOid before wals_output_create */
	Oid schema;
	const char *name;
} WalsOutput;

/*
 * Resolve a name to such a table that is the current role's, or to the schema
 * where it is going to be created.  42809 when it is another relation, 42501 when
 * it is somebody else's or nothing may be created there.
 */
extern void wals_output_open(const WalsOutputForm *form, const char *name,
                             WalsOutput *output);

/* Create the table, unless there is one. */
extern void wals_output_create(WalsOutput *output);

/*
 * Lock it for a statement that writes, and return its name for that.  What it was
 * when it was opened is checked again, for transactions may have ended since:
 * 55000 when it is gone.
 */
extern char *wals_output_lock(const WalsOutput *output);

/* ------------------------------------------------------------------------
 * trials.c: a row for each trial of a tuning that was run, by the time the
 * tuning began and the trial's number
 * ------------------------------------------------------------------------ */

extern const WalsOutputForm wals_trials_form;

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
	WalsOutput output;

	/* what all rows of a tuning have in common */
	TimestampTz tuned_at;
	const char *source;
	const char *metric;
} WalsTrials;

/* Insert the row of a trial, or update it. */
extern void wals_trials_put(const WalsTrials *trials, const WalsTrialRow *row);

/* ------------------------------------------------------------------------
 * figures.c: a row for each metric of an evaluation
 * ------------------------------------------------------------------------ */

extern const WalsOutputForm wals_figures_form;

/* One metric; NaN stands for NULL. */
typedef struct WalsFigureRow
{
	const char *metric;
	int32 cut; /* 0: none */
	double value;
	double error;
	double baseline;
	int64 n_users;
	int64 n_skipped;
} WalsFigureRow;

typedef struct WalsFigures
{
	WalsOutput output;

	/* what all rows of an evaluation have in common */
	TimestampTz evaluated_at;
	const char *test;
	const char *model;
	int32 version;
} WalsFigures;

extern void wals_figures_put(const WalsFigures *figures,
                             const WalsFigureRow *row);

#endif /* WALS_STORE_OUTPUT_H */
