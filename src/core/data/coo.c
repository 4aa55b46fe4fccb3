/*-------------------------------------------------------------------------
 *
 * coo.c
 *	  Collect ratings as they arrive: triplets in growing arrays.
 *
 * The reader of the ratings table appends blocks of rows; wc_csr_from_coo takes
 * the arrays over.  Which arrays exist is settled at the beginning: a
 * column the input does not have costs nothing.
 *
 * All arrays grow together by doubling.  A failed growth leaves the triplets
 * as they were, only some arrays larger than capacity says.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/data/rows.h"
#include "core/ground/internal.h"

#define FIRST_CAPACITY 1024

static WcStatus
allocate_arrays(WcCoo *coo, bool has_value, bool has_weight, bool has_time,
                const WcAlloc *alloc)
{
	size_t capacity = (size_t) coo->capacity;

	coo->user = wc_alloc_array(alloc, capacity, sizeof(int32_t));
	if (coo->user == NULL)
		return WC_NO_MEMORY;
	coo->item = wc_alloc_array(alloc, capacity, sizeof(int32_t));
	if (coo->item == NULL)
		return WC_NO_MEMORY;
	if (has_value)
	{
		coo->value = wc_alloc_array(alloc, capacity, sizeof(float));
		if (coo->value == NULL)
			return WC_NO_MEMORY;
	}
	if (has_weight)
	{
		coo->weight = wc_alloc_array(alloc, capacity, sizeof(float));
		if (coo->weight == NULL)
			return WC_NO_MEMORY;
	}
	if (has_time)
	{
		coo->time = wc_alloc_array(alloc, capacity, sizeof(int64_t));
		if (coo->time == NULL)
			return WC_NO_MEMORY;
	}
	return WC_OK;
}

WcStatus
wc_coo_init(WcCoo *coo, bool has_value, bool has_weight, bool has_time,
            const WcAlloc *alloc)
{
	WcStatus status;

	memset(coo, 0, sizeof(*coo));
	coo->capacity = FIRST_CAPACITY;
	status = allocate_arrays(coo, has_value, has_weight, has_time, alloc);
	if (status != WC_OK)
		wc_coo_free(coo, alloc);
	return status;
}

/* *block grown to capacity elements; NULL stays NULL, false keeps *block. */
static bool
grow_floats(float **block, size_t capacity, const WcAlloc *alloc)
{
	float *grown;

	if (*block == NULL)
		return true;
	grown = wc_resize_array(alloc, *block, capacity, sizeof(float));
	if (grown == NULL)
		return false;
	*block = grown;
	return true;
}

static bool
grow_indexes(int32_t **block, size_t capacity, const WcAlloc *alloc)
{
	int32_t *grown;

	grown = wc_resize_array(alloc, *block, capacity, sizeof(int32_t));
	if (grown == NULL)
		return false;
	*block = grown;
	return true;
}

static bool
grow_times(int64_t **block, size_t capacity, const WcAlloc *alloc)
{
	int64_t *grown;

	if (*block == NULL)
		return true;
	grown = wc_resize_array(alloc, *block, capacity, sizeof(int64_t));
	if (grown == NULL)
		return false;
	*block = grown;
	return true;
}

static WcStatus
grow(WcCoo *coo, const WcAlloc *alloc)
{
	size_t capacity;

	if (coo->capacity > INT64_MAX / 2 ||
	    (uint64_t) coo->capacity > SIZE_MAX / 2)
		return WC_TOO_LARGE;
	capacity = (size_t) coo->capacity * 2;
	if (!grow_indexes(&coo->user, capacity, alloc) ||
	    !grow_indexes(&coo->item, capacity, alloc) ||
	    !grow_floats(&coo->value, capacity, alloc) ||
	    !grow_floats(&coo->weight, capacity, alloc) ||
	    !grow_times(&coo->time, capacity, alloc))
		return WC_NO_MEMORY;
	coo->capacity = (int64_t) capacity;
	return WC_OK;
}

WcStatus
wc_coo_append(WcCoo *coo, const WcCoo *from, int64_t first, int64_t count,
              const WcAlloc *alloc)
{
	int64_t place = coo->count;
	size_t rows = (size_t) count;

	while (count > coo->capacity - place)
	{
		WcStatus status = grow(coo, alloc);

		if (status != WC_OK)
			return status;
	}
	if (count == 0)
		return WC_OK;
	memcpy(coo->user + place, from->user + first, rows * sizeof(int32_t));
	memcpy(coo->item + place, from->item + first, rows * sizeof(int32_t));
	if (coo->value != NULL)
		memcpy(coo->value + place, from->value + first, rows * sizeof(float));
	if (coo->weight != NULL)
		memcpy(coo->weight + place, from->weight + first, rows * sizeof(float));
	if (coo->time != NULL)
		memcpy(coo->time + place, from->time + first, rows * sizeof(int64_t));
	coo->count = place + count;
	return WC_OK;
}

void
wc_coo_free(WcCoo *coo, const WcAlloc *alloc)
{
	wc_free(alloc, coo->user);
	wc_free(alloc, coo->item);
	wc_free(alloc, coo->value);
	wc_free(alloc, coo->weight);
	wc_free(alloc, coo->time);
	memset(coo, 0, sizeof(*coo));
}

WcStatus
wc_coo_renumber(WcCoo *coo, const int32_t *user_renumber,
                const int32_t *item_renumber, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	for (int64_t e = 0; e < coo->count; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		coo->user[e] = user_renumber[coo->user[e]];
		coo->item[e] = item_renumber[coo->item[e]];
	}
	return WC_OK;
}

WcStatus
wc_coo_group(const WcCoo *coo, WcSide side, const int32_t *row_of, int32_t rows,
             int64_t *start, int64_t *order, const WcHooks *hooks)
{
	const int32_t *index = side == WC_USERS ? coo->user : coo->item;
	WcPace pace = wc_pace_start(hooks);

	memset(start, 0, ((size_t) rows + 1) * sizeof(int64_t));
	for (int64_t e = 0; e < coo->count; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		if (row_of[index[e]] >= 0)
			start[row_of[index[e]] + 1]++;
	}
	for (int32_t row = 0; row < rows; row++)
		start[row + 1] += start[row];
	for (int64_t e = 0; e < coo->count; e++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		if (row_of[index[e]] >= 0)
			order[start[row_of[index[e]]]++] = e;
	}
	/* each start has moved to the next one's */
	memmove(start + 1, start, (size_t) rows * sizeof(int64_t));
	start[0] = 0;
	return WC_OK;
}
