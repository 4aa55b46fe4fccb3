/*-------------------------------------------------------------------------
 *
 * eigen.c
 *	  Eigenvalues and eigenvectors of a symmetric matrix, in float64.
 *
 * The builtin provider's (dense.h).  sweep.c needs those of the Gram matrix, once
 * per half sweep.  The textbook way (Golub and Van Loan, Matrix Computations, 8.3): Householder reflections
 * make the matrix tridiagonal, implicit QL steps with Wilkinson's shift make it
 * diagonal.  The eigenvectors are rows from the beginning, so that every inner
 * loop runs along a row; the rotations of a whole QL step are applied at once
 * by a kernel that keeps a strip of columns in registers.
 *
 * An element beside the diagonal is dropped when it is nothing beside the whole
 * matrix, as EISPACK's tql2 does, not beside its neighbours on the diagonal: in
 * a graded matrix, whose eigenvalues differ by more than float64 tells apart,
 * rounding keeps putting back what is large beside the small ones.  Dropping it
 * adds as much to the error of an eigenvalue as rounding does, and leaves the
 * vectors orthogonal.
 *
 * It always ends.  In exact arithmetic Wilkinson's shift makes the steps
 * converge from anywhere (Parlett, The symmetric eigenvalue problem, 8.10); two
 * are usual, and 10 the most that the unit tests see.  Should rounding see to it
 * that they do not, what counts as nothing doubles with each step after the
 * usual ones: at most 55 of those, and it is larger than anything in the matrix.
 *
 * The matrix is scaled to about 1 by a power of two, which is exact, so that no
 * square overflows, and what is below TINY can be taken for 0: its rotations
 * would not be orthogonal.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include <float.h>

#include "core/ground/dense.h"

#ifndef STEPS_USUAL /* the unit test has others */
#define STEPS_USUAL 30 /* per eigenvalue */
#define PRECISION DBL_EPSILON
#endif
#define TINY (DBL_MIN / DBL_EPSILON) /* square of a length that is none */

typedef double Pair __attribute__((vector_size(16)));
typedef double PairAny __attribute__((vector_size(16), aligned(8), may_alias));

static double
dot(int32_t n, const double *x, const double *y)
{
	Pair sum[4] = {{0}, {0}, {0}, {0}};
	double rest = 0;
	int32_t p = 0;

	for (; p + 8 <= n; p += 8)
		for (int i = 0; i < 4; i++)
			sum[i] += *(const PairAny *) (x + p + 2 * i) *
			          *(const PairAny *) (y + p + 2 * i);
	for (; p < n; p++)
		rest += x[p] * y[p];
	sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
	return rest + (sum[0][0] + sum[0][1]);
}

/* y += factor x */
static void
add(int32_t n, double factor, const double *x, double *y)
{
	for (int32_t p = 0; p < n; p++)
		y[p] += factor * x[p];
}

/*
 * A (upper triangle) to tridiagonal form: diagonal, and off[i] between i and
 * i + 1.  Row i keeps the vector v of reflection I - v v' behind the diagonal.
 * work has n doubles.
 */
static WcStatus
tridiagonalize(int32_t n, double *a, double *diagonal, double *off,
               double *work, WcPace *pace)
{
	for (int32_t i = 0; i < n; i++)
	{
		int32_t m = n - i - 1;
		double *v = a + (size_t) i * n + i + 1;
		double length;
		double half;

		diagonal[i] = a[(size_t) i * n + i];
		off[i] = m > 0 ? v[0] : 0;
		if (m < 2)
			continue;
		length = dot(m - 1, v + 1, v + 1);
		if (length <= TINY)
		{
			memset(v, 0, (size_t) m * sizeof(double));
			continue;
		}
		length = sqrt(v[0] * v[0] + length);
		off[i] = v[0] > 0 ? -length : length;
		v[0] -= off[i];

		/* |v|^2 = 2, so that I - v v' reflects */
		half = sqrt(2 / dot(m, v, v));
		for (int32_t p = 0; p < m; p++)
			v[p] *= half;

		/* work = B v for the block B behind, then B -= v w' + w v' */
		memset(work, 0, (size_t) m * sizeof(double));
		for (int32_t p = 0; p < m; p++)
		{
			const double *b = a + (size_t) (i + 1 + p) * n + i + 1 + p;

			work[p] += b[0] * v[p] + dot(m - p - 1, b + 1, v + p + 1);
			add(m - p - 1, v[p], b + 1, work + p + 1);
		}
		add(m, -dot(m, work, v) / 2, v, work);
		for (int32_t p = 0; p < m; p++)
		{
			double *b = a + (size_t) (i + 1 + p) * n + i + 1 + p;

			for (int32_t q = 0; q < m - p; q++)
				b[q] -= v[p] * work[p + q] + work[p] * v[p + q];
		}
		if (wc_pace(pace, (int64_t) m * m))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* The product of the reflections, in place of their vectors. */
static WcStatus
accumulate(int32_t n, double *a, double *work, WcPace *pace)
{
	for (int32_t i = n - 1; i >= 0; i--)
	{
		int32_t m = n - i - 1;
		double *row = a + (size_t) i * n;

		memcpy(work, row + i + 1, (size_t) m * sizeof(double));
		if (m >= 2)
		{
			for (int32_t p = i + 1; p < n; p++)
			{
				double *to = a + (size_t) p * n + i + 1;

				add(m, -dot(m, to, work), work, to);
			}
		}
		memset(row, 0, (size_t) n * sizeof(double));
		row[i] = 1;
		for (int32_t p = i + 1; p < n; p++)
			a[(size_t) p * n + i] = 0;
		if (wc_pace(pace, (int64_t) m * m))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/*
 * One QL step on rows first to last of the tridiagonal matrix; work is that of
 * wc_eigen, off and room for the rotations.
 */
static void
step(const WcKernel *kernel, int32_t n, int32_t first, int32_t last,
     double *diagonal, double *work, double *vectors)
{
	double *off = work;
	double *c = work + n;
	double *s = work + 2 * (size_t) n;
	double g = (diagonal[first + 1] - diagonal[first]) / (2 * off[first]);
	double r = sqrt(g * g + 1);
	double cosine = 1;
	double sine = 1;
	double shift = 0;
	int32_t i;

	g = diagonal[last] - diagonal[first] + off[first] / (g + (g >= 0 ? r : -r));
	for (i = last - 1; i >= first; i--)
	{
		double f = sine * off[i];
		double b = cosine * off[i];

		r = f * f + g * g;
		if (r <= TINY)
		{
			/* the matrix falls apart here */
			off[i + 1] = 0;
			diagonal[i + 1] -= shift;
			break;
		}
		r = sqrt(r);
		off[i + 1] = r;
		sine = f / r;
		cosine = g / r;
		g = diagonal[i + 1] - shift;
		r = (diagonal[i] - g) * sine + 2 * cosine * b;
		shift = sine * r;
		diagonal[i + 1] = g + shift;
		g = cosine * r - b;
		c[i] = cosine;
		s[i] = sine;
	}
	if (i < first)
	{
		diagonal[first] -= shift;
		off[first] = g;
	}
	off[last] = 0;
	i++;
	kernel->rotate(n, last - i, c + i, s + i, vectors + (size_t) i * n);
}

WcStatus
wc_eigen(const WcKernel *kernel, int32_t n, double *a, double *values,
         double *work, WcPace *pace)
{
	double *off = work;
	double nothing = 0;
	int exponent;
	WcStatus status = wc_dense_scale(n, a, &exponent, pace);

	if (status == WC_OK)
		status = tridiagonalize(n, a, values, off, work + n, pace);
	if (status == WC_OK)
		status = accumulate(n, a, work + n, pace);
	if (status != WC_OK)
		return status;

	for (int32_t i = 0; i < n; i++)
		nothing = fmax(nothing, fabs(values[i]) + fabs(off[i]));
	nothing *= PRECISION;

	for (int32_t first = 0; first < n; first++)
	{
		double limit = nothing;

		for (int steps = 0;; steps++)
		{
			int32_t last = first;

			if (steps > STEPS_USUAL)
				limit *= 2;
			while (last < n - 1 && fabs(off[last]) > limit)
				last++;
			if (last == first)
				break;
			step(kernel, n, first, last, values, work, a);
			if (wc_pace(pace, (int64_t) (last - first) * n))
				return WC_CANCELLED;
		}
	}
	return wc_dense_unscale(n, values, exponent);
}
