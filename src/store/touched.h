/*-------------------------------------------------------------------------
 *
 * touched.h
 *	  Users and items with rows that are new, by the times of rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_TOUCHED_H
#define WALS_STORE_TOUCHED_H

#include "store/queue.h"

/* Add the users and items of all rows of a checked source. */
extern void wals_touched_all(const WalsSource *source, const WalsModel *model,
                             const WalsJob *job, WalsTouched *touched);

/*
 * The same of rows whose time is not before since, in the unit that
 * wals_time_reader gives; needs time_col.  newest is what was known before, and
 * becomes what is known now; rows that were looked at then are left out.
 */
extern void wals_touched_since(const WalsSource *source, int64 since,
                               const WalsModel *model, const WalsJob *job,
                               WalsNewest *newest, WalsTouched *touched);

#endif /* WALS_STORE_TOUCHED_H */
