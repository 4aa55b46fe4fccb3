/*-------------------------------------------------------------------------
 *
 * map.c
 *	  Names for ids, out of a relation of the user's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/job.h"
#include "store/map.h"
#include "store/query.h"

/* State of reading labels. */
typedef struct LabelState
{
	Oid id_type; /* base type of the id column */
	WcIdMap *map;
	MemoryContext context;
	WalsLabel *result;
} LabelState;

static void
read_label(const WalsRow *row, void *arg)
{
	LabelState *state = arg;
	MemoryContext caller;
	WcId id;
	int32 index;

	if (row->nulls[0])
		return;
	id = wals_id_from_datum(state->id_type, row->values[0]);
	index = wc_idmap_find(state->map, &id);
	if (index < 0)
		return;
	caller = MemoryContextSwitchTo(state->context);
	if (!row->nulls[1])
		state->result[index].name = TextDatumGetCString(row->values[1]);
	if (!row->nulls[2])
		state->result[index].group = TextDatumGetCString(row->values[2]);
	MemoryContextSwitchTo(caller);
}

/* The ids as an array; the statement gets no others back. */
static Datum
id_array(WalsIdType id_type, int32 count, const Datum *ids)
{
	Oid type = wals_id_sql_type(id_type);
	int16 length;
	bool by_value;
	char align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	return PointerGetDatum(construct_array(unconstify(Datum *, ids), count,
	                                       type, length, by_value, align));
}

/* SQL for the least text in a column. */
static char *
least_text(const char *column)
{
	return psprintf("pg_catalog.min(pg_catalog.left((%s)::pg_catalog.text, %d) "
	                "COLLATE pg_catalog.\"C\")",
	                quote_identifier(column), WALS_LABEL_MAX);
}

void
wals_labels_read(const WalsLabels *labels, WalsIdType id_type, int32 count,
                 const Datum *ids, WalsLabel *result)
{
	const char *id_col = quote_identifier(labels->id_col);
	char *name = least_text(labels->label_col);
	char *group = labels->color_col != NULL ? least_text(labels->color_col)
	                                        : "NULL::pg_catalog.text";
	LabelState state;
	WalsJob job;
	WalsIdType found;
	Oid types[1] = {get_array_type(wals_id_sql_type(id_type))};
	Datum values[1];
	int32 i;

	wals_relation_lock(labels->relation);
	state.id_type =
	    wals_column_type(labels->relation, labels->id_col, "id_col");
	wals_column_type(labels->relation, labels->label_col, "label_col");
	if (labels->color_col != NULL)
		wals_column_type(labels->relation, labels->color_col, "color_col");
	if (!wals_id_type_of(state.id_type, &found) || found != id_type)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("column \"%s\" of relation \"%s\" has another type "
		                "than the items of the model",
		                labels->id_col, get_rel_name(labels->relation)),
		         errdetail("The ids of the items are of type %s.",
		                   wals_id_type_name(id_type)),
		         errhint("Use a view that casts the column.")));

	wals_job_init(&job, CurrentMemoryContext, 0);
	wals_job_check(
	    &job, wc_idmap_create(wals_id_kind(id_type), &state.map, &job.alloc));
	for (i = 0; i < count; i++)
	{
		WcId id = wals_id_from_datum(wals_id_sql_type(id_type), ids[i]);
		int32 index;

		wals_job_check(&job, wc_idmap_add(state.map, &id, &index));
		result[i].name = result[i].group = NULL;
	}
	state.context = CurrentMemoryContext;
	state.result = result;
	values[0] = id_array(id_type, count, ids);
	wals_query_each(
	    psprintf("SELECT %s, %s, %s FROM %s "
	             "WHERE %s OPERATOR(pg_catalog.=) ANY ($1) GROUP BY 1",
	             id_col, name, group, wals_relation_quoted(labels->relation),
	             id_col),
	    1, types, values, WALS_READ_CALLER,
	    &(const WalsShape){3, {state.id_type, TEXTOID, TEXTOID}}, read_label,
	    &state);
	wc_idmap_free(state.map);
}
