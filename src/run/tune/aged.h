/*-------------------------------------------------------------------------
 *
 * aged.h
 *	  Entries of a tuning whose weights fade with age.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_AGED_H
#define WALS_RUN_AGED_H

#include "store/ratings.h"

/* A copy of the ratings with the arrays they have; renumbered ones. */
extern void wals_aged_copy(const WcCoo *coo, WalsJob *job, WcCoo *result);

/*
 * All entries anew, their weights faded by a half-life since newest: the same
 * cells, in the same order, as the ratings were merged to without.
 */
extern void wals_aged_merge(WalsJob *job, const WcParams *params,
                            const WcCoo *arrivals, const WcCsr *all,
                            int64 newest, WcCsr *result);

#endif /* WALS_RUN_AGED_H */
