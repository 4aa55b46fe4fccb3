/*-------------------------------------------------------------------------
 *
 * history.c
 *	  What a user has already seen, read from the live source.
 *
 * The source is the truth: a row inserted a statement ago counts, a deleted
 * row does not, and row-level security of the source applies as to any query
 * of the caller.  A missing right is an error and never a silent "nothing
 * seen".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "store/history.h"
#include "store/query.h"
#include "store/relation.h"

#define HINT_WITHOUT_SOURCE "Recommend without it: exclude_seen => false."

typedef struct HistoryState
{
	WalsHistory *history;
	MemoryContext context;
	Oid item_type; /* base type of the column */
	WalsIdType item_id_type;
} HistoryState;

static void
read_item(TupleTableSlot *slot, void *arg)
{
	HistoryState *state = arg;
	WalsHistory *history = state->history;
	MemoryContext caller;
	WcId id;

	if (slot->tts_isnull[0])
		return;
	caller = MemoryContextSwitchTo(state->context);
	if (history->count == history->capacity)
	{
		history->capacity = Max(64, history->capacity * 2);
		if (history->items == NULL)
			history->items = palloc(sizeof(WcId) * history->capacity);
		else
			history->items =
			    repalloc_huge(history->items, sizeof(WcId) * history->capacity);
	}
	id = wals_id_from_datum(state->item_type, slot->tts_values[0]);
	if (wals_id_kind(state->item_id_type) == WC_ID_BYTES)
	{
		char *copy = palloc(id.length + 1);

		memcpy(copy, id.bytes, id.length);
		id.bytes = copy;
	}
	history->items[history->count++] = id;
	MemoryContextSwitchTo(caller);
}

/* Base type of a source column that must still hold ids of a type. */
static Oid
source_column(const WalsModel *model, const char *column, WalsIdType id_type)
{
	AttrNumber attnum = get_attnum(model->source, column);
	WalsIdType found;
	Oid type;

	if (attnum <= 0)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_COLUMN),
		         errmsg("column \"%s\" of relation \"%s\" no longer exists",
		                column, get_rel_name(model->source)),
		         errdetail("Model \"%s\" was trained on it.",
		                   get_rel_name(model->relation)),
		         errhint("Train the model again. " HINT_WITHOUT_SOURCE)));
	type = getBaseType(get_atttype(model->source, attnum));
	if (!wals_id_type_of(type, &found) || found != id_type)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("column \"%s\" of relation \"%s\" has changed its type "
		            "to %s",
		            column, get_rel_name(model->source), format_type_be(type)),
		     errdetail("Model \"%s\" was trained on ids of type %s.",
		               get_rel_name(model->relation),
		               wals_id_type_name(id_type)),
		     errhint("Train the model again. " HINT_WITHOUT_SOURCE)));
	return type;
}

void
wals_history_read(const WalsModel *model, Datum user, WalsHistory *history)
{
	const char *user_col = NameStr(model->user_col);
	const char *item_col = NameStr(model->item_col);
	Oid types[1] = {wals_id_sql_type(model->user_type)};
	Datum values[1] = {user};
	HistoryState state;
	char *sql;

	memset(history, 0, sizeof(*history));
	if (get_rel_name(model->source) == NULL)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_UNDEFINED_TABLE),
		     errmsg("the source of model \"%s\" no longer exists",
		            get_rel_name(model->relation)),
		     errdetail("It is needed to leave out what the user has seen."),
		     errhint(
		         "Train the model on another relation. " HINT_WITHOUT_SOURCE)));
	source_column(model, user_col, model->user_type);
	state.item_type = source_column(model, item_col, model->item_type);
	state.item_id_type = model->item_type;
	state.history = history;
	state.context = CurrentMemoryContext;
	if (!wals_may_select(model->source, user_col, item_col))
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("permission denied for relation %s",
		                get_rel_name(model->source)),
		         errdetail("It is needed to leave out what the user has seen."),
		         errhint("GRANT SELECT on it. " HINT_WITHOUT_SOURCE)));

	sql = psprintf("SELECT %s FROM %s WHERE %s OPERATOR(pg_catalog.=) $1",
	               quote_identifier(item_col),
	               wals_relation_quoted(model->source),
	               quote_identifier(user_col));
	wals_query_each(sql, 1, types, values, WALS_READ_CALLER, read_item, &state);
}
