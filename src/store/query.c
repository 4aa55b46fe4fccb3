/*-------------------------------------------------------------------------
 *
 * query.c
 *	  How this room runs SQL: the server programming interface, plans kept by
 *	  their text, rows handed over as they come.
 *
 * Plans are kept because recommending runs the same three statements per call.
 * The server replans a kept plan when a table, the role or row security
 * changes, and checks privileges at each execution, so keeping them skips no
 * check.  The number of plans is bounded: the oldest makes room.
 *
 * A statement waits for locks after its caller has looked up the columns, and
 * is then planned anew for what they have become.  So types are checked here,
 * where the rows arrive, and nowhere can a datum be had without saying which
 * type it is taken for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/debug.h"
#include "base/mapping.h"
#include "base/progress.h"
#include "store/query.h"

#define QUERY_MAX_PLANS 64

typedef struct KeptPlan
{
	uint32 hash;
	char *sql;
	SPIPlanPtr plan;
} KeptPlan;

static KeptPlan kept_plans[QUERY_MAX_PLANS];
static int kept_count = 0;
static bool kept_registered = false;

static void
forget_plans_when_full(XactEvent event, void *arg)
{
	if (kept_count < QUERY_MAX_PLANS)
		return;
	while (kept_count > 0)
	{
		KeptPlan *kept = &kept_plans[--kept_count];

		SPI_freeplan(kept->plan);
		pfree(kept->sql);
	}
}

/*
 * A guarded procedure works in a subtransaction, so that an error takes back
 * what was not committed and nothing else.  Commits are not allowed in one:
 * it is ended before and begun again afterwards.  The same around connecting,
 * for a connection belongs to the subtransaction it was made in.
 */
typedef struct Guard
{
	bool active;
	int levels; /* connections of procedures made under it */
	MemoryContext context;
	ResourceOwner owner; /* NULL after a commit: it is gone */
} Guard;

static Guard guard = {false, 0, NULL, NULL};

void
wals_query_begin(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static void
disconnect(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * This is where answers leave: what rows in a shared file have told them must
 * have been there.
 */
void
wals_query_end(void)
{
	wals_mapping_check();
	disconnect();
}

static void
guard_raise(void)
{
	MemoryContext context = CurrentMemoryContext;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
}

static void
guard_restore(MemoryContext context)
{
	MemoryContextSwitchTo(context);
	if (guard.owner != NULL)
		CurrentResourceOwner = guard.owner;
}

static void
guard_lower(void)
{
	MemoryContext context = CurrentMemoryContext;

	ReleaseCurrentSubTransaction();
	guard_restore(context);
}

void
wals_query_guard(void)
{
	Assert(!guard.active);
	guard.levels = 0;
	guard.context = CurrentMemoryContext;
	guard.owner = CurrentResourceOwner;
	guard_raise();
	guard.active = true;
}

void
wals_query_unguard(void)
{
	guard.active = false;
	guard_lower();
}

void
wals_query_begin_procedure(void)
{
	if (guard.active)
		guard_lower();
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	guard.levels++;
	if (guard.active)
		guard_raise();
}

void
wals_query_end_procedure(void)
{
	guard.levels--;
	disconnect();
}

void
wals_query_commit(void)
{
	if (guard.active)
		guard_lower();
	guard.owner = NULL;
	SPI_commit();
	if (guard.active)
		guard_raise();
}

/*
 * For PG_CATCH.  A commit that failed has ended the subtransaction and cleaned
 * up itself.
 */
ErrorData *
wals_query_survive(void)
{
	ErrorData *error;
	int category = ERRCODE_TO_CATEGORY(geterrcode());

	guard.active = false;
	if (category == ERRCODE_OPERATOR_INTERVENTION ||
	    geterrcode() == ERRCODE_ASSERT_FAILURE)
		PG_RE_THROW();
	MemoryContextSwitchTo(guard.context);
	error = CopyErrorData();
	FlushErrorState();
	if (IsSubTransaction())
		RollbackAndReleaseCurrentSubTransaction();
	guard_restore(guard.context);
	while (guard.levels > 0)
		wals_query_end_procedure();
	MemoryContextSwitchTo(guard.context);
	return error;
}

static void
end_reading(bool keeps, MemoryContext context, ResourceOwner owner)
{
	WalsProgress progress;
	bool shown = wals_progress_copy(&progress);

	if (keeps)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (shown)
		wals_progress_show(&progress);
}

/*
 * Locks last until their transaction ends; those taken in a subtransaction end
 * with it if it is rolled back, on a foreign server too.  One that has a number
 * has written something, and goes on with its locks.  Why not otherwise:
 * docs/decisions/0022-what-is-read-is-not-kept-locked.md.
 */
void
wals_query_read_and_unlock(WalsReadFunction read, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	if (IsInParallelMode())
	{
		read(arg);
		return;
	}
	/* a damage must not be taken for one of an answer that has failed */
	wals_mapping_check();
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		read(arg);
		wals_mapping_check();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		end_reading(false, context, owner);
		ReThrowError(error);
	}
	PG_END_TRY();
	end_reading(TransactionIdIsValid(GetCurrentTransactionIdIfAny()), context,
	            owner);
	wals_debug_point("unlocked");
}

void
wals_query_take_snapshot(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
wals_query_drop_snapshot(void)
{
	PopActiveSnapshot();
	/* the one for catalogs holds back vacuum as any other */
	InvalidateCatalogSnapshot();
}

/*
 * The same text may ask for other argument types: a table was dropped, and its
 * name now belongs to one with other ids.
 */
static bool
plan_takes(SPIPlanPtr plan, int n_args, const Oid *types)
{
	int i;

	if (SPI_getargcount(plan) != n_args)
		return false;
	for (i = 0; i < n_args; i++)
		if (SPI_getargtypeid(plan, i) != types[i])
			return false;
	return true;
}

static SPIPlanPtr
plan_prepare(const char *sql, int n_args, const Oid *types)
{
	SPIPlanPtr plan = SPI_prepare(sql, n_args, unconstify(Oid *, types));

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
		     SPI_result_code_string(SPI_result));
	return plan;
}

static SPIPlanPtr
plan_find(const char *sql, int n_args, const Oid *types)
{
	uint32 hash =
	    DatumGetUInt32(hash_any((const unsigned char *) sql, strlen(sql)));
	KeptPlan *slot;
	SPIPlanPtr plan;
	char *copy;
	int i;

	for (i = 0; i < kept_count; i++)
		if (kept_plans[i].hash == hash && strcmp(kept_plans[i].sql, sql) == 0 &&
		    plan_takes(kept_plans[i].plan, n_args, types))
			return kept_plans[i].plan;

	plan = plan_prepare(sql, n_args, types);
	if (kept_count == QUERY_MAX_PLANS)
		return plan;

	if (!kept_registered)
	{
		RegisterXactCallback(forget_plans_when_full, NULL);
		kept_registered = true;
	}
	copy = MemoryContextStrdup(TopMemoryContext, sql);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	slot = &kept_plans[kept_count++];
	slot->hash = hash;
	slot->sql = copy;
	slot->plan = plan;
	return plan;
}

/*
 * 40001 where the statement has read a relation whose rows its snapshot can no
 * longer see.  Its locks are still held.  A snapshot of this moment sees all.
 */
static void
check_storage(SPIPlanPtr plan, WalsSnapshot which)
{
	Snapshot snapshot;
	ListCell *source;
	ListCell *relation;

	if (which == WALS_READ_CALLER)
		snapshot = GetActiveSnapshot();
	else if (which == WALS_READ_FRESH && IsolationUsesXactSnapshot())
		snapshot = GetTransactionSnapshot();
	else
		return;
	foreach (source, SPI_plan_get_plan_sources(plan))
		foreach (relation, ((CachedPlanSource *) lfirst(source))->relationOids)
			wals_storage_check_all(lfirst_oid(relation), snapshot);
}

uint64
wals_query_run(const char *sql, int n_args, const Oid *types,
               const Datum *values, const char *nulls, WalsSnapshot snapshot)
{
	SPIPlanPtr plan = plan_find(sql, n_args, types);
	int code;

	if (snapshot == WALS_READ_LATEST)
		code = SPI_execute_snapshot(plan, unconstify(Datum *, values), nulls,
		                            GetLatestSnapshot(), InvalidSnapshot, true,
		                            false, 0);
	else
		code = SPI_execute_plan(plan, unconstify(Datum *, values), nulls,
		                        snapshot == WALS_READ_CALLER, 0);
	if (code < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
		     SPI_result_code_string(code));
	check_storage(plan, snapshot);
	return SPI_processed;
}

uint64
wals_query_change(const char *sql, int n_args, const Oid *types,
                  const Datum *values)
{
	int code =
	    SPI_execute_with_args(sql, n_args, unconstify(Oid *, types),
	                          unconstify(Datum *, values), NULL, false, 0);

	if (code < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s",
		     SPI_result_code_string(code));
	return SPI_processed;
}

uint64
wals_query_once(const char *sql)
{
	int code = SPI_execute(sql, false, 0);

	if (code < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(code));
	return SPI_processed;
}

/* 42804 unless a column of a result is of a type or a domain over it. */
static void
check_column(TupleDesc desc, int column, Oid type)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);

	if (attribute->atttypid == type || getBaseType(attribute->atttypid) == type)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("column \"%s\" has type %s where %s was expected",
	                NameStr(attribute->attname),
	                format_type_be(attribute->atttypid), format_type_be(type)),
	         errdetail("A relation was changed after its columns were looked "
	                   "up."),
	         errhint("Repeat the statement.")));
}

/* 42804 unless the columns are of this shape, or domains over it. */
static void
check_shape(const WalsShape *shape, TupleDesc desc)
{
	int i;

	if (desc->natts != shape->n)
		elog(ERROR, "result has %d columns where %d were expected", desc->natts,
		     shape->n);
	for (i = 0; i < shape->n; i++)
		check_column(desc, i + 1, shape->types[i]);
}

Datum
wals_query_value(uint64 row, int column, Oid type, bool *is_null)
{
	SPITupleTable *result = SPI_tuptable;

	if (result == NULL || row >= result->numvals || column < 1 ||
	    column > result->tupdesc->natts)
		elog(ERROR, "result has no column %d in row " UINT64_FORMAT, column,
		     row);
	check_column(result->tupdesc, column, type);
	return SPI_getbinval(result->vals[row], result->tupdesc, column, is_null);
}

/* A receiver that passes rows on to a function. */
typedef struct RowReceiver
{
	DestReceiver pub;
	const WalsShape *shape;
	WalsRowFunction each_row;
	void *arg;
} RowReceiver;

static bool
row_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	WalsRow row;

	slot_getallattrs(slot);
	row.n = receiver->shape->n;
	row.values = slot->tts_values;
	row.nulls = slot->tts_isnull;
	receiver->each_row(&row, receiver->arg);
	return true;
}

static void
row_startup(DestReceiver *self, int operation, TupleDesc type)
{
	check_shape(((RowReceiver *) self)->shape, type);
}

static void
row_shutdown(DestReceiver *self)
{
}

static void
row_receiver_init(RowReceiver *receiver, const WalsShape *shape,
                  WalsRowFunction each_row, void *arg)
{
	memset(receiver, 0, sizeof(*receiver));
	receiver->pub.receiveSlot = row_receive;
	receiver->pub.rStartup = row_startup;
	receiver->pub.rShutdown = row_shutdown;
	receiver->pub.rDestroy = row_shutdown;
	/* any kind that SPI does not treat in a way of its own */
	receiver->pub.mydest = DestTuplestore;
	receiver->shape = shape;
	receiver->each_row = each_row;
	receiver->arg = arg;
}

static void
set_options(SPIExecuteOptions *options, int n_args, const Oid *types,
            const Datum *values, WalsSnapshot snapshot, RowReceiver *receiver)
{
	int i;

	memset(options, 0, sizeof(*options));
	options->read_only = (snapshot == WALS_READ_CALLER);
	options->must_return_tuples = true;
	options->dest = &receiver->pub;
	if (n_args == 0)
		return;
	options->params = makeParamList(n_args);
	for (i = 0; i < n_args; i++)
	{
		options->params->params[i].value = values[i];
		options->params->params[i].isnull = false;
		options->params->params[i].pflags = PARAM_FLAG_CONST;
		options->params->params[i].ptype = types[i];
	}
}

static void
plan_each(SPIPlanPtr plan, int n_args, const Oid *types, const Datum *values,
          WalsSnapshot snapshot, const WalsShape *shape,
          WalsRowFunction each_row, void *arg)
{
	RowReceiver receiver;
	SPIExecuteOptions options;
	int code;

	row_receiver_init(&receiver, shape, each_row, arg);
	set_options(&options, n_args, types, values, snapshot, &receiver);
	code = SPI_execute_plan_extended(plan, &options);
	if (code < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s",
		     SPI_result_code_string(code));
	check_storage(plan, snapshot);
}

void
wals_query_each(const char *sql, int n_args, const Oid *types,
                const Datum *values, WalsSnapshot snapshot,
                const WalsShape *shape, WalsRowFunction each_row, void *arg)
{
	plan_each(plan_find(sql, n_args, types), n_args, types, values, snapshot,
	          shape, each_row, arg);
}

void
wals_query_each_once(const char *sql, int n_args, const Oid *types,
                     const Datum *values, WalsSnapshot snapshot,
                     const WalsShape *shape, WalsRowFunction each_row,
                     void *arg)
{
	SPIPlanPtr plan = plan_prepare(sql, n_args, types);

	plan_each(plan, n_args, types, values, snapshot, shape, each_row, arg);
	SPI_freeplan(plan);
}

void
wals_query_offer(EphemeralNamedRelation relation)
{
	int code = SPI_register_relation(relation);

	if (code != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
		     SPI_result_code_string(code));
}

void
wals_query_forget(const char *name)
{
	int code = SPI_unregister_relation(name);

	if (code != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "SPI_unregister_relation failed: %s",
		     SPI_result_code_string(code));
}
