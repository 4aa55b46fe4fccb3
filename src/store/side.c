/*-------------------------------------------------------------------------
 *
 * side.c
 *	  The users or items of a version in memory, to be changed and written back.
 *
 * What a refresh is going to change is read by a snapshot of our own, not the
 * caller's (patch.c has the other rows).  An import reads all of a side.
 *
 * Rows are written by deleting and inserting them, as plain SQL: a row that
 * somebody has put there twice is gone afterwards.
 *
 * Memory: 4 k + 16 bytes per row and the ids, all of it through WalsJob,
 * which knows wals.max_memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "store/factors.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/side.h"
#include "store/version_table.h"

/* State of reading. */
typedef struct ReadState
{
	WalsSide *side;
	Oid sql_type;
	MemoryContext row_context;
} ReadState;

int32
wals_side_add(WalsSide *side, const WcId *id)
{
	int32 before = wc_idmap_count(side->ids);
	int32 index;

	wals_job_check(side->job, wc_idmap_add(side->ids, id, &index));
	if (index < before)
		return index;
	if (index >= side->capacity)
	{
		side->capacity =
		    (int32) Min(Max((int64) side->capacity * 2, 1024), PG_INT32_MAX);
		side->data = wals_job_resize(side->job, side->data, side->capacity,
		                             (Size) side->factors * sizeof(float));
		side->bias = wals_job_resize(side->job, side->bias, side->capacity,
		                             sizeof(float));
		side->entries = wals_job_resize(side->job, side->entries,
		                                side->capacity, sizeof(int32));
		side->likes = wals_job_resize(side->job, side->likes, side->capacity,
		                              sizeof(int32));
		side->weight = wals_job_resize(side->job, side->weight, side->capacity,
		                               sizeof(float));
	}
	memset(side->data + (Size) index * side->factors, 0,
	       side->factors * sizeof(float));
	side->bias[index] = 0.0f;
	side->entries[index] = 0;
	side->likes[index] = -1;
	side->weight[index] = 1.0f;
	return index;
}

/* A row of id, factors, bias, n, weight, likes. */
static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	WalsSide *side = state->side;
	MemoryContext caller = MemoryContextSwitchTo(state->row_context);
	const Datum *values = row->values;
	const bool *nulls = row->nulls;
	int32 before = wc_idmap_count(side->ids);
	const float *vector = NULL;
	const char *reason = "it is NULL";
	float bias = nulls[2] ? 0.0f : DatumGetFloat4(values[2]);
	float weight = nulls[4] ? 1.0f : DatumGetFloat4(values[4]);
	int32 index;
	WcId id;

	if (nulls[0])
		wals_factors_damaged(side->table, "NULL", "it has no id");
	id = wals_id_from_datum(state->sql_type, values[0]);
	if (!nulls[1])
		vector = wals_factors_vector(values[1], side->factors, &reason);
	index = wals_side_add(side, &id);
	if (vector != NULL && index < before)
	{
		vector = NULL;
		reason = "the id stands in more than one row";
	}
	if (vector != NULL && !isfinite(bias))
	{
		vector = NULL;
		reason = "its bias is not finite";
	}
	if (vector != NULL && !(weight >= 0 && isfinite(weight)))
	{
		vector = NULL;
		reason = "its weight is not a finite number of 0 or more";
	}
	if (vector == NULL)
		wals_factors_damaged(side->table, wals_id_to_cstring(side->id_type, id),
		                     reason);
	memcpy(side->data + (Size) index * side->factors, vector,
	       side->factors * sizeof(float));
	side->bias[index] = bias;
	side->entries[index] = nulls[3] ? 0 : DatumGetInt32(values[3]);
	side->likes[index] = nulls[5] ? -1 : DatumGetInt32(values[5]);
	side->weight[index] = weight;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(state->row_context);
}

void
wals_side_open(const WalsModel *model, WcSide side, WalsJob *job,
               WalsSide *result)
{
	bool users = side == WC_USERS;

	memset(result, 0, sizeof(*result));
	result->side = side;
	result->table = users ? model->users_table : model->items_table;
	result->id_type = users ? model->user_type : model->item_type;
	result->version = model->version;
	result->factors = model->factors;
	result->job = job;
	wals_job_check(job, wc_idmap_create(wals_id_kind(result->id_type),
	                                    &result->ids, &job->alloc));
}

void
wals_side_close(WalsSide *side)
{
	const WcAlloc *alloc = &side->job->alloc;

	wc_idmap_free(side->ids);
	wc_free(alloc, side->data);
	wc_free(alloc, side->bias);
	wc_free(alloc, side->entries);
	wc_free(alloc, side->likes);
	wc_free(alloc, side->weight);
	memset(side, 0, sizeof(*side));
}

void
wals_side_read(WalsSide *side, const WcIdMap *only)
{
	Oid types[2] = {INT4OID};
	Datum values[2] = {Int32GetDatum(side->version)};
	ReadState state;
	WalsShape shape = {
	    6,
	    {InvalidOid, FLOAT4ARRAYOID, FLOAT4OID, INT4OID, FLOAT4OID, INT4OID}};
	char *sql;

	state.side = side;
	state.sql_type = shape.types[0] = wals_id_sql_type(side->id_type);
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "wals rows",
	                                          ALLOCSET_DEFAULT_SIZES);
	sql = psprintf("SELECT id, factors, bias, n, weight, %s FROM %s "
	               "WHERE version OPERATOR(pg_catalog.=) $1",
	               wals_factors_likes(side->table),
	               wals_relation_quoted(side->table));
	if (only == NULL)
		wals_query_each(sql, 1, types, values, WALS_READ_FRESH, &shape,
		                read_row, &state);
	else
	{
		types[1] = get_array_type(state.sql_type);
		values[1] = wals_id_array(side->id_type, only);
		wals_query_each_once(
		    psprintf("%s AND id OPERATOR(pg_catalog.=) ANY ($2)", sql), 2,
		    types, values, WALS_READ_FRESH, &shape, read_row, &state);
	}
	MemoryContextDelete(state.row_context);
}

void
wals_side_keep(WalsSide *side, const bool *keep)
{
	int32 count = wc_idmap_count(side->ids);
	int32 kept = 0;
	int32 i;

	for (i = 0; i < count; i++)
	{
		if (!keep[i])
			continue;
		memmove(side->data + (Size) kept * side->factors,
		        side->data + (Size) i * side->factors,
		        side->factors * sizeof(float));
		side->bias[kept] = side->bias[i];
		side->entries[kept] = side->entries[i];
		side->likes[kept] = side->likes[i];
		side->weight[kept] = side->weight[i];
		kept++;
	}
	if (kept < count)
		wals_job_check(side->job, wc_idmap_keep(side->ids, keep, &wals_hooks));
}

/* The rows that side has of ids, side by side. */
static void
gather(const WalsSide *side, const WcIdMap *ids, WalsFactorRows *rows)
{
	int32 count = wc_idmap_count(ids);
	const WcAlloc *alloc = &side->job->alloc;
	float *data =
	    wc_alloc_array(alloc, count, (Size) side->factors * sizeof(float));
	float *bias = wc_alloc_array(alloc, count, sizeof(float));
	float *weight = wc_alloc_array(alloc, count, sizeof(float));
	int64 *start = wc_alloc_array(alloc, (Size) count + 1, sizeof(int64));
	int32 *likes = wc_alloc_array(alloc, count, sizeof(int32));
	WcIdMap *there;
	int32 n = 0;
	int32 i;

	if (data == NULL || bias == NULL || weight == NULL || start == NULL ||
	    likes == NULL)
		wals_job_check(side->job, WC_NO_MEMORY);
	wals_job_check(side->job,
	               wc_idmap_create(wals_id_kind(side->id_type), &there, alloc));
	start[0] = 0;
	for (i = 0; i < count; i++)
	{
		WcId id = wc_idmap_get(ids, i);
		int32 from = wc_idmap_find(side->ids, &id);
		int32 to;

		if (from < 0)
			continue;
		wals_job_check(side->job, wc_idmap_add(there, &id, &to));
		memcpy(data + (Size) n * side->factors,
		       side->data + (Size) from * side->factors,
		       side->factors * sizeof(float));
		bias[n] = side->bias[from];
		weight[n] = side->weight[from];
		start[n + 1] = start[n] + side->entries[from];
		likes[n] = side->likes[from];
		n++;
	}
	rows->id_type = side->id_type;
	rows->ids = there;
	rows->count = n;
	rows->factors = side->factors;
	rows->data = data;
	rows->bias = bias;
	rows->start = start;
	rows->likes = likes;
	rows->weight = weight;
}

static void
insert_rows(const WalsSide *side, Oid table, int32 version, const WcIdMap *ids)
{
	const WcAlloc *alloc = &side->job->alloc;
	WalsFactorRows rows;

	gather(side, ids, &rows);
	wals_factors_write(table, version, &rows);
	wc_idmap_free(unconstify(WcIdMap *, rows.ids));
	wc_free(alloc, unconstify(float *, rows.data));
	wc_free(alloc, unconstify(float *, rows.bias));
	wc_free(alloc, unconstify(float *, rows.weight));
	wc_free(alloc, unconstify(int64 *, rows.start));
	wc_free(alloc, unconstify(int32 *, rows.likes));
}

void
wals_side_write(const WalsSide *side, const WcIdMap *ids)
{
	if (wc_idmap_count(ids) == 0)
		return;
	wals_factors_remove(side->table, side->version, side->id_type, ids);
	insert_rows(side, wals_version_table_of(side->table, side->version),
	            side->version, ids);
}

void
wals_side_insert(const WalsSide *side, Oid table, int32 version)
{
	insert_rows(side, table, version, side->ids);
}

bool
wals_side_has_bias(const WalsSide *side)
{
	int32 count = wc_idmap_count(side->ids);
	int32 i;

	for (i = 0; i < count; i++)
		if (side->bias[i] != 0)
			return true;
	return false;
}
