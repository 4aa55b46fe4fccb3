/*-------------------------------------------------------------------------
 *
 * wals_score.c
 *	  SQL: wals_score(user_id, item_id, model, fold_in), NULL for unknown ids;
 *	  wals_score_support.
 *
 * To fold in reads the source, which may be a temporary table, and parallel
 * workers cannot.  What is stored they can read: a model is never temporary.
 * So the planner puts _wals_score_stored, which workers may run, in the place of
 * a call that says when it is planned that it does not fold in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/args.h"
#include "base/compat.h"
#include "run/answer/score.h"

PG_FUNCTION_INFO_V1(wals_score);
PG_FUNCTION_INFO_V1(wals_score_support);

#define STORED "_wals_score_stored"

enum
{
	ARG_USER_ID,
	ARG_ITEM_ID,
	ARG_MODEL,
	ARG_FOLD_IN,
	N_ARGS
};

Datum
wals_score(PG_FUNCTION_ARGS)
{
	FmgrInfo *place = fcinfo->flinfo;
	float score;
	int fold_in = WALS_FOLD_NEVER;

	if (PG_NARGS() == N_ARGS)
		fold_in = wals_arg_choice(fcinfo, ARG_FOLD_IN, "fold_in",
		                          wals_fold_in_choices, WALS_FOLD_NEVER);
	if (PG_ARGISNULL(ARG_USER_ID) || PG_ARGISNULL(ARG_ITEM_ID))
		PG_RETURN_NULL();
	if (place->fn_extra == NULL)
		place->fn_extra = wals_scoring_create(
		    place->fn_mcxt, wals_arg_type(fcinfo, ARG_USER_ID));
	if (!wals_score_run(place->fn_extra, wals_arg_oid(fcinfo, ARG_MODEL),
	                    PG_GETARG_DATUM(ARG_USER_ID),
	                    PG_GETARG_DATUM(ARG_ITEM_ID), fold_in, &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4(score);
}

static bool
folds_never(const FuncExpr *call)
{
	const Const *fold_in = list_nth(call->args, ARG_FOLD_IN);

	return IsA(fold_in, Const) && fold_in->consttype == TEXTOID &&
	       (fold_in->constisnull ||
	        strcmp(TextDatumGetCString(fold_in->constvalue), "never") == 0);
}

static bool
may_execute(Oid function)
{
	return wals_function_aclcheck(function, GetUserId(), ACL_EXECUTE) ==
	       ACLCHECK_OK;
}

/* The function that scores what is stored, for the same ids, or 0. */
static Oid
stored_twin(const FuncExpr *call)
{
	Oid types[ARG_FOLD_IN] = {exprType(linitial(call->args)),
	                          exprType(lsecond(call->args)), REGCLASSOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
	                       CStringGetDatum(STORED),
	                       PointerGetDatum(buildoidvector(types, ARG_FOLD_IN)),
	                       ObjectIdGetDatum(get_func_namespace(call->funcid)));
}

/* Planner support: what never folds in may run in parallel workers. */
Datum
wals_score_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request =
	    (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	const FuncExpr *call;
	FuncExpr *result;
	Oid twin;

	if (!IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	call = request->fcall;
	if (list_length(call->args) != N_ARGS || !folds_never(call))
		PG_RETURN_POINTER(NULL);
	twin = stored_twin(call);
	/* it must not allow what the other one does not, nor the other way */
	if (!OidIsValid(twin) || !may_execute(call->funcid) || !may_execute(twin))
		PG_RETURN_POINTER(NULL);
	result = makeFuncExpr(
	    twin, call->funcresulttype, list_copy_head(call->args, ARG_FOLD_IN),
	    call->funccollid, call->inputcollid, call->funcformat);
	result->location = call->location;
	PG_RETURN_POINTER(result);
}
