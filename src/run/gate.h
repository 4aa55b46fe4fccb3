/*-------------------------------------------------------------------------
 *
 * gate.h
 *	  Whether a new version is good enough to answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_GATE_H
#define WALS_RUN_GATE_H

#include "run/holdout.h"
#include "run/train.h"

/* Held out for activate => 'if_better' when nothing is said. */
#define WALS_HOLDOUT_DEFAULT 0.1

/* What is measured. */
typedef struct WalsMetric
{
	const char *name; /* as SQL has it: ndcg@10, auc, rmse */
	bool rates; /* rmse, mae: predictions; else a ranking */
	bool squares; /* rmse */
	WcCutMetric place; /* with a cut */
	int32 cut; /* 0: auc */
} WalsMetric;

/* State of one judgement, in the order in which it comes to be. */
typedef struct WalsGate
{
	WalsMetric metric;
	double fraction; /* held out; 0: no gate, all below is 0 */
	int64 seed; /* holdout_seed */
	bool decides; /* activate => 'if_better' */
	double margin;
	bool has_active;
	WalsModel active;
	bool active_saw; /* was trained on rows that are held out now */

	/* the new version, on all users that are measured */
	double value;
	double error; /* standard error; NaN for one user */
	int64 n_users;

	/* both, on the users (and, for predictions, pairs) both have */
	bool compared;
	double values[2]; /* the active version, the new one */
	double difference; /* new less active */
	double difference_error;
	int64 n_common;
	bool activates;
} WalsGate;

/*
 * 22023 for a metric, margin or holdout that is wrong by itself or contradicts
 * another option.
 */
extern void wals_gate_check(const WalsTrainRequest *request);

/*
 * Begin: which metric, and for a version that is to be better than the active
 * one, which that is.  Between wals_query_begin and wals_query_end.
 */
extern void wals_gate_open(const WalsTrainRequest *request, Oid model,
                           WalsGate *gate);

/*
 * Measure the trained model, and the active version beside it; decide.  What
 * it needs is what the training has: ids, both sides of the entries, factors.
 */
extern void wals_gate_judge(WalsGate *gate, const WalsHoldout *holdout,
                            const WcIdMap *users, const WcIdMap *items,
                            const WcCsr *by_user, const WcCsr *by_item,
                            const WcModel *model);

/* What goes into the column "metrics": a JSON object, or NULL. */
extern char *wals_gate_json(const WalsGate *gate);

/* The NOTICE about a version of the model, which is written. */
extern void wals_gate_announce(const WalsGate *gate, Oid model, int32 version);

#endif /* WALS_RUN_GATE_H */
