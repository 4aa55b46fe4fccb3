/*-------------------------------------------------------------------------
 *
 * blas.h
 *	  What benchmarks compare with: OpenBLAS, as a table of its functions.
 *
 * Members are named after their routine without the library's prefixes; all of
 * them are row-major CBLAS except potrf and potrs, which are Fortran,
 * column-major.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BENCH_BLAS_H
#define WALS_BENCH_BLAS_H

#include <stddef.h>

/* CBLAS names these numbers; they are part of its binary interface. */
enum
{
	BLAS_ROW_MAJOR = 101,
	BLAS_NO_TRANS = 111,
	BLAS_TRANS = 112,
	BLAS_UPPER = 121
};

typedef struct Blas
{
	/* C (m x n) = alpha op(A) op(B) + beta C */
	void (*gemm)(int order, int trans_a, int trans_b, int m, int n, int k,
	             float alpha, const float *a, int lda, const float *b, int ldb,
	             float beta, float *c, int ldc);

	/* one triangle of C (n x n) = alpha A' A + beta C with trans, A is k x n */
	void (*syrk)(int order, int uplo, int trans, int n, int k, float alpha,
	             const float *a, int lda, float beta, float *c, int ldc);

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
} Blas;

/*
 * Load OpenBLAS with one thread and the widest kernels this processor runs; a
 * program that can't have it ends with a message.  Call it once, before there
 * are threads.
 */
extern const Blas *blas_load(void);

#endif /* WALS_BENCH_BLAS_H */
