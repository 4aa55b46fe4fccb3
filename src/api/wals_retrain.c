/*-------------------------------------------------------------------------
 *
 * wals_retrain.c
 *	  SQL: CALL wals_retrain(model, ...).
 *
 * A procedure with an output parameter can be called from PL/pgSQL with a variable
 * for it only, so there is none (docs/decisions/0037-calls-have-no-output.md).  In a
 * database that was not updated since 0.1.0 it has one, version, in the last place.
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

/* The row of a call of 0.1.0. */
static Datum
output(TupleDesc desc, int32 version)
{
	Datum value = Int32GetDatum(version);
	bool is_null = version == 0;

	return HeapTupleGetDatum(
	    heap_form_tuple(BlessTupleDesc(desc), &value, &is_null));
}

Datum
wals_retrain(PG_FUNCTION_ARGS)
{
	WalsRetrainRequest request;
	WalsTrainRequest *train = &request.train;
	TupleDesc desc;
	bool early =
	    get_call_result_type(fcinfo, NULL, &desc) == TYPEFUNC_COMPOSITE;
	int32 version;
	int factors;

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
	if (early)
		return output(desc, version);
	PG_RETURN_VOID();
}
