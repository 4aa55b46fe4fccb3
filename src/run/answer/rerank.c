/*-------------------------------------------------------------------------
 *
 * rerank.c
 *	  Rules of the house: less of what everybody knows, less of the same, more
 *	  of what nobody can tell.
 *
 * The penalty on popularity is exact.  It only takes away, so whatever the
 * search did not return is, penalized, no better than the last score it did
 * return: once the n-th best of a pool is above that, nothing outside can
 * belong to the answer (Fagin's threshold algorithm).  Until then the pool
 * grows fourfold.
 *
 * Exploration adds what a score is uncertain by (core/answer/explore.c), and that may be
 * much for an item with a low one: with it the pool is the best by the sum, less
 * the penalty, by a search of its own (core/answer/explore_search.c), exactly.
 *
 * Diversity chooses from a pool of the best, penalized ones: ten times as many
 * as asked for, at least 100, at most 10000, and never fewer than asked for.
 * It fills the first 1000 places; nobody looks at more with care, and the time
 * is the product of both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/job.h"
#include "base/settings.h"
#include "run/answer/search.h"

/* One of the pool: its score, and what is left of it. */
typedef struct Ranked
{
	WcScored scored;
	double worth;
} Ranked;

static int
compare_worth(const void *a, const void *b)
{
	const Ranked *left = a;
	const Ranked *right = b;

	if (left->worth != right->worth)
		return left->worth > right->worth ? -1 : 1;
	if (left->scored.index != right->scored.index)
		return left->scored.index < right->scored.index ? -1 : 1;
	return 0;
}

/* The best by worth, up to wanted of them; count says how many there are. */
static Ranked *
find_pool(const WalsSearch *from, float penalty, int32 wanted, int32 *count)
{
	WalsSearch wider = *from;
	int32 rows = wals_rows_count(from->rows);
	int32 most = wals_rows_likes(from->rows, wals_rows_popular(from->rows, 0));
	int64 reach = penalty > 0 ? Max(64, (int64) wanted * 4) : wanted;

	for (;;)
	{
		WcScored *scored;
		Ranked *pool;
		int32 found;
		int32 i;

		wider.n = (int32) Min(reach, rows);
		scored = wals_search_room(&wider);
		found = wals_search_run(&wider, scored);
		pool = palloc_extended(sizeof(Ranked) * (Size) Max(found, 1),
		                       MCXT_ALLOC_HUGE);
		for (i = 0; i < found; i++)
		{
			pool[i].scored = scored[i];
			pool[i].worth =
			    scored[i].score -
			    wc_popularity_cost(penalty,
			                       wals_rows_likes(from->rows, scored[i].index),
			                       most);
		}
		if (penalty > 0)
			qsort(pool, found, sizeof(Ranked), compare_worth);
		if (penalty == 0 || found < wider.n || wider.n == rows ||
		    pool[wanted - 1].worth > scored[found - 1].score)
		{
			*count = Min(found, wanted);
			pfree(scored);
			return pool;
		}
		pfree(scored);
		pfree(pool);
		reach *= 4;
	}
}

/* WalsNamer: here nobody knows who asks, and only that row can fail. */
static char *
name_of_asker(const void *arg, WcSide side, int32 index)
{
	return side == WC_USERS ? pstrdup("(the one asked for)") : NULL;
}

/* find_pool with exploration. */
static Ranked *
find_explored(const WalsSearch *from, const WalsRules *rules, WcFold *fold,
              int32 wanted, int32 *count)
{
	const WcQuery *query = &from->query;
	WcExplore explore = {
	    rules->explore, rules->popularity_penalty,
	    wals_rows_likes(from->rows, wals_rows_popular(from->rows, 0)), fold};
	Size room = Max(wanted, 1);
	WcScored *best = palloc_extended(sizeof(WcScored) * room, MCXT_ALLOC_HUGE);
	Ranked *pool = palloc_extended(sizeof(Ranked) * room, MCXT_ALLOC_HUGE);
	WcStatus status;
	WalsJob job;
	int32 i;

	wals_answer_check_factors(from->rows, wc_fold_factors(fold));
	wals_job_init(&job, CurrentMemoryContext, 0);
	job.namer = name_of_asker;
	status = wc_search_explored(&from->rows->pack, query, &explore, wanted,
	                            best, count, &job.core);
	if (status == WC_NOT_FINITE && job.error.side == WC_ITEMS)
		wals_answer_damaged(from->rows, job.error.row);
	wals_job_check(&job, status);
	for (i = 0; i < *count; i++)
	{
		pool[i].worth = best[i].score;
		pool[i].scored.index = best[i].index;
		pool[i].scored.score = wals_rows_score(from->rows, query->vector,
		                                       query->base, best[i].index);
	}
	return pool;
}

/* Put the pool into the order that has something for every place. */
static void
diversify(const WalsRows *rows, float diversity, int32 places, int32 count,
          Ranked *pool)
{
	const float **vectors = palloc(sizeof(float *) * (Size) Max(count, 1));
	double *worth = palloc(sizeof(double) * (Size) Max(count, 1));
	int32 *order = palloc(sizeof(int32) * (Size) Max(count, 1));
	Ranked *before =
	    palloc_extended(sizeof(Ranked) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	WalsJob job;
	int32 i;

	wals_job_init(&job, CurrentMemoryContext, 0);
	for (i = 0; i < count; i++)
	{
		vectors[i] = wals_rows_vector(rows, pool[i].scored.index);
		worth[i] = pool[i].worth;
		before[i] = pool[i];
	}
	wals_job_check(&job,
	               wc_diversify((WcVectors){count, rows->pack.factors, vectors},
	                            worth, diversity, places, order, &job.alloc,
	                            &wals_hooks));
	for (i = 0; i < count; i++)
		pool[i] = before[order[i]];
}

int32
wals_rerank_search(const WalsSearch *search, const WalsRules *rules,
                   WcFold *fold, WcScored *result)
{
	bool explores = rules->explore > 0 && fold != NULL;
	int32 n = search->n;
	int32 wanted = n;
	int32 count;
	Ranked *pool;
	int32 i;

	if ((rules->popularity_penalty == 0 && rules->diversity == 0 &&
	     !explores) ||
	    n == 0)
		return wals_search_run(search, result);
	if (rules->diversity > 0)
	{
		int64 size = Max((int64) n * WALS_POOL_FACTOR, WALS_POOL_MIN);

		size = Max(Min(size, WALS_POOL_MAX), n);
		wanted = (int32) Min(size, wals_rows_count(search->rows));
	}
	pool = explores
	           ? find_explored(search, rules, fold, wanted, &count)
	           : find_pool(search, rules->popularity_penalty, wanted, &count);
	if (rules->diversity > 0)
		diversify(search->rows, rules->diversity, Min(n, WALS_DIVERSE_PLACES),
		          count, pool);
	count = Min(count, n);
	for (i = 0; i < count; i++)
		result[i] = pool[i].scored;
	return count;
}
