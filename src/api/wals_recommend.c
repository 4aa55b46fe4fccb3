/*-------------------------------------------------------------------------
 *
 * wals_recommend.c
 *	  SQL: wals_recommend(user_id, n, ...), wals_recommend_support.
 *
 * One C function serves the overloads for bigint, text and uuid; it asks which
 * type it was declared with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "run/recommend.h"

PG_FUNCTION_INFO_V1(wals_recommend);
PG_FUNCTION_INFO_V1(wals_recommend_support);

enum
{
	ARG_USER,
	ARG_N,
	ARG_MODEL,
	ARG_CANDIDATES,
	ARG_EXCLUDE,
	ARG_EXCLUDE_SEEN,
	ARG_MIN_SCORE,
	ARG_COLD_START,
	ARG_FOLD_IN
};

/* Type of the user_id argument, which is also that of all other ids. */
static Oid
id_type_of_call(FunctionCallInfo fcinfo)
{
	Oid *types;
	int n;
	Oid result;

	get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	result = types[ARG_USER];
	pfree(types);
	return result;
}

Datum
wals_recommend(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsRecommendRequest request;
	WalsAnswer *items;
	const char *basis;
	Datum values[4];
	bool nulls[4] = {false};
	int32 count;
	int32 i;

	InitMaterializedSRF(fcinfo, 0);
	memset(&request, 0, sizeof(request));
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.min_score = wals_arg_min_score(fcinfo, ARG_MIN_SCORE);
	request.exclude_seen = wals_arg_bool(fcinfo, ARG_EXCLUDE_SEEN, true);
	request.cold_start =
	    wals_arg_choice(fcinfo, ARG_COLD_START, "cold_start",
	                    wals_cold_start_choices, WALS_COLD_POPULAR);
	request.fold_in = wals_arg_choice(fcinfo, ARG_FOLD_IN, "fold_in",
	                                  wals_fold_in_choices, WALS_FOLD_AUTO);
	if (PG_ARGISNULL(ARG_USER))
		return (Datum) 0;

	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.id_type = id_type_of_call(fcinfo);
	request.user = PG_GETARG_DATUM(ARG_USER);
	request.has_candidates = !PG_ARGISNULL(ARG_CANDIDATES);
	if (request.has_candidates)
		wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
		               &request.n_candidates, &request.candidates);
	if (!PG_ARGISNULL(ARG_EXCLUDE))
		wals_arg_array(fcinfo, ARG_EXCLUDE, "exclude", &request.n_exclude,
		               &request.exclude);

	count = wals_recommend_run(&request, &items, &basis);
	values[3] = CStringGetTextDatum(basis);
	for (i = 0; i < count; i++)
	{
		values[0] = items[i].id;
		values[1] = Float4GetDatum(items[i].score);
		values[2] = Int32GetDatum(i + 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Position of an argument named n in a call, or -1. */
static int
limit_position(Oid function)
{
	char **names = NULL;
	Oid *types;
	char *modes;
	HeapTuple tuple;
	int n;
	int i;
	int result = -1;

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return -1;
	n = get_func_arg_info(tuple, &types, &names, &modes);
	ReleaseSysCache(tuple);
	for (i = 0; names != NULL && i < n; i++)
		if (names[i] != NULL && strcmp(names[i], "n") == 0)
		{
			result = i;
			break;
		}
	return result;
}

/*
 * Planner support: a call is estimated at n rows when n is known at planning
 * time, else the declared number stands.  Whoever asks for two billion rows
 * means all of them, and no catalogue is that large.
 */
#define ROWS_AT_MOST 10000

Datum
wals_recommend_support(PG_FUNCTION_ARGS)
{
	Node *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *request;
	FuncExpr *call;
	Node *limit;
	int position;

	if (!IsA(raw, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestRows *) raw;
	if (request->node == NULL || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	call = (FuncExpr *) request->node;
	position = limit_position(call->funcid);
	if (position < 0 || position >= list_length(call->args))
		PG_RETURN_POINTER(NULL);

	limit = estimate_expression_value(request->root,
	                                  list_nth(call->args, position));
	if (!IsA(limit, Const) || ((Const *) limit)->consttype != INT4OID)
		PG_RETURN_POINTER(NULL);
	if (((Const *) limit)->constisnull)
		request->rows = ROWS_AT_MOST;
	else
		request->rows = Min(
		    ROWS_AT_MOST, Max(1, DatumGetInt32(((Const *) limit)->constvalue)));
	PG_RETURN_POINTER(request);
}
