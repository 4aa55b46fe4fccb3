/*-------------------------------------------------------------------------
 *
 * pairs.c
 *	  Pairs of users and items out of the user's relations, for evaluations.
 *
 * Unlike the reading of a training (ratings.c) this happens in functions that
 * only read: with the caller's snapshot, so that what was evaluated is what the
 * query around it sees.  And of most relations only the rows of the users under
 * test are kept, 8 bytes each, 12 with a value.  All relations of one
 * evaluation share two dictionaries of ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/report.h"
#include "store/pairs.h"
#include "store/query.h"
#include "store/source.h"

#define RESET_ROWS 1024 /* between two resets of the context of rows */

/* State of one read. */
typedef struct ReadState
{
	/* input */
	const WalsSource *source;
	const bool *wanted;
	WalsMemory *memory;

	/* output */
	WcIdMap *users;
	WcIdMap *items;
	WalsPairs *pairs;

	/* scratch */
	MemoryContext row_context;
} ReadState;

static void
check_status(WcStatus status, const WalsMemory *memory)
{
	if (status != WC_OK)
	{
		WcError error = {status, WC_USERS, -1, -1, ""};

		wals_report(&error, memory, NULL, NULL);
	}
}

void
wals_pairs_open_seen(const WalsModel *model, bool values, WalsSource *source)
{
	const char *value_col = NameStr(model->value_col);
	const WalsSourceUse use = {model, "leave out what users have seen",
	                           "Evaluate without it: exclude_seen => false."};
	const char *columns[2];

	wals_source_need(&use);
	wals_named_tell(model->relation, "source", &model->naming, &model->named);
	memset(source, 0, sizeof(*source));
	source->relation = model->source;
	source->user_col = NameStr(model->user_col);
	source->item_col = NameStr(model->item_col);
	source->user_id_type = model->user_type;
	source->item_id_type = model->item_type;
	source->user_type =
	    wals_source_id_column(&use, source->user_col, model->user_type);
	source->item_type =
	    wals_source_id_column(&use, source->item_col, model->item_type);
	columns[0] = source->user_col;
	columns[1] = source->item_col;
	wals_source_check_rights(&use, 2, columns);
	if (values && wals_has_number_column(model->source, value_col) &&
	    wals_may_select(model->source, 1, &value_col))
		source->value_col = value_col;
}

static float
read_value(const ReadState *state, const WalsRow *row)
{
	const WalsSource *source = state->source;
	double value = DatumGetFloat8(row->values[2]);
	char *user;
	char *item;

	if (isfinite((float) value))
		return (float) value;
	user = wals_id_to_cstring(
	    source->user_id_type,
	    wals_id_from_datum(source->user_type, row->values[0]));
	item = wals_id_to_cstring(
	    source->item_id_type,
	    wals_id_from_datum(source->item_type, row->values[1]));
	ereport(
	    ERROR,
	    (isfinite(value) ? errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
	                     : errcode(ERRCODE_DATA_EXCEPTION),
	     isfinite(value)
	         ? errmsg("value of user %s and item %s is out of range for "
	                  "type real",
	                  user, item)
	         : errmsg("value of user %s and item %s is not finite", user, item),
	     errhint("Correct the row, or use a view that leaves it out.")));
}

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	WalsPairs *pairs = state->pairs;
	const WalsSource *source = state->source;
	MemoryContext caller;
	int32 user = -1;
	int32 item = -1;
	float value = 0;
	WcId id;
	int i;

	pairs->n_rows++;
	if (pairs->n_rows % RESET_ROWS == 0)
		MemoryContextReset(state->row_context);
	for (i = 0; i < row->n; i++)
		if (row->nulls[i])
		{
			pairs->n_null++;
			return;
		}

	caller = MemoryContextSwitchTo(state->row_context);
	id = wals_id_from_datum(source->user_type, row->values[0]);
	if (state->wanted == NULL)
		check_status(wc_idmap_add(state->users, &id, &user), state->memory);
	else
		user = wc_idmap_find(state->users, &id);
	if (user >= 0 && (state->wanted == NULL || state->wanted[user]))
	{
		id = wals_id_from_datum(source->item_type, row->values[1]);
		check_status(wc_idmap_add(state->items, &id, &item), state->memory);
		if (source->value_col != NULL)
			value = read_value(state, row);
		check_status(wc_coo_append(&pairs->coo, 1, &user, &item, &value, NULL,
		                           NULL, &state->memory->alloc),
		             state->memory);
	}
	MemoryContextSwitchTo(caller);
}

/* "user", "item"[, "value" as double precision] */
static char *
column_list(const WalsSource *source)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, quote_identifier(source->user_col));
	appendStringInfo(&list, ", %s", quote_identifier(source->item_col));
	if (source->value_col != NULL)
		appendStringInfo(&list, ", CAST(%s AS pg_catalog.float8)",
		                 quote_identifier(source->value_col));
	return list.data;
}

void
wals_pairs_read(const WalsSource *source, WcIdMap *users, WcIdMap *items,
                const bool *wanted, WalsMemory *memory, WalsPairs *pairs)
{
	ReadState state = {source, wanted, memory, users, items, pairs, NULL};

	memset(pairs, 0, sizeof(*pairs));
	check_status(wc_coo_init(&pairs->coo, source->value_col != NULL, false,
	                         false, &memory->alloc),
	             memory);
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "wals rows",
	                                          ALLOCSET_DEFAULT_SIZES);
	wals_query_each(
	    psprintf("SELECT %s FROM %s", column_list(source),
	             wals_relation_quoted(source->relation)),
	    0, NULL, NULL, WALS_READ_CALLER,
	    &(const WalsShape){source->value_col != NULL ? 3 : 2,
	                       {source->user_type, source->item_type, FLOAT8OID}},
	    read_row, &state);
	MemoryContextDelete(state.row_context);
}

/* State of reading sums per item. */
typedef struct SumState
{
	Oid item_type;
	const WcIdMap *items;
	double *count;
	double *sum;
} SumState;

static void
read_sum(const WalsRow *row, void *arg)
{
	SumState *state = arg;
	int32 item;
	WcId id;

	if (row->nulls[0] || row->nulls[2])
		return;
	id = wals_id_from_datum(state->item_type, row->values[0]);
	item = wc_idmap_find(state->items, &id);
	if (item < 0)
		return;
	state->count[item] = (double) DatumGetInt64(row->values[1]);
	state->sum[item] = DatumGetFloat8(row->values[2]);
}

void
wals_pairs_sum_items(const WalsSource *source, const WcIdMap *items,
                     double *count, double *sum)
{
	const char *item_col = quote_identifier(source->item_col);
	const char *value_col = quote_identifier(source->value_col);
	SumState state = {source->item_type, items, count, sum};
	int32 i;

	for (i = 0; i < wc_idmap_count(items); i++)
		count[i] = sum[i] = 0;
	wals_query_each(
	    psprintf("SELECT %s, pg_catalog.count(%s), "
	             "pg_catalog.sum(CAST(%s AS pg_catalog.float8)) "
	             "FROM %s GROUP BY 1",
	             item_col, value_col, value_col,
	             wals_relation_quoted(source->relation)),
	    0, NULL, NULL, WALS_READ_CALLER,
	    &(const WalsShape){3, {source->item_type, INT8OID, FLOAT8OID}},
	    read_sum, &state);
}
