/*-------------------------------------------------------------------------
 *
 * normal.h
 *	  The normal equations of one row, as sums that can be made in several places.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_NORMAL_H
#define WALS_CORE_NORMAL_H

#include "core/solve/numerics.h"

/*
 * What entries and unobserved cells add to the equations of a row,
 *
 *		A = w0 s sum_j t_j v_j v_j' + sum_e c_e v_e v_e'
 *		b = sum_e (w0 s t_e + c_e) a_e v_e
 *
 * without lambda, which comes once, when they are solved.  The numbers are the
 * caller's; of A the upper triangle counts.
 */
typedef struct WcNormal
{
	int32_t width; /* unknowns */
	int64_t count; /* entries that were added */
	double *a; /* width x width */
	double *b; /* width */
} WcNormal;

/* Sums of nothing. */
extern void wc_normal_clear(WcNormal *normal);

/* The unobserved cells: gram is sum_j t_j v_j v_j', unobserved is w0 s. */
extern void wc_normal_add_cells(WcNormal *normal, double unobserved,
                                const double *gram);

/*
 * count entries: their vectors (count x width), c, full weights w0 s t + c and
 * targets.
 */
extern void wc_normal_add_entries(WcNormal *normal, int64_t count,
                                  const double *vectors, const double *weights,
                                  const double *full_weights,
                                  const double *targets);

/* The sums of another part of the row, made elsewhere, of the same width. */
extern void wc_normal_add(WcNormal *normal, const WcNormal *part);

/*
 * Solve (A + lambda I) x = b; A is used up and b becomes x.  diagonal has width
 * numbers.  WC_NOT_SPD when not positive definite.
 */
extern WcStatus wc_normal_solve(WcNormal *normal, double lambda,
                                double *diagonal);

#endif /* WALS_CORE_NORMAL_H */
