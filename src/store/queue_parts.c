/*-------------------------------------------------------------------------
 *
 * queue_parts.c
 *	  Partitions that come to a queued source and go from it.
 *
 * ATTACH and DETACH PARTITION, and DROP of a partition, change which rows the
 * source has, and fire no trigger.  A trigger on such commands, an event trigger,
 * may be made by a superuser only.  So the queue's comment names the tables below
 * the source as of the last refresh, by their OIDs, and a refresh compares.
 * The rows of a table that has come, or has been detached, are those that have
 * changed; of one that was dropped nobody knows them, and all are looked at.
 *
 * The same for tables that inherit.  After a dump is restored they all have other
 * OIDs, and the first refresh looks at all rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/comment.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "store/query.h"
#include "store/queue.h"
#include "store/relation.h"

#define WORDS "; tables below the source: "

/* The tables that have rows, below the source and not it itself. */
static List *
parts_of(Oid source)
{
	List *result = NIL;
	ListCell *cell;

	if (!has_subclass(source))
		return NIL;
	foreach (cell, find_all_inheritors(source, NoLock, NULL))
	{
		Oid table = lfirst_oid(cell);
		char kind = get_rel_relkind(table);

		if (table != source &&
		    (kind == RELKIND_RELATION || kind == RELKIND_FOREIGN_TABLE))
			result = lappend_oid(result, table);
	}
	list_sort(result, list_oid_cmp);
	return result;
}

static char *
words_for(const List *parts)
{
	StringInfoData words;
	const ListCell *cell;

	initStringInfo(&words);
	foreach (cell, parts)
		appendStringInfo(&words, "%s%u", words.len == 0 ? WORDS : " ",
		                 lfirst_oid(cell));
	return words.data;
}

char *
wals_queue_parts_words(Oid source)
{
	return words_for(parts_of(source));
}

Oid
wals_queue_foreign_part(Oid source)
{
	ListCell *cell;

	foreach (cell, parts_of(source))
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE)
			return lfirst_oid(cell);
	return InvalidOid;
}

static char *
comment_of(Oid queue)
{
	char *comment = GetComment(queue, RelationRelationId, 0);

	return comment != NULL ? comment : "";
}

/* Those that a comment names, and the length of what it says before. */
static List *
parts_known(const char *comment, int *before)
{
	const char *words = strstr(comment, WORDS);
	List *result = NIL;
	char *end;

	*before = words == NULL ? (int) strlen(comment) : (int) (words - comment);
	if (words == NULL)
		return NIL;
	for (words += strlen(WORDS); *words != '\0'; words = end)
	{
		unsigned long oid = strtoul(words, &end, 10);

		if (end == words)
			break;
		result = lappend_oid(result, (Oid) oid);
	}
	return result;
}

bool
wals_queue_parts_differ(Oid source, Oid queue)
{
	int ignored;

	return !equal(parts_of(source), parts_known(comment_of(queue), &ignored));
}

/* Whether its rows can be read by themselves as they are through the source. */
static bool
is_readable(const WalsModel *model, Oid table)
{
	const char *const columns[] = {NameStr(model->user_col),
	                               NameStr(model->item_col)};
	int i;

	if (!wals_model_is_own(table) ||
	    check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return false;
	for (i = 0; i < (int) lengthof(columns); i++)
	{
		AttrNumber column = get_attnum(table, columns[i]);

		if (column <= 0 ||
		    get_atttype(table, column) !=
		        get_atttype(model->source,
		                    get_attnum(model->source, columns[i])))
			return false;
	}
	return true;
}

/* The names of tables for a message, "a, b", those beyond 500 bytes left out. */
static char *
names_of(const List *tables)
{
	StringInfoData names;
	const ListCell *cell;

	initStringInfo(&names);
	foreach (cell, tables)
	{
		char *name = get_rel_name(lfirst_oid(cell));

		if (names.len > 500)
		{
			appendStringInfoString(&names, ", ...");
			break;
		}
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
		                 name != NULL ? name : "one that was dropped");
	}
	return names.data;
}

static void
tell(const WalsModel *model, const List *came, const List *gone, bool complete)
{
	char *detail = "";

	if (came != NIL)
		detail = psprintf("New: %s. ", names_of(came));
	if (gone != NIL)
		detail = psprintf("%sGone: %s. ", detail, names_of(gone));
	ereport(NOTICE,
	        (errmsg("\"%s\" has other tables below it than when model \"%s\" "
	                "was refreshed last",
	                get_rel_name(model->source), get_rel_name(model->relation)),
	         errdetail("%s%s", detail,
	                   complete ? "Their rows count as changed."
	                            : "All rows are looked at.")));
}

bool
wals_queue_parts_compare(const WalsModel *model, Oid queue, List **parts)
{
	List *now = parts_of(model->source);
	char *comment = comment_of(queue);
	bool complete = true;
	List *known;
	List *came;
	List *gone;
	ListCell *cell;
	int before;

	known = parts_known(comment, &before);
	came = list_difference_oid(now, known);
	gone = list_difference_oid(known, now);
	*parts = list_concat_copy(came, gone);
	if (*parts == NIL)
		return true;
	foreach (cell, *parts)
		complete = complete && is_readable(model, lfirst_oid(cell));
	tell(model, came, gone, complete);
	wals_query_once(
	    psprintf("COMMENT ON TABLE %s IS %s", wals_relation_quoted(queue),
	             quote_literal_cstr(
	                 psprintf("%.*s%s", before, comment, words_for(now)))));
	return complete;
}
