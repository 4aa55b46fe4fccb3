/*-------------------------------------------------------------------------
 *
 * recommend_users.c
 *	  The users an item should be shown to.
 *
 * A recommendation with the sides exchanged: the item's vector is the query,
 * the users are what is searched.  As there, all statements run first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/answer/answer.h"
#include "run/answer/recommend.h"
#include "run/answer/search.h"
#include "store/factors.h"
#include "store/history.h"
#include "store/query.h"
#include "store/source.h"

static uint64 *
users_who_know(const WalsRows *users, const WalsHistory *history)
{
	uint64 *set;
	int64 i;

	if (history->count == 0)
		return NULL;
	set = wals_row_set(users);
	for (i = 0; i < history->count; i++)
	{
		int32 index = wals_rows_find(users, history->ids[i]);

		if (index >= 0)
			wals_row_set_add(set, index);
	}
	return set;
}

int32
wals_recommend_users_run(const WalsRecommendUsersRequest *request,
                         WalsAnswer **result)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	WalsHistory history = {0};
	WalsSearch search;
	WcScored *scored;
	WalsUserVector query;
	float *vector;
	float bias;
	Datum item;
	int32 count = 0;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	wals_purpose_lists(&model);
	wals_answer_check_type(&model, request->id_type,
	                       "wals_recommend_users('260', 10)");
	item = wals_id_argument(model.item_type, request->id_type, request->item);
	vector = palloc(sizeof(float) * model.factors);
	if (!wals_factors_find(&model, WC_ITEMS, item, vector, &bias))
		wals_answer_unknown(
		    &model, WC_ITEMS, item,
		    "Train the model again once the source has rows of this item.");
	if (request->exclude_seen && !wals_source_is_elsewhere(&model))
		wals_history_read_users(&model, item, &history);

	search = wals_search_of(wals_cache_rows(&model, WC_USERS), request->n);
	search.query.excluded = users_who_know(search.rows, &history);
	if (request->has_candidates)
		wals_search_among(&search, request->id_type, request->n_candidates,
		                  request->candidates);
	scored = wals_search_room(&search);
	query = (WalsUserVector){true, model.factors, vector, model.mean + bias};
	wals_search_by(&search, &query);
	if (!wals_answer_tells_nothing(&model, vector, model.factors))
		count = wals_search_run(&search, scored);
	wals_answer_limit(&model, count, scored);
	*result =
	    wals_answer_name(search.rows, request->id_type, scored, count, context);
	wals_query_end();
	return count;
}
