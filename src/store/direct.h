/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  Rows without a statement, where that is as good.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_DIRECT_H
#define WALS_STORE_DIRECT_H

#include "store/query.h"

/*
 * Call each_row for the rows of a table that the caller's snapshot sees: all of
 * them, or those of a factor table with this version and id (a datum of
 * id_type).  The caller has checked the right to SELECT.  False, and nothing was
 * done, where only a statement gives what a statement gives: use one.
 */
extern bool wals_direct_each(Oid table, WalsRowFunction each_row, void *arg);
extern bool wals_direct_find(Oid table, int32 version, Oid id_type, Datum id,
                             WalsRowFunction each_row, void *arg);

/*
 * The same for n columns (numbers of attributes) of the rows of any table whose
 * column key equals an id (a datum of id_type), where an index has them all.
 */
extern bool wals_direct_lookup(Oid table, AttrNumber key, Oid id_type, Datum id,
                               int n, const AttrNumber *columns,
                               WalsRowFunction each_row, void *arg);

#endif /* WALS_STORE_DIRECT_H */
