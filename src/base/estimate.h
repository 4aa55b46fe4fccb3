/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  What the planner can know about a call of one of our functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_ESTIMATE_H
#define WALS_BASE_ESTIMATE_H

#include "nodes/supportnodes.h"

/*
 * The argument of this name as a constant, when it is one at planning time;
 * else NULL.
 */
extern Const *wals_estimate_argument(const SupportRequestRows *request,
                                     const char *name);

/*
 * Rows of an answer by the argument n, or 0 when it is not known.  Whoever asks
 * for two billion rows means all of them, and no catalogue is that large.
 */
extern double wals_estimate_limit(const SupportRequestRows *request);

#endif /* WALS_BASE_ESTIMATE_H */
