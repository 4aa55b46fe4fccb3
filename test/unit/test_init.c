/*-------------------------------------------------------------------------
 *
 * test_init.c
 *	  First factors: their size and spread, and what they do not depend on.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define ITEMS 2000
#define FACTORS 16

static uint64_t hashes[ITEMS];

static WcProblem
problem_make(int32_t users, int32_t items, int32_t k, int64_t seed,
             WcFeedback feedback)
{
	WcProblem problem;

	memset(&problem, 0, sizeof(problem));
	problem.objective.params.factors = k;
	problem.objective.params.seed = seed;
	problem.objective.params.feedback = feedback;
	problem.by_user.rows = problem.by_item.cols = users;
	problem.by_item.rows = problem.by_user.cols = items;
	problem.biases = feedback == WC_EXPLICIT;
	problem.objective.mean = 2.5;
	problem.spread = 1;
	return problem;
}

static void
test_spread(WcFeedback feedback, double expected)
{
	WcProblem problem = problem_make(7, ITEMS, FACTORS, 42, feedback);
	size_t cells = (size_t) ITEMS * FACTORS;
	double sum = 0;
	double squares = 0;
	double neighbours = 0;
	double below = 0;
	double largest = 0;
	WcModel model;

	CHECK(wc_model_init(&problem, hashes, &model, &check_alloc) == WC_OK);
	CHECK(model.users == 7 && model.items == ITEMS);
	CHECK(model.factors == FACTORS && model.mean == 2.5);
	for (size_t p = 0; p < cells; p++)
	{
		double x = model.item_factors[p];

		sum += x;
		squares += x * x;
		largest = fmax(largest, fabs(x));
		if (p > 0)
			neighbours += x * model.item_factors[p - 1];
		if (p >= FACTORS)
			below += x * model.item_factors[p - FACTORS];
	}
	CHECK_NEAR(sqrt(squares / cells), expected, expected * 0.02);
	CHECK(largest <= expected * sqrt(3.0) * 1.000001);
	CHECK(largest > expected * sqrt(3.0) * 0.999);

	/* all of these have standard deviation 1 / sqrt(32000) = 0.0056 */
	CHECK_NEAR(sum / cells / expected, 0, 0.025);
	CHECK_NEAR(neighbours / squares, 0, 0.025);
	CHECK_NEAR(below / squares, 0, 0.025);

	for (size_t p = 0; p < (size_t) 7 * FACTORS; p++)
		if (model.user_factors[p] != 0)
			CHECK(!"users start at 0");
	CHECK((model.user_bias != NULL) == (feedback == WC_EXPLICIT));
	CHECK((model.item_bias != NULL) == (feedback == WC_EXPLICIT));
	if (model.user_bias != NULL && model.item_bias != NULL)
		CHECK(model.user_bias[6] == 0 && model.item_bias[ITEMS - 1] == 0);
	/* both begin at whole cache lines */
	CHECK((uintptr_t) model.user_factors % 64 == 0);
	CHECK((uintptr_t) model.item_factors % 64 == 0);
	wc_model_free(&model, &check_alloc);
	CHECK(model.item_factors == NULL && model.user_bias == NULL);
}

/* An item's start depends on its id and the seed, not on its place. */
static void
test_order(void)
{
	WcProblem all = problem_make(1, ITEMS, FACTORS, 7, WC_IMPLICIT);
	WcProblem few = problem_make(9, 3, FACTORS, 7, WC_IMPLICIT);
	WcProblem other = problem_make(1, ITEMS, FACTORS, 8, WC_IMPLICIT);
	size_t bytes = FACTORS * sizeof(float);
	uint64_t some[3] = {hashes[1234], hashes[0], hashes[99]};
	int equal = 0;
	WcModel a;
	WcModel b;
	WcModel c;

	CHECK(wc_model_init(&all, hashes, &a, &check_alloc) == WC_OK);
	CHECK(wc_model_init(&few, some, &b, &check_alloc) == WC_OK);
	CHECK(wc_model_init(&other, hashes, &c, &check_alloc) == WC_OK);
	CHECK(memcmp(b.item_factors, a.item_factors + 1234 * FACTORS, bytes) == 0);
	CHECK(memcmp(b.item_factors + FACTORS, a.item_factors, bytes) == 0);
	CHECK(memcmp(b.item_factors + 2 * FACTORS, a.item_factors + 99 * FACTORS,
	             bytes) == 0);
	for (size_t p = 0; p < (size_t) ITEMS * FACTORS; p++)
		if (a.item_factors[p] == c.item_factors[p])
			equal++;
	CHECK(equal < 5);
	wc_model_free(&a, &check_alloc);
	wc_model_free(&b, &check_alloc);
	wc_model_free(&c, &check_alloc);
}

static void
test_edges(void)
{
	static const int64_t seeds[] = {0, -1, INT64_MAX, INT64_MIN};
	WcProblem empty = problem_make(0, 0, 1, 0, WC_EXPLICIT);
	WcModel model;

	CHECK(wc_model_init(&empty, hashes, &model, &check_alloc) == WC_OK);
	wc_model_free(&model, &check_alloc);
	wc_model_free(&model, &check_alloc);

	/* Consecutive and extreme ids and seeds give other, finite numbers. */
	for (int s = 0; s < 4; s++)
	{
		uint64_t extreme[4] = {0, 1, 2, UINT64_MAX};
		WcProblem problem = problem_make(1, 4, 1, seeds[s], WC_WEIGHTED);

		CHECK(wc_model_init(&problem, extreme, &model, &check_alloc) == WC_OK);
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < i; j++)
				CHECK(isfinite(model.item_factors[i]) &&
				      model.item_factors[i] != model.item_factors[j]);
		wc_model_free(&model, &check_alloc);
	}
}

static void
test_no_memory(void)
{
	WcProblem problem = problem_make(5, 6, 3, 1, WC_EXPLICIT);
	WcModel model;
	WcStatus status = WC_NO_MEMORY;
	long n;

	for (n = 0; status != WC_OK && n < 100; n++)
	{
		check_fail_after = n;
		status = wc_model_init(&problem, hashes, &model, &check_alloc);
		CHECK(status == WC_OK ||
		      (status == WC_NO_MEMORY && model.item_factors == NULL));
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n == 5);
	wc_model_free(&model, &check_alloc);
}

int
main(void)
{
	for (int i = 0; i < ITEMS; i++)
		hashes[i] = (uint64_t) i;
	test_spread(WC_IMPLICIT, 0.1 / 4);
	test_spread(WC_WEIGHTED, 0.1 / 4);
	test_spread(WC_EXPLICIT, 1.0 / 4);
	test_order();
	test_edges();
	test_no_memory();
	return check_report("test_init");
}
