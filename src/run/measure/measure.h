/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  What measure.c and trial.c share: the state of one evaluation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_MEASURE_H
#define WALS_RUN_MEASURE_H

#include "run/measure/evaluate.h"
#include "store/cache.h"
#include "store/pairs.h"

/* State of one evaluation, in the order in which it comes to be. */
typedef struct WalsMeasureState
{
	/* input */
	const WalsEvaluateRequest *request;
	WalsModel models[WALS_SIDES_MAX];
	WalsJob job; /* freed at the end */
	WalsJob kept; /* the result */
	WalsSource test;
	WalsSource source; /* of the first model, if exclude_seen */

	/* what was read; indexes are of users and items, sorted by id */
	WcIdMap *users; /* of the test */
	WcIdMap *items;
	WalsPairs test_pairs;
	WalsPairs seen_pairs;
	WalsPairs candidate_pairs;
	WcCsr tested;
	WcCsr seen;
	WcCsr candidates;
	double *item_count; /* of a value in the source; NULL: not read */
	double *item_sum;

	/* who is evaluated */
	bool *wanted; /* users of the test: asked */
	int32 n_wanted;
	int32 *chosen; /* indexes of users that all versions know */
	int32 n_chosen;
	WalsUsers users_of[WALS_SIDES_MAX]; /* each version's, of the chosen */

	/* one version's items */
	int32 *map[WALS_SIDES_MAX]; /* index there of each of items, -1: none */
	const WalsRows *rows; /* valid until the next statement */

	WalsMeasured *measured;
} WalsMeasureState;

/*
 * Draw max_users of those who are wanted (a flag for each of users), by hash;
 * the others are no longer wanted then.  Returns how many are.
 */
extern int32 wals_measure_draw(const WcIdMap *users, int32 max_users,
                               int64 seed, WalsJob *job, bool *wanted);

/* wc_hash_id of an id, and of each of them. */
extern uint64 wals_measure_hash(const WcIdMap *ids, int32 index);
extern uint64 *wals_measure_hashes(const WcIdMap *ids, WalsJob *job);

/* Whether a row of a matrix has an item. */
extern bool wals_measure_has(const WcCsr *csr, int32 row, int32 item);

extern bool wals_measure_is_explicit(const WalsModel *model);

/* Rank and rate with version m, whose items are state->rows. */
extern void wals_trial_run(WalsMeasureState *state, int m);

#endif /* WALS_RUN_MEASURE_H */
