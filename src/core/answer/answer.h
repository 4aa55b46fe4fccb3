/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  From a model to answers: folding in, packs, search, similar rows.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_ANSWER_H
#define WALS_CORE_ANSWER_H

#include "core/solve/solve.h"

/* ------------------------------------------------------------------------
 * Folding in (fold.c)
 * ------------------------------------------------------------------------ */

/* Where the items of a version are: rows of vectors, by index. */
typedef struct WcFoldItems
{
	int32_t count;
	const float *(*vector)(const void *arg, int32_t index); /* k floats */
	float (*bias)(const void *arg, int32_t index);
	int32_t (*entries)(const void *arg, int32_t index); /* C_j */
	const void *arg;
	const double *gram; /* k x k, upper triangle: their Gram matrix if it is
						 * known; not looked at unless wc_fold_wants_gram */
} WcFoldItems;

/* One rating of a user. */
typedef struct WcFoldRow
{
	int32_t item;
	float value; /* 1 where there are no values */
	float weight; /* >= 0 */
	int64_t time;
} WcFoldRow;

/* The ratings of a user, in any order. */
typedef struct WcFoldUser
{
	int64_t count;
	WcFoldRow *rows; /* are sorted */
	bool has_weight; /* else no weight is looked at, each is 1 */
	bool has_time; /* else duplicates last takes the later in order */
	double weight; /* the training's for this user, else 1 */
	WcPopularity popularity; /* of the items, when one of them is solved; else
								 * not looked at */
} WcFoldUser;

/* One entry of the user who was folded in last. */
typedef struct WcFoldEntry
{
	int32_t item;
	float value; /* of the merged ratings */
	float weight; /* c */
	float full_weight; /* w0 t + c */
	float contribution; /* to the score of wc_fold_explain */
} WcFoldEntry;

/*
 * What solving users against the items of one version takes: made once per
 * version, in the time of a Gram matrix (w0 > 0), and used by one caller at a
 * time.  item_weight is what the training gave each item, NULL: 1; it is not
 * kept.  Its memory is the job's.
 *
 * side is the one that is solved.  With WC_ITEMS the two change places here and
 * below: "items" are the users, who stay as they are, and the "user" is an item.
 */
typedef struct WcFold WcFold;

extern WcStatus wc_fold_create(const WcObjective *objective, WcSide side,
                               const WcFoldItems *items,
                               const float *item_weight, WcFold **fold,
                               const WcJob *job);
extern void wc_fold_free(WcFold *fold);

/*
 * Whether the Gram matrix of WcFoldItems is of use: not where there is no w0, nor
 * where items count by their popularity.
 */
extern bool wc_fold_wants_gram(const WcParams *params, WcSide side);

/* Numbers that wc_fold_in writes: k of the objective it was made for. */
extern int32_t wc_fold_factors(const WcFold *fold);

/*
 * Solve a user as the last half sweep of a training would: merge the ratings,
 * form targets and weights, minimize over the user's factors (k) and, with
 * biases, bias.  Without entries both are 0.  items are those the fold was made
 * for, wherever they lie now.  In an error row is 0, the user, and other the
 * item.
 */
extern WcStatus wc_fold_in(WcFold *fold, const WcFoldItems *items,
                           WcFoldUser *user, float *factors, float *bias,
                           const WcHooks *hooks, WcError *error);

/*
 * The entries of the user who was folded in last, by item, until the next one
 * is; count may be 0.
 */
extern const WcFoldEntry *wc_fold_entries(const WcFold *fold, int64_t *count);

/* Rows that are solved together; a row is a user, or with WC_ITEMS an item. */
typedef struct WcFoldBatch
{
	int32_t rows;
	const WcCoo *ratings;
	const int64_t *start; /* rows + 1: where a row's ratings are in order */
	const int64_t *order; /* ratings, in a row as they were read */
	const int32_t *item; /* of a column of the ratings, by its index */
	WcPopularity popularity; /* see WcFoldUser */

	/* what is solved stands at place[row] of these */
	const int32_t *place;
	const float *weight; /* the training's, else 1 */
	float *factors; /* k each */
	float *bias;
	int32_t *entries; /* how many were solved from */
	int32_t *likes; /* how many of these are likes, -1: not known */
} WcFoldBatch;

/*
 * A fold and its copies for threads that solve rows of up to longest ratings.
 * The fold stays the caller's and is not to be used besides.
 */
typedef struct WcFoldTeam WcFoldTeam;

extern WcStatus wc_fold_team_create(WcFold *fold, int32_t threads,
                                    int64_t longest, WcFoldTeam **team);
extern void wc_fold_team_free(WcFoldTeam *team);

/*
 * wc_fold_in for the rows of batch from *next on, 0 at first.  Returns WC_PAUSED
 * as wc_half_sweep does, with *next the rows that are done: call again to go on.
 * In an error row is that of the batch, the lowest that cannot be solved, and
 * other the item.
 */
extern WcStatus wc_fold_team_solve(WcFoldTeam *team, const WcFoldItems *items,
                                   const WcFoldBatch *batch, int64_t *next,
                                   const WcHooks *hooks, WcError *error);

/*
 * What each entry of the user who was folded in last contributes to the score
 * of an item with this vector (k): with biases that is [v, 1] times factors and
 * bias, else v times the factors, and the contributions add up to it.
 */
extern WcStatus wc_fold_explain(WcFold *fold, const float *vector,
                                const WcHooks *hooks, WcError *error);

/* ------------------------------------------------------------------------
 * Scores (score.c)
 * ------------------------------------------------------------------------ */

typedef struct WcScored
{
	float score;
	int32_t index;
} WcScored;

/* Score of a vector (k): base + bias + query . vector */
extern float wc_score(int32_t k, const float *query, float base,
                      const float *vector, float bias);

/* ------------------------------------------------------------------------
 * Packs (pack.c): the rows of one side of a version, prepared for answers
 * ------------------------------------------------------------------------ */

#define WC_PACK_IDENTITY 56 /* bytes */

typedef struct WcPackBlock WcPackBlock;

/*
 * A view of a pack: one block of memory without pointers, which may lie
 * anywhere, in a mapped file too; or of two such blocks, a base and a delta, what
 * has changed since (wc_pack_lay).  An index counts rows in the order of their
 * ids, a position in the order in which they are searched.  Read through the
 * functions below, for which both kinds are the same; of two blocks nothing but
 * bytes, kind, count and factors is here.
 */
typedef struct WcPack
{
	const struct WcPack *base; /* of two blocks */
	const struct WcPack *delta;
	const void *block;
	size_t bytes;
	void *owned; /* what wc_free takes, of a pack made here */
	WcIdKind kind;
	int32_t count;
	int32_t factors; /* k */
	float query_norm; /* length of query the order is made for */
	int64_t text_bytes;

	/* by index */
	const int64_t *number; /* WC_ID_INT64 */
	const int64_t *offset; /* WC_ID_BYTES: count + 1 places in text */
	const char *text;
	const uint64_t *slots; /* hash table of ids */
	const int32_t *position; /* of an index */
	const int32_t *entries;
	const int32_t *likes;
	const int32_t *popular; /* indexes, see wc_popular_order */

	/* by position */
	const int32_t *index; /* of a position */
	const float *data; /* count x factors */
	const float *norm;
	const float *bias;
	const float *scale; /* of a row's codes */
	const uint8_t *codes; /* see pack.c */
	const WcPackBlock *blocks;

	/* of a delta, see pack_delta.c */
	const void *base_identity; /* NULL: it is none */
	int32_t base_count;
	int32_t n_gone; /* rows of the base that do not count any more */
	const int32_t *gone; /* their indexes there, ascending */
	const int32_t *at; /* rows of the base before each row, of its index */
	const int32_t *popular_gone; /* both again, in the order of popular */
	const int32_t *popular_at;
} WcPack;

/* Rows on their way into a pack. */
typedef struct WcPackBuilder WcPackBuilder;

extern WcStatus wc_pack_begin(WcIdKind kind, int32_t factors,
                              WcPackBuilder **builder, const WcAlloc *alloc);

/*
 * Add a row with its k factors, bias and numbers of entries and of likes, in any
 * order: WC_DUPLICATE when the id is there already, WC_NOT_FINITE for a factor
 * or bias that is not.
 */
extern WcStatus wc_pack_add(WcPackBuilder *builder, const WcId *id,
                            const float *vector, float bias, int32_t entries,
                            int32_t likes);

/*
 * Say that what was added is what has changed in a pack, besides touched, which
 * are ids, or NULL: those of them that were not added are not there any more.
 * wc_pack_finish makes the delta that leads from the base of pack to what is now,
 * earlier changes included.  pack is of the same kind and factors, and stays until
 * then.
 */
extern WcStatus wc_pack_change(WcPackBuilder *builder, const WcPack *pack,
                               const WcIdMap *touched);

/*
 * View a pack and what has changed in it.  False unless the delta is one of a pack
 * like base; both views stay where they are as long as result is used.  That the
 * identity of base is delta->base_identity has been asked when it was opened.
 */
extern bool wc_pack_lay(const WcPack *base, const WcPack *delta,
                        WcPack *result);

/*
 * Make the pack and free the builder, whatever the outcome.  identity
 * (WC_PACK_IDENTITY bytes) is what wc_pack_open will ask for.  Whoever is done
 * with the pack releases pack->owned with wc_free.  Of job, hooks and threads count;
 * NULL: none.
 */
extern WcStatus wc_pack_finish(WcPackBuilder *builder, const void *identity,
                               WcPack *pack, const WcJob *job);
extern void wc_pack_abandon(WcPackBuilder *builder);

/*
 * View a block that somebody else has made, in a file for instance.  False
 * unless it is a pack of that identity, complete, made by this version of the
 * library on this kind of machine, and no number in it leads outside of it.
 * Factors are not looked at: damaged ones give wrong answers, never a crash.  The
 * block may become zeros while it is viewed, in the middle of a call too: then
 * answers are wrong, and still no number leads outside.
 *
 * as_written: the caller knows that nothing in it has changed since it was made,
 * so that only the header is looked at.
 */
extern bool wc_pack_open(const void *block, size_t bytes, const void *identity,
                         bool as_written, WcPack *pack);

/* Index of an id, -1 when it is not there. */
extern int32_t wc_pack_find(const WcPack *pack, const WcId *id);

/* The same for many, whose places in memory are fetched side by side. */
extern void wc_pack_find_many(const WcPack *pack, int64_t count,
                              const WcId *ids, int32_t *result);

/* The id of an index, borrowed from the block. */
extern WcId wc_pack_id(const WcPack *pack, int32_t index);

/* Score of one row: base + bias + query . vector */
extern float wc_pack_score(const WcPack *pack, const float *query, float base,
                           int32_t index);

/* A row and the block it stands in. */
typedef struct WcPackRow
{
	const WcPack *pack; /* of one block */
	int32_t index; /* there */
} WcPackRow;

/* Where a row of two blocks stands. */
extern WcPackRow wc_pack_locate(const WcPack *pack, int32_t index);

static inline WcPackRow
wc_pack_row(const WcPack *pack, int32_t index)
{
	WcPackRow row = {pack, index};

	return pack->delta == NULL ? row : wc_pack_locate(pack, index);
}

static inline const float *
wc_pack_vector(const WcPack *pack, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	return row.pack->data +
	       (size_t) row.pack->position[row.index] * (size_t) pack->factors;
}

static inline float
wc_pack_bias(const WcPack *pack, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	return row.pack->bias[row.pack->position[row.index]];
}

static inline int32_t
wc_pack_entries(const WcPack *pack, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	return row.pack->entries[row.index];
}

/*
 * The rows of a pack as folding in asks for them, valid as long as the pack; gram is
 * that of WcFoldItems.
 */
extern WcFoldItems wc_pack_items(const WcPack *pack, const double *gram);

static inline int32_t
wc_pack_likes(const WcPack *pack, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	return row.pack->likes[row.index];
}

/* Index of the place-th most popular row, from 0; see wc_popular_order. */
extern int32_t wc_pack_popular(const WcPack *pack, int32_t place);

/* ------------------------------------------------------------------------
 * Gram matrices of packs, in parts (grams.c)
 * ------------------------------------------------------------------------ */

/* A view of a block of memory without pointers, which may lie in a mapped file. */
typedef struct WcGrams
{
	const void *block;
	size_t bytes;
	void *owned; /* what wc_free takes, of one made here */
	int32_t factors;
	int32_t groups;
	const double *sums; /* of each group, its upper triangle */
} WcGrams;

/* What leads from others: all ids whose rows are not those of before. */
typedef struct WcGramsChange
{
	const WcGrams *before; /* by the same kernel */
	const WcIdMap *ids;
} WcGramsChange;

/*
 * Sum the vectors of a pack; of change, if it is not NULL, what can be taken over
 * is, which changes no bit.  identity (WC_PACK_IDENTITY bytes) is what
 * wc_grams_open will ask for.  The caller releases grams->owned.
 */
extern WcStatus wc_grams_make(const WcPack *pack, const void *identity,
                              const WcGramsChange *change, WcGrams *grams,
                              const WcJob *job);

/* View a block of unknown origin; false unless it is of that pack and kernel. */
extern bool wc_grams_open(const void *block, size_t bytes, const void *identity,
                          const WcPack *pack, const char *kernel,
                          WcGrams *grams);

/* gram (k x k, upper triangle) = the sum of all */
extern void wc_grams_sum(const WcGrams *grams, double *gram);

/* ------------------------------------------------------------------------
 * Search (search.c)
 * ------------------------------------------------------------------------ */

/* What is asked of a pack. */
typedef struct WcQuery
{
	const float *vector; /* k */
	float base;
	int32_t likes; /* of the row whose vector it is, for WC_TOGETHER */
	float min_score; /* only scores >= it; -INFINITY: all */
	const int32_t *candidates; /* distinct indexes, any order; NULL: all */
	int64_t n_candidates;
	const uint64_t *excluded; /* a bit per index, 64 per word, or NULL */
	const int32_t *exclude; /* further indexes to leave out, any order */
	int64_t n_exclude;
} WcQuery;

/*
 * The n best rows by wc_pack_score, descending; ties by ascending index.
 * result has room for min(n, count or n_candidates).  When the score of a row
 * that no filter leaves out is not finite: WC_NOT_FINITE, with the index of the
 * first such row in error->row.
 *
 * Memory is taken for filters and for large n, and released.
 */
extern WcStatus wc_search(const WcPack *pack, const WcQuery *query, int32_t n,
                          WcScored *result, int32_t *n_result,
                          const WcJob *job);

/*
 * The same for many queries, which read the pack together: hand over hundreds
 * at once.  They have no candidates; what all of them leave out may be one
 * bitmap that all point to.  Results of query q begin at results + q * n,
 * n_results[q] of them, and n <= count.  error->other is the query.
 */
extern WcStatus wc_search_many(const WcPack *pack, int32_t n_queries,
                               const WcQuery *queries, int32_t n,
                               WcScored *results, int32_t *n_results,
                               const WcJob *job);

/* What is added to scores, and taken from them. */
typedef struct WcExplore
{
	float factor; /* times the uncertainty is added, >= 0 and finite */
	float penalty; /* see wc_popularity_cost, >= 0 and finite */
	int32_t most; /* likes of the item with the most */
	WcFold *fold; /* of the pack's rows; its last user has entries */
} WcExplore;

/*
 * The n best rows, as from wc_search, but by
 *
 *		score + factor times the uncertainty - the penalty,
 *
 * which results have for their scores; see explore.c.  min_score is for the
 * score alone.  Where a row is not finite error->side is WC_ITEMS.
 */
extern WcStatus wc_search_explored(const WcPack *pack, const WcQuery *query,
                                   const WcExplore *explore, int32_t n,
                                   WcScored *result, int32_t *n_result,
                                   const WcJob *job);

/* ------------------------------------------------------------------------
 * Likeness (similar.c) and the order of answers (rerank.c)
 * ------------------------------------------------------------------------ */

typedef enum WcMetric
{
	WC_COSINE, /* a . b / (|a| |b|), -1 to 1 */
	WC_DOT, /* a . b */
	WC_EUCLIDEAN, /* 1 / (1 + |a - b|), 0 to 1 */
	WC_TOGETHER /* the cosine times wc_together_ratio */
} WcMetric;

/* What others are compared with. */
typedef struct WcProbe
{
	WcMetric metric;
	int32_t factors;
	const float *vector; /* borrowed */
	double square; /* |vector|^2, summed in float32 */
	double exact_square; /* in float64 */
} WcProbe;

/* vector has factors finite numbers and outlives the probe. */
extern void wc_probe_init(WcProbe *probe, WcMetric metric, int32_t factors,
                          const float *vector);

/*
 * sqrt(likes / own): what makes of the cosine of two rows, one with own likes and
 * another with likes, how many of those who like the one like the other, see
 * similar.c.  Counts below 1 are taken as 1.
 */
extern double wc_together_ratio(int32_t own, int32_t likes);

/*
 * How much vector (finite) is like the probe: more is more alike.  A probe knows
 * no likes: with WC_TOGETHER it gives the cosine.  False when
 * there is no answer, which is for the cosine with a vector of zeros; a dot
 * product may be infinite.
 */
extern bool wc_probe_compare(const WcProbe *probe, const float *vector,
                             float *similarity);

/*
 * The n rows of a pack most like query->vector, descending; ties by ascending
 * index.  Rows without an answer are left out; base, min_score and the biases
 * of the rows do not count, the filters do.  All else as in wc_search:
 * WC_NOT_FINITE is for a dot product.
 */
extern WcStatus wc_search_similar(const WcPack *pack, WcMetric metric,
                                  const WcQuery *query, int32_t n,
                                  WcScored *result, int32_t *n_result,
                                  const WcJob *job);

/*
 * What an item with likes loses when the one with the most loses penalty:
 * penalty log(1 + likes) / log(1 + most).  Counts below 0 are taken as 0.
 */
extern double wc_popularity_cost(double penalty, int32_t likes, int32_t most);

/*
 * Rerank by maximal marginal relevance.  The pool is vectors with their
 * relevance, finite and descending.  order becomes a permutation of them: first
 * the places that are chosen one by one, each the highest
 *
 *		(1 - diversity) r_j - diversity max over the chosen s of cos(v_j, v_s)
 *
 * where r is the relevance moved and scaled to 0 to 1 over the pool, then the
 * others as they were.  Ties go to the lower index, a vector of zeros is like
 * nothing, diversity is in [0, 1].
 */
extern WcStatus wc_diversify(WcVectors all, const double *relevance,
                             double diversity, int32_t places, int32_t *order,
                             const WcAlloc *alloc, const WcHooks *hooks);

#endif /* WALS_CORE_ANSWER_H */
