/*-------------------------------------------------------------------------
 *
 * stored.c
 *	  The options of a version as they stand in its row.
 *
 * A training writes its options, with every choice resolved, and the few
 * constants it found in the data into the column "options" (run/train/options.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "store/model.h"
#include "store/stored.h"

void
wals_stored_take(Oid relation, const WalsFields *fields, WalsStored *stored)
{
	stored->relation = relation;
	stored->is_null = fields->nulls[WALS_FIELD_OPTIONS];
	stored->json = NULL;
	if (stored->is_null)
		return;
	stored->json = DatumGetJsonbP(fields->values[WALS_FIELD_OPTIONS]);
	if (!JB_ROOT_IS_OBJECT(stored->json))
		stored->json = NULL;
}

void
wals_stored_need(const WalsStored *stored)
{
	if (stored->json == NULL)
		wals_model_damaged(stored->relation,
		                   "\"options\" is not a JSON object");
}

void
wals_stored_damaged(const WalsStored *stored, const char *name,
                    const char *problem)
{
	wals_model_damaged(stored->relation,
	                   psprintf("option \"%s\"%s", name, problem));
}

void
wals_stored_contradicts(const WalsStored *stored, const char *name,
                        const char *detail)
{
	int length = (int) strlen(detail);

	/* it becomes the end of ours */
	if (length > 0 && detail[length - 1] == '.')
		length--;
	wals_stored_damaged(stored, name, psprintf(": %.*s", length, detail));
}

static bool
find(const WalsStored *stored, const char *name, JsonbValue *value)
{
	return stored->json != NULL &&
	       getKeyJsonValueFromContainer(&stored->json->root, name,
	                                    (int) strlen(name), value) != NULL;
}

/* What is there and of one type, or XX001. */
static void
need(const WalsStored *stored, const char *name, enum jbvType type,
     JsonbValue *value)
{
	if (!find(stored, name, value) || value->type != type)
		wals_stored_damaged(stored, name, " is missing or of another type");
}

bool
wals_stored_has(const WalsStored *stored, const char *name)
{
	JsonbValue value;

	return find(stored, name, &value);
}

bool
wals_stored_is_text(const WalsStored *stored, const char *name)
{
	JsonbValue value;

	return find(stored, name, &value) && value.type == jbvString;
}

bool
wals_stored_chosen(const WalsStored *stored, const char *name)
{
	JsonbValue list;
	JsonbValue word;

	if (!find(stored, WALS_STORED_CHOSEN, &list) || list.type != jbvBinary ||
	    !JsonContainerIsArray(list.val.binary.data))
		return false;
	word.type = jbvString;
	word.val.string.val = unconstify(char *, name);
	word.val.string.len = (int) strlen(name);
	return findJsonbValueFromContainer(list.val.binary.data, JB_FARRAY,
	                                   &word) != NULL;
}

double
wals_stored_real(const WalsStored *stored, const char *name)
{
	JsonbValue value;

	need(stored, name, jbvNumeric, &value);
	return DatumGetFloat8(DirectFunctionCall1(
	    numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
}

int64
wals_stored_whole(const WalsStored *stored, const char *name)
{
	JsonbValue value;
	Datum number;
	Datum whole;
	int64 result;

	need(stored, name, jbvNumeric, &value);
	number = NumericGetDatum(value.val.numeric);
	whole = DirectFunctionCall2(numeric_trunc, number, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, whole)))
		wals_stored_damaged(stored, name, " is not a whole number");
	errno = 0;
	result = strtoi64(DatumGetCString(DirectFunctionCall1(numeric_out, whole)),
	                  NULL, 10);
	if (errno != 0)
		wals_stored_damaged(stored, name, " is out of range");
	return result;
}

const char *
wals_stored_text(const WalsStored *stored, const char *name)
{
	JsonbValue value;

	if (find(stored, name, &value) && value.type == jbvNull)
		return NULL;
	need(stored, name, jbvString, &value);
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static WcValue
read_value(const WalsStored *stored, const WcOption *option)
{
	const char *name = option->name;
	WcValue result = {0};
	JsonbValue value;
	int word;

	switch (option->kind)
	{
		case WC_OPTION_WORD:
			need(stored, name, jbvString, &value);
			if (!wc_choice_find(option->choices, value.val.string.len,
			                    value.val.string.val, &word))
				wals_stored_damaged(stored, name, " has an unknown value");
			result.whole = word;
			break;
		case WC_OPTION_BOOLEAN:
			need(stored, name, jbvBool, &value);
			result.whole = value.val.boolean;
			break;
		case WC_OPTION_INTEGER:
			result.whole = wals_stored_whole(stored, name);
			if (option->size == sizeof(int32) &&
			    (result.whole <= PG_INT32_MIN || result.whole > PG_INT32_MAX))
				wals_stored_damaged(stored, name, " is out of range");
			break;
		case WC_OPTION_REAL:
		case WC_OPTION_INTERVAL:
			result.real = wals_stored_real(stored, name);
			break;
		case WC_OPTION_TEXT:
		case WC_OPTION_RELATION:
			elog(ERROR, "option \"%s\" is not read by its kind", name);
	}
	return result;
}

/* What stands for an option that is not there, or null, if it may be. */
static bool
is_left_out(const WalsStored *stored, const WcOption *option, WcValue *value)
{
	const int open = WC_OPTION_RECORDED | WC_OPTION_OPEN;
	JsonbValue json;
	bool found = find(stored, option->name, &json);

	*value = option->initial;
	if (found)
		return json.type == jbvNull && (option->flags & open) == open;
	/* the lambdas of biases, which versions before 0.2.0 have none apart of */
	if ((option->flags & WC_OPTION_AS_ROW) != 0)
	{
		value->real = WC_BIAS_AS_ROW;
		return true;
	}
	return (option->flags & WC_OPTION_LATE) != 0;
}

void
wals_stored_option(const WalsStored *stored, const WcOption *option, void *of)
{
	WcValue value;
	char detail[160];

	if (!is_left_out(stored, option, &value))
		value = read_value(stored, option);
	wc_option_set(option, of, value);
	if (!wc_option_check(option, of, sizeof(detail), detail))
		wals_stored_contradicts(stored, option->name, detail);
}

double
wals_stored_half_life(const WalsStored *stored)
{
	double seconds = wals_stored_real(stored, "half_life_seconds");

	if (!(seconds >= 0))
		wals_stored_damaged(stored, "half_life_seconds", " is out of range");
	return seconds;
}

void
wals_stored_holdout(const WalsStored *stored, double *fraction, int64 *seed)
{
	*fraction = wals_stored_has(stored, "holdout")
	                ? wals_stored_real(stored, "holdout")
	                : 0;
	if (!(*fraction >= 0 && *fraction < 1))
		wals_stored_damaged(stored, "holdout", " is out of range");
	*seed = *fraction == 0 ? 0 : WC_DRAW_HOLDOUT;
	if (wals_stored_has(stored, "holdout_seed"))
		*seed = wals_stored_whole(stored, "holdout_seed");
}

bool
wals_stored_holdout_seen(const WalsStored *stored)
{
	return wals_stored_has(stored, "holdout_seen");
}
