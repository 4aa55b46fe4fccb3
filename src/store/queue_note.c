/*-------------------------------------------------------------------------
 *
 * queue_note.c
 *	  The triggers that note down in a queue which rows have changed.
 *
 * They are statement triggers that read transition tables, so that a load of a
 * million rows is one INSERT more.
 *
 * Rights.  A trigger runs with the rights of whoever writes to the source and
 * does one thing, an INSERT into the queue.  A queue that does not belong to the
 * source's owner is not written to, nor one with triggers of strangers, which
 * would run with the rights of all who write.
 *
 * A writer's statement never fails because of a queue: what cannot be noted down
 * is a WARNING, and the next refresh finds out (wals_queue_mend) and looks at
 * everything.
 *
 * Deliberately not here: SECURITY DEFINER, and row triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"

/*
 * An application must not fail because its changes cannot be noted down: it is
 * warned, once in a session of each kind for a source.
 */
typedef enum Trouble
{
	NO_QUEUE,
	STRANGE_TRIGGER,
	NO_RIGHT,
	OTHER_COLUMNS
} Trouble;

static bool
is_news(Oid source, Trouble trouble)
{
	static struct
	{
		Oid source;
		Trouble trouble;
	} told[16];
	static int next = 0;
	int i;

	for (i = 0; i < (int) lengthof(told); i++)
		if (told[i].source == source && told[i].trouble == trouble)
			return false;
	told[next].source = source;
	told[next].trouble = trouble;
	next = (next + 1) % (int) lengthof(told);
	return true;
}

static void
warn(Oid source, Trouble trouble, const char *detail, const char *advice)
{
	if (is_news(source, trouble))
		ereport(
		    WARNING,
		    (errmsg("changes of \"%s\" are not queued", get_rel_name(source)),
		     errdetail_internal("%s", detail), wals_hint("%s", advice)));
}

/*
 * Whether the writer may write to the queue, which must be safe to write to: no
 * trigger there may be a stranger's.
 */
static bool
check_queue(Oid source, Oid queue, const char *name)
{
	Oid role = GetUserId();
	char *trigger;

	if (!OidIsValid(queue))
		warn(source, NO_QUEUE,
		     psprintf("There is no queue \"%s\" that belongs to its owner.",
		              name),
		     "Drop the table's triggers that call wals_queue_touched().");
	else if (wals_guard_has_strange_trigger(queue, &trigger))
		warn(source, STRANGE_TRIGGER,
		     psprintf("Trigger \"%s\" on its queue \"%s\" would run what "
		              "another role decides.",
		              trigger, get_rel_name(queue)),
		     psprintf("DROP TRIGGER %s ON %s; and REVOKE TRIGGER ON it from "
		              "others.",
		              quote_identifier(trigger), wals_relation_quoted(queue)));
	else if (wals_namespace_aclcheck(get_rel_namespace(queue), role,
	                                 ACL_USAGE) != ACLCHECK_OK ||
	         pg_class_aclcheck(queue, role, ACL_INSERT) != ACLCHECK_OK)
		warn(source, NO_RIGHT,
		     psprintf("Role \"%s\" may not write to its queue \"%s\".",
		              GetUserNameFromId(role, false), get_rel_name(queue)),
		     psprintf("GRANT INSERT ON %s TO %s, and USAGE on its schema; the "
		              "next wals_refresh() does the first, and looks at all "
		              "rows.",
		              wals_relation_quoted(queue),
		              quote_identifier(GetUserNameFromId(role, false))));
	else
		return true;
	return false;
}

/* Whether a column of the source still has what one of the queue takes. */
static bool
column_fits(Oid source, const char *column, Oid queue, const char *target)
{
	AttrNumber from = get_attnum(source, column);
	AttrNumber to = get_attnum(queue, target);
	WalsIdType from_type;
	WalsIdType to_type;

	return from > 0 && to > 0 &&
	       wals_id_type_of(getBaseType(get_atttype(source, from)),
	                       &from_type) &&
	       wals_id_type_of(get_atttype(queue, to), &to_type) &&
	       from_type == to_type;
}

bool
wals_queue_fits(Oid queue, Oid table, const char *user_col,
                const char *item_col)
{
	return column_fits(table, user_col, queue, "user_id") &&
	       column_fits(table, item_col, queue, "item_id");
}

/* A queue that has nothing we can write to is none. */
static bool
queue_takes_ids(Oid queue)
{
	return get_attnum(queue, "user_id") > 0 && get_attnum(queue, "item_id") > 0;
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
	Oid queue;

	if (trigger->tg_trigger->tgnargs < 4 || trigger->tg_trigger->tgnargs > 5 ||
	    !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("wals_queue_touched() was called by a trigger of "
		                "another kind"),
		         wals_hint("SELECT wals_queue_enable(...) creates its "
		                   "triggers.")));
	wals_query_begin();
	queue = wals_queue_of_trigger(source, trigger->tg_trigger->tgnargs, args);
	if (!check_queue(source, queue, args[1]) || !queue_takes_ids(queue))
	{
		wals_query_end();
		return;
	}
	user_col = quote_identifier(args[2]);
	item_col = quote_identifier(args[3]);
	/* what cannot be said one by one is said of all */
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		pairs = "VALUES (NULL, NULL)";
	else if (!wals_queue_fits(queue, source, args[2], args[3]))
	{
		warn(source, OTHER_COLUMNS,
		     psprintf("Its columns \"%s\" and \"%s\", or those of its queue "
		              "\"%s\", are not there any more or of another type.",
		              args[2], args[3], get_rel_name(queue)),
		     "Train the model on the columns there are; the next "
		     "wals_refresh() then looks at all rows.");
		pairs = "VALUES (NULL, NULL)";
	}
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
	if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "SPI_register_trigger_data failed");
	wals_query_run(psprintf("INSERT INTO %s (user_id, item_id) %s",
	                        wals_relation_quoted(queue), pairs),
	               0, NULL, NULL, NULL, WALS_READ_FRESH);
	wals_query_end();
}
