/*-------------------------------------------------------------------------
 *
 * listing.c
 *	  All models a role may read, and their versions, as rows: what the views
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
#include "utils/tuplestore.h"
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
wals_model_list_rows(ReturnSetInfo *result)
{
	List *models = wals_model_list_all();
	Oid default_model = wals_model_default();
	char *schema = wals_extension_schema();
	ListCell *cell;

	foreach (cell, models)
	{
		Oid model = lfirst_oid(cell);
		char *quoted;
		Datum values[6];
		bool nulls[6] = {false};
		NameData owner;

		if (!wals_relation_hold(model) || !is_safe_to_list(model))
			continue;
		quoted = wals_relation_quoted(model);
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
		namestrcpy(&owner, GetUserNameFromId(wals_relation_owner(model), true));
		values[0] = ObjectIdGetDatum(model);
		values[1] = NameGetDatum(&owner);
		values[2] = BoolGetDatum(model == default_model);
		values[3] = wals_query_value(0, 1, INT4OID, &nulls[3]);
		values[4] = wals_query_value(0, 2, wals_model_type(), &nulls[4]);
		/* not in the script of 0.1.0 */
		values[5] = wals_query_value(0, 3, wals_model_type(), &nulls[5]);
		if (!nulls[4] && wals_model_has_names(model))
			values[4] = with_source(model, values[4]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		wals_query_end();
	}
}

void
wals_log_list_rows(ReturnSetInfo *result)
{
	ListCell *cell;

	foreach (cell, wals_model_list_all())
	{
		Oid model = lfirst_oid(cell);
		uint64 n;
		uint64 row;

		if (!wals_relation_hold(model) || !is_safe_to_list(model))
			continue;
		wals_query_begin();
		n = wals_query_run(
		    psprintf("SELECT version, active, trained_at, losses, "
		             "iteration_seconds FROM %s ORDER BY version",
		             wals_relation_quoted(model)),
		    0, NULL, NULL, NULL, WALS_READ_CALLER);
		for (row = 0; row < n; row++)
		{
			Datum values[6];
			bool nulls[6] = {false};
			int i;

			values[0] = ObjectIdGetDatum(model);
			for (i = 1; i < 6; i++)
				values[i] = wals_query_value(
				    row, i, TupleDescAttr(result->setDesc, i)->atttypid,
				    &nulls[i]);
			tuplestore_putvalues(result->setResult, result->setDesc, values,
			                     nulls);
		}
		wals_query_end();
	}
}
