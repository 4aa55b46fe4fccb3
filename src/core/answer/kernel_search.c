/*-------------------------------------------------------------------------
 *
 * kernel_search.c
 *	  The inner loops of searches, for four kinds of processor, and the choice
 *	  among them.
 *
 * Codes of rows are unsigned, those of queries signed, 4 factors of 16 rows side
 * by side: 64 bytes, of which each lane of 32 bits belongs to one row.  So one
 * step multiplies them by 4 codes of the query, repeated, and adds up within the
 * lanes; nothing is ever summed across lanes.
 *
 *		avx512vnni	one instruction a step, 4 queries x 4 groups in registers
 *		avx512,	avx2	two products of bytes are added in 16 bits, so that codes
 *					of queries must stay below 64
 *		portable	the same with the compiler's vector types
 *
 * Each function is compiled for its processor by an attribute of its own.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/answer/kernel_search.h"
#include "core/ground/processor.h"

#define GROUP 16 /* rows */
#define GROUPS 4 /* of a block */
#define STEP 64 /* bytes: 4 codes of 16 rows */

#define INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Four codes of a query as one number. */
static inline int32_t
four_codes(const WcScanQuery *query, int32_t chunk)
{
	int32_t codes;

	memcpy(&codes, query->codes + (size_t) chunk * 4, sizeof(codes));
	return codes;
}

#if defined(__x86_64__)

/* ------------------------------------------------------------------------
 * 16 rows in a register
 * ------------------------------------------------------------------------ */

#define TARGET_512 target("avx512f,avx512bw,avx512dq,avx512vl")
#define TARGET_VNNI target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

INLINE
__attribute__((TARGET_512)) uint64_t
compare_512(__m512i sum, const float *scale, const float *bias,
            const WcScanQuery *query)
{
	__m512 x = _mm512_cvtepi32_ps(sum);

	x = _mm512_fmadd_ps(x, _mm512_set1_ps(query->scale),
	                    _mm512_set1_ps(query->extra));
	x = _mm512_fmadd_ps(x, _mm512_loadu_ps(scale), _mm512_loadu_ps(bias));
	return _mm512_cmp_ps_mask(x, _mm512_set1_ps(query->limit), _CMP_GE_OQ);
}

/*
 * sum = the sums of count queries x 4 groups of 16 rows over the first used
 * chunks; step is the instruction.
 */
#define SUMS_512(count, step, used)                                            \
	do                                                                         \
	{                                                                          \
		size_t group = (size_t) chunks * STEP;                                 \
                                                                               \
		UNROLL                                                                 \
		for (int q = 0; q < (count); q++)                                      \
		{                                                                      \
			UNROLL                                                             \
			for (int g = 0; g < GROUPS; g++)                                   \
				sum[q][g] = _mm512_set1_epi32(-queries[q].offset);             \
		}                                                                      \
		for (int32_t c = 0; c < (used); c++)                                   \
		{                                                                      \
			__m512i row[GROUPS];                                               \
                                                                               \
			UNROLL                                                             \
			for (int g = 0; g < GROUPS; g++)                                   \
				row[g] =                                                       \
				    _mm512_loadu_si512(codes + g * group + (size_t) c * STEP); \
			UNROLL                                                             \
			for (int q = 0; q < (count); q++)                                  \
			{                                                                  \
				__m512i x = _mm512_set1_epi32(four_codes(&queries[q], c));     \
                                                                               \
				UNROLL                                                         \
				for (int g = 0; g < GROUPS; g++)                               \
					sum[q][g] = step(sum[q][g], row[g], x);                    \
			}                                                                  \
		}                                                                      \
	} while (0)

#define SCAN_512(count, step)                                                  \
	do                                                                         \
	{                                                                          \
		__m512i sum[count][GROUPS];                                            \
                                                                               \
		SUMS_512(count, step, chunks);                                         \
		UNROLL                                                                 \
		for (int q = 0; q < (count); q++)                                      \
		{                                                                      \
			masks[q] = 0;                                                      \
			UNROLL                                                             \
			for (int g = 0; g < GROUPS; g++)                                   \
				masks[q] |= compare_512(sum[q][g], scale + g * GROUP,          \
				                        bias + g * GROUP, &queries[q])         \
				            << (g * GROUP);                                    \
		}                                                                      \
	} while (0)

/* The squares of count columns, whose sums are there, of one group of rows. */
INLINE
__attribute__((TARGET_512)) void
add_squares_512(__m512i sum[][GROUPS], int g, const float *scale,
                const WcScanQuery *queries, float *sums)
{
	__m512 rows = _mm512_loadu_ps(scale + g * GROUP);
	__m512 total = _mm512_loadu_ps(sums + g * GROUP);

	UNROLL
	for (int q = 0; q < WC_SCAN_COLUMNS; q++)
	{
		__m512 x = _mm512_cvtepi32_ps(sum[q][g]);

		x = _mm512_mul_ps(x, _mm512_set1_ps(queries[q].scale));
		x = _mm512_fmadd_ps(x, rows, _mm512_set1_ps(queries[q].extra));
		total = _mm512_fmadd_ps(x, x, total);
	}
	_mm512_storeu_ps(sums + g * GROUP, total);
}

#define SQUARES_512(step)                                                      \
	do                                                                         \
	{                                                                          \
		__m512i sum[WC_SCAN_COLUMNS][GROUPS];                                  \
                                                                               \
		SUMS_512(WC_SCAN_COLUMNS, step, used);                                 \
		UNROLL                                                                 \
		for (int g = 0; g < GROUPS; g++)                                       \
			add_squares_512(sum, g, scale, queries, sums);                     \
	} while (0)

INLINE
__attribute__((TARGET_512)) __m512i
step_512(__m512i sum, __m512i row, __m512i query)
{
	__m512i pairs = _mm512_maddubs_epi16(row, query);

	return _mm512_add_epi32(sum,
	                        _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

/*
 * _mm512_dpbusd_epi32(sum, row, query); from the intrinsic compilers make two
 * copies of each sum besides.
 */
INLINE
__attribute__((TARGET_VNNI)) __m512i
step_vnni(__m512i sum, __m512i row, __m512i query)
{
	__asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(row), "v"(query));
	return sum;
}

static __attribute__((TARGET_512)) void
scan_avx512(int32_t chunks, const uint8_t *codes, const float *scale,
            const float *bias, int32_t n_queries, const WcScanQuery *queries,
            uint64_t *masks)
{
	for (; n_queries >= 4; n_queries -= 4, queries += 4, masks += 4)
		SCAN_512(4, step_512);
	for (; n_queries > 0; n_queries--, queries++, masks++)
		SCAN_512(1, step_512);
}

static __attribute__((TARGET_VNNI)) void
scan_vnni(int32_t chunks, const uint8_t *codes, const float *scale,
          const float *bias, int32_t n_queries, const WcScanQuery *queries,
          uint64_t *masks)
{
	for (; n_queries >= 4; n_queries -= 4, queries += 4, masks += 4)
		SCAN_512(4, step_vnni);
	for (; n_queries > 0; n_queries--, queries++, masks++)
		SCAN_512(1, step_vnni);
}

static __attribute__((TARGET_512)) void
squares_avx512(int32_t chunks, int32_t used, const uint8_t *codes,
               const float *scale, const WcScanQuery *queries, float *sums)
{
	SQUARES_512(step_512);
}

static __attribute__((TARGET_VNNI)) void
squares_vnni(int32_t chunks, int32_t used, const uint8_t *codes,
             const float *scale, const WcScanQuery *queries, float *sums)
{
	SQUARES_512(step_vnni);
}

static const WcSearchKernel kernel_vnni = {127, scan_vnni, squares_vnni};
static const WcSearchKernel kernel_avx512 = {63, scan_avx512, squares_avx512};

/* ------------------------------------------------------------------------
 * 8 rows in a register
 * ------------------------------------------------------------------------ */

#define TARGET_256 target("avx2,fma")
#define HALF 8 /* rows */

INLINE
__attribute__((TARGET_256)) uint64_t
compare_256(__m256i sum, const float *scale, const float *bias,
            const WcScanQuery *query)
{
	__m256 x = _mm256_cvtepi32_ps(sum);

	x = _mm256_fmadd_ps(x, _mm256_set1_ps(query->scale),
	                    _mm256_set1_ps(query->extra));
	x = _mm256_fmadd_ps(x, _mm256_loadu_ps(scale), _mm256_loadu_ps(bias));
	x = _mm256_cmp_ps(x, _mm256_set1_ps(query->limit), _CMP_GE_OQ);
	return (uint64_t) (uint32_t) _mm256_movemask_ps(x);
}

/*
 * sum = the sums of count queries x 2 groups of 16 rows, from group first on,
 * over the first used chunks
 */
INLINE
__attribute__((TARGET_256)) void
sums_256(const int count, const int first, int32_t chunks, int32_t used,
         const uint8_t *codes, const WcScanQuery *queries, __m256i sum[2][4])
{
	size_t group = (size_t) chunks * STEP;

	UNROLL
	for (int q = 0; q < count; q++)
	{
		UNROLL
		for (int h = 0; h < 4; h++)
			sum[q][h] = _mm256_set1_epi32(-queries[q].offset);
	}
	for (int32_t c = 0; c < used; c++)
	{
		__m256i row[4];

		UNROLL
		for (int h = 0; h < 4; h++)
			row[h] = _mm256_loadu_si256(
			    (const __m256i *) (codes + (size_t) (first + h / 2) * group +
			                       (size_t) c * STEP +
			                       (size_t) (h % 2) * STEP / 2));
		UNROLL
		for (int q = 0; q < count; q++)
		{
			__m256i x = _mm256_set1_epi32(four_codes(&queries[q], c));

			UNROLL
			for (int h = 0; h < 4; h++)
				sum[q][h] = _mm256_add_epi32(
				    sum[q][h],
				    _mm256_madd_epi16(_mm256_maddubs_epi16(row[h], x),
				                      _mm256_set1_epi16(1)));
		}
	}
}

/* The masks of count queries x 2 groups of 16 rows, from group first on. */
INLINE
__attribute__((TARGET_256)) void
scan_256(const int count, const int first, int32_t chunks, const uint8_t *codes,
         const float *scale, const float *bias, const WcScanQuery *queries,
         uint64_t *masks)
{
	__m256i sum[2][4];

	sums_256(count, first, chunks, chunks, codes, queries, sum);
	UNROLL
	for (int q = 0; q < count; q++)
	{
		UNROLL
		for (int h = 0; h < 4; h++)
		{
			int row = first * GROUP + h * HALF;

			masks[q] |=
			    compare_256(sum[q][h], scale + row, bias + row, &queries[q])
			    << row;
		}
	}
}

static __attribute__((TARGET_256)) void
squares_avx2(int32_t chunks, int32_t used, const uint8_t *codes,
             const float *scale, const WcScanQuery *columns, float *sums)
{
	for (int part = 0; part < WC_SCAN_COLUMNS; part++)
	{
		const WcScanQuery *two = columns + part / 2 * 2;
		int first = part % 2 * 2;
		__m256i sum[2][4];

		sums_256(2, first, chunks, used, codes, two, sum);
		UNROLL
		for (int h = 0; h < 4; h++)
		{
			int row = first * GROUP + h * HALF;
			__m256 total = _mm256_loadu_ps(sums + row);

			UNROLL
			for (int q = 0; q < 2; q++)
			{
				__m256 x = _mm256_cvtepi32_ps(sum[q][h]);

				x = _mm256_mul_ps(x, _mm256_set1_ps(two[q].scale));
				x = _mm256_fmadd_ps(x, _mm256_loadu_ps(scale + row),
				                    _mm256_set1_ps(two[q].extra));
				total = _mm256_fmadd_ps(x, x, total);
			}
			_mm256_storeu_ps(sums + row, total);
		}
	}
}

static __attribute__((TARGET_256)) void
scan_avx2(int32_t chunks, const uint8_t *codes, const float *scale,
          const float *bias, int32_t n_queries, const WcScanQuery *queries,
          uint64_t *masks)
{
	memset(masks, 0, (size_t) n_queries * sizeof(uint64_t));
	for (; n_queries >= 2; n_queries -= 2, queries += 2, masks += 2)
	{
		scan_256(2, 0, chunks, codes, scale, bias, queries, masks);
		scan_256(2, 2, chunks, codes, scale, bias, queries, masks);
	}
	if (n_queries > 0)
	{
		scan_256(1, 0, chunks, codes, scale, bias, queries, masks);
		scan_256(1, 2, chunks, codes, scale, bias, queries, masks);
	}
}

static const WcSearchKernel kernel_avx2 = {63, scan_avx2, squares_avx2};

#endif

/* ------------------------------------------------------------------------
 * Any processor
 * ------------------------------------------------------------------------ */

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint8_t BytesAny __attribute__((vector_size(16), aligned(1)));
typedef int16_t Shorts __attribute__((vector_size(16)));
typedef int32_t Quads __attribute__((vector_size(16)));

/* The sums of 4 rows, each in two parts side by side. */
INLINE void
add_shorts(Shorts products, Quads *sum)
{
	Quads both = (Quads) products;

	*sum += (both >> 16) + ((Quads) ((Quads) products << 16) >> 16);
}

/* Sums of 16 rows. */
static void
sums_portable(int32_t chunks, const uint8_t *codes, const WcScanQuery *query,
              int32_t *sums)
{
	Quads sum[GROUP / 2] = {{0}};

	for (int32_t c = 0; c < chunks; c++)
	{
		const int8_t *x = query->codes + (size_t) c * 4;
		Shorts four = {x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3]};

		UNROLL
		for (int part = 0; part < 4; part++)
		{
			Bytes rows =
			    *(const BytesAny *) (codes + (size_t) c * STEP + part * 16);
			Shorts low = {rows[0], rows[1], rows[2], rows[3],
			              rows[4], rows[5], rows[6], rows[7]};
			Shorts high = {rows[8],  rows[9],  rows[10], rows[11],
			               rows[12], rows[13], rows[14], rows[15]};

			add_shorts(low * four, &sum[2 * part]);
			add_shorts(high * four, &sum[2 * part + 1]);
		}
	}
	for (int row = 0; row < GROUP; row++)
		sums[row] = sum[row / 2][row % 2 * 2] + sum[row / 2][row % 2 * 2 + 1] -
		            query->offset;
}

static void
scan_portable(int32_t chunks, const uint8_t *codes, const float *scale,
              const float *bias, int32_t n_queries, const WcScanQuery *queries,
              uint64_t *masks)
{
	for (int32_t q = 0; q < n_queries; q++)
	{
		const WcScanQuery *query = &queries[q];
		int32_t sums[GROUP * GROUPS];

		for (int g = 0; g < GROUPS; g++)
			sums_portable(chunks, codes + (size_t) g * (size_t) chunks * STEP,
			              query, sums + g * GROUP);
		masks[q] = 0;
		for (int row = 0; row < GROUP * GROUPS; row++)
		{
			float x = (float) sums[row] * query->scale + query->extra;

			if (x * scale[row] + bias[row] >= query->limit)
				masks[q] |= UINT64_C(1) << row;
		}
	}
}

static void
squares_portable(int32_t chunks, int32_t used, const uint8_t *codes,
                 const float *scale, const WcScanQuery *columns, float *sums)
{
	for (int q = 0; q < WC_SCAN_COLUMNS; q++)
	{
		const WcScanQuery *column = &columns[q];

		for (int g = 0; g < GROUPS; g++)
		{
			int32_t found[GROUP];

			sums_portable(used, codes + (size_t) g * (size_t) chunks * STEP,
			              column, found);
			for (int row = 0; row < GROUP; row++)
			{
				float x = (float) found[row] * column->scale *
				              scale[g * GROUP + row] +
				          column->extra;

				sums[g * GROUP + row] += x * x;
			}
		}
	}
}

static const WcSearchKernel kernel_portable = {63, scan_portable,
                                               squares_portable};

/* ------------------------------------------------------------------------
 * Choice
 * ------------------------------------------------------------------------ */

/* Fastest first. */
static const WcKernelChoice kernels[] = {
#if defined(__x86_64__)
    {"avx512vnni", WC_AVX512_VNNI, &kernel_vnni},
    {"avx512", WC_AVX512, &kernel_avx512},
    {"avx2", WC_AVX2, &kernel_avx2},
#endif
    {"portable", WC_ANY_PROCESSOR, &kernel_portable}};

const WcSearchKernel *
wc_search_kernel_choose(const char *name)
{
	return wc_kernel_among(kernels, sizeof(kernels) / sizeof(kernels[0]), name);
}
