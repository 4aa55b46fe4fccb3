/*-------------------------------------------------------------------------
 *
 * retrain.h
 *	  Train models again as they were trained before.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_RETRAIN_H
#define WALS_RUN_RETRAIN_H

#include "utils/timestamp.h"

#include "run/train/train.h"

typedef struct WalsRetrainRequest
{
	Oid model; /* InvalidOid: all models of the current role */
	int64 min_new_rows; /* 0: train anyway */
	TimestampTz trained_before; /* DT_NOEND: train anyway */
	WalsTrainRequest train; /* of its options those that the call declares */
	bool has_holdout; /* else as the active version was trained */
	bool has_holdout_seed; /* the same */
	bool commits; /* the call may commit between its steps */
} WalsRetrainRequest;

/*
 * Train again what is due.  Returns the number of the last version that was
 * trained, 0 when none was.
 */
extern int32 wals_retrain_run(const WalsRetrainRequest *request);

#endif /* WALS_RUN_RETRAIN_H */
