/*-------------------------------------------------------------------------
 *
 * packed.c
 *	  One side of a version, packed: read from its table, or from a file.
 *
 * A version that is going to answer has its files before it does: who makes it
 * active makes them (wals_packed_prepare).  A file that is missing all the same,
 * as after a restart, is made when it is asked for.  Sessions that need it at the
 * same time form a line; the others wait for the first, asking again and again, so
 * that their timeouts hold.
 *
 * The first in line has a large file made by a background worker (builder.c) and
 * waits for it like the others: a timeout that is shorter than the work ends the
 * waiting, not the work, and whoever asks next finds it done or going on.  It does
 * the work itself
 *
 * - when that takes no longer than a process takes to start;
 * - when no worker can be had: max_worker_processes are at work, or the role may
 *	 not log in any more;
 * - when a worker would see something else: this transaction has changed the
 *	 table or the model, they are temporary, or its snapshot is older than the
 *	 version is now;
 * - when the worker has ended without a file.  Whatever stopped it, the disk or
 *	 rows that are damaged, is then met, and told, by who has asked.
 *
 * The table is locked before, so that nobody who waits can be in the way of the
 * reading.
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
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/settings.h"
#include "base/wait.h"
#include "store/builder.h"
#include "store/factors.h"
#include "store/packed.h"
#include "store/relation.h"
#include "store/version_table.h"

#define SHARE_FROM (1024 * 1024) /* bytes, with wals.cache_share = auto */
#define WORKER_FROM (8 * 1024 * 1024) /* bytes of the table */
#define PATIENCE_MOST 20 /* milliseconds between looks for a file */

static int packed_reading = 0; /* tables that are being read */
static uint64 packed_made = 0; /* ever */

static void
packed_unmap(void *arg)
{
	WalsPacked *packed = arg;

	wals_mapping_close(&packed->map);
	wals_mapping_close(&packed->base_map);
}

WalsPacked *
wals_packed_create(const WalsPackKey *key)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals rows", ALLOCSET_DEFAULT_SIZES);
	WalsPacked *packed = MemoryContextAllocZero(context, sizeof(WalsPacked));

	wals_job_init(&packed->job, context, 0);
	packed->unmap.func = packed_unmap;
	packed->unmap.arg = packed;
	MemoryContextRegisterResetCallback(context, &packed->unmap);
	packed->key = *key;
	packed->rows.table = key->table;
	packed->rows.id_type = (WalsIdType) key->id_type;
	packed->rows.serial = ++packed_made;
	return packed;
}

void
wals_packed_ask(const WalsModel *model, WcSide side, WalsPackKey *key)
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

bool
wals_packed_look(WalsPackKey *key)
{
	static const char *const columns[] = {
	    "version", "id", "factors", "bias", "n", "weight", "likes"};
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(key->table));
	bool alone;
	Oid rows;
	int i;

	if (!HeapTupleIsValid(tuple))
		return false;
	key->storage = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	alone = wals_version_table_find(key->table, key->version, &rows);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(rows));
	if (HeapTupleIsValid(tuple))
	{
		key->storage = hash_combine(
		    key->storage, ((Form_pg_class) GETSTRUCT(tuple))->relfilenode);
		ReleaseSysCache(tuple);
	}
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
is_locked_for_writing(Oid table)
{
	Relation relation = try_relation_open(table, AccessShareLock);
	bool result;

	if (relation == NULL)
		return true;
	result = CheckRelationLockedByMe(relation, RowExclusiveLock, true);
	relation_close(relation, AccessShareLock);
	return result;
}

/*
 * Such a transaction holds a lock that allows it; its parallel workers do not,
 * and only know that it has changed something.
 */
bool
wals_packed_may_differ(Oid table)
{
	ListCell *cell;

	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	if (IsParallelWorker() || is_locked_for_writing(table))
		return true;
	foreach (cell, wals_version_table_list(table))
		if (is_locked_for_writing(lfirst_oid(cell)))
			return true;
	return false;
}

bool
wals_packed_is_restricted(Oid table)
{
	return check_enable_rls(table, InvalidOid, false) == RLS_ENABLED;
}

bool
wals_packed_is_reading(void)
{
	return packed_reading > 0;
}

/* State of reading the rows of a version. */
typedef struct LoadState
{
	WalsPacked *packed;
	Oid sql_type;
	WcPackBuilder *builder;
} LoadState;

static void
load_row(const WalsRow *row, void *arg)
{
	LoadState *state = arg;
	WalsPacked *packed = state->packed;
	int32 k = packed->key.factors;
	const float *vector = NULL;
	const char *reason = "it is NULL";
	float bias = 0.0f;
	int32 entries = row->nulls[3] ? 0 : DatumGetInt32(row->values[3]);
	int32 likes = row->nulls[4] ? entries : DatumGetInt32(row->values[4]);
	WcStatus status = WC_NOT_FINITE;
	WcId id;

	if (row->nulls[0])
		wals_factors_damaged(packed->rows.table, "NULL", "it has no id");
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
		wals_factors_damaged(packed->rows.table,
		                     wals_id_to_cstring(packed->rows.id_type, id),
		                     reason);
	wals_job_check(&packed->job, status);
}

void
wals_packed_load(WalsPacked *packed, WalsSnapshot snapshot,
                 const WalsPackedChange *change)
{
	Oid types[2] = {INT4OID};
	Datum values[2] = {Int32GetDatum(packed->key.version)};
	WalsRows *rows = &packed->rows;
	WalsShape shape = {
	    5, {InvalidOid, FLOAT4ARRAYOID, FLOAT4OID, INT4OID, INT4OID}};
	char *sql;
	uint8 identity[WC_PACK_IDENTITY];
	LoadState state;
	WcJob core;

	if (wals_packed_may_differ(rows->table))
		packed->only_in = wals_transaction_number();
	wals_packfile_identity(&packed->key, identity);
	wals_job_check(&packed->job,
	               wc_pack_begin(wals_id_kind(rows->id_type),
	                             packed->key.factors, &state.builder,
	                             &packed->job.alloc));
	state.packed = packed;
	state.sql_type = shape.types[0] = wals_id_sql_type(rows->id_type);
	sql = psprintf("SELECT id, factors, bias, n, %s FROM %s "
	               "WHERE version OPERATOR(pg_catalog.=) $1",
	               wals_factors_likes(rows->table),
	               wals_relation_quoted(rows->table));
	packed_reading++;
	PG_TRY();
	{
		if (change == NULL)
			wals_query_each(sql, 1, types, values, snapshot, &shape, load_row,
			                &state);
		else
		{
			types[1] = get_array_type(state.sql_type);
			values[1] = wals_id_array(rows->id_type, change->ids);
			wals_query_each_once(
			    psprintf("%s AND id OPERATOR(pg_catalog.=) ANY ($2)", sql), 2,
			    types, values, snapshot, &shape, load_row, &state);
		}
	}
	PG_FINALLY();
	{
		packed_reading--;
	}
	PG_END_TRY();
	if (change != NULL)
		wals_job_check(&packed->job, wc_pack_change(state.builder, change->pack,
		                                            change->ids));
	core = packed->job.core;
	core.threads = wals_thread_count();
	wals_job_check(&packed->job,
	               wc_pack_finish(state.builder, identity, &rows->pack, &core));
	packed->was_read = true;
}

/* Make of what is mapped what is read, with the base's file if it has one. */
static bool
lay(WalsPacked *packed)
{
	WcPack *layers = packed->layers;
	WalsPackKey base = packed->key;
	uint8 identity[WC_PACK_IDENTITY];

	if (layers[0].base_identity == NULL)
	{
		packed->rows.pack = layers[0];
		return true;
	}
	layers[1] = layers[0];
	memcpy(identity, layers[1].base_identity, WC_PACK_IDENTITY);
	base.what = WALS_PACK_BASE;
	return wals_packfile_open(&base, identity, &packed->base_map, &layers[0]) &&
	       wc_pack_lay(&layers[0], &layers[1], &packed->rows.pack);
}

/*
 * That a file holds what the key says is looked at all the same: buffers depend on
 * it.
 */
bool
wals_packed_open(WalsPacked *packed)
{
	WcPack *pack = &packed->rows.pack;

	if (!wals_packfile_open(&packed->key, NULL, &packed->map,
	                        &packed->layers[0]))
		return false;
	if (lay(packed) && pack->factors == packed->key.factors &&
	    pack->kind == wals_id_kind(packed->rows.id_type))
		return true;
	wals_mapping_close(&packed->map);
	wals_mapping_close(&packed->base_map);
	memset(packed->layers, 0, sizeof(packed->layers));
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

bool
wals_packed_write(const WalsPackKey *key, const WalsModel *model,
                  const void *block, Size bytes, bool tell)
{
	pg_uuid_t *kept;
	int n_kept = find_kept(model, &kept);

	return wals_packfile_write(key, n_kept, kept, block, bytes, tell);
}

/*
 * Put the rows that were read into a file and take them from there.  Why that
 * cannot be is said if tell is set; false then.
 */
static bool
packed_share(WalsPacked *packed, const WalsModel *model, bool tell)
{
	void *owned = packed->rows.pack.owned;
	WcPack own = packed->rows.pack;
	bool done = true;

	if (packed->only_in != InvalidLocalTransactionId ||
	    (own.bytes < SHARE_FROM && wals_cache_share != WALS_SHARE_ALWAYS))
		return true;
	if (!wals_packed_write(&packed->key, model, own.block, own.bytes, tell))
		done = false;
	else if (wals_packed_open(packed))
	{
		wc_free(&packed->job.alloc, owned);
		own = packed->rows.pack;
	}
	packed->rows.pack = own;
	CHECK_FOR_INTERRUPTS();
	return done;
}

/* How a file that is not there comes to be. */
typedef struct Making
{
	const WalsModel *model;
	WalsSnapshot snapshot; /* that model was read with */
	bool is_new; /* the identity is of this transaction */
	bool tell; /* why there will be no file */
	bool by_worker; /* if it is large */
	WalsPackTurn turn; /* whose turn it has to be */
} Making;

/* Whether what the rows were read for still has the identity they have. */
static bool
is_same_still(const WalsPacked *packed, const WalsModel *model)
{
	WalsModel now;
	WalsPackKey key;

	if (!wals_model_find_version(model->relation, model->version, &now))
		return false;
	wals_packed_ask(&now, (WcSide) packed->key.side, &key);
	return wals_packed_is_asked(packed, &key);
}

/*
 * Whether a background worker would read the same rows, and it is worth having
 * one.  Whatever this does not know of, the worker finds out (wals_packed_build).
 */
static bool
worker_is_of_use(const WalsPacked *packed)
{
	Oid table = packed->key.table;
	Oid model = packed->key.model;
	Relation relation;
	Oid rows;
	bool large;

	if (get_rel_persistence(table) == RELPERSISTENCE_TEMP ||
	    get_rel_persistence(model) == RELPERSISTENCE_TEMP ||
	    wals_packed_may_differ(table) || wals_packed_may_differ(model))
		return false;
	(void) wals_version_table_find(table, packed->key.version, &rows);
	relation =
	    try_relation_open(OidIsValid(rows) ? rows : table, AccessShareLock);
	if (relation == NULL)
		return false;
	large = RELKIND_HAS_STORAGE(relation->rd_rel->relkind) &&
	        (Size) RelationGetNumberOfBlocks(relation) * BLCKSZ >= WORKER_FROM;
	relation_close(relation, AccessShareLock);
	return large;
}

/* Wait a while, and longer the next time. */
static void
wait_a_while(long *milliseconds)
{
	wals_wait(*milliseconds);
	*milliseconds = Min(2 * *milliseconds, PATIENCE_MOST);
}

/*
 * The first in line waits for a worker that is making the file, or is started to
 * do it.  False when there is none any more, and no file.
 */
static bool
packed_await(WalsPacked *packed, const Making *making)
{
	WalsBuilder *builder = NULL;
	long patience = 1; /* milliseconds */

	for (;;)
	{
		if (!wals_packfile_is_locked(&packed->key, WALS_PACK_WORKER))
		{
			if (builder != NULL
			        ? wals_builder_has_ended(builder)
			        : !making->by_worker || !worker_is_of_use(packed) ||
			              (builder = wals_builder_start(&packed->key)) == NULL)
				return wals_packed_open(packed);
		}
		wait_a_while(&patience);
		if (wals_packed_open(packed))
			return true;
	}
}

/*
 * Make what the lock is for: read the rows, and share them.  Whether this took no
 * failure.
 */
static bool
packed_make(WalsPacked *packed, const Making *making, WalsPackLock *lock)
{
	volatile bool done = true;

	PG_TRY();
	{
		if (making->turn == WALS_PACK_WORKER || !packed_await(packed, making))
		{
			wals_packed_load(packed, making->snapshot, NULL);
			if (making->is_new)
				packed->only_in = InvalidLocalTransactionId;
			if (making->snapshot == WALS_READ_CALLER ||
			    is_same_still(packed, making->model))
				done = packed_share(packed, making->model, making->tell);
		}
	}
	PG_FINALLY();
	{
		wals_packfile_unlock(lock);
	}
	PG_END_TRY();
	return done;
}

/* Take the rows from a file, which one session at a time makes. */
static bool
packed_open_or_make(WalsPacked *packed, const Making *making)
{
	WalsPackLock lock;
	long patience = 1; /* milliseconds */

	while (!wals_packed_open(packed))
	{
		if (wals_packfile_lock(&packed->key, making->turn, &lock))
		{
			/* it may have been made just before */
			if (!wals_packed_open(packed))
				return packed_make(packed, making, &lock);
			wals_packfile_unlock(&lock);
			break;
		}
		wait_a_while(&patience);
	}
	return true;
}

bool
wals_packed_open_or_make(WalsPacked *packed, const WalsModel *model, bool tell)
{
	const Making making = {.model = model,
	                       .snapshot = WALS_READ_CALLER,
	                       .tell = tell,
	                       .by_worker = true,
	                       .turn = WALS_PACK_ASKER};

	return packed_open_or_make(packed, &making);
}

static Size
prepare(WcSide side, const Making *making)
{
	WalsPackKey key;
	WalsPacked *packed;
	Size bytes;

	wals_packed_ask(making->model, side, &key);
	LockRelationOid(key.table, AccessShareLock);
	if (wals_cache_share == WALS_SHARE_NEVER ||
	    wals_packed_is_restricted(key.table) || !wals_packed_look(&key))
		return 0;
	packed = wals_packed_create(&key);
	(void) packed_open_or_make(packed, making);
	/* who waits for a worker will see it himself */
	if (making->turn == WALS_PACK_ASKER)
		wals_complete_check(making->model, side,
		                    wals_rows_count(&packed->rows));
	bytes = packed->map.address != NULL ? packed->rows.pack.bytes : 0;
	/*
	 * What folding in to such a version takes, unless it has options for rarer
	 * uses.  Who waits for a worker does not wait for this.
	 */
	if (bytes > 0 && side == WC_ITEMS && making->turn == WALS_PACK_ASKER &&
	    strcmp(making->model->feedback, "implicit") == 0)
		wals_packed_gram(packed, making->model, NULL);
	MemoryContextDelete(packed->job.context);
	return bytes;
}

Size
wals_packed_prepare(const WalsModel *model, WcSide side, WalsSnapshot snapshot,
                    bool is_new)
{
	const Making making = {.model = model,
	                       .snapshot = snapshot,
	                       .is_new = is_new,
	                       .tell = true,
	                       .turn = WALS_PACK_ASKER};

	return prepare(side, &making);
}

WalsPacked *
wals_packed_hold(const WalsModel *model, WcSide side, bool make)
{
	const Making making = {
	    .model = model, .snapshot = WALS_READ_FRESH, .turn = WALS_PACK_ASKER};
	WalsPackKey key;
	WalsPacked *packed;
	bool alone;

	wals_packed_ask(model, side, &key);
	LockRelationOid(key.table, AccessShareLock);
	alone = wals_packed_look(&key);
	packed = wals_packed_create(&key);
	if (wals_cache_share == WALS_SHARE_NEVER || !alone ||
	    wals_packed_is_restricted(key.table))
	{
		if (!make)
			return NULL;
		wals_packed_load(packed, WALS_READ_FRESH, NULL);
	}
	else if (make)
		(void) packed_open_or_make(packed, &making);
	else if (!wals_packed_open(packed))
		return NULL;
	return packed;
}

/*
 * The asker may have seen another version, or have written it himself: only what
 * all others see under the same identity is of use to him.  He may hold locks that
 * are in our way while he waits for us.
 */
void
wals_packed_build(const WalsPackKey *asked)
{
	WalsModel model;
	WalsPackKey key;
	const Making making = {.model = &model,
	                       .snapshot = WALS_READ_LATEST,
	                       .turn = WALS_PACK_WORKER};

	if (!ConditionalLockRelationOid(asked->model, AccessShareLock) ||
	    !ConditionalLockRelationOid(asked->table, AccessShareLock) ||
	    !wals_model_find_version(asked->model, asked->version, &model))
		return;
	wals_packed_ask(&model, (WcSide) asked->side, &key);
	if (memcmp(&key, asked, WALS_PACKED_ASKED) == 0)
		(void) prepare((WcSide) asked->side, &making);
}
