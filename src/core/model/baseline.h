/*-------------------------------------------------------------------------
 *
 * baseline.h
 *	  What is found in the ratings while a problem is built: mean and biases,
 *	  regularization.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_BASELINE_H
#define WALS_CORE_BASELINE_H

#include "core/ground/internal.h"
#include "core/model/model.h"

/* Biases of a problem with explicit feedback, without factors (baseline.c). */
typedef struct WcBaseline
{
	double *user_bias; /* m, of the caller */
	double *item_bias; /* n, of the caller */
	double
	    lambda[2]; /* what biases of users and of items are regularized with */
	double square; /* weighted sum of the squares of what they leave, and of
									 * how uncertain they are */
} WcBaseline;

/* Fit it to the targets; user_weight (m) and item_weight (n) are sums of c_ij. */
extern WcStatus wc_baseline_fit(const WcProblem *problem,
                                const double *user_weight,
                                const double *item_weight, WcBaseline *baseline,
                                WcPace *pace);

/*
 * Set problem->spread, once targets and weights are final, and choose the lambdas
 * of biases.
 */
extern WcStatus wc_baseline_spread(WcProblem *problem,
                                   const double *user_weight,
                                   const double *item_weight,
                                   const WcAlloc *alloc, WcPace *pace);

/* Set the regularization of a problem whose both sides are final (choose.c). */
extern WcStatus wc_choose_regularization(WcProblem *problem,
                                         const WcAlloc *alloc,
                                         const WcHooks *hooks);

#endif /* WALS_CORE_BASELINE_H */
