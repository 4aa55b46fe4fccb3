/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  Solve one user against the items of a trained version, and take the score
 *	  of an item apart.
 *
 * A user who was not in the training, or whose ratings have changed since, is
 * solved as the training's last half sweep would have done it (sweep.c): the
 * ratings become entries with targets and weights (fold_rows.c), and the row is
 * solved by solve.c, float64 included.  This is the projection of Hu, Koren and
 * Volinsky (2008) and of TensorFlow's WALS.
 *
 * An item can be solved against the users in the same way: the objective is the
 * same with rows and columns exchanged, but that t_j then belongs to the row.
 *
 * With w0 > 0 the users of a half sweep share the Gram matrix of the items,
 * which wc_fold_create forms once.  A training leaves its items in the basis of
 * that matrix's eigenvectors, so it is diagonal but for rounding, and its
 * diagonal is all that is kept.  Items that somebody else has written need the
 * rotation as well: it is applied to the vectors of the user's entries, not to
 * all of them, and undone in the solution.
 *
 * Explanation.  The solution is linear in the targets: with A the user's system
 * and y_e the coefficient of entry e on the right side (solve.c),
 *
 *		v . x = v' A^-1 sum_e y_e v_e = sum_e y_e (A^-1 v) . v_e
 *
 * and each term is what the entry contributes.  A is summed and factored in
 * float64 here: the terms may be large and of both signs.
 *
 * Memory: a WcWork, the rotation if there is one, 4 bytes per item for each of
 * t_j and the items' weights where they are not all 1, and for the user at hand
 * about 4 k + 60 bytes an entry.
 *
 * Deliberately not here: OpenBLAS, which answering does not need, and threads;
 * fold_team.c has them, for who solves many rows.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/answer/fold.h"

/*
 * Largest element beside the diagonal, relative to the largest on it, that
 * counts as rounding.  A rotation to single precision leaves some 1e-7.
 */
#define DIAGONAL 1e-6

/* ------------------------------------------------------------------------
 * What the users of a version share
 * ------------------------------------------------------------------------ */

static WcStatus
check_objective(const WcObjective *objective, const char *kernel,
                WcError *error)
{
	const WcParams *params = &objective->params;
	char detail[200];
	const char *option;

	option = wc_params_check(params, true, true, sizeof(detail), detail);
	if (option == NULL &&
	    (isnan(params->regularization) || isnan(params->reg_exponent) ||
	     isnan(params->unobserved_weight) ||
	     (params->biases == 1 && isnan(params->bias_regularization[WC_USERS] +
	                                   params->bias_regularization[WC_ITEMS]))))
		option = "choice";
	if (option == NULL &&
	    !(objective->count_weight > 0 && isfinite(objective->count_weight)))
		option = "count_weight";
	if (option == NULL && !isfinite(objective->mean))
		option = "mean";
	if (option == NULL && params->biases == 1 && params->unobserved_weight != 0)
		option = "biases";
	if (option == NULL && wc_kernel_choose(kernel) == NULL)
		option = "kernel";
	return option == NULL
	           ? WC_OK
	           : wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1, "%s", option);
}

/*
 * What belongs to each item, as in problem.c: t_j and the sum of w0 t_j;
 * C_j^q weight_j, with base_weight for what was divided out of the power.
 */
static WcStatus
set_items(WcFold *fold, const int32_t *count, const float *item_weight,
          WcPace *pace)
{
	const WcParams *params = &fold->objective.params;
	double exponent = fold->side == WC_USERS ? params->col_weight_exponent
	                                         : params->row_weight_exponent;
	double total = fold->items;
	WcStatus status = WC_OK;

	if (fold->side == WC_USERS)
		status = wc_set_shares(params, fold->items, count, &fold->share, &total,
		                       fold->alloc, pace);
	fold->unobserved = params->unobserved_weight * total;
	fold->base_weight = fold->objective.count_weight;
	if (params->weighting == WC_WEIGHT_NONE)
		fold->base_weight = 0.0;
	if (status != WC_OK || params->weighting == WC_WEIGHT_NONE)
		return status;
	status =
	    wc_raise_counts(fold->items, count, exponent, params->weight_normalize,
	                    &fold->scale, &fold->base_weight, fold->alloc, pace);
	if (status != WC_OK)
		return status;
	return wc_multiply_given(fold->items, item_weight, &fold->scale,
	                         fold->alloc, pace);
}

static WcStatus
read_items(WcFold *fold, const WcFoldItems *items, const float *item_weight,
           WcPace *pace)
{
	const WcParams *params = &fold->objective.params;
	bool needed = wc_by_popularity(params) ||
	              params->row_weight_exponent != 0 ||
	              params->col_weight_exponent != 0;
	int32_t *count =
	    wc_alloc_array(fold->alloc, (size_t) items->count, sizeof(int32_t));
	WcStatus status = count == NULL ? WC_NO_MEMORY : WC_OK;

	for (int32_t j = 0; needed && status == WC_OK && j < items->count; j++)
	{
		count[j] = items->entries(items->arg, j);
		if (wc_pace(pace, 1))
			status = WC_CANCELLED;
	}
	if (status == WC_OK)
		status = set_items(fold, count, item_weight, pace);
	wc_free(fold->alloc, count);
	return status;
}

/* gram (k x k, upper triangle) = sum_j t_j v_j v_j', a panel at a time */
static WcStatus
sum_gram(WcFold *fold, const WcFoldItems *items, float *panel, double *sum,
         double *gram, const WcHooks *hooks)
{
	size_t k = (size_t) fold->factors;

	memset(gram, 0, k * k * sizeof(double));
	for (int32_t first = 0; first < items->count; first += WC_GRAM_PANEL)
	{
		int32_t count = items->count - first < WC_GRAM_PANEL
		                    ? items->count - first
		                    : WC_GRAM_PANEL;
		WcStatus status;

		for (int32_t j = 0; j < count; j++)
			memcpy(panel + (size_t) j * k, items->vector(items->arg, first + j),
			       k * sizeof(float));
		status = wc_gram(&fold->engine, count, panel,
		                 fold->share != NULL ? fold->share + first : NULL, sum,
		                 hooks);
		if (status != WC_OK)
			return status;
		for (size_t p = 0; p < k * k; p++)
			gram[p] += sum[p];
	}
	return WC_OK;
}

/* Whether the Gram matrix is that of items in the basis of its eigenvectors. */
static bool
is_diagonal(int32_t k, const double *gram)
{
	double most = 0;
	double beside = 0;

	for (int32_t p = 0; p < k; p++)
	{
		most = fmax(most, gram[(size_t) p * k + p]);
		for (int32_t q = p + 1; q < k; q++)
			beside = fmax(beside, fabs(gram[(size_t) p * k + q]));
	}
	return beside <= DIAGONAL * most;
}

/* The rotation Q from the eigenvectors, row l of gram being that of value l. */
static WcStatus
set_rotation(WcFold *fold, const double *gram, WcPace *pace)
{
	int32_t k = fold->factors;
	int32_t size = wc_pad(k, fold->engine.kernel->lanes);
	int32_t pitch = wc_pitch(size);
	size_t cells = (size_t) size * (size_t) pitch;
	uintptr_t block;

	fold->rotation_block =
	    wc_alloc_array(fold->alloc, cells + WC_KERNEL_LANES, sizeof(float));
	if (fold->rotation_block == NULL)
		return WC_NO_MEMORY;
	block = (uintptr_t) fold->rotation_block;
	block = (block + WC_KERNEL_ALIGN - 1) / WC_KERNEL_ALIGN * WC_KERNEL_ALIGN;
	fold->rotation = (float *) block;
	memset(fold->rotation, 0, cells * sizeof(float));
	for (int32_t l = 0; l < k; l++)
	{
		bool null = wc_beyond_rank(k, fold->items, fold->eigen, l);

		for (int32_t p = 0; p < k; p++)
			fold->rotation[(size_t) p * pitch + l] =
			    null ? 0 : (float) gram[(size_t) l * k + p];
		if (wc_pace(pace, k))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* eigen and, where the items need it, rotation; gram is used up */
static WcStatus
set_basis(WcFold *fold, double *gram, double *space, WcPace *pace)
{
	int32_t k = fold->factors;
	WcStatus status = WC_OK;

	for (size_t p = 0; p < (size_t) k * k; p++)
	{
		if (!isfinite((float) gram[p]))
			return WC_NOT_FINITE;
	}
	if (is_diagonal(k, gram))
		for (int32_t p = 0; p < k; p++)
			fold->eigen[p] = gram[(size_t) p * k + p];
	else
	{
		status = fold->engine.dense->eigen(fold->engine.kernel, k, gram,
		                                   fold->eigen, space, pace);
		if (status == WC_OK)
			status = set_rotation(fold, gram, pace);
	}
	fold->eigen_min = INFINITY;
	for (int32_t p = 0; status == WC_OK && p < k; p++)
	{
		fold->eigen[p] = fmax(fold->eigen[p], 0);
		fold->eigen_min = fmin(fold->eigen_min, fold->eigen[p]);
	}
	return status;
}

static WcStatus
set_gram(WcFold *fold, const WcFoldItems *items, WcPace *pace,
         const WcHooks *hooks)
{
	const WcAlloc *alloc = fold->alloc;
	size_t k = (size_t) fold->factors;
	size_t rows =
	    items->count < WC_GRAM_PANEL ? (size_t) items->count : WC_GRAM_PANEL;
	float *panel = wc_alloc_array(alloc, rows * k, sizeof(float));
	double *sum = wc_alloc_array(alloc, k * k, sizeof(double));
	double *gram = wc_alloc_array(alloc, k * k, sizeof(double));
	double *space =
	    wc_alloc_array(alloc, wc_dense_space(fold->factors), sizeof(double));
	WcStatus status = WC_NO_MEMORY;

	fold->eigen = wc_alloc_array(alloc, k, sizeof(double));
	if (panel != NULL && sum != NULL && gram != NULL && space != NULL &&
	    fold->eigen != NULL)
	{
		if (items->gram != NULL && fold->share == NULL)
		{
			memcpy(gram, items->gram, k * k * sizeof(double));
			status = WC_OK;
		}
		else
			status = sum_gram(fold, items, panel, sum, gram, hooks);
	}
	if (status == WC_OK)
		status = set_basis(fold, gram, space, pace);
	wc_free(alloc, panel);
	wc_free(alloc, sum);
	wc_free(alloc, gram);
	wc_free(alloc, space);
	return status;
}

bool
wc_fold_wants_gram(const WcParams *params, WcSide side)
{
	return params->unobserved_weight != 0 &&
	       !(side == WC_USERS && wc_by_popularity(params));
}

WcStatus
wc_fold_create(const WcObjective *objective, WcSide side,
               const WcFoldItems *items, const float *item_weight,
               WcFold **result, const WcJob *job)
{
	WcPace pace = wc_pace_start(job->hooks);
	WcStatus status = check_objective(objective, job->kernel, job->error);
	WcFold *fold;

	*result = NULL;
	if (status != WC_OK)
		return status;
	fold = wc_alloc_array(job->alloc, 1, sizeof(WcFold));
	if (fold == NULL)
		return wc_fail_silently(job->error, WC_NO_MEMORY, side, 0);
	memset(fold, 0, sizeof(*fold));
	fold->objective = *objective;
	fold->side = side;
	fold->alloc = job->alloc;
	fold->items = items->count;
	fold->factors = objective->params.factors;
	fold->width = fold->factors + (objective->params.biases == 1 ? 1 : 0);
	status = wc_engine_create(
	    &(const WcSolverOptions){1, job->kernel, WC_DENSE_BUILTIN},
	    fold->factors, fold->width, &fold->engine, job->alloc);
	if (status == WC_OK)
		status = read_items(fold, items, item_weight, &pace);
	if (status == WC_OK && objective->params.unobserved_weight != 0)
		status = set_gram(fold, items, &pace, job->hooks);
	if (status != WC_OK)
	{
		wc_fold_free(fold);
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s",
		               status == WC_NOT_FINITE
		                   ? "The products of the factors leave the range of "
		                     "single precision."
		                   : "");
	}
	*result = fold;
	return WC_OK;
}

void
wc_fold_free(WcFold *fold)
{
	const WcAlloc *alloc;

	if (fold == NULL)
		return;
	alloc = fold->alloc;
	wc_engine_free(&fold->engine);
	wc_free(alloc, fold->share);
	wc_free(alloc, fold->scale);
	wc_free(alloc, fold->eigen);
	wc_free(alloc, fold->rotation_block);
	wc_free(alloc, fold->item);
	wc_free(alloc, fold->value);
	wc_free(alloc, fold->weight);
	wc_free(alloc, fold->time);
	wc_free(alloc, fold->scratch);
	wc_free(alloc, fold->entry);
	wc_free(alloc, fold->vector);
	wc_free(alloc, fold->place);
	wc_free(alloc, fold->target);
	wc_free(alloc, fold->left);
	wc_free(alloc, fold->entry_scale);
	wc_free(alloc, fold->entry_share);
	wc_free(alloc, fold->entry_bias);
	wc_free(alloc, fold->right);
	wc_free(alloc, fold);
}

int32_t
wc_fold_factors(const WcFold *fold)
{
	return fold->factors;
}

/* ------------------------------------------------------------------------
 * The system of a user
 * ------------------------------------------------------------------------ */

WcStatus
wc_fold_make_vector_room(WcFold *fold, int64_t count)
{
	int64_t room = fold->vector_room > 0 ? fold->vector_room : WC_FOLD_ROOM;

	if (count <= fold->vector_room)
		return WC_OK;
	while (room < count)
		room *= 2;
	fold->vector_room = 0;
	fold->vector = wc_fold_renew(fold, fold->vector, (size_t) room,
	                             (size_t) fold->factors * sizeof(float));
	if (fold->vector == NULL)
		return WC_NO_MEMORY;
	fold->vector_room = room;
	return WC_OK;
}

/* rows (count x k) = rows Q, some of them at a time */
static WcStatus
rotate(WcFold *fold, int64_t count, float *rows, WcPace *pace)
{
	const WcKernel *kernel = fold->engine.kernel;
	size_t k = (size_t) fold->factors;
	int32_t size = wc_pad(fold->factors, kernel->lanes);
	int32_t pitch = wc_pitch(size);
	float *from = fold->engine.work->strip;
	float *to = from + (size_t) WC_KERNEL_CHUNK * pitch;

	memset(from, 0, (size_t) WC_KERNEL_CHUNK * pitch * sizeof(float));
	for (int64_t first = 0; first < count; first += WC_KERNEL_CHUNK)
	{
		int32_t some = count - first < WC_KERNEL_CHUNK
		                   ? (int32_t) (count - first)
		                   : WC_KERNEL_CHUNK;
		float *at = rows + (size_t) first * k;

		for (int32_t e = 0; e < some; e++)
			memcpy(from + (size_t) e * pitch, at + (size_t) e * k,
			       k * sizeof(float));
		kernel->multiply(size, pitch, wc_pad(some, 8), from, fold->rotation,
		                 to);
		for (int32_t e = 0; e < some; e++)
			memcpy(at + (size_t) e * k, to + (size_t) e * pitch,
			       k * sizeof(float));
		if (wc_pace(pace, (int64_t) (some * k * k) / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* What belongs to the items of the entries, side by side. */
static WcStatus
gather(WcFold *fold, const WcFoldItems *items, WcPace *pace)
{
	size_t k = (size_t) fold->factors;
	WcStatus status = wc_fold_make_vector_room(fold, fold->count);

	if (status != WC_OK)
		return status;
	for (int64_t e = 0; e < fold->count; e++)
	{
		int32_t j = fold->item[e];

		memcpy(fold->vector + (size_t) e * k, items->vector(items->arg, j),
		       k * sizeof(float));
		fold->place[e] = (int32_t) e;
		fold->entry_scale[e] = fold->scale != NULL ? fold->scale[j] : 1.0f;
		fold->entry_share[e] = fold->share != NULL ? fold->share[j] : 1.0f;
		fold->entry_bias[e] =
		    fold->width > fold->factors ? items->bias(items->arg, j) : 0.0f;
		if (wc_pace(pace, fold->factors / 8 + 1))
			return WC_CANCELLED;
	}
	return fold->rotation != NULL
	           ? rotate(fold, fold->count, fold->vector, pace)
	           : WC_OK;
}

/* The entries beside what gather has laid side by side. */
static WcTerms
terms_of(const WcFold *fold, double scale)
{
	bool biases = fold->width > fold->factors;
	WcTerms terms = {
	    .count = fold->count,
	    .col = fold->place,
	    .value = fold->target,
	    .weight = fold->weight,
	    .col_scale = fold->scale != NULL ? fold->entry_scale : NULL,
	    .col_share = fold->share != NULL ? fold->entry_share : NULL,
	    .col_bias = biases ? fold->entry_bias : NULL,
	    .scale = scale,
	    .unobserved = fold->objective.params.unobserved_weight};

	return terms;
}

/* Full weights, and the coefficients on the right side in float64. */
static void
set_right(WcFold *fold, const WcTerms *terms)
{
	double sum = 0;

	for (int64_t e = 0; e < fold->count; e++)
	{
		WcTerm term = wc_term(terms, e);
		double full = term.unobserved + fold->entry[e].weight;

		fold->entry[e].full_weight = (float) full;
		fold->right[e] = full * term.target;
		sum += full;
	}
	fold->mean_weight = sum / (double) fold->count;
}

static WcStatus
solve(WcFold *fold, double scale, float *factors, float *bias, WcPace *pace,
      WcError *error)
{
	int64_t start[2] = {0, fold->count};
	WcTerms terms;
	WcHalf half;

	memset(&half, 0, sizeof(half));
	half.kernel = fold->engine.kernel;
	half.side = fold->side;
	half.factors = fold->factors;
	half.width = fold->width;
	half.rows.rows = 1;
	half.rows.cols = fold->items;
	half.rows.start = start;
	half.rows.all = terms_of(fold, scale);
	half.rows.row_share = &fold->row_share;
	half.lambda = &fold->lambda;
	half.bias_lambda = fold->objective.params.bias_regularization[fold->side];
	half.fixed = fold->vector;
	half.eigen = fold->eigen;
	half.eigen_min = fold->eigen_min;
	half.solved = factors;
	half.solved_bias = fold->width > fold->factors ? bias : NULL;
	terms = wc_terms_of(&half.rows, 0);
	set_right(fold, &terms);
	return wc_solve_row(&half, 0, -1, fold->engine.work, pace, error);
}

/* factors = Q factors */
static void
rotate_back(const WcFold *fold, float *factors)
{
	int32_t k = fold->factors;
	int32_t pitch = wc_pitch(wc_pad(k, fold->engine.kernel->lanes));
	double *x = fold->engine.work->solution;

	for (int32_t p = 0; p < k; p++)
	{
		const float *row = fold->rotation + (size_t) p * pitch;
		double sum = 0;

		for (int32_t l = 0; l < k; l++)
			sum += (double) row[l] * factors[l];
		x[p] = sum;
	}
	for (int32_t p = 0; p < k; p++)
		factors[p] = (float) x[p];
	wc_flush(k, factors);
}

WcStatus
wc_fold_row(WcFold *fold, const WcFoldItems *items, WcFoldUser *user,
            float *factors, float *bias, WcPace *pace, WcError *error)
{
	double scale;
	WcStatus status;

	WC_ASSERT(items->count == fold->items);
	fold->count = 0;
	fold->factored = false;
	fold->fades = false;
	*bias = 0;
	memset(factors, 0, (size_t) fold->factors * sizeof(float));
	status = wc_fold_make_room(fold, user->count);
	if (status != WC_OK)
		return wc_fold_fail(fold, error, status);
	status = wc_fold_merge(fold, user, pace, error);
	if (status != WC_OK || fold->count == 0)
		return status;
	status = wc_fold_weigh(fold, user, &scale, pace, error);
	if (status == WC_OK)
	{
		status = gather(fold, items, pace);
		if (status != WC_OK)
			status = wc_fold_fail(fold, error, status);
	}
	if (status == WC_OK)
		status = solve(fold, scale, factors, bias, pace, error);
	if (status == WC_OK && fold->rotation != NULL)
		rotate_back(fold, factors);
	if (status != WC_OK)
		fold->count = 0;
	fold->square = 0;
	for (int32_t p = 0; p < fold->factors; p++)
		fold->square += (double) factors[p] * factors[p];
	return status;
}

WcStatus
wc_fold_in(WcFold *fold, const WcFoldItems *items, WcFoldUser *user,
           float *factors, float *bias, const WcHooks *hooks, WcError *error)
{
	WcPace pace = wc_pace_start(hooks);

	return wc_fold_row(fold, items, user, factors, bias, &pace, error);
}

const WcFoldEntry *
wc_fold_entries(const WcFold *fold, int64_t *count)
{
	*count = fold->count;
	return fold->entry;
}

/* ------------------------------------------------------------------------
 * The score of an item, taken apart
 * ------------------------------------------------------------------------ */

/* sqrt(c) [v, 1] of an entry */
static void
weighted_row(const WcFold *fold, int64_t e, double *row)
{
	size_t k = (size_t) fold->factors;
	const float *from = fold->vector + (size_t) e * k;
	double scale = sqrt((double) fold->entry[e].weight);

	for (size_t p = 0; p < k; p++)
		row[p] = scale * from[p];
	if (fold->width > fold->factors)
		row[k] = scale;
}

/* What entries add to on the diagonal. */
static double
shared(const WcFold *fold, size_t p)
{
	double w0 = fold->objective.params.unobserved_weight;

	if (p >= (size_t) fold->factors)
		return wc_fold_bias_lambda(fold);
	return fold->lambda + (w0 != 0 ? w0 * fold->row_share * fold->eigen[p] : 0);
}

/* R from the rows it is made of, where their sum has lost lambda: see ref.c */
static WcStatus
factor_rows(WcFold *fold, WcPace *pace)
{
	WcWork *work = fold->engine.work;
	size_t width = (size_t) fold->width;
	double *row = work->strip_double;

	memset(work->matrix_double, 0, width * width * sizeof(double));
	memset(work->residual, 0, width * sizeof(double));
	for (int64_t e = 0; e < fold->count + fold->width; e++)
	{
		memset(row, 0, width * sizeof(double));
		if (e < fold->count)
			weighted_row(fold, e, row);
		else
			row[e - fold->count] =
			    sqrt(shared(fold, (size_t) (e - fold->count)));
		wc_ref_rotate(fold->width, work->matrix_double, work->residual, row, 0);
		if (wc_pace(pace, 2 * (int64_t) (width * width)))
			return WC_CANCELLED;
	}
	return WC_OK;
}

WcStatus
wc_fold_factor(WcFold *fold, WcPace *pace, WcError *error)
{
	WcWork *work = fold->engine.work;
	size_t width = (size_t) fold->width;
	double *matrix = work->matrix_double;
	double most = 0;
	double worst;
	WcStatus status;

	if (fold->factored)
		return WC_OK;
	memset(matrix, 0, width * width * sizeof(double));
	for (int64_t first = 0; first < fold->count; first += WC_KERNEL_CHUNK)
	{
		int32_t some = fold->count - first < WC_KERNEL_CHUNK
		                   ? (int32_t) (fold->count - first)
		                   : WC_KERNEL_CHUNK;

		for (int32_t e = 0; e < some; e++)
			weighted_row(fold, first + e,
			             work->strip_double + (size_t) e * width);
		fold->engine.kernel->rank_update_double(fold->width, some,
		                                        work->strip_double, matrix);
		if (wc_pace(pace, some * (int64_t) (width * (width + 1) / 4)))
			return wc_fold_fail(fold, error, WC_CANCELLED);
	}
	for (size_t p = 0; p < width; p++)
	{
		matrix[p * width + p] += shared(fold, p);
		work->diagonal_double[p] = matrix[p * width + p];
		most = fmax(most, work->diagonal_double[p]);
	}
	fold->empty = most == 0;
	status =
	    fold->empty
	        ? WC_OK
	        : wc_ref_factor(fold->width,
	                        wc_fold_least(fold) > 0
	                            ? WC_REF_SURE
	                            : wc_ref_tolerance(fold->width, fold->count, 0),
	                        matrix, work->diagonal_double, &worst, pace);
	if (status == WC_NOT_SPD && wc_fold_least(fold) > 0)
		status = factor_rows(fold, pace);
	if (status == WC_NOT_SPD)
		return wc_fail(error, status, fold->side, 0, -1,
		               "It has %lld entries for %d unknowns, its "
		               "regularization is %g and its smallest pivot %.1e of "
		               "the diagonal.",
		               (long long) fold->count, (int) fold->width,
		               (double) fold->lambda, worst);
	fold->factored = status == WC_OK;
	return status == WC_OK ? WC_OK : wc_fold_fail(fold, error, status);
}

WcStatus
wc_fold_explain(WcFold *fold, const float *vector, const WcHooks *hooks,
                WcError *error)
{
	WcPace pace = wc_pace_start(hooks);
	WcWork *work = fold->engine.work;
	size_t k = (size_t) fold->factors;
	double *z = work->solution;
	WcStatus status = wc_fold_factor(fold, &pace, error);

	if (status != WC_OK)
		return status;

	memcpy(work->x, vector, k * sizeof(float));
	if (fold->rotation != NULL &&
	    rotate(fold, 1, work->x, &pace) == WC_CANCELLED)
		return wc_fold_fail(fold, error, WC_CANCELLED);
	for (size_t p = 0; p < k; p++)
		z[p] = work->x[p];
	if (fold->width > fold->factors)
		z[k] = 1;
	if (!fold->empty)
		wc_ref_substitute(fold->width, work->matrix_double, z);

	for (int64_t e = 0; e < fold->count; e++)
	{
		const float *entry = fold->vector + (size_t) e * k;
		double sum = fold->width > fold->factors ? z[k] : 0;

		for (size_t p = 0; p < k; p++)
			sum += entry[p] * z[p];
		sum = fold->empty ? 0 : sum * fold->right[e];
		if (!isfinite((float) sum))
			return wc_fail(error, WC_NOT_FINITE, fold->side, 0, fold->item[e],
			               "The contribution is %g.", sum);
		/* adding 0 makes one zero of the two there are */
		fold->entry[e].contribution = (float) sum + 0.0f;
		if (wc_pace(&pace, (int64_t) k))
			return wc_fold_fail(fold, error, WC_CANCELLED);
	}
	return WC_OK;
}
