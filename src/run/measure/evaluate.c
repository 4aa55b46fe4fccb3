/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  How good one version is: means over the users with their standard
 *	  errors, and the same for what needs no model.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/measure/evaluate.h"

int64
wals_measured_skipped(const WalsMeasured *measured, const WalsMetric *metric,
                      int64 n_measured)
{
	return (metric->kind == WALS_METRIC_RATING ? measured->n_pairs
	                                           : measured->n_asked) -
	       n_measured;
}

int
wals_evaluate_run(const WalsEvaluateRequest *request, WalsEvaluateRow **rows)
{
	WalsMetric metrics[WALS_METRICS_MAX(WALS_CUTS_MAX)];
	WalsMeasured measured;
	int n;
	int i;

	wals_measure(request, &measured);
	n = wals_metric_all(request->n_cuts, request->cuts, measured.rated,
	                    metrics);
	*rows = palloc(sizeof(WalsEvaluateRow) * n);
	for (i = 0; i < n; i++)
	{
		WalsEvaluateRow *row = &(*rows)[i];

		row->metric = metrics[i];
		row->mean = wals_summary_mean(&metrics[i], &measured.outcomes[0]);
		row->baseline =
		    wals_summary_mean(&metrics[i], &measured.outcomes[1]).value;
		row->n_skipped =
		    wals_measured_skipped(&measured, &metrics[i], row->mean.n_measured);
	}
	return n;
}
