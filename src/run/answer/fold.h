/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  Solve a user against the items of a model, from rows as they are now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_FOLD_H
#define WALS_RUN_FOLD_H

#include "base/args.h"
#include "run/answer/answer.h"
#include "store/fold.h"
#include "store/history.h"

/* Which users are folded in. */
typedef enum WalsFoldIn
{
	WALS_FOLD_AUTO, /* those the version does not know */
	WALS_FOLD_ALWAYS,
	WALS_FOLD_NEVER
} WalsFoldIn;

extern const WalsChoice wals_fold_in_choices[];

/* Ratings that a caller passes, in no table. */
typedef struct WalsBasket
{
	int count;
	Datum *items; /* of the caller's id type */
	float *values; /* NULL: each counts 1 */
	float *weights; /* NULL: each weighs 1 */
} WalsBasket;

/* A user who was folded in. */
typedef struct WalsFolded
{
	WcFold *fold; /* has the entries, until the next is folded in */
	const WalsRows *items; /* see wals_cache_rows */
	int64 n_rows; /* that were there */
	int64 n_unusable; /* of them: with a NULL, or weight 0 */
	int64 n_unknown; /* of them: of items the version does not know */
	int64 n_held_out; /* of them: by the training, which knows the user */
	int64 n_entries; /* that are left, merged */
	WalsUserVector vector; /* known: n_entries is not 0 */
} WalsFolded;

/*
 * Fold a user of the model in from the source's rows: from those the version
 * holds out, too, only if it does not know the user.
 */
extern void wals_fold_history(const WalsModel *model,
                              const WalsObjective *objective, Datum user,
                              const WalsHistory *history, WalsFolded *folded);

/* Fold in who has rated so; id_type is that of the basket's items. */
extern void wals_fold_basket(const WalsModel *model,
                             const WalsObjective *objective, Oid id_type,
                             const WalsBasket *basket, WalsFolded *folded);

/* The factors of a user: stored or folded in; NULL when neither is possible. */
extern float *wals_user_factors_run(Oid model, Oid id_type, Datum user,
                                    WalsFoldIn fold_in, int32 *count);

/* The factors of a basket; NULL without an item the version knows. */
extern float *wals_fold_in_run(Oid model, Oid id_type, const WalsBasket *basket,
                               int32 *count);

/* One row of an explanation. */
typedef struct WalsReason
{
	bool is_base; /* mean and item bias, no item */
	Datum item;
	float value;
	float weight;
	float contribution;
	float share; /* of the sum of all absolute contributions */
} WalsReason;

/*
 * Why a user has the score of an item: the base if there is one, then at most n
 * entries of the user, largest contribution first.  0 when there is nothing to
 * explain.
 */
extern int32 wals_explain_run(Oid model, Oid id_type, Datum user, Datum item,
                              int32 n, WalsReason **reasons);

/* Who is asked for, and what it takes to answer (asker.c). */

typedef struct WalsAsker
{
	Datum user; /* of the model's id type; not of a basket */
	WalsUserVector vector;
	const char *basis; /* where the vector comes from */
	WalsHistory history; /* empty unless it was needed */
	const WalsRows *items; /* see wals_cache_rows */
	WcFold *fold; /* with the entries of who was folded in; NULL: none was */
} WalsAsker;

/*
 * A user, whose id is of id_type: the factors, stored or folded in; with
 * reads_seen what the source has of the user; and with explores the fold, also
 * where the factors are the stored ones.
 */
extern void wals_asker_user(const WalsModel *model, Oid id_type, Datum user,
                            WalsFoldIn fold_in, bool reads_seen, bool explores,
                            WalsAsker *asker);

/* Who has rated so; id_type is that of the basket's items. */
extern void wals_asker_basket(const WalsModel *model, Oid id_type,
                              const WalsBasket *basket, WalsAsker *asker);

#endif /* WALS_RUN_FOLD_H */
