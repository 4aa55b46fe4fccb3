/*-------------------------------------------------------------------------
 *
 * purpose.h
 *	  Which feedback is for what: said where somebody asks for the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_PURPOSE_H
#define WALS_RUN_PURPOSE_H

#include "store/model.h"

/* What to say of a training with explicit feedback, a hint. */
#define WALS_PURPOSE_EXPLICIT                                                  \
	"It predicts ratings; for lists of recommendations train with feedback "   \
	"=> 'weighted', or without feedback, which rank far better."

/*
 * A NOTICE, once in a session for each model, when lists are asked of one that
 * predicts ratings.
 */
extern void wals_purpose_lists(const WalsModel *model);

#endif /* WALS_RUN_PURPOSE_H */
