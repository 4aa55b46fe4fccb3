/*-------------------------------------------------------------------------
 *
 * test_block.c
 *	  Blocks of factors, again and again, against the exact solution.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "descent.h"

/* Blocks get there by repetition. */
static void
test_many_blocks(void)
{
	double worst = 0;

	for (int kind = 0; kind < WIDE_KINDS; kind++)
	{
		Fixture f;
		WcModel model;
		WcSolver *solver;
		double first;

		open_all(&wide_kinds[kind], 12, WC_SOLVE_BLOCK, 3, &f, &model, &solver);
		CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) == WC_OK);
		first = fixture_worst_row(&f, &model, WC_USERS);
		CHECK(first > 1e-2);
		for (int i = 0; i < 100; i++)
			CHECK(wc_half_descent(solver, WC_USERS, &model, NULL, NULL) ==
			      WC_OK);
		worst = fmax(worst, fixture_worst_row(&f, &model, WC_USERS));
		CHECK(fixture_worst_row(&f, &model, WC_USERS) < 2e-2);
		fixture_close(solver, &model, &f);
	}
	printf("largest relative error of a row after 100 blocks: %.1e\n", worst);
}

int
main(void)
{
	test_many_blocks();
	return check_report("test_block");
}
