/*-------------------------------------------------------------------------
 *
 * trials.c
 *	  The trials of a tuning in a table of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "store/output.h"
#include "store/query.h"

const WalsOutputForm wals_trials_form = {
    WALS_TABLE_TRIALS, "wals_trial", "a table of wals trials",
    "(tuned_at WITH OPTIONS NOT NULL, trial WITH OPTIONS NOT NULL, "
    "PRIMARY KEY (tuned_at, trial))",
    "wals_tune_into"};

/* The columns, in the order of the values below. */
#define COLUMNS                                                                \
	"tuned_at, source, metric, trial, options, value, std_error, iterations, " \
	"seconds, best, test_value, test_std_error, test_popular_baseline, call"

#define PARAMETERS "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"

static const Oid column_types[] = {
    TIMESTAMPTZOID, TEXTOID,   TEXTOID,   INT4OID,   JSONBOID,
    FLOAT8OID,      FLOAT8OID, INT4OID,   FLOAT8OID, BOOLOID,
    FLOAT8OID,      FLOAT8OID, FLOAT8OID, TEXTOID};

static uint64
put(const char *sql, const Datum *values, const char *nulls)
{
	return wals_query_run(sql, lengthof(column_types), column_types, values,
	                      nulls, WALS_READ_FRESH);
}

void
wals_trials_put(const WalsTrials *trials, const WalsTrialRow *row)
{
	const double numbers[] = {row->value, row->error, row->test_value,
	                          row->test_error, row->test_baseline};
	const int places[] = {5, 6, 10, 11, 12};
	Datum values[lengthof(column_types)] = {
	    TimestampTzGetDatum(trials->tuned_at),
	    CStringGetTextDatum(trials->source),
	    CStringGetTextDatum(trials->metric),
	    Int32GetDatum(row->trial),
	    DirectFunctionCall1(jsonb_in, CStringGetDatum(row->options)),
	    0,
	    0,
	    Int32GetDatum(row->iterations),
	    Float8GetDatum(row->seconds),
	    BoolGetDatum(row->best)};
	char nulls[lengthof(column_types) + 1];
	char *quoted;
	int i;

	memset(nulls, ' ', lengthof(column_types));
	nulls[lengthof(column_types)] = '\0';
	for (i = 0; i < (int) lengthof(numbers); i++)
	{
		values[places[i]] = Float8GetDatum(numbers[i]);
		if (isnan(numbers[i]))
			nulls[places[i]] = 'n';
	}
	if (row->call != NULL)
		values[13] = CStringGetTextDatum(row->call);
	else
		nulls[13] = 'n';

	quoted = wals_output_lock(&trials->output);
	if (put(psprintf("UPDATE %s SET (" COLUMNS ") = ROW(" PARAMETERS ") "
	                 "WHERE tuned_at OPERATOR(pg_catalog.=) $1 "
	                 "AND trial OPERATOR(pg_catalog.=) $4",
	                 quoted),
	        values, nulls) == 0)
		put(psprintf("INSERT INTO %s (" COLUMNS ") VALUES (" PARAMETERS ")",
		             quoted),
		    values, nulls);
}
