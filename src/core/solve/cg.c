/*-------------------------------------------------------------------------
 *
 * cg.c
 *	  Bring one row nearer to its solution by conjugate gradients.
 *
 * sweep.c calls wc_cg_row for the rows of a half sweep when the solver is cg.
 * The system is that of solve.c, A x = b with A = D + sum_e c_e v_e v_e', and A
 * is never formed: a product with it is one pass over the row's vectors,
 *
 *		A d = D d + sum_e c_e (v_e . d) v_e
 *
 * (Takacs, Pilaszy and Tikk 2011).  Two things make few steps enough.  The start
 * is what the row was after the half sweep before, in the same basis (sweep.c
 * rotates both sides).  The preconditioner is D: in the basis of the Gram
 * matrix's eigenvectors that is all that the rows share, at the price of a
 * division.  Each step lowers the row's part of the loss, or leaves it.
 *
 * Since A - D is positive, r' D^-1 r bounds the error of x in the norm of A, and
 * x' D x the size of x from below: the steps end when the first is negligible
 * beside the second.
 *
 * The vectors of a row are gathered once, into a block that stays in the
 * second-level cache.  A row too long for it would be gathered again by every
 * step, which costs more than its matrix until there are LONG_FACTORS factors:
 * below, such rows are solved exactly.  So are rows without lambda, about which
 * the exact solver may have something to say, and rows whose values leave the
 * range of float32 on the way.
 *
 * Memory: WcDescent, allocated once per thread.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

#define LONG_FACTORS 256
#define CLOSE 1e-4f /* relative error that ends the steps */

/* The vectors of a row's entries as they are needed: all at once, or in turn. */
typedef struct Pass
{
	const WcHalf *half;
	const WcRow *row;
	WcWork *work;
	bool kept; /* all of them have room */
} Pass;

/* count entries from the at-th on, and their coefficients, padded with zeros */
static void
gather(const Pass *pass, int32_t at, int32_t count, int32_t padded,
       int32_t place)
{
	const WcHalf *half = pass->half;
	WcDescent *descent = &pass->work->descent;
	const WcTerms *terms = &pass->row->terms;
	int64_t ahead = terms->count - at - count;
	float *rows = descent->rows + (size_t) place * descent->pitch;
	WcGather gather = {half->factors,  half->width,    pass->work->size,
	                   descent->pitch, count,          0,
	                   half->fixed,    terms->col + at};

	gather.ahead = ahead < WC_KERNEL_CHUNK ? (int32_t) ahead : WC_KERNEL_CHUNK;
	half->kernel->gather_rows(&gather, 0, half->width, rows);
	wc_term_coefficients(terms, at, count, descent->weight + place,
	                     descent->right + place);
	for (int32_t e = count; e < padded; e++)
	{
		memset(rows + (size_t) e * descent->pitch, 0,
		       (size_t) descent->pitch * sizeof(float));
		descent->weight[place + e] = 0;
		descent->right[place + e] = 0;
	}
}

/*
 * sum = sum_e (y_e - c_e v_e . x) v_e, or without y; first says that nothing has
 * been gathered yet.
 */
static WcStatus
project(const Pass *pass, bool first, bool with_right, const float *x,
        float *sum, WcPace *pace)
{
	const WcKernel *kernel = pass->half->kernel;
	WcDescent *descent = &pass->work->descent;
	int64_t count = pass->row->terms.count;
	int32_t size = pass->work->size;

	memset(sum, 0, (size_t) size * sizeof(float));
	for (int64_t at = 0; at < count; at += WC_KERNEL_CHUNK)
	{
		int32_t some = count - at < WC_KERNEL_CHUNK ? (int32_t) (count - at)
		                                            : WC_KERNEL_CHUNK;
		int32_t padded = wc_pad(some, kernel->lanes);
		int32_t place = pass->kept ? (int32_t) at : 0;

		if (first || !pass->kept)
			gather(pass, at, some, padded, place);
		kernel->project(size, descent->pitch, padded,
		                descent->rows + (size_t) place * descent->pitch,
		                descent->weight + place,
		                with_right ? descent->right + place : NULL, x, sum);
		if (wc_pace(pace, (int64_t) padded * size / 2))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/*
 * x becomes better by a few steps.  *good is false when a number on the way was
 * not finite.
 */
static WcStatus
improve(const Pass *pass, float *x, bool *good, WcPace *pace)
{
	WcWork *work = pass->work;
	int32_t size = work->size;
	const float *shared = work->shared;
	float *inverse = work->root;
	float *residual = work->descent.residual;
	float *direction = work->descent.direction;
	float *product = work->vector;
	float error = 0;

	if (project(pass, true, true, x, residual, pace) != WC_OK)
		return WC_CANCELLED;
	for (int32_t p = 0; p < size; p++)
	{
		inverse[p] = 1.0f / shared[p];
		residual[p] -= shared[p] * x[p];
		direction[p] = 0;
	}
	for (int32_t step = 0; step < pass->half->steps; step++)
	{
		float before = error;
		float beta;
		float alpha;
		float length;

		for (int32_t p = 0; p < size; p++)
			product[p] = inverse[p] * residual[p];
		error = wc_dot(size, residual, product);
		beta = step > 0 ? error / before : 0;
		for (int32_t p = 0; p < size; p++)
		{
			direction[p] = product[p] + beta * direction[p];
			product[p] = shared[p] * x[p];
		}
		length = wc_dot(size, x, product);
		if (!(error > CLOSE * CLOSE * length))
			break;

		if (project(pass, false, false, direction, product, pace) != WC_OK)
			return WC_CANCELLED;
		for (int32_t p = 0; p < size; p++)
			product[p] = shared[p] * direction[p] - product[p];
		alpha = error / wc_dot(size, direction, product);
		for (int32_t p = 0; p < size; p++)
		{
			x[p] += alpha * direction[p];
			residual[p] -= alpha * product[p];
		}
	}
	*good = isfinite(error) && isfinite(wc_dot(size, x, x));
	return WC_OK;
}

WcStatus
wc_cg_row(const WcHalf *half, int32_t index, int32_t next, WcWork *work,
          WcPace *pace, WcError *error)
{
	WcRow row = wc_row_open(half, index);
	int64_t count = row.terms.count;
	Pass pass = {half, &row, work, count <= work->descent.room};
	float *x = work->x;
	bool good = false;

	if (count == 0 || !(row.least > 0) ||
	    (!pass.kept && half->factors < LONG_FACTORS))
		return wc_solve_row(half, index, next, work, pace, error);

	wc_row_shared(half, &row, work->size, work->shared);
	wc_descent_begin(half, index, work, x);
	if (improve(&pass, x, &good, pace) != WC_OK)
		return wc_fail_silently(error, WC_CANCELLED, half->side, index);
	if (!good)
		return wc_solve_row(half, index, next, work, pace, error);
	wc_descent_end(half, index, x);
	return WC_OK;
}
