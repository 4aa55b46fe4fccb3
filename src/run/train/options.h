/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The options of a training: their words, their ranges, their record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_OPTIONS_H
#define WALS_RUN_OPTIONS_H

#include "datatype/timestamp.h"

#include "base/args.h"
#include "base/compat.h"
#include "run/train/train.h"
#include "store/objective.h"
#include "store/record.h"

/* yes, no, if_better */
extern const WalsChoice wals_activate_choices[];

/* All defaults; neither model nor source. */
extern void wals_options_reset(WalsTrainRequest *request);

/*
 * What the arguments of a call say, found by their names: the columns of a
 * source (user_id and item_id where they are not said), the options of the core,
 * or all of them.  What is NULL or not declared is left as it is, or follows
 * from other options; so the source comes first.  22023.
 */
extern void wals_options_source(FunctionCallInfo fcinfo, WalsSource *source);
extern void wals_options_fetch_params(FunctionCallInfo fcinfo,
                                      WalsTrainRequest *request);
extern void wals_options_fetch(FunctionCallInfo fcinfo,
                               WalsTrainRequest *request);

/* 22023 for an option that is wrong by itself or contradicts another. */
extern void wals_options_check(const WalsTrainRequest *request);

/* The same for those that are no options of the core, each by itself. */
extern void wals_options_check_own(const WalsTrainRequest *request);

/*
 * Raise it: what is wrong with an option.  The hint names the column that is
 * missing, and those there are, when there is a request to know it from.
 */
pg_noreturn extern void wals_options_refuse(const WalsTrainRequest *request,
                                            const char *option,
                                            const char *detail);

/*
 * The first of the core's options that does so, with a sentence about it in
 * detail, or NULL.
 */
extern const char *wals_options_conflict(const WalsTrainRequest *request,
                                         Size size, char *detail);

/*
 * All options with their choices resolved, as a JSON object, and what else
 * wals_objective_read needs.  A solver, or NULL, says whose dense algebra it was.
 */
extern char *wals_options_json(const WalsTrainRequest *request,
                               const WcObjective *objective,
                               const WcSolver *solver);

/*
 * Their names in it, as a text[], but for the one that says how a training
 * began: what else the object has follows from them.
 */
extern char *wals_options_names(void);

/* Seconds of an interval; a month has 30 days. */
extern double wals_interval_seconds(const Interval *interval);

/* Set the half life, in seconds, in the unit of the time column too. */
extern void wals_options_half_life(WalsTrainRequest *request, double seconds);

/*
 * The request a version was trained with, but for the model's name: what the
 * training chose from the data is left open again.  XX001 for a record that
 * wals_train did not write, 42P01 when a table of weights is gone.
 */
extern void wals_options_read(Oid model, const WalsRecord *record,
                              WalsTrainRequest *request);

/*
 * Whether the training of a version could be done again beside another request:
 * its factors were not imported, and source, ids and tables of weights are the
 * same, so that wals_options_read finds them.
 */
extern bool wals_options_repeatable(const WalsRecord *record,
                                    const WalsTrainRequest *request);

/*
 * Whether two requests differ in nothing that the numbers depend on but seeds
 * and what is held out.
 */
extern bool wals_options_same(const WalsTrainRequest *a,
                              const WalsTrainRequest *b);

/*
 * The fraction of the pairs drawn with this seed that a version has not seen:
 * what its training held out, 0 for one that drew others, was trained before
 * this was an option, or was refreshed from all rows by an older release.
 */
extern double wals_options_unseen(const WalsRecord *record, int64 holdout_seed);

#endif /* WALS_RUN_OPTIONS_H */
