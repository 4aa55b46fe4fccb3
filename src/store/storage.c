/*-------------------------------------------------------------------------
 *
 * storage.c
 *	  Whether a snapshot can still see what a relation held.
 *
 * TRUNCATE, and ALTER TABLE where it rewrites, put new files in the place of a
 * relation's, with rows that belong to their own transaction.  A snapshot taken before that finds the relation empty; the
 * server's manual says so.  For us it would mean that nobody has seen anything,
 * and what was seen would be recommended.  A call gets into this by waiting for
 * the lock of such a command, because its snapshot is older than the wait.
 *
 * CLUSTER and VACUUM FULL put new files there too, with the rows as they were, and
 * REFRESH MATERIALIZED VIEW with rows that everybody sees.  So files that the snapshot does not know are refused only where it sees no row
 * in them.
 *
 * That the snapshot knows the files is nearly always told by one comparison:
 * pg_class has them, and the row there was written by a transaction that the
 * snapshot sees.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "store/query.h"
#include "store/relation.h"

/*
 * Are the files of a relation those that pg_class has by this snapshot?  A
 * relation that was created since had no rows to lose.
 */
static bool
knows_files(Relation relation, Snapshot snapshot)
{
	Relation catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	bool result;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
	            ObjectIdGetDatum(RelationGetRelid(relation)));
	scan =
	    systable_beginscan(catalog, ClassOidIndexId, true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	result = !HeapTupleIsValid(tuple) ||
	         ((Form_pg_class) GETSTRUCT(tuple))->relfilenode ==
	             relation->rd_rel->relfilenode;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

static bool
sees_a_row(Relation relation, Snapshot snapshot)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TableScanDesc scan = wals_table_beginscan(relation, snapshot);
	bool result = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

static void
check_files(Oid relid, Snapshot snapshot)
{
	Relation relation = table_open(relid, NoLock);

	/* a factor table is empty where its versions have tables of their own */
	if (!knows_files(relation, snapshot) && !sees_a_row(relation, snapshot) &&
	    !(relation->rd_rel->relhassubclass &&
	      wals_table_kind(relid, NULL) == WALS_TABLE_FACTORS))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		     errmsg("could not see the rows of \"%s\" due to a concurrent "
		            "change",
		            RelationGetRelationName(relation)),
		     errdetail("It was truncated or rewritten after the snapshot of "
		               "this statement was taken."),
		     IsolationUsesXactSnapshot()
		         ? errhint("Try again in a new transaction.")
		         : errhint("Repeat the statement.")));
	table_close(relation, NoLock);
}

TransactionId
wals_storage_check(Oid relation, Snapshot snapshot)
{
	HeapTuple tuple;
	TransactionId changed_by;
	char kind;

	if (relation < FirstNormalObjectId)
		return FrozenTransactionId;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return InvalidTransactionId;
	changed_by = HeapTupleHeaderGetXmin(tuple->t_data);
	kind = ((Form_pg_class) GETSTRUCT(tuple))->relkind;
	ReleaseSysCache(tuple);
	if ((kind == RELKIND_RELATION || kind == RELKIND_MATVIEW) &&
	    XidInMVCCSnapshot(changed_by, snapshot))
		check_files(relation, snapshot);
	return changed_by;
}

void
wals_storage_check_all(Oid relation, Snapshot snapshot)
{
	ListCell *cell;

	if (relation >= FirstNormalObjectId && has_subclass(relation))
		foreach (cell, find_all_inheritors(relation, NoLock, NULL))
			(void) wals_storage_check(lfirst_oid(cell), snapshot);
	else
		(void) wals_storage_check(relation, snapshot);
}
