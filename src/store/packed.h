/*-------------------------------------------------------------------------
 *
 * packed.h
 *	  One side of a version, packed: read from its table, or from a file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PACKED_H
#define WALS_STORE_PACKED_H

#include "base/job.h"
#include "store/cache.h"
#include "store/packfile.h"

/* Rows, and all that they take, in a memory context of their own. */
typedef struct WalsPacked
{
	WalsPackKey key;
	bool was_read; /* from the table, by this session */
	LocalTransactionId only_in; /* the transaction whose changes it may hold,
	                             * which nobody else may ever see; or none */
	WalsJob job; /* the context and its size */
	WalsMapping map; /* the pack's file, when it is shared */
	WalsMapping base_map; /* of what it is a delta to, if it is one */
	MemoryContextCallback unmap;
	WcPack layers[2]; /* base and delta */
	WalsRows rows;
} WalsPacked;

/* Whether some of what is mapped has become zeros. */
static inline bool
wals_packed_is_damaged(const WalsPacked *packed)
{
	return packed->map.damaged || packed->base_map.damaged;
}

/* Of a key, what the model's row says. */
#define WALS_PACKED_ASKED offsetof(WalsPackKey, storage)

/* Fill in what the model's row says of a side, zeros besides. */
extern void wals_packed_ask(const WalsModel *model, WcSide side,
                            WalsPackKey *key);

/* Whether the key says the same of a side. */
static inline bool
wals_packed_is_asked(const WalsPacked *packed, const WalsPackKey *key)
{
	return memcmp(&packed->key, key, WALS_PACKED_ASKED) == 0;
}

/*
 * Fill in what the catalog says of the table; false when nothing read from it can
 * be kept: it is gone, or others inherit from it.
 */
extern bool wals_packed_look(WalsPackKey *key);

/*
 * Whether row-level security restricts the caller; 42501 where it would and
 * row_security is off.
 */
extern bool wals_packed_is_restricted(Oid table);

/* Nothing but the key yet, in a context below the current one. */
extern WalsPacked *wals_packed_create(const WalsPackKey *key);

/* Take the rows from their file, if there is one. */
extern bool wals_packed_open(WalsPacked *packed);

/* Rows that may differ from those of a pack, and no others. */
typedef struct WalsPackedChange
{
	const WcPack *pack;
	const WcIdMap *ids;
} WalsPackedChange;

/*
 * Read the rows from the table, which is locked, into memory: XX001 and others.
 * With change only those are read, and the pack is what leads from its base.
 */
extern void wals_packed_load(WalsPacked *packed, WalsSnapshot snapshot,
                             const WalsPackedChange *change);

/*
 * Take the rows from their file, or read them with the caller's snapshot and share
 * them if they are large enough.  A file that should be there is not when the
 * result is false; why is said if tell is set.
 */
extern bool wals_packed_open_or_make(WalsPacked *packed, const WalsModel *model,
                                     bool tell);

/*
 * The rows of a side of a version as they are now, for who changes it: from a file,
 * or read; without make only from a file, or NULL.
 */
extern WalsPacked *wals_packed_hold(const WalsModel *model, WcSide side,
                                    bool make);

/*
 * After ids of a side have other rows than before had, or none: make the files of
 * the version, whose identity is new, from those that before was taken from and
 * from these rows, as they are in the table.  Where that is of no use, as after
 * many changes, nothing is done.
 */
extern void wals_packed_change(const WalsPacked *before, const WalsModel *model,
                               const WcIdMap *ids);

/*
 * The Gram matrix of rows, k x k, upper triangle, as wals.kernel sums it: from a
 * file, or summed, and written where the rows are in a file.  gram NULL: only that
 * it is there.
 */
extern void wals_packed_gram(const WalsPacked *packed, const WalsModel *model,
                             double *gram);

/* The same of a pack that differs from packed in the rows of ids. */
extern void wals_packed_gram_of(const WalsPacked *packed,
                                const WalsModel *model, const WcPack *pack,
                                const WcIdMap *ids, double *gram);

/* What rows are part of: wals_cache_rows gives nothing else. */
static inline const WalsPacked *
wals_packed_of(const WalsRows *rows)
{
	return (const WalsPacked *) ((const char *) rows -
	                             offsetof(WalsPacked, rows));
}

/*
 * Put a block into the file of a key that is about a version of model.  False when
 * that cannot be, which is said if tell is set.
 */
extern bool wals_packed_write(const WalsPackKey *key, const WalsModel *model,
                              const void *block, Size bytes, bool tell);

/* Whether a table is being read: policies may call us in the middle of it. */
extern bool wals_packed_is_reading(void);

/*
 * Make the file of a side of a version, if it has none and is to have one, so that
 * nobody waits for it later.  snapshot is what model was read with.  is_new says
 * that the identity is of this transaction: then what it has written is shared
 * before it is committed, because who changes the rows once more gives them another
 * identity, and after a rollback nobody asks for this one.  Returns the bytes of
 * the file, 0: there is none.
 */
extern Size wals_packed_prepare(const WalsModel *model, WcSide side,
                                WalsSnapshot snapshot, bool is_new);

/*
 * The same as a background worker, for a session that asked for a key, with all
 * that is committed now.  Nothing is done where that is another version, or a lock
 * would have to be waited for.
 */
extern void wals_packed_build(const WalsPackKey *asked);

/*
 * May this transaction see other rows of a table than all others do, because it
 * has changed some?  What it reads there is its own.
 */
extern bool wals_packed_may_differ(Oid table);

#endif /* WALS_STORE_PACKED_H */
