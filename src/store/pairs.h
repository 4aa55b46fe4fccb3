/*-------------------------------------------------------------------------
 *
 * pairs.h
 *	  Pairs of users and items out of the user's relations, for evaluations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PAIRS_H
#define WALS_STORE_PAIRS_H

#include "base/job.h"
#include "store/model.h"
#include "store/relation.h"

/* What was read from one relation: triplets in order of arrival. */
typedef struct WalsPairs
{
	WcCoo coo; /* with values if the source has a value_col */
	int64 n_rows; /* rows of the relation */
	int64 n_null; /* left out for a NULL */
} WalsPairs;

/*
 * The source of a model as what its users have seen: 42P01 when it is gone,
 * 42703 and 42804 when its columns changed, 42501 without SELECT on them.  With
 * values the value_col is the model's, if the caller may read it; else NULL.
 */
extern void wals_pairs_open_seen(const WalsModel *model, bool values,
                                 WalsSource *source);

/*
 * Read a checked relation with the caller's rights and snapshot.  Ids of items
 * are added to items.  With wanted NULL ids of users are added to users; else
 * only rows of users who are there and wanted (one flag per user) are kept.
 * Values that are not finite are 22000, those beyond float4 22003.
 */
extern void wals_pairs_read(const WalsSource *source, WcIdMap *users,
                            WcIdMap *items, const bool *wanted, WalsJob *job,
                            WalsPairs *pairs);

/*
 * For each item of items the number and the sum of its values in a checked
 * relation with a value_col; count and sum have an element per item, 0 where
 * there is no row.
 */
extern void wals_pairs_sum_items(const WalsSource *source, const WcIdMap *items,
                                 double *count, double *sum);

#endif /* WALS_STORE_PAIRS_H */
