/*-------------------------------------------------------------------------
 *
 * fields.c
 *	  Fields of a version's row, as they stand there.
 *
 * The one reader of the rows of a model that mean something to an answer or to
 * another training.  Nothing is checked here but types.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "core/core.h"
#include "store/direct.h"
#include "store/fields.h"
#include "store/model.h"

#define MODEL WALS_FIELDS_OF_MODEL
#define OBJECTIVE WALS_FIELDS_OF_OBJECTIVE
#define RECORD WALS_FIELDS_OF_RECORD

static const struct
{
	const char *column;
	Oid type;
	int readers; /* of WalsFieldReader */
	bool late; /* since 0.2.0 */
} fields_known[WALS_FIELDS] = {
    [WALS_FIELD_VERSION] = {"version", INT4OID, MODEL | OBJECTIVE | RECORD},
    [WALS_FIELD_VERSION_ID] = {"version_id", UUIDOID, MODEL},
    [WALS_FIELD_FORMAT] = {"format", INT4OID, MODEL},
    [WALS_FIELD_USERS_TABLE] = {"users_table", REGCLASSOID, MODEL},
    [WALS_FIELD_ITEMS_TABLE] = {"items_table", REGCLASSOID, MODEL},
    [WALS_FIELD_SOURCE] = {"source", REGCLASSOID, MODEL | RECORD},
    [WALS_FIELD_USER_COL] = {"user_col", NAMEOID, MODEL | RECORD},
    [WALS_FIELD_ITEM_COL] = {"item_col", NAMEOID, MODEL | RECORD},
    [WALS_FIELD_FEEDBACK] = {"feedback", TEXTOID, MODEL},
    [WALS_FIELD_FACTORS] = {"factors", INT4OID, MODEL},
    [WALS_FIELD_BIASES] = {"biases", BOOLOID, MODEL},
    [WALS_FIELD_MEAN] = {"global_mean", FLOAT8OID, MODEL | OBJECTIVE},
    [WALS_FIELD_VALUE_COL] = {"value_col", NAMEOID, MODEL | OBJECTIVE | RECORD},
    [WALS_FIELD_ITEMS_ID] = {"items_id", UUIDOID, MODEL},
    [WALS_FIELD_SOURCE_NAME] = {"source_name", TEXTOID, MODEL | RECORD, true},
    [WALS_FIELD_SOURCE_ID] = {"source_id", TEXTOID, MODEL | RECORD, true},
    [WALS_FIELD_WEIGHT_COL] = {"weight_col", NAMEOID, OBJECTIVE | RECORD},
    [WALS_FIELD_TIME_COL] = {"time_col", NAMEOID, OBJECTIVE | RECORD},
    [WALS_FIELD_OPTIONS] = {"options", JSONBOID, MODEL | OBJECTIVE | RECORD},
    [WALS_FIELD_TRAINED_AT] = {"trained_at", TIMESTAMPTZOID, RECORD},
    [WALS_FIELD_N_ROWS] = {"n_rows", INT8OID, RECORD},
    [WALS_FIELD_N_USERS] = {"n_users", INT8OID, MODEL},
    [WALS_FIELD_N_ITEMS] = {"n_items", INT8OID, MODEL},
    [WALS_FIELD_ROW_WEIGHTS_ID] = {"row_weights_id", TEXTOID, RECORD, true},
    [WALS_FIELD_COL_WEIGHTS_ID] = {"col_weights_id", TEXTOID, RECORD, true}};

/* Of the options an answer needs what only explicit feedback has. */
static bool
is_wanted(const WalsFields *fields, WalsField field)
{
	const char *feedback;

	if (field != WALS_FIELD_OPTIONS || fields->reader != MODEL)
		return true;
	feedback = wals_field_text(fields, WALS_FIELD_FEEDBACK);
	return feedback != NULL &&
	       strcmp(feedback, wc_feedback_name(WC_EXPLICIT)) == 0;
}

/* Keep a copy of the first row; what lies elsewhere is fetched at once. */
static void
take_row(const WalsRow *row, void *arg)
{
	WalsFields *fields = arg;
	MemoryContext caller;
	int i;

	if (fields->count++ > 0)
		return;
	caller = MemoryContextSwitchTo(fields->context);
	for (i = 0; i < row->n; i++)
	{
		WalsField field = fields->columns[i];
		Datum value = row->values[i];
		int16 length;
		bool by_value;

		fields->nulls[field] = row->nulls[i] || !is_wanted(fields, field);
		if (fields->nulls[field])
			continue;
		get_typlenbyval(fields_known[field].type, &length, &by_value);
		fields->values[field] =
		    length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value))
		                 : datumCopy(value, by_value, length);
	}
	MemoryContextSwitchTo(caller);
}

void
wals_fields_read(Oid relation, int32 version, WalsSnapshot snapshot,
                 WalsFieldReader reader, WalsFields *fields)
{
	bool has_names = wals_model_has_names(relation);
	WalsLookup lookup;
	int i;

	memset(&lookup, 0, sizeof(lookup));
	memset(fields, 0, sizeof(*fields));
	fields->context = CurrentMemoryContext;
	fields->reader = reader;
	for (i = 0; i < WALS_FIELDS; i++)
	{
		fields->nulls[i] = true;
		if ((fields_known[i].readers & reader) == 0 ||
		    (fields_known[i].late && !has_names))
			continue;
		Assert(fields->n < WALS_SHAPE_MAX);
		lookup.columns[fields->n] = fields_known[i].column;
		lookup.shape.types[fields->n] = fields_known[i].type;
		fields->columns[fields->n++] = (WalsField) i;
	}
	lookup.finding = WALS_FIND_ALL;
	lookup.shape.n = fields->n;
	lookup.table = relation;
	lookup.snapshot = snapshot;
	lookup.n_keys = 1;
	lookup.keys[0] = version == 0 ? "active" : "version";
	lookup.key_types[0] = version == 0 ? BOOLOID : INT4OID;
	lookup.key_values[0] =
	    version == 0 ? BoolGetDatum(true) : Int32GetDatum(version);
	wals_direct_read(&lookup, take_row, fields);
}

const char *
wals_field_column(WalsField field)
{
	return fields_known[field].column;
}

char *
wals_field_text(const WalsFields *fields, WalsField field)
{
	return fields->nulls[field] ? NULL
	                            : TextDatumGetCString(fields->values[field]);
}

char *
wals_field_name(const WalsFields *fields, WalsField field)
{
	return fields->nulls[field]
	           ? NULL
	           : pstrdup(NameStr(*DatumGetName(fields->values[field])));
}
