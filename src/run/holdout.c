/*-------------------------------------------------------------------------
 *
 * holdout.c
 *	  Ratings that a training holds out, and what versions make of them.
 *
 * A training that is to be judged reads its source once: what is held out is
 * taken from the triplets (wc_coo_hold_out), and the new version is measured
 * while it is still in memory, before anything is written.  A stored version is
 * measured on the same users and items through the cache of items.
 *
 * What is measured is what wals_evaluate measures of a test made with
 * wals_holdout: the same pairs, the same draw of at most USERS_MAX users, the
 * users' other ratings left out of the ranking.  Relevant items that a version
 * does not have count as not found.
 *
 * Memory, until the training ends: 8 bytes for each pair held out (4 more with
 * values), 4 for each item; while measuring, 4 bytes times the factors and the
 * number of ratings for each user that is measured, and what core/metrics.c
 * takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/report.h"
#include "run/answer.h"
#include "run/holdout.h"
#include "run/measure.h"
#include "run/steps.h"
#include "store/query.h"

#define USERS_MAX 10000 /* measured at most, as the default of max_users */
#define USERS_AT_ONCE 256 /* looked up between two frees of what SQL took */
#define USERS_SEED 0 /* as the default of wals_evaluate */

static void *
array_alloc(const WalsHoldout *holdout, int64 count, Size size)
{
	void *result =
	    wc_alloc_array(&holdout->memory->alloc, (size_t) count, size);

	if (result == NULL)
	{
		WcError error = {WC_NO_MEMORY, WC_USERS, -1, -1, ""};

		wals_report(&error, holdout->memory, NULL, NULL);
	}
	return result;
}

static void
array_free(const WalsHoldout *holdout, void *array)
{
	wc_free(&holdout->memory->alloc, array);
}

/* ------------------------------------------------------------------------
 * Holding out
 * ------------------------------------------------------------------------ */

/* Move the pairs that are drawn from the ratings to held. */
static WcStatus
draw_pairs(double fraction, int64 draw, WalsRatings *ratings,
           WalsMemory *memory, WcCoo *held)
{
	uint64 *user_hash = wals_measure_hashes(ratings->users, memory);
	uint64 *item_hash = wals_measure_hashes(ratings->items, memory);
	WcStatus status =
	    wc_coo_hold_out(&ratings->coo, user_hash, item_hash, fraction, draw,
	                    held, &memory->alloc, &wals_hooks);

	wc_free(&memory->alloc, user_hash);
	wc_free(&memory->alloc, item_hash);
	return status;
}

void
wals_holdout_leave_out(double fraction, int64 draw, WalsRatings *ratings,
                       WalsMemory *memory)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcCoo held;

	if (fraction == 0)
		return;
	error.status = draw_pairs(fraction, draw, ratings, memory, &held);
	if (error.status != WC_OK)
		wals_report(&error, memory, NULL, NULL);
	wc_coo_free(&held, &memory->alloc);
}

/* Does a version that is any good find this pair? */
static bool
is_relevant(const WalsHoldout *holdout, int64 e)
{
	const float *value = holdout->pairs.value;

	return holdout->feedback == WC_EXPLICIT || value == NULL || value[e] > 0;
}

/* The users with pairs, or USERS_MAX of them as an evaluation draws them. */
static void
draw_users(WalsHoldout *holdout, const WcIdMap *users)
{
	const WcCsr *pairs = &holdout->pairs;
	int32 row;

	holdout->drawn = array_alloc(holdout, pairs->rows, sizeof(bool));
	for (row = 0; row < pairs->rows; row++)
		holdout->drawn[row] = pairs->start[row + 1] > pairs->start[row];
	(void) wals_measure_draw(users, USERS_MAX, USERS_SEED, holdout->memory,
	                         holdout->drawn);
}

WcStatus
wals_holdout_take(double fraction, int64 seed, const WcParams *params,
                  WalsRatings *ratings, WalsMemory *memory,
                  WalsHoldout *holdout, WcError *error)
{
	WcStatus status;
	WcCoo held;
	int64 n_merged;
	int64 n_zero;
	int64 e;

	memset(holdout, 0, sizeof(*holdout));
	holdout->memory = memory;
	holdout->feedback = params->feedback;
	status =
	    draw_pairs(fraction, seed ^ WC_DRAW_HOLDOUT, ratings, memory, &held);
	if (status == WC_OK)
		status = wc_csr_from_coo(&held, wc_idmap_count(ratings->users),
		                         wc_idmap_count(ratings->items),
		                         (WcMerging){.duplicates = params->duplicates},
		                         &holdout->pairs, &n_merged, &n_zero,
		                         &memory->alloc, &wals_hooks, error);
	if (status != WC_OK)
		return status;
	draw_users(holdout, ratings->users);
	for (e = 0; e < holdout->pairs.nnz; e++)
		holdout->n_relevant += is_relevant(holdout, e);
	if (holdout->n_relevant == 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("nothing is held out that could be measured"),
		     errdetail("Of " INT64_FORMAT " rows " INT64_FORMAT
		               " pairs of user and item are held out, none of them "
		               "relevant.",
		               ratings->n_rows, holdout->pairs.nnz),
		     errhint("Hold out more, for example holdout => 0.3, or others: "
		             "holdout_seed => 1.")));
	return WC_OK;
}

void
wals_holdout_filter(WalsHoldout *holdout, const bool *keep_user,
                    const bool *keep_item)
{
	const WcCsr *pairs = &holdout->pairs;
	int32 kept = 0;
	int32 i;

	holdout->item = array_alloc(holdout, pairs->cols, sizeof(int32));
	for (i = 0; i < pairs->cols; i++)
		holdout->item[i] = keep_item[i] ? kept++ : -1;
	for (i = 0; i < pairs->rows; i++)
		holdout->n_users += holdout->drawn[i] && keep_user[i];
	holdout->row = array_alloc(holdout, holdout->n_users, sizeof(int32));
	holdout->user = array_alloc(holdout, holdout->n_users, sizeof(int32));
	holdout->n_users = kept = 0;
	for (i = 0; i < pairs->rows; i++)
	{
		if (holdout->drawn[i] && keep_user[i])
		{
			holdout->row[holdout->n_users] = i;
			holdout->user[holdout->n_users++] = kept;
		}
		kept += keep_user[i];
	}
}

/* ------------------------------------------------------------------------
 * Versions
 * ------------------------------------------------------------------------ */

/* Where each of the training's items is in other ids, -1: nowhere. */
static int32 *
map_items(const WalsHoldout *holdout, const WcIdMap *items,
          const WcIdMap *others)
{
	int32 count = wc_idmap_count(items);
	int32 *result = array_alloc(holdout, count, sizeof(int32));
	int32 i;

	for (i = 0; i < count; i++)
	{
		WcId id = wc_idmap_get(items, i);

		result[i] = wc_idmap_find(others, &id);
	}
	return result;
}

WalsContestant
wals_holdout_trained(const WalsHoldout *holdout, const WalsTrained *training,
                     const WalsTrained *trained)
{
	const WcModel *model = trained->model;
	Size k = (Size) model->factors;
	int32 n_users = holdout->n_users;
	const float **vectors =
	    array_alloc(holdout, model->items, sizeof(const float *));
	float *bias = array_alloc(holdout, model->items, sizeof(float));
	float *factors = array_alloc(holdout, n_users, sizeof(float) * k);
	float *base = array_alloc(holdout, n_users, sizeof(float));
	bool *known = array_alloc(holdout, n_users, sizeof(bool));
	WalsContestant result = {{model->items, model->factors, vectors, bias,
	                          factors, base, &model->range},
	                         NULL,
	                         known};
	int32 i;

	if (trained != training)
		result.item = map_items(holdout, training->items, trained->items);
	for (i = 0; i < model->items; i++)
	{
		vectors[i] = model->item_factors + (Size) i * k;
		bias[i] = model->item_bias ? model->item_bias[i] : 0;
	}
	for (i = 0; i < n_users; i++)
	{
		int32 user = holdout->user[i];

		if (trained != training)
		{
			WcId id = wc_idmap_get(training->users, user);

			user = wc_idmap_find(trained->users, &id);
		}
		known[i] = user >= 0;
		base[i] = 0;
		memset(factors + (Size) i * k, 0, sizeof(float) * k);
		if (!known[i])
			continue;
		memcpy(factors + (Size) i * k, model->user_factors + (Size) user * k,
		       sizeof(float) * k);
		/* in the order in which a stored version adds them */
		base[i] = (model->user_bias ? model->user_bias[user] : 0) +
		          (float) model->mean;
	}
	return result;
}

/* Factors and base of the users; zeros for those the version does not have. */
static void
read_users(const WalsHoldout *holdout, const WalsModel *version,
           const WcIdMap *users, float *factors, float *base, bool *known)
{
	Size k = (Size) version->factors;
	int32 first;
	int32 i;

	for (first = 0; first < holdout->n_users; first += USERS_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		wals_query_begin();
		for (i = first; i < holdout->n_users && i < first + USERS_AT_ONCE; i++)
		{
			WcId id = wc_idmap_get(users, holdout->user[i]);
			WalsUserVector vector = wals_answer_user(
			    version, wals_id_to_datum(version->user_type, id));

			known[i] = vector.known;
			base[i] = vector.base;
			if (vector.known)
				memcpy(factors + (Size) i * k, vector.factors,
				       sizeof(float) * k);
			else
				memset(factors + (Size) i * k, 0, sizeof(float) * k);
		}
		wals_query_end();
	}
}

WalsContestant
wals_holdout_stored(const WalsHoldout *holdout, const WalsTrained *training,
                    const WalsModel *version)
{
	const WcIdMap *items = training->items;
	int32 n_users = holdout->n_users;
	int32 n_known = wc_idmap_count(items);
	float *factors =
	    array_alloc(holdout, n_users, sizeof(float) * (Size) version->factors);
	float *base = array_alloc(holdout, n_users, sizeof(float));
	bool *known = array_alloc(holdout, n_users, sizeof(bool));
	int32 *item = array_alloc(holdout, n_known, sizeof(int32));
	const WalsRows *rows;
	const float **vectors;
	float *bias;
	int32 count;
	int32 i;

	read_users(holdout, version, training->users, factors, base, known);
	rows = wals_cache_rows(version, WC_ITEMS);
	wals_answer_check_factors(rows, version->factors);
	count = wals_rows_count(rows);
	vectors = array_alloc(holdout, count, sizeof(const float *));
	bias = array_alloc(holdout, count, sizeof(float));
	for (i = 0; i < count; i++)
	{
		vectors[i] = wals_rows_vector(rows, i);
		bias[i] = wals_rows_bias(rows, i);
	}
	for (i = 0; i < n_known; i++)
		item[i] = wals_rows_find(rows, wc_idmap_get(items, i));
	return (WalsContestant){{count, rows->pack.factors, vectors, bias, factors,
	                         base, &version->range},
	                        item,
	                        known};
}

/* Index of a contestant's of an item of the training, -1: unknown. */
static inline int32
item_of(const WalsContestant *contestant, int32 item)
{
	return item < 0 || contestant->item == NULL ? item : contestant->item[item];
}

/* ------------------------------------------------------------------------
 * Measuring
 * ------------------------------------------------------------------------ */

static WcCsr
open_matrix(const WalsHoldout *holdout, const WalsContestant *contestant,
            int64 room, bool has_value)
{
	WcCsr csr = {.rows = holdout->n_users, .cols = contestant->ranker.items};

	csr.start =
	    array_alloc(holdout, (int64) holdout->n_users + 1, sizeof(int64));
	csr.col = array_alloc(holdout, room, sizeof(int32));
	if (has_value)
		csr.value = array_alloc(holdout, room, sizeof(float));
	csr.start[0] = 0;
	return csr;
}

/*
 * What was held out of the users, as a contestant counts items: the relevant
 * pairs, or those with a value that the other knows too.  Both are in the order
 * of the ids, so rows stay sorted.
 */
static WcCsr
project_pairs(const WalsHoldout *holdout, const WalsContestant *contestant,
              const WalsContestant *other, bool with_values)
{
	const WcCsr *pairs = &holdout->pairs;
	int64 room = 0;
	WcCsr to;
	int32 i;
	int64 e;

	for (i = 0; i < holdout->n_users; i++)
		room +=
		    pairs->start[holdout->row[i] + 1] - pairs->start[holdout->row[i]];
	to = open_matrix(holdout, contestant, room, with_values);
	for (i = 0; i < holdout->n_users; i++)
	{
		int32 row = holdout->row[i];

		CHECK_FOR_INTERRUPTS();
		for (e = pairs->start[row]; e < pairs->start[row + 1]; e++)
		{
			int32 trained = holdout->item[pairs->col[e]];
			int32 item = item_of(contestant, trained);

			if (item < 0 || (other != NULL && item_of(other, trained) < 0))
				continue;
			if (!with_values && !is_relevant(holdout, e))
				continue;
			to.col[to.nnz] = item;
			if (with_values)
				to.value[to.nnz] = pairs->value ? pairs->value[e] : 1;
			to.nnz++;
		}
		to.start[i + 1] = to.nnz;
	}
	return to;
}

/* What the users have that was trained on. */
static WcCsr
project_seen(const WalsHoldout *holdout, const WalsContestant *contestant,
             const WcCsr *by_user)
{
	int64 room = 0;
	WcCsr to;
	int32 i;
	int64 e;

	for (i = 0; i < holdout->n_users; i++)
		room += by_user->start[holdout->user[i] + 1] -
		        by_user->start[holdout->user[i]];
	to = open_matrix(holdout, contestant, room, false);
	for (i = 0; i < holdout->n_users; i++)
	{
		int32 user = holdout->user[i];

		CHECK_FOR_INTERRUPTS();
		for (e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		{
			int32 item = item_of(contestant, by_user->col[e]);

			if (item >= 0)
				to.col[to.nnz++] = item;
		}
		to.start[i + 1] = to.nnz;
	}
	return to;
}

static void
check(const WalsHoldout *holdout, WcStatus status, WcError *error)
{
	error->status = status;
	if (status == WC_NOT_FINITE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a score of a held-out user is out of range"),
		                errhint("Scale the values or weights down, or train "
		                        "without holdout.")));
	if (status != WC_OK)
		wals_report(error, holdout->memory, NULL, NULL);
}

double *
wals_holdout_rank(const WalsHoldout *holdout, const WalsContestant *contestant,
                  const WcCsr *by_user, WcCutMetric metric, int32 cut)
{
	int32 list = cut > 0 ? cut : 1;
	int32 items = contestant->ranker.items;
	WcCsr relevant = project_pairs(holdout, contestant, NULL, false);
	WcCsr seen = project_seen(holdout, contestant, by_user);
	int32 *n_relevant = array_alloc(holdout, holdout->n_users, sizeof(int32));
	int32 *best_rank = array_alloc(holdout, items, sizeof(int32));
	double *result = array_alloc(holdout, holdout->n_users, sizeof(double));
	WcTrial trial = {.users = holdout->n_users,
	                 .relevant = &relevant,
	                 .n_relevant = n_relevant,
	                 .seen = &seen,
	                 .n_cuts = 1,
	                 .cuts = &list};
	int32 n_values = wc_trial_values(&trial);
	double *values = array_alloc(holdout, holdout->n_users,
	                             sizeof(double) * (Size) n_values);
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	int32 i;
	int64 e;

	for (i = 0; i < holdout->n_users; i++)
	{
		int32 row = holdout->row[i];

		n_relevant[i] = 0;
		for (e = holdout->pairs.start[row]; e < holdout->pairs.start[row + 1];
		     e++)
			n_relevant[i] += is_relevant(holdout, e);
	}
	for (i = 0; i < items; i++)
		best_rank[i] = PG_INT32_MAX;
	check(holdout,
	      wals_step_rank(&contestant->ranker, &trial, values, best_rank,
	                     &holdout->memory->alloc, &error),
	      &error);
	for (i = 0; i < holdout->n_users; i++)
		result[i] = values[(Size) i * n_values +
		                   (cut > 0 ? (int32) metric : n_values - 1)];
	array_free(holdout, values);
	array_free(holdout, best_rank);
	array_free(holdout, n_relevant);
	array_free(holdout, seen.start);
	array_free(holdout, seen.col);
	array_free(holdout, relevant.start);
	array_free(holdout, relevant.col);
	return result;
}

WcErrorSums *
wals_holdout_rate(const WalsHoldout *holdout, const WalsContestant *contestant,
                  const WalsContestant *other)
{
	WcCsr ratings = project_pairs(holdout, contestant, other, true);
	WcErrorSums *result =
	    array_alloc(holdout, holdout->n_users, sizeof(WcErrorSums));
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};

	check(holdout,
	      wc_rate_users(&contestant->ranker, &ratings, result, &wals_hooks,
	                    &error),
	      &error);
	array_free(holdout, ratings.start);
	array_free(holdout, ratings.col);
	array_free(holdout, ratings.value);
	return result;
}
