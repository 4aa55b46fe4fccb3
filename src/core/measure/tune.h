/*-------------------------------------------------------------------------
 *
 * tune.h
 *	  Which options a tuning tries, how far each trial goes, what is held out.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_TUNE_H
#define WALS_CORE_TUNE_H

#include "core/measure/measure.h"

/* ------------------------------------------------------------------------
 * Trials (tune.c)
 * ------------------------------------------------------------------------ */

/* One option: a list of values, or a range of numbers. */
typedef struct WcTuneOption
{
	int32_t count; /* values of a list; 0: a range */
	double low; /* ends of a range, both included */
	double high;
	bool log; /* even on a scale of logarithms; low > 0 */
	bool whole; /* integers */
} WcTuneOption;

#define WC_TUNE_OPTIONS_MAX WC_OPTIONS_MAX
#define WC_TUNE_TRIALS_MAX 1000
#define WC_TUNE_RUNGS_MAX 8

/* Combinations of the lists, INT64_MAX when there are more; -1 with a range. */
extern int64_t wc_tune_combinations(int32_t n, const WcTuneOption *options);

/* Which combinations there are to be, and how many were left out. */
typedef struct WcTuneFilter
{
	bool (*is_wanted)(void *arg, const double *point);
	void *arg;
	int64_t left_out; /* set by the search */
} WcTuneFilter;

/*
 * Fill points (trials x n) with different combinations that the filter wants,
 * and return how many there are: a list's choice is the place of the value from
 * 0, a range's the number.  Grid goes through the lists, the last option
 * fastest, and returns trials + 1 when there are more, points then being the
 * first; random depends on the seed, and stops when it finds nothing new.
 */
extern int32_t wc_tune_grid(int32_t n, const WcTuneOption *options,
                            int32_t trials, WcTuneFilter *filter,
                            double *points);
extern int32_t wc_tune_random(int32_t n, const WcTuneOption *options,
                              int64_t seed, int32_t trials,
                              WcTuneFilter *filter, double *points);

/* ------------------------------------------------------------------------
 * Learning from trials (tune_model.c)
 * ------------------------------------------------------------------------ */

#define WC_TUNE_MODEL_MAX 200 /* trials to learn from */

/* Where a point lies: a number from 0 to 1 for each option. */
extern void wc_tune_place(int32_t n, const WcTuneOption *options,
                          const double *point, double *place);

/* What is known of candidates; fewer than all were tried. */
typedef struct WcTuneMemory
{
	int32_t n; /* options */
	int32_t n_candidates;
	const double *place; /* n_candidates x n, from wc_tune_place */
	int32_t n_tried; /* at most WC_TUNE_MODEL_MAX */
	const int32_t *tried; /* candidates */
	const double *value; /* n_tried: what they came to, NaN: nothing */
	bool higher; /* values are better */
} WcTuneMemory;

/*
 * Which candidate to try next.  Before there is enough to learn from, it is the
 * first that was not tried.
 */
extern WcStatus wc_tune_next(const WcTuneMemory *memory, int32_t *next,
                             const WcAlloc *alloc, const WcHooks *hooks);

/* ------------------------------------------------------------------------
 * Successive halving (tune.c)
 * ------------------------------------------------------------------------ */

/* One round. */
typedef struct WcTuneRung
{
	int32_t trials; /* that take part */
	int32_t part; /* they run 1 / part of their iterations, rounded up */
} WcTuneRung;

/*
 * The rounds for a number of trials; the last one has part 1.  With halving
 * false there is one round.
 */
extern int32_t wc_tune_rungs(int32_t trials, bool halving, WcTuneRung *rungs);

/*
 * Put those of order (indexes of value, count of them) first who did best, ties
 * by index, those that have no value (NaN) last.
 */
extern void wc_tune_rank(int32_t count, const double *value, bool higher,
                         int32_t *order);

#endif /* WALS_CORE_TUNE_H */
