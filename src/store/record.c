/*-------------------------------------------------------------------------
 *
 * record.c
 *	  What a version's row says about its training: source, columns, options.
 *
 * Training again needs more of a version than answering does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/model.h"
#include "store/record.h"

bool
wals_record_read(Oid relation, int32 version, WalsSnapshot snapshot,
                 WalsRecord *record)
{
	WalsFields fields;
	const Datum *values = fields.values;
	const bool *nulls = fields.nulls;

	memset(record, 0, sizeof(*record));
	wals_fields_read(relation, version, snapshot, WALS_FIELDS_OF_RECORD,
	                 &fields);
	if (nulls[WALS_FIELD_VERSION])
		return false;
	record->version = DatumGetInt32(values[WALS_FIELD_VERSION]);
	record->trained_at =
	    nulls[WALS_FIELD_TRAINED_AT]
	        ? DT_NOBEGIN
	        : DatumGetTimestampTz(values[WALS_FIELD_TRAINED_AT]);
	record->n_rows =
	    nulls[WALS_FIELD_N_ROWS] ? 0 : DatumGetInt64(values[WALS_FIELD_N_ROWS]);
	wals_naming_read(&record->source.naming,
	                 wals_field_text(&fields, WALS_FIELD_SOURCE_NAME),
	                 wals_field_text(&fields, WALS_FIELD_SOURCE_ID),
	                 nulls[WALS_FIELD_SOURCE]
	                     ? InvalidOid
	                     : DatumGetObjectId(values[WALS_FIELD_SOURCE]));
	record->named =
	    wals_named_find(&record->source.naming, wals_relation_owner(relation));
	record->source.relation = record->named.relation;
	record->row_weights_id =
	    wals_field_text(&fields, WALS_FIELD_ROW_WEIGHTS_ID);
	record->col_weights_id =
	    wals_field_text(&fields, WALS_FIELD_COL_WEIGHTS_ID);
	record->source.stored = true;
	record->source.user_col = wals_field_name(&fields, WALS_FIELD_USER_COL);
	record->source.item_col = wals_field_name(&fields, WALS_FIELD_ITEM_COL);
	record->source.value_col = wals_field_name(&fields, WALS_FIELD_VALUE_COL);
	record->source.weight_col = wals_field_name(&fields, WALS_FIELD_WEIGHT_COL);
	record->source.time_col = wals_field_name(&fields, WALS_FIELD_TIME_COL);
	wals_stored_take(relation, &fields, &record->options);
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
