/*-------------------------------------------------------------------------
 *
 * history.h
 *	  What a user has already seen, read from the live source.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_HISTORY_H
#define WALS_STORE_HISTORY_H

#include "store/model.h"

/* Item ids of one user's rows, in no order, possibly more than once. */
typedef struct WalsHistory
{
	int64 count;
	int64 capacity;
	WcId *items;
} WalsHistory;

/*
 * Read the rows of a user (a datum of the model's user id type) from the
 * model's source with the caller's rights and snapshot.  42501 without SELECT,
 * 42P01 when the source is gone, 42703 and 42804 when its columns changed; the
 * hints name the argument that does without the source.
 */
extern void wals_history_read(const WalsModel *model, Datum user,
                              WalsHistory *history);

#endif /* WALS_STORE_HISTORY_H */
