/*-------------------------------------------------------------------------
 *
 * wals_evaluate.c
 *	  SQL: wals_evaluate(test, model, ...), CALL wals_evaluate_into(table, test,
 *	  model, ...) and wals_compare(test, model_a,
 *	  model_b, ...).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "run/measure/evaluate.h"
#include "run/measure/metric.h"

PG_FUNCTION_INFO_V1(wals_evaluate);
PG_FUNCTION_INFO_V1(wals_evaluate_into);
PG_FUNCTION_INFO_V1(wals_compare);

enum
{
	EVALUATE_TEST,
	EVALUATE_MODEL,
	EVALUATE_K,
	EVALUATE_VERSION,
	EVALUATE_REST
};

enum
{
	COMPARE_TEST,
	COMPARE_MODEL_A,
	COMPARE_MODEL_B,
	COMPARE_VERSION_A,
	COMPARE_VERSION_B,
	COMPARE_K,
	COMPARE_REST
};

/* What both have after those, counted from there. */
enum
{
	REST_USER_COL,
	REST_ITEM_COL,
	REST_VALUE_COL,
	REST_THRESHOLD,
	REST_EXCLUDE_SEEN,
	REST_NEGATIVES,
	REST_CANDIDATES,
	REST_MAX_USERS,
	REST_SEED,
	REST_VERSIONS /* of a comparison: both sides */
};

static int
compare_cuts(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/* The lengths of lists: each once, ascending. */
static void
fetch_cuts(FunctionCallInfo fcinfo, int arg, WalsEvaluateRequest *request)
{
	int64 *cuts;
	int count;
	int i;

	if (PG_ARGISNULL(arg))
	{
		request->n_cuts = 1;
		request->cuts[0] = 10;
		return;
	}
	cuts = wals_arg_whole_numbers(fcinfo, arg, "k", &count);
	for (i = 0; i < count; i++)
		if (cuts[i] < 1 || cuts[i] > WC_CUT_MAX)
			wals_option_refuse(
			    "k",
			    psprintf("%lld is among the values, which must be from 1 to "
			             "%d.",
			             (long long) cuts[i], WC_CUT_MAX),
			    "For example k => '{5,10,20}'.");
	qsort(cuts, count, sizeof(int64), compare_cuts);
	for (i = 0; i < count; i++)
	{
		if (i > 0 && cuts[i] == cuts[i - 1])
			continue;
		if (request->n_cuts == WALS_CUTS_MAX)
			wals_option_refuse(
			    "k", psprintf("There are more than %d values.", WALS_CUTS_MAX),
			    "Ask twice.");
		request->cuts[request->n_cuts++] = (int32) cuts[i];
	}
	if (request->n_cuts == 0)
		wals_option_refuse("k", "There is no value.",
		                   "k => '{10}' measures the first ten.");
}

static void
fetch_rest(FunctionCallInfo fcinfo, int test, int first,
           WalsEvaluateRequest *request)
{
	wals_arg_need(fcinfo, test, "test",
	              "Name the relation of held-out ratings.");
	request->test = PG_GETARG_OID(test);
	request->user_col = wals_arg_name(fcinfo, first + REST_USER_COL);
	request->item_col = wals_arg_name(fcinfo, first + REST_ITEM_COL);
	request->value_col = wals_arg_name(fcinfo, first + REST_VALUE_COL);
	request->has_threshold = !PG_ARGISNULL(first + REST_THRESHOLD);
	request->threshold = wals_arg_float8(fcinfo, first + REST_THRESHOLD, 0);
	if (isnan(request->threshold))
		wals_option_refuse("relevance_threshold",
		                   "The value is NaN, it must be a number.",
		                   "Leave it out for the default.");
	request->exclude_seen =
	    wals_arg_bool(fcinfo, first + REST_EXCLUDE_SEEN, true);
	request->negatives =
	    wals_arg_within(fcinfo, first + REST_NEGATIVES, 1, WC_NEGATIVES_MAX, 0);
	request->candidates = wals_arg_oid(fcinfo, first + REST_CANDIDATES);
	if (request->negatives > 0 && OidIsValid(request->candidates))
		wals_option_refuse(
		    "negatives",
		    "There are candidates: what is ranked is given, and nothing is "
		    "drawn.",
		    "Leave out negatives, or candidates.");
	request->max_users = wals_arg_within(fcinfo, first + REST_MAX_USERS, 1,
	                                     PG_INT32_MAX, PG_INT32_MAX);
	request->seed = wals_arg_int64(fcinfo, first + REST_SEED, 0);
}

static int32
fetch_version(FunctionCallInfo fcinfo, int arg)
{
	return wals_arg_within(fcinfo, arg, 1, PG_INT32_MAX, 0);
}

/* The metric and its cut, NULL for none. */
static void
put_metric(WalsResult *result, const WalsMetric *metric)
{
	wals_put_text(result, wals_metric_name(metric));
	wals_put_datum(result, Int32GetDatum(metric->cut), metric->cut == 0);
}

/* The versions of one side, in a list or one of them. */
static void
fetch_side(FunctionCallInfo fcinfo, int side, WalsEvaluateRequest *request)
{
	int list = COMPARE_REST + REST_VERSIONS + side;
	const char *name = side == 0 ? "versions_a" : "versions_b";
	int32 version = fetch_version(fcinfo, COMPARE_VERSION_A + side);
	int first = request->n_models;
	int64 *versions;
	int count;
	int i;

	request->model[first] = wals_arg_oid(fcinfo, COMPARE_MODEL_A + side);
	if (!wals_arg_given(fcinfo, list))
	{
		request->version[request->n_models++] = version;
		return;
	}
	if (version != 0)
		wals_option_refuse(
		    name, psprintf("There is version_%c, too.", side == 0 ? 'a' : 'b'),
		    "Name the versions in one of them.");
	versions = wals_arg_whole_numbers(fcinfo, list, name, &count);
	if (count < 1 || count > WALS_VERSIONS_MAX)
		wals_option_refuse(
		    name,
		    psprintf("There are %d versions, there must be from 1 to %d.",
		             count, WALS_VERSIONS_MAX),
		    "For example '{1,2,3}'.");
	for (i = 0; i < count; i++)
	{
		if (versions[i] < 1 || versions[i] > PG_INT32_MAX)
			wals_option_refuse(name,
			                   psprintf("%lld is among the versions.",
			                            (long long) versions[i]),
			                   "For example '{1,2,3}'.");
		request->version[request->n_models++] = (int32) versions[i];
	}
}

/* An evaluation whose test is argument first. */
static void
fetch_evaluation(FunctionCallInfo fcinfo, int first,
                 WalsEvaluateRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->n_models = 1;
	request->model[0] = wals_arg_oid(fcinfo, first + EVALUATE_MODEL);
	request->version[0] = fetch_version(fcinfo, first + EVALUATE_VERSION);
	fetch_cuts(fcinfo, first + EVALUATE_K, request);
	fetch_rest(fcinfo, first, first + EVALUATE_REST, request);
}

Datum
wals_evaluate(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsEvaluateRequest request;
	WalsEvaluateRow *rows;
	int count;
	int i;

	wals_result_begin(fcinfo, &result);
	fetch_evaluation(fcinfo, 0, &request);

	count = wals_evaluate_run(&request, &rows);
	for (i = 0; i < count; i++)
	{
		const WalsEvaluateRow *row = &rows[i];

		put_metric(&result, &row->metric);
		wals_put_float8(&result, row->mean.value);
		wals_put_float8(&result, row->mean.error);
		wals_put_float8(&result, row->baseline);
		wals_put_int64(&result, row->mean.n_users);
		wals_put_int64(&result, row->n_skipped);
		wals_put_row(&result);
	}
	return (Datum) 0;
}

/* The table before all that wals_evaluate() has. */
Datum
wals_evaluate_into(PG_FUNCTION_ARGS)
{
	WalsEvaluateRequest request;

	wals_arg_need(
	    fcinfo, 0, "results_table",
	    "Name a table of evaluations, or one that is going to be created.");
	fetch_evaluation(fcinfo, 1, &request);
	request.commits = wals_call_commits(fcinfo, "wals_evaluate_into");
	wals_evaluate_into_run(&request, wals_arg_text(fcinfo, 0));
	PG_RETURN_VOID();
}

Datum
wals_compare(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsEvaluateRequest request;
	WalsCompareRow *rows;
	int count;
	int i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	fetch_side(fcinfo, 0, &request);
	request.n_first = request.n_models;
	fetch_side(fcinfo, 1, &request);
	fetch_cuts(fcinfo, COMPARE_K, &request);
	fetch_rest(fcinfo, 0, COMPARE_REST, &request);

	count = wals_compare_run(&request, &rows);
	for (i = 0; i < count; i++)
	{
		const WalsDifference *row = &rows[i].difference;

		put_metric(&result, &rows[i].metric);
		wals_put_float8(&result, row->value[0]);
		wals_put_float8(&result, row->value[1]);
		wals_put_float8(&result, row->difference);
		wals_put_float8(&result, row->error);
		wals_put_float8(&result, row->t);
		wals_put_float8(&result, row->p);
		wals_put_datum(&result, Int64GetDatum(row->n_higher),
		               row->n_higher < 0);
		wals_put_datum(&result, Int64GetDatum(row->n_lower), row->n_higher < 0);
		wals_put_float8(&result, row->sign_p);
		wals_put_int64(&result, row->n_users);
		wals_put_int64(&result, rows[i].n_skipped);
		/* not in the script of 0.1.0 */
		wals_put_float8(&result, row->version_error);
		wals_put_float8(&result, row->df);
		wals_put_row(&result);
	}
	return (Datum) 0;
}
