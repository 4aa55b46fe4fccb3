/*-------------------------------------------------------------------------
 *
 * query.h
 *	  How this room runs SQL.
 *
 * All text passed here is built by the store room from catalog look-ups:
 * relations and columns quoted, operators and functions qualified, values as
 * parameters only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_QUERY_H
#define WALS_STORE_QUERY_H

#include "access/tupdesc.h"
#include "utils/queryenvironment.h"
#include "utils/snapshot.h"

/* Everything below runs between these two; they nest. */
extern void wals_query_begin(void);
extern void wals_query_end(void);

/*
 * The same for a procedure that may commit on its way: wals_query_commit ends
 * the transaction and begins the next, which has no snapshot before it runs a
 * statement.  Needs a call that is not atomic (CALL outside of a transaction
 * block).
 */
extern void wals_query_begin_procedure(void);
extern void wals_query_end_procedure(void);
extern void wals_query_commit(void);

/*
 * Procedures between wals_query_guard and wals_query_unguard may fail:
 *
 *		wals_query_guard();
 *		PG_TRY();
 *			... begin_procedure, commit, end_procedure ...
 *			wals_query_unguard();
 *		PG_CATCH();
 *			error = wals_query_survive();
 *		PG_END_TRY();
 *
 * What they had not committed is undone, their connections are closed, and the
 * transaction goes on.  A cancel and its like are not survived.
 */
extern void wals_query_guard(void);
extern void wals_query_unguard(void);
extern ErrorData *wals_query_survive(void);

/*
 * Read relations of the user's and give back the locks that this took, so that
 * nobody who wants to change them waits while we compute.  read looks up, checks
 * and copies; results of its statements are gone afterwards, and what it looked
 * at may have been altered, emptied or dropped.  What had been locked before
 * stays locked, as does everything if read has run code that writes, or while
 * parallel workers run.
 */
typedef void (*WalsReadFunction)(void *arg);
extern void wals_query_read_and_unlock(WalsReadFunction read, void *arg);

/* Whether a statement sees the caller's snapshot or takes a new one. */
typedef enum WalsSnapshot
{
	WALS_READ_CALLER, /* functions that answer */
	WALS_READ_FRESH, /* functions that change something */
	WALS_READ_LATEST /* what is committed now, under REPEATABLE READ too */
} WalsSnapshot;

/*
 * Run a statement through a plan that is kept for the session.  Returns the
 * number of rows; those of a SELECT are read with wals_query_value.
 */
extern uint64 wals_query_run(const char *sql, int n_args, const Oid *types,
                             const Datum *values, const char *nulls,
                             WalsSnapshot snapshot);

/* Run a statement that changes something through a plan for these values. */
extern uint64 wals_query_change(const char *sql, int n_args, const Oid *types,
                                const Datum *values);
/*
 * A snapshot of this moment for statements that see the caller's, until it is
 * dropped: for jobs whose caller's is old, or gone with a commit.
 */
extern void wals_query_take_snapshot(void);
extern void wals_query_drop_snapshot(void);

/* Run a statement once, without keeping its plan. */
extern uint64 wals_query_once(const char *sql);

/*
 * Value of the last result, columns counted from 1, which must be of this type
 * or a domain over it (42804, as for WalsShape).  Pass-by-reference values live
 * until wals_query_end.
 */
extern Datum wals_query_value(uint64 row, int column, Oid type, bool *is_null);

/*
 * The columns that rows are going to be read as: base types, in order.  What a
 * statement returns is compared with it before its first row is handed over
 * (42804), because the columns it was written for may have been changed while
 * it waited for a lock.
 */
#define WALS_SHAPE_MAX 64

typedef struct WalsShape
{
	int n;
	Oid types[WALS_SHAPE_MAX];
} WalsShape;

/* A row of such columns; it and what it points to live during a call only. */
typedef struct WalsRow
{
	int n;
	const Datum *values;
	const bool *nulls;
} WalsRow;

/*
 * Call each_row for every row of a query, as it comes: nothing is collected, and
 * what each_row allocates in the context it is called in may go with the row.
 */
typedef void (*WalsRowFunction)(const WalsRow *row, void *arg);
extern void wals_query_each(const char *sql, int n_args, const Oid *types,
                            const Datum *values, WalsSnapshot snapshot,
                            const WalsShape *shape, WalsRowFunction each_row,
                            void *arg);

/*
 * The same through a plan for these very values, arrays of ids above all, which
 * is not kept.
 */
extern void wals_query_each_once(const char *sql, int n_args, const Oid *types,
                                 const Datum *values, WalsSnapshot snapshot,
                                 const WalsShape *shape,
                                 WalsRowFunction each_row, void *arg);

/*
 * Let statements read a tuplestore under a name that hides tables, until
 * wals_query_forget.  The current memory context must live until
 * wals_query_end: the server keeps its list of such names in it.
 */
extern void wals_query_offer(EphemeralNamedRelation relation);
extern void wals_query_forget(const char *name);

/* Whether a snapshot can still see what a relation held (storage.c). */

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

#endif /* WALS_STORE_QUERY_H */
