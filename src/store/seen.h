/*-------------------------------------------------------------------------
 *
 * seen.h
 *	  What many users have seen, read from the live source at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_SEEN_H
#define WALS_STORE_SEEN_H

#include "base/job.h"
#include "store/cache.h"

/*
 * Users to read, as datums of the model's user id type: named one by one, or all
 * between two ids, or all there are.
 */
typedef struct WalsSeenUsers
{
	int n_named;
	Datum *named; /* NULL: not named */
	bool has_range;
	Datum from; /* both included */
	Datum to;
} WalsSeenUsers;

/* What a source has of them, in indexes of its own. */
typedef struct WalsSeen
{
	WalsJob job;
	WcIdMap *users;
	WcIdMap *items;
	WcCoo pairs;
	int64 limit; /* of different pairs */
	bool over_limit; /* there are more, the rest was not kept */
} WalsSeen;

/*
 * Read at most limit different pairs into the current context, with the caller's rights
 * and snapshot; errors as in wals_history_read.  The ids of the range are in
 * the order of the version's rows.
 */
extern void wals_seen_read(const WalsModel *model, const WalsSeenUsers *which,
                           int64 limit, WalsSeen *seen);

/*
 * The same by indexes of the version's rows: users x items without values, in
 * the context seen was read into.  Ids the version does not have are left out.
 * Uses seen up.
 */
extern void wals_seen_sort(WalsSeen *seen, const WalsRows *users,
                           const WalsRows *items, WcCsr *csr);

#endif /* WALS_STORE_SEEN_H */
