/*-------------------------------------------------------------------------
 *
 * tune.c
 *	  Which options a tuning tries, and how far each trial goes.
 *
 * A point is a number per option.  Random points are hashes of seed, number of
 * the draw and place of the option (holdout.c), so the first trials of a long
 * tuning are those of a short one (Bergstra and Bengio, Random search for
 * hyper-parameter optimization, 2012, for why they beat a grid: few options
 * matter, and a grid tries few values of each).  Numbers of a range are rounded
 * to three digits: nobody means more, and they are going to be pasted.
 *
 * Successive halving (Jamieson and Talwalkar, Non-stochastic best arm
 * identification, 2016) gives all trials a third of their iterations, and the best
 * third of them all.
 *
 * What to try next, given what others came to, is for tune_model.c.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/measure/measure.h"
#include "core/measure/tune.h"

#define DRAWS_PER_TRIAL 64 /* until a random search has nothing new */
#define HALVING_RATE 3
#define HALVING_PART 3 /* of the iterations: a smaller one says too little */
#define HALVING_LAST 2 /* trials that are run to the end at least */
#define DIGITS 3

int64_t
wc_tune_combinations(int32_t n, const WcTuneOption *options)
{
	int64_t result = 1;

	for (int32_t i = 0; i < n; i++)
	{
		if (options[i].count == 0)
			return -1;
		if (result > INT64_MAX / options[i].count)
			result = INT64_MAX;
		else
			result *= options[i].count;
	}
	return result;
}

/* Count it, and leave it out, unless it is wanted. */
static bool
passes(WcTuneFilter *filter, const double *point)
{
	if (filter->is_wanted(filter->arg, point))
		return true;
	filter->left_out++;
	return false;
}

int32_t
wc_tune_grid(int32_t n, const WcTuneOption *options, int32_t trials,
             WcTuneFilter *filter, double *points)
{
	int64_t all = wc_tune_combinations(n, options);
	double point[WC_TUNE_OPTIONS_MAX];
	int32_t count = 0;

	filter->left_out = 0;
	for (int64_t c = 0; c < all && count <= trials; c++)
	{
		int64_t rest = c;

		for (int32_t i = n - 1; i >= 0; i--)
		{
			point[i] = (double) (rest % options[i].count);
			rest /= options[i].count;
		}
		if (!passes(filter, point))
			continue;
		if (count < trials && n > 0)
			memcpy(points + (size_t) count * (size_t) n, point,
			       sizeof(double) * (size_t) n);
		count++;
	}
	return count;
}

/* The nearest number of few digits; a decimal fraction that prints as one. */
static double
round_number(double x)
{
	int32_t shift;

	if (x == 0)
		return 0;
	shift = DIGITS - 1 - (int32_t) floor(log10(fabs(x)));
	if (shift >= 0)
		return round(x * pow(10, shift)) / pow(10, shift);
	return round(x / pow(10, -shift)) * pow(10, -shift);
}

/* The number at unit, from 0 to 1, between the ends of a range. */
static double
range_number(const WcTuneOption *option, double unit)
{
	double low = option->low;
	double high = option->high;
	double x;

	if (option->whole && !option->log) /* all integers are as likely */
		x = floor(low + unit * (high - low + 1));
	else if (option->log)
		x = exp(log(low) + unit * (log(high) - log(low)));
	else
		x = low + unit * (high - low);
	x = option->whole ? round(x) : round_number(x);
	return x < low ? low : x > high ? high : x;
}

static void
draw_point(int32_t n, const WcTuneOption *options, int64_t seed, int64_t number,
           double *point)
{
	for (int32_t i = 0; i < n; i++)
	{
		double unit =
		    wc_hash_unit(wc_hash_pair(seed, (uint64_t) number, (uint64_t) i));

		if (options[i].count > 0)
			point[i] = floor(unit * options[i].count);
		else
			point[i] = range_number(&options[i], unit);
	}
}

static bool
is_new(int32_t n, int32_t count, const double *points, const double *point)
{
	for (int32_t t = 0; t < count; t++)
	{
		const double *other = points + (size_t) t * (size_t) n;
		int32_t i = 0;

		while (i < n && other[i] == point[i])
			i++;
		if (i == n)
			return false;
	}
	return true;
}

int32_t
wc_tune_random(int32_t n, const WcTuneOption *options, int64_t seed,
               int32_t trials, WcTuneFilter *filter, double *points)
{
	int64_t draws = (int64_t) trials * DRAWS_PER_TRIAL;
	double point[WC_TUNE_OPTIONS_MAX];
	int32_t count = 0;

	filter->left_out = 0;
	for (int64_t number = 0; number < draws && count < trials; number++)
	{
		draw_point(n, options, seed, number, point);
		if (!is_new(n, count, points, point) || !passes(filter, point))
			continue;
		if (n > 0)
			memcpy(points + (size_t) count * (size_t) n, point,
			       sizeof(double) * (size_t) n);
		count++;
	}
	return count;
}

int32_t
wc_tune_rungs(int32_t trials, bool halving, WcTuneRung *rungs)
{
	int32_t part = halving ? HALVING_PART : 1;
	int32_t count = 0;

	for (; part > 1; part /= HALVING_RATE)
	{
		int32_t rest = (trials + HALVING_RATE - 1) / HALVING_RATE;

		if (rest < HALVING_LAST)
			break;
		rungs[count].trials = trials;
		rungs[count++].part = part;
		trials = rest;
	}
	rungs[count].trials = trials;
	rungs[count++].part = 1;
	return count;
}

/* Whether trial a did better than b. */
static bool
is_better(const double *value, bool higher, int32_t a, int32_t b)
{
	if (isnan(value[a]) || isnan(value[b]))
		return isnan(value[a]) == isnan(value[b]) ? a < b : isnan(value[b]);
	if (value[a] == value[b])
		return a < b;
	return higher ? value[a] > value[b] : value[a] < value[b];
}

void
wc_tune_rank(int32_t count, const double *value, bool higher, int32_t *order)
{
	for (int32_t i = 1; i < count; i++)
	{
		int32_t moving = order[i];
		int32_t place = i;

		for (; place > 0 && is_better(value, higher, moving, order[place - 1]);
		     place--)
			order[place] = order[place - 1];
		order[place] = moving;
	}
}
