/*-------------------------------------------------------------------------
 *
 * args.c
 *	  Arguments of SQL functions: named choices and array values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/args.h"

int
wals_choice_parse(const char *option, const char *word,
                  const WalsChoice *choices)
{
	StringInfoData legal;
	const WalsChoice *choice;

	for (choice = choices; choice->name != NULL; choice++)
		if (strcmp(choice->name, word) == 0)
			return choice->value;

	initStringInfo(&legal);
	for (choice = choices; choice->name != NULL; choice++)
		appendStringInfo(&legal, "%s%s", choice == choices ? "" : ", ",
		                 choice->name);
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid value for option \"%s\": \"%s\"", option, word),
	         errhint("Valid values are: %s.", legal.data)));
}

const char *
wals_choice_name(int value, const WalsChoice *choices)
{
	for (; choices->name != NULL; choices++)
		if (choices->value == value)
			return choices->name;
	elog(ERROR, "unexpected choice %d", value);
}

int
wals_arg_choice(FunctionCallInfo fcinfo, int arg, const char *option,
                const WalsChoice *choices, int if_null)
{
	return PG_ARGISNULL(arg)
	           ? if_null
	           : wals_choice_parse(
	                 option, text_to_cstring(PG_GETARG_TEXT_PP(arg)), choices);
}

int32
wals_arg_int32(FunctionCallInfo fcinfo, int arg, int32 if_null)
{
	return PG_ARGISNULL(arg) ? if_null : PG_GETARG_INT32(arg);
}

int64
wals_arg_int64(FunctionCallInfo fcinfo, int arg, int64 if_null)
{
	return PG_ARGISNULL(arg) ? if_null : PG_GETARG_INT64(arg);
}

double
wals_arg_float8(FunctionCallInfo fcinfo, int arg, double if_null)
{
	return PG_ARGISNULL(arg) ? if_null : PG_GETARG_FLOAT8(arg);
}

bool
wals_arg_bool(FunctionCallInfo fcinfo, int arg, bool if_null)
{
	return PG_ARGISNULL(arg) ? if_null : PG_GETARG_BOOL(arg);
}

Oid
wals_arg_oid(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? InvalidOid : PG_GETARG_OID(arg);
}

const char *
wals_arg_name(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : NameStr(*PG_GETARG_NAME(arg));
}

char *
wals_arg_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

Oid
wals_arg_type(FunctionCallInfo fcinfo, int arg)
{
	Oid *types;
	int n;
	Oid result;

	get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	result = types[arg];
	pfree(types);
	return result;
}

int32
wals_arg_limit(FunctionCallInfo fcinfo, int arg)
{
	int32 n;

	if (PG_ARGISNULL(arg))
		return PG_INT32_MAX;
	n = PG_GETARG_INT32(arg);
	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
		                errmsg("n must not be negative"),
		                errdetail("The value is %d.", n),
		                errhint("Use n => NULL for all rows.")));
	return n;
}

float
wals_arg_min_score(FunctionCallInfo fcinfo, int arg)
{
	float value;

	if (PG_ARGISNULL(arg))
		return -INFINITY;
	value = PG_GETARG_FLOAT4(arg);
	if (isnan(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("min_score must be a number"),
		                errhint("Leave it out to get all scores.")));
	return value;
}

void
wals_arg_array_nulls(FunctionCallInfo fcinfo, int arg, const char *name,
                     int *count, Datum **elements, bool **nulls)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(arg);
	Oid element_type = ARR_ELEMTYPE(array);
	int16 length;
	bool by_value;
	char align;

	if (ARR_NDIM(array) > 1)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		     errmsg("argument \"%s\" must be a one-dimensional array", name),
		     errdetail("It has %d dimensions.", ARR_NDIM(array)),
		     errhint("Use %s => ARRAY(SELECT ...) or '{...}'.", name)));
	get_typlenbyvalalign(element_type, &length, &by_value, &align);
	deconstruct_array(array, element_type, length, by_value, align, elements,
	                  nulls, count);
}

void
wals_arg_array(FunctionCallInfo fcinfo, int arg, const char *name, int *count,
               Datum **elements)
{
	bool *nulls;
	int total;
	int kept = 0;
	int i;

	wals_arg_array_nulls(fcinfo, arg, name, &total, elements, &nulls);
	for (i = 0; i < total; i++)
		if (!nulls[i])
			(*elements)[kept++] = (*elements)[i];
	*count = kept;
}
