/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  Rows without a statement, where that is as good.
 *
 * An answer needs the row of the active version, the factors of one user, and
 * what the user has seen.  Through the server programming interface, with kept
 * plans, these take most of the whole call; read by a scan of the table, of its
 * primary key, and of an index of the source that holds users and items, they
 * take less than half of that.
 *
 * A statement does more than that, so it is left to one wherever the difference
 * could be seen: row-level security for the caller, no right to use the schema,
 * tables that others inherit from, relations that are not plain tables, other
 * sessions' temporary tables, an extension that watches who reads what, a primary
 * key that is not ours (columns, operator classes, not valid).
 *
 * Of the source only an index is read, and the table where its pages may hold
 * rows that not everybody sees: as the server's index-only scan.  Where no index
 * has all columns, the planner knows better how to fetch scattered rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
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

	if (!ActiveSnapshotSet() || !IsMVCCSnapshot(GetActiveSnapshot()) ||
	    ExecutorCheckPerms_hook != NULL ||
	    check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return NULL;
	relation = try_relation_open(table, AccessShareLock);
	if (relation == NULL)
		return NULL;
	if (relation->rd_rel->relkind == RELKIND_RELATION &&
	    !relation->rd_rel->relhassubclass && !relation->rd_rel->relhasrules &&
	    !RELATION_IS_OTHER_TEMP(relation) &&
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
	scan = wals_table_beginscan(relation, GetActiveSnapshot());
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
	scan = wals_index_beginscan(relation, index, GetActiveSnapshot(), 2);
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

/* ------------------------------------------------------------------------
 * The source, by an index alone
 * ------------------------------------------------------------------------ */

/*
 * Pages of the visibility map that stay pinned; each tells of so many blocks of
 * the table.  A user's rows may lie anywhere in it.
 */
#define MAPS 8
#define MAP_BLOCKS (BLCKSZ * 4)

/* Where an index has a column of its table, from 0; -1 when it has not. */
static int
place_in_index(Relation index, AttrNumber column)
{
	int i;

	for (i = 0; i < index->rd_index->indnatts; i++)
		if (index->rd_index->indkey.values[i] == column)
			return i;
	return -1;
}

/* The function behind the = of an index's first column and ids of id_type. */
static RegProcedure
index_equal_function(Relation index, Oid id_type)
{
	Oid equal =
	    get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0],
	                        id_type, BTEqualStrategyNumber);

	return OidIsValid(equal) ? get_opcode(equal) : InvalidOid;
}

/* Can the index answer, for every row of the table, and places: where? */
static bool
index_has(Relation relation, Relation index, AttrNumber key, int n,
          const AttrNumber *columns, int *places)
{
	Form_pg_attribute column =
	    TupleDescAttr(RelationGetDescr(relation), key - 1);
	Oid type = getBaseType(column->atttypid);
	int i;

	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
	    index->rd_index->indcheckxmin ||
	    index->rd_index->indkey.values[0] != key ||
	    !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) ||
	    index->rd_indcollation[0] != column->attcollation ||
	    index->rd_opfamily[0] !=
	        lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	for (i = 0; i < n; i++)
	{
		places[i] = place_in_index(index, columns[i]);
		if (places[i] < 0 || !index_can_return(index, places[i] + 1))
			return false;
	}
	return true;
}

static Relation
index_find(Relation relation, AttrNumber key, int n, const AttrNumber *columns,
           int *places)
{
	List *indexes = RelationGetIndexList(relation);
	Relation found = NULL;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index_has(relation, index, key, n, columns, places))
		{
			found = index;
			break;
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found;
}

/* A slot for these columns of a table. */
static TupleTableSlot *
slot_of_columns(Relation relation, int n, const AttrNumber *columns)
{
	TupleDesc desc = CreateTemplateTupleDesc(n);
	int i;

	for (i = 0; i < n; i++)
		TupleDescCopyEntry(desc, i + 1, RelationGetDescr(relation), columns[i]);
	return MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
}

/*
 * As nodeIndexonlyscan.c: where not all rows of a page are visible to everybody,
 * the row is fetched, and where they are, the page is locked against conflicts
 * of serializable transactions.
 */
static void
scan_index(IndexScanDesc scan, int n, const int *places, TupleTableSlot *row,
           TupleTableSlot *result, WalsRowFunction each_row, void *arg)
{
	Buffer maps[MAPS] = {InvalidBuffer};
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	ItemPointer place;
	int i;

	while ((place = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		BlockNumber block = ItemPointerGetBlockNumber(place);

		CHECK_FOR_INTERRUPTS();
		if (VM_ALL_VISIBLE(scan->heapRelation, block,
		                   &maps[block / MAP_BLOCKS % MAPS]))
			PredicateLockPage(scan->heapRelation, block, scan->xs_snapshot);
		else
		{
			if (!index_fetch_heap(scan, row))
				continue;
			ExecClearTuple(row);
		}
		index_deform_tuple(scan->xs_itup, scan->xs_itupdesc, values, nulls);
		ExecClearTuple(result);
		for (i = 0; i < n; i++)
		{
			result->tts_values[i] = values[places[i]];
			result->tts_isnull[i] = nulls[places[i]];
		}
		ExecStoreVirtualTuple(result);
		each_row(result, arg);
	}
	for (i = 0; i < MAPS; i++)
		if (BufferIsValid(maps[i]))
			ReleaseBuffer(maps[i]);
}

bool
wals_direct_lookup(Oid table, AttrNumber key, Oid id_type, Datum id, int n,
                   const AttrNumber *columns, WalsRowFunction each_row,
                   void *arg)
{
	Relation relation = direct_open(table);
	Relation index = NULL;
	RegProcedure equal = InvalidOid;
	int places[INDEX_MAX_KEYS];
	TupleTableSlot *row;
	TupleTableSlot *result;
	IndexScanDesc scan;
	ScanKeyData scan_key;

	if (relation == NULL)
		return false;
	if (relation->rd_rel->relam == HEAP_TABLE_AM_OID && n <= INDEX_MAX_KEYS)
		index = index_find(relation, key, n, columns, places);
	if (index != NULL)
		equal = index_equal_function(index, id_type);
	if (!OidIsValid(equal))
	{
		if (index != NULL)
			index_close(index, AccessShareLock);
		table_close(relation, AccessShareLock);
		return false;
	}
	ScanKeyEntryInitialize(&scan_key, 0, 1, BTEqualStrategyNumber, id_type,
	                       index->rd_indcollation[0], equal, id);
	row = table_slot_create(relation, NULL);
	result = slot_of_columns(relation, n, columns);
	scan = wals_index_beginscan(relation, index, GetActiveSnapshot(), 1);
	scan->xs_want_itup = true;
	index_rescan(scan, &scan_key, 1, NULL, 0);
	scan_index(scan, n, places, row, result, each_row, arg);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(result);
	ExecDropSingleTupleTableSlot(row);
	index_close(index, NoLock);
	table_close(relation, NoLock);
	return true;
}
