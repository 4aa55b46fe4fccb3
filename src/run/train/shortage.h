/*-------------------------------------------------------------------------
 *
 * shortage.h
 *	  Too few users or items for a model: what was left out, and why.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SHORTAGE_H
#define WALS_RUN_SHORTAGE_H

#include "core/core.h"
#include "store/ratings.h"

/* A model needs two users and two items. */
#define WALS_ROWS_MIN 2

/* What there was, and what is left. */
typedef struct WalsShortage
{
	const char *relation; /* its name */
	const char *purpose; /* "train on", "tune on" */
	const WalsRatings *ratings;
	const WcParams *params;
	int64 n_zero; /* cells whose value was 0 */
	int64 n_held_out;
	int32 users; /* with entries enough */
	int32 items;
} WalsShortage;

/* Raise 22023 if there are too few. */
extern void wals_shortage_check(const WalsShortage *shortage);

/* Rows that were left out: with a NULL, with weight 0, with value 0. */
extern int64 wals_left_out(const WalsRatings *ratings, int64 n_zero);

/* "3 with a NULL, 2 with weight 0": why they were. */
extern char *wals_left_out_words(const WalsRatings *ratings, int64 n_zero);

#endif /* WALS_RUN_SHORTAGE_H */
