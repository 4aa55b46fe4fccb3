/*-------------------------------------------------------------------------
 *
 * refresh.h
 *	  Bring a version up to date with the rows that have changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_REFRESH_H
#define WALS_RUN_REFRESH_H

#include "base/args.h"
#include "run/train/train.h"
#include "store/objective.h"
#include "store/queue.h"
#include "store/record.h"
#include "store/side.h"

/* Which of the items with changed rows are solved. */
typedef enum WalsRefreshItems
{
	WALS_REFRESH_NEW, /* those the version does not have */
	WALS_REFRESH_TOUCHED, /* all */
	WALS_REFRESH_ALL /* and those whose rows have not changed */
} WalsRefreshItems;

extern const WalsChoice wals_refresh_items_choices[];

/* Rows of a version that were written, and those that were deleted. */
typedef struct WalsRefreshCounts
{
	int64 updated;
	int64 added;
	int64 removed;
} WalsRefreshCounts;

typedef struct WalsRefreshResult
{
	WalsRefreshCounts users;
	WalsRefreshCounts items;
} WalsRefreshResult;

/* A version on its way from one state to the next. */
typedef struct WalsRefresh
{
	WalsModel model;
	WalsRecord record;
	WalsObjective objective;
	WalsTrainRequest request; /* source and options of the training */
	bool has_source; /* the source is there, and what it says was checked */
	bool has_objective; /* the others are known */
	WalsJob job;
	TimestampTz started_at;
	WalsProgress progress;
	int64 entries; /* how many more there are */
	WalsNewest newest; /* of the time column, if it was asked */
	WalsNaming row_naming; /* of tables of weights now */
	WalsNaming col_naming;
	WalsRefreshResult result;
} WalsRefresh;

/*
 * Lock a model of the caller's and read its active version: 42501, 55P03,
 * 25006, 55000, 40001.  Between wals_query_begin and wals_query_end; command
 * is for messages.  An imported version may lack source and objective.
 */
extern void wals_refresh_open(WalsRefresh *refresh, Oid argument,
                              WalsCommand command);
extern void wals_refresh_close(WalsRefresh *refresh);

/* A set of ids of a side, and what joins another one to it. */
extern WcIdMap *wals_refresh_ids(const WalsRefresh *refresh, WcSide side);
extern void wals_refresh_unite(const WalsRefresh *refresh, WcIdMap *ids,
                               const WcIdMap *more);

/* Errors for what is missing to solve anything. */
extern void wals_refresh_check(WalsRefresh *refresh);

/*
 * Solve these users and items from the source's rows of this moment and write
 * what comes out.  With items that are solved: those users first, then the
 * items, then the users again and all who have rows of these items.
 */
extern void wals_refresh_solve(WalsRefresh *refresh, WcIdMap *users,
                               WcIdMap *items, WalsRefreshItems which);

/* SELECT wals_refresh(...): since NULL means the last time. */
extern void wals_refresh_run(Oid model, const TimestampTz *since,
                             WalsRefreshItems items, WalsRefreshResult *result);

/* Who and what a refresh has to look at (touched.c). */

/*
 * The users and items whose rows have changed, by the queue and the time column;
 * what the queue has is taken out of it.  since NULL means the last time.  55000
 * where nothing says what has changed.
 */
extern void wals_touched_find(WalsRefresh *refresh, const TimestampTz *since,
                              WalsTouched *touched);

/* Take a user out of a model (forget.c). */

/* Which items are solved without the user. */
typedef enum WalsForgetItems
{
	WALS_FORGET_RATED, /* those of the user's rows, where these are known */
	WALS_FORGET_ALL
} WalsForgetItems;

extern const WalsChoice wals_forget_items_choices[];

typedef struct WalsForgetResult
{
	int32 versions; /* that had the user */
	int64 rows_deleted; /* from the source */
	WalsRefreshResult solved;
} WalsForgetResult;

/*
 * SELECT wals_forget(...): user is of id_type.  55000 when the source has rows of
 * the user, unless delete_rows says to delete them.
 */
extern void wals_forget_run(Oid model, Oid id_type, Datum user,
                            bool delete_rows, WalsForgetItems items,
                            WalsForgetResult *result);

#endif /* WALS_RUN_REFRESH_H */
