/*-------------------------------------------------------------------------
 *
 * touched.c
 *	  Users and items with rows that are new, by the times of rows.
 *
 * One statement reads the rows that may be new, so that what is counted is what
 * is looked at.  Which of them are is known when the last one has been seen
 * (newest.c).
 *
 * Memory: 16 bytes for each of these rows, and their ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/numbers.h"
#include "store/query.h"
#include "store/queue.h"
#include "store/rows.h"

typedef struct ReadState
{
	Oid time_type; /* InvalidOid: rows have none */
	WalsBlock block;
} ReadState;

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	MemoryContext caller;
	int64 time = 0;

	if (row->nulls[0] || row->nulls[1])
		return;
	caller = wals_block_begin(&state->block);
	if (!OidIsValid(state->time_type) ||
	    wals_time_of(state->time_type, row->values[2], &time))
		wals_block_take(&state->block, row->values[0], row->values[1], 1, 1,
		                time);
	MemoryContextSwitchTo(caller);
}

/* Run a statement whose rows go to these maps and, if it is not NULL, coo. */
static void
read_rows(const WalsSource *source, const WalsJob *job, const char *sql,
          int n_args, const Oid *types, const Datum *values, WcIdMap *users,
          WcIdMap *items, WcCoo *coo)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals read", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	WalsShape shape = {2, {source->user_type, source->item_type}};
	ReadState state = {0};

	if (coo != NULL)
	{
		shape.types[shape.n++] = source->time_type;
		state.time_type = source->time_type;
	}
	wals_block_open(&state.block, job, users, source->user_type, items,
	                source->item_type, coo);
	wals_query_each_once(sql, n_args, types, values, WALS_READ_FRESH, &shape,
	                     read_row, &state);
	wals_block_flush(&state.block);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

void
wals_touched_all(const WalsSource *source, const WalsModel *model,
                 const WalsJob *job, WalsTouched *touched)
{
	read_rows(source, job,
	          psprintf("SELECT DISTINCT %s, %s FROM %s",
	                   quote_identifier(source->user_col),
	                   quote_identifier(source->item_col),
	                   wals_relation_quoted(source->relation)),
	          0, NULL, NULL, touched->users, touched->items, NULL);
}

static WcIdMap *
ids_create(const WalsJob *job, WalsIdType type)
{
	WcIdMap *ids;

	wals_job_check(job, wc_idmap_create(wals_id_kind(type), &ids, &job->alloc));
	return ids;
}

static void
copy_id(const WalsJob *job, const WcIdMap *from, int32 index, WcIdMap *to)
{
	WcId id = wc_idmap_get(from, index);
	int32 ignored;

	wals_job_check(job, wc_idmap_add(to, &id, &ignored));
}

void
wals_touched_since(const WalsSource *source, int64 since,
                   const WalsModel *model, const WalsJob *job,
                   WalsNewest *newest, WalsTouched *touched)
{
	const char *time_col = quote_identifier(source->time_col);
	WcIdMap *users = ids_create(job, model->user_type);
	WcIdMap *items = ids_create(job, model->item_type);
	Oid types[1];
	Datum values[1] = {wals_newest_datum(source->time_type, since, &types[0])};
	int64 *times;
	int64 until;
	int64 i;
	WcCoo rows;

	wals_job_check(job, wc_coo_init(&rows, false, false, true, &job->alloc));
	read_rows(source, job,
	          psprintf("SELECT %s, %s, %s FROM %s "
	                   "WHERE %s OPERATOR(pg_catalog.>=) $1",
	                   quote_identifier(source->user_col),
	                   quote_identifier(source->item_col), time_col,
	                   wals_relation_quoted(source->relation), time_col),
	          1, types, values, users, items, &rows);
	times = wals_job_array(job, Max(rows.count, 1), sizeof(int64));
	if (rows.count > 0)
		memcpy(times, rows.time, sizeof(int64) * (Size) rows.count);
	until = wals_newest_advance(source->time_type, times, rows.count, newest);
	for (i = 0; i < rows.count; i++)
	{
		if (rows.time[i] <= until)
			continue;
		copy_id(job, users, rows.user[i], touched->users);
		copy_id(job, items, rows.item[i], touched->items);
	}
	wc_free(&job->alloc, times);
	wc_coo_free(&rows, &job->alloc);
	wc_idmap_free(users);
	wc_idmap_free(items);
}
