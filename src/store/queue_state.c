/*-------------------------------------------------------------------------
 *
 * queue_state.c
 *	  Whether a model's queue works, and what waits in it, in words.
 *
 * The list of models shows it.  A list must not wait for what it lists, so a
 * relation that is locked against reading is not looked at.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"

#define COUNTED 10000 /* changes, at most */

/* Why a queue is not told what changes, or NULL. */
static char *
reason_to_stand(Oid queue, Oid source, const char *user_col,
                const char *item_col)
{
	char *name = get_rel_name(source);
	char kind = get_rel_relkind(source);
	Oid foreign;

	if (name == NULL)
		return "its source is gone";
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		return psprintf("\"%s\" is not a table", name);
	foreign = wals_queue_foreign_part(source);
	if (OidIsValid(foreign))
		return psprintf("\"%s\" below \"%s\" is a foreign table",
		                get_rel_name(foreign), name);
	if (!wals_queue_fits(queue, source, user_col, item_col))
		return psprintf("\"%s\" or \"%s\" of \"%s\" is not there any more or "
		                "has another type than in the queue",
		                user_col, item_col, name);
	if (!wals_queue_is_fed(queue, source, user_col, item_col))
		return psprintf("its triggers on \"%s\" are not there or disabled, "
		                "the next refresh puts them back",
		                name);
	return NULL;
}

/* ", 3 changes wait", or nothing for who may not know. */
static char *
waiting(Oid queue)
{
	int64 count;
	bool is_null;

	if (pg_class_aclcheck(queue, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
	    OidIsValid(wals_relation_with_strange_code(queue)))
		return "";
	wals_query_run(
	    psprintf("SELECT pg_catalog.count(*), COALESCE(pg_catalog.bool_or("
	             "user_id IS NULL AND item_id IS NULL), false) "
	             "FROM (SELECT user_id, item_id FROM %s LIMIT %d) AS q",
	             wals_relation_quoted(queue), COUNTED + 1),
	    0, NULL, NULL, NULL, WALS_READ_CALLER);
	count = DatumGetInt64(wals_query_value(0, 1, INT8OID, &is_null));
	if (DatumGetBool(wals_query_value(0, 2, BOOLOID, &is_null)))
		return ", all rows wait";
	if (count == 0)
		return ", nothing waits";
	return psprintf(", %s" INT64_FORMAT " %s",
	                count > COUNTED ? "more than " : "", Min(count, COUNTED),
	                count == 1 ? "change waits" : "changes wait");
}

static char *
state_of(Oid queue, Oid source, const char *user_col, const char *item_col)
{
	char *reason = reason_to_stand(queue, source, user_col, item_col);

	if (reason != NULL)
		return psprintf("stopped: %s", reason);
	return psprintf("on%s%s", waiting(queue),
	                wals_queue_parts_differ(source, queue)
	                    ? ", tables below the source came or went"
	                    : "");
}

char *
wals_queue_words(Oid model, Oid source, const char *user_col,
                 const char *item_col)
{
	Oid queue = InvalidOid;
	char *result = "not known: the queue or the source is locked";

	if (wals_table_kind(model, NULL) == WALS_TABLE_MODEL &&
	    pg_class_aclcheck(model, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		queue = wals_queue_of(model);
	if (!OidIsValid(queue))
		return NULL;
	if (user_col == NULL || item_col == NULL)
		return "stopped: no version is active";
	if (!OidIsValid(source))
		return "stopped: its source is gone";
	if (!ConditionalLockRelationOid(queue, AccessShareLock))
		return result;
	if (ConditionalLockRelationOid(source, AccessShareLock))
	{
		result = state_of(queue, source, user_col, item_col);
		UnlockRelationOid(source, AccessShareLock);
	}
	UnlockRelationOid(queue, AccessShareLock);
	return result;
}
