/*-------------------------------------------------------------------------
 *
 * contest.h
 *	  What a tuning is made of: ratings in parts, and one trial on them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_CONTEST_H
#define WALS_RUN_CONTEST_H

#include "run/measure/ranker.h"
#include "run/tune/tune.h"
#include "store/ratings.h"

/* All entries of the source, and which part each belongs to (parts.c). */
typedef struct WalsParts
{
	/* the caller's */
	const WalsTuneRequest *request;
	WalsJob *job;
	WalsRatings *ratings; /* as they were read; ids */
	bool fades; /* some trial has a half-life */

	/* made of them */
	int64 n_zero; /* cells left out for their value 0 */
	WcCsr all;
	WcCoo arrivals; /* what all was merged from, if times matter */
	int64 *time; /* one per entry: its latest, if times matter */
	uint8 *part; /* one per entry */
	uint64 *user_hash; /* wc_hash_id of each id */
	uint64 *item_hash;
} WalsParts;

/*
 * Make entries of the ratings: ids in order, equal pairs merged; then put each
 * into one of the three parts.  A trial may train on any of them only after both.
 */
extern void wals_parts_load(WalsParts *parts);
extern void wals_parts_split(WalsParts *parts);

/*
 * Some parts to train on, another to measure: who is in the training, as
 * wals_train would number them, and what is measured of whom.
 */
typedef struct WalsContest
{
	const WalsParts *parts;
	int trained; /* bits of WC_PART_... */
	int measured;
	int64 newest; /* time of what is trained on, if times matter */
	int32 users; /* of the training */
	int32 items;
	int32 *user_map; /* index of parts->all to index here, or -1 */
	int32 *item_map;
	uint64 *first_hash; /* items: seeds of the first factors */

	int32 n_asked; /* users who have something to measure, or a sample */
	int32 n_chosen; /* those of them who are in the training */
	int32 *chosen; /* their indexes in the training */
	WalsAsked asked; /* of the chosen */
	float *popularity; /* items: more is more popular */
} WalsContest;

/* Prepare; 22023 when there is nothing to train or to measure. */
extern void wals_contest_open(const WalsParts *parts, int trained, int measured,
                              WalsContest *contest);

/* One trial between its rounds. */
typedef struct WalsTrial
{
	WcParams params;
	int32 iterations; /* that were run */
	float *item_factors; /* kept to go on from; NULL: start anew */
	float *item_bias;
	double value; /* NaN: none */
	double error;
	double baseline; /* what popularity achieves, if asked for */
	double seconds;
	bool late; /* max_seconds ended it before its iterations were done */
	char *failure; /* why there is no value */
} WalsTrial;

/* How far a trial is to go. */
typedef struct WalsRound
{
	int32 iterations; /* in all */
	bool keep; /* to go on later */
	bool baseline; /* measure popularity, too */
	double max_seconds; /* end before an iteration that may end later */
	bool may_be_short; /* and measure what there is, after one at least */
} WalsRound;

/*
 * Train and measure.  A system that cannot be solved and a score that is not
 * finite are no error: the trial then has no value, and neither has one that is
 * late and may not be short.
 */
extern void wals_contest_run(const WalsContest *contest, const WalsRound *round,
                             WalsTrial *trial);
extern void wals_contest_forget(const WalsContest *contest, WalsTrial *trial);

/* Entries of a tuning whose weights fade with age (aged.c). */

/* A copy of the ratings with the arrays they have; renumbered ones. */
extern void wals_aged_copy(const WcCoo *coo, WalsJob *job, WcCoo *result);

/*
 * All entries anew, their weights faded by a half-life since newest: the same
 * cells, in the same order, as the ratings were merged to without.
 */
extern void wals_aged_merge(WalsJob *job, const WcParams *params,
                            const WcCoo *arrivals, const WcCsr *all,
                            int64 newest, WcCsr *result);

#endif /* WALS_RUN_CONTEST_H */
