/*-------------------------------------------------------------------------
 *
 * plot.h
 *	  The numbers in a model's table that can be drawn.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PLOT_H
#define WALS_STORE_PLOT_H

#include "core/core.h"

/* Points in order of x; what cannot be drawn is left out. */
typedef struct WalsCurve
{
	int32 version; /* 0: of several versions */
	int32 count;
	double *x; /* whole numbers */
	double *y; /* at most WC_AXIS_LIMIT in absolute value */
	double *seconds; /* of an iteration, NaN: unknown */
	double *error; /* standard error of y, not negative; NaN: unknown */
	double *baseline; /* what popularity achieves, as y; NaN: unknown */
} WalsCurve;

/*
 * Losses by iteration of a version, NULL meaning the active one: 22023 or 55000
 * when there is none.
 */
extern void wals_curve_losses(Oid model, const int32 *version,
                              WalsCurve *curve);

/*
 * A metric of all versions that have it, by version.  Its error and baseline are
 * those of this name in the objects std_error and popular_baseline beside it.
 */
extern void wals_curve_versions(Oid model, const char *metric,
                                WalsCurve *curve);

/* The metrics of a version whose names are metric@k, by k. */
extern void wals_curve_cuts(Oid model, int32 version, const char *metric,
                            WalsCurve *curve);

#endif /* WALS_STORE_PLOT_H */
