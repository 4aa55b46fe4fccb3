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

#include "core/fold.h"

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
	    (size_t) wc_pitch(wc_pad(fold->factors, fold->solver.kernel->lanes));

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

static float
length(size_t width, const float *row)
{
	double sum = 0;

	for (size_t c = 0; c < width; c++)
		sum += (double) row[c] * row[c];
	return (float) sqrt(sum);
}

/* The errors of all items, some at a time. */
static WcStatus
measure(WcFold *fold, const WcFoldItems *items, int32_t count,
        const int32_t *index, const float *b, float *spread, WcPace *pace,
        WcError *error)
{
	const WcKernel *kernel = fold->solver.kernel;
	size_t k = (size_t) fold->factors;
	size_t width = (size_t) fold->width;
	int32_t size = fold->work.size;
	size_t pitch = (size_t) fold->work.pitch;
	float *from = fold->work.strip;
	float *to = from + WC_KERNEL_CHUNK * pitch;

	memset(from, 0, WC_KERNEL_CHUNK * pitch * sizeof(float));
	for (int32_t first = 0; first < count; first += WC_KERNEL_CHUNK)
	{
		int32_t some =
		    count - first < WC_KERNEL_CHUNK ? count - first : WC_KERNEL_CHUNK;

		for (int32_t i = 0; i < some; i++)
		{
			float *row = from + (size_t) i * pitch;

			memcpy(row, items->vector(items->arg, index[first + i]),
			       k * sizeof(float));
			if (width > k)
				row[k] = 1;
		}
		kernel->multiply(size, (int32_t) pitch, wc_pad(some, 8), from, b, to);
		for (int32_t i = 0; i < some; i++)
		{
			float found = length(width, to + (size_t) i * pitch);

			if (!isfinite(found))
				return wc_fail(
				    error, WC_NOT_FINITE, WC_USERS, 0, index[first + i],
				    "The uncertainty of the score is %g.", (double) found);
			spread[first + i] = found;
		}
		if (wc_pace(pace, (int64_t) some * size * size / WC_PACE_VECTOR))
			return wc_fail_silently(error, WC_CANCELLED, WC_USERS, 0);
	}
	return WC_OK;
}

WcStatus
wc_fold_spread(WcFold *fold, const WcFoldItems *items, int32_t count,
               const int32_t *index, float *spread, const WcHooks *hooks,
               WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	WcWork *work = &fold->work;
	size_t width = (size_t) fold->width;
	float *b = work->matrix;
	double *inverse;
	WcStatus status;

	WC_ASSERT(items->count == fold->items && fold->count > 0);
	status = wc_fold_factor(fold, &pace, error);
	if (status != WC_OK)
		return status;
	memset(spread, 0, (size_t) count * sizeof(float));
	if (fold->empty)
		return WC_OK;
	inverse = wc_alloc_array(fold->alloc, width * width, sizeof(double));
	if (inverse == NULL)
		return wc_fail_silently(error, WC_NO_MEMORY, WC_USERS, 0);
	memset(b, 0, (size_t) work->size * (size_t) work->pitch * sizeof(float));
	status = invert(fold->width, work->matrix_double, inverse, &pace);
	if (status == WC_OK)
		status = join(fold, inverse, work->solution, work->pitch, b, &pace);
	wc_free(fold->alloc, inverse);
	if (status != WC_OK)
		return wc_fail(error, status, WC_USERS, 0, -1, "%s",
		               status == WC_NOT_FINITE
		                   ? "The inverse of its equations leaves the range "
		                     "of single precision."
		                   : "");
	return measure(fold, items, count, index, b, spread, &pace, error);
}
