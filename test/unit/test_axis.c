/*-------------------------------------------------------------------------
 *
 * test_axis.c
 *	  Ends, ticks and labels of axes: known ones, and what must hold for any.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

/* The labels of an axis, with blanks between. */
static const char *
labels(const WcAxis *axis)
{
	static char text[1000];
	char label[64];

	text[0] = '\0';
	for (int i = 0; i < axis->n_ticks; i++)
	{
		wc_axis_label(axis, axis->tick[i], sizeof(label), label);
		if (i > 0)
			strcat(text, " ");
		strcat(text, label);
	}
	return text;
}

static void
check_labels(WcAxisKind kind, double low, double high, int wanted,
             const char *expected)
{
	double numbers[] = {high, low, (low + high) / 2};
	WcAxis axis;

	wc_axis_make(kind, 3, numbers, wanted, &axis);
	if (strcmp(labels(&axis), expected) != 0)
		fprintf(stderr, "\"%s\" instead of \"%s\"\n", labels(&axis), expected);
	CHECK(strcmp(labels(&axis), expected) == 0);
}

static void
test_known(void)
{
	check_labels(WC_AXIS_NUMBERS, 0, 1, 5, "0 0.2 0.4 0.6 0.8 1.0");
	check_labels(WC_AXIS_NUMBERS, 0.11, 0.39, 3, "0.1 0.2 0.3 0.4");
	check_labels(WC_AXIS_NUMBERS, -3, 8, 4, "-5 0 5 10");
	check_labels(WC_AXIS_NUMBERS, 1234, 5678, 4, "0 2000 4000 6000");
	check_labels(WC_AXIS_NUMBERS, 12340, 56780, 4, "0 20k 40k 60k");
	check_labels(WC_AXIS_NUMBERS, 1.21e6, 1.29e6, 4,
	             "1.20M 1.22M 1.24M 1.26M 1.28M 1.30M");
	check_labels(WC_AXIS_NUMBERS, 3e13, 9e13, 2, "0 50T 100T");
	check_labels(WC_AXIS_NUMBERS, 2e20, 3e20, 2, "2.0e+20 2.5e+20 3.0e+20");
	check_labels(WC_AXIS_NUMBERS, 2e-5, 3e-5, 2, "2.0e-05 2.5e-05 3.0e-05");
	check_labels(WC_AXIS_NUMBERS, 7, 7, 4, "6.0 6.5 7.0 7.5 8.0");
	check_labels(WC_AXIS_NUMBERS, 0, 0, 2, "-0.5 0 0.5");
	check_labels(WC_AXIS_COUNTS, 1, 15, 5, "1 5 10 15");
	check_labels(WC_AXIS_COUNTS, 1, 3, 8, "1 2 3");
	check_labels(WC_AXIS_COUNTS, 4, 4, 5, "4");
	check_labels(WC_AXIS_COUNTS, 1, 1000, 5, "1 200 400 600 800 1000");
	check_labels(WC_AXIS_COUNTS, 98, 107, 5, "98 100 102 104 106");
	check_labels(WC_AXIS_LOG, 3, 45, 5, "0 10 20 30 40 50");
	check_labels(WC_AXIS_LOG, 3, 60, 5, "2 5 10 20 50 100");
	check_labels(WC_AXIS_LOG, 0.004, 3000, 4, "0.001 0.1 10 1000 100k");
	check_labels(WC_AXIS_LOG, -3, 600, 2, "-500 0 500 1000");
	check_labels(WC_AXIS_LOG, 0, 600, 2, "0 500 1000");
}

static void
test_place(void)
{
	double numbers[] = {1, 10000};
	WcAxis axis;

	wc_axis_make(WC_AXIS_LOG, 2, numbers, 5, &axis);
	CHECK(axis.is_log && axis.low == 1 && axis.high == 10000);
	CHECK_NEAR(wc_axis_place(&axis, 1), 0, 1e-12);
	CHECK_NEAR(wc_axis_place(&axis, 100), 0.5, 1e-12);
	CHECK_NEAR(wc_axis_place(&axis, 10000), 1, 1e-12);
	wc_axis_make(WC_AXIS_NUMBERS, 2, numbers, 5, &axis);
	CHECK(!axis.is_log && axis.low == 0 && axis.high == 10000);
	CHECK_NEAR(wc_axis_place(&axis, 2500), 0.25, 1e-12);
	wc_axis_make(WC_AXIS_NUMBERS, 0, NULL, 5, &axis);
	CHECK(axis.low == 0 && axis.high == 1 && axis.n_ticks == 6);
	wc_axis_make(WC_AXIS_COUNTS, 0, NULL, 5, &axis);
	CHECK(axis.low == 0 && axis.high == 1);
	CHECK(wc_axis_place(&axis, 1) == 1);
}

/* Whatever the numbers, there are ticks, they ascend, and all lies within. */
static void
test_any(void)
{
	static const double numbers[] = {-WC_AXIS_LIMIT,
	                                 -1e30,
	                                 -12345.678,
	                                 -1,
	                                 -1e-30,
	                                 -DBL_MIN,
	                                 0,
	                                 DBL_TRUE_MIN,
	                                 1e-290,
	                                 1e-200,
	                                 1e-9,
	                                 0.1,
	                                 0.3,
	                                 1,
	                                 1.0000000001,
	                                 3,
	                                 7,
	                                 99.5,
	                                 1e15,
	                                 1e15 + 2,
	                                 1e100,
	                                 1e299,
	                                 WC_AXIS_LIMIT,
	                                 2,
	                                 123456789,
	                                 123456790};
	int count = (int) (sizeof(numbers) / sizeof(numbers[0]));

	for (int a = 0; a < count; a++)
		for (int b = a; b < count; b++)
			for (int kind = 0; kind < 3; kind++)
				for (int wanted = 2; wanted <= 10; wanted += 4)
				{
					double pair[] = {numbers[a], numbers[b]};
					WcAxis axis;
					char text[32];

					if (kind == WC_AXIS_COUNTS)
						for (int i = 0; i < 2; i++)
							pair[i] = floor(fmax(fmin(pair[i], 1e15), -1e15));
					wc_axis_make((WcAxisKind) kind, 2, pair, wanted, &axis);
					CHECK(isfinite(axis.low) && isfinite(axis.high));
					CHECK(axis.low < axis.high);
					CHECK(axis.n_ticks >= 1 && axis.n_ticks <= wanted + 4);
					for (int i = 0; i < axis.n_ticks; i++)
					{
						CHECK(i == 0 || axis.tick[i] > axis.tick[i - 1]);
						CHECK_NEAR(wc_axis_place(&axis, axis.tick[i]), 0.5,
						           0.5 + 1e-5);
						wc_axis_label(&axis, axis.tick[i], sizeof(text), text);
						CHECK(strlen(text) > 0 && strlen(text) < 24);
					}
					for (int i = 0; i < 2; i++)
						CHECK_NEAR(wc_axis_place(&axis, pair[i]), 0.5,
						           0.5 + 1e-5);
				}
}

int
main(void)
{
	test_known();
	test_place();
	test_any();
	return check_report("test_axis");
}
