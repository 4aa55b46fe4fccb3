/*-------------------------------------------------------------------------
 *
 * seen.c
 *	  What many users have seen, read from the live source at once.
 *
 * The rules are those of history.c: the source as it is now, with the caller's
 * rights.  What differs is that one statement reads all users of a call, or as
 * many as fit into memory, in whatever order the server finds fastest, and that
 * the pairs are sorted here: sorting them by user in the server takes several
 * times as long as reading them.
 *
 * While a statement runs, no rows of the cache may be in use (cache.h): the
 * source may be a view that asks for recommendations itself.  So ids are
 * numbered by maps of our own and translated afterwards.
 *
 * Memory: 8 bytes for each pair while reading, 12 while sorting, and the ids.
 * When the limit is reached, equal pairs are merged: a log of clicks has the
 * same one many times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "store/history.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/rows.h"
#include "store/seen.h"

typedef struct ReadState
{
	WalsSeen *seen;
	WalsBlock block;
} ReadState;

/* Sort the pairs, numbered below users and items, and keep one of each. */
static void
sort_pairs(WalsSeen *seen, int32 users, int32 items, WcCsr *csr)
{
	int64 n_merged;
	int64 n_zero;

	wals_job_check(&seen->job,
	               wc_csr_from_coo(&seen->pairs, users, items,
	                               (WcMerging){.duplicates = WC_DUP_MAX}, csr,
	                               &n_merged, &n_zero, &seen->job.alloc,
	                               &wals_hooks, &seen->job.error));
}

/* Make room by merging equal pairs; false when that was not much. */
static bool
merge_pairs(WalsSeen *seen)
{
	WcCoo *pairs = &seen->pairs;
	WcCsr csr;
	int32 user;
	int64 i;

	sort_pairs(seen, wc_idmap_count(seen->users), wc_idmap_count(seen->items),
	           &csr);
	wals_job_check(&seen->job,
	               wc_coo_init(pairs, false, false, false, &seen->job.alloc));
	for (user = 0; user < csr.rows; user++)
		for (i = csr.start[user]; i < csr.start[user + 1]; i++)
			wals_job_check(
			    &seen->job,
			    wc_coo_append(pairs,
			                  &(WcCoo){.user = &user, .item = &csr.col[i]}, 0,
			                  1, &seen->job.alloc));
	wc_csr_free(&csr, &seen->job.alloc);
	return pairs->count <= seen->limit / 2;
}

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	WalsSeen *seen = state->seen;
	WalsBlock *block = &state->block;
	MemoryContext caller;

	if (wals_row_has_null(row) || seen->over_limit)
		return;
	if (seen->pairs.count + block->staged >= seen->limit)
	{
		wals_block_flush(block);
		seen->over_limit = !merge_pairs(seen);
		if (seen->over_limit)
			return;
	}
	caller = wals_block_begin(block);
	wals_block_take(block, row->values[0], row->values[1], 1, 1, 0);
	MemoryContextSwitchTo(caller);
}

/*
 * Ids are sorted by their bytes; the server's text is in the order of the
 * database's collation unless told otherwise.
 */
static const char *
in_byte_order(WalsIdType id_type)
{
	return id_type == WALS_ID_TEXT ? " COLLATE pg_catalog.\"C\"" : "";
}

void
wals_seen_read(const WalsModel *model, const WalsSeenUsers *which, int64 limit,
               WalsSeen *seen)
{
	const char *user_col = quote_identifier(NameStr(model->user_col));
	Oid id_type = wals_id_sql_type(model->user_type);
	ReadState state = {.seen = seen};
	const char *condition = "";
	Oid types[2] = {id_type, id_type};
	Datum values[2] = {which->from, which->to};
	int n_values = 0;
	MemoryContext context;
	MemoryContext caller;
	Oid user_type;
	Oid item_type;

	wals_history_check_source(model, &user_type, &item_type);
	memset(seen, 0, sizeof(*seen));
	wals_job_init(&seen->job, CurrentMemoryContext, 0);
	seen->limit = limit;
	wals_job_check(&seen->job, wc_idmap_create(wals_id_kind(model->user_type),
	                                           &seen->users, &seen->job.alloc));
	wals_job_check(&seen->job, wc_idmap_create(wals_id_kind(model->item_type),
	                                           &seen->items, &seen->job.alloc));
	wals_job_check(&seen->job, wc_coo_init(&seen->pairs, false, false, false,
	                                       &seen->job.alloc));
	context = AllocSetContextCreate(CurrentMemoryContext, "wals read",
	                                ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	wals_block_open(&state.block, &seen->job, seen->users, user_type,
	                seen->items, item_type, &seen->pairs);
	if (which->named != NULL)
	{
		int16 length;
		bool by_value;
		char align;

		condition = psprintf(" WHERE %s OPERATOR(pg_catalog.=) ANY "
		                     "(SELECT pg_catalog.unnest($1))",
		                     user_col);
		get_typlenbyvalalign(id_type, &length, &by_value, &align);
		types[0] = get_array_type(id_type);
		values[0] = PointerGetDatum(construct_array(
		    which->named, which->n_named, id_type, length, by_value, align));
		n_values = 1;
	}
	else if (which->has_range)
	{
		const char *order = in_byte_order(model->user_type);

		condition = psprintf(" WHERE %s%s OPERATOR(pg_catalog.>=) $1 "
		                     "AND %s%s OPERATOR(pg_catalog.<=) $2",
		                     user_col, order, user_col, order);
		n_values = 2;
	}
	wals_query_each(psprintf("SELECT %s, %s FROM %s%s", user_col,
	                         quote_identifier(NameStr(model->item_col)),
	                         wals_relation_quoted(model->source), condition),
	                n_values, types, values, WALS_READ_CALLER,
	                &(const WalsShape){2, {user_type, item_type}}, read_row,
	                &state);
	wals_block_flush(&state.block);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* Indexes of ids in the version, -1 for those it does not have. */
static int32 *
translate_ids(const WcIdMap *ids, const WalsRows *rows)
{
	int32 count = wc_idmap_count(ids);
	int32 *result =
	    palloc_extended(sizeof(int32) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	int32 i;

	for (i = 0; i < count; i++)
		result[i] = wals_rows_find(rows, wc_idmap_get(ids, i));
	return result;
}

void
wals_seen_sort(WalsSeen *seen, const WalsRows *users, const WalsRows *items,
               WcCsr *csr)
{
	int32 *user_index = translate_ids(seen->users, users);
	int32 *item_index = translate_ids(seen->items, items);
	WcCoo *pairs = &seen->pairs;
	int64 kept = 0;
	int64 i;

	wc_idmap_free(seen->users);
	wc_idmap_free(seen->items);
	for (i = 0; i < pairs->count; i++)
	{
		int32 user = user_index[pairs->user[i]];
		int32 item = item_index[pairs->item[i]];

		if (user < 0 || item < 0)
			continue;
		pairs->user[kept] = user;
		pairs->item[kept] = item;
		kept++;
	}
	pairs->count = kept;
	pfree(user_index);
	pfree(item_index);
	sort_pairs(seen, wals_rows_count(users), wals_rows_count(items), csr);
}
