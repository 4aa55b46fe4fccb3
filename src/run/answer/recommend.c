/*-------------------------------------------------------------------------
 *
 * recommend.c
 *	  Answers from a trained model.
 *
 * The api room calls us once per SQL call.  All statements run first: the row
 * of the active version, the user's factors, the user's history (asker.c).
 * Then the items are searched without touching SQL again, which is what the
 * cache asks for.
 *
 * Filters come before the selection, so n rows are returned whenever n items
 * qualify, and never a filler.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "base/mapping.h"
#include "run/answer/answer.h"
#include "run/answer/recommend.h"
#include "store/model.h"
#include "store/query.h"

const WalsChoice wals_cold_start_choices[] = {{"popular", WALS_COLD_POPULAR},
                                              {"none", WALS_COLD_NONE},
                                              {"error", WALS_COLD_ERROR},
                                              {NULL, 0}};

static void
exclude_id(const WalsRecommendRequest *request, const WalsRows *items, Datum id,
           uint64 *set)
{
	int32 index = wals_answer_find(items, request->id_type, id);

	if (index >= 0)
		wals_row_set_add(set, index);
}

static void
exclude_seen(const WalsRows *items, const WalsHistory *history, uint64 *set)
{
	int32 *index =
	    palloc_extended(sizeof(int32) * (Size) history->count, MCXT_ALLOC_HUGE);
	int64 i;

	wals_rows_find_many(items, history->count, history->ids, index);
	for (i = 0; i < history->count; i++)
		if (index[i] >= 0)
			wals_row_set_add(set, index[i]);
	pfree(index);
}

static uint64 *
excluded_items(const WalsRecommendRequest *request, const WalsRows *items,
               const WalsHistory *history)
{
	const WalsBasket *basket = request->exclude_seen ? request->basket : NULL;
	bool seen = request->exclude_seen && history->count > 0;
	uint64 *set;
	int64 i;

	if (!seen && basket == NULL && request->n_exclude == 0)
		return NULL;
	set = wals_row_set(items);
	if (seen)
		exclude_seen(items, history, set);
	for (i = 0; basket != NULL && i < basket->count; i++)
		exclude_id(request, items, basket->items[i], set);
	for (i = 0; i < request->n_exclude; i++)
		exclude_id(request, items, request->exclude[i], set);
	return set;
}

/* The most popular of the items that pass the filters. */
static int32
rank_by_popularity(const WalsSearch *search, WcScored *result)
{
	const WcQuery *query = &search->query;
	const WalsRows *items = search->rows;
	uint64 *allowed = NULL;
	int32 count = 0;
	int32 place;
	int64 i;

	if (query->candidates != NULL)
	{
		allowed = wals_row_set(items);
		for (i = 0; i < query->n_candidates; i++)
			wals_row_set_add(allowed, query->candidates[i]);
	}
	for (place = 0; place < wals_rows_count(items) && count < search->n;
	     place++)
	{
		int32 index = wals_rows_popular(items, place);

		if ((query->excluded != NULL &&
		     wals_row_set_has(query->excluded, index)) ||
		    (allowed != NULL && !wals_row_set_has(allowed, index)))
			continue;
		result[count].index = index;
		result[count].score = (float) wals_rows_likes(items, index);
		count++;
	}
	return count;
}

static char *
user_name(const WalsModel *model, Datum user)
{
	return wals_id_to_cstring(
	    model->user_type,
	    wals_id_from_datum(wals_id_sql_type(model->user_type), user));
}

/* Of a user the version does not know, or only knows to like nothing. */
static void
unknown_user_error(const WalsModel *model, const WalsRecommendRequest *request,
                   Datum user, bool is_known)
{
	wals_mapping_check();
	if (is_known && request->basket != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_NO_DATA_FOUND),
		         errmsg("nothing in the basket is a like"),
		         errdetail("All factors of such a user are 0 in version %d of "
		                   "model \"%s\".",
		                   model->version, get_rel_name(model->relation)),
		         errhint("Use cold_start => 'popular' or 'none', or pass items "
		                 "that are liked.")));
	if (is_known)
		ereport(ERROR,
		        (errcode(ERRCODE_NO_DATA_FOUND),
		         errmsg("model \"%s\" knows of nothing that user %s likes",
		                get_rel_name(model->relation), user_name(model, user)),
		         errdetail("All factors of the user are 0 in version %d.",
		                   model->version),
		         errhint("Use cold_start => 'popular' or 'none', or train "
		                 "again.")));
	if (request->basket != NULL)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_NO_DATA_FOUND),
		     errmsg("none of the items is in model \"%s\"",
		            get_rel_name(model->relation)),
		     errdetail("Version %d was trained without them.", model->version),
		     errhint("Use cold_start => 'popular' or 'none', or train "
		             "again.")));
	if (request->fold_in == WALS_FOLD_NEVER)
		wals_answer_unknown(model, WC_USERS, user,
		                    "Use cold_start => 'popular' or 'none', or train "
		                    "again.");
	ereport(
	    ERROR,
	    (errcode(ERRCODE_NO_DATA_FOUND),
	     errmsg("user %s is not in model \"%s\"", user_name(model, user),
	            get_rel_name(model->relation)),
	     errdetail("Version %d was trained without rows of this user, and "
	               "there are none now that it could use.",
	               model->version),
	     errhint("Use cold_start => 'popular' or 'none', or train again.")));
}

int32
wals_recommend_run(const WalsRecommendRequest *request, WalsAnswer **result,
                   const char **basis)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	WalsAsker asker;
	WalsSearch search;
	WcScored *scored;
	bool tells;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	wals_purpose_lists(&model);
	if (request->basket != NULL)
	{
		wals_answer_check_side(&model, WC_ITEMS, request->id_type,
		                       "wals_recommend_for(ARRAY['17', '23'])");
		wals_asker_basket(&model, request->id_type, request->basket, &asker);
	}
	else
	{
		wals_answer_check_type(
		    &model, request->id_type,
		    "wals_recommend('42', 10) or wals_recommend(u.id::text, 10)");
		wals_asker_user(&model, request->id_type, request->user,
		                request->fold_in, request->exclude_seen,
		                request->rules.explore > 0, &asker);
	}
	tells = asker.vector.known &&
	        !wals_answer_tells_nothing(&model, asker.vector.factors,
	                                   asker.vector.count);
	if (!tells && request->cold_start == WALS_COLD_ERROR)
		unknown_user_error(&model, request, asker.user, asker.vector.known);

	search = wals_search_of(asker.items, request->n);
	search.query.excluded =
	    excluded_items(request, asker.items, &asker.history);
	if (request->has_candidates)
		wals_search_among(&search, request->id_type, request->n_candidates,
		                  request->candidates);
	scored = wals_search_room(&search);
	if (tells)
	{
		*basis = asker.basis;
		wals_search_by(&search, &asker.vector);
		search.query.min_score = wals_answer_least(&model, request->min_score);
		count =
		    wals_rerank_search(&search, &request->rules, asker.fold, scored);
		wals_answer_limit(&model, count, scored);
	}
	else
	{
		*basis = "popular";
		count = request->cold_start == WALS_COLD_NONE
		            ? 0
		            : rank_by_popularity(&search, scored);
	}
	*result =
	    wals_answer_name(asker.items, request->id_type, scored, count, context);
	wals_query_end();
	return count;
}

int32
wals_popular_run(Oid model_argument, Oid id_type, int32 n, WalsAnswer **result)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	WalsSearch search;
	WcScored *scored;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	wals_answer_check_side(&model, WC_ITEMS, id_type, "wals_popular(10)");
	search = wals_search_of(wals_cache_rows(&model, WC_ITEMS), n);
	scored = wals_search_room(&search);
	count = rank_by_popularity(&search, scored);
	*result = wals_answer_name(search.rows, id_type, scored, count, context);
	wals_query_end();
	return count;
}
