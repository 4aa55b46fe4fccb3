/*-------------------------------------------------------------------------
 *
 * recommend_users.h
 *	  The users an item should be shown to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RECOMMEND_USERS_H
#define WALS_RUN_RECOMMEND_USERS_H

#include "run/answer/answer.h"

typedef struct WalsRecommendUsersRequest
{
	Oid model; /* InvalidOid: the default */
	Oid id_type; /* type of all ids below: int8, text or uuid */
	Datum item;
	int32 n;
	bool has_candidates; /* users */
	int n_candidates;
	Datum *candidates;
	bool exclude_seen; /* leave out users with rows of the item */
} WalsRecommendUsersRequest;

/*
 * The best users for an item, allocated in the current context.  P0002 for an
 * item the version does not have.
 */
extern int32 wals_recommend_users_run(const WalsRecommendUsersRequest *request,
                                      WalsAnswer **result);

#endif /* WALS_RUN_RECOMMEND_USERS_H */
