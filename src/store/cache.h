/*-------------------------------------------------------------------------
 *
 * cache.h
 *	  Item factors of the versions a session answers from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_CACHE_H
#define WALS_STORE_CACHE_H

#include "core/core.h"
#include "store/model.h"

/* The items of one version in memory, ordered by id. */
typedef struct WalsItems
{
	WcIdMap *ids;
	WcVectors vectors;
	const int32 *entries; /* n of each item */
	const int32 *by_popularity; /* indexes by n descending, then id */
} WalsItems;

/*
 * The items of a model's version, from the cache or read now, for a model that
 * wals_model_active has filled in this call.  The result stays valid until the next
 * SQL statement of this session runs or the current memory context is reset,
 * whichever is first.
 */
extern const WalsItems *wals_cache_items(const WalsModel *model);

#endif /* WALS_STORE_CACHE_H */
