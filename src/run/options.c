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

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "base/hint.h"
#include "run/gate.h"
#include "run/options.h"

/* Key of the options that were left to the training. */
#define CHOSEN "chosen"

const WalsChoice wals_solver_choices[] = {{"auto", WC_SOLVE_AUTO},
                                          {"cholesky", WC_SOLVE_CHOLESKY},
                                          {"cg", WC_SOLVE_CG},
                                          {"block", WC_SOLVE_BLOCK},
                                          {NULL, 0}};

const WalsChoice wals_activate_choices[] = {
    {"yes", WALS_ACTIVATE_YES},
    {"no", WALS_ACTIVATE_NO},
    {"if_better", WALS_ACTIVATE_IF_BETTER},
    {NULL, 0}};

const char *
wals_options_conflict(const WalsTrainRequest *request, Size size, char *detail)
{
	const char *option =
	    wc_params_check(&request->params, request->source.value_col != NULL,
	                    request->source.time_col != NULL, size, detail);

	if (option == NULL && request->params.weighting == WC_WEIGHT_NONE &&
	    (request->source.weight_col != NULL ||
	     OidIsValid(request->row_weights) || OidIsValid(request->col_weights)))
	{
		strlcpy(detail,
		        "Weighting none gives observed cells no weight that "
		        "weight_col, row_weights or col_weights could change.",
		        size);
		option = "weighting";
	}
	return option;
}

/* The argument that would name the column an option needs, or NULL. */
static const char *
missing_column(const WalsTrainRequest *request, const char *option)
{
	const WcParams *params = &request->params;
	bool has_value = request->source.value_col != NULL;
	bool has_time = request->source.time_col != NULL;

	if (strcmp(option, "feedback") == 0 && !has_value &&
	    params->feedback != WC_IMPLICIT)
		return "value_col";
	if (strcmp(option, "weighting") == 0 && !has_value &&
	    params->feedback == WC_IMPLICIT && params->weighting != WC_WEIGHT_NONE)
		return "value_col";
	if (strcmp(option, "half_life") == 0 && !has_time &&
	    params->half_life > 0 && isfinite(params->half_life))
		return "time_col";
	if (strcmp(option, "duplicates") == 0 && !has_time &&
	    params->duplicates == WC_DUP_LAST)
		return "time_col";
	return NULL;
}

void
wals_options_refuse(const WalsTrainRequest *request, const char *option,
                    const char *detail)
{
	const char *column =
	    request != NULL ? missing_column(request, option) : NULL;
	Oid relation = column != NULL ? request->source.relation : InvalidOid;
	const char *name = OidIsValid(relation) ? get_rel_name(relation) : NULL;

	ereport(
	    ERROR,
	    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	     errmsg("invalid value for option \"%s\"", option),
	     errdetail("%s", detail),
	     name != NULL
	         ? errhint("Name one with %s => '...'; the columns of \"%s\" "
	                   "are: %s.",
	                   column, name, wals_relation_columns(relation))
	         : wals_hint("Leave %s out for its default; the reference lists "
	                     "the options of wals_train() with their ranges.",
	                     option)));
}

void
wals_options_check(const WalsTrainRequest *request)
{
	char detail[256];
	const char *option;

	option = wals_options_conflict(request, sizeof(detail), detail);
	if (option != NULL)
		wals_options_refuse(request, option, detail);
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
	wals_gate_check(request);
}

WcDuplicates
wals_options_duplicates(const WalsTrainRequest *request)
{
	if (request->params.feedback == WC_IMPLICIT)
		return WC_DUP_SUM;
	return request->source.time_col != NULL ? WC_DUP_LAST : WC_DUP_AVG;
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
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, text);
	json_name(json, name);
	appendStringInfoString(json, text);
}

/* Of biases; those that have the lambda of their row have none of their own. */
static void
json_lambda(StringInfo json, const char *name, double value)
{
	if (value != WC_BIAS_AS_ROW)
		json_number(json, name, value);
}

static void
json_integer(StringInfo json, const char *name, int64 value)
{
	json_name(json, name);
	appendStringInfo(json, INT64_FORMAT, value);
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

/* A relation by its name; its identity is no option. */
static void
json_relation(StringInfo json, const char *name, const WalsNaming *naming)
{
	json_word(json, name, naming->name[0] != '\0' ? naming->name : NULL);
}

static void
json_bool(StringInfo json, const char *name, bool value)
{
	json_name(json, name);
	appendStringInfoString(json, value ? "true" : "false");
}

/* The names of the options that were left to the training. */
static void
json_chosen(StringInfo json, const WalsTrainRequest *request)
{
	const WcParams *asked = &request->params;
	const struct
	{
		const char *name;
		bool open;
	} options[] = {
	    {"factors", request->factors_chosen},
	    {"regularization", isnan(asked->regularization)},
	    {"reg_exponent", isnan(asked->reg_exponent)},
	    {"unobserved_weight", isnan(asked->unobserved_weight)},
	    {"row_weight_exponent", isnan(asked->row_weight_exponent)},
	    {"col_weight_exponent", isnan(asked->col_weight_exponent)},
	    {"biases", asked->biases < 0},
	};
	const char *comma = "";

	json_name(json, CHOSEN);
	appendStringInfoChar(json, '[');
	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (!options[i].open)
			continue;
		appendStringInfo(json, "%s\"%s\"", comma, options[i].name);
		comma = ", ";
	}
	appendStringInfoChar(json, ']');
}

char *
wals_options_json(const WalsTrainRequest *request, const WcObjective *objective)
{
	const WcParams *params = &objective->params;
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	json_word(&json, "feedback",
	          wals_choice_name(params->feedback, wals_feedback_choices));
	json_number(&json, "factors", params->factors);
	json_number(&json, "iterations", params->iterations);
	json_number(&json, "regularization", params->regularization);
	json_number(&json, "reg_exponent", params->reg_exponent);
	json_number(&json, "unobserved_weight", params->unobserved_weight);
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
	json_number(&json, "count_weight", objective->count_weight);
	json_relation(&json, "row_weights", &request->row_naming);
	json_relation(&json, "col_weights", &request->col_naming);
	json_number(&json, "half_life_seconds", request->half_life_seconds);
	if (params->half_life > 0)
	{
		json_number(&json, "half_life_units", params->half_life);
		json_integer(&json, "newest_time", objective->newest);
	}
	if (!isnan(objective->like_from))
		json_number(&json, "like_from", objective->like_from);
	if (isfinite(objective->range.low))
	{
		json_number(&json, "lowest_value", objective->range.low);
		json_number(&json, "highest_value", objective->range.high);
	}
	json_word(&json, "duplicates",
	          wals_choice_name(params->duplicates, wals_duplicates_choices));
	json_number(&json, "min_user_rows", params->min_user_rows);
	json_number(&json, "min_item_rows", params->min_item_rows);
	json_bool(&json, "biases", params->biases == 1);
	if (params->biases == 1)
	{
		json_lambda(&json, "user_bias_regularization",
		            params->bias_regularization[WC_USERS]);
		json_lambda(&json, "item_bias_regularization",
		            params->bias_regularization[WC_ITEMS]);
	}
	json_integer(&json, "seed", params->seed);
	json_word(&json, "solver",
	          wals_choice_name(params->solver, wals_solver_choices));
	json_number(&json, "cg_steps", params->cg_steps);
	json_bool(&json, "warm_start", request->warm_start);
	json_number(&json, "tolerance", request->tolerance);
	json_name(&json, "max_seconds");
	if (request->max_seconds == PG_INT32_MAX)
		appendStringInfoString(&json, "null");
	else
		appendStringInfo(&json, "%d", request->max_seconds);
	json_number(&json, "keep_versions", request->keep_versions);
	json_number(&json, "holdout", request->holdout);
	json_integer(&json, "holdout_seed", request->holdout_seed);
	json_chosen(&json, request);
	appendStringInfoChar(&json, '}');
	return json.data;
}

double
wals_interval_seconds(const Interval *interval)
{
	return interval->time / 1000000.0 +
	       (interval->day + 30.0 * interval->month) * 86400.0;
}

void
wals_options_half_life(WalsTrainRequest *request, double seconds)
{
	const WalsSource *source = &request->source;
	double unit = 1000000.0; /* timestamps count microseconds */
	Oid type = source->time_type; /* once it was checked */
	AttrNumber attnum;
	WalsIdType ignored;

	request->half_life_seconds = seconds;
	if (source->time_col != NULL && !OidIsValid(type))
	{
		attnum = get_attnum(source->relation, source->time_col);
		if (attnum > 0)
			type = getBaseType(get_atttype(source->relation, attnum));
	}
	if (OidIsValid(type) && wals_id_type_of(type, &ignored))
		unit = 1.0; /* integers count seconds */
	request->params.half_life = seconds * unit;
}

/* State of reading a record. */
typedef struct Reader
{
	Oid model;
	const WalsRecord *record;
} Reader;

/* Value of an option, NULL for null; every option must be there. */
static const char *
record_word(const Reader *reader, const char *name)
{
	const WalsRecord *record = reader->record;
	int32 i;

	for (i = 0; i < record->n_options; i++)
		if (strcmp(record->options[i].name, name) == 0)
			return record->options[i].value;
	wals_record_damaged(reader->model, record, name,
	                    "It does not stand among the options.");
}

/* True when the option is to be chosen again. */
static bool
record_open(const Reader *reader, const char *name)
{
	const WalsRecord *record = reader->record;
	int32 i;

	for (i = 0; i < record->n_options; i++)
		if (strcmp(record->options[i].name, name) == 0)
			return record->options[i].chosen;
	return false;
}

static double
record_number(const Reader *reader, const char *name, double low, double high)
{
	const char *word = record_word(reader, name);
	char *end = NULL;
	double value = 0;

	if (word != NULL)
		value = strtod(word, &end);
	if (word == NULL || end == word || *end != '\0' ||
	    !(value >= low && value <= high))
		wals_record_damaged(reader->model, reader->record, name,
		                    psprintf("It is %s.", word ? word : "null"));
	return value;
}

static int32
record_integer(const Reader *reader, const char *name)
{
	return (int32) record_number(reader, name, PG_INT32_MIN, PG_INT32_MAX);
}

static bool
record_bool(const Reader *reader, const char *name)
{
	const char *word = record_word(reader, name);
	bool value;

	if (word == NULL || !parse_bool(word, &value))
		wals_record_damaged(reader->model, reader->record, name,
		                    psprintf("It is %s.", word ? word : "null"));
	return value;
}

static int
record_choice(const Reader *reader, const char *name, const WalsChoice *choices)
{
	const char *word = record_word(reader, name);
	const WalsChoice *choice;

	for (choice = choices; choice->name != NULL; choice++)
		if (word != NULL && strcmp(word, choice->name) == 0)
			return choice->value;
	wals_record_damaged(reader->model, reader->record, name,
	                    psprintf("It is %s.", word ? word : "null"));
}

/* A table of weights, found and told of as the source. */
static Oid
record_relation(const Reader *reader, const char *name, const char *identity,
                WalsNaming *naming)
{
	WalsNamedUse use = {reader->model, name, "weigh users or items", ""};
	WalsNamed named;

	wals_naming_read(naming, record_word(reader, name), identity, InvalidOid);
	if (naming->name[0] == '\0')
		return InvalidOid;
	named = wals_named_need(&use, naming);
	wals_named_tell(reader->model, name, naming, &named);
	return named.relation;
}

static bool
record_has(const WalsRecord *record, const char *name)
{
	int32 i;

	for (i = 0; i < record->n_options; i++)
		if (strcmp(record->options[i].name, name) == 0)
			return true;
	return false;
}

/*
 * Open where it was left out.  0.1.0, whose biases have the lambda of their rows,
 * did not know that: there it is open if lambda is.
 */
static double
record_reg_exponent(const Reader *reader, const WcParams *params)
{
	double value = record_number(reader, "reg_exponent", 0, 1);

	if (record_open(reader, "reg_exponent") ||
	    (value == 1 && isnan(params->regularization) &&
	     record_bool(reader, "biases") &&
	     !record_has(reader->record, "user_bias_regularization")))
		return NAN;
	return value;
}

static int64
record_seed(const Reader *reader, const char *name)
{
	const char *word = record_word(reader, name);
	char *end = NULL;
	int64 value = 0;

	if (word != NULL)
		value = strtoi64(word, &end, 10);
	if (word == NULL || end == word || *end != '\0')
		wals_record_damaged(reader->model, reader->record, name, NULL);
	return value;
}

/*
 * Trainings from before this was an option held out nothing, and those from
 * before it had a seed drew as wals_holdout() does without one.
 */
static void
record_holdout(const Reader *reader, double *fraction, int64 *seed)
{
	const WalsRecord *record = reader->record;

	*fraction = record_has(record, "holdout")
	                ? record_number(reader, "holdout", 0, 1)
	                : 0;
	*seed = *fraction == 0 ? 0 : WC_DRAW_HOLDOUT;
	if (record_has(record, "holdout_seed"))
		*seed = record_seed(reader, "holdout_seed");
}

double
wals_options_unseen(Oid model, const WalsRecord *record, int64 holdout_seed)
{
	Reader reader = {model, record};
	double fraction;
	int64 seed;

	record_holdout(&reader, &fraction, &seed);
	return record_has(record, "holdout_seen") || seed != holdout_seed
	           ? 0
	           : fraction;
}

static bool
same_word(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whether an option that names a table names this one, or neither does. */
static bool
names_table(const WalsRecord *record, const char *name, Oid table)
{
	const char *quoted = OidIsValid(table) ? wals_relation_quoted(table) : NULL;
	int32 i;

	for (i = 0; i < record->n_options; i++)
		if (strcmp(record->options[i].name, name) == 0)
			return same_word(record->options[i].value, quoted);
	return false;
}

bool
wals_options_repeatable(const WalsRecord *record,
                        const WalsTrainRequest *request)
{
	const WalsSource *theirs = &record->source;

	return record->has_options &&
	       theirs->relation == request->source.relation &&
	       same_word(theirs->user_col, request->source.user_col) &&
	       same_word(theirs->item_col, request->source.item_col) &&
	       names_table(record, "row_weights", request->row_weights) &&
	       names_table(record, "col_weights", request->col_weights);
}

bool
wals_options_same(const WalsTrainRequest *a, const WalsTrainRequest *b)
{
	WcParams params = a->params;

	/* how many were chosen is no option */
	if (a->factors_chosen && b->factors_chosen)
		params.factors = b->params.factors;
	return wc_params_same(&params, &b->params) &&
	       a->row_weights == b->row_weights &&
	       a->col_weights == b->col_weights && a->tolerance == b->tolerance &&
	       a->max_seconds == b->max_seconds &&
	       a->source.relation == b->source.relation &&
	       same_word(a->source.user_col, b->source.user_col) &&
	       same_word(a->source.item_col, b->source.item_col) &&
	       same_word(a->source.value_col, b->source.value_col) &&
	       same_word(a->source.weight_col, b->source.weight_col) &&
	       same_word(a->source.time_col, b->source.time_col);
}

void
wals_options_read(Oid model, const WalsRecord *record,
                  WalsTrainRequest *request)
{
	Reader reader = {model, record};
	WcParams *params = &request->params;
	const double any = HUGE_VAL;

	memset(request, 0, sizeof(*request));
	wc_params_defaults(params);
	request->source = record->source;
	if (!OidIsValid(record->source.relation))
		wals_record_damaged(model, record, "source", NULL);
	if (record->source.user_col == NULL || record->source.item_col == NULL)
		wals_record_damaged(model, record, "user_col, item_col", NULL);

	params->feedback =
	    record_choice(&reader, "feedback", wals_feedback_choices);
	params->weighting =
	    record_choice(&reader, "weighting", wals_weighting_choices);
	params->duplicates =
	    record_choice(&reader, "duplicates", wals_duplicates_choices);
	/* as many as before: whoever uses the vectors has made room for them */
	params->factors = record_integer(&reader, "factors");
	request->factors_chosen = record_open(&reader, "factors");
	params->iterations = record_integer(&reader, "iterations");
	params->regularization =
	    record_open(&reader, "regularization")
	        ? NAN
	        : record_number(&reader, "regularization", 0, any);
	params->reg_exponent = record_reg_exponent(&reader, params);
	params->unobserved_weight =
	    record_open(&reader, "unobserved_weight")
	        ? NAN
	        : record_number(&reader, "unobserved_weight", 0, any);
	params->unobserved_popularity =
	    record_choice(&reader, "unobserved_weighting", wals_unobserved_choices);
	params->popularity_exponent =
	    record_number(&reader, "popularity_exponent", -any, any);
	params->alpha = record_number(&reader, "alpha", 0, any);
	params->epsilon = record_number(&reader, "epsilon", 0, any);
	params->row_weight_exponent =
	    record_open(&reader, "row_weight_exponent")
	        ? NAN
	        : record_number(&reader, "row_weight_exponent", -any, any);
	params->col_weight_exponent =
	    record_open(&reader, "col_weight_exponent")
	        ? NAN
	        : record_number(&reader, "col_weight_exponent", -any, any);
	params->weight_normalize = record_bool(&reader, "weight_normalize");
	params->biases =
	    record_open(&reader, "biases") ? -1 : record_bool(&reader, "biases");
	params->min_user_rows = record_integer(&reader, "min_user_rows");
	params->min_item_rows = record_integer(&reader, "min_item_rows");
	params->seed = record_seed(&reader, "seed");
	params->solver = record_choice(&reader, "solver", wals_solver_choices);
	params->cg_steps = record_integer(&reader, "cg_steps");
	wals_options_half_life(request,
	                       record_number(&reader, "half_life_seconds", 0, any));
	request->row_weights = record_relation(
	    &reader, "row_weights", record->row_weights_id, &request->row_naming);
	request->col_weights = record_relation(
	    &reader, "col_weights", record->col_weights_id, &request->col_naming);
	request->warm_start = record_bool(&reader, "warm_start");
	request->tolerance = record_number(&reader, "tolerance", 0, 1);
	request->max_seconds = record_word(&reader, "max_seconds") == NULL
	                           ? PG_INT32_MAX
	                           : record_integer(&reader, "max_seconds");
	request->keep_versions = record_integer(&reader, "keep_versions");
	record_holdout(&reader, &request->holdout, &request->holdout_seed);
	request->activate = WALS_ACTIVATE_YES;
}
