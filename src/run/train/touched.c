/*-------------------------------------------------------------------------
 *
 * touched.c
 *	  Who and what a refresh has to look at.
 *
 * The queue says it, if there is one; the time column, if a time was given or
 * there is no queue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "run/train/refresh.h"
#include "store/factors.h"
#include "store/query.h"
#include "store/queue.h"

/* ids of all users of the version */
static void
add_all_users(const WalsRefresh *refresh, WcIdMap *users)
{
	WalsSide side;

	wals_side_open(&refresh->model, WC_USERS,
	               unconstify(WalsJob *, &refresh->job), &side);
	wals_side_read(&side, NULL);
	wals_complete_check(&refresh->model, WC_USERS, wc_idmap_count(side.ids));
	wals_refresh_unite(refresh, users, side.ids);
	wals_side_close(&side);
}

/* The rows that are looked at to find out. */
typedef struct Look
{
	const WalsRefresh *refresh;
	WalsSource source; /* or a table below it */
	int64 since;
	WalsNewest *newest; /* NULL: all rows */
	WalsTouched *touched;
} Look;

static void
read_touched(void *arg)
{
	const Look *look = arg;
	const WalsRefresh *refresh = look->refresh;
	const WalsSource *source = &look->source;

	if (look->newest == NULL)
		wals_touched_all(source, &refresh->model, &refresh->job, look->touched);
	else
		wals_touched_since(source, look->since, &refresh->model, &refresh->job,
		                   look->newest, look->touched);
}

static void
look_at_rows(const WalsRefresh *refresh, int64 since, WalsNewest *newest,
             WalsTouched *touched)
{
	Look look = {refresh, refresh->request.source, since, newest, touched};

	wals_query_read_and_unlock(read_touched, &look);
}

/* All rows of tables that came to the source, or went from it. */
static void
look_at_parts(const WalsRefresh *refresh, const List *parts,
              WalsTouched *touched)
{
	Look look = {refresh, refresh->request.source, 0, NULL, touched};
	const ListCell *cell;

	foreach (cell, parts)
	{
		look.source.relation = lfirst_oid(cell);
		wals_query_read_and_unlock(read_touched, &look);
	}
}

/*
 * By the time column: rows that are newer than what was seen in it.  A caller
 * who says since when does not move that on, for he may leave rows out.
 */
static void
find_by_time(WalsRefresh *refresh, const TimestampTz *since,
             WalsTouched *touched)
{
	const WalsModel *model = &refresh->model;
	Oid type = refresh->request.source.time_type;
	WalsNewest newest = {false, 0, 0};
	TimestampTz fresh_at;

	if (since != NULL)
	{
		look_at_rows(refresh, wals_newest_from_moment(type, *since), &newest,
		             touched);
		return;
	}
	wals_version_newest(model->relation, model->version, type, &newest,
	                    &fresh_at);
	look_at_rows(refresh,
	             newest.known ? wals_newest_since(type, &newest)
	                          : wals_newest_since_moment(type, fresh_at),
	             &newest, touched);
	refresh->newest = newest;
}

void
wals_touched_find(WalsRefresh *refresh, const TimestampTz *since,
                  WalsTouched *touched)
{
	const WalsModel *model = &refresh->model;
	const WalsSource *source = &refresh->request.source;
	Oid queue = wals_queue_find(model);
	List *parts = NIL;

	touched->users = wals_refresh_ids(refresh, WC_USERS);
	touched->items = wals_refresh_ids(refresh, WC_ITEMS);
	touched->all = false;
	if (OidIsValid(queue))
	{
		/* first, so that whoever is writing is waited for */
		touched->all = since == NULL && wals_queue_mend(model, queue);
		if (since == NULL)
			touched->all |= !wals_queue_parts_compare(model, queue, &parts);
		wals_queue_take(queue, model, NULL, &refresh->job, touched);
	}
	if (touched->all)
	{
		add_all_users(refresh, touched->users);
		look_at_rows(refresh, 0, NULL, touched);
	}
	else
		look_at_parts(refresh, parts, touched);
	if (OidIsValid(queue) && since == NULL)
		return;
	if (source->time_col == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("nothing says which rows of \"%s\" have changed",
		                source->name),
		         errdetail("Model \"%s\" was trained without time_col.",
		                   get_rel_name(model->relation)),
		         wals_hint("SELECT wals_queue_enable(%s); notes down what "
		                   "changes from then on.",
		                   quote_literal_cstr(
		                       wals_relation_quoted(model->relation)))));
	find_by_time(refresh, since, touched);
}
