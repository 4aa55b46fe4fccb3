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

/* The words SQL uses for the core's choices. */
extern const WalsChoice wals_feedback_choices[];
extern const WalsChoice wals_weighting_choices[];
extern const WalsChoice wals_unobserved_choices[];
extern const WalsChoice wals_duplicates_choices[];

/* 22023 for an option that is wrong by itself or contradicts another. */
extern void wals_options_check(const WalsTrainRequest *request);

/* All options with their choices resolved, as a JSON object. */
extern char *wals_options_json(const WalsTrainRequest *request,
                               const WcProblem *problem);

#endif /* WALS_RUN_OPTIONS_H */
