/*-------------------------------------------------------------------------
 *
 * profile.c
 *	  What the catalog knows of a source, for those who give advice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "store/source.h"

bool
wals_source_is_filtered(Oid relation)
{
	return check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED;
}

bool
wals_source_can_be_indexed(Oid relation)
{
	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
			return true;
	}
	return false;
}

/* Whether the index finds all rows of one value of the attribute. */
static bool
index_serves(Oid index, AttrNumber attnum)
{
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	Oid method;
	bool serves;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	serves = form->indisvalid && form->indkey.values[0] == attnum &&
	         heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	ReleaseSysCache(tuple);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	if (!serves || !HeapTupleIsValid(tuple))
	{
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		return false;
	}
	method = ((Form_pg_class) GETSTRUCT(tuple))->relam;
	ReleaseSysCache(tuple);
	return method == BTREE_AM_OID || method == HASH_AM_OID;
}

bool
wals_source_has_index(Oid relation, const char *column)
{
	AttrNumber attnum = get_attnum(relation, column);
	Relation table = table_open(relation, AccessShareLock);
	List *indexes = RelationGetIndexList(table);
	ListCell *cell;
	bool found = false;

	foreach (cell, indexes)
		if (index_serves(lfirst_oid(cell), attnum))
			found = true;
	list_free(indexes);
	table_close(table, AccessShareLock);
	return found;
}

char *
wals_source_time_column(Oid relation)
{
	AttrNumber attnum;

	for (attnum = 1;; attnum++)
	{
		HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation),
		                                  Int16GetDatum(attnum));
		Form_pg_attribute form;
		Oid type;
		char *name;

		if (!HeapTupleIsValid(tuple))
			return NULL;
		form = (Form_pg_attribute) GETSTRUCT(tuple);
		type = form->attisdropped ? InvalidOid : getBaseType(form->atttypid);
		name = pstrdup(NameStr(form->attname));
		ReleaseSysCache(tuple);
		if (type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID)
			return name;
	}
}
