/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  Rows of a model's tables without a statement, where that is as good.
 *
 * An answer needs the row of the active version and the factors of one user.
 * Through the server programming interface, with kept plans, the two take a
 * third of the whole call; read by a scan of the table and of its primary key
 * they take a tenth.
 *
 * A statement does more than that, so it is left to one wherever the difference
 * could be seen: row-level security for the caller, no right to use the schema,
 * tables that others inherit from, relations that are not plain tables, a primary
 * key that is not ours (columns, operator classes, not valid).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "store/direct.h"

#define ATT_VERSION 1 /* of a factor table */
#define ATT_ID 2

/* The table, locked as a statement would, or NULL. */
static Relation
direct_open(Oid table)
{
	Relation relation;

	if (!ActiveSnapshotSet() ||
	    check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return NULL;
	relation = try_relation_open(table, AccessShareLock);
	if (relation == NULL)
		return NULL;
	if (relation->rd_rel->relkind == RELKIND_RELATION &&
	    !relation->rd_rel->relhassubclass && !relation->rd_rel->relhasrules &&
	    wals_namespace_aclcheck(RelationGetNamespace(relation), GetUserId(),
	                            ACL_USAGE) == ACLCHECK_OK)
		return relation;
	relation_close(relation, AccessShareLock);
	return NULL;
}

bool
wals_direct_each(Oid table, WalsRowFunction each_row, void *arg)
{
	Relation relation = direct_open(table);
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (relation == NULL)
		return false;
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		each_row(slot, arg);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	return true;
}

static bool
is_default_column(Relation index, int column, Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);

	return index->rd_opcintype[column] == type &&
	       index->rd_opfamily[column] == entry->btree_opf;
}

/* The index behind PRIMARY KEY (version, id) of a factor table, or NULL. */
static Relation
key_open(Relation relation, Oid id_type)
{
	Relation index;

	list_free(RelationGetIndexList(relation));
	if (!OidIsValid(relation->rd_pkindex))
		return NULL;
	index = index_open(relation->rd_pkindex, AccessShareLock);
	if (index->rd_index->indisvalid && index->rd_index->indnkeyatts == 2 &&
	    index->rd_index->indkey.values[0] == ATT_VERSION &&
	    index->rd_index->indkey.values[1] == ATT_ID &&
	    is_default_column(index, 0, INT4OID) &&
	    is_default_column(index, 1, id_type))
		return index;
	index_close(index, AccessShareLock);
	return NULL;
}

/* The function behind = of ids, 0 for a type that cannot be one. */
static RegProcedure
equal_function(Oid id_type)
{
	switch (id_type)
	{
		case INT8OID:
			return F_INT8EQ;
		case TEXTOID:
			return F_TEXTEQ;
		case UUIDOID:
			return F_UUID_EQ;
	}
	return InvalidOid;
}

bool
wals_direct_find(Oid table, int32 version, Oid id_type, Datum id,
                 WalsRowFunction each_row, void *arg)
{
	Relation relation = direct_open(table);
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	ScanKeyData keys[2];

	if (relation == NULL)
		return false;
	index = key_open(relation, id_type);
	if (index == NULL)
	{
		table_close(relation, NoLock);
		return false;
	}
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, INT4OID,
	                       index->rd_indcollation[0], F_INT4EQ,
	                       Int32GetDatum(version));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, id_type,
	                       index->rd_indcollation[1], equal_function(id_type),
	                       id);
	slot = table_slot_create(relation, NULL);
	scan = index_beginscan(relation, index, GetActiveSnapshot(), 2, 0);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		slot_getallattrs(slot);
		each_row(slot, arg);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(relation, NoLock);
	return true;
}
