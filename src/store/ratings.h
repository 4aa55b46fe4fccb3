/*-------------------------------------------------------------------------
 *
 * ratings.h
 *	  Read ratings and weights out of the user's relations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_RATINGS_H
#define WALS_STORE_RATINGS_H

#include "base/job.h"
#include "base/progress.h"
#include "store/query.h"
#include "store/relation.h"

/* What was read: triplets with indexes in order of arrival. */
typedef struct WalsRatings
{
	WcIdMap *users;
	WcIdMap *items;
	WcCoo coo;
	int64 n_rows; /* rows of the source */
	int64 n_null; /* left out: an id, value, weight or time was
								 * NULL */
	int64 n_weightless; /* left out: weight 0 */
	double value_least; /* of the values, as the source has them */
	double value_most;
	double value_rounding; /* most that one differs by from its float4 */
} WalsRatings;

/*
 * Read a checked source.  params are needed for the estimate of memory, which
 * is compared with wals.max_memory while rows arrive (53200).  Values and
 * weights that are not finite are 22000 and name the ids, as are negative
 * weights; values beyond float4 are 22003.  progress sees the rows arrive.
 */
extern void wals_ratings_read(const WalsSource *source, const WcParams *params,
                              WalsJob *job, WalsProgress *progress,
                              WalsRatings *ratings);

/* Whose rows are read. */
typedef struct WalsRatingsOf
{
	WcSide side;
	const WcIdMap *ids;
} WalsRatingsOf;

/* The same for the rows of some users or items. */
extern void wals_ratings_read_of(const WalsSource *source,
                                 const WcParams *params,
                                 const WalsRatingsOf *of, WalsJob *job,
                                 WalsProgress *progress, WalsRatings *ratings);

/* Rows that a training leaves out or stops at, counted. */
typedef struct WalsSurvey
{
	int64 n_null[WALS_SOURCE_COLUMNS]; /* NULLs, by column */
	int64 n_bad_value; /* rows whose value is not finite as float4 */
	int64 n_bad_weight; /* ... or whose weight is negative */
	int64 n_bad_time; /* infinite times */
} WalsSurvey;

/*
 * The same for who only wants to look: bad numbers are counted and their rows
 * left out, and no memory but what the ratings take is asked for.
 */
extern void wals_ratings_survey(const WalsSource *source, WalsJob *job,
                                WalsRatings *ratings, WalsSurvey *survey);

/*
 * Bytes a training on these ratings needs, as long as memory has nothing but
 * them; ids is the part of the dictionaries.  WC_TOO_LARGE on overflow.
 */
extern WcStatus wals_ratings_memory(const WalsRatings *ratings,
                                    const WalsJob *job, const WcParams *params,
                                    Size *bytes, Size *ids);

/*
 * Stop with 53200 when a training of this size would pass the limit, with the
 * least factors that are chosen if their number is open.
 */
extern void wals_ratings_check_memory(const WalsRatings *ratings,
                                      const WalsJob *job,
                                      const WcParams *params);

/*
 * The most factors, of those that are chosen, with which a training on these
 * ratings stays within the limit, the workspaces of its threads included.
 */
extern int32 wals_ratings_most_factors(const WalsRatings *ratings,
                                       const WalsJob *job,
                                       const WcParams *params);

/*
 * Lock a table of weights and check that it has id_col with ids of this type,
 * and "weight": 42703, 42804.  shape says as what they are read; may be NULL.
 */
extern void wals_weights_check(Oid relation, const char *id_col,
                               const char *option, WalsIdType id_type,
                               WalsShape *shape);

/*
 * Weights per user or item from a table with the columns id_col and "weight":
 * result has one per index of ids, 1 where the table has no row.
 */
extern void wals_weights_read(Oid relation, const char *id_col,
                              const char *option, WalsIdType id_type,
                              const WcIdMap *ids, float *result);

/* True when the source has rows of a user, a datum of the id type. */
extern bool wals_ratings_have(const WalsSource *source, Datum user);

/*
 * Delete the rows of a user from the source as the caller; their items are added
 * to items.  Returns how many there were.
 */
extern int64 wals_ratings_delete(const WalsSource *source, Datum user,
                                 const WalsJob *job, WcIdMap *items);

#endif /* WALS_STORE_RATINGS_H */
