/*-------------------------------------------------------------------------
 *
 * queue.c
 *	  Users and items whose rows have changed, noted down by triggers.
 *
 * A queue is an ordinary table beside the model, <model>_queue, with a user id
 * and an item id per pair that was touched; after TRUNCATE both are NULL.  Four
 * triggers on the source fill it, a statement at a time from its transition
 * tables, so that a load of a million rows is one INSERT more.  wals_refresh
 * empties it in the transaction that solves what it found: what is committed
 * later stays for the next one.
 *
 * Rights.  The trigger runs with the rights of whoever writes to the source and
 * does one thing, an INSERT into the queue; roles that write need INSERT there.
 * wals_queue_enable grants it to those that can write at that time.  A table
 * that does not belong to the source's owner is not written to, whatever it is
 * called: its triggers would be a stranger's.
 *
 * Deliberately not here: SECURITY DEFINER, and row triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/report.h"
#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"
#include "store/source.h"

#define SUFFIX_QUEUE "_queue"

static const char *const events[] = {"insert", "update", "delete", "truncate"};

static char *
queue_name(Oid model)
{
	return psprintf("%s" SUFFIX_QUEUE, get_rel_name(model));
}

/* Owner of a table, or 0 for what is not one. */
static Oid
table_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (((Form_pg_class) GETSTRUCT(tuple))->relkind == RELKIND_RELATION)
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static bool
has_column(Oid relation, const char *name, Oid type)
{
	AttrNumber attnum = get_attnum(relation, name);

	return attnum > 0 && get_atttype(relation, attnum) == type;
}

Oid
wals_queue_find(const WalsModel *model)
{
	Oid queue = get_relname_relid(queue_name(model->relation),
	                              get_rel_namespace(model->relation));

	if (!OidIsValid(queue) || table_owner(queue) != GetUserId() ||
	    !has_column(queue, "user_id", wals_id_sql_type(model->user_type)) ||
	    !has_column(queue, "item_id", wals_id_sql_type(model->item_type)))
		return InvalidOid;
	return queue;
}

static char *
trigger_name(Oid model, const char *event)
{
	char *name = psprintf("wals_%s_%s", event, get_rel_name(model));

	truncate_identifier(name, strlen(name), false);
	return name;
}

static void
check_source(const WalsModel *model)
{
	const WalsSourceUse use = {model, "queue its changes", ""};
	char *name = get_rel_name(model->source);
	char kind;

	wals_source_need(&use);
	kind = get_rel_relkind(model->source);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("changes of \"%s\" cannot be queued", name),
		         errdetail("Only a table tells a statement's trigger which "
		                   "rows were changed."),
		         errhint("Train on the table, or say since when to refresh: "
		                 "wals_refresh(since => ...).")));
	if (!wals_model_is_own(model->source))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("must be owner of table \"%s\"", name),
		     errdetail("Its triggers run with the rights of all who write "
		               "to it."),
		     errhint("Ask its owner to train a model of their own, or say "
		             "since when to refresh: wals_refresh(since => ...).")));
}

static void
create_trigger(const WalsModel *model, const char *event, const char *tables)
{
	Oid schema = get_rel_namespace(model->relation);

	wals_query_once(psprintf(
	    "CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT "
	    "EXECUTE FUNCTION %s.wals_queue_touched(%s, %s, %s, %s)",
	    quote_identifier(trigger_name(model->relation, event)), event,
	    wals_relation_quoted(model->source), tables, wals_extension_schema(),
	    quote_literal_cstr(get_namespace_name(schema)),
	    quote_literal_cstr(queue_name(model->relation)),
	    quote_literal_cstr(NameStr(model->user_col)),
	    quote_literal_cstr(NameStr(model->item_col))));
}

/* Who may write to the source may write to the queue. */
static void
grant_to_writers(const WalsModel *model, const char *queue)
{
	Oid types[1] = {OIDOID};
	Datum values[1] = {ObjectIdGetDatum(model->source)};
	char **grants;
	uint64 n;
	uint64 i;

	n = wals_query_run(
	    "SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE "
	    "pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END "
	    "FROM (SELECT relacl AS acl FROM pg_catalog.pg_class "
	    "WHERE oid OPERATOR(pg_catalog.=) $1 UNION ALL "
	    "SELECT attacl FROM pg_catalog.pg_attribute "
	    "WHERE attrelid OPERATOR(pg_catalog.=) $1) AS c, "
	    "LATERAL pg_catalog.aclexplode(c.acl) AS a "
	    "WHERE a.privilege_type OPERATOR(pg_catalog.=) "
	    "ANY (ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])",
	    1, types, values, NULL, WALS_READ_FRESH);
	grants = palloc(sizeof(char *) * (n + 1));
	for (i = 0; i < n; i++)
	{
		bool is_null;

		grants[i] = psprintf(
		    "GRANT INSERT ON %s TO %s", queue,
		    TextDatumGetCString(wals_query_value(i, 1, TEXTOID, &is_null)));
	}
	for (i = 0; i < n; i++)
		wals_query_once(grants[i]);
}

void
wals_queue_create(const WalsModel *model)
{
	Oid schema = get_rel_namespace(model->relation);
	const char *queue = quote_qualified_identifier(get_namespace_name(schema),
	                                               queue_name(model->relation));

	check_source(model);
	wals_query_once(psprintf("CREATE TABLE %s (user_id %s, item_id %s)", queue,
	                         wals_id_type_name(model->user_type),
	                         wals_id_type_name(model->item_type)));
	wals_query_once(
	    psprintf("COMMENT ON TABLE %s IS %s", queue,
	             quote_literal_cstr(
	                 psprintf("users and items that wals_refresh has to look "
	                          "at, for wals model %s",
	                          get_rel_name(model->relation)))));
	grant_to_writers(model, queue);
	create_trigger(model, "insert", "REFERENCING NEW TABLE AS wals_new");
	create_trigger(model, "update",
	               "REFERENCING NEW TABLE AS wals_new OLD TABLE AS wals_old");
	create_trigger(model, "delete", "REFERENCING OLD TABLE AS wals_old");
	create_trigger(model, "truncate", "");
}

bool
wals_queue_drop(Oid model)
{
	Oid schema = get_rel_namespace(model);
	Oid queue = get_relname_relid(queue_name(model), schema);
	Oid types[2] = {OIDOID, TEXTOID};
	Datum values[2];
	char *drops[lengthof(events)];
	int n_drops = 0;
	int i;

	if (!OidIsValid(queue) || table_owner(queue) != GetUserId())
		return false;

	/* whatever the source of the model is by now */
	for (i = 0; i < (int) lengthof(events); i++)
	{
		char *name = trigger_name(model, events[i]);
		bool is_null;

		values[0] = ObjectIdGetDatum(GetUserId());
		values[1] = CStringGetTextDatum(name);
		if (wals_query_run(
		        psprintf(
		            "SELECT t.tgrelid FROM pg_catalog.pg_trigger AS t "
		            "JOIN pg_catalog.pg_class AS c "
		            "ON c.oid OPERATOR(pg_catalog.=) t.tgrelid "
		            "WHERE t.tgfoid OPERATOR(pg_catalog.=) "
		            "%s::pg_catalog.regprocedure "
		            "AND c.relowner OPERATOR(pg_catalog.=) $1 "
		            "AND t.tgname OPERATOR(pg_catalog.=) $2::pg_catalog.name "
		            "AND NOT t.tgisinternal "
		            "AND t.tgparentid OPERATOR(pg_catalog.=) 0",
		            quote_literal_cstr(psprintf("%s.wals_queue_touched()",
		                                        wals_extension_schema()))),
		        2, types, values, NULL, WALS_READ_FRESH) > 0)
			drops[n_drops++] =
			    psprintf("DROP TRIGGER %s ON %s", quote_identifier(name),
			             wals_relation_quoted(DatumGetObjectId(
			                 wals_query_value(0, 1, OIDOID, &is_null))));
	}
	for (i = 0; i < n_drops; i++)
		wals_query_once(drops[i]);
	wals_query_once(psprintf("DROP TABLE %s", wals_relation_quoted(queue)));
	return true;
}

/* State of emptying a queue. */
typedef struct TakeState
{
	const WalsModel *model;
	const WalsMemory *memory;
	WalsTouched *touched;
} TakeState;

static void
take_id(const TakeState *state, WcSide side, Oid type, Datum datum,
        WcIdMap *ids)
{
	WcId id = wals_id_from_datum(type, datum);
	WcError error = {WC_OK, side, -1, -1, ""};
	int32 index;

	error.status = wc_idmap_add(ids, &id, &index);
	if (error.status != WC_OK)
		wals_report(&error, state->memory, NULL, NULL);
}

static void
take_row(const WalsRow *row, void *arg)
{
	TakeState *state = arg;
	WalsTouched *touched = state->touched;

	if (row->nulls[0] && row->nulls[1])
		touched->emptied = true;
	if (!row->nulls[0])
		take_id(state, WC_USERS, wals_id_sql_type(state->model->user_type),
		        row->values[0], touched->users);
	if (!row->nulls[1])
		take_id(state, WC_ITEMS, wals_id_sql_type(state->model->item_type),
		        row->values[1], touched->items);
}

void
wals_queue_take(Oid queue, const WalsModel *model, const Datum *user,
                const WalsMemory *memory, WalsTouched *touched)
{
	Oid types[1] = {wals_id_sql_type(model->user_type)};
	TakeState state = {model, memory, touched};

	wals_query_each(
	    psprintf("DELETE FROM %s%s RETURNING user_id, item_id",
	             wals_relation_quoted(queue),
	             user == NULL ? ""
	                          : " WHERE user_id OPERATOR(pg_catalog.=) $1"),
	    user == NULL ? 0 : 1, types, user, WALS_READ_FRESH,
	    &(const WalsShape){2, {types[0], wals_id_sql_type(model->item_type)}},
	    take_row, &state);
}

/* "at >= $1", in the type of the time column. */
static char *
not_before(const WalsSource *source)
{
	const char *since = "$1";

	if (source->time_type == TIMESTAMPOID)
		since = "$1::pg_catalog.timestamp";
	else if (source->time_type == DATEOID)
		since = "$1::pg_catalog.date";
	else if (source->time_type != TIMESTAMPTZOID)
		since = "pg_catalog.floor(pg_catalog.date_part('epoch', $1))"
		        "::pg_catalog.int8";
	return psprintf("%s OPERATOR(pg_catalog.>=) %s",
	                quote_identifier(source->time_col), since);
}

/* The same for ids as the source has them. */
typedef struct SinceState
{
	TakeState take;
	Oid user_type;
	Oid item_type;
} SinceState;

static void
since_row(const WalsRow *row, void *arg)
{
	SinceState *state = arg;
	const WalsTouched *touched = state->take.touched;

	if (row->nulls[0] || row->nulls[1])
		return;
	take_id(&state->take, WC_USERS, state->user_type, row->values[0],
	        touched->users);
	take_id(&state->take, WC_ITEMS, state->item_type, row->values[1],
	        touched->items);
}

void
wals_touched_since(const WalsSource *source, TimestampTz since,
                   const WalsModel *model, const WalsMemory *memory,
                   WalsTouched *touched)
{
	Oid types[1] = {TIMESTAMPTZOID};
	Datum values[1] = {TimestampTzGetDatum(since)};
	SinceState state = {
	    {model, memory, touched}, source->user_type, source->item_type};
	const char *user_col = quote_identifier(source->user_col);
	const char *item_col = quote_identifier(source->item_col);

	wals_query_each_once(
	    psprintf("SELECT DISTINCT %s, %s FROM %s WHERE %s", user_col, item_col,
	             wals_relation_quoted(source->relation), not_before(source)),
	    1, types, values, WALS_READ_FRESH,
	    &(const WalsShape){2, {source->user_type, source->item_type}},
	    since_row, &state);
}

/* Whether the writer may write to the queue, which must be safe to write to. */
static bool
check_queue(Oid source, Oid schema, Oid queue, const char *name)
{
	Oid role = GetUserId();

	if (!OidIsValid(queue) || table_owner(queue) != table_owner(source))
	{
		ereport(
		    WARNING,
		    (errmsg("changes of \"%s\" are not queued", get_rel_name(source)),
		     errdetail("There is no table \"%s\" that belongs to its owner.",
		               name),
		     errhint("Drop the table's triggers that call "
		             "wals_queue_touched().")));
		return false;
	}
	if (wals_namespace_aclcheck(schema, role, ACL_USAGE) != ACLCHECK_OK ||
	    pg_class_aclcheck(queue, role, ACL_INSERT) != ACLCHECK_OK)
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("permission denied for table %s", name),
		         errdetail("Who writes to \"%s\" also notes down there what a "
		                   "model has to look at.",
		                   get_rel_name(source)),
		         errhint("Its owner can GRANT INSERT ON %s TO %s, and USAGE on "
		                 "its schema.",
		                 wals_relation_quoted(queue),
		                 quote_identifier(GetUserNameFromId(role, false)))));
	return true;
}

static char *
pairs_of(const char *user_col, const char *item_col, const char *table)
{
	return psprintf("SELECT %s, %s FROM %s WHERE %s IS NOT NULL "
	                "AND %s IS NOT NULL",
	                user_col, item_col, table, user_col, item_col);
}

void
wals_queue_note(TriggerData *trigger)
{
	Oid source = RelationGetRelid(trigger->tg_relation);
	char **args = trigger->tg_trigger->tgargs;
	const char *user_col;
	const char *item_col;
	const char *pairs;
	Oid schema;
	Oid queue;

	if (trigger->tg_trigger->tgnargs != 4 ||
	    !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("wals_queue_touched() was called by a trigger of "
		                "another kind"),
		         errhint("SELECT wals_queue_enable(...) creates its "
		                 "triggers.")));
	schema = get_namespace_oid(args[0], true);
	queue =
	    OidIsValid(schema) ? get_relname_relid(args[1], schema) : InvalidOid;
	if (!check_queue(source, schema, queue, args[1]))
		return;
	user_col = quote_identifier(args[2]);
	item_col = quote_identifier(args[3]);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		pairs = "VALUES (NULL, NULL)";
	else if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		pairs = psprintf("SELECT DISTINCT * FROM (%s) AS p",
		                 pairs_of(user_col, item_col, "wals_new"));
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		pairs = psprintf("SELECT DISTINCT * FROM (%s) AS p",
		                 pairs_of(user_col, item_col, "wals_old"));
	else
		pairs =
		    psprintf("%s UNION %s", pairs_of(user_col, item_col, "wals_new"),
		             pairs_of(user_col, item_col, "wals_old"));
	wals_query_begin();
	if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "SPI_register_trigger_data failed");
	wals_query_run(psprintf("INSERT INTO %s (user_id, item_id) %s",
	                        wals_relation_quoted(queue), pairs),
	               0, NULL, NULL, NULL, WALS_READ_FRESH);
	wals_query_end();
}
