/*-------------------------------------------------------------------------
 *
 * formula.h
 *	  What an objective makes of ratings and counts: weights, targets, lambda.
 *
 * README.md has the formulas.  They are written here and in formula.c and nowhere
 * else: problem.c, the solvers, loss.c, baseline.c and folding in all ask here.
 * (ref.c, selftest.c and the unit tests have their own, to compare with.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_FORMULA_H
#define WALS_CORE_FORMULA_H

#include "core/ground/internal.h"
#include "core/model/model.h"

/* ------------------------------------------------------------------------
 * Values: g and targets
 * ------------------------------------------------------------------------ */

/*
 * weight *= g(value) for count entries, or weight = g(value) where there was no
 * weight before (fresh).  value NULL: all 1.  Leaves a weight alone, or makes it
 * 1, where g does not look at the value.
 */
extern void wc_weigh_values(const WcParams *params, int64_t count,
                            const float *value, bool fresh, float *weight);

/* g of a weighting by value in words, as snprintf. */
extern int wc_g_words(const WcParams *params, size_t size, char *text);

/* The target of a fresh entry; mean is that of explicit feedback, else 0. */
static inline float
wc_target(WcFeedback feedback, double mean, float value)
{
	if (feedback == WC_IMPLICIT)
		return value > 0 ? 1.0f : 0.0f;
	return (float) (value - mean);
}

/*
 * The target of an entry that has faded to a share: what minimizes share times
 * the loss of the fresh entry plus 1 - share times that of an unobserved cell,
 * whose weights are w0 + c / share and w0.
 */
static inline double
wc_faded_target(double target, double unobserved, double c, double share)
{
	double weight = unobserved + c;

	return weight > 0 ? target * (unobserved * share + c) / weight
	                  : target * share;
}

/* ------------------------------------------------------------------------
 * Counts: powers and t_j; who has no entries counts as having one
 * ------------------------------------------------------------------------ */

/*
 * *scale = (count / reference)^exponent for each row, NULL for an exponent of 0.
 * The reference is 1, or with normalize what makes the largest power 1, so that
 * none overflows on the way to a normalized weight; *divided is multiplied by its
 * power.  *scale is allocated, in an error, too.
 */
extern WcStatus wc_raise_counts(int32_t rows, const int32_t *count,
                                double exponent, bool normalize, float **scale,
                                double *divided, const WcAlloc *alloc,
                                WcPace *pace);

/* *scale *= given; NULL is all ones, in either. */
extern WcStatus wc_multiply_given(int32_t rows, const float *given,
                                  float **scale, const WcAlloc *alloc,
                                  WcPace *pace);

/* Whether t_j is other than 1. */
static inline bool
wc_by_popularity(const WcParams *params)
{
	return params->unobserved_popularity && params->popularity_exponent != 0;
}

/* t_j of an item with so many entries. */
extern float wc_popularity_share(const WcParams *params, int64_t entries,
                                 WcPopularity popularity);

/*
 * *share = t_j of each item, NULL where all are 1, and *total their sum.  *share
 * is allocated, in an error, too.
 */
extern WcStatus wc_set_shares(const WcParams *params, int32_t items,
                              const int32_t *count, float **share,
                              double *total, const WcAlloc *alloc,
                              WcPace *pace);

/* ------------------------------------------------------------------------
 * Sums: lambda
 * ------------------------------------------------------------------------ */

/* lambda weight^nu of a row whose cells weigh so much in all. */
static inline double
wc_row_lambda(const WcParams *params, double weight)
{
	return params->regularization * (params->reg_exponent == 1
	                                     ? weight
	                                     : pow(weight, params->reg_exponent));
}

/* The same as a float, WC_LAMBDA_TOO_LARGE where that has no room for it. */
extern WcStatus wc_set_lambda(const WcParams *params, WcSide side, int32_t row,
                              double weight, float *lambda, WcError *error);

/* ------------------------------------------------------------------------
 * Entries: c_ij, W_ij and a_ij
 * ------------------------------------------------------------------------ */

/*
 * The entries of one row, and what an equation makes of them.  With j the column
 * of entry e and NULL for all ones (bias: zeros)
 *
 *		c_e = scale weight_e col_scale_j
 *		w0 s t_e = unobserved col_share_j
 *		a_e = value_e - col_bias_j
 */
typedef struct WcTerms
{
	int64_t count;
	const int32_t *col;
	const float *value;
	const float *weight;
	const float *col_scale;
	const float *col_share;
	const float *col_bias;
	double scale; /* base_weight times the row's own */
	double unobserved; /* w0 times the row's own share */
} WcTerms;

/* The rows of one side. */
typedef struct WcRows
{
	int32_t rows;
	int32_t cols;
	const int64_t *start; /* rows + 1: where a row is in all */
	WcTerms all; /* of all rows, without what is a row's own */
	const float *row_scale; /* NULL: all ones */
	const float *row_share; /* NULL: all ones */
} WcRows;

/* Those of a problem, without biases of columns. */
extern WcRows wc_rows_of(const WcProblem *problem, WcSide side);

static inline WcTerms
wc_terms_of(const WcRows *rows, int32_t row)
{
	WcTerms terms = rows->all;
	int64_t first = rows->start[row];

	terms.count = rows->start[row + 1] - first;
	terms.col += first;
	if (terms.value != NULL)
		terms.value += first;
	if (terms.weight != NULL)
		terms.weight += first;
	if (rows->row_scale != NULL)
		terms.scale *= rows->row_scale[row];
	if (rows->row_share != NULL)
		terms.unobserved *= rows->row_share[row];
	return terms;
}

/* c_e in single precision, as the kernels are given it. */
static inline float
wc_term_weight(const WcTerms *terms, int64_t e)
{
	float c = (float) terms->scale;

	if (terms->weight != NULL)
		c *= terms->weight[e];
	if (terms->col_scale != NULL)
		c *= terms->col_scale[terms->col[e]];
	return c;
}

/* One entry in double precision. */
typedef struct WcTerm
{
	double weight; /* c */
	double unobserved; /* w0 s t: W is the sum of both */
	double target; /* a */
} WcTerm;

static inline WcTerm
wc_term(const WcTerms *terms, int64_t e)
{
	int32_t col = terms->col[e];
	WcTerm term = {terms->scale, terms->unobserved,
	               terms->value != NULL ? terms->value[e] : 1.0};

	if (terms->weight != NULL)
		term.weight *= terms->weight[e];
	if (terms->col_scale != NULL)
		term.weight *= terms->col_scale[col];
	if (terms->col_share != NULL)
		term.unobserved *= terms->col_share[col];
	if (terms->col_bias != NULL)
		term.target -= terms->col_bias[col];
	return term;
}

/*
 * c and y = W a of count entries from e on, in single precision.  A weight below
 * FLT_MIN has no square root worth multiplying with and becomes 0, an overflow
 * infinite, which shows in rho (solve.c).
 */
extern void wc_term_coefficients(const WcTerms *terms, int64_t e, int32_t count,
                                 float *weight, float *right);

#endif /* WALS_CORE_FORMULA_H */
