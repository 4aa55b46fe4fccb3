/*-------------------------------------------------------------------------
 *
 * cache.c
 *	  Users and items of the versions a session answers from.
 *
 * Reading and packing 27,000 items of 64 factors takes some 50 ms, answering
 * from them a small part of one.  So rows of a megabyte and more go to a file
 * that all sessions share (packfile.c): the first one makes it, the others map
 * it in a tenth of a millisecond, and their number costs no memory.  Smaller
 * ones, and all with wals.cache_share = never, are kept by each backend, up to
 * wals.cache_mem.
 *
 * What is kept is found by all that it was made from (WalsPackKey): what the
 * caller has read of the version from the model's row under its own snapshot,
 * the identity of its users or items above all, and storage and columns of its
 * table.  The model's row is its owner's and may say anything, so nothing of it
 * is taken for granted because some other part is the same; and what one model
 * says of a table is no word for another model that names it.  Factors never
 * change under one identity, so an entry is never stale: a transaction with an
 * older snapshot asks for the older identity, a rolled-back training leaves an
 * identity that nobody asks for again, a standby needs nothing special.  A table
 * that was rewritten or truncated has another storage.  What a transaction reads
 * that may itself have changed the table, by hand for instance, is not shared,
 * and forgotten with it or with the part of it that is rolled back.
 *
 * The right to read the factor tables is checked on every call, when the caller
 * reads the model row (wals_model_active), also when the rows are at hand.
 * Where row-level security restricts the caller, the rows are read anew each
 * time, not kept, and never shared; so are those of a table that others inherit
 * from, which says nothing when they change.
 *
 * A version that is going to answer has its files before it does: who makes it
 * active makes them (wals_cache_prepare).  Sessions that need the same file at the
 * same time all the same, as after a restart, wait for the first to make it; they
 * ask again and again, so that their timeouts hold.  The table is locked before, so
 * that nobody who waits can be in the way of the reading.
 *
 * Entries are only freed in wals_cache_rows, never by an invalidation in the
 * middle of a call, and callers run no SQL while they use one.  Asking for one
 * side of a version never frees its other side, and reading never frees
 * anything: policies of row-level security may call us again in the middle of
 * it.  Entries of older versions of the same table go when a new one comes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/job.h"
#include "base/settings.h"
#include "base/wait.h"
#include "store/cache.h"
#include "store/factors.h"
#include "store/packfile.h"
#include "store/query.h"
#include "store/relation.h"

#define SHARE_FROM (1024 * 1024) /* bytes, with wals.cache_share = auto */
#define PATIENCE_MOST 20 /* milliseconds between looks for a file */

typedef struct CacheEntry
{
	dlist_node node; /* in cache_entries, most recently used first */
	WalsPackKey key;
	bool was_read; /* from the table, by this session */
	bool suspect; /* something about the table changed */
	bool over; /* what it was read in was rolled back */
	LocalTransactionId only_in; /* the transaction whose changes it may hold,
	                             * which nobody else may ever see; or none */
	WalsJob job; /* context of the entry and its size */
	WalsMapping map; /* the pack's file, when it is shared */
	MemoryContextCallback unmap;
	WalsRows rows;
} CacheEntry;

/* Of a key, what the model's row says. */
#define KEY_ASKED offsetof(WalsPackKey, storage)

/* What became of the calls for a side of a model, kept for the session. */
typedef struct CacheCount
{
	dlist_node node;
	Oid model;
	Oid table;
	WcSide side;
	int32 version; /* asked for last */
	int64 hits; /* the rows were at hand */
	int64 loads; /* they were read from the table */
	int64 opens; /* or taken from a file that was there */
	bool told_unshared; /* it was said that there is no file of them */
	bool told_unkept; /* and that there is no room for them in memory */
} CacheCount;

static dlist_head cache_entries = DLIST_STATIC_INIT(cache_entries);
static dlist_head cache_counts = DLIST_STATIC_INIT(cache_counts);
static bool cache_registered = false;
static int cache_reading = 0; /* tables that are being read */
static uint64 cache_made = 0; /* entries, ever */

static void
mark_suspect(Datum arg, Oid relation)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (!OidIsValid(relation) || relation == entry->key.table)
			entry->suspect = true;
	}
}

static void
end_part(SubXactEvent event, SubTransactionId part, SubTransactionId parent,
         void *arg)
{
	dlist_iter iter;

	if (event == SUBXACT_EVENT_ABORT_SUB)
		dlist_foreach(iter, &cache_entries)
		{
			CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

			entry->over |= entry->only_in != InvalidLocalTransactionId;
		}
}

static void
entry_unmap(void *arg)
{
	wals_mapping_close(&((CacheEntry *) arg)->map);
}

/* An entry in a context of its own, below the current one. */
static CacheEntry *
entry_create(const WalsPackKey *key)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals rows", ALLOCSET_DEFAULT_SIZES);
	CacheEntry *entry = MemoryContextAllocZero(context, sizeof(CacheEntry));

	wals_job_init(&entry->job, context, 0);
	entry->unmap.func = entry_unmap;
	entry->unmap.arg = entry;
	MemoryContextRegisterResetCallback(context, &entry->unmap);
	entry->key = *key;
	entry->rows.table = key->table;
	entry->rows.id_type = (WalsIdType) key->id_type;
	entry->rows.serial = ++cache_made;
	return entry;
}

static void
entry_free(CacheEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextDelete(entry->job.context);
}

/* What the model's row says of a side. */
static void
key_ask(const WalsModel *model, WcSide side, WalsPackKey *key)
{
	bool users = side == WC_USERS;

	memset(key, 0, sizeof(*key));
	key->model = model->relation;
	key->table = users ? model->users_table : model->items_table;
	key->side = side;
	key->version = model->version;
	key->factors = model->factors;
	key->id_type = users ? model->user_type : model->item_type;
	key->version_id = users ? model->version_id : model->items_id;
}

/*
 * What the catalog says of the table; false when nothing read from it can be
 * kept: it is gone, or others inherit from it.
 */
static bool
key_look(WalsPackKey *key)
{
	static const char *const columns[] = {
	    "version", "id", "factors", "bias", "n", "weight", "likes"};
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(key->table));
	bool alone;
	int i;

	if (!HeapTupleIsValid(tuple))
		return false;
	key->storage = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	alone = !((Form_pg_class) GETSTRUCT(tuple))->relhassubclass;
	ReleaseSysCache(tuple);
	key->layout = 0;
	for (i = 0; i < (int) lengthof(columns); i++)
	{
		AttrNumber column = get_attnum(key->table, columns[i]);

		key->layout = hash_combine(key->layout, (uint32) column);
		if (column != InvalidAttrNumber)
			key->layout =
			    hash_combine(key->layout, get_atttype(key->table, column));
	}
	return alone;
}

static bool
is_asked(const CacheEntry *entry, const WalsPackKey *key)
{
	return memcmp(&entry->key, key, KEY_ASKED) == 0;
}

/* Does the table still hold what was read?  Looked at when it may not. */
static bool
entry_is_current(CacheEntry *entry)
{
	if (entry->suspect)
	{
		WalsPackKey now = entry->key;

		entry->suspect =
		    !key_look(&now) || memcmp(&now, &entry->key, sizeof(now)) != 0;
	}
	return !entry->suspect && !entry->over && !entry->map.damaged &&
	       (entry->only_in == InvalidLocalTransactionId ||
	        entry->only_in == wals_transaction_number());
}

/*
 * Such a transaction holds a lock that allows it; its parallel workers do not,
 * and only know that it has changed something.
 */
bool
wals_cache_may_differ(Oid table)
{
	Relation relation;
	bool result;

	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	if (IsParallelWorker())
		return true;
	relation = try_relation_open(table, AccessShareLock);
	if (relation == NULL)
		return true;
	result = CheckRelationLockedByMe(relation, RowExclusiveLock, true);
	relation_close(relation, AccessShareLock);
	return result;
}

/*
 * Free what is of no use beside a new entry for this side of the model, then the
 * least recently used until size fits as well; but nothing that the call for
 * this side may be using.
 */
static void
make_room(const WalsModel *model, const CacheEntry *new_entry, Size size)
{
	WcSide other = new_entry->key.side == WC_USERS ? WC_ITEMS : WC_USERS;
	WalsPackKey other_key;
	Size limit = (Size) wals_cache_mem * 1024;
	Size used = size;
	dlist_mutable_iter iter;

	key_ask(model, other, &other_key);
	dlist_foreach_modify(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (is_asked(entry, &other_key))
			used += entry->job.used;
		else if ((entry->key.model == new_entry->key.model &&
		          entry->key.table == new_entry->key.table) ||
		         !entry_is_current(entry) || used + entry->job.used > limit)
			entry_free(entry);
		else
			used += entry->job.used;
	}
}

/* State of reading the rows of a version. */
typedef struct LoadState
{
	CacheEntry *entry;
	Oid sql_type;
	WcPackBuilder *builder;
} LoadState;

static void
load_row(const WalsRow *row, void *arg)
{
	LoadState *state = arg;
	CacheEntry *entry = state->entry;
	int32 k = entry->key.factors;
	const float *vector = NULL;
	const char *reason = "it is NULL";
	float bias = 0.0f;
	int32 entries = row->nulls[3] ? 0 : DatumGetInt32(row->values[3]);
	int32 likes = row->nulls[4] ? entries : DatumGetInt32(row->values[4]);
	WcStatus status = WC_NOT_FINITE;
	WcId id;

	if (row->nulls[0])
		wals_factors_damaged(entry->rows.table, "NULL", "it has no id");
	id = wals_id_from_datum(state->sql_type, row->values[0]);
	if (!row->nulls[1])
		vector = wals_factors_vector(row->values[1], k, &reason);
	if (!row->nulls[2])
		bias = DatumGetFloat4(row->values[2]);
	if (vector != NULL)
	{
		reason = "its bias is not finite";
		status = wc_pack_add(state->builder, &id, vector, bias, entries, likes);
	}
	if (status == WC_DUPLICATE)
		reason = "the id stands in more than one row";
	if (status == WC_NOT_FINITE || status == WC_DUPLICATE)
		wals_factors_damaged(entry->rows.table,
		                     wals_id_to_cstring(entry->rows.id_type, id),
		                     reason);
	wals_job_check(&entry->job, status);
}

/* Read the rows of an entry and pack them into its memory. */
static void
entry_load(CacheEntry *entry, WalsSnapshot snapshot)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(entry->key.version)};
	WalsRows *rows = &entry->rows;
	uint8 identity[WC_PACK_IDENTITY];
	LoadState state;

	if (wals_cache_may_differ(rows->table))
		entry->only_in = wals_transaction_number();
	wals_packfile_identity(&entry->key, identity);
	wals_job_check(&entry->job,
	               wc_pack_begin(wals_id_kind(rows->id_type),
	                             entry->key.factors, &state.builder,
	                             &entry->job.alloc));
	state.entry = entry;
	state.sql_type = wals_id_sql_type(rows->id_type);
	cache_reading++;
	PG_TRY();
	{
		wals_query_each(psprintf("SELECT id, factors, bias, n, %s FROM %s "
		                         "WHERE version OPERATOR(pg_catalog.=) $1",
		                         wals_factors_likes(rows->table),
		                         wals_relation_quoted(rows->table)),
		                1, types, values, snapshot,
		                &(const WalsShape){5,
		                                   {state.sql_type, FLOAT4ARRAYOID,
		                                    FLOAT4OID, INT4OID, INT4OID}},
		                load_row, &state);
	}
	PG_FINALLY();
	{
		cache_reading--;
	}
	PG_END_TRY();
	wals_job_check(&entry->job, wc_pack_finish(state.builder, identity,
	                                           &rows->pack, &wals_hooks));
	entry->was_read = true;
}

static CacheEntry *
entry_find(const WalsPackKey *key)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (is_asked(entry, key) && entry_is_current(entry))
			return entry;
	}
	return NULL;
}

/*
 * Take the rows from the file of the key, if there is one.  That it holds what
 * the key says is looked at all the same: buffers depend on it.
 */
static bool
entry_open(CacheEntry *entry)
{
	WcPack *pack = &entry->rows.pack;

	if (!wals_packfile_open(&entry->key, &entry->map, pack))
		return false;
	if (pack->factors == entry->key.factors &&
	    pack->kind == wals_id_kind(entry->rows.id_type))
		return true;
	wals_mapping_close(&entry->map);
	memset(pack, 0, sizeof(*pack));
	return false;
}

/*
 * Identities of the versions of the model as they are now, whatever the caller's
 * snapshot says; -1 when that cannot be told.
 */
static int
find_kept(const WalsModel *model, pg_uuid_t **ids)
{
	uint64 n;
	uint64 row;
	int count = 0;

	*ids = NULL;
	if (IsInParallelMode() ||
	    check_enable_rls(model->relation, InvalidOid, true) == RLS_ENABLED)
		return -1;
	n = wals_query_run(psprintf("SELECT version_id, items_id FROM %s",
	                            wals_relation_quoted(model->relation)),
	                   0, NULL, NULL, NULL, WALS_READ_LATEST);
	*ids = palloc_extended(mul_size(2 * sizeof(pg_uuid_t), Max(n, 1)),
	                       MCXT_ALLOC_HUGE);
	for (row = 0; row < n; row++)
	{
		int column;

		for (column = 1; column <= 2; column++)
		{
			bool is_null;
			Datum id = wals_query_value(row, column, UUIDOID, &is_null);

			if (!is_null)
				(*ids)[count++] = *DatumGetUUIDP(id);
		}
	}
	return count;
}

/*
 * Put the rows that were read into a file and take them from there.  Why that
 * cannot be is said if tell is set; false then.
 */
static bool
entry_share(CacheEntry *entry, const WalsModel *model, bool tell)
{
	void *owned = entry->rows.pack.owned;
	WcPack own = entry->rows.pack;
	pg_uuid_t *kept;
	bool done = true;
	int n_kept;

	if (entry->only_in != InvalidLocalTransactionId ||
	    (own.bytes < SHARE_FROM && wals_cache_share != WALS_SHARE_ALWAYS))
		return true;
	n_kept = find_kept(model, &kept);
	if (!wals_packfile_write(&entry->key, n_kept, kept, &own, tell))
		done = false;
	else if (entry_open(entry))
	{
		wc_free(&entry->job.alloc, owned);
		own = entry->rows.pack;
	}
	entry->rows.pack = own;
	CHECK_FOR_INTERRUPTS();
	return done;
}

/* Take the rows from a file, or get the right to make it: false. */
static bool
entry_open_or_lock(CacheEntry *entry, WalsPackLock *lock)
{
	long patience = 1; /* milliseconds */

	while (!entry_open(entry))
	{
		if (wals_packfile_lock(&entry->key, lock))
		{
			/* it may have been made just before */
			if (!entry_open(entry))
				return false;
			wals_packfile_unlock(lock);
			return true;
		}
		wals_wait(patience);
		patience = Min(2 * patience, PATIENCE_MOST);
	}
	return true;
}

/* Whether the row still has the identity that its rows were read under. */
static bool
is_same_still(const WalsModel *model)
{
	WalsModel now;

	return wals_model_find_version(model->relation, model->version, &now) &&
	       memcmp(&now.version_id, &model->version_id, UUID_LEN) == 0 &&
	       memcmp(&now.items_id, &model->items_id, UUID_LEN) == 0;
}

/*
 * Make what the lock is for: read the rows, and share them.  Whether this took no
 * failure; why it did is said if tell is set.
 */
static bool
entry_make(CacheEntry *entry, const WalsModel *model, WalsSnapshot snapshot,
           bool is_new, bool tell, WalsPackLock *lock)
{
	volatile bool done = true;

	PG_TRY();
	{
		entry_load(entry, snapshot);
		if (is_new)
			entry->only_in = InvalidLocalTransactionId;
		if (snapshot == WALS_READ_CALLER || is_same_still(model))
			done = entry_share(entry, model, tell);
	}
	PG_FINALLY();
	{
		wals_packfile_unlock(lock);
	}
	PG_END_TRY();
	return done;
}

/* Take the rows from a file, or make it, one session at a time. */
static void
entry_open_or_load(CacheEntry *entry, const WalsModel *model, CacheCount *count)
{
	WalsPackLock lock;

	/* said once: the next call may have to read the rows again */
	if (!entry_open_or_lock(entry, &lock) &&
	    !entry_make(entry, model, WALS_READ_CALLER, false,
	                !count->told_unshared, &lock))
		count->told_unshared = true;
}

/* Room for new counts: that of a table that is gone, or new. */
static CacheCount *
count_alloc(void)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_counts)
	{
		CacheCount *count = dlist_container(CacheCount, node, iter.cur);

		if (get_rel_name(count->table) == NULL ||
		    get_rel_name(count->model) == NULL)
		{
			dlist_delete(&count->node);
			return count;
		}
	}
	return MemoryContextAlloc(CacheMemoryContext, sizeof(CacheCount));
}

/* The counts of a side of a model. */
static CacheCount *
count_find(const WalsPackKey *key)
{
	CacheCount *count = NULL;
	dlist_iter iter;

	dlist_foreach(iter, &cache_counts)
	{
		count = dlist_container(CacheCount, node, iter.cur);
		if (count->model == key->model && count->table == key->table &&
		    count->side == key->side)
			break;
		count = NULL;
	}
	if (count == NULL)
	{
		count = count_alloc();
		memset(count, 0, sizeof(*count));
		count->model = key->model;
		count->table = key->table;
		count->side = (WcSide) key->side;
		dlist_push_tail(&cache_counts, &count->node);
	}
	count->version = key->version;
	return count;
}

/* Say once in a session that every call reads the rows anew. */
static void
tell_too_large(CacheCount *count, Size size)
{
	if (count->told_unkept)
		return;
	count->told_unkept = true;
	ereport(
	    NOTICE,
	    (errmsg("%s of model \"%s\" do not fit into wals.cache_mem",
	            count->side == WC_USERS ? "users" : "items",
	            get_rel_name(count->model)),
	     errdetail("They need %zu kB, so each call reads them again.",
	               size / 1024),
	     errhint("SET wals.cache_mem = '%zuMB';", size / (1024 * 1024) + 1)));
}

static bool
is_restricted(Oid table)
{
	return check_enable_rls(table, InvalidOid, false) == RLS_ENABLED;
}

const WalsRows *
wals_cache_rows(const WalsModel *model, WcSide side)
{
	WalsPackKey key;
	CacheCount *count;
	CacheEntry *entry;
	bool alone;

	if (!cache_registered)
	{
		CacheRegisterRelcacheCallback(mark_suspect, (Datum) 0);
		RegisterSubXactCallback(end_part, NULL);
		cache_registered = true;
	}
	key_ask(model, side, &key);
	entry = is_restricted(key.table) ? NULL : entry_find(&key);
	count = count_find(&key);
	if (entry != NULL)
	{
		count->hits++;
		dlist_move_head(&cache_entries, &entry->node);
		return &entry->rows;
	}

	/* from here on the table stays what it is now */
	LockRelationOid(key.table, AccessShareLock);
	alone = key_look(&key);
	entry = entry_create(&key);
	if (is_restricted(key.table) || !alone)
	{
		entry_load(entry, WALS_READ_CALLER);
		count->loads++;
		return &entry->rows;
	}
	if (wals_cache_share == WALS_SHARE_NEVER)
		entry_load(entry, WALS_READ_CALLER);
	else
		entry_open_or_load(entry, model, count);
	if (entry->was_read)
		count->loads++;
	else
		count->opens++;
	if (entry->job.used > (Size) wals_cache_mem * 1024)
		tell_too_large(count, entry->job.used);
	else if (cache_reading == 0)
	{
		make_room(model, entry, entry->job.used);
		MemoryContextSetParent(entry->job.context, CacheMemoryContext);
		dlist_push_head(&cache_entries, &entry->node);
		entry->rows.is_kept = true;
	}
	return &entry->rows;
}

Size
wals_cache_prepare(const WalsModel *model, WcSide side, WalsSnapshot snapshot,
                   bool is_new)
{
	WalsPackKey key;
	CacheEntry *entry;
	WalsPackLock lock;
	Size bytes;

	key_ask(model, side, &key);
	LockRelationOid(key.table, AccessShareLock);
	if (wals_cache_share == WALS_SHARE_NEVER || is_restricted(key.table) ||
	    !key_look(&key))
		return 0;
	entry = entry_create(&key);
	if (!entry_open_or_lock(entry, &lock))
		(void) entry_make(entry, model, snapshot, is_new, true, &lock);
	bytes = entry->map.address != NULL ? entry->map.bytes : 0;
	MemoryContextDelete(entry->job.context);
	return bytes;
}

/* ------------------------------------------------------------------------
 * What is kept, for a DBA
 * ------------------------------------------------------------------------ */

static bool
may_read(Oid table)
{
	return get_rel_name(table) != NULL &&
	       pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
	       wals_namespace_aclcheck(get_rel_namespace(table), GetUserId(),
	                               ACL_USAGE) == ACLCHECK_OK;
}

static const CacheEntry *
entry_of(const CacheCount *count)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (entry->key.model == count->model &&
		    entry->key.table == count->table &&
		    entry->key.side == (int32) count->side && entry_is_current(entry))
			return entry;
	}
	return NULL;
}

int
wals_cache_list(WalsCached **result)
{
	dlist_iter iter;
	int n = 0;

	dlist_foreach(iter, &cache_counts) n++;
	*result = palloc0(sizeof(WalsCached) * Max(n, 1));
	n = 0;
	dlist_foreach(iter, &cache_counts)
	{
		const CacheCount *count = dlist_container(CacheCount, node, iter.cur);
		const CacheEntry *entry;
		WalsCached *row;

		if (!may_read(count->model) || !may_read(count->table))
			continue;
		entry = entry_of(count);
		row = &(*result)[n++];
		row->model = count->model;
		row->version = entry ? entry->key.version : count->version;
		row->side = count->side;
		row->is_kept = entry != NULL;
		row->is_shared = entry != NULL && entry->map.address != NULL;
		row->bytes = row->is_shared ? entry->map.bytes
		             : row->is_kept ? entry->job.used
		                            : 0;
		row->hits = count->hits;
		row->loads = count->loads;
		row->opens = count->opens;
	}
	return n;
}
