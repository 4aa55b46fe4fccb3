/*-------------------------------------------------------------------------
 *
 * test_descent.c
 *	  Half sweeps that improve what is there, by conjugate gradients and block
 *	  by block: against the objective, the exact solver, and each other.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "descent.h"

static const WcMethod methods[] = {WC_SOLVE_CG, WC_SOLVE_BLOCK};

static bool
same_factors(const Fixture *f, const WcModel *a, const WcModel *b)
{
	return memcmp(a->user_factors, b->user_factors,
	              (size_t) f->m * f->k * sizeof(float)) == 0 &&
	       memcmp(a->item_factors, b->item_factors,
	              (size_t) f->n * f->k * sizeof(float)) == 0;
}

/* Every half sweep lowers the objective, from the first on. */
static void
test_descends(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS + WIDE_KINDS; kind++)
		for (int m = 0; m < 2; m++)
			for (int32_t steps = 1; steps <= 3; steps += 2)
			{
				Fixture f;
				WcModel model;
				WcSolver *solver;
				double loss;
				double before;

				open_all(kind < FIXTURE_KINDS
				             ? &fixture_kinds[kind]
				             : &wide_kinds[kind - FIXTURE_KINDS],
				         13, methods[m], steps, &f, &model, &solver);
				before = fixture_loss(&f, &model);
				for (int half = 0; half < 8; half++)
				{
					CHECK(wc_half_descent(solver, (WcSide) (half % 2), &model,
					                      NULL, NULL) == WC_OK);
					loss = fixture_loss(&f, &model);
					CHECK(loss <= before * (1 + 1e-6));
					before = loss;
				}
				fixture_close(solver, &model, &f);
			}
}

/*
 * Where the solution is there already it stays: the old values are a beginning
 * in the basis the fixed side has now.
 */
static void
test_begins_with_old_values(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS + WIDE_KINDS; kind++)
		for (int m = 0; m < 2; m++)
		{
			Fixture f;
			WcModel model;
			WcSolver *solver;

			open_all(kind < FIXTURE_KINDS ? &fixture_kinds[kind]
			                              : &wide_kinds[kind - FIXTURE_KINDS],
			         14, methods[m], 1, &f, &model, &solver);
			CHECK(wc_half_sweep(solver, WC_ITEMS, &model, NULL, NULL) == WC_OK);
			CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
			CHECK(wc_half_sweep(solver, WC_ITEMS, &model, NULL, NULL) == WC_OK);
			CHECK(wc_half_descent(solver, WC_ITEMS, &model, NULL, NULL) ==
			      WC_OK);
			CHECK(fixture_worst_row(&f, &model, WC_ITEMS) < 1e-4);
			fixture_close(solver, &model, &f);
		}
}

/* Threads change nothing; kernels the last digits only. */
static void
test_threads_and_kernels(void)
{
	static const char *const kernels[] = {"portable", "avx2", "avx512"};
	FixtureSpec spec = {"large", 400, 190, 100, 0.5, false, false, 0.3, false,
	                    false,   1.0, 0,   0,   0,   2.0,   true,  3,   5};

	for (int m = 0; m < 2; m++)
	{
		Fixture f;
		WcModel one;
		WcModel other;
		WcSolver *solver;

		open_all(&spec, 15, methods[m], 3, &f, &one, &solver);
		for (int half = 0; half < 4; half++)
			CHECK(wc_half_descent(solver, (WcSide) (half % 2), &one, NULL,
			                      NULL) == WC_OK);
		wc_solver_free(solver);
		for (int32_t threads = 2; threads <= 5; threads += 3)
		{
			fixture_model(&f, 0.5, 15, &other);
			solver = open_solver(&f, methods[m], 3, threads, NULL);
			for (int half = 0; half < 4; half++)
				CHECK(wc_half_descent(solver, (WcSide) (half % 2), &other, NULL,
				                      NULL) == WC_OK);
			CHECK(same_factors(&f, &one, &other));
			wc_solver_free(solver);
			wc_model_free(&other, &check_alloc);
		}
		for (int c = 0; c < 3; c++)
		{
			double worst = 0;

			if (wc_kernel_name(kernels[c]) == NULL)
				continue;
			fixture_model(&f, 0.5, 15, &other);
			solver = open_solver(&f, methods[m], 3, 1, kernels[c]);
			for (int half = 0; half < 4; half++)
				CHECK(wc_half_descent(solver, (WcSide) (half % 2), &other, NULL,
				                      NULL) == WC_OK);
			for (int32_t i = 0; i < f.m; i++)
				for (int32_t j = 0; j < f.n; j++)
					worst =
					    fmax(worst, fabs(fixture_prediction(&f, &one, i, j) -
					                     fixture_prediction(&f, &other, i, j)));
			CHECK(worst < 1e-4);
			wc_solver_free(solver);
			wc_model_free(&other, &check_alloc);
		}
		wc_model_free(&one, &check_alloc);
		fixture_free(&f);
	}
}

/* What float32 cannot do is left to the exact solver, with its words. */
static void
test_falls_back(void)
{
	for (int m = 0; m < 2; m++)
		for (int trial = 0; trial < 2; trial++)
		{
			FixtureSpec spec = wide_kinds[2];
			WcError errors[2];
			WcStatus status[2];
			Fixture f;
			WcModel exact;
			WcModel model;
			WcSolver *solver;

			spec.biases = false;
			if (trial == 0)
				spec.lambda = 0;
			open_all(&spec, 18, methods[m], 3, &f, &model, &solver);
			if (trial == 1)
				f.problem.by_user.weight[0] = INFINITY;
			fixture_model(&f, 0.5, 18, &exact);
			status[0] =
			    wc_half_sweep(solver, WC_USERS, &exact, NULL, &errors[0]);
			status[1] =
			    wc_half_descent(solver, WC_USERS, &model, NULL, &errors[1]);
			CHECK(status[0] == status[1] &&
			      (status[0] == WC_OK) == (trial == 0));
			if (trial == 0)
				CHECK(same_factors(&f, &exact, &model));
			else
				CHECK(errors[0].row == errors[1].row &&
				      strcmp(errors[0].detail, errors[1].detail) == 0);
			wc_model_free(&exact, &check_alloc);
			fixture_close(solver, &model, &f);
		}
}

/* I8, and what auto means. */
static void
test_choice(void)
{
	for (int32_t k = 127; k <= 128; k++)
	{
		FixtureSpec spec = wide_kinds[0];
		Fixture f;
		WcModel chosen;
		WcModel model;
		WcSolver *solver;

		spec.k = k;
		open_all(&spec, 19, WC_SOLVE_AUTO, 3, &f, &chosen, &solver);
		CHECK(wc_half_descent(solver, WC_USERS, &chosen, NULL, NULL) == WC_OK);
		for (int32_t p = 0; p < k; p++)
			CHECK(chosen.user_factors[3 * k + p] == 0);
		wc_solver_free(solver);
		fixture_model(&f, 0.5, 19, &model);
		solver = open_solver(&f, k < 128 ? WC_SOLVE_CHOLESKY : WC_SOLVE_CG, 3,
		                     1, NULL);
		CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
		CHECK(same_factors(&f, &chosen, &model));
		CHECK((fixture_worst_row(&f, &model, WC_USERS) < 1e-5) == (k < 128));
		wc_model_free(&chosen, &check_alloc);
		fixture_close(solver, &model, &f);
	}
}

static void
test_cancel(void)
{
	for (int m = 0; m < 2; m++)
	{
		FixtureSpec spec = {"long", 2,   3000, 300, 1.0, true, false, 0,  false,
		                    true,   1.0, 0,    0,   0,   2.0,  true,  -1, -1};
		CheckCancel cancel = {1000000, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		long asked;
		Fixture f;
		WcModel model;
		WcSolver *solver;

		open_all(&spec, 20, methods[m], 3, &f, &model, &solver);
		CHECK(wc_half_descent(solver, WC_USERS, &model, &hooks, NULL) == WC_OK);
		asked = cancel.asked;
		/* all of it in the rows: there is no Gram matrix */
		CHECK(asked > 10);
		for (long n = 0; n < asked; n += 1 + asked / 40)
		{
			WcError error = {WC_OK, WC_USERS, 0, 0, ""};

			wc_model_free(&model, &check_alloc);
			fixture_model(&f, 0.5, 20, &model);
			cancel.remaining = n;
			CHECK(wc_half_descent(solver, WC_USERS, &model, &hooks, &error) ==
			      WC_CANCELLED);
			CHECK(error.status == WC_CANCELLED);
		}
		fixture_close(solver, &model, &f);
	}
}

static void
test_create(void)
{
	WcError error = {WC_OK, WC_USERS, 0, 0, ""};
	long failures = 0;
	WcSolver *solver;
	Fixture f;

	fixture_create(&wide_kinds[0], 21, &f);
	f.problem.objective.params.solver = WC_SOLVE_CG;
	for (;; failures++)
	{
		WcStatus status;

		check_fail_after = failures;
		status =
		    wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error);
		check_fail_after = -1;
		if (status == WC_OK)
			break;
		CHECK(status == WC_NO_MEMORY && solver == NULL);
	}
	wc_solver_free(solver);
	f.problem.objective.params.solver = WC_SOLVE_CHOLESKY;
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error) ==
	      WC_OK);
	wc_solver_free(solver);
	f.problem.objective.params.solver = (WcMethod) 9;
	CHECK(wc_solver_create(&f.problem, NULL, &solver, &check_alloc, &error) ==
	      WC_BAD_PARAM);
	CHECK(strstr(error.detail, "9") != NULL && failures > 5);
	fixture_free(&f);
}

int
main(void)
{
	test_descends();
	test_begins_with_old_values();
	test_threads_and_kernels();
	test_falls_back();
	test_choice();
	test_cancel();
	test_create();
	return check_report("test_descent");
}
