/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  What all answers from a model have in common.
 *
 * Ids come in one type per call (bigint, text or uuid) and go out in the same;
 * inside they are indexes of the rows in memory (store/cache.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_ANSWER_H
#define WALS_RUN_ANSWER_H

#include "store/cache.h"
#include "store/model.h"

/* One user's factors, ready to be multiplied. */
typedef struct WalsUserVector
{
	bool known;
	int32 count; /* of the factors */
	const float *factors;
	float base; /* global mean and the user's bias */
} WalsUserVector;

/* One row of an answer; ranks are places in the array, from 1. */
typedef struct WalsAnswer
{
	Datum id; /* of the caller's id type */
	float score;
	int32 entries; /* the row was trained on */
	int32 likes; /* of them */
} WalsAnswer;

/*
 * 42804 unless ids of this type can name users and items of the model.  call
 * shows in the hint how to pass them as text.
 */
extern void wals_answer_check_type(const WalsModel *model, Oid id_type,
                                   const char *call);

/* The same for a function that takes and returns ids of one side only. */
extern void wals_answer_check_side(const WalsModel *model, WcSide side,
                                   Oid id_type, const char *call);

/* P0002: the version was trained without rows of this user or item. */
_Noreturn extern void wals_answer_unknown(const WalsModel *model, WcSide side,
                                          Datum id, const char *hint);

/* The stored factors of a user, a datum of the model's user id type. */
extern WalsUserVector wals_answer_user(const WalsModel *model, Datum user);

/*
 * True when a vector of the model's scores everything on the other side alike:
 * of a user who likes nothing, say.  An order by it would be one by id.
 */
extern bool wals_answer_tells_nothing(const WalsModel *model,
                                      const float *factors, int32 count);

/* A set of rows, one bit each. */
extern uint64 *wals_row_set(const WalsRows *rows);

static inline void
wals_row_set_add(uint64 *set, int32 index)
{
	set[index / 64] |= UINT64CONST(1) << (index % 64);
}

static inline bool
wals_row_set_has(const uint64 *set, int32 index)
{
	return (set[index / 64] >> (index % 64)) & 1;
}

/* Index of a row the caller named, -1 when the version does not have it. */
extern int32 wals_answer_find(const WalsRows *rows, Oid id_type, Datum id);

/*
 * Distinct indexes of the ids the version has, in the order given; count says
 * how many.
 */
extern int32 *wals_answer_candidates(const WalsRows *rows, Oid id_type, int n,
                                     const Datum *ids, int64 *count);

/* XX001 unless a vector can be multiplied with those of the rows. */
extern void wals_answer_check_factors(const WalsRows *rows, int32 count);

/*
 * Scores as they are shown: predictions stay on the scale of the ratings.  The
 * order has been made by then, from the scores as they were, and what they were
 * searched with instead of min_score is wals_answer_least.
 */
extern void wals_answer_limit(const WalsModel *model, int32 count,
                              WcScored *result);
extern float wals_answer_least(const WalsModel *model, float min_score);

/* XX001 for a row whose score is not finite. */
_Noreturn extern void wals_answer_damaged(const WalsRows *rows, int32 index);

/* Ids of the chosen rows, allocated in context. */
extern WalsAnswer *wals_answer_name(const WalsRows *rows, Oid id_type,
                                    const WcScored *scored, int32 count,
                                    MemoryContext context);

/*
 * Which feedback is for what: said where somebody asks for the other
 * (purpose.c).
 */

/* What to say of a training with explicit feedback, a hint. */
#define WALS_PURPOSE_EXPLICIT                                                  \
	"It predicts ratings; for lists of recommendations train with feedback "   \
	"=> 'weighted', or without feedback, which rank far better."

/*
 * A NOTICE, once in a session for each model, when lists are asked of one that
 * predicts ratings.
 */
extern void wals_purpose_lists(const WalsModel *model);

#endif /* WALS_RUN_ANSWER_H */
