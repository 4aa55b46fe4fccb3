/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of a training: their words, their ranges, their record.
 *
 * run/train.c checks a request here before it reads anything, and asks for
 * what goes into the column "options" when the numbers are final.  The core
 * checks what it is told itself (wc_params_check); here is the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "run/options.h"

const WalsChoice wals_feedback_choices[] = {{"implicit", WC_IMPLICIT},
                                            {"explicit", WC_EXPLICIT},
                                            {"weighted", WC_WEIGHTED},
                                            {NULL, 0}};

const WalsChoice wals_weighting_choices[] = {
    {"constant", WC_WEIGHT_CONSTANT}, {"linear", WC_WEIGHT_LINEAR},
    {"log", WC_WEIGHT_LOG},           {"counts", WC_WEIGHT_COUNTS},
    {"none", WC_WEIGHT_NONE},         {NULL, 0}};

const WalsChoice wals_unobserved_choices[] = {
    {"uniform", 0}, {"popularity", 1}, {NULL, 0}};

const WalsChoice wals_duplicates_choices[] = {
    {"sum", WC_DUP_SUM},   {"max", WC_DUP_MAX},     {"avg", WC_DUP_AVG},
    {"last", WC_DUP_LAST}, {"error", WC_DUP_ERROR}, {NULL, 0}};

void
wals_options_check(const WalsTrainRequest *request)
{
	char detail[256];
	const char *option;

	option = wc_params_check(
	    &request->params, request->source.value_col != NULL,
	    request->source.time_col != NULL, sizeof(detail), detail);
	if (option != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", option),
		         errdetail("%s", detail),
		         errhint("The reference lists the options of wals_train() with "
		                 "their ranges.")));
	if (request->params.weighting == WC_WEIGHT_NONE &&
	    (request->source.weight_col != NULL ||
	     OidIsValid(request->row_weights) || OidIsValid(request->col_weights)))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "weighting"),
		         errdetail("Weighting none gives observed cells no weight that "
		                   "weight_col, row_weights or col_weights could "
		                   "change."),
		         errhint("Use weighting => 'constant', or leave the weights "
		                 "out.")));
	if (request->tolerance < 0 || request->tolerance > 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "tolerance"),
		         errdetail("The value is %g, it must be from 0 to 1.",
		                   request->tolerance),
		         errhint("Use 0.001 to stop when an iteration lowers the loss "
		                 "by less than a thousandth, 0 to run them all.")));
	if (request->max_seconds < 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "max_seconds"),
		         errdetail("The value is %d, the minimum is 1.",
		                   request->max_seconds),
		         errhint("Leave it out to train without a limit.")));
	if (request->keep_versions < 1)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "keep_versions"),
		         errdetail("The value is %d, the minimum is 1.",
		                   request->keep_versions),
		         errhint("Keep 2, so that readers on an older snapshot find "
		                 "the version they began with.")));
}

static void
json_name(StringInfo json, const char *name)
{
	if (json->len > 1)
		appendStringInfoString(json, ", ");
	escape_json(json, name);
	appendStringInfoString(json, ": ");
}

static void
json_number(StringInfo json, const char *name, double value)
{
	char *text =
	    DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(value)));

	json_name(json, name);
	appendStringInfoString(json, text);
}

static void
json_word(StringInfo json, const char *name, const char *value)
{
	json_name(json, name);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

static void
json_bool(StringInfo json, const char *name, bool value)
{
	json_name(json, name);
	appendStringInfoString(json, value ? "true" : "false");
}

char *
wals_options_json(const WalsTrainRequest *request, const WcProblem *problem)
{
	const WcParams *params = &problem->params;
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	json_word(&json, "feedback",
	          wals_choice_name(params->feedback, wals_feedback_choices));
	json_number(&json, "factors", params->factors);
	json_number(&json, "iterations", params->iterations);
	json_number(&json, "regularization", params->regularization);
	json_number(&json, "reg_exponent", params->reg_exponent);
	json_number(&json, "unobserved_weight", problem->w0);
	json_word(&json, "unobserved_weighting",
	          wals_choice_name(params->unobserved_popularity,
	                           wals_unobserved_choices));
	json_number(&json, "popularity_exponent", params->popularity_exponent);
	json_word(&json, "weighting",
	          wals_choice_name(params->weighting, wals_weighting_choices));
	json_number(&json, "alpha", params->alpha);
	json_number(&json, "epsilon", params->epsilon);
	json_number(&json, "row_weight_exponent", params->row_weight_exponent);
	json_number(&json, "col_weight_exponent", params->col_weight_exponent);
	json_bool(&json, "weight_normalize", params->weight_normalize);
	json_word(&json, "row_weights",
	          OidIsValid(request->row_weights)
	              ? wals_relation_quoted(request->row_weights)
	              : NULL);
	json_word(&json, "col_weights",
	          OidIsValid(request->col_weights)
	              ? wals_relation_quoted(request->col_weights)
	              : NULL);
	json_number(&json, "half_life_seconds", request->half_life_seconds);
	json_word(&json, "duplicates",
	          wals_choice_name(params->duplicates, wals_duplicates_choices));
	json_number(&json, "min_user_rows", params->min_user_rows);
	json_number(&json, "min_item_rows", params->min_item_rows);
	json_bool(&json, "biases", problem->biases);
	json_name(&json, "seed");
	appendStringInfo(&json, INT64_FORMAT, params->seed);
	json_bool(&json, "warm_start", request->warm_start);
	json_number(&json, "tolerance", request->tolerance);
	json_name(&json, "max_seconds");
	if (request->max_seconds == PG_INT32_MAX)
		appendStringInfoString(&json, "null");
	else
		appendStringInfo(&json, "%d", request->max_seconds);
	json_number(&json, "keep_versions", request->keep_versions);
	appendStringInfoChar(&json, '}');
	return json.data;
}
