/*-------------------------------------------------------------------------
 *
 * storage.h
 *	  Whether a snapshot can still see what a relation held.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_STORAGE_H
#define WALS_STORE_STORAGE_H

#include "utils/snapshot.h"

/*
 * 40001 when a relation, which is locked, was truncated or rewritten by a
 * transaction that the snapshot does not see, and so shows none of the rows it
 * had.  Relations of the server itself pass.
 *
 * Returns the transaction that last changed the relation's row in pg_class: until
 * the relcache is told of another change, snapshots that see this one need not
 * ask again.
 */
extern TransactionId wals_storage_check(Oid relation, Snapshot snapshot);

/* The same for a relation and all that inherit from it. */
extern void wals_storage_check_all(Oid relation, Snapshot snapshot);

#endif /* WALS_STORE_STORAGE_H */
