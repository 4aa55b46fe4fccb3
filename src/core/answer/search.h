/*-------------------------------------------------------------------------
 *
 * search.h
 *	  What the searches of a pack share: by score (search.c), by likeness
 *	  (similar.c), and by score and uncertainty (explore_search.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_SEARCH_H
#define WALS_CORE_SEARCH_H

#include "core/answer/heap.h"
#include "core/answer/kernel_search.h"
#include "core/answer/pack.h"

#define WC_SEARCH_FEW 8 /* candidates are few below a FEWth of all */
#define WC_SEARCH_MANY 16 /* results are many above a MANYth of all */

/* float32 has 24 bits; what follows is rounded a few times */
#define WC_SEARCH_ULP 1.2e-7
#define WC_SEARCH_SLACK 1e-6
#define WC_SEARCH_TINY 2e-37

/* A vector in codes, which stand for scale * codes. */
typedef struct WcCoded
{
	float scale;
	int32_t offset; /* 128 times the sum of codes */
	double rest; /* bound of |vector - what codes stand for| */
} WcCoded;

/* codes (chunks x 4) = vector (k) in whole numbers up to largest_code */
extern WcCoded wc_code_query(int32_t k, const float *vector,
                             int32_t largest_code, int8_t *codes);

/* Bound of the length of a vector. */
extern double wc_query_norm(int32_t k, const float *vector);

/*
 * What a query leaves out, a bit per row: *filter is the query's own bitmap, or
 * *owned, which the caller releases.  The candidates are not in it when few.
 */
extern WcStatus wc_query_filter(const WcPack *pack, const WcQuery *query,
                                bool few, const uint64_t **filter,
                                uint64_t **owned, const WcAlloc *alloc);

static inline bool
wc_has_bit(const uint64_t *set, int32_t index)
{
	return set != NULL && ((set[index / 64] >> (index % 64)) & 1) != 0;
}

/* The rows of a block that there are, a bit each. */
static inline uint64_t
wc_block_rows(const WcPack *pack, int32_t block)
{
	int32_t left = pack->count - block * WC_PACK_BLOCK;

	return left < WC_PACK_BLOCK ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
}

static inline const uint8_t *
wc_block_codes(const WcPack *pack, int32_t block)
{
	return pack->codes + (size_t) block * WC_PACK_BLOCK *
	                         (size_t) wc_pack_chunks(pack->factors) *
	                         WC_PACK_CHUNK;
}

/*
 * What the kernel needs to know of a query for a block, where scores must reach
 * cut and float32 may be wrong by slack more than what search.c explains; norm
 * is that of the query.
 */
static inline void
wc_query_view(const WcPackBlock *block, const WcCoded *coded,
              const int8_t *codes, double norm, double base, double cut,
              double slack, WcScanQuery *view)
{
	double limit;

	slack += WC_SEARCH_SLACK *
	             (norm * block->size + block->bias + fabs(base) + fabs(cut)) +
	         WC_SEARCH_TINY;
	limit = cut - base - coded->rest * block->hat - slack;
	view->codes = codes;
	view->offset = coded->offset;
	view->scale = coded->scale;
	view->extra = (float) (norm * block->ratio * (1 + WC_SEARCH_ULP));
	view->limit = (float) (limit - fabs(limit) * WC_SEARCH_ULP);
}

#endif /* WALS_CORE_SEARCH_H */
