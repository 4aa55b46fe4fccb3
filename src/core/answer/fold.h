/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  What the files of folding in share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_FOLD_H
#define WALS_CORE_FOLD_H

#include "core/answer/answer.h"
#include "core/solve/numerics.h"

#define WC_FOLD_ROOM 128 /* entries, at first */

struct WcFold
{
	WcObjective objective;
	WcSide side; /* that is solved */
	const WcAlloc *alloc;
	WcEngine engine; /* of one thread */
	int32_t factors; /* k */
	int32_t width; /* k, with biases k + 1 */
	int32_t items;
	double base_weight; /* what all weights are multiplied with */
	double unobserved; /* sum over the items of w0 t_j */
	float *share; /* items: t_j, or NULL */
	float *scale; /* items: C_j^q weight_j by its reference, or NULL */
	double *eigen; /* k, or NULL when w0 is 0 */
	double eigen_min;
	float *rotation; /* k x pitch, aligned within its block; or NULL */
	void *rotation_block;

	/* the user at hand; the arrays have room for that many entries */
	int64_t room;
	int64_t count; /* entries */
	int32_t *item;
	float *value; /* merged ratings */
	float *weight; /* g times merged weights */
	int64_t *time; /* of the latest rating */
	WcFoldRow *scratch;
	WcFoldEntry *entry;
	float *vector; /* vector_room x k */
	int64_t vector_room;
	int32_t *place; /* 0, 1, 2, ...: the columns of the row */
	float *target;
	float *left; /* share that is left of each, where they fade */
	float *entry_scale;
	float *entry_share;
	float *entry_bias;
	double *right; /* coefficient on the right side */
	double square; /* of the length of the factors */
	double open; /* see wc_spread_of_item */
	double mean_weight; /* of the entries, in full */
	float lambda;
	float row_share; /* t of the row, of an item */
	bool fades; /* the entries have faded */
	bool factored; /* matrix_double holds the factor of A */
	bool empty; /* A is 0 */
};

/* WcErrors are of the row, with index 0. */
static inline WcStatus
wc_fold_fail(const WcFold *fold, WcError *error, WcStatus status)
{
	return wc_fail_silently(error, status, fold->side, 0);
}

/* What is on the diagonal for the bias: its lambda, or that of the row. */
static inline double
wc_fold_bias_lambda(const WcFold *fold)
{
	double lambda = fold->objective.params.bias_regularization[fold->side];

	return lambda < 0 ? fold->lambda : lambda;
}

/* The least lambda of an unknown of the user at hand. */
static inline double
wc_fold_least(const WcFold *fold)
{
	double bias = wc_fold_bias_lambda(fold);

	return fold->width > fold->factors && bias < fold->lambda ? bias
	                                                          : fold->lambda;
}

/* An array for room elements in place of block, whose contents are lost. */
extern void *wc_fold_renew(const WcFold *fold, void *block, size_t room,
                           size_t size);

/* Room for the ratings of a user, and for the vectors of as many entries. */
extern WcStatus wc_fold_make_room(WcFold *fold, int64_t count);
extern WcStatus wc_fold_make_vector_room(WcFold *fold, int64_t count);

/* wc_fold_in for any thread; allocates nothing when there is room. */
extern WcStatus wc_fold_row(WcFold *fold, const WcFoldItems *items,
                            WcFoldUser *user, float *factors, float *bias,
                            WcPace *pace, WcError *error);

/*
 * Sort and merge the ratings, and let them fade since the newest time of the
 * training, or of the user if that is later: item, value, weight, left, count.
 */
extern WcStatus wc_fold_merge(WcFold *fold, WcFoldUser *user, WcPace *pace,
                              WcError *error);

/* Likes among the entries of the user at hand, -1: not known what one is. */
extern int32_t wc_fold_likes(const WcFold *fold);

/* Targets, weights and lambda as in problem.c; *scale is the row's own. */
extern WcStatus wc_fold_weigh(WcFold *fold, const WcFoldUser *user,
                              double *scale, WcPace *pace, WcError *error);

/*
 * The factor R of the user's system A = R' R, in the basis of the fold, unless
 * it is there: in matrix_double of the work, which nothing else may use until
 * the next user is folded in.  Where A is 0, fold->empty says so.
 */
extern WcStatus wc_fold_factor(WcFold *fold, WcPace *pace, WcError *error);

/*
 * Prepare to measure how uncertain scores are (explore.c): B, whose product with
 * a vector has the uncertainty for its length, in the work's matrix (width rows,
 * its pitch) until the next user is folded in or explained.  *largest is a bound
 * of what it may lengthen a vector by; 0 when A is 0.
 */
extern WcStatus wc_spread_begin(WcFold *fold, double *largest, WcPace *pace,
                                WcError *error);

/*
 * After wc_spread_begin: the square of what an item with so many entries adds to
 * the uncertainty by its own factors, less with more of them; 0 where w0 is 0.
 */
extern double wc_spread_of_item(const WcFold *fold, int32_t entries);

/*
 * The uncertainty of up to WC_KERNEL_CHUNK vectors of items with so many
 * entries, each to its own whatever the others are.  False when *error_place is
 * one for which it is not finite.
 */
extern bool wc_spread_some(WcFold *fold, int32_t count,
                           const float *const *vectors, const int32_t *entries,
                           float *spread, int32_t *error_place);

#endif /* WALS_CORE_FOLD_H */
