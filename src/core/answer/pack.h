/*-------------------------------------------------------------------------
 *
 * pack.h
 *	  What pack.c writes and search.c reads: blocks of rows and their bounds;
 *	  pack.c's share of the ids is in pack_ids.c, that of codes in pack_codes.c, that
 *	  of deltas in pack_delta.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_PACK_H
#define WALS_CORE_PACK_H

#include <math.h>

#include "core/answer/answer.h"
#include "core/ground/internal.h"

#define WC_PACK_BLOCK 64 /* rows that have their bounds in common */
#define WC_PACK_GROUP 16 /* rows whose codes are interleaved */
#define WC_PACK_CHUNK 4 /* factors of a row that lie together */
#define WC_PACK_ZERO 128 /* the code of 0 */
#define WC_PACK_CODE_MAX 127 /* codes are 128 - 127 to 128 + 127 */

/* What is scaled up to this before it is coded counts as 0 (see pack.c). */
#define WC_PACK_TINY 1e-30f

/*
 * Bounds of a block of rows v with biases b, rounded away from harm.  A row's
 * codes stand for the vector h = scale * codes, and h + e = v.
 */
struct WcPackBlock
{
	float hat; /* largest |h| */
	float ratio; /* largest (|e| + rounding of v's score) / scale */
	float size; /* bound of |h| + scale * ratio */
	/* of this block and all behind it: */
	float bias; /* largest |b| */
	float norm_max; /* largest |v| */
	float norm_min; /* smallest |v| */
	float bias_max; /* largest b */
	float key_max; /* largest b + c |v|, see WcPackHeader */
};

typedef struct WcPackHeader
{
	char magic[8];
	uint32_t format;
	uint32_t byte_order;
	uint8_t identity[WC_PACK_IDENTITY];
	uint8_t base[WC_PACK_IDENTITY]; /* of what it is a delta to */
	uint64_t bytes; /* of the whole pack */
	uint64_t text; /* bytes of text ids */
	int32_t kind;
	int32_t count;
	int32_t factors;
	int32_t base_count; /* -1: it is no delta */
	int32_t gone; /* rows of the base that do not count any more */
	float query_norm; /* c, the length of query the order is made for */
	uint64_t check; /* of what stands before */
} WcPackHeader;

struct WcPackBuilder
{
	WcAlloc alloc;
	WcIdMap *ids;
	int32_t factors;
	int32_t capacity; /* rows there is room for */
	float *data; /* in order of arrival, as all below */
	float *bias;
	int32_t *entries;
	int32_t *likes;
	/* of a delta */
	const WcPack *base;
	int32_t n_gone;
	int32_t *gone;
	/* while the pack is made */
	int32_t *renumber; /* index of an arrival */
	int32_t *arrival; /* of an index */
	double *norms; /* in order of arrival */
	WcKeyed *keyed;
	WcKeyed *scratch;
};

static inline int32_t
wc_pack_blocks(const WcPack *pack)
{
	return (int32_t) (((int64_t) pack->count + WC_PACK_BLOCK - 1) /
	                  WC_PACK_BLOCK);
}

/* Chunks of a row's codes. */
static inline int32_t
wc_pack_chunks(int32_t factors)
{
	return (factors + WC_PACK_CHUNK - 1) / WC_PACK_CHUNK;
}

/*
 * |computed - exact| <= wc_dot_error(k) |a| |b| + WC_DOT_TINY for wc_dot: the
 * longest chain of roundings is one product, k / 16 + 4 sums and 3 joins.
 */
#define WC_DOT_TINY 1e-37 /* 1024 products below the least float */

static inline double
wc_dot_error(int32_t k)
{
	return (k / 16 + 10) * 5.97e-8;
}

static inline float
wc_round_up(double x)
{
	return nextafterf((float) x, INFINITY);
}

static inline float
wc_round_down(double x)
{
	return nextafterf((float) x, -INFINITY);
}

/* Score of the row at a position, the same bits for every caller. */
static inline float
wc_pack_score_at(const WcPack *pack, const float *query, float base,
                 int32_t position)
{
	return base + pack->bias[position] +
	       wc_dot(pack->factors, query,
	              pack->data + (size_t) position * (size_t) pack->factors);
}

/* What an index of a layer is called in the whole (pack_delta.c). */
int32_t wc_pack_index_of(const WcPack *pack, const WcPack *layer,
                         int32_t index);

/*
 * The blocks of a pack, one or two: for each layer below wc_pack_layers, and of
 * each its own.  What a position there is called in the whole: -1, it does not
 * count any more.
 */
static inline int
wc_pack_layers(const WcPack *pack)
{
	return pack->delta == NULL ? 1 : 2;
}

static inline const WcPack *
wc_pack_layer(const WcPack *pack, int layer)
{
	if (pack->delta == NULL)
		return pack;
	return layer == 0 ? pack->base : pack->delta;
}

static inline int32_t
wc_pack_index_at(const WcPack *pack, const WcPack *layer, int32_t position)
{
	int32_t index = layer->index[position];

	return pack == layer ? index : wc_pack_index_of(pack, layer, index);
}

/* pack_delta.c */

/* The parts that only a delta has; all others are there. */
WcStatus wc_pack_fill_delta(const WcPackBuilder *builder, const WcPack *pack,
                            WcPace *pace);

/* Whether the numbers of these parts stay in the base, of unknown origin. */
bool wc_pack_delta_is_good(const WcPack *pack);

/* pack_codes.c */

/* The norms of the rows that were added. */
WcStatus wc_pack_measure(const WcPackBuilder *builder, const WcJob *job);

/* Factors, biases, codes and bounds of rows whose order is there. */
WcStatus wc_pack_fill_rows(const WcPackBuilder *builder, const WcPack *pack,
                           float c, const WcJob *job);

/* pack_ids.c */

/* What ids are found by; its upper 32 bits are as good as the lower ones. */
uint64_t wc_pack_hash(WcIdKind kind, const WcId *id);

/* How a and b are ordered, below, at or above 0; both of that kind. */
int wc_pack_compare_ids(WcIdKind kind, const WcId *a, const WcId *b);

/* Slots of the hash table: a power of two, at least twice the ids. */
uint64_t wc_pack_slots(int32_t count);

/* Bytes of all text ids. */
uint64_t wc_pack_text(const WcIdMap *ids);

/* Ids and slots of a pack whose parts have their places; map is sorted. */
WcStatus wc_pack_fill_ids(const WcPack *pack, const WcIdMap *map, WcPace *pace);

/* Whether finding and reading ids stays in a block of unknown origin, and ends. */
bool wc_pack_ids_are_good(const WcPack *pack);

#endif /* WALS_CORE_PACK_H */
