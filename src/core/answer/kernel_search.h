/*-------------------------------------------------------------------------
 *
 * kernel_search.h
 *	  The inner loops of searches: which rows of a block may be among the best,
 *	  and how long its rows become in another basis.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_KERNEL_SEARCH_H
#define WALS_CORE_KERNEL_SEARCH_H

#include <stdint.h>

#define WC_SCAN_COLUMNS 4

/* A query as seen by one block of rows. */
typedef struct WcScanQuery
{
	const int8_t *codes; /* chunks x 4, of factors */
	int32_t offset; /* 128 times the sum of codes */
	float scale; /* of codes */
	float extra;
	float limit;
} WcScanQuery;

/*
 * scan sets bit r of masks[q], for the 64 rows r of a block (see pack.c), where
 *
 *		scale_r (q.scale (sum of codes_r q.codes - q.offset) + q.extra)
 *			+ bias_r >= q.limit
 *
 * The sums are exact; the rest is float32 in some order.
 */
typedef struct WcSearchKernel
{
	int32_t query_max; /* codes of a query are - query_max to query_max */
	void (*scan)(int32_t chunks, const uint8_t *codes, const float *scale,
	             const float *bias, int32_t n_queries,
	             const WcScanQuery *queries, uint64_t *masks);

	/*
	 * For the 64 rows r of a block, over WC_SCAN_COLUMNS columns c:
	 *
	 *		sums_r += sum_c (scale_r c.scale (sum of codes_r c.codes - c.offset)
	 *			+ c.extra)^2
	 *
	 * of the first used chunks alone; codes of a row have chunks of them.
	 */
	void (*squares)(int32_t chunks, int32_t used, const uint8_t *codes,
	                const float *scale, const WcScanQuery *columns,
	                float *sums);
} WcSearchKernel;

/*
 * The search kernel of that name: avx512vnni, avx512, avx2, portable; auto, the
 * empty string and NULL mean the fastest this processor runs.  NULL when it
 * does not run it or the name is unknown.
 */
extern const WcSearchKernel *wc_search_kernel_choose(const char *name);

#endif /* WALS_CORE_KERNEL_SEARCH_H */
