/*-------------------------------------------------------------------------
 *
 * explore.c
 *	  How uncertain the scores of a user are.
 *
 * With A the matrix of the user's equations (fold.c), a score u.v has the
 * standard error s sqrt(v' A^-1 v), where s^2 is the variance of what a cell of
 * weight 1 differs from its prediction by: the least-squares estimate of a
 * model that is linear in u, with a prior of precision lambda (LinUCB: Li, Chu,
 * Langford, Schapire 2010).  We compute the root and leave s to the caller: with
 * w0 > 0 the unobserved cells are no measurements of anything, and a residual
 * taken from them would be invented.  With biases v ends in a 1, and the error
 * is that of bias and factors together.
 *
 * That takes v for known.  With w0 > 0 it is not enough: vectors of items that
 * few have come across are short, since all others are counted as zeros, so the
 * error would follow popularity.  There the item's vector is uncertain, too, with
 * the matrix B of what was observed of it alone, and the variance is that of a
 * product of two independent vectors,
 *
 *		v' A^-1 v + u' B^-1 u + tr(A^-1 B^-1)
 *
 * (both sides' errors as in Zhao, Zhang, Wang 2013, Interactive collaborative
 * filtering).  B is a sum over the item's users, whom nobody has at hand when a
 * question is asked: we take them to be as long as u and to point in all
 * directions, each weighing what an entry of u weighs on average.  Then B^-1 =
 * b I with 1 / b = lambda w^nu + w |u|^2 / k for w such weights, and only the
 * number of entries is left of the item.  Beside the exact B of MovieLens 100K
 * and MSWeb the root is 5 % too small in the median, and its order the same to a
 * rank correlation of 0.999.
 *
 * A = R' R gives v' A^-1 v = |R^-T v|^2.  R is inverted once, in float64, and
 * joined with the rotation into the eigenbasis: B = Q R^-1.  Then the error of
 * an item is the length of v' B, and many items are a product of matrices for the
 * kernel, in float32: k^2 multiply-adds an item, as exact as single precision is
 * for the smaller eigenvalues of A.
 *
 * Memory: width^2 doubles for R^-1 while it runs.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/answer/fold.h"

/* inverse (width x width, upper triangle, zeros below) = R^-1 */
static WcStatus
invert(int32_t width, const double *r, double *inverse, WcPace *pace)
{
	size_t n = (size_t) width;

	memset(inverse, 0, n * n * sizeof(double));
	for (size_t p = n; p-- > 0;)
	{
		double *row = inverse + p * n;
		double pivot = r[p * n + p];

		row[p] = 1;
		for (size_t q = p + 1; q < n; q++)
		{
			const double *below = inverse + q * n;
			double factor = r[p * n + q];

			for (size_t c = q; c < n; c++)
				row[c] -= factor * below[c];
		}
		for (size_t c = p; c < n; c++)
			row[c] /= pivot;
		if (wc_pace(pace, (int64_t) ((n - p) * (n - p) / 2)))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/*
 * b (size x pitch floats, padded with zeros) = Q inverse, with a row more for
 * the bias; row is scratch of width doubles.
 */
static WcStatus
join(const WcFold *fold, const double *inverse, double *row, int32_t pitch,
     float *b, WcPace *pace)
{
	size_t k = (size_t) fold->factors;
	size_t width = (size_t) fold->width;
	size_t turn =
	    (size_t) wc_pitch(wc_pad(fold->factors, fold->engine.kernel->lanes));

	for (size_t p = 0; p < width; p++)
	{
		float *to = b + p * (size_t) pitch;

		memset(row, 0, width * sizeof(double));
		for (size_t l = 0; l < k && p < k && fold->rotation != NULL; l++)
		{
			double factor = fold->rotation[p * turn + l];

			for (size_t c = l; c < width; c++)
				row[c] += factor * inverse[l * width + c];
		}
		if (p >= k || fold->rotation == NULL)
			memcpy(row, inverse + p * width, width * sizeof(double));
		for (size_t c = 0; c < width; c++)
		{
			to[c] = (float) row[c];
			if (!isfinite(to[c]))
				return WC_NOT_FINITE;
		}
		if (wc_pace(pace, (int64_t) (k * width / 2)))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* The root of the squares and of one more. */
static float
length(size_t width, const float *row, double more)
{
	double sum = more;

	for (size_t c = 0; c < width; c++)
		sum += (double) row[c] * row[c];
	return (float) sqrt(sum);
}

/* Sum of squares of a matrix of doubles, upper triangle. */
static double
square_sum(size_t width, const double *matrix)
{
	double sum = 0;

	for (size_t p = 0; p < width; p++)
		for (size_t q = p; q < width; q++)
			sum += matrix[p * width + q] * matrix[p * width + q];
	return sum;
}

/*
 * A bound of |v' B| / |v|.  The root of the sum of squares is one.  So is
 * 1 / sqrt(d), where d is the least of what lambda and w0 put on the diagonal of
 * A, which entries only add to; if, that is, R and its inverse are those of A
 * but for rounding: they are to width eps |R|^2 |R^-1|^2 of it (Higham: Accuracy
 * and stability of numerical algorithms, chapters 8, 10 and 14).
 */
static double
bound_lengthening(const WcFold *fold, const double *r, const double *inverse,
                  const float *b)
{
	size_t width = (size_t) fold->width;
	size_t pitch = (size_t) fold->engine.work->pitch;
	double w0 = fold->objective.params.unobserved_weight;
	double least = wc_fold_least(fold) +
	               (w0 != 0 ? w0 * fold->row_share * fold->eigen_min : 0);
	double terms = (double) width + (double) fold->count;
	double rounding =
	    4e-16 * terms * square_sum(width, r) * square_sum(width, inverse);
	double sum = 0;

	for (size_t p = 0; p < width; p++)
		for (size_t c = 0; c < width; c++)
			sum += (double) b[p * pitch + c] * b[p * pitch + c];
	sum = sqrt(sum) * (1 + 1e-9);
	if (rounding < 1e-4 && least > 0)
		sum = fmin(sum, (1 + 1e-3) / sqrt(least));
	return sum;
}

WcStatus
wc_spread_begin(WcFold *fold, double *largest, WcPace *pace, WcError *error)
{
	WcWork *work = fold->engine.work;
	size_t width = (size_t) fold->width;
	float *b = work->matrix;
	double *inverse;
	WcStatus status = wc_fold_factor(fold, pace, error);

	*largest = 0;
	fold->open = 0;
	if (status != WC_OK || fold->empty)
		return status;
	inverse = wc_alloc_array(fold->alloc, width * width, sizeof(double));
	if (inverse == NULL)
		return wc_fail_silently(error, WC_NO_MEMORY, WC_USERS, 0);
	memset(b, 0, (size_t) work->size * (size_t) work->pitch * sizeof(float));
	status = invert(fold->width, work->matrix_double, inverse, pace);
	if (status == WC_OK)
		status = join(fold, inverse, work->solution, work->pitch, b, pace);
	if (status == WC_OK)
		*largest = bound_lengthening(fold, work->matrix_double, inverse, b);
	/* |R^-1|^2 is the trace of A^-1 */
	if (status == WC_OK && fold->objective.params.unobserved_weight != 0)
		fold->open = fold->square + square_sum(width, inverse);
	wc_free(fold->alloc, inverse);
	if (status != WC_OK)
		return wc_fail(error, status, WC_USERS, 0, -1, "%s",
		               status == WC_NOT_FINITE
		                   ? "The inverse of its equations leaves the range "
		                     "of single precision."
		                   : "");
	memset(work->strip, 0,
	       WC_KERNEL_CHUNK * (size_t) work->pitch * sizeof(float));
	return WC_OK;
}

double
wc_spread_of_item(const WcFold *fold, int32_t entries)
{
	const WcParams *params = &fold->objective.params;
	double weight = fold->mean_weight * (entries > 0 ? entries : 1);
	double precision;

	if (fold->open == 0)
		return 0;
	precision =
	    wc_row_lambda(params, weight) + weight * fold->square / fold->factors;
	return precision > 0 ? fold->open / precision : 0;
}

bool
wc_spread_some(WcFold *fold, int32_t count, const float *const *vectors,
               const int32_t *entries, float *spread, int32_t *error_place)
{
	size_t k = (size_t) fold->factors;
	size_t width = (size_t) fold->width;
	size_t pitch = (size_t) fold->engine.work->pitch;
	float *from = fold->engine.work->strip;
	float *to = from + WC_KERNEL_CHUNK * pitch;

	WC_ASSERT(count <= WC_KERNEL_CHUNK);
	memset(spread, 0, (size_t) count * sizeof(float));
	if (fold->empty)
		return true;
	for (int32_t i = 0; i < count; i++)
	{
		memcpy(from + (size_t) i * pitch, vectors[i], k * sizeof(float));
		if (width > k)
			from[(size_t) i * pitch + k] = 1;
	}
	fold->engine.kernel->multiply(fold->engine.work->size,
	                              fold->engine.work->pitch, wc_pad(count, 8),
	                              from, fold->engine.work->matrix, to);
	for (int32_t i = 0; i < count; i++)
	{
		spread[i] = length(width, to + (size_t) i * pitch,
		                   wc_spread_of_item(fold, entries[i]));
		if (!isfinite(spread[i]))
		{
			*error_place = i;
			return false;
		}
	}
	return true;
}
