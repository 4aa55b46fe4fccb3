/*-------------------------------------------------------------------------
 *
 * dense.h
 *	  Dense linear algebra: what a provider of it can do.
 *
 * There are two.  "builtin" (dense.c, eigen.c) is our own code and always there.
 * "openblas" (dense_openblas.c) finds that library when it is first needed, and
 * is faster where problems are large.  They differ in rounding; each gives the
 * same bits for the same input, on one processor.  wc_dense says which one is
 * taken.
 *
 * Matrices are row-major without gaps: n x m means n rows of m numbers, one after
 * the other.  Of a symmetric matrix the upper triangle is read and written; below
 * it nothing is promised.  Nothing may overlap.
 *
 * Every function asks the pace at least each 50 ms of work on a processor of this
 * decade, WC_CANCELLED leaves its results undefined, and none allocates from the
 * host.  They are called from the host's thread: OpenBLAS would wait for ever in
 * a thread for which the system has no memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_DENSE_H
#define WALS_CORE_DENSE_H

#include "core/ground/internal.h"
#include "core/ground/kernel.h"

/* Numbers of workspace for the eigenproblem of n rows. */
static inline size_t
wc_dense_space(int32_t n)
{
	return 2 * (size_t) n * (size_t) n + 12 * (size_t) n + 8;
}

struct WcDense
{
	const char *name; /* builtin, openblas */
	const char *version; /* 0.3.21; builtin: "" */
	const char
	    *core; /* whose kernels, as the library calls them; builtin: "" */

	/*
	 * A = Q' diag(e) Q of the symmetric matrix a, n x n: row l of a becomes the
	 * vector of values[l].  The values are in no promised order, and those of a
	 * matrix within about n eps |A| of a, so that below it they are rounding and
	 * may be negative.  space has wc_dense_space(n) numbers.  WC_NOT_FINITE for
	 * a matrix, or an eigenvalue, that is not, and for no other reason.
	 */
	WcStatus (*eigen)(const WcKernel *kernel, int32_t n, double *a,
	                  double *values, double *space, WcPace *pace);
	WcStatus (*eigen_float)(const WcKernel *kernel, int32_t n, float *a,
	                        float *values, float *space, WcPace *pace);

	/*
	 * A = R' R of the symmetric matrix a, n x n, in place, R upper triangular.
	 * WC_NOT_SPD when a pivot is not above 0 or not finite.
	 */
	WcStatus (*factor)(int32_t n, double *a, WcPace *pace);
	WcStatus (*factor_float)(int32_t n, float *a, WcPace *pace);

	/* A x = b in place for each of the count rows of n numbers; r from factor. */
	WcStatus (*solve)(int32_t n, const double *r, int32_t count, double *x,
	                  WcPace *pace);
	WcStatus (*solve_float)(int32_t n, const float *r, int32_t count, float *x,
	                        WcPace *pace);

	/* C = V' V, or C + V' V, of v, count x n; c is n x n and symmetric. */
	WcStatus (*square)(int32_t n, int32_t count, const double *v, bool add,
	                   double *c, WcPace *pace);
	WcStatus (*square_float)(int32_t n, int32_t count, const float *v, bool add,
	                         float *c, WcPace *pace);

	/*
	 * C = A B, m x n, of a, m x inner, and b, inner x n; or, turned, C = A B' of
	 * a b that is n x inner.
	 */
	WcStatus (*multiply)(int32_t m, int32_t n, int32_t inner, const double *a,
	                     const double *b, bool turned, double *c, WcPace *pace);
	WcStatus (*multiply_float)(int32_t m, int32_t n, int32_t inner,
	                           const float *a, const float *b, bool turned,
	                           float *c, WcPace *pace);
};

extern const WcDense wc_dense_builtin;

/*
 * OpenBLAS, loaded if it is not yet; NULL if that cannot be, with a sentence why
 * in reason (size bytes).  In a host with threads only while it has no other.
 * Whether it is there is known for the rest of the process once it was loaded.
 */
extern const WcDense *wc_dense_openblas(size_t size, char *reason);

/*
 * Both providers scale a symmetric matrix (upper triangle) by a power of two,
 * which is exact, so that its largest element is about 1: times 2^-exponent.
 * WC_NOT_FINITE if an element is not.
 */
extern WcStatus wc_dense_scale(int32_t n, double *a, int *exponent,
                               WcPace *pace);
extern WcStatus wc_dense_scale_float(int32_t n, float *a, int *exponent,
                                     WcPace *pace);

/* Numbers times 2^exponent; WC_NOT_FINITE if one is not. */
extern WcStatus wc_dense_unscale(int32_t n, double *values, int exponent);
extern WcStatus wc_dense_unscale_float(int32_t n, float *values, int exponent);

/* Of our own provider (eigen.c). */

/*
 * Eigenvalues (n, in no order) and eigenvectors of the symmetric matrix a
 * (n x n, upper triangle read): row l of a becomes the vector of values[l].
 * They are those of a matrix within about n eps |A| of a, so eigenvalues below
 * that are rounding, and may be negative.  work has 3 n doubles.  WC_NOT_FINITE
 * for a matrix, or an eigenvalue, that is not, and for no other reason;
 * WC_CANCELLED leaves the results undefined.
 */
extern WcStatus wc_eigen(const WcKernel *kernel, int32_t n, double *a,
                         double *values, double *work, WcPace *pace);

#endif /* WALS_CORE_DENSE_H */
