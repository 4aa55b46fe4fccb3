/*-------------------------------------------------------------------------
 *
 * spread.h
 *	  How uncertain the scores of many items are, by measuring every one of
 *	  them: what core/answer/explore_search.c is compared with.  For benchmarks too.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_SPREAD_H
#define WALS_SPREAD_H

#include "core/answer/fold.h"
#include "core/solve/numerics.h"

/*
 * Of count items, for the user who was folded in last and who has entries.  In an
 * error other is the item.
 */
static inline WcStatus
spread_of_items(WcFold *fold, const WcFoldItems *items, int32_t count,
                const int32_t *index, float *spread, const WcHooks *hooks,
                WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	const float *vectors[WC_KERNEL_CHUNK];
	int32_t entries[WC_KERNEL_CHUNK];
	double largest;
	int32_t place;
	WcStatus status = wc_spread_begin(fold, &largest, &pace, error);

	for (int32_t first = 0; first < count && status == WC_OK;
	     first += WC_KERNEL_CHUNK)
	{
		int32_t some =
		    count - first < WC_KERNEL_CHUNK ? count - first : WC_KERNEL_CHUNK;

		for (int32_t i = 0; i < some; i++)
		{
			vectors[i] = items->vector(items->arg, index[first + i]);
			entries[i] = items->entries(items->arg, index[first + i]);
		}
		if (!wc_spread_some(fold, some, vectors, entries, spread + first,
		                    &place))
			return wc_fail(error, WC_NOT_FINITE, WC_USERS, 0,
			               index[first + place], "%s", "");
	}
	return status;
}

#endif /* WALS_SPREAD_H */
