/*-------------------------------------------------------------------------
 *
 * model.c
 *	  Models: who may change them, the version that answers.
 *
 * A model is an ordinary table of the type wals_model with one row per version,
 * and two factor tables that the rows name.  There is no registry: the server's
 * dependency of a typed table on its type lists all models, and names,
 * privileges, dumps and replication are the server's own.
 *
 * Whatever stands in these tables was written by their owner, so each value is
 * checked before it is used (XX001, 42809), and a model never decides whose
 * rights a statement runs with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "base/settings.h"
#include "core/core.h"
#include "store/direct.h"
#include "store/model.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"
#include "store/stored.h"
#include "store/version_table.h"

/* As the part of an object; the server itself locks none of a number like this. */
#define MODEL_LOCK_PART 0x5741
#define TURN_LOCK_PART 0x5742

bool
wals_model_is_own(Oid relation)
{
	return wals_relation_owner(relation) == GetUserId();
}

void
wals_model_check_owner(Oid relation)
{
	Oid owner = wals_relation_owner(relation);
	char *role = GetUserNameFromId(owner, true);

	if (!wals_model_is_own(relation))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("must be owner of model \"%s\"", get_rel_name(relation)),
		     errdetail("Nobody else may train or change it, not even a "
		               "superuser: that runs the owner's views and triggers."),
		     errhint("Use SET ROLE %s first, or schedule the job as that "
		             "role.",
		             role ? quote_identifier(role) : "its owner")));
}

/*
 * A lock on an object of the database, of our own kind: an advisory lock that a
 * session holds is released by pg_advisory_unlock_all(), which any function of a
 * source may call.
 */
static void
lock_tag(Oid schema, const char *name, uint16 part, LOCKTAG *tag)
{
	uint32 hash =
	    DatumGetUInt32(hash_any((const unsigned char *) name, strlen(name)));

	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, schema, hash, part);
}

/*
 * Two locks.  A training has the model's alone; a change has its turn alone and the
 * model's with others.  So who waits for a turn waits for changes, and whether the
 * model is being trained shows whether it can be had with others.  A transaction
 * that ends gives them back one after the other: whoever has the turn may find the
 * model still held by a change, but only by one that has ended.
 */
static bool
lock_now(const LOCKTAG *tag, LOCKMODE mode, bool of_session)
{
	return LockAcquire(tag, mode, of_session, true) != LOCKACQUIRE_NOT_AVAIL;
}

static void
refuse(const char *name)
{
	ereport(ERROR,
	        (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
	         errmsg("model \"%s\" is being trained or changed by another "
	                "session",
	                name),
	         errhint("Try again when it has finished.")));
}

void
wals_model_lock(Oid schema, const char *name)
{
	LOCKTAG tag;

	lock_tag(schema, name, MODEL_LOCK_PART, &tag);
	if (!lock_now(&tag, ExclusiveLock, false))
		refuse(name);
}

/* A transaction that is rolled back takes a session's locks on objects with it. */
static bool model_is_held = false;

static void
lose_lock(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		model_is_held = false;
}

bool
wals_model_hold(Oid schema, const char *name)
{
	static bool is_registered = false;
	LOCKTAG tag;
	LOCKTAG turn;

	if (!is_registered)
		RegisterXactCallback(lose_lock, NULL);
	is_registered = true;
	lock_tag(schema, name, MODEL_LOCK_PART, &tag);
	lock_tag(schema, name, TURN_LOCK_PART, &turn);
	model_is_held = lock_now(&tag, ExclusiveLock, true);
	if (model_is_held)
		return true;
	(void) LockAcquire(&turn, ExclusiveLock, false, false);
	if (lock_now(&tag, ShareLock, false))
	{
		/* nobody begins to train now, and no change lasts */
		(void) LockAcquire(&tag, ExclusiveLock, true, false);
		model_is_held = true;
		LockRelease(&tag, ShareLock, false);
	}
	LockRelease(&turn, ExclusiveLock, false);
	return model_is_held;
}

void
wals_model_release(Oid schema, const char *name)
{
	LOCKTAG tag;

	lock_tag(schema, name, MODEL_LOCK_PART, &tag);
	if (model_is_held)
		LockRelease(&tag, ExclusiveLock, true);
	model_is_held = false;
}

void
wals_model_lock_to_change(Oid relation, bool wait)
{
	Oid schema = get_rel_namespace(relation);
	const char *name = wals_relation_name(relation);
	LOCKTAG tag;
	LOCKTAG turn;

	lock_tag(schema, name, MODEL_LOCK_PART, &tag);
	lock_tag(schema, name, TURN_LOCK_PART, &turn);
	if (LockAcquire(&turn, ExclusiveLock, false, !wait) ==
	        LOCKACQUIRE_NOT_AVAIL ||
	    !lock_now(&tag, ShareLock, false))
		refuse(name);
}

Oid
wals_model_change_begin(Oid argument, const char *command)
{
	Oid model;

	PreventCommandIfReadOnly(command);
	model = wals_model_resolve(argument);
	wals_model_check_owner(model);
	wals_model_lock_to_change(model, true);
	wals_query_begin();
	return model;
}

bool
wals_model_has_names(Oid relation)
{
	return get_attnum(relation, "source_name") > 0;
}

void
wals_model_damaged(Oid relation, const char *reason)
{
	ereport(ERROR,
	        (errcode(ERRCODE_DATA_CORRUPTED),
	         errmsg("the active version of model \"%s\" is damaged",
	                get_rel_name(relation)),
	         errdetail("Its row cannot be used: %s.", reason),
	         wals_hint("Train the model again, or make another version active "
	                   "with wals_activate().")));
}

/*
 * The factor table, locked: what it is by its type then holds for all that is
 * read from it in this transaction.
 */
static Oid
model_factor_table(Oid relation, Oid table, WalsIdType *id_type)
{
	if (!wals_relation_hold(table) ||
	    wals_table_kind(table, id_type) != WALS_TABLE_FACTORS)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		     errmsg("factor table of model \"%s\" is missing or of another "
		            "kind",
		            get_rel_name(relation)),
		     get_rel_name(table)
		         ? errdetail("\"%s\" is not a table of wals factors.",
		                     get_rel_name(table))
		         : errdetail("The relation with OID %u does not exist.", table),
		     errhint("Train the model again under another name.")));
	return table;
}

/* SELECT on a table of the model, or 42501 with the statement that grants it. */
static void
check_may_read(Oid relation, Oid table)
{
	if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("permission denied for table %s", get_rel_name(table)),
	         errdetail("Recommending from model \"%s\" reads its three tables.",
	                   get_rel_name(relation)),
	         errhint("Its owner can GRANT SELECT ON %s, and on its factor "
	                 "tables, to the role.",
	                 wals_relation_quoted(relation))));
}

/* Nor may a table of a stranger's model have his code run as a superuser. */
static void
check_code(Oid relation, Oid table)
{
	char *role;

	if (!OidIsValid(wals_relation_with_strange_code(table)))
		return;
	role = GetUserNameFromId(wals_relation_owner(table), true);
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("reading model \"%s\" would run code of role \"%s\" as a "
	                "superuser",
	                get_rel_name(relation), role ? role : "?"),
	         errdetail("\"%s\" has indexes, constraints or statistics with "
	                   "functions of another role.",
	                   get_rel_name(table)),
	         errhint("Use SET ROLE %s first.",
	                 role ? quote_identifier(role) : "its owner")));
}

/* Columns that no version does without. */
static const WalsField needed[] = {
    WALS_FIELD_VERSION,     WALS_FIELD_VERSION_ID,  WALS_FIELD_FORMAT,
    WALS_FIELD_USERS_TABLE, WALS_FIELD_ITEMS_TABLE, WALS_FIELD_USER_COL,
    WALS_FIELD_ITEM_COL,    WALS_FIELD_FACTORS,     WALS_FIELD_MEAN};

/* A number of the options; otherwise when there is none. */
static float
find_number(const WalsStored *options, const char *name, float otherwise)
{
	return wals_stored_has(options, name)
	           ? (float) wals_stored_real(options, name)
	           : otherwise;
}

/* How many rows the version should have of a side, -1 where it does not say. */
static int64
row_count(const WalsFields *fields, WalsField field)
{
	int64 count =
	    fields->nulls[field] ? -1 : DatumGetInt64(fields->values[field]);

	return Max(count, -1);
}

/*
 * Fill model from the row of a version, or with version 0 from the active row;
 * false when there is none.
 */
static bool
version_row(Oid relation, int32 version, WalsSnapshot snapshot,
            WalsModel *model)
{
	WalsFields fields;
	WalsStored options;
	const Datum *values = fields.values;
	const bool *nulls = fields.nulls;
	double mean;
	int i;

	check_may_read(relation, relation);
	check_code(relation, relation);
	wals_fields_read(relation, version, snapshot, WALS_FIELDS_OF_MODEL,
	                 &fields);
	if (fields.count == 0)
		return false;
	if (fields.count > 1)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("model \"%s\" has more than one active version",
		            get_rel_name(relation)),
		     wals_hint("Choose one: SELECT wals_activate(%s, version);",
		               quote_literal_cstr(wals_relation_quoted(relation)))));
	for (i = 0; i < lengthof(needed); i++)
		if (nulls[needed[i]])
			wals_model_damaged(
			    relation,
			    psprintf("\"%s\" is NULL", wals_field_column(needed[i])));

	memset(model, 0, sizeof(*model));
	if (DatumGetInt32(values[WALS_FIELD_FORMAT]) != WALS_MODEL_FORMAT)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("model \"%s\" has format %d, this library reads %d",
		                get_rel_name(relation),
		                DatumGetInt32(values[WALS_FIELD_FORMAT]),
		                WALS_MODEL_FORMAT),
		         errhint("Upgrade the extension, or train the model again.")));
	model->relation = relation;
	model->version = DatumGetInt32(values[WALS_FIELD_VERSION]);
	memcpy(&model->version_id, DatumGetUUIDP(values[WALS_FIELD_VERSION_ID]),
	       sizeof(pg_uuid_t));
	model->items_id = model->version_id;
	if (!nulls[WALS_FIELD_ITEMS_ID])
		memcpy(&model->items_id, DatumGetUUIDP(values[WALS_FIELD_ITEMS_ID]),
		       sizeof(pg_uuid_t));
	model->users_table = model_factor_table(
	    relation, DatumGetObjectId(values[WALS_FIELD_USERS_TABLE]),
	    &model->user_type);
	model->items_table = model_factor_table(
	    relation, DatumGetObjectId(values[WALS_FIELD_ITEMS_TABLE]),
	    &model->item_type);
	check_may_read(relation, model->users_table);
	check_may_read(relation, model->items_table);
	check_code(relation, model->users_table);
	check_code(relation, model->items_table);
	wals_naming_read(&model->naming,
	                 wals_field_text(&fields, WALS_FIELD_SOURCE_NAME),
	                 wals_field_text(&fields, WALS_FIELD_SOURCE_ID),
	                 DatumGetObjectId(values[WALS_FIELD_SOURCE]));
	model->named =
	    wals_named_find(&model->naming, wals_relation_owner(relation));
	model->source = model->named.relation;
	namestrcpy(&model->user_col, wals_field_name(&fields, WALS_FIELD_USER_COL));
	namestrcpy(&model->item_col, wals_field_name(&fields, WALS_FIELD_ITEM_COL));
	if (!nulls[WALS_FIELD_VALUE_COL])
		namestrcpy(&model->value_col,
		           wals_field_name(&fields, WALS_FIELD_VALUE_COL));
	if (!nulls[WALS_FIELD_FEEDBACK])
		strlcpy(model->feedback, wals_field_text(&fields, WALS_FIELD_FEEDBACK),
		        sizeof(model->feedback));
	model->biases = DatumGetBool(values[WALS_FIELD_BIASES]);
	model->factors = DatumGetInt32(values[WALS_FIELD_FACTORS]);
	if (model->factors < WC_FACTORS_MIN || model->factors > WC_FACTORS_MAX)
		wals_model_damaged(relation, "\"factors\" is out of range");
	model->n_users = row_count(&fields, WALS_FIELD_N_USERS);
	model->n_items = row_count(&fields, WALS_FIELD_N_ITEMS);
	mean = DatumGetFloat8(values[WALS_FIELD_MEAN]);
	if (!isfinite((float) mean))
		wals_model_damaged(relation, "\"global_mean\" is not finite");
	model->mean = (float) mean;
	/* imported and earlier ones do not say */
	wals_stored_take(relation, &fields, &options);
	model->range.low = find_number(&options, "lowest_value", -INFINITY);
	model->range.high = find_number(&options, "highest_value", INFINITY);
	if (model->range.low > model->range.high)
		wals_model_damaged(relation, "the values have no range");
	return true;
}

void
wals_model_inactive(Oid relation)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	     errmsg("model \"%s\" has no active version", get_rel_name(relation)),
	     wals_hint("Choose one: SELECT wals_activate(%s, version);",
	               quote_literal_cstr(wals_relation_quoted(relation)))));
}

void
wals_model_active(Oid relation, WalsModel *model)
{
	if (!version_row(relation, 0, WALS_READ_CALLER, model))
		wals_model_inactive(relation);
}

void
wals_model_version(Oid relation, int32 version, WalsModel *model)
{
	if (version < 1 || !version_row(relation, version, WALS_READ_CALLER, model))
		wals_version_unknown(relation, version);
}

bool
wals_model_find_active(Oid relation, WalsModel *model)
{
	if (!version_row(relation, 0, WALS_READ_FRESH, model))
		return false;
	if (model->feedback[0] == '\0')
		wals_model_damaged(relation, "\"feedback\" is NULL");
	return true;
}

bool
wals_model_find_version(Oid relation, int32 version, WalsModel *model)
{
	return version_row(relation, version, WALS_READ_FRESH, model);
}

static double
estimated_rows_of_one(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	double rows;

	if (!HeapTupleIsValid(tuple))
		return 0;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return Max(rows, 0);
}

static double
estimated_rows(Oid table)
{
	double rows = estimated_rows_of_one(table);
	ListCell *cell;

	foreach (cell, wals_version_table_list(table))
		rows += estimated_rows_of_one(lfirst_oid(cell));
	return rows;
}

/*
 * The factor table is the one a training would have made; the planner may not
 * look into the model.  Versions are about equally large.
 */
double
wals_model_estimate_users(Oid relation)
{
	char *name = get_rel_name(relation);
	Oid users;

	if (name == NULL || wals_table_kind(relation, NULL) != WALS_TABLE_MODEL)
		return 0;
	users = get_relname_relid(psprintf("%s_users", name),
	                          get_rel_namespace(relation));
	if (wals_table_kind(users, NULL) != WALS_TABLE_FACTORS)
		return 0;
	return estimated_rows(users) / Max(estimated_rows(relation), 1);
}
