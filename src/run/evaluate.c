/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  Sum up what was measured for one version: means over the users with
 *	  their standard errors, and the same for what needs no model.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "run/evaluate.h"

const char *const wals_cut_metrics[WC_CUT_METRICS] = {
    [WC_PRECISION] = "precision",
    [WC_RECALL] = "recall",
    [WC_RECALL_CAPPED] = "recall_capped",
    [WC_HIT_RATE] = "hit_rate",
    [WC_NDCG] = "ndcg",
    [WC_MAP] = "map",
    [WC_MRR] = "mrr",
    [WC_POPULARITY] = "popularity"};

WalsEvaluateRow
wals_evaluate_mean(const WalsMeasured *measured, const char *metric, int32 cut,
                   int place)
{
	WalsEvaluateRow row = {.metric = metric, .cut = cut};
	WcMoments moments[2] = {{0, 0, 0}, {0, 0, 0}};
	int32 user;
	int side;

	for (side = 0; side < 2; side++)
	{
		const double *values = measured->values[side];

		for (user = 0; values != NULL && user < measured->n_users; user++)
			wc_moments_add(&moments[side],
			               values[(Size) user * measured->n_values + place]);
	}
	row.value = moments[0].n > 0 ? moments[0].mean : NAN;
	row.error = wc_moments_error(&moments[0]);
	row.baseline = moments[1].n > 0 ? moments[1].mean : NAN;
	row.n_users = moments[0].n;
	row.n_skipped = measured->n_asked - moments[0].n;
	return row;
}

WalsEvaluateRow
wals_evaluate_errors(const WalsMeasured *measured, const char *metric,
                     bool square)
{
	WalsEvaluateRow row = {.metric = metric};
	WcRatio ratio[2];
	int64 n_rated = 0;
	int32 user;
	int side;

	memset(ratio, 0, sizeof(ratio));
	for (side = 0; side < 2; side++)
	{
		const WcErrorSums *sums = measured->sums[side];

		for (user = 0; sums != NULL && user < measured->n_users; user++)
		{
			wc_ratio_add(&ratio[side], sums[user].n,
			             square ? sums[user].square : sums[user].absolute);
			n_rated += side == 0 ? sums[user].n : 0;
		}
	}
	row.value = wc_ratio_mean(&ratio[0]);
	row.error = wc_ratio_error(&ratio[0]);
	row.baseline = wc_ratio_mean(&ratio[1]);
	if (square)
	{
		row.value = sqrt(row.value);
		row.error = row.value > 0 ? row.error / (2 * row.value) : NAN;
		row.baseline = sqrt(row.baseline);
	}
	row.n_users = ratio[0].users;
	row.n_skipped = measured->n_pairs - n_rated;
	return row;
}

int
wals_evaluate_run(const WalsEvaluateRequest *request, WalsEvaluateRow **rows)
{
	WalsMeasured measured;
	WalsEvaluateRow *row;
	int metric;
	int cut;

	wals_measure(request, &measured);
	*rows = row = palloc0(sizeof(WalsEvaluateRow) *
	                      ((WC_CUT_METRICS + 1) * request->n_cuts + 3));
	for (metric = 0; metric < WC_CUT_METRICS; metric++)
		for (cut = 0; cut < request->n_cuts; cut++)
			*row++ = wals_evaluate_mean(&measured, wals_cut_metrics[metric],
			                            request->cuts[cut],
			                            cut * WC_CUT_METRICS + metric);
	for (cut = 0; cut < request->n_cuts; cut++)
	{
		*row = wals_evaluate_mean(&measured, "coverage", request->cuts[cut],
		                          cut * WC_CUT_METRICS);
		row->value = measured.coverage[0][cut];
		row->error = NAN;
		row->baseline = measured.coverage[1][cut];
		row++;
	}
	*row++ = wals_evaluate_mean(&measured, "auc", 0, measured.n_values - 1);
	if (measured.rated)
	{
		*row++ = wals_evaluate_errors(&measured, "rmse", true);
		*row++ = wals_evaluate_errors(&measured, "mae", false);
	}
	return (int) (row - *rows);
}
