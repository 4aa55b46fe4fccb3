/*-------------------------------------------------------------------------
 *
 * holdout.c
 *	  Ratings that a training holds out, and what versions make of them.
 *
 * A training that is to be besided reads its source once: what is held out is
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
 * number of ratings for each user that is measured, and what core/measure/ranking.c
 * takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/answer/answer.h"
#include "run/measure/holdout.h"
#include "run/measure/measure.h"

#define USERS_MAX 10000 /* measured at most, as the default of max_users */
#define USERS_SEED 0 /* as the default of wals_evaluate */

static void
array_free(const WalsHoldout *holdout, void *array)
{
	wc_free(&holdout->job->alloc, array);
}

/* ------------------------------------------------------------------------
 * Holding out
 * ------------------------------------------------------------------------ */

/* Move the pairs that are drawn from the ratings to held. */
static WcStatus
draw_pairs(double fraction, int64 draw, WalsRatings *ratings, WalsJob *job,
           WcCoo *held)
{
	uint64 *user_hash = wals_measure_hashes(ratings->users, job);
	uint64 *item_hash = wals_measure_hashes(ratings->items, job);
	WcStatus status = wc_coo_hold_out(
	    &ratings->coo, &(WcDraw){fraction, draw, user_hash, item_hash}, held,
	    &job->alloc, &wals_hooks);

	wc_free(&job->alloc, user_hash);
	wc_free(&job->alloc, item_hash);
	return status;
}

void
wals_holdout_leave_out(double fraction, int64 draw, WalsRatings *ratings,
                       WalsJob *job)
{
	WcCoo held;

	if (fraction == 0)
		return;
	wals_job_check(job, draw_pairs(fraction, draw, ratings, job, &held));
	wc_coo_free(&held, &job->alloc);
}

/* The users with pairs, or USERS_MAX of them as an evaluation draws them. */
static void
draw_users(WalsHoldout *holdout, const WcIdMap *users)
{
	const WcCsr *pairs = &holdout->pairs;
	int32 row;

	holdout->drawn = wals_job_array(holdout->job, pairs->rows, sizeof(bool));
	for (row = 0; row < pairs->rows; row++)
		holdout->drawn[row] = pairs->start[row + 1] > pairs->start[row];
	(void) wals_measure_draw(users, USERS_MAX, USERS_SEED, holdout->job,
	                         holdout->drawn);
}

/* What a version that is any good finds. */
static int64
count_relevant(const WalsHoldout *holdout)
{
	WalsCells cells = {.csr = &holdout->pairs,
	                   .relevance = &holdout->relevance,
	                   .n_users = holdout->pairs.rows};
	int64 total;

	array_free(holdout, wals_cells_count(&cells, holdout->job, &total));
	return total;
}

void
wals_holdout_take(double fraction, int64 seed, const WcParams *params,
                  WalsRatings *ratings, WalsJob *job, WalsHoldout *holdout)
{
	WcCoo held;
	int64 n_merged;
	int64 n_zero;

	memset(holdout, 0, sizeof(*holdout));
	holdout->job = job;
	holdout->relevance.is_explicit = params->feedback == WC_EXPLICIT;
	wals_job_check(
	    job, draw_pairs(fraction, seed ^ WC_DRAW_HOLDOUT, ratings, job, &held));
	wals_job_check(
	    job, wc_csr_from_coo(&held, wc_idmap_count(ratings->users),
	                         wc_idmap_count(ratings->items),
	                         (WcMerging){.duplicates = params->duplicates},
	                         &holdout->pairs, &n_merged, &n_zero, &job->alloc,
	                         &wals_hooks, &job->error));
	draw_users(holdout, ratings->users);
	if (count_relevant(holdout) == 0)
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
}

void
wals_holdout_filter(WalsHoldout *holdout, const bool *keep_user,
                    const bool *keep_item)
{
	const WcCsr *pairs = &holdout->pairs;
	int32 kept = 0;
	int32 i;

	holdout->item = wals_job_array(holdout->job, pairs->cols, sizeof(int32));
	for (i = 0; i < pairs->cols; i++)
		holdout->item[i] = keep_item[i] ? kept++ : -1;
	for (i = 0; i < pairs->rows; i++)
		holdout->n_users += holdout->drawn[i] && keep_user[i];
	holdout->row =
	    wals_job_array(holdout->job, holdout->n_users, sizeof(int32));
	holdout->user =
	    wals_job_array(holdout->job, holdout->n_users, sizeof(int32));
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
	int32 *result = wals_job_array(holdout->job, count, sizeof(int32));
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
	int32 n_users = holdout->n_users;
	int32 *user = wals_job_array(holdout->job, n_users, sizeof(int32));
	bool *known = wals_job_array(holdout->job, n_users, sizeof(bool));
	WalsContestant result = {.known = known};
	int32 i;

	if (trained != training)
		result.item = map_items(holdout, training->items, trained->items);
	for (i = 0; i < n_users; i++)
	{
		user[i] = holdout->user[i];
		if (trained != training)
		{
			WcId id = wc_idmap_get(training->users, user[i]);

			user[i] = wc_idmap_find(trained->users, &id);
		}
		known[i] = user[i] >= 0;
	}
	result.ranker =
	    wals_ranker_trained(trained->model, n_users, user, holdout->job);
	array_free(holdout, user);
	return result;
}

WalsContestant
wals_holdout_stored(const WalsHoldout *holdout, const WalsTrained *training,
                    const WalsModel *version)
{
	const WcIdMap *items = training->items;
	int32 count = wc_idmap_count(items);
	int32 *item = wals_job_array(holdout->job, count, sizeof(int32));
	WalsUsers users =
	    wals_users_read(version, training->users, holdout->n_users,
	                    holdout->user, holdout->job);
	const WalsRows *rows = wals_cache_rows(version, WC_ITEMS);
	int32 i;

	for (i = 0; i < count; i++)
		item[i] = wals_rows_find(rows, wc_idmap_get(items, i));
	return (WalsContestant){
	    wals_ranker_stored(version, rows, &users, holdout->job), item,
	    users.known};
}

/* ------------------------------------------------------------------------
 * Measuring
 * ------------------------------------------------------------------------ */

/* Index of a contestant's of an item of the training, -1: unknown. */
static inline int32
item_of(const WalsContestant *contestant, int32 item)
{
	return item < 0 || contestant->item == NULL ? item : contestant->item[item];
}

/*
 * What a contestant has for the items of the pairs that were held out: those
 * that the other has, too, if there is one.
 */
static int32 *
map_pairs(const WalsHoldout *holdout, const WalsContestant *contestant,
          const WalsContestant *other)
{
	int32 *result =
	    wals_job_array(holdout->job, holdout->pairs.cols, sizeof(int32));
	int32 i;

	for (i = 0; i < holdout->pairs.cols; i++)
	{
		int32 trained = holdout->item[i];

		result[i] = item_of(contestant, trained);
		if (other != NULL && item_of(other, trained) < 0)
			result[i] = -1;
	}
	return result;
}

/* Users whom both know. */
static bool *
find_common(const WalsHoldout *holdout, const WalsContestant *contestant,
            const WalsContestant *other)
{
	bool *result = wals_job_array(holdout->job, holdout->n_users, sizeof(bool));
	int32 i;

	for (i = 0; i < holdout->n_users; i++)
		result[i] = contestant->known[i] && (!other || other->known[i]);
	return result;
}

static void
check_scores(const WalsHoldout *holdout, WcStatus status)
{
	if (status == WC_NOT_FINITE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a score of a held-out user is out of range"),
		                errhint("Scale the values or weights down, or train "
		                        "without holdout.")));
	wals_job_check(holdout->job, status);
}

WalsOutcome
wals_holdout_measure(const WalsHoldout *holdout,
                     const WalsContestant *contestant,
                     const WalsContestant *other, const WcCsr *by_user,
                     const WalsMetric *metric)
{
	WalsJob *job = holdout->job;
	bool rates = metric->kind == WALS_METRIC_RATING;
	const WalsContestant *beside = rates ? other : NULL;
	int32 *item = map_pairs(holdout, contestant, beside);
	bool *user = find_common(holdout, contestant, beside);
	WalsCells pairs = {.csr = &holdout->pairs,
	                   .row = holdout->row,
	                   .item = item,
	                   .user = user,
	                   .relevance = &holdout->relevance,
	                   .n_users = holdout->n_users,
	                   .n_items = contestant->ranker.items};
	WalsCells trained = {.csr = by_user,
	                     .row = holdout->user,
	                     .item = contestant->item,
	                     .n_users = holdout->n_users,
	                     .n_items = contestant->ranker.items};
	WalsAsked asked = wals_asked_take(metric, &pairs, job);
	WalsOutcome outcome;

	if (!rates)
		asked.seen = wals_cells_take(&trained, job);
	check_scores(holdout, wals_ranker_measure(&contestant->ranker, metric,
	                                          &asked, job, &outcome));
	wals_asked_free(&asked, job);
	array_free(holdout, item);
	array_free(holdout, user);
	return outcome;
}
