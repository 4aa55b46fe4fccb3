/*-------------------------------------------------------------------------
 *
 * choose.h
 *	  How many factors a training has, if nobody said.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_CHOOSE_H
#define WALS_RUN_CHOOSE_H

#include "base/job.h"
#include "core/core.h"

/* A training whose ratings are read. */
typedef struct WalsChooser
{
	const char *model;
	const WcCsr *by_user;
	const WalsJob *job;
	WcFeedback feedback;
	int32 most; /* that fit into wals.max_memory */
} WalsChooser;

/*
 * Choose factors where they are WC_FACTORS_AUTO, and tell by a NOTICE what they
 * cost where they are more than the least.  Those of an earlier version stay; a
 * NOTICE says so when the data have become others.
 */
extern void wals_choose_factors(const WalsChooser *chooser, int32 *factors);

/* Work of an iteration with so many factors, 1 with the least. */
extern double wals_choose_labour(const WalsChooser *chooser, int32 factors);

#endif /* WALS_RUN_CHOOSE_H */
