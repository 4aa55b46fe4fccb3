/*-------------------------------------------------------------------------
 *
 * holdout.h
 *	  Ratings that a training holds out, and what versions make of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_HOLDOUT_H
#define WALS_RUN_HOLDOUT_H

#include "run/measure/ranker.h"
#include "store/ratings.h"

/*
 * What was held out.  Rows and columns of pairs are the users and items of the
 * source, before rare ones were left out of the training.
 */
typedef struct WalsHoldout
{
	WalsJob *job;
	WalsRelevance relevance;
	WcCsr pairs;
	bool *drawn; /* a flag per row: the user is to be measured */
	int32 *item; /* index in the training of each column, -1: left out */

	/* users that are measured: drawn, and in the training */
	int32 n_users;
	int32 *row; /* of pairs */
	int32 *user; /* in the training */
} WalsHoldout;

/*
 * A version that is measured, by what it knows of the users that are and of
 * the training's items.
 */
typedef struct WalsContestant
{
	WcRanker ranker; /* its items; users are those of the hold-out */
	const int32 *item; /* index of the training's items, -1: unknown; NULL: the
								 * same */
	const bool *known; /* a flag per user */
} WalsContestant;

/*
 * Take a fraction of all pairs out of ratings whose ids are sorted: those for
 * which wals_holdout(user, item, fraction, seed # WC_DRAW_HOLDOUT) is true.  22023 when none of them
 * is relevant; a failure of the core is the caller's to report.
 */
extern void wals_holdout_take(double fraction, int64 seed,
                              const WcParams *params, WalsRatings *ratings,
                              WalsJob *job, WalsHoldout *holdout);

/*
 * Leave out of any ratings what a version with this holdout (0: none) has not
 * seen: draw is the seed of wc_is_drawn.
 */
extern void wals_holdout_leave_out(double fraction, int64 draw,
                                   WalsRatings *ratings, WalsJob *job);

/* The training has left out users and items (a flag for each). */
extern void wals_holdout_filter(WalsHoldout *holdout, const bool *keep_user,
                                const bool *keep_item);

/* A model in memory: its ids, and the entries it was trained on. */
typedef struct WalsTrained
{
	const WcIdMap *users;
	const WcIdMap *items;
	const WcCsr *by_user;
	const WcModel *model;
} WalsTrained;

/*
 * One that was trained on the rest: the training itself, or another one, whose
 * users and items need not be the same.
 */
extern WalsContestant wals_holdout_trained(const WalsHoldout *holdout,
                                           const WalsTrained *training,
                                           const WalsTrained *trained);

/* A stored version.  Runs statements; the result is valid until the next one. */
extern WalsContestant wals_holdout_stored(const WalsHoldout *holdout,
                                          const WalsTrained *training,
                                          const WalsModel *version);

/*
 * What a metric needs to know of a contestant; who is not known has no numbers.
 * by_user is what was trained on, which is not ranked.  Predictions are of users
 * and items that the other knows, too, unless it is NULL; what a list does not
 * have was not found.
 */
extern WalsOutcome wals_holdout_measure(const WalsHoldout *holdout,
                                        const WalsContestant *contestant,
                                        const WalsContestant *other,
                                        const WcCsr *by_user,
                                        const WalsMetric *metric);

#endif /* WALS_RUN_HOLDOUT_H */
