/*-------------------------------------------------------------------------
 *
 * idmap.c
 *	  Translate what the user calls a row into a dense index, and back.
 *
 * The reader of the ratings table adds the two ids of every rating; indexes
 * are handed out in order of arrival, and wc_idmap_sort renumbers them at the
 * end, so that a model does not depend on the physical order of its table.
 *
 * Small numbers that are used densely, as serial keys are, index an array.
 * All other ids go to a hash table with linear probing, at most 5/8 full, of
 * 16-byte slots.  For numbers the slot holds the id itself; for bytes it holds
 * their 64-bit hash, and the bytes are only looked at when all 64 bits agree.
 * Ids that arrive by the block are asked for from memory a group at a time
 * before any is looked up: their cache misses overlap.  Of ids that arrive one
 * by one the last is tried first.
 *
 * Memory: 16 bytes per slot, or up to 32 bytes per number in the array; 8 bytes
 * per number; 8 bytes plus its length per string, in one block.
 *
 * The hash is fixed, because it also seeds the first factors of an id.  Whoever
 * chooses ids that collide slows down the training of his own table only.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/data/idmap.h"

#define FIRST_SLOTS 1024
#define FIRST_CAPACITY 256
#define FIRST_BYTES 4096
#define MAX_IDS (INT32_MAX - 1)

/*
 * The array may have this many elements per id, and some to begin with; its
 * size is rounded up to a power of two.
 */
#define DENSE_ELEMENTS 4
#define FIRST_DENSE 4096

/* Ids of a block whose cache misses overlap. */
#define GROUP 32

/* ------------------------------------------------------------------------
 * Hashing
 * ------------------------------------------------------------------------ */

/* A bijection of 64-bit numbers in which every input bit moves every output. */
static inline uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xE9846AF9B1A615D5);
	x ^= x >> 29;
	x *= UINT64_C(0xC13FA9A902A6328F);
	x ^= x >> 32;
	return x;
}

/* Eight, or four, bytes as a little-endian number, on any machine. */
static inline uint64_t
load_word(const char *bytes)
{
	const unsigned char *b = (const unsigned char *) bytes;

	return (uint64_t) b[0] | (uint64_t) b[1] << 8 | (uint64_t) b[2] << 16 |
	       (uint64_t) b[3] << 24 | (uint64_t) b[4] << 32 |
	       (uint64_t) b[5] << 40 | (uint64_t) b[6] << 48 |
	       (uint64_t) b[7] << 56;
}

static inline uint64_t
load_half(const char *bytes)
{
	const unsigned char *b = (const unsigned char *) bytes;

	return (uint64_t) b[0] | (uint64_t) b[1] << 8 | (uint64_t) b[2] << 16 |
	       (uint64_t) b[3] << 24;
}

/*
 * The last rest bytes of length, 1 to 7, as a number: by loads that overlap,
 * because a loop over so few bytes takes longer than the hash.
 */
static inline uint64_t
load_rest(const char *bytes, size_t length, size_t rest)
{
	const unsigned char *b = (const unsigned char *) bytes + length - rest;

	if (length >= 8)
		return load_word(bytes + length - 8) >> (8 * (8 - rest));
	if (rest >= 4)
		return load_half((const char *) b) | load_half(bytes + length - 4)
		                                         << (8 * (rest - 4));
	return (uint64_t) b[0] | (uint64_t) b[rest / 2] << (8 * (rest / 2)) |
	       (uint64_t) b[rest - 1] << (8 * (rest - 1));
}

uint64_t
wc_hash_bytes(const char *bytes, size_t length)
{
	uint64_t hash = mix((uint64_t) length + UINT64_C(0x5851F42D4C957F2D));
	size_t rest = length % 8;

	for (size_t b = 0; b < length - rest; b += 8)
		hash = mix(hash ^ load_word(bytes + b));
	if (rest > 0)
		hash = mix(hash ^ load_rest(bytes, length, rest));
	return hash;
}

static inline bool
same_bytes(const char *a, const char *b, size_t length)
{
	size_t rest = length % 8;

	for (size_t i = 0; i < length - rest; i += 8)
	{
		if (load_word(a + i) != load_word(b + i))
			return false;
	}
	return rest == 0 ||
	       load_rest(a, length, rest) == load_rest(b, length, rest);
}

static inline uint64_t
key_of(const WcIdMap *map, const WcId *id)
{
	return map->kind == WC_ID_INT64 ? (uint64_t) id->number
	                                : wc_hash_bytes(id->bytes, id->length);
}

static inline size_t
first_slot(const WcIdMap *map, uint64_t key)
{
	return (size_t) mix(key) & (map->slots - 1);
}

/* ------------------------------------------------------------------------
 * Life
 * ------------------------------------------------------------------------ */

WcStatus
wc_idmap_create(WcIdKind kind, WcIdMap **result, const WcAlloc *alloc)
{
	WcIdMap *map;

	*result = NULL;
	map = wc_alloc_array(alloc, 1, sizeof(WcIdMap));
	if (map == NULL)
		return WC_NO_MEMORY;
	memset(map, 0, sizeof(*map));
	map->alloc = *alloc;
	map->kind = kind;
	map->last = -1;
	map->capacity = FIRST_CAPACITY;
	map->slots = FIRST_SLOTS;
	map->slot = wc_alloc_array(alloc, map->slots, sizeof(WcIdSlot));
	if (kind == WC_ID_INT64)
		map->number = wc_alloc_array(alloc, FIRST_CAPACITY, sizeof(int64_t));
	else
	{
		map->offset =
		    wc_alloc_array(alloc, FIRST_CAPACITY + 1, sizeof(int64_t));
		map->bytes = wc_alloc_array(alloc, FIRST_BYTES, 1);
		map->bytes_capacity = FIRST_BYTES;
	}
	if (map->slot == NULL ||
	    (kind == WC_ID_INT64 ? map->number == NULL
	                         : map->offset == NULL || map->bytes == NULL))
	{
		wc_idmap_free(map);
		return WC_NO_MEMORY;
	}
	if (kind != WC_ID_INT64)
		map->offset[0] = 0;
	for (size_t s = 0; s < map->slots; s++)
		map->slot[s].index = -1;
	*result = map;
	return WC_OK;
}

void
wc_idmap_free(WcIdMap *map)
{
	WcAlloc alloc;

	if (map == NULL)
		return;
	alloc = map->alloc;
	wc_free(&alloc, map->number);
	wc_free(&alloc, map->offset);
	wc_free(&alloc, map->bytes);
	wc_free(&alloc, map->slot);
	wc_free(&alloc, map->dense);
	wc_free(&alloc, map);
}

WcIdKind
wc_idmap_kind(const WcIdMap *map)
{
	return map->kind;
}

int32_t
wc_idmap_count(const WcIdMap *map)
{
	return map->count;
}

WcId
wc_idmap_get(const WcIdMap *map, int32_t index)
{
	WcId id = {0, NULL, 0};

	WC_ASSERT(index >= 0 && index < map->count);
	if (map->kind == WC_ID_INT64)
		id.number = map->number[index];
	else
	{
		id.bytes = map->bytes + map->offset[index];
		id.length = (size_t) (map->offset[index + 1] - map->offset[index]);
	}
	return id;
}

uint64_t
wc_idmap_hash(const WcIdMap *map, int32_t index)
{
	WcId id = wc_idmap_get(map, index);

	return mix(key_of(map, &id) ^ UINT64_C(0x9FB21C651E98DF25));
}

/* ------------------------------------------------------------------------
 * Finding and adding
 * ------------------------------------------------------------------------ */

/* Are these the bytes of the id at index? */
static inline bool
has_bytes(const WcIdMap *map, int32_t index, const WcId *id)
{
	int64_t begin = map->offset[index];

	return (size_t) (map->offset[index + 1] - begin) == id->length &&
	       same_bytes(map->bytes + begin, id->bytes, id->length);
}

/* Is this a number the array has an element for? */
static inline bool
is_dense(const WcIdMap *map, const WcId *id)
{
	return (uint64_t) id->number < map->dense_size && map->kind == WC_ID_INT64;
}

/* The slot of an id, or the empty one it would go to. */
static inline size_t
probe(const WcIdMap *map, uint64_t key, const WcId *id)
{
	size_t s = first_slot(map, key);

	while (
	    map->slot[s].index >= 0 &&
	    !(map->slot[s].key == key &&
	      (map->kind == WC_ID_INT64 || has_bytes(map, map->slot[s].index, id))))
		s = (s + 1) & (map->slots - 1);
	return s;
}

/* Put a key that is not there into the first free slot of its chain. */
static inline void
insert(WcIdMap *map, uint64_t key, int32_t index)
{
	size_t s = first_slot(map, key);

	while (map->slot[s].index >= 0)
		s = (s + 1) & (map->slots - 1);
	map->slot[s].key = key;
	map->slot[s].index = index;
	map->used++;
}

/* Ids that have moved to the array since are left behind. */
static WcStatus
grow_slots(WcIdMap *map)
{
	WcIdSlot *old = map->slot;
	size_t old_slots = map->slots;
	WcIdSlot *grown;

	if (old_slots > SIZE_MAX / 2)
		return WC_TOO_LARGE;
	grown = wc_alloc_array(&map->alloc, old_slots * 2, sizeof(WcIdSlot));
	if (grown == NULL)
		return WC_NO_MEMORY;
	map->slot = grown;
	map->slots = old_slots * 2;
	map->used = 0;
	for (size_t s = 0; s < map->slots; s++)
		grown[s].index = -1;
	for (size_t s = 0; s < old_slots; s++)
	{
		if (old[s].index >= 0 &&
		    (map->kind != WC_ID_INT64 || old[s].key >= map->dense_size))
			insert(map, old[s].key, old[s].index);
	}
	wc_free(&map->alloc, old);
	return WC_OK;
}

/*
 * Let the array reach number, if the ids are dense enough for that, and move
 * the ids it now covers into it.
 */
static WcStatus
grow_dense(WcIdMap *map, int64_t number)
{
	size_t limit = (size_t) map->count * DENSE_ELEMENTS + FIRST_DENSE;
	size_t size = FIRST_DENSE;
	int32_t *grown;

	if (number < 0 || (uint64_t) number >= limit)
		return WC_OK;
	while (size <= (size_t) number)
		size *= 2;
	grown = wc_resize_array(&map->alloc, map->dense, size, sizeof(int32_t));
	if (grown == NULL)
		return WC_NO_MEMORY;
	for (size_t d = 0; d < size; d++)
		grown[d] = -1;
	for (int32_t i = 0; i < map->count; i++)
	{
		if ((uint64_t) map->number[i] < size)
			grown[map->number[i]] = i;
	}
	map->dense = grown;
	map->dense_size = size;
	return WC_OK;
}

static WcStatus
grow_ids(WcIdMap *map)
{
	int32_t capacity;
	int64_t *grown;

	if (map->capacity < FIRST_CAPACITY)
		capacity = FIRST_CAPACITY;
	else
		capacity = map->capacity > MAX_IDS / 2 ? MAX_IDS : map->capacity * 2;
	if (map->kind == WC_ID_INT64)
	{
		grown = wc_resize_array(&map->alloc, map->number, (size_t) capacity,
		                        sizeof(int64_t));
		if (grown == NULL)
			return WC_NO_MEMORY;
		map->number = grown;
	}
	else
	{
		grown = wc_resize_array(&map->alloc, map->offset, (size_t) capacity + 1,
		                        sizeof(int64_t));
		if (grown == NULL)
			return WC_NO_MEMORY;
		map->offset = grown;
	}
	map->capacity = capacity;
	return WC_OK;
}

/* Room for one more string of this length. */
static WcStatus
grow_bytes(WcIdMap *map, size_t length)
{
	size_t used = (size_t) map->offset[map->count];
	size_t capacity = map->bytes_capacity;
	char *grown;

	if (length <= capacity - used)
		return WC_OK;
	if (length > (size_t) INT64_MAX - used)
		return WC_TOO_LARGE;
	while (length > capacity - used)
	{
		if (capacity > SIZE_MAX / 2)
			return WC_TOO_LARGE;
		capacity *= 2;
	}
	grown = wc_resize_array(&map->alloc, map->bytes, capacity, 1);
	if (grown == NULL)
		return WC_NO_MEMORY;
	map->bytes = grown;
	map->bytes_capacity = capacity;
	return WC_OK;
}

/* Make room for an id in every array of ids, with its bytes. */
static WcStatus
grow_for(WcIdMap *map, const WcId *id)
{
	WcStatus status = WC_OK;

	if (map->count == MAX_IDS)
		return WC_TOO_LARGE;
	if (map->count == map->capacity)
		status = grow_ids(map);
	if (status == WC_OK && map->kind != WC_ID_INT64)
		status = grow_bytes(map, id->length);
	if (status == WC_OK && map->kind == WC_ID_INT64 && !is_dense(map, id))
		status = grow_dense(map, id->number);
	if (status == WC_OK && map->used >= map->slots / 8 * 5)
		status = grow_slots(map);
	return status;
}

/* Append an id there is room for. */
static void
append(WcIdMap *map, const WcId *id)
{
	int64_t end;

	if (map->kind == WC_ID_INT64)
		map->number[map->count] = id->number;
	else
	{
		end = map->offset[map->count];
		if (id->length > 0)
			memcpy(map->bytes + end, id->bytes, id->length);
		map->offset[map->count + 1] = end + (int64_t) id->length;
	}
	map->count++;
}

/* Enter an id that is not there under its index. */
static void
enter(WcIdMap *map, const WcId *id, int32_t index)
{
	if (is_dense(map, id))
		map->dense[id->number] = index;
	else
		insert(map, key_of(map, id), index);
}

int32_t
wc_idmap_find(const WcIdMap *map, const WcId *id)
{
	if (is_dense(map, id))
		return map->dense[id->number];
	return map->slot[probe(map, key_of(map, id), id)].index;
}

/* Add an id that is not there. */
static WcStatus
add_new(WcIdMap *map, const WcId *id, int32_t *index)
{
	WcStatus status = grow_for(map, id);

	if (status != WC_OK)
		return status;
	*index = map->count;
	append(map, id);
	enter(map, id, *index);
	return WC_OK;
}

/* A failure leaves the map as it was, perhaps with more room. */
WcStatus
wc_idmap_add(WcIdMap *map, const WcId *id, int32_t *index)
{
	WcStatus status;
	int32_t found;

	if (map->last >= 0 &&
	    (map->kind == WC_ID_INT64 ? map->last_number == id->number
	                              : has_bytes(map, map->last, id)))
	{
		*index = map->last;
		return WC_OK;
	}
	found = wc_idmap_find(map, id);
	if (found < 0)
	{
		status = add_new(map, id, &found);
		if (status != WC_OK)
			return status;
	}
	map->last = *index = found;
	map->last_number = id->number;
	return WC_OK;
}

static inline void
prefetch_number(const WcIdMap *map, int64_t number)
{
	if ((uint64_t) number < map->dense_size)
		__builtin_prefetch(map->dense + number);
	else
		__builtin_prefetch(map->slot + first_slot(map, (uint64_t) number));
}

static inline int32_t
find_number(const WcIdMap *map, int64_t number)
{
	size_t s;

	if ((uint64_t) number < map->dense_size)
		return map->dense[number];
	s = first_slot(map, (uint64_t) number);
	while (map->slot[s].index >= 0 && map->slot[s].key != (uint64_t) number)
		s = (s + 1) & (map->slots - 1);
	return map->slot[s].index;
}

/* A failure leaves the numbers before the one there was no room for. */
WcStatus
wc_idmap_add_many(WcIdMap *map, int64_t count, const int64_t *numbers,
                  int32_t *indexes)
{
	int64_t end;

	WC_ASSERT(map->kind == WC_ID_INT64);
	for (int64_t begin = 0; begin < count; begin = end)
	{
		end = count - begin < GROUP ? count : begin + GROUP;
		for (int64_t e = begin; e < end; e++)
			prefetch_number(map, numbers[e]);
		for (int64_t e = begin; e < end; e++)
		{
			indexes[e] = find_number(map, numbers[e]);
			if (indexes[e] < 0)
			{
				WcId id = {numbers[e], NULL, 0};
				WcStatus status = add_new(map, &id, &indexes[e]);

				if (status != WC_OK)
					return status;
			}
		}
	}
	return WC_OK;
}

/* The first id in the chain of a hash that has this hash, or -1. */
static inline int32_t
suspect(const WcIdMap *map, uint64_t key)
{
	size_t s = first_slot(map, key);

	while (map->slot[s].index >= 0 && map->slot[s].key != key)
		s = (s + 1) & (map->slots - 1);
	return map->slot[s].index;
}

/*
 * Up to GROUP strings.  Slot, offset and bytes of each lie in three places, each
 * known by the one before: one place after the other, all strings at a time.
 */
static WcStatus
add_strings(WcIdMap *map, int64_t count, const WcId *ids, int32_t *indexes)
{
	uint64_t key[GROUP];

	for (int64_t e = 0; e < count; e++)
	{
		key[e] = wc_hash_bytes(ids[e].bytes, ids[e].length);
		__builtin_prefetch(map->slot + first_slot(map, key[e]));
	}
	for (int64_t e = 0; e < count; e++)
	{
		indexes[e] = suspect(map, key[e]);
		if (indexes[e] >= 0)
			__builtin_prefetch(map->offset + indexes[e]);
	}
	for (int64_t e = 0; e < count; e++)
	{
		if (indexes[e] >= 0)
			__builtin_prefetch(map->bytes + map->offset[indexes[e]]);
	}
	for (int64_t e = 0; e < count; e++)
	{
		WcStatus status;

		if (indexes[e] >= 0 && has_bytes(map, indexes[e], &ids[e]))
			continue;
		indexes[e] = map->slot[probe(map, key[e], &ids[e])].index;
		if (indexes[e] >= 0)
			continue;
		status = add_new(map, &ids[e], &indexes[e]);
		if (status != WC_OK)
			return status;
	}
	return WC_OK;
}

/* A failure leaves the strings before the one there was no room for. */
WcStatus
wc_idmap_add_many_bytes(WcIdMap *map, int64_t count, const WcId *ids,
                        int32_t *indexes)
{
	int64_t end;

	WC_ASSERT(map->kind == WC_ID_BYTES);
	for (int64_t begin = 0; begin < count; begin = end)
	{
		WcStatus status;

		end = count - begin < GROUP ? count : begin + GROUP;
		status = add_strings(map, end - begin, ids + begin, indexes + begin);
		if (status != WC_OK)
			return status;
	}
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * Leaving out
 * ------------------------------------------------------------------------ */

/* Move the ids that stay to the front, in place. */
static WcStatus
compact_ids(WcIdMap *map, const bool *keep, WcPace *pace)
{
	int32_t kept = 0;
	int64_t used = 0;

	for (int32_t i = 0; i < map->count; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		if (!keep[i])
			continue;
		if (map->kind == WC_ID_INT64)
			map->number[kept] = map->number[i];
		else
		{
			int64_t begin = map->offset[i];
			int64_t end = map->offset[i + 1];

			memmove(map->bytes + used, map->bytes + begin,
			        (size_t) (end - begin));
			map->offset[kept] = used;
			used += end - begin;
		}
		kept++;
	}
	if (map->kind != WC_ID_INT64)
		map->offset[kept] = used;
	map->count = kept;
	return WC_OK;
}

/*
 * Open addressing cannot take entries out of the middle of a chain, so the
 * table is filled again.  A cancelled map can only be freed.
 */
WcStatus
wc_idmap_keep(WcIdMap *map, const bool *keep, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	WcStatus status;

	map->last = -1;
	status = compact_ids(map, keep, &pace);
	if (status != WC_OK)
		return status;
	for (size_t s = 0; s < map->slots; s++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		map->slot[s].index = -1;
	}
	map->used = 0;
	for (size_t d = 0; d < map->dense_size; d++)
	{
		if (wc_pace(&pace, 1))
			return WC_CANCELLED;
		map->dense[d] = -1;
	}
	for (int32_t i = 0; i < map->count; i++)
	{
		WcId id = wc_idmap_get(map, i);

		if (wc_pace(&pace, 8))
			return WC_CANCELLED;
		enter(map, &id, i);
	}
	return WC_OK;
}
