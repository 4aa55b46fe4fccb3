/*-------------------------------------------------------------------------
 *
 * variety.c
 *	  Whether a trained model can tell items apart, and users.
 *
 * Too much regularization takes every factor to 0, and values that are all the
 * same leave nothing to learn: such a model answers, with items in the order of
 * their ids, and nobody is told.  So a training looks at the scores of a few of
 * its users, taken evenly from all of them: do they differ, and are the best
 * items others for other users?
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/ground/internal.h"
#include "core/measure/measure.h"

#define SAMPLE_MAX 200 /* users */
#define SCORES_MAX 8e6 /* of all of them together, but for two users */

/* Scores that differ by less than this part of what they may be are the same. */
#define SAME 1e-6

typedef struct Best
{
	int32_t count;
	int32_t item[WC_VARIETY_BEST];
	float score[WC_VARIETY_BEST];
} Best;

/* Put an item in its place; of equal ones the first comes first. */
static void
add_item(Best *best, int32_t most, int32_t item, float score)
{
	int32_t place = best->count;

	if (place == most && !(score > best->score[place - 1]))
		return;
	if (place == most)
		place--;
	else
		best->count++;
	for (; place > 0 && score > best->score[place - 1]; place--)
	{
		best->item[place] = best->item[place - 1];
		best->score[place] = best->score[place - 1];
	}
	best->item[place] = item;
	best->score[place] = score;
}

/* The length of the longest vector of an item, and the largest bias. */
static bool
measure_items(const WcModel *model, double *longest, double *bias, WcPace *pace)
{
	int32_t k = model->factors;

	*longest = 0;
	*bias = 0;
	for (int32_t j = 0; j < model->items; j++)
	{
		const float *y = model->item_factors + (size_t) j * k;

		*longest = fmax(*longest, sqrt(wc_dot(k, y, y)));
		if (model->item_bias != NULL)
			*bias = fmax(*bias, fabsf(model->item_bias[j]));
		if (wc_pace(pace, k))
			return false;
	}
	return true;
}

/* The best items of a user, and the distance of the best and worst score. */
static bool
rank_items(const WcModel *model, int32_t user, int32_t most, Best *best,
           double *distance, WcPace *pace)
{
	int32_t k = model->factors;
	const float *x = model->user_factors + (size_t) user * k;
	float least = INFINITY;
	float largest = -INFINITY;

	best->count = 0;
	for (int32_t j = 0; j < model->items; j++)
	{
		float score = wc_dot(k, x, model->item_factors + (size_t) j * k);

		if (model->item_bias != NULL)
			score += model->item_bias[j];
		add_item(best, most, j, score);
		least = fminf(least, score);
		largest = fmaxf(largest, score);
		if (wc_pace(pace, k))
			return false;
	}
	*distance = (double) largest - least;
	return true;
}

WcStatus
wc_model_variety(const WcModel *model, WcVariety *variety, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);
	int32_t k = model->factors;
	int32_t half = (model->items + 1) / 2;
	int32_t most = half < WC_VARIETY_BEST ? half : WC_VARIETY_BEST;
	double room = SCORES_MAX / (model->items > 0 ? model->items : 1);
	int32_t sample = model->users < SAMPLE_MAX ? model->users : SAMPLE_MAX;
	double longest;
	double bias;
	Best first;

	memset(variety, 0, sizeof(*variety));
	variety->one_list = true;
	if (sample > room)
		sample = room < 2 ? 2 : (int32_t) room;
	if (!measure_items(model, &longest, &bias, &pace))
		return WC_CANCELLED;
	for (int32_t s = 0; s < sample; s++)
	{
		int32_t user = (int32_t) ((int64_t) s * model->users / sample);
		const float *x = model->user_factors + (size_t) user * k;
		double largest = sqrt(wc_dot(k, x, x)) * longest + bias;
		double distance;
		Best best;

		if (!rank_items(model, user, most, &best, &distance, &pace))
			return WC_CANCELLED;
		if (s == 0)
			first = best;
		variety->users++;
		variety->flat += distance <= SAME * largest ? 1 : 0;
		if (memcmp(first.item, best.item,
		           (size_t) best.count * sizeof(int32_t)) != 0)
			variety->one_list = false;
	}
	return WC_OK;
}
