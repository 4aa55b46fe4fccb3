/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  What a model is worth: metrics per user and their summaries.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_MEASURE_H
#define WALS_CORE_MEASURE_H

#include "core/answer/answer.h"

/* ------------------------------------------------------------------------
 * Evaluation (ranking.c, metrics.c, summary.c)
 * ------------------------------------------------------------------------ */

/*
 * Who ranks the items of a version for some users: its factors, or with
 * factors 0 one number per item, such as its popularity.
 *
 *		score = user_base + bias + user_factors . vector
 *
 * Items are ranked by it; what it predicts a rating to be is limited to range.
 */
typedef struct WcRanker
{
	int32_t items;
	int32_t factors;
	const float *const *vectors; /* items pointers to factors numbers */
	const float *bias; /* items */
	const float *user_factors; /* users x factors */
	const float *user_base; /* users */
	const WcRange *range; /* NULL: any */
} WcRanker;

/*
 * What is known of the users besides: which items they should be shown.  All
 * matrices are users x items of the ranker, without values unless said.
 */
typedef struct WcTrial
{
	int32_t users;
	const WcCsr *relevant;
	const int32_t *n_relevant; /* users: with those the ranker does not have */
	const WcCsr *seen; /* never ranked; NULL: nothing */
	const WcCsr *candidates; /* ranked besides the relevant; NULL: all */
	int32_t negatives; /* ranked besides the relevant: so many drawn from
								 * the rest; 0: all.  Not with candidates */
	int64_t seed; /* of the draw */
	const uint64_t *user_hash; /* users, for the draw */
	const uint64_t *item_hash; /* items, for the draw */
	const int32_t *likes; /* items: the measure of popularity, or NULL */
	int32_t n_cuts;
	const int32_t *cuts; /* ascending, 1 to WC_CUT_MAX */
} WcTrial;

#define WC_CUT_MAX 1000
#define WC_NEGATIVES_MAX 1000

/*
 * What a list of the best k is worth, and how far predictions are off: each has
 * a row in the tables of metrics.c, which say what it is.
 */
typedef enum WcCutMetric
{
	WC_PRECISION,
	WC_RECALL,
	WC_RECALL_CAPPED,
	WC_HIT_RATE,
	WC_NDCG,
	WC_MAP,
	WC_MRR,
	WC_POPULARITY,
	WC_CUT_METRICS
} WcCutMetric;

typedef enum WcRatingMetric
{
	WC_RMSE,
	WC_MAE,
	WC_RATING_METRICS
} WcRatingMetric;

/* The beginning of one user's order, as far as it is looked at (metrics.c). */
typedef struct WcTop WcTop;

typedef struct WcCutMetricRow
{
	const char *name;
	bool judges; /* more of it is better; else it only tells */
	double (*measure)(const WcTop *top);
} WcCutMetricRow;

typedef struct WcRatingMetricRow
{
	const char *name;
	bool is_root; /* of the mean; less of it is better */
	double (*measure)(double off); /* of score - value; summed up */
} WcRatingMetricRow;

extern const WcCutMetricRow wc_cut_metrics[WC_CUT_METRICS];
extern const WcRatingMetricRow wc_rating_metrics[WC_RATING_METRICS];

/* Numbers per user: all WcCutMetric of each cut, then the AUC. */
extern int32_t wc_trial_values(const WcTrial *trial);

/*
 * Rank for every user and measure the result: values is users x
 * wc_trial_values, NaN where there is nothing to measure.  best_rank[j] is
 * lowered to the best rank, from 1, that item j had with a user who has
 * relevant items, within the last cut; the caller begins with INT32_MAX.  Ties
 * are in the order of the indexes.  A score that is not finite fails with
 * WC_NOT_FINITE and the item in error->row.
 *
 * *next is 0 to begin with.  WC_PAUSED, when hooks->should_pause asked for it,
 * leaves there where the next call has to go on.
 */
extern WcStatus wc_rank_users(const WcRanker *ranker, const WcTrial *trial,
                              int64_t *next, double *values, int32_t *best_rank,
                              const WcJob *job);

/* Sums over one user's ratings. */
typedef struct WcErrorSums
{
	int64_t n;
	double sum[WC_RATING_METRICS];
} WcErrorSums;

/* Compare scores with the values of ratings (users x items), user by user. */
extern WcStatus wc_rate_users(const WcRanker *ranker, const WcCsr *ratings,
                              WcErrorSums *sums, const WcHooks *hooks,
                              WcError *error);

/* Mean and variance of numbers that are added one by one. */
typedef struct WcMoments
{
	int64_t n;
	double mean;
	double square; /* sum of squared differences from the mean */
} WcMoments;

/* NaN is not added. */
extern void wc_moments_add(WcMoments *moments, double value);

/* Standard error of the mean, NaN for fewer than two. */
extern double wc_moments_error(const WcMoments *moments);

/*
 * The mean over all ratings of users who have several each: a ratio of sums,
 * whose error goes by the users, because ratings of one are not independent.
 */
typedef struct WcRatio
{
	int64_t users;
	double weight; /* sum of n */
	double sum;
	double weight_square; /* sums of n^2, n s, s^2 */
	double product;
	double sum_square;
} WcRatio;

/* A user with the sum over n ratings; n = 0 is not added. */
extern void wc_ratio_add(WcRatio *ratio, int64_t n, double sum);
extern double wc_ratio_mean(const WcRatio *ratio);
extern double wc_ratio_error(const WcRatio *ratio);

/*
 * Two sides of one or more versions each, measured on the same users: the
 * difference of their means, second less first.
 */
typedef struct WcContrast
{
	int64_t users; /* with a number for every version */
	double mean[2];
	double difference;
	double error; /* its standard error */
	double version_error; /* the part that the versions of one side tell, NaN:
	                       * there is one on each */
	double df; /* degrees of freedom of the error */
	int64_t higher; /* users for whom the second side is higher */
	int64_t lower;
} WcContrast;

/*
 * values[v][u], versions[0] of the first side and then versions[1] of the
 * second; a user for whom one is NaN is left out.
 */
extern WcContrast wc_contrast(const double *const *values,
                              const int versions[2], int64_t users);

/*
 * Two-sided p values: of Student's t with df degrees of freedom, and of up
 * against down heads of a fair coin.  NaN where they are not defined.
 */
extern double wc_student_p(double t, double df);
extern double wc_sign_p(int64_t up, int64_t down);

/* ------------------------------------------------------------------------
 * Whether a model tells users and items apart (variety.c)
 * ------------------------------------------------------------------------ */

/* Whether a model can tell items apart, by some of its users (variety.c). */
#define WC_VARIETY_BEST 10

typedef struct WcVariety
{
	int32_t users; /* that were looked at, evenly taken from all */
	int32_t flat; /* of those, for whom all items score alike */
	bool one_list; /* the best items (10, or half of all) are theirs all */
} WcVariety;

extern WcStatus wc_model_variety(const WcModel *model, WcVariety *variety,
                                 const WcHooks *hooks);

/* ------------------------------------------------------------------------
 * Profiles (profile.c)
 * ------------------------------------------------------------------------ */

/* How entries are spread over the users, or over the items. */
typedef struct WcSpread
{
	int32_t rows; /* with entries or without */
	int32_t most; /* entries of the row with most */
	int32_t most_row; /* that row, the first of several */
	int32_t singles; /* rows with one entry */
	double median; /* entries of a row */
	int32_t top_rows; /* a hundredth of the rows, at least one */
	double top_share; /* of all entries, in those with most; 0 without any */
} WcSpread;

/* csr needs no values. */
extern WcStatus wc_spread(const WcCsr *csr, WcSide side, WcSpread *spread,
                          const WcAlloc *alloc, const WcHooks *hooks);

#define WC_COMMON_VALUES 5
#define WC_DISTINCT_MAX 65536

typedef struct WcCommonValue
{
	float value;
	int64_t count;
} WcCommonValue;

typedef struct WcValues
{
	int64_t count;
	float min; /* 0 without values, as all of these */
	float max;
	int64_t negative;
	int64_t zero;
	int32_t distinct; /* -1: more than WC_DISTINCT_MAX */
	int32_t n_common; /* 0 when distinct is -1 */
	WcCommonValue common[WC_COMMON_VALUES]; /* by count, then value */
} WcValues;

/* value has count finite numbers; -0 is 0. */
extern WcStatus wc_values_summary(int64_t count, const float *value,
                                  WcValues *values, const WcAlloc *alloc,
                                  const WcHooks *hooks);

/*
 * What it takes to train on entries, in multiply-adds: sums over the rows, by
 * the formulas of core/README.md.
 */
typedef struct WcLabour
{
	double users; /* a half sweep over the users, by the solver auto */
	double items; /* ... over the items */
	double exact; /* ... over the users, exactly */
	double dense; /* the rest of an iteration: Gram matrices, rotations, loss */
	double eigen; /* eigenvectors of an iteration, in float64 by one thread */
} WcLabour;

extern WcStatus wc_labour(const WcCsr *csr, int32_t factors, WcLabour *labour,
                          const WcAlloc *alloc, const WcHooks *hooks);

/*
 * A few users with as many entries as some of csr have, to be solved with a
 * clock in hand: users spread over all, entries and values invented, labour
 * bounded: that of exact solutions or of the solver auto.  csr has a user.
 */
extern WcStatus wc_labour_sample(const WcCsr *csr, int32_t factors, bool exact,
                                 WcCsr *sample, const WcAlloc *alloc);

/* ------------------------------------------------------------------------
 * Self test (selftest.c): does this machine compute what it should?
 * ------------------------------------------------------------------------ */

#define WC_SELFTEST_TOLERANCE 1e-4 /* of worst; measured: below 1e-6 */

/*
 * Train a fixed problem with the job's kernel and compare every user with
 * wc_ref_solve_row: worst is the largest relative error, infinite for a NaN.
 * WC_BAD_PARAM when this processor does not run the kernel.
 */
extern WcStatus wc_selftest_solve(double *worst, const WcJob *job);

/*
 * Eigenvectors of the second difference of 300 rows by this provider: worst is by
 * how much a value, or A q - e q, is off, infinite for a NaN.
 */
#define WC_SELFTEST_DENSE_TOLERANCE 1e-12

extern WcStatus wc_selftest_dense(const WcDense *dense, double *worst,
                                  const WcAlloc *alloc, const WcHooks *hooks);

/* A fixed pack; the caller releases pack->owned. */
extern WcStatus wc_selftest_pack(const void *identity, WcPack *pack,
                                 const WcAlloc *alloc, const WcHooks *hooks);

/* Search it, or a copy of it, and count the queries with wrong answers. */
extern WcStatus wc_selftest_search(const WcPack *pack, int32_t *n_queries,
                                   int32_t *n_wrong, const WcJob *job);

#endif /* WALS_CORE_MEASURE_H */
