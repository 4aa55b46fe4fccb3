/*-------------------------------------------------------------------------
 *
 * test_metrics.c
 *	  The tables of metrics; and a list by hand.  Rankings of many users, and a
 *	  slow twin of every metric, are in test_ranking.c.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "check.h"

#include "core/measure/metrics.h"

/* Every metric has its row, and a name of its own. */
static void
test_tables(void)
{
	const char *names[WC_CUT_METRICS + WC_RATING_METRICS];
	int n = 0;

	for (int m = 0; m < WC_CUT_METRICS; m++)
	{
		CHECK(wc_cut_metrics[m].measure != NULL);
		names[n++] = wc_cut_metrics[m].name;
	}
	for (int m = 0; m < WC_RATING_METRICS; m++)
	{
		CHECK(wc_rating_metrics[m].measure != NULL);
		names[n++] = wc_rating_metrics[m].name;
	}
	for (int a = 0; a < n; a++)
	{
		CHECK(names[a] != NULL && strchr(names[a], '@') == NULL);
		for (int b = 0; b < a; b++)
			CHECK(strcmp(names[a], names[b]) != 0);
	}
	CHECK(strcmp(wc_cut_metrics[WC_NDCG].name, "ndcg") == 0);
	CHECK(strcmp(wc_rating_metrics[WC_RMSE].name, "rmse") == 0);
}

/* Hits at ranks 2 and 3 of 4, of 3 relevant items; cuts 1 and 10. */
static void
test_list(void)
{
	static const int32_t cuts[] = {1, 10};
	static const int32_t likes[] = {7, 5, 3, 1};
	static const uint8_t mark[] = {WC_MARK_NONE, WC_MARK_RELEVANT,
	                               WC_MARK_RELEVANT, WC_MARK_SEEN};
	static const WcScored items[] = {{4, 0}, {3, 1}, {2, 2}, {1, 3}};
	WcTrial trial = {.likes = likes, .n_cuts = 2, .cuts = cuts};
	double values[2 * WC_CUT_METRICS];
	const double *at = values + WC_CUT_METRICS;
	double gain = 1 / log2(3) + 0.5;
	WcDiscounts discounts;

	CHECK(wc_discounts_create(10, &discounts, &check_alloc));
	CHECK_NEAR(discounts.ideal[2], 1 + gain, 1e-15);
	wc_top_measure(&trial, &discounts, 3, 4, items, mark, values);
	for (int m = 0; m < WC_POPULARITY; m++)
		CHECK(values[m] == 0);
	CHECK(values[WC_POPULARITY] == 7);
	CHECK_NEAR(at[WC_PRECISION], 0.2, 1e-15);
	CHECK_NEAR(at[WC_RECALL], 2 / 3.0, 1e-15);
	CHECK_NEAR(at[WC_RECALL_CAPPED], 2 / 3.0, 1e-15);
	CHECK(at[WC_HIT_RATE] == 1 && at[WC_MRR] == 0.5);
	CHECK_NEAR(at[WC_NDCG], gain / (1 + gain), 1e-15);
	CHECK_NEAR(at[WC_MAP], (0.5 + 2 / 3.0) / 3, 1e-15);
	CHECK(at[WC_POPULARITY] == 4);
	trial.likes = NULL;
	wc_top_measure(&trial, &discounts, 3, 4, items, mark, values);
	CHECK(isnan(at[WC_POPULARITY]) && at[WC_HIT_RATE] == 1);
	wc_discounts_free(&discounts, &check_alloc);
}

int
main(void)
{
	test_tables();
	test_list();
	return check_report("test_metrics");
}
