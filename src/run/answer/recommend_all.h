/*-------------------------------------------------------------------------
 *
 * recommend_all.h
 *	  Recommendations for all users, one row after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RECOMMEND_ALL_H
#define WALS_RUN_RECOMMEND_ALL_H

#include "run/answer/answer.h"

typedef struct WalsRecommendAllRequest
{
	Oid model; /* InvalidOid: the default */
	Oid id_type; /* type of all ids: int8, text or uuid */
	int32 n;
	bool exclude_seen;
	bool has_users; /* only these */
	int n_users;
	Datum *users;
	bool has_candidates; /* items */
	int n_candidates;
	Datum *candidates;
	float min_score; /* -infinity: none */
} WalsRecommendAllRequest;

typedef struct WalsRecommendAllRow
{
	Datum user;
	Datum item;
	float score;
	int32 rank;
} WalsRecommendAllRow;

typedef struct WalsRecommendAll WalsRecommendAll;

/* What is kept between rows lives in context. */
extern WalsRecommendAll *
wals_recommend_all_begin(const WalsRecommendAllRequest *request,
                         MemoryContext context);

/*
 * The next row, users by id, items by rank; false after the last.  Valid until
 * the next call.
 */
extern bool wals_recommend_all_next(WalsRecommendAll *all,
                                    WalsRecommendAllRow *row);

#endif /* WALS_RUN_RECOMMEND_ALL_H */
