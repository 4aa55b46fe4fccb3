/*-------------------------------------------------------------------------
 *
 * wals_models.c
 *	  SQL: the list of models, and what their owner does with versions.
 *
 * wals_set_default, wals_activate, wals_prune and wals_drop are for the owner
 * only and exclude each other and trainings of the same model.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"

#include "base/args.h"
#include "store/model.h"
#include "store/query.h"

PG_FUNCTION_INFO_V1(wals_model_list);
PG_FUNCTION_INFO_V1(wals_log_list);
PG_FUNCTION_INFO_V1(wals_set_default);
PG_FUNCTION_INFO_V1(wals_activate);
PG_FUNCTION_INFO_V1(wals_prune);
PG_FUNCTION_INFO_V1(wals_drop);

Datum
wals_model_list(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	wals_model_list_rows((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

Datum
wals_log_list(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	wals_log_list_rows((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* Begin a change of a model: it is one, it is the caller's, it is locked. */
static Oid
change_begin(Oid argument, const char *command)
{
	Oid model;

	PreventCommandIfReadOnly(command);
	model = wals_model_resolve(argument);
	wals_model_check_owner(model);
	wals_model_lock_relation(model);
	wals_query_begin();
	return model;
}

Datum
wals_set_default(PG_FUNCTION_ARGS)
{
	Oid model = change_begin(PG_GETARG_OID(0), "wals_set_default()");

	wals_model_mark_default(model);
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_activate(PG_FUNCTION_ARGS)
{
	Oid model = change_begin(PG_GETARG_OID(0), "wals_activate()");

	wals_version_activate(model, PG_GETARG_INT32(1));
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_prune(PG_FUNCTION_ARGS)
{
	int32 keep = PG_GETARG_INT32(1);
	Oid model;
	int32 deleted;

	if (keep < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("keep must be at least 1"),
		                errdetail("The value is %d.", keep),
		                errhint("Use wals_drop() to remove a model.")));
	model = change_begin(PG_GETARG_OID(0), "wals_prune()");
	deleted = wals_version_prune(model, keep);
	wals_query_end();
	PG_RETURN_INT32(deleted);
}

Datum
wals_drop(PG_FUNCTION_ARGS)
{
	Oid model = change_begin(PG_GETARG_OID(0), "wals_drop()");

	wals_model_drop(model);
	wals_query_end();
	PG_RETURN_VOID();
}
