/*-------------------------------------------------------------------------
 *
 * solve.c
 *	  Solve the normal equations of one row.
 *
 * sweep.c calls wc_solve_row for every row of a half sweep.  The system is
 *
 *		(w0 s G + sum_e c_e v_e v_e' + lambda I) x = sum_e y_e v_e
 *		y_e = (w0 s t_e + c_e) (a_e - b_e)
 *
 * with G the Gram matrix of the fixed side, s the row's and t_e the entry's
 * share of the unobserved weight (one of them is always 1), b_e the bias of the
 * fixed side.  With biases v_e is [v_e, 1] and the last unknown is the row's
 * own bias; w0 is 0 then.
 *
 * Entries are gathered in strips.  Rows scaled by sqrt(c) fill a strip from the
 * front and go through ssyrk; entries without extra weight (c = 0) have no part
 * in the matrix but may have one in the right side, and fill it from the back.
 * The right side of both is one product each, summed over strips in float64.
 * Then Cholesky.
 *
 * How far the float32 result can be trusted shows in rho, the smallest quotient
 * of a pivot and the diagonal element it came from: a row was never more than
 * about 1e-5 / rho off, relative (README.md has the measurements).  So
 *
 *		rho >= 3e-2				the result stands
 *		3e-2 > rho >= 1e-4		iterative refinement: the residual in float64
 *								from the entries themselves, a correction from
 *								the float32 factor
 *		otherwise, or lambda = 0, or refinement does not converge
 *								all of it again in float64
 *
 * A sum of fewer terms than unknowns has eigenvalues larger than its diagonal
 * by up to unknowns / terms, and rho does not see it: it is divided by that
 * where it decides about refinement.
 *
 * Memory: WcRowWork, allocated once, a strip of at most 64 Ki elements (or 64
 * rows) and width x width matrices in both precisions.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/numerics.h"

#define STRIP_ELEMENTS (1 << 16)
#define STRIP_ROWS_MIN 64
#define STRIP_ROWS_MAX 1024

#define RHO_GOOD 3e-2 /* no refinement */
#define RHO_POOR 1e-4 /* below: float64 */
#define REFINED 1e-5 /* last correction, relative to the solution */

/* What holds for all entries of one row. */
typedef struct Row
{
	int32_t index;
	int64_t first;
	int64_t end;
	double scale; /* base_weight * row_scale */
	double unobserved; /* w0 s */
	double lambda;
} Row;

/* One entry as the equations see it. */
typedef struct Entry
{
	const float *vector; /* k of the fixed side */
	double weight; /* c */
	double right; /* y, the coefficient on the right side */
} Entry;

static int32_t
strip_rows_for(int32_t width)
{
	int32_t rows = STRIP_ROWS_MAX;

	while (rows > STRIP_ROWS_MIN && rows > STRIP_ELEMENTS / width)
		rows /= 2;
	return rows;
}

WcStatus
wc_row_work_create(int32_t width, WcRowWork *work, const WcAlloc *alloc)
{
	size_t size = (size_t) width;
	size_t rows = (size_t) strip_rows_for(width);

	memset(work, 0, sizeof(*work));
	work->strip_rows = (int32_t) rows;
	/* width <= WC_FACTORS_MAX + 1: the products fit with room to spare */
	work->strip = wc_alloc_array(alloc, rows * size, sizeof(float));
	work->coefficient = wc_alloc_array(alloc, rows, sizeof(float));
	work->matrix = wc_alloc_array(alloc, size * size, sizeof(float));
	work->diagonal = wc_alloc_array(alloc, size, sizeof(float));
	work->vector = wc_alloc_array(alloc, size, sizeof(float));
	work->strip_double = wc_alloc_array(alloc, rows * size, sizeof(double));
	work->matrix_double = wc_alloc_array(alloc, size * size, sizeof(double));
	work->diagonal_double = wc_alloc_array(alloc, size, sizeof(double));
	work->right_side = wc_alloc_array(alloc, size, sizeof(double));
	work->solution = wc_alloc_array(alloc, size, sizeof(double));
	work->residual = wc_alloc_array(alloc, size, sizeof(double));

	if (work->strip == NULL || work->coefficient == NULL ||
	    work->matrix == NULL || work->diagonal == NULL ||
	    work->vector == NULL || work->strip_double == NULL ||
	    work->matrix_double == NULL || work->diagonal_double == NULL ||
	    work->right_side == NULL || work->solution == NULL ||
	    work->residual == NULL)
	{
		wc_row_work_free(work, alloc);
		return WC_NO_MEMORY;
	}
	return WC_OK;
}

void
wc_row_work_free(WcRowWork *work, const WcAlloc *alloc)
{
	wc_free(alloc, work->strip);
	wc_free(alloc, work->coefficient);
	wc_free(alloc, work->matrix);
	wc_free(alloc, work->diagonal);
	wc_free(alloc, work->vector);
	wc_free(alloc, work->strip_double);
	wc_free(alloc, work->matrix_double);
	wc_free(alloc, work->diagonal_double);
	wc_free(alloc, work->right_side);
	wc_free(alloc, work->solution);
	wc_free(alloc, work->residual);
	memset(work, 0, sizeof(*work));
}

static Row
row_open(const WcHalf *half, int32_t index)
{
	Row row;

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
	return row;
}

static inline Entry
entry_open(const WcHalf *half, const Row *row, int64_t e)
{
	const WcCsr *entries = half->entries;
	int32_t col = entries->col[e];
	double target = entries->value != NULL ? entries->value[e] : 1.0;
	double full = row->unobserved;
	Entry entry;

	entry.vector = half->fixed + (size_t) col * half->factors;
	entry.weight = row->scale;
	if (entries->weight != NULL)
		entry.weight *= entries->weight[e];
	if (half->fixed_scale != NULL)
		entry.weight *= half->fixed_scale[col];
	if (half->fixed_share != NULL)
		full *= half->fixed_share[col];
	if (half->fixed_bias != NULL)
		target -= half->fixed_bias[col];
	entry.right = (full + entry.weight) * target;
	return entry;
}

/* ------------------------------------------------------------------------
 * float32
 * ------------------------------------------------------------------------ */

/* matrix += front rows of the strip; right_side += all rows of the strip */
static WcStatus
strip_flush(const WcBlas *blas, int32_t width, int32_t front, int32_t back,
            WcRowWork *work, WcPace *pace)
{
	int32_t tail = work->strip_rows - back;

	memset(work->vector, 0, (size_t) width * sizeof(float));
	if (front > 0)
	{
		blas->ssyrk(WC_BLAS_ROW_MAJOR, WC_BLAS_UPPER, WC_BLAS_TRANS, width,
		            front, 1.0f, work->strip, width, 1.0f, work->matrix, width);
		blas->gemv(WC_BLAS_ROW_MAJOR, WC_BLAS_TRANS, front, width, 1.0f,
		           work->strip, width, work->coefficient, 1, 1.0f, work->vector,
		           1);
	}
	if (tail > 0)
		blas->gemv(WC_BLAS_ROW_MAJOR, WC_BLAS_TRANS, tail, width, 1.0f,
		           work->strip + (size_t) back * width, width,
		           work->coefficient + back, 1, 1.0f, work->vector, 1);
	for (int32_t p = 0; p < width; p++)
		work->right_side[p] += work->vector[p];
	return wc_pace(pace,
	               (int64_t) front * width * (width + 1) / 2 / WC_PACE_BLAS)
	           ? WC_CANCELLED
	           : WC_OK;
}

/* The system of a row in float32: matrix (upper triangle), right_side. */
static WcStatus
system_float(const WcBlas *blas, const WcHalf *half, const Row *row,
             WcRowWork *work, WcPace *pace)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	int32_t front = 0;
	int32_t back = work->strip_rows;
	WcStatus status;

	memset(work->right_side, 0, (size_t) width * sizeof(double));
	if (row->unobserved != 0)
	{
		float unobserved = (float) row->unobserved;

		WC_ASSERT(width == k);
		for (int32_t p = 0; p < k; p++)
		{
			const float *from = half->gram_float + (size_t) p * k;
			float *to = work->matrix + (size_t) p * k;

			for (int32_t q = p; q < k; q++)
				to[q] = unobserved * from[q];
		}
	}
	else
		memset(work->matrix, 0, (size_t) width * width * sizeof(float));
	if (wc_pace(pace, (int64_t) width * width))
		return WC_CANCELLED;

	for (int64_t e = row->first; e < row->end; e++)
	{
		Entry entry = entry_open(half, row, e);
		float scale = 1.0f;
		float *to;
		int32_t slot;

		if (front == back)
		{
			status = strip_flush(blas, width, front, back, work, pace);
			if (status != WC_OK)
				return status;
			front = 0;
			back = work->strip_rows;
		}

		/* Below FLT_MIN a weight has no square root worth dividing by. */
		if (entry.weight >= FLT_MIN)
		{
			scale = (float) sqrt(entry.weight);
			slot = front++;
			work->coefficient[slot] = (float) (entry.right / scale);
		}
		else
		{
			slot = --back;
			work->coefficient[slot] = (float) entry.right;
		}
		to = work->strip + (size_t) slot * width;
		for (int32_t p = 0; p < k; p++)
			to[p] = scale * entry.vector[p];
		if (width > k)
			to[k] = scale;
		if (wc_pace(pace, width))
			return WC_CANCELLED;
	}
	status = strip_flush(blas, width, front, back, work, pace);

	for (int32_t p = 0; p < width; p++)
		work->matrix[(size_t) p * width + p] += (float) row->lambda;
	return status;
}

/*
 * Cholesky factor of matrix in place.  Returns rho, 0 when a pivot is not
 * positive; NaN comes out as NaN.
 */
static double
factor_float(const WcBlas *blas, int32_t width, WcRowWork *work)
{
	double rho = 1.0;
	int info = 0;

	for (int32_t p = 0; p < width; p++)
		work->diagonal[p] = work->matrix[(size_t) p * width + p];

	/* Our upper triangle by rows is Fortran's lower one by columns. */
	blas->potrf("L", &width, work->matrix, &width, &info, 1);
	if (info != 0)
		return 0.0;
	for (int32_t p = 0; p < width; p++)
	{
		double root = work->matrix[(size_t) p * width + p];
		double quotient = root * root / work->diagonal[p];

		if (!(quotient >= rho))
			rho = quotient;
	}
	return rho;
}

/* to = matrix^-1 from, with the float32 factor */
static void
substitute_float(const WcBlas *blas, int32_t width, const double *from,
                 double *to, WcRowWork *work)
{
	int one = 1;
	int info = 0;

	for (int32_t p = 0; p < width; p++)
		work->vector[p] = (float) from[p];
	blas->potrs("L", &width, &one, work->matrix, &width, work->vector, &width,
	            &info, 1);
	for (int32_t p = 0; p < width; p++)
		to[p] = work->vector[p];
}

/* residual = right side - system * solution, all in float64 */
static WcStatus
residual_double(const WcHalf *half, const Row *row, WcRowWork *work,
                WcPace *pace)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	const double *x = work->solution;
	double *residual = work->residual;

	for (int32_t p = 0; p < width; p++)
		residual[p] = -row->lambda * x[p];
	if (row->unobserved != 0)
	{
		for (int32_t p = 0; p < k; p++)
		{
			const double *gram = half->gram + (size_t) p * k;
			double sum = 0;

			for (int32_t q = 0; q < k; q++)
				sum += gram[q] * x[q];
			residual[p] -= row->unobserved * sum;
		}
		if (wc_pace(pace, (int64_t) k * k))
			return WC_CANCELLED;
	}

	for (int64_t e = row->first; e < row->end; e++)
	{
		Entry entry = entry_open(half, row, e);
		double sum = width > k ? x[k] : 0.0;
		double coefficient;

		for (int32_t p = 0; p < k; p++)
			sum += entry.vector[p] * x[p];
		coefficient = entry.right - entry.weight * sum;
		for (int32_t p = 0; p < k; p++)
			residual[p] += coefficient * entry.vector[p];
		if (width > k)
			residual[k] += coefficient;
		if (wc_pace(pace, 2 * (int64_t) width))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static double
norm(int32_t width, const double *x)
{
	double sum = 0;

	for (int32_t p = 0; p < width; p++)
		sum += x[p] * x[p];
	return sqrt(sum);
}

/*
 * Improve the solution by iterative refinement until a correction is small.
 * *good is false when they do not shrink by 4 from step to step.
 */
static WcStatus
refine(const WcBlas *blas, const WcHalf *half, const Row *row, WcRowWork *work,
       bool *good, WcPace *pace)
{
	int32_t width = half->width;
	double enough = REFINED * norm(width, work->solution);
	double size = norm(width, work->solution);

	*good = true;
	while (*good && size > enough)
	{
		double before = size;
		WcStatus status = residual_double(half, row, work, pace);

		if (status != WC_OK)
			return status;
		substitute_float(blas, width, work->residual, work->residual, work);
		for (int32_t p = 0; p < width; p++)
			work->solution[p] += work->residual[p];
		size = norm(width, work->residual);
		*good = size <= before / 4;
	}
	return WC_OK;
}

/* Solve a row in float32; *good says whether the solution may be used. */
static WcStatus
solve_float(const WcBlas *blas, const WcHalf *half, const Row *row,
            WcRowWork *work, bool *good, WcPace *pace)
{
	int32_t width = half->width;
	WcStatus status = system_float(blas, half, row, work, pace);
	double terms;
	double rho;

	*good = false;
	if (status != WC_OK)
		return status;
	rho = factor_float(blas, width, work);
	if (wc_pace(pace, (int64_t) width * width * (width + 6) / 6 / WC_PACE_BLAS))
		return WC_CANCELLED;
	if (!(rho >= RHO_POOR))
		return WC_OK;

	substitute_float(blas, width, work->right_side, work->solution, work);
	*good = isfinite(norm(width, work->solution));

	terms = (double) (row->end - row->first);
	if (row->unobserved != 0)
		terms += half->entries->cols;
	if (terms < width)
		rho *= terms / width;
	if (*good && rho < RHO_GOOD)
		status = refine(blas, half, row, work, good, pace);
	return status;
}

/* ------------------------------------------------------------------------
 * float64
 * ------------------------------------------------------------------------ */

/* The system of a row in float64: matrix_double (upper triangle), solution. */
static WcStatus
system_double(const WcBlas *blas, const WcHalf *half, const Row *row,
              WcRowWork *work, WcPace *pace)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	double *matrix = work->matrix_double;
	double *right_side = work->solution;
	int64_t e = row->first;

	memset(right_side, 0, (size_t) width * sizeof(double));
	memset(matrix, 0, (size_t) width * width * sizeof(double));
	if (row->unobserved != 0)
	{
		for (size_t cell = 0; cell < (size_t) k * k; cell++)
			matrix[cell] = row->unobserved * half->gram[cell];
	}
	if (wc_pace(pace, (int64_t) width * width))
		return WC_CANCELLED;

	while (e < row->end)
	{
		int32_t rows = 0;

		for (; e < row->end && rows < work->strip_rows; e++, rows++)
		{
			Entry entry = entry_open(half, row, e);
			double scale = sqrt(entry.weight);
			double *to = work->strip_double + (size_t) rows * width;

			for (int32_t p = 0; p < k; p++)
			{
				to[p] = scale * entry.vector[p];
				right_side[p] += entry.right * entry.vector[p];
			}
			if (width > k)
			{
				to[k] = scale;
				right_side[k] += entry.right;
			}
			if (wc_pace(pace, 2 * (int64_t) width))
				return WC_CANCELLED;
		}
		blas->dsyrk(WC_BLAS_ROW_MAJOR, WC_BLAS_UPPER, WC_BLAS_TRANS, width,
		            rows, 1.0, work->strip_double, width, 1.0, matrix, width);
		if (wc_pace(pace, (int64_t) rows * width * (width + 1) / WC_PACE_BLAS))
			return WC_CANCELLED;
	}

	for (int32_t p = 0; p < width; p++)
	{
		matrix[(size_t) p * width + p] += row->lambda;
		work->diagonal_double[p] = matrix[(size_t) p * width + p];
	}
	return WC_OK;
}

static WcStatus
solve_double(const WcBlas *blas, const WcHalf *half, const Row *row,
             WcRowWork *work, WcPace *pace, WcError *error)
{
	int32_t width = half->width;
	int64_t count = row->end - row->first;
	WcStatus status = system_double(blas, half, row, work, pace);
	double worst = 0;

	/* No weight anywhere: nothing depends on the row, the right side is 0. */
	if (status == WC_OK && norm(width, work->diagonal_double) == 0)
		return WC_OK;
	if (status == WC_OK)
		status = wc_ref_factor(
		    width, wc_ref_tolerance(width, count, row->lambda),
		    work->matrix_double, work->diagonal_double, &worst, pace);
	if (status == WC_OK)
		wc_ref_substitute(width, work->matrix_double, work->solution);
	else if (status == WC_NOT_SPD)
	{
		for (int32_t p = 0; p < width; p++)
		{
			if (!isfinite(work->diagonal_double[p]))
				return wc_fail(error, WC_NOT_FINITE, half->side, row->index, -1,
				               "The sum of its weights leaves the range of "
				               "double precision.");
		}
		return wc_fail(error, WC_NOT_SPD, half->side, row->index, -1,
		               "It has %lld entries for %d unknowns, its "
		               "regularization is %g and its smallest pivot %.1e of "
		               "the diagonal.",
		               (long long) count, (int) width, row->lambda, worst);
	}
	return status;
}

WcStatus
wc_solve_row(const WcBlas *blas, const WcHalf *half, int32_t index,
             WcRowWork *work, WcPace *pace, WcError *error)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	Row row = row_open(half, index);
	WcStatus status = WC_OK;
	bool good = false;
	float *to = half->solved + (size_t) index * k;

	/* I8: a row without entries has zero factors. */
	if (row.first == row.end)
	{
		memset(to, 0, (size_t) k * sizeof(float));
		if (half->solved_bias != NULL)
			half->solved_bias[index] = 0;
		return wc_pace(pace, k)
		           ? wc_fail_silently(error, WC_CANCELLED, half->side, index)
		           : WC_OK;
	}

	/* Without lambda nothing bounds the weakest pivot from below. */
	if (row.lambda > 0)
		status = solve_float(blas, half, &row, work, &good, pace);
	if (status == WC_OK && !good)
	{
		work->retries++;
		status = solve_double(blas, half, &row, work, pace, error);
	}
	if (status == WC_CANCELLED)
		return wc_fail_silently(error, status, half->side, index);
	if (status != WC_OK)
		return status;

	for (int32_t p = 0; p < width; p++)
	{
		if (!isfinite((float) work->solution[p]))
			return wc_fail(error, WC_NOT_FINITE, half->side, index, -1,
			               "Its solution leaves the range of single "
			               "precision.");
	}
	for (int32_t p = 0; p < k; p++)
		to[p] = (float) work->solution[p];
	if (half->solved_bias != NULL)
		half->solved_bias[index] = (float) work->solution[k];
	return WC_OK;
}
