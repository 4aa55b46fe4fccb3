/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  Merge the ratings of the same user and item into one entry.
 *
 * wc_csr_from_coo hands over rows sorted by item, duplicates side by side.
 * Floating-point sums depend on their order, so the numbers of a cell are sorted
 * by size before they are added up in double: the result is a function of the
 * set of input rows.
 *
 * Each row fades once, since the latest of its cell; that one fades later, when
 * it is known which cells count (wc_csr_fade).  Rows that have not faded, or
 * whose weights are all the same, give exactly what rows without weights do.
 *
 * Rows are compacted in place.  Only counting rows without values takes memory,
 * the values they did not have, and so do means of rows that fade.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/data/rows.h"
#include "core/ground/internal.h"

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
find_last(const WcCsr *csr, int64_t first, int64_t end, int64_t *last,
          WcPace *pace)
{
	const int64_t *time = csr->time;
	const float *value = csr->value;
	const float *weight = csr->weight;
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
	WcCsr *csr;
	WcMerging how;
	bool counting; /* there was no value: it is the number of rows */
	const WcAlloc *alloc;
	WcPace *pace;
} Merge;

/* What an entry becomes. */
typedef struct Cell
{
	double value;
	double weight;
	int64_t time;
} Cell;

/* The entries of a cell, two or more; without an array each is 1. */
typedef struct Rows
{
	int64_t count;
	float *value; /* or NULL */
	float *u; /* weights, with what is left of them; or NULL */
	bool alike; /* all u are the same */
	double largest; /* u */
} Rows;

/* Open the entries [first, end), which have faded since the latest of them. */
static bool
open_rows(Merge *merge, int64_t first, int64_t end, int64_t latest, Rows *rows)
{
	const WcCsr *csr = merge->csr;
	double half_life = merge->how.half_life;

	rows->count = end - first;
	rows->value =
	    merge->counting || csr->value == NULL ? NULL : csr->value + first;
	rows->u = csr->weight == NULL ? NULL : csr->weight + first;
	rows->alike = true;
	rows->largest = 1.0;
	if (rows->u == NULL)
		return true;
	for (int64_t e = 0; e < rows->count; e++)
	{
		if (wc_pace(merge->pace, 8))
			return false;
		if (half_life > 0)
			rows->u[e] *= wc_share(half_life, latest, csr->time[first + e]);
		rows->alike = rows->alike && rows->u[e] == rows->u[0];
	}
	return max_floats(rows->u, rows->count, &rows->largest, merge->pace);
}

/*
 * The mean of the values with weights u, both of which are used up: the smallest
 * value and the mean distance from it, so that the mean of equal values is that
 * value.
 */
static bool
mean_value(Merge *merge, Rows *rows, double *mean)
{
	double base = INFINITY;
	double products;
	double sum;

	for (int64_t e = 0; e < rows->count; e++)
	{
		if (wc_pace(merge->pace, 1))
			return false;
		base = fmin(base, rows->value[e]);
	}
	for (int64_t e = 0; e < rows->count; e++)
	{
		/* of twice the largest, so that no product overflows */
		double part = rows->u[e] / rows->largest / 2;

		if (wc_pace(merge->pace, 1))
			return false;
		rows->u[e] = (float) part;
		rows->value[e] = (float) (part * (rows->value[e] - base));
	}
	if (!sum_floats(rows->value, rows->count, &products, merge->pace) ||
	    !sum_floats(rows->u, rows->count, &sum, merge->pace))
		return false;
	*mean = base + products / sum;
	return true;
}

/* The sum of the values, and the mean of u with weights |value|. */
static bool
sum_values(Merge *merge, Rows *rows, Cell *cell)
{
	double largest = 0;
	double products;
	double sum = 0;

	cell->value = (double) rows->count;
	if (rows->value == NULL)
	{
		if (rows->alike || !merge->how.by_value)
			return true;
		if (!sum_floats(rows->u, rows->count, &products, merge->pace))
			return false;
		cell->weight = products / (double) rows->count;
		return true;
	}
	for (int64_t e = 0; e < rows->count; e++)
	{
		if (wc_pace(merge->pace, 1))
			return false;
		largest = fmax(largest, fabsf(rows->value[e]));
	}
	if (rows->alike || !merge->how.by_value || largest == 0)
		return sum_floats(rows->value, rows->count, &cell->value, merge->pace);
	for (int64_t e = 0; e < rows->count; e++)
	{
		if (wc_pace(merge->pace, 1))
			return false;
		rows->u[e] *= (float) (fabsf(rows->value[e]) / largest);
	}
	if (!sum_floats(rows->u, rows->count, &products, merge->pace) ||
	    !sum_floats(rows->value, rows->count, &cell->value, merge->pace))
		return false;
	/* in the order of the sorted values, which is that of the set */
	for (int64_t e = 0; e < rows->count; e++)
	{
		if (wc_pace(merge->pace, 1))
			return false;
		sum += fabsf(rows->value[e]) / largest;
	}
	cell->weight = products / sum;
	return true;
}

/* A cell from its entries [first, end), two or more, which are used up. */
static bool
merge_cell(Merge *merge, int64_t first, int64_t end, Cell *cell)
{
	const WcCsr *csr = merge->csr;
	Rows rows;
	int64_t last = first;

	if (csr->time != NULL && !find_last(csr, first, end, &last, merge->pace))
		return false;
	cell->time = csr->time != NULL ? csr->time[last] : 0;
	if (merge->how.duplicates == WC_DUP_LAST)
	{
		cell->value = csr->value != NULL ? csr->value[last] : 1.0;
		cell->weight = csr->weight != NULL ? csr->weight[last] : 1.0;
		return true;
	}
	if (!open_rows(merge, first, end, cell->time, &rows))
		return false;
	cell->value = 1.0;
	cell->weight = rows.largest;
	if (merge->how.duplicates == WC_DUP_SUM)
		return sum_values(merge, &rows, cell);
	if (rows.value == NULL)
		return true;
	if (merge->how.duplicates == WC_DUP_MAX)
		return max_floats(rows.value, rows.count, &cell->value, merge->pace);
	WC_ASSERT(merge->how.duplicates == WC_DUP_AVG);
	if (!rows.alike)
		return mean_value(merge, &rows, &cell->value);
	if (!sum_floats(rows.value, rows.count, &cell->value, merge->pace))
		return false;
	cell->value /= (double) rows.count;
	return true;
}

/* An array of nnz numbers, the first of which are 1 so far. */
static WcStatus
create_ones(Merge *merge, int64_t filled, float **result)
{
	*result =
	    wc_alloc_array(merge->alloc, (size_t) merge->csr->nnz, sizeof(float));
	if (*result == NULL)
		return WC_NO_MEMORY;
	for (int64_t e = 0; e < filled; e++)
	{
		if (wc_pace(merge->pace, 1))
			return WC_CANCELLED;
		(*result)[e] = 1.0f;
	}
	return WC_OK;
}

/*
 * Whether rows fade by different parts, and that decides about the merged ones:
 * about a mean, but not about the largest weight, which then is that of the
 * latest row.
 */
static bool
needs_weights(const Merge *merge)
{
	return merge->how.half_life > 0 && merge->csr->weight == NULL &&
	       ((merge->how.duplicates == WC_DUP_SUM && merge->how.by_value) ||
	        merge->how.duplicates == WC_DUP_AVG);
}

WcStatus
wc_merge_rows(WcCsr *csr, WcMerging how, int64_t *n_merged, int64_t *n_zero,
              const WcAlloc *alloc, WcPace *pace, WcError *error)
{
	Merge merging = {csr, how, false, alloc, pace};
	Merge *merge = &merging;
	int64_t filled = 0;
	int64_t begin = 0;

	WC_ASSERT(csr->time != NULL ||
	          (how.half_life == 0 && how.duplicates != WC_DUP_LAST));
	if (needs_weights(merge))
	{
		WcStatus status = create_ones(merge, csr->nnz, &csr->weight);

		if (status != WC_OK)
			return status;
	}
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
			Cell cell;

			for (next = e + 1; next < end && csr->col[next] == col; next++)
			{
				if (wc_pace(merge->pace, 1))
					return WC_CANCELLED;
			}
			if (wc_pace(merge->pace, 1))
				return WC_CANCELLED;
			if (next - e == 1)
			{
				cell.value =
				    csr->value == NULL || merge->counting ? 1.0 : csr->value[e];
				cell.weight = csr->weight == NULL ? 1.0 : csr->weight[e];
				cell.time = csr->time == NULL ? 0 : csr->time[e];
			}
			else
			{
				if (how.duplicates == WC_DUP_ERROR)
					return wc_fail(error, WC_DUPLICATE, WC_USERS, i, col,
					               "%lld rows have the same user and item.",
					               (long long) (next - e));
				if (how.duplicates == WC_DUP_SUM && csr->value == NULL)
				{
					WcStatus status = create_ones(merge, filled, &csr->value);

					if (status != WC_OK)
						return status;
					merge->counting = true;
				}
				if (!merge_cell(merge, e, next, &cell))
					return WC_CANCELLED;
				*n_merged += next - e - 1;

				/* Adding 0 makes one zero of the two there are. */
				cell.value = (float) cell.value + 0.0f;
				cell.weight = (float) cell.weight + 0.0f;
				if (!isfinite(cell.value) || !isfinite(cell.weight))
					return wc_fail(error, WC_NOT_FINITE, WC_USERS, i, col,
					               "The %s of %lld rows of the same user and "
					               "item is out of range.",
					               isfinite(cell.value) ? "weight" : "value",
					               (long long) (next - e));
			}
			if (how.drop_zero && cell.value == 0.0)
			{
				(*n_zero)++;
				continue;
			}
			csr->col[filled] = col;
			if (csr->value != NULL)
				csr->value[filled] = (float) cell.value;
			if (csr->weight != NULL)
				csr->weight[filled] = (float) cell.weight;
			if (csr->time != NULL)
				csr->time[filled] = cell.time;
			filled++;
		}
		begin = end;
	}
	csr->start[csr->rows] = filled;
	csr->nnz = filled;
	return WC_OK;
}
