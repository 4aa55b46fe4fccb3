/*-------------------------------------------------------------------------
 *
 * likes.c
 *	  Which entries speak for their item, and the order of popularity.
 *
 * The number of entries says how much is known of an item, and weights go by
 * it; how many like it is another question.  With implicit feedback an entry is
 * a like when its value is positive, as its target says.  Ratings have no such
 * zero: 1 of 5 is a dislike, 0 of -10 to 10 is not.  What they have whatever
 * their scale is a mean, so an entry at or above the mean of all values is a
 * like, and with weighted feedback, where unobserved cells are predicted to be
 * 0, only if it is positive as well (docs/decisions/0020).
 *
 * The mean is that of the merged values, each entry counting once: weights say
 * how much an entry is to be believed, not what it says.  It is summed in
 * float64, where the sum of 2^29 equal values is exact: then all are likes.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/ground/internal.h"
#include "core/model/model.h"

WcStatus
wc_liking(const WcCsr *csr, WcFeedback feedback, WcLiking *liking,
          const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	double sum = 0;

	liking->feedback = feedback;
	liking->from = 0;
	if (feedback == WC_IMPLICIT || csr->nnz == 0)
		return WC_OK;
	liking->from = 1;
	if (csr->value == NULL)
		return WC_OK;
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		sum += csr->value[e];
	}
	liking->from = sum / (double) csr->nnz;
	return WC_OK;
}

WcStatus
wc_count_likes(const WcCsr *csr, WcLiking liking, int32_t *user_likes,
               int32_t *item_likes, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	for (int32_t i = 0; user_likes != NULL && i < csr->rows; i++)
		user_likes[i] = 0;
	for (int32_t j = 0; j < csr->cols; j++)
		item_likes[j] = 0;
	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			float value = csr->value != NULL ? csr->value[e] : 1.0f;

			if (wc_pace(&pace, 1))
				return WC_CANCELLED;
			if (!wc_is_like(liking, value))
				continue;
			item_likes[csr->col[e]]++;
			if (user_likes != NULL)
				user_likes[i]++;
		}
	}
	return WC_OK;
}

/* Sort the indexes in order by count, stably. */
static WcStatus
sort_by(int32_t n, const int32_t *count, bool descending, int32_t *order,
        WcKeyed *keyed, WcKeyed *scratch, WcPace *pace)
{
	WcKeyed *sorted;
	WcStatus status;

	for (int32_t place = 0; place < n; place++)
	{
		uint32_t key = (uint32_t) count[order[place]] ^ UINT32_C(1) << 31;

		keyed[place].key = descending ? ~key : key;
		keyed[place].value = order[place];
	}
	status = wc_sort_keyed(n, keyed, scratch, &sorted, pace);
	for (int32_t place = 0; status == WC_OK && place < n; place++)
		order[place] = sorted[place].value;
	return status;
}

WcStatus
wc_popular_order(int32_t count, const int32_t *likes, const int32_t *entries,
                 int32_t *order, const WcAlloc *alloc, const WcHooks *hooks)
{
	WcKeyed *keyed = wc_alloc_array(alloc, (size_t) count, sizeof(WcKeyed));
	WcKeyed *scratch = wc_alloc_array(alloc, (size_t) count, sizeof(WcKeyed));
	WcPace pace = wc_pace_start(hooks);
	WcStatus status = WC_NO_MEMORY;

	for (int32_t i = 0; i < count; i++)
		order[i] = i;
	if (keyed != NULL && scratch != NULL)
		status = sort_by(count, entries, false, order, keyed, scratch, &pace);
	if (status == WC_OK)
		status = sort_by(count, likes, true, order, keyed, scratch, &pace);
	wc_free(alloc, keyed);
	wc_free(alloc, scratch);
	return status;
}

void
wc_popular_values(int32_t count, const int32_t *likes, const int32_t *entries,
                  const int32_t *order, float *value)
{
	for (int32_t place = 0; place < count; place++)
	{
		int32_t i = order[place];
		int32_t before = place > 0 ? order[place - 1] : i;

		value[i] = place > 0 && likes[i] == likes[before] &&
		                   entries[i] == entries[before]
		               ? value[before]
		               : (float) (count - place);
	}
}
