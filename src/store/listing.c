/*-------------------------------------------------------------------------
 *
 * listing.c
 *	  All models a role may read, and their versions, one by one: what the views
 *	  wals_models and wals_training_log are made of.
 *
 * Who lists models has asked for none of them in particular, so those whose
 * owner's code would run with the caller's rights are left out, and those that
 * are dropped meanwhile.  Rows are read as those of an answer (store/direct.h): a
 * statement for each of a thousand models would be planned a thousand times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/typcache.h"

#include "store/direct.h"
#include "store/model.h"
#include "store/relation.h"

/*
 * Whether a list of models may look into this one.  A row security policy is
 * code of the owner's that runs with the rights of whoever reads, and so are the
 * functions of his indexes; who lists models has not asked for those of a
 * stranger.
 */
static bool
is_safe_to_list(Oid relation)
{
	Oid owner = wals_relation_owner(relation);

	if (OidIsValid(wals_relation_with_strange_code(relation)))
		return false;
	return check_enable_rls(relation, InvalidOid, true) != RLS_ENABLED ||
	       is_member_of_role_nosuper(GetUserId(), owner) ||
	       owner == wals_database_owner() || superuser_arg(owner);
}

static char *
word_of(HeapTupleHeader row, const char *attribute)
{
	bool is_null;
	Datum value = GetAttributeByName(row, attribute, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/*
 * The row of a version whose source is the relation that is read as such now,
 * whatever the row names it by.
 */
static Datum
with_source(Oid model, Datum version)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(version);
	TupleDesc desc;
	WalsNaming naming;
	HeapTupleData tuple;
	Datum value;
	bool is_null;
	int place;

	value = GetAttributeByName(row, "source", &is_null);
	wals_naming_read(&naming, word_of(row, "source_name"),
	                 word_of(row, "source_id"),
	                 is_null ? InvalidOid : DatumGetObjectId(value));
	value = ObjectIdGetDatum(
	    wals_named_find(&naming, wals_relation_owner(model)).relation);
	is_null = !OidIsValid(DatumGetObjectId(value));
	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row),
	                              HeapTupleHeaderGetTypMod(row));
	for (place = 1; place <= desc->natts; place++)
		if (strcmp(NameStr(TupleDescAttr(desc, place - 1)->attname),
		           "source") == 0)
			break;
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	version = heap_copy_tuple_as_datum(
	    heap_modify_tuple_by_cols(&tuple, desc, 1, &place, &value, &is_null),
	    desc);
	ReleaseTupleDesc(desc);
	return version;
}

/* Columns of rows, wherever a table has them. */
static void
ask_for(WalsLookup *lookup, const char *column, Oid type)
{
	if (lookup->shape.n == WALS_SHAPE_MAX)
		elog(ERROR, "too many columns");
	lookup->columns[lookup->shape.n] = column;
	lookup->shape.types[lookup->shape.n++] = type;
}

/* ------------------------------------------------------------------------
 * wals_models
 * ------------------------------------------------------------------------ */

/* State of reading the versions of a model. */
typedef struct ModelState
{
	TupleDesc desc; /* of wals_model */
	WalsLookup lookup; /* its columns, but those it has no more */
	int places[WALS_SHAPE_MAX]; /* which these are */
	int version;
	int active;
	int metrics;

	int32 count;
	HeapTuple active_row; /* or NULL */
	int32 active_version;
	HeapTuple refused_row;
	int32 refused_version;
} ModelState;

static void
open_columns(ModelState *state)
{
	int i;

	memset(state, 0, sizeof(*state));
	state->desc = lookup_rowtype_tupdesc_copy(wals_model_type(), -1);
	state->lookup.finding = WALS_FIND_ALL;
	for (i = 0; i < state->desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(state->desc, i);
		const char *name = NameStr(column->attname);
		int place = state->lookup.shape.n;

		if (column->attisdropped)
			continue;
		ask_for(&state->lookup, name, column->atttypid);
		state->places[place] = i;
		if (strcmp(name, "version") == 0)
			state->version = place;
		else if (strcmp(name, "active") == 0)
			state->active = place;
		else if (strcmp(name, "metrics") == 0)
			state->metrics = place;
	}
}

/* Has a gate turned the version down?  As metrics #>> '{gate,activated}'. */
static bool
is_refused(Datum metrics)
{
	Jsonb *json = DatumGetJsonbP(metrics);
	JsonbValue gate;
	JsonbValue activated;

	if (!JB_ROOT_IS_OBJECT(json) ||
	    getKeyJsonValueFromContainer(&json->root, "gate", 4, &gate) == NULL ||
	    gate.type != jbvBinary ||
	    !JsonContainerIsObject(gate.val.binary.data) ||
	    getKeyJsonValueFromContainer(gate.val.binary.data, "activated", 9,
	                                 &activated) == NULL)
		return false;
	return (activated.type == jbvBool && !activated.val.boolean) ||
	       (activated.type == jbvString && activated.val.string.len == 5 &&
	        memcmp(activated.val.string.val, "false", 5) == 0);
}

static HeapTuple
copy_row(const ModelState *state, const WalsRow *row)
{
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	int i;

	memset(nulls, true, sizeof(nulls));
	for (i = 0; i < row->n; i++)
	{
		values[state->places[i]] = row->values[i];
		nulls[state->places[i]] = row->nulls[i];
	}
	return heap_form_tuple(state->desc, values, nulls);
}

/* The context is the model's, and goes with it. */
static void
read_version(const WalsRow *row, void *arg)
{
	ModelState *state = arg;
	bool has_version = !row->nulls[state->version];
	int32 version =
	    has_version ? DatumGetInt32(row->values[state->version]) : 0;

	state->count++;
	if (!row->nulls[state->active] && DatumGetBool(row->values[state->active]))
	{
		if (state->active_row != NULL)
			return;
		state->active_row = copy_row(state, row);
		state->active_version = version;
	}
	else if (has_version && version > state->refused_version &&
	         !row->nulls[state->metrics] &&
	         is_refused(row->values[state->metrics]))
	{
		state->refused_row = copy_row(state, row);
		state->refused_version = version;
	}
}

static Datum
row_value(const ModelState *state, HeapTuple row, bool *is_null)
{
	*is_null = row == NULL;
	return *is_null ? (Datum) 0 : heap_copy_tuple_as_datum(row, state->desc);
}

static void
put_model(ModelState *state, WalsListed *row, WalsListedPut put, void *result)
{
	row->fields[0] = Int32GetDatum(state->count);
	row->nulls[0] = false;
	row->fields[1] = row_value(state, state->active_row, &row->nulls[1]);
	if (state->refused_version <= state->active_version)
		state->refused_row = NULL;
	row->fields[2] = row_value(state, state->refused_row, &row->nulls[2]);
	if (!row->nulls[1] && wals_model_has_names(row->model))
		row->fields[1] = with_source(row->model, row->fields[1]);
	put(result, row);
}

void
wals_model_list_each(WalsListedPut put, void *result)
{
	List *models = wals_model_list_all();
	Oid default_model = wals_model_default();
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(caller, "wals models", ALLOCSET_DEFAULT_SIZES);
	ModelState state;
	ListCell *cell;

	open_columns(&state);
	foreach (cell, models)
	{
		WalsListed row = {lfirst_oid(cell)};

		CHECK_FOR_INTERRUPTS();
		if (!wals_relation_hold(row.model) || !is_safe_to_list(row.model))
			continue;
		MemoryContextSwitchTo(context);
		row.owner = wals_relation_owner(row.model);
		row.is_default = row.model == default_model;
		state.lookup.table = row.model;
		state.count = state.active_version = state.refused_version = 0;
		state.active_row = state.refused_row = NULL;
		wals_direct_read(&state.lookup, read_version, &state);
		put_model(&state, &row, put, result);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}

static int64
bytes_of(Oid relation)
{
	LOCAL_FCINFO(fcinfo, 1);
	Datum bytes;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(relation);
	fcinfo->args[0].isnull = false;
	bytes = pg_total_relation_size(fcinfo);
	return fcinfo->isnull ? 0 : DatumGetInt64(bytes); /* gone */
}

int64
wals_tables_bytes(int n, const Oid *tables)
{
	Oid owner = wals_relation_owner(tables[0]);
	List *all = NIL;
	int64 sum = 0;
	ListCell *cell;
	int i;

	for (i = 0; i < n; i++)
		if (OidIsValid(owner) && wals_relation_owner(tables[i]) == owner)
			all = list_concat_unique_oid(
			    all, find_all_inheritors(tables[i], NoLock, NULL));
	foreach (cell, all)
		if (wals_relation_owner(lfirst_oid(cell)) == owner)
			sum += bytes_of(lfirst_oid(cell));
	return sum;
}

/* ------------------------------------------------------------------------
 * wals_training_log
 * ------------------------------------------------------------------------ */

/* State of reading the versions of a model. */
typedef struct LogState
{
	const WalsLookup *lookup;
	int n;
	int room;
	WalsListed *rows;
} LogState;

static void
read_log(const WalsRow *row, void *arg)
{
	LogState *state = arg;
	WalsListed *listed;
	int i;

	if (state->n == state->room)
	{
		state->room *= 2;
		state->rows = repalloc_huge(state->rows,
		                            mul_size(sizeof(WalsListed), state->room));
	}
	listed = &state->rows[state->n++];
	for (i = 0; i < WALS_LISTED_FIELDS; i++)
	{
		int16 length;
		bool by_value;

		listed->nulls[i] = row->nulls[i];
		if (row->nulls[i])
			continue;
		get_typlenbyval(state->lookup->shape.types[i], &length, &by_value);
		if (length == -1)
			listed->fields[i] =
			    PointerGetDatum(PG_DETOAST_DATUM_COPY(row->values[i]));
		else
			listed->fields[i] = datumCopy(row->values[i], by_value, length);
	}
}

/* By version, NULL last. */
static int
compare_versions(const void *left, const void *right)
{
	const WalsListed *a = left;
	const WalsListed *b = right;

	if (a->nulls[0] || b->nulls[0])
		return (int) a->nulls[0] - (int) b->nulls[0];
	return (DatumGetInt32(a->fields[0]) > DatumGetInt32(b->fields[0])) -
	       (DatumGetInt32(a->fields[0]) < DatumGetInt32(b->fields[0]));
}

void
wals_log_list_each(WalsListedPut put, void *result)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(caller, "wals log", ALLOCSET_DEFAULT_SIZES);
	WalsLookup lookup = {.finding = WALS_FIND_ALL};
	ListCell *cell;

	ask_for(&lookup, "version", INT4OID);
	ask_for(&lookup, "active", BOOLOID);
	ask_for(&lookup, "trained_at", TIMESTAMPTZOID);
	ask_for(&lookup, "losses", FLOAT8ARRAYOID);
	ask_for(&lookup, "iteration_seconds", FLOAT8ARRAYOID);
	foreach (cell, wals_model_list_all())
	{
		LogState state = {.lookup = &lookup, .room = 16};
		int i;

		CHECK_FOR_INTERRUPTS();
		lookup.table = lfirst_oid(cell);
		if (!wals_relation_hold(lookup.table) || !is_safe_to_list(lookup.table))
			continue;
		MemoryContextSwitchTo(context);
		state.rows = palloc(sizeof(WalsListed) * state.room);
		wals_direct_read(&lookup, read_log, &state);
		qsort(state.rows, state.n, sizeof(WalsListed), compare_versions);
		for (i = 0; i < state.n; i++)
		{
			state.rows[i].model = lookup.table;
			put(result, &state.rows[i]);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
}
