/*-------------------------------------------------------------------------
 *
 * idmap_sort.c
 *	  Renumber the ids of a map in ascending order.
 *
 * Done once, when all ratings have been read, so that a model does not depend
 * on the physical order of its table.
 *
 * Eight bytes of each id are compared as one number: the whole number, or the
 * first bytes after those all ids have in common, and only ties look at the
 * rest.  It is a bottom-up merge sort, because its cost is known beforehand and
 * it can be left after any element.
 *
 * Memory: 32 bytes per id for its duration, and a second copy of the strings.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/data/idmap.h"

#define SIGN_BIT (UINT64_C(1) << 63)

typedef struct SortEntry
{
	uint64_t prefix; /* sort_prefix */
	int32_t index;
} SortEntry;

/* How many bytes all ids begin with. */
static WcStatus
common_bytes(const WcIdMap *map, size_t *common, WcPace *pace)
{
	WcId first;

	*common = 0;
	if (map->kind == WC_ID_INT64 || map->count == 0)
		return WC_OK;
	first = wc_idmap_get(map, 0);
	*common = first.length;
	for (int32_t i = 1; i<map->count && * common> 0; i++)
	{
		WcId id = wc_idmap_get(map, i);

		if (wc_pace(pace, 8))
			return WC_CANCELLED;
		if (id.length < *common)
			*common = id.length;
		while (*common > 0 && memcmp(first.bytes, id.bytes, *common) != 0)
			(*common)--;
	}
	return WC_OK;
}

/* What orders ids, but for ties of bytes; the bytes before skip are equal. */
static uint64_t
sort_prefix(const WcIdMap *map, int32_t index, size_t skip)
{
	WcId id = wc_idmap_get(map, index);
	uint64_t prefix = 0;

	if (map->kind == WC_ID_INT64)
		return (uint64_t) id.number ^ SIGN_BIT;
	for (size_t b = 0; b < 8 && skip + b < id.length; b++)
		prefix |= (uint64_t) (unsigned char) id.bytes[skip + b] << (56 - 8 * b);
	return prefix;
}

/* Is a to stand behind b?  Ids are distinct. */
static inline bool
is_behind(const WcIdMap *map, const SortEntry *a, const SortEntry *b)
{
	WcId left;
	WcId right;
	size_t shorter;
	int order;

	if (a->prefix != b->prefix || map->kind == WC_ID_INT64)
		return a->prefix > b->prefix;
	left = wc_idmap_get(map, a->index);
	right = wc_idmap_get(map, b->index);
	shorter = left.length < right.length ? left.length : right.length;
	order = shorter > 0 ? memcmp(left.bytes, right.bytes, shorter) : 0;
	return order != 0 ? order > 0 : left.length > right.length;
}

/* to = the sorted runs [begin, middle) and [middle, end) of from, merged. */
static bool
merge_runs(const WcIdMap *map, const SortEntry *from, int64_t begin,
           int64_t middle, int64_t end, SortEntry *to, WcPace *pace)
{
	int64_t left = begin;
	int64_t right = middle;

	for (int64_t place = begin; place < end; place++)
	{
		/* A comparison may fetch two strings from memory. */
		if (wc_pace(pace, 8))
			return false;
		if (right >= end ||
		    (left < middle && !is_behind(map, &from[left], &from[right])))
			to[place] = from[left++];
		else
			to[place] = from[right++];
	}
	return true;
}

/* As rows that were written in the order of their ids often are when they are read. */
static bool
is_sorted(const WcIdMap *map, const SortEntry *entries, WcPace *pace)
{
	for (int32_t i = 1; i < map->count; i++)
		if (wc_pace(pace, 2) || is_behind(map, &entries[i - 1], &entries[i]))
			return false;
	return true;
}

/* Sort entries, using scratch of the same size; *sorted is one of the two. */
static WcStatus
merge_sort(const WcIdMap *map, SortEntry *entries, SortEntry *scratch,
           SortEntry **sorted, WcPace *pace)
{
	int64_t count = map->count;
	SortEntry *from = entries;
	SortEntry *to = scratch;

	*sorted = entries;
	if (is_sorted(map, entries, pace))
		return WC_OK;
	for (int64_t width = 1; width < count; width *= 2)
	{
		SortEntry *swap = from;

		for (int64_t begin = 0; begin < count; begin += 2 * width)
		{
			int64_t middle = begin + width < count ? begin + width : count;
			int64_t end = middle + width < count ? middle + width : count;

			if (!merge_runs(map, from, begin, middle, end, to, pace))
				return WC_CANCELLED;
		}
		from = to;
		to = swap;
	}
	*sorted = from;
	return WC_OK;
}

/* Lay the strings out anew in the order of sorted. */
static WcStatus
reorder_bytes(WcIdMap *map, const SortEntry *sorted, WcPace *pace)
{
	int64_t *offset;
	char *bytes;
	size_t used = (size_t) map->offset[map->count];
	WcStatus status = WC_NO_MEMORY;

	offset =
	    wc_alloc_array(&map->alloc, (size_t) map->count + 1, sizeof(int64_t));
	bytes = wc_alloc_array(&map->alloc, used, 1);
	if (offset != NULL && bytes != NULL)
	{
		status = WC_OK;
		offset[0] = 0;
		for (int32_t i = 0; i < map->count; i++)
		{
			WcId id = wc_idmap_get(map, sorted[i].index);

			if (wc_pace(pace, 8))
			{
				status = WC_CANCELLED;
				break;
			}
			if (id.length > 0)
				memcpy(bytes + offset[i], id.bytes, id.length);
			offset[i + 1] = offset[i] + (int64_t) id.length;
		}
	}
	if (status != WC_OK)
	{
		wc_free(&map->alloc, offset);
		wc_free(&map->alloc, bytes);
		return status;
	}
	wc_free(&map->alloc, map->offset);
	wc_free(&map->alloc, map->bytes);
	map->offset = offset;
	map->capacity = map->count;
	map->bytes = bytes;
	map->bytes_capacity = used > 0 ? used : 1;
	return WC_OK;
}

/* Write the ids and the table in the order of sorted; fill renumber. */
static WcStatus
apply_order(WcIdMap *map, const SortEntry *sorted, int32_t *renumber,
            WcPace *pace)
{
	WcStatus status = WC_OK;

	if (map->kind != WC_ID_INT64)
		status = reorder_bytes(map, sorted, pace);
	if (status != WC_OK)
		return status;
	for (int32_t i = 0; i < map->count; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		renumber[sorted[i].index] = i;
		if (map->kind == WC_ID_INT64)
			map->number[i] = (int64_t) (sorted[i].prefix ^ SIGN_BIT);
	}
	for (size_t s = 0; s < map->slots; s++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (map->slot[s].index >= 0)
			map->slot[s].index = renumber[map->slot[s].index];
	}
	for (size_t d = 0; d < map->dense_size; d++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (map->dense[d] >= 0)
			map->dense[d] = renumber[map->dense[d]];
	}
	return WC_OK;
}

/*
 * A map whose sorting was cancelled can only be freed; without memory for it,
 * the map is unchanged.
 */
WcStatus
wc_idmap_sort(WcIdMap *map, int32_t *renumber, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	SortEntry *entries;
	SortEntry *scratch;
	SortEntry *sorted;
	size_t common;
	WcStatus status = WC_NO_MEMORY;

	map->last = -1;
	entries =
	    wc_alloc_array(&map->alloc, (size_t) map->count, sizeof(SortEntry));
	scratch =
	    wc_alloc_array(&map->alloc, (size_t) map->count, sizeof(SortEntry));
	if (entries != NULL && scratch != NULL)
	{
		status = common_bytes(map, &common, &pace);
		for (int32_t i = 0; i < map->count && status == WC_OK; i++)
		{
			if (wc_pace(&pace, 1))
				status = WC_CANCELLED;
			entries[i].prefix = sort_prefix(map, i, common);
			entries[i].index = i;
		}
		if (status == WC_OK)
			status = merge_sort(map, entries, scratch, &sorted, &pace);
		if (status == WC_OK)
			status = apply_order(map, sorted, renumber, &pace);
	}
	wc_free(&map->alloc, entries);
	wc_free(&map->alloc, scratch);
	return status;
}
