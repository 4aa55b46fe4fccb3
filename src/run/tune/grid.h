/*-------------------------------------------------------------------------
 *
 * grid.h
 *	  The options a tuning tries, as JSON, as numbers and as SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_GRID_H
#define WALS_RUN_GRID_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "core/core.h"

/* One value of a list. */
typedef struct WalsGridValue
{
	bool is_null; /* left to the training */
	double number; /* of a word or truth value: what the core calls it; of
	                * an interval: its seconds */
	const char *text; /* of an interval, as given */
} WalsGridValue;

typedef struct WalsGrid
{
	bool is_default; /* nobody gave one */
	int32 n;
	WcTuneOption options[WC_TUNE_OPTIONS_MAX];
	const WcOption *names[WC_TUNE_OPTIONS_MAX];
	WalsGridValue *values[WC_TUNE_OPTIONS_MAX]; /* of lists */
} WalsGrid;

/*
 * Read a grid: an object of options, each a value, an array of values or a
 * range; NULL for the one that suits the feedback.  22023 for what
 * wals_train() does not know or a tuning cannot change.
 */
extern void wals_grid_read(const Jsonb *json, WcFeedback feedback,
                           WalsGrid *grid);

/*
 * Regularization of the default grid is meant for values of that deviation 1: put
 * it, and points that have been drawn, into the unit of the values.
 */
extern void wals_grid_scale(WalsGrid *grid, WcFeedback feedback,
                            const WcCsr *ratings, int32 n_points,
                            double *points);

/* 22023 for a value that is out of range, whatever the others are. */
extern void wals_grid_check(const WalsGrid *grid, const WcParams *params);

/* Set the options of a point, half_life in seconds; NULL: none of them. */
extern void wals_grid_apply(const WalsGrid *grid, const double *point,
                            WcParams *params);

/* Lower the factors of a point to the largest number of them up to most. */
extern void wals_grid_limit_factors(const WalsGrid *grid, int32 most,
                                    double *point);

/* The options of a point as a JSON object. */
extern char *wals_grid_json(const WalsGrid *grid, const double *point);

/*
 * The same as arguments of wals_train(), each after a comma; iterations more
 * than 0 are given instead of the point's.
 */
extern void wals_grid_arguments(const WalsGrid *grid, const double *point,
                                int32 iterations, StringInfo sql);

#endif /* WALS_RUN_GRID_H */
