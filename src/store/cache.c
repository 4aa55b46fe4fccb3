/*-------------------------------------------------------------------------
 *
 * cache.c
 *	  Users and items of the versions a session answers from.
 *
 * Reading 27,000 items of 64 factors takes some 20 ms, answering from them a
 * fraction of one, so each backend keeps what it has read, up to
 * wals.cache_mem.
 *
 * What is kept is found by the identity of the version, which the caller has
 * read from the model row under its own snapshot.  A version's factors never
 * change under one identity, so an entry is never stale: a transaction with an
 * older snapshot asks for the older identity, a rolled-back training leaves an
 * identity that nobody asks for again, a standby needs nothing special.
 * Changes of the table itself (dropped, rewritten, truncated) arrive as
 * relation cache invalidations and free memory early.
 *
 * The right to read the factor tables is checked on every call, when the caller
 * reads the model row (wals_model_active), also when the rows are at hand.
 * Where row-level security restricts the caller, the rows
 * are read anew each time and not kept.
 *
 * Entries are only freed in wals_cache_rows, never by an invalidation in the
 * middle of a call, and callers run no SQL while they use one.  Asking for one
 * side of a version never frees its other side.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"

#include "base/memory.h"
#include "base/report.h"
#include "base/settings.h"
#include "store/cache.h"
#include "store/factors.h"
#include "store/query.h"
#include "store/relation.h"

typedef struct CacheEntry
{
	dlist_node node; /* in cache_entries, most recently used first */
	pg_uuid_t version_id;
	WcSide side;
	bool stale; /* the table changed, free when possible */
	WalsMemory memory; /* context of the entry and its size */
	WalsRows rows;
} CacheEntry;

static dlist_head cache_entries = DLIST_STATIC_INIT(cache_entries);
static bool cache_registered = false;

static void
mark_stale(Datum arg, Oid relation)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (!OidIsValid(relation) || relation == entry->rows.table)
			entry->stale = true;
	}
}

static void
entry_free(CacheEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextDelete(entry->memory.context);
}

static bool
same_version(const CacheEntry *entry, const WalsModel *model)
{
	return memcmp(&entry->version_id, &model->version_id, sizeof(pg_uuid_t)) ==
	       0;
}

/*
 * Free stale entries, then the least recently used until size fits as well;
 * but nothing that the call for this side of the model may be using.
 */
static void
make_room(const WalsModel *model, WcSide side, Size size)
{
	Size limit = (Size) wals_cache_mem * 1024;
	Size used = size;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (same_version(entry, model) && entry->side != side)
			used += entry->memory.used;
		else if (entry->stale || used + entry->memory.used > limit)
			entry_free(entry);
		else
			used += entry->memory.used;
	}
}

/* State of reading the rows of a version. */
typedef struct LoadState
{
	CacheEntry *entry;
	const WalsModel *model;
	Oid sql_type;
	WcPackBuilder *builder;
} LoadState;

static void
check_status(const CacheEntry *entry, WcStatus status)
{
	WcError error = {status, WC_ITEMS, -1, -1, ""};

	if (status != WC_OK)
		wals_report(&error, &entry->memory, NULL, NULL);
}

static void
load_row(TupleTableSlot *slot, void *arg)
{
	LoadState *state = arg;
	CacheEntry *entry = state->entry;
	int32 k = state->model->factors;
	const float *vector = NULL;
	const char *reason = "it is NULL";
	float bias = 0.0f;
	int32 entries =
	    slot->tts_isnull[3] ? 0 : DatumGetInt32(slot->tts_values[3]);
	WcStatus status = WC_NOT_FINITE;
	WcId id;

	if (slot->tts_isnull[0])
		wals_factors_damaged(entry->rows.table, "NULL", "it has no id");
	id = wals_id_from_datum(state->sql_type, slot->tts_values[0]);
	if (!slot->tts_isnull[1])
		vector = wals_factors_vector(slot->tts_values[1], k, &reason);
	if (!slot->tts_isnull[2])
		bias = DatumGetFloat4(slot->tts_values[2]);
	if (vector != NULL)
	{
		reason = "its bias is not finite";
		status = wc_pack_add(state->builder, &id, vector, bias, entries);
	}
	if (status == WC_DUPLICATE)
		reason = "the id stands in more than one row";
	if (status == WC_NOT_FINITE || status == WC_DUPLICATE)
		wals_factors_damaged(entry->rows.table,
		                     wals_id_to_cstring(entry->rows.id_type, id),
		                     reason);
	check_status(entry, status);
}

/* Read one side of a version into a context below the current one. */
static CacheEntry *
entry_load(const WalsModel *model, WcSide side)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals rows", ALLOCSET_DEFAULT_SIZES);
	CacheEntry *entry = MemoryContextAllocZero(context, sizeof(CacheEntry));
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};
	WalsRows *rows = &entry->rows;
	uint8 identity[WC_PACK_IDENTITY];
	LoadState state;

	wals_memory_init(&entry->memory, context, 0);
	entry->version_id = model->version_id;
	entry->side = side;
	rows->table = side == WC_USERS ? model->users_table : model->items_table;
	rows->id_type = side == WC_USERS ? model->user_type : model->item_type;
	check_status(entry,
	             wc_pack_begin(wals_id_kind(rows->id_type), model->factors,
	                           &state.builder, &entry->memory.alloc));
	state.entry = entry;
	state.model = model;
	state.sql_type = wals_id_sql_type(rows->id_type);
	wals_query_each(psprintf("SELECT id, factors, bias, n FROM %s "
	                         "WHERE version OPERATOR(pg_catalog.=) $1",
	                         wals_relation_quoted(rows->table)),
	                1, types, values, WALS_READ_CALLER, load_row, &state);

	memset(identity, 0, sizeof(identity));
	memcpy(identity, &model->version_id, sizeof(pg_uuid_t));
	check_status(entry, wc_pack_finish(state.builder, identity, wals_kernel,
	                                   &rows->pack, &wals_hooks));
	return entry;
}

static CacheEntry *
entry_find(const WalsModel *model, WcSide side, Oid table)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (!entry->stale && entry->side == side &&
		    entry->rows.table == table && same_version(entry, model))
			return entry;
	}
	return NULL;
}

/* Say once per version and session that every call reads the rows anew. */
static void
tell_too_large(const WalsModel *model, WcSide side, Size size)
{
	static pg_uuid_t told;

	if (memcmp(&told, &model->version_id, sizeof(told)) == 0)
		return;
	told = model->version_id;
	ereport(
	    NOTICE,
	    (errmsg("%s of model \"%s\" do not fit into wals.cache_mem",
	            side == WC_USERS ? "users" : "items",
	            get_rel_name(model->relation)),
	     errdetail("They need %zu kB, so each call reads them again.",
	               size / 1024),
	     errhint("SET wals.cache_mem = '%zuMB';", size / (1024 * 1024) + 1)));
}

const WalsRows *
wals_cache_rows(const WalsModel *model, WcSide side)
{
	Oid table = side == WC_USERS ? model->users_table : model->items_table;
	bool restricted;
	CacheEntry *entry;

	if (!cache_registered)
	{
		CacheRegisterRelcacheCallback(mark_stale, (Datum) 0);
		cache_registered = true;
	}
	restricted = check_enable_rls(table, InvalidOid, false) == RLS_ENABLED;
	if (restricted)
		return &entry_load(model, side)->rows;

	entry = entry_find(model, side, table);
	if (entry != NULL)
	{
		dlist_move_head(&cache_entries, &entry->node);
		return &entry->rows;
	}
	entry = entry_load(model, side);
	if (entry->memory.used <= (Size) wals_cache_mem * 1024)
	{
		make_room(model, side, entry->memory.used);
		MemoryContextSetParent(entry->memory.context, CacheMemoryContext);
		dlist_push_head(&cache_entries, &entry->node);
	}
	else
		tell_too_large(model, side, entry->memory.used);
	return &entry->rows;
}
