/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  The one reader of rows of a user and an item: ids to indexes, by the block.
 *
 * Whoever reads such rows of a relation hands each over as it comes, with the
 * numbers it has made of the other columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_ROWS_H
#define WALS_STORE_ROWS_H

#include "utils/memutils.h"

#include "base/job.h"
#include "store/ids.h"
#include "store/query.h"

/* One of the two columns of ids. */
typedef struct WalsIdColumn
{
	WcIdMap *map;
	Oid type; /* base type */
	const char *name; /* where long ids are refused, for it; NULL: nowhere */
	int32 *indexes;

	/* what is to be looked up */
	int64 *numbers; /* integers */
	WcId *ids; /* bytes, which lie in bytes or, long ones, in the context */
	char *bytes;
	Size used; /* of bytes */
} WalsIdColumn;

/* Rows on their way to a coo. */
typedef struct WalsBlock
{
	/* given */
	const WalsJob *job;
	WcCoo *
	    coo; /* of the values, weights and times it has; NULL: only ids count */
	WalsIdColumn user;
	WalsIdColumn item;
	const bool *wanted; /* users, by index, who are kept; NULL: all are added */

	int staged; /* rows that are not in coo yet */
	float *value; /* those that coo has, else NULL */
	float *weight;
	int64 *time;

	int64 n_rows; /* that wals_block_begin has seen */
	MemoryContext row_context;
	MemoryContext long_context; /* of ids with no room in bytes */
} WalsBlock;

#define WALS_BLOCK_ROWS 2048
#define WALS_BLOCK_BYTES (32 * WALS_BLOCK_ROWS) /* of ids: then it is full */

/*
 * A block in the current context.  The types are those of the columns, without
 * their domains; the maps get the ids.
 */
extern void wals_block_open(WalsBlock *block, const WalsJob *job,
                            WcIdMap *users, Oid user_type, WcIdMap *items,
                            Oid item_type, WcCoo *coo);

/*
 * Where to be while a row is read: what is allocated there is gone some rows
 * later.
 */
static inline MemoryContext
wals_block_begin(WalsBlock *block)
{
	if (++block->n_rows % WALS_BLOCK_ROWS == 0)
		MemoryContextReset(block->row_context);
	return MemoryContextSwitchTo(block->row_context);
}

/*
 * Whether the rows of this user are to be taken; ask before each wals_block_take
 * where only some are.
 */
extern bool wals_block_wants(WalsBlock *block, Datum user);

/* Hand what was taken over; happens by itself whenever the block is full. */
extern void wals_block_flush(WalsBlock *block);

/* Part of wals_block_take, for ids that are bytes. */
extern void wals_block_stage_bytes(WalsBlock *block, WalsIdColumn *column,
                                   Datum datum);

static inline void
wals_block_stage(WalsBlock *block, WalsIdColumn *column, Datum datum)
{
	if (column->numbers != NULL)
		column->numbers[block->staged] = wals_integer_of(column->type, datum);
	else
		wals_block_stage_bytes(block, column, datum);
}

/* Take a row; numbers that the coo does not have are not looked at. */
static inline void
wals_block_take(WalsBlock *block, Datum user, Datum item, float value,
                float weight, int64 time)
{
	if (block->wanted == NULL)
		wals_block_stage(block, &block->user, user);
	wals_block_stage(block, &block->item, item);
	if (block->value != NULL)
		block->value[block->staged] = value;
	if (block->weight != NULL)
		block->weight[block->staged] = weight;
	if (block->time != NULL)
		block->time[block->staged] = time;
	if (++block->staged == WALS_BLOCK_ROWS ||
	    block->user.used >= WALS_BLOCK_BYTES ||
	    block->item.used >= WALS_BLOCK_BYTES)
		wals_block_flush(block);
}

static inline bool
wals_row_has_null(const WalsRow *row)
{
	int i;

	for (i = 0; i < row->n; i++)
		if (row->nulls[i])
			return true;
	return false;
}

#endif /* WALS_STORE_ROWS_H */
