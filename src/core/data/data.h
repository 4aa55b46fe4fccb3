/*-------------------------------------------------------------------------
 *
 * data.h
 *	  Ratings: ids, entries by row and column, and what is drawn from them.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_DATA_H
#define WALS_CORE_DATA_H

#include "core/ground/common.h"

/* ------------------------------------------------------------------------
 * Ids (idmap.c, idmap_sort.c): what the user calls a row <-> dense int32 index
 * ------------------------------------------------------------------------ */

typedef enum WcIdKind
{
	WC_ID_INT64,
	WC_ID_BYTES /* text: its bytes; uuid: its 16 bytes */
} WcIdKind;

typedef struct WcIdMap WcIdMap;

/* A borrowed id: number is used for WC_ID_INT64, bytes/length otherwise. */
typedef struct WcId
{
	int64_t number;
	const char *bytes; /* not terminated */
	size_t length;
} WcId;

extern WcStatus wc_idmap_create(WcIdKind kind, WcIdMap **map,
                                const WcAlloc *alloc);
extern void wc_idmap_free(WcIdMap *map);
extern WcIdKind wc_idmap_kind(const WcIdMap *map);
extern int32_t wc_idmap_count(const WcIdMap *map);

/* Index of an id, adding it when new.  WC_TOO_LARGE past 2^31 - 2 ids. */
extern WcStatus wc_idmap_add(WcIdMap *map, const WcId *id, int32_t *index);

/*
 * The same for a block of ids, in less time: numbers for WC_ID_INT64, strings
 * for WC_ID_BYTES.  After a failure some may have been added.
 */
extern WcStatus wc_idmap_add_many(WcIdMap *map, int64_t count,
                                  const int64_t *numbers, int32_t *indexes);
extern WcStatus wc_idmap_add_many_bytes(WcIdMap *map, int64_t count,
                                        const WcId *ids, int32_t *indexes);

/* Index of an id, -1 when unknown. */
extern int32_t wc_idmap_find(const WcIdMap *map, const WcId *id);

/* The id of an index; borrowed, valid until the map changes. */
extern WcId wc_idmap_get(const WcIdMap *map, int32_t index);

/* 64-bit hash of the id of an index: seeds its first factors. */
extern uint64_t wc_idmap_hash(const WcIdMap *map, int32_t index);

/*
 * Renumber by ascending id (numbers by value, bytes as memcmp, shorter first
 * on a common prefix), so that indexes no longer depend on the order of
 * arrival.  renumber[old] = new, count entries, filled by the call.
 */
extern WcStatus wc_idmap_sort(WcIdMap *map, int32_t *renumber,
                              const WcHooks *hooks);

/* Drop the ids with keep[index] false; the others keep their order. */
extern WcStatus wc_idmap_keep(WcIdMap *map, const bool *keep,
                              const WcHooks *hooks);

/* ------------------------------------------------------------------------
 * Ratings as they arrive (coo.c) and by row (csr.c)
 * ------------------------------------------------------------------------ */

/*
 * Triplets in order of arrival.  Arrays the input has no column for stay NULL:
 * value (each counts 1), weight (each weighs 1), time.
 */
typedef struct WcCoo
{
	int64_t count;
	int64_t capacity;
	int32_t *user;
	int32_t *item;
	float *value;
	float *weight;
	int64_t *time;
} WcCoo;

extern WcStatus wc_coo_init(WcCoo *coo, bool has_value, bool has_weight,
                            bool has_time, const WcAlloc *alloc);

/*
 * Append count rows of others from first on, or none of them after a failure.
 * Of those only the arrays are looked at, and no array that coo does not have.
 */
extern WcStatus wc_coo_append(WcCoo *coo, const WcCoo *from, int64_t first,
                              int64_t count, const WcAlloc *alloc);
extern void wc_coo_free(WcCoo *coo, const WcAlloc *alloc);

/* Replace user and item indexes after wc_idmap_sort. */
extern WcStatus wc_coo_renumber(WcCoo *coo, const int32_t *user_renumber,
                                const int32_t *item_renumber,
                                const WcHooks *hooks);

/*
 * Ratings by row: those of row r are order[start[r]] to order[start[r + 1] - 1],
 * in the order in which they arrived.  row_of has the row, below rows, of each
 * index of the side, or -1: left out.  start has rows + 1 elements, order one
 * for each rating.
 */
extern WcStatus wc_coo_group(const WcCoo *coo, WcSide side,
                             const int32_t *row_of, int32_t rows,
                             int64_t *start, int64_t *order,
                             const WcHooks *hooks);

/*
 * One side of the ratings by row.  Entries of a row are sorted by column and
 * distinct.  value NULL: all 1; weight NULL: all 1.  time is there between
 * merging and fading, share between fading and wc_problem_build.
 */
typedef struct WcCsr
{
	int32_t rows;
	int32_t cols;
	int64_t nnz;
	int64_t *start; /* rows + 1 offsets */
	int32_t *col; /* nnz */
	float *value; /* nnz or NULL */
	float *weight; /* nnz or NULL */
	int64_t *time; /* nnz or NULL: of the latest row of each entry */
	float *share; /* nnz or NULL: what is left of an entry, 1 if it is new */
} WcCsr;

typedef enum WcDuplicates
{
	WC_DUP_SUM,
	WC_DUP_MAX,
	WC_DUP_AVG,
	WC_DUP_LAST, /* latest time; ties: larger value, weight */
	WC_DUP_ERROR
} WcDuplicates;

/* How the rows of a cell become one entry. */
typedef struct WcMerging
{
	WcDuplicates duplicates;
	bool drop_zero; /* a cell of value 0 is none (implicit: nothing happened) */
	bool by_value; /* the value weighs: linear and log */
	double half_life; /* in the unit of the times; 0: rows do not fade */
} WcMerging;

/*
 * Sort the triplets by user and item and merge duplicates; the result does not
 * depend on their order.  The triplets are released as soon as they are no
 * longer needed.  WC_DUPLICATE names the pair.  n_merged is the number of input
 * rows that were merged away, n_zero of cells dropped.
 *
 * A row r weighs u_r, its weight times 2^(-age / half_life), the age counted
 * back from the latest row of the cell; the cell keeps the time of that one.
 * The value is the sum, the largest, or the mean of the values with weights
 * u_r.  The weight is the largest u_r, but where a sum weighs by its value their
 * mean with weights |value_r|: value times weight is the sum of |value_r| u_r.
 * WC_DUP_LAST takes both from the latest row.
 */
extern WcStatus wc_csr_from_coo(WcCoo *coo, int32_t users, int32_t items,
                                WcMerging merging, WcCsr *csr,
                                int64_t *n_merged, int64_t *n_zero,
                                const WcAlloc *alloc, const WcHooks *hooks,
                                WcError *error);

/*
 * Leave out users with fewer than min_user_rows entries and items with fewer
 * than min_item_rows, both counted once before, then users and items left
 * without any; renumber in place.  keep_user and keep_item (rows, cols of the
 * input) say who stayed.
 */
extern WcStatus wc_csr_filter(WcCsr *csr, int32_t min_user_rows,
                              int32_t min_item_rows, bool *keep_user,
                              bool *keep_item, const WcAlloc *alloc,
                              const WcHooks *hooks);

/*
 * Leave out the entries of other cells than those; all of those must be there.
 * Not for entries that have faded.
 */
extern WcStatus wc_csr_keep_cells(WcCsr *csr, const WcCsr *cells,
                                  const WcHooks *hooks);

/* The latest time of an entry, INT64_MIN without entries.  Needs the times. */
extern WcStatus wc_csr_newest(const WcCsr *csr, int64_t *newest,
                              const WcHooks *hooks);

/*
 * Let entries fade: share = 2^(-age / half_life), the age counted back from
 * newest, 1 for what is later; weight *= share.  The times are released.  *faded
 * is the part of the entries of which less than a hundredth is left.
 */
extern WcStatus wc_csr_fade(WcCsr *csr, double half_life, int64_t newest,
                            double *faded, const WcAlloc *alloc,
                            const WcHooks *hooks);

extern WcStatus wc_csr_transpose(const WcCsr *csr, WcCsr *result,
                                 const WcAlloc *alloc, const WcHooks *hooks);
extern void wc_csr_free(WcCsr *csr, const WcAlloc *alloc);

/* True when the structure keeps its promises (for tests and assertions). */
extern bool wc_csr_check(const WcCsr *csr);

/* ------------------------------------------------------------------------
 * Draws by hash (holdout.c)
 * ------------------------------------------------------------------------ */

/*
 * Hashes that will never change, because tests are drawn with them; the
 * reference has their definition.  wc_hash_id gives an id as 64 bits,
 * wc_hash_pair mixes a seed and two of those, wc_hash_unit makes a number of
 * [0, 1) of the result.
 */
extern uint64_t wc_hash_id(WcIdKind kind, const WcId *id);
extern uint64_t wc_hash_pair(int64_t seed, uint64_t first, uint64_t second);
extern double wc_hash_unit(uint64_t hash);

/* Whether a pair belongs to a fraction of all, by its hash. */
static inline bool
wc_is_drawn(double fraction, int64_t seed, uint64_t user, uint64_t item)
{
	return wc_hash_unit(wc_hash_pair(seed, user, item)) < fraction;
}

/*
 * What is mixed into the seed of a draw that is not the user's own by
 * wals_holdout(): with these a view that wals_holdout() made, with any seed
 * that comes to mind, is drawn from like any other relation.  They stay as they
 * are, too.
 */
#define WC_DRAW_HOLDOUT INT64_C(0x686F6C64) /* "hold": of a training */
#define WC_DRAW_TUNING INT64_C(0x74756E65) /* "tune" */

/* A draw among pairs of indexes. */
typedef struct WcDraw
{
	double fraction; /* of all pairs */
	int64_t seed;
	const uint64_t *user_hash; /* a wc_hash_id for each index */
	const uint64_t *item_hash;
} WcDraw;

/*
 * Move the triplets that wc_is_drawn, the same for ever, from coo to held, which
 * becomes new triplets with the arrays coo has.  Both keep their order.  After a
 * failure neither is of further use; held is empty.
 */
extern WcStatus wc_coo_hold_out(WcCoo *coo, const WcDraw *draw, WcCoo *held,
                                const WcAlloc *alloc, const WcHooks *hooks);

/* ------------------------------------------------------------------------
 * Three parts of the ratings (split.c)
 * ------------------------------------------------------------------------ */

/* A bit for each, so that several can be meant at once. */
enum
{
	WC_PART_TRAIN = 1,
	WC_PART_VALIDATION = 2,
	WC_PART_TEST = 4
};

/*
 * Every function fills part, one for each entry of by_user.
 *
 * By hash: an entry is in the test if wc_hash_unit(wc_hash_pair(seed, user,
 * item)) is below fraction, else in the validation if it is below twice that.
 */
extern WcStatus wc_split_hash(const WcCsr *by_user, const WcDraw *draw,
                              uint8_t *part, const WcHooks *hooks);

/*
 * The latest entry of each user is the test, the one before it the validation;
 * users with fewer than three entries are all train.  Ties of time are decided
 * by hash; the fraction of the draw does not count.
 */
extern WcStatus wc_split_leave_last(const WcCsr *by_user, const int64_t *time,
                                    const WcDraw *draw, uint8_t *part,
                                    const WcHooks *hooks);

/*
 * The test is what is later than the times of 1 - fraction of all entries
 * (SQL's percentile_disc), the validation what is later than those of 1 - twice
 * the fraction.
 */
extern WcStatus wc_split_last(const WcCsr *by_user, const int64_t *time,
                              double fraction, uint8_t *part,
                              const WcHooks *hooks);

/*
 * The entries of some parts as a matrix of their own: user_map and item_map
 * (rows, cols of csr) give the new index, or -1 for who is left out; both
 * ascend.  An entry of somebody who is left out is left out.
 */
extern WcStatus wc_split_take(const WcCsr *csr, const uint8_t *part, int parts,
                              const int32_t *user_map, int32_t users,
                              const int32_t *item_map, int32_t items,
                              WcCsr *result, const WcAlloc *alloc,
                              const WcHooks *hooks);

/* The latest time of each entry among the triplets it came from. */
extern WcStatus wc_split_times(const WcCsr *by_user, int64_t count,
                               const int32_t *user, const int32_t *item,
                               const int64_t *time, int64_t *result,
                               const WcHooks *hooks);

#endif /* WALS_CORE_DATA_H */
