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

#include "store/numbers.h"
#include "store/query.h"
#include "store/touched.h"

typedef struct TouchedRow
{
	int64 time;
	int32 user; /* indexes */
	int32 item;
} TouchedRow;

typedef struct ReadState
{
	const WalsSource *source;
	const WalsJob *job;
	WalsTimeReader read_time; /* NULL: rows have none */
	WcIdMap *users; /* of all rows */
	WcIdMap *items;
	TouchedRow *rows;
	int64 count;
	int64 capacity;
} ReadState;

static void
make_room(ReadState *state)
{
	const WcAlloc *alloc = &state->job->alloc;
	int64 capacity = Max(1024, state->capacity * 2);
	TouchedRow *rows;

	if (state->count < state->capacity)
		return;
	rows = wals_job_array(state->job, capacity, sizeof(TouchedRow));
	if (state->count > 0)
		memcpy(rows, state->rows, sizeof(TouchedRow) * (Size) state->count);
	wc_free(alloc, state->rows);
	state->rows = rows;
	state->capacity = capacity;
}

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	TouchedRow touched = {0, 0, 0};
	WcId id;

	if (row->nulls[0] || row->nulls[1] ||
	    (state->read_time != NULL &&
	     !state->read_time(row->values[2], &touched.time)))
		return;
	id = wals_id_from_datum(state->source->user_type, row->values[0]);
	wals_job_check(state->job, wc_idmap_add(state->users, &id, &touched.user));
	id = wals_id_from_datum(state->source->item_type, row->values[1]);
	wals_job_check(state->job, wc_idmap_add(state->items, &id, &touched.item));
	if (state->read_time == NULL)
		return;
	make_room(state);
	state->rows[state->count++] = touched;
}

void
wals_touched_all(const WalsSource *source, const WalsModel *model,
                 const WalsJob *job, WalsTouched *touched)
{
	ReadState state = {source, job, NULL, touched->users, touched->items};

	wals_query_each_once(
	    psprintf("SELECT DISTINCT %s, %s FROM %s",
	             quote_identifier(source->user_col),
	             quote_identifier(source->item_col),
	             wals_relation_quoted(source->relation)),
	    0, NULL, NULL, WALS_READ_FRESH,
	    &(const WalsShape){2, {source->user_type, source->item_type}}, read_row,
	    &state);
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
	ReadState state = {source, job, wals_time_reader(source->time_type),
	                   ids_create(job, model->user_type),
	                   ids_create(job, model->item_type)};
	const char *time_col = quote_identifier(source->time_col);
	Oid types[1];
	Datum values[1] = {wals_newest_datum(source->time_type, since, &types[0])};
	int64 *times;
	int64 until;
	int64 i;

	wals_query_each_once(
	    psprintf("SELECT %s, %s, %s FROM %s "
	             "WHERE %s OPERATOR(pg_catalog.>=) $1",
	             quote_identifier(source->user_col),
	             quote_identifier(source->item_col), time_col,
	             wals_relation_quoted(source->relation), time_col),
	    1, types, values, WALS_READ_FRESH,
	    &(const WalsShape){
	        3, {source->user_type, source->item_type, source->time_type}},
	    read_row, &state);
	times = wals_job_array(job, Max(state.count, 1), sizeof(int64));
	for (i = 0; i < state.count; i++)
		times[i] = state.rows[i].time;
	until = wals_newest_advance(source->time_type, times, state.count, newest);
	for (i = 0; i < state.count; i++)
	{
		const TouchedRow *row = &state.rows[i];

		if (row->time <= until)
			continue;
		copy_id(job, state.users, row->user, touched->users);
		copy_id(job, state.items, row->item, touched->items);
	}
	wc_free(&job->alloc, times);
	wc_free(&job->alloc, state.rows);
	wc_idmap_free(state.users);
	wc_idmap_free(state.items);
}
