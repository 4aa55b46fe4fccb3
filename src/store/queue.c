/*-------------------------------------------------------------------------
 *
 * queue.c
 *	  Users and items whose rows have changed, noted down by triggers.
 *
 * A queue is an ordinary table beside the model, <model>_queue, with a user id
 * and an item id per pair that was touched; where nobody knows which, both are
 * NULL.  Four triggers on the source fill it, a statement at a time
 * (queue_note.c).  wals_refresh empties it in the transaction that solves what
 * it found: what is committed later stays for the next one.
 *
 * Whose it is.  A table is a model's queue by the guard it carries (guard.c),
 * which has the model's token, not by its name: a user's own table of that name
 * is neither emptied nor dropped nor written to.
 *
 * Rights.  Roles that write to the source need INSERT on the queue.
 * wals_queue_enable grants it to those that can write at that time, and each
 * refresh to those that came later, which have not been noted down till then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/hint.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"
#include "store/source.h"

#define SUFFIX_QUEUE "_queue"

/* The name a queue is created under. */
static char *
queue_name(Oid model)
{
	char *name = psprintf("%s" SUFFIX_QUEUE, get_rel_name(model));

	truncate_identifier(name, strlen(name), false);
	return name;
}

static char *
queue_comment(const char *model)
{
	return psprintf("users and items that wals_refresh has to look at, for "
	                "wals model %s",
	                model);
}

/*
 * A queue that 0.1.0 made has no guard.  It has just our two columns, and the
 * comment that it was created with, under whatever name its model had then.
 */
static bool
is_early_queue(Oid table)
{
	char *comment = GetComment(table, RelationRelationId, 0);
	char *common = queue_comment("");

	return comment != NULL && strncmp(comment, common, strlen(common)) == 0 &&
	       get_attnum(table, "user_id") == 1 &&
	       get_attnum(table, "item_id") == 2 &&
	       get_attname(table, 3, true) == NULL;
}

/*
 * Whether a table is a queue of ours and belongs to this role.  With a token it
 * must be that of the guard.
 */
static bool
is_queue(Oid table, Oid owner, const char *token)
{
	char found[WALS_TOKEN_SIZE];

	if (get_rel_relkind(table) != RELKIND_RELATION ||
	    wals_relation_owner(table) != owner ||
	    wals_table_kind(table, NULL) != WALS_TABLE_OTHER)
		return false;
	if (wals_guard_token(table, found))
		return token == NULL || strcmp(token, found) == 0;
	return is_early_queue(table);
}

Oid
wals_queue_of(Oid model)
{
	Oid named = get_relname_relid(queue_name(model), get_rel_namespace(model));
	Oid owner = wals_relation_owner(model);
	char token[WALS_TOKEN_SIZE];
	bool guarded = wals_guard_token(model, token);

	if (OidIsValid(named) && is_queue(named, owner, guarded ? token : NULL))
		return named;
	return guarded ? wals_guard_find_queue(token, owner) : InvalidOid;
}

/* Say that a table which only has the name of the model's queue is not it. */
static void
say_not_ours(Oid model)
{
	char *name = queue_name(model);

	if (OidIsValid(get_relname_relid(name, get_rel_namespace(model))))
		ereport(NOTICE,
		        (errmsg("table \"%s\" is left alone", name),
		         errdetail("wals_queue_enable() did not make it for model "
		                   "\"%s\".",
		                   get_rel_name(model))));
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
	Oid queue = wals_queue_of(model->relation);

	if (!OidIsValid(queue))
		say_not_ours(model->relation);
	else if (!has_column(queue, "user_id",
	                     wals_id_sql_type(model->user_type)) ||
	         !has_column(queue, "item_id", wals_id_sql_type(model->item_type)))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("the queue of model \"%s\" has other columns than its "
		            "ids",
		            get_rel_name(model->relation)),
		     wals_hint(
		         "SELECT wals_queue_disable(%s), "
		         "wals_queue_enable(%s);",
		         quote_literal_cstr(wals_relation_quoted(model->relation)),
		         quote_literal_cstr(wals_relation_quoted(model->relation)))));
	return queue;
}

/* A free name: models of one name may have one source. */
static char *
trigger_name(const WalsModel *model, const char *event)
{
	char *prefix = psprintf("wals_%s", event);
	char *name = makeObjectName(prefix, get_rel_name(model->relation), NULL);
	int i;

	for (i = 1; OidIsValid(get_trigger_oid(model->source, name, true)); i++)
		name = makeObjectName(prefix, get_rel_name(model->relation),
		                      psprintf("%d", i));
	return name;
}

/* How to refresh without a queue, and to do away with the one there is. */
static int
hint_without_queue(const WalsModel *model, const char *advice)
{
	char *quoted = quote_literal_cstr(wals_relation_quoted(model->relation));

	return wals_hint("%s, or say since when to refresh: "
	                 "wals_refresh(since => ...).%s",
	                 advice,
	                 OidIsValid(wals_queue_of(model->relation))
	                     ? psprintf(" SELECT wals_queue_disable(%s); takes the "
	                                "queue away.",
	                                quoted)
	                     : "");
}

/* Our triggers read what a statement has changed, also below the source. */
static void
check_foreign(const WalsModel *model)
{
	Oid foreign = wals_queue_foreign_part(model->source);

	if (OidIsValid(foreign))
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("changes of \"%s\" cannot be queued",
		                get_rel_name(model->source)),
		         errdetail("\"%s\" below it is a foreign table, and with the "
		                   "queue's triggers statements that write to it would "
		                   "fail.",
		                   get_rel_name(foreign)),
		         hint_without_queue(model, "Train on the local tables")));
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
		         hint_without_queue(model, "Train on the table")));
	if (!wals_model_is_own(model->source))
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("must be owner of table \"%s\"", name),
		         errdetail("Its triggers run with the rights of all who write "
		                   "to it."),
		         hint_without_queue(model, "Ask its owner to train a model of "
		                                   "their own")));
	check_foreign(model);
}

static void
create_trigger(const WalsModel *model, Oid queue, const char *event,
               const char *tables)
{
	char token[WALS_TOKEN_SIZE];
	bool guarded = wals_guard_token(queue, token);

	wals_query_once(psprintf(
	    "CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT "
	    "EXECUTE FUNCTION %s.wals_queue_touched(%s, %s, %s, %s%s)",
	    quote_identifier(trigger_name(model, event)), event,
	    wals_relation_quoted(model->source), tables, wals_extension_schema(),
	    quote_literal_cstr(get_namespace_name(get_rel_namespace(queue))),
	    quote_literal_cstr(get_rel_name(queue)),
	    quote_literal_cstr(NameStr(model->user_col)),
	    quote_literal_cstr(NameStr(model->item_col)),
	    guarded ? psprintf(", %s", quote_literal_cstr(token)) : ""));
}

static void
create_triggers(const WalsModel *model, Oid queue)
{
	create_trigger(model, queue, "insert", "REFERENCING NEW TABLE AS wals_new");
	create_trigger(model, queue, "update",
	               "REFERENCING NEW TABLE AS wals_new OLD TABLE AS wals_old");
	create_trigger(model, queue, "delete", "REFERENCING OLD TABLE AS wals_old");
	create_trigger(model, queue, "truncate", "");
}

/* Roles that may write to a source, but not to its queue. */
typedef struct Writers
{
	char *without_right; /* a list, or NULL */
	char *without_schema; /* the same of those that may use the source's */
} Writers;

static void
add_name(char **list, const char *name)
{
	*list = *list == NULL ? pstrdup(name) : psprintf("%s, %s", *list, name);
}

/* Who may write to the source may write to the queue: those are allowed to. */
static void
grant_to_writers(const WalsModel *model, Oid queue, Writers *writers)
{
	Oid types[3] = {OIDOID, OIDOID, OIDOID};
	Datum values[3] = {ObjectIdGetDatum(model->source), ObjectIdGetDatum(queue),
	                   ObjectIdGetDatum(get_rel_namespace(queue))};
	uint64 n;
	uint64 i;

	memset(writers, 0, sizeof(*writers));
	n = wals_query_run(
	    "SELECT w.name, pg_catalog.has_table_privilege(w.role, $2, 'INSERT'), "
	    "w.elsewhere "
	    "AND NOT pg_catalog.has_schema_privilege(w.role, $3, 'USAGE') "
	    "FROM (SELECT DISTINCT a.grantee, CASE a.grantee WHEN 0 THEN 'PUBLIC' "
	    "ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) "
	    "END, c.relnamespace OPERATOR(pg_catalog.<>) $3 AND "
	    "pg_catalog.has_schema_privilege(a.grantee, c.relnamespace, 'USAGE') "
	    "FROM pg_catalog.pg_class AS c, "
	    "LATERAL (SELECT c.relacl UNION ALL "
	    "SELECT t.attacl FROM pg_catalog.pg_attribute AS t "
	    "WHERE t.attrelid OPERATOR(pg_catalog.=) c.oid) AS l (acl), "
	    "LATERAL pg_catalog.aclexplode(l.acl) AS a "
	    "WHERE c.oid OPERATOR(pg_catalog.=) $1 "
	    "AND a.privilege_type OPERATOR(pg_catalog.=) "
	    "ANY (ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])) "
	    "AS w (role, name, elsewhere) ORDER BY w.name",
	    3, types, values, NULL, WALS_READ_FRESH);
	for (i = 0; i < n; i++)
	{
		bool is_null;
		char *name =
		    TextDatumGetCString(wals_query_value(i, 1, TEXTOID, &is_null));

		if (!DatumGetBool(wals_query_value(i, 2, BOOLOID, &is_null)))
			add_name(&writers->without_right, name);
		if (DatumGetBool(wals_query_value(i, 3, BOOLOID, &is_null)))
			add_name(&writers->without_schema, name);
	}
	if (writers->without_right != NULL)
		wals_query_once(psprintf("GRANT INSERT ON %s TO %s",
		                         wals_relation_quoted(queue),
		                         writers->without_right));
}

/* The name must be free. */
static void
check_name(Oid model)
{
	char *name = queue_name(model);
	char *quoted = quote_literal_cstr(wals_relation_quoted(model));
	Oid there = wals_queue_of(model);

	if (OidIsValid(there))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DUPLICATE_TABLE),
		     errmsg("model \"%s\" already has a queue", get_rel_name(model)),
		     errdetail("It is the table \"%s\".", get_rel_name(there)),
		     wals_hint("To make it anew: SELECT wals_queue_disable(%s), "
		               "wals_queue_enable(%s);",
		               quoted, quoted)));
	there = get_relname_relid(name, get_rel_namespace(model));
	if (OidIsValid(there))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DUPLICATE_TABLE),
		     errmsg("relation \"%s\" already exists", name),
		     errdetail("Model \"%s\" needs this name for its queue, and "
		               "wals_queue_enable() did not make it.",
		               get_rel_name(model)),
		     errhint("Rename it, or the model: ALTER TABLE %s RENAME TO ...;",
		             wals_relation_quoted(there))));
}

void
wals_queue_create(const WalsModel *model)
{
	Oid schema = get_rel_namespace(model->relation);
	char *name = queue_name(model->relation);
	const char *queue =
	    quote_qualified_identifier(get_namespace_name(schema), name);
	char token[WALS_TOKEN_SIZE] = "";
	Writers writers;
	Oid table;

	check_source(model);
	check_name(model->relation);
	wals_query_once(psprintf("CREATE TABLE %s (user_id %s, item_id %s)", queue,
	                         wals_id_type_name(model->user_type),
	                         wals_id_type_name(model->item_type)));
	wals_query_once(
	    psprintf("COMMENT ON TABLE %s IS %s", queue,
	             quote_literal_cstr(psprintf(
	                 "%s%s", queue_comment(get_rel_name(model->relation)),
	                 wals_queue_parts_words(model->source)))));
	(void) wals_guard_token(model->relation, token);
	table = get_relname_relid(name, schema);
	wals_guard_put(table, token, 0);
	grant_to_writers(model, table, &writers);
	create_triggers(model, table);
}

/* The next word of a trigger's arguments, which end with a zero each. */
static const char *
next_argument(const char **at, const char *end)
{
	const char *word = *at;
	const char *stop = memchr(word, '\0', end - word);

	if (stop == NULL)
		return "";
	*at = stop + 1;
	return word;
}

/* What the arguments of a queue's triggers say, where it may be known from. */
typedef struct QueueName
{
	const char *schema;
	const char *name;
	char token[WALS_TOKEN_SIZE]; /* or "" */
	bool by_token; /* which no other model has */
} QueueName;

/*
 * The names of a queue, or where there is none, those it would have; token and
 * all of the table that carries it.
 */
static void
name_queue(QueueName *name, Oid queue, Oid model)
{
	Oid named = OidIsValid(queue) ? queue : model;

	name->schema = get_namespace_name(get_rel_namespace(named));
	name->name = OidIsValid(queue) ? get_rel_name(queue) : queue_name(model);
	name->token[0] = '\0';
	name->by_token = wals_guard_token(named, name->token) &&
	                 !wals_guard_is_shared(name->token, GetUserId());
}

/* Whether a trigger's arguments say that it writes to this queue. */
static bool
writes_to(bytea *arguments, const QueueName *queue)
{
	const char *at = VARDATA_ANY(arguments);
	const char *end = at + VARSIZE_ANY_EXHDR(arguments);
	const char *schema = next_argument(&at, end);
	const char *name = next_argument(&at, end);
	const char *token;

	next_argument(&at, end);
	next_argument(&at, end);
	token = next_argument(&at, end);
	if (token[0] != '\0' && queue->token[0] != '\0')
	{
		if (strcmp(token, queue->token) != 0)
			return false;
		if (queue->by_token)
			return true;
	}
	return strcmp(name, queue->name) == 0 && strcmp(schema, queue->schema) == 0;
}

/*
 * Drop the triggers that write to a queue, whatever the source is by now.
 * Returns a table that had some, another one than source if possible, or 0.
 */
static Oid
drop_triggers(const QueueName *queue, Oid source)
{
	Oid result = InvalidOid;
	Oid types[2] = {OIDOID, OIDOID};
	Datum values[2] = {
	    ObjectIdGetDatum(wals_extension_function("wals_queue_touched")),
	    ObjectIdGetDatum(GetUserId())};
	List *drops = NIL;
	ListCell *cell;
	uint64 n;
	uint64 i;

	n = wals_query_run(
	    "SELECT t.tgrelid, t.tgname, t.tgargs FROM pg_catalog.pg_trigger AS t "
	    "JOIN pg_catalog.pg_class AS c "
	    "ON c.oid OPERATOR(pg_catalog.=) t.tgrelid "
	    "WHERE t.tgfoid OPERATOR(pg_catalog.=) $1 "
	    "AND c.relowner OPERATOR(pg_catalog.=) $2 "
	    "AND NOT t.tgisinternal "
	    "AND t.tgparentid OPERATOR(pg_catalog.=) 0",
	    2, types, values, NULL, WALS_READ_FRESH);
	for (i = 0; i < n; i++)
	{
		bool is_null;
		Datum arguments = wals_query_value(i, 3, BYTEAOID, &is_null);
		Oid table;

		if (is_null || !writes_to(DatumGetByteaPP(arguments), queue))
			continue;
		table = DatumGetObjectId(wals_query_value(i, 1, OIDOID, &is_null));
		if (!OidIsValid(result) || table != source)
			result = table;
		drops = lappend(
		    drops, psprintf("DROP TRIGGER %s ON %s",
		                    quote_identifier(NameStr(*DatumGetName(
		                        wals_query_value(i, 2, NAMEOID, &is_null)))),
		                    wals_relation_quoted(table)));
	}
	foreach (cell, drops)
		wals_query_once(lfirst(cell));
	return result;
}

bool
wals_queue_drop(Oid model)
{
	Oid queue = wals_queue_of(model);
	QueueName name;
	bool result;

	/* without its queue, a model's triggers are known as well */
	name_queue(&name, queue, model);
	result = OidIsValid(drop_triggers(&name, InvalidOid));
	if (OidIsValid(queue))
		wals_query_once(psprintf("DROP TABLE %s", wals_relation_quoted(queue)));
	else
		say_not_ours(model);
	return result || OidIsValid(queue);
}

Oid
wals_queue_of_trigger(Oid source, int n_args, char **args)
{
	const char *token = n_args > 4 ? args[4] : NULL;
	Oid schema = get_namespace_oid(args[0], true);
	Oid owner = wals_relation_owner(source);
	Oid queue = InvalidOid;

	if (OidIsValid(schema))
		queue = get_relname_relid(args[1], schema);
	if (OidIsValid(queue) && is_queue(queue, owner, token))
		return queue;
	return token != NULL ? wals_guard_find_queue(token, owner) : InvalidOid;
}

bool
wals_queue_is_fed(Oid queue, Oid table, const char *user_col,
                  const char *item_col)
{
	const int16 all = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE |
	                  TRIGGER_TYPE_DELETE | TRIGGER_TYPE_TRUNCATE;
	Oid function = wals_extension_function("wals_queue_touched");
	Relation source = relation_open(table, AccessShareLock);
	const TriggerDesc *triggers = source->trigdesc;
	int16 seen = 0;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == function && trigger->tgnargs >= 4 &&
		    trigger->tgenabled != TRIGGER_DISABLED &&
		    trigger->tgenabled != TRIGGER_FIRES_ON_REPLICA &&
		    strcmp(trigger->tgargs[2], user_col) == 0 &&
		    strcmp(trigger->tgargs[3], item_col) == 0 &&
		    wals_queue_of_trigger(table, trigger->tgnargs, trigger->tgargs) ==
		        queue)
			seen |= trigger->tgtype;
	}
	relation_close(source, AccessShareLock);
	return (seen & all) == all;
}

/*
 * With a foreign table below the source, our triggers would keep the application
 * from writing to it.
 */
static void
stop(const WalsModel *model, Oid queue, Oid foreign)
{
	QueueName name;

	name_queue(&name, queue, model->relation);
	(void) drop_triggers(&name, model->source);
	ereport(
	    WARNING,
	    (errmsg("the queue of model \"%s\" has stopped",
	            get_rel_name(model->relation)),
	     errdetail("\"%s\" below \"%s\" is a foreign table: with the "
	               "queue's triggers, statements that write to it fail. All "
	               "rows are looked at, each time.",
	               get_rel_name(foreign), get_rel_name(model->source)),
	     hint_without_queue(model, "Train on the local tables")));
}

bool
wals_queue_mend(const WalsModel *model, Oid queue)
{
	Oid foreign = wals_queue_foreign_part(model->source);
	Oid hung = InvalidOid;
	const char *schema;
	Writers writers;
	bool watched;

	if (OidIsValid(foreign))
	{
		stop(model, queue, foreign);
		return true;
	}
	watched = wals_queue_is_fed(queue, model->source, NameStr(model->user_col),
	                            NameStr(model->item_col));
	if (!watched)
	{
		QueueName name;

		check_source(model);
		name_queue(&name, queue, model->relation);
		hung = drop_triggers(&name, model->source);
		create_triggers(model, queue);
	}
	grant_to_writers(model, queue, &writers);
	if (watched && writers.without_right == NULL &&
	    writers.without_schema == NULL)
		return false;
	/* who is writing there unseen is waited for */
	wals_query_once(psprintf("LOCK TABLE %s IN SHARE MODE",
	                         wals_relation_quoted(model->source)));
	schema = quote_identifier(get_namespace_name(get_rel_namespace(queue)));
	ereport(
	    WARNING,
	    (errmsg("the queue of model \"%s\" may have missed changes of \"%s\"",
	            get_rel_name(model->relation), get_rel_name(model->source)),
	     !watched && OidIsValid(hung) && hung != model->source
	         ? errdetail("Its triggers were on \"%s\", another relation, and "
	                     "are on the source now.",
	                     get_rel_name(hung))
	     : !watched ? errdetail("Its triggers were not there, or for other "
	                            "columns, and are now.")
	     : writers.without_schema != NULL
	         ? errdetail("%s may write to the one and not to the other.",
	                     writers.without_schema)
	         : errdetail("%s could write to the one and not to the other, and "
	                     "may now.",
	                     writers.without_right),
	     writers.without_schema != NULL
	         ? errhint("All rows are looked at, each time until you GRANT "
	                   "USAGE ON SCHEMA %s TO %s;",
	                   schema, writers.without_schema)
	         : errhint("All rows are looked at, this time.")));
	return true;
}

/* State of emptying a queue. */
typedef struct TakeState
{
	const WalsModel *model;
	const WalsJob *job;
	WalsTouched *touched;
} TakeState;

static void
take_id(const TakeState *state, Oid type, Datum datum, WcIdMap *ids)
{
	WcId id = wals_id_from_datum(type, datum);
	int32 index;

	wals_job_check(state->job, wc_idmap_add(ids, &id, &index));
}

static void
take_row(const WalsRow *row, void *arg)
{
	TakeState *state = arg;
	WalsTouched *touched = state->touched;

	if (row->nulls[0] && row->nulls[1])
		touched->all = true;
	if (!row->nulls[0])
		take_id(state, wals_id_sql_type(state->model->user_type),
		        row->values[0], touched->users);
	if (!row->nulls[1])
		take_id(state, wals_id_sql_type(state->model->item_type),
		        row->values[1], touched->items);
}

void
wals_queue_take(Oid queue, const WalsModel *model, const Datum *user,
                const WalsJob *job, WalsTouched *touched)
{
	Oid types[1] = {wals_id_sql_type(model->user_type)};
	TakeState state = {model, job, touched};

	wals_query_each(
	    psprintf("DELETE FROM %s%s RETURNING user_id, item_id",
	             wals_relation_quoted(queue),
	             user == NULL ? ""
	                          : " WHERE user_id OPERATOR(pg_catalog.=) $1"),
	    user == NULL ? 0 : 1, types, user, WALS_READ_FRESH,
	    &(const WalsShape){2, {types[0], wals_id_sql_type(model->item_type)}},
	    take_row, &state);
}
