/*-------------------------------------------------------------------------
 *
 * version_table.h
 *	  A table for the rows of one version, below a factor table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_VERSION_TABLE_H
#define WALS_STORE_VERSION_TABLE_H

#include "nodes/pg_list.h"

/*
 * The table for a version that has no rows yet: created without a key, or one that
 * was left when somebody deleted such a version by hand; the factor table itself where its owner has put something there that a table of ours would
 * not have (version_table.c).
 */
extern Oid wals_version_table_create(Oid table, int32 version);

/* Once the rows are in: its key.  Does nothing for the factor table itself. */
extern void wals_version_table_close(Oid rows, Oid table);

/*
 * Where a factor table's rows of a version are, by the constraints of the tables
 * that inherit from it: in the factor table and, if there is one, in *rows.  False
 * when more than that may hold some.  The caller has a lock on the factor table.
 */
extern bool wals_version_table_find(Oid table, int32 version, Oid *rows);

/* Whether all that inherits from a table is such, and of the table's owner. */
extern bool wals_version_table_is_safe(Oid table);

/* Where further rows of a version belong that its owner, who asks, inserts. */
extern Oid wals_version_table_of(Oid table, int32 version);

/* The factor table that a table is a version's table of, or 0. */
extern Oid wals_version_table_parent(Oid rows);

/* Whether it is one of these, or was when last looked: for callbacks. */
extern bool wals_version_table_is_known(Oid table, Oid rows);

/* The tables of a factor table's versions. */
extern List *wals_version_table_list(Oid table);

/*
 * Drop the tables of those versions that keep says no to, when the transaction
 * commits and if nobody reads them then.  Those that stay are dropped by the next
 * one who asks.
 */
typedef bool (*WalsVersionKeep)(int32 version, void *arg);
extern void wals_version_table_drop(Oid table, WalsVersionKeep keep, void *arg);

#endif /* WALS_STORE_VERSION_TABLE_H */
