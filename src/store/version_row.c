/*-------------------------------------------------------------------------
 *
 * version_row.c
 *	  The row of a version: what a training writes, what later commands change.
 *
 * Columns that a database does not have yet, because its extension is still of
 * 0.1.0, are left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/model.h"
#include "store/query.h"
#include "store/relation.h"

/* Parameters of an INSERT, added one by one with their column. */
typedef struct InsertState
{
	StringInfoData columns;
	StringInfoData places;
	int n;
	Oid types[48];
	Datum values[48];
	char nulls[48];
} InsertState;

static void
insert_add(InsertState *insert, const char *column, Oid type, Datum value,
           bool is_null)
{
	const char *comma = insert->n > 0 ? ", " : "";

	if (insert->n == lengthof(insert->types))
		elog(ERROR, "too many columns");
	insert->types[insert->n] = type;
	insert->values[insert->n] = value;
	insert->nulls[insert->n] = is_null ? 'n' : ' ';
	insert->n++;
	appendStringInfo(&insert->columns, "%s%s", comma, column);
	appendStringInfo(&insert->places, "%s$%d", comma, insert->n);
}

static void
insert_text(InsertState *insert, const char *column, const char *value)
{
	insert_add(insert, column, TEXTOID,
	           value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

static void
insert_name(InsertState *insert, const char *column, const char *value)
{
	Name name = palloc0(sizeof(NameData));

	if (value != NULL)
		namestrcpy(name, value);
	insert_add(insert, column, NAMEOID, NameGetDatum(name), value == NULL);
}

static void
insert_int(InsertState *insert, const char *column, int32 value)
{
	insert_add(insert, column, INT4OID, Int32GetDatum(value), false);
}

static void
insert_big(InsertState *insert, const char *column, int64 value)
{
	insert_add(insert, column, INT8OID, Int64GetDatum(value), false);
}

/* NaN: NULL */
static void
insert_float(InsertState *insert, const char *column, double value)
{
	insert_add(insert, column, FLOAT8OID, Float8GetDatum(value), isnan(value));
}

static void
insert_relation(InsertState *insert, const char *column, Oid value)
{
	insert_add(insert, column, REGCLASSOID, ObjectIdGetDatum(value),
	           !OidIsValid(value));
}

static void
insert_floats(InsertState *insert, const char *column, int32 count,
              const double *values)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));
	int32 i;

	for (i = 0; i < count; i++)
		elements[i] = Float8GetDatum(values[i]);
	insert_add(insert, column, FLOAT8ARRAYOID,
	           PointerGetDatum(construct_array(elements, count, FLOAT8OID,
	                                           sizeof(float8), FLOAT8PASSBYVAL,
	                                           TYPALIGN_DOUBLE)),
	           false);
}

/* A word that may be empty. */
static void
insert_word(InsertState *insert, const char *column, const char *value)
{
	insert_text(insert, column, value[0] != '\0' ? value : NULL);
}

/*
 * The source, and how far its rows were looked at.  Its OID, which keeps a dump
 * from being restored without it, is left to 0.1.0.
 */
static void
insert_source(InsertState *insert, const WalsVersionRow *row, bool has_names)
{
	const WalsNewest *newest = &row->newest;

	if (!has_names)
	{
		insert_relation(insert, "source", row->source.relation);
		return;
	}
	insert_word(insert, "source_name", row->source.naming.name);
	insert_word(insert, "source_id", row->source.naming.identity);
	insert_text(insert, "row_weights_id", row->row_weights_id);
	insert_text(insert, "col_weights_id", row->col_weights_id);
	insert_text(insert, "newest_time",
	            newest->known ? wals_newest_text(row->source.time_type, newest)
	                          : NULL);
	insert_add(insert, "newest_rows", INT8OID, Int64GetDatum(newest->rows),
	           !newest->known);
}

void
wals_version_insert(const WalsTarget *target, const WalsVersionRow *row)
{
	InsertState insert;

	memset(&insert, 0, sizeof(insert));
	initStringInfo(&insert.columns);
	initStringInfo(&insert.places);
	insert_int(&insert, "version", target->version);
	insert_int(&insert, "format", WALS_MODEL_FORMAT);
	insert_text(&insert, "wals_version", WALS_VERSION);
	insert_add(&insert, "trained_at", TIMESTAMPTZOID,
	           TimestampTzGetDatum(row->trained_at), false);
	insert_name(&insert, "trained_by", GetUserNameFromId(GetUserId(), false));
	insert_source(&insert, row, wals_model_has_names(target->relation));
	insert_name(&insert, "user_col", row->source.user_col);
	insert_name(&insert, "item_col", row->source.item_col);
	insert_name(&insert, "value_col", row->source.value_col);
	insert_name(&insert, "weight_col", row->source.weight_col);
	insert_name(&insert, "time_col", row->source.time_col);
	insert_relation(&insert, "users_table", target->users_table);
	insert_relation(&insert, "items_table", target->items_table);
	insert_text(&insert, "feedback", row->feedback);
	insert_text(&insert, "objective", row->objective);
	insert_int(&insert, "factors", row->factors);
	insert_add(&insert, "biases", BOOLOID, BoolGetDatum(row->biases), false);
	insert_float(&insert, "global_mean", row->mean);
	insert_big(&insert, "n_users", row->n_users);
	insert_big(&insert, "n_items", row->n_items);
	insert_big(&insert, "n_entries", row->n_entries);
	insert_big(&insert, "n_rows", row->n_rows);
	insert_big(&insert, "n_skipped", row->n_skipped);
	insert_add(&insert, "started_from", INT4OID,
	           Int32GetDatum(row->started_from), row->started_from == 0);
	insert_int(&insert, "iterations", row->iterations);
	insert_text(&insert, "stop_reason", row->stop_reason);
	insert_float(&insert, "loss", row->loss);
	insert_floats(&insert, "losses", row->iterations, row->losses);
	insert_floats(&insert, "iteration_seconds", row->iterations,
	              row->iteration_seconds);
	insert_float(&insert, "load_seconds", row->load_seconds);
	insert_float(&insert, "solve_seconds", row->solve_seconds);
	insert_float(&insert, "write_seconds", row->write_seconds);
	insert_float(&insert, "seconds", row->seconds);

	/* these two last, for their casts; marks as on the older versions */
	insert_text(&insert, "metrics", row->metrics);
	appendStringInfoString(&insert.places, "::pg_catalog.jsonb");
	insert_text(&insert, "options", row->options);
	appendStringInfoString(&insert.places, "::pg_catalog.jsonb");
	wals_query_run(
	    psprintf("INSERT INTO %s (%s, version_id, active, "
	             "is_default) SELECT %s, "
	             "pg_catalog.gen_random_uuid(), false, "
	             "COALESCE((SELECT pg_catalog.bool_or(is_default) "
	             "FROM %s), false)",
	             wals_relation_quoted(target->relation), insert.columns.data,
	             insert.places.data, wals_relation_quoted(target->relation)),
	    insert.n, insert.types, insert.values, insert.nulls, WALS_READ_FRESH);
}

char *
wals_version_differences(const WalsTarget *target, const WalsVersionRow *row,
                         const char *option_names, int32 *version)
{
	const char *values[7] = {
	    row->options,          row->source.user_col,   row->source.item_col,
	    row->source.value_col, row->source.weight_col, row->source.time_col,
	    option_names};
	Oid types[7] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	                TEXTOID, TEXTOID, TEXTOID};
	Datum datums[7];
	char nulls[7];
	bool is_null;
	Datum words;
	int i;

	for (i = 0; i < (int) lengthof(values); i++)
	{
		nulls[i] = values[i] == NULL ? 'n' : ' ';
		datums[i] =
		    values[i] == NULL ? (Datum) 0 : CStringGetTextDatum(values[i]);
	}
	/* what both trainings chose is not an option of anybody's */
	if (wals_query_run(
	        psprintf(
	            "SELECT v.version, (SELECT pg_catalog.string_agg("
	            "pg_catalog.format('%%s is %%s, was %%s', n.key, "
	            "COALESCE(n.value, 'none'), COALESCE(o.value, 'none')), '; ' "
	            "ORDER BY n.place) "
	            "FROM (SELECT key, value, 5 OPERATOR(pg_catalog.+) ordinality "
	            "FROM pg_catalog.jsonb_each_text($1::pg_catalog.jsonb) "
	            "WITH ORDINALITY WHERE key OPERATOR(pg_catalog.=) "
	            "ANY ($7::pg_catalog.text[]) UNION ALL VALUES "
	            "('user_col', $2, 0), "
	            "('item_col', $3, 1), ('value_col', $4, 2), "
	            "('weight_col', $5, 3), ('time_col', $6, 4)) "
	            "AS n (key, value, place) "
	            "JOIN (SELECT key, value "
	            "FROM pg_catalog.jsonb_each_text(v.options) "
	            "UNION ALL VALUES ('user_col', v.user_col::pg_catalog.text), "
	            "('item_col', v.item_col::pg_catalog.text), "
	            "('value_col', v.value_col::pg_catalog.text), "
	            "('weight_col', v.weight_col::pg_catalog.text), "
	            "('time_col', v.time_col::pg_catalog.text)) AS o (key, value) "
	            "ON n.key OPERATOR(pg_catalog.=) o.key "
	            "WHERE NOT COALESCE(n.value OPERATOR(pg_catalog.=) o.value, "
	            "n.value IS NULL AND o.value IS NULL) "
	            "AND NOT (($1::pg_catalog.jsonb OPERATOR(pg_catalog.->) "
	            "'chosen' OPERATOR(pg_catalog.?) n.key) AND (v.options "
	            "OPERATOR(pg_catalog.->) 'chosen' OPERATOR(pg_catalog.?) "
	            "n.key))) FROM %s AS v WHERE v.active "
	            "AND pg_catalog.jsonb_typeof(v.options) "
	            "OPERATOR(pg_catalog.=) 'object'",
	            wals_relation_quoted(target->relation)),
	        7, types, datums, nulls, WALS_READ_FRESH) == 0)
		return NULL;
	*version = DatumGetInt32(wals_query_value(0, 1, INT4OID, &is_null));
	words = wals_query_value(0, 2, TEXTOID, &is_null);
	return is_null ? NULL : TextDatumGetCString(words);
}

void
wals_version_change(Oid relation, int32 version,
                    const WalsVersionChange *change)
{
	bool has_newest = change->newest != NULL && wals_model_has_names(relation);
	Oid types[8] = {INT4OID, BOOLOID, TIMESTAMPTZOID, INT8OID,
	                INT8OID, INT8OID, TEXTOID,        INT8OID};
	Datum values[8] = {Int32GetDatum(version),
	                   BoolGetDatum(change->items),
	                   TimestampTzGetDatum(change->refreshed_at),
	                   Int64GetDatum(change->users),
	                   Int64GetDatum(change->n_items),
	                   Int64GetDatum(change->entries)};
	char nulls[8] = {' ', ' ', change->refreshed_at == 0 ? 'n' : ' ',
	                 ' ', ' ', ' ',
	                 ' ', ' '};

	if (has_newest)
	{
		values[6] = CStringGetTextDatum(
		    wals_newest_text(change->time_type, change->newest));
		values[7] = Int64GetDatum(change->newest->rows);
	}
	if (wals_query_run(
	        psprintf("UPDATE %s SET "
	                 "version_id = pg_catalog.gen_random_uuid(), "
	                 "items_id = CASE WHEN NOT $2 "
	                 "THEN COALESCE(items_id, version_id) END, "
	                 "refreshed_at = COALESCE($3, refreshed_at), "
	                 "n_users = n_users OPERATOR(pg_catalog.+) $4, "
	                 "n_items = n_items OPERATOR(pg_catalog.+) $5, "
	                 "n_entries = n_entries OPERATOR(pg_catalog.+) $6%s "
	                 "WHERE version OPERATOR(pg_catalog.=) $1",
	                 wals_relation_quoted(relation),
	                 has_newest ? ", newest_time = $7, newest_rows = $8" : ""),
	        has_newest ? 8 : 6, types, values, nulls, WALS_READ_FRESH) == 0)
		wals_version_unknown(relation, version);
}

void
wals_version_newest(Oid relation, int32 version, Oid time_type,
                    WalsNewest *newest, TimestampTz *fresh_at)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	bool has_names = wals_model_has_names(relation);
	bool is_null;
	Datum value;

	memset(newest, 0, sizeof(*newest));
	if (wals_query_run(psprintf("SELECT COALESCE(refreshed_at, trained_at)%s "
	                            "FROM %s "
	                            "WHERE version OPERATOR(pg_catalog.=) $1",
	                            has_names ? ", newest_time, newest_rows" : "",
	                            wals_relation_quoted(relation)),
	                   1, types, values, NULL, WALS_READ_FRESH) == 0)
		wals_version_unknown(relation, version);
	value = wals_query_value(0, 1, TIMESTAMPTZOID, &is_null);
	*fresh_at = is_null ? DT_NOBEGIN : DatumGetTimestampTz(value);
	if (!has_names)
		return;
	value = wals_query_value(0, 2, TEXTOID, &is_null);
	if (is_null)
		return;
	wals_newest_read(relation, time_type, TextDatumGetCString(value), newest);
	value = wals_query_value(0, 3, INT8OID, &is_null);
	newest->rows = is_null ? -1 : DatumGetInt64(value);
}

void
wals_version_name_early(Oid relation)
{
	Oid types[3] = {OIDOID, TEXTOID, TEXTOID};
	char *quoted = wals_relation_quoted(relation);
	Oid *sources;
	uint64 n;
	uint64 i;

	if (!wals_model_has_names(relation))
		return;
	n = wals_query_run(psprintf("SELECT DISTINCT source::pg_catalog.oid "
	                            "FROM %s WHERE source IS NOT NULL",
	                            quoted),
	                   0, NULL, NULL, NULL, WALS_READ_FRESH);
	sources = palloc(sizeof(Oid) * (n + 1));
	for (i = 0; i < n; i++)
	{
		bool is_null;

		sources[i] = DatumGetObjectId(wals_query_value(i, 1, OIDOID, &is_null));
	}
	for (i = 0; i < n; i++)
	{
		WalsNaming naming;
		Datum values[3];

		if (!wals_relation_hold(sources[i]))
			continue;
		wals_naming_set(&naming, sources[i]);
		values[0] = ObjectIdGetDatum(sources[i]);
		values[1] = CStringGetTextDatum(naming.name);
		values[2] = CStringGetTextDatum(naming.identity);
		wals_query_run(psprintf("UPDATE %s SET source_name = $2, "
		                        "source_id = $3, source = NULL "
		                        "WHERE source OPERATOR(pg_catalog.=) $1",
		                        quoted),
		               3, types, values, NULL, WALS_READ_FRESH);
	}
}

void
wals_version_rename(Oid relation, int32 version, const char *option,
                    const WalsNaming *naming)
{
	Oid types[4] = {INT4OID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[4] = {
	    Int32GetDatum(version), CStringGetTextDatum(naming->name),
	    CStringGetTextDatum(naming->identity), CStringGetTextDatum(option)};
	char *quoted = wals_relation_quoted(relation);

	if (!wals_model_has_names(relation))
		return;
	if (strcmp(option, "source") == 0)
		wals_query_run(
		    psprintf("UPDATE %s SET source_name = $2, source_id = $3, "
		             "source = NULL WHERE version OPERATOR(pg_catalog.=) $1 "
		             "OR source_name OPERATOR(pg_catalog.=) (SELECT "
		             "source_name FROM %s "
		             "WHERE version OPERATOR(pg_catalog.=) $1)",
		             quoted, quoted),
		    3, types, values, NULL, WALS_READ_FRESH);
	else
		wals_query_run(psprintf("UPDATE %s SET %s_id = $3, options = options "
		                        "OPERATOR(pg_catalog.||) "
		                        "pg_catalog.jsonb_build_object($4, $2) "
		                        "WHERE options OPERATOR(pg_catalog.->>) $4 "
		                        "OPERATOR(pg_catalog.=) (SELECT "
		                        "options OPERATOR(pg_catalog.->>) $4 FROM %s "
		                        "WHERE version OPERATOR(pg_catalog.=) $1)",
		                        quoted, option, quoted),
		               4, types, values, NULL, WALS_READ_FRESH);
}
