/*-------------------------------------------------------------------------
 *
 * history.c
 *	  What a user has already seen and how it was rated, and who has seen an
 *	  item, from the live source.
 *
 * The source is the truth: a row inserted a statement ago counts, a deleted
 * row does not, and row-level security of the source applies as to any query
 * of the caller.  A missing right is an error and never a silent "nothing
 * seen".
 *
 * One reading serves both who wants to know what was seen and who folds the
 * user in: every row with an item counts as seen, those whose numbers a
 * training would have taken are usable besides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "store/direct.h"
#include "store/history.h"
#include "store/numbers.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/source.h"

typedef struct HistoryState
{
	/* input */
	WalsSourceUse use;
	Datum user; /* whose rows are read; not for the rows of an item */
	Oid user_type; /* base types of the columns */
	Oid item_type;
	Oid id_type; /* of the ids that are read: one of these */
	WcIdKind id_kind;
	bool reads_ratings;
	int value_att; /* attribute of the result from 0, or -1 */
	int weight_att;
	int time_att;
	WalsLookup lookup; /* of the rows; the first column has ids */
	MemoryContext context;

	/* output */
	WalsHistory *history;
} HistoryState;

static void *
grown(void *array, int64 capacity, Size size)
{
	Size bytes = mul_size((Size) capacity, size);

	return array == NULL ? palloc_extended(bytes, MCXT_ALLOC_HUGE)
	                     : repalloc_huge(array, bytes);
}

static void
make_room(HistoryState *state)
{
	WalsHistory *history = state->history;

	if (history->count < history->capacity)
		return;
	history->capacity = Max(64, history->capacity * 2);
	history->ids = grown(history->ids, history->capacity, sizeof(WcId));
	if (state->reads_ratings)
		history->ratings =
		    grown(history->ratings, history->capacity, sizeof(WalsRating));
}

static char *
user_text(const HistoryState *state)
{
	WalsIdType type = state->use.model->user_type;

	return wals_id_to_cstring(
	    type, wals_id_from_datum(wals_id_sql_type(type), state->user));
}

static char *
item_text(const HistoryState *state, const WalsRow *row)
{
	return wals_id_to_cstring(
	    state->use.model->item_type,
	    wals_id_from_datum(state->item_type, row->values[0]));
}

static float
read_number(const HistoryState *state, const WalsRow *row, int att,
            const char *what)
{
	double number =
	    wals_number_of(state->lookup.shape.types[att], row->values[att]);

	if (!isfinite((float) number))
		wals_number_refuse(number, what, user_text(state),
		                   item_text(state, row));
	return (float) number;
}

/* The numbers of a row, with the checks of a training. */
static WalsRating
read_rating(const HistoryState *state, const WalsRow *row)
{
	WalsRating rating = {true, 1.0f, 1.0f, 0};
	int i;

	for (i = 1; i < row->n; i++)
		rating.usable = rating.usable && !row->nulls[i];
	if (!rating.usable)
		return rating;
	if (state->value_att >= 0)
		rating.value = read_number(state, row, state->value_att, "value");
	if (state->weight_att >= 0)
	{
		rating.weight = read_number(state, row, state->weight_att, "weight");
		if (rating.weight < 0)
			wals_weight_refuse(rating.weight, user_text(state),
			                   item_text(state, row));
	}
	if (state->time_att >= 0 &&
	    !wals_time_of(state->lookup.shape.types[state->time_att],
	                  row->values[state->time_att], &rating.time))
		wals_time_refuse(user_text(state), item_text(state, row));
	rating.usable = rating.weight > 0;
	return rating;
}

static void
read_row(const WalsRow *row, void *arg)
{
	HistoryState *state = arg;
	WalsHistory *history = state->history;
	MemoryContext caller;
	WcId id;

	history->n_rows++;
	if (row->nulls[0])
		return;
	caller = MemoryContextSwitchTo(state->context);
	make_room(state);
	id = wals_id_from_datum(state->id_type, row->values[0]);
	if (state->id_kind == WC_ID_BYTES)
	{
		char *copy = palloc(id.length + 1);

		memcpy(copy, id.bytes, id.length);
		id.bytes = copy;
	}
	history->ids[history->count] = id;
	if (history->ratings != NULL)
		history->ratings[history->count] = read_rating(state, row);
	history->count++;
	MemoryContextSwitchTo(caller);
}

/* Base type of the time column, in the unit in which the version counts. */
static Oid
time_column(const HistoryState *state, const WalsObjective *objective)
{
	const char *column = NameStr(objective->time_col);
	Oid type = wals_time_column_type(state->use.model->source, column);

	if (!wals_objective_has_time(objective, type))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("column \"%s\" of relation \"%s\" has changed its type "
		                "to %s",
		                column, get_rel_name(state->use.model->source),
		                format_type_be(type)),
		         errdetail("Model \"%s\" was trained on times of another kind.",
		                   get_rel_name(state->use.model->relation)),
		         wals_source_hint(&state->use, "Train the model again.")));
	return type;
}

/* Read one more column, of this type; its place in the rows. */
static int
add_column(HistoryState *state, const char *column, Oid type)
{
	WalsLookup *lookup = &state->lookup;
	int place = lookup->shape.n++;

	lookup->columns[place] = column;
	lookup->shape.types[place] = type;
	return place;
}

/* Settle which columns of ratings are read besides, and how. */
static void
open_ratings(HistoryState *state, const WalsObjective *objective)
{
	const char *value_col = NameStr(objective->value_col);
	const char *weight_col = NameStr(objective->weight_col);
	const char *time_col = NameStr(objective->time_col);
	Oid source = state->use.model->source;
	Oid type;

	state->value_att = state->weight_att = state->time_att = -1;
	if (value_col[0] != '\0')
	{
		wals_source_need_column(&state->use, value_col);
		type = wals_number_column_type(source, value_col, "value_col");
		state->value_att = add_column(state, value_col, type);
	}
	if (weight_col[0] != '\0')
	{
		wals_source_need_column(&state->use, weight_col);
		type = wals_number_column_type(source, weight_col, "weight_col");
		state->weight_att = add_column(state, weight_col, type);
	}
	if (time_col[0] != '\0')
	{
		wals_source_need_column(&state->use, time_col);
		type = time_column(state, objective);
		state->time_att = add_column(state, time_col, type);
	}
	state->history->has_weight = state->weight_att >= 0;
	state->history->has_time = state->time_att >= 0;
}

/* Begin to read for what; 42P01, 42703, 42804 when the source has changed. */
static void
open_source(HistoryState *state, const WalsModel *model, const char *what,
            const char *without)
{
	memset(state, 0, sizeof(*state));
	state->use.model = model;
	state->use.what = what;
	state->use.without = without == NULL ? "" : without;
	state->context = CurrentMemoryContext;
	wals_source_need(&state->use);
	state->user_type = wals_source_id_column(
	    &state->use, NameStr(model->user_col), model->user_type);
	state->item_type = wals_source_id_column(
	    &state->use, NameStr(model->item_col), model->item_type);
}

/* Look for the ids of one column in the rows that have an id in another. */
static void
open_lookup(HistoryState *state, const char *column, Oid type, const char *key,
            Oid key_type, Datum id)
{
	WalsLookup *lookup = &state->lookup;

	lookup->table = state->use.model->source;
	lookup->snapshot = WALS_READ_CALLER;
	lookup->finding = WALS_FIND_INDEX;
	lookup->n_keys = 1;
	lookup->keys[0] = key;
	lookup->key_types[0] = key_type;
	lookup->key_values[0] = id;
	add_column(state, column, type);
	state->id_type = type;
}

void
wals_history_read(const WalsModel *model, Datum user,
                  const WalsObjective *objective, const char *what,
                  const char *without, WalsHistory *history)
{
	const char *user_col = NameStr(model->user_col);
	const char *item_col = NameStr(model->item_col);
	const char *columns[WALS_SOURCE_COLUMNS] = {user_col};
	HistoryState state;
	int i;

	memset(history, 0, sizeof(*history));
	open_source(&state, model, what, without);
	open_lookup(&state, item_col, state.item_type, user_col,
	            wals_id_sql_type(model->user_type), user);
	state.user = user;
	state.id_kind = wals_id_kind(model->item_type);
	state.reads_ratings = objective != NULL;
	state.history = history;
	if (objective != NULL)
		open_ratings(&state, objective);
	for (i = 0; i < state.lookup.shape.n; i++)
		columns[i + 1] = state.lookup.columns[i];
	wals_source_check_rights(&state.use, i + 1, columns);
	wals_direct_read(&state.lookup, read_row, &state);
}

/* The source can be read for what users have seen; without their ratings. */
static void
open_seen(HistoryState *state, const WalsModel *model, const char *what)
{
	const char *columns[2] = {NameStr(model->user_col),
	                          NameStr(model->item_col)};

	open_source(state, model, what,
	            "Recommend without it: exclude_seen => false.");
	wals_source_check_rights(&state->use, 2, columns);
}

void
wals_history_read_users(const WalsModel *model, Datum item,
                        WalsHistory *history)
{
	HistoryState state;

	memset(history, 0, sizeof(*history));
	open_seen(&state, model, "leave out who has seen the item");
	open_lookup(&state, NameStr(model->user_col), state.user_type,
	            NameStr(model->item_col), wals_id_sql_type(model->item_type),
	            item);
	state.id_kind = wals_id_kind(model->user_type);
	state.history = history;
	wals_direct_read(&state.lookup, read_row, &state);
}

void
wals_history_check_source(const WalsModel *model, Oid *user_type,
                          Oid *item_type)
{
	HistoryState state;

	open_seen(&state, model, "leave out what the users have seen");
	*user_type = state.user_type;
	*item_type = state.item_type;
}
