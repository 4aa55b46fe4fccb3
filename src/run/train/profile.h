/*-------------------------------------------------------------------------
 *
 * profile.h
 *	  What is in a relation of ratings, and what training on it will take.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_PROFILE_H
#define WALS_RUN_PROFILE_H

#include "nodes/execnodes.h"

#include "core/core.h"
#include "store/relation.h"

typedef struct WalsProfileRequest
{
	WalsSource source; /* relation and columns */
	int32 factors; /* WC_FACTORS_AUTO: what a training would choose */
} WalsProfileRequest;

/* Rows (property, value, note); errors as of a training that reads. */
extern void wals_profile_run(WalsProfileRequest *request,
                             ReturnSetInfo *result);

#endif /* WALS_RUN_PROFILE_H */
