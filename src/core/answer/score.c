/*-------------------------------------------------------------------------
 *
 * score.c
 *	  The inner loops of a ranking of all items: products and comparisons.
 *
 * An evaluation scores every item for every user, and each score must be the
 * one that wc_score gives, or ties would be broken otherwise than in answers.
 * So the sixteen running sums of wc_dot are kept as they are and only lie side
 * by side in longer registers: four items at a time, two registers each, joined
 * in the order of wc_dot by a transposition.
 *
 * AVX2 without fused multiply-add, which would round once where wc_dot rounds
 * twice.  AVX-512 would be more of the same: the loop then waits for memory.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/answer/answer.h"
#include "core/ground/internal.h"
#include "core/answer/score.h"
#include "core/ground/processor.h"

#define ITEMS_SIDE_BY_SIDE 4
#define SUMS 16 /* of wc_dot */
#define COUNTED_AT_ONCE 4096 /* so that 32 bits are enough for a lane */

float
wc_score(int32_t k, const float *query, float base, const float *vector,
         float bias)
{
	return base + bias + wc_dot(k, query, vector);
}

static void
dots_portable(int32_t k, const float *query, int32_t count,
              const float *const *vectors, float *out)
{
	for (int32_t e = 0; e < count; e++)
		out[e] = wc_dot(k, query, vectors[e]);
}

static int64_t
below_portable(int32_t count, const float *scores, float limit)
{
	int64_t twice = 0;

	for (int32_t e = 0; e < count; e++)
		twice += (scores[e] < limit) + (scores[e] <= limit);
	return twice;
}

static const WcScoreKernel kernel_portable = {dots_portable, below_portable};

#if defined(__x86_64__)

#define INLINE static inline __attribute__((always_inline))
#define TARGET target("avx2")

/* The products of wc_dot that are left when no sixteen are, added to a quad. */
INLINE
__attribute__((TARGET)) __m256
add_rest(__m256 low, int32_t f, int32_t k, const float *a, const float *b)
{
	WcQuad first = (WcQuad) _mm256_castps256_ps128(low);
	WcQuad second = (WcQuad) _mm256_extractf128_ps(low, 1);

	for (; f + 4 <= k; f += 4)
		first += *(const WcQuadAny *) (a + f) * *(const WcQuadAny *) (b + f);
	for (int lane = 0; f < k; f++, lane++)
		second[lane] += a[f] * b[f];
	return _mm256_set_m128((__m128) second, (__m128) first);
}

/* low holds the sums 0 and 1 of wc_dot, high 2 and 3: their sum lane by lane */
INLINE
__attribute__((TARGET)) __m128
join(__m256 low, __m256 high)
{
	__m256 sum = _mm256_add_ps(low, high);

	return _mm_add_ps(_mm256_castps256_ps128(sum),
	                  _mm256_extractf128_ps(sum, 1));
}

static __attribute__((TARGET)) void
dots_avx2(int32_t k, const float *query, int32_t count,
          const float *const *vectors, float *out)
{
	int32_t whole = k / SUMS * SUMS;

	for (; count >= ITEMS_SIDE_BY_SIDE; count -= ITEMS_SIDE_BY_SIDE)
	{
		__m256 low[ITEMS_SIDE_BY_SIDE];
		__m256 high[ITEMS_SIDE_BY_SIDE];
		__m128 sum[ITEMS_SIDE_BY_SIDE];

		for (int e = 0; e < ITEMS_SIDE_BY_SIDE; e++)
			low[e] = high[e] = _mm256_setzero_ps();
		for (int32_t f = 0; f < whole; f += SUMS)
		{
			__m256 x = _mm256_loadu_ps(query + f);
			__m256 y = _mm256_loadu_ps(query + f + SUMS / 2);

			for (int e = 0; e < ITEMS_SIDE_BY_SIDE; e++)
			{
				const float *vector = vectors[e] + f;

				low[e] = _mm256_add_ps(
				    low[e], _mm256_mul_ps(x, _mm256_loadu_ps(vector)));
				high[e] = _mm256_add_ps(
				    high[e],
				    _mm256_mul_ps(y, _mm256_loadu_ps(vector + SUMS / 2)));
			}
		}
		for (int e = 0; e < ITEMS_SIDE_BY_SIDE; e++)
		{
			if (whole < k)
				low[e] = add_rest(low[e], whole, k, query, vectors[e]);
			sum[e] = join(low[e], high[e]);
		}
		_MM_TRANSPOSE4_PS(sum[0], sum[1], sum[2], sum[3]);
		_mm_storeu_ps(out, _mm_add_ps(_mm_add_ps(sum[0], sum[2]),
		                              _mm_add_ps(sum[1], sum[3])));
		vectors += ITEMS_SIDE_BY_SIDE;
		out += ITEMS_SIDE_BY_SIDE;
	}
	dots_portable(k, query, count, vectors, out);
}

static __attribute__((TARGET)) int64_t
below_avx2(int32_t count, const float *scores, float limit)
{
	__m256 bound = _mm256_set1_ps(limit);
	int64_t twice = 0;

	while (count >= 8)
	{
		int32_t some = count < COUNTED_AT_ONCE ? count & ~7 : COUNTED_AT_ONCE;
		__m256i sum = _mm256_setzero_si256();
		int32_t lanes[8];

		for (int32_t e = 0; e < some; e += 8)
		{
			__m256 score = _mm256_loadu_ps(scores + e);
			__m256 less = _mm256_cmp_ps(score, bound, _CMP_LT_OQ);
			__m256 equal = _mm256_cmp_ps(score, bound, _CMP_LE_OQ);

			sum = _mm256_sub_epi32(sum, _mm256_castps_si256(less));
			sum = _mm256_sub_epi32(sum, _mm256_castps_si256(equal));
		}
		memcpy(lanes, &sum, sizeof(lanes));
		for (int lane = 0; lane < 8; lane++)
			twice += lanes[lane];
		scores += some;
		count -= some;
	}
	return twice + below_portable(count, scores, limit);
}

static const WcScoreKernel kernel_avx2 = {dots_avx2, below_avx2};

#endif

/* Fastest first. */
static const WcKernelChoice kernels[] = {
#if defined(__x86_64__)
    {"avx2", WC_AVX2, &kernel_avx2},
#endif
    {"portable", WC_ANY_PROCESSOR, &kernel_portable}};

const WcScoreKernel *
wc_score_kernel_choose(const char *name)
{
	return wc_kernel_among(kernels, sizeof(kernels) / sizeof(kernels[0]), name);
}
