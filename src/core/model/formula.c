/*-------------------------------------------------------------------------
 *
 * formula.c
 *	  What an objective makes of ratings and counts: weights, targets, lambda.
 *
 * problem.c asks for all rows of a training, fold_rows.c and fold.c for one row
 * more, the solvers, loss.c and baseline.c for the entries of a row at hand.
 * Arrays are in float32, as a problem keeps them; each number is rounded once.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "core/model/formula.h"

static double
g(const WcParams *params, double r)
{
	switch (params->weighting)
	{
		case WC_WEIGHT_LINEAR:
			return params->alpha * r;
		case WC_WEIGHT_LOG:
			return params->alpha * log1p(r / params->epsilon);
		case WC_WEIGHT_CONSTANT:
		case WC_WEIGHT_COUNTS:
		case WC_WEIGHT_NONE:
			break;
	}
	return 1;
}

bool
wc_by_value(WcWeighting weighting)
{
	return weighting == WC_WEIGHT_LINEAR || weighting == WC_WEIGHT_LOG;
}

int
wc_g_words(const WcParams *params, size_t size, char *text)
{
	char alpha[32] = "";

	if (params->alpha != 1.0)
		snprintf(alpha, sizeof(alpha), "%g ", params->alpha);
	if (params->weighting == WC_WEIGHT_LINEAR)
		return snprintf(text, size, "%s|r|", alpha);
	if (params->epsilon != 1.0)
		return snprintf(text, size, "%slog(1 + |r| / %g)", alpha,
		                params->epsilon);
	return snprintf(text, size, "%slog(1 + |r|)", alpha);
}

void
wc_weigh_values(const WcParams *params, int64_t count, const float *value,
                bool fresh, float *weight)
{
	for (int64_t e = 0; e < count; e++)
	{
		double factor = g(params, value == NULL ? 1.0 : fabs(value[e]));

		weight[e] = (float) (fresh ? factor : factor * weight[e]);
	}
}

static inline double
counted(int64_t entries)
{
	return entries > 0 ? (double) entries : 1.0;
}

WcStatus
wc_raise_counts(int32_t rows, const int32_t *count, double exponent,
                bool normalize, float **scale, double *divided,
                const WcAlloc *alloc, WcPace *pace)
{
	double reference = 1.0;

	*scale = NULL;
	if (exponent == 0.0)
		return WC_OK;
	*scale = wc_alloc_array(alloc, (size_t) rows, sizeof(float));
	if (*scale == NULL)
		return WC_NO_MEMORY;
	for (int32_t i = 0; normalize && exponent > 0.0 && i < rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		reference = fmax(reference, counted(count[i]));
	}
	*divided *= pow(reference, exponent);
	for (int32_t i = 0; i < rows; i++)
	{
		if (wc_pace(pace, 8))
			return WC_CANCELLED;
		(*scale)[i] = (float) pow(counted(count[i]) / reference, exponent);
	}
	return WC_OK;
}

WcStatus
wc_multiply_given(int32_t rows, const float *given, float **scale,
                  const WcAlloc *alloc, WcPace *pace)
{
	bool created = *scale == NULL;

	if (given == NULL)
		return WC_OK;
	if (created)
		*scale = wc_alloc_array(alloc, (size_t) rows, sizeof(float));
	if (*scale == NULL)
		return WC_NO_MEMORY;
	for (int32_t i = 0; i < rows; i++)
	{
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		(*scale)[i] = created ? given[i] : (*scale)[i] * given[i];
	}
	return WC_OK;
}

WcStatus
wc_popularity(const WcParams *params, int32_t items, const int32_t *entries,
              WcPopularity *popularity, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	popularity->sum = 0;
	popularity->items = items;
	for (int32_t j = 0; wc_by_popularity(params) && j < items; j++)
	{
		if (wc_pace(&pace, 8))
			return WC_CANCELLED;
		popularity->sum +=
		    pow(counted(entries[j]), params->popularity_exponent);
	}
	return WC_OK;
}

float
wc_popularity_share(const WcParams *params, int64_t entries,
                    WcPopularity popularity)
{
	if (!wc_by_popularity(params))
		return 1;
	return (float) (pow(counted(entries), params->popularity_exponent) *
	                popularity.items / popularity.sum);
}

WcStatus
wc_set_shares(const WcParams *params, int32_t items, const int32_t *count,
              float **share, double *total, const WcAlloc *alloc, WcPace *pace)
{
	WcPopularity popularity;
	WcStatus status;

	*share = NULL;
	*total = items;
	if (!wc_by_popularity(params))
		return WC_OK;
	*share = wc_alloc_array(alloc, (size_t) items, sizeof(float));
	if (*share == NULL)
		return WC_NO_MEMORY;
	status = wc_popularity(params, items, count, &popularity, pace->hooks);
	*total = 0;
	for (int32_t j = 0; status == WC_OK && j < items; j++)
	{
		if (wc_pace(pace, 8))
			return WC_CANCELLED;
		(*share)[j] = wc_popularity_share(params, count[j], popularity);
		*total += (*share)[j];
	}
	return status;
}

WcStatus
wc_set_lambda(const WcParams *params, WcSide side, int32_t row, double weight,
              float *lambda, WcError *error)
{
	double exact = wc_row_lambda(params, weight);

	*lambda = (float) exact;
	if (!isfinite(*lambda))
		return wc_fail(error, WC_LAMBDA_TOO_LARGE, side, row, -1,
		               "The regularization of the row is %g, the largest is "
		               "%g.",
		               exact, (double) FLT_MAX);
	return WC_OK;
}

WcRows
wc_rows_of(const WcProblem *problem, WcSide side)
{
	bool users = side == WC_USERS;
	const WcCsr *csr = users ? &problem->by_user : &problem->by_item;
	WcRows rows = {
	    .rows = csr->rows,
	    .cols = csr->cols,
	    .start = csr->start,
	    .all = {.count = csr->nnz,
	            .col = csr->col,
	            .value = csr->value,
	            .weight = csr->weight,
	            .col_scale = users ? problem->item_scale : problem->user_scale,
	            .col_share = users ? problem->unobserved : NULL,
	            .scale = problem->base_weight,
	            .unobserved = problem->w0},
	    .row_scale = users ? problem->user_scale : problem->item_scale,
	    .row_share = users ? NULL : problem->unobserved};

	return rows;
}

void
wc_term_coefficients(const WcTerms *terms, int64_t e, int32_t count,
                     float *restrict weight, float *restrict right)
{
	const int32_t *restrict col = terms->col + e;
	const float *restrict value =
	    terms->value != NULL ? terms->value + e : NULL;
	const float *restrict share = terms->col_share;
	const float *restrict bias = terms->col_bias;
	float unobserved = (float) terms->unobserved;

	for (int32_t i = 0; i < count; i++)
		weight[i] = wc_term_weight(terms, e + i);
	if (share != NULL)
		for (int32_t i = 0; i < count; i++)
			right[i] = weight[i] + unobserved * share[col[i]];
	else
		for (int32_t i = 0; i < count; i++)
			right[i] = weight[i] + unobserved;
	if (bias != NULL)
		for (int32_t i = 0; i < count; i++)
		{
			double target = value != NULL ? value[i] : 1.0;

			right[i] *= (float) (target - bias[col[i]]);
		}
	else if (value != NULL)
		for (int32_t i = 0; i < count; i++)
			right[i] *= value[i];
	for (int32_t i = 0; i < count; i++)
		weight[i] = weight[i] < FLT_MIN ? 0 : weight[i];
}
