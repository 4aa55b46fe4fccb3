/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  What a list of recommendations and a prediction are worth.
 *
 * Two tables: whoever adds a row, and its word in measure.h, has added a metric.
 * With T the number of relevant items, those the ranker does not have included,
 * and h_r = 1 where the item of rank r is relevant, the k best items are measured
 * by sums over their ranks.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/measure/metrics.h"

struct WcTop
{
	int32_t cut; /* k */
	int32_t listed; /* items that are ranked, at most k of them */
	int32_t n_relevant; /* T */
	int32_t hits; /* sum h_r */
	double gain; /* sum h_r / log2(r + 1) */
	double ideal; /* the same when the first min(k, T) are relevant */
	double precisions; /* sum h_r (h_1 + .. + h_r) / r */
	double first; /* 1 / r of the first relevant one, 0 without */
	double likes; /* sum over the items; NaN: unknown */
};

static double
precision(const WcTop *top)
{
	return (double) top->hits / top->cut;
}

static double
recall(const WcTop *top)
{
	return (double) top->hits / top->n_relevant;
}

/* min(k, T): so many can be found. */
static inline int32_t
most_hits(const WcTop *top)
{
	return top->cut < top->n_relevant ? top->cut : top->n_relevant;
}

static double
recall_capped(const WcTop *top)
{
	return (double) top->hits / most_hits(top);
}

static double
hit_rate(const WcTop *top)
{
	return top->hits > 0 ? 1 : 0;
}

/* by its most: Järvelin and Kekäläinen 2002 */
static double
ndcg(const WcTop *top)
{
	return top->gain / top->ideal;
}

static double
average_precision(const WcTop *top)
{
	return top->precisions / most_hits(top);
}

static double
reciprocal_rank(const WcTop *top)
{
	return top->first;
}

static double
popularity(const WcTop *top)
{
	return top->listed > 0 ? top->likes / top->listed : NAN;
}

/* In the order of WcCutMetric. */
const WcCutMetricRow wc_cut_metrics[WC_CUT_METRICS] = {
    [WC_PRECISION] = {"precision", true, precision},
    [WC_RECALL] = {"recall", true, recall},
    [WC_RECALL_CAPPED] = {"recall_capped", true, recall_capped},
    [WC_HIT_RATE] = {"hit_rate", true, hit_rate},
    [WC_NDCG] = {"ndcg", true, ndcg},
    [WC_MAP] = {"map", true, average_precision},
    [WC_MRR] = {"mrr", true, reciprocal_rank},
    [WC_POPULARITY] = {"popularity", false, popularity}};

static double
square(double off)
{
	return off * off;
}

const WcRatingMetricRow wc_rating_metrics[WC_RATING_METRICS] = {
    [WC_RMSE] = {"rmse", true, square}, [WC_MAE] = {"mae", false, fabs}};

int32_t
wc_trial_values(const WcTrial *trial)
{
	return trial->n_cuts * WC_CUT_METRICS + 1;
}

bool
wc_discounts_create(int32_t count, WcDiscounts *discounts, const WcAlloc *alloc)
{
	double sum = 0;

	discounts->discount = wc_alloc_array(alloc, (size_t) count, sizeof(double));
	discounts->ideal = wc_alloc_array(alloc, (size_t) count, sizeof(double));
	if (discounts->discount == NULL || discounts->ideal == NULL)
		return false;
	for (int32_t rank = 0; rank < count; rank++)
	{
		discounts->discount[rank] = 1 / log2(rank + 2.0);
		sum += discounts->discount[rank];
		discounts->ideal[rank] = sum;
	}
	return true;
}

void
wc_discounts_free(WcDiscounts *discounts, const WcAlloc *alloc)
{
	wc_free(alloc, discounts->discount);
	wc_free(alloc, discounts->ideal);
}

void
wc_top_measure(const WcTrial *trial, const WcDiscounts *discounts,
               int32_t n_relevant, int32_t count, const WcScored *items,
               const uint8_t *mark, double *values)
{
	WcTop top = {.n_relevant = n_relevant};

	for (int32_t c = 0; c < trial->n_cuts; c++)
	{
		top.cut = trial->cuts[c];
		top.ideal = discounts->ideal[most_hits(&top) - 1];
		for (; top.listed < top.cut && top.listed < count; top.listed++)
		{
			int32_t rank = top.listed;
			int32_t item = items[rank].index;

			top.likes += trial->likes != NULL ? trial->likes[item] : NAN;
			if (mark[item] != WC_MARK_RELEVANT)
				continue;
			top.hits++;
			top.gain += discounts->discount[rank];
			top.precisions += (double) top.hits / (rank + 1);
			if (top.hits == 1)
				top.first = 1.0 / (rank + 1);
		}
		for (int m = 0; m < WC_CUT_METRICS; m++)
			*values++ = wc_cut_metrics[m].measure(&top);
	}
}
