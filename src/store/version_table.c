/*-------------------------------------------------------------------------
 *
 * version_table.c
 *	  A table for the rows of one version, below a factor table.
 *
 * A version leaves as a whole.  In one table for all of them, its rows have to be
 * deleted one by one, which writes more WAL than inserting them did, leaves pages
 * for autovacuum and keys that never shrink, and what an aborted training wrote
 * stays.  So each version has a table, which inherits from the factor table: a
 * statement on that finds the rows, with its privileges and policies, and a
 * constraint, CHECK (version = 3), lets the planner pass over the others.  The
 * table is dropped as a whole, and an aborted training leaves none.
 *
 * Inheritance, not partitions: to drop or attach a partition takes a lock that
 * readers of all others wait for, to the end of the transaction.  Here only those
 * who read the leaving version are in the way, and they are not waited for: the
 * lock is tried once, just before the commit, so that a transaction that goes on
 * for hours holds it for a moment only.  What cannot be dropped then is left to
 * the next training.
 *
 * The factor table stays a table of its own.  What earlier releases wrote stands
 * there until it is pruned, as do rows inserted by hand; and all versions go there
 * where the owner has hung something on it that the tables of versions would not
 * have: indexes, triggers, constraints, a publication, or where he may not create
 * tables.
 *
 * Columns of a fixed size come first and the vector last, so that nothing is lost
 * to alignment: with 64 factors a page has 24 rows, not 23.  Where ids are not
 * text, no column could be moved out of line, and there is no TOAST table.  The
 * key is built after the rows are in, full, as they never change but for a
 * refresh.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"

/* ------------------------------------------------------------------------
 * Which tables there are
 * ------------------------------------------------------------------------ */

typedef struct VersionTable
{
	Oid rows;
	int32 version;
} VersionTable;

/* What inherits from a factor table, kept until the server tells of a change. */
typedef struct Family
{
	Oid table;
	bool valid;
	bool plain; /* each is a version's table */
	bool one_owner; /* of these and the factor table */
	int n;
	int capacity;
	VersionTable *tables;
} Family;

static HTAB *families = NULL;
static uint64 n_changes = 0; /* that the server told of */

static void
forget_families(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS all;
	Family *family;
	int i;

	n_changes++;
	hash_seq_init(&all, families);
	while ((family = hash_seq_search(&all)) != NULL)
	{
		if (!OidIsValid(relation) || family->table == relation)
			family->valid = false;
		for (i = 0; i < family->n; i++)
			if (family->tables[i].rows == relation)
				family->valid = false;
	}
}

static void
create_families(void)
{
	HASHCTL control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Family);
	control.hcxt = CacheMemoryContext;
	families = hash_create("wals version tables", 64, &control,
	                       HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(forget_families, (Datum) 0);
}

/* Is it version = constant, and of which version? */
static bool
is_version(const Node *node, AttrNumber column, int32 *version)
{
	const OpExpr *equal = (const OpExpr *) node;
	const Var *var;
	const Const *value;

	if (!IsA(node, OpExpr) || equal->opno != Int4EqualOperator)
		return false;
	var = linitial(equal->args);
	value = lsecond(equal->args);
	if (!IsA(var, Var) || var->varattno != column || !IsA(value, Const) ||
	    value->consttype != INT4OID || value->constisnull)
		return false;
	*version = DatumGetInt32(value->constvalue);
	return true;
}

/* The version whose rows alone a table can hold. */
static bool
version_of(Relation rows, int32 *version)
{
	const TupleConstr *constraints = RelationGetDescr(rows)->constr;
	AttrNumber column = get_attnum(RelationGetRelid(rows), "version");
	int i;

	for (i = 0; constraints != NULL && i < constraints->num_check; i++)
	{
		const ConstrCheck *check = &constraints->check[i];

		if (check->ccvalid &&
		    is_version(stringToNode(check->ccbin), column, version))
			return true;
	}
	return false;
}

/* Look at one of those that inherit, which may be gone by now. */
static void
add_child(Family *family, Oid child, Oid owner)
{
	Relation relation = try_relation_open(child, AccessShareLock);
	VersionTable *table = &family->tables[family->n];

	if (relation == NULL)
		return;
	table->rows = child;
	if (relation->rd_rel->relkind == RELKIND_RELATION &&
	    !relation->rd_rel->relhassubclass &&
	    version_of(relation, &table->version))
	{
		family->n++;
		family->one_owner &= relation->rd_rel->relowner == owner;
	}
	else
		family->plain = false;
	relation_close(relation, AccessShareLock);
}

static void
look_at(Family *family)
{
	List *children = NIL;
	ListCell *cell;

	if (has_subclass(family->table))
		children = find_inheritance_children(family->table, NoLock);
	family->n = 0;
	family->plain = true;
	family->one_owner = true;
	if (list_length(children) > family->capacity)
	{
		if (family->tables != NULL)
			pfree(family->tables);
		family->capacity = 0;
		family->tables = MemoryContextAlloc(
		    CacheMemoryContext,
		    mul_size(list_length(children), sizeof(VersionTable)));
		family->capacity = list_length(children);
	}
	foreach (cell, children)
		add_child(family, lfirst_oid(cell), wals_relation_owner(family->table));
	list_free(children);
}

static const Family *
find_family(Oid table)
{
	Family *family;
	uint64 before;
	bool found;

	if (families == NULL)
		create_families();
	family = hash_search(families, &table, HASH_ENTER, &found);
	if (!found)
	{
		family->valid = false;
		family->n = family->capacity = 0;
		family->tables = NULL;
	}
	while (!family->valid)
	{
		before = n_changes;
		look_at(family);
		family->valid = before == n_changes;
	}
	return family;
}

bool
wals_version_table_find(Oid table, int32 version, Oid *rows)
{
	const Family *family = find_family(table);
	int i;

	*rows = InvalidOid;
	for (i = 0; i < family->n; i++)
	{
		if (family->tables[i].version != version)
			continue;
		if (OidIsValid(*rows))
			return false;
		*rows = family->tables[i].rows;
	}
	return family->plain;
}

Oid
wals_version_table_of(Oid table, int32 version)
{
	Oid rows;

	(void) wals_version_table_find(table, version, &rows);
	return OidIsValid(rows) && wals_model_is_own(rows) ? rows : table;
}

bool
wals_version_table_is_safe(Oid table)
{
	const Family *family = find_family(table);

	return family->plain && family->one_owner;
}

bool
wals_version_table_is_known(Oid table, Oid rows)
{
	const Family *family = families == NULL
	                           ? NULL
	                           : hash_search(families, &table, HASH_FIND, NULL);
	int i;

	for (i = 0; family != NULL && i < family->n; i++)
		if (family->tables[i].rows == rows)
			return true;
	return false;
}

List *
wals_version_table_list(Oid table)
{
	const Family *family = find_family(table);
	List *result = NIL;
	int i;

	for (i = 0; i < family->n; i++)
		result = lappend_oid(result, family->tables[i].rows);
	return result;
}

Oid
wals_version_table_parent(Oid rows)
{
	Oid types[1] = {OIDOID};
	Datum values[1] = {ObjectIdGetDatum(rows)};
	Oid parent = InvalidOid;
	bool is_null;

	wals_query_begin();
	if (wals_query_run("SELECT inhparent FROM pg_catalog.pg_inherits "
	                   "WHERE inhrelid OPERATOR(pg_catalog.=) $1",
	                   1, types, values, NULL, WALS_READ_FRESH) == 1)
		parent = DatumGetObjectId(wals_query_value(0, 1, OIDOID, &is_null));
	wals_query_end();
	return wals_table_kind(parent, NULL) == WALS_TABLE_FACTORS ? parent
	                                                           : InvalidOid;
}

/* ------------------------------------------------------------------------
 * Creating one
 * ------------------------------------------------------------------------ */

/* Does anything hang on the factor table that a version's table would not have? */
static bool
is_bare(Relation table)
{
	const TriggerDesc *triggers = table->trigdesc;
	List *indexes = RelationGetIndexList(table);
	PublicationDesc published;
	char token[WALS_TOKEN_SIZE];

	RelationBuildPublicationDesc(table, &published);
	return list_length(indexes) == 1 &&
	       linitial_oid(indexes) == table->rd_pkindex &&
	       !table->rd_rel->relhasrules && table->rd_rel->relchecks == 0 &&
	       triggers != NULL && triggers->numtriggers == 1 &&
	       wals_guard_token(RelationGetRelid(table), token) &&
	       !published.pubactions.pubinsert;
}

/* The columns of the factor table but its vector, numbers first. */
static void
append_columns(StringInfo sql, Relation table)
{
	TupleDesc desc = RelationGetDescr(table);
	const char *separator = "";
	int pass;
	int i;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute column = TupleDescAttr(desc, i);

			if (column->attisdropped || column->atttypid == FLOAT4ARRAYOID ||
			    (column->attlen == sizeof(int32)) != (pass == 0))
				continue;
			appendStringInfo(sql, "%s%s %s%s", separator,
			                 quote_identifier(NameStr(column->attname)),
			                 format_type_be_qualified(column->atttypid),
			                 column->attnotnull ? " NOT NULL" : "");
			separator = ", ";
		}
}

Oid
wals_version_table_create(Oid table, int32 version)
{
	Relation relation = table_open(table, AccessShareLock);
	Oid schema = RelationGetNamespace(relation);
	bool fits =
	    is_bare(relation) &&
	    wals_namespace_aclcheck(schema, GetUserId(), ACL_CREATE) == ACLCHECK_OK;
	Oid left = wals_version_table_of(table, version);
	StringInfoData sql;
	char *name;
	char *quoted;

	if (!fits || left != table)
	{
		table_close(relation, NoLock);
		return fits ? left : table;
	}
	name = ChooseRelationName(RelationGetRelationName(relation), NULL,
	                          psprintf("%d", version), schema, false);
	quoted = quote_qualified_identifier(get_namespace_name(schema), name);
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s (",
	                 relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED
	                     ? "UNLOGGED "
	                     : "",
	                 quoted);
	append_columns(&sql, relation);
	appendStringInfo(&sql, ") USING %s",
	                 quote_identifier(get_am_name(relation->rd_rel->relam)));
	if (OidIsValid(relation->rd_rel->reltablespace))
		appendStringInfo(&sql, " TABLESPACE %s",
		                 quote_identifier(get_tablespace_name(
		                     relation->rd_rel->reltablespace)));
	table_close(relation, NoLock);
	wals_query_once(sql.data);
	/* floats do not compress, and a row stays in its page */
	wals_query_once(psprintf(
	    "ALTER TABLE %s ADD COLUMN factors pg_catalog.float4[] NOT NULL, "
	    "ALTER COLUMN factors SET STORAGE PLAIN, "
	    "ADD CHECK (version OPERATOR(pg_catalog.=) %d), "
	    "INHERIT %s",
	    quoted, version, wals_relation_quoted(table)));
	return get_relname_relid(name, schema);
}

void
wals_version_table_close(Oid rows, Oid table)
{
	char token[WALS_TOKEN_SIZE];

	if (rows == table || wals_guard_token(rows, token))
		return;
	wals_query_once(psprintf("ALTER TABLE %s ADD PRIMARY KEY (version, id) "
	                         "WITH (fillfactor = 100)",
	                         wals_relation_quoted(rows)));
	if (wals_guard_token(table, token))
		wals_guard_put(rows, token, 0);
}

/* ------------------------------------------------------------------------
 * Dropping them
 * ------------------------------------------------------------------------ */

/* A table that is to be dropped when the transaction commits. */
typedef struct Leaving
{
	Oid rows;
	SubTransactionId told_by;
} Leaving;

static List *leaving = NIL; /* in TopTransactionContext */

/*
 * Drop one, if nobody is in the way.  A subtransaction, so that what depends on the
 * table, a view of somebody's, keeps it and does no harm to the rest.
 */
static void
drop_now(Oid rows)
{
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext context = CurrentMemoryContext;
	ObjectAddress address = {RelationRelationId, rows, 0};

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		if (ConditionalLockRelationOid(rows, AccessExclusiveLock) &&
		    SearchSysCacheExists1(RELOID, ObjectIdGetDatum(rows)))
			performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

static void
drop_at_commit(XactEvent event, void *arg)
{
	List *tables = leaving;
	ListCell *cell;

	leaving = NIL;
	if (event == XACT_EVENT_PRE_COMMIT)
		foreach (cell, tables)
			drop_now(((Leaving *) lfirst(cell))->rows);
}

static void
follow_subtransaction(SubXactEvent event, SubTransactionId self,
                      SubTransactionId parent, void *arg)
{
	ListCell *cell;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach (cell, leaving)
	{
		Leaving *one = lfirst(cell);

		if (one->told_by == self && event == SUBXACT_EVENT_COMMIT_SUB)
			one->told_by = parent;
		else if (one->told_by == self)
			leaving = foreach_delete_current(leaving, cell);
	}
}

static void
drop_later(Oid rows)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	Leaving *one = palloc(sizeof(Leaving));

	if (!registered)
	{
		RegisterXactCallback(drop_at_commit, NULL);
		RegisterSubXactCallback(follow_subtransaction, NULL);
		registered = true;
	}
	one->rows = rows;
	one->told_by = GetCurrentSubTransactionId();
	leaving = lappend(leaving, one);
	MemoryContextSwitchTo(caller);
}

void
wals_version_table_drop(Oid table, WalsVersionKeep keep, void *arg)
{
	const Family *family = find_family(table);
	int i;

	for (i = 0; i < family->n; i++)
		if (!keep(family->tables[i].version, arg))
			drop_later(family->tables[i].rows);
}
