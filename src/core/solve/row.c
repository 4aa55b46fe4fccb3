/*-------------------------------------------------------------------------
 *
 * row.c
 *	  What the equations of one row begin with: for solve.c, cg.c and block.c.
 *
 * The system of a row, in the terms of solve.c, is
 *
 *		(D + sum_e c_e v_e v_e') x = sum_e y_e v_e
 *
 * Here is D, in float32, as the kernels take it; c and y are in formula.c.
 *
 *-------------------------------------------------------------------------
 */
#include "core/solve/numerics.h"

WcRow
wc_row_open(const WcHalf *half, int32_t index)
{
	WcRow row;

	row.index = index;
	row.terms = wc_terms_of(&half->rows, index);
	row.lambda = half->lambda[index];
	row.bias_lambda = half->bias_lambda < 0 ? row.lambda : half->bias_lambda;
	row.least = row.lambda;
	if (half->width > half->factors && row.bias_lambda < row.lambda)
		row.least = row.bias_lambda;
	return row;
}

void
wc_row_shared(const WcHalf *half, const WcRow *row, int32_t size,
              float *restrict shared)
{
	int32_t width = half->width;
	const double *restrict eigen = half->eigen;
	double unobserved = row->terms.unobserved;
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
