/*-------------------------------------------------------------------------
 *
 * solve.c
 *	  Solve the normal equations of one row.
 *
 * sweep.c calls wc_solve_row for every row of a half sweep.  The system is
 *
 *		(D + sum_e c_e v_e v_e') x = sum_e y_e v_e
 *		d_l = w0 s g_l + lambda			y_e = (w0 s t_e + c_e) (a_e - b_e)
 *
 * The fixed side is in the basis of the eigenvectors of its Gram matrix, so that
 * what all rows share is a diagonal: g_l are the eigenvalues, s the row's and
 * t_e the entry's share of the unobserved weight (one of them is always 1), b_e
 * the bias of the fixed side.  With biases v_e is [v_e, 1] and the last unknown
 * is the row's own bias; w0 is 0 then.
 *
 * Primal form, width x width: sum the matrix from packed rows sqrt(c) v, chunk
 * by chunk, with the right side summed over chunks in float64; Cholesky.
 *
 * Dual form, n x n for n entries, when there are fewer of them than unknowns:
 *
 *		S = diag(sqrt(c)) V D^(-1/2)	(I + S S') z = y / sqrt(c)
 *		x = D^(-1/2) S' z
 *
 * This "push-through" form has no difference of large numbers in it, unlike the
 * Woodbury formula.  All n eigenvalues of I + S S' grow with the weights, while
 * the primal matrix keeps one as small as lambda next to the largest weight: the
 * dual is used from n < tau width because it is faster, and for any n < width
 * whose weights are large against D because it is right.
 *
 * How far a float32 result can be trusted shows in rho, the smallest quotient of
 * a pivot and the diagonal element it came from, in both forms alike: a row was
 * never more than about 1e-5 / rho off, relative (README.md has the
 * measurements).  So
 *
 *		rho >= 3e-2				the result stands
 *		3e-2 > rho >= 1e-4		iterative refinement: the residual in float64
 *								from the entries themselves, a correction from
 *								the float32 factor
 *		otherwise, or lambda = 0, or refinement does not converge
 *								all of it again in float64, in the primal form;
 *								where that loses lambda, by rotations (ref.c)
 *
 * A sum of fewer terms than unknowns has eigenvalues larger than its diagonal
 * by up to unknowns / terms, and rho does not see it: in the primal form it is
 * divided by that where it decides about refinement.
 *
 * Memory: WcWork, allocated once per thread.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

#define RHO_GOOD 3e-2 /* no refinement */
#define RHO_POOR 1e-4 /* below: float64 */
#define REFINED 1e-5 /* last correction, relative to the solution */
#define FACTOR_ROWS 128 /* of a system without a question */
#define WIDE 1e4 /* largest c / smallest d that calls for the dual form */

typedef WcRow Row;

/* One entry as the equations see it. */
typedef struct Entry
{
	const float *vector; /* k of the fixed side */
	double weight; /* c */
	double right; /* y, the coefficient on the right side */
} Entry;

/* The sizes overlap in nothing: loops that compilers turn into vectors. */
static void
add_floats(int32_t count, const float *restrict from, double *restrict to)
{
	for (int32_t p = 0; p < count; p++)
		to[p] += from[p];
}

static void
to_doubles(int32_t count, const float *restrict from, double *restrict to)
{
	for (int32_t p = 0; p < count; p++)
		to[p] = from[p];
}

static void
to_floats(int32_t count, const double *restrict from, float *restrict to)
{
	for (int32_t p = 0; p < count; p++)
		to[p] = (float) from[p];
}

/* Whether all of x are numbers in the range of float. */
static bool
all_finite(int32_t count, const double *x)
{
	int beyond = 0;

	for (int32_t p = 0; p < count; p++)
		beyond |= !(fabs(x[p]) <= FLT_MAX);
	return !beyond;
}

static inline Entry
entry_open(const WcHalf *half, const Row *row, int64_t e)
{
	WcTerm term = wc_term(&row->terms, e);
	Entry entry;

	entry.vector = half->fixed + (size_t) row->terms.col[e] * half->factors;
	entry.weight = term.weight;
	entry.right = (term.unobserved + term.weight) * term.target;
	return entry;
}

/* ------------------------------------------------------------------------
 * float32
 * ------------------------------------------------------------------------ */

/* count entries of a row from e on as the kernels see them */
static WcGather
gather_open(const WcHalf *half, const WcWork *work, const WcTerms *terms,
            int64_t e, int32_t count)
{
	int64_t ahead = terms->count - e - count;
	WcGather gather = {half->factors, half->width, work->size,  work->pitch,
	                   count,         0,           half->fixed, terms->col + e};

	gather.ahead = ahead < WC_KERNEL_CHUNK ? (int32_t) ahead : WC_KERNEL_CHUNK;
	return gather;
}

/* Entries of a row that are packed at once: all of its chunks are as long. */
static int32_t
chunk_entries(int64_t count)
{
	int64_t chunks = (count + WC_KERNEL_CHUNK - 1) / WC_KERNEL_CHUNK;

	return count > 0 ? wc_pad((int32_t) ((count + chunks - 1) / chunks), 4) : 0;
}

/* The entries that are packed after those before e, or those of the next row. */
static WcGather
gather_soon(const WcHalf *half, const WcWork *work, const Row *row, int64_t e,
            int32_t chunk, int32_t next)
{
	WcTerms terms = row->terms;

	if (e == terms.count)
	{
		e = 0;
		terms.count = 0;
		if (next >= 0)
			terms = wc_terms_of(&half->rows, next);
		chunk = chunk_entries(terms.count);
	}
	return gather_open(half, work, &terms, e,
	                   terms.count - e < chunk ? (int32_t) (terms.count - e)
	                                           : chunk);
}

/*
 * Factor and solve matrix and x, count unknowns, asking in between when there
 * are many.  Returns rho, 0 when there is no solution.
 */
static WcStatus
factor_and_solve(const WcKernel *kernel, int32_t size, WcWork *work,
                 double *rho, WcPace *pace)
{
	int32_t pitch = wc_pitch(size);

	*rho = 1;
	for (int32_t first = 0; first < size; first += FACTOR_ROWS)
	{
		int32_t last = size - first < FACTOR_ROWS ? size : first + FACTOR_ROWS;
		double least = kernel->factor(first, last, size, pitch, work->matrix,
		                              work->inverse, work->x);

		*rho = least < *rho ? least : *rho;
		if (!(*rho > 0))
			return WC_OK;
		if (wc_pace(pace, (int64_t) (last - first) * (last + 8) *
		                      (size - first + 8) / 2 / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}
	kernel->backward(size, pitch, work->matrix, work->inverse, work->x);
	return WC_OK;
}

/*
 * The primal system, factored and solved: solution.  *rho tells how well.
 * weight and right hold the coefficients of a row of one chunk already when
 * known is true.
 */
static WcStatus
solve_primal(const WcHalf *half, const Row *row, int32_t next, bool known,
             WcWork *work, double *rho, WcPace *pace)
{
	const WcKernel *kernel = half->kernel;
	int32_t width = half->width;
	int32_t size = work->size;
	int32_t pitch = work->pitch;
	int64_t entries = row->terms.count;
	int32_t chunk = chunk_entries(entries);
	const float *restrict shared = work->shared;
	float *restrict matrix = work->matrix;
	bool fresh = true;
	WcStatus status;

	memset(work->right_side, 0, (size_t) width * sizeof(double));
	for (int64_t e = 0; e < entries; e += chunk)
	{
		int32_t count = entries - e < chunk ? (int32_t) (entries - e) : chunk;
		int32_t at = known ? (int32_t) e : 0;
		WcGather gather = gather_open(half, work, &row->terms, e, count);
		WcGather soon = gather_soon(half, work, row, e + count, chunk, next);
		const float *weight = work->weight + at;
		int any = 0;

		if (!known)
			wc_term_coefficients(&row->terms, e, count, work->weight,
			                     work->right);
		for (int32_t i = 0; i < count; i++)
			any |= weight[i] != 0;
		memset(work->vector, 0, (size_t) size * sizeof(float));
		kernel->pack(&gather, weight, work->right + at, work->strip,
		             work->vector);
		add_floats(width, work->vector, work->right_side);
		if (any)
		{
			kernel->rank_update(size, work->pitch, count, work->strip, fresh,
			                    work->matrix, &soon);
			fresh = false;
		}
		if (wc_pace(pace,
		            (int64_t) count * width * (width + 5) / 2 / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}

	if (fresh)
		memset(work->matrix, 0, (size_t) size * work->pitch * sizeof(float));
	for (int32_t p = 0; p < size; p++)
		matrix[(size_t) p * pitch + p] += shared[p];
	to_floats(width, work->right_side, work->x);
	memset(work->x + width, 0, (size_t) (size - width) * sizeof(float));
	status = factor_and_solve(kernel, size, work, rho, pace);
	to_doubles(width, work->x, work->solution);
	return status;
}

/*
 * The dual system, factored and solved: dual (z), solution.  weight and right
 * hold the coefficients.
 */
static WcStatus
solve_dual(const WcHalf *half, const Row *row, int32_t next, WcWork *work,
           double *rho, WcPace *pace)
{
	const WcKernel *kernel = half->kernel;
	int32_t count = (int32_t) row->terms.count;
	int32_t size = wc_pad(count, kernel->lanes);
	int32_t pitch = wc_pitch(size);
	int32_t width = half->width;
	const float *restrict shared = work->shared;
	float *restrict root = work->root;
	WcGather soon;
	WcStatus status;

	for (int32_t p = 0; p < width; p++)
		root[p] = 1.0f / sqrtf(shared[p]);
	memset(work->root + width, 0,
	       (size_t) (work->size - width) * sizeof(float));
	for (int32_t at = 0; at < count; at += WC_KERNEL_CHUNK)
	{
		int32_t some =
		    count - at < WC_KERNEL_CHUNK ? count - at : WC_KERNEL_CHUNK;
		WcGather gather = gather_open(half, work, &row->terms, at, some);

		kernel->pack_dual(&gather, work->weight + at, work->root,
		                  work->strip + (size_t) at * work->pitch);
	}
	memset(work->strip + (size_t) count * work->pitch, 0,
	       (size_t) (wc_pad(count, 4) - count) * work->pitch * sizeof(float));
	for (int32_t e = 0; e < size; e++)
		work->x[e] = e < count && work->weight[e] > 0
		                 ? work->right[e] / sqrtf(work->weight[e])
		                 : 0.0f;
	soon = gather_soon(half, work, row, count, 0, next);
	kernel->prefetch(&soon);
	if (wc_pace(pace, (int64_t) count * width))
		return WC_CANCELLED;

	for (int32_t first = 0; first < size; first += FACTOR_ROWS)
	{
		int32_t last = size - first < FACTOR_ROWS ? size : first + FACTOR_ROWS;

		kernel->dual_gram(first, last, count, work->size, work->pitch,
		                  work->strip, size, pitch, work->matrix);
		if (wc_pace(pace, (int64_t) (last - first) * (size - first) * width /
		                      WC_PACE_VECTOR))
			return WC_CANCELLED;
	}
	status = factor_and_solve(kernel, size, work, rho, pace);
	if (status != WC_OK || !(*rho > 0))
		return status;
	to_doubles(count, work->x, work->dual);
	kernel->combine(work->size, work->pitch, count, work->strip, work->x,
	                work->vector);
	for (int32_t p = 0; p < width; p++)
		work->solution[p] = work->vector[p] * work->root[p];
	return WC_OK;
}

/* d_p in float64 */
static inline double
shared_double(const WcHalf *half, const Row *row, int32_t p)
{
	if (p < half->factors && row->terms.unobserved != 0)
		return row->terms.unobserved * half->eigen[p] + row->lambda;
	return p < half->factors ? row->lambda : row->bias_lambda;
}

/* v_e . x, with biases also x's last element */
static inline double
entry_product(const WcHalf *half, const Entry *entry, const double *x)
{
	int32_t k = half->factors;
	double sum = half->width > k ? x[k] : 0.0;

	for (int32_t p = 0; p < k; p++)
		sum += entry->vector[p] * x[p];
	return sum;
}

/* x += coefficient v_e */
static inline void
entry_add(const WcHalf *half, const Entry *entry, double coefficient, double *x)
{
	int32_t k = half->factors;

	for (int32_t p = 0; p < k; p++)
		x[p] += coefficient * entry->vector[p];
	if (half->width > k)
		x[k] += coefficient;
}

/* residual = right side - system * solution, all in float64 */
static WcStatus
residual_primal(const WcHalf *half, const Row *row, WcWork *work, WcPace *pace)
{
	for (int32_t p = 0; p < half->width; p++)
		work->residual[p] = -shared_double(half, row, p) * work->solution[p];
	for (int64_t e = 0; e < row->terms.count; e++)
	{
		Entry entry = entry_open(half, row, e);
		double product = entry_product(half, &entry, work->solution);

		entry_add(half, &entry, entry.right - entry.weight * product,
		          work->residual);
		if (wc_pace(pace, 2 * (int64_t) half->width))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/*
 * solution = D^-1 V' diag(sqrt(c)) z and, unless at the end, residual = y /
 * sqrt(c) - z - diag(sqrt(c)) V solution, which is what the dual system leaves.
 */
static WcStatus
residual_dual(const WcHalf *half, const Row *row, WcWork *work, WcPace *pace)
{
	int32_t count = (int32_t) row->terms.count;

	memset(work->solution, 0, (size_t) half->width * sizeof(double));
	for (int32_t e = 0; e < count; e++)
	{
		Entry entry = entry_open(half, row, e);

		entry_add(half, &entry, sqrt(entry.weight) * work->dual[e],
		          work->solution);
		if (wc_pace(pace, half->width))
			return WC_CANCELLED;
	}
	for (int32_t p = 0; p < half->width; p++)
		work->solution[p] /= shared_double(half, row, p);
	for (int32_t e = 0; e < count; e++)
	{
		Entry entry = entry_open(half, row, e);
		double root = sqrt(entry.weight);

		work->residual[e] = (root > 0 ? entry.right / root : 0) -
		                    work->dual[e] -
		                    root * entry_product(half, &entry, work->solution);
		if (wc_pace(pace, half->width))
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

/* residual = system^-1 residual, with the float32 factor */
static void
correct(const WcHalf *half, int32_t unknowns, WcWork *work)
{
	int32_t size = wc_pad(unknowns, half->kernel->lanes);
	int32_t pitch = wc_pitch(size);

	for (int32_t p = 0; p < size; p++)
		work->x[p] = p < unknowns ? (float) work->residual[p] : 0.0f;
	half->kernel->forward(size, pitch, work->matrix, work->inverse, work->x);
	half->kernel->backward(size, pitch, work->matrix, work->inverse, work->x);
	for (int32_t p = 0; p < unknowns; p++)
		work->residual[p] = work->x[p];
}

/*
 * Improve a solution by iterative refinement until a correction is small.
 * *good is false when they do not shrink by 4 from step to step.
 */
static WcStatus
refine(const WcHalf *half, const Row *row, bool dual, WcWork *work, bool *good,
       WcPace *pace)
{
	double *x = dual ? work->dual : work->solution;
	int32_t unknowns = dual ? (int32_t) row->terms.count : half->width;
	double size = norm(unknowns, x);
	double enough = REFINED * size;
	WcStatus status;

	*good = true;
	while (*good && size > enough)
	{
		double before = size;

		status = dual ? residual_dual(half, row, work, pace)
		              : residual_primal(half, row, work, pace);
		if (status != WC_OK)
			return status;
		correct(half, unknowns, work);
		for (int32_t p = 0; p < unknowns; p++)
			x[p] += work->residual[p];
		size = norm(unknowns, work->residual);
		*good = size <= before / 4;
	}
	return dual && *good ? residual_dual(half, row, work, pace) : WC_OK;
}

/* Entries below this share of the unknowns make the dual form the faster. */
static double
dual_share(int32_t k)
{
	if (k <= 64)
		return 0.5;
	return k >= 128 ? 0.75 : 0.5 + (k - 64) / 256.0;
}

/* Whether the dual form is the one for a row whose coefficients are known. */
static bool
wants_dual(const WcHalf *half, const Row *row, const WcWork *work)
{
	int32_t count = (int32_t) row->terms.count;
	double gram = row->terms.unobserved != 0
	                  ? row->terms.unobserved * half->eigen_min
	                  : 0;
	const float *restrict weight = work->weight;
	const float *restrict right = work->right;
	int lost = 0;
	float most = 0;

	/* an entry may have no part in S, but one in the right side */
	for (int32_t e = 0; e < count; e++)
		lost |= weight[e] == 0 && right[e] != 0;
	if (lost)
		return false;
	for (int32_t e = 0; e < count; e++)
		most = weight[e] > most ? weight[e] : most;
	return count < dual_share(half->factors) * half->width ||
	       most >= WIDE * (row->least + gram);
}

/* Solve a row in float32; *good says whether the solution may be used. */
static WcStatus
solve_float(const WcHalf *half, const Row *row, int32_t next, WcWork *work,
            bool *good, WcPace *pace)
{
	int32_t width = half->width;
	int64_t count = row->terms.count;
	bool small = count < width;
	bool dual = false;
	double rho = 0;
	WcStatus status;

	*good = false;
	wc_row_shared(half, row, work->size, work->shared);
	if (small)
	{
		wc_term_coefficients(&row->terms, 0, (int32_t) count, work->weight,
		                     work->right);
		dual = wants_dual(half, row, work);
	}
	status = dual ? solve_dual(half, row, next, work, &rho, pace)
	              : solve_primal(half, row, next, small, work, &rho, pace);
	if (status != WC_OK || !(rho >= RHO_POOR))
		return status;

	*good = all_finite(width, work->solution);
	if (!dual)
	{
		double terms = (double) count;

		if (row->terms.unobserved != 0)
			terms += half->rows.cols;
		if (terms < width)
			rho *= terms / width;
	}
	if (*good && rho < RHO_GOOD)
		status = refine(half, row, dual, work, good, pace);
	return status;
}

/* ------------------------------------------------------------------------
 * float64
 * ------------------------------------------------------------------------ */

/* The system of a row in float64: matrix_double (upper triangle), solution. */
static WcStatus
system_double(const WcHalf *half, const Row *row, WcWork *work, WcPace *pace)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	double *matrix = work->matrix_double;
	double *right_side = work->solution;
	int64_t e = 0;

	memset(right_side, 0, (size_t) width * sizeof(double));
	memset(matrix, 0, (size_t) width * width * sizeof(double));
	if (wc_pace(pace, (int64_t) width * width))
		return WC_CANCELLED;

	while (e < row->terms.count)
	{
		int32_t rows = 0;

		for (; e < row->terms.count && rows < WC_KERNEL_CHUNK; e++, rows++)
		{
			Entry entry = entry_open(half, row, e);
			double scale = sqrt(entry.weight);
			double *to = work->strip_double + (size_t) rows * width;

			for (int32_t p = 0; p < k; p++)
				to[p] = scale * entry.vector[p];
			if (width > k)
				to[k] = scale;
			entry_add(half, &entry, entry.right, right_side);
			if (wc_pace(pace, 2 * (int64_t) width))
				return WC_CANCELLED;
		}
		half->kernel->rank_update_double(width, rows, work->strip_double,
		                                 matrix);
		if (wc_pace(pace,
		            (int64_t) rows * width * (width + 1) / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}

	for (int32_t p = 0; p < width; p++)
	{
		matrix[(size_t) p * width + p] += shared_double(half, row, p);
		work->diagonal_double[p] = matrix[(size_t) p * width + p];
	}
	return WC_OK;
}

/*
 * The system as the least squares problem it is, |diag(sqrt(c)) V x - y /
 * sqrt(c)|^2 + |D^(1/2) x|^2, for a lambda greater than 0.  What has a part on
 * the right side only is solved for apart.
 */
static WcStatus
solve_rotated(const WcHalf *half, const Row *row, WcWork *work, WcPace *pace)
{
	int32_t width = half->width;
	size_t size = (size_t) width * sizeof(double);
	double *r = work->matrix_double;
	double *apart = work->right_side;
	double *vector = work->strip_double;

	memset(r, 0, size * (size_t) width);
	memset(work->solution, 0, size);
	memset(apart, 0, size);
	for (int64_t e = 0; e < row->terms.count + width; e++)
	{
		int32_t p = (int32_t) (e - row->terms.count);
		double right = 0;

		memset(vector, 0, size);
		if (p >= 0)
			vector[p] = sqrt(shared_double(half, row, p));
		else
		{
			Entry entry = entry_open(half, row, e);
			double root = sqrt(entry.weight);

			right = root > 0 ? entry.right / root : 0;
			entry_add(half, &entry, root, vector);
			entry_add(half, &entry, root > 0 ? 0 : entry.right, apart);
		}
		wc_ref_rotate(width, r, work->solution, vector, right);
		if (wc_pace(pace, 2 * (int64_t) width * width))
			return WC_CANCELLED;
	}
	wc_ref_backward(width, r, work->solution);
	wc_ref_substitute(width, r, apart);
	for (int32_t p = 0; p < width; p++)
		work->solution[p] += apart[p];
	return WC_OK;
}

static WcStatus
solve_double(const WcHalf *half, const Row *row, WcWork *work, WcPace *pace,
             WcError *error)
{
	int32_t width = half->width;
	int64_t count = row->terms.count;
	WcStatus status = system_double(half, row, work, pace);
	double worst = 0;

	/* No weight anywhere: nothing depends on the row, the right side is 0. */
	if (status == WC_OK && norm(width, work->diagonal_double) == 0)
		return WC_OK;
	if (status == WC_OK)
		status = wc_ref_factor(
		    width,
		    row->least > 0 ? WC_REF_SURE : wc_ref_tolerance(width, count, 0),
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
		if (row->least > 0)
			return solve_rotated(half, row, work, pace);
		return wc_fail(error, WC_NOT_SPD, half->side, row->index, -1,
		               "It has %lld entries for %d unknowns, its "
		               "regularization is %g and its smallest pivot %.1e of "
		               "the diagonal.",
		               (long long) count, (int) width, row->lambda, worst);
	}
	return status;
}

WcStatus
wc_solve_row(const WcHalf *half, int32_t index, int32_t next, WcWork *work,
             WcPace *pace, WcError *error)
{
	int32_t k = half->factors;
	int32_t width = half->width;
	Row row = wc_row_open(half, index);
	WcStatus status = WC_OK;
	bool good = false;
	float *to = half->solved + (size_t) index * k;

	/* I8: a row without entries has zero factors. */
	if (row.terms.count == 0)
	{
		memset(to, 0, (size_t) k * sizeof(float));
		if (half->solved_bias != NULL)
			half->solved_bias[index] = 0;
		return wc_pace(pace, k)
		           ? wc_fail_silently(error, WC_CANCELLED, half->side, index)
		           : WC_OK;
	}

	/* Without lambda nothing bounds the weakest pivot from below. */
	if (row.least > 0)
		status = solve_float(half, &row, next, work, &good, pace);
	if (status == WC_OK && !good)
	{
		work->retries++;
		status = solve_double(half, &row, work, pace, error);
	}
	if (status == WC_CANCELLED)
		return wc_fail_silently(error, status, half->side, index);
	if (status != WC_OK)
		return status;

	if (!all_finite(width, work->solution))
		return wc_fail(error, WC_NOT_FINITE, half->side, index, -1,
		               "Its solution leaves the range of single precision; its "
		               "regularization is %g.",
		               row.lambda);
	to_floats(k, work->solution, to);
	wc_flush(k, to);
	if (half->solved_bias != NULL)
		half->solved_bias[index] = (float) work->solution[k];
	return WC_OK;
}
