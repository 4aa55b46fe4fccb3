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

#include "base/report.h"
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
	const WalsMemory *memory;
	WalsTimeReader read_time; /* NULL: rows have none */
	WcIdMap *users; /* of all rows */
	WcIdMap *items;
	TouchedRow *rows;
	int64 count;
	int64 capacity;
} ReadState;

static void
check(const WalsMemory *memory, WcStatus status)
{
	WcError error = {status, WC_USERS, -1, -1, ""};

	if (status != WC_OK)
		wals_report(&error, memory, NULL, NULL);
}

static void
make_room(ReadState *state)
{
	const WcAlloc *alloc = &state->memory->alloc;
	int64 capacity = Max(1024, state->capacity * 2);
	TouchedRow *rows;

	if (state->count < state->capacity)
		return;
	rows = wc_alloc_array(alloc, capacity, sizeof(TouchedRow));
	if (rows == NULL)
		check(state->memory, WC_NO_MEMORY);
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
	check(state->memory, wc_idmap_add(state->users, &id, &touched.user));
	id = wals_id_from_datum(state->source->item_type, row->values[1]);
	check(state->memory, wc_idmap_add(state->items, &id, &touched.item));
	if (state->read_time == NULL)
		return;
	make_room(state);
	state->rows[state->count++] = touched;
}

void
wals_touched_all(const WalsSource *source, const WalsModel *model,
                 const WalsMemory *memory, WalsTouched *touched)
{
	ReadState state = {source, memory, NULL, touched->users, touched->items};

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
ids_create(const WalsMemory *memory, WalsIdType type)
{
	WcIdMap *ids;

	check(memory, wc_idmap_create(wals_id_kind(type), &ids, &memory->alloc));
	return ids;
}

static void
copy_id(const WalsMemory *memory, const WcIdMap *from, int32 index, WcIdMap *to)
{
	WcId id = wc_idmap_get(from, index);
	int32 ignored;

	check(memory, wc_idmap_add(to, &id, &ignored));
}

void
wals_touched_since(const WalsSource *source, int64 since,
                   const WalsModel *model, const WalsMemory *memory,
                   WalsNewest *newest, WalsTouched *touched)
{
	ReadState state = {source, memory, wals_time_reader(source->time_type),
	                   ids_create(memory, model->user_type),
	                   ids_create(memory, model->item_type)};
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
	times = wc_alloc_array(&memory->alloc, Max(state.count, 1), sizeof(int64));
	if (times == NULL)
		check(memory, WC_NO_MEMORY);
	for (i = 0; i < state.count; i++)
		times[i] = state.rows[i].time;
	until = wals_newest_advance(source->time_type, times, state.count, newest);
	for (i = 0; i < state.count; i++)
	{
		const TouchedRow *row = &state.rows[i];

		if (row->time <= until)
			continue;
		copy_id(memory, state.users, row->user, touched->users);
		copy_id(memory, state.items, row->item, touched->items);
	}
	wc_free(&memory->alloc, times);
	wc_free(&memory->alloc, state.rows);
	wc_idmap_free(state.users);
	wc_idmap_free(state.items);
}
