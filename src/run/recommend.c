/*-------------------------------------------------------------------------
 *
 * recommend.c
 *	  Answers from a trained model.
 *
 * The api room calls us once per SQL call.  All statements run first: the row
 * of the active version, the user's factors, the user's history.  Then the
 * items are taken from the cache and searched without touching SQL again, which
 * is what the cache asks for.
 *
 * Filters come before the selection, so n rows are returned whenever n items
 * qualify, and never a filler.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/report.h"
#include "core/core.h"
#include "run/recommend.h"
#include "store/cache.h"
#include "store/factors.h"
#include "store/history.h"
#include "store/model.h"
#include "store/query.h"

const WalsChoice wals_cold_start_choices[] = {{"popular", WALS_COLD_POPULAR},
                                              {"none", WALS_COLD_NONE},
                                              {"error", WALS_COLD_ERROR},
                                              {NULL, 0}};

/* One user's factors, ready to be multiplied. */
typedef struct UserVector
{
	bool known;
	float *factors;
	float base; /* global mean and the user's bias */
} UserVector;

/* A set of items as one bit each. */
typedef uint64 *ItemSet;

static ItemSet
item_set(const WalsItems *items)
{
	return palloc0(sizeof(uint64) * (items->vectors.count / 64 + 1));
}

static void
item_set_add(ItemSet set, int32 index)
{
	set[index / 64] |= UINT64CONST(1) << (index % 64);
}

static bool
item_set_has(const uint64 *set, int32 index)
{
	return (set[index / 64] >> (index % 64)) & 1;
}

/*
 * Ids come in one type per call.  Text serves every model; the others need a
 * model whose users and items both have this type.
 */
static void
check_id_type(const WalsModel *model, Oid id_type)
{
	if (id_type == TEXTOID || (wals_id_sql_type(model->user_type) == id_type &&
	                           wals_id_sql_type(model->item_type) == id_type))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("model \"%s\" has users of type %s and items of type %s",
	                get_rel_name(model->relation),
	                wals_id_type_name(model->user_type),
	                wals_id_type_name(model->item_type)),
	         errdetail("The function was called with ids of type %s.",
	                   format_type_be(id_type)),
	         errhint("Pass the ids as text: wals_recommend('42', 10) or "
	                 "wals_recommend(u.id::text, 10).")));
}

static UserVector
find_user(const WalsModel *model, Datum user)
{
	UserVector result;

	result.factors = palloc(sizeof(float) * model->factors);
	result.known =
	    wals_factors_find(model->users_table, model->user_type, model->version,
	                      user, model->factors, result.factors, &result.base);
	result.base = result.known ? result.base + model->mean : 0.0f;
	return result;
}

/* Index of an item the caller named, -1 when the model does not know it. */
static int32
find_item(const WalsModel *model, const WalsItems *items, Oid id_type,
          Datum item)
{
	Datum stored = wals_id_argument(model->item_type, id_type, item);
	WcId id = wals_id_from_datum(wals_id_sql_type(model->item_type), stored);

	return wc_idmap_find(items->ids, &id);
}

static ItemSet
excluded_items(const WalsRecommendRequest *request, const WalsModel *model,
               const WalsItems *items, const WalsHistory *history)
{
	ItemSet set;
	int64 i;

	if (history->count == 0 && request->n_exclude == 0)
		return NULL;
	set = item_set(items);
	for (i = 0; i < history->count; i++)
	{
		int32 index = wc_idmap_find(items->ids, &history->items[i]);

		if (index >= 0)
			item_set_add(set, index);
	}
	for (i = 0; i < request->n_exclude; i++)
	{
		int32 index =
		    find_item(model, items, request->id_type, request->exclude[i]);

		if (index >= 0)
			item_set_add(set, index);
	}
	return set;
}

/* Distinct indexes of the candidates the model knows. */
static int32 *
candidate_items(const WalsRecommendRequest *request, const WalsModel *model,
                const WalsItems *items, int64 *count)
{
	int32 *result = palloc_extended(sizeof(int32) * (request->n_candidates + 1),
	                                MCXT_ALLOC_HUGE);
	ItemSet seen = item_set(items);
	int i;

	*count = 0;
	for (i = 0; i < request->n_candidates; i++)
	{
		int32 index =
		    find_item(model, items, request->id_type, request->candidates[i]);

		if (index < 0 || item_set_has(seen, index))
			continue;
		item_set_add(seen, index);
		result[(*count)++] = index;
	}
	return result;
}

/* The most popular of the items that pass the filters. */
static int32
rank_by_popularity(const WalsItems *items, const int32 *candidates,
                   int64 n_candidates, const uint64 *excluded, int32 n,
                   WcScored *result)
{
	uint64 *allowed = NULL;
	int32 count = 0;
	int32 place;
	int64 i;

	if (candidates != NULL)
	{
		allowed = item_set(items);
		for (i = 0; i < n_candidates; i++)
			item_set_add(allowed, candidates[i]);
	}
	for (place = 0; place < items->vectors.count && count < n; place++)
	{
		int32 index = items->by_popularity[place];

		if ((excluded != NULL && item_set_has(excluded, index)) ||
		    (allowed != NULL && !item_set_has(allowed, index)))
			continue;
		result[count].index = index;
		result[count].score = (float) items->entries[index];
		count++;
	}
	return count;
}

static int32
rank_by_score(const WalsModel *model, const WalsItems *items,
              const UserVector *user, const int32 *candidates,
              int64 n_candidates, const uint64 *excluded, float min_score,
              int32 n, WcScored *result)
{
	WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};
	int32 count = 0;
	WcStatus status;

	status = wc_topn(&items->vectors, user->factors, user->base, candidates,
	                 n_candidates, excluded, min_score, n, result, &count,
	                 &wals_hooks, &error);
	if (status == WC_NOT_FINITE)
		wals_factors_damaged(
		    model->items_table,
		    wals_id_to_cstring(model->item_type,
		                       wc_idmap_get(items->ids, error.row)),
		    "its score is not finite");
	if (status != WC_OK)
	{
		error.status = status;
		wals_report(&error, NULL, NULL, NULL);
	}
	return count;
}

/* Ids of the chosen items, in the caller's context. */
static WalsRecommendation *
name_items(const WalsModel *model, const WalsItems *items, Oid id_type,
           const WcScored *scored, int32 count, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	WalsRecommendation *result;
	int32 i;

	result = palloc_extended(sizeof(WalsRecommendation) * (Size) Max(count, 1),
	                         MCXT_ALLOC_HUGE);
	for (i = 0; i < count; i++)
	{
		result[i].item =
		    wals_id_result(model->item_type, id_type,
		                   wc_idmap_get(items->ids, scored[i].index));
		result[i].score = scored[i].score;
		result[i].entries = items->entries[scored[i].index];
	}
	MemoryContextSwitchTo(caller);
	return result;
}

static void
unknown_user_error(const WalsModel *model, Datum user)
{
	WcId id = wals_id_from_datum(wals_id_sql_type(model->user_type), user);

	ereport(
	    ERROR,
	    (errcode(ERRCODE_NO_DATA_FOUND),
	     errmsg("user %s is not in model \"%s\"",
	            wals_id_to_cstring(model->user_type, id),
	            get_rel_name(model->relation)),
	     errdetail("Version %d was trained without rows of this user.",
	               model->version),
	     errhint("Use cold_start => 'popular' or 'none', or train again.")));
}

int32
wals_recommend_run(const WalsRecommendRequest *request,
                   WalsRecommendation **result, const char **basis)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	UserVector user_vector;
	WalsHistory history = {0, 0, NULL};
	const WalsItems *items;
	uint64 *excluded;
	int32 *candidates = NULL;
	int64 n_candidates = 0;
	WcScored *scored;
	Datum user;
	int32 n;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	check_id_type(&model, request->id_type);
	user = wals_id_argument(model.user_type, request->id_type, request->user);
	user_vector = find_user(&model, user);
	if (!user_vector.known && request->cold_start == WALS_COLD_ERROR)
		unknown_user_error(&model, user);
	if (request->exclude_seen)
		wals_history_read(&model, user, &history);

	items = wals_cache_items(&model);
	excluded = excluded_items(request, &model, items, &history);
	if (request->has_candidates)
		candidates = candidate_items(request, &model, items, &n_candidates);
	n = Min(request->n, items->vectors.count);
	scored =
	    palloc_extended(sizeof(WcScored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE);
	if (user_vector.known)
	{
		*basis = "model";
		count =
		    rank_by_score(&model, items, &user_vector, candidates, n_candidates,
		                  excluded, request->min_score, n, scored);
	}
	else
	{
		*basis = "popular";
		count = request->cold_start == WALS_COLD_NONE
		            ? 0
		            : rank_by_popularity(items, candidates, n_candidates,
		                                 excluded, n, scored);
	}
	*result =
	    name_items(&model, items, request->id_type, scored, count, context);
	wals_query_end();
	return count;
}

bool
wals_score_run(Oid model_argument, Oid id_type, Datum user, Datum item,
               float *score)
{
	WalsModel model;
	UserVector user_vector;
	const WalsItems *items;
	int32 index = -1;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	check_id_type(&model, id_type);
	user_vector =
	    find_user(&model, wals_id_argument(model.user_type, id_type, user));
	items = wals_cache_items(&model);
	index = find_item(&model, items, id_type, item);
	if (user_vector.known && index >= 0)
	{
		*score = wc_score(&items->vectors, user_vector.factors,
		                  user_vector.base, index);
		if (!isfinite(*score))
			wals_factors_damaged(
			    model.items_table,
			    wals_id_to_cstring(model.item_type,
			                       wc_idmap_get(items->ids, index)),
			    "its score is not finite");
	}
	wals_query_end();
	return user_vector.known && index >= 0;
}

int32
wals_popular_run(Oid model_argument, int32 n, WalsRecommendation **result)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	const WalsItems *items;
	WcScored *scored;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	items = wals_cache_items(&model);
	n = Min(n, items->vectors.count);
	scored =
	    palloc_extended(sizeof(WcScored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE);
	count = rank_by_popularity(items, NULL, 0, NULL, n, scored);
	*result = name_items(&model, items, TEXTOID, scored, count, context);
	wals_query_end();
	return count;
}
