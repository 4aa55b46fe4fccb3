/*-------------------------------------------------------------------------
 *
 * ref.c
 *	  Solve one row's system in float64, the slow and obvious way.
 *
 * wc_ref_solve_row is the twin that unit tests hold the fast path against, and
 * answers single rows; solve.c uses the Cholesky factor and the substitution
 * for rows whose system is too ill-conditioned for float32.  No kernel here, so
 * that a fault in one cannot hide.
 *
 * The factor is right-looking: pivot row p is finished, then its outer product
 * is taken from the triangle below.  All inner loops run along rows.
 *
 * Where the sum A = S' S has lost lambda beside large terms, the same factor
 * comes from the rows of S, by Givens rotations (Golub and Van Loan, Matrix
 * Computations, 5.2.3): numbers then differ by the root of what they do in A.
 * That cannot fail.  A rotation makes a diagonal element sqrt(r^2 + x^2), never
 * less, so once the row sqrt(d_p) e_p is in, element p is at least sqrt(d_p).
 *
 * What is deliberately not done: pivoting and a floor under the diagonal.  A
 * floor would quietly minimize another objective than the one printed; a system
 * without lambda that needs it is reported instead.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>

#include "core/solve/normal.h"

/* Well above what rounding makes of a pivot of 0 in the unit tests, 6e-13. */
#define TOLERANCE_WITHOUT_LAMBDA 1e-11

double
wc_ref_tolerance(int32_t width, int64_t count, double lambda)
{
	if (lambda > 0)
		return 4.0 * DBL_EPSILON * (width + sqrt((double) count));
	return TOLERANCE_WITHOUT_LAMBDA;
}

WcStatus
wc_ref_factor(int32_t width, double tolerance, double *a,
              const double *diagonal, double *worst, WcPace *pace)
{
	*worst = 1.0;
	for (int32_t p = 0; p < width; p++)
	{
		double *pivot_row = a + (size_t) p * width;
		double pivot = pivot_row[p];
		double root;

		/* Written so that a NaN fails too. */
		if (!(pivot > tolerance * diagonal[p]) || !isfinite(pivot))
		{
			*worst = diagonal[p] > 0 ? pivot / diagonal[p] : 0;
			return WC_NOT_SPD;
		}
		if (pivot / diagonal[p] < *worst)
			*worst = pivot / diagonal[p];

		root = sqrt(pivot);
		for (int32_t q = p; q < width; q++)
			pivot_row[q] /= root;
		for (int32_t q = p + 1; q < width; q++)
		{
			double *row = a + (size_t) q * width;
			double factor = pivot_row[q];

			for (int32_t r = q; r < width; r++)
				row[r] -= factor * pivot_row[r];
		}
		if (wc_pace(pace, (int64_t) (width - p) * (width - p) / 2))
			return WC_CANCELLED;
	}
	return WC_OK;
}

void
wc_ref_rotate(int32_t width, double *r, double *z, double *row, double right)
{
	for (int32_t p = 0; p < width; p++)
	{
		double *pivot_row = r + (size_t) p * width;
		double length;
		double c;
		double s;
		double before = z[p];

		if (row[p] == 0)
			continue;
		length = hypot(pivot_row[p], row[p]);
		c = pivot_row[p] / length;
		s = row[p] / length;
		pivot_row[p] = length;
		for (int32_t q = p + 1; q < width; q++)
		{
			double x = pivot_row[q];

			pivot_row[q] = c * x + s * row[q];
			row[q] = c * row[q] - s * x;
		}
		z[p] = c * before + s * right;
		right = c * right - s * before;
	}
}

void
wc_ref_backward(int32_t width, const double *r, double *x)
{
	for (int32_t p = width - 1; p >= 0; p--)
	{
		const double *row = r + (size_t) p * width;
		double sum = x[p];

		for (int32_t q = p + 1; q < width; q++)
			sum -= row[q] * x[q];
		x[p] = sum / row[p];
	}
}

void
wc_ref_substitute(int32_t width, const double *r, double *x)
{
	for (int32_t p = 0; p < width; p++)
	{
		const double *row = r + (size_t) p * width;

		x[p] /= row[p];
		for (int32_t q = p + 1; q < width; q++)
			x[q] -= row[q] * x[p];
	}
	wc_ref_backward(width, r, x);
}

WcStatus
wc_ref_solve_row(int32_t width, const double *gram, double unobserved,
                 double lambda, int64_t count, const double *vectors,
                 const double *weights, const double *full_weights,
                 const double *targets, double *solution, double *workspace)
{
	WcNormal normal = {.width = width, .a = workspace, .b = solution};

	wc_normal_clear(&normal);
	if (unobserved != 0)
		wc_normal_add_cells(&normal, unobserved, gram);
	wc_normal_add_entries(&normal, count, vectors, weights, full_weights,
	                      targets);
	return wc_normal_solve(&normal, lambda,
	                       workspace + (size_t) width * (size_t) width);
}
