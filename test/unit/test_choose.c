/*-------------------------------------------------------------------------
 *
 * test_choose.c
 *	  The number of factors and the regularization of a training without either.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "check.h"

static void
test_factors(void)
{
	int32_t before = 0;

	/* One for ten of the fewer, in steps. */
	CHECK(wc_factors_choose(WC_IMPLICIT, 2, 3) == 64);
	CHECK(wc_factors_choose(WC_IMPLICIT, 799, 5000) == 64);
	CHECK(wc_factors_choose(WC_IMPLICIT, 800, 5000) == 96);
	CHECK(wc_factors_choose(WC_IMPLICIT, 5000, 800) == 96);
	CHECK(wc_factors_choose(WC_IMPLICIT, 1280, 1280) == 128);
	CHECK(wc_factors_choose(WC_WEIGHTED, 2560, 1000000) == 256);
	CHECK(wc_factors_choose(WC_IMPLICIT, 5120, 5120) == 512);
	CHECK(wc_factors_choose(WC_IMPLICIT, INT32_MAX, INT32_MAX) == 512);
	CHECK(wc_factors_choose(WC_EXPLICIT, 5120, 5120) == 64);
	for (int32_t rows = 1; rows < 10000; rows += 7)
	{
		int32_t factors = wc_factors_choose(WC_IMPLICIT, rows, 20000);

		CHECK(factors >= before && factors % WC_FACTORS_STEP == 0);
		CHECK(factors >= WC_FACTORS_LEAST && factors <= WC_FACTORS_MOST);
		before = factors;
	}
}

static void
test_regularization(void)
{
	/* 10 entries a user, 10,000 of the larger side: 0.2 / (10^7)^(1/7) */
	CHECK_NEAR(wc_regularization_choose(10000, 400, 100000), 0.02, 1e-12);
	CHECK_NEAR(wc_regularization_choose(400, 10000, 4000), 0.02, 1e-12);
	/* 100 entries a user, as many on the larger side again as ten and 10^10 */
	CHECK_NEAR(wc_regularization_choose(10000, 400, 1000000),
	           0.02 / pow(1000, 1.0 / 7), 1e-12);
	/* few of all */
	CHECK_NEAR(wc_regularization_choose(3, 5, 9), 0.03, 1e-15);
}

int
main(void)
{
	test_factors();
	test_regularization();
	return check_report("test_choose");
}
