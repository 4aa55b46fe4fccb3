/*-------------------------------------------------------------------------
 *
 * wals_tune.c
 *	  SQL: wals_tune(source, grid, ...), one row per trial; and CALL
 *	  wals_tune_into(table, source, grid, ...), which writes them to a table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/args.h"
#include "base/result.h"
#include "run/tune/grid.h"
#include "run/measure/metric.h"
#include "run/train/options.h"
#include "run/tune/tune.h"

PG_FUNCTION_INFO_V1(wals_tune);
PG_FUNCTION_INFO_V1(wals_tune_into);

/*
 * Arguments in the order of the SQL declaration; the columns of the source and the
 * options of a training have names.  wals_tune_into() has one before the source,
 * and others after the seed.
 */
enum
{
	ARG_SOURCE,
	ARG_GRID,
	ARG_METRIC = 8,
	ARG_K,
	ARG_TRIALS,
	ARG_MAX_SECONDS,
	ARG_SEARCH,
	ARG_HOLDOUT,
	ARG_FRACTION,
	ARG_THRESHOLD,
	ARG_MAX_USERS,
	ARG_SEED,
	ARG_COUNT
};

enum
{
	INTO_TABLE,
	INTO_REST,
	INTO_MODEL = INTO_REST + ARG_COUNT,
	INTO_ACTIVATE
};

static void
fetch_source(FunctionCallInfo fcinfo, int first, WalsTuneRequest *request)
{
	WalsTrainRequest *train = &request->train;
	WalsSource *source = &train->source;

	wals_arg_required(fcinfo, first + ARG_SOURCE, "source",
	                  "SELECT * FROM wals_tune('ratings');");
	wals_options_reset(train);
	source->relation = PG_GETARG_OID(first + ARG_SOURCE);
	wals_options_source(fcinfo, source);
	wals_options_fetch_params(fcinfo, train);
}

/* ndcg@20; k is the length of lists for a name without its own. */
static void
fetch_metric(FunctionCallInfo fcinfo, int first, WalsTuneRequest *request)
{
	const char *word = wals_arg_text(fcinfo, first + ARG_METRIC);
	int32 k =
	    wals_arg_within(fcinfo, first + ARG_K, 1, WC_CUT_MAX, WALS_CUT_DEFAULT);

	request->metric = wals_metric_read(word, request->train.params.feedback, k);
	if (!PG_ARGISNULL(first + ARG_K) && request->metric.cut > 0 &&
	    request->metric.cut != k)
		wals_option_refuse(
		    "k", psprintf("The value is %d, but the metric is %s.", k, word),
		    "Use k => NULL: the metric says how long the lists are.");
}

static void
fetch_measure(FunctionCallInfo fcinfo, int first, WalsTuneRequest *request)
{
	fetch_metric(fcinfo, first, request);
	request->has_threshold = !PG_ARGISNULL(first + ARG_THRESHOLD);
	request->threshold = wals_arg_float8(fcinfo, first + ARG_THRESHOLD, 0);
	if (isnan(request->threshold))
		wals_option_refuse("relevance_threshold",
		                   "The value is NaN, it must be a number.",
		                   "Leave it out for the default.");
	if (request->has_threshold && request->train.source.value_col == NULL)
		wals_option_refuse("relevance_threshold",
		                   "It needs a column of values.",
		                   "Name it with value_col => '...'.");
	request->max_users = wals_arg_within(fcinfo, first + ARG_MAX_USERS, 1,
	                                     PG_INT32_MAX, PG_INT32_MAX);
}

static void
fetch_holdout(FunctionCallInfo fcinfo, int first, WalsTuneRequest *request)
{
	request->holdout = wals_arg_choice(fcinfo, first + ARG_HOLDOUT, "holdout",
	                                   wals_tune_holdouts, WALS_HOLDOUT_HASH);
	request->fraction = wals_arg_float8(fcinfo, first + ARG_FRACTION, 0.1);
	if (!(request->fraction > 0 && request->fraction < 0.5))
		wals_option_refuse(
		    "fraction",
		    psprintf("The value is %g, it must be greater than 0 and less "
		             "than 0.5: it is held out twice.",
		             request->fraction),
		    "0.1 validates on one of ten entries and tests on another.");
	if (request->holdout != WALS_HOLDOUT_HASH &&
	    request->train.source.time_col == NULL)
		wals_option_refuse(
		    "holdout", "Who is to hold out the last entries needs a time.",
		    "Name its column with time_col => '...', or use holdout => "
		    "'hash'.");
}

/* All that both have; the source is argument first. */
static void
fetch(FunctionCallInfo fcinfo, int first, WalsTuneRequest *request)
{
	Jsonb *grid = PG_ARGISNULL(first + ARG_GRID)
	                  ? NULL
	                  : PG_GETARG_JSONB_P(first + ARG_GRID);

	memset(request, 0, sizeof(*request));
	request->seed = wals_arg_int64(fcinfo, first + ARG_SEED, 0);
	fetch_source(fcinfo, first, request);
	fetch_measure(fcinfo, first, request);
	fetch_holdout(fcinfo, first, request);
	request->max_seconds = wals_arg_within(fcinfo, first + ARG_MAX_SECONDS, 1,
	                                       PG_INT32_MAX, PG_INT32_MAX);
	request->goes_on = PG_ARGISNULL(first + ARG_TRIALS) &&
	                   request->max_seconds != PG_INT32_MAX;
	request->trials = wals_arg_within(
	    fcinfo, first + ARG_TRIALS, 1, WC_TUNE_TRIALS_MAX,
	    request->goes_on ? WC_TUNE_TRIALS_MAX : WALS_TUNE_TRIALS);
	request->search = wals_arg_choice(fcinfo, first + ARG_SEARCH, "search",
	                                  wals_tune_searches, WALS_SEARCH_AUTO);
	request->with_defaults = grid == NULL;
	wals_grid_read(grid, request->train.params.feedback, &request->grid);
}

Datum
wals_tune(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsTuneRequest request;
	WalsTuned tuned;
	int i;

	wals_result_begin(fcinfo, &result);
	fetch(fcinfo, 0, &request);
	wals_tune_run(&request, &tuned);
	for (i = 0; i < tuned.count; i++)
	{
		const WalsTrialRow *row = &tuned.rows[i];

		wals_put_int32(&result, row->trial);
		wals_put_datum(
		    &result,
		    DirectFunctionCall1(jsonb_in, CStringGetDatum(row->options)),
		    false);
		wals_put_float8(&result, row->value);
		wals_put_float8(&result, row->error);
		wals_put_int32(&result, row->iterations);
		wals_put_float8(&result, row->seconds);
		wals_put_bool(&result, row->best);
		wals_put_float8(&result, row->test_value);
		wals_put_float8(&result, row->test_error);
		wals_put_float8(&result, row->test_baseline);
		wals_put_text(&result, row->call);
		wals_put_row(&result);
	}
	return (Datum) 0;
}

Datum
wals_tune_into(PG_FUNCTION_ARGS)
{
	WalsTuneRequest request;
	WalsTuneInto into;

	wals_arg_need(
	    fcinfo, INTO_TABLE, "trials_table",
	    "Name a table of trials, or one that is going to be created.");
	fetch(fcinfo, INTO_REST, &request);
	into.trials = wals_arg_text(fcinfo, INTO_TABLE);
	into.model = wals_arg_text(fcinfo, INTO_MODEL);
	into.activate = wals_arg_choice(fcinfo, INTO_ACTIVATE, "activate",
	                                wals_activate_choices, WALS_ACTIVATE_YES);
	into.commits = wals_call_commits(fcinfo, "wals_tune_into");
	wals_tune_into_run(&request, &into);
	PG_RETURN_VOID();
}
