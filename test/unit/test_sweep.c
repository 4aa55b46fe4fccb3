/*-------------------------------------------------------------------------
 *
 * test_sweep.c
 *	  Half sweeps against dense float64 solutions, closed forms and the
 *	  objective itself; same bits, cancel and lack of memory.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "fixtures.h"

/* Every row of both half sweeps, for every kind of problem. */
static void
test_rows(void)
{
	double row = 0;
	double gradient = 0;

	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
		for (uint64_t seed = 1; seed <= 3; seed++)
			for (int s = 0; s < 2; s++)
			{
				WcSide side = s == 0 ? WC_USERS : WC_ITEMS;
				WcSolver *solver;
				Fixture f;
				WcModel model;

				fixture_create(&fixture_kinds[kind], seed, &f);
				fixture_model(&f, 1.0, seed, &model);
				solver = fixture_solver(&f);
				CHECK(wc_half_sweep(solver, side, &model, NULL, NULL) == WC_OK);
				row = fmax(row, fixture_worst_row(&f, &model, side));
				gradient =
				    fmax(gradient, fixture_worst_gradient(&f, &model, side));
				CHECK(fixture_worst_row(&f, &model, side) < 1e-5);
				CHECK(fixture_worst_gradient(&f, &model, side) < 2e-6);
				fixture_close(solver, &model, &f);
			}
	printf("largest relative error of a row: %.1e, of a gradient: %.1e\n", row,
	       gradient);
}

/* I8; without unobserved weight the other side stays as it is. */
static void
test_empty_rows(void)
{
	Fixture f;
	WcModel model;
	WcSolver *solver;
	bool zero = true;
	float *items;

	fixture_create(&fixture_kinds[2], 4, &f);
	fixture_model(&f, 1.0, 4, &model);
	solver = fixture_solver(&f);
	items = fixture_array((size_t) f.n * f.k, sizeof(float));
	memcpy(items, model.item_factors, (size_t) f.n * f.k * sizeof(float));
	CHECK(model.user_bias[3] != 0 && model.user_factors[3 * f.k] != 0);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(memcmp(items, model.item_factors,
	             (size_t) f.n * f.k * sizeof(float)) == 0);
	for (int32_t p = 0; p < f.k; p++)
		zero = zero && model.user_factors[3 * f.k + p] == 0;
	CHECK(zero && model.user_bias[3] == 0);
	CHECK(wc_solver_retries(solver) == 0);
	free(items);
	fixture_close(solver, &model, &f);
}

/* Plain ALS has a closed form: U = A V (V'V + lambda I)^-1. */
static void
test_closed_form(void)
{
	FixtureSpec spec = {"closed", 13, 17, 2, 1.0, false, false, 1.0, false,
	                    true,     0,  0,  0, 0,   0.7,   false, -1,  -1};
	double g[2][2] = {{0.7, 0}, {0, 0.7}};
	double determinant;
	Fixture f;
	WcModel model;
	WcSolver *solver;

	fixture_create(&spec, 8, &f);
	fixture_model(&f, 1.0, 8, &model);
	solver = fixture_solver(&f);
	CHECK(f.problem.by_user.nnz == 13 * 17);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	for (int32_t j = 0; j < f.n; j++)
		for (int p = 0; p < 2; p++)
			for (int q = 0; q < 2; q++)
				g[p][q] += (double) model.item_factors[j * 2 + p] *
				           model.item_factors[j * 2 + q];
	determinant = g[0][0] * g[1][1] - g[0][1] * g[1][0];
	for (int32_t i = 0; i < f.m; i++)
	{
		double b[2] = {0, 0};

		for (int32_t j = 0; j < f.n; j++)
			for (int p = 0; p < 2; p++)
				b[p] += f.a[i * f.n + j] * model.item_factors[j * 2 + p];
		CHECK_NEAR(model.user_factors[i * 2],
		           (g[1][1] * b[0] - g[0][1] * b[1]) / determinant, 2e-6);
		CHECK_NEAR(model.user_factors[i * 2 + 1],
		           (g[0][0] * b[1] - g[1][0] * b[0]) / determinant, 2e-6);
	}
	fixture_close(solver, &model, &f);
}

/* The objective never rises, and falls from the first factors. */
static void
test_descent(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
	{
		Fixture f;
		WcModel model;
		WcSolver *solver;
		double first = 0;
		double before;
		double loss = 0;

		fixture_create(&fixture_kinds[kind], 21, &f);
		CHECK(wc_model_init(&f.problem, f.item_hash, &model, &check_alloc) ==
		      WC_OK);
		solver = fixture_solver(&f);
		first = before = fixture_loss(&f, &model);
		for (int half = 0; half < 24; half++)
		{
			WcSide side = half % 2 == 0 ? WC_USERS : WC_ITEMS;

			CHECK(wc_half_sweep(solver, side, &model, NULL, NULL) == WC_OK);
			CHECK(wc_loss(solver, &model, &loss, NULL, NULL) == WC_OK);
			CHECK(loss <= before * (1 + 1e-6));
			CHECK_NEAR(loss, fixture_loss(&f, &model), 1e-6 * loss);
			before = loss;
		}
		CHECK(loss < 0.9 * first);
		fixture_close(solver, &model, &f);
	}
}

/*
 * With unobserved weight the fixed side is turned: other factors, the same
 * scores, and columns at right angles.
 */
static void
test_rotation(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
		for (int s = 0; s < 2; s++)
		{
			WcSide side = s == 0 ? WC_USERS : WC_ITEMS;
			double worst = 0;
			double largest = 0;
			Fixture f;
			WcModel model;
			WcModel before;
			WcSolver *solver;
			const float *fixed;
			const float *old;
			int32_t rows;

			fixture_create(&fixture_kinds[kind], 4, &f);
			fixture_model(&f, 1.0, 4, &model);
			fixture_model(&f, 1.0, 4, &before);
			solver = fixture_solver(&f);
			fixed = s == 0 ? model.item_factors : model.user_factors;
			old = s == 0 ? before.item_factors : before.user_factors;
			rows = s == 0 ? f.n : f.m;
			CHECK(wc_half_sweep(solver, side, &model, NULL, NULL) == WC_OK);
			if (f.problem.w0 == 0)
			{
				CHECK(memcmp(fixed, old, (size_t) rows * f.k * sizeof(float)) ==
				      0);
				wc_model_free(&before, &check_alloc);
				fixture_close(solver, &model, &f);
				continue;
			}
			for (int32_t i = 0; i < rows; i++)
				for (int32_t j = 0; j <= i; j++)
				{
					double now = 0;
					double then = 0;

					for (int32_t p = 0; p < f.k; p++)
					{
						now += (double) fixed[i * f.k + p] * fixed[j * f.k + p];
						then += (double) old[i * f.k + p] * old[j * f.k + p];
					}
					worst = fmax(worst, fabs(now - then));
					largest = fmax(largest, fabs(then));
				}
			CHECK(worst < 1e-6 * largest);
			worst = 0;
			for (int32_t p = 0; p < f.k; p++)
				for (int32_t q = 0; q < p; q++)
				{
					double sum = 0;

					for (int32_t i = 0; i < rows; i++)
						sum += (double) fixed[i * f.k + p] *
						       fixed[i * f.k + q] *
						       (s == 0 && f.problem.unobserved != NULL
						            ? f.problem.unobserved[i]
						            : 1.0f);
					worst = fmax(worst, fabs(sum));
				}
			CHECK(worst < 1e-5 * largest);
			wc_model_free(&before, &check_alloc);
			fixture_close(solver, &model, &f);
		}
}

/* The same bits from the same input, whatever a solver did before. */
static void
test_repeatable(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
	{
		Fixture f;
		WcModel a;
		WcModel b;
		WcSolver *solver_a;
		WcSolver *solver_b;
		double loss;

		fixture_create(&fixture_kinds[kind], 3, &f);
		CHECK(wc_model_init(&f.problem, f.item_hash, &a, &check_alloc) ==
		      WC_OK);
		fixture_model(&f, 1.0, 99, &b);
		solver_a = fixture_solver(&f);
		solver_b = fixture_solver(&f);
		CHECK(wc_half_sweep(solver_b, WC_ITEMS, &b, NULL, NULL) == WC_OK);
		CHECK(wc_loss(solver_b, &b, &loss, NULL, NULL) == WC_OK);
		wc_model_free(&b, &check_alloc);
		CHECK(wc_model_init(&f.problem, f.item_hash, &b, &check_alloc) ==
		      WC_OK);
		for (int half = 0; half < 6; half++)
		{
			WcSide side = half % 2 == 0 ? WC_USERS : WC_ITEMS;

			CHECK(wc_half_sweep(solver_a, side, &a, NULL, NULL) == WC_OK);
			CHECK(wc_half_sweep(solver_b, side, &b, NULL, NULL) == WC_OK);
		}
		CHECK(memcmp(a.user_factors, b.user_factors,
		             (size_t) f.m * f.k * sizeof(float)) == 0);
		CHECK(memcmp(a.item_factors, b.item_factors,
		             (size_t) f.n * f.k * sizeof(float)) == 0);
		wc_solver_free(solver_a);
		wc_solver_free(solver_b);
		wc_model_free(&a, &check_alloc);
		wc_model_free(&b, &check_alloc);
		fixture_free(&f);
	}
}

/* From any question on: the status, nothing leaked, no further question. */
static void
test_cancel(double lambda)
{
	FixtureSpec spec = fixture_kinds[0];
	WcStatus status = WC_CANCELLED;
	Fixture f;
	WcModel full;
	WcModel old;
	WcSolver *solver;
	size_t size;
	long n;

	spec.m = 40;
	spec.n = 200;
	spec.k = 100;
	spec.lambda = lambda;
	fixture_create(&spec, 6, &f);
	fixture_model(&f, 0.5, 6, &full);
	fixture_model(&f, 0.5, 6, &old);
	size = (size_t) f.k * sizeof(float);
	solver = fixture_solver(&f);
	CHECK(wc_half_sweep(solver, WC_USERS, &full, NULL, NULL) == WC_OK);
	for (n = 0; status == WC_CANCELLED && n < 1000; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error = {WC_OK, WC_ITEMS, -2, -2, ""};
		bool whole = true;
		WcModel model;

		fixture_model(&f, 0.5, 6, &model);
		status = wc_half_sweep(solver, WC_USERS, &model, &hooks, &error);
		if (status == WC_CANCELLED)
			CHECK(error.status == WC_CANCELLED && error.side == WC_USERS &&
			      error.row == -1 && cancel.asked == n + 1);
		for (int32_t i = 0; i < f.m; i++)
		{
			const float *row = model.user_factors + (size_t) i * f.k;

			/* a row is new or old, never half of each */
			if (memcmp(row, full.user_factors + (size_t) i * f.k, size) != 0 &&
			    (status == WC_OK ||
			     memcmp(row, old.user_factors + (size_t) i * f.k, size) != 0))
				whole = false;
		}
		CHECK(whole);
		wc_model_free(&model, &check_alloc);
	}
	CHECK(status == WC_OK && n > 5);
	wc_solver_free(solver);
	wc_model_free(&full, &check_alloc);
	wc_model_free(&old, &check_alloc);
	fixture_free(&f);
}

static void
test_create(void)
{
	WcError error = {WC_OK, WC_USERS, 0, 0, ""};
	WcSolverOptions options = {3, "portable", WC_DENSE_BUILTIN};
	WcStatus status = WC_NO_MEMORY;
	WcSolver *solver;
	Fixture f;
	long n;

	fixture_create(&fixture_kinds[0], 1, &f);
	for (n = 0; status != WC_OK && n < 100; n++)
	{
		check_fail_after = n;
		status = wc_solver_create(&f.problem, &options, &solver, &check_alloc,
		                          &error);
		if (status != WC_OK)
			CHECK(status == WC_NO_MEMORY && error.status == WC_NO_MEMORY &&
			      solver == NULL);
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n > 5);
	wc_solver_free(solver);
	wc_solver_free(NULL);

	f.problem.objective.params.factors = 0;
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error) ==
	      WC_BAD_PARAM);
	f.problem.objective.params.factors = WC_FACTORS_MAX + 1;
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error) ==
	      WC_BAD_PARAM);
	f.problem.objective.params.factors = 4;
	f.problem.biases = true;
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error) ==
	      WC_BAD_PARAM);
	CHECK(strstr(error.detail, "iases") != NULL);
	f.problem.biases = false;
	options.threads = 0;
	CHECK(wc_solver_create(&f.problem, &options, &solver, &check_alloc,
	                       &error) == WC_BAD_PARAM);
	options.threads = WC_THREADS_MAX + 1;
	CHECK(wc_solver_create(&f.problem, &options, &solver, &check_alloc,
	                       &error) == WC_BAD_PARAM);
	CHECK(strstr(error.detail, "256") != NULL);
	options.threads = 1;
	options.kernel = "sse9";
	CHECK(wc_solver_create(&f.problem, &options, &solver, &check_alloc,
	                       &error) == WC_BAD_PARAM);
	CHECK(strstr(error.detail, "sse9") != NULL && solver == NULL);
	fixture_free(&f);
}

int
main(void)
{
	test_rows();
	test_empty_rows();
	test_rotation();
	test_closed_form();
	test_descent();
	test_repeatable();
	test_cancel(0.5);
	test_cancel(0);
	test_create();
	return check_report("test_sweep");
}
