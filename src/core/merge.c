/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  Merge the ratings of the same user and item into one entry.
 *
 * wc_csr_from_coo hands over rows sorted by item, duplicates side by side.
 * Floating-point sums depend on their order, so the values of a cell, and its
 * weights, are sorted by size before they are added up in double: the result is
 * a function of the set of input rows.
 *
 * Rows are compacted in place.  Only counting rows without values takes memory:
 * the values they did not have.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/internal.h"

#define INSERTION_SORT_MAX 16

static void
sift_down(float *heap, int64_t root, int64_t count)
{
	float moving = heap[root];

	for (;;)
	{
		int64_t child = 2 * root + 1;

		if (child >= count)
			break;
		if (child + 1 < count && heap[child + 1] > heap[child])
			child++;
		if (!(heap[child] > moving))
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = moving;
}

/*
 * Ascending, in place: a cell may be rated a million times, and there is no
 * second array to sort it into.  False: cancelled.
 */
static bool
sort_floats(float *number, int64_t count, WcPace *pace)
{
	if (count <= INSERTION_SORT_MAX)
	{
		for (int64_t e = 1; e < count; e++)
		{
			float moving = number[e];
			int64_t place = e;

			for (; place > 0 && number[place - 1] > moving; place--)
				number[place] = number[place - 1];
			number[place] = moving;
		}
		return !wc_pace(pace, count);
	}
	for (int64_t root = count / 2 - 1; root >= 0; root--)
	{
		if (wc_pace(pace, 1))
			return false;
		sift_down(number, root, count);
	}
	for (int64_t last = count - 1; last > 0; last--)
	{
		float largest = number[0];

		if (wc_pace(pace, 8))
			return false;
		number[0] = number[last];
		number[last] = largest;
		sift_down(number, 0, last);
	}
	return true;
}

/* Sum in double, the same for any order of the numbers, which get sorted. */
static bool
sum_floats(float *number, int64_t count, double *sum, WcPace *pace)
{
	if (!sort_floats(number, count, pace))
		return false;
	*sum = 0.0;
	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(pace, 1))
			return false;
		*sum += number[e];
	}
	return true;
}

static bool
max_floats(const float *number, int64_t count, double *max, WcPace *pace)
{
	*max = number[0];
	for (int64_t e = 1; e < count; e++)
	{
		if (wc_pace(pace, 1))
			return false;
		if (number[e] > *max)
			*max = number[e];
	}
	return true;
}

/* Entry with the latest time; ties: larger value, then larger weight. */
static bool
find_last(const WcTimedCsr *timed, int64_t first, int64_t end, int64_t *last,
          WcPace *pace)
{
	const int64_t *time = timed->time;
	const float *value = timed->csr.value;
	const float *weight = timed->csr.weight;
	int64_t best = first;

	for (int64_t e = first + 1; e < end; e++)
	{
		bool later = time[e] > time[best];

		if (wc_pace(pace, 1))
			return false;
		if (time[e] == time[best])
		{
			if (value != NULL && value[e] != value[best])
				later = value[e] > value[best];
			else
				later = weight != NULL && weight[e] > weight[best];
		}
		if (later)
			best = e;
	}
	*last = best;
	return true;
}

/* The merging of one matrix. */
typedef struct Merge
{
	WcTimedCsr *timed;
	WcDuplicates duplicates;
	bool counting; /* there was no value: it is the number of rows */
	const WcAlloc *alloc;
	WcPace *pace;
} Merge;

/*
 * Value and weight of a cell from its entries [first, end), two or more.
 * Without an array, the value or weight of each entry is 1.
 */
static bool
merge_cell(Merge *merge, int64_t first, int64_t end, double *value,
           double *weight)
{
	WcCsr *csr = &merge->timed->csr;
	int64_t count = end - first;
	float *values = merge->counting ? NULL : csr->value;
	float *weights = csr->weight;
	int64_t last;

	*value = 1.0;
	*weight = 1.0;
	switch (merge->duplicates)
	{
		case WC_DUP_SUM:
		case WC_DUP_AVG:
			if (merge->duplicates == WC_DUP_SUM)
				*value = (double) count;
			if (values != NULL &&
			    !sum_floats(values + first, count, value, merge->pace))
				return false;
			if (weights != NULL &&
			    !sum_floats(weights + first, count, weight, merge->pace))
				return false;
			if (merge->duplicates == WC_DUP_AVG)
			{
				*value = values != NULL ? *value / (double) count : 1.0;
				*weight = weights != NULL ? *weight / (double) count : 1.0;
			}
			break;
		case WC_DUP_MAX:
			if (values != NULL &&
			    !max_floats(values + first, count, value, merge->pace))
				return false;
			if (weights != NULL &&
			    !max_floats(weights + first, count, weight, merge->pace))
				return false;
			break;
		case WC_DUP_LAST:
			if (!find_last(merge->timed, first, end, &last, merge->pace))
				return false;
			if (values != NULL)
				*value = values[last];
			if (weights != NULL)
				*weight = weights[last];
			break;
		case WC_DUP_ERROR:
			WC_ASSERT(false);
			break;
	}
	return true;
}

/* The value array a sum of rows without values needs, 1 so far. */
static WcStatus
create_values(Merge *merge, int64_t filled)
{
	WcCsr *csr = &merge->timed->csr;

	csr->value = wc_alloc_array(merge->alloc, (size_t) csr->nnz, sizeof(float));
	if (csr->value == NULL)
		return WC_NO_MEMORY;
	merge->counting = true;
	for (int64_t e = 0; e < filled; e++)
	{
		if (wc_pace(merge->pace, 1))
			return WC_CANCELLED;
		csr->value[e] = 1.0f;
	}
	return WC_OK;
}

WcStatus
wc_merge_rows(WcTimedCsr *timed, WcDuplicates duplicates, bool drop_zero,
              int64_t *n_merged, int64_t *n_zero, const WcAlloc *alloc,
              WcPace *pace, WcError *error)
{
	Merge merging = {timed, duplicates, false, alloc, pace};
	Merge *merge = &merging;
	WcCsr *csr = &timed->csr;
	int64_t filled = 0;
	int64_t begin = 0;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		int64_t end = csr->start[i + 1];
		int64_t next;

		if (wc_pace(merge->pace, 1))
			return WC_CANCELLED;
		csr->start[i] = filled;
		for (int64_t e = begin; e < end; e = next)
		{
			int32_t col = csr->col[e];
			double value;
			double weight;

			for (next = e + 1; next < end && csr->col[next] == col; next++)
			{
				if (wc_pace(merge->pace, 1))
					return WC_CANCELLED;
			}
			if (wc_pace(merge->pace, 1))
				return WC_CANCELLED;
			if (next - e == 1)
			{
				value =
				    csr->value == NULL || merge->counting ? 1.0 : csr->value[e];
				weight = csr->weight == NULL ? 1.0 : csr->weight[e];
			}
			else
			{
				if (merge->duplicates == WC_DUP_ERROR)
					return wc_fail(error, WC_DUPLICATE, WC_USERS, i, col,
					               "%lld rows have the same user and item.",
					               (long long) (next - e));
				if (merge->duplicates == WC_DUP_SUM && csr->value == NULL)
				{
					WcStatus status = create_values(merge, filled);

					if (status != WC_OK)
						return status;
				}
				if (!merge_cell(merge, e, next, &value, &weight))
					return WC_CANCELLED;
				*n_merged += next - e - 1;

				/* Adding 0 makes one zero of the two there are. */
				value = (float) value + 0.0f;
				weight = (float) weight + 0.0f;
				if (!isfinite(value) || !isfinite(weight))
					return wc_fail(error, WC_NOT_FINITE, WC_USERS, i, col,
					               "The %s of %lld rows of the same user and "
					               "item is out of range.",
					               isfinite(value) ? "weight" : "value",
					               (long long) (next - e));
			}
			if (drop_zero && value == 0.0)
			{
				(*n_zero)++;
				continue;
			}
			csr->col[filled] = col;
			if (csr->value != NULL)
				csr->value[filled] = (float) value;
			if (csr->weight != NULL)
				csr->weight[filled] = (float) weight;
			filled++;
		}
		begin = end;
	}
	csr->start[csr->rows] = filled;
	csr->nnz = filled;
	return WC_OK;
}
