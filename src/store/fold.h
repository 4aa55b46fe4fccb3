/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  What folding users in to a version takes, kept between calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_FOLD_H
#define WALS_STORE_FOLD_H

#include "store/cache.h"
#include "store/objective.h"

/*
 * The items of a model's version as wals_cache_rows returns them, valid as long,
 * and what solves users against them, for one caller at a time.
 */
extern const WalsRows *wals_fold_rows(const WalsModel *model,
                                      const WalsObjective *objective,
                                      WcFold **fold);

#endif /* WALS_STORE_FOLD_H */
