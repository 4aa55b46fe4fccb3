/*-------------------------------------------------------------------------
 *
 * topn.c
 *	  Find the best scores of one query among many vectors, exactly.
 *
 * Every vector that is not excluded is scored, and the n best so far stay in a
 * heap with the worst on top, built in the caller's result array: most vectors
 * are done after one comparison with it.  The heap is sorted at the end.
 *
 * Scores are computed by one function for all callers and do not depend on
 * which vectors are searched, so the score of a recommendation equals the one
 * wc_score gives for the pair, bit for bit.
 *
 * No memory is allocated.  No vector is skipped by a bound on its norm: that
 * belongs to a search that has prepared its vectors.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/internal.h"

float
wc_score(const WcVectors *vectors, const float *query, float base,
         int32_t index)
{
	int32_t k = vectors->factors;
	float bias = vectors->bias == NULL ? 0.0f : vectors->bias[index];

	return base + bias +
	       wc_dot(k, query,
	              vectors->factors_data + (size_t) index * (size_t) k);
}

/* Descending score, then ascending index: never equal for two vectors. */
static inline bool
is_better(const WcScored *a, const WcScored *b)
{
	return a->score > b->score || (a->score == b->score && a->index < b->index);
}

/* Let moving sink from the root; above it, everything is worse. */
static void
sink(WcScored *heap, int32_t count, WcScored moving)
{
	int32_t place = 0;

	while (place < count / 2)
	{
		int32_t child = 2 * place + 1;

		if (child + 1 < count && is_better(&heap[child], &heap[child + 1]))
			child++;
		if (!is_better(&moving, &heap[child]))
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = moving;
}

/* Let moving rise from the end of a heap of count, which becomes count + 1. */
static void
rise(WcScored *heap, int32_t count, WcScored moving)
{
	int32_t place = count;

	while (place > 0)
	{
		int32_t parent = (place - 1) / 2;

		if (!is_better(&heap[parent], &moving))
			break;
		heap[place] = heap[parent];
		place = parent;
	}
	heap[place] = moving;
}

static inline bool
is_excluded(const uint64_t *excluded, int32_t index)
{
	return excluded != NULL &&
	       ((excluded[index / 64] >> (index % 64)) & 1) != 0;
}

WcStatus
wc_topn(const WcVectors *vectors, const float *query, float base,
        const int32_t *candidates, int64_t n_candidates,
        const uint64_t *excluded, float min_score, int32_t n, WcScored *result,
        int32_t *n_result, const WcHooks *hooks, WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	int64_t searched = candidates != NULL ? n_candidates : vectors->count;
	int32_t count = 0;

	*n_result = 0;
	if (n <= 0)
		return WC_OK;
	for (int64_t place = 0; place < searched; place++)
	{
		WcScored scored;

		/* A block of factors costs about as much as one step elsewhere. */
		if (wc_pace(&pace, 4 + vectors->factors / 16))
			return wc_fail(error, WC_CANCELLED, WC_ITEMS, -1, -1, "%s", "");
		scored.index = candidates != NULL ? candidates[place] : (int32_t) place;
		WC_ASSERT(scored.index >= 0 && scored.index < vectors->count);
		if (is_excluded(excluded, scored.index))
			continue;
		scored.score = wc_score(vectors, query, base, scored.index);
		if (!isfinite(scored.score))
			return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, scored.index, -1,
			               "The score is %g.", (double) scored.score);
		if (!(scored.score >= min_score))
			continue;
		if (count < n)
			rise(result, count++, scored);
		else if (is_better(&scored, &result[0]))
			sink(result, count, scored);
	}

	/* The worst goes to the end, again and again. */
	for (int32_t left = count - 1; left > 0; left--)
	{
		WcScored worst = result[0];

		if (wc_pace(&pace, 8))
			return wc_fail(error, WC_CANCELLED, WC_ITEMS, -1, -1, "%s", "");
		sink(result, left, result[left]);
		result[left] = worst;
	}
	*n_result = count;
	return WC_OK;
}
