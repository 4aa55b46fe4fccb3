/*-------------------------------------------------------------------------
 *
 * block.c
 *	  Bring one row nearer to its solution, some of its factors at a time.
 *
 * sweep.c calls wc_block_row for the rows of a half sweep when the solver is
 * block.  The unknowns of the row, in the terms of solve.c, are cut into blocks
 * of about BLOCK; each block in turn becomes the minimizer given the others
 * (iALS++: Rendle, Krichene, Zhang and Koren 2021):
 *
 *		(D_B + sum_e c_e v_eB v_eB') delta = sum_e q_e v_eB - D_B x_B
 *		x_B += delta			q_e -= c_e v_eB . delta
 *
 * where q_e = y_e - c_e v_e . x.  All blocks of a row are done before the next
 * row, so that q lives only as long.  In the basis of the Gram matrix's
 * eigenvectors the blocks have no part of the unobserved cells in common.
 *
 * A row of n entries and k unknowns takes n k BLOCK multiply-adds in place of
 * n k^2.  Rows not longer than a block are solved exactly, in the dual form,
 * which is less work still.  So are rows without lambda, and those in which a
 * block has no float32 solution worth having.
 *
 * Memory: WcDescent and the matrix of WcWork, allocated once per thread.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

#define BLOCK 64 /* about as many unknowns at a time */
#define RHO_POOR 1e-4f /* see solve.c */

/* The unknowns first to first + width. */
typedef struct Block
{
	int32_t first;
	int32_t width;
	int32_t size;
} Block;

/* A run of entries as the kernels see them. */
static WcGather
gather_open(const WcHalf *half, const WcRow *row, int64_t e)
{
	int64_t left = row->terms.count - e;
	WcGather gather = {.k = half->factors, .width = half->width};

	gather.count = left < WC_KERNEL_CHUNK ? (int32_t) left : WC_KERNEL_CHUNK;
	left -= gather.count;
	gather.ahead = left < WC_KERNEL_CHUNK ? (int32_t) left : WC_KERNEL_CHUNK;
	gather.base = half->fixed;
	gather.col = row->terms.col + e;
	return gather;
}

/* The columns of a block, of a run of entries, as rows of their own. */
static WcGather
gather_columns(const WcHalf *half, const WcRow *row, int64_t e,
               const Block *block, const int32_t *in_order, float *rows)
{
	WcGather gather = gather_open(half, row, e);

	gather.size = gather.pitch = block->size;
	half->kernel->gather_rows(&gather, block->first, block->width, rows);
	gather.k = gather.width = block->size;
	gather.ahead = 0;
	gather.base = rows;
	gather.col = in_order;
	return gather;
}

/* q of all entries, in descent->right */
static WcStatus
residuals(const WcHalf *half, const WcRow *row, WcWork *work, WcPace *pace)
{
	const float *x = work->x;
	WcDescent *descent = &work->descent;
	float bias = half->width > half->factors ? x[half->factors] : 0;

	wc_term_coefficients(&row->terms, 0, (int32_t) row->terms.count,
	                     descent->weight, descent->right);
	for (int64_t e = 0; e < row->terms.count; e += WC_KERNEL_CHUNK)
	{
		WcGather gather = gather_open(half, row, e);
		float product[WC_KERNEL_CHUNK];

		half->kernel->dots(&gather, x, product);
		for (int32_t i = 0; i < gather.count; i++)
			descent->right[e + i] -=
			    descent->weight[e + i] * (product[i] + bias);
		if (wc_pace(pace, (int64_t) gather.count * half->width))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* One block: x of the work and q follow.  *good is false when it has no solution. */
static WcStatus
solve_block(const WcHalf *half, const WcRow *row, const Block *block,
            const int32_t *in_order, WcWork *work, bool *good, WcPace *pace)
{
	float *x = work->x;
	const WcKernel *kernel = half->kernel;
	WcDescent *descent = &work->descent;
	int32_t size = block->size;
	float *delta = descent->direction;
	int64_t cost = (int64_t) size * size / 2 / WC_PACE_VECTOR;
	bool last = block->first + block->width == half->width;
	WcGather nothing = {0};

	memset(delta, 0, (size_t) size * sizeof(float));
	for (int64_t e = 0; e < row->terms.count; e += WC_KERNEL_CHUNK)
	{
		WcGather gather =
		    gather_columns(half, row, e, block, in_order, descent->rows);

		kernel->pack(&gather, descent->weight + e, descent->right + e,
		             work->strip, delta);
		kernel->rank_update(size, size, gather.count, work->strip, e == 0,
		                    work->matrix, &nothing);
		if (wc_pace(pace, gather.count * cost))
			return WC_CANCELLED;
	}
	for (int32_t p = 0; p < size; p++)
	{
		float shared = p < block->width ? work->shared[block->first + p] : 1.0f;

		work->matrix[(size_t) p * size + p] += shared;
		if (p < block->width)
			delta[p] -= shared * x[block->first + p];
	}
	*good = kernel->factor(0, size, size, size, work->matrix, work->inverse,
	                       delta) >= RHO_POOR;
	if (!*good)
		return WC_OK;
	kernel->backward(size, size, work->matrix, work->inverse, delta);
	for (int32_t p = 0; p < block->width; p++)
		x[block->first + p] += delta[p];
	if (wc_pace(pace, size * cost))
		return WC_CANCELLED;

	for (int64_t e = 0; !last && e < row->terms.count; e += WC_KERNEL_CHUNK)
	{
		WcGather gather =
		    gather_columns(half, row, e, block, in_order, descent->rows);
		float product[WC_KERNEL_CHUNK];

		kernel->dots(&gather, delta, product);
		for (int32_t i = 0; i < gather.count; i++)
			descent->right[e + i] -= descent->weight[e + i] * product[i];
		if (wc_pace(pace, (int64_t) gather.count * size))
			return WC_CANCELLED;
	}
	return WC_OK;
}

WcStatus
wc_block_row(const WcHalf *half, int32_t index, int32_t next, WcWork *work,
             WcPace *pace, WcError *error)
{
	WcRow row = wc_row_open(half, index);
	int32_t width = half->width;
	int32_t blocks = (width + BLOCK / 2) / BLOCK;
	int32_t step;
	int32_t in_order[WC_KERNEL_CHUNK];
	float *x = work->x;
	WcStatus status;
	bool good = true;

	if (row.terms.count <= BLOCK || blocks <= 1 || !(row.least > 0))
		return wc_solve_row(half, index, next, work, pace, error);

	step = wc_pad((width + blocks - 1) / blocks, WC_KERNEL_LANES);
	for (int32_t i = 0; i < WC_KERNEL_CHUNK; i++)
		in_order[i] = i;
	wc_row_shared(half, &row, work->size, work->shared);
	wc_descent_begin(half, index, work, x);
	status = residuals(half, &row, work, pace);
	for (int32_t first = 0; status == WC_OK && good && first < width;
	     first += step)
	{
		Block block = {first, width - first < step ? width - first : step, 0};

		block.size = wc_pad(block.width, half->kernel->lanes);
		status = solve_block(half, &row, &block, in_order, work, &good, pace);
	}
	if (status != WC_OK)
		return wc_fail_silently(error, status, half->side, index);
	if (!good || !isfinite(wc_dot(work->size, x, x)))
		return wc_solve_row(half, index, next, work, pace, error);
	wc_descent_end(half, index, x);
	return WC_OK;
}
