/*-------------------------------------------------------------------------
 *
 * numerics.h
 *	  What the files of the solution share: sweep.c, loss.c and below.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_NUMERICS_H
#define WALS_CORE_NUMERICS_H

#include <float.h>
#include <math.h>

#include "core/solve/engine.h"
#include "core/model/formula.h"
#include "core/solve/solve.h"

/*
 * Factors below the normal range become 0.  Directions that regularization kills
 * pass through it on their way to nothing: such numbers have few digits left, and
 * a processor takes a hundred times as long for each.
 */
static inline void
wc_flush(int32_t count, float *x)
{
	for (int32_t p = 0; p < count; p++)
		x[p] = fabsf(x[p]) < FLT_MIN ? 0 : x[p];
}

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
 * The same for a factor that need not come from the sum, because there is
 * lambda and wc_ref_rotate: a solution is off by about 1e-16 divided by it.
 */
#define WC_REF_SURE 1e-9

/*
 * Upper Cholesky factor in place, A = R' R: the upper triangle of a (row-major)
 * is read and written, the lower one left alone.  diagonal is the diagonal of
 * A.  WC_NOT_SPD when a pivot is at most tolerance times its diagonal element
 * or not a number; worst is the smallest quotient of the two seen.
 */
extern WcStatus wc_ref_factor(int32_t width, double tolerance, double *a,
                              const double *diagonal, double *worst,
                              WcPace *pace);

/*
 * One row more of S in R' R = S' S, with R upper triangular, and of t in z, for
 * which R x = z minimizes |S x - t|.  Both begin with zeros; row is used up.  r
 * is written where wc_ref_factor writes.
 */
extern void wc_ref_rotate(int32_t width, double *r, double *z, double *row,
                          double right);

/* x = R^-1 x, and x = (R' R)^-1 x */
extern void wc_ref_backward(int32_t width, const double *r, double *x);
extern void wc_ref_substitute(int32_t width, const double *r, double *x);

/* ------------------------------------------------------------------------
 * solve.c
 * ------------------------------------------------------------------------ */

/* One half sweep, seen from any of its rows.  Nothing here changes in it. */
typedef struct WcHalf
{
	const WcKernel *kernel;
	WcSide side;
	int32_t factors; /* k */
	int32_t width; /* unknowns of a row: k, with biases k + 1 */
	WcRows rows; /* of the solved side; columns are the fixed one, and with
								 * biases have them */
	const float *lambda; /* per solved row */
	double bias_lambda; /* of all biases; < 0: that of the row */

	/* the fixed side, in the basis of its Gram matrix's eigenvectors */
	const float *fixed;
	const double *eigen; /* k eigenvalues >= 0; unset when w0 is 0 */
	double eigen_min;

	/* the solved side; where its old values count, in the same basis */
	float *solved;
	float *solved_bias; /* NULL without biases */
	int32_t steps; /* of cg.c */
} WcHalf;

/*
 * Minimize over one row: its factors, and its bias if there are biases.  Either
 * writes the row completely or, on failure, leaves it as it was.  next is the
 * row that comes after it, or -1: its first vectors are fetched into the cache
 * meanwhile.
 */
extern WcStatus wc_solve_row(const WcHalf *half, int32_t row, int32_t next,
                             WcWork *work, WcPace *pace, WcError *error);

/* ------------------------------------------------------------------------
 * row.c
 * ------------------------------------------------------------------------ */

/* What holds for all entries of one row. */
typedef struct WcRow
{
	int32_t index;
	WcTerms terms; /* its entries */
	double lambda; /* of the factors */
	double bias_lambda; /* of the bias, where there is one */
	double least; /* of the two */
} WcRow;

extern WcRow wc_row_open(const WcHalf *half, int32_t index);

/* The diagonal D, width elements, padded with ones to size. */
extern void wc_row_shared(const WcHalf *half, const WcRow *row, int32_t size,
                          float *shared);

/* ------------------------------------------------------------------------
 * descent.c, cg.c, block.c
 * ------------------------------------------------------------------------ */

/* longest is the number of entries of the longest row. */
extern WcStatus wc_descent_create(int64_t longest, WcWork *work,
                                  const WcAlloc *alloc);
extern void wc_descent_free(WcWork *work, const WcAlloc *alloc);

/* x (size of the work, padded with zeros) from the values of a row, and back */
extern void wc_descent_begin(const WcHalf *half, int32_t row, WcWork *work,
                             float *x);
extern void wc_descent_end(const WcHalf *half, int32_t row, const float *x);

/*
 * Like wc_solve_row, but they begin with the values the row has, and bring them
 * nearer to the minimum: by steps of conjugate gradients, block by block.
 */
extern WcStatus wc_cg_row(const WcHalf *half, int32_t row, int32_t next,
                          WcWork *work, WcPace *pace, WcError *error);
extern WcStatus wc_block_row(const WcHalf *half, int32_t row, int32_t next,
                             WcWork *work, WcPace *pace, WcError *error);

/* ------------------------------------------------------------------------
 * schedule.c
 * ------------------------------------------------------------------------ */

/* Rows of one side, longest first, in chunks of about the same work. */
typedef struct WcSchedule
{
	int32_t rows;
	int32_t *order; /* rows */
	int32_t n_chunks;
	int32_t *start; /* n_chunks + 1 places in order */
} WcSchedule;

extern WcStatus wc_schedule_create(const WcCsr *csr, int32_t k,
                                   WcSchedule *schedule, const WcAlloc *alloc);
extern void wc_schedule_free(WcSchedule *schedule, const WcAlloc *alloc);

/* ------------------------------------------------------------------------
 * sweep.c
 * ------------------------------------------------------------------------ */

/* What the rows of a chunk add to the loss, and the sizes of its terms. */
typedef struct WcLossSum
{
	double loss;
	double size;
} WcLossSum;

struct WcSolver
{
	WcEngine engine;
	const WcProblem *problem;
	const WcAlloc *alloc;
	WcMethod method; /* never WC_SOLVE_AUTO */
	WcSchedule schedule[2]; /* by WcSide */
	WcLossSum *sums; /* one per chunk of both schedules */

	/* of a half sweep that was paused */
	int64_t next_chunk; /* of rows; 0: none was paused */
	atomic_int failed; /* lowest row that failed */

	/* NULL when w0 is 0 */
	double *gram; /* k x k */
	double *eigen; /* k values, and wc_dense_space(k) to find them */
	float *rotation; /* k x pitch, padded; aligned within its block */
	void *rotation_block;
};

/*
 * Whether eigenvalue l of the Gram matrix of rows vectors of k factors is one of
 * those that would be 0 but for rounding: there are at most as many others as
 * vectors.  Their part of the vectors is taken out.
 */
extern bool wc_beyond_rank(int32_t k, int32_t rows, const double *eigen,
                           int32_t l);

/* ------------------------------------------------------------------------
 * gram.c
 * ------------------------------------------------------------------------ */

/* Rows a panel of the Gramian sums in float32. */
#define WC_GRAM_PANEL 2048

/*
 * gram = sum_j t_j v_j v_j' over count rows of k floats; share is t, NULL for
 * all ones.  gram is k x k, its upper triangle; zeros below.  Uses the threads
 * and workspaces of the solver.  A count of 0 gives zeros.  WC_CANCELLED leaves
 * the result undefined.
 */
extern WcStatus wc_gram(const WcEngine *engine, int32_t count,
                        const float *factors, const float *share, double *gram,
                        const WcHooks *hooks);

#endif /* WALS_CORE_NUMERICS_H */
