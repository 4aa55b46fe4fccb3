/*-------------------------------------------------------------------------
 *
 * recommend.h
 *	  Answers from a trained model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RECOMMEND_H
#define WALS_RUN_RECOMMEND_H

#include "run/answer/answer.h"
#include "run/answer/fold.h"
#include "run/answer/search.h"

/* What an unknown user gets. */
typedef enum WalsColdStart
{
	WALS_COLD_POPULAR, /* the items with the most entries */
	WALS_COLD_NONE, /* no rows */
	WALS_COLD_ERROR /* P0002 */
} WalsColdStart;

extern const WalsChoice wals_cold_start_choices[];

typedef struct WalsRecommendRequest
{
	Oid model; /* InvalidOid: the default */
	Oid id_type; /* type of all ids below: int8, text or uuid */
	Datum user;
	const WalsBasket *basket; /* instead of a user, or NULL */
	int32 n;
	bool has_candidates;
	int n_candidates;
	Datum *candidates;
	int n_exclude;
	Datum *exclude;
	bool exclude_seen;
	float min_score; /* -infinity: none */
	WalsColdStart cold_start;
	WalsFoldIn fold_in;
	WalsRules rules; /* for known users and baskets */
} WalsRecommendRequest;

/*
 * The best items for a user or a basket, allocated in the current context; basis says
 * where they come from.
 */
extern int32 wals_recommend_run(const WalsRecommendRequest *request,
                                WalsAnswer **result, const char **basis);

/* The items with the most entries; 42804 unless their ids have this type. */
extern int32 wals_popular_run(Oid model, Oid id_type, int32 n,
                              WalsAnswer **result);

/* The users an item should be shown to (recommend_users.c). */

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

#endif /* WALS_RUN_RECOMMEND_H */
