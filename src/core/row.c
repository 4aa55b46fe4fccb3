/*-------------------------------------------------------------------------
 *
 * row.c
 *	  The equations of one row: what solve.c, cg.c and block.c begin with.
 *
 * The system of a row, in the terms of solve.c, is
 *
 *		(D + sum_e c_e v_e v_e') x = sum_e y_e v_e
 *
 * Here are D, c and y, in float32, as the kernels take them.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "core/numerics.h"

WcRow
wc_row_open(const WcHalf *half, int32_t index)
{
	WcRow row;

	row.index = index;
	row.first = half->entries->start[index];
	row.end = half->entries->start[index + 1];
	row.scale = half->base_weight;
	if (half->row_scale != NULL)
		row.scale *= half->row_scale[index];
	row.unobserved = half->w0;
	if (half->row_share != NULL)
		row.unobserved *= half->row_share[index];
	row.lambda = half->lambda[index];
	row.bias_lambda = half->bias_lambda < 0 ? row.lambda : half->bias_lambda;
	row.least = row.lambda;
	if (half->width > half->factors && row.bias_lambda < row.lambda)
		row.least = row.bias_lambda;
	return row;
}

/*
 * c and y of count entries from e on.  A weight below FLT_MIN has no square root
 * worth multiplying with and becomes 0, an overflow infinite, which shows in
 * rho.
 */
void
wc_row_coefficients(const WcHalf *half, const WcRow *row, int64_t e,
                    int32_t count, float *restrict weight,
                    float *restrict right)
{
	const WcCsr *entries = half->entries;
	const int32_t *restrict col = entries->col + e;
	const float *restrict fixed_scale = half->fixed_scale;
	const float *restrict fixed_share = half->fixed_share;
	float scale = (float) row->scale;
	float unobserved = (float) row->unobserved;

	for (int32_t i = 0; i < count; i++)
		weight[i] = scale;
	if (entries->weight != NULL)
		for (int32_t i = 0; i < count; i++)
			weight[i] *= entries->weight[e + i];
	if (fixed_scale != NULL)
		for (int32_t i = 0; i < count; i++)
			weight[i] *= fixed_scale[col[i]];
	if (fixed_share != NULL)
		for (int32_t i = 0; i < count; i++)
			right[i] = weight[i] + unobserved * fixed_share[col[i]];
	else
		for (int32_t i = 0; i < count; i++)
			right[i] = weight[i] + unobserved;
	if (half->fixed_bias != NULL)
		for (int32_t i = 0; i < count; i++)
		{
			double target =
			    entries->value != NULL ? entries->value[e + i] : 1.0;

			right[i] *= (float) (target - half->fixed_bias[col[i]]);
		}
	else if (entries->value != NULL)
		for (int32_t i = 0; i < count; i++)
			right[i] *= entries->value[e + i];
	for (int32_t i = 0; i < count; i++)
		weight[i] = weight[i] < FLT_MIN ? 0 : weight[i];
}

void
wc_row_shared(const WcHalf *half, const WcRow *row, int32_t size,
              float *restrict shared)
{
	int32_t width = half->width;
	const double *restrict eigen = half->eigen;
	double unobserved = row->unobserved;
	double lambda = row->lambda;

	if (unobserved != 0)
		for (int32_t p = 0; p < width; p++)
			shared[p] = (float) (unobserved * eigen[p] + lambda);
	else
		for (int32_t p = 0; p < width; p++)
			shared[p] = (float) lambda;
	if (width > half->factors)
		shared[half->factors] = (float) row->bias_lambda;
	for (int32_t p = width; p < size; p++)
		shared[p] = 1;
}
