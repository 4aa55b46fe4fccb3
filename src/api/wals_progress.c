/*-------------------------------------------------------------------------
 *
 * wals_progress.c
 *	  SQL: wals_progress_list() and wals_progress_log(), behind the views
 *	  wals_progress and wals_training_log.
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
#include "utils/tuplestore.h"

#include "base/board.h"
#include "base/progress.h"

PG_FUNCTION_INFO_V1(wals_progress_list);
PG_FUNCTION_INFO_V1(wals_progress_log);

/* Columns of wals_progress_list(). */
enum
{
	COL_PID,
	COL_MODEL,
	COL_ROLE,
	COL_COMMAND,
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
	values[COL_COMMAND] = CStringGetTextDatum(row->command);
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

/* Columns of wals_progress_log(). */
enum
{
	LOG_PID,
	LOG_MODEL,
	LOG_VERSION,
	LOG_STARTED_AT,
	LOG_ITERATION,
	LOG_LOSS,
	LOG_SECONDS,
	N_LOG_COLS
};

/* The iterations of one training; its first version is no relation yet. */
static void
put_iterations(ReturnSetInfo *result, const WalsProgressRow *training)
{
	void *rows = NULL;
	int count = wals_board_read(training->board, training->pid,
	                            sizeof(WalsBoardIteration), &rows);
	Oid model = get_relname_relid(training->name, training->schema);
	int i;

	for (i = 0; i < count; i++)
	{
		const WalsBoardIteration *row = (WalsBoardIteration *) rows + i;
		Datum values[N_LOG_COLS];
		bool nulls[N_LOG_COLS] = {false};

		values[LOG_PID] = Int32GetDatum(training->pid);
		values[LOG_MODEL] = ObjectIdGetDatum(model);
		nulls[LOG_MODEL] = !OidIsValid(model);
		values[LOG_VERSION] = Int32GetDatum(training->version);
		values[LOG_STARTED_AT] = TimestampTzGetDatum(training->started_at);
		values[LOG_ITERATION] = Int32GetDatum(row->iteration);
		values[LOG_LOSS] = Float8GetDatum(row->loss);
		values[LOG_SECONDS] = Float8GetDatum(row->seconds);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
wals_progress_log(PG_FUNCTION_ARGS)
{
	WalsProgressRow *rows;
	int n;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	n = wals_progress_read(&rows);
	for (i = 0; i < n; i++)
		if (rows[i].board != 0)
			put_iterations((ReturnSetInfo *) fcinfo->resultinfo, &rows[i]);
	return (Datum) 0;
}
