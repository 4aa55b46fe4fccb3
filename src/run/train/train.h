/*-------------------------------------------------------------------------
 *
 * train.h
 *	  Train a model and store it as a new version.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_TRAIN_H
#define WALS_RUN_TRAIN_H

#include "base/progress.h"
#include "core/core.h"
#include "store/relation.h"

/* Whether the new version answers from now on. */
typedef enum WalsActivate
{
	WALS_ACTIVATE_NO,
	WALS_ACTIVATE_YES,
	WALS_ACTIVATE_IF_BETTER /* than the active one, see run/measure/gate.h */
} WalsActivate;

typedef struct WalsTrainRequest
{
	const char *model; /* name as given */
	WalsSource source; /* relation and columns */
	WcParams params;
	bool factors_chosen; /* by a training: nobody gave their number */
	double half_life_seconds; /* 0: none */
	Oid row_weights; /* InvalidOid: none */
	Oid col_weights;
	WalsNaming row_naming; /* how rows name them */
	WalsNaming col_naming;
	bool warm_start;
	double tolerance; /* 0: run all iterations */
	int32 max_seconds; /* PG_INT32_MAX: no limit */
	WalsActivate activate;
	const char *metric; /* NULL: the default for the feedback */
	double margin; /* how much worse if_better may be */
	double holdout; /* fraction of the pairs; 0: none */
	int64 holdout_seed; /* which pairs; with WC_DRAW_HOLDOUT mixed in */
	int32 keep_versions;
	WalsCommand command; /* that is shown to other sessions */
	bool commits; /* commit between reading, solving and writing */
} WalsTrainRequest;

/* Returns the number of the new version. */
extern int32 wals_train_run(WalsTrainRequest *request);

#endif /* WALS_RUN_TRAIN_H */
