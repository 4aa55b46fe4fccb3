/*-------------------------------------------------------------------------
 *
 * wals_progress.c
 *	  SQL: wals_progress_list(), behind the view wals_progress.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/progress.h"

PG_FUNCTION_INFO_V1(wals_progress_list);

/* Columns of the result. */
enum
{
	COL_PID,
	COL_MODEL,
	COL_ROLE,
	COL_PHASE,
	COL_ITERATION,
	COL_ITERATIONS,
	COL_ROWS_READ,
	COL_LOSS,
	COL_STARTED_AT,
	COL_EXPECTED_END,
	N_COLS
};

/* A schema or role may be gone, or not be committed yet. */
static void
put_row(ReturnSetInfo *result, const WalsProgressRow *row)
{
	char *schema = get_namespace_name(row->schema);
	char *role = GetUserNameFromId(row->role, true);
	NameData role_name;
	Datum values[N_COLS];
	bool nulls[N_COLS] = {false};

	namestrcpy(&role_name, role ? role : "");
	values[COL_PID] = Int32GetDatum(row->pid);
	values[COL_MODEL] =
	    CStringGetTextDatum(quote_qualified_identifier(schema, row->name));
	values[COL_ROLE] = NameGetDatum(&role_name);
	nulls[COL_ROLE] = role == NULL;
	values[COL_PHASE] = CStringGetTextDatum(row->phase);
	values[COL_ITERATION] = Int32GetDatum(row->iteration);
	values[COL_ITERATIONS] = Int32GetDatum(row->iterations);
	values[COL_ROWS_READ] = Int64GetDatum(row->rows_read);
	values[COL_LOSS] = Float8GetDatum(row->loss);
	nulls[COL_LOSS] = isnan(row->loss);
	values[COL_STARTED_AT] = TimestampTzGetDatum(row->started_at);
	values[COL_EXPECTED_END] = TimestampTzGetDatum(row->expected_end);
	nulls[COL_EXPECTED_END] = row->expected_end == 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
wals_progress_list(PG_FUNCTION_ARGS)
{
	WalsProgressRow *rows;
	int n;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	n = wals_progress_read(&rows);
	for (i = 0; i < n; i++)
		put_row((ReturnSetInfo *) fcinfo->resultinfo, &rows[i]);
	return (Datum) 0;
}
