/*-------------------------------------------------------------------------
 *
 * search.h
 *	  One search of a version's rows.
 *
 * Who answers fills a WalsSearch once: whose rows, by which vector, which of
 * them; and hands it on as it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SEARCH_H
#define WALS_RUN_SEARCH_H

#include "run/answer/answer.h"
#include "store/fold.h"

typedef struct WalsSearch
{
	const WalsRows *rows;
	int32 n; /* of the best, not more than there are rows */
	WcQuery query;
} WalsSearch;

/* All rows, without a vector yet; n as it was asked for. */
extern WalsSearch wals_search_of(const WalsRows *rows, int32 n);

/* By the scores of somebody; XX001 unless the lengths are the same. */
extern void wals_search_by(WalsSearch *search, const WalsUserVector *vector);

/* Only these ids, of those the version has. */
extern void wals_search_among(WalsSearch *search, Oid id_type, int n,
                              const Datum *ids);

/* Room for what is found. */
extern WcScored *wals_search_room(const WalsSearch *search);

/*
 * The n best rows by score base + bias + factors . vector, see wc_search; XX001
 * names a row whose score is not finite.  Returns how many there are.
 */
extern int32 wals_search_run(const WalsSearch *search, WcScored *result);

/*
 * Rules of the house: less of what everybody knows, less of the same, more of
 * what nobody can tell (rerank.c).
 */

typedef struct WalsRules
{
	float popularity_penalty; /* 0 or more, finite; 0: none */
	float diversity; /* 0 to 1; 0: none */
	float explore; /* 0 or more, finite; 0: none */
} WalsRules;

/* Limits of the pool diversity chooses from, and of the places it fills. */
#define WALS_POOL_FACTOR 10 /* times n */
#define WALS_POOL_MIN 100
#define WALS_POOL_MAX 10000
#define WALS_DIVERSE_PLACES 1000

/*
 * wals_search_run under rules: the n best in the order they ask for, with the
 * scores they have without.  fold has the user folded in, with entries, as
 * exploration needs it; NULL: there is none.  Without rules it is that search.
 */
extern int32 wals_rerank_search(const WalsSearch *search,
                                const WalsRules *rules, WcFold *fold,
                                WcScored *result);

#endif /* WALS_RUN_SEARCH_H */
