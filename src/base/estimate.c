/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What the planner can know about a call of one of our functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "base/args.h"
#include "base/estimate.h"

#define ROWS_AT_MOST 10000

Const *
wals_estimate_argument(const SupportRequestRows *request, const char *name)
{
	FuncExpr *call;
	Node *value;
	int position;

	if (request->node == NULL || !IsA(request->node, FuncExpr))
		return NULL;
	call = (FuncExpr *) request->node;
	position = wals_arg_place(call->funcid, name);
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
