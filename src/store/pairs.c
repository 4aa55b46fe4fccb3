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
#include "utils/memutils.h"

#include "store/pairs.h"
#include "store/query.h"
#include "store/rows.h"
#include "store/source.h"

/* State of one read. */
typedef struct ReadState
{
	const WalsSource *source;
	WalsPairs *pairs;
	WalsBlock block;
} ReadState;

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
	WalsBlock *block = &state->block;
	MemoryContext caller;

	state->pairs->n_rows++;
	if (wals_row_has_null(row))
	{
		state->pairs->n_null++;
		return;
	}
	caller = wals_block_begin(block);
	if (wals_block_wants(block, row->values[0]))
		wals_block_take(
		    block, row->values[0], row->values[1],
		    state->source->value_col != NULL ? read_value(state, row) : 1, 1,
		    0);
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
                const bool *wanted, WalsJob *job, WalsPairs *pairs)
{
	ReadState state = {source, pairs};
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals read", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;

	memset(pairs, 0, sizeof(*pairs));
	wals_job_check(job, wc_coo_init(&pairs->coo, source->value_col != NULL,
	                                false, false, &job->alloc));
	caller = MemoryContextSwitchTo(context);
	wals_block_open(&state.block, job, users, source->user_type, items,
	                source->item_type, &pairs->coo);
	state.block.wanted = wanted;
	wals_query_each(
	    psprintf("SELECT %s FROM %s", column_list(source),
	             wals_relation_quoted(source->relation)),
	    0, NULL, NULL, WALS_READ_CALLER,
	    &(const WalsShape){source->value_col != NULL ? 3 : 2,
	                       {source->user_type, source->item_type, FLOAT8OID}},
	    read_row, &state);
	wals_block_flush(&state.block);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
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
