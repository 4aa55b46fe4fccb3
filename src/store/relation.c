/*-------------------------------------------------------------------------
 *
 * relation.c
 *	  Relations and columns the user names: looked up, checked, quoted.
 *
 * Names never enter SQL text as they were given: relations arrive as OIDs,
 * columns are looked up in the catalog, and both are quoted on the way out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"

static const char *const type_names[] = {
    "wals_model",        "wals_factors_bigint", "wals_factors_text",
    "wals_factors_uuid", "wals_trial",          "wals_evaluation"};

/*
 * OIDs of the extension's row types, InvalidOid until asked for and again after
 * any type changed.
 */
static Oid known_types[lengthof(type_names)];
static bool known_types_valid = false;
static bool known_types_registered = false;

static void
forget_types(Datum arg, int cache, uint32 hash)
{
	known_types_valid = false;
}

static Oid
extension_namespace(void)
{
	bool is_null;
	Datum value;
	Oid result;

	wals_query_begin();
	if (wals_query_run("SELECT extnamespace FROM pg_catalog.pg_extension "
	                   "WHERE extname OPERATOR(pg_catalog.=) 'wals'",
	                   0, NULL, NULL, NULL, WALS_READ_CALLER) != 1)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("extension \"wals\" is not installed"),
		                errhint("Use CREATE EXTENSION wals.")));
	value = wals_query_value(0, 1, OIDOID, &is_null);
	result = DatumGetObjectId(value);
	wals_query_end();
	return result;
}

char *
wals_extension_schema(void)
{
	return pstrdup(quote_identifier(get_namespace_name(extension_namespace())));
}

char *
wals_extension_version(void)
{
	char *result = NULL;
	MemoryContext caller = CurrentMemoryContext;
	bool is_null;

	wals_query_begin();
	if (wals_query_run("SELECT extversion FROM pg_catalog.pg_extension "
	                   "WHERE extname OPERATOR(pg_catalog.=) 'wals'",
	                   0, NULL, NULL, NULL, WALS_READ_CALLER) > 0)
		result = MemoryContextStrdup(
		    caller,
		    TextDatumGetCString(wals_query_value(0, 1, TEXTOID, &is_null)));
	wals_query_end();
	return result;
}

static const Oid *
extension_types(void)
{
	if (!known_types_registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, forget_types, (Datum) 0);
		known_types_registered = true;
	}
	if (!known_types_valid)
	{
		Oid schema = extension_namespace();
		int i;

		for (i = 0; i < (int) lengthof(type_names); i++)
			known_types[i] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
			                                 CStringGetDatum(type_names[i]),
			                                 ObjectIdGetDatum(schema));
		known_types_valid = true;
	}
	return known_types;
}

Oid
wals_model_type(void)
{
	return extension_types()[0];
}

Oid
wals_extension_function(const char *name)
{
	HeapTuple tuple;
	Oid schema;

	/* no statement: the types know where the extension is */
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(wals_model_type()));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	schema = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return GetSysCacheOid3(
	    PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	    PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));
}

Oid
wals_relation_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Whether code of this role may run with the rights of the current one. */
static bool
is_trusted(Oid role)
{
	return role == GetUserId() || superuser_arg(role);
}

/*
 * Relations that were found to run nobody else's code, for the role that asked:
 * finding out takes longer than most answers.  Forgotten when something about
 * them changes, such as their indexes, or about any role or function.
 */
typedef struct Harmless
{
	Oid relation;
	Oid role;
} Harmless;

static Harmless harmless[128];
static int next_harmless = 0;
static uint64 changes_seen = 0; /* that may have made one harmful */
static bool harmless_registered = false;

static void
forget_harmless(Datum arg, Oid relation)
{
	int i;

	changes_seen++;
	for (i = 0; i < (int) lengthof(harmless); i++)
		if (!OidIsValid(relation) || harmless[i].relation == relation)
			harmless[i].relation = InvalidOid;
}

static void
forget_all_harmless(Datum arg, int cache, uint32 hash)
{
	forget_harmless(arg, InvalidOid);
}

static bool
is_noted(Oid relation)
{
	int i;

	for (i = 0; i < (int) lengthof(harmless); i++)
		if (harmless[i].relation == relation && harmless[i].role == GetUserId())
			return true;
	return false;
}

/* Does nothing inherit from it but tables of versions, of the same owner? */
static bool
is_plain(Oid relation)
{
	return !has_subclass(relation) || wals_version_table_is_safe(relation);
}

static bool
is_known_harmless(Oid relation)
{
	ListCell *cell;

	if (!is_noted(relation) || !is_plain(relation))
		return false;
	foreach (cell, wals_version_table_list(relation))
		if (!is_noted(lfirst_oid(cell)))
			return false;
	return true;
}

/* From here on changes are seen. */
static uint64
watch_harmless(void)
{
	if (!harmless_registered)
	{
		CacheRegisterRelcacheCallback(forget_harmless, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, forget_all_harmless, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_all_harmless, (Datum) 0);
		CacheRegisterSyscacheCallback(OPEROID, forget_all_harmless, (Datum) 0);
		harmless_registered = true;
	}
	return changes_seen;
}

static void
note_harmless(Oid relation)
{
	harmless[next_harmless].relation = relation;
	harmless[next_harmless].role = GetUserId();
	next_harmless = (next_harmless + 1) % (int) lengthof(harmless);
}

/*
 * A view's functions run with the rights of who reads it, and a foreign table
 * connects with them.  In a table it is what the planner computes beforehand:
 * functions of constants in expressions of indexes, statistics, constraints and
 * partition keys, if somebody says they are immutable.  The server knows which
 * functions these objects need.  A materialized view is data; policies do not
 * hold for superusers.
 */
Oid
wals_relation_with_strange_code(Oid relation)
{
	Oid types[2] = {OIDOID, OIDOID};
	Datum values[2] = {ObjectIdGetDatum(relation),
	                   ObjectIdGetDatum(GetUserId())};
	Oid result = InvalidOid;
	ListCell *cell;
	uint64 changes;
	bool is_null;

	if (!superuser() ||
	    (is_trusted(wals_relation_owner(relation)) && is_plain(relation)))
		return InvalidOid;
	/* locked, so that no other relation gets its name */
	if (!wals_relation_hold(relation) || is_known_harmless(relation))
		return InvalidOid;
	changes = watch_harmless();
	wals_query_begin();
	if (wals_query_run(
	        "WITH RECURSIVE strange AS MATERIALIZED (SELECT oid "
	        "FROM pg_catalog.pg_authid "
	        "WHERE NOT rolsuper AND oid OPERATOR(pg_catalog.<>) $2), "
	        "part AS (SELECT $1::pg_catalog.oid AS oid UNION "
	        "SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN part AS p "
	        "ON i.inhparent OPERATOR(pg_catalog.=) p.oid), "
	        "suspect AS (SELECT c.oid, c.relkind FROM part AS p "
	        "JOIN pg_catalog.pg_class AS c "
	        "ON c.oid OPERATOR(pg_catalog.=) p.oid JOIN strange AS s "
	        "ON s.oid OPERATOR(pg_catalog.=) c.relowner), "
	        "object AS ("
	        "SELECT oid AS relation, 1259::pg_catalog.oid AS classid, "
	        "oid AS objid FROM suspect "
	        "UNION ALL SELECT s.oid, 1259::pg_catalog.oid, i.indexrelid FROM "
	        "suspect AS s "
	        "JOIN pg_catalog.pg_index AS i "
	        "ON i.indrelid OPERATOR(pg_catalog.=) s.oid "
	        "UNION ALL SELECT s.oid, 2606::pg_catalog.oid, k.oid FROM suspect "
	        "AS s "
	        "JOIN pg_catalog.pg_constraint AS k "
	        "ON k.conrelid OPERATOR(pg_catalog.=) s.oid "
	        "UNION ALL SELECT s.oid, 3381::pg_catalog.oid, t.oid FROM suspect "
	        "AS s "
	        "JOIN pg_catalog.pg_statistic_ext AS t "
	        "ON t.stxrelid OPERATOR(pg_catalog.=) s.oid), "
	        "needed AS (SELECT o.relation, d.refclassid, d.refobjid "
	        "FROM object AS o JOIN pg_catalog.pg_depend AS d "
	        "ON d.classid OPERATOR(pg_catalog.=) o.classid "
	        "AND d.objid OPERATOR(pg_catalog.=) o.objid) "
	        "SELECT oid FROM suspect WHERE relkind "
	        "OPERATOR(pg_catalog.=) ANY (ARRAY['v', "
	        "'f']::pg_catalog.\"char\"[]) "
	        "UNION ALL SELECT n.relation FROM needed AS n "
	        "JOIN pg_catalog.pg_proc AS f "
	        "ON f.oid OPERATOR(pg_catalog.=) n.refobjid JOIN strange AS s "
	        "ON s.oid OPERATOR(pg_catalog.=) f.proowner "
	        "WHERE n.refclassid OPERATOR(pg_catalog.=) 1255 "
	        "UNION ALL SELECT n.relation FROM needed AS n "
	        "JOIN pg_catalog.pg_operator AS p "
	        "ON p.oid OPERATOR(pg_catalog.=) n.refobjid JOIN strange AS s "
	        "ON s.oid OPERATOR(pg_catalog.=) p.oprowner "
	        "WHERE n.refclassid OPERATOR(pg_catalog.=) 2617 LIMIT 1",
	        2, types, values, NULL, WALS_READ_CALLER) > 0)
		result = DatumGetObjectId(wals_query_value(0, 1, OIDOID, &is_null));
	wals_query_end();
	/* what inherits from it may change without its notice */
	if (!OidIsValid(result) && is_plain(relation) && changes == changes_seen)
	{
		note_harmless(relation);
		foreach (cell, wals_version_table_list(relation))
			note_harmless(lfirst_oid(cell));
	}
	return result;
}

static void
relation_gone(Oid relation)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
	                errmsg("relation with OID %u does not exist", relation),
	                errdetail("It was dropped after it was looked up.")));
}

char *
wals_relation_name(Oid relation)
{
	char *name = get_rel_name(relation);

	if (name == NULL)
		relation_gone(relation);
	return name;
}

char *
wals_relation_quoted(Oid relation)
{
	char *name = wals_relation_name(relation);
	char *schema = get_namespace_name(get_rel_namespace(relation));

	/* without its schema a name would mean what search_path makes of it */
	if (schema == NULL)
		relation_gone(relation);
	return quote_qualified_identifier(schema, name);
}

bool
wals_relation_hold(Oid relation)
{
	LockRelationOid(relation, AccessShareLock);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		return true;
	UnlockRelationOid(relation, AccessShareLock);
	return false;
}

void
wals_relation_lock(Oid relation)
{
	char *name;
	char *schema;

	if (ConditionalLockRelationOid(relation, AccessShareLock))
		return;
	name = get_rel_name(relation);
	schema = get_namespace_name(get_rel_namespace(relation));
	LockRelationOid(relation, AccessShareLock);
	if (name != NULL && schema != NULL && get_rel_name(relation) == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("relation \"%s.%s\" does not exist", schema, name)));
}

Oid
wals_creation_schema(const RangeVar *name, const char *what, const char *call)
{
	Oid schema = RangeVarGetCreationNamespace(name);

	if (isAnyTempNamespace(schema))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("%s cannot be temporary", what),
		                wals_hint("Name a schema: %s('public.%s', ...).", call,
		                          name->relname)));
	if (wals_namespace_aclcheck(schema, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA,
		               get_namespace_name(schema));
	return schema;
}

WalsTableKind
wals_table_kind(Oid relation, WalsIdType *id_type)
{
	const Oid *types = extension_types();
	HeapTuple tuple;
	Form_pg_class form;
	Oid of_type;
	bool fits;
	int i;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return WALS_TABLE_OTHER;
	form = (Form_pg_class) GETSTRUCT(tuple);
	of_type = form->reloftype;
	/* other sessions could not read a temporary one, nor could our workers */
	fits = form->relkind == RELKIND_RELATION &&
	       form->relpersistence != RELPERSISTENCE_TEMP;
	ReleaseSysCache(tuple);

	if (!OidIsValid(of_type) || !fits)
		return WALS_TABLE_OTHER;
	if (of_type == types[0])
		return WALS_TABLE_MODEL;
	for (i = 0; i < WALS_ID_TYPES; i++)
		if (of_type == types[1 + i])
		{
			if (id_type != NULL)
				*id_type = (WalsIdType) i;
			return WALS_TABLE_FACTORS;
		}
	if (of_type == types[1 + WALS_ID_TYPES])
		return WALS_TABLE_TRIALS;
	if (of_type == types[2 + WALS_ID_TYPES])
		return WALS_TABLE_FIGURES;
	return WALS_TABLE_OTHER;
}

/* "a, b, c": the columns a relation has, for people who mistyped one. */
char *
wals_relation_columns(Oid relation)
{
	StringInfoData list;
	AttrNumber attnum;

	initStringInfo(&list);
	for (attnum = 1;; attnum++)
	{
		HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation),
		                                  Int16GetDatum(attnum));
		Form_pg_attribute form;

		if (!HeapTupleIsValid(tuple))
			break;
		form = (Form_pg_attribute) GETSTRUCT(tuple);
		if (!form->attisdropped)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
			                 NameStr(form->attname));
		ReleaseSysCache(tuple);
		if (list.len > 500)
		{
			appendStringInfoString(&list, ", ...");
			break;
		}
	}
	return list.data;
}

Oid
wals_column_type(Oid relation, const char *column, const char *option)
{
	AttrNumber attnum = get_attnum(relation, column);

	if (attnum <= 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_UNDEFINED_COLUMN),
		     errmsg("column \"%s\" of relation \"%s\" does not exist", column,
		            get_rel_name(relation)),
		     errdetail("The columns are: %s.", wals_relation_columns(relation)),
		     errhint("Name the right one with %s => '...'.", option)));
	return getBaseType(get_atttype(relation, attnum));
}

static void
relation_kind_check(Oid relation, const char *option)
{
	char *name = get_rel_name(relation);
	char kind;

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("relation with OID %u does not exist", relation),
		                errhint("Name an existing relation with %s => '...'.",
		                        option)));
	kind = get_rel_relkind(relation);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE &&
	    kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
	    kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("\"%s\" cannot be read as ratings", name),
		         errhint("Use a table, view, materialized view, partitioned "
		                 "table or foreign table.")));
	if (wals_table_kind(relation, NULL) != WALS_TABLE_OTHER)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("\"%s\" is a table of a wals model", name),
		                errhint("Name the relation that holds the ratings.")));
}

static void
id_column_check(Oid relation, const char *column, const char *option, Oid *type,
                WalsIdType *id_type)
{
	*type = wals_column_type(relation, column, option);
	if (!wals_id_type_of(*type, id_type))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("column \"%s\" has type %s, which cannot be an id", column,
		            format_type_be(*type)),
		     errdetail("Ids are smallint, integer, bigint, text, varchar or "
		               "uuid, or domains over them."),
		     errhint("Use a view that casts the column, for example "
		             "to text.")));
	if (*id_type == WALS_ID_TEXT)
	{
		Oid type_ignored;
		int32 typmod_ignored;
		Oid collation;

		get_atttypetypmodcoll(relation, get_attnum(relation, column),
		                      &type_ignored, &typmod_ignored, &collation);
		if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
			ereport(ERROR,
			        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			         errmsg("column \"%s\" has a nondeterministic collation",
			                column),
			         errdetail("Ids are compared by their bytes."),
			         errhint("Use a view with a deterministic collation, "
			                 "for example %s COLLATE \"C\".",
			                 quote_identifier(column))));
	}
}

static bool
is_number_type(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return true;
	}
	return false;
}

bool
wals_has_number_column(Oid relation, const char *column)
{
	AttrNumber attnum = get_attnum(relation, column);

	return attnum > 0 &&
	       is_number_type(getBaseType(get_atttype(relation, attnum)));
}

Oid
wals_number_column_type(Oid relation, const char *column, const char *option)
{
	Oid type = wals_column_type(relation, column, option);

	if (is_number_type(type))
		return type;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("column \"%s\" of relation \"%s\" has type %s, which is "
	                "not a number",
	                column, get_rel_name(relation), format_type_be(type)),
	         type == BOOLOID
	             ? errhint("Use a view with %s::int, which is 1 for true and 0 "
	                       "for false.",
	                       quote_identifier(column))
	             : errhint("Use a view that casts the column to a numeric "
	                       "type.")));
}

Oid
wals_time_column_type(Oid relation, const char *column)
{
	Oid type = wals_column_type(relation, column, "time_col");

	switch (type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return type;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("column \"%s\" has type %s, which is not a time", column,
	                format_type_be(type)),
	         errdetail("Times are timestamptz, timestamp, date, or integers "
	                   "that count seconds."),
	         errhint("Use a view that casts the column.")));
}

/* Columns a source can name, in the order of its members; NULL: not used. */
#define SOURCE_COLUMNS 5
typedef const char *SourceColumns[SOURCE_COLUMNS];

static void
list_columns(const WalsSource *source, SourceColumns columns)
{
	columns[0] = source->user_col;
	columns[1] = source->item_col;
	columns[2] = source->value_col;
	columns[3] = source->weight_col;
	columns[4] = source->time_col;
}

/* The caller needs SELECT on the relation or on each column used. */
static void
source_rights_check(const WalsSource *source)
{
	SourceColumns columns;
	Oid role = GetUserId();
	int i;

	if (pg_class_aclcheck(source->relation, role, ACL_SELECT) == ACLCHECK_OK)
		return;
	list_columns(source, columns);
	for (i = 0; i < SOURCE_COLUMNS; i++)
		if (columns[i] != NULL &&
		    pg_attribute_aclcheck(source->relation,
		                          get_attnum(source->relation, columns[i]),
		                          role, ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(
			    ACLCHECK_NO_PRIV,
			    get_relkind_objtype(get_rel_relkind(source->relation)),
			    get_rel_name(source->relation));
}

static bool
relation_has_row_security(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relrowsecurity;
	ReleaseSysCache(tuple);
	return result;
}

/* An id that serves as something else, too, is a slip. */
static void
check_distinct_columns(const WalsSource *source)
{
	const char *options[] = {"user_col", "item_col", "value_col", "weight_col",
	                         "time_col"};
	SourceColumns columns;
	int i;
	int j;

	list_columns(source, columns);
	for (i = 0; i < 2; i++)
		for (j = i + 1; j < SOURCE_COLUMNS; j++)
			if (columns[j] != NULL && strcmp(columns[i], columns[j]) == 0)
				ereport(ERROR,
				        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				         errmsg("%s and %s are both column \"%s\"", options[i],
				                options[j], columns[i]),
				         errdetail("The columns are: %s.",
				                   wals_relation_columns(source->relation)),
				         errhint("Name the right one with %s => '...'.",
				                 options[j])));
}

/* Nobody named them in this call: what helps is another than for a slip. */
static void
check_stored_columns(const WalsSource *source)
{
	SourceColumns columns;
	int i;

	list_columns(source, columns);
	for (i = 0; i < SOURCE_COLUMNS; i++)
		if (columns[i] != NULL && get_attnum(source->relation, columns[i]) <= 0)
			ereport(
			    ERROR,
			    (errcode(ERRCODE_UNDEFINED_COLUMN),
			     errmsg("column \"%s\" of relation \"%s\" does not exist",
			            columns[i], get_rel_name(source->relation)),
			     errdetail("The model was trained on a column of this name. "
			               "The columns are: %s.",
			               wals_relation_columns(source->relation)),
			     wals_hint("Name a view that has it with wals_set_source(), or "
			               "train on another column with wals_train().")));
}

void
wals_source_check_columns(WalsSource *source, const char *option)
{
	wals_relation_lock(source->relation);
	relation_kind_check(source->relation, option);
	if (source->stored)
		check_stored_columns(source);
	source->name = wals_relation_name(source->relation);
	source->quoted = wals_relation_quoted(source->relation);
	source->temporary =
	    get_rel_persistence(source->relation) == RELPERSISTENCE_TEMP;
	wals_naming_set(&source->naming, source->relation);
	id_column_check(source->relation, source->user_col, "user_col",
	                &source->user_type, &source->user_id_type);
	id_column_check(source->relation, source->item_col, "item_col",
	                &source->item_type, &source->item_id_type);
	check_distinct_columns(source);
	if (source->value_col != NULL)
		source->value_type = wals_number_column_type(
		    source->relation, source->value_col, "value_col");
	if (source->weight_col != NULL)
		source->weight_type = wals_number_column_type(
		    source->relation, source->weight_col, "weight_col");
	if (source->time_col != NULL)
		source->time_type =
		    wals_time_column_type(source->relation, source->time_col);
	source_rights_check(source);
}

void
wals_source_check(WalsSource *source, const char *model)
{
	wals_source_check_columns(source, "source");
	if (relation_has_row_security(source->relation) &&
	    check_enable_rls(source->relation, InvalidOid, true) != RLS_ENABLED)
		ereport(
		    WARNING,
		    (model != NULL
		         ? errmsg("model \"%s\" is trained on all rows of \"%s\"",
		                  model, get_rel_name(source->relation))
		         : errmsg("all rows of \"%s\" are used",
		                  get_rel_name(source->relation)),
		     errdetail("Row-level security does not apply to the current "
		               "role, and recommendations can reveal rows it hides "
		               "from others."),
		     errhint("Grant the model only to roles that may read all rows, "
		             "or train as a role the policies apply to.")));
}

bool
wals_may_select(Oid relation, int n, const char *const *columns)
{
	Oid role = GetUserId();
	int i;

	if (pg_class_aclcheck(relation, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (i = 0; i < n; i++)
	{
		AttrNumber attnum = get_attnum(relation, columns[i]);

		if (attnum <= 0 || pg_attribute_aclcheck(relation, attnum, role,
		                                         ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

int64
wals_relation_count(Oid relation)
{
	bool is_null;

	wals_query_run(psprintf("SELECT pg_catalog.count(*) FROM %s",
	                        wals_relation_quoted(relation)),
	               0, NULL, NULL, NULL, WALS_READ_FRESH);
	return DatumGetInt64(wals_query_value(0, 1, INT8OID, &is_null));
}
