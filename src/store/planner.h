/*-------------------------------------------------------------------------
 *
 * planner.h
 *	  What the planner makes of a statement that reads one table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PLANNER_H
#define WALS_STORE_PLANNER_H

#include "store/query.h"

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

#endif /* WALS_STORE_PLANNER_H */
