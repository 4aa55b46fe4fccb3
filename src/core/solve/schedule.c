/*-------------------------------------------------------------------------
 *
 * schedule.c
 *	  The order in which rows are solved, and the chunks threads take.
 *
 * sweep.c makes one for each side when a solver is created.  Rows go longest
 * first, because a long one begun at the end would be waited for; chunks have
 * about the same work, counted as entries plus a third of the factors for every
 * row.  One row is never shared: the longest of MovieLens-20M is 0.3 % of a half
 * sweep.
 *
 * Neither order nor chunks depend on the number of threads, so sums over chunks
 * do not either.  Memory: 4 bytes a row.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/solve/numerics.h"

#define CHUNK_WORK 20000

static int64_t
row_length(const WcCsr *csr, int32_t row)
{
	return csr->start[row + 1] - csr->start[row];
}

/* Count the lengths, then place each row: longest first, ties by index. */
static WcStatus
sort_rows(const WcCsr *csr, int32_t *order, const WcAlloc *alloc)
{
	int32_t longest = 0;
	int32_t place = 0;
	int32_t *at;

	for (int32_t row = 0; row < csr->rows; row++)
	{
		if (row_length(csr, row) > longest)
			longest = (int32_t) row_length(csr, row);
	}
	at = wc_alloc_array(alloc, (size_t) longest + 1, sizeof(int32_t));
	if (at == NULL)
		return WC_NO_MEMORY;
	memset(at, 0, ((size_t) longest + 1) * sizeof(int32_t));
	for (int32_t row = 0; row < csr->rows; row++)
		at[row_length(csr, row)]++;
	for (int32_t length = longest; length >= 0; length--)
	{
		int32_t count = at[length];

		at[length] = place;
		place += count;
	}
	for (int32_t row = 0; row < csr->rows; row++)
		order[at[row_length(csr, row)]++] = row;
	wc_free(alloc, at);
	return WC_OK;
}

/* Cut the order into chunks; start NULL: count them only. */
static int32_t
cut(const WcCsr *csr, int32_t k, const int32_t *order, int32_t *start)
{
	int32_t chunks = 0;
	int64_t work = CHUNK_WORK;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (work >= CHUNK_WORK)
		{
			if (start != NULL)
				start[chunks] = i;
			chunks++;
			work = 0;
		}
		work += row_length(csr, order[i]) + k / 3 + 1;
	}
	if (start != NULL)
		start[chunks] = csr->rows;
	return chunks;
}

WcStatus
wc_schedule_create(const WcCsr *csr, int32_t k, WcSchedule *schedule,
                   const WcAlloc *alloc)
{
	memset(schedule, 0, sizeof(*schedule));
	schedule->rows = csr->rows;
	schedule->order =
	    wc_alloc_array(alloc, (size_t) csr->rows, sizeof(int32_t));
	if (schedule->order == NULL ||
	    sort_rows(csr, schedule->order, alloc) != WC_OK)
	{
		wc_schedule_free(schedule, alloc);
		return WC_NO_MEMORY;
	}
	schedule->n_chunks = cut(csr, k, schedule->order, NULL);
	schedule->start =
	    wc_alloc_array(alloc, (size_t) schedule->n_chunks + 1, sizeof(int32_t));
	if (schedule->start == NULL)
	{
		wc_schedule_free(schedule, alloc);
		return WC_NO_MEMORY;
	}
	cut(csr, k, schedule->order, schedule->start);
	return WC_OK;
}

void
wc_schedule_free(WcSchedule *schedule, const WcAlloc *alloc)
{
	wc_free(alloc, schedule->order);
	wc_free(alloc, schedule->start);
	memset(schedule, 0, sizeof(*schedule));
}
