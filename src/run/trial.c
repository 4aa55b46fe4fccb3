/*-------------------------------------------------------------------------
 *
 * trial.c
 *	  One version's part of an evaluation: its items, its matrices, and what it
 *	  and popularity make of them.
 *
 * The items are those of the cache and stay valid because no statement runs
 * here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/report.h"
#include "run/answer.h"
#include "run/measure.h"
#include "run/steps.h"

/* Apart from the draws of users, whatever the seed. */
#define SALT_NEGATIVES INT64CONST(0x6974656D73)

#define DAMPING 5.0 /* entries at the mean that a bias begins with */

static void *
array_alloc(WalsMeasureState *state, int64 count, Size size)
{
	return wals_measure_alloc(&state->memory, count, size);
}

/* Whether the value of a pair makes it relevant. */
static bool
is_relevant(const WalsMeasureState *state, float value)
{
	if (state->test.value_col == NULL)
		return true;
	if (state->request->has_threshold)
		return value >= (float) state->request->threshold;
	return wals_measure_is_explicit(&state->models[0]) || value > 0;
}

/* ------------------------------------------------------------------------
 * One version's matrices
 * ------------------------------------------------------------------------ */

/* What a matrix takes over from those that were read. */
typedef enum Take
{
	TAKE_RELEVANT,
	TAKE_RATED,
	TAKE_SEEN,
	TAKE_CANDIDATES
} Take;

/* Versions are compared on what all of them predict. */
static bool
is_predicted(const WalsMeasureState *state, int32 item)
{
	int m;

	for (m = 0; m < state->request->n_models; m++)
		if (state->map[m][item] < 0)
			return false;
	return true;
}

static bool
is_taken(const WalsMeasureState *state, Take take, const WcCsr *from,
         int32 user, int64 e)
{
	int32 item = from->col[e];

	switch (take)
	{
		case TAKE_RELEVANT:
			return is_relevant(state, from->value ? from->value[e] : 1.0f);
		case TAKE_RATED:
			return is_predicted(state, item);
		case TAKE_SEEN:
			return !wals_measure_has(&state->tested, user, item);
		case TAKE_CANDIDATES:
			return true;
	}
	return false;
}

/*
 * Rows of the chosen users, items as the version counts them.  Both are in the
 * order of the ids, so the rows stay sorted.
 */
static WcCsr
project(WalsMeasureState *state, int m, Take take)
{
	const WcCsr *from = take == TAKE_SEEN         ? &state->seen
	                    : take == TAKE_CANDIDATES ? &state->candidates
	                                              : &state->tested;
	WcCsr to = {.rows = state->n_chosen, .cols = wals_rows_count(state->rows)};
	int64 room = 0;
	int32 i;
	int64 e;

	for (i = 0; i < state->n_chosen; i++)
		room +=
		    from->start[state->chosen[i] + 1] - from->start[state->chosen[i]];
	to.start = array_alloc(state, (int64) state->n_chosen + 1, sizeof(int64));
	to.col = array_alloc(state, room, sizeof(int32));
	if (take == TAKE_RATED)
		to.value = array_alloc(state, room, sizeof(float));
	to.start[0] = 0;
	for (i = 0; i < state->n_chosen; i++)
	{
		int32 user = state->chosen[i];

		CHECK_FOR_INTERRUPTS();
		for (e = from->start[user]; e < from->start[user + 1]; e++)
		{
			int32 item = state->map[m][from->col[e]];

			if (item < 0 || !is_taken(state, take, from, user, e))
				continue;
			to.col[to.nnz] = item;
			if (to.value != NULL)
				to.value[to.nnz] = from->value[e];
			to.nnz++;
		}
		to.start[i + 1] = to.nnz;
	}
	return to;
}

/* Relevant items of each chosen user, in the version or not. */
static int32 *
count_relevant(WalsMeasureState *state, int64 *total)
{
	int32 *result = array_alloc(state, state->n_chosen, sizeof(int32));
	const WcCsr *tested = &state->tested;
	int32 i;
	int64 e;

	*total = 0;
	for (i = 0; i < state->n_chosen; i++)
	{
		int32 user = state->chosen[i];

		result[i] = 0;
		for (e = tested->start[user]; e < tested->start[user + 1]; e++)
			result[i] +=
			    is_relevant(state, tested->value ? tested->value[e] : 1.0f);
		*total += result[i];
	}
	return result;
}

/* ------------------------------------------------------------------------
 * Measuring
 * ------------------------------------------------------------------------ */

static void
report_failure(WalsMeasureState *state, const WcError *error)
{
	if (error->status == WC_NOT_FINITE)
		wals_answer_damaged(state->rows, error->row);
	wals_report(error, &state->memory, NULL, NULL);
}

/* Rank for all users and put what came out on one side of the result. */
static void
rank(WalsMeasureState *state, const WcRanker *ranker, const WcTrial *trial,
     int side)
{
	WalsMeasured *measured = state->measured;
	int32 *best_rank = array_alloc(state, ranker->items, sizeof(int32));
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcStatus status;
	int32 item;
	int cut;

	for (item = 0; item < ranker->items; item++)
		best_rank[item] = PG_INT32_MAX;
	measured->n_values = wc_trial_values(trial);
	measured->values[side] =
	    wals_measure_alloc(&state->kept, state->n_chosen,
	                       sizeof(double) * (Size) measured->n_values);
	status = wals_step_rank(ranker, trial, measured->values[side], best_rank,
	                        &state->memory.alloc, &error);
	if (status != WC_OK)
	{
		error.status = status;
		report_failure(state, &error);
	}
	for (cut = 0; cut < trial->n_cuts; cut++)
	{
		int32 shown = 0;

		for (item = 0; item < ranker->items; item++)
			shown += best_rank[item] <= trial->cuts[cut];
		measured->coverage[side][cut] =
		    ranker->items > 0 ? (double) shown / ranker->items : 0;
	}
	wc_free(&state->memory.alloc, best_rank);
}

static void
rate(WalsMeasureState *state, const WcRanker *ranker, const WcCsr *ratings,
     int side)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcStatus status;

	state->measured->sums[side] =
	    wals_measure_alloc(&state->kept, state->n_chosen, sizeof(WcErrorSums));
	status = wc_rate_users(ranker, ratings, state->measured->sums[side],
	                       &wals_hooks, &error);
	if (status != WC_OK)
	{
		error.status = status;
		report_failure(state, &error);
	}
}

/* Predictions from the source's mean and damped biases. */
static void
rate_by_biases(WalsMeasureState *state, const WcRanker *ranker,
               const WcCsr *ratings)
{
	const WcCsr *seen = &state->seen;
	double mean = state->models[0].mean;
	int32 n_items = wc_idmap_count(state->items);
	float *bias = array_alloc(state, ranker->items, sizeof(float));
	float *base = array_alloc(state, state->n_chosen, sizeof(float));
	WcRanker by_biases = *ranker;
	int32 i;
	int64 e;

	for (i = 0; i < ranker->items; i++)
		bias[i] = 0;
	for (i = 0; i < n_items; i++)
		if (state->map[0][i] >= 0)
			bias[state->map[0][i]] =
			    (float) ((state->item_sum[i] - state->item_count[i] * mean) /
			             (state->item_count[i] + DAMPING));
	for (i = 0; i < state->n_chosen; i++)
	{
		int32 user = state->chosen[i];
		double sum = 0;
		int64 n = 0;

		for (e = seen->start[user]; e < seen->start[user + 1]; e++)
		{
			int32 item = state->map[0][seen->col[e]];

			if (wals_measure_has(&state->tested, user, seen->col[e]))
				continue;
			sum += seen->value[e] - mean - (item >= 0 ? bias[item] : 0);
			n++;
		}
		base[i] = (float) (mean + sum / ((double) n + DAMPING));
	}
	by_biases.factors = 0;
	by_biases.bias = bias;
	by_biases.user_base = base;
	rate(state, &by_biases, ratings, 1);
}

/* A version's vectors, as the core wants them. */
static WcRanker
open_ranker(WalsMeasureState *state, int m)
{
	const WalsRows *rows = state->rows;
	int32 count = wals_rows_count(rows);
	const float **vectors = array_alloc(state, count, sizeof(const float *));
	float *bias = array_alloc(state, count, sizeof(float));
	WcRanker ranker = {count,
	                   rows->pack.factors,
	                   vectors,
	                   bias,
	                   state->user_factors[m],
	                   state->user_base[m],
	                   &state->models[m].range};
	int32 item;

	wals_answer_check_factors(rows, state->models[m].factors);
	for (item = 0; item < count; item++)
	{
		vectors[item] = wals_rows_vector(rows, item);
		bias[item] = wals_rows_bias(rows, item);
	}
	return ranker;
}

/* The items by popularity: the same order for everybody. */
static WcRanker
open_popularity(WalsMeasureState *state)
{
	const WcPack *pack = &state->rows->pack;
	int32 count = pack->count;
	float *bias = array_alloc(state, count, sizeof(float));
	float *base = array_alloc(state, state->n_chosen, sizeof(float));
	WcRanker ranker = {count, 0, NULL, bias, NULL, base, NULL};
	int32 i;

	wc_popular_values(count, pack->likes, pack->entries, pack->popular, bias);
	for (i = 0; i < state->n_chosen; i++)
		base[i] = 0;
	return ranker;
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

void
wals_trial_run(WalsMeasureState *state, int m)
{
	const WalsEvaluateRequest *request = state->request;
	int32 count = wals_rows_count(state->rows);
	int32 *likes = array_alloc(state, count, sizeof(int32));
	uint64 *item_hash = array_alloc(state, count, sizeof(uint64));
	uint64 *user_hash = array_alloc(state, state->n_chosen, sizeof(uint64));
	WcRanker ranker = open_ranker(state, m);
	WcCsr relevant = project(state, m, TAKE_RELEVANT);
	WcCsr seen = project(state, m, TAKE_SEEN);
	WcCsr candidates = project(state, m, TAKE_CANDIDATES);
	int64 n_relevant;
	WcTrial trial = {.users = state->n_chosen,
	                 .relevant = &relevant,
	                 .n_relevant = count_relevant(state, &n_relevant),
	                 .seen = &seen,
	                 .negatives = request->negatives,
	                 .seed = request->seed ^ SALT_NEGATIVES,
	                 .user_hash = user_hash,
	                 .item_hash = item_hash,
	                 .likes = likes,
	                 .n_cuts = request->n_cuts,
	                 .cuts = request->cuts};
	int32 i;

	if (OidIsValid(request->candidates))
		trial.candidates = &candidates;
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
	{
		WcCsr ratings = project(state, m, TAKE_RATED);

		rate(state, &ranker, &ratings, m);
		if (state->item_sum != NULL)
			rate_by_biases(state, &ranker, &ratings);
	}
}
