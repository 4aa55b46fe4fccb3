/*-------------------------------------------------------------------------
 *
 * wals_retrain.c
 *	  SQL: CALL wals_retrain(model, ...).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/args.h"
#include "run/train/options.h"
#include "run/train/retrain.h"

PG_FUNCTION_INFO_V1(wals_retrain);

enum
{
	ARG_MODEL,
	ARG_WARM_START,
	ARG_MIN_NEW_ROWS,
	ARG_IF_OLDER_THAN,
	ARG_ACTIVATE,
	ARG_METRIC,
	ARG_MARGIN,
	ARG_HOLDOUT,
	ARG_VERSION,
	ARG_HOLDOUT_SEED,
	ARG_FACTORS
};

/* Versions trained before this time are old; now minus an interval. */
static TimestampTz
trained_before(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_IF_OLDER_THAN))
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_mi_interval, TimestampTzGetDatum(GetCurrentTimestamp()),
	    PG_GETARG_DATUM(ARG_IF_OLDER_THAN)));
}

/* False inside a transaction block, a function, or DO within one. */
static bool
call_may_commit(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL && IsA(fcinfo->context, CallContext) &&
	       !castNode(CallContext, fcinfo->context)->atomic;
}

Datum
wals_retrain(PG_FUNCTION_ARGS)
{
	WalsRetrainRequest request;
	TupleDesc desc;
	Datum values[1];
	bool nulls[1];
	int32 version;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.warm_start = wals_arg_bool(fcinfo, ARG_WARM_START, true);
	request.min_new_rows = wals_arg_int64(fcinfo, ARG_MIN_NEW_ROWS, 0);
	if (request.min_new_rows < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("min_new_rows must not be negative"),
		                errhint("Leave it out to train anyway.")));
	request.trained_before = trained_before(fcinfo);
	request.activate =
	    wals_arg_choice(fcinfo, ARG_ACTIVATE, "activate", wals_activate_choices,
	                    WALS_ACTIVATE_YES);
	request.metric = wals_arg_text(fcinfo, ARG_METRIC);
	request.margin = wals_arg_float8(fcinfo, ARG_MARGIN, 0);
	request.has_holdout = !PG_ARGISNULL(ARG_HOLDOUT);
	request.holdout = wals_arg_float8(fcinfo, ARG_HOLDOUT, 0);
	request.has_holdout_seed = wals_arg_given(fcinfo, ARG_HOLDOUT_SEED);
	request.holdout_seed = wals_arg_int64(fcinfo, ARG_HOLDOUT_SEED, 0);
	request.factors = wals_arg_given(fcinfo, ARG_FACTORS)
	                      ? wals_arg_within(fcinfo, ARG_FACTORS, WC_FACTORS_MIN,
	                                        WC_FACTORS_MAX, WC_FACTORS_AUTO)
	                      : WC_FACTORS_AUTO;
	request.commits = call_may_commit(fcinfo);

	version = wals_retrain_run(&request);
	values[0] = Int32GetDatum(version);
	nulls[0] = version == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
