/*-------------------------------------------------------------------------
 *
 * wals_import.c
 *	  SQL: wals_import(model, users, items, ...) -> version.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"

#include "base/args.h"
#include "base/hint.h"
#include "run/import.h"
#include "run/options.h"

PG_FUNCTION_INFO_V1(wals_import);

enum
{
	ARG_MODEL,
	ARG_USERS,
	ARG_ITEMS,
	ARG_SOURCE,
	ARG_USER_COL,
	ARG_ITEM_COL,
	ARG_VALUE_COL,
	ARG_WEIGHT_COL,
	ARG_FEEDBACK,
	ARG_GLOBAL_MEAN,
	ARG_REGULARIZATION,
	ARG_REG_EXPONENT,
	ARG_UNOBSERVED_WEIGHT,
	ARG_WEIGHTING,
	ARG_ALPHA,
	ARG_EPSILON,
	ARG_ACTIVATE,
	ARG_KEEP_VERSIONS,
	ARG_USER_BIAS_REGULARIZATION,
	ARG_ITEM_BIAS_REGULARIZATION
};

static const WalsChoice activate_choices[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};

static double
number(FunctionCallInfo fcinfo, int arg, const char *option, double if_null)
{
	double value = wals_arg_float8(fcinfo, arg, if_null);

	if (!PG_ARGISNULL(arg) && !isfinite((float) value))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("invalid value for option \"%s\"", option),
		     errdetail("The value is %g, it must be a finite number.", value),
		     errhint("Leave it out for the default.")));
	return value;
}

static Oid
required_relation(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		         errmsg("argument \"%s\" must not be NULL", name),
		         wals_hint("SELECT wals_import('movies', 'user_factors', "
		                   "'item_factors');")));
	return arg == ARG_MODEL ? InvalidOid : PG_GETARG_OID(arg);
}

/*
 * What biases were regularized with; if nobody says, as their rows.  A library of
 * today serves the function as 0.1.0 declared it, which has no such arguments.
 */
static void
set_bias_lambda(FunctionCallInfo fcinfo, WcParams *params)
{
	static const char *const names[] = {"user_bias_regularization",
	                                    "item_bias_regularization"};
	int side;

	for (side = 0; side < 2; side++)
	{
		int arg = ARG_USER_BIAS_REGULARIZATION + side;
		double value = WC_BIAS_AS_ROW;

		if (arg < PG_NARGS())
			value = number(fcinfo, arg, names[side], value);
		if (arg < PG_NARGS() && !PG_ARGISNULL(arg) && value < 0)
			wals_options_refuse(
			    NULL, names[side],
			    psprintf("The value is %g, it must be at least 0.", value));
		params->bias_regularization[side] = value;
	}
}

Datum
wals_import(PG_FUNCTION_ARGS)
{
	WalsImportRequest request;
	WalsTrainRequest *train = &request.train;
	WcParams *params = &train->params;

	memset(&request, 0, sizeof(request));
	(void) required_relation(fcinfo, ARG_MODEL, "model");
	request.users = required_relation(fcinfo, ARG_USERS, "users");
	request.items = required_relation(fcinfo, ARG_ITEMS, "items");
	train->model = wals_arg_text(fcinfo, ARG_MODEL);
	train->source.relation = wals_arg_oid(fcinfo, ARG_SOURCE);
	train->source.user_col = wals_arg_name(fcinfo, ARG_USER_COL);
	train->source.item_col = wals_arg_name(fcinfo, ARG_ITEM_COL);
	train->source.value_col = wals_arg_name(fcinfo, ARG_VALUE_COL);
	train->source.weight_col = wals_arg_name(fcinfo, ARG_WEIGHT_COL);
	if (train->source.user_col == NULL)
		train->source.user_col = "user_id";
	if (train->source.item_col == NULL)
		train->source.item_col = "item_id";

	wc_params_defaults(params);
	params->feedback = wals_arg_choice(fcinfo, ARG_FEEDBACK, "feedback",
	                                   wals_feedback_choices, params->feedback);
	params->duplicates =
	    params->feedback == WC_IMPLICIT ? WC_DUP_SUM : WC_DUP_AVG;
	params->weighting =
	    wals_arg_choice(fcinfo, ARG_WEIGHTING, "weighting",
	                    wals_weighting_choices, params->weighting);
	request.mean = number(fcinfo, ARG_GLOBAL_MEAN, "global_mean", 0);
	params->regularization =
	    number(fcinfo, ARG_REGULARIZATION, "regularization", NAN);
	params->reg_exponent = number(fcinfo, ARG_REG_EXPONENT, "reg_exponent", 1);
	set_bias_lambda(fcinfo, params);
	params->unobserved_weight =
	    number(fcinfo, ARG_UNOBSERVED_WEIGHT, "unobserved_weight", NAN);
	params->alpha = number(fcinfo, ARG_ALPHA, "alpha", params->alpha);
	params->epsilon = number(fcinfo, ARG_EPSILON, "epsilon", params->epsilon);
	params->row_weight_exponent = params->col_weight_exponent = 0;
	train->activate =
	    wals_arg_choice(fcinfo, ARG_ACTIVATE, "activate", activate_choices, 1);
	train->keep_versions = wals_arg_int32(fcinfo, ARG_KEEP_VERSIONS, 2);
	train->max_seconds = PG_INT32_MAX;
	if (train->keep_versions < 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "keep_versions"),
		         errdetail("The value is %d, the minimum is 1.",
		                   train->keep_versions),
		         errhint("Keep 2, so that readers on an older snapshot find "
		                 "the version they began with.")));
	PG_RETURN_INT32(wals_import_run(&request));
}
