/*-------------------------------------------------------------------------
 *
 * rerank.c
 *	  Change the order of an answer for reasons that are not the user's taste:
 *	  less of what everybody knows, less of the same.
 *
 * Popularity, in likes.  Subtracting a multiple of the log of an item's is the
 * logit adjustment of Menon, Jayasumana, Rawat, Jain, Veit, Kumar: Long-tail
 * learning via logit adjustment (2021), in recommending known as the correction
 * of the sampling bias (Yi, Yang, Hong and others, 2019).  There scores are
 * logits and the factor is 1; ours are on a scale of their own, so the log is
 * divided by that of the most popular item, and the factor says in points of
 * score what that item loses.
 *
 * Diversity.  Maximal marginal relevance: Carbonell, Goldstein: The use of MMR,
 * diversity-based reranking for reordering documents and producing summaries
 * (1998), with their lambda = 1 - diversity.  Relevance and cosine are made
 * comparable by scaling the relevance to 0 to 1 over the pool.
 *
 * Time is places x count x factors multiply-adds, because of each vector only
 * the largest cosine with the chosen ones is kept.  Memory is 5 bytes for each vector
 * of the pool.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/answer/answer.h"
#include "core/ground/internal.h"

double
wc_popularity_cost(double penalty, int32_t likes, int32_t most)
{
	if (likes <= 0 || most <= 0)
		return 0;
	return penalty * log1p((double) likes) / log1p((double) most);
}

typedef struct Pool
{
	WcVectors all;
	float *closest; /* largest cosine with a chosen one, 0 before the first */
	bool *chosen;
} Pool;

/* Largest cosines once one more is chosen. */
static bool
choose(Pool *pool, int32_t newest, bool is_first, WcPace *pace)
{
	WcProbe probe;

	pool->chosen[newest] = true;
	wc_probe_init(&probe, WC_COSINE, pool->all.factors,
	              pool->all.vectors[newest]);
	for (int32_t j = 0; j < pool->all.count; j++)
	{
		float cosine;

		if (wc_pace(pace, 4 + pool->all.factors / 8))
			return false;
		if (pool->chosen[j])
			continue;
		if (!wc_probe_compare(&probe, pool->all.vectors[j], &cosine))
			cosine = 0;
		if (is_first || cosine > pool->closest[j])
			pool->closest[j] = cosine;
	}
	return true;
}

static bool
pick_all(Pool *pool, const double *relevance, double diversity, int32_t places,
         int32_t *order, WcPace *pace)
{
	double lowest = relevance[pool->all.count - 1];
	double range = relevance[0] - lowest;

	for (int32_t place = 0; place < places; place++)
	{
		double best = -INFINITY;
		int32_t best_index = -1;

		for (int32_t j = 0; j < pool->all.count; j++)
		{
			double scaled = range > 0 ? (relevance[j] - lowest) / range : 1;
			double value =
			    (1 - diversity) * scaled - diversity * pool->closest[j];

			if (!pool->chosen[j] && value > best)
			{
				best = value;
				best_index = j;
			}
		}
		order[place] = best_index;
		if (!choose(pool, best_index, place == 0, pace))
			return false;
	}
	for (int32_t j = 0, place = places; j < pool->all.count; j++)
		if (!pool->chosen[j])
			order[place++] = j;
	return true;
}

WcStatus
wc_diversify(WcVectors all, const double *relevance, double diversity,
             int32_t places, int32_t *order, const WcAlloc *alloc,
             const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	Pool pool = {.all = all};
	WcStatus status = WC_NO_MEMORY;

	if (all.count <= 0)
		return WC_OK;
	if (places > all.count)
		places = all.count;
	pool.closest = wc_alloc_array(alloc, (size_t) all.count, sizeof(float));
	pool.chosen = wc_alloc_array(alloc, (size_t) all.count, sizeof(bool));
	if (pool.closest != NULL && pool.chosen != NULL)
	{
		for (int32_t j = 0; j < all.count; j++)
		{
			pool.closest[j] = 0;
			pool.chosen[j] = false;
		}
		status = pick_all(&pool, relevance, diversity, places, order, &pace)
		             ? WC_OK
		             : WC_CANCELLED;
	}
	wc_free(alloc, pool.chosen);
	wc_free(alloc, pool.closest);
	return status;
}
