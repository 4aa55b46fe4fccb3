/*-------------------------------------------------------------------------
 *
 * ranker.h
 *	  Who ranks and rates for some users, what they are asked, what it comes to.
 *
 * A ranker (WcRanker) is a trained model in memory, a stored version, an order
 * that is the same for everybody, or mean and biases.  Evaluations (trial.c),
 * gates (holdout.c) and tunings (contest.c) differ in where the users and their
 * pairs come from, and in nothing else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RANKER_H
#define WALS_RUN_RANKER_H

#include "base/job.h"
#include "run/measure/metric.h"
#include "store/cache.h"

#define WALS_VERSIONS_MAX 20 /* of one side of a comparison */
#define WALS_SIDES_MAX (2 * WALS_VERSIONS_MAX)

/* Which of the pairs that were held out should be found. */
typedef struct WalsRelevance
{
	bool by_threshold; /* values of at least: */
	double threshold;
	bool is_explicit; /* without one: all, else those with a value above 0 */
} WalsRelevance;

/* Entries of a matrix, as a ranker is asked for them. */
typedef struct WalsCells
{
	const WcCsr *csr;
	const int32 *row; /* the row of each user; NULL: the same */
	const int32 *item; /* what the ranker has for each column, -1: nothing;
	                    * NULL: the same; both in one order */
	const bool *user; /* a flag per user: has entries; NULL: all have */
	const WcCsr *except; /* same rows and columns: not these; NULL: none */
	const WalsRelevance *relevance; /* NULL: whatever the value */
	bool with_values;
	int32 n_users;
	int32 n_items; /* of the ranker */
} WalsCells;

/* They as a matrix of users and the ranker's items. */
extern WcCsr wals_cells_take(const WalsCells *cells, WalsJob *job);

/* How many are relevant for each user, and in all, whatever the items. */
extern int32 *wals_cells_count(const WalsCells *cells, WalsJob *job,
                               int64 *total);

/* What a metric asks about: lists for all but the last, or predictions. */
typedef struct WalsAsked
{
	int32 n_users;
	WcCsr relevant;
	int32 *n_relevant; /* whether the ranker has them or not */
	WcCsr seen; /* not ranked; the caller's to add */
	WcCsr rated;
} WalsAsked;

/* Take it from what was held out. */
extern WalsAsked wals_asked_take(const WalsMetric *metric,
                                 const WalsCells *held_out, WalsJob *job);
extern void wals_asked_free(WalsAsked *asked, WalsJob *job);

/* Users of a stored version; zeros for those it does not have. */
typedef struct WalsUsers
{
	float *factors; /* users x factors */
	float *base;
	bool *known; /* a flag per user */
} WalsUsers;

/* Look up some (n indexes of ids).  Runs statements. */
extern WalsUsers wals_users_read(const WalsModel *version, const WcIdMap *ids,
                                 int32 n, const int32 *index, WalsJob *job);

/* A trained model; user is the index in it of each user, -1: zeros. */
extern WcRanker wals_ranker_trained(const WcModel *model, int32 n_users,
                                    const int32 *user, WalsJob *job);

/* A version's items, valid as long as they are, for users of the version. */
extern WcRanker wals_ranker_stored(const WalsModel *version,
                                   const WalsRows *rows, const WalsUsers *users,
                                   WalsJob *job);

/* A number per item for everybody, such as its popularity; it is copied. */
extern WcRanker wals_ranker_same(int32 n_items, const float *value,
                                 int32 n_users, WalsJob *job);

/*
 * A version's mean, and damped biases: of items by the count and sum of the values of
 * each column, of users by the values of the cells.
 */
extern WcRanker wals_ranker_biases(const WalsModel *version,
                                   const WalsCells *cells, const double *count,
                                   const double *sum, WalsJob *job);

/* Release what the first and the third of these have allocated. */
extern void wals_ranker_free(WcRanker *ranker, WalsJob *job);

/* What a ranker has come to, user by user. */
typedef struct WalsOutcome
{
	int32 n_users;
	int32 n_cuts;
	const int32 *cuts; /* the caller's */
	int32 n_values; /* wc_trial_values */
	double *values; /* users x n_values; NULL: did not rank */
	double coverage[WALS_CUTS_MAX];
	WcErrorSums *sums; /* users; NULL: did not rate */
} WalsOutcome;

/*
 * Rank as a trial says, or rate what has values.  What the outcome points to is
 * allocated in kept.
 */
extern WcStatus wals_ranker_rank(const WcRanker *ranker, const WcTrial *trial,
                                 WalsJob *job, WalsJob *kept,
                                 WalsOutcome *outcome);
extern WcStatus wals_ranker_rate(const WcRanker *ranker, const WcCsr *ratings,
                                 WalsJob *kept, WalsOutcome *outcome,
                                 WcError *error);

/* The one or the other, as a metric needs it; all job is the same. */
extern WcStatus wals_ranker_measure(const WcRanker *ranker,
                                    const WalsMetric *metric,
                                    const WalsAsked *asked, WalsJob *job,
                                    WalsOutcome *outcome);

extern void wals_outcome_free(WalsOutcome *outcome, WalsJob *kept);

#endif /* WALS_RUN_RANKER_H */
