/*-------------------------------------------------------------------------
 *
 * tune_model.c
 *	  Which options to try next, from what the trials before them came to.
 *
 * A Gaussian process over the options, with the Matern 5/2 kernel and a length
 * for each option, says of every candidate what it may come to and how sure
 * that is; the next trial is the candidate with the largest expected
 * improvement (Jones, Schonlau and Welch, Efficient global optimization of
 * expensive black-box functions, 1998; Rasmussen and Williams, Gaussian
 * processes for machine learning, 2006, chapters 2 and 5).
 *
 * Values far below the median are raised to as far below it as the best is
 * above: how bad bad options are is not worth a curve of the model.  The lengths
 * are those of a short list that make what was seen most likely, one option
 * after the other, twice; a prior keeps what says nothing in the middle.
 *
 * With t trials, c candidates and n options a choice takes some 2 n t^3 and
 * c t^2 / 2 multiplications and 8 (t^2 + c) bytes.
 *
 * Deliberately not here: gradients, candidates that are not given.  The
 * candidates are drawn as for a random search, and there are enough of them.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/measure/measure.h"
#include "core/measure/tune.h"

#define FIRST 6 /* trials before there is a model */
#define NOISE 0.01 /* of the variance of the values */
#define ROUNDS 2 /* over the lengths */
#define MIDDLE                                                                 \
	0.7 /* of the prior of a length, whose logarithm has deviation 1 */

static const double lengths[] = {0.12, 0.25, 0.5, 1, 2, 4};

typedef struct Model
{
	int32_t n; /* options */
	int32_t count; /* trials it is made of */
	const double *place; /* of all candidates */
	const int32_t *tried;
	double length[WC_TUNE_OPTIONS_MAX];
	double *value; /* standardized */
	double best; /* of them */
	double *factor; /* of the covariance: lower triangle, count x count */
	double *solved; /* factor^-1 value */
	double *row; /* workspace, count */
	WcPace pace;
} Model;

void
wc_tune_place(int32_t n, const WcTuneOption *options, const double *point,
              double *place)
{
	for (int32_t i = 0; i < n; i++)
	{
		const WcTuneOption *option = &options[i];

		if (option->count > 0)
			place[i] = option->count > 1 ? point[i] / (option->count - 1) : 0;
		else if (option->log)
			place[i] =
			    log(point[i] / option->low) / log(option->high / option->low);
		else
			place[i] = (point[i] - option->low) / (option->high - option->low);
	}
}

static const double *
place_of(const Model *model, int32_t candidate)
{
	return model->place + (size_t) candidate * (size_t) model->n;
}

static double
covariance(const Model *model, int32_t a, int32_t b)
{
	const double *left = place_of(model, a);
	const double *right = place_of(model, b);
	double square = 0;
	double r;

	for (int32_t i = 0; i < model->n; i++)
	{
		double d = (left[i] - right[i]) / model->length[i];

		square += d * d;
	}
	r = sqrt(5 * square);
	return (1 + r + r * r / 3) * exp(-r);
}

/* Solve factor x = right in place. */
static void
substitute(const Model *model, double *right)
{
	for (int32_t i = 0; i < model->count; i++)
	{
		const double *row = model->factor + (size_t) i * (size_t) model->count;
		double sum = right[i];

		for (int32_t j = 0; j < i; j++)
			sum -= row[j] * right[j];
		right[i] = sum / row[i];
	}
}

/*
 * Factor the covariance with the lengths that are set, and say how likely the
 * values and the lengths are, as a logarithm but for a constant.
 */
static WcStatus
fit(Model *model, double *likelihood)
{
	int32_t count = model->count;

	*likelihood = 0;
	for (int32_t i = 0; i < count; i++)
	{
		double *row = model->factor + (size_t) i * (size_t) count;

		if (wc_pace(&model->pace, (int64_t) (i + 1) * (i + 32 + model->n)))
			return WC_CANCELLED;
		for (int32_t j = 0; j <= i; j++)
		{
			const double *other = model->factor + (size_t) j * (size_t) count;
			double sum =
			    i == j ? 1 + NOISE
			           : covariance(model, model->tried[i], model->tried[j]);

			for (int32_t q = 0; q < j; q++)
				sum -= row[q] * other[q];
			/* the noise keeps it positive but for rounding */
			row[j] = i == j ? sqrt(fmax(sum, NOISE / 2)) : sum / other[j];
		}
		*likelihood -= log(row[i]);
		model->solved[i] = model->value[i];
	}
	substitute(model, model->solved);
	for (int32_t i = 0; i < count; i++)
		*likelihood -= model->solved[i] * model->solved[i] / 2;
	for (int32_t i = 0; i < model->n; i++)
	{
		double u = log(model->length[i] / MIDDLE);

		*likelihood -= u * u / 2;
	}
	return WC_OK;
}

/* Choose the lengths; the model is fitted with them afterwards. */
static WcStatus
learn(Model *model)
{
	double most;
	double likelihood;
	WcStatus status;

	for (int32_t i = 0; i < model->n; i++)
		model->length[i] = MIDDLE;
	status = fit(model, &most);
	for (int32_t i = 0; status == WC_OK && i < ROUNDS * model->n; i++)
	{
		double *length = &model->length[i % model->n];
		double best = *length;

		for (size_t l = 0; status == WC_OK && l < 6; l++)
		{
			*length = lengths[l];
			status = fit(model, &likelihood);
			if (status == WC_OK && likelihood > most)
			{
				most = likelihood;
				best = *length;
			}
		}
		*length = best;
	}
	return status == WC_OK ? fit(model, &likelihood) : status;
}

static void
sort_numbers(double *number, int32_t count)
{
	for (int32_t i = 1; i < count; i++)
	{
		double moving = number[i];
		int32_t place = i;

		for (; place > 0 && number[place - 1] > moving; place--)
			number[place] = number[place - 1];
		number[place] = moving;
	}
}

/*
 * Values to a mean of 0 and a deviation of 1, more being better; what has none
 * is as bad as the worst.  False when nothing has one.
 */
static bool
standardize(Model *model, const double *value, bool higher)
{
	int32_t count = model->count;
	int32_t n = 0;
	double low;
	double mean = 0;
	double square = 0;

	for (int32_t i = 0; i < count; i++)
		if (!isnan(value[i]))
			model->row[n++] = higher ? value[i] : -value[i];
	if (n == 0)
		return false;
	sort_numbers(model->row, n);
	low = 2 * model->row[n / 2] - model->row[n - 1];
	if (low < model->row[0] || low == model->row[n - 1])
		low = model->row[0];
	for (int32_t i = 0; i < count; i++)
	{
		double x = higher ? value[i] : -value[i];

		model->value[i] = isnan(x) || x < low ? low : x;
		mean += model->value[i] / count;
	}
	for (int32_t i = 0; i < count; i++)
		square += (model->value[i] - mean) * (model->value[i] - mean) / count;
	model->best = -INFINITY;
	for (int32_t i = 0; i < count; i++)
	{
		model->value[i] =
		    (model->value[i] - mean) / (square > 0 ? sqrt(square) : 1);
		model->best = fmax(model->best, model->value[i]);
	}
	return true;
}

/* By how much a candidate is expected to pass the best. */
static double
improvement(const Model *model, int32_t candidate)
{
	const double root_pi = 3.14159265358979323846;
	double mean = 0;
	double variance = 1;
	double deviation;
	double u;

	for (int32_t i = 0; i < model->count; i++)
		model->row[i] = covariance(model, candidate, model->tried[i]);
	substitute(model, model->row);
	for (int32_t i = 0; i < model->count; i++)
	{
		mean += model->row[i] * model->solved[i];
		variance -= model->row[i] * model->row[i];
	}
	deviation = sqrt(fmax(variance, NOISE * NOISE));
	u = (mean - model->best) / deviation;
	return (mean - model->best) * erfc(-u / sqrt(2)) / 2 +
	       deviation * exp(-u * u / 2) / sqrt(2 * root_pi);
}

/* The candidate to gain most from; the first of equal ones. */
static WcStatus
choose(Model *model, int32_t candidates, const bool *is_tried, int32_t *next)
{
	double most = -INFINITY;
	WcStatus status = learn(model);

	for (int32_t i = 0; status == WC_OK && i < candidates; i++)
	{
		double gain;

		if (is_tried[i])
			continue;
		if (wc_pace(&model->pace,
		            (int64_t) model->count * (model->count / 2 + 32)))
			return WC_CANCELLED;
		gain = improvement(model, i);
		if (gain > most)
		{
			most = gain;
			*next = i;
		}
	}
	return status;
}

WcStatus
wc_tune_next(const WcTuneMemory *memory, int32_t *next, const WcAlloc *alloc,
             const WcHooks *hooks)
{
	Model model = {.n = memory->n,
	               .count = memory->n_tried,
	               .place = memory->place,
	               .tried = memory->tried,
	               .pace = wc_pace_start(hooks)};
	size_t size = (size_t) model.count;
	size_t candidates = (size_t) memory->n_candidates;
	double *numbers;
	bool *is_tried;
	WcStatus status = WC_OK;

	WC_ASSERT(size < candidates && size <= WC_TUNE_MODEL_MAX);
	numbers = wc_alloc_array(alloc, (size + 3) * size, sizeof(double));
	is_tried = wc_alloc_array(alloc, candidates, sizeof(bool));
	if (numbers == NULL || is_tried == NULL)
		status = WC_NO_MEMORY;
	else
	{
		memset(is_tried, 0, sizeof(bool) * candidates);
		for (int32_t i = 0; i < model.count; i++)
			is_tried[model.tried[i]] = true;
		*next = 0;
		while (is_tried[*next])
			++*next;
		model.value = numbers;
		model.solved = numbers + size;
		model.row = numbers + 2 * size;
		model.factor = numbers + 3 * size;
		if (model.count >= FIRST &&
		    standardize(&model, memory->value, memory->higher))
			status = choose(&model, memory->n_candidates, is_tried, next);
	}
	wc_free(alloc, numbers);
	wc_free(alloc, is_tried);
	return status;
}
