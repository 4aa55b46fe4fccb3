/*-------------------------------------------------------------------------
 *
 * pack_ids.c
 *	  The ids of a pack: by index, and the index of an id.
 *
 * Ids are found in a hash table of 64-bit slots, at most half full: 32 bits of
 * the hash, and the index plus 1.  Integers lie in an array; texts one behind
 * the other, with an array of where they begin.  pack.c says where in the block
 * these parts are.
 *
 * Memory: in the block, 24 to 40 bytes per row, and the texts.
 *
 * Nothing can be added or removed: a pack is of one version.  What has changed
 * since is in another one, which is looked at where the first has nothing.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/answer/pack.h"
#include "core/data/rows.h"

#define FIND_BATCH 16 /* ids that are looked for side by side */

uint64_t
wc_pack_slots(int32_t count)
{
	uint64_t slots = 16;

	while (slots < 2 * (uint64_t) count)
		slots *= 2;
	return slots;
}

uint64_t
wc_pack_text(const WcIdMap *ids)
{
	uint64_t bytes = 0;

	if (wc_idmap_kind(ids) == WC_ID_INT64)
		return 0;
	for (int32_t i = 0; i < wc_idmap_count(ids); i++)
		bytes += wc_idmap_get(ids, i).length;
	return bytes;
}

static inline uint64_t
hash_id(WcIdKind kind, const WcId *id)
{
	uint64_t x;

	if (kind != WC_ID_INT64)
		return wc_hash_bytes(id->bytes, id->length);
	x = (uint64_t) id->number;
	x ^= x >> 32;
	x *= UINT64_C(0x9E3779B97F4A7C15);
	return x ^ (x >> 29);
}

uint64_t
wc_pack_hash(WcIdKind kind, const WcId *id)
{
	return hash_id(kind, id);
}

static inline uint64_t
slot_of(uint64_t hash, int32_t index)
{
	return (hash >> 32 << 32) | ((uint64_t) index + 1);
}

int
wc_pack_compare_ids(WcIdKind kind, const WcId *a, const WcId *b)
{
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = 0;

	if (kind == WC_ID_INT64)
		return (a->number > b->number) - (a->number < b->number);
	if (shorter > 0)
		order = memcmp(a->bytes, b->bytes, shorter);
	return order != 0 ? order
	                  : (a->length > b->length) - (a->length < b->length);
}

/* The id of an index of one block. */
static inline WcId
id_of(const WcPack *pack, int32_t index)
{
	WcId id = {0, NULL, 0};

	if (pack->kind == WC_ID_INT64)
		id.number = pack->number[index];
	else
	{
		int64_t begin = pack->offset[index];
		int64_t end = pack->offset[index + 1];

		/* the second may have become 0 after the first was read */
		id.bytes = pack->text + begin;
		id.length = end > begin ? (size_t) (end - begin) : 0;
	}
	return id;
}

WcId
wc_pack_id(const WcPack *pack, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	WC_ASSERT(index >= 0 && index < pack->count);
	return id_of(row.pack, row.index);
}

static inline bool
has_id(const WcPack *pack, int32_t index, const WcId *id)
{
	WcId own;

	if (pack->kind == WC_ID_INT64)
		return pack->number[index] == id->number;
	own = id_of(pack, index);
	return own.length == id->length &&
	       (own.length == 0 || memcmp(own.bytes, id->bytes, own.length) == 0);
}

static inline int32_t
find_hashed(const WcPack *pack, const WcId *id, uint64_t hash, uint64_t mask)
{
	for (uint64_t s = hash & mask; pack->slots[s] != 0; s = (s + 1) & mask)
	{
		uint64_t slot = pack->slots[s];
		int32_t index = (int32_t) (slot & UINT32_MAX) - 1;

		if (slot_of(hash, index) == slot && has_id(pack, index, id))
			return index;
	}
	return -1;
}

static int32_t
find_here(const WcPack *pack, const WcId *id)
{
	return find_hashed(pack, id, hash_id(pack->kind, id),
	                   wc_pack_slots(pack->count) - 1);
}

/* The index in the whole of one that was found in its base, or not there. */
static int32_t
look_further(const WcPack *pack, const WcId *id, int32_t index)
{
	if (index >= 0)
		index = wc_pack_index_of(pack, pack->base, index);
	if (index >= 0)
		return index;
	index = find_here(pack->delta, id);
	return index < 0 ? -1 : wc_pack_index_of(pack, pack->delta, index);
}

int32_t
wc_pack_find(const WcPack *pack, const WcId *id)
{
	if (pack->delta != NULL)
		return look_further(pack, id, find_here(pack->base, id));
	return find_here(pack, id);
}

static void
find_many_here(const WcPack *pack, int64_t count, const WcId *ids,
               int32_t *result)
{
	uint64_t mask = wc_pack_slots(pack->count) - 1;

	for (int64_t first = 0; first < count; first += FIND_BATCH)
	{
		int64_t end = first + FIND_BATCH < count ? first + FIND_BATCH : count;
		uint64_t hash[FIND_BATCH];

		for (int64_t i = first; i < end; i++)
		{
			hash[i - first] = hash_id(pack->kind, &ids[i]);
			__builtin_prefetch(&pack->slots[hash[i - first] & mask]);
		}
		for (int64_t i = first; i < end && pack->number != NULL; i++)
		{
			uint64_t slot = pack->slots[hash[i - first] & mask];

			if (slot != 0)
				__builtin_prefetch(&pack->number[(slot & UINT32_MAX) - 1]);
		}
		for (int64_t i = first; i < end; i++)
			result[i] = find_hashed(pack, &ids[i], hash[i - first], mask);
	}
}

void
wc_pack_find_many(const WcPack *pack, int64_t count, const WcId *ids,
                  int32_t *result)
{
	find_many_here(wc_pack_layer(pack, 0), count, ids, result);
	for (int64_t i = 0; pack->delta != NULL && i < count; i++)
		result[i] = look_further(pack, &ids[i], result[i]);
}

WcStatus
wc_pack_fill_ids(const WcPack *pack, const WcIdMap *map, WcPace *pace)
{
	int64_t *ids =
	    (int64_t *) (pack->number != NULL ? pack->number : pack->offset);
	char *text = (char *) pack->text;
	uint64_t *slots = (uint64_t *) pack->slots;
	uint64_t mask = wc_pack_slots(pack->count) - 1;
	int64_t place = 0;

	memset(slots, 0, (size_t) (mask + 1) * sizeof(uint64_t));
	for (int32_t i = 0; i < pack->count; i++)
	{
		WcId id = wc_idmap_get(map, i);
		uint64_t hash = hash_id(pack->kind, &id);
		uint64_t s = hash & mask;

		if (wc_pace(pace, 16 + (int64_t) id.length / 4))
			return WC_CANCELLED;
		if (pack->kind == WC_ID_INT64)
			ids[i] = id.number;
		else
		{
			ids[i] = place;
			if (id.length > 0)
				memcpy(text + place, id.bytes, id.length);
			place += (int64_t) id.length;
		}
		while (slots[s] != 0)
			s = (s + 1) & mask;
		slots[s] = slot_of(hash, i);
	}
	if (pack->kind != WC_ID_INT64)
		ids[pack->count] = place;
	return WC_OK;
}

/* Every slot leads to an id, and a search for one that is not there ends. */
static bool
slots_are_good(const WcPack *pack)
{
	uint64_t slots = wc_pack_slots(pack->count);
	uint64_t used = 0;
	bool good = true;

	for (uint64_t s = 0; s < slots; s++)
	{
		good &= (pack->slots[s] & UINT32_MAX) <= (uint64_t) pack->count;
		good &= pack->slots[s] == 0 || (pack->slots[s] & UINT32_MAX) != 0;
		used += pack->slots[s] != 0;
	}
	return good && used == (uint64_t) pack->count;
}

static bool
texts_are_good(const WcPack *pack)
{
	int64_t text = pack->text_bytes;
	bool good = true;

	if (pack->kind == WC_ID_INT64)
		return true;
	for (int32_t i = 0; i < pack->count; i++)
		good &= pack->offset[i] <= pack->offset[i + 1];
	return good && pack->offset[0] == 0 && pack->offset[pack->count] == text;
}

bool
wc_pack_ids_are_good(const WcPack *pack)
{
	return slots_are_good(pack) && texts_are_good(pack);
}
