/*-------------------------------------------------------------------------
 *
 * score.h
 *	  The score of one pair.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SCORE_H
#define WALS_RUN_SCORE_H

#include "run/answer/fold.h"

/* What one place in a query keeps from one call to the next. */
typedef struct WalsScoring WalsScoring;

/* id_type is the type of both ids, model InvalidOid for the default. */
extern WalsScoring *wals_scoring_create(MemoryContext context, Oid id_type);

/* Score of one pair; false when the user or the item is unknown. */
extern bool wals_score_run(WalsScoring *scoring, Oid model, Datum user,
                           Datum item, WalsFoldIn fold_in, float *score);

#endif /* WALS_RUN_SCORE_H */
