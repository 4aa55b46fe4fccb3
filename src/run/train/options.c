/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options of a training: their words, their ranges, their record.
 *
 * run/train/train.c checks a request here before it reads anything, and asks for
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
#include "utils/timestamp.h"

#include "base/hint.h"
#include "base/settings.h"
#include "run/measure/gate.h"
#include "run/train/options.h"
#include "store/model.h"
#include "store/numbers.h"

const WalsChoice wals_activate_choices[] = {
    {"yes", WALS_ACTIVATE_YES},
    {"no", WALS_ACTIVATE_NO},
    {"if_better", WALS_ACTIVATE_IF_BETTER},
    {NULL, 0}};

#define PLACE(member)                                                          \
	.offset = offsetof(WalsTrainRequest, member),                              \
	.size = sizeof(((WalsTrainRequest *) NULL)->member)

/* Options of the request itself; those of the core are in core/model/optionlist.h. */
static const WcOption own_options[] = {
    {.name = "row_weights", .kind = WC_OPTION_RELATION, PLACE(row_weights)},
    {.name = "col_weights", .kind = WC_OPTION_RELATION, PLACE(col_weights)},
    {.name = "tolerance",
     .kind = WC_OPTION_REAL,
     PLACE(tolerance),
     .initial.real = 0,
     .least.real = 0,
     .most.real = 1,
     .legal = "it must be from 0 to 1",
     .advice = "Use 0.001 to stop when an iteration lowers the loss by less "
               "than a thousandth, 0 to run them all.",
     .flags = WC_OPTION_RECORDED},
    {.name = "max_seconds",
     .kind = WC_OPTION_INTEGER,
     PLACE(max_seconds),
     .initial.whole = PG_INT32_MAX,
     .least.whole = 1,
     .most.whole = PG_INT32_MAX,
     .legal = "the minimum is 1",
     .advice = "Leave it out to train without a limit.",
     .flags = WC_OPTION_OPEN | WC_OPTION_RECORDED},
    {.name = "warm_start",
     .kind = WC_OPTION_BOOLEAN,
     PLACE(warm_start),
     .initial.whole = false,
     .flags = WC_OPTION_RECORDED},
    {.name = "activate",
     .kind = WC_OPTION_WORD,
     PLACE(activate),
     .initial.whole = WALS_ACTIVATE_YES,
     .choices = wals_activate_choices},
    {.name = "keep_versions",
     .kind = WC_OPTION_INTEGER,
     PLACE(keep_versions),
     .initial.whole = 2,
     .least.whole = 1,
     .most.whole = PG_INT32_MAX,
     .legal = "the minimum is 1",
     .advice = "Keep 2, so that readers on an older snapshot find the version "
               "they began with.",
     .flags = WC_OPTION_RECORDED},
    {.name = "metric", .kind = WC_OPTION_TEXT, PLACE(metric)},
    {.name = "margin",
     .kind = WC_OPTION_REAL,
     PLACE(margin),
     .initial.real = 0,
     .least.real = 0,
     .most.real = DBL_MAX,
     .advice = "It is how much worse the metric may be, in its own unit."},
    {.name = "holdout",
     .kind = WC_OPTION_REAL,
     PLACE(holdout),
     .initial.real = 0,
     .least.real = 0,
     .most.real = 1 - DBL_EPSILON / 2,
     .legal = "it must be at least 0 and less than 1",
     .advice = "0.1 holds out one of ten pairs of user and item.",
     .flags = WC_OPTION_DERIVED | WC_OPTION_RECORDED | WC_OPTION_LATE},
    {.name = "holdout_seed",
     .kind = WC_OPTION_INTEGER,
     PLACE(holdout_seed),
     .initial.whole = 0,
     .least.whole = PG_INT64_MIN,
     .most.whole = PG_INT64_MAX,
     .flags = WC_OPTION_RECORDED | WC_OPTION_LATE}};

void
wals_options_reset(WalsTrainRequest *request)
{
	memset(request, 0, sizeof(*request));
	wc_params_defaults(&request->params);
	wc_options_reset(lengthof(own_options), own_options, request);
}

/* ------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------ */

void
wals_options_source(FunctionCallInfo fcinfo, WalsSource *source)
{
	const struct
	{
		const char *name;
		const char **column;
		const char *if_null;
	} columns[] = {{"user_col", &source->user_col, "user_id"},
	               {"item_col", &source->item_col, "item_id"},
	               {"value_col", &source->value_col, NULL},
	               {"weight_col", &source->weight_col, NULL},
	               {"time_col", &source->time_col, NULL}};
	int i;

	for (i = 0; i < lengthof(columns); i++)
	{
		int arg = wals_arg_find(fcinfo, columns[i].name);

		*columns[i].column =
		    arg >= 0 ? wals_arg_name(fcinfo, arg) : columns[i].if_null;
	}
}

double
wals_interval_seconds(const Interval *interval)
{
	return interval->time / (double) USECS_PER_SEC +
	       (interval->day + 30.0 * interval->month) * SECS_PER_DAY;
}

static double
fetch_interval(FunctionCallInfo fcinfo, int arg, const WcOption *option)
{
	const Interval *interval = PG_GETARG_INTERVAL_P(arg);
	double seconds = wals_interval_seconds(interval);

	if (seconds <= 0)
		wals_option_refuse(
		    option->name,
		    psprintf("The value is %s, it must be longer than 0.",
		             DatumGetCString(DirectFunctionCall1(
		                 interval_out, IntervalPGetDatum(interval)))),
		    option->advice);
	return seconds;
}

/* What means something else to the core is a mistake as an argument. */
static double
fetch_real(FunctionCallInfo fcinfo, int arg, const WcOption *option)
{
	double value = wals_arg_float8(fcinfo, arg, 0);

	if (isnan(value))
		wals_option_refuse(option->name,
		                   "The value is NaN, it must be a number.",
		                   "Leave it out for the default.");
	if ((option->flags & WC_OPTION_AS_ROW) != 0 && value == WC_BIAS_AS_ROW)
		wals_options_refuse(
		    NULL, option->name,
		    psprintf("The value is %g, it must be a finite number of at "
		             "least 0.",
		             value));
	return value;
}

static void
fetch(FunctionCallInfo fcinfo, int arg, const WcOption *option, void *of)
{
	/* what stands for one that is left open is no number */
	bool taken = option->initial.whole == PG_INT32_MIN;
	WcValue value = {0};

	switch (option->kind)
	{
		case WC_OPTION_WORD:
			value.whole =
			    wals_arg_choice(fcinfo, arg, option->name, option->choices, 0);
			break;
		case WC_OPTION_BOOLEAN:
			value.whole = PG_GETARG_BOOL(arg);
			break;
		case WC_OPTION_INTEGER:
			if (option->size == sizeof(int64))
				value.whole = wals_arg_int64(fcinfo, arg, 0);
			else
				value.whole = wals_arg_within(
				    fcinfo, arg, taken ? PG_INT32_MIN + 1 : PG_INT32_MIN,
				    PG_INT32_MAX, PG_INT32_MIN);
			break;
		case WC_OPTION_REAL:
			value.real = fetch_real(fcinfo, arg, option);
			break;
		case WC_OPTION_INTERVAL:
			value.real = fetch_interval(fcinfo, arg, option);
			break;
		case WC_OPTION_TEXT:
			*(const char **) ((char *) of + option->offset) =
			    wals_arg_text(fcinfo, arg);
			return;
		case WC_OPTION_RELATION:
			*(Oid *) ((char *) of + option->offset) = wals_arg_oid(fcinfo, arg);
			return;
	}
	wc_option_set(option, of, value);
}

/* Those that the function declares and the call gives. */
static void
fetch_all(FunctionCallInfo fcinfo, int32 count, const WcOption *options,
          void *of)
{
	int32 i;

	for (i = 0; i < count; i++)
	{
		int arg = wals_arg_find(fcinfo, options[i].name);

		if (arg >= 0)
			fetch(fcinfo, arg, &options[i], of);
	}
}

/*
 * Duplicates, if nobody says: rows of the same user and item add up for implicit
 * feedback; ratings are replaced by the latest where a time is known, else
 * averaged.
 */
static WcDuplicates
default_duplicates(const WalsTrainRequest *request)
{
	if (request->params.feedback == WC_IMPLICIT)
		return WC_DUP_SUM;
	return request->source.time_col != NULL ? WC_DUP_LAST : WC_DUP_AVG;
}

void
wals_options_fetch_params(FunctionCallInfo fcinfo, WalsTrainRequest *request)
{
	WcParams *params = &request->params;

	fetch_all(fcinfo, wc_option_count, wc_options, params);
	if (wals_arg_find(fcinfo, "duplicates") < 0)
		params->duplicates = default_duplicates(request);
	wals_options_half_life(request, params->half_life);
}

void
wals_options_fetch(FunctionCallInfo fcinfo, WalsTrainRequest *request)
{
	wals_options_fetch_params(fcinfo, request);
	fetch_all(fcinfo, lengthof(own_options), own_options, request);
	if (wals_arg_find(fcinfo, "holdout") < 0 &&
	    request->activate == WALS_ACTIVATE_IF_BETTER)
		request->holdout = WALS_HOLDOUT_DEFAULT;
}

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

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
wals_options_check_own(const WalsTrainRequest *request)
{
	char detail[160];
	int i;

	for (i = 0; i < lengthof(own_options); i++)
		if (!wc_option_check(&own_options[i], request, sizeof(detail), detail))
			wals_option_refuse(own_options[i].name, detail,
			                   own_options[i].advice);
}

void
wals_options_check(const WalsTrainRequest *request)
{
	char detail[256];
	const char *option;

	option = wals_options_conflict(request, sizeof(detail), detail);
	if (option != NULL)
		wals_options_refuse(request, option, detail);
	wals_options_check_own(request);
	wals_gate_check(request);
}

/* ------------------------------------------------------------------------
 * Writing them down
 * ------------------------------------------------------------------------ */

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

/* Their number may have been chosen before the training began. */
static bool
is_factors(const WcOption *option)
{
	return option->offset == offsetof(WcParams, factors);
}

static void
json_option(StringInfo json, const WcOption *option, const void *of)
{
	WcValue value = wc_option_get(option, of);

	if (wc_option_is_open(option, of))
	{
		json_word(json, option->name, NULL);
		return;
	}
	switch (option->kind)
	{
		case WC_OPTION_WORD:
			json_word(json, option->name,
			          wals_choice_name((int) value.whole, option->choices));
			break;
		case WC_OPTION_BOOLEAN:
			json_bool(json, option->name, value.whole != 0);
			break;
		case WC_OPTION_INTEGER:
			json_integer(json, option->name, value.whole);
			break;
		case WC_OPTION_REAL:
			json_number(json, option->name, value.real);
			break;
		case WC_OPTION_INTERVAL: /* half_life: json_half_life */
		case WC_OPTION_TEXT:
		case WC_OPTION_RELATION:
			break;
	}
}

/* Those of the core, with every choice resolved. */
static void
json_params(StringInfo json, const WcParams *params)
{
	int32 i;

	for (i = 0; i < wc_option_count; i++)
	{
		const WcOption *option = &wc_options[i];

		/* biases that have the lambda of their row have none of their own */
		if ((option->flags & WC_OPTION_AS_ROW) != 0 &&
		    (params->biases != 1 ||
		     wc_option_get(option, params).real == WC_BIAS_AS_ROW))
			continue;
		json_option(json, option, params);
	}
}

/* The names of the options that were left to the training. */
static void
json_chosen(StringInfo json, const WalsTrainRequest *request)
{
	const char *comma = "";
	int32 i;

	json_name(json, WALS_STORED_CHOSEN);
	appendStringInfoChar(json, '[');
	for (i = 0; i < wc_option_count; i++)
	{
		const WcOption *option = &wc_options[i];
		bool open = is_factors(option)
		                ? request->factors_chosen
		                : wc_option_is_open(option, &request->params);

		if (!open || (option->flags & WC_OPTION_FOUND) != 0)
			continue;
		appendStringInfo(json, "%s\"%s\"", comma, option->name);
		comma = ", ";
	}
	appendStringInfoChar(json, ']');
}

char *
wals_options_json(const WalsTrainRequest *request, const WcObjective *objective,
                  const WcSolver *solver)
{
	StringInfoData json;
	int i;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	json_params(&json, &objective->params);
	for (i = 0; i < lengthof(own_options); i++)
		if ((own_options[i].flags & WC_OPTION_RECORDED) != 0)
			json_option(&json, &own_options[i], request);
	json_relation(&json, "row_weights", &request->row_naming);
	json_relation(&json, "col_weights", &request->col_naming);
	json_number(&json, "half_life_seconds", request->half_life_seconds);
	if (objective->params.half_life > 0)
	{
		json_number(&json, "half_life_units", objective->params.half_life);
		json_integer(&json, "newest_time", objective->newest);
	}
	json_number(&json, "count_weight", objective->count_weight);
	if (!isnan(objective->like_from))
		json_number(&json, "like_from", objective->like_from);
	if (isfinite(objective->range.low))
	{
		json_number(&json, "lowest_value", objective->range.low);
		json_number(&json, "highest_value", objective->range.high);
	}
	if (solver != NULL)
		json_word(&json, "dense", wals_dense_text(wc_solver_dense(solver)));
	json_chosen(&json, request);
	appendStringInfoChar(&json, '}');
	return json.data;
}

char *
wals_options_names(void)
{
	StringInfoData names;
	int i;

	initStringInfo(&names);
	appendStringInfoString(&names, "{half_life_seconds");
	for (i = 0; i < wc_option_count; i++)
		appendStringInfo(&names, ",%s", wc_options[i].name);
	for (i = 0; i < lengthof(own_options); i++)
		if (((own_options[i].flags & WC_OPTION_RECORDED) != 0 ||
		     own_options[i].kind == WC_OPTION_RELATION) &&
		    own_options[i].offset != offsetof(WalsTrainRequest, warm_start))
			appendStringInfo(&names, ",%s", own_options[i].name);
	appendStringInfoChar(&names, '}');
	return names.data;
}

void
wals_options_half_life(WalsTrainRequest *request, double seconds)
{
	const WalsSource *source = &request->source;
	Oid type = source->time_type; /* once it was checked */
	AttrNumber attnum;

	request->half_life_seconds = seconds;
	if (source->time_col != NULL && !OidIsValid(type))
	{
		attnum = get_attnum(source->relation, source->time_col);
		if (attnum > 0)
			type = getBaseType(get_atttype(source->relation, attnum));
	}
	request->params.half_life = seconds * wals_time_unit(type);
}

/* ------------------------------------------------------------------------
 * Reading them back
 * ------------------------------------------------------------------------ */

/* A table of weights, found and told of as the source. */
static Oid
read_relation(const WalsStored *stored, const char *name, const char *identity,
              WalsNaming *naming)
{
	WalsNamedUse use = {stored->relation, name, "weigh users or items", ""};
	WalsNamed named;

	wals_naming_read(naming, wals_stored_text(stored, name), identity,
	                 InvalidOid);
	if (naming->name[0] == '\0')
		return InvalidOid;
	named = wals_named_need(&use, naming);
	wals_named_tell(stored->relation, name, naming, &named);
	return named.relation;
}

double
wals_options_unseen(const WalsRecord *record, int64 holdout_seed)
{
	double fraction;
	int64 seed;

	wals_stored_holdout(&record->options, &fraction, &seed);
	return wals_stored_holdout_seen(&record->options) || seed != holdout_seed
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
names_table(const WalsStored *stored, const char *name, Oid table)
{
	if (!wals_stored_is_text(stored, name))
		return !OidIsValid(table) && wals_stored_has(stored, name);
	return OidIsValid(table) && strcmp(wals_stored_text(stored, name),
	                                   wals_relation_quoted(table)) == 0;
}

bool
wals_options_repeatable(const WalsRecord *record,
                        const WalsTrainRequest *request)
{
	const WalsSource *theirs = &record->source;

	return !record->options.is_null &&
	       theirs->relation == request->source.relation &&
	       same_word(theirs->user_col, request->source.user_col) &&
	       same_word(theirs->item_col, request->source.item_col) &&
	       names_table(&record->options, "row_weights", request->row_weights) &&
	       names_table(&record->options, "col_weights", request->col_weights);
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

/*
 * Those of the core, as they were given.  As many factors as before, even where
 * they were chosen: whoever uses the vectors has made room for them.
 */
static void
read_params(const WalsStored *stored, WalsTrainRequest *request)
{
	WcParams *params = &request->params;
	int32 i;

	for (i = 0; i < wc_option_count; i++)
	{
		const WcOption *option = &wc_options[i];
		bool chosen = (option->flags & WC_OPTION_OPEN) != 0 &&
		              wals_stored_chosen(stored, option->name);

		if (is_factors(option))
			request->factors_chosen = chosen;
		else if (chosen || (option->flags & WC_OPTION_FOUND) != 0 ||
		         option->kind == WC_OPTION_INTERVAL)
			continue;
		wals_stored_option(stored, option, params);
	}
	/*
	 * 0.1.0, whose biases have the lambda of their rows, did not know that the
	 * exponent had been left out: it was if lambda was.
	 */
	if (params->reg_exponent == 1 && isnan(params->regularization) &&
	    params->biases != 0 &&
	    !wals_stored_has(stored, "user_bias_regularization"))
		params->reg_exponent = NAN;
}

void
wals_options_read(Oid model, const WalsRecord *record,
                  WalsTrainRequest *request)
{
	const WalsStored *stored = &record->options;
	double holdout;
	int64 holdout_seed;
	int i;

	wals_options_reset(request);
	request->source = record->source;
	if (!OidIsValid(record->source.relation))
		wals_model_damaged(model, "it has no source");
	if (record->source.user_col == NULL || record->source.item_col == NULL)
		wals_model_damaged(model, "\"user_col\" or \"item_col\" is NULL");
	wals_stored_need(stored);
	read_params(stored, request);
	wals_stored_holdout(stored, &holdout, &holdout_seed);
	for (i = 0; i < lengthof(own_options); i++)
		if ((own_options[i].flags & WC_OPTION_RECORDED) != 0)
			wals_stored_option(stored, &own_options[i], request);
	request->holdout = holdout;
	request->holdout_seed = holdout_seed;
	wals_options_half_life(request, wals_stored_half_life(stored));
	request->row_weights = read_relation(
	    stored, "row_weights", record->row_weights_id, &request->row_naming);
	request->col_weights = read_relation(
	    stored, "col_weights", record->col_weights_id, &request->col_naming);
}
