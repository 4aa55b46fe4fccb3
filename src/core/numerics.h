/*-------------------------------------------------------------------------
 *
 * numerics.h
 *	  What gram.c, ref.c, solve.c, sweep.c and loss.c share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_NUMERICS_H
#define WALS_CORE_NUMERICS_H

#include "core/blas.h"
#include "core/internal.h"

/*
 * Work is counted for wc_pace in scalar multiply-adds.  OpenBLAS does at least
 * this many in the time of one, even with its slowest kernels.
 */
#define WC_PACE_BLAS 4

/* A failure that needs no words. */
static inline WcStatus
wc_fail_silently(WcError *error, WcStatus status, WcSide side, int32_t row)
{
	return wc_fail(error, status, side, row, -1, "%s", "");
}

/* ------------------------------------------------------------------------
 * gram.c
 * ------------------------------------------------------------------------ */

/* Rows a panel of the Gramian sums in float32. */
#define WC_GRAM_PANEL 2048

/*
 * gram = sum_j t_j v_j v_j' over count rows of k floats; share is t, NULL for
 * all ones.  gram (k x k) and gram_float (k x k, or NULL) come out symmetric.
 * strip_rows is a power of two up to WC_GRAM_PANEL and strip has room for
 * strip_rows x k floats; partial for k x k.  Nothing may overlap.  A count of 0
 * gives zeros.  WC_CANCELLED leaves the results undefined.
 */
extern WcStatus wc_gram(const WcBlas *blas, int32_t count, int32_t k,
                        const float *factors, const float *share,
                        int32_t strip_rows, float *strip, float *partial,
                        double *gram, float *gram_float, WcPace *pace);

/* ------------------------------------------------------------------------
 * ref.c
 * ------------------------------------------------------------------------ */

/*
 * The smallest quotient of a pivot and the diagonal element it came from that
 * counts as positive, for a matrix summed over count terms.  With lambda it is
 * the rounding of float64.  Without, nothing tells a weak direction from one
 * that does not exist except its size, and rounding grows with every pivot.
 */
extern double wc_ref_tolerance(int32_t width, int64_t count, double lambda);

/*
 * Upper Cholesky factor in place, A = R' R: the upper triangle of a (row-major)
 * is read and written, the lower one left alone.  diagonal is the diagonal of
 * A.  WC_NOT_SPD when a pivot is at most tolerance times its diagonal element
 * or not a number; worst is the smallest quotient of the two seen.
 */
extern WcStatus wc_ref_factor(int32_t width, double tolerance, double *a,
                              const double *diagonal, double *worst,
                              WcPace *pace);

/* x = (R' R)^-1 x */
extern void wc_ref_substitute(int32_t width, const double *r, double *x);

/* ------------------------------------------------------------------------
 * solve.c
 * ------------------------------------------------------------------------ */

/* One half sweep, seen from any of its rows.  Nothing here changes in it. */
typedef struct WcHalf
{
	WcSide side;
	int32_t factors; /* k */
	int32_t width; /* unknowns of a row: k, with biases k + 1 */
	const WcCsr *entries; /* the solved side by row */
	const float *lambda; /* per solved row */

	/* the weights, see WcProblem; NULL: all ones */
	double base_weight;
	const float *row_scale;
	const float *fixed_scale;
	double w0;
	const float *row_share; /* t of the solved row (items) */
	const float *fixed_share; /* t of the fixed row (users) */

	/* the fixed side */
	const float *fixed;
	const float *fixed_bias; /* NULL without biases */
	const double *gram; /* k x k; unset when w0 is 0 */
	const float *gram_float;

	/* the solved side */
	float *solved;
	float *solved_bias; /* NULL without biases */
} WcHalf;

/* What solving rows needs besides: one per thread. */
typedef struct WcRowWork
{
	int32_t strip_rows; /* entries gathered at once */
	float *strip; /* strip_rows x width */
	float *coefficient; /* strip_rows */
	float *matrix; /* width x width */
	float *diagonal; /* width */
	float *vector; /* width */
	double *strip_double; /* strip_rows x width */
	double *matrix_double; /* width x width */
	double *diagonal_double; /* width */
	double *right_side; /* width */
	double *solution; /* width */
	double *residual; /* width */
	int64_t retries; /* rows solved in float64 */
} WcRowWork;

extern WcStatus wc_row_work_create(int32_t width, WcRowWork *work,
                                   const WcAlloc *alloc);
extern void wc_row_work_free(WcRowWork *work, const WcAlloc *alloc);

/*
 * Minimize over one row: its factors, and its bias if there are biases.  Either
 * writes the row completely or, on failure, leaves it as it was.
 */
extern WcStatus wc_solve_row(const WcBlas *blas, const WcHalf *half,
                             int32_t row, WcRowWork *work, WcPace *pace,
                             WcError *error);

/* ------------------------------------------------------------------------
 * sweep.c
 * ------------------------------------------------------------------------ */

struct WcSolver
{
	const WcProblem *problem;
	const WcAlloc *alloc;
	const WcBlas *blas;
	int32_t factors; /* k */
	int32_t width; /* k, with biases k + 1 */
	double *gram; /* k x k, NULL when w0 is 0 */
	float *gram_float; /* the same */
	WcRowWork work;
};

#endif /* WALS_CORE_NUMERICS_H */
