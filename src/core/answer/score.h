/*-------------------------------------------------------------------------
 *
 * score.h
 *	  The inner loops of a ranking of all items: products and comparisons.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_SCORE_H
#define WALS_CORE_SCORE_H

#include <stdint.h>

typedef struct WcScoreKernel
{
	/* out_e = wc_dot(k, query, vector_e), bit for bit; k > 0 */
	void (*dots)(int32_t k, const float *query, int32_t count,
	             const float *const *vectors, float *out);

	/* Over count scores: 2 for each below limit, 1 for each equal to it. */
	int64_t (*below)(int32_t count, const float *scores, float limit);
} WcScoreKernel;

/*
 * The kernel of that name: avx2, portable; auto, the empty string and NULL mean
 * the fastest this processor runs.  NULL when it does not run it or the name is
 * unknown.  All give the same numbers.
 */
extern const WcScoreKernel *wc_score_kernel_choose(const char *name);

#endif /* WALS_CORE_SCORE_H */
