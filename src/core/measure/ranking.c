/*-------------------------------------------------------------------------
 *
 * ranking.c
 *	  How well a ranker finds the items that were held out, user by user.
 *
 * A user's candidates are all items, or a list, or a sample; never what the
 * user has seen, always the relevant items the ranker has.  They are sorted by
 * score, ties by index.  The first of them are measured as metrics.c says, the
 * whole order by the AUC: how often a relevant item comes before one that is
 * not, a tie counting half, over all T * negatives pairs.  T is the number of
 * relevant items, with those the ranker does not have: they are never found, and
 * leaving them out would flatter.
 *
 * Threads take chunks of a few users, which share each block of item vectors
 * while it is in the processor's cache.  Every user's numbers are written to
 * their own place and the best ranks are minima, so nothing depends on the
 * number of threads.  Scores are those of wc_score, bit for bit.
 *
 * Memory, per thread and item: 32 bytes of scores, with a list or sample 8, and 5
 * of marks and ranks.
 *
 * A sample is the candidates with the smallest hashes of seed, user and item,
 * so it is the same for whoever ranks.  It makes numbers that compare with
 * papers that sampled, and with nothing else: among 100 items most are easy to
 * pass (Krichene and Rendle 2020).
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/answer/heap.h"
#include "core/measure/metrics.h"
#include "core/solve/numerics.h"
#include "core/answer/score.h"

#define USERS_AT_ONCE 8
#define BLOCK_FLOATS 4096 /* of item vectors: half a first-level cache */
#define ITEMS_AT_LEAST 16
#define RANKED_AT_ONCE 4096

/* From so many relevant items on they are searched, not gone through. */
#define FOUND_MANY 32

typedef struct Drawn
{
	uint64_t key;
	int32_t index;
} Drawn;

/* What one thread needs. */
typedef struct Space
{
	float *scores; /* USERS_AT_ONCE x items */
	uint8_t *mark; /* items */
	int32_t *listed; /* items, unless all are ranked */
	Drawn *drawn; /* negatives */
	WcScored *top; /* last cut */
	float *found; /* longest row of relevant */
	int32_t *best_rank; /* items */
	WcError error;

	/* of the user at hand */
	int32_t n_scored; /* items that have a score */
	int32_t n_hidden; /* of those: never ranked, with -INFINITY */
	int32_t n_found; /* relevant items that are ranked */
	int32_t n_top;
} Space;

typedef struct Job
{
	const WcRanker *ranker;
	const WcTrial *trial;
	const WcScoreKernel *kernel;
	int32_t n_values;
	double *values;
	WcDiscounts discounts;
	Space *space; /* one per thread */
} Job;

static inline bool
all_are_ranked(const WcTrial *trial)
{
	return trial->candidates == NULL && trial->negatives == 0;
}

static inline bool
is_drawn_before(const Drawn *a, const Drawn *b)
{
	return a->key < b->key || (a->key == b->key && a->index < b->index);
}

/* Put an item where it belongs among the best, at most room of them. */
static void
keep_best(WcScored *top, int32_t *count, int32_t room, WcScored item)
{
	int32_t place;

	if (*count == room)
	{
		if (!wc_is_better(&item, &top[room - 1]))
			return;
		place = room - 1;
	}
	else
		place = (*count)++;
	for (; place > 0 && wc_is_better(&item, &top[place - 1]); place--)
		top[place] = top[place - 1];
	top[place] = item;
}

static void
keep_drawn(Drawn *drawn, int32_t *count, int32_t room, Drawn item)
{
	int32_t place;

	if (*count == room)
	{
		if (!is_drawn_before(&item, &drawn[room - 1]))
			return;
		place = room - 1;
	}
	else
		place = (*count)++;
	for (; place > 0 && is_drawn_before(&item, &drawn[place - 1]); place--)
		drawn[place] = drawn[place - 1];
	drawn[place] = item;
}

/* Shell's method with the gaps of Knuth: no memory, and rows are short. */
static void
sort_floats(int32_t count, float *values)
{
	int32_t gap = 1;

	while (gap < count / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
	{
		for (int32_t i = gap; i < count; i++)
		{
			float moving = values[i];
			int32_t place = i;

			for (; place >= gap && values[place - gap] > moving; place -= gap)
				values[place] = values[place - gap];
			values[place] = moving;
		}
	}
}

/* How many of the ascending values are below x, or, if equal_too, not above. */
static inline int32_t
count_below(int32_t count, const float *values, float x, bool equal_too)
{
	int32_t low = 0;

	while (low < count)
	{
		int32_t middle = low + (count - low) / 2;

		if (values[middle] < x || (equal_too && values[middle] == x))
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

static inline float
score_item(const WcRanker *ranker, int32_t user, int32_t item)
{
	int32_t k = ranker->factors;
	float product = 0;

	if (k > 0)
		product = wc_dot(k, ranker->user_factors + (size_t) user * (size_t) k,
		                 ranker->vectors[item]);
	return ranker->user_base[user] + ranker->bias[item] + product;
}

static WcStatus
fail_score(WcError *error, int32_t item, float score)
{
	return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, item, -1, "The score is %g.",
	               (double) score);
}

/* Scores of items begin to stop for one user, all of them looked at. */
static WcStatus
score_run(const Job *job, int32_t user, int32_t begin, int32_t stop,
          float *scores, WcError *error)
{
	const WcRanker *ranker = job->ranker;
	int32_t k = ranker->factors;
	float base = ranker->user_base[user];
	bool finite = true;

	if (k > 0)
		job->kernel->dots(k, ranker->user_factors + (size_t) user * (size_t) k,
		                  stop - begin, ranker->vectors + begin,
		                  scores + begin);
	for (int32_t item = begin; item < stop; item++)
	{
		scores[item] = base + ranker->bias[item] + (k > 0 ? scores[item] : 0);
		finite &= isfinite(scores[item]) != 0;
	}
	for (int32_t item = begin; item < stop && !finite; item++)
	{
		if (!isfinite(scores[item]))
			return fail_score(error, item, scores[item]);
	}
	return WC_OK;
}

/* Vectors lie anywhere: ask for those of a block while the one before runs. */
static void
prefetch_items(const WcRanker *ranker, int32_t begin, int32_t count)
{
	for (int32_t item = begin; item < begin + count; item++)
	{
		for (int32_t f = 0; f < ranker->factors; f += WC_LINE)
			__builtin_prefetch(ranker->vectors[item] + f, 0, 2);
	}
}

/* Scores of all items for the users of a chunk that have something to find. */
static WcStatus
score_all(const Job *job, int32_t first, int32_t end, Space *space,
          WcPace *pace)
{
	const WcRanker *ranker = job->ranker;
	int32_t items = ranker->items;
	int32_t most = BLOCK_FLOATS / (ranker->factors + 1) / 4 * 4;
	int32_t some;

	if (most < ITEMS_AT_LEAST)
		most = ITEMS_AT_LEAST;
	for (int32_t begin = 0; begin < items; begin += some)
	{
		int32_t next;

		some = items - begin < most ? items - begin : most;
		next = items - begin - some < most ? items - begin - some : most;
		prefetch_items(ranker, begin + some, next);
		for (int32_t user = first; user < end; user++)
		{
			float *scores =
			    space->scores + (size_t) (user - first) * (size_t) items;
			WcStatus status;

			if (job->trial->n_relevant[user] == 0)
				continue;
			if (wc_pace(pace, some * (4 + ranker->factors / WC_PACE_VECTOR)))
				return WC_CANCELLED;
			status = score_run(job, user, begin, begin + some, scores,
			                   &space->error);
			if (status != WC_OK)
				return status;
		}
	}
	return WC_OK;
}

static void
mark_row(const WcCsr *csr, int32_t user, uint8_t from, uint8_t to,
         uint8_t *mark)
{
	for (int64_t e = csr->start[user]; e < csr->start[user + 1]; e++)
	{
		if (mark[csr->col[e]] == from)
			mark[csr->col[e]] = to;
	}
}

/* The negatives of a sample, by their hashes. */
static WcStatus
draw(const WcTrial *trial, int32_t user, int32_t items, Space *space,
     int32_t *n_drawn, WcPace *pace)
{
	*n_drawn = 0;
	for (int32_t item = 0; item < items; item++)
	{
		Drawn drawn = {0, item};

		if (wc_pace(pace, 8))
			return WC_CANCELLED;
		if (space->mark[item] != WC_MARK_NONE)
			continue;
		drawn.key = wc_hash_pair(trial->seed, trial->user_hash[user],
		                         trial->item_hash[item]);
		keep_drawn(space->drawn, n_drawn, trial->negatives, drawn);
	}
	return WC_OK;
}

/*
 * List what is ranked when not all is: the relevant items first.  Scores go to
 * scores in the order of the list.
 */
static WcStatus
score_listed(const Job *job, int32_t user, Space *space, float *scores,
             WcPace *pace)
{
	const WcTrial *trial = job->trial;
	const WcCsr *relevant = trial->relevant;
	int32_t n_drawn = 0;
	int32_t count = 0;

	for (int64_t e = relevant->start[user]; e < relevant->start[user + 1]; e++)
	{
		if (space->mark[relevant->col[e]] == WC_MARK_RELEVANT)
			space->listed[count++] = relevant->col[e];
	}
	space->n_found = count;
	if (trial->candidates != NULL)
	{
		const WcCsr *list = trial->candidates;

		for (int64_t e = list->start[user]; e < list->start[user + 1]; e++)
		{
			if (space->mark[list->col[e]] == WC_MARK_NONE)
				space->listed[count++] = list->col[e];
		}
	}
	else
	{
		WcStatus status =
		    draw(trial, user, job->ranker->items, space, &n_drawn, pace);

		if (status != WC_OK)
			return status;
		for (int32_t d = 0; d < n_drawn; d++)
			space->listed[count++] = space->drawn[d].index;
	}
	for (int32_t place = 0; place < count; place++)
	{
		if (wc_pace(pace, 4 + job->ranker->factors / 16))
			return WC_CANCELLED;
		scores[place] = score_item(job->ranker, user, space->listed[place]);
		if (!isfinite(scores[place]))
			return fail_score(&space->error, space->listed[place],
			                  scores[place]);
	}
	space->n_scored = count;
	return WC_OK;
}

/*
 * Of n_scored items, 2 for each relevant one that each of them comes after, 1
 * for each it is beside; found is ascending.  Most users have few to find: then
 * one run over the scores for each of those is fastest.
 */
static int64_t
count_after(const WcScoreKernel *kernel, int32_t n_found, const float *found,
            int32_t n_scored, const float *scores)
{
	int64_t twice = 0;

	if (n_found < FOUND_MANY)
	{
		for (int32_t f = 0; f < n_found; f++)
			twice += kernel->below(n_scored, scores, found[f]);
		return twice;
	}
	for (int32_t place = 0; place < n_scored; place++)
	{
		float score = scores[place];
		int32_t below = count_below(n_found, found, score, true);

		twice += 2 * (int64_t) (n_found - below);
		if (below > 0 && found[below - 1] == score)
			twice += below - count_below(below, found, score, false);
	}
	return twice;
}

/*
 * Rank what was scored: the best go to space->top, and the AUC behind the other
 * values of the user.
 */
static WcStatus
rank_scored(const Job *job, int32_t user, Space *space, const float *scores,
            WcPace *pace)
{
	const WcTrial *trial = job->trial;
	const int32_t *listed = all_are_ranked(trial) ? NULL : space->listed;
	int32_t room = trial->cuts[trial->n_cuts - 1];
	int32_t n_scored = space->n_scored;
	int32_t n_found = space->n_found;
	int32_t n_top = 0;
	int32_t steps = n_found < FOUND_MANY ? n_found : FOUND_MANY;
	const float *found = space->found;
	float limit = -INFINITY;
	int64_t twice = 0;
	double pairs;

	for (int32_t begin = 0; begin < n_scored; begin += RANKED_AT_ONCE)
	{
		int32_t some = n_scored - begin < RANKED_AT_ONCE ? n_scored - begin
		                                                 : RANKED_AT_ONCE;

		if (wc_pace(pace, (2 + steps) * RANKED_AT_ONCE))
			return WC_CANCELLED;
		for (int32_t place = begin; place < begin + some; place++)
		{
			WcScored item = {scores[place], place};

			if (item.score < limit || item.score == -INFINITY)
				continue;
			if (listed != NULL)
				item.index = listed[place];
			keep_best(space->top, &n_top, room, item);
			if (n_top == room)
				limit = space->top[room - 1].score;
		}
		twice += count_after(job->kernel, n_found, found, some, scores + begin);
	}
	/* the hidden came after all, the relevant items among themselves too */
	twice -=
	    2 * (int64_t) space->n_hidden * n_found + (int64_t) n_found * n_found;
	pairs = (double) trial->n_relevant[user] *
	        (double) ((int64_t) n_scored - space->n_hidden - n_found);
	job->values[(size_t) (user + 1) * (size_t) job->n_values - 1] =
	    pairs > 0 ? (double) twice / 2 / pairs : NAN;
	space->n_top = n_top;
	return WC_OK;
}

/* Take what the user has seen out of the scores of all items; how many. */
static int32_t
hide_seen(const WcCsr *seen, int32_t user, float *scores)
{
	if (seen == NULL)
		return 0;
	for (int64_t e = seen->start[user]; e < seen->start[user + 1]; e++)
		scores[seen->col[e]] = -INFINITY;
	return (int32_t) (seen->start[user + 1] - seen->start[user]);
}

/* Lower the best ranks of the items that are listed. */
static void
mark_shown(Space *space)
{
	for (int32_t rank = 0; rank < space->n_top; rank++)
	{
		int32_t item = space->top[rank].index;

		if (space->best_rank[item] > rank + 1)
			space->best_rank[item] = rank + 1;
	}
}

/* Everything about one user; scores are set already if all are ranked. */
static WcStatus
measure_user(const Job *job, int32_t user, Space *space, float *scores,
             WcPace *pace)
{
	const WcTrial *trial = job->trial;
	const WcCsr *relevant = trial->relevant;
	double *values = job->values + (size_t) user * (size_t) job->n_values;
	bool all = all_are_ranked(trial);
	WcStatus status = WC_OK;

	space->n_scored = job->ranker->items;
	space->n_hidden = space->n_found = 0;
	if (trial->seen != NULL)
		mark_row(trial->seen, user, WC_MARK_NONE, WC_MARK_SEEN, space->mark);
	mark_row(relevant, user, WC_MARK_NONE, WC_MARK_RELEVANT, space->mark);
	if (!all)
		status = score_listed(job, user, space, scores, pace);
	if (status == WC_OK && all)
	{
		for (int64_t e = relevant->start[user]; e < relevant->start[user + 1];
		     e++)
		{
			if (space->mark[relevant->col[e]] == WC_MARK_RELEVANT)
				space->found[space->n_found++] = scores[relevant->col[e]];
		}
		space->n_hidden = hide_seen(trial->seen, user, scores);
	}
	else
	{
		for (int32_t place = 0; place < space->n_found; place++)
			space->found[place] = scores[place];
	}
	if (status == WC_OK)
	{
		sort_floats(space->n_found, space->found);
		status = rank_scored(job, user, space, scores, pace);
	}
	if (status == WC_OK)
	{
		mark_shown(space);
		wc_top_measure(trial, &job->discounts, trial->n_relevant[user],
		               space->n_top, space->top, space->mark, values);
	}
	mark_row(relevant, user, WC_MARK_RELEVANT, WC_MARK_NONE, space->mark);
	if (trial->seen != NULL)
		mark_row(trial->seen, user, WC_MARK_SEEN, WC_MARK_NONE, space->mark);
	return status;
}

static WcStatus
measure_chunk(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	const Job *job = arg;
	const WcTrial *trial = job->trial;
	Space *space = &job->space[thread];
	int32_t first = (int32_t) (chunk * USERS_AT_ONCE);
	int32_t end = trial->users - first < USERS_AT_ONCE ? trial->users
	                                                   : first + USERS_AT_ONCE;
	bool all = all_are_ranked(trial);
	WcStatus status = WC_OK;

	if (all)
		status = score_all(job, first, end, space, pace);
	for (int32_t user = first; user < end && status == WC_OK; user++)
	{
		size_t row = all ? (size_t) (user - first) : 0;
		double *values = job->values + (size_t) user * (size_t) job->n_values;

		if (trial->n_relevant[user] > 0)
			status = measure_user(
			    job, user, space,
			    space->scores + row * (size_t) job->ranker->items, pace);
		else
		{
			for (int32_t v = 0; v < job->n_values; v++)
				values[v] = NAN;
		}
	}
	return status;
}

static void
space_free(Space *space, const WcAlloc *alloc)
{
	wc_free(alloc, space->scores);
	wc_free(alloc, space->mark);
	wc_free(alloc, space->listed);
	wc_free(alloc, space->drawn);
	wc_free(alloc, space->top);
	wc_free(alloc, space->found);
	wc_free(alloc, space->best_rank);
}

static bool
space_create(const Job *job, int32_t longest, Space *space,
             const WcAlloc *alloc)
{
	const WcTrial *trial = job->trial;
	size_t items = (size_t) job->ranker->items;
	bool all = all_are_ranked(trial);

	space->scores =
	    wc_alloc_array(alloc, items, (all ? USERS_AT_ONCE : 1) * sizeof(float));
	space->mark = wc_alloc_array(alloc, items, 1);
	space->listed = wc_alloc_array(alloc, all ? 0 : items, sizeof(int32_t));
	space->drawn =
	    wc_alloc_array(alloc, (size_t) trial->negatives, sizeof(Drawn));
	space->top = wc_alloc_array(alloc, (size_t) trial->cuts[trial->n_cuts - 1],
	                            sizeof(WcScored));
	space->found = wc_alloc_array(alloc, (size_t) longest, sizeof(float));
	space->best_rank = wc_alloc_array(alloc, items, sizeof(int32_t));
	if (space->scores == NULL || space->mark == NULL || space->listed == NULL ||
	    space->drawn == NULL || space->top == NULL || space->found == NULL ||
	    space->best_rank == NULL)
		return false;
	for (size_t item = 0; item < items; item++)
	{
		space->mark[item] = WC_MARK_NONE;
		space->best_rank[item] = INT32_MAX;
	}
	space->error.status = WC_OK;
	return true;
}

/* The discounts, and a workspace for each thread. */
static bool
job_prepare(Job *job, int32_t threads, const WcAlloc *alloc)
{
	const WcTrial *trial = job->trial;
	const WcCsr *relevant = trial->relevant;
	int32_t last = trial->cuts[trial->n_cuts - 1];
	int64_t longest = 0;
	bool discounted = wc_discounts_create(last, &job->discounts, alloc);

	job->space = wc_alloc_array(alloc, (size_t) threads, sizeof(Space));
	if (job->space != NULL)
		for (int32_t t = 0; t < threads; t++)
			job->space[t] = (Space){NULL};
	if (!discounted || job->space == NULL)
		return false;
	for (int32_t user = 0; user < trial->users; user++)
	{
		int64_t length = relevant->start[user + 1] - relevant->start[user];

		if (length > longest)
			longest = length;
	}
	for (int32_t t = 0; t < threads; t++)
	{
		if (!space_create(job, (int32_t) longest, &job->space[t], alloc))
			return false;
	}
	return true;
}

/* Best ranks are minima over the threads; of errors the lowest item's. */
static void
job_collect(const Job *job, int32_t threads, int32_t *best_rank, WcError *error)
{
	for (int32_t t = 0; t < threads; t++)
	{
		const Space *space = &job->space[t];

		for (int32_t item = 0; item < job->ranker->items; item++)
		{
			if (space->best_rank[item] < best_rank[item])
				best_rank[item] = space->best_rank[item];
		}
		if (error != NULL && space->error.status != WC_OK &&
		    (error->status != WC_NOT_FINITE || space->error.row < error->row))
			*error = space->error;
	}
}

WcStatus
wc_rank_users(const WcRanker *ranker, const WcTrial *trial, int64_t *next,
              double *values, int32_t *best_rank, const WcJob *job)
{
	Job ranking = {.ranker = ranker, .trial = trial, .values = values};
	int32_t threads = job->threads > 1 ? job->threads : 1;
	WcThreads team = {threads, pthread_create};
	int64_t chunks =
	    ((int64_t) trial->users + USERS_AT_ONCE - 1) / USERS_AT_ONCE;
	WcStatus status;

	WC_ASSERT(trial->relevant->cols == ranker->items);
	WC_ASSERT(trial->candidates == NULL || trial->negatives == 0);
	if (threads > chunks)
		team.count = threads = chunks > 0 ? (int32_t) chunks : 1;
	ranking.kernel = wc_score_kernel_choose(NULL);
	ranking.n_values = wc_trial_values(trial);
	if (job->error != NULL)
		job->error->status = WC_OK;
	if (job_prepare(&ranking, threads, job->alloc))
	{
		status = wc_parallel_from(&team, next, chunks, measure_chunk, &ranking,
		                          job->hooks);
		job_collect(&ranking, threads, best_rank, job->error);
		if (status == WC_CANCELLED)
			wc_fail_silently(job->error, status, WC_USERS, -1);
	}
	else
		status = wc_fail_silently(job->error, WC_NO_MEMORY, WC_USERS, -1);
	if (ranking.space != NULL)
		for (int32_t t = 0; t < threads; t++)
			space_free(&ranking.space[t], job->alloc);
	wc_free(job->alloc, ranking.space);
	wc_discounts_free(&ranking.discounts, job->alloc);
	return status;
}

WcStatus
wc_rate_users(const WcRanker *ranker, const WcCsr *ratings, WcErrorSums *sums,
              const WcHooks *hooks, WcError *error)
{
	WcPace pace = wc_pace_start(hooks);

	WC_ASSERT(ratings->cols == ranker->items);
	for (int32_t user = 0; user < ratings->rows; user++)
	{
		WcErrorSums sum = {0};

		for (int64_t e = ratings->start[user]; e < ratings->start[user + 1];
		     e++)
		{
			int32_t item = ratings->col[e];
			float score = score_item(ranker, user, item);
			double value = ratings->value != NULL ? ratings->value[e] : 1.0;
			double off = (double) wc_limit(ranker->range, score) - value;

			if (wc_pace(&pace, 4 + ranker->factors / 16))
				return wc_fail_silently(error, WC_CANCELLED, WC_USERS, -1);
			if (!isfinite(score))
				return fail_score(error, item, score);
			sum.n++;
			for (int m = 0; m < WC_RATING_METRICS; m++)
				sum.sum[m] += wc_rating_metrics[m].measure(off);
		}
		sums[user] = sum;
	}
	return WC_OK;
}
