/*-------------------------------------------------------------------------
 *
 * test_loss.c
 *	  The loss against its definition: a sum over every one of the m x n cells.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "fixtures.h"

static void
test_definition(void)
{
	double worst = 0;

	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
		for (uint64_t seed = 1; seed <= 5; seed++)
		{
			WcSolver *solver;
			Fixture f;
			WcModel model;
			double loss = NAN;
			double expected;

			fixture_create(&fixture_kinds[kind], seed, &f);
			fixture_model(&f, 0.5 * (double) seed, seed, &model);
			CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc,
			                       NULL) == WC_OK);
			CHECK(wc_loss(solver, &model, &loss, NULL, NULL) == WC_OK);
			expected = fixture_loss(&f, &model);
			worst = fmax(worst, fabs(loss - expected) / expected);
			CHECK_NEAR(loss, expected, 5e-7 * expected);
			wc_solver_free(solver);
			wc_model_free(&model, &check_alloc);
			fixture_free(&f);
		}
	printf("largest relative error of the loss: %.1e\n", worst);
}

/* With all factors zero the loss is sum W A^2. */
static void
test_zero_model(void)
{
	FixtureSpec spec = fixture_kinds[0];
	WcSolver *solver;
	Fixture f;
	WcModel model;
	double loss = NAN;

	spec.w0 = 0.25;
	fixture_create(&spec, 9, &f);
	fixture_model(&f, 0.0, 1, &model);
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(wc_loss(solver, &model, &loss, NULL, NULL) == WC_OK);
	CHECK(f.problem.by_user.nnz > 0);
	CHECK_NEAR(loss, 1.25 * (double) f.problem.by_user.nnz, 1e-9);
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	fixture_free(&f);
}

/*
 * Targets that the model predicts but for 1e-5 of each: what is left of terms
 * that cancel has five digits all the same, and is not negative, whatever the
 * number of threads.
 */
static void
test_near_exact(void)
{
	FixtureSpec spec = {.name = "near exact",
	                    .m = 40,
	                    .n = 30,
	                    .k = 8,
	                    .density = 1,
	                    .w0 = 1,
	                    .values = true,
	                    .empty_user = -1,
	                    .empty_item = -1};

	for (int kind = 0; kind < 4; kind++)
	{
		double losses[2];
		Fixture f;
		WcModel model;

		spec.w0 = kind & 1 ? 1 : 0;
		spec.base_weight = kind & 1 ? 0 : 1;
		spec.popularity = kind == 3;
		fixture_create(&spec, 3, &f);
		fixture_model(&f, kind == 2 ? 1e3 : 1, 3, &model);
		for (int32_t i = 0; i < f.m; i++)
			for (int32_t j = 0; j < f.n; j++)
			{
				float target = 0;

				for (int32_t p = 0; p < f.k; p++)
					target += model.user_factors[i * f.k + p] *
					          model.item_factors[j * f.k + p];
				target *= 1 + ((i + j) % 3 - 1) * 1e-5f;
				f.a[i * f.n + j] = target;
				f.problem.by_user.value[i * f.n + j] = target;
				f.problem.by_item.value[j * f.m + i] = target;
			}
		for (int threads = 1; threads <= 2; threads++)
		{
			WcSolverOptions options = {threads, NULL, WC_DENSE_BUILTIN};
			WcSolver *solver;
			double expected = fixture_loss(&f, &model);

			CHECK(wc_solver_create(&f.problem, &options, &solver, &check_alloc,
			                       NULL) == WC_OK);
			CHECK(wc_loss(solver, &model, &losses[threads - 1], NULL, NULL) ==
			      WC_OK);
			CHECK(losses[threads - 1] >= 0);
			CHECK_NEAR(losses[threads - 1], expected, 1e-5 * expected);
			wc_solver_free(solver);
		}
		CHECK(losses[0] == losses[1]);
		wc_model_free(&model, &check_alloc);
		fixture_free(&f);
	}
}

static void
test_not_finite(void)
{
	WcSolver *solver;
	Fixture f;
	WcModel model;
	WcError error;
	double loss = -1;

	fixture_create(&fixture_kinds[0], 9, &f);
	fixture_model(&f, 1.0, 1, &model);
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, NULL) ==
	      WC_OK);
	model.user_factors[11] = NAN;
	CHECK(wc_loss(solver, &model, &loss, NULL, &error) == WC_NOT_FINITE);
	CHECK(loss == -1 && error.status == WC_NOT_FINITE);
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	fixture_free(&f);
}

static void
test_cancel(void)
{
	FixtureSpec spec = fixture_kinds[0];
	WcSolver *solver;
	Fixture f;
	WcModel model;
	WcStatus status;
	double expected = 0;
	long n = 0;

	spec.m = 300;
	spec.n = 400;
	spec.k = 48;
	fixture_create(&spec, 9, &f);
	fixture_model(&f, 0.3, 1, &model);
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(wc_loss(solver, &model, &expected, NULL, NULL) == WC_OK);
	do
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error = {WC_OK, WC_USERS, 0, 0, ""};
		double loss = -1;

		status = wc_loss(solver, &model, &loss, &hooks, &error);
		if (status == WC_OK)
			CHECK(loss == expected);
		else
			CHECK(status == WC_CANCELLED && error.status == WC_CANCELLED &&
			      loss == -1 && cancel.asked == n + 1);
		n++;
	} while (status != WC_OK && n < 1000);
	CHECK(status == WC_OK && n > 4);
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	fixture_free(&f);
}

int
main(void)
{
	test_definition();
	test_zero_model();
	test_near_exact();
	test_not_finite();
	test_cancel();
	return check_report("test_loss");
}
