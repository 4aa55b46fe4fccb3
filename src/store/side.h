/*-------------------------------------------------------------------------
 *
 * side.h
 *	  The users or items of a version in memory, to be changed and written back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_SIDE_H
#define WALS_STORE_SIDE_H

#include "base/job.h"
#include "store/model.h"

/* Rows of a factor table, by the index of their id. */
typedef struct WalsSide
{
	WcSide side;
	Oid table;
	WalsIdType id_type;
	int32 version;
	int32 factors; /* k */
	WalsJob *job; /* what counts the arrays */
	WcIdMap *ids;
	int32 capacity;
	float *data; /* k per row */
	float *bias;
	int32 *entries;
	int32 *likes; /* -1: not known */
	float *weight; /* given by the training's row_weights or col_weights */
} WalsSide;

/* A side of a version that nothing is read of yet, in memory of a job. */
extern void wals_side_open(const WalsModel *model, WcSide side, WalsJob *job,
                           WalsSide *result);

/*
 * Read the rows of a side of a version: all, or with only those of these ids,
 * none of which was read before.  The snapshot is a new one.  XX001 for what
 * cannot be used, 53200 when memory refuses.
 */
extern void wals_side_read(WalsSide *side, const WcIdMap *only);

/* Give back what it takes. */
extern void wals_side_close(WalsSide *side);

/* Index of an id; a new one has zeros and weight 1. */
extern int32 wals_side_add(WalsSide *side, const WcId *id);

/* Forget the rows with keep[index] false. */
extern void wals_side_keep(WalsSide *side, const bool *keep);

/*
 * Make the table's rows of these ids what side has, which for ids that it does
 * not have is none.
 */
extern void wals_side_write(const WalsSide *side, const WcIdMap *ids);

/* Insert all rows of side into a table as those of a version. */
extern void wals_side_insert(const WalsSide *side, Oid table, int32 version);

/* True when a bias is not 0. */
extern bool wals_side_has_bias(const WalsSide *side);

/* Read factors that were trained elsewhere (import.c). */

/*
 * Read one side from a relation with the columns id, factors and perhaps bias
 * and n.  Everything is checked: 42501, 42703 and 42804 for the relation, 22004,
 * 22000, 22003, 22023 and 23505 for a row, which is named; option names the
 * argument.  side->factors is that of the rows, which are as long as each other.
 * *has_bias when there is such a column.
 */
extern void wals_import_read(Oid relation, WcSide which, const char *option,
                             WalsJob *job, WalsSide *side, bool *has_bias);

#endif /* WALS_STORE_SIDE_H */
