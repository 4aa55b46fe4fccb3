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
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/args.h"
#include "run/train/options.h"
#include "run/train/retrain.h"

PG_FUNCTION_INFO_V1(wals_retrain);

/* The options of a training are found by their names. */
enum
{
	ARG_MODEL,
	ARG_MIN_NEW_ROWS = 2,
	ARG_IF_OLDER_THAN
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

Datum
wals_retrain(PG_FUNCTION_ARGS)
{
	WalsRetrainRequest request;
	WalsTrainRequest *train = &request.train;
	TupleDesc desc;
	Datum values[1];
	bool nulls[1];
	int32 version;
	int factors;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.min_new_rows = wals_arg_int64(fcinfo, ARG_MIN_NEW_ROWS, 0);
	if (request.min_new_rows < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("min_new_rows must not be negative"),
		                errhint("Leave it out to train anyway.")));
	request.trained_before = trained_before(fcinfo);
	factors = wals_arg_find(fcinfo, "factors");
	if (factors >= 0)
		(void) wals_arg_within(fcinfo, factors, WC_FACTORS_MIN, WC_FACTORS_MAX,
		                       WC_FACTORS_AUTO);
	wals_options_reset(train);
	train->warm_start = true;
	wals_options_fetch(fcinfo, train);
	request.has_holdout = wals_arg_find(fcinfo, "holdout") >= 0;
	request.has_holdout_seed = wals_arg_find(fcinfo, "holdout_seed") >= 0;
	request.commits = wals_call_may_commit(fcinfo);

	version = wals_retrain_run(&request);
	values[0] = Int32GetDatum(version);
	nulls[0] = version == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
