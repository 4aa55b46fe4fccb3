/*-------------------------------------------------------------------------
 *
 * test_problem.c
 *	  What a problem says about every cell - target, weight, lambda - equals
 *	  plain formulas in double over a dense matrix of the ratings, for every
 *	  way of weighing there is.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

#define M 19
#define N 13

/* Ratings of the test; r is 0 on unobserved cells and never on others. */
typedef struct Data
{
	bool has_value;
	bool has_weight;
	bool seen[M][N];
	double r[M][N];
	double weight[M][N];
	float user_weight[M];
	float item_weight[N];
} Data;

static void
random_data(bool has_value, bool has_weight, bool dislikes, Data *data)
{
	uint64_t state = 77;

	memset(data, 0, sizeof(*data));
	data->has_value = has_value;
	data->has_weight = has_weight;
	for (int i = 0; i < M; i++)
	{
		data->user_weight[i] = (float) (3 * check_random(&state));
		for (int j = 0; j < N; j++)
		{
			double r = (float) (0.5 + 4 * check_random(&state));
			double weight = (float) (2 * check_random(&state));

			/* Every user and item has something; item 0 has much. */
			data->seen[i][j] = j == 0 || i == 0 || check_random(&state) < 0.3;
			if (dislikes && check_random(&state) < 0.2)
				r = -r;
			data->r[i][j] = has_value ? r : 1;
			data->weight[i][j] = has_weight ? weight : 1;
		}
	}
	for (int j = 0; j < N; j++)
		data->item_weight[j] = (float) (2 * check_random(&state));
}

static void
create_csr(const Data *data, WcCsr *csr)
{
	WcCoo coo;
	int64_t n_merged;
	int64_t n_zero;

	if (wc_coo_init(&coo, data->has_value, data->has_weight, false,
	                &check_alloc) != WC_OK)
		abort();
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			if (data->seen[i][j] &&
			    check_append(&coo, i, j, (float) data->r[i][j],
			                 (float) data->weight[i][j], 0,
			                 &check_alloc) != WC_OK)
				abort();
		}
	}
	if (wc_csr_from_coo(&coo, M, N, (WcMerging){.duplicates = WC_DUP_ERROR},
	                    csr, &n_merged, &n_zero, &check_alloc, NULL,
	                    NULL) != WC_OK)
		abort();
}

/* The problem in dense matrices, by the formulas of the documentation. */
typedef struct Dense
{
	double a[M][N];
	double c[M][N];
	double w[M][N];
	double user_lambda[M];
	double item_lambda[N];
	double mean;
	WcRange range;
	double w0;
} Dense;

static void
count(const Data *data, double user[M], double item[N], double *all)
{
	*all = 0;
	memset(user, 0, M * sizeof(double));
	memset(item, 0, N * sizeof(double));
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			user[i] += data->seen[i][j];
			item[j] += data->seen[i][j];
			*all += data->seen[i][j];
		}
	}
}

/* M x N is no sparse table: exponents that are not given are 0. */
static double
or_zero(double exponent)
{
	return isnan(exponent) ? 0 : exponent;
}

static void
expect_weights(const Data *data, const WcParams *p, bool given, Dense *d)
{
	double user[M];
	double item[N];
	double all;
	double powers = 0;
	bool counts = p->weighting == WC_WEIGHT_COUNTS;
	double row_exponent = counts ? 1 : or_zero(p->row_weight_exponent);
	double col_exponent = counts ? 1 : or_zero(p->col_weight_exponent);

	count(data, user, item, &all);
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			if (data->seen[i][j])
				powers +=
				    pow(user[i], row_exponent) * pow(item[j], col_exponent);
		}
	}
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			double r = fabs(data->r[i][j]);
			double g = 1;

			if (p->weighting == WC_WEIGHT_LINEAR)
				g = p->alpha * r;
			if (p->weighting == WC_WEIGHT_LOG)
				g = p->alpha * log(1 + r / p->epsilon);
			if (p->weighting == WC_WEIGHT_NONE || !data->seen[i][j])
				g = 0;
			g *= data->weight[i][j];
			g *= pow(user[i], row_exponent) * pow(item[j], col_exponent);
			if (p->weight_normalize && !counts)
				g *= all / powers;
			if (given)
				g *= (double) data->user_weight[i] * data->item_weight[j];
			d->c[i][j] = g;
		}
	}
}

static void
expect(const Data *data, const WcParams *p, bool given, double spread, Dense *d)
{
	double user[M];
	double item[N];
	double all;
	double sum = 0;
	double target_sum = 0;
	double popularity = 0;
	double lambda = p->regularization;
	double nu = p->reg_exponent;
	double squares = 0;

	memset(d, 0, sizeof(*d));
	d->range = (WcRange){INFINITY, -INFINITY};
	expect_weights(data, p, given, d);
	count(data, user, item, &all);
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			sum += d->c[i][j];
			target_sum += d->c[i][j] * data->r[i][j];
		}
	}
	d->w0 = p->unobserved_weight;
	if (isnan(d->w0))
	{
		if (p->feedback == WC_EXPLICIT)
			d->w0 = 0;
		else if (sum == 0)
			d->w0 = 1;
		else
			d->w0 = fmin(16 * sum / (M * N), sum / all);
	}
	d->mean = p->feedback == WC_EXPLICIT ? target_sum / sum : 0;
	for (int j = 0; j < N; j++)
		popularity += pow(item[j], p->popularity_exponent) / N;
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			double t = p->unobserved_popularity
			               ? pow(item[j], p->popularity_exponent) / popularity
			               : 1;

			d->w[i][j] = d->w0 * t + d->c[i][j];
			d->user_lambda[i] += d->w[i][j];
			d->item_lambda[j] += d->w[i][j];
			if (!data->seen[i][j])
				continue;
			d->range.low = fminf(d->range.low, (float) data->r[i][j]);
			d->range.high = fmaxf(d->range.high, (float) data->r[i][j]);
			d->a[i][j] = data->r[i][j] - d->mean;
			squares += d->c[i][j] * d->a[i][j] * d->a[i][j];
			if (p->feedback == WC_IMPLICIT)
				d->a[i][j] = data->r[i][j] > 0 ? 1 : 0;
		}
	}
	if (p->feedback != WC_EXPLICIT)
		d->range = wc_any_range;
	/* with biases the spread is that of test_baseline.c */
	if (p->feedback == WC_IMPLICIT || sum == 0)
		CHECK(spread == 1);
	else if (p->feedback == WC_WEIGHTED || p->biases == 0)
		CHECK_NEAR(spread, sqrt(squares / sum), 1e-5 * spread);
	if (isnan(nu))
		nu = p->feedback == WC_EXPLICIT && isnan(lambda) ? 0.5 : 1;
	if (isnan(lambda) && p->feedback == WC_EXPLICIT)
		lambda = 0.75 * spread * (1 / sqrt(all / M) + 1 / sqrt(all / N)) *
		         pow(sum / sqrt(M * N), 1 - nu);
	else if (isnan(lambda))
		lambda = 0.03 * spread;
	for (int i = 0; i < M; i++)
		d->user_lambda[i] = lambda * pow(d->user_lambda[i], nu);
	for (int j = 0; j < N; j++)
		d->item_lambda[j] = lambda * pow(d->item_lambda[j], nu);
}

#define NEAR(got, expected)                                                    \
	CHECK_NEAR((got), (expected), 2e-5 * fabs(expected) + 1e-6)

/* What one side says about each of its entries. */
static void
check_side(const WcProblem *problem, const Data *data, const Dense *d,
           bool by_item)
{
	const WcCsr *csr = by_item ? &problem->by_item : &problem->by_user;

	CHECK(wc_csr_check(csr));
	CHECK(csr->rows == (by_item ? N : M) && csr->cols == (by_item ? M : N));
	for (int32_t row = 0; row < csr->rows; row++)
	{
		for (int64_t e = csr->start[row]; e < csr->start[row + 1]; e++)
		{
			int i = by_item ? csr->col[e] : row;
			int j = by_item ? row : csr->col[e];
			double t = problem->unobserved == NULL ? 1 : problem->unobserved[j];
			double c = problem->base_weight;

			if (csr->weight != NULL)
				c *= csr->weight[e];
			if (problem->user_scale != NULL)
				c *= problem->user_scale[i];
			if (problem->item_scale != NULL)
				c *= problem->item_scale[j];
			CHECK(data->seen[i][j]);
			NEAR(c, d->c[i][j]);
			NEAR(problem->w0 * t + c, d->w[i][j]);
			NEAR(csr->value == NULL ? 1 : csr->value[e], d->a[i][j]);
		}
	}
}

static void
check_problem(const WcParams *params, const Data *data, bool given)
{
	WcParams checked = *params;
	char detail[256];
	double weights = 0;
	WcProblem problem;
	WcError error;
	Dense d;
	WcCsr csr;

	CHECK(wc_params_check(&checked, data->has_value, false, sizeof(detail),
	                      detail) == NULL);
	create_csr(data, &csr);
	if (wc_problem_build(params, &csr, given ? data->user_weight : NULL,
	                     given ? data->item_weight : NULL, &problem,
	                     &check_alloc, NULL, &error) != WC_OK)
	{
		CHECK(!"wc_problem_build");
		return;
	}
	CHECK(csr.start == NULL && csr.col == NULL);
	expect(data, params, given, problem.spread, &d);
	NEAR(problem.w0, d.w0);
	NEAR(problem.objective.mean, d.mean);
	CHECK(problem.objective.range.low == d.range.low &&
	      problem.objective.range.high == d.range.high);
	CHECK(problem.biases ==
	      (params->biases == 1 ||
	       (params->biases == -1 && params->feedback == WC_EXPLICIT)));
	CHECK(problem.by_user.nnz == problem.by_item.nnz);
	check_side(&problem, data, &d, false);
	check_side(&problem, data, &d, true);
	for (int j = 0; j < N; j++)
	{
		double t = problem.unobserved == NULL ? 1 : problem.unobserved[j];

		NEAR(problem.item_lambda[j], d.item_lambda[j]);
		NEAR(problem.w0 * t, d.w[1][j] - d.c[1][j]);
	}
	for (int i = 0; i < M; i++)
	{
		NEAR(problem.user_lambda[i], d.user_lambda[i]);
		for (int j = 0; j < N; j++)
			weights += d.c[i][j];
	}
	NEAR(problem.mean_weight * (double) problem.by_user.nnz, weights);

	/* Nothing is left to choose. */
	CHECK(problem.objective.params.unobserved_weight == problem.w0);
	CHECK(isfinite(problem.objective.params.regularization));
	CHECK(problem.objective.params.biases == (problem.biases ? 1 : 0));
	CHECK(problem.objective.weighted[WC_USERS] ==
	      (given && params->weighting != WC_WEIGHT_NONE));
	wc_problem_free(&problem, &check_alloc);
	CHECK(problem.by_user.col == NULL && problem.user_lambda == NULL);
}

/* Weighting x feedback x exponents x popularity x nu x given weights. */
static void
test_all_objectives(void)
{
	for (int bits = 0; bits < 5 * 3 * 128; bits++)
	{
		WcParams params;
		Data data;
		int rest = bits / 15;
		bool given = (rest & 1) != 0;

		wc_params_defaults(&params);
		params.weighting = (WcWeighting) (bits % 5);
		params.feedback = (WcFeedback) (bits / 5 % 3);
		if (params.weighting == WC_WEIGHT_LINEAR ||
		    params.weighting == WC_WEIGHT_LOG)
			params.alpha = 2.5;
		if (params.weighting == WC_WEIGHT_LOG)
			params.epsilon = 0.7;
		params.row_weight_exponent = rest & 2 ? 0.6 : 0;
		params.col_weight_exponent = rest & 4 ? -0.8 : 0;
		params.weight_normalize = (rest & 8) != 0;
		params.unobserved_popularity = (rest & 16) != 0;
		if (params.unobserved_popularity)
			params.popularity_exponent = 0.4;
		params.reg_exponent = rest & 32 ? 0.5 : 1;
		if (rest & 64)
			params.unobserved_weight = 0.3;
		if (params.weighting == WC_WEIGHT_COUNTS ||
		    params.weighting == WC_WEIGHT_NONE)
			params.row_weight_exponent = params.col_weight_exponent = 0;
		if (params.feedback == WC_EXPLICIT &&
		    (params.unobserved_popularity || (rest & 64) != 0 ||
		     params.weighting == WC_WEIGHT_NONE))
			continue;
		if (params.feedback != WC_IMPLICIT &&
		    (params.weighting == WC_WEIGHT_LINEAR ||
		     params.weighting == WC_WEIGHT_LOG))
			continue;
		random_data(true, (rest & 16) != 0, (rest & 4) != 0, &data);
		check_problem(&params, &data, given);
	}
}

static void
test_special_cases(void)
{
	WcParams params;
	Data data;

	/* No value, no weight: nothing but cells. */
	wc_params_defaults(&params);
	random_data(false, false, false, &data);
	check_problem(&params, &data, false);
	params.reg_exponent = 0;
	params.regularization = 0.25;
	check_problem(&params, &data, true);
	params.regularization = 0;
	check_problem(&params, &data, false);

	/* Given w0, none at all, no biases. */
	params.unobserved_weight = 0;
	check_problem(&params, &data, false);
	random_data(true, true, true, &data);
	params.feedback = WC_EXPLICIT;
	params.biases = 0;
	check_problem(&params, &data, false);

	/* Steep powers. */
	wc_params_defaults(&params);
	random_data(true, false, false, &data);
	params.row_weight_exponent = 10;
	params.col_weight_exponent = 10;
	check_problem(&params, &data, false);
	params.row_weight_exponent = -10;
	check_problem(&params, &data, false);
}

static void
build(const WcParams *params, const Data *data, WcProblem *problem)
{
	WcCsr csr;

	create_csr(data, &csr);
	if (wc_problem_build(params, &csr, NULL, NULL, problem, &check_alloc, NULL,
	                     NULL) != WC_OK)
		abort();
}

/* Arrays that would hold nothing but ones are not there. */
static void
test_ones(void)
{
	WcParams params;
	WcProblem problem;
	Data data;

	wc_params_defaults(&params);
	random_data(true, false, false, &data);
	build(&params, &data, &problem);
	CHECK(problem.by_user.value == NULL && problem.by_item.value == NULL);
	CHECK(problem.by_user.weight == NULL && problem.user_scale == NULL);
	CHECK(problem.item_scale == NULL && problem.unobserved == NULL);
	CHECK(problem.base_weight == 1);
	wc_problem_free(&problem, &check_alloc);

	random_data(true, true, true, &data);
	params.weighting = WC_WEIGHT_NONE;
	build(&params, &data, &problem);
	CHECK(problem.by_user.value != NULL && problem.by_user.weight == NULL);
	CHECK(problem.base_weight == 0 && problem.w0 == 1);
	wc_problem_free(&problem, &check_alloc);
}

/* Users who have one item each: the exponents that are chosen. */
static void
sparse(const WcParams *params, int32_t users, const float *weights,
       float weight, double p, double q)
{
	WcProblem problem;
	WcError error;
	WcCsr csr = {.rows = users, .cols = users, .nnz = users};
	size_t size = (size_t) users;

	csr.start = calloc(size + 1, sizeof(int64_t));
	csr.col = calloc(size, sizeof(int32_t));
	if (weight > 0)
		csr.weight = calloc(size, sizeof(float));
	for (int32_t i = 0; i < users; i++)
	{
		csr.start[i + 1] = i + 1;
		csr.col[i] = i;
		if (weight > 0)
			csr.weight[i] = weight;
	}
	CHECK(wc_problem_build(params, &csr, weights, NULL, &problem, &check_alloc,
	                       NULL, &error) == WC_OK);
	CHECK(problem.objective.params.row_weight_exponent == p);
	CHECK(problem.objective.params.col_weight_exponent == q);
	wc_problem_free(&problem, &check_alloc);
}

static void
test_exponents(void)
{
	static float weights[21];
	WcParams params;

	/* Less than one cell in twenty, and nothing said about weights. */
	wc_params_defaults(&params);
	sparse(&params, 20, NULL, 0, 0, 0);
	sparse(&params, 21, NULL, 0, -0.25, -0.25);
	sparse(&params, 21, NULL, 1, 0, 0);
	for (int i = 0; i < 21; i++)
		weights[i] = 1;
	sparse(&params, 21, weights, 0, 0, 0);
	params.row_weight_exponent = -0.5;
	sparse(&params, 21, NULL, 0, -0.5, 0);
	params.row_weight_exponent = NAN;
	params.col_weight_exponent = 0;
	sparse(&params, 21, NULL, 0, 0, 0);

	wc_params_defaults(&params);
	params.weighting = WC_WEIGHT_NONE;
	sparse(&params, 21, NULL, 0, 0, 0);
	params.weighting = WC_WEIGHT_COUNTS;
	sparse(&params, 21, NULL, 0, 1, 1);
	wc_params_defaults(&params);
	params.weight_normalize = false;
	sparse(&params, 21, NULL, 0, 0, 0);
	wc_params_defaults(&params);
	params.feedback = WC_WEIGHTED;
	sparse(&params, 21, NULL, 0, 0, 0);
}

static void
test_vanishing(void)
{
	WcParams params;
	WcProblem problem;
	Data data;

	wc_params_defaults(&params);
	random_data(true, false, false, &data);
	params.weighting = WC_WEIGHT_COUNTS;
	build(&params, &data, &problem);
	CHECK(!problem.negatives_vanish);
	wc_problem_free(&problem, &check_alloc);

	/* On either side of a tenth of the observed weight. */
	for (int side = 0; side < 2; side++)
	{
		params.unobserved_weight = NAN;
		build(&params, &data, &problem);
		params.unobserved_weight = (side ? 0.101 : 0.099) *
		                           problem.mean_weight *
		                           (double) problem.by_user.nnz / (M * N);
		wc_problem_free(&problem, &check_alloc);
		build(&params, &data, &problem);
		CHECK(problem.negatives_vanish == (side == 0));
		wc_problem_free(&problem, &check_alloc);
	}

	/* 0 was meant, and explicit feedback has no negatives. */
	params.unobserved_weight = 0;
	build(&params, &data, &problem);
	CHECK(!problem.negatives_vanish);
	wc_problem_free(&problem, &check_alloc);
	params.feedback = WC_EXPLICIT;
	build(&params, &data, &problem);
	CHECK(!problem.negatives_vanish);
	wc_problem_free(&problem, &check_alloc);
}

static void
refuse(const WcParams *params, const Data *data, bool given, WcStatus expected,
       WcSide side, int32_t row, int32_t other)
{
	WcProblem problem;
	WcError error;
	WcCsr csr;

	create_csr(data, &csr);
	CHECK(wc_problem_build(params, &csr, given ? data->user_weight : NULL,
	                       given ? data->item_weight : NULL, &problem,
	                       &check_alloc, NULL, &error) == expected);
	CHECK(error.status == expected && error.side == side);
	CHECK(error.row == row && error.other == other);
	CHECK(csr.col == NULL && problem.by_user.col == NULL);
}

static void
test_refusals(void)
{
	WcParams params;
	WcProblem problem;
	WcError error;
	Data data;
	WcCsr csr;

	/* The first entry in order whose weight leaves float32. */
	wc_params_defaults(&params);
	random_data(true, true, false, &data);
	data.seen[7][4] = true;
	data.weight[7][4] = INFINITY;
	refuse(&params, &data, false, WC_NOT_FINITE, WC_USERS, 7, 4);
	data.weight[7][4] = 3e38;
	data.r[7][4] = 3;
	params.weighting = WC_WEIGHT_LINEAR;
	refuse(&params, &data, false, WC_NOT_FINITE, WC_USERS, 7, 4);
	data.weight[7][4] = -1;
	refuse(&params, &data, false, WC_NOT_FINITE, WC_USERS, 7, 4);
	data.weight[7][4] = 3e38;
	data.user_weight[7] = 2;
	data.item_weight[4] = 1;
	params.weighting = WC_WEIGHT_CONSTANT;
	refuse(&params, &data, true, WC_NOT_FINITE, WC_USERS, 7, 4);
	data.weight[7][4] = 1;
	data.user_weight[7] = NAN;
	refuse(&params, &data, true, WC_NOT_FINITE, WC_USERS, 7, 0);

	/* A target, a w0, a lambda. */
	data.r[7][4] = NAN;
	params.feedback = WC_WEIGHTED;
	refuse(&params, &data, false, WC_NOT_FINITE, WC_USERS, 7, 4);
	data.r[7][4] = 1;
	params.unobserved_weight = 1e39;
	refuse(&params, &data, false, WC_NOT_FINITE, WC_USERS, -1, -1);
	params.unobserved_weight = 1;
	params.regularization = 1e38;
	refuse(&params, &data, false, WC_LAMBDA_TOO_LARGE, WC_ITEMS, 0, -1);

	/* Dislikes only: nobody asks for anything. */
	random_data(true, true, false, &data);
	wc_params_defaults(&params);
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
			data.r[i][j] = -1;
	}
	refuse(&params, &data, false, WC_EMPTY, WC_USERS, -1, -1);

	/* No entries, and no weight. */
	random_data(true, true, false, &data);
	wc_params_defaults(&params);
	memset(data.weight, 0, sizeof(data.weight));
	check_problem(&params, &data, false);
	params.feedback = WC_EXPLICIT;
	refuse(&params, &data, false, WC_EMPTY, WC_USERS, -1, -1);
	memset(data.seen, 0, sizeof(data.seen));
	refuse(&params, &data, false, WC_EMPTY, WC_USERS, -1, -1);
	create_csr(&data, &csr);
	CHECK(wc_problem_build(&params, &csr, NULL, NULL, &problem, &check_alloc,
	                       NULL, &error) == WC_EMPTY);
}

/* A large problem with every array, so that every step asks and allocates. */
static WcStatus
build_large(const WcParams *params, const WcHooks *hooks, double *mean_weight,
            WcError *error)
{
	int32_t users = 300;
	int32_t items = 400;
	int64_t nnz = (int64_t) users * items;
	float *user_weights = malloc(sizeof(float) * (size_t) users);
	float *item_weights = malloc(sizeof(float) * (size_t) items);
	WcProblem problem;
	WcStatus status;
	WcCsr csr;

	memset(&csr, 0, sizeof(csr));
	csr.rows = users;
	csr.cols = items;
	csr.nnz = nnz;
	csr.start = malloc(sizeof(int64_t) * (size_t) (users + 1));
	csr.col = malloc(sizeof(int32_t) * (size_t) nnz);
	csr.value = malloc(sizeof(float) * (size_t) nnz);
	for (int32_t i = 0; i <= users; i++)
		csr.start[i] = (int64_t) i * items;
	for (int64_t e = 0; e < nnz; e++)
	{
		csr.col[e] = (int32_t) (e % items);
		csr.value[e] = (float) (e % 7) - 2.5f;
	}
	for (int32_t i = 0; i < users; i++)
		user_weights[i] = 2;
	for (int32_t j = 0; j < items; j++)
		item_weights[j] = 3;
	status = wc_problem_build(params, &csr, user_weights, item_weights,
	                          &problem, &check_alloc, hooks, error);
	check_fail_after = -1;
	CHECK(csr.start == NULL);
	*mean_weight = problem.mean_weight;
	if (status == WC_OK)
		wc_problem_free(&problem, &check_alloc);
	CHECK(problem.by_user.start == NULL && problem.by_item.start == NULL);
	free(user_weights);
	free(item_weights);
	return status;
}

static void
test_failures(WcFeedback feedback, WcWeighting weighting, double exponent)
{
	WcParams params;
	WcStatus status = WC_NO_MEMORY;
	double mean;
	long n;

	wc_params_defaults(&params);
	params.feedback = feedback;
	params.weighting = weighting;
	params.row_weight_exponent = exponent;
	params.col_weight_exponent = exponent;
	params.unobserved_popularity = feedback != WC_EXPLICIT;
	for (n = 0; status != WC_OK && n < 50; n++)
	{
		WcError error;

		check_fail_after = n;
		status = build_large(&params, NULL, &mean, &error);
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		CHECK(status == WC_OK || error.status == status);
	}
	CHECK(status == WC_OK && n > 10);
	status = WC_CANCELLED;
	for (n = 0; status != WC_OK && n < 2000; n += 1 + n / 4)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error;

		status = build_large(&params, &hooks, &mean, &error);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(status == WC_OK || error.status == status);
	}
	CHECK(status == WC_OK && n > 3);
}

/* Powers that pass float32 one by one, but not once they are normalized. */
static void
test_large_powers(void)
{
	WcParams params;
	WcError error;
	double mean;

	wc_params_defaults(&params);
	params.row_weight_exponent = 10;
	params.col_weight_exponent = 10;
	CHECK(build_large(&params, NULL, &mean, &error) == WC_OK);
	CHECK_NEAR(mean, 2 * 3, 1e-5);
	params.weight_normalize = false;
	CHECK(build_large(&params, NULL, &mean, &error) == WC_NOT_FINITE);
	CHECK(error.row == 0 && error.other == 0);
}

/* lambda of users x items with an entry in each row and column, by default. */
static double
chosen_lambda(int32_t users, int32_t items, WcFeedback feedback)
{
	int32_t most = users > items ? users : items;
	WcParams params;
	WcProblem problem;
	WcCoo coo;
	WcCsr csr;
	int64_t n_merged;
	int64_t n_zero;
	double lambda;

	if (wc_coo_init(&coo, false, false, false, &check_alloc) != WC_OK)
		abort();
	for (int32_t e = 0; e < most; e++)
	{
		if (check_append(&coo, e % users, e % items, 1, 1, 0, &check_alloc) !=
		    WC_OK)
			abort();
	}
	wc_params_defaults(&params);
	params.feedback = feedback;
	if (wc_csr_from_coo(&coo, users, items,
	                    (WcMerging){.duplicates = WC_DUP_SUM}, &csr, &n_merged,
	                    &n_zero, &check_alloc, NULL, NULL) != WC_OK ||
	    wc_problem_build(&params, &csr, NULL, NULL, &problem, &check_alloc,
	                     NULL, NULL) != WC_OK)
		abort();
	lambda = problem.objective.params.regularization;
	wc_problem_free(&problem, &check_alloc);
	return lambda;
}

static void
test_chosen_lambda(void)
{
	CHECK_NEAR(chosen_lambda(3, 5, WC_IMPLICIT), 0.03, 1e-15);
	CHECK_NEAR(chosen_lambda(900, 277, WC_IMPLICIT), 0.03, 1e-15);
	/* 10 entries a user, no two users with an item in common */
	CHECK_NEAR(chosen_lambda(1000, 10000, WC_IMPLICIT),
	           1.25 / 17 / pow(10, 0.4), 1e-12);
	CHECK_NEAR(chosen_lambda(1000, 10000, WC_WEIGHTED),
	           1.25 / 17 / pow(10, 0.4), 1e-12);
	/* all values are the same: any unit does; 900 entries, 2.25 and 1 a row */
	CHECK_NEAR(chosen_lambda(400, 900, WC_EXPLICIT),
	           0.75 * (1 / 1.5 + 1) * sqrt(1.5), 1e-15);
}

/*
 * An entry that fades ends as a cell nobody observed, and on the way there has
 * the minimum of f times its fresh loss and 1 - f times that of such a cell.
 */
static void
test_faded(void)
{
	static const float shares[] = {1, 0.5f, 1e-3f, 0};

	for (int c = 0; c < 2 * 2 * 2; c++)
	{
		bool popularity = (c & 1) != 0;
		bool weighted = (c & 2) != 0;
		bool unobserved = (c & 4) != 0;
		WcParams params;
		WcProblem problem;
		WcCsr csr;
		WcCoo coo;
		int64_t n_merged;
		int64_t n_zero;

		wc_params_defaults(&params);
		params.feedback = weighted ? WC_WEIGHTED : WC_IMPLICIT;
		params.unobserved_weight = unobserved ? 0.3 : 0;
		params.unobserved_popularity = popularity;
		params.popularity_exponent = 0.5;
		if (wc_coo_init(&coo, weighted, true, false, &check_alloc) != WC_OK)
			abort();
		for (int e = 0; e < 4; e++)
			if (check_append(&coo, e, e % 3, 2.5f, 4, 0, &check_alloc) != WC_OK)
				abort();
		CHECK(wc_csr_from_coo(&coo, 4, 3, wc_merging(&params), &csr, &n_merged,
		                      &n_zero, &check_alloc, NULL, NULL) == WC_OK);
		csr.share = malloc(sizeof(shares));
		memcpy(csr.share, shares, sizeof(shares));
		for (int e = 0; e < 4; e++)
			csr.weight[e] *= shares[e];
		CHECK(wc_problem_build(&params, &csr, NULL, NULL, &problem,
		                       &check_alloc, NULL, NULL) == WC_OK);
		CHECK(problem.by_user.share == NULL && problem.by_item.share == NULL);
		for (int e = 0; e < 4; e++)
		{
			double target = weighted ? 2.5 : 1;
			double w0 = params.unobserved_weight *
			            (popularity ? problem.unobserved[e % 3] : 1);
			double fresh = w0 + 4.0 * problem.base_weight;
			double f = shares[e];
			double weight = f * fresh + (1 - f) * w0;
			double got =
			    problem.by_user.value == NULL ? 1 : problem.by_user.value[e];

			CHECK_NEAR(w0 + problem.base_weight * problem.by_user.weight[e],
			           weight, 1e-6);
			if (weight > 0)
				CHECK_NEAR(got, target * f * fresh / weight, 1e-6);
		}
		wc_problem_free(&problem, &check_alloc);
	}
}

int
main(void)
{
	test_faded();
	test_all_objectives();
	test_chosen_lambda();
	test_special_cases();
	test_ones();
	test_exponents();
	test_vanishing();
	test_refusals();
	test_large_powers();
	test_failures(WC_IMPLICIT, WC_WEIGHT_LOG, 0.5);
	test_failures(WC_IMPLICIT, WC_WEIGHT_CONSTANT, 0);
	test_failures(WC_EXPLICIT, WC_WEIGHT_CONSTANT, 0.5);
	return check_report("test_problem");
}
