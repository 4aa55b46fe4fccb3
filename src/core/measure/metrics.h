/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  Measuring the beginning of one user's order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_METRICS_H
#define WALS_CORE_METRICS_H

#include "core/ground/internal.h"
#include "core/measure/measure.h"

/* What an item is to the user at hand. */
enum
{
	WC_MARK_NONE,
	WC_MARK_RELEVANT,
	WC_MARK_SEEN
};

/* Weights of ranks, for those who look at them more the better they are. */
typedef struct WcDiscounts
{
	double *discount; /* 1 / log2(r + 1) for r = 1, ... */
	double *ideal; /* the sum of the first r of them */
} WcDiscounts;

/* For ranks up to count; false when there is no memory, free it all the same. */
extern bool wc_discounts_create(int32_t count, WcDiscounts *discounts,
                                const WcAlloc *alloc);
extern void wc_discounts_free(WcDiscounts *discounts, const WcAlloc *alloc);

/*
 * All WcCutMetric of each cut of a trial: of count items, the best first, those
 * with WC_MARK_RELEVANT; n_relevant > 0 should be found.
 */
extern void wc_top_measure(const WcTrial *trial, const WcDiscounts *discounts,
                           int32_t n_relevant, int32_t count,
                           const WcScored *items, const uint8_t *mark,
                           double *values);

#endif /* WALS_CORE_METRICS_H */
