/*-------------------------------------------------------------------------
 *
 * wals_progress.c
 *	  SQL: wals_progress_list(), wals_progress_log() and
 *	  wals_tune_progress_list(), behind the views wals_progress,
 *	  wals_training_log and wals_tune_progress.
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
PG_FUNCTION_INFO_V1(wals_tune_progress_list);

/* What is under way, each by its rows. */
static Datum
list(FunctionCallInfo fcinfo,
     void (*put)(WalsResult *, const WalsProgressRow *))
{
	WalsResult result;
	WalsProgressRow *rows;
	int n;
	int i;

	wals_result_begin(fcinfo, &result);
	n = wals_progress_read(&rows);
	for (i = 0; i < n; i++)
		put(&result, &rows[i]);
	return (Datum) 0;
}

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
	return list(fcinfo, put_training);
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
	return list(fcinfo, put_iterations);
}

/* The trials of one running tuning. */
static void
put_trials(WalsResult *result, const WalsProgressRow *tuning)
{
	char *schema = get_namespace_name(tuning->schema);
	void *rows = NULL;
	int count = wals_board_read(tuning->board, tuning->pid,
	                            sizeof(WalsBoardTrial), &rows);
	int i;

	for (i = 0; i < count; i++)
	{
		const WalsBoardTrial *row = (WalsBoardTrial *) rows + i;

		wals_put_int32(result, tuning->pid);
		wals_put_text(result, quote_qualified_identifier(schema, tuning->name));
		wals_put_int32(result, row->trial);
		wals_put_text(result, row->options);
		wals_put_float8(result, row->value);
		wals_put_float8(result, row->error);
		wals_put_int32(result, row->iterations);
		wals_put_float8(result, row->seconds);
		wals_put_row(result);
	}
}

Datum
wals_tune_progress_list(PG_FUNCTION_ARGS)
{
	return list(fcinfo, put_trials);
}
