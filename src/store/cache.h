/*-------------------------------------------------------------------------
 *
 * cache.h
 *	  Users and items of the versions a session answers from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_CACHE_H
#define WALS_STORE_CACHE_H

#include "core/core.h"
#include "store/model.h"
#include "store/query.h"

/*
 * The rows of one side of a version in memory.  An index counts them in the
 * order of their ids.  Read through the functions below.
 */
typedef struct WalsRows
{
	WalsIdType id_type;
	Oid table;
	uint64 serial; /* no other rows of this session ever have it */
	bool is_kept; /* the next call may well return the same */
	WcPack pack; /* for searches, see core.h */
} WalsRows;

/*
 * The rows of a side of a model's version, from the cache or read now, for a
 * model that wals_model_active has filled in this call.  The result stays valid
 * until the next SQL statement of this session runs, the next call of this
 * function, or the current memory context is reset, whichever is first; a call
 * for both sides of one version asks for the users first and keeps both.  The
 * pack has model->factors factors.
 */
extern const WalsRows *wals_cache_rows(const WalsModel *model, WcSide side);

/* A side of a model that this session has answered from. */
typedef struct WalsCached
{
	Oid model;
	int32 version;
	WcSide side;
	bool is_kept; /* now */
	bool is_shared; /* in a file that others have, too; else in memory */
	Size bytes;
	int64 hits;
	int64 loads;
	int64 opens;
} WalsCached;

/* Those whose tables the current role may read; returns how many there are. */
extern int wals_cache_list(WalsCached **result);

static inline int32
wals_rows_count(const WalsRows *rows)
{
	return rows->pack.count;
}

/* Index of an id, -1 when the version does not have it. */
static inline int32
wals_rows_find(const WalsRows *rows, WcId id)
{
	return wc_pack_find(&rows->pack, &id);
}

/* The same for many ids. */
static inline void
wals_rows_find_many(const WalsRows *rows, int64 count, const WcId *ids,
                    int32 *result)
{
	wc_pack_find_many(&rows->pack, count, ids, result);
}

static inline WcId
wals_rows_id(const WalsRows *rows, int32 index)
{
	return wc_pack_id(&rows->pack, index);
}

/* k factors */
static inline const float *
wals_rows_vector(const WalsRows *rows, int32 index)
{
	return wc_pack_vector(&rows->pack, index);
}

static inline float
wals_rows_bias(const WalsRows *rows, int32 index)
{
	return wc_pack_bias(&rows->pack, index);
}

/* Score of one row: base + bias + query . vector */
static inline float
wals_rows_score(const WalsRows *rows, const float *query, float base,
                int32 index)
{
	return wc_pack_score(&rows->pack, query, base, index);
}

/* Entries the row was trained on. */
static inline int32
wals_rows_entries(const WalsRows *rows, int32 index)
{
	return wc_pack_entries(&rows->pack, index);
}

/* Those of them that are likes; of a row that does not say it, all. */
static inline int32
wals_rows_likes(const WalsRows *rows, int32 index)
{
	return wc_pack_likes(&rows->pack, index);
}

/* Index of the place-th most popular row, from 0; see wc_popular_order. */
static inline int32
wals_rows_popular(const WalsRows *rows, int32 place)
{
	return wc_pack_popular(&rows->pack, place);
}

#endif /* WALS_STORE_CACHE_H */
