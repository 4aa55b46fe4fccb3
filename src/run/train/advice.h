/*-------------------------------------------------------------------------
 *
 * advice.h
 *	  What a profile has found, and what it advises.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_ADVICE_H
#define WALS_RUN_ADVICE_H

#include "run/train/profile.h"
#include "store/ratings.h"

/* State of one profile, in the order in which it comes to be. */
typedef struct WalsProfile
{
	/* input */
	const WalsSource *source;
	WcParams params; /* defaults, but for the factors */
	WalsProfilePut put; /* rows go there */
	void *result;
	WalsJob job;

	/* ratings; of their arrays nothing is left at the end */
	WalsRatings ratings;
	WalsSurvey survey;
	bool has_times;
	int64 oldest;
	int64 newest;
	WcValues values;
	WcCsr entries;
	int64 n_duplicates;
	WcSpread users;
	WcSpread items;

	/* cost of a training */
	bool is_chosen; /* the number of factors is what a training would choose */
	int32 wanted_factors; /* by the shape alone */
	Size training_bytes;
	double seconds;
	double version_bytes;
} WalsProfile;

/* An id of one side as text. */
extern char *wals_profile_id(const WalsProfile *profile, WcSide side,
                             int32 index);

/* Put a row of advice. */
extern void wals_profile_advise(const WalsProfile *profile, const char *advice);

/* Put all the advice there is. */
extern void wals_profile_advice(const WalsProfile *profile);

#endif /* WALS_RUN_ADVICE_H */
