/*-------------------------------------------------------------------------
 *
 * evaluate.c
 *	  How good one version is: means over the users with their standard
 *	  errors, and the same for what needs no model; and whether one side is
 *	  better than the other: the differences, user by user.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/hint.h"
#include "run/measure/evaluate.h"
#include "store/output.h"
#include "store/query.h"

/* What could not be measured: users, or predictions. */
static int64
skipped(const WalsMeasured *measured, const WalsMetric *metric,
        int64 n_measured)
{
	return (metric->kind == WALS_METRIC_RATING ? measured->n_pairs
	                                           : measured->n_asked) -
	       n_measured;
}

/* Measure, and say which metrics there are. */
static int
measure(const WalsEvaluateRequest *request, WalsMeasured *measured,
        WalsMetric *metrics)
{
	wals_measure(request, measured);
	return wals_metric_all(request->n_cuts, request->cuts, measured->rated,
	                       metrics);
}

static int
evaluate(const WalsEvaluateRequest *request, WalsMeasured *measured,
         WalsEvaluateRow **rows)
{
	WalsMetric metrics[WALS_METRICS_MAX(WALS_CUTS_MAX)];
	int n = measure(request, measured, metrics);
	int i;

	*rows = palloc(sizeof(WalsEvaluateRow) * n);
	for (i = 0; i < n; i++)
	{
		WalsEvaluateRow *row = &(*rows)[i];

		row->metric = metrics[i];
		row->mean = wals_summary_mean(&metrics[i], &measured->outcomes[0]);
		row->baseline =
		    wals_summary_mean(&metrics[i], &measured->outcomes[1]).value;
		row->n_skipped = skipped(measured, &metrics[i], row->mean.n_measured);
	}
	return n;
}

int
wals_evaluate_run(const WalsEvaluateRequest *request, WalsEvaluateRow **rows)
{
	WalsMeasured measured;

	return evaluate(request, &measured, rows);
}

void
wals_evaluate_into_run(const WalsEvaluateRequest *request, const char *table)
{
	WalsFigures figures;
	WalsEvaluateRow *rows;
	WalsMeasured measured;
	int count;
	int i;

	PreventCommandIfReadOnly("wals_evaluate_into()");
	PreventCommandIfParallelMode("wals_evaluate_into()");
	wals_output_open(&wals_figures_form, table, &figures.output);
	figures.evaluated_at = GetCurrentTimestamp();
	count = evaluate(request, &measured, &rows);
	figures.test = measured.test;
	figures.model = measured.model;
	figures.version = measured.version;
	wals_query_begin();
	wals_output_create(&figures.output);
	for (i = 0; i < count; i++)
	{
		WalsFigureRow row = {wals_metric_name(&rows[i].metric),
		                     rows[i].metric.cut,
		                     rows[i].mean.value,
		                     rows[i].mean.error,
		                     rows[i].baseline,
		                     rows[i].mean.n_users,
		                     rows[i].n_skipped};

		wals_figures_put(&figures, &row);
	}
	wals_query_end();
}

/* The p values of single versions are read as if they were about options. */
static void
tell_single(const WalsEvaluateRequest *request)
{
	if (request->n_models > 2)
		return;
	ereport(
	    NOTICE,
	    (errmsg("the p values are about these two versions, not about their "
	            "options"),
	     errdetail("Versions trained with the same options and other seeds "
	               "differ more than users alone explain."),
	     wals_hint("To compare options, train several versions with each, with "
	               "different seeds, and name them: versions_a => '{1,2,3}', "
	               "versions_b => '{4,5,6}'.")));
}

int
wals_compare_run(const WalsEvaluateRequest *request, WalsCompareRow **rows)
{
	int versions[2] = {request->n_first, request->n_models - request->n_first};
	WalsMetric metrics[WALS_METRICS_MAX(WALS_CUTS_MAX)];
	WalsMeasured measured;
	int n = measure(request, &measured, metrics);
	int i;

	*rows = palloc(sizeof(WalsCompareRow) * n);
	for (i = 0; i < n; i++)
	{
		WalsCompareRow *row = &(*rows)[i];

		row->metric = metrics[i];
		row->difference =
		    wals_summary_difference(&metrics[i], measured.outcomes, versions);
		row->n_skipped =
		    skipped(&measured, &metrics[i], row->difference.n_measured);
	}
	tell_single(request);
	return n;
}
