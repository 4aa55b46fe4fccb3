/*-------------------------------------------------------------------------
 *
 * wals_train.c
 *	  SQL: wals_train(model, source, ...) returns the new version.
 *
 * Fetches and translates arguments; a NULL option means its default.  What the
 * options mean is in the reference and in core/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/args.h"
#include "base/hint.h"
#include "run/gate.h"
#include "run/options.h"
#include "run/train.h"

PG_FUNCTION_INFO_V1(wals_train);

/* Arguments in the order of the SQL declaration. */
enum
{
	ARG_MODEL,
	ARG_SOURCE,
	ARG_USER_COL,
	ARG_ITEM_COL,
	ARG_VALUE_COL,
	ARG_WEIGHT_COL,
	ARG_TIME_COL,
	ARG_FEEDBACK,
	ARG_FACTORS,
	ARG_ITERATIONS,
	ARG_REGULARIZATION,
	ARG_REG_EXPONENT,
	ARG_UNOBSERVED_WEIGHT,
	ARG_UNOBSERVED_WEIGHTING,
	ARG_POPULARITY_EXPONENT,
	ARG_WEIGHTING,
	ARG_ALPHA,
	ARG_EPSILON,
	ARG_ROW_WEIGHT_EXPONENT,
	ARG_COL_WEIGHT_EXPONENT,
	ARG_WEIGHT_NORMALIZE,
	ARG_ROW_WEIGHTS,
	ARG_COL_WEIGHTS,
	ARG_HALF_LIFE,
	ARG_DUPLICATES,
	ARG_MIN_USER_ROWS,
	ARG_MIN_ITEM_ROWS,
	ARG_BIASES,
	ARG_TOLERANCE,
	ARG_MAX_SECONDS,
	ARG_SEED,
	ARG_SOLVER,
	ARG_CG_STEPS,
	ARG_WARM_START,
	ARG_ACTIVATE,
	ARG_KEEP_VERSIONS,
	ARG_METRIC,
	ARG_MARGIN,
	ARG_HOLDOUT,
	ARG_HOLDOUT_SEED
};

/* NaN in the core means "choose"; as an argument it is a mistake. */
static double
number(FunctionCallInfo fcinfo, int arg, const char *option, double if_null)
{
	double value;

	if (PG_ARGISNULL(arg))
		return if_null;
	value = PG_GETARG_FLOAT8(arg);
	if (isnan(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for option \"%s\"", option),
		                errdetail("The value is NaN, it must be a number."),
		                errhint("Leave it out for the default.")));
	return value;
}

static void
required(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("argument \"%s\" must not be NULL", name),
		                wals_hint("SELECT wals_train('movies', 'ratings');")));
}

static void
set_half_life(FunctionCallInfo fcinfo, WalsTrainRequest *request)
{
	const Interval *interval;
	double seconds;

	if (PG_ARGISNULL(ARG_HALF_LIFE))
		return;
	interval = PG_GETARG_INTERVAL_P(ARG_HALF_LIFE);
	seconds = wals_interval_seconds(interval);
	if (seconds <= 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "half_life"),
		         errdetail("The value is %s, it must be longer than 0.",
		                   DatumGetCString(DirectFunctionCall1(
		                       interval_out, IntervalPGetDatum(interval)))),
		         errhint("Leave it out to weigh old and new rows alike.")));
	wals_options_half_life(request, seconds);
}

Datum
wals_train(PG_FUNCTION_ARGS)
{
	WalsTrainRequest request;
	WcParams *params = &request.params;
	WcParams defaults;

	required(fcinfo, ARG_MODEL, "model");
	required(fcinfo, ARG_SOURCE, "source");
	memset(&request, 0, sizeof(request));
	wc_params_defaults(&defaults);

	request.model = wals_arg_text(fcinfo, ARG_MODEL);
	request.source.relation = PG_GETARG_OID(ARG_SOURCE);
	request.source.user_col = wals_arg_name(fcinfo, ARG_USER_COL);
	request.source.item_col = wals_arg_name(fcinfo, ARG_ITEM_COL);
	request.source.value_col = wals_arg_name(fcinfo, ARG_VALUE_COL);
	request.source.weight_col = wals_arg_name(fcinfo, ARG_WEIGHT_COL);
	request.source.time_col = wals_arg_name(fcinfo, ARG_TIME_COL);
	if (request.source.user_col == NULL)
		request.source.user_col = "user_id";
	if (request.source.item_col == NULL)
		request.source.item_col = "item_id";

	*params = defaults;
	params->feedback =
	    wals_arg_choice(fcinfo, ARG_FEEDBACK, "feedback", wals_feedback_choices,
	                    defaults.feedback);
	params->weighting =
	    wals_arg_choice(fcinfo, ARG_WEIGHTING, "weighting",
	                    wals_weighting_choices, defaults.weighting);
	params->unobserved_popularity = wals_arg_choice(
	    fcinfo, ARG_UNOBSERVED_WEIGHTING, "unobserved_weighting",
	    wals_unobserved_choices, defaults.unobserved_popularity);
	params->duplicates = wals_arg_choice(fcinfo, ARG_DUPLICATES, "duplicates",
	                                     wals_duplicates_choices,
	                                     wals_options_duplicates(&request));
	request.factors_chosen = PG_ARGISNULL(ARG_FACTORS);
	params->factors = wals_arg_within(fcinfo, ARG_FACTORS, PG_INT32_MIN + 1,
	                                  PG_INT32_MAX, defaults.factors);
	params->iterations =
	    wals_arg_int32(fcinfo, ARG_ITERATIONS, defaults.iterations);
	params->regularization = number(fcinfo, ARG_REGULARIZATION,
	                                "regularization", defaults.regularization);
	params->reg_exponent =
	    number(fcinfo, ARG_REG_EXPONENT, "reg_exponent", defaults.reg_exponent);
	params->unobserved_weight =
	    number(fcinfo, ARG_UNOBSERVED_WEIGHT, "unobserved_weight",
	           defaults.unobserved_weight);
	params->popularity_exponent =
	    number(fcinfo, ARG_POPULARITY_EXPONENT, "popularity_exponent",
	           defaults.popularity_exponent);
	params->alpha = number(fcinfo, ARG_ALPHA, "alpha", defaults.alpha);
	params->epsilon = number(fcinfo, ARG_EPSILON, "epsilon", defaults.epsilon);
	params->row_weight_exponent =
	    number(fcinfo, ARG_ROW_WEIGHT_EXPONENT, "row_weight_exponent",
	           defaults.row_weight_exponent);
	params->col_weight_exponent =
	    number(fcinfo, ARG_COL_WEIGHT_EXPONENT, "col_weight_exponent",
	           defaults.col_weight_exponent);
	params->weight_normalize =
	    wals_arg_bool(fcinfo, ARG_WEIGHT_NORMALIZE, defaults.weight_normalize);
	params->min_user_rows =
	    wals_arg_int32(fcinfo, ARG_MIN_USER_ROWS, defaults.min_user_rows);
	params->min_item_rows =
	    wals_arg_int32(fcinfo, ARG_MIN_ITEM_ROWS, defaults.min_item_rows);
	params->biases = PG_ARGISNULL(ARG_BIASES) ? -1 : PG_GETARG_BOOL(ARG_BIASES);
	params->seed = wals_arg_int64(fcinfo, ARG_SEED, defaults.seed);
	params->solver = wals_arg_choice(fcinfo, ARG_SOLVER, "solver",
	                                 wals_solver_choices, defaults.solver);
	params->cg_steps = wals_arg_int32(fcinfo, ARG_CG_STEPS, defaults.cg_steps);
	set_half_life(fcinfo, &request);

	request.row_weights = wals_arg_oid(fcinfo, ARG_ROW_WEIGHTS);
	request.col_weights = wals_arg_oid(fcinfo, ARG_COL_WEIGHTS);
	request.warm_start = wals_arg_bool(fcinfo, ARG_WARM_START, false);
	request.tolerance = number(fcinfo, ARG_TOLERANCE, "tolerance", 0);
	request.max_seconds = wals_arg_int32(fcinfo, ARG_MAX_SECONDS, PG_INT32_MAX);
	request.activate =
	    wals_arg_choice(fcinfo, ARG_ACTIVATE, "activate", wals_activate_choices,
	                    WALS_ACTIVATE_YES);
	request.keep_versions = wals_arg_int32(fcinfo, ARG_KEEP_VERSIONS, 2);

	request.metric = wals_arg_text(fcinfo, ARG_METRIC);
	request.margin = number(fcinfo, ARG_MARGIN, "margin", 0);
	request.holdout = number(
	    fcinfo, ARG_HOLDOUT, "holdout",
	    request.activate == WALS_ACTIVATE_IF_BETTER ? WALS_HOLDOUT_DEFAULT : 0);
	request.holdout_seed = wals_arg_int64(fcinfo, ARG_HOLDOUT_SEED, 0);

	PG_RETURN_INT32(wals_train_run(&request));
}
