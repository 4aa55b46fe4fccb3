/*-------------------------------------------------------------------------
 *
 * gate.h
 *	  Whether a new version is good enough to answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_GATE_H
#define WALS_RUN_GATE_H

#include "run/measure/holdout.h"
#include "run/measure/summary.h"
#include "run/train/train.h"

/* Held out for activate => 'if_better' when nothing is said. */
#define WALS_HOLDOUT_DEFAULT 0.1

/* What the new version is compared with. */
typedef enum WalsAgainst
{
	WALS_AGAINST_ACTIVE, /* the active version */
	WALS_AGAINST_NOTHING, /* which has seen what is held out, and has the same
	                       * options */
	WALS_AGAINST_STAND_IN /* its options, trained again on the same rows */
} WalsAgainst;

/* State of one judgement, in the order in which it comes to be. */
typedef struct WalsGate
{
	WalsMetric metric;
	const char *metric_text; /* as SQL has it: ndcg@10 */
	double fraction; /* held out; 0: no gate, all below is 0 */
	int64 seed; /* holdout_seed */
	bool decides; /* activate => 'if_better' */
	double margin;
	bool has_active;
	WalsModel active;
	bool active_saw; /* was trained on rows that are held out now */
	bool same_options; /* as the active version's, but for the seed */
	WalsAgainst against;
	WalsTrainRequest *stand_in; /* to be trained; NULL: none */
	double active_behind; /* the best version so far, by earlier gates */
	int32 best_version; /* that is; 0: the new one */
	int32 n_differences; /* earlier ones, of versions of the same options */
	double deviation; /* root of their mean square */

	WalsMean mean; /* the new version, on all users that are measured */

	/* both, on the users (and, for predictions, pairs) both have */
	double seen_value; /* of an active version that saw; NaN: none */
	bool compared;
	double values[2]; /* what it is compared with, the new one */
	double difference; /* new less the other */
	double user_error; /* its standard error over the users */
	double difference_error; /* and with the noise of training, if known */
	int64 n_common;
	double behind; /* the best version so far */
	bool activates;
} WalsGate;

/*
 * 22023 for a metric that there is not, and where metric, margin and holdout
 * contradict each other.
 */
extern void wals_gate_check(const WalsTrainRequest *request);

/*
 * Begin: which metric, and for a version that is to be better than the active
 * one, which that is.  Between wals_query_begin and wals_query_end.
 */
extern void wals_gate_open(const WalsTrainRequest *request, Oid model,
                           WalsGate *gate);

/*
 * Measure what was trained, and the active version or the one that stands in
 * for it beside it; decide.  stand_in is what gate->stand_in gave.
 */
extern void wals_gate_judge(WalsGate *gate, const WalsHoldout *holdout,
                            const WalsTrained *trained,
                            const WalsTrained *stand_in);

/* What goes into the column "metrics" of a version: a JSON object, or NULL. */
extern char *wals_gate_json(const WalsGate *gate, int32 version);

/* The NOTICE about a version of the model, which is written. */
extern void wals_gate_announce(const WalsGate *gate, Oid model, int32 version);

#endif /* WALS_RUN_GATE_H */
