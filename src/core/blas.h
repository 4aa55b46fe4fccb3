/*-------------------------------------------------------------------------
 *
 * blas.h
 *	  The functions the core borrows from OpenBLAS, as a table of pointers.
 *
 * The table exists so that nothing is linked: see blas.c.  Members are named
 * after their routine without the library's prefixes; all of them are row-major
 * CBLAS except potrf and potrs, which are Fortran, column-major.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_BLAS_H
#define WALS_CORE_BLAS_H

#include <stddef.h>

/* CBLAS names these numbers; they are part of its binary interface. */
enum
{
	WC_BLAS_ROW_MAJOR = 101,
	WC_BLAS_NO_TRANS = 111,
	WC_BLAS_TRANS = 112,
	WC_BLAS_UPPER = 121
};

typedef struct WcBlas
{
	/* C (m x n) = alpha op(A) op(B) + beta C */
	void (*gemm)(int order, int trans_a, int trans_b, int m, int n, int k,
	             float alpha, const float *a, int lda, const float *b, int ldb,
	             float beta, float *c, int ldc);

	/* y = alpha op(A) x + beta y, A is m x n */
	void (*gemv)(int order, int trans, int m, int n, float alpha,
	             const float *a, int lda, const float *x, int incx, float beta,
	             float *y, int incy);

	/* one triangle of C (n x n) = alpha A' A + beta C with trans, A is k x n */
	void (*ssyrk)(int order, int uplo, int trans, int n, int k, float alpha,
	              const float *a, int lda, float beta, float *c, int ldc);
	void (*dsyrk)(int order, int uplo, int trans, int n, int k, double alpha,
	              const double *a, int lda, double beta, double *c, int ldc);

	/*
	 * Cholesky factor of A, and the solution of A X = B from it.  The last
	 * argument is the length of uplo, which Fortran compilers pass unseen; an
	 * implementation in C ignores it.
	 */
	void (*potrf)(const char *uplo, const int *n, float *a, const int *lda,
	              int *info, size_t uplo_length);
	void (*potrs)(const char *uplo, const int *n, const int *nrhs,
	              const float *a, const int *lda, float *b, const int *ldb,
	              int *info, size_t uplo_length);

	char *(*get_corename)(void);
	char *(*get_config)(void);
	void (*set_num_threads)(int threads);
	int (*get_num_threads)(void);
} WcBlas;

/* The loaded table, NULL before wc_blas_load has succeeded. */
extern const WcBlas *wc_blas(void);

#endif /* WALS_CORE_BLAS_H */
