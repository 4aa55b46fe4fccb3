/*-------------------------------------------------------------------------
 *
 * asker.h
 *	  Who is asked for, and what it takes to answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_ASKER_H
#define WALS_RUN_ASKER_H

#include "run/answer/fold.h"

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

#endif /* WALS_RUN_ASKER_H */
