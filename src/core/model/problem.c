/*-------------------------------------------------------------------------
 *
 * problem.c
 *	  Turn ratings and options into a weighted least-squares problem.
 *
 * Called once per training, between csr.c and the solver.  The objective is
 *
 *		sum over all cells  W_ij (a_ij - p_ij)^2
 *			+ sum_i lambda_i |U_i|^2 + sum_j lambda_j |V_j|^2
 *
 *		W_ij = w0 t_j + c_ij, where c_ij = 0 on unobserved cells
 *		c_ij = g(r_ij) weight_ij R_i^p C_j^q user_weight_i item_weight_j / mean
 *		lambda_i = lambda (sum_j W_ij)^nu
 *
 * after Hu, Koren and Volinsky (2008, W = 1 + alpha r), with the weight of the
 * unobserved cells by popularity of He et al. (2016) and the regularization
 * scaled by the weight of a row of Zhou et al. (2008).  R_i and C_j count the
 * entries of a user and an item; mean is that of R_i^p C_j^q over the entries.
 *
 * An entry of which a share s is left (wc_csr_fade) has s in its weight, and the
 * target (w0 t_j s + c_ij) a_ij / W_ij, so that with time it becomes a cell that
 * nobody observed: share times the loss of the fresh entry, plus 1 - share times
 * that of an unobserved cell, has its minimum there.
 *
 * Steps: targets and g in place; scales of rows and columns; one pass over the
 * weights, which checks each c_ij in the arithmetic of the solver and adds
 * them up; then what depends on the sums: global mean, w0, t_j; the second side;
 * last the lambdas, which may depend on both sides.
 *
 * Memory: the arrays of by_user are reused and belong to the problem, the
 * second side is as large again, the rest is a few numbers per row.  On
 * failure everything is released, by_user included.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/model/baseline.h"
#include "core/model/formula.h"

/*
 * Without a given w0, the unobserved cells together weigh this many times what
 * the observed ones do.
 */
#define WC_UNOBSERVED_RATIO 16.0

/* A given w0 that leaves them less than this part makes negatives vanish. */
#define VANISHING_RATIO 0.1

#define REG_EXPONENT_EXPLICIT 0.5

/*
 * Without given exponents and with no weights at all: these in a table that
 * has fewer entries than this part of its cells, else 0.  There rows with many
 * entries outvote the others (docs/tuning.md).
 */
#define SPARSE_DENSITY 0.05
#define SPARSE_EXPONENT -0.25

#define SOME 1024 /* entries without a question */

/* What exists only while a problem is built. */
typedef struct Build
{
	WcProblem *problem;
	int32_t *user_count; /* m: R_i */
	int32_t *item_count; /* n: C_j */
	double *user_sum; /* m: sum of c_ij over the entries of i */
	double *item_sum; /* n */
	double total; /* of all c_ij */
	double target_total; /* of all c_ij a_ij */
	double share_total; /* of all t_j */
	double reference; /* what the powers of counts were divided by */
	const WcAlloc *alloc;
	WcPace pace;
	WcError *error;
} Build;

static WcStatus
fail(Build *build, WcStatus status)
{
	return wc_fail(build->error, status, WC_USERS, -1, -1, "%s", "");
}

void
wc_problem_free(WcProblem *problem, const WcAlloc *alloc)
{
	wc_csr_free(&problem->by_user, alloc);
	wc_csr_free(&problem->by_item, alloc);
	wc_free(alloc, problem->user_scale);
	wc_free(alloc, problem->item_scale);
	wc_free(alloc, problem->unobserved);
	wc_free(alloc, problem->user_lambda);
	wc_free(alloc, problem->item_lambda);
	memset(problem, 0, sizeof(*problem));
}

/* Who gives one exponent means the other to be 0. */
static void
choose_exponents(WcProblem *problem, bool weighted)
{
	WcParams *params = &problem->objective.params;
	const WcCsr *csr = &problem->by_user;
	bool sparse = (double) csr->nnz <
	              SPARSE_DENSITY * (double) csr->rows * (double) csr->cols;
	double exponent = 0.0;

	if (isnan(params->row_weight_exponent) &&
	    isnan(params->col_weight_exponent) && sparse && !weighted &&
	    params->weight_normalize && params->feedback == WC_IMPLICIT &&
	    params->weighting == WC_WEIGHT_CONSTANT)
		exponent = SPARSE_EXPONENT;
	if (isnan(params->row_weight_exponent))
		params->row_weight_exponent = exponent;
	if (isnan(params->col_weight_exponent))
		params->col_weight_exponent = exponent;
}

/* What follows from options and shape alone; w0 needs the weights. */
static void
resolve_params(WcProblem *problem, bool weighted)
{
	WcParams *params = &problem->objective.params;
	bool is_explicit = params->feedback == WC_EXPLICIT;

	choose_exponents(problem, weighted);
	if (params->factors == WC_FACTORS_AUTO)
		params->factors = wc_factors_choose(
		    params->feedback, problem->by_user.rows, problem->by_user.cols);
	if (isnan(params->reg_exponent))
		params->reg_exponent = is_explicit && isnan(params->regularization)
		                           ? REG_EXPONENT_EXPLICIT
		                           : 1.0;
	if (params->biases < 0)
		params->biases = is_explicit ? 1 : 0;
	if (params->weighting == WC_WEIGHT_COUNTS)
	{
		params->row_weight_exponent = 1.0;
		params->col_weight_exponent = 1.0;
		params->weight_normalize = false;
	}
	problem->biases = params->biases == 1;
	problem->base_weight = params->weighting == WC_WEIGHT_NONE ? 0.0f : 1.0f;
	problem->objective.count_weight = 1.0;
}

static WcStatus
allocate_build(Build *build)
{
	const WcAlloc *alloc = build->alloc;
	size_t users = (size_t) build->problem->by_user.rows;
	size_t items = (size_t) build->problem->by_user.cols;

	build->user_count = wc_alloc_array(alloc, users, sizeof(int32_t));
	build->item_count = wc_alloc_array(alloc, items, sizeof(int32_t));
	build->user_sum = wc_alloc_array(alloc, users, sizeof(double));
	build->item_sum = wc_alloc_array(alloc, items, sizeof(double));
	if (build->user_count == NULL || build->item_count == NULL ||
	    build->user_sum == NULL || build->item_sum == NULL)
		return fail(build, WC_NO_MEMORY);
	return WC_OK;
}

static void
free_build(Build *build)
{
	wc_free(build->alloc, build->user_count);
	wc_free(build->alloc, build->item_count);
	wc_free(build->alloc, build->user_sum);
	wc_free(build->alloc, build->item_sum);
}

static WcStatus
count_entries(Build *build)
{
	const WcCsr *csr = &build->problem->by_user;

	for (int32_t j = 0; j < csr->cols; j++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		build->item_count[j] = 0;
		build->item_sum[j] = 0.0;
	}
	for (int32_t i = 0; i < csr->rows; i++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		build->user_count[i] = (int32_t) (csr->start[i + 1] - csr->start[i]);
	}
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		build->item_count[csr->col[e]]++;
	}
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * Targets and weights of single entries
 * ------------------------------------------------------------------------ */

/* weight_ij *= g(r_ij), for the weightings that look at the value. */
static WcStatus
weigh_by_value(Build *build)
{
	WcCsr *csr = &build->problem->by_user;
	bool created = csr->weight == NULL;

	if (created)
		csr->weight =
		    wc_alloc_array(build->alloc, (size_t) csr->nnz, sizeof(float));
	if (csr->weight == NULL)
		return fail(build, WC_NO_MEMORY);
	for (int64_t e = 0; e < csr->nnz; e += SOME)
	{
		int64_t count = csr->nnz - e < SOME ? csr->nnz - e : SOME;

		/* A logarithm costs as much as some ten steps of the other passes. */
		if (wc_pace(&build->pace, 8 * count))
			return fail(build, WC_CANCELLED);
		wc_weigh_values(&build->problem->objective.params, count,
		                csr->value == NULL ? NULL : csr->value + e, created,
		                csr->weight + e);
	}
	return WC_OK;
}

/* Implicit feedback: 1 where the value is > 0, else 0.  All 1: no array. */
static WcStatus
set_implicit_targets(Build *build)
{
	WcCsr *csr = &build->problem->by_user;
	bool all_one = true;
	bool any_one = false;

	if (csr->value == NULL)
		return WC_OK;
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		csr->value[e] = wc_target(WC_IMPLICIT, 0, csr->value[e]);
		all_one &= csr->value[e] != 0.0f;
		any_one |= csr->value[e] != 0.0f;
	}
	if (!any_one)
		return wc_fail(build->error, WC_EMPTY, WC_USERS, -1, -1,
		               "No value is greater than 0, so nobody likes anything.");
	build->problem->objective.disliked = !all_one;
	if (all_one)
	{
		wc_free(build->alloc, csr->value);
		csr->value = NULL;
	}
	return WC_OK;
}

/* The values, 1 where there are none. */
static WcStatus
need_values(Build *build)
{
	WcCsr *csr = &build->problem->by_user;

	if (csr->value != NULL)
		return WC_OK;
	csr->value = wc_alloc_array(build->alloc, (size_t) csr->nnz, sizeof(float));
	if (csr->value == NULL)
		return fail(build, WC_NO_MEMORY);
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		csr->value[e] = 1.0f;
	}
	return WC_OK;
}

static WcStatus
set_targets(Build *build)
{
	WcCsr *csr = &build->problem->by_user;
	const WcParams *params = &build->problem->objective.params;
	WcStatus status = WC_OK;

	if (params->weighting == WC_WEIGHT_NONE)
	{
		wc_free(build->alloc, csr->weight);
		csr->weight = NULL;
	}
	else if (wc_by_value(params->weighting))
		status = weigh_by_value(build);
	if (status == WC_OK && params->feedback == WC_IMPLICIT)
		status = set_implicit_targets(build);
	return status;
}

/* ------------------------------------------------------------------------
 * Weights of rows and columns
 * ------------------------------------------------------------------------ */

/*
 * base_weight = 1 / mean over the entries of user_scale_i item_scale_j, and
 * count_weight the same of the powers themselves.
 */
static WcStatus
normalize_scales(Build *build)
{
	WcProblem *problem = build->problem;
	const WcCsr *csr = &problem->by_user;
	double sum = 0.0;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		double user =
		    problem->user_scale == NULL ? 1.0 : problem->user_scale[i];
		double row = 0.0;

		if (wc_pace(&build->pace, 1))
			return WC_CANCELLED;
		if (problem->item_scale == NULL)
			row = build->user_count[i];
		for (int64_t e = csr->start[i];
		     problem->item_scale != NULL && e < csr->start[i + 1]; e++)
		{
			if (wc_pace(&build->pace, 1))
				return WC_CANCELLED;
			row += problem->item_scale[csr->col[e]];
		}
		sum += user * row;
	}
	problem->base_weight = (float) ((double) csr->nnz / sum);
	problem->objective.count_weight =
	    (double) csr->nnz / sum / build->reference;
	return WC_OK;
}

static WcStatus
set_scales(Build *build, const float *user_weights, const float *item_weights)
{
	WcProblem *problem = build->problem;
	const WcParams *params = &problem->objective.params;
	bool normalize = params->weight_normalize;
	const WcAlloc *alloc = build->alloc;
	int32_t users = problem->by_user.rows;
	int32_t items = problem->by_user.cols;
	WcStatus status;

	if (params->weighting == WC_WEIGHT_NONE)
		return WC_OK;
	problem->objective.weighted[WC_USERS] = user_weights != NULL;
	problem->objective.weighted[WC_ITEMS] = item_weights != NULL;
	status = wc_raise_counts(
	    users, build->user_count, params->row_weight_exponent, normalize,
	    &problem->user_scale, &build->reference, alloc, &build->pace);
	if (status == WC_OK)
		status = wc_raise_counts(
		    items, build->item_count, params->col_weight_exponent, normalize,
		    &problem->item_scale, &build->reference, alloc, &build->pace);
	if (status == WC_OK && normalize &&
	    (problem->user_scale != NULL || problem->item_scale != NULL))
		status = normalize_scales(build);
	if (status == WC_OK)
		status = wc_multiply_given(users, user_weights, &problem->user_scale,
		                           alloc, &build->pace);
	if (status == WC_OK)
		status = wc_multiply_given(items, item_weights, &problem->item_scale,
		                           alloc, &build->pace);
	return status == WC_OK ? WC_OK : fail(build, status);
}

/* ------------------------------------------------------------------------
 * Sums over the entries and what depends on them
 * ------------------------------------------------------------------------ */

/* Check every c_ij and target, in float32, and add them up. */
static WcStatus
add_weights(Build *build)
{
	WcRows rows = wc_rows_of(build->problem, WC_USERS);

	for (int32_t i = 0; i < rows.rows; i++)
	{
		WcTerms terms = wc_terms_of(&rows, i);
		double row = 0.0;

		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		for (int64_t e = 0; e < terms.count; e++)
		{
			int32_t j = terms.col[e];
			float target = terms.value == NULL ? 1.0f : terms.value[e];
			float c = wc_term_weight(&terms, e);

			if (wc_pace(&build->pace, 1))
				return fail(build, WC_CANCELLED);
			if (!isfinite(target))
				return wc_fail(build->error, WC_NOT_FINITE, WC_USERS, i, j,
				               "The value is %g.", (double) target);
			if (!isfinite(c) || c < 0.0f)
				return wc_fail(build->error, WC_NOT_FINITE, WC_USERS, i, j,
				               "The weight is %g, the range is 0 to %g.",
				               (double) c, (double) FLT_MAX);
			row += c;
			build->item_sum[j] += c;
			build->target_total += (double) c * target;
		}
		build->user_sum[i] = row;
		build->total += row;
	}
	return WC_OK;
}

static WcStatus
resolve_unobserved(Build *build)
{
	WcProblem *problem = build->problem;
	const WcCsr *csr = &problem->by_user;
	double cells = (double) csr->rows * (double) csr->cols;
	double given = problem->objective.params.unobserved_weight;
	bool is_explicit = problem->objective.params.feedback == WC_EXPLICIT;

	problem->mean_weight = build->total / (double) csr->nnz;
	if (!isnan(given))
	{
		problem->w0 = given;
		problem->negatives_vanish =
		    given > 0.0 && !is_explicit &&
		    given * cells < VANISHING_RATIO * build->total;
	}
	else if (is_explicit)
		problem->w0 = 0.0;
	else if (build->total == 0.0)
		problem->w0 = 1.0;
	else
		problem->w0 = fmin(WC_UNOBSERVED_RATIO * build->total / cells,
		                   problem->mean_weight);
	problem->objective.params.unobserved_weight = problem->w0;

	if (problem->w0 > FLT_MAX)
		return wc_fail(build->error, WC_NOT_FINITE, WC_USERS, -1, -1,
		               "The weight of the unobserved cells is %g, the largest "
		               "is %g.",
		               problem->w0, (double) FLT_MAX);
	if (problem->w0 == 0.0 && build->total == 0.0)
		return wc_fail(build->error, WC_EMPTY, WC_USERS, -1, -1,
		               "All weights are 0.");
	return WC_OK;
}

const WcRange wc_any_range = {-INFINITY, INFINITY};

/* Explicit feedback: the targets are deviations from their weighted mean. */
static WcStatus
subtract_mean(Build *build)
{
	WcProblem *problem = build->problem;
	WcRange range = {INFINITY, -INFINITY};
	WcCsr *csr = &problem->by_user;
	WcStatus status;

	problem->objective.range = wc_any_range;
	if (problem->objective.params.feedback != WC_EXPLICIT)
		return WC_OK;
	status = need_values(build);
	if (status != WC_OK)
		return status;
	problem->objective.mean = build->target_total / build->total;
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		if (wc_pace(&build->pace, 1))
			return fail(build, WC_CANCELLED);
		range.low = fminf(range.low, csr->value[e]);
		range.high = fmaxf(range.high, csr->value[e]);
		csr->value[e] =
		    wc_target(WC_EXPLICIT, problem->objective.mean, csr->value[e]);
	}
	if (csr->nnz > 0)
		problem->objective.range = range;
	return WC_OK;
}

static WcStatus
measure_spread(Build *build)
{
	WcStatus status =
	    wc_baseline_spread(build->problem, build->user_sum, build->item_sum,
	                       build->alloc, &build->pace);

	return status == WC_OK ? WC_OK : fail(build, status);
}

static WcStatus
set_unobserved(Build *build)
{
	WcProblem *problem = build->problem;
	WcStatus status = wc_set_shares(
	    &problem->objective.params, problem->by_user.cols, build->item_count,
	    &problem->unobserved, &build->share_total, build->alloc, &build->pace);

	return status == WC_OK ? WC_OK : fail(build, status);
}

/*
 * Entries that have faded are on their way to unobserved cells.  Without w0
 * their weight says it all.
 */
static WcStatus
fade_targets(Build *build)
{
	WcProblem *problem = build->problem;
	WcCsr *csr = &problem->by_user;
	bool fades = csr->share != NULL && problem->w0 != 0.0;
	WcStatus status = fades ? need_values(build) : WC_OK;
	WcRows rows;

	rows = wc_rows_of(problem, WC_USERS);
	for (int32_t i = 0; fades && status == WC_OK && i < csr->rows; i++)
	{
		WcTerms terms = wc_terms_of(&rows, i);

		for (int64_t e = 0; e < terms.count; e++)
		{
			int64_t at = csr->start[i] + e;

			if (wc_pace(&build->pace, 1))
				return fail(build, WC_CANCELLED);
			csr->value[at] = (float) wc_faded_target(
			    csr->value[at], wc_term(&terms, e).unobserved,
			    wc_term_weight(&terms, e), csr->share[at]);
		}
	}
	wc_free(build->alloc, csr->share);
	csr->share = NULL;
	return status;
}

static WcStatus
add_second_side(Build *build)
{
	WcProblem *problem = build->problem;
	WcStatus status = wc_csr_transpose(&problem->by_user, &problem->by_item,
	                                   build->alloc, build->pace.hooks);

	return status == WC_OK ? WC_OK : fail(build, status);
}

static WcStatus
set_lambdas(Build *build)
{
	WcProblem *problem = build->problem;
	int32_t users = problem->by_user.rows;
	int32_t items = problem->by_user.cols;
	const WcParams *params = &problem->objective.params;
	WcStatus status = WC_OK;

	if (isnan(problem->objective.params.regularization))
		status =
		    wc_choose_regularization(problem, build->alloc, build->pace.hooks);
	if (status != WC_OK)
		return fail(build, status);
	problem->user_lambda =
	    wc_alloc_array(build->alloc, (size_t) users, sizeof(float));
	problem->item_lambda =
	    wc_alloc_array(build->alloc, (size_t) items, sizeof(float));
	if (problem->user_lambda == NULL || problem->item_lambda == NULL)
		return fail(build, WC_NO_MEMORY);
	for (int32_t j = 0; j < items && status == WC_OK; j++)
	{
		double t = problem->unobserved == NULL ? 1.0 : problem->unobserved[j];

		if (wc_pace(&build->pace, 8))
			return fail(build, WC_CANCELLED);
		status = wc_set_lambda(params, WC_ITEMS, j,
		                       problem->w0 * t * users + build->item_sum[j],
		                       &problem->item_lambda[j], build->error);
	}
	for (int32_t i = 0; i < users && status == WC_OK; i++)
	{
		if (wc_pace(&build->pace, 8))
			return fail(build, WC_CANCELLED);
		status =
		    wc_set_lambda(params, WC_USERS, i,
		                  problem->w0 * build->share_total + build->user_sum[i],
		                  &problem->user_lambda[i], build->error);
	}
	return status;
}

static WcStatus
fill_problem(Build *build, const float *user_weights, const float *item_weights)
{
	WcStatus status;

	status = allocate_build(build);
	if (status == WC_OK)
		status = count_entries(build);
	if (status == WC_OK)
		status = set_targets(build);
	if (status == WC_OK)
		status = set_scales(build, user_weights, item_weights);
	if (status == WC_OK)
		status = add_weights(build);
	if (status == WC_OK)
		status = resolve_unobserved(build);
	if (status == WC_OK)
		status = subtract_mean(build);
	if (status == WC_OK)
		status = measure_spread(build);
	if (status == WC_OK)
		status = set_unobserved(build);
	if (status == WC_OK)
		status = fade_targets(build);
	if (status == WC_OK)
		status = add_second_side(build);
	if (status == WC_OK)
		status = set_lambdas(build);
	return status;
}

WcStatus
wc_problem_build(const WcParams *params, WcCsr *by_user,
                 const float *user_weights, const float *item_weights,
                 WcProblem *problem, const WcAlloc *alloc, const WcHooks *hooks,
                 WcError *error)
{
	Build build;
	WcStatus status;

	WC_ASSERT(wc_csr_check(by_user));
	memset(&build, 0, sizeof(build));
	build.problem = problem;
	build.alloc = alloc;
	build.pace = wc_pace_start(hooks);
	build.error = error;
	build.reference = 1.0;

	memset(problem, 0, sizeof(*problem));
	problem->objective.params = *params;
	problem->objective.like_from = NAN;
	problem->by_user = *by_user;
	memset(by_user, 0, sizeof(*by_user));
	resolve_params(problem, problem->by_user.weight != NULL ||
	                            user_weights != NULL || item_weights != NULL);

	if (problem->by_user.nnz == 0)
		status = fail(&build, WC_EMPTY);
	else
		status = fill_problem(&build, user_weights, item_weights);
	free_build(&build);
	if (status != WC_OK)
		wc_problem_free(problem, alloc);
	return status;
}
