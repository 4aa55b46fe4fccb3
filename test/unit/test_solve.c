/*-------------------------------------------------------------------------
 *
 * test_solve.c
 *	  Rows that are hard to solve: sizes around the edges of what is done at
 *	  once, ill-conditioned, singular and huge systems, and how long any of
 *	  them works without asking whether to stop.
 *
 *-------------------------------------------------------------------------
 */
#include <time.h>

#include "check.h"
#include "core/solve/numerics.h"
#include "fixtures.h"

/* Widths and row lengths around the edges of what is done at once. */
static void
test_sizes(void)
{
	static const struct
	{
		int32_t m;
		int32_t n;
		int32_t k;
		double density;
	} sizes[] = {
	    {1, 1, 1, 1.0},    {1, 9, 1, 1.0},      {9, 1, 3, 1.0},
	    {5, 6, 17, 0.5},   {12, 11, 64, 0.4},   {3, 2500, 5, 0.9},
	    {2, 1024, 3, 1.0}, {2, 1025, 3, 1.0},   {2, 300, 200, 0.95},
	    {2, 3, 1024, 1.0}, {1, 150, 1023, 0.9}, {4, 30, 16, 0.0},
	};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (int kind = 0; kind < 3; kind++)
		{
			FixtureSpec spec = fixture_kinds[kind == 0 ? 0 : kind == 1 ? 2 : 7];
			Fixture f;
			WcModel model;
			WcSolver *solver;

			/* The reference needs a second for each row of this width. */
			if (sizes[s].k > 1000 && kind > 0)
				continue;
			spec.m = sizes[s].m;
			spec.n = sizes[s].n;
			spec.k = sizes[s].k;
			spec.density = sizes[s].density;
			spec.empty_user = spec.empty_item = -1;
			fixture_create(&spec, 31 + s, &f);
			fixture_model(&f, 1.0, s, &model);
			solver = fixture_solver(&f);
			CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
			CHECK(fixture_worst_row(&f, &model, WC_USERS) < 2e-5);
			if (spec.k <= 64)
			{
				CHECK(wc_half_sweep(solver, WC_ITEMS, &model, NULL, NULL) ==
				      WC_OK);
				CHECK(fixture_worst_row(&f, &model, WC_ITEMS) < 2e-5);
			}
			/* float32 or its refinement is enough for all of them */
			CHECK(wc_solver_retries(solver) == 0);
			fixture_close(solver, &model, &f);
		}
}

/*
 * Weights spread over up to nine orders of magnitude and next to no lambda: the
 * float32 solution is worthless there, the rows must be right all the same.
 */
static void
test_extreme_weights(void)
{
	static const double maxima[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e7, 1e9};
	static const double densities[] = {0.1, 0.3, 0.5, 0.9};
	static const double lambdas[] = {1, 0.1, 1e-3};
	double worst = 0;
	int64_t retries = 0;

	for (size_t w = 0; w < sizeof(maxima) / sizeof(maxima[0]); w++)
		for (size_t d = 0; d < 4; d++)
			for (size_t l = 0; l < 3; l++)
			{
				FixtureSpec spec = fixture_kinds[0];
				Fixture f;
				WcModel model;
				WcSolver *solver;
				double error;

				spec.m = 40;
				spec.n = 60;
				spec.k = 24;
				spec.density = densities[d];
				spec.w0 = l == 1 ? 0 : 1;
				spec.values = true;
				spec.weight_max = maxima[w];
				spec.lambda = lambdas[l];
				spec.lambda_varies = false;
				fixture_create(&spec, 77 + w, &f);
				fixture_model(&f, 1.0, d, &model);
				solver = fixture_solver(&f);
				CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) ==
				      WC_OK);
				error = fixture_worst_row(&f, &model, WC_USERS);
				CHECK(error < 5e-5);
				worst = fmax(worst, error);
				retries += wc_solver_retries(solver);
				if (maxima[w] >= 1e7 && densities[d] == 0.5)
					CHECK(wc_solver_retries(solver) > 0);
				if (maxima[w] <= 1e2 && lambdas[l] == 1)
					CHECK(wc_solver_retries(solver) == 0);
				fixture_close(solver, &model, &f);
			}
	printf("extreme weights: largest relative error of a row %.1e, %lld of %d "
	       "rows in float64\n",
	       worst, (long long) retries, 7 * 4 * 3 * 40);
}

/*
 * The same for row lengths on both sides of the number of factors, equations
 * alone (w0 = 0) and with a Gram matrix, with every kernel.
 */
static void
test_stress(void)
{
	static const char *const kernels[] = {"portable", "avx2", "avx512"};
	static const int32_t lengths[] = {1, 16, 48, 63, 64, 70, 96, 128, 400};
	static const double maxima[] = {1, 1e2, 1e4, 1e6, 1e9};

	for (int c = 0; c < 3; c++)
	{
		double worst = 0;
		double plain = 0;
		int64_t retries = 0;
		int64_t rows = 0;

		if (wc_kernel_name(kernels[c]) == NULL)
			continue;
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (size_t w = 0; w < sizeof(maxima) / sizeof(maxima[0]); w++)
				for (int gram = 0; gram < 2; gram++)
				{
					WcSolverOptions options = {1, kernels[c], WC_DENSE_BUILTIN};
					FixtureSpec spec = fixture_kinds[0];
					Fixture f;
					WcModel model;
					WcSolver *solver;
					double error;

					spec.m = 10;
					spec.n = lengths[l];
					spec.k = 64;
					spec.density = 1;
					spec.empty_user = spec.empty_item = -1;
					spec.w0 = gram;
					spec.values = true;
					spec.weight_max = maxima[w];
					spec.lambda = 0.1;
					spec.lambda_varies = false;
					fixture_create(&spec, 7 + w, &f);
					fixture_model(&f, 1.0, l, &model);
					if (wc_solver_create(&f.problem, &options, &solver,
					                     &check_alloc, NULL) != WC_OK)
						abort();
					CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) ==
					      WC_OK);
					error = fixture_worst_row(&f, &model, WC_USERS);
					CHECK(error < 1e-4);
					worst = fmax(worst, error);
					if (w == 0)
						plain = fmax(plain, error);
					retries += wc_solver_retries(solver);
					rows += f.m;
					fixture_close(solver, &model, &f);
				}
		printf("%s: largest relative error of a row %.1e, with equal weights "
		       "%.1e, %lld of %lld rows in float64\n",
		       kernels[c], worst, plain, (long long) retries, (long long) rows);
	}
}

/* Counts multiplied, R_i C_j, up to 1e7, as user and item scales. */
static void
test_extreme_counts(void)
{
	FixtureSpec spec = fixture_kinds[0];
	Fixture f;
	WcModel model;
	WcSolver *solver;

	spec.m = 50;
	spec.n = 45;
	spec.k = 12;
	spec.w0 = 1e-3;
	spec.lambda = 1e-4;
	spec.lambda_varies = false;
	spec.scale_max = 3200;
	fixture_create(&spec, 5, &f);
	fixture_model(&f, 1.0, 5, &model);
	solver = fixture_solver(&f);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_USERS) < 5e-5);
	CHECK(wc_half_sweep(solver, WC_ITEMS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_ITEMS) < 5e-5);
	fixture_close(solver, &model, &f);
}

/* A sum of weights that leaves the range of float32 */
static void
test_overflow(void)
{
	FixtureSpec spec = fixture_kinds[0];
	Fixture f;
	WcModel model;
	WcSolver *solver;

	spec.base_weight = 1e38;
	spec.density = 0.9;
	fixture_create(&spec, 5, &f);
	fixture_model(&f, 1.0, 5, &model);
	solver = fixture_solver(&f);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_USERS) < 1e-5);
	CHECK(wc_solver_retries(solver) > 0);
	fixture_close(solver, &model, &f);
}

/* Rows +1 and -1 that are orthogonal to each other, times 10^power[e]. */
#define WALSH 16

static void
walsh(int32_t e, double power, float *vector)
{
	for (int32_t p = 0; p < WALSH; p++)
		vector[p] =
		    (float) (pow(10, power) * (__builtin_popcount(e & p) % 2 ? -1 : 1));
}

/*
 * Vectors that differ so much in length that lambda is lost in the sum of their
 * squares even in float64: orthogonal ones, whose solution is known.
 */
static void
test_lost_lambda(const WcKernel *kernel)
{
	const WcSolverOptions options = {1, kernel->name, WC_DENSE_BUILTIN};
	WcEngine engine;
	double worst = 0;

	CHECK(wc_engine_create(&options, WALSH, WALSH, &engine, &check_alloc) ==
	      WC_OK);
	for (int seed = 0; seed < 200; seed++)
	{
		uint64_t state = 77 + (uint64_t) seed;
		int32_t count = seed % 2 ? WALSH : WALSH / 2 + seed % 8;
		double reach = 6.0 + seed % 12; /* of the powers */
		float lambda = (float) pow(10, -3 + seed % 5);
		float vectors[WALSH * WALSH];
		float values[WALSH];
		float weights[WALSH];
		int32_t col[WALSH];
		int64_t start[2] = {0, count};
		float solved[WALSH];
		double expected[WALSH] = {0};
		double largest = 0;
		WcPace pace = wc_pace_start(NULL);
		WcError error;
		WcHalf half;

		for (int32_t e = 0; e < count; e++)
		{
			float *vector = vectors + e * WALSH;
			double c;
			double share;

			walsh(e, reach * check_random(&state), vector);
			values[e] = (float) (1 + floor(5 * check_random(&state)));
			weights[e] =
			    seed % 3 ? 1 : (float) pow(10, 8 * check_random(&state));
			col[e] = e;
			c = weights[e];
			share = c * values[e] /
			        (lambda + c * WALSH * (double) vector[0] * vector[0]);
			for (int32_t p = 0; p < WALSH; p++)
				expected[p] += share * vector[p];
		}
		memset(&half, 0, sizeof(half));
		half.kernel = kernel;
		half.factors = half.width = WALSH;
		half.rows.rows = 1;
		half.rows.cols = WALSH;
		half.rows.start = start;
		half.rows.all.col = col;
		half.rows.all.value = values;
		half.rows.all.weight = weights;
		half.rows.all.scale = 1;
		half.lambda = &lambda;
		half.fixed = vectors;
		half.solved = solved;
		memset(solved, 0, sizeof(solved));
		CHECK(wc_solve_row(&half, 0, -1, engine.work, &pace, &error) == WC_OK);
		for (int32_t p = 0; p < WALSH; p++)
			largest = fmax(largest, fabs(expected[p]));
		for (int32_t p = 0; p < WALSH; p++)
			worst = fmax(worst, fabs(solved[p] - expected[p]) / largest);
	}
	CHECK(worst < 1e-5);
	printf("lambda lost: largest relative error %.1e, %lld of 200 rows in "
	       "float64\n",
	       worst, (long long) engine.work->retries);
	CHECK(engine.work->retries > 20);
	wc_engine_free(&engine);
}

/* No regularization and no unobserved weight. */
static void
test_singular(void)
{
	FixtureSpec spec = fixture_kinds[3];
	WcError error = {WC_OK, WC_USERS, 0, 0, ""};
	Fixture f;
	WcModel model;
	WcModel before;
	WcSolver *solver;
	size_t size;
	int32_t first;

	spec.lambda = 0;
	spec.k = 14;
	spec.density = 0.5;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 1.0, 6, &model);
	fixture_model(&f, 1.0, 6, &before);
	size = (size_t) f.k * sizeof(float);
	solver = fixture_solver(&f);

	/* the first user with entries, but fewer than factors */
	for (first = 0; first < f.m; first++)
	{
		int64_t count =
		    f.problem.by_user.start[first + 1] - f.problem.by_user.start[first];

		if (count > 0 && count < f.k)
			break;
	}
	CHECK(first > 0 && first < f.m);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, &error) == WC_NOT_SPD);
	CHECK(error.status == WC_NOT_SPD && error.side == WC_USERS);
	CHECK(error.row == first);
	CHECK(strstr(error.detail, "regularization is 0") != NULL);

	/* the rows before it are solved, it is as it was */
	CHECK(memcmp(model.user_factors, before.user_factors, size) != 0);
	CHECK(memcmp(model.user_factors + (size_t) first * f.k,
	             before.user_factors + (size_t) first * f.k, size) == 0);

	CHECK(wc_half_sweep(solver, WC_ITEMS, &model, NULL, &error) == WC_NOT_SPD);
	CHECK(error.side == WC_ITEMS);
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	wc_model_free(&before, &check_alloc);
	fixture_free(&f);

	/* with entries enough it is a plain least-squares problem */
	spec.k = 2;
	spec.density = 0.9;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 1.0, 6, &model);
	solver = fixture_solver(&f);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, &error) == WC_OK);
	CHECK(fixture_worst_gradient(&f, &model, WC_USERS) < 1e-6);
	CHECK(wc_solver_retries(solver) == f.m - 1);
	fixture_close(solver, &model, &f);
}

/* Nothing depends on a row whose entries all weigh 0: zero, and no error. */
static void
test_no_weight(void)
{
	FixtureSpec spec = fixture_kinds[3];
	bool zero = true;
	Fixture f;
	WcModel model;
	WcSolver *solver;

	spec.zero_weights = 1;
	spec.lambda = 0;
	spec.biases = true;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 1.0, 6, &model);
	solver = fixture_solver(&f);
	CHECK(f.problem.by_user.nnz > 100);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	for (int32_t i = 0; i < f.m; i++)
	{
		for (int32_t p = 0; p < f.k; p++)
			zero = zero && model.user_factors[(size_t) i * f.k + p] == 0;
		zero = zero && model.user_bias[i] == 0;
	}
	CHECK(zero);
	fixture_close(solver, &model, &f);
}

static void
test_not_finite(void)
{
	FixtureSpec spec = fixture_kinds[3];
	WcError error = {WC_OK, WC_USERS, 0, 0, ""};
	Fixture f;
	WcModel model;
	WcSolver *solver;
	float kept;

	/* a solution too large for float32 */
	spec.k = 1;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 1e-3, 6, &model);
	for (int64_t e = 0; e < f.problem.by_user.nnz; e++)
		f.problem.by_user.value[e] = 3e38f;
	for (int32_t i = 0; i < f.m; i++)
		f.problem.user_lambda[i] = 1e-9f;
	kept = model.user_factors[0];
	solver = fixture_solver(&f);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, &error) ==
	      WC_NOT_FINITE);
	CHECK(error.side == WC_USERS && error.row == 0);
	CHECK(model.user_factors[0] == kept);

	/* factors that are not numbers */
	for (int32_t j = 0; j < f.n; j++)
		model.item_factors[j] = j % 2 == 0 ? NAN : INFINITY;
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, &error) ==
	      WC_NOT_FINITE);
	CHECK(model.user_factors[0] == kept);
	fixture_close(solver, &model, &f);
}

/* Hooks that measure the processor time between two questions. */
typedef struct Distance
{
	double last;
	double largest;
} Distance;

static double
processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static bool
distance_should_stop(void *arg)
{
	Distance *distance = arg;
	double now = processor_seconds();

	distance->largest = fmax(distance->largest, now - distance->last);
	distance->last = now;
	return false;
}

/* A question at least every 50 ms, in the largest systems and longest rows. */
static void
test_distance(int32_t n, int32_t k, double lambda)
{
	FixtureSpec spec = fixture_kinds[0];
	Distance distance = {0, 0};
	WcHooks hooks = {distance_should_stop, NULL, &distance};
	Fixture f;
	WcModel model;
	WcSolver *solver;

	spec.m = 2;
	spec.n = n;
	spec.k = k;
	spec.density = 1;
	spec.lambda = lambda;
	spec.empty_user = spec.empty_item = -1;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 0.5, 6, &model);
	solver = fixture_solver(&f);
	distance.last = processor_seconds();
	CHECK(wc_half_sweep(solver, WC_USERS, &model, &hooks, NULL) == WC_OK);
	distance_should_stop(&distance);
	CHECK(wc_solver_retries(solver) == (lambda == 0 ? 2 : 0));
	CHECK(distance.largest < 0.050);
	printf("k = %d, rows of %d, %s: at most %.1f ms between questions\n",
	       (int) k, (int) n, lambda == 0 ? "float64" : "float32",
	       1e3 * distance.largest);
	fixture_close(solver, &model, &f);
}

int
main(void)
{
	test_sizes();
	test_extreme_weights();
	test_stress();
	test_extreme_counts();
	test_overflow();
	test_lost_lambda(wc_kernel_choose("portable"));
	test_lost_lambda(wc_kernel_choose(NULL));
	test_singular();
	test_no_weight();
	test_not_finite();
	test_distance(3000, 1024, 0.5);
	test_distance(3000, 1024, 0);
	test_distance(100000, 16, 0.5);
	test_distance(100000, 16, 0);
	return check_report("test_solve");
}
