/*-------------------------------------------------------------------------
 *
 * objective.c
 *	  The objective of a stored version: what solving one more user takes.
 *
 * A training writes its options, with every choice resolved, and the few
 * constants it found in the data into the column "options" (run/options.c).  To
 * fold a user in, they are read back: enumerations by their words, numbers by
 * their ranges, all of it together by wc_params_check, since whoever may write
 * to the model's table may have written anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "store/objective.h"
#include "store/query.h"
#include "store/relation.h"

/* Bound of an int64 that survives the way through double. */
#define INTEGER_MAX 9.2233e18

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

/* The options of a version while they are read. */
typedef struct Options
{
	const WalsModel *model;
	Jsonb *json;
} Options;

static void
options_damaged(const Options *options, const char *reason)
{
	wals_model_damaged(options->model->relation, reason);
}

/* A value of a type, or XX001. */
static void
option_value(const Options *options, const char *name, enum jbvType type,
             JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(&options->json->root, name,
	                                 (int) strlen(name), value) == NULL ||
	    value->type != type)
		options_damaged(
		    options,
		    psprintf("option \"%s\" is missing or of another type", name));
}

static double
option_number(const Options *options, const char *name)
{
	JsonbValue value;

	option_value(options, name, jbvNumeric, &value);
	return DatumGetFloat8(DirectFunctionCall1(
	    numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
}

static int64
option_integer(const Options *options, const char *name)
{
	double number = option_number(options, name);
	JsonbValue value;

	if (!(fabs(number) <= INTEGER_MAX))
		options_damaged(options,
		                psprintf("option \"%s\" is out of range", name));
	option_value(options, name, jbvNumeric, &value);
	return DatumGetInt64(
	    DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

static bool
option_bool(const Options *options, const char *name)
{
	JsonbValue value;

	option_value(options, name, jbvBool, &value);
	return value.val.boolean;
}

static int
option_choice(const Options *options, const char *name,
              const WalsChoice *choices)
{
	JsonbValue value;

	option_value(options, name, jbvString, &value);
	for (; choices->name != NULL; choices++)
		if (strlen(choices->name) == (size_t) value.val.string.len &&
		    memcmp(choices->name, value.val.string.val, value.val.string.len) ==
		        0)
			return choices->value;
	options_damaged(options,
	                psprintf("option \"%s\" has an unknown value", name));
	return 0;
}

/* The lambda of the biases of a side; versions before 0.2.0 have none apart. */
static double
option_bias_lambda(const Options *options, const char *name)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(&options->json->root, name,
	                                 (int) strlen(name), &value) == NULL)
		return WC_BIAS_AS_ROW;
	return option_number(options, name);
}

/* Whether an option that is a name or null is a name. */
static bool
option_is_given(const Options *options, const char *name)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(&options->json->root, name,
	                                 (int) strlen(name), &value) == NULL)
		return false;
	return value.type == jbvString;
}

static bool
option_is_there(const Options *options, const char *name)
{
	JsonbValue value;

	return getKeyJsonValueFromContainer(&options->json->root, name,
	                                    (int) strlen(name), &value) != NULL;
}

/*
 * Pairs that the training held out.  Older releases had no seed, and refreshed
 * from all rows, which they noted down.
 */
static void
read_holdout(const Options *options, WalsObjective *objective)
{
	if (!option_is_there(options, "holdout") ||
	    option_is_there(options, "holdout_seen"))
		return;
	objective->holdout = option_number(options, "holdout");
	if (!(objective->holdout >= 0 && objective->holdout < 1))
		options_damaged(options, "option \"holdout\" is out of range");
	if (option_is_there(options, "holdout_seed"))
		objective->draw =
		    option_integer(options, "holdout_seed") ^ WC_DRAW_HOLDOUT;
}

static void
read_params(const Options *options, WalsObjective *objective)
{
	WcParams *params = &objective->core.params;

	wc_params_defaults(params);
	params->feedback =
	    option_choice(options, "feedback", wals_feedback_choices);
	params->weighting =
	    option_choice(options, "weighting", wals_weighting_choices);
	params->duplicates =
	    option_choice(options, "duplicates", wals_duplicates_choices);
	params->unobserved_popularity =
	    option_choice(options, "unobserved_weighting", wals_unobserved_choices);
	params->factors = options->model->factors;
	params->regularization = option_number(options, "regularization");
	params->reg_exponent = option_number(options, "reg_exponent");
	params->unobserved_weight = option_number(options, "unobserved_weight");
	params->popularity_exponent = option_number(options, "popularity_exponent");
	params->alpha = option_number(options, "alpha");
	params->epsilon = option_number(options, "epsilon");
	params->row_weight_exponent = option_number(options, "row_weight_exponent");
	params->col_weight_exponent = option_number(options, "col_weight_exponent");
	params->weight_normalize = option_bool(options, "weight_normalize");
	params->biases = options->model->biases ? 1 : 0;
	params->bias_regularization[WC_USERS] =
	    option_bias_lambda(options, "user_bias_regularization");
	params->bias_regularization[WC_ITEMS] =
	    option_bias_lambda(options, "item_bias_regularization");
	objective->core.count_weight = option_number(options, "count_weight");
	objective->core.like_from = option_is_there(options, "like_from")
	                                ? option_number(options, "like_from")
	                                : NAN;
	objective->half_life_seconds = option_number(options, "half_life_seconds");
	objective->core.weighted[WC_USERS] =
	    option_is_given(options, "row_weights");
	objective->core.weighted[WC_ITEMS] =
	    option_is_given(options, "col_weights");
	if (objective->half_life_seconds != 0)
	{
		params->half_life = option_number(options, "half_life_units");
		objective->core.newest = option_integer(options, "newest_time");
	}
}

static void
check_params(const Options *options, const WalsObjective *objective)
{
	const WcObjective *core = &objective->core;
	char detail[256];
	const char *option;

	option = wc_params_check(
	    &core->params, NameStr(objective->value_col)[0] != '\0',
	    NameStr(objective->time_col)[0] != '\0', sizeof(detail), detail);
	if (option != NULL)
	{
		/* its sentence becomes the end of ours */
		if (detail[0] != '\0' && detail[strlen(detail) - 1] == '.')
			detail[strlen(detail) - 1] = '\0';
		options_damaged(options, psprintf("option \"%s\": %s", option, detail));
	}
	if (!(core->count_weight > 0) || !isfinite(core->count_weight))
		options_damaged(options, "option \"count_weight\" is out of range");
	if (core->params.biases == 1 && core->params.unobserved_weight != 0)
		options_damaged(options, "it has biases and an unobserved weight");
	if (!(objective->half_life_seconds >= 0) ||
	    (objective->half_life_seconds > 0) != (core->params.half_life > 0))
		options_damaged(options,
		                "option \"half_life_seconds\" is out of range");
}

static void
read_column(uint64 row, int place, NameData *column)
{
	bool is_null;
	Datum value = wals_query_value(row, place, NAMEOID, &is_null);

	namestrcpy(column, is_null ? "" : NameStr(*DatumGetName(value)));
}

void
wals_objective_read(const WalsModel *model, WalsObjective *objective)
{
	wals_objective_read_as(model, WALS_READ_CALLER, objective);
}

void
wals_objective_read_as(const WalsModel *model, WalsSnapshot snapshot,
                       WalsObjective *objective)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};
	Options options = {model, NULL};
	bool is_null;
	Datum value;

	memset(objective, 0, sizeof(*objective));
	if (wals_query_run(
	        psprintf("SELECT options, value_col, weight_col, time_col, "
	                 "global_mean FROM %s "
	                 "WHERE active AND version OPERATOR(pg_catalog.=) $1",
	                 wals_relation_quoted(model->relation)),
	        1, types, values, NULL, snapshot) != 1)
		options_damaged(&options, "it is gone");
	value = wals_query_value(0, 1, JSONBOID, &is_null);
	if (is_null)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("version %d of model \"%s\" has no objective",
		                model->version, get_rel_name(model->relation)),
		         errdetail("Its factors were imported without one, so nobody "
		                   "can be solved as its users were."),
		         errhint("Import them with regularization => ... and "
		                 "unobserved_weight => ..., or do without: fold_in "
		                 "=> 'never'.")));
	options.json = DatumGetJsonbP(value);
	if (!JB_ROOT_IS_OBJECT(options.json))
		options_damaged(&options, "\"options\" is not a JSON object");
	read_column(0, 2, &objective->value_col);
	read_column(0, 3, &objective->weight_col);
	read_column(0, 4, &objective->time_col);
	value = wals_query_value(0, 5, FLOAT8OID, &is_null);
	objective->core.mean = is_null ? NAN : DatumGetFloat8(value);
	if (!isfinite(objective->core.mean))
		options_damaged(&options, "\"global_mean\" is not finite");
	read_params(&options, objective);
	read_holdout(&options, objective);
	check_params(&options, objective);
}
