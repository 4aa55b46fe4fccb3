/*-------------------------------------------------------------------------
 *
 * wals_tune.c
 *	  SQL: wals_tune(source, grid, ...), one row per trial.
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

/* The columns of the source and the options of a training have names. */
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
	ARG_SEED
};

static void
fetch_source(FunctionCallInfo fcinfo, WalsTuneRequest *request)
{
	WalsTrainRequest *train = &request->train;
	WalsSource *source = &train->source;

	wals_arg_required(fcinfo, ARG_SOURCE, "source",
	                  "SELECT * FROM wals_tune('ratings');");
	wals_options_reset(train);
	source->relation = PG_GETARG_OID(ARG_SOURCE);
	wals_options_source(fcinfo, source);
	wals_options_fetch_params(fcinfo, train);
}

/* ndcg@20; k is the length of lists for a name without its own. */
static void
fetch_metric(FunctionCallInfo fcinfo, WalsTuneRequest *request)
{
	const char *word = wals_arg_text(fcinfo, ARG_METRIC);
	int32 k = wals_arg_within(fcinfo, ARG_K, 1, WC_CUT_MAX, WALS_CUT_DEFAULT);

	request->metric = wals_metric_read(word, request->train.params.feedback, k);
	if (!PG_ARGISNULL(ARG_K) && request->metric.cut > 0 &&
	    request->metric.cut != k)
		wals_option_refuse(
		    "k", psprintf("The value is %d, but the metric is %s.", k, word),
		    "Use k => NULL: the metric says how long the lists are.");
}

static void
fetch_measure(FunctionCallInfo fcinfo, WalsTuneRequest *request)
{
	fetch_metric(fcinfo, request);
	request->has_threshold = !PG_ARGISNULL(ARG_THRESHOLD);
	request->threshold = wals_arg_float8(fcinfo, ARG_THRESHOLD, 0);
	if (isnan(request->threshold))
		wals_option_refuse("relevance_threshold",
		                   "The value is NaN, it must be a number.",
		                   "Leave it out for the default.");
	if (request->has_threshold && request->train.source.value_col == NULL)
		wals_option_refuse("relevance_threshold",
		                   "It needs a column of values.",
		                   "Name it with value_col => '...'.");
	request->max_users =
	    wals_arg_within(fcinfo, ARG_MAX_USERS, 1, PG_INT32_MAX, PG_INT32_MAX);
}

static void
fetch_holdout(FunctionCallInfo fcinfo, WalsTuneRequest *request)
{
	request->holdout = wals_arg_choice(fcinfo, ARG_HOLDOUT, "holdout",
	                                   wals_tune_holdouts, WALS_HOLDOUT_HASH);
	request->fraction = wals_arg_float8(fcinfo, ARG_FRACTION, 0.1);
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

Datum
wals_tune(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsTuneRequest request;
	WalsTuneRow *rows;
	int count;
	int i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.seed = wals_arg_int64(fcinfo, ARG_SEED, 0);
	fetch_source(fcinfo, &request);
	fetch_measure(fcinfo, &request);
	fetch_holdout(fcinfo, &request);
	request.max_seconds =
	    wals_arg_within(fcinfo, ARG_MAX_SECONDS, 1, PG_INT32_MAX, PG_INT32_MAX);
	request.goes_on =
	    PG_ARGISNULL(ARG_TRIALS) && request.max_seconds != PG_INT32_MAX;
	request.trials = wals_arg_within(fcinfo, ARG_TRIALS, 1, WC_TUNE_TRIALS_MAX,
	                                 request.goes_on ? WC_TUNE_TRIALS_MAX
	                                                 : WALS_TUNE_TRIALS);
	request.search = wals_arg_choice(fcinfo, ARG_SEARCH, "search",
	                                 wals_tune_searches, WALS_SEARCH_AUTO);
	request.with_defaults = PG_ARGISNULL(ARG_GRID);
	wals_grid_read(PG_ARGISNULL(ARG_GRID) ? NULL : PG_GETARG_JSONB_P(ARG_GRID),
	               request.train.params.feedback, &request.grid);

	count = wals_tune_run(&request, &rows);
	for (i = 0; i < count; i++)
	{
		const WalsTuneRow *row = &rows[i];

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
