/*-------------------------------------------------------------------------
 *
 * grid.c
 *	  The options a tuning tries, as JSON, as numbers and as SQL.
 *
 * The core knows a grid as lists of so many values and ranges of numbers
 * (core/measure/tune.c); here these get their names and types.  What decides which
 * ratings there are (duplicates, rare users and items) must be the same for all
 * trials, or their values could not be compared.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/hint.h"
#include "run/tune/grid.h"
#include "run/train/options.h"

/* Whether a grid may have the option, and trials may differ in it. */
static bool
is_tunable(const WcOption *name)
{
	return (name->flags & (WC_OPTION_TUNED | WC_OPTION_FIXED)) != 0;
}

/* What is tried when nobody says what: the options that matter most. */
static const char *const default_grid[] = {
    [WC_IMPLICIT] =
        "{\"factors\": [32, 64, 128, 256, 512], "
        "\"regularization\": {\"min\": 0.001, \"max\": 0.1, \"log\": true}, "
        "\"unobserved_weight\": {\"min\": 0.003, \"max\": 1, \"log\": true}}",
    [WC_EXPLICIT] =
        "{\"factors\": [8, 16, 32, 64], "
        "\"regularization\": {\"min\": 0.02, \"max\": 0.5, \"log\": true}}",
    [WC_WEIGHTED] =
        "{\"factors\": [32, 64, 128, 256, 512], "
        "\"regularization\": {\"min\": 0.001, \"max\": 0.1, \"log\": true}, "
        "\"unobserved_weight\": {\"min\": 0.003, \"max\": 1, \"log\": true}}",
};

_Noreturn static void refuse(const char *option, const char *detail,
                             const char *hint);

static void
refuse(const char *option, const char *detail, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid grid for option \"%s\"", option),
	                errdetail_internal("%s", detail), wals_hint("%s", hint)));
}

static void
refuse_type(const WcOption *name)
{
	static const char *const wanted[] = {
	    [WC_OPTION_WORD] = "a word",
	    [WC_OPTION_BOOLEAN] = "true or false",
	    [WC_OPTION_INTEGER] = "an integer",
	    [WC_OPTION_REAL] = "a number",
	    [WC_OPTION_INTERVAL] = "a string with an interval, more than 0",
	};

	refuse(name->name,
	       psprintf("A value of it must be %s, or null for its default.",
	                wanted[name->kind]),
	       "Write a value, an array of values, or a range such as "
	       "{\"min\": 0.001, \"max\": 0.1, \"log\": true}.");
}

static double
number_of(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(
	    numeric_float8, NumericGetDatum(value->val.numeric)));
}

/* 22007 for what is no interval. */
static WalsGridValue
read_interval(const WcOption *name, const JsonbValue *json)
{
	WalsGridValue result = {false, 0, NULL};

	if (json->type != jbvString)
		refuse_type(name);
	result.text = pnstrdup(json->val.string.val, json->val.string.len);
	result.number = wals_interval_seconds(DatumGetIntervalP(
	    DirectFunctionCall3(interval_in, CStringGetDatum(result.text),
	                        ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))));
	if (!(result.number > 0))
		refuse_type(name);
	return result;
}

static WalsGridValue
read_value(const WcOption *name, const JsonbValue *json)
{
	WalsGridValue result = {false, 0, NULL};

	if (json->type == jbvNull)
	{
		result.is_null = true;
		return result;
	}
	switch (name->kind)
	{
		case WC_OPTION_INTEGER:
		case WC_OPTION_REAL:
			if (json->type != jbvNumeric)
				refuse_type(name);
			result.number = number_of(json);
			if (name->kind == WC_OPTION_INTEGER &&
			    !(result.number == rint(result.number) &&
			      fabs(result.number) <= PG_INT32_MAX))
				refuse_type(name);
			break;
		case WC_OPTION_BOOLEAN:
			if (json->type != jbvBool)
				refuse_type(name);
			result.number = json->val.boolean;
			break;
		case WC_OPTION_WORD:
			if (json->type != jbvString)
				refuse_type(name);
			result.number = wals_choice_parse(
			    name->name,
			    pnstrdup(json->val.string.val, json->val.string.len),
			    name->choices);
			break;
		case WC_OPTION_INTERVAL:
			return read_interval(name, json);
		case WC_OPTION_TEXT:
		case WC_OPTION_RELATION:
			refuse_type(name);
	}
	return result;
}

/* A list of one value or more. */
static void
read_list(const WcOption *name, JsonbContainer *json, WcTuneOption *option,
          WalsGridValue **values)
{
	uint32 count = JsonContainerSize(json);
	uint32 i;

	if (count == 0)
		refuse(name->name, "The array has no value.",
		       "Leave the option out for its default.");
	if (count > WC_TUNE_TRIALS_MAX)
		refuse(name->name,
		       psprintf("The array has %u values, the limit is %d.", count,
		                WC_TUNE_TRIALS_MAX),
		       "Give a range.");
	option->count = (int32) count;
	*values = palloc(sizeof(WalsGridValue) * count);
	for (i = 0; i < count; i++)
		(*values)[i] = read_value(name, getIthJsonbValueFromContainer(json, i));
}

/* {"min": number, "max": number, "log": boolean} */
static void
read_range(const WcOption *name, JsonbContainer *json, WcTuneOption *option)
{
	const char *hint = "A range is {\"min\": 0.001, \"max\": 0.1, \"log\": "
	                   "true}; log is false unless given.";
	JsonbValue *min = getKeyJsonValueFromContainer(json, "min", 3, NULL);
	JsonbValue *max = getKeyJsonValueFromContainer(json, "max", 3, NULL);
	JsonbValue *log = getKeyJsonValueFromContainer(json, "log", 3, NULL);

	if (name->kind != WC_OPTION_INTEGER && name->kind != WC_OPTION_REAL)
		refuse(name->name, "It has no range, because it is not a number.",
		       "Give an array of values.");
	if (min == NULL || max == NULL || min->type != jbvNumeric ||
	    max->type != jbvNumeric || (log != NULL && log->type != jbvBool))
		refuse(name->name, "A range needs the numbers min and max.", hint);
	if (JsonContainerSize(json) != (log != NULL ? 3 : 2))
		refuse(name->name, "A range has min, max and log, and nothing else.",
		       hint);
	(void) read_value(name, min); /* integers are integers */
	(void) read_value(name, max);
	option->count = 0;
	option->low = number_of(min);
	option->high = number_of(max);
	option->log = log != NULL && log->val.boolean;
	option->whole = name->kind == WC_OPTION_INTEGER;
	if (!(option->low < option->high))
		refuse(name->name, "The min of a range must be less than its max.",
		       hint);
	if (option->log && option->low <= 0)
		refuse(name->name,
		       "The min of a range with log must be greater than 0.", hint);
}

static const WcOption *
find_name(const char *word)
{
	StringInfoData known;
	int32 i;

	initStringInfo(&known);
	for (i = 0; i < wc_option_count; i++)
	{
		if (!is_tunable(&wc_options[i]))
			continue;
		if (strcmp(word, wc_options[i].name) == 0)
			return &wc_options[i];
		appendStringInfo(&known, "%s%s", known.len > 0 ? ", " : "",
		                 wc_options[i].name);
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("option \"%s\" cannot be tuned", word),
	                errhint("A grid may have %s.", known.data)));
}

static void
read_option(const WcOption *name, const JsonbValue *json, WalsGrid *grid)
{
	WcTuneOption *option = &grid->options[grid->n];

	if (json->type != jbvBinary)
	{
		option->count = 1;
		grid->values[grid->n] = palloc(sizeof(WalsGridValue));
		grid->values[grid->n][0] = read_value(name, json);
	}
	else if (JsonContainerIsArray(json->val.binary.data))
		read_list(name, json->val.binary.data, option, &grid->values[grid->n]);
	else
		read_range(name, json->val.binary.data, option);
	if ((name->flags & WC_OPTION_FIXED) != 0 && option->count != 1)
		refuse(name->name,
		       "It decides which ratings there are: trials with different "
		       "values could not be compared.",
		       "Give one value, and tune once for each.");
	grid->names[grid->n++] = name;
}

void
wals_grid_read(const Jsonb *json, WcFeedback feedback, WalsGrid *grid)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	const WcOption *name = NULL;

	memset(grid, 0, sizeof(*grid));
	grid->is_default = json == NULL;
	if (json == NULL)
		json = DatumGetJsonbP(DirectFunctionCall1(
		    jsonb_in, CStringGetDatum(default_grid[feedback])));
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("grid must be a JSON object"),
		                errhint("For example '{\"factors\": [32, 64], "
		                        "\"regularization\": {\"min\": 0.001, \"max\": "
		                        "0.1, \"log\": true}}'.")));
	iterator = JsonbIteratorInit((JsonbContainer *) &json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name =
			    find_name(pnstrdup(value.val.string.val, value.val.string.len));
		else if (token == WJB_VALUE)
			read_option(name, &value, grid);
	}
}

/* The deviation of ratings, from 0 with weighted feedback; 1 where none is. */
static double
unit_of_values(WcFeedback feedback, const WcCsr *ratings)
{
	WcMoments moments = {0, 0, 0};
	double square = 0;
	int64 e;

	for (e = 0; e < ratings->nnz && ratings->value != NULL; e++)
	{
		if (e % 1000000 == 0)
			CHECK_FOR_INTERRUPTS();
		wc_moments_add(&moments, ratings->value[e]);
	}
	if (moments.n > 0)
		square = moments.square / (double) moments.n;
	if (feedback == WC_WEIGHTED)
		square += moments.mean * moments.mean;
	return square > 0 ? sqrt(square) : 1;
}

void
wals_grid_scale(WalsGrid *grid, WcFeedback feedback, const WcCsr *ratings,
                int32 n_points, double *points)
{
	double unit;
	int32 i;
	int32 p;

	if (!grid->is_default || feedback == WC_IMPLICIT)
		return;
	unit = unit_of_values(feedback, ratings);
	for (i = 0; i < grid->n; i++)
	{
		if (grid->names[i]->offset != offsetof(WcParams, regularization) ||
		    grid->options[i].count > 0)
			continue;
		grid->options[i].low *= unit;
		grid->options[i].high *= unit;
		for (p = 0; p < n_points; p++)
			points[(Size) p * (Size) grid->n + i] *= unit;
	}
}

/* The value of an option at a point. */
static WalsGridValue
value_at(const WalsGrid *grid, const double *point, int32 i)
{
	WalsGridValue result = {false, point[i], NULL};

	if (grid->options[i].count > 0)
		result = grid->values[i][(int32) point[i]];
	return result;
}

static void
apply(const WcOption *name, WalsGridValue value, WcParams *params)
{
	WcValue set = {0};

	if (value.is_null)
		return;
	if (name->kind == WC_OPTION_REAL || name->kind == WC_OPTION_INTERVAL)
		set.real = value.number;
	else
		set.whole = (int64) value.number;
	wc_option_set(name, params, set);
}

void
wals_grid_apply(const WalsGrid *grid, const double *point, WcParams *params)
{
	int32 i;

	for (i = 0; point != NULL && i < grid->n; i++)
		apply(grid->names[i], value_at(grid, point, i), params);
}

void
wals_grid_limit_factors(const WalsGrid *grid, int32 most, double *point)
{
	int32 i;

	for (i = 0; i < grid->n; i++)
	{
		if (grid->names[i]->offset != offsetof(WcParams, factors))
			continue;
		if (grid->options[i].count == 0)
			point[i] = Min(point[i], most);
		while (grid->options[i].count > 0 && point[i] > 0 &&
		       value_at(grid, point, i).number > most)
			point[i]--;
	}
}

static void
check_value(const WcOption *name, WalsGridValue value, WcParams params)
{
	char detail[256];
	const char *option;

	apply(name, value, &params);
	option = wc_params_check_ranges(&params, sizeof(detail), detail);
	if (option != NULL)
		wals_options_refuse(NULL, option, detail);
}

void
wals_grid_check(const WalsGrid *grid, const WcParams *params)
{
	int32 i;
	int32 v;

	for (i = 0; i < grid->n; i++)
	{
		const WcTuneOption *option = &grid->options[i];
		WalsGridValue low = {false, option->low, NULL};
		WalsGridValue high = {false, option->high, NULL};

		for (v = 0; v < option->count; v++)
			check_value(grid->names[i], grid->values[i][v], *params);
		if (option->count > 0)
			continue;
		check_value(grid->names[i], low, *params);
		check_value(grid->names[i], high, *params);
	}
}

static bool
is_word(const WcOption *name)
{
	return name->kind == WC_OPTION_WORD || name->kind == WC_OPTION_INTERVAL;
}

/* A value as text; words are quoted by the caller. */
static const char *
value_text(const WcOption *name, WalsGridValue value)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	switch (name->kind)
	{
		case WC_OPTION_WORD:
			return wals_choice_name((int) value.number, name->choices);
		case WC_OPTION_BOOLEAN:
			return value.number != 0 ? "true" : "false";
		case WC_OPTION_INTERVAL:
			return value.text;
		default:
			double_to_shortest_decimal_buf(value.number, text);
			return pstrdup(text);
	}
}

char *
wals_grid_json(const WalsGrid *grid, const double *point)
{
	StringInfoData json;
	int32 i;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (i = 0; point != NULL && i < grid->n; i++)
	{
		const WcOption *name = grid->names[i];
		WalsGridValue value = value_at(grid, point, i);

		appendStringInfo(&json, "%s\"%s\": ", json.len > 1 ? ", " : "",
		                 name->name);
		if (value.is_null)
			appendStringInfoString(&json, "null");
		else if (is_word(name))
			escape_json(&json, value_text(name, value));
		else
			appendStringInfoString(&json, value_text(name, value));
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

void
wals_grid_arguments(const WalsGrid *grid, const double *point, int32 iterations,
                    StringInfo sql)
{
	int32 i;

	for (i = 0; point != NULL && i < grid->n; i++)
	{
		const WcOption *name = grid->names[i];
		WalsGridValue value = value_at(grid, point, i);
		const char *text;

		if (value.is_null ||
		    (iterations > 0 && name->offset == offsetof(WcParams, iterations)))
			continue;
		text = value_text(name, value);
		appendStringInfo(sql, ", %s => %s", name->name,
		                 is_word(name) ? quote_literal_cstr(text) : text);
	}
	if (iterations > 0)
		appendStringInfo(sql, ", iterations => %d", iterations);
}
