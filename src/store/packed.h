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
	MemoryContextCallback unmap;
	WalsRows rows;
} WalsPacked;

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

/* Read the rows from the table, which is locked, into memory: XX001 and others. */
extern void wals_packed_load(WalsPacked *packed, WalsSnapshot snapshot);

/*
 * Take the rows from their file, or read them with the caller's snapshot and share
 * them if they are large enough.  A file that should be there is not when the
 * result is false; why is said if tell is set.
 */
extern bool wals_packed_open_or_make(WalsPacked *packed, const WalsModel *model,
                                     bool tell);

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
