/*-------------------------------------------------------------------------
 *
 * wals_progress.c
 *	  SQL: wals_progress_list() and wals_progress_log(), behind the views
 *	  wals_progress and wals_training_log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/board.h"
#include "base/progress.h"
#include "base/result.h"

PG_FUNCTION_INFO_V1(wals_progress_list);
PG_FUNCTION_INFO_V1(wals_progress_log);

/* A schema or role may be gone, or not be committed yet. */
static void
put_training(WalsResult *result, const WalsProgressRow *row)
{
	char *schema = get_namespace_name(row->schema);

	wals_put_int32(result, row->pid);
	wals_put_text(result, quote_qualified_identifier(schema, row->name));
	wals_put_role(result, row->role);
	wals_put_text(result, row->command);
	wals_put_text(result, row->phase);
	wals_put_int32(result, row->iteration);
	wals_put_int32(result, row->iterations);
	wals_put_int64(result, row->rows_read);
	wals_put_float8(result, row->loss);
	wals_put_time(result, row->started_at);
	wals_put_time(result, row->expected_end);
	wals_put_row(result);
}

Datum
wals_progress_list(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsProgressRow *rows;
	int n;
	int i;

	wals_result_begin(fcinfo, &result);
	n = wals_progress_read(&rows);
	for (i = 0; i < n; i++)
		put_training(&result, &rows[i]);
	return (Datum) 0;
}

/* The iterations of one training; its first version is no relation yet. */
static void
put_iterations(WalsResult *result, const WalsProgressRow *training)
{
	void *rows = NULL;
	int count = wals_board_read(training->board, training->pid,
	                            sizeof(WalsBoardIteration), &rows);
	Oid model = get_relname_relid(training->name, training->schema);
	int i;

	for (i = 0; i < count; i++)
	{
		const WalsBoardIteration *row = (WalsBoardIteration *) rows + i;

		wals_put_int32(result, training->pid);
		wals_put_oid(result, model);
		wals_put_int32(result, training->version);
		wals_put_time(result, training->started_at);
		wals_put_int32(result, row->iteration);
		wals_put_float8(result, row->loss);
		wals_put_float8(result, row->seconds);
		wals_put_row(result);
	}
}

Datum
wals_progress_log(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsProgressRow *rows;
	int n;
	int i;

	wals_result_begin(fcinfo, &result);
	n = wals_progress_read(&rows);
	for (i = 0; i < n; i++)
		if (rows[i].board != 0)
			put_iterations(&result, &rows[i]);
	return (Datum) 0;
}
