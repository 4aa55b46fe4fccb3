/*-------------------------------------------------------------------------
 *
 * wals_recommend_all.c
 *	  SQL: wals_recommend_all(n, ...), wals_recommend_all_bigint,
 *	  wals_recommend_all_uuid, wals_recommend_all_support.
 *
 * One C function serves all; the type of the first result column tells them
 * apart.  It returns one row per call: in a select list rows go on as they
 * come, in FROM the server collects them, on disk beyond work_mem.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"

#include "base/args.h"
#include "base/estimate.h"
#include "run/answer/recommend_all.h"
#include "store/model.h"

PG_FUNCTION_INFO_V1(wals_recommend_all);
PG_FUNCTION_INFO_V1(wals_recommend_all_support);

enum
{
	ARG_N,
	ARG_MODEL,
	ARG_EXCLUDE_SEEN,
	ARG_USERS,
	ARG_CANDIDATES,
	ARG_MIN_SCORE
};

static void
begin(FunctionCallInfo fcinfo, FuncCallContext *call)
{
	WalsRecommendAllRequest request;
	MemoryContext caller;
	TupleDesc columns;

	memset(&request, 0, sizeof(request));
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.exclude_seen = wals_arg_bool(fcinfo, ARG_EXCLUDE_SEEN, true);
	request.min_score = wals_arg_min_score(fcinfo, ARG_MIN_SCORE);
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.has_users = wals_arg_array(fcinfo, ARG_USERS, "users",
	                                   &request.n_users, &request.users);
	request.has_candidates =
	    wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
	                   &request.n_candidates, &request.candidates);

	caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "wals_recommend_all must return rows");
	call->tuple_desc = BlessTupleDesc(columns);
	MemoryContextSwitchTo(caller);
	request.id_type = TupleDescAttr(columns, 0)->atttypid;
	call->user_fctx =
	    wals_recommend_all_begin(&request, call->multi_call_memory_ctx);
}

Datum
wals_recommend_all(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	WalsRecommendAllRow row;
	Datum values[4];
	bool nulls[4] = {false};

	if (SRF_IS_FIRSTCALL())
		begin(fcinfo, SRF_FIRSTCALL_INIT());
	call = SRF_PERCALL_SETUP();
	if (!wals_recommend_all_next(call->user_fctx, &row))
		SRF_RETURN_DONE(call);
	values[0] = row.user;
	values[1] = row.item;
	values[2] = Float4GetDatum(row.score);
	values[3] = Int32GetDatum(row.rank);
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc,
	                                                        values, nulls)));
}

/* About how many users are answered for, 0 when unknown. */
static double
estimate_users(const SupportRequestRows *request)
{
	Const *users = wals_estimate_argument(request, "users");
	Const *model = wals_estimate_argument(request, "model");

	if (users == NULL)
		return 0;
	if (!users->constisnull)
	{
		ArrayType *array = DatumGetArrayTypeP(users->constvalue);

		return Max(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), 1);
	}
	if (model == NULL || model->constisnull)
		return 0;
	return wals_model_estimate_users(DatumGetObjectId(model->constvalue));
}

/* Planner support: users times n when both are known. */
Datum
wals_recommend_all_support(PG_FUNCTION_ARGS)
{
	Node *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *request;
	double rows;

	if (!IsA(raw, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestRows *) raw;
	rows = wals_estimate_limit(request) * estimate_users(request);
	if (rows < 1)
		PG_RETURN_POINTER(NULL);
	request->rows = rows;
	PG_RETURN_POINTER(request);
}
