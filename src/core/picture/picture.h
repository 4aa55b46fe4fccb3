/*-------------------------------------------------------------------------
 *
 * picture.h
 *	  What people look at: profiles of ratings, axes of plots, maps of items.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_PICTURE_H
#define WALS_CORE_PICTURE_H

#include "core/solve/solve.h"

/* ------------------------------------------------------------------------
 * Axes (axis.c)
 * ------------------------------------------------------------------------ */

#define WC_TICKS_MAX 16

typedef struct WcAxis
{
	double low; /* ends of the axis, low < high */
	double high;
	bool is_log;
	int n_ticks;
	double tick[WC_TICKS_MAX]; /* ascending, within the ends */
	double step; /* between ticks, 0 for is_log */
} WcAxis;

typedef enum WcAxisKind
{
	WC_AXIS_NUMBERS, /* ends are ticks */
	WC_AXIS_COUNTS, /* whole numbers below 2^53; ends are the outermost */
	WC_AXIS_LOG /* as NUMBERS, but logarithmic if the numbers ask for it */
} WcAxisKind;

/* Largest number that can be drawn. */
#define WC_AXIS_LIMIT 1e300

/*
 * An axis for count numbers of at most WC_AXIS_LIMIT in absolute value, with
 * about as many ticks as wanted (2 to 10).  Without numbers it goes from 0 to
 * 1.
 */
extern void wc_axis_make(WcAxisKind kind, int64_t count, const double *numbers,
                         int wanted, WcAxis *axis);

/* Where a number lies: 0 at the low end, 1 at the high one. */
extern double wc_axis_place(const WcAxis *axis, double number);

/* The text of a tick: "0.45", "1200", "1.25M", "2.5e+20". */
extern void wc_axis_label(const WcAxis *axis, double tick, size_t size,
                          char *text);

/* ------------------------------------------------------------------------
 * Maps (map.c)
 * ------------------------------------------------------------------------ */

/*
 * Coordinates of vectors in the plane of their two first principal components:
 * vectors are divided by their lengths, moved to mean 0 and projected.  The first vector that is not near 0
 * on an axis lies on its positive side.  A vector of zeros has no direction: it
 * takes no part, and gets NaN.  options may be NULL; the threads do not count.
 */
extern WcStatus wc_map_project(WcVectors all, float *x, float *y,
                               const WcSolverOptions *options,
                               const WcAlloc *alloc, const WcHooks *hooks);

/* A rectangle. */
typedef struct WcBox
{
	double left;
	double top;
	double right;
	double bottom;
} WcBox;

/* A point with the size of its label; it is placed by wc_map_labels. */
typedef struct WcMark
{
	double x;
	double y;
	double radius;
	double width; /* of the label, 0: none */
	double height;
	bool placed;
	bool over; /* its label lies over smaller points */
	WcBox box; /* of the label, if placed */
} WcMark;

/*
 * Place labels right of, left of, above or below their points, the first mark
 * first, wherever they stay within the frame and clear of other labels and of
 * the points of all marks; the first dozen, where there is no such place, also over
 * points that are smaller than their own.  Others are not placed.  At most limit
 * labels.
 */
extern WcStatus wc_map_labels(int32_t count, WcMark *marks, const WcBox *frame,
                              int32_t limit, const WcHooks *hooks);

#endif /* WALS_CORE_PICTURE_H */
