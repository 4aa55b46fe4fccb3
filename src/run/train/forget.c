/*-------------------------------------------------------------------------
 *
 * forget.c
 *	  Take a user out of a model.
 *
 * The user's factors go from every version, and so do the notes about the user
 * in the queue.  The items of his rows are then solved again without them, and
 * after them the other users who have rows of these items (run/train/refresh.c).
 * Which items these were is known from the rows, if they are deleted here, or
 * from the queue, if its trigger saw them go.  Where nobody knows, a NOTICE says
 * what was not done; with all items nobody need know, for the price of a half
 * sweep of each side.
 *
 * What remains: items of older versions, and what all other factors once
 * learned beside this user's; only a training that starts anew forgets that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/hint.h"
#include "run/answer/answer.h"
#include "run/train/refresh.h"
#include "store/query.h"
#include "store/ratings.h"

const WalsChoice wals_forget_items_choices[] = {
    {"rated", WALS_FORGET_RATED}, {"all", WALS_FORGET_ALL}, {NULL, 0}};

/* A user's id as it is written in SQL. */
static char *
user_literal(const WalsRefresh *refresh, Datum user)
{
	WalsIdType type = refresh->model.user_type;
	WcId id = wals_id_from_datum(wals_id_sql_type(type), user);

	if (type == WALS_ID_TEXT)
		return quote_literal_cstr(TextDatumGetCString(user));
	return type == WALS_ID_BIGINT
	           ? wals_id_to_cstring(type, id)
	           : quote_literal_cstr(wals_id_to_cstring(type, id));
}

static void
refuse_rows(const WalsRefresh *refresh, Datum user)
{
	const WalsSource *source = &refresh->request.source;
	WalsIdType type = refresh->model.user_type;
	WcId id = wals_id_from_datum(wals_id_sql_type(type), user);

	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("relation \"%s\" still has rows of user %s", source->name,
	                wals_id_to_cstring(type, id)),
	         errdetail("The next training would learn from them again."),
	         errhint("DELETE FROM %s WHERE %s = %s; or have it done, and the "
	                 "items solved without them: delete_rows => true.",
	                 source->quoted, quote_identifier(source->user_col),
	                 user_literal(refresh, user))));
}

/* The user was known, and which items he had rated is not. */
static void
notice_unsolved(const WalsRefresh *refresh, Datum user)
{
	char *model =
	    quote_literal_cstr(wals_relation_quoted(refresh->model.relation));
	bool solvable = refresh->has_source && refresh->has_objective;

	ereport(
	    NOTICE,
	    (errmsg("no item was solved again"),
	     errdetail("Which items the user had rated is known when the rows "
	               "are deleted by delete_rows => true, or under the eyes "
	               "of a queue."),
	     solvable
	         ? wals_hint("To solve all items without the user: SELECT "
	                     "wals_forget(%s, %s, items => 'all'); to forget all "
	                     "they have learned beside him: CALL "
	                     "wals_retrain(%s, warm_start => false);",
	                     user_literal(refresh, user), model, model)
	         : wals_hint("The next training forgets what they have learned: "
	                     "CALL wals_retrain(%s, warm_start => false);",
	                     model)));
}

/* Whether there are rows of a user. */
typedef struct RowsLeft
{
	const WalsSource *source;
	Datum user;
	bool found;
} RowsLeft;

static void
look_for_rows(void *arg)
{
	RowsLeft *left = arg;

	left->found = wals_ratings_have(left->source, left->user);
}

static bool
has_rows(const WalsSource *source, Datum user)
{
	RowsLeft left = {source, user, false};

	wals_query_read_and_unlock(look_for_rows, &left);
	return left.found;
}

void
wals_forget_run(Oid argument, Oid id_type, Datum user_argument,
                bool delete_rows, WalsForgetItems items,
                WalsForgetResult *result)
{
	WalsRefresh refresh;
	WalsTouched touched;
	bool all = items == WALS_FORGET_ALL;
	const WalsModel *model = &refresh.model;
	Datum user;
	Oid queue;

	memset(result, 0, sizeof(*result));
	wals_query_begin();
	wals_refresh_open(&refresh, argument, WALS_COMMAND_FORGET);
	refresh.started_at = 0; /* nobody else is brought up to date */
	if (all)
		wals_refresh_check(&refresh);
	wals_answer_check_side(model, WC_USERS, id_type, "wals_forget('42')");
	user = wals_id_argument(model->user_type, id_type, user_argument);
	touched.users = wals_refresh_ids(&refresh, WC_USERS);
	touched.items = wals_refresh_ids(&refresh, WC_ITEMS);
	if (refresh.has_source && delete_rows)
		result->rows_deleted = wals_ratings_delete(
		    &refresh.request.source, user, &refresh.job, touched.items);
	else if (refresh.has_source && has_rows(&refresh.request.source, user))
		refuse_rows(&refresh, user);
	queue = wals_queue_find(model);
	if (OidIsValid(queue))
		wals_queue_take(queue, model, &user, &refresh.job, &touched);
	result->versions = wals_version_forget(model, user);
	refresh.model.n_users = -1; /* one less, if this version had the user */
	wc_idmap_free(touched.users);
	touched.users = wals_refresh_ids(&refresh, WC_USERS);
	if (all || (refresh.has_source && refresh.has_objective &&
	            wc_idmap_count(touched.items) > 0))
		wals_refresh_solve(&refresh, touched.users, touched.items,
		                   all ? WALS_REFRESH_ALL : WALS_REFRESH_TOUCHED);
	else if (result->versions > 0)
		notice_unsolved(&refresh, user);
	result->solved = refresh.result;
	wals_refresh_close(&refresh);
	wals_query_end();
}
