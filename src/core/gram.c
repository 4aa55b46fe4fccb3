/*-------------------------------------------------------------------------
 *
 * gram.c
 *	  The Gram matrix of one side's factors, sum_j t_j v_j v_j'.
 *
 * It stands for all unobserved cells at once: sweep.c needs the one of the
 * fixed side, loss.c those of both sides.
 *
 * Panels of WC_GRAM_PANEL rows are summed by OpenBLAS in float32, the panels in
 * float64 and in ascending order.  So the error does not grow with the number
 * of rows, and the result depends on nothing but the factors.  A panel is
 * handed over in strips, because one of 2048 rows at k = 1024 would keep
 * should_stop waiting; the size of a strip depends on k only.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/numerics.h"

/* strip = diag(sqrt(share)) rows */
static void
scale_rows(int32_t rows, int32_t k, const float *factors, const float *share,
           float *strip)
{
	for (int32_t i = 0; i < rows; i++)
	{
		float scale = sqrtf(share[i]);
		const float *from = factors + (size_t) i * k;
		float *to = strip + (size_t) i * k;

		for (int32_t p = 0; p < k; p++)
			to[p] = scale * from[p];
	}
}

static void
add_upper(int32_t k, const float *partial, double *gram)
{
	for (int32_t p = 0; p < k; p++)
	{
		const float *from = partial + (size_t) p * k;
		double *to = gram + (size_t) p * k;

		for (int32_t q = p; q < k; q++)
			to[q] += from[q];
	}
}

WcStatus
wc_gram(const WcBlas *blas, int32_t count, int32_t k, const float *factors,
        const float *share, int32_t strip_rows, float *strip, float *partial,
        double *gram, float *gram_float, WcPace *pace)
{
	size_t cells = (size_t) k * k;
	int32_t row = 0;

	WC_ASSERT(strip_rows > 0 && WC_GRAM_PANEL % strip_rows == 0);
	memset(gram, 0, cells * sizeof(double));

	while (row < count)
	{
		int32_t rows = count - row < strip_rows ? count - row : strip_rows;
		const float *from = factors + (size_t) row * k;

		if (share != NULL)
		{
			scale_rows(rows, k, from, share + row, strip);
			from = strip;
		}
		if (row % WC_GRAM_PANEL == 0)
			memset(partial, 0, cells * sizeof(float));
		blas->ssyrk(WC_BLAS_ROW_MAJOR, WC_BLAS_UPPER, WC_BLAS_TRANS, k, rows,
		            1.0f, from, k, 1.0f, partial, k);
		row += rows;
		if (row % WC_GRAM_PANEL == 0 || row == count)
			add_upper(k, partial, gram);
		if (wc_pace(pace, (int64_t) rows * k * (k + 1) / 2 / WC_PACE_BLAS))
			return WC_CANCELLED;
	}

	for (int32_t p = 0; p < k; p++)
	{
		for (int32_t q = 0; q < p; q++)
			gram[(size_t) p * k + q] = gram[(size_t) q * k + p];
	}
	if (gram_float != NULL)
	{
		for (size_t cell = 0; cell < cells; cell++)
			gram_float[cell] = (float) gram[cell];
	}
	return wc_pace(pace, (int64_t) cells) ? WC_CANCELLED : WC_OK;
}
