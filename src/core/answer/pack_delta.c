/*-------------------------------------------------------------------------
 *
 * pack_delta.c
 *	  Two packs that are read as one: a base, and what has changed since.
 *
 * A refresh changes some rows of a side, adds some and removes some.  Those that
 * are not as they were make a small pack of their own, the delta, beside the large
 * one, the base, that nobody touches.  Rows of the base that have another one in
 * the delta, or none, are gone: they do not count any more.
 *
 * To a reader both are one pack whose indexes count the rows that there are in the
 * order of their ids, so ties are broken as in a pack that was made of all rows.
 * What an index is called in its block and in the whole follows from two ascending
 * lists: the indexes of the base that are gone, and for each row of the delta how
 * many rows of the base have a lesser id (at).  A row b of the base is called
 *
 *		b - (gone before b) + (rows of the delta with at <= b),
 *
 * and a row d of the delta d + at - (gone before at).  The way back is a search by
 * halves in both lists.  The order of popularity is woven in the same way, by
 * ranks.  Searches go through the blocks of the base, then of the delta, with one
 * heap.
 *
 * A delta leads from a base to what is now, never to another delta: what the one
 * before has and the new one has not is taken over.
 *
 * Memory: 8 bytes for a row of the delta and for one that is gone; while it is
 * made a bit for each row of the base.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/answer/pack.h"
#include "core/data/data.h"

/* Two ascending lists, see above: by index, or by rank. */
typedef struct Weave
{
	int32_t n_at;
	const int32_t *at;
	int32_t n_gone;
	const int32_t *gone;
} Weave;

static inline Weave
weave_of_indexes(const WcPack *delta)
{
	return (Weave){delta->count, delta->at, delta->n_gone, delta->gone};
}

static inline Weave
weave_of_ranks(const WcPack *delta)
{
	return (Weave){delta->count, delta->popular_at, delta->n_gone,
	               delta->popular_gone};
}

/* How many of the ascending numbers are below a limit. */
static inline int32_t
count_below(int32_t count, const int32_t *numbers, int64_t limit)
{
	int32_t low = 0;

	while (count > 0)
	{
		int32_t half = count / 2;

		if (numbers[low + half] < limit)
		{
			low += half + 1;
			count -= half + 1;
		}
		else
			count = half;
	}
	return low;
}

/* Place in the whole of a place in the base, -1: it is gone. */
static int32_t
from_base(const Weave *weave, int32_t place)
{
	int32_t before = count_below(weave->n_gone, weave->gone, place);

	if (before < weave->n_gone && weave->gone[before] == place)
		return -1;
	return place - before +
	       count_below(weave->n_at, weave->at, (int64_t) place + 1);
}

static int32_t
from_delta(const Weave *weave, int32_t place)
{
	int32_t at = weave->at[place];

	return place + at - count_below(weave->n_gone, weave->gone, at);
}

/*
 * Where a place of the whole lies: true, in the delta.  Lists that have become
 * zeros lead anywhere, but not outside.
 */
static bool
find_place(const Weave *weave, int32_t base_count, int32_t whole,
           int32_t *place)
{
	int32_t before = 0; /* rows of the delta that are called less, or this */
	int32_t left = weave->n_at;
	int32_t low = 0;
	int32_t gone = weave->n_gone;
	int32_t rest;

	while (left > 0)
	{
		int32_t half = left / 2;

		if (from_delta(weave, before + half) <= whole)
		{
			before += half + 1;
			left -= half + 1;
		}
		else
			left = half;
	}
	if (before > 0 && from_delta(weave, before - 1) == whole)
	{
		*place = before - 1;
		return true;
	}
	/* the rest-th row of the base that is not gone */
	rest = whole - before;
	while (gone > 0)
	{
		int32_t half = gone / 2;

		if (weave->gone[low + half] - (low + half) <= rest)
		{
			low += half + 1;
			gone -= half + 1;
		}
		else
			gone = half;
	}
	rest += low;
	if (rest >= base_count)
		rest = base_count - 1;
	*place = rest < 0 ? 0 : rest;
	return base_count == 0;
}

WcPackRow
wc_pack_locate(const WcPack *pack, int32_t index)
{
	Weave weave = weave_of_indexes(pack->delta);
	WcPackRow row = {pack->base, 0};

	if (find_place(&weave, pack->base->count, index, &row.index))
		row.pack = pack->delta;
	return row;
}

int32_t
wc_pack_index_of(const WcPack *pack, const WcPack *layer, int32_t index)
{
	Weave weave;

	if (layer == pack)
		return index;
	weave = weave_of_indexes(pack->delta);
	if (layer == pack->base)
		index = from_base(&weave, index);
	else
	{
		index = from_delta(&weave, index);
		index = index < 0 ? 0 : index; /* of lists that are zeros by now */
	}
	return index < pack->count ? index : pack->count - 1;
}

int32_t
wc_pack_popular(const WcPack *pack, int32_t place)
{
	const WcPack *layer = pack->base;
	int32_t index;
	Weave weave;

	WC_ASSERT(place >= 0 && place < pack->count);
	if (pack->delta == NULL)
		return pack->popular[place];
	weave = weave_of_ranks(pack->delta);
	if (find_place(&weave, layer->count, place, &index))
		layer = pack->delta;
	index = wc_pack_index_of(pack, layer, layer->popular[index]);
	return index < 0 ? 0 : index;
}

bool
wc_pack_lay(const WcPack *base, const WcPack *delta, WcPack *result)
{
	memset(result, 0, sizeof(*result));
	if (base->base_identity != NULL || delta->base_identity == NULL ||
	    base->kind != delta->kind || base->factors != delta->factors ||
	    base->count != delta->base_count ||
	    delta->count > INT32_MAX - base->count)
		return false;
	result->base = base;
	result->delta = delta;
	result->bytes = base->bytes + delta->bytes;
	result->kind = base->kind;
	result->factors = base->factors;
	result->count = base->count - delta->n_gone + delta->count;
	return true;
}

/* ------------------------------------------------------------------------
 * Making one
 * ------------------------------------------------------------------------ */

/* Take over the rows of an earlier delta that have not changed again. */
static WcStatus
keep_earlier(WcPackBuilder *builder, const WcPack *delta,
             const WcIdMap *touched)
{
	WcStatus status = WC_OK;

	for (int32_t d = 0; d < delta->count && status == WC_OK; d++)
	{
		WcId id = wc_pack_id(delta, d);

		if (wc_idmap_find(builder->ids, &id) >= 0 ||
		    (touched != NULL && wc_idmap_find(touched, &id) >= 0))
			continue;
		status = wc_pack_add(builder, &id, wc_pack_vector(delta, d),
		                     wc_pack_bias(delta, d), delta->entries[d],
		                     delta->likes[d]);
	}
	return status;
}

static void
mark_gone(const WcPack *base, const WcIdMap *ids, uint64_t *gone)
{
	for (int32_t i = 0; ids != NULL && i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);
		int32_t index = wc_pack_find(base, &id);

		if (index >= 0)
			gone[index / 64] |= UINT64_C(1) << (index % 64);
	}
}

static WcStatus
list_gone(WcPackBuilder *builder, const uint64_t *gone, size_t words)
{
	int32_t count = 0;

	for (size_t w = 0; w < words; w++)
		count += __builtin_popcountll(gone[w]);
	builder->gone =
	    wc_alloc_array(&builder->alloc, (size_t) count, sizeof(int32_t));
	if (builder->gone == NULL)
		return WC_NO_MEMORY;
	for (size_t w = 0; w < words; w++)
	{
		for (uint64_t left = gone[w]; left != 0; left &= left - 1)
			builder->gone[builder->n_gone++] =
			    (int32_t) (w * 64) + __builtin_ctzll(left);
	}
	return WC_OK;
}

WcStatus
wc_pack_change(WcPackBuilder *builder, const WcPack *pack,
               const WcIdMap *touched)
{
	const WcPack *base = wc_pack_layer(pack, 0);
	size_t words = (size_t) base->count / 64 + 1;
	uint64_t *gone = wc_alloc_array(&builder->alloc, words, sizeof(uint64_t));
	WcStatus status = gone != NULL ? WC_OK : WC_NO_MEMORY;

	WC_ASSERT(builder->base == NULL && base->base_identity == NULL);
	WC_ASSERT(pack->factors == builder->factors &&
	          pack->kind == wc_idmap_kind(builder->ids));
	builder->base = base;
	if (status == WC_OK && pack->delta != NULL)
		status = keep_earlier(builder, pack->delta, touched);
	if (status == WC_OK)
	{
		memset(gone, 0, words * sizeof(uint64_t));
		for (int32_t g = 0; pack->delta != NULL && g < pack->delta->n_gone; g++)
		{
			int32_t index = pack->delta->gone[g];

			gone[index / 64] |= UINT64_C(1) << (index % 64);
		}
		mark_gone(base, builder->ids, gone);
		mark_gone(base, touched, gone);
		status = list_gone(builder, gone, words);
	}
	wc_free(&builder->alloc, gone);
	return status;
}

/* Rows of the base whose id is below one. */
static int32_t
rows_before(const WcPack *base, const WcId *id)
{
	int32_t low = 0;
	int32_t count = base->count;

	while (count > 0)
	{
		int32_t half = count / 2;
		WcId other = wc_pack_id(base, low + half);

		if (wc_pack_compare_ids(base->kind, &other, id) < 0)
		{
			low += half + 1;
			count -= half + 1;
		}
		else
			count = half;
	}
	return low;
}

/*
 * Rows of the base that are more popular than one with so many likes and entries,
 * before which that many rows of the base come by id.
 */
static int32_t
ranks_before(const WcPack *base, int32_t likes, int32_t entries, int32_t at)
{
	int32_t low = 0;
	int32_t count = base->count;

	while (count > 0)
	{
		int32_t half = count / 2;
		int32_t other = base->popular[low + half];
		bool before = base->likes[other] != likes ? base->likes[other] > likes
		              : base->entries[other] != entries
		                  ? base->entries[other] < entries
		                  : other < at;

		if (before)
		{
			low += half + 1;
			count -= half + 1;
		}
		else
			count = half;
	}
	return low;
}

WcStatus
wc_pack_fill_delta(const WcPackBuilder *builder, const WcPack *pack,
                   WcPace *pace)
{
	const WcPack *base = builder->base;
	int32_t *gone = (int32_t *) pack->gone;
	int32_t *at = (int32_t *) pack->at;
	uint64_t *ranks;
	size_t words = (size_t) base->count / 64 + 1;
	int32_t n = 0;

	for (int32_t d = 0; d < pack->count; d++)
	{
		WcId id = wc_pack_id(pack, d);

		at[d] = rows_before(base, &id);
		if (wc_pace(pace, 256))
			return WC_CANCELLED;
	}
	for (int32_t place = 0; place < pack->count; place++)
	{
		int32_t d = pack->popular[place];

		((int32_t *) pack->popular_at)[place] =
		    ranks_before(base, pack->likes[d], pack->entries[d], at[d]);
		if (wc_pace(pace, 256))
			return WC_CANCELLED;
	}
	if (pack->n_gone == 0)
		return WC_OK;
	/* a bit for each rank puts them in order */
	ranks = wc_alloc_array(&builder->alloc, words, sizeof(uint64_t));
	if (ranks == NULL)
		return WC_NO_MEMORY;
	memset(ranks, 0, words * sizeof(uint64_t));
	memcpy(gone, builder->gone, (size_t) pack->n_gone * sizeof(int32_t));
	for (int32_t g = 0; g < pack->n_gone; g++)
	{
		int32_t rank = ranks_before(base, base->likes[gone[g]],
		                            base->entries[gone[g]], gone[g]);

		ranks[rank / 64] |= UINT64_C(1) << (rank % 64);
	}
	for (size_t w = 0; w < words; w++)
	{
		for (uint64_t left = ranks[w]; left != 0 && n < pack->n_gone;
		     left &= left - 1)
			((int32_t *) pack->popular_gone)[n++] =
			    (int32_t) (w * 64) + __builtin_ctzll(left);
	}
	wc_free(&builder->alloc, ranks);
	/* a base that has become zeros in the meantime: the answers are wrong */
	for (; n < pack->n_gone; n++)
		((int32_t *) pack->popular_gone)[n] = base->count;
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * A block of unknown origin
 * ------------------------------------------------------------------------ */

static bool
are_within(int32_t count, const int32_t *numbers, int32_t limit)
{
	bool good = true;

	for (int32_t i = 0; i < count; i++)
		good &= numbers[i] >= 0 && numbers[i] <= limit;
	return good;
}

bool
wc_pack_delta_is_good(const WcPack *pack)
{
	return pack->base_identity == NULL ||
	       (are_within(pack->n_gone, pack->gone, pack->base_count) &&
	        are_within(pack->n_gone, pack->popular_gone, pack->base_count) &&
	        are_within(pack->count, pack->at, pack->base_count) &&
	        are_within(pack->count, pack->popular_at, pack->base_count));
}
