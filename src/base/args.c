/*-------------------------------------------------------------------------
 *
 * args.c
 *	  Arguments of SQL functions: named choices and array values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/args.h"
#include "base/hint.h"

int
wals_choice_parse(const char *option, const char *word,
                  const WalsChoice *choices)
{
	StringInfoData legal;
	const WalsChoice *choice;
	int value;

	if (wc_choice_find(choices, strlen(word), word, &value))
		return value;
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
	const char *name = wc_choice_name(choices, value);

	if (name == NULL)
		elog(ERROR, "unexpected choice %d", value);
	return name;
}

void
wals_option_refuse(const char *option, const char *detail, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value for option \"%s\"", option),
	                errdetail_internal("%s", detail), wals_hint("%s", hint)));
}

bool
wals_arg_given(FunctionCallInfo fcinfo, int arg)
{
	return arg < PG_NARGS() && !PG_ARGISNULL(arg);
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

static HeapTuple
function_row(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	return tuple;
}

Oid
wals_arg_type(FunctionCallInfo fcinfo, int arg)
{
	HeapTuple tuple = function_row(fcinfo->flinfo->fn_oid);
	Oid type = ((Form_pg_proc) GETSTRUCT(tuple))->proargtypes.values[arg];

	ReleaseSysCache(tuple);
	return type;
}

/* Names of n arguments, as they are declared; NULL: none has a name. */
static char **
argument_names(Oid function, int *n)
{
	HeapTuple tuple = function_row(function);
	char **names = NULL;
	Oid *types;
	char *modes;

	*n = get_func_arg_info(tuple, &types, &names, &modes);
	ReleaseSysCache(tuple);
	return names;
}

static const char *
argument_name(FunctionCallInfo fcinfo, int arg)
{
	int n;
	char **names = argument_names(fcinfo->flinfo->fn_oid, &n);

	return names != NULL && arg < n ? names[arg] : "argument";
}

int
wals_arg_place(Oid function, const char *name)
{
	int n;
	char **names = argument_names(function, &n);
	int i;

	for (i = 0; names != NULL && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int
wals_arg_find(FunctionCallInfo fcinfo, const char *name)
{
	int place = wals_arg_place(fcinfo->flinfo->fn_oid, name);

	return place >= 0 && wals_arg_given(fcinfo, place) ? place : -1;
}

/*
 * Scripts of 0.1.0 declare integer and real where later ones have bigint and
 * double precision; the same functions serve both.
 */
static int64
whole_number(Oid type, Datum value)
{
	return type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

static double
number(Oid type, Datum value)
{
	return type == FLOAT4OID ? DatumGetFloat4(value) : DatumGetFloat8(value);
}

int32
wals_arg_within(FunctionCallInfo fcinfo, int arg, int32 least, int32 most,
                int32 if_null)
{
	int64 value;

	if (PG_ARGISNULL(arg))
		return if_null;
	value = whole_number(wals_arg_type(fcinfo, arg), PG_GETARG_DATUM(arg));
	if (value < least || value > most)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"",
		                argument_name(fcinfo, arg)),
		         errdetail("The value is %lld, it must be from %d to %d.",
		                   (long long) value, least, most),
		         least > PG_INT32_MIN && if_null >= least && if_null < most
		             ? errhint("Leave it out for %d.", if_null)
		             : errhint("Use a number within these limits.")));
	return (int32) value;
}

int32
wals_arg_int32(FunctionCallInfo fcinfo, int arg, int32 if_null)
{
	return wals_arg_within(fcinfo, arg, PG_INT32_MIN, PG_INT32_MAX, if_null);
}

int64
wals_arg_int64(FunctionCallInfo fcinfo, int arg, int64 if_null)
{
	return wals_arg_given(fcinfo, arg) ? PG_GETARG_INT64(arg) : if_null;
}

double
wals_arg_float8(FunctionCallInfo fcinfo, int arg, double if_null)
{
	return PG_ARGISNULL(arg)
	           ? if_null
	           : number(wals_arg_type(fcinfo, arg), PG_GETARG_DATUM(arg));
}

bool
wals_arg_bool(FunctionCallInfo fcinfo, int arg, bool if_null)
{
	return PG_ARGISNULL(arg) ? if_null : PG_GETARG_BOOL(arg);
}

Oid
wals_arg_oid(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		return InvalidOid;
	if (!OidIsValid(PG_GETARG_OID(arg)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("relation \"-\" does not exist"),
		                errdetail("It is how the server writes the OID 0, no "
		                          "relation."),
		                errhint("Name one, or leave the argument out.")));
	return PG_GETARG_OID(arg);
}

bool
wals_call_may_commit(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL && IsA(fcinfo->context, CallContext) &&
	       !castNode(CallContext, fcinfo->context)->atomic;
}

bool
wals_call_commits(FunctionCallInfo fcinfo, const char *name)
{
	bool result = wals_call_may_commit(fcinfo);

	if (!result)
		ereport(NOTICE,
		        (errmsg("%s() does not commit in a transaction block or a "
		                "function",
		                name),
		         errdetail("Its rows are seen when the transaction ends, and "
		                   "vacuum waits for that.")));
	return result;
}

void
wals_arg_need(FunctionCallInfo fcinfo, int arg, const char *name,
              const char *advice)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		         errmsg("%s must not be NULL", name), errhint("%s", advice)));
}

void
wals_arg_required(FunctionCallInfo fcinfo, int arg, const char *name,
                  const char *hint)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("argument \"%s\" must not be NULL", name),
		                wals_hint("%s", hint)));
}

Oid
wals_arg_model(FunctionCallInfo fcinfo, int arg)
{
	wals_arg_need(fcinfo, arg, "model",
	              "Name the model to change. to_regclass() returns NULL for a "
	              "name that does not exist.");
	return wals_arg_oid(fcinfo, arg);
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

int32
wals_arg_limit(FunctionCallInfo fcinfo, int arg)
{
	int64 n;

	if (PG_ARGISNULL(arg))
		return PG_INT32_MAX;
	n = whole_number(wals_arg_type(fcinfo, arg), PG_GETARG_DATUM(arg));
	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
		                errmsg("n must not be negative"),
		                errdetail("The value is %lld.", (long long) n),
		                errhint("Use n => NULL for all rows.")));
	return (int32) Min(n, PG_INT32_MAX);
}

float
wals_arg_min_score(FunctionCallInfo fcinfo, int arg)
{
	double value = wals_arg_float8(fcinfo, arg, -INFINITY);

	if (isnan(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("min_score must be a number"),
		                errhint("Leave it out to get all scores.")));
	/* rounded as scores are: one that prints as 0.7 passes 0.7 */
	return (float) value;
}

void
wals_arg_array_nulls(FunctionCallInfo fcinfo, int arg, const char *name,
                     int *count, Datum **elements, bool **nulls)
{
	ArrayType *array =
	    wals_arg_type(fcinfo, arg) == TEXTOID
	        ? DatumGetArrayTypeP(OidInputFunctionCall(
	              F_ARRAY_IN, text_to_cstring(PG_GETARG_TEXT_PP(arg)), TEXTOID,
	              -1))
	        : PG_GETARG_ARRAYTYPE_P(arg);
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

double *
wals_arg_numbers(FunctionCallInfo fcinfo, int arg, const char *name, int *count,
                 bool **nulls)
{
	Oid type = ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(arg));
	Datum *elements;
	double *numbers;
	int i;

	wals_arg_array_nulls(fcinfo, arg, name, count, &elements, nulls);
	numbers =
	    palloc_extended(sizeof(double) * ((Size) *count + 1), MCXT_ALLOC_HUGE);
	for (i = 0; i < *count; i++)
		numbers[i] =
		    *nulls != NULL && (*nulls)[i] ? 0 : number(type, elements[i]);
	return numbers;
}

int64 *
wals_arg_whole_numbers(FunctionCallInfo fcinfo, int arg, const char *name,
                       int *count)
{
	Oid type = ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(arg));
	Datum *elements;
	int64 *numbers;
	int i;

	(void) wals_arg_array(fcinfo, arg, name, count, &elements);
	numbers =
	    palloc_extended(sizeof(int64) * ((Size) *count + 1), MCXT_ALLOC_HUGE);
	for (i = 0; i < *count; i++)
		numbers[i] = whole_number(type, elements[i]);
	return numbers;
}

bool
wals_arg_array(FunctionCallInfo fcinfo, int arg, const char *name, int *count,
               Datum **elements)
{
	bool *nulls;
	int total;
	int kept = 0;
	int i;

	*count = 0;
	if (PG_ARGISNULL(arg))
		return false;
	wals_arg_array_nulls(fcinfo, arg, name, &total, elements, &nulls);
	for (i = 0; i < total; i++)
		if (!nulls[i])
			(*elements)[kept++] = (*elements)[i];
	*count = kept;
	return true;
}
