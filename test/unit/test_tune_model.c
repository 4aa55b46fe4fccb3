/*-------------------------------------------------------------------------
 *
 * test_tune_model.c
 *	  What is tried next: never twice, sooner the best than by chance, the same
 *	  for any unit of the values.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define OPTIONS 3
#define POINTS 300
#define TRIALS 40

static const WcTuneOption options[OPTIONS] = {
    {.low = 0.001, .high = 1, .log = true},
    {.low = -2, .high = 2},
    {.count = 5}};

static double point[POINTS * OPTIONS];
static double place[POINTS * OPTIONS];
static double worth[POINTS];

static bool
any(void *arg, const double *p)
{
	(void) arg;
	(void) p;
	return true;
}

/* A hill, a cliff, and an option that says nothing. */
static void
make_points(int64_t seed)
{
	WcTuneFilter filter = {any, NULL, 0};

	CHECK(wc_tune_random(OPTIONS, options, seed, POINTS, &filter, point) ==
	      POINTS);
	for (int i = 0; i < POINTS; i++)
	{
		double *at = place + OPTIONS * i;

		wc_tune_place(OPTIONS, options, point + OPTIONS * i, at);
		worth[i] = 5 - 8 * (at[0] - 0.6) * (at[0] - 0.6) -
		           3 * (at[1] - 0.3) * (at[1] - 0.3);
		if (at[0] > 0.8)
			worth[i] -= 1000;
	}
}

static void
test_place(void)
{
	const WcTuneOption some[4] = {{.low = 0.01, .high = 1, .log = true},
	                              {.low = -1, .high = 3},
	                              {.count = 5},
	                              {.count = 1}};
	const double at[4] = {0.1, 0, 3, 0};
	double found[4];

	wc_tune_place(4, some, at, found);
	CHECK_NEAR(found[0], 0.5, 1e-12);
	CHECK_NEAR(found[1], 0.25, 1e-12);
	CHECK_NEAR(found[2], 0.75, 1e-12);
	CHECK(found[3] == 0);
}

/* Search with the model; returns the best of the first trials, fills tried. */
static double
search(int32_t trials, double scale, double shift, int32_t failing,
       int32_t *tried)
{
	double value[TRIALS];
	double best = -INFINITY;

	for (int32_t t = 0; t < trials; t++)
	{
		int32_t next = -1;

		CHECK(wc_tune_next(&(WcTuneMemory){OPTIONS, POINTS, place, t, tried,
		                                   value, scale > 0},
		                   &next, &check_alloc, NULL) == WC_OK);
		CHECK(next >= 0 && next < POINTS);
		for (int32_t i = 0; i < t; i++)
			CHECK(tried[i] != next);
		tried[t] = next;
		value[t] = next % 4 == failing ? NAN : scale * worth[next] + shift;
		if (next % 4 != failing)
			best = fmax(best, worth[next]);
	}
	return best;
}

/* Much nearer to the best than as many at random, for every seed. */
static void
test_search(void)
{
	double gap = 0;
	double gap_random = 0;

	for (int64_t seed = 0; seed < 8; seed++)
	{
		int32_t tried[TRIALS];
		double top = -INFINITY;
		double random = -INFINITY;
		double best;

		make_points(seed);
		best = search(20, 1, 0, -1, tried);
		for (int32_t i = 0; i < POINTS; i++)
			top = fmax(top, worth[i]);
		for (int32_t i = 0; i < 20; i++)
			random = fmax(random, worth[i]);
		for (int32_t i = 0; i < 6; i++)
			CHECK(tried[i] == i); /* those of a random search */
		gap += (top - best) / 8;
		gap_random += (top - random) / 8;
		CHECK(top - best < 0.05);
	}
	CHECK(gap < gap_random / 10);
}

/* Less may be better, in any unit; what fails is avoided, not fatal. */
static void
test_units(void)
{
	int32_t plain[TRIALS];
	int32_t turned[TRIALS];
	int32_t failing[TRIALS];

	make_points(3);
	search(TRIALS, 1, 0, -1, plain);
	search(TRIALS, -0.25, 64, -1, turned);
	CHECK(memcmp(plain, turned, sizeof(plain)) == 0);
	CHECK(search(TRIALS, 1, 0, 0, failing) > 4.5);
	CHECK(memcmp(plain, failing, sizeof(plain)) != 0);
}

/* Nothing to learn from: the first that was not tried. */
static void
test_nothing(void)
{
	int32_t tried[TRIALS];
	double value[TRIALS];
	int32_t next;

	make_points(1);
	for (int32_t t = 0; t < TRIALS; t++)
	{
		tried[t] = t < 3 ? t : t + 1;
		value[t] = NAN;
	}
	CHECK(wc_tune_next(&(WcTuneMemory){OPTIONS, POINTS, place, TRIALS, tried,
	                                   value, true},
	                   &next, &check_alloc, NULL) == WC_OK);
	CHECK(next == 3);
	for (int32_t t = 0; t < TRIALS; t++)
		value[t] = 7; /* equal ones: where least is known */
	CHECK(wc_tune_next(&(WcTuneMemory){OPTIONS, POINTS, place, TRIALS, tried,
	                                   value, true},
	                   &next, &check_alloc, NULL) == WC_OK);
	CHECK(next >= 0 && next < POINTS);
	/* the last one that is left, and no options at all */
	CHECK(wc_tune_next(&(WcTuneMemory){OPTIONS, TRIALS + 1, place, TRIALS,
	                                   tried, value, true},
	                   &next, &check_alloc, NULL) == WC_OK);
	CHECK(next == 3);
	CHECK(wc_tune_next(
	          &(WcTuneMemory){0, POINTS, place, TRIALS, tried, value, true},
	          &next, &check_alloc, NULL) == WC_OK);
	CHECK(next == 3);
}

static void
test_failures(void)
{
	int32_t tried[TRIALS];
	double value[TRIALS];
	int32_t next;
	long asked;

	make_points(2);
	for (int32_t t = 0; t < TRIALS; t++)
	{
		tried[t] = t;
		value[t] = worth[t];
	}
	for (long n = 0; n < 2; n++)
	{
		check_fail_after = n;
		CHECK(wc_tune_next(&(WcTuneMemory){OPTIONS, POINTS, place, TRIALS,
		                                   tried, value, true},
		                   &next, &check_alloc, NULL) == WC_NO_MEMORY);
	}
	check_fail_after = -1;
	for (asked = 0;; asked++)
	{
		CheckCancel cancel = {asked, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcStatus status = wc_tune_next(
		    &(WcTuneMemory){OPTIONS, POINTS, place, TRIALS, tried, value, true},
		    &next, &check_alloc, &hooks);

		CHECK(status == WC_OK || status == WC_CANCELLED);
		if (status == WC_OK)
			break;
	}
	CHECK(asked >= 2);
}

int
main(void)
{
	test_place();
	test_search();
	test_units();
	test_nothing();
	test_failures();
	return check_report("test_tune_model");
}
