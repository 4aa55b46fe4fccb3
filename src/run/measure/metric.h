/*-------------------------------------------------------------------------
 *
 * metric.h
 *	  What a version's worth is measured by, as SQL names it.
 *
 * The metrics of a list and of predictions are rows of the tables of
 * core/measure/metrics.c; nothing else names one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_METRIC_H
#define WALS_RUN_METRIC_H

#include "core/core.h"

#define WALS_CUT_DEFAULT 10
#define WALS_CUTS_MAX 20 /* lengths of lists that are measured at once */

typedef enum WalsMetricKind
{
	WALS_METRIC_LIST, /* of the best items of a user */
	WALS_METRIC_COVERAGE, /* share of the items that anybody is shown */
	WALS_METRIC_AUC, /* of the whole order */
	WALS_METRIC_RATING /* of predictions, which explicit feedback has */
} WalsMetricKind;

typedef struct WalsMetric
{
	WalsMetricKind kind;
	int place; /* WcCutMetric or WcRatingMetric */
	int32 cut; /* length of the list; 0: none is meant */
} WalsMetric;

/* Most that wals_metric_all gives. */
#define WALS_METRICS_MAX(n_cuts)                                               \
	((WC_CUT_METRICS + 1) * (n_cuts) + 1 + WC_RATING_METRICS)

/*
 * The metric a word means: ndcg@10, auc, rmse; or the default for the feedback
 * if it is NULL.  A name without its length means lists of bare_cut, unless that
 * is 0.  22023 for what is none, only tells, or needs other feedback.
 */
extern WalsMetric wals_metric_read(const char *word, WcFeedback feedback,
                                   int32 bare_cut);

/* Without the length, and with it (palloc'd). */
extern const char *wals_metric_name(const WalsMetric *metric);
extern char *wals_metric_text(const WalsMetric *metric);

/* Whether it is better to have more of it. */
extern bool wals_metric_higher(const WalsMetric *metric);

/* All there are, in the order in which they are told; how many. */
extern int wals_metric_all(int32 n_cuts, const int32 *cuts, bool rated,
                           WalsMetric *metrics);

/* The names of those of predictions, with a word before the last; palloc'd. */
extern char *wals_metric_rating_names(const char *last);

#endif /* WALS_RUN_METRIC_H */
