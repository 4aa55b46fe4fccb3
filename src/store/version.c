/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Versions of a model: create tables, insert, activate, prune, drop.
 *
 * run/train/train.c and the management functions call us; only this file and
 * factors.c write to model tables.
 *
 * A new version is new rows and one move of the active mark, in the caller's
 * transaction: readers see the old version or the new one, never a mixture, and
 * a reader with an older snapshot still finds the old rows, as long as he reads them
 * before two more trainings: version_table.c.  Writers of one model exclude each other by a lock of
 * the model's name that is not waited for (55P03).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/packed.h"
#include "store/factors.h"
#include "store/guard.h"
#include "store/model.h"
#include "store/packfile.h"
#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"
#include "store/version_table.h"

#define SUFFIX_USERS "_users"
#define SUFFIX_ITEMS "_items"

static Datum
query_single(const char *sql, Oid type, bool *is_null)
{
	if (wals_query_run(sql, 0, NULL, NULL, NULL, WALS_READ_FRESH) == 0)
	{
		*is_null = true;
		return (Datum) 0;
	}
	return wals_query_value(0, 1, type, is_null);
}

bool
wals_target_needs_name(const WalsTarget *target, const char *name)
{
	return strcmp(name, target->name) == 0 ||
	       strcmp(name, psprintf("%s%s", target->name, SUFFIX_USERS)) == 0 ||
	       strcmp(name, psprintf("%s%s", target->name, SUFFIX_ITEMS)) == 0;
}

/* A table of factors that may be used under this name, or InvalidOid. */
static Oid
satellite_find(const WalsTarget *target, const char *suffix)
{
	char *name = psprintf("%s%s", target->name, suffix);
	Oid relation = get_relname_relid(name, target->schema);

	if (OidIsValid(relation) && !OidIsValid(target->relation))
		ereport(ERROR,
		        (errcode(ERRCODE_DUPLICATE_TABLE),
		         errmsg("relation \"%s\" already exists", name),
		         errdetail("Model \"%s\" needs this name for its factors.",
		                   target->name),
		         errhint("Choose another name for the model, or drop the table "
		                 "if it was left by a dropped model.")));
	return relation;
}

static void
target_check_name(const WalsTarget *target)
{
	if (strlen(target->name) + strlen(SUFFIX_USERS) >= NAMEDATALEN)
		ereport(ERROR,
		        (errcode(ERRCODE_NAME_TOO_LONG),
		         errmsg("model name \"%s\" is too long", target->name),
		         errdetail("A model name has at most %d bytes, so that \"%s\" "
		                   "can be appended.",
		                   (int) (NAMEDATALEN - 1 - strlen(SUFFIX_USERS)),
		                   SUFFIX_USERS),
		         errhint("Choose a shorter name.")));
}

static void
target_set_relation(WalsTarget *target, Oid relation)
{
	if (wals_table_kind(relation, NULL) != WALS_TABLE_MODEL)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("relation \"%s\" exists and is not a wals model",
		                       get_rel_name(relation)),
		                errhint("Choose another name for the model.")));
	wals_model_check_owner(relation);
	target->relation = relation;
	target->schema = get_rel_namespace(relation);
	target->name = get_rel_name(relation);
}

/*
 * Under REPEATABLE READ our snapshot may lack a version that somebody has
 * committed since.  Its number would collide with ours after all the work, so
 * fail now.
 */
static void
target_check_newest(const WalsTarget *target, const char *quoted)
{
	bool is_null;
	int32 newest;

	wals_query_run(psprintf("SELECT COALESCE(pg_catalog.max(version), 0) "
	                        "FROM %s",
	                        quoted),
	               0, NULL, NULL, NULL, WALS_READ_LATEST);
	newest = DatumGetInt32(wals_query_value(0, 1, INT4OID, &is_null));
	if (newest >= target->version)
		ereport(ERROR,
		        (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		         errmsg("could not serialize access due to concurrent "
		                "training of model \"%s\"",
		                target->name),
		         errdetail("Version %d was committed after this transaction "
		                   "began.",
		                   newest),
		         errhint("Try again in a new transaction.")));
}

/* The factor table of the newest version, or the one of that name. */
static Oid
target_table(const WalsTarget *target, const char *quoted, const char *column,
             const char *suffix)
{
	bool is_null;
	Datum table = query_single(psprintf("SELECT %s FROM %s "
	                                    "ORDER BY version DESC LIMIT 1",
	                                    column, quoted),
	                           REGCLASSOID, &is_null);

	return is_null ? satellite_find(target, suffix) : DatumGetObjectId(table);
}

void
wals_target_open(const char *name, WalsTarget *target)
{
	RangeVar *range = makeRangeVarFromNameList(wals_qualified_name_list(name));
	Oid relation = RangeVarGetRelid(range, NoLock, true);
	bool is_null;
	char *quoted;

	memset(target, 0, sizeof(*target));
	if (OidIsValid(relation))
		target_set_relation(target, relation);
	else
	{
		target->schema = wals_creation_schema(range, "a model", "wals_train");
		target->name = range->relname;
		target_check_name(target);
	}
	wals_model_lock(target->schema, target->name);

	/* created by somebody else before we had the lock? */
	relation = get_relname_relid(target->name, target->schema);
	if (!OidIsValid(relation))
	{
		target->relation = InvalidOid;
		target->version = 1;
		satellite_find(target, SUFFIX_USERS);
		satellite_find(target, SUFFIX_ITEMS);
		return;
	}
	target_set_relation(target, relation);
	quoted = wals_relation_quoted(relation);

	/*
	 * Lock the active row: under REPEATABLE READ this fails now, not after the
	 * training, when another version was committed since our snapshot.
	 */
	query_single(
	    psprintf("SELECT version FROM %s WHERE active FOR UPDATE", quoted),
	    INT4OID, &is_null);
	target->version = DatumGetInt32(
	    query_single(psprintf("SELECT COALESCE(pg_catalog.max(version), 0) "
	                          "OPERATOR(pg_catalog.+) 1 FROM %s",
	                          quoted),
	                 INT4OID, &is_null));
	target_check_newest(target, quoted);
	target->users_table =
	    target_table(target, quoted, "users_table", SUFFIX_USERS);
	target->items_table =
	    target_table(target, quoted, "items_table", SUFFIX_ITEMS);
	/* until the end, unlike what is only read */
	if (OidIsValid(target->users_table))
		wals_relation_lock(target->users_table);
	if (OidIsValid(target->items_table))
		wals_relation_lock(target->items_table);
}

void
wals_target_reopen(WalsTarget *target)
{
	Oid relation = target->relation;
	char *name = quote_qualified_identifier(get_namespace_name(target->schema),
	                                        target->name);

	if (get_relname_relid(target->name, target->schema) != relation)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("model \"%s\" was dropped or renamed during its "
		                       "training",
		                       target->name),
		                errhint("Train again under the name it has now.")));
	wals_target_open(name, target);
}

/* An existing factor table must be the owner's and have the right id type. */
static void
satellite_check(WalsTarget *target, Oid table, WalsIdType id_type,
                const char *side)
{
	WalsIdType stored;
	int32 unused;
	bool is_null;

	if (wals_table_kind(table, &stored) != WALS_TABLE_FACTORS)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		     errmsg("the %s table of model \"%s\" is missing or not a table "
		            "of wals factors",
		            side, target->name),
		     errhint("Drop the model and train it again, or train under "
		             "another name.")));
	if (!wals_model_is_own(table))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(table));
	wals_guard_need_own(target->relation, table, side);
	if (stored != id_type)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("%s ids of model \"%s\" are of type %s, those of the "
		                "source of type %s",
		                side, target->name, wals_id_type_name(stored),
		                wals_id_type_name(id_type)),
		         wals_hint("Train under another name, or drop the model first: "
		                   "SELECT wals_drop(%s);",
		                   quote_literal_cstr(
		                       wals_relation_quoted(target->relation)))));

	/* rows of a version whose model row somebody deleted keep their number */
	unused = DatumGetInt32(
	    query_single(psprintf("SELECT COALESCE(pg_catalog.max(version), 0) "
	                          "OPERATOR(pg_catalog.+) 1 FROM %s",
	                          wals_relation_quoted(table)),
	                 INT4OID, &is_null));
	target->version = Max(target->version, unused);
}

void
wals_target_check(WalsTarget *target, WalsIdType user_type,
                  WalsIdType item_type)
{
	if (OidIsValid(target->users_table) &&
	    target->users_table == target->items_table)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("users and items of model \"%s\" have one table",
		                target->name),
		         errdetail("Its newest version names \"%s\" for both.",
		                   get_rel_name(target->users_table)),
		         errhint("Drop the model and train it again, or train under "
		                 "another name.")));
	if (OidIsValid(target->users_table))
		satellite_check(target, target->users_table, user_type, "user");
	if (OidIsValid(target->items_table))
		satellite_check(target, target->items_table, item_type, "item");
}

static Oid
satellite_create(const WalsTarget *target, const char *suffix,
                 WalsIdType id_type, const char *side, char *token)
{
	char *schema = wals_extension_schema();
	char *name = psprintf("%s%s", target->name, suffix);
	const char *quoted;
	Oid table;

	quoted =
	    quote_qualified_identifier(get_namespace_name(target->schema), name);
	wals_query_once(psprintf("CREATE TABLE %s OF %s.wals_factors_%s ("
	                         "version WITH OPTIONS NOT NULL, "
	                         "id WITH OPTIONS NOT NULL, "
	                         "factors WITH OPTIONS NOT NULL, "
	                         "PRIMARY KEY (version, id))",
	                         quoted, schema, wals_id_type_name(id_type)));
	/* float4 does not compress, and a row stays in its page */
	wals_query_once(psprintf("ALTER TABLE %s ALTER COLUMN factors "
	                         "SET STORAGE PLAIN",
	                         quoted));
	wals_query_once(
	    psprintf("COMMENT ON TABLE %s IS %s", quoted,
	             quote_literal_cstr(psprintf("%s factors of wals model %s",
	                                         side, target->name))));
	table = get_relname_relid(name, target->schema);
	wals_guard_put(table, token, 0);
	return table;
}

void
wals_target_create(WalsTarget *target, WalsIdType user_type,
                   WalsIdType item_type)
{
	char token[WALS_TOKEN_SIZE] = "";

	if (OidIsValid(target->relation))
	{
		wals_guard_open(target->relation, target->version);
		wals_version_name_early(target->relation);
		(void) wals_guard_token(target->relation, token);
	}
	else
	{
		const char *quoted;

		quoted = quote_qualified_identifier(get_namespace_name(target->schema),
		                                    target->name);
		wals_query_once(psprintf("CREATE TABLE %s OF %s.wals_model ("
		                         "version WITH OPTIONS NOT NULL, "
		                         "PRIMARY KEY (version))",
		                         quoted, wals_extension_schema()));
		wals_query_once(psprintf("COMMENT ON TABLE %s IS 'wals model: one row "
		                         "per trained version'",
		                         quoted));
		target->relation = get_relname_relid(target->name, target->schema);
		wals_guard_put(target->relation, token, 1);
	}
	if (!OidIsValid(target->users_table))
		target->users_table =
		    satellite_create(target, SUFFIX_USERS, user_type, "user", token);
	if (!OidIsValid(target->items_table))
		target->items_table =
		    satellite_create(target, SUFFIX_ITEMS, item_type, "item", token);
	target->users_rows =
	    wals_version_table_create(target->users_table, target->version);
	target->items_rows =
	    wals_version_table_create(target->items_table, target->version);
}

void
wals_target_close(const WalsTarget *target)
{
	wals_version_table_close(target->users_rows, target->users_table);
	wals_version_table_close(target->items_rows, target->items_table);
}

void
wals_version_unknown(Oid relation, int32 version)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("model \"%s\" has no version %d",
	                       get_rel_name(relation), version),
	                errhint("SELECT version FROM %s lists them.",
	                        wals_relation_quoted(relation))));
}

void
wals_version_prepare(Oid relation, int32 version, bool is_new)
{
	WalsModel model;

	if (!wals_model_find_version(relation, version, &model))
		wals_version_unknown(relation, version);
	wals_complete_check_any(&model, WC_USERS, WALS_READ_FRESH);
	(void) wals_packed_prepare(&model, WC_ITEMS, WALS_READ_FRESH, is_new);
	/* few ask for users: for them only where somebody has */
	if (wals_packfile_exists(relation, model.users_table))
		(void) wals_packed_prepare(&model, WC_USERS, WALS_READ_FRESH, is_new);
}

/* The versions that were active until this transaction, which others read. */
typedef struct WasActive
{
	Oid model;
	int32 version;
} WasActive;

static List *were_active = NIL; /* in the context of the transaction */
static uint32 were_active_in = 0; /* its number */

static void
note_was_active(Oid model, int32 version)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	WasActive *one = palloc(sizeof(WasActive));

	if (were_active_in != wals_transaction_number())
		were_active = NIL;
	were_active_in = wals_transaction_number();
	*one = (WasActive){model, version};
	were_active = lappend(were_active, one);
	MemoryContextSwitchTo(caller);
}

static bool
was_active(Oid model, int32 version)
{
	ListCell *cell;

	if (were_active_in == wals_transaction_number())
		foreach (cell, were_active)
		{
			const WasActive *one = lfirst(cell);

			if (one->model == model && one->version == version)
				return true;
		}
	return false;
}

void
wals_version_activate(Oid relation, int32 version, bool is_new)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	char *quoted = wals_relation_quoted(relation);
	uint64 n;
	uint64 i;

	n = wals_query_run(
	    psprintf("UPDATE %s SET active = false "
	             "WHERE active AND version OPERATOR(pg_catalog.<>) $1 "
	             "RETURNING version",
	             quoted),
	    1, types, values, NULL, WALS_READ_FRESH);
	for (i = 0; i < n; i++)
	{
		bool is_null;

		note_was_active(
		    relation, DatumGetInt32(wals_query_value(i, 1, INT4OID, &is_null)));
	}
	if (wals_query_run(psprintf("UPDATE %s SET active = true, version_id = "
	                            "COALESCE(version_id, "
	                            "pg_catalog.gen_random_uuid()) "
	                            "WHERE version OPERATOR(pg_catalog.=) $1",
	                            quoted),
	                   1, types, values, NULL, WALS_READ_FRESH) == 0)
		wals_version_unknown(relation, version);
	wals_version_prepare(relation, version, is_new);
}

void
wals_version_hold(Oid relation)
{
	wals_query_run(psprintf("SELECT version FROM %s WHERE active FOR UPDATE",
	                        wals_relation_quoted(relation)),
	               0, NULL, NULL, NULL, WALS_READ_FRESH);
}

void
wals_version_set_metrics(Oid relation, int32 version, Datum metrics,
                         bool is_null)
{
	Oid types[2] = {INT4OID, JSONBOID};
	Datum values[2] = {Int32GetDatum(version), metrics};
	char nulls[2] = {' ', is_null ? 'n' : ' '};

	if (wals_query_run(psprintf("UPDATE %s SET metrics = $2 "
	                            "WHERE version OPERATOR(pg_catalog.=) $1",
	                            wals_relation_quoted(relation)),
	                   2, types, values, nulls, WALS_READ_FRESH) == 0)
		wals_version_unknown(relation, version);
}

int32
wals_version_forget(const WalsModel *model, Datum user)
{
	Oid types[2] = {wals_id_sql_type(model->user_type), OIDOID};
	Datum values[2] = {user};
	char *quoted = wals_relation_quoted(model->relation);
	WalsIdType id_type;
	int32 versions = 0;
	Oid *tables;
	uint64 n;
	uint64 i;

	n = wals_query_run(psprintf("SELECT DISTINCT users_table::pg_catalog.oid "
	                            "FROM %s WHERE users_table IS NOT NULL",
	                            quoted),
	                   0, NULL, NULL, NULL, WALS_READ_FRESH);
	tables = palloc(sizeof(Oid) * (n + 1));
	for (i = 0; i < n; i++)
	{
		bool is_null;

		tables[i] = DatumGetObjectId(wals_query_value(i, 1, OIDOID, &is_null));
	}
	for (i = 0; i < n; i++)
	{
		if (!wals_guard_is_own(model->relation, tables[i]) ||
		    wals_table_kind(tables[i], &id_type) != WALS_TABLE_FACTORS ||
		    id_type != model->user_type)
			continue;
		values[1] = ObjectIdGetDatum(tables[i]);
		wals_guard_write_begin(tables[i]);
		versions += (int32) wals_query_run(
		    psprintf("WITH gone AS (DELETE FROM %s "
		             "WHERE id OPERATOR(pg_catalog.=) $1 "
		             "RETURNING version, n) "
		             "UPDATE %s AS v SET "
		             "version_id = pg_catalog.gen_random_uuid(), "
		             "items_id = COALESCE(v.items_id, v.version_id), "
		             "n_users = v.n_users OPERATOR(pg_catalog.-) 1, "
		             "n_entries = v.n_entries OPERATOR(pg_catalog.-) "
		             "COALESCE(gone.n, 0) FROM gone "
		             "WHERE v.version OPERATOR(pg_catalog.=) gone.version "
		             "AND v.users_table OPERATOR(pg_catalog.=) $2",
		             wals_relation_quoted(tables[i]), quoted),
		    2, types, values, NULL, WALS_READ_FRESH);
		wals_guard_write_end();
		/* the files that sessions share have its id */
		wals_packfile_remove(tables[i]);
	}
	return versions;
}

/* A version that is pruned, and its tables. */
typedef struct Pruned
{
	int32 version;
	Oid tables[2];
	bool was_active; /* until this transaction */
} Pruned;

/* The versions whose tables stay. */
typedef struct Kept
{
	int32 n;
	int32 *versions;
} Kept;

static bool
is_kept(int32 version, void *arg)
{
	const Kept *kept = arg;
	int32 i;

	for (i = 0; i < kept->n; i++)
		if (kept->versions[i] == version)
			return true;
	return false;
}

static void
find_pruned(Oid model, int32 keep, int32 *n, Pruned **result)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(keep)};
	int32 i;

	*n = (int32) wals_query_run(
	    psprintf("SELECT version, users_table, items_table "
	             "FROM (SELECT version, active, users_table, "
	             "items_table, pg_catalog.row_number() OVER "
	             "(ORDER BY version DESC) AS place FROM %s) AS v "
	             "WHERE place OPERATOR(pg_catalog.>) $1 "
	             "AND active IS NOT TRUE",
	             wals_relation_quoted(model)),
	    1, types, values, NULL, WALS_READ_FRESH);
	*result = palloc(mul_size(Max(*n, 1), sizeof(Pruned)));
	for (i = 0; i < *n; i++)
	{
		Pruned *one = &(*result)[i];
		bool is_null;

		one->version = DatumGetInt32(wals_query_value(i, 1, INT4OID, &is_null));
		one->tables[0] =
		    DatumGetObjectId(wals_query_value(i, 2, REGCLASSOID, &is_null));
		one->tables[1] =
		    DatumGetObjectId(wals_query_value(i, 3, REGCLASSOID, &is_null));
		one->was_active = was_active(model, one->version);
	}
}

/*
 * The versions of a model, and those among the pruned that others may be reading:
 * of them the next one to prune finds empty tables.
 */
static void
find_kept(const char *quoted, int32 n, const Pruned *pruned, Kept *kept)
{
	uint64 rows = wals_query_run(psprintf("SELECT version FROM %s", quoted), 0,
	                             NULL, NULL, NULL, WALS_READ_FRESH);
	uint64 row;
	int32 i;

	kept->n = 0;
	kept->versions = palloc(mul_size(add_size(rows, n + 1), sizeof(int32)));
	for (row = 0; row < rows; row++)
	{
		bool is_null;

		kept->versions[kept->n++] =
		    DatumGetInt32(wals_query_value(row, 1, INT4OID, &is_null));
	}
	for (i = 0; i < n; i++)
		if (pruned[i].was_active)
			kept->versions[kept->n++] = pruned[i].version;
}

int32
wals_version_prune(Oid relation, int32 keep)
{
	char *quoted = wals_relation_quoted(relation);
	List *tables = wals_guard_tables(relation);
	Pruned *pruned;
	ListCell *cell;
	Kept kept;
	int32 n;
	int32 i;

	find_pruned(relation, keep, &n, &pruned);
	for (i = 0; i < n; i++)
	{
		Oid types[1] = {INT4OID};
		Datum values[1] = {Int32GetDatum(pruned[i].version)};
		int side;

		for (side = 0; side < 2; side++)
			if (wals_guard_is_own(relation, pruned[i].tables[side]))
				wals_factors_delete(pruned[i].tables[side], pruned[i].version,
				                    pruned[i].was_active);
		wals_query_run(psprintf("DELETE FROM %s "
		                        "WHERE version OPERATOR(pg_catalog.=) $1",
		                        quoted),
		               1, types, values, NULL, WALS_READ_FRESH);
	}
	find_kept(quoted, n, pruned, &kept);
	/* those that could not be dropped before are among them */
	foreach (cell, tables)
		if (wals_guard_is_own(relation, lfirst_oid(cell)))
			wals_version_table_drop(lfirst_oid(cell), is_kept, &kept);
	return n;
}

void
wals_model_mark_default(Oid relation)
{
	ListCell *cell;

	/*
	 * No lock of ours keeps others out of all these models.  So that they wait
	 * for each other and do not end in a deadlock, models come in one order,
	 * and of each the active row first, as when a version is made active.
	 */
	foreach (cell, wals_model_list_own())
	{
		Oid model = lfirst_oid(cell);

		if (!wals_relation_hold(model))
			continue;
		wals_guard_check_triggers(model);
		wals_version_hold(model);
		wals_model_tell(model);
		wals_query_run(psprintf("UPDATE %s SET is_default = %s "
		                        "WHERE is_default IS %s TRUE",
		                        wals_relation_quoted(model),
		                        model == relation ? "true" : "false",
		                        model == relation ? "NOT" : ""),
		               0, NULL, NULL, NULL, WALS_READ_FRESH);
	}
}

/* The factor tables of a model that go with it; the others are told. */
static List *
tables_to_drop(Oid relation)
{
	List *result = NIL;
	char token[WALS_TOKEN_SIZE];
	ListCell *cell;

	/* no row may name them any more */
	if (wals_guard_token(relation, token) &&
	    !wals_guard_is_shared(token, GetUserId()))
		foreach (cell, wals_guard_carriers(token, GetUserId()))
			if (wals_table_kind(lfirst_oid(cell), NULL) == WALS_TABLE_FACTORS)
				result = lappend_oid(result, lfirst_oid(cell));
	foreach (cell, wals_guard_tables(relation))
	{
		Oid table = lfirst_oid(cell);

		if (wals_guard_is_own(relation, table))
			result = list_append_unique_oid(result, table);
		else if (get_rel_name(table) != NULL)
			ereport(NOTICE,
			        (errmsg("table \"%s\" is left alone", get_rel_name(table)),
			         errdetail("Model \"%s\" names it, but it is not a factor "
			                   "table of its own.",
			                   get_rel_name(relation))));
	}
	return result;
}

/* The same as DROP TABLE, of a table whose owner another one's may be. */
static void
drop_below(Oid table)
{
	ListCell *cell;

	foreach (cell, wals_version_table_list(table))
	{
		ObjectAddress address = {RelationRelationId, lfirst_oid(cell), 0};

		performDeletion(&address, DROP_RESTRICT, 0);
	}
}

void
wals_model_drop(Oid relation)
{
	List *tables = tables_to_drop(relation);
	StringInfoData names;
	ListCell *cell;

	initStringInfo(&names);
	appendStringInfoString(&names, wals_relation_quoted(relation));
	foreach (cell, tables)
		appendStringInfo(&names, ", %s",
		                 wals_relation_quoted(lfirst_oid(cell)));
	/* before the source, whose triggers go: as those lock who read the model */
	wals_query_once(
	    psprintf("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", names.data));
	wals_queue_drop(relation);
	foreach (cell, tables)
		drop_below(lfirst_oid(cell));
	wals_query_once(psprintf("DROP TABLE %s", names.data));
	/* should this be rolled back, they are made anew */
	foreach (cell, tables)
		wals_packfile_remove(lfirst_oid(cell));
}
