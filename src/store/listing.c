/*-------------------------------------------------------------------------
 *
 * listing.c
 *	  All models a role may read, and their versions, one by one: what the views
 *	  wals_models and wals_training_log are made of.
 *
 * Who lists models has asked for none of them in particular, so those whose
 * owner's code would run with the caller's rights are left out, and those that
 * are dropped meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rls.h"
#include "utils/typcache.h"

#include "store/model.h"
#include "store/query.h"

/*
 * Whether a list of models may look into this one.  A row security policy is
 * code of the owner's that runs with the rights of whoever reads, and so are the
 * functions of his indexes; who lists models has not asked for those of a
 * stranger.
 */
static bool
is_safe_to_list(Oid relation)
{
	Oid owner = wals_relation_owner(relation);

	if (OidIsValid(wals_relation_with_strange_code(relation)))
		return false;
	return check_enable_rls(relation, InvalidOid, true) != RLS_ENABLED ||
	       is_member_of_role_nosuper(GetUserId(), owner) ||
	       owner == wals_database_owner() || superuser_arg(owner);
}

static char *
word_of(HeapTupleHeader row, const char *attribute)
{
	bool is_null;
	Datum value = GetAttributeByName(row, attribute, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/*
 * The row of a version whose source is the relation that is read as such now,
 * whatever the row names it by.
 */
static Datum
with_source(Oid model, Datum version)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(version);
	TupleDesc desc;
	WalsNaming naming;
	HeapTupleData tuple;
	Datum value;
	bool is_null;
	int place;

	value = GetAttributeByName(row, "source", &is_null);
	wals_naming_read(&naming, word_of(row, "source_name"),
	                 word_of(row, "source_id"),
	                 is_null ? InvalidOid : DatumGetObjectId(value));
	value = ObjectIdGetDatum(
	    wals_named_find(&naming, wals_relation_owner(model)).relation);
	is_null = !OidIsValid(DatumGetObjectId(value));
	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row),
	                              HeapTupleHeaderGetTypMod(row));
	for (place = 1; place <= desc->natts; place++)
		if (strcmp(NameStr(TupleDescAttr(desc, place - 1)->attname),
		           "source") == 0)
			break;
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	version = heap_copy_tuple_as_datum(
	    heap_modify_tuple_by_cols(&tuple, desc, 1, &place, &value, &is_null),
	    desc);
	ReleaseTupleDesc(desc);
	return version;
}

void
wals_model_list_each(WalsListedPut put, void *result)
{
	List *models = wals_model_list_all();
	Oid default_model = wals_model_default();
	char *schema = wals_extension_schema();
	ListCell *cell;

	foreach (cell, models)
	{
		WalsListed row = {lfirst_oid(cell)};
		char *quoted;

		if (!wals_relation_hold(row.model) || !is_safe_to_list(row.model))
			continue;
		quoted = wals_relation_quoted(row.model);
		wals_query_begin();
		wals_query_run(
		    psprintf("WITH v AS (SELECT * FROM %s), "
		             "a AS (SELECT * FROM v WHERE active LIMIT 1), "
		             "r AS (SELECT * FROM v WHERE active IS NOT TRUE "
		             "AND version OPERATOR(pg_catalog.>) "
		             "COALESCE((SELECT version FROM a), 0) "
		             "AND metrics OPERATOR(pg_catalog.#>>) '{gate,activated}' "
		             "OPERATOR(pg_catalog.=) 'false' "
		             "ORDER BY version DESC LIMIT 1) "
		             "SELECT (SELECT pg_catalog.count(*)::integer FROM v), "
		             "(SELECT CAST(ROW(a.*) AS %s.wals_model) FROM a), "
		             "(SELECT CAST(ROW(r.*) AS %s.wals_model) FROM r)",
		             quoted, schema, schema),
		    0, NULL, NULL, NULL, WALS_READ_CALLER);
		row.owner = wals_relation_owner(row.model);
		row.is_default = row.model == default_model;
		row.fields[0] = wals_query_value(0, 1, INT4OID, &row.nulls[0]);
		row.fields[1] =
		    wals_query_value(0, 2, wals_model_type(), &row.nulls[1]);
		row.fields[2] =
		    wals_query_value(0, 3, wals_model_type(), &row.nulls[2]);
		if (!row.nulls[1] && wals_model_has_names(row.model))
			row.fields[1] = with_source(row.model, row.fields[1]);
		put(result, &row);
		wals_query_end();
	}
}

void
wals_log_list_each(WalsListedPut put, void *result)
{
	static const Oid types[WALS_LISTED_FIELDS] = {
	    INT4OID, BOOLOID, TIMESTAMPTZOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID};
	ListCell *cell;

	foreach (cell, wals_model_list_all())
	{
		WalsListed row = {lfirst_oid(cell)};
		uint64 n;
		uint64 place;
		int i;

		if (!wals_relation_hold(row.model) || !is_safe_to_list(row.model))
			continue;
		wals_query_begin();
		n = wals_query_run(
		    psprintf("SELECT version, active, trained_at, losses, "
		             "iteration_seconds FROM %s ORDER BY version",
		             wals_relation_quoted(row.model)),
		    0, NULL, NULL, NULL, WALS_READ_CALLER);
		for (place = 0; place < n; place++)
		{
			for (i = 0; i < WALS_LISTED_FIELDS; i++)
				row.fields[i] =
				    wals_query_value(place, i + 1, types[i], &row.nulls[i]);
			put(result, &row);
		}
		wals_query_end();
	}
}
