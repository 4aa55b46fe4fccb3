/*-------------------------------------------------------------------------
 *
 * test_cg.c
 *	  Conjugate gradients against the exact solution.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "descent.h"

/* Conjugate gradients end at the exact solution, from anywhere. */
static void
test_many_steps(void)
{
	double worst = 0;

	for (int kind = 0; kind < FIXTURE_KINDS + WIDE_KINDS; kind++)
		for (int side = 0; side < 2; side++)
		{
			Fixture f;
			WcModel model;
			WcSolver *solver;

			open_all(kind < FIXTURE_KINDS ? &fixture_kinds[kind]
			                              : &wide_kinds[kind - FIXTURE_KINDS],
			         11, WC_SOLVE_CG, 100, &f, &model, &solver);
			CHECK(wc_half_descent(solver, (WcSide) side, &model, NULL, NULL) ==
			      WC_OK);
			worst = fmax(worst, fixture_worst_row(&f, &model, (WcSide) side));
			CHECK(fixture_worst_row(&f, &model, (WcSide) side) < 3e-4);
			CHECK(wc_solver_retries(solver) == 0);
			fixture_close(solver, &model, &f);
		}
	printf("largest relative error of a row after 100 steps: %.1e\n", worst);
}

/*
 * Rows longer than the room for their vectors: exact with few factors, gathered
 * again for each step with many.
 */
static void
test_long_rows(void)
{
	FixtureSpec spec = {"few", 2,   3400, 64, 1.0, false, false, 0.3, false,
	                    false, 1.0, 9,    0,  0,   2.0,   true,  -1,  -1};
	Fixture f;
	WcModel model;
	WcSolver *solver;

	open_all(&spec, 16, WC_SOLVE_CG, 1, &f, &model, &solver);
	CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_USERS) < 1e-5);
	fixture_close(solver, &model, &f);

	spec.n = 1000;
	spec.k = 256;
	open_all(&spec, 17, WC_SOLVE_CG, 1, &f, &model, &solver);
	CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_USERS) > 1e-4);
	fixture_close(solver, &model, &f);
	open_all(&spec, 17, WC_SOLVE_CG, 100, &f, &model, &solver);
	CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
	CHECK(fixture_worst_row(&f, &model, WC_USERS) < 3e-4);
	fixture_close(solver, &model, &f);
}

int
main(void)
{
	test_many_steps();
	test_long_rows();
	return check_report("test_cg");
}
