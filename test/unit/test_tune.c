/*-------------------------------------------------------------------------
 *
 * test_tune.c
 *	  Which options are tried, and who goes on.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

/* Everything, and what a test does not want. */
static bool
any(void *arg, const double *point)
{
	(void) arg;
	(void) point;
	return true;
}

static WcTuneFilter all_of_them = {any, NULL, 0};

static const WcTuneOption lists[3] = {{.count = 2}, {.count = 1}, {.count = 3}};

/* All of 2 x 1 x 3, the last option fastest; no more than asked for. */
static void
test_grid(void)
{
	const double all[6][3] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2},
	                          {1, 0, 0}, {1, 0, 1}, {1, 0, 2}};
	double points[6 * 3];
	WcTuneOption range = {.low = 0, .high = 1};
	WcTuneOption many[32];

	CHECK(wc_tune_combinations(3, lists) == 6);
	CHECK(wc_tune_combinations(0, lists) == 1);
	CHECK(wc_tune_combinations(1, &range) == -1);
	for (int i = 0; i < 32; i++)
		many[i].count = 1000;
	CHECK(wc_tune_combinations(32, many) == INT64_MAX);
	CHECK(wc_tune_grid(3, lists, 100, &all_of_them, points) == 6);
	CHECK(memcmp(points, all, sizeof(all)) == 0);
	CHECK(wc_tune_grid(3, lists, 4, &all_of_them, points) == 5);
	CHECK(wc_tune_grid(0, lists, 4, &all_of_them, points) == 1);
}

static bool
same(const double *a, const double *b, int32_t n)
{
	return memcmp(a, b, sizeof(double) * (size_t) n) == 0;
}

/* Points are legal, different, those of the seed, and a long search begins as a
 * short one. */
static void
test_random(void)
{
	const WcTuneOption options[4] = {{.count = 3},
	                                 {.low = 0.001, .high = 0.1, .log = true},
	                                 {.low = -0.5, .high = 0},
	                                 {.low = 2, .high = 5, .whole = true}};
	double points[200 * 4];
	double again[200 * 4];
	int32_t choice[3] = {0};
	int32_t whole[6] = {0};
	int32_t below = 0;

	CHECK(wc_tune_random(4, options, 7, 200, &all_of_them, points) == 200);
	for (int t = 0; t < 200; t++)
	{
		const double *p = points + 4 * t;

		CHECK(p[0] == 0 || p[0] == 1 || p[0] == 2);
		CHECK(p[1] >= 0.001 && p[1] <= 0.1);
		CHECK(p[2] >= -0.5 && p[2] <= 0);
		CHECK(p[3] == 2 || p[3] == 3 || p[3] == 4 || p[3] == 5);
		choice[(int) p[0]]++;
		whole[(int) p[3]]++;
		below += p[1] < 0.01;
		for (int s = 0; s < t; s++)
			CHECK(!same(p, points + 4 * s, 4));
	}
	/* even: 67 or 50 are expected, half of a log range is below its middle */
	for (int i = 0; i < 3; i++)
		CHECK(choice[i] > 40 && choice[i] < 95);
	for (int i = 2; i < 6; i++)
		CHECK(whole[i] > 25 && whole[i] < 80);
	CHECK(below > 70 && below < 130);

	CHECK(wc_tune_random(4, options, 7, 50, &all_of_them, again) == 50);
	CHECK(same(points, again, 50 * 4));
	CHECK(wc_tune_random(4, options, 8, 50, &all_of_them, again) == 50);
	CHECK(!same(points, again, 50 * 4));
}

/* It ends when there is nothing new, with all there is. */
static void
test_exhausted(void)
{
	const WcTuneOption whole = {.low = 1, .high = 4, .whole = true};
	double points[100 * 3];

	CHECK(wc_tune_random(3, lists, 1, 100, &all_of_them, points) == 6);
	CHECK(wc_tune_random(1, &whole, 1, 100, &all_of_them, points) == 4);
	CHECK(wc_tune_random(0, lists, 1, 100, &all_of_them, points) == 1);
}

/* Not where the first and the last option have the same place. */
static bool
differ(void *arg, const double *point)
{
	++*(int *) arg;
	return point[0] != point[2];
}

/* What is not wanted is not among them, and counted. */
static void
test_filter(void)
{
	int asked = 0;
	WcTuneFilter filter = {differ, &asked, 0};
	double points[100 * 3];

	CHECK(wc_tune_grid(3, lists, 4, &filter, points) == 4);
	CHECK(filter.left_out == 2 && asked == 6);
	for (int t = 0; t < 4; t++)
		CHECK(points[3 * t] != points[3 * t + 2]);
	CHECK(points[2] == 1 && points[5] == 2 && points[8] == 0);
	CHECK(wc_tune_grid(3, lists, 2, &filter, points) == 3);
	CHECK(wc_tune_random(3, lists, 1, 100, &filter, points) == 4);
	CHECK(filter.left_out > 0);
	for (int t = 0; t < 4; t++)
		CHECK(points[3 * t] != points[3 * t + 2]);
}

/* Three digits, and decimal ones: what is printed is what is tried. */
static void
test_round(void)
{
	const WcTuneOption options[3] = {{.low = 1e-5, .high = 1e-2, .log = true},
	                                 {.low = 1e3, .high = 1e9, .log = true},
	                                 {.low = 0.0123456, .high = 0.0123457}};
	double points[60 * 3];
	char text[32];

	CHECK(wc_tune_random(3, options, 3, 60, &all_of_them, points) == 60);
	for (int i = 0; i < 60 * 3; i++)
	{
		if (i % 3 == 2) /* no such number within: the nearest end */
			CHECK(points[i] == 0.0123456 || points[i] == 0.0123457);
		else
		{
			snprintf(text, sizeof(text), "%.3g", points[i]);
			CHECK(strtod(text, NULL) == points[i]);
		}
	}
}

static void
test_rungs(void)
{
	WcTuneRung rungs[WC_TUNE_RUNGS_MAX];

	CHECK(wc_tune_rungs(20, true, rungs) == 2);
	CHECK(rungs[0].trials == 20 && rungs[0].part == 3);
	CHECK(rungs[1].trials == 7 && rungs[1].part == 1);
	CHECK(wc_tune_rungs(20, false, rungs) == 1);
	CHECK(rungs[0].trials == 20 && rungs[0].part == 1);
	/* with few trials there is nothing to halve: one is no contest */
	CHECK(wc_tune_rungs(1, true, rungs) == 1);
	CHECK(rungs[0].trials == 1 && rungs[0].part == 1);
	CHECK(wc_tune_rungs(4, true, rungs) == 2);
	CHECK(rungs[0].trials == 4 && rungs[0].part == 3);
	CHECK(rungs[1].trials == 2 && rungs[1].part == 1);
	for (int32_t n = 1; n <= WC_TUNE_TRIALS_MAX; n++)
	{
		int32_t count = wc_tune_rungs(n, true, rungs);

		CHECK(count <= WC_TUNE_RUNGS_MAX && rungs[0].trials == n &&
		      rungs[count - 1].part == 1);
		for (int32_t r = 1; r < count; r++)
			CHECK(rungs[r].trials < rungs[r - 1].trials &&
			      rungs[r].part < rungs[r - 1].part);
	}
}

static void
test_rank(void)
{
	const double value[6] = {0.5, NAN, 0.7, 0.5, NAN, 0.1};
	int32_t order[6] = {5, 4, 3, 2, 1, 0};
	const int32_t high[6] = {2, 0, 3, 5, 1, 4};
	const int32_t low[6] = {5, 0, 3, 2, 1, 4};

	wc_tune_rank(6, value, true, order);
	CHECK(memcmp(order, high, sizeof(order)) == 0);
	wc_tune_rank(6, value, false, order);
	CHECK(memcmp(order, low, sizeof(order)) == 0);
	/* only those that are named */
	wc_tune_rank(2, value, true, order + 2);
	CHECK(order[0] == 5 && order[2] == 2 && order[3] == 3);
	wc_tune_rank(0, value, true, order);
}

int
main(void)
{
	test_grid();
	test_random();
	test_exhausted();
	test_filter();
	test_round();
	test_rungs();
	test_rank();
	return check_report("test_tune");
}
