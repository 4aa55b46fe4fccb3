/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  The one reader of rows of a user and an item: ids to indexes, by the block.
 *
 * Ids go through a dictionary to dense indexes, a block of a few thousand at a
 * time, because looking up one id at a time is a cache miss at a time; then the
 * block goes to the end of the core's arrays.  Of text and uuids the block keeps
 * a copy: a row's memory is not ours when the next one comes.
 *
 * Who wants the rows of some users only has them looked up one at a time: most
 * rows end there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/relation.h"
#include "store/rows.h"

static void
open_column(WalsIdColumn *column, WcIdMap *map, Oid type)
{
	column->map = map;
	column->type = type;
	column->indexes = palloc(sizeof(int32) * WALS_BLOCK_ROWS);
	if (type == INT2OID || type == INT4OID || type == INT8OID)
		column->numbers = palloc(sizeof(int64) * WALS_BLOCK_ROWS);
	else
	{
		column->ids = palloc0(sizeof(WcId) * WALS_BLOCK_ROWS);
		column->bytes = palloc(WALS_BLOCK_BYTES + WALS_ID_MAX_BYTES);
	}
}

void
wals_block_open(WalsBlock *block, const WalsJob *job, WcIdMap *users,
                Oid user_type, WcIdMap *items, Oid item_type, WcCoo *coo)
{
	memset(block, 0, sizeof(*block));
	block->job = job;
	block->coo = coo;
	open_column(&block->user, users, user_type);
	open_column(&block->item, items, item_type);
	if (coo != NULL && coo->value != NULL)
		block->value = palloc(sizeof(float) * WALS_BLOCK_ROWS);
	if (coo != NULL && coo->weight != NULL)
		block->weight = palloc(sizeof(float) * WALS_BLOCK_ROWS);
	if (coo != NULL && coo->time != NULL)
		block->time = palloc(sizeof(int64) * WALS_BLOCK_ROWS);
	block->row_context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals rows", ALLOCSET_DEFAULT_SIZES);
	block->long_context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals long ids", ALLOCSET_SMALL_SIZES);
}

void
wals_block_stage_bytes(WalsBlock *block, WalsIdColumn *column, Datum datum)
{
	WcId id = wals_id_from_datum(column->type, datum);
	char *copy;

	if (unlikely(id.length > WALS_ID_MAX_BYTES) && column->name != NULL)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("id in column \"%s\" is too long", column->name),
		                errdetail("It has %zu bytes, the limit is %d.",
		                          id.length, WALS_ID_MAX_BYTES),
		                errhint("Train on a view with shorter ids, for example "
		                        "md5(%s).",
		                        quote_identifier(column->name))));
	if (unlikely(id.length > WALS_ID_MAX_BYTES))
		copy = MemoryContextAllocHuge(block->long_context, id.length);
	else
	{
		copy = column->bytes + column->used;
		column->used += id.length;
	}
	memcpy(copy, id.bytes, id.length);
	column->ids[block->staged].bytes = copy;
	column->ids[block->staged].length = id.length;
}

static void
look_up_ids(const WalsBlock *block, WalsIdColumn *column)
{
	wals_job_check(block->job,
	               column->numbers != NULL
	                   ? wc_idmap_add_many(column->map, block->staged,
	                                       column->numbers, column->indexes)
	                   : wc_idmap_add_many_bytes(column->map, block->staged,
	                                             column->ids, column->indexes));
	column->used = 0;
}

bool
wals_block_wants(WalsBlock *block, Datum user)
{
	WcId id;
	int32 index;

	if (block->wanted == NULL)
		return true;
	id = wals_id_from_datum(block->user.type, user);
	index = wc_idmap_find(block->user.map, &id);
	block->user.indexes[block->staged] = index;
	return index >= 0 && block->wanted[index];
}

void
wals_block_flush(WalsBlock *block)
{
	if (block->wanted == NULL)
		look_up_ids(block, &block->user);
	look_up_ids(block, &block->item);
	if (block->coo != NULL)
		wals_job_check(block->job,
		               wc_coo_append(block->coo,
		                             &(WcCoo){.user = block->user.indexes,
		                                      .item = block->item.indexes,
		                                      .value = block->value,
		                                      .weight = block->weight,
		                                      .time = block->time},
		                             0, block->staged, &block->job->alloc));
	block->staged = 0;
	MemoryContextReset(block->long_context);
}
