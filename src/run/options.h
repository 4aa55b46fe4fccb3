/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The options of a training: their words, their ranges, their record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_OPTIONS_H
#define WALS_RUN_OPTIONS_H

#include "base/args.h"
#include "run/train.h"
#include "store/record.h"

/* The words SQL uses for the core's choices. */
extern const WalsChoice wals_feedback_choices[];
extern const WalsChoice wals_weighting_choices[];
extern const WalsChoice wals_unobserved_choices[];
extern const WalsChoice wals_duplicates_choices[];
extern const WalsChoice wals_solver_choices[];

/* 22023 for an option that is wrong by itself or contradicts another. */
extern void wals_options_check(const WalsTrainRequest *request);

/* All options with their choices resolved, as a JSON object. */
extern char *wals_options_json(const WalsTrainRequest *request,
                               const WcProblem *problem);

/* Set the half life, in seconds, in the unit of the time column too. */
extern void wals_options_half_life(WalsTrainRequest *request, double seconds);

/*
 * The request a version was trained with, but for the model's name: what the
 * training chose from the data is left open again, unless resolved asks for
 * the values it chose.  XX001 for a record that wals_train did not write, 42P01
 * when a table of weights is gone.
 */
extern void wals_options_read(Oid model, const WalsRecord *record,
                              bool resolved, WalsTrainRequest *request);

#endif /* WALS_RUN_OPTIONS_H */
