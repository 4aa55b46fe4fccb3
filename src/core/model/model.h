/*-------------------------------------------------------------------------
 *
 * model.h
 *	  From options and ratings to a problem, and the model that is to solve it.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_MODEL_H
#define WALS_CORE_MODEL_H

#include "core/data/data.h"
#include "core/model/option.h"

/* ------------------------------------------------------------------------
 * Options as a whole (params.c); one by one: option.h
 * ------------------------------------------------------------------------ */

extern void wc_params_defaults(WcParams *params);

/* Whether two trainings differ in nothing but, maybe, their seeds. */
extern bool wc_params_same(const WcParams *a, const WcParams *b);

/*
 * k for a training on so many users and items, a multiple of WC_FACTORS_STEP
 * from WC_FACTORS_LEAST to WC_FACTORS_MOST (choose.c).
 */
extern int32_t wc_factors_choose(WcFeedback feedback, int32_t users,
                                 int32_t items);

/*
 * lambda for implicit and weighted feedback, with R entries per user in the mean
 * and a clustering of G, or 1 if that is more:
 * min(1.25 / (17 R^0.4 G^(1/3)), 0.03).
 */
extern double wc_regularization_choose(double per_user, double clustering);

/*
 * How much entries cluster (choose.c): the sum over all users i, i' and items j,
 * j' that have all four entries, i and i' not the same nor j and j', of
 * 1 / (r_i r_i' c_j c_j'), r and c being their counts and 16 times the mean count,
 * divided by what it is in the mean where entries fall by chance among the same
 * counts.  More than 1: users with one item in common have others as well.  There
 * is an entry; an even part of the users stands for all where those would take
 * long.  16 bytes per user while it runs.
 */
extern WcStatus wc_clustering(const WcCsr *by_user, const WcCsr *by_item,
                              double *clustering, const WcAlloc *alloc,
                              const WcHooks *hooks);

/*
 * NULL when every option is in range and they agree with each other; else the
 * name of the first offending option, with a full sentence in detail.
 */
extern const char *wc_params_check(const WcParams *params, bool has_value,
                                   bool has_time, size_t detail_size,
                                   char *detail);

/* The same, but whether they agree with each other is not asked. */
extern const char *wc_params_check_ranges(const WcParams *params,
                                          size_t detail_size, char *detail);

/* What a training with these options asks for. */
extern WcMerging wc_merging(const WcParams *params);

/* ------------------------------------------------------------------------
 * Likes (likes.c)
 * ------------------------------------------------------------------------ */

/* Which entries speak for their item. */
typedef struct WcLiking
{
	WcFeedback feedback;
	double from; /* the least value that does; NaN: not known */
} WcLiking;

/* Whether an entry with this value, of its merged rows, is a like. */
static inline bool
wc_is_like(WcLiking liking, float value)
{
	return (double) value >= liking.from &&
	       (liking.feedback == WC_EXPLICIT || value > 0);
}

/*
 * What a training on these entries takes for a like: implicit feedback a value
 * above 0, explicit one at or above the mean of all entries, weighted both.
 */
extern WcStatus wc_liking(const WcCsr *csr, WcFeedback feedback,
                          WcLiking *liking, const WcHooks *hooks);

/* Likes of each user (rows, or NULL) and each item (cols). */
extern WcStatus wc_count_likes(const WcCsr *csr, WcLiking liking,
                               int32_t *user_likes, int32_t *item_likes,
                               const WcHooks *hooks);

/*
 * The indexes of count items from the most popular on: by descending likes, then
 * by ascending entries, that is those with fewer dislikes first, then by index.
 */
extern WcStatus wc_popular_order(int32_t count, const int32_t *likes,
                                 const int32_t *entries, int32_t *order,
                                 const WcAlloc *alloc, const WcHooks *hooks);

/*
 * The same order as numbers, for each index: more is more popular, and equal
 * where likes and entries are.
 */
extern void wc_popular_values(int32_t count, const int32_t *likes,
                              const int32_t *entries, const int32_t *order,
                              float *value);

/* ------------------------------------------------------------------------
 * The problem (problem.c, formula.c, objective.c)
 * ------------------------------------------------------------------------ */

/*
 * What the values of explicit feedback lie between, and predictions are limited
 * to; infinite where there is no such scale.
 */
typedef struct WcRange
{
	float low;
	float high;
} WcRange;

extern const WcRange wc_any_range;

/* A score within the range, as it is shown; NULL: any. */
static inline float
wc_limit(const WcRange *range, float score)
{
	if (range == NULL)
		return score;
	return score < range->low    ? range->low
	       : score > range->high ? range->high
	                             : score;
}

/*
 * What a training minimizes: its options with nothing left to choose, and what
 * it has found in the data.  It says all there is to say about a single row.
 */
typedef struct WcObjective
{
	WcParams params;
	double count_weight; /* 1 / mean of R_i^p C_j^q over the entries, 1
									 * where that is not normalized */
	double mean; /* global mean of explicit targets, else 0 */
	WcRange range; /* of explicit values, else infinite */
	int64_t newest; /* time that ages are counted back from */
	double like_from; /* see WcLiking; NaN: not known */
	bool weighted[2]; /* users, items were given weights */
	bool disliked; /* implicit feedback: there are values that are not > 0 */
} WcObjective;

/* Whether a weighting looks at the value of an entry: linear and log. */
extern bool wc_by_value(WcWeighting weighting);

/* What t_j of an item is relative to: the sum of C_j^e over the items. */
typedef struct WcPopularity
{
	double sum;
	int32_t items;
} WcPopularity;

/*
 * Sum it over items with so many entries each.  Where t_j does not depend on them
 * nothing is summed.  Ends with WC_CANCELLED, or well.
 */
extern WcStatus wc_popularity(const WcParams *params, int32_t items,
                              const int32_t *entries, WcPopularity *popularity,
                              const WcHooks *hooks);

/*
 * The objective in words and symbols with its numbers, one line, e.g. "implicit
 * feedback: minimize the sum over all cells of W (A - U V')^2 + ..., with A = 1
 * on observed cells ...".  Truncated to size.
 */
extern void wc_objective_text(const WcObjective *objective,
                              bool has_weight_column, size_t size, char *text);

/*
 * A weighted least-squares problem, ready to be solved.
 *
 *		c_ij = base_weight * by_user.weight_ij * user_scale_i * item_scale_j
 *		target a_ij = by_user.value_ij		(explicit: mean already subtracted;
 *											faded with the entry's share)
 *
 * NULL arrays are all ones.  Both sides hold the same entries.
 */
typedef struct WcProblem
{
	WcObjective objective;
	WcCsr by_user; /* m x n */
	WcCsr by_item; /* n x m */
	float base_weight;
	float *user_scale; /* m or NULL */
	float *item_scale; /* n or NULL */
	double w0; /* that of the objective */
	float *unobserved; /* n or NULL: t_j, mean 1 over the items */
	float *user_lambda; /* m: lambda_i = lambda (sum_j W_ij)^nu */
	float *item_lambda; /* n */
	double spread; /* what factors have to explain: of explicit targets the
									 * deviation from mean and biases, of
									 * weighted ones from 0; 1 for implicit */
	double largest; /* part of the weighted sum of squares of targets that
									 * one entry makes up; 0 for implicit */
	bool biases; /* those of the objective */
	double mean_weight; /* mean of c_ij over the entries */
	bool negatives_vanish; /* w0 given, and so small that the
									 * unobserved cells hardly count */
} WcProblem;

/*
 * Turn values into targets and weights, resolve w0, lambda and biases, and
 * build the second side.  by_user is consumed: its arrays belong to the
 * problem afterwards.  newest and like_from of the objective are left to the
 * caller, who may set them at any time.  user_weights (m) and item_weights (n) are the weights
 * the user gave per row and column, >= 0 and finite, or NULL; they are copied.
 * WC_NOT_FINITE names the entry whose weight leaves the range of float32,
 * WC_LAMBDA_TOO_LARGE the row whose lambda does.
 */
extern WcStatus wc_problem_build(const WcParams *params, WcCsr *by_user,
                                 const float *user_weights,
                                 const float *item_weights, WcProblem *problem,
                                 const WcAlloc *alloc, const WcHooks *hooks,
                                 WcError *error);
extern void wc_problem_free(WcProblem *problem, const WcAlloc *alloc);

/* ------------------------------------------------------------------------
 * The model (init.c)
 * ------------------------------------------------------------------------ */

/* p_ij = mean + user_bias_i + item_bias_j + U_i . V_j */
typedef struct WcModel
{
	int32_t users;
	int32_t items;
	int32_t factors;
	float *user_factors; /* users x factors, from a whole cache line on */
	float *item_factors; /* items x factors, the same */
	void *factor_blocks[2]; /* what the two lie in */
	float *user_bias; /* users, or NULL without biases */
	float *item_bias; /* items, or NULL */
	double mean;
	WcRange range; /* of what it was trained on, see WcProblem */
} WcModel;

/*
 * First factors: item (i, f) is drawn from (seed, id hash of i, f), so it does
 * not depend on order, on other ids or on threads.  Users and biases are zero.
 * item_hash has one 64-bit hash per item (wc_idmap_hash).
 */
extern WcStatus wc_model_init(const WcProblem *problem,
                              const uint64_t *item_hash, WcModel *model,
                              const WcAlloc *alloc);
extern void wc_model_free(WcModel *model, const WcAlloc *alloc);

/* ------------------------------------------------------------------------
 * Beside mean and biases (baseline.c)
 * ------------------------------------------------------------------------ */

/*
 * One in ten of the entries of a problem with explicit feedback, drawn by hash of
 * their indexes, and the others, with the same rows and columns; both with the
 * targets for values, and owned by the caller.
 */
extern WcStatus wc_baseline_split(const WcProblem *problem, WcCsr *kept,
                                  WcCsr *held, const WcAlloc *alloc,
                                  const WcHooks *hooks);

/* How far predictions are off entries that were held out, as squares. */
typedef struct WcComparison
{
	int64_t count; /* entries whose user and item have others */
	double model; /* mean square of a model */
	double baseline; /* of mean and biases */
	double mean; /* of the mean alone */
	double error; /* standard error of the mean difference */
} WcComparison;

/*
 * Predict what was held out from a model of the kept entries' problem, and from
 * mean and biases fitted to them, both limited to the range of these entries.
 */
extern WcStatus wc_baseline_compare(const WcProblem *problem,
                                    const WcModel *model, const WcCsr *held,
                                    WcComparison *result, const WcAlloc *alloc,
                                    const WcHooks *hooks);

#endif /* WALS_CORE_MODEL_H */
