/*-------------------------------------------------------------------------
 *
 * factors.c
 *	  The factor tables of a model: bulk write, bulk read, one row.
 *
 * Writing goes through plain SQL, INSERT .. SELECT from a tuplestore that is
 * offered to the statement under a name: triggers, constraints, replication
 * and privileges behave as for any insert, and nothing internal has to be
 * visible in SQL.  Rows go in batches, so memory is a few megabytes whatever
 * the size of the model.
 *
 * Reading treats every array as hostile: the tables belong to their owner, who
 * may write anything into them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/debug.h"
#include "base/hint.h"
#include "store/direct.h"
#include "store/factors.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"

#define WRITE_BATCH_BYTES (4 * 1024 * 1024)
#define WRITE_STORE_KB                                                         \
	(4 * WRITE_BATCH_BYTES / 1024) /* rounded up, with places */
#define WRITE_NAME "wals_new_factors"

enum
{
	ATT_VERSION,
	ATT_ID,
	ATT_FACTORS,
	ATT_BIAS,
	ATT_N,
	ATT_NORM,
	ATT_WEIGHT,
	ATT_LIKES,
	N_ATTS
};

/* An array of k float4 without nulls, to be filled again and again. */
static ArrayType *
vector_array(int32 k)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + (Size) k * sizeof(float4);
	ArrayType *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = FLOAT4OID;
	ARR_DIMS(array)[0] = k;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/* The columns of what is written: by name, wherever the table has them. */
static TupleDesc
row_description(WalsIdType id_type)
{
	TupleDesc desc = CreateTemplateTupleDesc(N_ATTS);

	TupleDescInitEntry(desc, ATT_VERSION + 1, "version", INT4OID, -1, 0);
	TupleDescInitEntry(desc, ATT_ID + 1, "id", wals_id_sql_type(id_type), -1,
	                   0);
	TupleDescInitEntry(desc, ATT_FACTORS + 1, "factors", FLOAT4ARRAYOID, -1, 0);
	TupleDescInitEntry(desc, ATT_BIAS + 1, "bias", FLOAT4OID, -1, 0);
	TupleDescInitEntry(desc, ATT_N + 1, "n", INT4OID, -1, 0);
	TupleDescInitEntry(desc, ATT_NORM + 1, "norm", FLOAT4OID, -1, 0);
	TupleDescInitEntry(desc, ATT_WEIGHT + 1, "weight", FLOAT4OID, -1, 0);
	TupleDescInitEntry(desc, ATT_LIKES + 1, "likes", INT4OID, -1, 0);
	return desc;
}

static float
vector_norm(int32 k, const float *vector)
{
	double sum = 0;
	int32 f;

	for (f = 0; f < k; f++)
		sum += (double) vector[f] * vector[f];
	return (float) sqrt(sum);
}

static void
put_row(Tuplestorestate *store, TupleDesc desc, ArrayType *array, int32 version,
        const WalsFactorRows *rows, int32 row)
{
	const float *vector = rows->data + (Size) row * rows->factors;
	Datum values[N_ATTS];
	bool nulls[N_ATTS] = {false};

	memcpy(ARR_DATA_PTR(array), vector, rows->factors * sizeof(float4));
	values[ATT_VERSION] = Int32GetDatum(version);
	values[ATT_ID] =
	    wals_id_to_datum(rows->id_type, wc_idmap_get(rows->ids, row));
	values[ATT_FACTORS] = PointerGetDatum(array);
	values[ATT_BIAS] = Float4GetDatum(rows->bias ? rows->bias[row] : 0.0f);
	values[ATT_N] =
	    Int32GetDatum((int32) (rows->start[row + 1] - rows->start[row]));
	values[ATT_NORM] = Float4GetDatum(vector_norm(rows->factors, vector));
	values[ATT_WEIGHT] =
	    Float4GetDatum(rows->weight ? rows->weight[row] : 1.0f);
	values[ATT_LIKES] = Int32GetDatum(rows->likes[row]);
	nulls[ATT_LIKES] = rows->likes[row] < 0;
	tuplestore_putvalues(store, desc, values, nulls);
}

static bool
has_likes(Oid table)
{
	return get_attnum(table, "likes") != InvalidAttrNumber;
}

const char *
wals_factors_likes(Oid table)
{
	return has_likes(table) ? "likes" : "NULL::pg_catalog.int4";
}

void
wals_factors_write(Oid table, int32 version, const WalsFactorRows *rows)
{
	MemoryContext batch_context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals write", ALLOCSET_DEFAULT_SIZES);
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	TupleDesc desc = row_description(rows->id_type);
	ArrayType *array = vector_array(rows->factors);
	const char *likes = has_likes(table) ? ", likes" : "";
	StringInfoData sql;
	int32 row = 0;

	initStringInfo(&sql);
	appendStringInfo(
	    &sql,
	    "INSERT INTO %s (version, id, factors, bias, n, norm, weight%s) "
	    "SELECT version, id, factors, bias, n, norm, weight%s FROM " WRITE_NAME,
	    wals_relation_quoted(table), likes, likes);

	enr->md.name = WRITE_NAME;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	while (row < rows->count)
	{
		int32 first = row;
		Size bytes = 0;
		MemoryContext caller = MemoryContextSwitchTo(batch_context);
		/* as much as the rows need: none are put into a file */
		Tuplestorestate *store =
		    tuplestore_begin_heap(false, false, WRITE_STORE_KB);

		for (; row < rows->count && bytes < WRITE_BATCH_BYTES; row++)
		{
			wals_debug_point("row_written");
			put_row(store, desc, array, version, rows, row);
			bytes += VARSIZE(array) + wc_idmap_get(rows->ids, row).length + 64;
		}
		enr->md.enrtuples = row - first;
		enr->reldata = store;
		MemoryContextSwitchTo(caller);
		wals_query_offer(enr);
		wals_guard_write_begin(table);
		wals_query_run(sql.data, 0, NULL, NULL, NULL, WALS_READ_FRESH);
		wals_guard_write_end();
		wals_query_forget(WRITE_NAME);
		tuplestore_end(store);
		MemoryContextReset(batch_context);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextDelete(batch_context);
}

const float *
wals_factors_vector(Datum datum, int32 k, const char **reason)
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	const float *vector;
	int32 f;

	if (ARR_NDIM(array) != 1 || ARR_ELEMTYPE(array) != FLOAT4OID)
		*reason = "it is not a one-dimensional array of real";
	else if (ARR_HASNULL(array))
		*reason = "it has NULL elements";
	else if (ARR_DIMS(array)[0] != k)
		*reason = "it has the wrong number of factors";
	else
	{
		vector = (const float *) ARR_DATA_PTR(array);
		for (f = 0; f < k; f++)
			if (!isfinite(vector[f]))
			{
				*reason = "it has factors that are not finite";
				return NULL;
			}
		return vector;
	}
	return NULL;
}

void
wals_factors_damaged(Oid table, const char *id, const char *reason)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_DATA_CORRUPTED),
	     errmsg("row of id %s in \"%s\" is damaged", id, get_rel_name(table)),
	     errdetail("The vector cannot be used: %s.", reason),
	     wals_hint("Train the model again, or make another version active "
	               "with wals_activate().")));
}

/* One row of factors that is looked for. */
typedef struct FindState
{
	Oid table;
	WalsIdType id_type;
	Datum id;
	int32 k;
	int64 n_found;
	float *factors;
	float *bias;
} FindState;

/* Check and keep the factors and bias of a row. */
static void
find_row(const WalsRow *row, void *arg)
{
	FindState *state = arg;
	const float *vector = NULL;
	const char *reason = "it is NULL";

	if (state->n_found++ > 0)
		return;
	if (!row->nulls[0])
		vector = wals_factors_vector(row->values[0], state->k, &reason);
	*state->bias = row->nulls[1] ? 0.0f : DatumGetFloat4(row->values[1]);
	if (vector != NULL && !isfinite(*state->bias))
	{
		vector = NULL;
		reason = "its bias is not finite";
	}
	if (vector == NULL)
		wals_factors_damaged(
		    state->table,
		    wals_id_to_cstring(
		        state->id_type,
		        wals_id_from_datum(wals_id_sql_type(state->id_type),
		                           state->id)),
		    reason);
	memcpy(state->factors, vector, state->k * sizeof(float));
}

bool
wals_factors_find(const WalsModel *model, WcSide side, Datum id, float *result,
                  float *bias)
{
	bool users = side == WC_USERS;
	Oid table = users ? model->users_table : model->items_table;
	WalsIdType id_type = users ? model->user_type : model->item_type;
	const WalsLookup lookup = {
	    .table = table,
	    .snapshot = WALS_READ_CALLER,
	    .finding = WALS_FIND_KEY,
	    .columns = {"factors", "bias"},
	    .shape = {2, {FLOAT4ARRAYOID, FLOAT4OID}},
	    .n_keys = 2,
	    .keys = {"version", "id"},
	    .key_types = {INT4OID, wals_id_sql_type(id_type)},
	    .key_values = {Int32GetDatum(model->version), id}};
	FindState state = {table, id_type, id, model->factors, 0, result, bias};

	wals_direct_read(&lookup, find_row, &state);
	if (state.n_found == 0)
		wals_complete_check_any(model, side, WALS_READ_CALLER);
	return state.n_found > 0;
}

float
wals_factors_weight(Oid table, WalsIdType id_type, int32 version, Datum id)
{
	Oid types[2] = {INT4OID, wals_id_sql_type(id_type)};
	Datum values[2] = {Int32GetDatum(version), id};
	bool is_null;
	float weight;
	Datum value;

	if (wals_query_run(psprintf("SELECT weight FROM %s "
	                            "WHERE version OPERATOR(pg_catalog.=) $1 "
	                            "AND id OPERATOR(pg_catalog.=) $2",
	                            wals_relation_quoted(table)),
	                   2, types, values, NULL, WALS_READ_CALLER) == 0)
		return 1.0f;
	value = wals_query_value(0, 1, FLOAT4OID, &is_null);
	weight = is_null ? 1.0f : DatumGetFloat4(value);
	if (!(weight >= 0) || !isfinite(weight))
		wals_factors_damaged(
		    table,
		    wals_id_to_cstring(id_type, wals_id_from_datum(types[1], id)),
		    "its weight is not a finite number of 0 or more");
	return weight;
}

/* State of reading the rows of a version. */
typedef struct ReadState
{
	/* input */
	Oid table;
	WalsIdType id_type;
	int32 k;
	const WcIdMap *ids;

	/* output */
	float *factors;
	float *bias;
	int32 n_found;

	/* scratch */
	bool *found;
	MemoryContext row_context;
} ReadState;

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	MemoryContext caller = MemoryContextSwitchTo(state->row_context);
	const float *vector = NULL;
	const char *reason = "it is NULL";
	float bias = 0.0f;
	int32 index;
	WcId id;

	if (row->nulls[0])
		wals_factors_damaged(state->table, "NULL", "it has no id");
	id = wals_id_from_datum(wals_id_sql_type(state->id_type), row->values[0]);
	index = wc_idmap_find(state->ids, &id);
	if (index >= 0)
	{
		if (!row->nulls[1])
			vector = wals_factors_vector(row->values[1], state->k, &reason);
		if (!row->nulls[2])
			bias = DatumGetFloat4(row->values[2]);
		if (vector != NULL && !isfinite(bias))
		{
			vector = NULL;
			reason = "its bias is not finite";
		}
		if (vector != NULL && state->found[index])
		{
			vector = NULL;
			reason = "the id stands in more than one row";
		}
		if (vector == NULL)
			wals_factors_damaged(
			    state->table, wals_id_to_cstring(state->id_type, id), reason);
		state->found[index] = true;
		/* zeros stay zeros in a half sweep: no start to learn from */
		if (vector_norm(state->k, vector) > 0)
		{
			memcpy(state->factors + (Size) index * state->k, vector,
			       state->k * sizeof(float));
			if (state->bias != NULL)
				state->bias[index] = bias;
			state->n_found++;
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(state->row_context);
}

int32
wals_factors_read(Oid table, WalsIdType id_type, int32 version, int32 k,
                  const WcIdMap *ids, float *factors, float *bias)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	int32 count = wc_idmap_count(ids);
	ReadState state = {table, id_type, k, ids, factors, bias};

	state.found = MemoryContextAllocExtended(
	    CurrentMemoryContext, Max(count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "wals rows",
	                                          ALLOCSET_DEFAULT_SIZES);
	wals_query_each(
	    psprintf("SELECT id, factors, bias FROM %s "
	             "WHERE version OPERATOR(pg_catalog.=) $1",
	             wals_relation_quoted(table)),
	    1, types, values, WALS_READ_FRESH,
	    &(const WalsShape){
	        3, {wals_id_sql_type(id_type), FLOAT4ARRAYOID, FLOAT4OID}},
	    read_row, &state);
	MemoryContextDelete(state.row_context);
	pfree(state.found);
	return state.n_found;
}

void
wals_factors_delete(Oid table, int32 version, bool all)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	Oid rows;
	char *sql;

	(void) wals_version_table_find(table, version, &rows);
	sql = psprintf("DELETE FROM %s%s WHERE version OPERATOR(pg_catalog.=) $1",
	               OidIsValid(rows) && !all ? "ONLY " : "",
	               wals_relation_quoted(table));
	wals_guard_write_begin(table);
	wals_query_run(sql, 1, types, values, NULL, WALS_READ_FRESH);
	wals_guard_write_end();
}

void
wals_factors_remove(Oid table, int32 version, WalsIdType id_type,
                    const WcIdMap *ids)
{
	Oid types[2] = {INT4OID, get_array_type(wals_id_sql_type(id_type))};
	Datum values[2] = {Int32GetDatum(version), wals_id_array(id_type, ids)};
	char *sql = psprintf("DELETE FROM %s WHERE id OPERATOR(pg_catalog.=) "
	                     "ANY ($2) AND ($1 OPERATOR(pg_catalog.=) 0 "
	                     "OR version OPERATOR(pg_catalog.=) $1)",
	                     wals_relation_quoted(table));

	wals_guard_write_begin(table);
	wals_query_change(sql, 2, types, values);
	wals_guard_write_end();
}
