/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  Rows of one table, without a statement where that is as good.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_DIRECT_H
#define WALS_STORE_DIRECT_H

#include "store/query.h"

#define WALS_KEYS_MAX 2

/* How rows are found where no statement does it. */
typedef enum WalsFinding
{
	WALS_FIND_ALL, /* a small table: all rows are looked at */
	WALS_FIND_KEY, /* by the primary key, which the keys are; the first a version */
	WALS_FIND_INDEX /* by an index alone, which begins with the keys */
} WalsFinding;

/* Columns of the rows of a table whose keys equal these values. */
typedef struct WalsLookup
{
	Oid table;
	WalsSnapshot snapshot; /* only the caller's is read directly */
	WalsFinding finding;
	const char *columns[WALS_SHAPE_MAX]; /* names */
	WalsShape shape; /* their types, and how many there are */
	int n_keys;
	const char *keys[WALS_KEYS_MAX]; /* names of columns */
	Oid key_types[WALS_KEYS_MAX];
	Datum key_values[WALS_KEYS_MAX];
} WalsLookup;

/*
 * Call each_row for the rows that the snapshot sees, with the columns in the
 * order they were asked for: read directly where that gives what a
 * statement gives, else by a statement, with its errors.  The caller has checked
 * the right to SELECT.  Returns whether it was read directly.  42804 where a column is of another type, 40001 as
 * wals_storage_check.
 */
extern bool wals_direct_read(const WalsLookup *lookup, WalsRowFunction each_row,
                             void *arg);

/* What the planner makes of a statement that reads one table (planner.c). */

/*
 * Does the planner read a statement's n columns (numbers of attributes) from this
 * very table by an ordinary scan, with no condition but on the key columns?  Then
 * reading the table is as good as the statement.  It is asked with whatever
 * extensions have hooked into it.
 */
extern bool wals_planner_scans(const char *sql, int n_args, const Oid *types,
                               Oid table, int n, const AttrNumber *columns,
                               int n_keys, const AttrNumber *keys);

/*
 * Whether extensions have put other hooks into the parser or the planner since
 * this was last asked, or it was never asked: what the planner said before does
 * not hold then.
 */
extern bool wals_planner_changed(void);

/* Whether there are any: without, a table is read as its catalog entry says. */
extern bool wals_planner_is_hooked(void);

#endif /* WALS_STORE_DIRECT_H */
