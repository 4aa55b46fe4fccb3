/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What the planner can know about a call of one of our functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/syscache.h"

#include "base/estimate.h"

#define ROWS_AT_MOST 10000

/* Position of an argument of this name, or -1. */
static int
argument_position(Oid function, const char *name)
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
		if (names[i] != NULL && strcmp(names[i], name) == 0)
		{
			result = i;
			break;
		}
	return result;
}

Const *
wals_estimate_argument(const SupportRequestRows *request, const char *name)
{
	FuncExpr *call;
	Node *value;
	int position;

	if (request->node == NULL || !IsA(request->node, FuncExpr))
		return NULL;
	call = (FuncExpr *) request->node;
	position = argument_position(call->funcid, name);
	if (position < 0 || position >= list_length(call->args))
		return NULL;
	value = estimate_expression_value(request->root,
	                                  list_nth(call->args, position));
	return IsA(value, Const) ? (Const *) value : NULL;
}

double
wals_estimate_limit(const SupportRequestRows *request)
{
	Const *limit = wals_estimate_argument(request, "n");

	int64 n;

	/* integer in 0.1.0 */
	if (limit == NULL ||
	    (limit->consttype != INT4OID && limit->consttype != INT8OID))
		return 0;
	if (limit->constisnull)
		return ROWS_AT_MOST;
	n = limit->consttype == INT4OID ? DatumGetInt32(limit->constvalue)
	                                : DatumGetInt64(limit->constvalue);
	return Min(ROWS_AT_MOST, Max(1, n));
}
