/*-------------------------------------------------------------------------
 *
 * test_baseline.c
 *	  What biases explain, and units: the same ratings in another unit give the
 *	  same model but for the unit, with every solver.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/ground/internal.h"

#define USERS 60
#define ITEMS 40
#define FACTORS 7

/* Normal enough: the sum of twelve uniform numbers, less 6. */
static double
normal(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += check_random(state);
	return sum;
}

typedef struct Spec
{
	int32_t users;
	int32_t items;
	double density;
	double user_deviation;
	double item_deviation;
	double noise;
	double taste; /* of a factor that is there */
	double unit;
	double weight; /* of all entries; 0: none */
} Spec;

static void
build(const Spec *spec, const WcParams *params, WcProblem *problem)
{
	double *user = malloc(sizeof(double) * 2 * (size_t) spec->users);
	double *item = malloc(sizeof(double) * 2 * (size_t) spec->items);
	uint64_t state = 11;
	int64_t n_merged;
	int64_t n_zero;
	WcCoo coo;
	WcCsr csr;

	for (int32_t i = 0; i < 2 * spec->users; i++)
		user[i] = normal(&state);
	for (int32_t j = 0; j < 2 * spec->items; j++)
		item[j] = normal(&state);
	if (wc_coo_init(&coo, true, spec->weight > 0, false, &check_alloc) != WC_OK)
		abort();
	for (int32_t i = 0; i < spec->users; i++)
	{
		for (int32_t j = 0; j < spec->items; j++)
		{
			double noise = normal(&state);
			double value = 3 + spec->user_deviation * user[2 * i] +
			               spec->item_deviation * item[2 * j] +
			               spec->taste * user[2 * i + 1] * item[2 * j + 1] +
			               spec->noise * noise;

			if (check_random(&state) >= spec->density)
				continue;
			if (check_append(&coo, i, j, (float) (spec->unit * value),
			                 (float) spec->weight, 0, &check_alloc) != WC_OK)
				abort();
		}
	}
	if (wc_csr_from_coo(&coo, spec->users, spec->items, wc_merging(params),
	                    &csr, &n_merged, &n_zero, &check_alloc, NULL,
	                    NULL) != WC_OK ||
	    wc_problem_build(params, &csr, NULL, NULL, problem, &check_alloc, NULL,
	                     NULL) != WC_OK)
		abort();
	free(user);
	free(item);
}

static WcParams
options(WcFeedback feedback)
{
	WcParams params;

	wc_params_defaults(&params);
	params.feedback = feedback;
	params.duplicates = WC_DUP_AVG;
	params.factors = FACTORS;
	params.iterations = 5;
	return params;
}

/* Lambdas are the quotients of the variances that the ratings were made with. */
static void
test_variances(void)
{
	Spec spec = {1500, 1000, 0.02, 0.5, 0.25, 1, 0, 1, 0};
	WcParams params = options(WC_EXPLICIT);
	WcProblem problem;
	const double *lambda = problem.objective.params.bias_regularization;

	build(&spec, &params, &problem);
	CHECK_NEAR(lambda[WC_USERS], 4, 0.6);
	CHECK_NEAR(lambda[WC_ITEMS], 16, 3);
	CHECK_NEAR(problem.spread, 1, 0.03);
	wc_problem_free(&problem, &check_alloc);

	/* given ones stay, and a weight of all entries is a unit of the loss */
	params.bias_regularization[WC_ITEMS] = 7;
	spec.weight = 10;
	build(&spec, &params, &problem);
	CHECK_NEAR(lambda[WC_USERS], 40, 6);
	CHECK(lambda[WC_ITEMS] == 7);
	CHECK_NEAR(problem.spread, 1, 0.03);
	wc_problem_free(&problem, &check_alloc);
}

/* Nothing to tell apart, or nothing but biases. */
static void
test_edges(void)
{
	Spec spec = {30, 20, 0.5, 0, 0, 0, 0, 1, 0};
	WcParams params = options(WC_EXPLICIT);
	WcProblem problem;

	build(&spec, &params, &problem);
	CHECK(problem.spread == 1 && problem.objective.params.regularization > 0);
	wc_problem_free(&problem, &check_alloc);

	spec.user_deviation = spec.item_deviation = 1;
	build(&spec, &params, &problem);
	CHECK(problem.spread > 0.01 && problem.spread < 0.05);
	CHECK(problem.objective.params.bias_regularization[WC_USERS] > 0);
	wc_problem_free(&problem, &check_alloc);

	params.biases = 0;
	build(&spec, &params, &problem);
	CHECK(problem.spread > 1 && problem.spread < 2);
	CHECK(isnan(problem.objective.params.bias_regularization[WC_USERS]));
	wc_problem_free(&problem, &check_alloc);
}

/* The objective by its definition: explicit feedback has no other cells. */
static double
dense_loss(const WcProblem *p, const WcModel *model)
{
	double loss = 0;
	size_t k = FACTORS;

	for (int32_t i = 0; i < model->users; i++)
	{
		const float *u = model->user_factors + (size_t) i * k;
		double bias = model->user_bias[i];

		for (int64_t e = p->by_user.start[i]; e < p->by_user.start[i + 1]; e++)
		{
			int32_t j = p->by_user.col[e];
			const float *v = model->item_factors + (size_t) j * k;
			double error = p->by_user.value[e] - bias - model->item_bias[j];

			for (size_t f = 0; f < k; f++)
				error -= (double) u[f] * v[f];
			loss += error * error;
		}
		for (size_t f = 0; f < k; f++)
			loss += (double) p->user_lambda[i] * u[f] * u[f];
		loss += p->objective.params.bias_regularization[WC_USERS] * bias * bias;
	}
	for (int32_t j = 0; j < model->items; j++)
	{
		const float *v = model->item_factors + (size_t) j * k;
		double bias = model->item_bias[j];

		for (size_t f = 0; f < k; f++)
			loss += (double) p->item_lambda[j] * v[f] * v[f];
		loss += p->objective.params.bias_regularization[WC_ITEMS] * bias * bias;
	}
	return loss;
}

static double
train(const WcProblem *problem, WcModel *model)
{
	WcSolverOptions options = {2, NULL, WC_DENSE_BUILTIN};
	uint64_t hashes[ITEMS];
	WcSolver *solver;
	WcError error;
	double loss = NAN;

	for (int j = 0; j < ITEMS; j++)
		hashes[j] = (uint64_t) j * UINT64_C(0x9e3779b97f4a7c15);
	if (wc_model_init(problem, hashes, model, &check_alloc) != WC_OK ||
	    wc_solver_create(problem, &options, &solver, &check_alloc, &error) !=
	        WC_OK)
		abort();
	for (int sweep = 0; sweep < problem->objective.params.iterations; sweep++)
		for (int side = 0; side < 2; side++)
			CHECK(wc_half_descent(solver, (WcSide) side, model, NULL, &error) ==
			      WC_OK);
	CHECK(wc_half_sweep(solver, WC_USERS, model, NULL, &error) == WC_OK);
	CHECK(wc_loss(solver, model, &loss, NULL, &error) == WC_OK);
	wc_solver_free(solver);
	return loss;
}

/* No user's bias or factor can be moved to a lower loss. */
static void
check_minimum(const WcProblem *problem, WcModel *model, double loss)
{
	CHECK_NEAR(loss, dense_loss(problem, model), 1e-5 * loss);
	for (int32_t i = 0; i < model->users; i += 7)
	{
		for (int f = -1; f < FACTORS; f++)
		{
			float *x = f < 0 ? model->user_bias + i
			                 : model->user_factors + (size_t) i * FACTORS + f;
			float kept = *x;
			double step = 1e-3 * problem->spread;
			double up;
			double down;

			*x = (float) (kept + step);
			up = dense_loss(problem, model) - loss;
			*x = (float) (kept - step);
			down = dense_loss(problem, model) - loss;
			*x = kept;
			/* a parabola with its end here */
			CHECK(up > 0 && down > 0);
			CHECK_NEAR(up, down, 0.05 * (up + down));
		}
	}
}

static void
test_solvers(void)
{
	static const WcMethod methods[] = {WC_SOLVE_CHOLESKY, WC_SOLVE_CG,
	                                   WC_SOLVE_BLOCK};
	Spec spec = {USERS, ITEMS, 0.4, 0.5, 0.3, 0.7, 0.6, 1, 0};

	for (int m = 0; m < 3; m++)
	{
		WcParams params = options(WC_EXPLICIT);
		WcProblem problem;
		WcModel model;
		double loss;

		params.solver = methods[m];
		build(&spec, &params, &problem);
		loss = train(&problem, &model);
		check_minimum(&problem, &model, loss);
		wc_model_free(&model, &check_alloc);
		wc_problem_free(&problem, &check_alloc);
	}
}

/* How far one array is from another times a factor, in parts of its largest. */
static double
apart(size_t count, const float *a, const float *b, double factor)
{
	double most = 0;
	double worst = 0;

	for (size_t p = 0; p < count; p++)
	{
		most = fmax(most, fabs(b[p] * factor));
		worst = fmax(worst, fabs(a[p] - b[p] * factor));
	}
	return worst / most;
}

/*
 * Ratings times c: factors times the root of c, biases and predictions times c,
 * the loss times its square.  A power of 4 changes no digit.
 */
static void
test_units(void)
{
	static const double units[] = {4, 0.0625, 20, 0.2, 1e-3, 1e6};

	for (int kind = 0; kind < 3; kind++)
	{
		Spec spec = {USERS, ITEMS, 0.4, 0.5, 0.3, 0.7, 0.6, 1, 0};
		WcParams params = options(kind == 2 ? WC_WEIGHTED : WC_EXPLICIT);
		WcProblem problem;
		WcModel model;
		double loss;

		params.biases = kind == 0;
		build(&spec, &params, &problem);
		loss = train(&problem, &model);
		for (int u = 0; u < 6; u++)
		{
			double c = units[u];
			double close = u < 2 ? 0 : 1e-4;
			WcProblem scaled;
			WcModel other;

			spec.unit = c;
			build(&spec, &params, &scaled);
			CHECK_NEAR(scaled.objective.params.regularization / c,
			           problem.objective.params.regularization,
			           1e-6 * problem.objective.params.regularization);
			CHECK_NEAR(train(&scaled, &other) / c / c, loss,
			           fmax(close, 1e-9) * loss);
			CHECK(apart(USERS * FACTORS, other.user_factors, model.user_factors,
			            sqrt(c)) <= close);
			CHECK(apart(ITEMS * FACTORS, other.item_factors, model.item_factors,
			            sqrt(c)) <= close);
			if (kind == 0)
				CHECK(apart(USERS, other.user_bias, model.user_bias, c) <=
				          close &&
				      apart(ITEMS, other.item_bias, model.item_bias, c) <=
				          close);
			wc_model_free(&other, &check_alloc);
			wc_problem_free(&scaled, &check_alloc);
		}
		wc_model_free(&model, &check_alloc);
		wc_problem_free(&problem, &check_alloc);
	}
}

int
main(void)
{
	test_variances();
	test_edges();
	test_solvers();
	test_units();
	return check_report("test_baseline");
}
