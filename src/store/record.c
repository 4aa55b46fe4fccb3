/*-------------------------------------------------------------------------
 *
 * record.c
 *	  What a version's row says about its training: source, columns, options.
 *
 * Training again needs more of a version than answering does.
 * The options are handed over as words; run/options.c knows what they mean and
 * checks them, because a model's row is written by its owner, who need not
 * have let wals_train do it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "store/model.h"
#include "store/record.h"

/* A text or name of the last result, NULL for NULL. */
static char *
word(uint64 row, int column, bool is_name)
{
	bool is_null;
	Datum value =
	    wals_query_value(row, column, is_name ? NAMEOID : TEXTOID, &is_null);

	if (is_null)
		return NULL;
	return is_name ? pstrdup(NameStr(*DatumGetName(value)))
	               : TextDatumGetCString(value);
}

static void
read_options(Oid relation, WalsSnapshot snapshot, WalsRecord *record)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(record->version)};
	uint64 n;
	uint64 i;

	n = wals_query_run(
	    psprintf("SELECT o.key, o.value, COALESCE("
	             "v.options OPERATOR(pg_catalog.->) 'chosen' "
	             "OPERATOR(pg_catalog.?) o.key, false) "
	             "FROM %s AS v, LATERAL pg_catalog.jsonb_each_text("
	             "CASE WHEN pg_catalog.jsonb_typeof(v.options) "
	             "OPERATOR(pg_catalog.=) 'object' THEN v.options END) AS o "
	             "WHERE v.version OPERATOR(pg_catalog.=) $1",
	             wals_relation_quoted(relation)),
	    1, types, values, NULL, snapshot);
	record->n_options = (int32) Min(n, 1000);
	record->options = palloc(sizeof(WalsOption) * (record->n_options + 1));
	for (i = 0; i < (uint64) record->n_options; i++)
	{
		bool is_null;

		record->options[i].name = word(i, 1, false);
		record->options[i].value = word(i, 2, false);
		record->options[i].chosen =
		    DatumGetBool(wals_query_value(i, 3, BOOLOID, &is_null));
	}
}

bool
wals_record_read(Oid relation, int32 version, WalsSnapshot snapshot,
                 WalsRecord *record)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	Datum value;
	bool is_null;
	bool has_names = wals_model_has_names(relation);

	memset(record, 0, sizeof(*record));
	if (wals_query_run(
	        psprintf("SELECT version, trained_at, n_rows, source, user_col, "
	                 "item_col, value_col, weight_col, time_col, "
	                 "options IS NOT NULL%s FROM %s "
	                 "WHERE CASE WHEN $1 OPERATOR(pg_catalog.=) 0 THEN active "
	                 "ELSE version OPERATOR(pg_catalog.=) $1 END",
	                 has_names ? ", source_name, source_id, row_weights_id, "
	                             "col_weights_id"
	                           : "",
	                 wals_relation_quoted(relation)),
	        1, types, values, NULL, snapshot) == 0)
		return false;
	record->version = DatumGetInt32(wals_query_value(0, 1, INT4OID, &is_null));
	value = wals_query_value(0, 2, TIMESTAMPTZOID, &is_null);
	record->trained_at = is_null ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = wals_query_value(0, 3, INT8OID, &is_null);
	record->n_rows = is_null ? 0 : DatumGetInt64(value);
	value = wals_query_value(0, 4, REGCLASSOID, &is_null);
	wals_naming_read(&record->source.naming,
	                 has_names ? word(0, 11, false) : NULL,
	                 has_names ? word(0, 12, false) : NULL,
	                 is_null ? InvalidOid : DatumGetObjectId(value));
	record->named =
	    wals_named_find(&record->source.naming, wals_relation_owner(relation));
	record->source.relation = record->named.relation;
	record->row_weights_id = has_names ? word(0, 13, false) : NULL;
	record->col_weights_id = has_names ? word(0, 14, false) : NULL;
	record->source.stored = true;
	record->source.user_col = word(0, 5, true);
	record->source.item_col = word(0, 6, true);
	record->source.value_col = word(0, 7, true);
	record->source.weight_col = word(0, 8, true);
	record->source.time_col = word(0, 9, true);
	record->has_options =
	    DatumGetBool(wals_query_value(0, 10, BOOLOID, &is_null));
	read_options(relation, snapshot, record);
	return true;
}

void
wals_record_open_source(Oid relation, WalsRecord *record, const char *what)
{
	WalsNamedUse use = {relation, "source", what, ""};

	record->named = wals_named_need(&use, &record->source.naming);
	record->source.relation = record->named.relation;
	wals_named_tell(relation, "source", &record->source.naming, &record->named);
}

void
wals_record_damaged(Oid relation, const WalsRecord *record, const char *option,
                    const char *reason)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
	                errmsg("version %d of model \"%s\" has no usable \"%s\"",
	                       record->version, get_rel_name(relation), option),
	                reason ? errdetail("%s", reason) : 0,
	                wals_hint("Train the model again with wals_train().")));
}
