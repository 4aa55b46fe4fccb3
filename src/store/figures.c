/*-------------------------------------------------------------------------
 *
 * figures.c
 *	  The figures of an evaluation in a table of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/output.h"
#include "store/query.h"

const WalsOutputForm wals_figures_form = {WALS_TABLE_FIGURES, "wals_evaluation",
                                          "a table of wals evaluations", "",
                                          "wals_evaluate_into"};

static const Oid column_types[] = {
    TIMESTAMPTZOID, TEXTOID,   TEXTOID,   INT4OID, TEXTOID, INT4OID,
    FLOAT8OID,      FLOAT8OID, FLOAT8OID, INT8OID, INT8OID};

void
wals_figures_put(const WalsFigures *figures, const WalsFigureRow *row)
{
	const Datum values[lengthof(column_types)] = {
	    TimestampTzGetDatum(figures->evaluated_at),
	    CStringGetTextDatum(figures->test),
	    CStringGetTextDatum(figures->model),
	    Int32GetDatum(figures->version),
	    CStringGetTextDatum(row->metric),
	    Int32GetDatum(row->cut),
	    Float8GetDatum(row->value),
	    Float8GetDatum(row->error),
	    Float8GetDatum(row->baseline),
	    Int64GetDatum(row->n_users),
	    Int64GetDatum(row->n_skipped)};
	char nulls[] = "           ";

	StaticAssertStmt(lengthof(nulls) == lengthof(column_types) + 1,
	                 "a column has no place for its NULL");
	if (row->cut == 0)
		nulls[5] = 'n';
	if (isnan(row->value))
		nulls[6] = 'n';
	if (isnan(row->error))
		nulls[7] = 'n';
	if (isnan(row->baseline))
		nulls[8] = 'n';
	wals_query_run(
	    psprintf("INSERT INTO %s (evaluated_at, test, model, version, metric, "
	             "k, value, std_error, popular_baseline, n_users, n_skipped) "
	             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	             wals_output_lock(&figures->output)),
	    lengthof(column_types), column_types, values, nulls, WALS_READ_FRESH);
}
