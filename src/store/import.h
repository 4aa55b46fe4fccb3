/*-------------------------------------------------------------------------
 *
 * import.h
 *	  Read factors that were trained elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_IMPORT_H
#define WALS_STORE_IMPORT_H

#include "store/side.h"

/*
 * Read one side from a relation with the columns id, factors and perhaps bias
 * and n.  Everything is checked: 42501, 42703 and 42804 for the relation, 22004,
 * 22000, 22003, 22023 and 23505 for a row, which is named; option names the
 * argument.  side->factors is that of the rows, which are as long as each other.
 * *has_bias when there is such a column.
 */
extern void wals_import_read(Oid relation, WcSide which, const char *option,
                             WalsJob *job, WalsSide *side, bool *has_bias);

#endif /* WALS_STORE_IMPORT_H */
