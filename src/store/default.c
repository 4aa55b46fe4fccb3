/*-------------------------------------------------------------------------
 *
 * default.c
 *	  Which models there are, and which is meant where none is named.
 *
 * The default model must not be forgeable: a stranger who creates a model and
 * lets everybody read it must not become everybody's default.  Only models of
 * roles the caller belongs to count, and marks set by a superuser or the
 * database's owner.
 *
 * That takes a look at each of these models, so what is found is kept for the
 * session and the role.  It holds until a model comes or goes or its owner or
 * rights change, of which the server tells; until rights to roles and schemas
 * change, of which it tells, too; and until a mark does.  Marks are rows: guards
 * (store/guard.c) see who changes them, and have the server tell of the table.
 * Where they would not - a model without a guard, rows that come by logical
 * replication or lie with tables that inherit, policies that show others other
 * rows - nothing is kept.
 *
 * What the server tells comes after the commit, so a snapshot that was taken
 * before may not see what has changed.  The horizon is a snapshot taken after the
 * last news: whoever looks by an older one looks himself, and keeps nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "base/settings.h"
#include "store/direct.h"
#include "store/guard.h"
#include "store/model.h"
#include "store/relation.h"

#define KEPT_ROLES 8
#define NEWS_MAX 64

/* ------------------------------------------------------------------------
 * All models
 * ------------------------------------------------------------------------ */

Oid
wals_database_owner(void)
{
	HeapTuple tuple =
	    SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
	ReleaseSysCache(tuple);
	return owner;
}

static bool
model_is_readable(Oid relation)
{
	return wals_table_kind(relation, NULL) == WALS_TABLE_MODEL &&
	       wals_namespace_aclcheck(get_rel_namespace(relation), GetUserId(),
	                               ACL_USAGE) == ACLCHECK_OK &&
	       pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/*
 * The catalog is read as the server reads it, without a statement.  It is read by
 * the caller's snapshot, so that a model whose rows he cannot see yet is none of
 * his.
 */
static List *
find_models(void)
{
	Relation depend = table_open(DependRelationId, AccessShareLock);
	Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	List *result = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
	            F_OIDEQ, ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
	            F_OIDEQ, ObjectIdGetDatum(wals_model_type()));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, snapshot, 2,
	                          keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RelationRelationId && form->objsubid == 0 &&
		    model_is_readable(form->objid))
			result = lappend_oid(result, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/* A model and its name, which would be looked up with each comparison. */
typedef struct Listed
{
	Oid model;
	const char *name;
} Listed;

/* By name, then by OID. */
static int
compare_listed(const void *left, const void *right)
{
	const Listed *a = left;
	const Listed *b = right;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return (a->model > b->model) - (a->model < b->model);
}

List *
wals_model_list_all(void)
{
	List *models = find_models();
	int n = list_length(models);
	Listed *listed = palloc(sizeof(Listed) * Max(n, 1));
	List *result = NIL;
	ListCell *cell;
	int i = 0;

	foreach (cell, models)
	{
		char *name = get_rel_name(lfirst_oid(cell));

		listed[i++] = (Listed){lfirst_oid(cell), name != NULL ? name : ""};
	}
	qsort(listed, n, sizeof(Listed), compare_listed);
	for (i = 0; i < n; i++)
		result = lappend_oid(result, listed[i].model);
	return result;
}

List *
wals_model_list_own(void)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, wals_model_list_all())
		if (wals_model_is_own(lfirst_oid(cell)))
			result = lappend_oid(result, lfirst_oid(cell));
	return result;
}

/* ------------------------------------------------------------------------
 * Marks
 * ------------------------------------------------------------------------ */

static void
find_mark(const WalsRow *row, void *arg)
{
	bool *found = arg;

	*found = true;
}

/* Whether a model is marked; certain: whoever changes that will tell. */
static bool
model_is_marked(Oid relation, bool *certain)
{
	static const WalsLookup marked = {.finding = WALS_FIND_ALL,
	                                  .columns = {"version"},
	                                  .shape = {1, {INT4OID}},
	                                  .n_keys = 2,
	                                  .keys = {"active", "is_default"},
	                                  .key_types = {BOOLOID, BOOLOID}};
	WalsLookup lookup = marked;
	char token[WALS_TOKEN_SIZE];
	bool found = false;

	if (!wals_relation_hold(relation))
		return false;
	lookup.table = relation;
	lookup.key_values[0] = lookup.key_values[1] = BoolGetDatum(true);
	if (!wals_direct_read(&lookup, find_mark, &found) ||
	    !wals_guard_token(relation, token))
		*certain = false;
	return found;
}

/*
 * Choose among the readable models: an own marked one, else one marked by a
 * superuser or the database's owner, else the only own one.  InvalidOid when
 * there is no such model; n_own then counts the own ones.
 */
static Oid
default_from_models(List *models, int *n_own, bool *certain)
{
	Oid database_dba = wals_database_owner();
	List *own = NIL;
	List *trusted = NIL;
	List *marked_own = NIL;
	List *marked_trusted = NIL;
	ListCell *cell;

	foreach (cell, models)
	{
		Oid model = lfirst_oid(cell);
		Oid owner = wals_relation_owner(model);

		if (is_member_of_role_nosuper(GetUserId(), owner))
			own = lappend_oid(own, model);
		else if (owner == database_dba || superuser_arg(owner))
			trusted = lappend_oid(trusted, model);
	}
	*n_own = list_length(own);
	if (list_length(own) == 1 && trusted == NIL)
		return linitial_oid(own);

	foreach (cell, own)
		if (model_is_marked(lfirst_oid(cell), certain))
			marked_own = lappend_oid(marked_own, lfirst_oid(cell));
	if (marked_own != NIL)
		return list_length(marked_own) == 1 ? linitial_oid(marked_own)
		                                    : InvalidOid;
	foreach (cell, trusted)
		if (model_is_marked(lfirst_oid(cell), certain))
			marked_trusted = lappend_oid(marked_trusted, lfirst_oid(cell));
	if (marked_trusted != NIL)
		return list_length(marked_trusted) == 1 ? linitial_oid(marked_trusted)
		                                        : InvalidOid;
	return list_length(own) == 1 ? linitial_oid(own) : InvalidOid;
}

/* ------------------------------------------------------------------------
 * What was found before
 * ------------------------------------------------------------------------ */

/* What was found for a role. */
typedef struct Kept
{
	Oid role; /* InvalidOid: nothing */
	Oid type; /* wals_model */
	Oid model; /* the default */
	uint32 transaction; /* which had changed something itself, and */
	CommandId command; /* what it could see of that; 0: any may look */
	int n; /* models that were looked at, sorted */
	Oid *models;
} Kept;

static Kept kept[KEPT_ROLES];
static int next_kept = 0;

/* What the server has told of since that was looked at. */
static uint64 n_news = 0; /* ever */
static Oid news[NEWS_MAX]; /* relations */
static int n_relations = 0;
static bool all_is_news = true;

/* The horizon: what a snapshot took as running that was taken after the news. */
static TransactionId horizon_xmax = InvalidTransactionId;
static TransactionId *horizon_running = NULL;
static int n_running = 0;

static void
hear_of_relation(Datum arg, Oid relation)
{
	n_news++;
	if (!OidIsValid(relation) || n_relations == NEWS_MAX)
		all_is_news = true;
	else
		news[n_relations++] = relation;
}

static void
hear_of_rights(Datum arg, int cache, uint32 hash)
{
	n_news++;
	all_is_news = true;
}

static void
begin_to_hear(void)
{
	static const int caches[] = {NAMESPACEOID, AUTHOID, AUTHMEMROLEMEM,
	                             DATABASEOID, SUBSCRIPTIONRELMAP};
	static bool listens = false;
	int i;

	if (listens)
		return;
	CacheRegisterRelcacheCallback(hear_of_relation, (Datum) 0);
	for (i = 0; i < (int) lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], hear_of_rights, (Datum) 0);
	listens = true;
}

/* The transactions a snapshot takes as running; false: it does not know all. */
static bool
snapshot_running(Snapshot snapshot, const TransactionId **running, int *n)
{
	bool by_part = snapshot->takenDuringRecovery;

	*running = by_part ? snapshot->subxip : snapshot->xip;
	*n = by_part ? snapshot->subxcnt : (int) snapshot->xcnt;
	return !by_part || !snapshot->suboverflowed;
}

/* A catalog snapshot may be taken in parallel workers, too. */
static void
take_horizon(void)
{
	const TransactionId *running;
	Snapshot snapshot;
	int n;

	InvalidateCatalogSnapshot();
	snapshot = GetCatalogSnapshot(RelationRelationId);
	horizon_xmax = InvalidTransactionId;
	if (horizon_running != NULL)
		pfree(horizon_running);
	horizon_running = NULL;
	n_running = 0;
	(void) snapshot_running(snapshot, &running, &n);
	horizon_running = MemoryContextAlloc(CacheMemoryContext,
	                                     sizeof(TransactionId) * Max(n, 1));
	memcpy(horizon_running, running, sizeof(TransactionId) * n);
	n_running = n;
	horizon_xmax = snapshot->xmax;
}

/* Does a snapshot see all that the horizon sees? */
static bool
is_beyond_horizon(Snapshot snapshot)
{
	const TransactionId *running;
	int n;
	int i;
	int j;

	if (!TransactionIdIsValid(horizon_xmax) ||
	    TransactionIdPrecedes(snapshot->xmax, horizon_xmax))
		return false;
	if (TransactionIdFollows(snapshot->xmax, horizon_xmax))
		return true;
	if (!snapshot_running(snapshot, &running, &n))
		return false;
	for (i = 0; i < n; i++)
	{
		for (j = 0; j < n_running && horizon_running[j] != running[i]; j++)
			;
		if (j == n_running)
			return false;
	}
	return true;
}

static bool
was_looked_at(Oid relation)
{
	int i;

	for (i = 0; i < KEPT_ROLES; i++)
		if (OidIsValid(kept[i].role) &&
		    bsearch(&relation, kept[i].models, kept[i].n, sizeof(Oid),
		            oid_cmp) != NULL)
			return true;
	return false;
}

static void
forget_kept(void)
{
	int i;

	for (i = 0; i < KEPT_ROLES; i++)
	{
		kept[i].role = InvalidOid;
		if (kept[i].models != NULL)
			pfree(kept[i].models);
		kept[i].models = NULL;
	}
}

/* Forget what may not hold any more. */
static void
hear_news(void)
{
	bool concerned = false;

	AcceptInvalidationMessages();
	/* looking at one relation may bring more news */
	while (n_relations > 0 && !all_is_news)
	{
		Oid relation = news[--n_relations];

		concerned |= was_looked_at(relation) ||
		             wals_table_kind(relation, NULL) == WALS_TABLE_MODEL;
	}
	if (!concerned && !all_is_news)
		return;
	forget_kept();
	all_is_news = false;
	n_relations = 0;
	take_horizon();
}

static Kept *
find_kept(Snapshot snapshot)
{
	int i;

	for (i = 0; i < KEPT_ROLES; i++)
		if (kept[i].role == GetUserId() && kept[i].type == wals_model_type() &&
		    (kept[i].transaction == 0 ||
		     (kept[i].transaction == wals_transaction_number() &&
		      kept[i].command == snapshot->curcid)))
			return &kept[i];
	return NULL;
}

static void
keep(Oid model, List *models, Snapshot snapshot)
{
	Kept *place = &kept[next_kept];
	ListCell *cell;

	next_kept = (next_kept + 1) % KEPT_ROLES;
	place->role = InvalidOid;
	if (place->models != NULL)
		pfree(place->models);
	place->models = NULL;
	place->models = MemoryContextAllocExtended(
	    CacheMemoryContext, sizeof(Oid) * Max(list_length(models), 1),
	    MCXT_ALLOC_HUGE);
	place->n = 0;
	foreach (cell, models)
		place->models[place->n++] = lfirst_oid(cell);
	qsort(place->models, place->n, sizeof(Oid), oid_cmp);
	place->type = wals_model_type();
	place->model = model;
	place->transaction = TransactionIdIsValid(GetTopTransactionIdIfAny())
	                         ? wals_transaction_number()
	                         : 0;
	place->command = snapshot->curcid;
	place->role = GetUserId();
}

/*
 * The default model without the setting, or InvalidOid; then models are those
 * there are, and n_own counts the own ones.
 */
static Oid
find_default(List **models, int *n_own)
{
	Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	bool certain = false;
	uint64 heard;
	Oid model;

	begin_to_hear();
	hear_news();
	heard = n_news;
	if (snapshot != NULL && IsMVCCSnapshot(snapshot) &&
	    is_beyond_horizon(snapshot))
	{
		Kept *found = find_kept(snapshot);

		if (found != NULL)
			return found->model;
		certain = CountDBSubscriptions(MyDatabaseId) == 0;
	}
	*models = find_models();
	model = default_from_models(*models, n_own, &certain);
	if (certain && OidIsValid(model) && heard == n_news)
		keep(model, *models, snapshot);
	return model;
}

void
wals_model_tell(Oid model)
{
	CacheInvalidateRelcacheByRelid(model);
}

/* ------------------------------------------------------------------------
 * The default
 * ------------------------------------------------------------------------ */

/* The model that wals.default_model names. */
static Oid
default_from_setting(void)
{
	Oid relation;

	relation = RangeVarGetRelid(
	    makeRangeVarFromNameList(wals_qualified_name_list(wals_default_model)),
	    NoLock, true);
	if (!OidIsValid(relation))
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("model \"%s\" does not exist", wals_default_model),
		         errdetail("It is named by wals.default_model."),
		         errhint("Use SET wals.default_model = '...' or RESET "
		                 "wals.default_model.")));
	return relation;
}

Oid
wals_model_default(void)
{
	List *models;
	int n_own;

	if (wals_default_model != NULL && wals_default_model[0] != '\0')
	{
		List *names = wals_qualified_name_list(wals_default_model);

		return RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
	}
	return find_default(&models, &n_own);
}

/* "movies, shop.books": for the detail of an error. */
static char *
model_names(List *models)
{
	StringInfoData names;
	ListCell *cell;

	initStringInfo(&names);
	foreach (cell, models)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
		                 wals_relation_quoted(lfirst_oid(cell)));
	return names.data;
}

static void
model_check(Oid relation)
{
	if (get_rel_name(relation) == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("model with OID %u does not exist", relation),
		         wals_hint("SELECT * FROM wals_models lists the models.")));
	if (wals_table_kind(relation, NULL) != WALS_TABLE_MODEL)
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("\"%s\" is not a wals model", get_rel_name(relation)),
		         get_rel_persistence(relation) == RELPERSISTENCE_TEMP
		             ? errdetail("It is a temporary table.")
		             : 0,
		         wals_hint("SELECT * FROM wals_models lists the models.")));
}

Oid
wals_model_resolve(Oid argument)
{
	List *models;
	Oid model;
	int n_own;

	if (!OidIsValid(argument) && wals_default_model != NULL &&
	    wals_default_model[0] != '\0')
		argument = default_from_setting();
	if (OidIsValid(argument))
	{
		model_check(argument);
		return argument;
	}

	model = find_default(&models, &n_own);
	if (OidIsValid(model))
		return model;
	models = wals_model_list_all(); /* by name */
	if (models == NIL)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("there is no model that the current role may use"),
		     wals_hint("Train one: SELECT wals_train('movies', 'ratings'); or "
		               "ask its owner to GRANT SELECT on its tables.")));
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         n_own > 1 ? errmsg("more than one model could be meant")
	                   : errmsg("no default model is set"),
	         errdetail("Models that the current role may read: %s.",
	                   model_names(models)),
	         n_own > 1 ? wals_hint("Name one with model => '...', or mark one: "
	                               "SELECT wals_set_default('...').")
	                   : errhint("Name one with model => '...', or use SET "
	                             "wals.default_model = '...'.")));
}
