/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  Guards: who may write to a model's tables, and which tables are its own.
 *
 * The row of a version names the source, tables of weights and factor tables,
 * and the owner's next training reads, runs and deletes from what it names.  So
 * whoever may write such a row acts as the owner, and a GRANT ALL to an
 * application's role is enough for that.  A guard is a statement trigger on each
 * table of a model that refuses to be written to without the owner's rights.
 *
 * A guard is evidence, too.  It is called wals_guard, calls our function, and is
 * ENABLE ALWAYS, which only a table's owner can make it: the TRIGGER privilege
 * suffices to create or replace a trigger, but leaves it firing in the ordinary
 * way.  Its first argument is a token that the tables of one model share, so
 * that a table is known to be a model's by more than its name, after renames,
 * dumps and restores.  A schema that was dumped and restored under another name
 * has models with the tokens of others; then names and rows decide as well.  The second, on the model itself, is the first version
 * whose row was written under a guard.
 *
 * Models that 0.1.0 made have none; neither have those whose owner has dropped
 * or disabled it.  As long as nobody else holds INSERT, UPDATE or TRIGGER there,
 * the next write of ours puts it (back) in its place.  Else nobody knows who
 * wrote the rows, and what they name is not followed until a training names it
 * again, or the privileges are revoked.
 *
 * The same trigger notices rows that are changed by hand: the versions that
 * have the table get new identities, so that no cache and no shared file is
 * asked for the old rows.  It does so before the statement, because that is the
 * order in which a refresh locks: the model's row first.  All versions of the
 * table get one, as a statement trigger does not know which were meant, and after
 * a DELETE it is not known how many rows they should have.
 *
 * Triggers of others.  With TRIGGER a role can have its own functions run by the
 * owner's next training.  So before we write, every trigger but a guard must
 * call a function of the owner's or a superuser's, and must not be there while
 * somebody else holds TRIGGER: functions of the owner's may not be meant for
 * this.  Rules, policies and constraints can only be the owner's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/guard.h"
#include "store/packfile.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"

/* What lets a role decide what a version's row says, or what runs at a write. */
#define FORGING (ACL_INSERT | ACL_UPDATE | ACL_TRIGGER)

typedef struct Guard
{
	char token[WALS_TOKEN_SIZE];
	int32 first_version;
} Guard;

/* ------------------------------------------------------------------------
 * Who holds what
 * ------------------------------------------------------------------------ */

static bool
acl_others_hold(Datum datum, Oid owner, AclMode mask, Oid *holder)
{
	Acl *acl = DatumGetAclP(datum);
	int i;

	for (i = 0; i < ACL_NUM(acl); i++)
	{
		AclItem *item = &ACL_DAT(acl)[i];

		if ((ACLITEM_GET_PRIVS(*item) & mask) == 0 ||
		    item->ai_grantee == owner ||
		    (item->ai_grantee != ACL_ID_PUBLIC &&
		     superuser_arg(item->ai_grantee)))
			continue;
		*holder = item->ai_grantee;
		return true;
	}
	return false;
}

static bool
columns_others_hold(Oid table, Oid owner, AclMode mask, Oid *holder)
{
	AttrNumber attnum;
	bool result = false;

	for (attnum = 1; !result; attnum++)
	{
		HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(table),
		                                  Int16GetDatum(attnum));
		bool is_null;
		Datum acl;

		if (!HeapTupleIsValid(tuple))
			break;
		acl =
		    SysCacheGetAttr(ATTNUM, tuple, Anum_pg_attribute_attacl, &is_null);
		result = !is_null && acl_others_hold(acl, owner, mask, holder);
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * Whether somebody else than the owner and superusers was granted one of these
 * privileges on a table or its columns; one of them is named.
 */
static bool
others_hold(Oid table, AclMode mask, Oid *holder)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	bool result = false;
	bool is_null;
	Datum acl;
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	acl = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relacl, &is_null);
	result = !is_null && acl_others_hold(acl, owner, mask, holder);
	ReleaseSysCache(tuple);
	return result || columns_others_hold(table, owner, mask, holder);
}

/* For the beginning of a message. */
static char *
holder_name(Oid holder)
{
	if (holder == ACL_ID_PUBLIC)
		return pstrdup("PUBLIC");
	return psprintf("Role \"%s\"", GetUserNameFromId(holder, false));
}

/* ------------------------------------------------------------------------
 * Guards
 * ------------------------------------------------------------------------ */

/* The guard among a table's triggers, if it is one. */
static bool
guard_of(Relation table, Guard *guard)
{
	const TriggerDesc *triggers = table->trigdesc;
	Oid function = wals_extension_function(WALS_GUARD_FUNCTION);
	int i;

	if (!OidIsValid(function) || triggers == NULL)
		return false;
	for (i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid != function ||
		    strcmp(trigger->tgname, WALS_GUARD_NAME) != 0 ||
		    trigger->tgenabled != TRIGGER_FIRES_ALWAYS ||
		    !TRIGGER_FOR_BEFORE(trigger->tgtype) ||
		    TRIGGER_FOR_ROW(trigger->tgtype) ||
		    !TRIGGER_FOR_UPDATE(trigger->tgtype) ||
		    !TRIGGER_FOR_DELETE(trigger->tgtype) || trigger->tgnattr > 0 ||
		    trigger->tgqual != NULL || trigger->tgnargs < 1)
			continue;
		strlcpy(guard->token, trigger->tgargs[0], sizeof(guard->token));
		guard->first_version =
		    trigger->tgnargs > 1 ? (int32) strtol(trigger->tgargs[1], NULL, 10)
		                         : 1;
		return true;
	}
	return false;
}

/* Afterwards the table is unlocked, or with NoLock stays locked. */
static bool
guard_look(Oid table, LOCKMODE unlock, Guard *guard)
{
	Relation relation = try_relation_open(table, AccessShareLock);
	bool result;

	if (relation == NULL)
		return false;
	result = guard_of(relation, guard);
	relation_close(relation, unlock);
	return result;
}

static bool
guard_find(Oid table, Guard *guard)
{
	return guard_look(table, NoLock, guard);
}

bool
wals_guard_token(Oid table, char *token)
{
	Guard guard;

	if (!guard_find(table, &guard))
		return false;
	strlcpy(token, guard.token, WALS_TOKEN_SIZE);
	return true;
}

static void
new_token(char *token)
{
	bool is_null;

	wals_query_run("SELECT pg_catalog.gen_random_uuid()::pg_catalog.text", 0,
	               NULL, NULL, NULL, WALS_READ_FRESH);
	strlcpy(token,
	        TextDatumGetCString(wals_query_value(0, 1, TEXTOID, &is_null)),
	        WALS_TOKEN_SIZE);
}

void
wals_guard_put(Oid table, char *token, int32 first_version)
{
	char *quoted = wals_relation_quoted(table);
	WalsTableKind kind = wals_table_kind(table, NULL);
	const char *version = "";
	bool is_queue;

	if (!OidIsValid(wals_extension_function(WALS_GUARD_FUNCTION)))
		return;
	is_queue = kind == WALS_TABLE_OTHER &&
	           !OidIsValid(wals_version_table_parent(table));
	if (token[0] == '\0')
		new_token(token);
	if (kind == WALS_TABLE_MODEL)
		version = psprintf(", '%d'", first_version);
	/* one that is not in force, or not the owner's */
	if (OidIsValid(get_trigger_oid(table, WALS_GUARD_NAME, true)))
		wals_query_once(
		    psprintf("DROP TRIGGER %s ON %s", WALS_GUARD_NAME, quoted));
	/* whoever writes to a source also writes to its queue */
	wals_query_once(psprintf(
	    "CREATE TRIGGER %s BEFORE %sUPDATE OR DELETE OR TRUNCATE ON %s "
	    "FOR EACH STATEMENT EXECUTE FUNCTION %s.%s(%s%s)",
	    WALS_GUARD_NAME, is_queue ? "" : "INSERT OR ", quoted,
	    wals_extension_schema(), WALS_GUARD_FUNCTION, quote_literal_cstr(token),
	    version));
	wals_query_once(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", quoted,
	                         WALS_GUARD_NAME));
}

List *
wals_guard_carriers(const char *token, Oid owner)
{
	List *result = NIL;
	ListCell *cell;
	Guard guard;

	foreach (cell, wals_guard_candidates(token))
		if (wals_relation_owner(lfirst_oid(cell)) == owner &&
		    guard_look(lfirst_oid(cell), AccessShareLock, &guard) &&
		    strcmp(guard.token, token) == 0)
			result = lappend_oid(result, lfirst_oid(cell));
	return result;
}

bool
wals_guard_is_shared(const char *token, Oid owner)
{
	int models = 0;
	ListCell *cell;

	foreach (cell, wals_guard_carriers(token, owner))
		models += wals_table_kind(lfirst_oid(cell), NULL) == WALS_TABLE_MODEL;
	return models > 1;
}

/* ------------------------------------------------------------------------
 * Whose a factor table is
 * ------------------------------------------------------------------------ */

/* Whether rows of a model name the table, which may be gone by now. */
static bool
names_table(Oid model, Oid table)
{
	Oid types[1] = {OIDOID};
	Datum values[1] = {ObjectIdGetDatum(table)};

	return wals_relation_hold(model) &&
	       wals_query_run(
	           psprintf("SELECT 1 FROM %s "
	                    "WHERE users_table OPERATOR(pg_catalog.=) $1 "
	                    "OR items_table OPERATOR(pg_catalog.=) $1 LIMIT 1",
	                    wals_relation_quoted(model)),
	           1, types, values, NULL, WALS_READ_FRESH) > 0;
}

/* A table of a model, and whether another one of the caller's names it. */
typedef struct Naming
{
	Oid model;
	Oid table;
	bool found;
} Naming;

static void
ask_others(void *arg)
{
	Naming *naming = arg;
	ListCell *cell;

	foreach (cell, wals_model_list_own())
		if (lfirst_oid(cell) != naming->model &&
		    names_table(lfirst_oid(cell), naming->table))
			naming->found = true;
}

static bool
is_named_by_other(Oid model, Oid table)
{
	Naming naming = {model, table, false};

	wals_query_read_and_unlock(ask_others, &naming);
	return naming.found;
}

bool
wals_guard_is_own(Oid model, Oid table)
{
	Guard of_model;
	Guard of_table;

	if (wals_table_kind(table, NULL) != WALS_TABLE_FACTORS ||
	    !wals_model_is_own(table))
		return false;
	if (guard_find(model, &of_model) && guard_find(table, &of_table))
	{
		if (strcmp(of_model.token, of_table.token) != 0)
			return false;
		if (!wals_guard_is_shared(of_model.token, GetUserId()))
			return true;
	}
	return !is_named_by_other(model, table);
}

void
wals_guard_need_own(Oid model, Oid table, const char *side)
{
	if (!wals_guard_is_own(model, table))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("the %s table of model \"%s\" is not its own", side,
		            get_rel_name(model)),
		     errdetail("\"%s\" belongs to another model.", get_rel_name(table)),
		     errhint("Train or refresh that model, or drop this one, which "
		             "leaves the table alone, and train it anew.")));
}

List *
wals_guard_tables(Oid model)
{
	char *quoted = wals_relation_quoted(model);
	List *result = NIL;
	uint64 n;
	uint64 i;

	n = wals_query_run(psprintf("SELECT users_table::pg_catalog.oid FROM %s "
	                            "UNION SELECT items_table::pg_catalog.oid "
	                            "FROM %s ORDER BY 1",
	                            quoted, quoted),
	                   0, NULL, NULL, NULL, WALS_READ_FRESH);
	for (i = 0; i < n; i++)
	{
		bool is_null;
		Datum table = wals_query_value(i, 1, OIDOID, &is_null);

		if (!is_null)
			result = lappend_oid(result, DatumGetObjectId(table));
	}
	return result;
}

/* ------------------------------------------------------------------------
 * Triggers of others
 * ------------------------------------------------------------------------ */

static Oid
function_owner(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

static bool
trigger_is_strange(const Trigger *trigger, Oid owner, bool others_may)
{
	Oid function_of = function_owner(trigger->tgfoid);

	/* the server's own check foreign keys, with rights of their own */
	if (trigger->tgisinternal || trigger->tgenabled == TRIGGER_DISABLED ||
	    trigger->tgfoid == wals_extension_function(WALS_GUARD_FUNCTION))
		return false;
	return others_may || (function_of != owner && !superuser_arg(function_of));
}

bool
wals_guard_has_strange_trigger(Oid table, char **trigger)
{
	Relation relation = try_relation_open(table, RowExclusiveLock);
	const TriggerDesc *triggers;
	bool result = false;
	bool others_may;
	Oid holder;
	Oid owner;
	int i;

	if (relation == NULL)
		return false;
	owner = relation->rd_rel->relowner;
	triggers = relation->trigdesc;
	others_may = triggers != NULL && others_hold(table, ACL_TRIGGER, &holder);
	for (i = 0; triggers != NULL && i < triggers->numtriggers && !result; i++)
		if (trigger_is_strange(&triggers->triggers[i], owner, others_may))
		{
			*trigger = pstrdup(triggers->triggers[i].tgname);
			result = true;
		}
	relation_close(relation, NoLock);
	return result;
}

void
wals_guard_check_triggers(Oid table)
{
	char *trigger;

	if (wals_guard_has_strange_trigger(table, &trigger))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("trigger \"%s\" on table \"%s\" would run what another "
		            "role decides",
		            trigger, get_rel_name(table)),
		     errdetail("Its function belongs to another role, or another role "
		               "holds TRIGGER on the table, and it would run with the "
		               "rights of whoever writes."),
		     errhint("DROP TRIGGER %s ON %s, or own its function; and REVOKE "
		             "TRIGGER ON the table from others.",
		             quote_identifier(trigger), wals_relation_quoted(table))));
}

/* ------------------------------------------------------------------------
 * Before we write, before we follow
 * ------------------------------------------------------------------------ */

/* The token of the guards that a model's tables have, if it has none itself. */
static void
adopt_token(Oid model, const List *tables, Guard *guard)
{
	const ListCell *cell;

	guard->token[0] = '\0';
	foreach (cell, tables)
		if (wals_guard_is_own(model, lfirst_oid(cell)) &&
		    wals_guard_token(lfirst_oid(cell), guard->token))
			return;
}

/*
 * New identities for the versions that have this table; fewer: nobody knows how
 * many rows it will have.
 */
static void
change_identities(Oid table, bool fewer)
{
	Oid types[2] = {OIDOID, BOOLOID};
	Datum values[2] = {ObjectIdGetDatum(table), BoolGetDatum(fewer)};
	ListCell *cell;

	wals_query_begin();
	foreach (cell, wals_model_list_all())
	{
		Oid model = lfirst_oid(cell);

		if (wals_relation_owner(model) != wals_relation_owner(table) ||
		    !names_table(model, table))
			continue;
		wals_guard_check_triggers(model);
		wals_query_run(
		    psprintf("UPDATE %s SET "
		             "version_id = pg_catalog.gen_random_uuid(), "
		             "items_id = CASE WHEN "
		             "items_table OPERATOR(pg_catalog.=) $1 THEN NULL "
		             "ELSE COALESCE(items_id, version_id) END, "
		             "n_users = CASE WHEN NOT ($2 AND users_table "
		             "OPERATOR(pg_catalog.=) $1) THEN n_users END, "
		             "n_items = CASE WHEN NOT ($2 AND items_table "
		             "OPERATOR(pg_catalog.=) $1) THEN n_items END "
		             "WHERE users_table OPERATOR(pg_catalog.=) $1 "
		             "OR items_table OPERATOR(pg_catalog.=) $1",
		             wals_relation_quoted(model)),
		    2, types, values, NULL, WALS_READ_FRESH);
	}
	wals_query_end();
	/* the rows that are going to be deleted stand there, too */
	wals_packfile_remove(table);
}

/* The triggers of a factor table and of those of its versions. */
static void
check_triggers_below(Oid table)
{
	ListCell *cell;

	wals_guard_check_triggers(table);
	foreach (cell, wals_version_table_list(table))
		wals_guard_check_triggers(lfirst_oid(cell));
}

/* Put a guard where one is missing; true if there was none. */
static bool
put_back(Oid table, Guard *of_model)
{
	Guard guard;

	if (!wals_model_is_own(table) || guard_find(table, &guard))
		return false;
	wals_guard_put(table, of_model->token, 0);
	return true;
}

void
wals_guard_open(Oid model, int32 first_version)
{
	List *tables = wals_guard_tables(model);
	ListCell *cell;
	Guard guard;
	Oid holder;

	wals_guard_check_triggers(model);
	foreach (cell, tables)
		if (wals_model_is_own(lfirst_oid(cell)))
			check_triggers_below(lfirst_oid(cell));
	if (!OidIsValid(wals_extension_function(WALS_GUARD_FUNCTION)))
		return;
	if (!guard_find(model, &guard))
	{
		bool forged = others_hold(model, FORGING, &holder);

		if (forged && first_version == 0)
			return;
		adopt_token(model, tables, &guard);
		wals_guard_put(model, guard.token, forged ? first_version : 1);
	}
	foreach (cell, tables)
	{
		Oid table = lfirst_oid(cell);
		ListCell *version;
		bool changed;

		if (!wals_guard_is_own(model, table))
			continue;
		changed = put_back(table, &guard);
		foreach (version, wals_version_table_list(table))
			changed |= put_back(lfirst_oid(version), &guard);
		/* what was written there until now was noticed by nobody */
		if (changed)
			change_identities(table, true);
	}
}

void
wals_guard_trust(Oid model, int32 version)
{
	char *quoted = wals_relation_quoted(model);
	Oid holder = InvalidOid;
	bool guarded;
	Guard guard;

	guarded = guard_find(model, &guard);
	if (guarded ? version >= guard.first_version
	            : !others_hold(model, FORGING, &holder))
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	     errmsg("version %d of model \"%s\" may name a source that its owner "
	            "did not choose",
	            version, get_rel_name(model)),
	     guarded
	         ? errdetail("Others could write to \"%s\" when it was written.",
	                     get_rel_name(model))
	         : errdetail("%s may write to \"%s\", and no guard of wals is "
	                     "there.",
	                     holder_name(holder), get_rel_name(model)),
	     guarded
	         ? wals_hint("Name the source again: SELECT wals_train(%s, '...');",
	                     quote_literal_cstr(quoted))
	         : wals_hint(
	               "Name the source again: SELECT wals_train(%s, '...'); or "
	               "look at TABLE %s and REVOKE INSERT, UPDATE, TRIGGER ON "
	               "%s from others.",
	               quote_literal_cstr(quoted), quoted, quoted)));
}

/* ------------------------------------------------------------------------
 * Queues
 * ------------------------------------------------------------------------ */

Oid
wals_guard_find_queue(const char *token, Oid owner)
{
	ListCell *cell;

	if (wals_guard_is_shared(token, owner))
		return InvalidOid;
	foreach (cell, wals_guard_carriers(token, owner))
	{
		Oid table = lfirst_oid(cell);

		/* the others may have been detached from their types */
		if (wals_table_kind(table, NULL) == WALS_TABLE_OTHER &&
		    (get_attnum(table, "user_id") > 0 ||
		     get_attnum(table, "item_id") > 0))
			return table;
	}
	return InvalidOid;
}

/* ------------------------------------------------------------------------
 * The trigger
 * ------------------------------------------------------------------------ */

/* The table that we are writing to. */
static Oid writing = InvalidOid;

static void
forget_writing_at_end(XactEvent event, void *arg)
{
	writing = InvalidOid;
}

static void
forget_writing(SubXactEvent event, SubTransactionId self,
               SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		writing = InvalidOid;
}

void
wals_guard_write_begin(Oid table)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(forget_writing_at_end, NULL);
		RegisterSubXactCallback(forget_writing, NULL);
		registered = true;
	}
	writing = table;
}

void
wals_guard_write_end(void)
{
	writing = InvalidOid;
}

static bool
is_updated(const TriggerData *trigger, const char *column)
{
	AttrNumber attnum =
	    get_attnum(RelationGetRelid(trigger->tg_relation), column);

	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber,
	                     trigger->tg_updatedcols);
}

/* Can the default model be another one after the statement? */
static bool
changes_marks(const TriggerData *trigger)
{
	return wals_table_kind(RelationGetRelid(trigger->tg_relation), NULL) ==
	           WALS_TABLE_MODEL &&
	       (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ||
	        is_updated(trigger, "active") || is_updated(trigger, "is_default"));
}

void
wals_guard_fire(TriggerData *trigger)
{
	Oid table = RelationGetRelid(trigger->tg_relation);
	Oid parent;
	char *owner;

	if (!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("_wals_guard() was called by a trigger of another "
		                "kind"),
		         errhint("wals creates its triggers when a model is "
		                 "trained.")));
	if (!wals_table_ownercheck(table, GetUserId()))
	{
		owner = GetUserNameFromId(trigger->tg_relation->rd_rel->relowner, true);
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("permission denied for table %s", get_rel_name(table)),
		     errdetail("It belongs to a wals model: what stands there decides "
		               "what its owner's next training reads and runs, so only "
		               "the owner's rights allow to change it, whatever was "
		               "granted."),
		     errhint("Use SET ROLE %s, or ask for SELECT, which is enough to "
		             "use the model.",
		             owner ? quote_identifier(owner) : "its owner")));
	}
	parent = wals_table_kind(table, NULL) == WALS_TABLE_FACTORS
	             ? table
	             : wals_version_table_parent(table);
	if (table != writing && OidIsValid(parent))
		change_identities(parent,
		                  TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
		                      (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
		                       is_updated(trigger, "version")));
	if (changes_marks(trigger))
		wals_model_tell(table);
}
