/*-------------------------------------------------------------------------
 *
 * purpose.c
 *	  Which feedback is for what: said where somebody asks for the other.
 *
 * A model with explicit feedback predicts what a user would rate an item, of all
 * items alike.  The highest predictions are of items that few have rated, and
 * lists made of them find less than popularity does.  Nothing about them looks
 * wrong, so it is said; once, because pages ask a million times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "run/answer/answer.h"
#include "run/measure/measure.h"

#define TOLD_MOST 64 /* models; of more, nothing is said */

static Oid told[TOLD_MOST];
static int n_told = 0;

void
wals_purpose_lists(const WalsModel *model)
{
	int i;

	if (!wals_measure_is_explicit(model) || IsParallelWorker())
		return;
	for (i = 0; i < n_told; i++)
		if (told[i] == model->relation)
			return;
	if (n_told == TOLD_MOST)
		return;
	told[n_told++] = model->relation;
	ereport(NOTICE,
	        (errmsg("model \"%s\" predicts ratings, and ranks poorly",
	                get_rel_name(model->relation)),
	         errdetail("Its feedback is explicit. What it predicts to be rated "
	                   "highest are mostly items that hardly anybody has "
	                   "rated; lists by popularity find more."),
	         wals_hint("For lists train a model with feedback => 'weighted', "
	                   "or without feedback; wals_score() predicts ratings.")));
}
