/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL versions: the only file that may look at
 *	  PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_COMPAT_H
#define WALS_BASE_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "wals needs PostgreSQL 15 or later"
#endif

/* What 18 and later have instead of pg_attribute_noreturn(), before "extern". */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* What pg_stat_activity shows of a session in wals_wait. */
static inline uint32
wals_wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("WalsPack");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

static inline AclResult
wals_namespace_aclcheck(Oid namespace_oid, Oid role, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, namespace_oid, role, mode);
#else
	return pg_namespace_aclcheck(namespace_oid, role, mode);
#endif
}

static inline AclResult
wals_function_aclcheck(Oid function, Oid role, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, mode);
#else
	return pg_proc_aclcheck(function, role, mode);
#endif
}

/* Whether a role has the rights of a table's owner. */
static inline bool
wals_table_ownercheck(Oid table, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, table, role);
#else
	return pg_class_ownercheck(table, role);
#endif
}

static inline List *
wals_qualified_name_list(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return stringToQualifiedNameList(name, NULL);
#else
	return stringToQualifiedNameList(name);
#endif
}

/* Tells the transactions of this session apart. */
static inline uint32
wals_transaction_number(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/* The session at a place, from 1, of this transaction's list of sessions. */
static inline LocalPgBackendStatus *
wals_backend_status(int place)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(place);
#else
	return pgstat_fetch_stat_local_beentry(place);
#endif
}

/* A scan without ORDER BY operators that nobody instruments. */
static inline IndexScanDesc
wals_index_beginscan(Relation table, Relation index, Snapshot snapshot,
                     int n_keys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(table, index, snapshot, NULL, n_keys, 0, 0);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, n_keys, 0);
#else
	return index_beginscan(table, index, snapshot, n_keys, 0);
#endif
}

/* A scan of all rows that nobody instruments. */
static inline TableScanDesc
wals_table_beginscan(Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, NULL, 0);
#else
	return table_beginscan(table, snapshot, 0, NULL);
#endif
}

/* repalloc_huge that returns NULL when memory is out, as 16 and later have. */
static inline void *
wals_repalloc_no_oom(void *pointer, Size size)
{
#if PG_VERSION_NUM >= 160000
	return repalloc_extended(pointer, size,
	                         MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
#else
	MemoryContext caller = CurrentMemoryContext;
	void *volatile result = NULL;

	PG_TRY();
	{
		result = repalloc_huge(pointer, size);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	return result;
#endif
}

#endif /* WALS_BASE_COMPAT_H */
