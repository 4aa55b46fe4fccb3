/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  How many factors, and how much regularization, a training has when nobody
 *	  says.
 *
 * Both go by the shape of the ratings alone.  docs/decisions/0025 has the
 * measurements they were made from.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/ground/internal.h"
#include "core/model/model.h"

/* Users or items, whichever are fewer, for each factor. */
#define ROWS_PER_FACTOR 10

int32_t
wc_factors_choose(WcFeedback feedback, int32_t users, int32_t items)
{
	int32_t fewer = users < items ? users : items;
	int32_t steps =
	    (fewer / ROWS_PER_FACTOR + WC_FACTORS_STEP / 2) / WC_FACTORS_STEP;
	int32_t factors = steps * WC_FACTORS_STEP;

	if (feedback == WC_EXPLICIT || factors < WC_FACTORS_LEAST)
		return WC_FACTORS_LEAST;
	return factors < WC_FACTORS_MOST ? factors : WC_FACTORS_MOST;
}

/*
 * lambda (1 + 16), 16 being the weight of the unobserved cells to that of the
 * others, is the part of the largest singular value below which a direction of
 * taste is given up.  What is noise reaches the higher the fewer entries a user
 * has; with more users or items there is more to be told apart below it.
 */
#define REGULARIZATION_SCALE 0.2
#define REGULARIZATION_MOST 0.03 /* nothing was measured beyond */

double
wc_regularization_choose(int32_t users, int32_t items, int64_t entries)
{
	double larger = users > items ? users : items;
	double per_user = (double) entries / users;

	return fmin(REGULARIZATION_SCALE * pow(pow(per_user, 3) * larger, -1.0 / 7),
	            REGULARIZATION_MOST);
}
