/*-------------------------------------------------------------------------
 *
 * axis.c
 *	  Axes of plots: ends, ticks, places and the text of numbers.
 *
 * Ticks are 1, 2 or 5 times a power of ten apart (Heckbert, Nice numbers for
 * graph labels, Graphics Gems 1990).  An axis is logarithmic when it may be,
 * all numbers are above 0, and the largest is LOG_RATIO times the smallest or
 * more: below that a straight one shows differences better, and people read it
 * better.
 *
 * All arithmetic is on numbers of at most WC_AXIS_LIMIT, so nothing overflows.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/picture/picture.h"

#define LOG_RATIO 20.0
#define LOG_RATIO_MAX 1e30 /* beyond, the numbers are damaged */
#define LOG_LEAST 1e-200
#define LEAST 1e-290 /* a range or number below is none */
#define NOTHING 1e-9 /* a range this small beside the numbers is none */
#define EDGE 1e-6 /* of a step: where ticks and ends are the same */

/* The least of 1, 2, 5, 10 times a power of ten that is at least x > 0. */
static double
nice_step(double x)
{
	double power = pow(10, floor(log10(x)));
	double lead = x / power;

	if (lead <= 1 + EDGE)
		return power;
	if (lead <= 2 + EDGE)
		return 2 * power;
	if (lead <= 5 + EDGE)
		return 5 * power;
	return 10 * power;
}

static void
add_tick(WcAxis *axis, double tick)
{
	if (axis->n_ticks < WC_TICKS_MAX)
		axis->tick[axis->n_ticks++] = tick;
}

/* Ends are multiples of the step. */
static void
make_numbers(double low, double high, int wanted, WcAxis *axis)
{
	double first;
	double last;

	if (high - low <= fmax(NOTHING * fmax(fabs(low), fabs(high)), LEAST))
	{
		/* all the same: something to lie in the middle of */
		double margin = fabs(low) <= 10 * LEAST ? 0.5 : fabs(low) / 10;

		low -= margin;
		high += margin;
	}
	axis->step = nice_step((high - low) / wanted);
	first = floor(low / axis->step + EDGE);
	last = ceil(high / axis->step - EDGE);
	axis->low = first * axis->step;
	axis->high = last * axis->step;
	for (double i = first; i <= last; i++)
		add_tick(axis, i * axis->step);
}

/* Ends are the numbers', ticks whole numbers between, and the first. */
static void
make_counts(double low, double high, int wanted, WcAxis *axis)
{
	double first;

	if (high - low < 1)
	{
		axis->low = low - 0.5;
		axis->high = low + 0.5;
		axis->step = 1;
		add_tick(axis, low);
		return;
	}
	axis->low = low;
	axis->high = high;
	axis->step = nice_step(fmax((high - low) / wanted, 1));
	first = ceil(low / axis->step - EDGE);
	if (first * axis->step - low >= axis->step / 2)
		add_tick(axis, low);
	for (double i = first; i * axis->step <= high + EDGE * axis->step; i++)
		add_tick(axis, i * axis->step);
}

/* The i-th of the numbers 1, 2, 5, 10, 20, ...; i may be negative. */
static double
lead_number(int i)
{
	static const double lead[] = {1, 2, 5};
	int third = (i % 3 + 3) % 3;

	return lead[third] * pow(10, (double) ((i - third) / 3));
}

static void
make_log(double low, double high, int wanted, WcAxis *axis)
{
	int first = 3 * (int) floor(log10(low));
	int last;
	int every = 1;

	while (lead_number(first + 1) <= low * (1 + EDGE))
		first++;
	last = first;
	while (lead_number(last) < high * (1 - EDGE))
		last++;
	if (last - first + 1 > wanted + 1)
	{
		/* decades only, or every few of them */
		first = 3 * (int) floor(first / 3.0);
		last = 3 * (int) ceil(last / 3.0);
		every = 3 * (((last - first) / 3 + wanted - 1) / wanted);
		last = first + every * ((last - first + every - 1) / every);
	}
	axis->is_log = true;
	axis->low = lead_number(first);
	axis->high = lead_number(last);
	for (int i = first; i <= last; i += every)
		add_tick(axis, lead_number(i));
}

void
wc_axis_make(WcAxisKind kind, int64_t count, const double *numbers, int wanted,
             WcAxis *axis)
{
	double low = 0;
	double high = 1;

	memset(axis, 0, sizeof(*axis));
	for (int64_t i = 0; i < count; i++)
	{
		WC_ASSERT(fabs(numbers[i]) <= WC_AXIS_LIMIT);
		low = i == 0 ? numbers[i] : fmin(low, numbers[i]);
		high = i == 0 ? numbers[i] : fmax(high, numbers[i]);
	}
	if (kind == WC_AXIS_COUNTS && count > 0)
		make_counts(low, high, wanted, axis);
	else if (kind == WC_AXIS_LOG && low >= LOG_LEAST &&
	         high / low >= LOG_RATIO && high / low <= LOG_RATIO_MAX)
		make_log(low, high, wanted, axis);
	else
		make_numbers(low, high, wanted, axis);
}

double
wc_axis_place(const WcAxis *axis, double number)
{
	if (axis->is_log)
		return log(number / axis->low) / log(axis->high / axis->low);
	return (number - axis->low) / (axis->high - axis->low);
}

void
wc_axis_label(const WcAxis *axis, double tick, size_t size, char *text)
{
	static const char *const suffix[] = {"", "k", "M", "G", "T"};
	double most = fmax(fabs(axis->low), fabs(axis->high));
	double step = axis->is_log ? fabs(tick) : axis->step;
	int thousands = 0;
	int digits;

	if (axis->is_log)
		most = fabs(tick);
	if (tick == 0 || fabs(tick) < EDGE * step)
	{
		snprintf(text, size, "0");
		return;
	}
	if (most >= 1e15 || most < 1e-3)
	{
		double first = floor(log10(fabs(tick)) + EDGE);

		digits = (int) fmin(fmax(first - floor(log10(step) + EDGE), 0), 8);
		snprintf(text, size, "%.*e", digits, tick);
		return;
	}
	if (most >= 1e4)
		thousands = (int) floor(log10(most) / 3 + EDGE);
	for (int i = 0; i < thousands; i++)
	{
		tick /= 1000;
		step /= 1000;
	}
	digits = (int) fmin(fmax(-floor(log10(step) + EDGE), 0), 12);
	snprintf(text, size, "%.*f%s", digits, tick, suffix[thousands]);
}
