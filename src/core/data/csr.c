/*-------------------------------------------------------------------------
 *
 * csr.c
 *	  Sort triplets into rows, and transpose them.
 *
 * Triplets are placed by user with a counting sort; input that arrives sorted
 * by user, as a clustered table does, is left as it is.  Each row is then
 * sorted by item while it is in the processor's cache, by radix, and rows that
 * ascend already are left alone.  All of it is linear in the entries.
 *
 * Writing to a hundred thousand places in turn misses every cache and the table
 * of pages besides, so nothing here writes to more than about a thousand: the
 * triplets are first placed by ranges of users, and a matrix is transposed one
 * range of columns after the other.
 *
 * Duplicates are neighbours then, and merge.c makes one entry of them.
 *
 * Memory: each array of the triplets is placed into a new array and released
 * before the next one, so at most one array exists twice.  Sorting a row takes
 * 16 bytes per entry of the longest one.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/data/rows.h"
#include "core/ground/internal.h"

void
wc_csr_free(WcCsr *csr, const WcAlloc *alloc)
{
	wc_free(alloc, csr->start);
	wc_free(alloc, csr->col);
	wc_free(alloc, csr->value);
	wc_free(alloc, csr->weight);
	wc_free(alloc, csr->time);
	wc_free(alloc, csr->share);
	memset(csr, 0, sizeof(*csr));
}

bool
wc_csr_check(const WcCsr *csr)
{
	if (csr->rows < 0 || csr->cols < 0 || csr->nnz < 0 || csr->start == NULL ||
	    csr->col == NULL || csr->start[0] != 0)
		return false;
	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (csr->start[i + 1] < csr->start[i] || csr->start[i + 1] > csr->nnz)
			return false;
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			if (csr->col[e] < 0 || csr->col[e] >= csr->cols ||
			    (e > csr->start[i] && csr->col[e] <= csr->col[e - 1]))
				return false;
		}
	}
	return csr->start[csr->rows] == csr->nnz;
}

/* *start: rows + 1 offsets of the entries with each key. */
static WcStatus
count_keys(int64_t count, const int32_t *key, int32_t rows, int64_t **start,
           const WcAlloc *alloc, WcPace *pace)
{
	int64_t *offset;

	offset = wc_alloc_array(alloc, (size_t) rows + 1, sizeof(int64_t));
	if (offset == NULL)
		return WC_NO_MEMORY;
	*start = offset;
	for (int64_t i = 0; i <= rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		offset[i] = 0;
	}
	for (int64_t e = 0; e < count; e++)
	{
		WC_ASSERT(key[e] >= 0 && key[e] < rows);
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		offset[(int64_t) key[e] + 1]++;
	}
	for (int64_t i = 0; i < rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		offset[i + 1] += offset[i];
	}
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * Transposing
 * ------------------------------------------------------------------------ */

/* Places written to in turn, at most. */
#define STREAMS 1024

/* Ranges a transpose is cut into, and entries of a row and range it is for. */
#define RANGES_MAX 64
#define RANGE_ENTRIES 4

/* A transpose in progress. */
typedef struct Transpose
{
	const WcCsr *from;
	WcCsr *to;
	int64_t *done; /* where each row of from goes on */
	int64_t *next; /* where each row of to goes on */
	WcPace *pace;
} Transpose;

/* Place the entries in columns up to, but not including, end. */
static WcStatus
transpose_range(Transpose *transpose, int64_t end)
{
	const WcCsr *from = transpose->from;
	WcCsr *to = transpose->to;

	for (int32_t i = 0; i < from->rows; i++)
	{
		int64_t last = from->start[i + 1];
		int64_t e = transpose->done[i];

		if (wc_pace(transpose->pace, 1))
			return WC_CANCELLED;
		for (; e < last && from->col[e] < end; e++)
		{
			int64_t place = transpose->next[from->col[e]]++;

			if (wc_pace(transpose->pace, 1))
				return WC_CANCELLED;
			to->col[place] = i;
			if (to->value != NULL)
				to->value[place] = from->value[e];
			if (to->weight != NULL)
				to->weight[place] = from->weight[e];
		}
		transpose->done[i] = e;
	}
	return WC_OK;
}

static WcStatus
allocate_entries(const WcCsr *from, WcCsr *to, const WcAlloc *alloc)
{
	size_t nnz = (size_t) from->nnz;

	to->col = wc_alloc_array(alloc, nnz, sizeof(int32_t));
	if (to->col == NULL)
		return WC_NO_MEMORY;
	if (from->value != NULL)
	{
		to->value = wc_alloc_array(alloc, nnz, sizeof(float));
		if (to->value == NULL)
			return WC_NO_MEMORY;
	}
	if (from->weight != NULL)
	{
		to->weight = wc_alloc_array(alloc, nnz, sizeof(float));
		if (to->weight == NULL)
			return WC_NO_MEMORY;
	}
	return WC_OK;
}

/* Columns per range: few streams, but not too little of each row at a time. */
static int64_t
range_width(const WcCsr *csr)
{
	int64_t ranges = csr->nnz / RANGE_ENTRIES / (csr->rows > 0 ? csr->rows : 1);

	if (ranges > RANGES_MAX)
		ranges = RANGES_MAX;
	if (ranges > csr->cols / STREAMS)
		ranges = csr->cols / STREAMS;
	return csr->cols / (ranges + 1) + 1;
}

static WcStatus
transpose_entries(const WcCsr *from, WcCsr *to, const WcAlloc *alloc,
                  WcPace *pace)
{
	Transpose transpose = {from, to, NULL, NULL, pace};
	int64_t width = range_width(from);
	WcStatus status;

	status = allocate_entries(from, to, alloc);
	transpose.done =
	    wc_alloc_array(alloc, (size_t) from->rows, sizeof(int64_t));
	transpose.next = wc_alloc_array(alloc, (size_t) to->rows, sizeof(int64_t));
	if (transpose.done == NULL || transpose.next == NULL)
		status = WC_NO_MEMORY;
	if (status == WC_OK && from->rows > 0)
		memcpy(transpose.done, from->start,
		       (size_t) from->rows * sizeof(int64_t));
	if (status == WC_OK && to->rows > 0)
		memcpy(transpose.next, to->start, (size_t) to->rows * sizeof(int64_t));
	for (int64_t end = width; status == WC_OK && end - width < from->cols;
	     end += width)
		status = transpose_range(&transpose, end);
	wc_free(alloc, transpose.done);
	wc_free(alloc, transpose.next);
	return status;
}

WcStatus
wc_csr_transpose(const WcCsr *csr, WcCsr *result, const WcAlloc *alloc,
                 const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	WcStatus status;

	WC_ASSERT(wc_csr_check(csr));
	memset(result, 0, sizeof(*result));
	result->rows = csr->cols;
	result->cols = csr->rows;
	result->nnz = csr->nnz;
	status =
	    count_keys(csr->nnz, csr->col, csr->cols, &result->start, alloc, &pace);
	if (status == WC_OK)
		status = transpose_entries(csr, result, alloc, &pace);
	if (status != WC_OK)
		wc_csr_free(result, alloc);
	WC_ASSERT(status != WC_OK || wc_csr_check(result));
	return status;
}

/* ------------------------------------------------------------------------
 * Sorting triplets by user
 * ------------------------------------------------------------------------ */

/* Elements moved between two looks at the pace. */
#define BLOCK 4096

/* A counting sort by ranges of 2^shift users each. */
typedef struct Placing
{
	int64_t count;
	const int32_t *user;
	int32_t users;
	const int64_t *start; /* users + 1 */
	int shift;
	int64_t *next; /* where each range goes on */
	const WcAlloc *alloc;
	WcPace *pace;
} Placing;

/*
 * to[...] = from, count elements of width bytes (4 or 8), placed by range.
 * Moved as bytes: int32 and float differ in nothing here.
 */
static WcStatus
place(const Placing *placing, size_t width, const void *from, void *to)
{
	const int32_t *user = placing->user;
	const char *source = from;
	char *target = to;
	int64_t *next = placing->next;
	int shift = placing->shift;
	int64_t end;

	for (int64_t i = 0; i < placing->users; i += INT64_C(1) << shift)
		next[i >> shift] = placing->start[i];
	for (int64_t begin = 0; begin < placing->count; begin = end)
	{
		end = placing->count - begin < BLOCK ? placing->count : begin + BLOCK;
		if (wc_pace(placing->pace, end - begin))
			return WC_CANCELLED;
		if (width == 4)
		{
			for (int64_t e = begin; e < end; e++)
				memcpy(target + 4 * next[user[e] >> shift]++, source + 4 * e,
				       4);
		}
		else
		{
			for (int64_t e = begin; e < end; e++)
				memcpy(target + 8 * next[user[e] >> shift]++, source + 8 * e,
				       8);
		}
	}
	return WC_OK;
}

/* Replace an array by a placed copy; NULL stays NULL. */
static WcStatus
replace_indexes(const Placing *placing, int32_t **array)
{
	int32_t *placed;
	WcStatus status;

	placed = wc_alloc_array(placing->alloc, (size_t) placing->count,
	                        sizeof(int32_t));
	if (placed == NULL)
		return WC_NO_MEMORY;
	status = place(placing, sizeof(int32_t), *array, placed);
	wc_free(placing->alloc, *array);
	*array = placed;
	return status;
}

static WcStatus
replace_floats(const Placing *placing, float **array)
{
	float *placed;
	WcStatus status;

	if (*array == NULL)
		return WC_OK;
	placed =
	    wc_alloc_array(placing->alloc, (size_t) placing->count, sizeof(float));
	if (placed == NULL)
		return WC_NO_MEMORY;
	status = place(placing, sizeof(float), *array, placed);
	wc_free(placing->alloc, *array);
	*array = placed;
	return status;
}

static WcStatus
replace_times(const Placing *placing, int64_t **array)
{
	int64_t *placed;
	WcStatus status;

	if (*array == NULL)
		return WC_OK;
	placed = wc_alloc_array(placing->alloc, (size_t) placing->count,
	                        sizeof(int64_t));
	if (placed == NULL)
		return WC_NO_MEMORY;
	status = place(placing, sizeof(int64_t), *array, placed);
	wc_free(placing->alloc, *array);
	*array = placed;
	return status;
}

/* The users come last, if they are still needed: they say where to. */
static WcStatus
replace_all(Placing *placing, WcCoo *coo, bool replace_users)
{
	WcStatus status;

	placing->user = coo->user;
	status = replace_indexes(placing, &coo->item);
	if (status == WC_OK)
		status = replace_floats(placing, &coo->value);
	if (status == WC_OK)
		status = replace_floats(placing, &coo->weight);
	if (status == WC_OK)
		status = replace_times(placing, &coo->time);
	if (status == WC_OK && replace_users)
		status = replace_indexes(placing, &coo->user);
	return status;
}

/* Sort by user, in order of arrival within each: ranges first, then users. */
static WcStatus
sort_users(WcCoo *coo, int32_t users, const int64_t *start,
           const WcAlloc *alloc, WcPace *pace)
{
	Placing placing = {
	    .count = coo->count,
	    .users = users,
	    .start = start,
	    .shift = 0,
	    .alloc = alloc,
	    .pace = pace,
	};
	WcStatus status = WC_OK;

	placing.next = wc_alloc_array(alloc, (size_t) users, sizeof(int64_t));
	if (placing.next == NULL)
		return WC_NO_MEMORY;
	while (users >> placing.shift > STREAMS)
		placing.shift++;
	if (placing.shift > 0)
		status = replace_all(&placing, coo, true);
	placing.shift = 0;
	if (status == WC_OK)
		status = replace_all(&placing, coo, false);
	wc_free(alloc, placing.next);
	return status;
}

/* True in *ascending when the triplets are sorted by user. */
static WcStatus
check_users(const WcCoo *coo, bool *ascending, WcPace *pace)
{
	*ascending = false;
	for (int64_t e = 1; e < coo->count; e++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (coo->user[e] < coo->user[e - 1])
			return WC_OK;
	}
	*ascending = true;
	return WC_OK;
}

/* Triplets sorted by user are rows already, but for the offsets. */
static void
take_over(WcCoo *coo, WcCsr *by_user)
{
	by_user->col = coo->item;
	by_user->value = coo->value;
	by_user->weight = coo->weight;
	by_user->time = coo->time;
	coo->item = NULL;
	coo->value = NULL;
	coo->weight = NULL;
	coo->time = NULL;
}

/* ------------------------------------------------------------------------
 * Sorting rows by item
 * ------------------------------------------------------------------------ */

#define INSERTION_SORT_MAX 32

/* Room for the longest row: twice its entries, as item << 32 | place. */
typedef struct RowSort
{
	uint64_t *entry;
	uint64_t *scratch;
	int32_t bytes; /* of an item number that are not 0 everywhere */
	WcPace *pace;
} RowSort;

static void
insertion_sort(uint64_t *entry, int64_t count)
{
	for (int64_t e = 1; e < count; e++)
	{
		uint64_t moving = entry[e];
		int64_t place = e;

		for (; place > 0 && entry[place - 1] > moving; place--)
			entry[place] = entry[place - 1];
		entry[place] = moving;
	}
}

/* Order scratch as entry by one byte of the item, and swap the two. */
static bool
radix_pass(RowSort *sort, int64_t count, int shift)
{
	uint64_t *from = sort->entry;
	uint64_t *to = sort->scratch;
	int64_t next[256] = {0};
	int64_t sum = 0;

	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(sort->pace, 1))
			return false;
		next[(from[e] >> shift) & 255]++;
	}
	for (int digit = 0; digit < 256; digit++)
	{
		int64_t size = next[digit];

		next[digit] = sum;
		sum += size;
	}
	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(sort->pace, 1))
			return false;
		to[next[(from[e] >> shift) & 255]++] = from[e];
	}
	sort->entry = to;
	sort->scratch = from;
	return true;
}

/* data = data in the order of the sorted entries, by way of scratch. */
static bool
apply_order(const RowSort *sort, int64_t count, size_t width, void *data)
{
	char *target = (char *) sort->scratch;
	char *source = data;

	if (data == NULL)
		return true;
	for (int64_t e = 0; e < count; e++)
	{
		size_t from = (size_t) (uint32_t) sort->entry[e];

		if (wc_pace(sort->pace, 1))
			return false;
		if (width == 4)
			memcpy(target + 4 * e, source + 4 * from, 4);
		else
			memcpy(target + 8 * e, source + 8 * from, 8);
	}
	memcpy(source, target, (size_t) count * width);
	return true;
}

static bool
sort_row(RowSort *sort, WcCsr *csr, int64_t begin, int64_t end)
{
	int32_t *col = csr->col + begin;
	int64_t count = end - begin;
	bool ascending = true;

	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(sort->pace, 1))
			return false;
		sort->entry[e] = (uint64_t) col[e] << 32 | (uint64_t) e;
		if (e > 0 && col[e] < col[e - 1])
			ascending = false;
	}
	if (ascending)
		return true;
	if (count <= INSERTION_SORT_MAX)
		insertion_sort(sort->entry, count);
	else
	{
		for (int32_t byte = 0; byte < sort->bytes; byte++)
		{
			if (!radix_pass(sort, count, 32 + 8 * byte))
				return false;
		}
	}
	for (int64_t e = 0; e < count; e++)
	{
		if (wc_pace(sort->pace, 1))
			return false;
		col[e] = (int32_t) (sort->entry[e] >> 32);
	}
	return apply_order(sort, count, sizeof(float),
	                   csr->value == NULL ? NULL : csr->value + begin) &&
	       apply_order(sort, count, sizeof(float),
	                   csr->weight == NULL ? NULL : csr->weight + begin) &&
	       apply_order(sort, count, sizeof(int64_t),
	                   csr->time == NULL ? NULL : csr->time + begin);
}

static WcStatus
sort_rows(WcCsr *csr, const WcAlloc *alloc, WcPace *pace)
{
	RowSort sort = {NULL, NULL, 1, pace};
	int64_t longest = 0;
	WcStatus status = WC_OK;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (csr->start[i + 1] - csr->start[i] > longest)
			longest = csr->start[i + 1] - csr->start[i];
	}
	if (longest > UINT32_MAX)
		return WC_TOO_LARGE;
	while (sort.bytes < 4 && csr->cols >> (8 * sort.bytes) > 0)
		sort.bytes++;
	sort.entry = wc_alloc_array(alloc, (size_t) longest, sizeof(uint64_t));
	sort.scratch = wc_alloc_array(alloc, (size_t) longest, sizeof(uint64_t));
	if (sort.entry == NULL || sort.scratch == NULL)
		status = WC_NO_MEMORY;
	for (int32_t i = 0; i < csr->rows && status == WC_OK; i++)
	{
		if (wc_pace(pace, 1) ||
		    !sort_row(&sort, csr, csr->start[i], csr->start[i + 1]))
			status = WC_CANCELLED;
	}
	wc_free(alloc, sort.entry);
	wc_free(alloc, sort.scratch);
	return status;
}

/* *array with room for nnz elements; a refusal leaves it larger. */
static void
shrink_floats(float **array, size_t nnz, const WcAlloc *alloc)
{
	float *shrunk;

	if (*array == NULL)
		return;
	shrunk = wc_resize_array(alloc, *array, nnz, sizeof(float));
	if (shrunk != NULL)
		*array = shrunk;
}

void
wc_csr_shrink(WcCsr *csr, const WcAlloc *alloc)
{
	size_t nnz = (size_t) csr->nnz;
	int32_t *col;
	int64_t *time;

	col = wc_resize_array(alloc, csr->col, nnz, sizeof(int32_t));
	if (col != NULL)
		csr->col = col;
	shrink_floats(&csr->value, nnz, alloc);
	shrink_floats(&csr->weight, nnz, alloc);
	if (csr->time == NULL)
		return;
	time = wc_resize_array(alloc, csr->time, nnz, sizeof(int64_t));
	if (time != NULL)
		csr->time = time;
}

static WcStatus
sort_triplets(WcCoo *coo, int32_t users, int32_t items, WcCsr *by_user,
              const WcAlloc *alloc, WcPace *pace)
{
	bool ascending;
	WcStatus status;

	by_user->rows = users;
	by_user->cols = items;
	by_user->nnz = coo->count;
	status =
	    count_keys(coo->count, coo->user, users, &by_user->start, alloc, pace);
	if (status == WC_OK)
		status = check_users(coo, &ascending, pace);
	if (status == WC_OK && !ascending)
		status = sort_users(coo, users, by_user->start, alloc, pace);
	if (status == WC_OK)
		take_over(coo, by_user);
	wc_coo_free(coo, alloc);
	if (status == WC_OK)
		status = sort_rows(by_user, alloc, pace);
	return status;
}

WcStatus
wc_csr_from_coo(WcCoo *coo, int32_t users, int32_t items, WcMerging merging,
                WcCsr *csr, int64_t *n_merged, int64_t *n_zero,
                const WcAlloc *alloc, const WcHooks *hooks, WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	WcStatus status;

	*n_merged = 0;
	*n_zero = 0;
	memset(csr, 0, sizeof(*csr));
	if (merging.duplicates != WC_DUP_LAST && merging.half_life == 0)
	{
		wc_free(alloc, coo->time);
		coo->time = NULL;
	}
	status = sort_triplets(coo, users, items, csr, alloc, &pace);
	if (status == WC_OK)
		status =
		    wc_merge_rows(csr, merging, n_merged, n_zero, alloc, &pace, error);
	if (merging.half_life == 0)
	{
		wc_free(alloc, csr->time);
		csr->time = NULL;
	}
	if (status == WC_OK)
		wc_csr_shrink(csr, alloc);
	else
		wc_csr_free(csr, alloc);
	if (status != WC_OK && status != WC_DUPLICATE && status != WC_NOT_FINITE)
		return wc_fail(error, status, WC_USERS, -1, -1, "%s", "");
	WC_ASSERT(status != WC_OK || wc_csr_check(csr));
	return status;
}

/* ------------------------------------------------------------------------
 * Fading
 * ------------------------------------------------------------------------ */

WcStatus
wc_csr_newest(const WcCsr *csr, int64_t *newest, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	WC_ASSERT(csr->time != NULL);
	*newest = INT64_MIN;
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		if (csr->time[e] > *newest)
			*newest = csr->time[e];
	}
	return WC_OK;
}

WcStatus
wc_csr_fade(WcCsr *csr, double half_life, int64_t newest, double *faded,
            const WcAlloc *alloc, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	size_t nnz = (size_t) csr->nnz;
	bool weighted = csr->weight != NULL;
	int64_t count = 0;

	WC_ASSERT(csr->time != NULL && csr->share == NULL && half_life > 0);
	csr->share = wc_alloc_array(alloc, nnz, sizeof(float));
	if (!weighted)
		csr->weight = wc_alloc_array(alloc, nnz, sizeof(float));
	if (csr->share == NULL || csr->weight == NULL)
		return WC_NO_MEMORY;
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		float share = wc_share(half_life, newest, csr->time[e]);

		/* An exp2 costs as much as some ten steps of the other passes. */
		if (wc_pace(&pace, 8))
			return WC_CANCELLED;
		csr->share[e] = share;
		count += share < 0.01f ? 1 : 0;
		csr->weight[e] = weighted ? csr->weight[e] * share : share;
	}
	wc_free(alloc, csr->time);
	csr->time = NULL;
	*faded = csr->nnz > 0 ? (double) count / (double) csr->nnz : 0;
	return WC_OK;
}
