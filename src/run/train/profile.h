/*-------------------------------------------------------------------------
 *
 * profile.h
 *	  What is in a relation of ratings, and what training on it will take.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_PROFILE_H
#define WALS_RUN_PROFILE_H

#include "core/core.h"
#include "store/relation.h"

typedef struct WalsProfileRequest
{
	WalsSource source; /* relation and columns */
	int32 factors; /* WC_FACTORS_AUTO: what a training would choose */
} WalsProfileRequest;

/* Takes a row of a profile: value is a numeric, 0 for none, and note may be NULL. */
typedef void (*WalsProfilePut)(void *result, const char *property, Datum value,
                               const char *note);

/* Puts every row there is; errors as of a training that reads. */
extern void wals_profile_run(WalsProfileRequest *request, WalsProfilePut put,
                             void *result);

#endif /* WALS_RUN_PROFILE_H */
