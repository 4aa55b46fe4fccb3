/*-------------------------------------------------------------------------
 *
 * score.c
 *	  The score of one pair.
 *
 * SELECT wals_score(42, id) FROM films calls us for every film.  The row of the
 * active version and the vector of the user are kept between the calls while
 * asking for them again could not give anything else (base/moment.h), the same
 * model is meant and no row-level security, whose policies may say something
 * else each time, stands before them.  What then remains of a call is the
 * look-up of the item in the cache.
 *
 * A user who may be folded in is read from the source by each call: nothing is
 * kept of that.
 *
 * Where row-level security restricts the items, the cache would read all of
 * them for each call, so the one is read by its key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"

#include "base/debug.h"
#include "base/moment.h"
#include "base/settings.h"
#include "run/answer/fold.h"
#include "run/answer/score.h"
#include "store/factors.h"
#include "store/query.h"

#define WITH_TEXT "wals_score('42', '260')"

struct WalsScoring
{
	MemoryContext context; /* lives as long as the query */
	Oid id_type;
	int16 id_length;
	bool id_by_value;

	/* kept between calls */
	bool is_kept;
	WalsMoment moment;
	Oid model_argument;
	char *default_model; /* the settings that say which model is meant */
	char *search_path;
	WalsModel model;
	bool items_restricted;
	MemoryContext user_context; /* the user and the vector, reset together */
	bool has_user;
	Datum user;
	WalsUserVector vector;
};

WalsScoring *
wals_scoring_create(MemoryContext context, Oid id_type)
{
	WalsScoring *scoring = MemoryContextAllocZero(context, sizeof(WalsScoring));

	scoring->context = context;
	scoring->id_type = id_type;
	get_typlenbyval(id_type, &scoring->id_length, &scoring->id_by_value);
	scoring->user_context =
	    AllocSetContextCreate(context, "wals scoring", ALLOCSET_SMALL_SIZES);
	return scoring;
}

static bool
is_restricted(Oid table)
{
	return check_enable_rls(table, InvalidOid, false) == RLS_ENABLED;
}

static const char *
default_model_setting(void)
{
	return wals_default_model != NULL ? wals_default_model : "";
}

static bool
may_still_use(const WalsScoring *scoring, const WalsMoment *moment, Oid model)
{
	return scoring->is_kept && wals_moment_equal(&scoring->moment, moment) &&
	       scoring->model_argument == model &&
	       strcmp(scoring->default_model, default_model_setting()) == 0 &&
	       strcmp(scoring->search_path, namespace_search_path) == 0;
}

static void
keep_setting(const WalsScoring *scoring, char **kept, const char *setting)
{
	char *copy = MemoryContextStrdup(scoring->context, setting);

	if (*kept != NULL)
		pfree(*kept);
	*kept = copy;
}

/* Find the model, and keep it if that is safe. */
static void
find_model(WalsScoring *scoring, Oid argument, bool can_tell,
           const WalsMoment *moment)
{
	WalsModel *model = &scoring->model;
	scoring->is_kept = false;
	scoring->has_user = false;
	wals_model_active(wals_model_resolve(argument), model);
	wals_answer_check_type(model, scoring->id_type, WITH_TEXT);
	scoring->items_restricted = is_restricted(model->items_table);
	if (!can_tell || is_restricted(model->relation) ||
	    is_restricted(model->users_table))
		return;
	keep_setting(scoring, &scoring->default_model, default_model_setting());
	keep_setting(scoring, &scoring->search_path, namespace_search_path);
	scoring->moment = *moment;
	scoring->model_argument = argument;
	scoring->is_kept = true;
}

static void
find_user(WalsScoring *scoring, Datum user)
{
	MemoryContext caller;

	if (scoring->is_kept && scoring->has_user &&
	    datumIsEqual(scoring->user, user, scoring->id_by_value,
	                 scoring->id_length))
		return;
	scoring->has_user = false;
	MemoryContextReset(scoring->user_context);
	caller = MemoryContextSwitchTo(scoring->user_context);
	scoring->user = datumCopy(user, scoring->id_by_value, scoring->id_length);
	scoring->vector = wals_answer_user(
	    &scoring->model,
	    wals_id_argument(scoring->model.user_type, scoring->id_type, user));
	MemoryContextSwitchTo(caller);
	scoring->has_user = true;
}

/* The vector and bias of an item; NULL when it is unknown. */
static const float *
find_item(const WalsScoring *scoring, Datum item, int32 *factors, float *bias)
{
	const WalsModel *model = &scoring->model;
	const WalsRows *items;
	int32 index;

	if (scoring->items_restricted)
	{
		float *vector = palloc(sizeof(float) * model->factors);

		*factors = model->factors;
		if (!wals_factors_find(
		        model, WC_ITEMS,
		        wals_id_argument(model->item_type, scoring->id_type, item),
		        vector, bias))
			return NULL;
		return vector;
	}
	items = wals_cache_rows(model, WC_ITEMS);
	wals_answer_check_factors(items, scoring->vector.count);
	*factors = items->pack.factors;
	index = wals_answer_find(items, scoring->id_type, item);
	if (index < 0)
		return NULL;
	*bias = wals_rows_bias(items, index);
	return wals_rows_vector(items, index);
}

/* The score for a user who may be folded in. */
static bool
score_folded(const WalsScoring *scoring, Oid model_argument, Datum user,
             Datum item, WalsFoldIn fold_in, float *score)
{
	WalsModel model;
	WalsAsker asker;
	int32 index;
	bool known;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	wals_answer_check_type(&model, scoring->id_type, WITH_TEXT);
	wals_asker_user(&model, scoring->id_type, user, fold_in, false, false,
	                &asker);
	index = wals_answer_find(asker.items, scoring->id_type, item);
	known = asker.vector.known && index >= 0;
	if (known)
	{
		wals_answer_check_factors(asker.items, asker.vector.count);
		*score = wals_rows_score(asker.items, asker.vector.factors,
		                         asker.vector.base, index);
		if (!isfinite(*score))
			wals_answer_damaged(asker.items, index);
		*score = wc_limit(&model.range, *score);
	}
	wals_query_end();
	return known;
}

bool
wals_score_run(WalsScoring *scoring, Oid model, Datum user, Datum item,
               WalsFoldIn fold_in, float *score)
{
	WalsMoment moment;
	const float *vector;
	int32 factors;
	bool can_tell;
	float bias;

	wals_debug_point("score");
	if (fold_in != WALS_FOLD_NEVER)
		return score_folded(scoring, model, user, item, fold_in, score);
	can_tell = wals_moment_now(&moment);
	wals_query_begin();
	if (!can_tell || !may_still_use(scoring, &moment, model))
		find_model(scoring, model, can_tell, &moment);
	find_user(scoring, user);
	vector = find_item(scoring, item, &factors, &bias);
	if (scoring->vector.known && vector != NULL)
	{
		*score = wc_score(factors, scoring->vector.factors,
		                  scoring->vector.base, vector, bias);
		if (!isfinite(*score))
			wals_factors_damaged(
			    scoring->model.items_table,
			    wals_id_to_cstring(
			        scoring->model.item_type,
			        wals_id_from_datum(
			            wals_id_sql_type(scoring->model.item_type),
			            wals_id_argument(scoring->model.item_type,
			                             scoring->id_type, item))),
			    "its score is not finite");
		*score = wc_limit(&scoring->model.range, *score);
	}
	wals_query_end();
	return scoring->vector.known && vector != NULL;
}
