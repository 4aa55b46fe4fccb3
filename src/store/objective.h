/*-------------------------------------------------------------------------
 *
 * objective.h
 *	  The objective of a stored version: what solving one more user takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_OBJECTIVE_H
#define WALS_STORE_OBJECTIVE_H

#include "store/model.h"
#include "store/query.h"

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

/*
 * Whether times of a column of this type, a base type, count in the unit they
 * had in the training, as far as anything depends on it.
 */
extern bool wals_objective_has_time(const WalsObjective *objective,
                                    Oid time_type);

#endif /* WALS_STORE_OBJECTIVE_H */
