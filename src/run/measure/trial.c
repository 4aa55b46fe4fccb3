/*-------------------------------------------------------------------------
 *
 * trial.c
 *	  One version's part of an evaluation: what it is asked, and what it and
 *	  popularity make of it.
 *
 * The items are those of the cache and stay valid because no statement runs
 * here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "run/answer/answer.h"
#include "run/measure/measure.h"

/* Apart from the draws of users, whatever the seed. */
#define SALT_NEGATIVES INT64CONST(0x6974656D73)

static void
check(const WalsMeasureState *state, WcStatus status)
{
	if (status == WC_NOT_FINITE)
		wals_answer_damaged(state->rows, state->job.error.row);
	wals_job_check(&state->job, status);
}

static void
rank(WalsMeasureState *state, const WcRanker *ranker, const WcTrial *trial,
     int side)
{
	check(state, wals_ranker_rank(ranker, trial, &state->job, &state->kept,
	                              &state->measured->outcomes[side]));
}

static void
rate(WalsMeasureState *state, const WcRanker *ranker, const WcCsr *ratings,
     int side)
{
	check(state, wals_ranker_rate(ranker, ratings, &state->kept,
	                              &state->measured->outcomes[side],
	                              &state->job.error));
}

/* What all versions predict, on which they are compared, as version m has it. */
static int32 *
map_predicted(WalsMeasureState *state, int m)
{
	int32 count = wc_idmap_count(state->items);
	int32 *result = wals_job_array(&state->job, count, sizeof(int32));
	int32 i;
	int other;

	for (i = 0; i < count; i++)
	{
		result[i] = state->map[m][i];
		for (other = 0; other < state->request->n_models; other++)
			if (state->map[other][i] < 0)
				result[i] = -1;
	}
	return result;
}

/* The items by popularity: the same order for everybody. */
static WcRanker
open_popularity(WalsMeasureState *state)
{
	const WalsRows *rows = state->rows;
	int32 count = wals_rows_count(rows);
	float *value = wals_job_array(&state->job, count, sizeof(float));
	int32 *likes = wals_job_array(&state->job, count, sizeof(int32));
	int32 *entries = wals_job_array(&state->job, count, sizeof(int32));
	int32 *order = wals_job_array(&state->job, count, sizeof(int32));
	int32 i;

	for (i = 0; i < count; i++)
	{
		likes[i] = wals_rows_likes(rows, i);
		entries[i] = wals_rows_entries(rows, i);
		order[i] = wals_rows_popular(rows, i);
	}
	wc_popular_values(count, likes, entries, order, value);
	wc_free(&state->job.alloc, likes);
	wc_free(&state->job.alloc, entries);
	wc_free(&state->job.alloc, order);
	return wals_ranker_same(count, value, state->n_chosen, &state->job);
}

/* Say how much of what should be found is not there to be found. */
static void
tell_unknown(const WalsMeasureState *state, int m, int64 n_known,
             int64 n_relevant)
{
	if (n_known < n_relevant)
		ereport(
		    NOTICE,
		    (errmsg(INT64_FORMAT " of " INT64_FORMAT
		                         " relevant pairs have items that are not "
		                         "in version %d of model \"%s\": they "
		                         "count as not found",
		            n_relevant - n_known, n_relevant, state->models[m].version,
		            get_rel_name(state->models[m].relation))));
}

/* Sampled rankings are what papers mean by them for a single test item. */
static void
tell_negatives(const WcTrial *trial)
{
	int32 n = 0;
	int32 i;

	for (i = 0; i < trial->users; i++)
		n += trial->n_relevant[i] > 1;
	if (n > 0)
		ereport(NOTICE,
		        (errmsg("%d of %d users have more than one relevant item: "
		                "each is ranked among the others, too",
		                n, trial->users),
		         errdetail("Protocols with sampled negatives rank a single "
		                   "test item for each user; these figures do not "
		                   "compare with theirs."),
		         errhint("Leave one row of each user in the test, or rank all "
		                 "items: negatives => NULL.")));
}

/* Predictions of a version and, if the source has been read, of biases. */
static void
rate_all(WalsMeasureState *state, int m, const WcRanker *ranker,
         const WalsCells *tested, const WalsCells *seen)
{
	WalsCells cells = *tested;
	WcCsr ratings;

	cells.item = map_predicted(state, m);
	cells.with_values = true;
	ratings = wals_cells_take(&cells, &state->job);
	rate(state, ranker, &ratings, m);
	if (state->item_sum != NULL)
	{
		WcRanker biases =
		    wals_ranker_biases(&state->models[0], seen, state->item_count,
		                       state->item_sum, &state->job);

		rate(state, &biases, &ratings, 1);
	}
}

void
wals_trial_run(WalsMeasureState *state, int m)
{
	const WalsEvaluateRequest *request = state->request;
	WalsJob *job = &state->job;
	int32 count = wals_rows_count(state->rows);
	int32 *likes = wals_job_array(&state->job, count, sizeof(int32));
	uint64 *item_hash = wals_job_array(&state->job, count, sizeof(uint64));
	uint64 *user_hash =
	    wals_job_array(&state->job, state->n_chosen, sizeof(uint64));
	WcRanker ranker = wals_ranker_stored(&state->models[m], state->rows,
	                                     &state->users_of[m], job);
	WalsRelevance relevance = {.by_threshold = request->has_threshold,
	                           .threshold = request->threshold,
	                           .is_explicit =
	                               wals_measure_is_explicit(&state->models[0])};
	WalsCells tested = {.csr = &state->tested,
	                    .row = state->chosen,
	                    .item = state->map[m],
	                    .n_users = state->n_chosen,
	                    .n_items = count};
	WalsCells wanted = tested;
	WalsCells known = tested;
	WalsCells listed = tested;
	WcCsr relevant;
	WcCsr seen;
	WcCsr candidates;
	int64 n_relevant;
	WcTrial trial = {.users = state->n_chosen,
	                 .relevant = &relevant,
	                 .seen = &seen,
	                 .negatives = request->negatives,
	                 .seed = request->seed ^ SALT_NEGATIVES,
	                 .user_hash = user_hash,
	                 .item_hash = item_hash,
	                 .likes = likes,
	                 .n_cuts = request->n_cuts,
	                 .cuts = request->cuts};
	int32 i;

	wanted.relevance = &relevance;
	relevant = wals_cells_take(&wanted, job);
	known.csr = &state->seen;
	known.except = &state->tested;
	seen = wals_cells_take(&known, job);
	listed.csr = &state->candidates;
	candidates = wals_cells_take(&listed, job);
	if (OidIsValid(request->candidates))
		trial.candidates = &candidates;
	trial.n_relevant = wals_cells_count(&wanted, job, &n_relevant);
	for (i = 0; i < count; i++)
	{
		WcId id = wals_rows_id(state->rows, i);

		likes[i] = wals_rows_likes(state->rows, i);
		item_hash[i] = wc_hash_id(wc_idmap_kind(state->items), &id);
	}
	for (i = 0; i < state->n_chosen; i++)
		user_hash[i] = wals_measure_hash(state->users, state->chosen[i]);

	tell_unknown(state, m, relevant.nnz, n_relevant);
	if (m == 0 && request->negatives > 0)
		tell_negatives(&trial);
	rank(state, &ranker, &trial, m);
	if (request->n_models == 1)
	{
		WcRanker popularity = open_popularity(state);

		rank(state, &popularity, &trial, 1);
	}
	if (state->measured->rated)
		rate_all(state, m, &ranker, &tested, &known);
}
