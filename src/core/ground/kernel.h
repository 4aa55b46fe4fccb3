/*-------------------------------------------------------------------------
 *
 * kernel.h
 *	  The inner loops of a half sweep: one table of functions per vector
 *	  length.
 *
 * kernel_impl.h is the one source; kernel_avx512.c, kernel_avx2.c and
 * kernel_portable.c compile it for 16, 8 and 4 lanes; kernel.c chooses.
 *
 * Shapes.  All matrices are row-major.  A width (unknowns of a row, or entries
 * in the dual form) is padded to a size, the next multiple of the lanes, and
 * rows lie a pitch apart: wc_pitch(size), which is odd in units of 64 bytes, or
 * rows a power of two apart would share few sets of the first-level cache.
 * Square matrices keep their upper triangle; what is below it is undefined.
 * Padding has zeros, with ones on the diagonal of a matrix to be factored, so
 * that it takes part and changes nothing.
 *
 * Nothing may overlap unless said so.  Memory must be aligned for float only,
 * but whole cache lines are fastest.  Nothing is allocated, no function keeps
 * state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_KERNEL_H
#define WALS_CORE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#define WC_KERNEL_ALIGN 64 /* bytes of a cache line */
#define WC_KERNEL_CHUNK 64 /* entries packed at once */
#define WC_KERNEL_LANES 16 /* of the widest kernel */

/*
 * A run of entries as pack sees them: entry e has the vector of k floats at
 * base + col[e] * k.  ahead more columns behind count may be read and their
 * vectors fetched into the cache.
 */
typedef struct WcGather
{
	int32_t k;
	int32_t width; /* k, or k + 1: a last component of 1 */
	int32_t size;
	int32_t pitch;
	int32_t count;
	int32_t ahead;
	const float *base;
	const int32_t *col;
} WcGather;

typedef struct WcKernel
{
	const char *name;
	int32_t lanes;

	/*
	 * rows_e = sqrt(weight_e) v_e, padded; sum += right_e v_e.  sum has size
	 * floats.  count <= WC_KERNEL_CHUNK.
	 */
	void (*pack)(const WcGather *gather, const float *weight,
	             const float *right, float *rows, float *sum);

	/* rows_e = sqrt(weight_e) v_e * column_scale (size floats), padded */
	void (*pack_dual)(const WcGather *gather, const float *weight,
	                  const float *column_scale, float *rows);

	/* Fetch vectors into the cache that pack will be given soon. */
	void (*prefetch)(const WcGather *gather);

	/*
	 * Upper triangle of A = P'P (fresh) or A += P'P; P is count x size.  By
	 * the way as many of the vectors of soon as there is time for, whose count
	 * may be 0, are fetched into the cache.
	 */
	void (*rank_update)(int32_t size, int32_t pitch, int32_t count,
	                    const float *p, bool fresh, float *a,
	                    const WcGather *soon);

	/*
	 * Rows first to last of the upper triangle of A = I + S S'; S is count x
	 * size with pitch, A is padded from count to a_size.  S has zeros in rows
	 * count up to the next multiple of 4.  first and last are multiples of 4,
	 * or last is a_size.
	 */
	void (*dual_gram)(int32_t first, int32_t last, int32_t count, int32_t size,
	                  int32_t pitch, const float *s, int32_t a_size,
	                  int32_t a_pitch, float *a);

	/*
	 * Factor A = U'U in place and x = U^-T x, rows first to last of both, which
	 * are multiples of the lanes; the rows before first are done.  inverse
	 * (size x lanes) gets the inverse transposed of each diagonal block, the
	 * blocks themselves are spoilt.  Returns rho, the smallest quotient of a
	 * pivot and the diagonal element it came from; 0 when A is not positive
	 * definite or not finite.
	 */
	float (*factor)(int32_t first, int32_t last, int32_t size, int32_t pitch,
	                float *a, float *inverse, float *x);

	/* x = U^-T x and x = U^-1 x, from factor's output */
	void (*forward)(int32_t size, int32_t pitch, const float *u,
	                const float *inverse, float *x);
	void (*backward)(int32_t size, int32_t pitch, const float *u,
	                 const float *inverse, float *x);

	/* sum = sum over count rows of coefficient_e row_e; size floats */
	void (*combine)(int32_t size, int32_t pitch, int32_t count,
	                const float *rows, const float *coefficient, float *sum);

	/*
	 * to (count x size) = from (count x size) B (size x size), all with pitch;
	 * count is a multiple of 8.
	 */
	void (*multiply)(int32_t size, int32_t pitch, int32_t count,
	                 const float *from, const float *b, float *to);

	/* out_e = v_e . x; width is k */
	void (*dots)(const WcGather *gather, const float *x, float *out);

	/*
	 * The plane rotations of one step of an eigenvalue iteration: for i = count
	 * - 1 down to 0, rows i and i + 1 of Q become c_i q_i - s_i q_i+1 and
	 * s_i q_i + c_i q_i+1.  Rows have width doubles.
	 */
	void (*rotate)(int32_t width, int32_t count, const double *c,
	               const double *s, double *q);

	/*
	 * rows_e = columns first to first + columns of v_e, padded to size; the
	 * column behind the k-th is 1.  columns <= size.
	 */
	void (*gather_rows)(const WcGather *gather, int32_t first, int32_t columns,
	                    float *rows);

	/*
	 * sum += sum over count rows of (right_e - weight_e row_e . x) row_e; right
	 * NULL: 0.  count is a multiple of the lanes: rows, weight and right are
	 * padded with zeros.
	 */
	void (*project)(int32_t size, int32_t pitch, int32_t count,
	                const float *rows, const float *weight, const float *right,
	                const float *x, float *sum);

	/*
	 * Upper triangle of A += P'P in float64; P is count x width, A width x
	 * width, neither is padded.  Below the diagonal of A, blocks of 4 are
	 * spoilt.
	 */
	void (*rank_update_double)(int32_t width, int32_t count, const double *p,
	                           double *a);
} WcKernel;

static inline int32_t
wc_pad(int32_t width, int32_t to)
{
	return (width + to - 1) / to * to;
}

static inline int32_t
wc_pitch(int32_t size)
{
	return wc_pad(size, WC_KERNEL_LANES) / WC_KERNEL_LANES % 2 == 1
	           ? wc_pad(size, WC_KERNEL_LANES)
	           : wc_pad(size, WC_KERNEL_LANES) + WC_KERNEL_LANES;
}

/*
 * The kernel of that name: avx512, avx2, portable; auto, the empty string and
 * NULL mean the widest this processor runs.  NULL when it does not run it or
 * the name is unknown.
 */
extern const WcKernel *wc_kernel_choose(const char *name);

extern const WcKernel wc_kernel_portable;
#if defined(__x86_64__)
extern const WcKernel wc_kernel_avx2;
extern const WcKernel wc_kernel_avx512;
#endif

#endif /* WALS_CORE_KERNEL_H */
