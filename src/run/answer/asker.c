/*-------------------------------------------------------------------------
 *
 * asker.c
 *	  Who is asked for, and what it takes to answer.
 *
 * All statements run first: the user's factors, the user's history, which is
 * read once, with the ratings where the user is folded in.  The items come
 * last, because nothing may run SQL while they are in use (store/cache.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/answer/fold.h"
#include "store/source.h"

/* How to do without the rows of the source. */
static const char *
hint_without_source(bool folds, bool exclude_seen, bool explores)
{
	if (explores)
		return "Recommend without it: explore => 0, exclude_seen => false, "
		       "fold_in => 'never'.";
	if (!folds)
		return "Recommend without it: exclude_seen => false.";
	if (!exclude_seen)
		return "Do without it: fold_in => 'never'.";
	return "Recommend without it: exclude_seen => false, fold_in => 'never'.";
}

void
wals_asker_user(const WalsModel *model, Oid id_type, Datum user,
                WalsFoldIn fold_in, bool reads_seen, bool explores,
                WalsAsker *asker)
{
	bool folds = fold_in == WALS_FOLD_ALWAYS;
	bool rates;
	WalsObjective objective;
	WalsFolded folded;

	memset(asker, 0, sizeof(*asker));
	asker->user = wals_id_argument(model->user_type, id_type, user);
	asker->basis = "model";
	if (!folds)
	{
		asker->vector = wals_answer_user(model, asker->user);
		folds = !asker->vector.known && fold_in == WALS_FOLD_AUTO;
	}
	if ((reads_seen || (folds && fold_in == WALS_FOLD_AUTO)) &&
	    wals_source_is_elsewhere(model))
	{
		reads_seen = false;
		folds = fold_in == WALS_FOLD_ALWAYS;
	}
	rates = folds || (explores && asker->vector.known);
	if (rates)
		wals_objective_read(model, &objective);
	if (rates || reads_seen)
		wals_history_read(model, asker->user, rates ? &objective : NULL,
		                  folds   ? "fold the user in"
		                  : rates ? "tell how uncertain the scores are"
		                          : "leave out what the user has seen",
		                  hint_without_source(folds, reads_seen, explores),
		                  &asker->history);
	if (!rates)
	{
		asker->items = wals_cache_rows(model, WC_ITEMS);
		return;
	}
	wals_fold_history(model, &objective, asker->user, &asker->history, &folded);
	asker->items = folded.items;
	asker->fold = folded.vector.known ? folded.fold : NULL;
	if (!folds)
		return;
	asker->vector = folded.vector;
	asker->basis = "fold_in";
}

void
wals_asker_basket(const WalsModel *model, Oid id_type, const WalsBasket *basket,
                  WalsAsker *asker)
{
	WalsObjective objective;
	WalsFolded folded;

	memset(asker, 0, sizeof(*asker));
	wals_objective_read(model, &objective);
	wals_fold_basket(model, &objective, id_type, basket, &folded);
	asker->vector = folded.vector;
	asker->items = folded.items;
	asker->fold = folded.vector.known ? folded.fold : NULL;
	asker->basis = "fold_in";
}
