/*-------------------------------------------------------------------------
 *
 * wals_refresh.c
 *	  SQL: wals_refresh, wals_forget, and the queue that tells what to refresh.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/args.h"
#include "base/hint.h"
#include "run/train/refresh.h"
#include "store/guard.h"
#include "store/model.h"
#include "store/named.h"
#include "store/query.h"
#include "store/queue.h"

PG_FUNCTION_INFO_V1(wals_refresh);
PG_FUNCTION_INFO_V1(wals_forget);
PG_FUNCTION_INFO_V1(wals_queue_enable);
PG_FUNCTION_INFO_V1(wals_queue_disable);
PG_FUNCTION_INFO_V1(wals_queue_touched);
PG_FUNCTION_INFO_V1(wals_queue_state);

static Datum
row_of(FunctionCallInfo fcinfo, Datum *values, int count)
{
	bool nulls[8] = {false};
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
	    desc->natts != count)
		elog(ERROR, "return type must be a row type of %d columns", count);
	return HeapTupleGetDatum(
	    heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

Datum
wals_refresh(PG_FUNCTION_ARGS)
{
	TimestampTz since = PG_ARGISNULL(1) ? 0 : PG_GETARG_TIMESTAMPTZ(1);
	int items = wals_arg_choice(fcinfo, 2, "items", wals_refresh_items_choices,
	                            WALS_REFRESH_NEW);
	WalsRefreshResult result;
	Datum values[6];

	wals_refresh_run(wals_arg_oid(fcinfo, 0), PG_ARGISNULL(1) ? NULL : &since,
	                 (WalsRefreshItems) items, &result);
	values[0] = Int64GetDatum(result.users.updated);
	values[1] = Int64GetDatum(result.users.added);
	values[2] = Int64GetDatum(result.users.removed);
	values[3] = Int64GetDatum(result.items.updated);
	values[4] = Int64GetDatum(result.items.added);
	values[5] = Int64GetDatum(result.items.removed);
	PG_RETURN_DATUM(row_of(fcinfo, values, lengthof(values)));
}

Datum
wals_forget(PG_FUNCTION_ARGS)
{
	int items = wals_arg_choice(fcinfo, 3, "items", wals_forget_items_choices,
	                            WALS_FORGET_RATED);
	WalsForgetResult result;
	Datum values[5];

	wals_arg_need(fcinfo, 0, "user_id", "Name the user to forget.");
	wals_forget_run(wals_arg_oid(fcinfo, 1), wals_arg_type(fcinfo, 0),
	                PG_GETARG_DATUM(0), wals_arg_bool(fcinfo, 2, false),
	                (WalsForgetItems) items, &result);
	values[0] = Int32GetDatum(result.versions);
	values[1] = Int64GetDatum(result.rows_deleted);
	values[2] = Int64GetDatum(result.solved.items.updated);
	values[3] = Int64GetDatum(result.solved.items.removed);
	values[4] = Int64GetDatum(result.solved.users.updated);
	PG_RETURN_DATUM(row_of(fcinfo, values, lengthof(values)));
}

Datum
wals_queue_enable(PG_FUNCTION_ARGS)
{
	Oid relation = wals_model_change_begin(wals_arg_model(fcinfo, 0),
	                                       "wals_queue_enable()");
	WalsModel model;

	wals_model_active(relation, &model);
	wals_guard_trust(relation, model.version);
	wals_guard_open(relation, 0);
	wals_named_tell(relation, "source", &model.naming, &model.named);
	wals_queue_create(&model);
	wals_query_end();
	PG_RETURN_VOID();
}

Datum
wals_queue_disable(PG_FUNCTION_ARGS)
{
	Oid relation = wals_model_change_begin(wals_arg_model(fcinfo, 0),
	                                       "wals_queue_disable()");
	bool dropped = wals_queue_drop(relation);

	wals_query_end();
	PG_RETURN_BOOL(dropped);
}

Datum
wals_queue_touched(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("wals_queue_touched() is for triggers only"),
		         wals_hint("SELECT wals_queue_enable(...) creates them.")));
	wals_queue_note((TriggerData *) fcinfo->context);
	return PointerGetDatum(NULL);
}

/* For the view wals_models, which has the active version at hand. */
Datum
wals_queue_state(PG_FUNCTION_ARGS)
{
	const char *columns[2] = {NULL, NULL};
	MemoryContext caller = CurrentMemoryContext;
	char *words;
	int i;

	for (i = 0; i < 2; i++)
		if (!PG_ARGISNULL(2 + i))
			columns[i] = NameStr(*PG_GETARG_NAME(2 + i));
	wals_query_begin();
	words = wals_queue_words(wals_arg_oid(fcinfo, 0), wals_arg_oid(fcinfo, 1),
	                         columns[0], columns[1]);
	if (words != NULL)
		words = MemoryContextStrdup(caller, words);
	wals_query_end();
	if (words == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(words));
}
