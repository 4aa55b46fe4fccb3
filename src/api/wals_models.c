/*-------------------------------------------------------------------------
 *
 * wals_models.c
 *	  SQL: the list of models, and what their owner does with versions.
 *
 * wals_set_default, wals_activate, wals_set_metrics, wals_prune and wals_drop
 * are for the owner only and exclude each other and trainings of the same model.
 * wals_guard is the trigger that keeps others from writing to the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/jsonb.h"

#include "base/args.h"
#include "base/hint.h"
#include "base/result.h"
#include "store/guard.h"
#include "store/model.h"
#include "store/query.h"

PG_FUNCTION_INFO_V1(wals_model_list);
PG_FUNCTION_INFO_V1(wals_log_list);
PG_FUNCTION_INFO_V1(wals_model_bytes);
PG_FUNCTION_INFO_V1(wals_set_default);
PG_FUNCTION_INFO_V1(wals_activate);
PG_FUNCTION_INFO_V1(wals_set_metrics);
PG_FUNCTION_INFO_V1(wals_prune);
PG_FUNCTION_INFO_V1(wals_drop);
PG_FUNCTION_INFO_V1(wals_guard);

static void
put_fields(void *result, const WalsListed *row, int n)
{
	int i;

	for (i = 0; i < n; i++)
		wals_put_datum(result, row->fields[i], row->nulls[i]);
	wals_put_row(result);
}

static void
put_model(void *result, const WalsListed *row)
{
	wals_put_oid(result, row->model);
	wals_put_role(result, row->owner);
	wals_put_bool(result, row->is_default);
	put_fields(result, row, 3);
}

static void
put_version(void *result, const WalsListed *row)
{
	wals_put_oid(result, row->model);
	put_fields(result, row, WALS_LISTED_FIELDS);
}

Datum
wals_model_list(PG_FUNCTION_ARGS)
{
	WalsResult result;

	wals_result_begin(fcinfo, &result);
	wals_model_list_each(put_model, &result);
	return (Datum) 0;
}

Datum
wals_log_list(PG_FUNCTION_ARGS)
{
	WalsResult result;

	wals_result_begin(fcinfo, &result);
	wals_log_list_each(put_version, &result);
	return (Datum) 0;
}

Datum
wals_model_bytes(PG_FUNCTION_ARGS)
{
	const Oid tables[3] = {wals_arg_oid(fcinfo, 0), wals_arg_oid(fcinfo, 1),
	                       wals_arg_oid(fcinfo, 2)};

	PG_RETURN_INT64(wals_tables_bytes(lengthof(tables), tables));
}

Datum
wals_set_default(PG_FUNCTION_ARGS)
{
	Oid model = wals_model_change_begin(wals_arg_model(fcinfo, 0),
	                                    "wals_set_default()");

	wals_model_mark_default(model);
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_activate(PG_FUNCTION_ARGS)
{
	Oid model;

	wals_arg_need(fcinfo, 1, "version", "Name the version that is to answer.");
	model =
	    wals_model_change_begin(wals_arg_model(fcinfo, 0), "wals_activate()");
	wals_guard_open(model, 0);
	wals_version_activate(model, wals_arg_int32(fcinfo, 1, 0), false);
	wals_query_end();
	PG_RETURN_VOID();
}

/* Without a version nothing says whose metrics they are, so that is an error. */
Datum
wals_set_metrics(PG_FUNCTION_ARGS)
{
	Datum metrics = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	Oid model;

	wals_arg_need(fcinfo, 1, "version",
	              "Name the version the metrics were measured on.");
	if (!PG_ARGISNULL(2) && !JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(2)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("metrics must be a JSON object"),
		                errhint("For example '{\"ndcg@10\": 0.45}'.")));
	model = wals_model_change_begin(wals_arg_model(fcinfo, 0),
	                                "wals_set_metrics()");
	wals_guard_open(model, 0);
	wals_version_set_metrics(model, wals_arg_int32(fcinfo, 1, 0), metrics,
	                         PG_ARGISNULL(2));
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_prune(PG_FUNCTION_ARGS)
{
	int32 keep;
	Oid model;
	int32 deleted;

	wals_arg_need(fcinfo, 1, "keep", "Say how many versions to keep.");
	keep = wals_arg_int32(fcinfo, 1, 0);
	if (keep < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("keep must be at least 1"),
		                errdetail("The value is %d.", keep),
		                wals_hint("Use wals_drop() to remove a model.")));
	model = wals_model_change_begin(wals_arg_model(fcinfo, 0), "wals_prune()");
	wals_guard_open(model, 0);
	deleted = wals_version_prune(model, keep);
	wals_query_end();
	PG_RETURN_INT32(deleted);
}

Datum
wals_drop(PG_FUNCTION_ARGS)
{
	Oid model =
	    wals_model_change_begin(wals_arg_model(fcinfo, 0), "wals_drop()");

	wals_model_drop(model);
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_guard(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("_wals_guard() is for triggers only"),
		                errhint("wals creates them when a model is trained.")));
	wals_guard_fire((TriggerData *) fcinfo->context);
	return PointerGetDatum(NULL);
}
