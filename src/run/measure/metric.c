/*-------------------------------------------------------------------------
 *
 * metric.c
 *	  What a version's worth is measured by, as SQL names it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/args.h"
#include "run/measure/metric.h"

const char *
wals_metric_name(const WalsMetric *metric)
{
	switch (metric->kind)
	{
		case WALS_METRIC_LIST:
			return wc_cut_metrics[metric->place].name;
		case WALS_METRIC_COVERAGE:
			return "coverage";
		case WALS_METRIC_AUC:
			return "auc";
		case WALS_METRIC_RATING:
			return wc_rating_metrics[metric->place].name;
	}
	return NULL;
}

char *
wals_metric_text(const WalsMetric *metric)
{
	const char *name = wals_metric_name(metric);

	return metric->cut > 0 ? psprintf("%s@%d", name, metric->cut)
	                       : pstrdup(name);
}

bool
wals_metric_higher(const WalsMetric *metric)
{
	return metric->kind != WALS_METRIC_RATING;
}

int
wals_metric_all(int32 n_cuts, const int32 *cuts, bool rated,
                WalsMetric *metrics)
{
	int n = 0;
	int place;
	int cut;

	for (place = 0; place < WC_CUT_METRICS; place++)
		for (cut = 0; cut < n_cuts; cut++)
			metrics[n++] = (WalsMetric){WALS_METRIC_LIST, place, cuts[cut]};
	for (cut = 0; cut < n_cuts; cut++)
		metrics[n++] = (WalsMetric){WALS_METRIC_COVERAGE, 0, cuts[cut]};
	metrics[n++] = (WalsMetric){.kind = WALS_METRIC_AUC};
	for (place = 0; rated && place < WC_RATING_METRICS; place++)
		metrics[n++] = (WalsMetric){WALS_METRIC_RATING, place, 0};
	return n;
}

/* Append a name to those before; of the last one it is known that it is. */
static void
append_name(StringInfo names, const char *name, const char *last, bool is_last)
{
	if (names->len > 0 && is_last)
		appendStringInfo(names, " %s ", last);
	else if (names->len > 0)
		appendStringInfoString(names, ", ");
	appendStringInfoString(names, name);
}

char *
wals_metric_rating_names(const char *last)
{
	StringInfoData names;
	int place;

	initStringInfo(&names);
	for (place = 0; place < WC_RATING_METRICS; place++)
		append_name(&names, wc_rating_metrics[place].name, last,
		            place == WC_RATING_METRICS - 1);
	return names.data;
}

/* The names of those of a list that judge. */
static char *
list_names(const char *last)
{
	StringInfoData names;
	int n = 0;
	int place;

	for (place = 0; place < WC_CUT_METRICS; place++)
		n += wc_cut_metrics[place].judges;
	initStringInfo(&names);
	for (place = 0; place < WC_CUT_METRICS; place++)
		if (wc_cut_metrics[place].judges)
			append_name(&names, wc_cut_metrics[place].name, last, --n == 0);
	return names.data;
}

/* What stands behind the @, or bare_cut; 0: no length. */
static int32
read_cut(const char *at, int32 bare_cut)
{
	char *end = NULL;
	long cut;

	if (*at == '\0')
		return bare_cut;
	if (at[1] < '0' || at[1] > '9')
		return 0;
	errno = 0;
	cut = strtol(at + 1, &end, 10);
	if (errno != 0 || *end != '\0' || cut < 1 || cut > WC_CUT_MAX)
		return 0;
	return (int32) cut;
}

static bool
read_list(const char *word, int32 bare_cut, WalsMetric *metric)
{
	Size length = strcspn(word, "@");
	int place;

	for (place = 0; place < WC_CUT_METRICS; place++)
	{
		const WcCutMetricRow *row = &wc_cut_metrics[place];

		if (!row->judges || strlen(row->name) != length ||
		    strncmp(row->name, word, length) != 0)
			continue;
		*metric = (WalsMetric){WALS_METRIC_LIST, place,
		                       read_cut(word + length, bare_cut)};
		return metric->cut > 0;
	}
	return false;
}

static bool
read_rating(const char *word, WalsMetric *metric)
{
	int place;

	for (place = 0; place < WC_RATING_METRICS; place++)
		if (strcmp(word, wc_rating_metrics[place].name) == 0)
		{
			*metric = (WalsMetric){WALS_METRIC_RATING, place, 0};
			return true;
		}
	return false;
}

WalsMetric
wals_metric_read(const char *word, WcFeedback feedback, int32 bare_cut)
{
	bool is_explicit = feedback == WC_EXPLICIT;
	WalsMetric metric = {.kind = WALS_METRIC_AUC};

	if (word == NULL && is_explicit)
		return (WalsMetric){WALS_METRIC_RATING, WC_RMSE, 0};
	if (word == NULL)
		return (WalsMetric){WALS_METRIC_LIST, WC_NDCG,
		                    bare_cut > 0 ? bare_cut : WALS_CUT_DEFAULT};
	if (strcmp(word, wals_metric_name(&metric)) == 0 ||
	    read_list(word, bare_cut, &metric))
		return metric;
	if (!read_rating(word, &metric))
		wals_option_refuse(
		    "metric", psprintf("There is no metric \"%s\".", word),
		    psprintf("Use %s with a length of at most %d, such as ndcg@10; "
		             "auc; for explicit feedback %s.",
		             list_names("or"), WC_CUT_MAX,
		             wals_metric_rating_names("or")));
	else if (!is_explicit)
		wals_option_refuse(
		    "metric",
		    psprintf("The metric is %s, which only feedback explicit has: "
		             "other scores are no predictions of the value.",
		             word),
		    "Use metric => 'ndcg@10'.");
	return metric;
}
