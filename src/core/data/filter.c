/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Leave out users and items with too few entries.
 *
 * Both thresholds look at the matrix as it came, once: repeating until nothing
 * changes would peel off far more than the two numbers say.  Only rows and
 * columns that lost their last entry with a partner go as well, because a
 * model can say nothing about them.
 *
 * The matrix is compacted in place.  Memory: a count per row and column.
 *
 *-------------------------------------------------------------------------
 */
#include "core/data/rows.h"
#include "core/ground/internal.h"

/* keep[i] = count[i] >= min. */
static WcStatus
keep_frequent(int32_t rows, const int32_t *count, int32_t min, bool *keep,
              WcPace *pace)
{
	for (int32_t i = 0; i < rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		keep[i] = count[i] >= min;
	}
	return WC_OK;
}

/*
 * user_count and item_count: the entries of each row and column, of the kept
 * rows and columns only when keep_user and keep_item are not NULL.
 */
static WcStatus
count_entries(const WcCsr *csr, const bool *keep_user, const bool *keep_item,
              int32_t *user_count, int32_t *item_count, WcPace *pace)
{
	for (int32_t j = 0; j < csr->cols; j++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		item_count[j] = 0;
	}
	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		user_count[i] = 0;
		if (keep_user != NULL && !keep_user[i])
			continue;
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			if (wc_pace(pace, 1))
				return WC_CANCELLED;
			if (keep_item != NULL && !keep_item[csr->col[e]])
				continue;
			user_count[i]++;
			item_count[csr->col[e]]++;
		}
	}
	return WC_OK;
}

static inline void
move_entry(WcCsr *csr, int64_t from, int64_t to, int32_t col)
{
	csr->col[to] = col;
	if (csr->value != NULL)
		csr->value[to] = csr->value[from];
	if (csr->weight != NULL)
		csr->weight[to] = csr->weight[from];
	if (csr->time != NULL)
		csr->time[to] = csr->time[from];
}

/* Move what is kept to the front; item_number is the new number of an item. */
static WcStatus
compact(WcCsr *csr, const bool *keep_user, const bool *keep_item,
        const int32_t *item_number, WcPace *pace)
{
	int64_t filled = 0;
	int64_t begin = 0;
	int32_t rows = 0;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		int64_t end = csr->start[i + 1];

		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (keep_user[i])
		{
			csr->start[rows++] = filled;
			for (int64_t e = begin; e < end; e++)
			{
				if (wc_pace(pace, 1))
					return WC_CANCELLED;
				if (!keep_item[csr->col[e]])
					continue;
				move_entry(csr, e, filled++, item_number[csr->col[e]]);
			}
		}
		begin = end;
	}
	csr->start[rows] = filled;
	csr->rows = rows;
	csr->nnz = filled;
	return WC_OK;
}

/* counts has room for those of the users, and of the items behind them. */
static WcStatus
filter(WcCsr *csr, int32_t min_user_rows, int32_t min_item_rows,
       bool *keep_user, bool *keep_item, int32_t *counts, WcPace *pace)
{
	int32_t *user_count = counts;
	int32_t *item_count = counts + csr->rows;
	int32_t cols = 0;
	WcStatus status;

	status = count_entries(csr, NULL, NULL, user_count, item_count, pace);
	if (status == WC_OK)
		status = keep_frequent(csr->rows, user_count, min_user_rows, keep_user,
		                       pace);
	if (status == WC_OK)
		status = keep_frequent(csr->cols, item_count, min_item_rows, keep_item,
		                       pace);

	/* Rows and columns whose last entry went with its partner go too. */
	if (status == WC_OK)
		status = count_entries(csr, keep_user, keep_item, user_count,
		                       item_count, pace);
	if (status == WC_OK)
		status = keep_frequent(csr->rows, user_count, 1, keep_user, pace);
	if (status == WC_OK)
		status = keep_frequent(csr->cols, item_count, 1, keep_item, pace);
	if (status != WC_OK)
		return status;

	for (int32_t j = 0; j < csr->cols; j++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		item_count[j] = cols;
		if (keep_item[j])
			cols++;
	}
	status = compact(csr, keep_user, keep_item, item_count, pace);
	csr->cols = cols;
	return status;
}

WcStatus
wc_csr_keep_cells(WcCsr *csr, const WcCsr *cells, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	int64_t filled = 0;
	int64_t begin = 0;

	WC_ASSERT(csr->rows == cells->rows && csr->share == NULL);
	for (int32_t i = 0; i < csr->rows; i++)
	{
		int64_t end = csr->start[i + 1];
		int64_t cell = cells->start[i];

		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		csr->start[i] = filled;
		for (int64_t e = begin; e < end && cell < cells->start[i + 1]; e++)
		{
			if (wc_pace(&pace, 1))
				return WC_CANCELLED;
			if (csr->col[e] != cells->col[cell])
				continue;
			cell++;
			move_entry(csr, e, filled++, csr->col[e]);
		}
		begin = end;
	}
	csr->start[csr->rows] = filled;
	csr->nnz = filled;
	return WC_OK;
}

/* A cancelled matrix may be half compacted: it is released. */
WcStatus
wc_csr_filter(WcCsr *csr, int32_t min_user_rows, int32_t min_item_rows,
              bool *keep_user, bool *keep_item, const WcAlloc *alloc,
              const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	int32_t *counts = wc_alloc_array(
	    alloc, (size_t) csr->rows + (size_t) csr->cols, sizeof(int32_t));
	int64_t nnz = csr->nnz;
	WcStatus status = WC_NO_MEMORY;

	WC_ASSERT(wc_csr_check(csr));
	if (counts != NULL)
		status = filter(csr, min_user_rows, min_item_rows, keep_user, keep_item,
		                counts, &pace);
	wc_free(alloc, counts);
	if (status == WC_CANCELLED)
		wc_csr_free(csr, alloc);
	else if (status == WC_OK && csr->nnz < nnz)
		wc_csr_shrink(csr, alloc);
	WC_ASSERT(status != WC_OK || wc_csr_check(csr));
	return status;
}
