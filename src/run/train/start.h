/*-------------------------------------------------------------------------
 *
 * start.h
 *	  The version a warm training starts from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_START_H
#define WALS_RUN_START_H

#include "run/measure/gate.h"

/*
 * Find it: false for a training that begins with random factors, because it is
 * to, there is no version, or that has seen what is held out now, with a NOTICE.
 * 22023 for a version whose factors cannot be this training's, which has as many
 * if nobody says how many.  Between
 * wals_query_begin and wals_query_end.
 */
extern bool wals_start_find(WalsTrainRequest *request, const WalsTarget *target,
                            const WalsGate *gate, WalsModel *start);

#endif /* WALS_RUN_START_H */
