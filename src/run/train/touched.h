/*-------------------------------------------------------------------------
 *
 * touched.h
 *	  Who and what a refresh has to look at.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_TOUCHED_H
#define WALS_RUN_TOUCHED_H

#include "run/train/refresh.h"

/*
 * The users and items whose rows have changed, by the queue and the time column;
 * what the queue has is taken out of it.  since NULL means the last time.  55000
 * where nothing says what has changed.
 */
extern void wals_touched_find(WalsRefresh *refresh, const TimestampTz *since,
                              WalsTouched *touched);

#endif /* WALS_RUN_TOUCHED_H */
