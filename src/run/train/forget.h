/*-------------------------------------------------------------------------
 *
 * forget.h
 *	  Take a user out of a model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_FORGET_H
#define WALS_RUN_FORGET_H

#include "run/train/refresh.h"

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

#endif /* WALS_RUN_FORGET_H */
