/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Find the best scores of queries among the rows of a pack, exactly.
 *
 *-------------------------------------------------------------------------
 */
#include "core/heap.h"
#include "core/pack.h"

static inline bool
has_bit(const uint64_t *set, int32_t index)
{
	return ((set[index / 64] >> (index % 64)) & 1) != 0;
}

static bool
is_excluded(const WcQuery *query, int32_t index)
{
	if (query->excluded != NULL && has_bit(query->excluded, index))
		return true;
	for (int64_t e = 0; e < query->n_exclude; e++)
	{
		if (query->exclude[e] == index)
			return true;
	}
	return false;
}

WcStatus
wc_search(const WcPack *pack, const WcQuery *query, int32_t n, WcScored *result,
          int32_t *n_result, const char *kernel, const WcAlloc *alloc,
          const WcHooks *hooks, WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	int64_t searched =
	    query->candidates != NULL ? query->n_candidates : pack->count;
	int32_t count = 0;

	(void) kernel;
	(void) alloc;
	*n_result = 0;
	if (n <= 0)
		return WC_OK;
	for (int64_t place = 0; place < searched; place++)
	{
		WcScored scored;

		if (wc_pace(&pace, 4 + pack->factors / 16))
			return wc_fail(error, WC_CANCELLED, WC_ITEMS, -1, -1, "%s", "");
		scored.index = query->candidates != NULL ? query->candidates[place]
		                                         : (int32_t) place;
		if (is_excluded(query, scored.index))
			continue;
		scored.score =
		    wc_pack_score(pack, query->vector, query->base, scored.index);
		if (!isfinite(scored.score))
			return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, scored.index, -1,
			               "The score is %g.", (double) scored.score);
		if (!(scored.score >= query->min_score))
			continue;
		if (count < n)
			wc_heap_rise(result, count++, scored);
		else if (wc_is_better(&scored, &result[0]))
			wc_heap_sink(result, count, scored);
	}
	if (!wc_heap_sort(result, count, &pace))
		return wc_fail(error, WC_CANCELLED, WC_ITEMS, -1, -1, "%s", "");
	*n_result = count;
	return WC_OK;
}

WcStatus
wc_search_many(const WcPack *pack, int32_t n_queries, const WcQuery *queries,
               int32_t n, WcScored *results, int32_t *n_results,
               const char *kernel, const WcAlloc *alloc, const WcHooks *hooks,
               WcError *error)
{
	for (int32_t q = 0; q < n_queries; q++)
	{
		WcStatus status =
		    wc_search(pack, &queries[q], n, results + (size_t) q * (size_t) n,
		              &n_results[q], kernel, alloc, hooks, error);

		if (status != WC_OK)
		{
			if (error != NULL)
				error->other = q;
			return status;
		}
	}
	return WC_OK;
}
