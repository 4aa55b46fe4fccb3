/*-------------------------------------------------------------------------
 *
 * holdout.c
 *	  The hashes that tests are drawn with: which ratings are held out, which
 *	  users are evaluated, which items are drawn as negatives.
 *
 * A draw depends on the ids and a seed, never on the order of rows, on other
 * rows or on a state.  So a rating is held out today and next year, here and on
 * a replica, whether it is asked about alone or in a view, and of two fractions
 * the smaller holds out a part of what the larger does.
 *
 * An integer is its own 64 bits, bytes are hashed by FNV-1a (Fowler, Noll, Vo).
 * What mixes them is the output function of SplitMix64 (Steele, Lea, Flood
 * 2014), a bijection.  All of it is arithmetic modulo 2^64 that every language
 * has, and stays as it is: a change would move ratings from the tests of users
 * into their trainings.
 *
 * wc_coo_hold_out makes the same draw among triplets that are at hand.
 *
 *-------------------------------------------------------------------------
 */
#include "core/data/rows.h"
#include "core/ground/internal.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t
mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	x ^= x >> 27;
	x *= UINT64_C(0x94D049BB133111EB);
	x ^= x >> 31;
	return x;
}

uint64_t
wc_hash_id(WcIdKind kind, const WcId *id)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	if (kind == WC_ID_INT64)
		return (uint64_t) id->number;
	for (size_t b = 0; b < id->length; b++)
	{
		hash ^= (unsigned char) id->bytes[b];
		hash *= UINT64_C(0x100000001B3);
	}
	return hash;
}

uint64_t
wc_hash_pair(int64_t seed, uint64_t first, uint64_t second)
{
	uint64_t hash = mix((uint64_t) seed + GOLDEN);

	hash = mix((hash ^ first) + GOLDEN);
	return mix((hash ^ second) + GOLDEN);
}

double
wc_hash_unit(uint64_t hash)
{
	return (double) (hash >> 11) * 0x1p-53;
}

/* Triplet from takes the place of triplet to. */
static void
move_triplet(WcCoo *coo, int64_t to, int64_t from)
{
	coo->user[to] = coo->user[from];
	coo->item[to] = coo->item[from];
	if (coo->value != NULL)
		coo->value[to] = coo->value[from];
	if (coo->weight != NULL)
		coo->weight[to] = coo->weight[from];
	if (coo->time != NULL)
		coo->time[to] = coo->time[from];
}

WcStatus
wc_coo_hold_out(WcCoo *coo, const WcDraw *draw, WcCoo *held,
                const WcAlloc *alloc, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	int64_t kept = 0;
	WcStatus status = wc_coo_init(held, coo->value != NULL, coo->weight != NULL,
	                              coo->time != NULL, alloc);

	for (int64_t e = 0; status == WC_OK && e < coo->count; e++)
	{
		/* three mixes cost as much as some four steps of other passes */
		if (wc_pace(&pace, 4))
			status = WC_CANCELLED;
		else if (wc_is_drawn(draw->fraction, draw->seed,
		                     draw->user_hash[coo->user[e]],
		                     draw->item_hash[coo->item[e]]))
			status = wc_coo_append(held, coo, e, 1, alloc);
		else
			move_triplet(coo, kept++, e);
	}
	if (status != WC_OK)
		wc_coo_free(held, alloc);
	else
		coo->count = kept;
	return status;
}
