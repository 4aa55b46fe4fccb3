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
#include "base/settings.h"
#include "store/cache.h"
#include "store/factors.h"
#include "store/packed.h"
#include "store/version_table.h"

typedef struct CacheEntry
{
	dlist_node node; /* in cache_entries, most recently used first */
	bool suspect; /* something about the table changed */
	bool over; /* what it was read in was rolled back */
	WalsPacked *packed; /* whose context has the entry, too */
} CacheEntry;

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

static void
mark_suspect(Datum arg, Oid relation)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (!OidIsValid(relation) || relation == entry->packed->key.table ||
		    wals_version_table_is_known(entry->packed->key.table, relation))
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

			entry->over |= entry->packed->only_in != InvalidLocalTransactionId;
		}
}

static void
entry_free(CacheEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextDelete(entry->packed->job.context);
}

/* Does the table still hold what was read?  Looked at when it may not. */
static bool
entry_is_current(CacheEntry *entry)
{
	if (entry->suspect)
	{
		WalsPackKey now = entry->packed->key;

		entry->suspect = !wals_packed_look(&now) ||
		                 memcmp(&now, &entry->packed->key, sizeof(now)) != 0;
	}
	return !entry->suspect && !entry->over &&
	       !wals_packed_is_damaged(entry->packed) &&
	       (entry->packed->only_in == InvalidLocalTransactionId ||
	        entry->packed->only_in == wals_transaction_number());
}

/*
 * Free what is of no use beside a new entry for this side of the model, then the
 * least recently used until size fits as well; but nothing that the call for
 * this side may be using.
 */
static void
make_room(const WalsModel *model, const WalsPackKey *new_key, Size size)
{
	WcSide other = new_key->side == WC_USERS ? WC_ITEMS : WC_USERS;
	WalsPackKey other_key;
	Size limit = (Size) wals_cache_mem * 1024;
	Size used = size;
	dlist_mutable_iter iter;

	wals_packed_ask(model, other, &other_key);
	dlist_foreach_modify(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (wals_packed_is_asked(entry->packed, &other_key))
			used += entry->packed->job.used;
		else if ((entry->packed->key.model == new_key->model &&
		          entry->packed->key.table == new_key->table) ||
		         !entry_is_current(entry) ||
		         wals_mapping_is_removed(&entry->packed->map) ||
		         used + entry->packed->job.used > limit)
			entry_free(entry);
		else
			used += entry->packed->job.used;
	}
}

static CacheEntry *
entry_find(const WalsPackKey *key)
{
	dlist_iter iter;

	dlist_foreach(iter, &cache_entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (wals_packed_is_asked(entry->packed, key) && entry_is_current(entry))
			return entry;
	}
	return NULL;
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

/* Keep the rows for the calls to come, if no policy is being run. */
static void
keep(const WalsModel *model, WalsPacked *packed)
{
	CacheEntry *entry;

	if (wals_packed_is_reading())
		return;
	make_room(model, &packed->key, packed->job.used);
	entry = MemoryContextAllocZero(packed->job.context, sizeof(CacheEntry));
	entry->packed = packed;
	MemoryContextSetParent(packed->job.context, CacheMemoryContext);
	dlist_push_head(&cache_entries, &entry->node);
	packed->rows.is_kept = true;
}

/*
 * Keep the table of the rows from being dropped with its version until the
 * transaction ends, although they come from elsewhere: a statement that goes on for
 * long may have to read them again.  Who is dropping it is not waited for.
 */
static void
hold_table(const WalsPackKey *key)
{
	Oid rows;

	(void) wals_version_table_find(key->table, key->version, &rows);
	if (OidIsValid(rows))
		(void) ConditionalLockRelationOid(rows, AccessShareLock);
}

static const WalsRows *
find_rows(const WalsModel *model, WcSide side)
{
	WalsPackKey key;
	CacheCount *count;
	CacheEntry *entry;
	WalsPacked *packed;
	bool alone;

	if (!cache_registered)
	{
		CacheRegisterRelcacheCallback(mark_suspect, (Datum) 0);
		RegisterSubXactCallback(end_part, NULL);
		cache_registered = true;
	}
	wals_packed_ask(model, side, &key);
	entry = wals_packed_is_restricted(key.table) ? NULL : entry_find(&key);
	count = count_find(&key);
	if (entry != NULL)
	{
		hold_table(&key);
		wals_mapping_use();
		count->hits++;
		dlist_move_head(&cache_entries, &entry->node);
		return &entry->packed->rows;
	}

	/* from here on the table stays what it is now */
	LockRelationOid(key.table, AccessShareLock);
	hold_table(&key);
	alone = wals_packed_look(&key);
	packed = wals_packed_create(&key);
	if (wals_packed_is_restricted(key.table) || !alone)
	{
		wals_packed_load(packed, WALS_READ_CALLER, NULL);
		count->loads++;
		return &packed->rows;
	}
	if (wals_cache_share == WALS_SHARE_NEVER)
		wals_packed_load(packed, WALS_READ_CALLER, NULL);
	else if (!wals_packed_open_or_make(packed, model, !count->told_unshared))
		count->told_unshared = true;
	if (packed->was_read)
		count->loads++;
	else
		count->opens++;
	if (packed->job.used > (Size) wals_cache_mem * 1024)
		tell_too_large(count, packed->job.used);
	else
		keep(model, packed);
	wals_mapping_use();
	return &packed->rows;
}

const WalsRows *
wals_cache_rows(const WalsModel *model, WcSide side)
{
	const WalsRows *rows = find_rows(model, side);

	wals_complete_check(model, side, wals_rows_count(rows));
	return rows;
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

		if (entry->packed->key.model == count->model &&
		    entry->packed->key.table == count->table &&
		    entry->packed->key.side == (int32) count->side &&
		    entry_is_current(entry))
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
		row->version = entry ? entry->packed->key.version : count->version;
		row->side = count->side;
		row->is_kept = entry != NULL;
		row->is_shared = entry != NULL && entry->packed->map.address != NULL;
		row->bytes = row->is_shared ? entry->packed->rows.pack.bytes
		             : row->is_kept ? entry->packed->job.used
		                            : 0;
		row->hits = count->hits;
		row->loads = count->loads;
		row->opens = count->opens;
	}
	return n;
}
