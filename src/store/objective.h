/*-------------------------------------------------------------------------
 *
 * objective.h
 *	  The objective of a stored version: what solving one more user takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_OBJECTIVE_H
#define WALS_STORE_OBJECTIVE_H

#include "base/args.h"
#include "store/model.h"
#include "store/query.h"

/* The words SQL uses for the core's choices. */
extern const WalsChoice wals_feedback_choices[];
extern const WalsChoice wals_weighting_choices[];
extern const WalsChoice wals_unobserved_choices[];
extern const WalsChoice wals_duplicates_choices[];

typedef struct WalsObjective
{
	WcObjective core;
	double half_life_seconds; /* 0: none */
	double holdout; /* fraction of the pairs no row was solved from; 0: none */
	int64 draw; /* the seed of wc_is_drawn for these pairs */
	/* columns of the source, empty: not used */
	NameData value_col;
	NameData weight_col;
	NameData time_col;
} WalsObjective;

/*
 * Read the objective of a version that wals_model_active has found, and check
 * all of it: XX001 for what no training would have written.
 */
extern void wals_objective_read(const WalsModel *model,
                                WalsObjective *objective);

/* The same with the snapshot of what changes the version. */
extern void wals_objective_read_as(const WalsModel *model,
                                   WalsSnapshot snapshot,
                                   WalsObjective *objective);

#endif /* WALS_STORE_OBJECTIVE_H */
