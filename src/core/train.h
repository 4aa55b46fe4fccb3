/*-------------------------------------------------------------------------
 *
 * train.h
 *	  From ratings to a model: options, ids, entries, problem, half sweeps.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_TRAIN_H
#define WALS_CORE_TRAIN_H

#include "core/common.h"
#include "core/option.h"

/* ------------------------------------------------------------------------
 * Options as a whole (params.c); one by one: option.h
 * ------------------------------------------------------------------------ */

extern void wc_params_defaults(WcParams *params);

/* Whether two trainings differ in nothing but, maybe, their seeds. */
extern bool wc_params_same(const WcParams *a, const WcParams *b);

/*
 * k for a training on so many users and items, a multiple of WC_FACTORS_STEP
 * from WC_FACTORS_LEAST to WC_FACTORS_MOST (choose.c).
 */
extern int32_t wc_factors_choose(WcFeedback feedback, int32_t users,
                                 int32_t items);

/*
 * lambda for implicit and weighted feedback, with R entries per user in the mean:
 * min(0.2 / (R^3 max(m, n))^(1/7), 0.03).
 */
extern double wc_regularization_choose(int32_t users, int32_t items,
                                       int64_t entries);

/*
 * NULL when every option is in range and they agree with each other; else the
 * name of the first offending option, with a full sentence in detail.
 */
extern const char *wc_params_check(const WcParams *params, bool has_value,
                                   bool has_time, size_t detail_size,
                                   char *detail);

/* The same, but whether they agree with each other is not asked. */
extern const char *wc_params_check_ranges(const WcParams *params,
                                          size_t detail_size, char *detail);

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
 * Append count rows, or none of them after a failure.  An array that coo does
 * not have is not looked at.
 */
extern WcStatus wc_coo_append(WcCoo *coo, int64_t count, const int32_t *user,
                              const int32_t *item, const float *value,
                              const float *weight, const int64_t *time,
                              const WcAlloc *alloc);
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

/* How the rows of a cell become one entry. */
typedef struct WcMerging
{
	WcDuplicates duplicates;
	bool drop_zero; /* a cell of value 0 is none (implicit: nothing happened) */
	bool by_value; /* the value weighs: linear and log */
	double half_life; /* in the unit of the times; 0: rows do not fade */
} WcMerging;

/* What a training with these options asks for. */
extern WcMerging wc_merging(const WcParams *params);

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
 * Likes (likes.c)
 * ------------------------------------------------------------------------ */

/* Which entries speak for their item. */
typedef struct WcLiking
{
	WcFeedback feedback;
	double from; /* the least value that does; NaN: not known */
} WcLiking;

/* Whether an entry with this value, of its merged rows, is a like. */
static inline bool
wc_is_like(WcLiking liking, float value)
{
	return (double) value >= liking.from &&
	       (liking.feedback == WC_EXPLICIT || value > 0);
}

/*
 * What a training on these entries takes for a like: implicit feedback a value
 * above 0, explicit one at or above the mean of all entries, weighted both.
 */
extern WcStatus wc_liking(const WcCsr *csr, WcFeedback feedback,
                          WcLiking *liking, const WcHooks *hooks);

/* Likes of each user (rows, or NULL) and each item (cols). */
extern WcStatus wc_count_likes(const WcCsr *csr, WcLiking liking,
                               int32_t *user_likes, int32_t *item_likes,
                               const WcHooks *hooks);

/*
 * The indexes of count items from the most popular on: by descending likes, then
 * by ascending entries, that is those with fewer dislikes first, then by index.
 */
extern WcStatus wc_popular_order(int32_t count, const int32_t *likes,
                                 const int32_t *entries, int32_t *order,
                                 const WcAlloc *alloc, const WcHooks *hooks);

/*
 * The same order as numbers, for each index: more is more popular, and equal
 * where likes and entries are.
 */
extern void wc_popular_values(int32_t count, const int32_t *likes,
                              const int32_t *entries, const int32_t *order,
                              float *value);

/*
 * Peak bytes of a training after nnz triplets: triplets or two sides,
 * whichever is larger at once, plus factors.  WC_TOO_LARGE on overflow.
 */
extern WcStatus wc_memory_needed(int64_t nnz, int32_t users, int32_t items,
                                 int32_t factors, bool has_value,
                                 bool has_weight, bool has_time, size_t *bytes);

/*
 * Bytes a solver may take besides: what all threads share, and what each of them
 * has.  An upper bound but for 8 bytes per entry of the longest row.
 */
extern size_t wc_workspace_needed(int32_t factors, int32_t threads);

/* ------------------------------------------------------------------------
 * The problem (problem.c, formula.c, objective.c)
 * ------------------------------------------------------------------------ */

/*
 * What the values of explicit feedback lie between, and predictions are limited
 * to; infinite where there is no such scale.
 */
typedef struct WcRange
{
	float low;
	float high;
} WcRange;

extern const WcRange wc_any_range;

/* A score within the range, as it is shown; NULL: any. */
static inline float
wc_limit(const WcRange *range, float score)
{
	if (range == NULL)
		return score;
	return score < range->low    ? range->low
	       : score > range->high ? range->high
	                             : score;
}

/*
 * What a training minimizes: its options with nothing left to choose, and what
 * it has found in the data.  It says all there is to say about a single row.
 */
typedef struct WcObjective
{
	WcParams params;
	double count_weight; /* 1 / mean of R_i^p C_j^q over the entries, 1
									 * where that is not normalized */
	double mean; /* global mean of explicit targets, else 0 */
	WcRange range; /* of explicit values, else infinite */
	int64_t newest; /* time that ages are counted back from */
	double like_from; /* see WcLiking; NaN: not known */
	bool weighted[2]; /* users, items were given weights */
	bool disliked; /* implicit feedback: there are values that are not > 0 */
} WcObjective;

/* Whether a weighting looks at the value of an entry: linear and log. */
extern bool wc_by_value(WcWeighting weighting);

/* What t_j of an item is relative to: the sum of C_j^e over the items. */
typedef struct WcPopularity
{
	double sum;
	int32_t items;
} WcPopularity;

/*
 * Sum it over items with so many entries each.  Where t_j does not depend on them
 * nothing is summed.  Ends with WC_CANCELLED, or well.
 */
extern WcStatus wc_popularity(const WcParams *params, int32_t items,
                              const int32_t *entries, WcPopularity *popularity,
                              const WcHooks *hooks);

/*
 * The objective in words and symbols with its numbers, one line, e.g. "implicit
 * feedback: minimize the sum over all cells of W (A - U V')^2 + ..., with A = 1
 * on observed cells ...".  Truncated to size.
 */
extern void wc_objective_text(const WcObjective *objective,
                              bool has_weight_column, size_t size, char *text);

/*
 * A weighted least-squares problem, ready to be solved.
 *
 *		c_ij = base_weight * by_user.weight_ij * user_scale_i * item_scale_j
 *		target a_ij = by_user.value_ij		(explicit: mean already subtracted;
 *											faded with the entry's share)
 *
 * NULL arrays are all ones.  Both sides hold the same entries.
 */
typedef struct WcProblem
{
	WcObjective objective;
	WcCsr by_user; /* m x n */
	WcCsr by_item; /* n x m */
	float base_weight;
	float *user_scale; /* m or NULL */
	float *item_scale; /* n or NULL */
	double w0; /* that of the objective */
	float *unobserved; /* n or NULL: t_j, mean 1 over the items */
	float *user_lambda; /* m: lambda_i = lambda (sum_j W_ij)^nu */
	float *item_lambda; /* n */
	double spread; /* what factors have to explain: of explicit targets the
									 * deviation from mean and biases, of
									 * weighted ones from 0; 1 for implicit */
	double largest; /* part of the weighted sum of squares of targets that
									 * one entry makes up; 0 for implicit */
	bool biases; /* those of the objective */
	double mean_weight; /* mean of c_ij over the entries */
	bool negatives_vanish; /* w0 given, and so small that the
									 * unobserved cells hardly count */
} WcProblem;

/*
 * Turn values into targets and weights, resolve w0, lambda and biases, and
 * build the second side.  by_user is consumed: its arrays belong to the
 * problem afterwards.  newest and like_from of the objective are left to the
 * caller, who may set them at any time.  user_weights (m) and item_weights (n) are the weights
 * the user gave per row and column, >= 0 and finite, or NULL; they are copied.
 * WC_NOT_FINITE names the entry whose weight leaves the range of float32,
 * WC_LAMBDA_TOO_LARGE the row whose lambda does.
 */
extern WcStatus wc_problem_build(const WcParams *params, WcCsr *by_user,
                                 const float *user_weights,
                                 const float *item_weights, WcProblem *problem,
                                 const WcAlloc *alloc, const WcHooks *hooks,
                                 WcError *error);
extern void wc_problem_free(WcProblem *problem, const WcAlloc *alloc);

/* ------------------------------------------------------------------------
 * The model and its training (sweep.c, loss.c, init.c)
 * ------------------------------------------------------------------------ */

/* p_ij = mean + user_bias_i + item_bias_j + U_i . V_j */
typedef struct WcModel
{
	int32_t users;
	int32_t items;
	int32_t factors;
	float *user_factors; /* users x factors, from a whole cache line on */
	float *item_factors; /* items x factors, the same */
	void *factor_blocks[2]; /* what the two lie in */
	float *user_bias; /* users, or NULL without biases */
	float *item_bias; /* items, or NULL */
	double mean;
	WcRange range; /* of what it was trained on, see WcProblem */
} WcModel;

/*
 * First factors: item (i, f) is drawn from (seed, id hash of i, f), so it does
 * not depend on order, on other ids or on threads.  Users and biases are zero.
 * item_hash has one 64-bit hash per item (wc_idmap_hash).
 */
extern WcStatus wc_model_init(const WcProblem *problem,
                              const uint64_t *item_hash, WcModel *model,
                              const WcAlloc *alloc);
extern void wc_model_free(WcModel *model, const WcAlloc *alloc);

#define WC_THREADS_MAX 256

/* How to solve, as opposed to what: no effect on the objective. */
typedef struct WcSolverOptions
{
	int32_t threads; /* 1 to WC_THREADS_MAX, the calling one included */
	const char *kernel; /* see wc_kernel_name */
	WcDenseChoice dense; /* where w0 > 0 */
} WcSolverOptions;

/*
 * Solver of a problem: its workspace, one per thread, and the order in which
 * rows are solved.  options NULL: one thread, the widest kernel.  Threads exist
 * only inside wc_half_sweep and wc_loss; fewer than asked for, because there is
 * little to do or the system has none to give, change no bit of the result.
 */
typedef struct WcSolver WcSolver;

extern WcStatus wc_solver_create(const WcProblem *problem,
                                 const WcSolverOptions *options,
                                 WcSolver **solver, const WcAlloc *alloc,
                                 WcError *error);
extern void wc_solver_free(WcSolver *solver);

/*
 * One exact half sweep: replace every row of one side by the minimizer of the
 * objective given the other side.
 *
 * With w0 > 0 the factors of the other side change too: they are rotated into
 * the eigenvectors of their Gram matrix, V := V Q with Q orthogonal.  No score
 * depends on the basis, because all rows of the solved side are new in the same
 * one; whoever compares with the fixed side reads it after the half sweep.
 *
 * A row that cannot be solved is named in the error, the one with the lowest
 * index if there are several; it keeps its values.  After that, and after
 * WC_CANCELLED, some rows are new, some are not, and the two sides may be in
 * different bases: the model is of no further use.
 *
 * After WC_PAUSED, with no thread left, the same call goes on where this one
 * ended; nothing else may be done with solver and model before.  A call that is
 * paused has solved some rows, and pauses change nothing in the result.
 */
extern WcStatus wc_half_sweep(WcSolver *solver, WcSide side, WcModel *model,
                              const WcHooks *hooks, WcError *error);

/*
 * One half sweep by the problem's params.solver: every row of one side becomes
 * its minimizer, or is only brought nearer to it, starting from its values.  The
 * loss does not rise but for rounding.  With w0 > 0 the solved side is rotated
 * together with the fixed one; else as wc_half_sweep.
 */
extern WcStatus wc_half_descent(WcSolver *solver, WcSide side, WcModel *model,
                                const WcHooks *hooks, WcError *error);

/* Rows solved again in float64 since the solver was created. */
extern int64_t wc_solver_retries(const WcSolver *solver);

/* Whose dense algebra it uses. */
extern const WcDense *wc_solver_dense(const WcSolver *solver);

/*
 * The weighted loss over all m x n cells plus regularization, in float64, at
 * the cost of the observed cells only.
 */
extern WcStatus wc_loss(WcSolver *solver, const WcModel *model, double *loss,
                        const WcHooks *hooks, WcError *error);

/* Whether a model can tell items apart, by some of its users (variety.c). */
#define WC_VARIETY_BEST 10

typedef struct WcVariety
{
	int32_t users; /* that were looked at, evenly taken from all */
	int32_t flat; /* of those, for whom all items score alike */
	bool one_list; /* the best items (10, or half of all) are theirs all */
} WcVariety;

extern WcStatus wc_model_variety(const WcModel *model, WcVariety *variety,
                                 const WcHooks *hooks);

/*
 * Solve one row the slow, obvious way in float64:
 *
 *		(w0 s sum_j t_j v_j v_j' + sum_e c_e v_e v_e' + lambda I) x
 *			= sum_e (w0 s t_e + c_e) a_e v_e
 *
 * gram is sum_j t_j v_j v_j' (width x width, may be NULL when unobserved is
 * 0), unobserved is w0 s; vectors are count rows of width doubles, weights c_e,
 * full weights w0 s t_e + c_e, targets a_e.  The rescue of ill-conditioned rows
 * and the reference of the tests.  WC_NOT_SPD when not positive definite;
 * workspace is width * (width + 1) doubles.
 */
extern WcStatus
wc_ref_solve_row(int32_t width, const double *gram, double unobserved,
                 double lambda, int64_t count, const double *vectors,
                 const double *weights, const double *full_weights,
                 const double *targets, double *solution, double *workspace);

/* ------------------------------------------------------------------------
 * Beside mean and biases (baseline.c)
 * ------------------------------------------------------------------------ */

/*
 * One in ten of the entries of a problem with explicit feedback, drawn by hash of
 * their indexes, and the others, with the same rows and columns; both with the
 * targets for values, and owned by the caller.
 */
extern WcStatus wc_baseline_split(const WcProblem *problem, WcCsr *kept,
                                  WcCsr *held, const WcAlloc *alloc,
                                  const WcHooks *hooks);

/* How far predictions are off entries that were held out, as squares. */
typedef struct WcComparison
{
	int64_t count; /* entries whose user and item have others */
	double model; /* mean square of a model */
	double baseline; /* of mean and biases */
	double mean; /* of the mean alone */
	double error; /* standard error of the mean difference */
} WcComparison;

/*
 * Predict what was held out from a model of the kept entries' problem, and from
 * mean and biases fitted to them, both limited to the range of these entries.
 */
extern WcStatus wc_baseline_compare(const WcProblem *problem,
                                    const WcModel *model, const WcCsr *held,
                                    WcComparison *result, const WcAlloc *alloc,
                                    const WcHooks *hooks);

#endif /* WALS_CORE_TRAIN_H */
