/*-------------------------------------------------------------------------
 *
 * rerank.h
 *	  Rules of the house: less of what everybody knows, less of the same, more
 *	  of what nobody can tell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RERANK_H
#define WALS_RUN_RERANK_H

#include "run/answer/search.h"
#include "store/fold.h"

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

#endif /* WALS_RUN_RERANK_H */
