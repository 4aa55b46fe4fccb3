/*-------------------------------------------------------------------------
 *
 * split.c
 *	  Ratings in three parts: train, validation, test.
 *
 * What is chosen on the validation is flattered by the choice, so a third part
 * is kept for the one that was chosen.  The split is made in memory, over the
 * merged entries: all rows of one pair of user and item are on one side.
 *
 * The part is a byte per entry.  Matrices of some parts are taken out when they
 * are needed, with users and items renumbered to those that are in it, as a
 * training that reads these rows alone would have them.
 *
 * Quantiles of times are found by halving the range of times, a pass over the
 * entries for each bit: nothing is sorted or copied, and an interrupt is
 * noticed in time.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/data/rows.h"
#include "core/ground/internal.h"

WcStatus
wc_split_hash(const WcCsr *by_user, const WcDraw *draw, uint8_t *part,
              const WcHooks *hooks)
{
	double fraction = draw->fraction;
	WcPace pace = wc_pace_start(hooks);

	for (int32_t i = 0; i < by_user->rows; i++)
	{
		for (int64_t e = by_user->start[i]; e < by_user->start[i + 1]; e++)
		{
			double unit =
			    wc_hash_unit(wc_hash_pair(draw->seed, draw->user_hash[i],
			                              draw->item_hash[by_user->col[e]]));

			if (wc_pace(&pace, 8))
				return WC_CANCELLED;
			part[e] = unit < fraction       ? WC_PART_TEST
			          : unit < 2 * fraction ? WC_PART_VALIDATION
			                                : WC_PART_TRAIN;
		}
	}
	return WC_OK;
}

/* Whether entry a of user i is later than b. */
static bool
is_later(const WcCsr *by_user, const int64_t *time, const WcDraw *draw,
         int32_t user, int64_t a, int64_t b)
{
	const uint64_t *item_hash = draw->item_hash;
	uint64_t left;
	uint64_t right;

	if (time[a] != time[b])
		return time[a] > time[b];
	left = wc_hash_pair(draw->seed, draw->user_hash[user],
	                    item_hash[by_user->col[a]]);
	right = wc_hash_pair(draw->seed, draw->user_hash[user],
	                     item_hash[by_user->col[b]]);
	return left != right ? left > right : a > b;
}

WcStatus
wc_split_leave_last(const WcCsr *by_user, const int64_t *time,
                    const WcDraw *draw, uint8_t *part, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	for (int32_t i = 0; i < by_user->rows; i++)
	{
		int64_t start = by_user->start[i];
		int64_t end = by_user->start[i + 1];
		int64_t last = -1;
		int64_t before = -1;

		for (int64_t e = start; e < end; e++)
		{
			if (wc_pace(&pace, 8))
				return WC_CANCELLED;
			part[e] = WC_PART_TRAIN;
			if (last < 0 || is_later(by_user, time, draw, i, e, last))
			{
				before = last;
				last = e;
			}
			else if (before < 0 || is_later(by_user, time, draw, i, e, before))
				before = e;
		}
		if (end - start < 3)
			continue;
		part[last] = WC_PART_TEST;
		part[before] = WC_PART_VALIDATION;
	}
	return WC_OK;
}

/* Half of low + high, rounded down, for all pairs. */
static inline int64_t
middle_of(int64_t low, int64_t high)
{
	return (low & high) + ((low ^ high) >> 1);
}

/* The least time that share of all entries are not after. */
static WcStatus
find_quantile(int64_t count, const int64_t *time, double share, int64_t *result,
              WcPace *pace)
{
	double wanted = ceil(share * (double) count);
	int64_t low = INT64_MAX;
	int64_t high = INT64_MIN;

	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		low = time[e] < low ? time[e] : low;
		high = time[e] > high ? time[e] : high;
	}
	while (low < high)
	{
		int64_t middle = middle_of(low, high);
		int64_t n = 0;

		for (int64_t e = 0; e < count; e++)
		{
			if (wc_pace(pace, 1))
				return WC_CANCELLED;
			n += time[e] <= middle;
		}
		if ((double) n >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	*result = low;
	return WC_OK;
}

WcStatus
wc_split_last(const WcCsr *by_user, const int64_t *time, double fraction,
              uint8_t *part, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	int64_t train_end = 0;
	int64_t validation_end = 0;
	WcStatus status =
	    find_quantile(by_user->nnz, time, 1 - 2 * fraction, &train_end, &pace);

	if (status == WC_OK)
		status = find_quantile(by_user->nnz, time, 1 - fraction,
		                       &validation_end, &pace);
	for (int64_t e = 0; status == WC_OK && e < by_user->nnz; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		part[e] = time[e] > validation_end ? WC_PART_TEST
		          : time[e] > train_end    ? WC_PART_VALIDATION
		                                   : WC_PART_TRAIN;
	}
	return status;
}

/* Entries to take: counted into the starts of the rows, copied if there is room. */
static bool
take_rows(const WcCsr *csr, const uint8_t *part, int parts,
          const int32_t *user_map, const int32_t *item_map, WcCsr *result,
          WcPace *pace)
{
	bool copy = result->col != NULL;
	int64_t n = 0;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (wc_pace(pace, 1))
			return false;
		if (user_map[i] < 0)
			continue;
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			int32_t item = item_map[csr->col[e]];

			if (wc_pace(pace, 1))
				return false;
			if ((part[e] & parts) == 0 || item < 0)
				continue;
			if (copy)
			{
				result->col[n] = item;
				if (result->value != NULL)
					result->value[n] = csr->value[e];
				if (result->weight != NULL)
					result->weight[n] = csr->weight[e];
				if (result->share != NULL)
					result->share[n] = csr->share[e];
			}
			n++;
		}
		result->start[user_map[i] + 1] = n;
	}
	result->nnz = n;
	return true;
}

WcStatus
wc_split_take(const WcCsr *csr, const uint8_t *part, int parts,
              const int32_t *user_map, int32_t users, const int32_t *item_map,
              int32_t items, WcCsr *result, const WcAlloc *alloc,
              const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	WcCsr taken = {.rows = users, .cols = items};
	WcStatus status = WC_NO_MEMORY;

	taken.start = wc_alloc_array(alloc, (size_t) users + 1, sizeof(int64_t));
	if (taken.start == NULL)
		return WC_NO_MEMORY;
	taken.start[0] = 0;
	if (!take_rows(csr, part, parts, user_map, item_map, &taken, &pace))
	{
		wc_csr_free(&taken, alloc);
		return WC_CANCELLED;
	}
	taken.col = wc_alloc_array(alloc, (size_t) taken.nnz, sizeof(int32_t));
	if (csr->value != NULL)
		taken.value = wc_alloc_array(alloc, (size_t) taken.nnz, sizeof(float));
	if (csr->weight != NULL)
		taken.weight = wc_alloc_array(alloc, (size_t) taken.nnz, sizeof(float));
	if (csr->share != NULL)
		taken.share = wc_alloc_array(alloc, (size_t) taken.nnz, sizeof(float));
	if (taken.col != NULL && (csr->value == NULL || taken.value != NULL) &&
	    (csr->weight == NULL || taken.weight != NULL) &&
	    (csr->share == NULL || taken.share != NULL))
		status = take_rows(csr, part, parts, user_map, item_map, &taken, &pace)
		             ? WC_OK
		             : WC_CANCELLED;
	if (status != WC_OK)
	{
		wc_csr_free(&taken, alloc);
		return status;
	}
	*result = taken;
	return WC_OK;
}

WcStatus
wc_split_times(const WcCsr *by_user, int64_t count, const int32_t *user,
               const int32_t *item, const int64_t *time, int64_t *result,
               const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	for (int64_t e = 0; e < by_user->nnz; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		result[e] = INT64_MIN;
	}
	for (int64_t t = 0; t < count; t++)
	{
		int64_t low = by_user->start[user[t]];
		int64_t end = by_user->start[user[t] + 1];
		int64_t high = end;

		if (wc_pace(&pace, 16))
			return WC_CANCELLED;
		while (low < high)
		{
			int64_t middle = low + (high - low) / 2;

			if (by_user->col[middle] < item[t])
				low = middle + 1;
			else
				high = middle;
		}
		/* a cell whose value came to 0 is no entry */
		if (low < end && by_user->col[low] == item[t] && time[t] > result[low])
			result[low] = time[t];
	}
	return WC_OK;
}
