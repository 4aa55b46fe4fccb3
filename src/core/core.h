/*-------------------------------------------------------------------------
 *
 * core.h
 *	  The one public header of the numbers room.
 *
 * Plain C11: no PostgreSQL, no input or output, no clock.  Every function that
 * can fail returns a WcStatus and, where it takes one, fills a WcError; nothing
 * here jumps.  All memory comes through a WcAlloc, so the caller decides where
 * it lives and who frees it after a failure.
 *
 * Vocabulary (src/README.md has the glossary): m users, n items, k factors,
 * nnz entries.  U is the m x k matrix of user factors, V the n x k matrix of
 * item factors, both row-major with leading dimension k.  A is the matrix of
 * targets, W the matrix of weights:
 *
 *		W_ij = w0 t_j + c_ij	on an observed cell (an entry)
 *		W_ij = w0 t_j			on every other cell, where the target is 0
 *
 * Arguments are ordered: inputs (const), in/out, outputs, allocator, hooks,
 * error; a size comes before the array it describes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_H
#define WALS_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------------
 * Status, hooks, memory
 * ------------------------------------------------------------------------ */

typedef enum WcStatus
{
	WC_OK = 0,
	WC_CANCELLED, /* hooks->should_stop said so */
	WC_PAUSED, /* hooks->should_pause said so: call again to go on */
	WC_NO_MEMORY, /* the allocator returned NULL */
	WC_TOO_LARGE, /* a count or size passes its type's range */
	WC_BAD_PARAM, /* an option; wc_params_check has the words */
	WC_NOT_FINITE, /* a weight, target or factor is not finite */
	WC_NOT_SPD, /* a row's system is singular, even in float64 */
	WC_DUPLICATE, /* two entries for one cell under WC_DUP_ERROR */
	WC_EMPTY /* no entry to train on, or none that asks for anything */
} WcStatus;

typedef enum WcSide
{
	WC_USERS = 0,
	WC_ITEMS = 1
} WcSide;

/* What went wrong and where.  row and other are dense indexes, -1 if unset. */
typedef struct WcError
{
	WcStatus status;
	WcSide side; /* the side row counts in */
	int32_t row;
	int32_t other; /* index on the other side */
	char detail[256]; /* facts for a person, may be empty */
} WcError;

/*
 * Hooks plug the core into its surroundings.  should_stop is asked at least
 * every 50 ms of work.  should_pause is asked by wc_half_sweep only, between
 * pieces of work that it finishes first, and makes it return WC_PAUSED.  Both
 * are called from the calling thread; any member may be NULL, and so may the
 * whole pointer.
 */
typedef struct WcHooks
{
	bool (*should_stop)(void *arg);
	bool (*should_pause)(void *arg);
	void *arg;
} WcHooks;

/*
 * Where memory comes from.  alloc and resize return NULL on failure, memory is
 * aligned for any type and not zeroed; release(NULL) is allowed.
 */
typedef struct WcAlloc
{
	void *(*alloc)(void *arg, size_t bytes);
	void *(*resize)(void *arg, void *block, size_t bytes);
	void (*release)(void *arg, void *block);
	void *arg;
} WcAlloc;

/* The status in a few words, never NULL. */
extern const char *wc_status_text(WcStatus status);

/*
 * Allocate count * size bytes; NULL when the product overflows or memory is
 * out.  A count of 0 gives a valid block.
 */
extern void *wc_alloc_array(const WcAlloc *alloc, size_t count, size_t size);
extern void *wc_resize_array(const WcAlloc *alloc, void *block, size_t count,
                             size_t size);
extern void wc_free(const WcAlloc *alloc, void *block);

/* ------------------------------------------------------------------------
 * Options (params.c)
 * ------------------------------------------------------------------------ */

#define WC_FACTORS_DEFAULT 64
#define WC_FACTORS_MIN 1
#define WC_FACTORS_MAX 1024
#define WC_ITERATIONS_DEFAULT 15
#define WC_ITERATIONS_MIN 1
#define WC_ITERATIONS_MAX 1000
#define WC_POPULARITY_EXPONENT_DEFAULT 0.5
#define WC_EXPONENT_MAX 10.0 /* of counts, in absolute value */

typedef enum WcFeedback
{
	WC_IMPLICIT, /* target 1 where the value is > 0, else 0 */
	WC_EXPLICIT, /* target = value, observed cells only */
	WC_WEIGHTED /* target = value, w0 on all other cells */
} WcFeedback;

/* The weight g(r) an entry gets from its own value r. */
typedef enum WcWeighting
{
	WC_WEIGHT_CONSTANT, /* g = 1 */
	WC_WEIGHT_LINEAR, /* g = alpha |r| */
	WC_WEIGHT_LOG, /* g = alpha log(1 + |r| / epsilon) */
	WC_WEIGHT_COUNTS, /* g = R_i C_j, raw entry counts */
	WC_WEIGHT_NONE /* g = 0: plain ALS over all cells */
} WcWeighting;

typedef enum WcDuplicates
{
	WC_DUP_SUM,
	WC_DUP_MAX,
	WC_DUP_AVG,
	WC_DUP_LAST, /* latest time; ties: larger value, weight */
	WC_DUP_ERROR
} WcDuplicates;

/* How the rows of a half sweep are solved. */
typedef enum WcMethod
{
	WC_SOLVE_AUTO, /* by the number of factors, see core/README.md */
	WC_SOLVE_CHOLESKY, /* exactly */
	WC_SOLVE_CG, /* conjugate gradients from the old values */
	WC_SOLVE_BLOCK /* blocks of factors in turn, from the old values */
} WcMethod;

#define WC_CG_STEPS_DEFAULT 3
#define WC_CG_STEPS_MAX 100

/*
 * Everything a training can be told.  A NaN in regularization,
 * unobserved_weight and a -1 in biases mean "choose": wc_params_defaults fills
 * the struct, wc_problem_build resolves the choices from the data.
 */
typedef struct WcParams
{
	WcFeedback feedback;
	WcWeighting weighting;
	WcDuplicates duplicates;
	int32_t factors; /* k */
	int32_t iterations; /* full sweeps: users, then items */
	double regularization; /* lambda >= 0; NaN: 0.01, explicit 0.1 */
	double reg_exponent; /* nu in [0, 1] */
	double unobserved_weight; /* w0 >= 0; NaN: from the density */
	bool unobserved_popularity; /* t_j = C_j^e / mean, else 1 */
	double popularity_exponent; /* e */
	double alpha; /* > 0 */
	double epsilon; /* > 0 */
	double row_weight_exponent; /* p of R_i^p */
	double col_weight_exponent; /* q of C_j^q */
	bool weight_normalize; /* R_i^p C_j^q to mean 1 over the entries */
	int biases; /* 0, 1, or -1: on for explicit only */
	double half_life; /* in the unit of the time column; 0: none */
	int32_t min_user_rows; /* >= 1, entries, counted once */
	int32_t min_item_rows;
	int64_t seed;
	WcMethod solver;
	int32_t cg_steps;
} WcParams;

extern void wc_params_defaults(WcParams *params);

/*
 * NULL when every option is in range and they agree with each other; else the
 * name of the first offending option, with a full sentence in detail.
 */
extern const char *wc_params_check(const WcParams *params, bool has_value,
                                   bool has_time, size_t detail_size,
                                   char *detail);

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
 * Multiply every weight by 2^(-age / half_life), age counted back from the
 * newest time in the data, which is returned.  Needs the time array; creates the
 * weight array.
 */
extern WcStatus wc_coo_decay(WcCoo *coo, double half_life, int64_t *newest,
                             const WcAlloc *alloc, const WcHooks *hooks);

/*
 * One side of the ratings by row.  Entries of a row are sorted by column and
 * distinct.  value NULL: all 1; weight NULL: all 1.
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
} WcCsr;

/*
 * Sort the triplets by user and item and merge duplicates; the sum of a set of
 * duplicates does not depend on their order.  drop_zero leaves out cells whose
 * merged value is 0 (implicit: nothing happened).  The triplets are released
 * as soon as they are no longer needed.  WC_DUPLICATE names the pair.  n_merged
 * is the number of input rows that were merged away, n_zero of cells dropped.
 */
extern WcStatus wc_csr_from_coo(WcCoo *coo, int32_t users, int32_t items,
                                WcDuplicates duplicates, bool drop_zero,
                                WcCsr *csr, int64_t *n_merged, int64_t *n_zero,
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

extern WcStatus wc_csr_transpose(const WcCsr *csr, WcCsr *result,
                                 const WcAlloc *alloc, const WcHooks *hooks);
extern void wc_csr_free(WcCsr *csr, const WcAlloc *alloc);

/* True when the structure keeps its promises (for tests and assertions). */
extern bool wc_csr_check(const WcCsr *csr);

/*
 * Peak bytes of a training after nnz triplets: triplets or two sides,
 * whichever is larger at once, plus factors.  WC_TOO_LARGE on overflow.
 */
extern WcStatus wc_memory_needed(int64_t nnz, int32_t users, int32_t items,
                                 int32_t factors, bool has_value,
                                 bool has_weight, bool has_time, size_t *bytes);

/* ------------------------------------------------------------------------
 * The problem (problem.c, objective.c)
 * ------------------------------------------------------------------------ */

/*
 * A weighted least-squares problem, ready to be solved.
 *
 *		c_ij = base_weight * by_user.weight_ij * user_scale_i * item_scale_j
 *		target a_ij = by_user.value_ij		(explicit: mean already subtracted)
 *
 * NULL arrays are all ones.  Both sides hold the same entries.
 */
typedef struct WcProblem
{
	WcParams params; /* with all choices resolved */
	WcCsr by_user; /* m x n */
	WcCsr by_item; /* n x m */
	float base_weight;
	double count_weight; /* 1 / mean of R_i^p C_j^q over the entries, 1
									 * where that is not normalized */
	float *user_scale; /* m or NULL */
	float *item_scale; /* n or NULL */
	bool user_weighted; /* the user gave a weight per user */
	bool item_weighted; /* ... and per item */
	double w0;
	float *unobserved; /* n or NULL: t_j, mean 1 over the items */
	float *user_lambda; /* m: lambda_i = lambda (sum_j W_ij)^nu */
	float *item_lambda; /* n */
	double mean; /* global mean of explicit targets, else 0 */
	bool biases;
	double mean_weight; /* mean of c_ij over the entries */
	bool negatives_vanish; /* w0 given, and so small that the
									 * unobserved cells hardly count */
} WcProblem;

/*
 * Turn values into targets and weights, resolve w0, lambda and biases, and
 * build the second side.  by_user is consumed: its arrays belong to the
 * problem afterwards.  user_weights (m) and item_weights (n) are the weights
 * the user gave per row and column, >= 0 and finite, or NULL; they are copied.
 * WC_NOT_FINITE names the entry whose weight leaves the range of float32.
 */
extern WcStatus wc_problem_build(const WcParams *params, WcCsr *by_user,
                                 const float *user_weights,
                                 const float *item_weights, WcProblem *problem,
                                 const WcAlloc *alloc, const WcHooks *hooks,
                                 WcError *error);
extern void wc_problem_free(WcProblem *problem, const WcAlloc *alloc);

/*
 * The objective in words and symbols with this problem's numbers, one line,
 * e.g. "implicit feedback: minimize the sum over all cells of W (A - U V')^2
 * + ..., with A = 1 on observed cells ...".  Truncated to size.
 */
extern void wc_objective_text(const WcProblem *problem, bool has_weight_column,
                              size_t size, char *text);

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

/*
 * The weighted loss over all m x n cells plus regularization, in float64, at
 * the cost of the observed cells only.
 */
extern WcStatus wc_loss(WcSolver *solver, const WcModel *model, double *loss,
                        const WcHooks *hooks, WcError *error);

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
 * Folding in (fold.c)
 * ------------------------------------------------------------------------ */

/*
 * The objective of a training, as far as it concerns one user: options as
 * wc_problem_build has resolved them, and what it has found in the data.
 */
typedef struct WcObjective
{
	WcParams params; /* nothing left to choose */
	double count_weight; /* see WcProblem */
	double mean;
	int64_t newest; /* time that ages are counted back from */
} WcObjective;

/* Where the items of a version are: rows of vectors, by index. */
typedef struct WcFoldItems
{
	int32_t count;
	const float *(*vector)(const void *arg, int32_t index); /* k floats */
	float (*bias)(const void *arg, int32_t index);
	int32_t (*entries)(const void *arg, int32_t index); /* C_j */
	const void *arg;
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
 * kept.  hooks may end the making.
 */
typedef struct WcFold WcFold;

extern WcStatus wc_fold_create(const WcObjective *objective,
                               const WcFoldItems *items,
                               const float *item_weight, const char *kernel,
                               WcFold **fold, const WcAlloc *alloc,
                               const WcHooks *hooks, WcError *error);
extern void wc_fold_free(WcFold *fold);

/* Items it was made for. */
extern int32_t wc_fold_items(const WcFold *fold);

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

/*
 * What each entry of the user who was folded in last contributes to the score
 * of an item with this vector (k): with biases that is [v, 1] times factors and
 * bias, else v times the factors, and the contributions add up to it.
 */
extern WcStatus wc_fold_explain(WcFold *fold, const float *vector,
                                const WcHooks *hooks, WcError *error);

/* ------------------------------------------------------------------------
 * Answers (topn.c)
 * ------------------------------------------------------------------------ */

typedef struct WcScored
{
	float score;
	int32_t index;
} WcScored;

/* What is searched: count vectors of width k with an optional bias each. */
typedef struct WcVectors
{
	int32_t count;
	int32_t factors;
	const float *factors_data; /* count x factors */
	const float *bias; /* count or NULL */
} WcVectors;

/* Score of one vector: base + bias + query . vector */
extern float wc_score(const WcVectors *vectors, const float *query, float base,
                      int32_t index);

/*
 * The n best of the vectors by score, descending; ties by ascending index.
 * candidates (n_candidates, distinct, any order) limits the search, NULL means
 * all.  excluded is a bitmap of count bits (64 per word) or NULL.  Only scores
 * >= min_score count (-INFINITY: all).  result has room for
 * min(n, count or n_candidates).  A score that is not finite fails with
 * WC_NOT_FINITE and the index in error->row.
 */
extern WcStatus wc_topn(const WcVectors *vectors, const float *query,
                        float base, const int32_t *candidates,
                        int64_t n_candidates, const uint64_t *excluded,
                        float min_score, int32_t n, WcScored *result,
                        int32_t *n_result, const WcHooks *hooks,
                        WcError *error);

/* ------------------------------------------------------------------------
 * Evaluation (holdout.c, metrics.c, summary.c)
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

/*
 * Who ranks the items of a version for some users: its factors, or with
 * factors 0 one number per item, such as its popularity.
 *
 *		score = user_base + bias + user_factors . vector
 */
typedef struct WcRanker
{
	int32_t items;
	int32_t factors;
	const float *const *vectors; /* items pointers to factors numbers */
	const float *bias; /* items */
	const float *user_factors; /* users x factors */
	const float *user_base; /* users */
} WcRanker;

/*
 * What is known of the users besides: which items they should be shown.  All
 * matrices are users x items of the ranker, without values unless said.
 */
typedef struct WcTrial
{
	int32_t users;
	const WcCsr *relevant;
	const int32_t *n_relevant; /* users: with those the ranker does not have */
	const WcCsr *seen; /* never ranked; NULL: nothing */
	const WcCsr *candidates; /* ranked besides the relevant; NULL: all */
	int32_t negatives; /* ranked besides the relevant: so many drawn from
								 * the rest; 0: all.  Not with candidates */
	int64_t seed; /* of the draw */
	const uint64_t *user_hash; /* users, for the draw */
	const uint64_t *item_hash; /* items, for the draw */
	const int32_t *entries; /* items: the measure of popularity */
	int32_t n_cuts;
	const int32_t *cuts; /* ascending, 1 to WC_CUT_MAX */
} WcTrial;

#define WC_CUT_MAX 1000
#define WC_NEGATIVES_MAX 1000

/* What a list of the best k is worth; definitions in metrics.c. */
typedef enum WcCutMetric
{
	WC_PRECISION,
	WC_RECALL,
	WC_RECALL_CAPPED,
	WC_HIT_RATE,
	WC_NDCG,
	WC_MAP,
	WC_MRR,
	WC_POPULARITY,
	WC_CUT_METRICS
} WcCutMetric;

/* Numbers per user: all WcCutMetric of each cut, then the AUC. */
extern int32_t wc_trial_values(const WcTrial *trial);

/*
 * Rank for every user and measure the result: values is users x
 * wc_trial_values, NaN where there is nothing to measure.  best_rank[j] is
 * lowered to the best rank, from 1, that item j had with a user who has
 * relevant items, within the last cut; the caller begins with INT32_MAX.  Ties
 * are in the order of the indexes.  A score that is not finite fails with
 * WC_NOT_FINITE and the item in error->row.
 */
extern WcStatus wc_rank_users(const WcRanker *ranker, const WcTrial *trial,
                              int32_t threads, double *values,
                              int32_t *best_rank, const WcAlloc *alloc,
                              const WcHooks *hooks, WcError *error);

/* Sums over one user's ratings. */
typedef struct WcErrorSums
{
	int64_t n;
	double absolute; /* of |score - value| */
	double square; /* of its square */
} WcErrorSums;

/* Compare scores with the values of ratings (users x items), user by user. */
extern WcStatus wc_rate_users(const WcRanker *ranker, const WcCsr *ratings,
                              WcErrorSums *sums, const WcHooks *hooks,
                              WcError *error);

/* Mean and variance of numbers that are added one by one. */
typedef struct WcMoments
{
	int64_t n;
	double mean;
	double square; /* sum of squared differences from the mean */
} WcMoments;

/* NaN is not added. */
extern void wc_moments_add(WcMoments *moments, double value);

/* Standard error of the mean, NaN for fewer than two. */
extern double wc_moments_error(const WcMoments *moments);

/*
 * The mean over all ratings of users who have several each: a ratio of sums,
 * whose error goes by the users, because ratings of one are not independent.
 */
typedef struct WcRatio
{
	int64_t users;
	double weight; /* sum of n */
	double sum;
	double weight_square; /* sums of n^2, n s, s^2 */
	double product;
	double sum_square;
} WcRatio;

/* A user with the sum over n ratings; n = 0 is not added. */
extern void wc_ratio_add(WcRatio *ratio, int64_t n, double sum);
extern double wc_ratio_mean(const WcRatio *ratio);
extern double wc_ratio_error(const WcRatio *ratio);

/*
 * Two-sided p values: of Student's t with df degrees of freedom, and of up
 * against down heads of a fair coin.  NaN where they are not defined.
 */
extern double wc_student_p(double t, double df);
extern double wc_sign_p(int64_t up, int64_t down);

/* ------------------------------------------------------------------------
 * Packs (pack.c): the rows of one side of a version, prepared for answers
 * ------------------------------------------------------------------------ */

#define WC_PACK_IDENTITY 40 /* bytes */

typedef struct WcPackBlock WcPackBlock;

/*
 * A view of a pack: one block of memory without pointers, which may lie
 * anywhere, in a mapped file too.  An index counts rows in the order of their
 * ids, a position in the order in which they are searched.  Read through the
 * functions below.
 */
typedef struct WcPack
{
	const void *block;
	size_t bytes;
	void *owned; /* what wc_free takes, of a pack made here */
	WcIdKind kind;
	int32_t count;
	int32_t factors; /* k */

	/* by index */
	const int64_t *number; /* WC_ID_INT64 */
	const int64_t *offset; /* WC_ID_BYTES: count + 1 places in text */
	const char *text;
	const uint64_t *slots; /* hash table of ids */
	const int32_t *position; /* of an index */
	const int32_t *entries;
	const int32_t *popular; /* indexes by descending entries, then id */

	/* by position */
	const int32_t *index; /* of a position */
	const float *data; /* count x factors */
	const float *norm;
	const float *bias;
	const float *scale; /* of a row's codes */
	const uint8_t *codes; /* see pack.c */
	const WcPackBlock *blocks;
} WcPack;

/* Rows on their way into a pack. */
typedef struct WcPackBuilder WcPackBuilder;

extern WcStatus wc_pack_begin(WcIdKind kind, int32_t factors,
                              WcPackBuilder **builder, const WcAlloc *alloc);

/*
 * Add a row with its k factors, bias and number of entries, in any order:
 * WC_DUPLICATE when the id is there already, WC_NOT_FINITE for a factor or
 * bias that is not.
 */
extern WcStatus wc_pack_add(WcPackBuilder *builder, const WcId *id,
                            const float *vector, float bias, int32_t entries);

/*
 * Make the pack and free the builder, whatever the outcome.  identity
 * (WC_PACK_IDENTITY bytes) is what wc_pack_open will ask for.  Whoever is done
 * with the pack releases pack->owned with wc_free.
 */
extern WcStatus wc_pack_finish(WcPackBuilder *builder, const void *identity,
                               WcPack *pack, const WcHooks *hooks);
extern void wc_pack_abandon(WcPackBuilder *builder);

/*
 * View a block that somebody else has made, in a file for instance.  False
 * unless it is a pack of that identity, complete, made by this version of the
 * library on this kind of machine, and no number in it leads outside of it.
 * Factors are not looked at: damaged ones give wrong answers, never a crash.
 */
extern bool wc_pack_open(const void *block, size_t bytes, const void *identity,
                         WcPack *pack);

/* Index of an id, -1 when it is not there. */
extern int32_t wc_pack_find(const WcPack *pack, const WcId *id);

/* The id of an index, borrowed from the block. */
extern WcId wc_pack_id(const WcPack *pack, int32_t index);

/* Score of one row: base + bias + query . vector */
extern float wc_pack_score(const WcPack *pack, const float *query, float base,
                           int32_t index);

static inline const float *
wc_pack_vector(const WcPack *pack, int32_t index)
{
	return pack->data + (size_t) pack->position[index] * (size_t) pack->factors;
}

static inline float
wc_pack_bias(const WcPack *pack, int32_t index)
{
	return pack->bias[pack->position[index]];
}

/* Euclidean norm of the vector */
static inline float
wc_pack_norm(const WcPack *pack, int32_t index)
{
	return pack->norm[pack->position[index]];
}

/* ------------------------------------------------------------------------
 * Search (search.c)
 * ------------------------------------------------------------------------ */

/* What is asked of a pack. */
typedef struct WcQuery
{
	const float *vector; /* k */
	float base;
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
 * kernel is as in wc_kernel_name and changes no bit of the result.  alloc is
 * used for filters and for large n, and what was taken is released.
 */
extern WcStatus wc_search(const WcPack *pack, const WcQuery *query, int32_t n,
                          WcScored *result, int32_t *n_result,
                          const char *kernel, const WcAlloc *alloc,
                          const WcHooks *hooks, WcError *error);

/*
 * The same for many queries, which read the pack together: hand over hundreds
 * at once.  They have no candidates; what all of them leave out may be one
 * bitmap that all point to.  Results of query q begin at results + q * n,
 * n_results[q] of them, and n <= count.  At most threads threads work, the
 * calling one included.  error->other is the query.
 */
extern WcStatus wc_search_many(const WcPack *pack, int32_t n_queries,
                               const WcQuery *queries, int32_t n,
                               WcScored *results, int32_t *n_results,
                               const char *kernel, int32_t threads,
                               const WcAlloc *alloc, const WcHooks *hooks,
                               WcError *error);

/* ------------------------------------------------------------------------
 * Likeness (similar.c) and the order of answers (rerank.c)
 * ------------------------------------------------------------------------ */

typedef enum WcMetric
{
	WC_COSINE, /* a . b / (|a| |b|), -1 to 1 */
	WC_DOT, /* a . b */
	WC_EUCLIDEAN /* 1 / (1 + |a - b|), 0 to 1 */
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
 * How much vector (finite) is like the probe: more is more alike.  False when
 * there is no answer, which is for the cosine with a vector of zeros; a dot
 * product may be infinite.
 */
extern bool wc_probe_compare(const WcProbe *probe, const float *vector,
                             float *similarity);

/*
 * What an item with entries loses when the one with the most loses penalty:
 * penalty log(1 + entries) / log(1 + most).  Counts below 0 are taken as 0.
 */
extern double wc_popularity_cost(double penalty, int32_t entries, int32_t most);

/*
 * Rerank by maximal marginal relevance.  The pool is count vectors (pointers
 * to factors finite numbers each) with their relevance, finite and descending.
 * order becomes a permutation of 0 to count - 1: first the places that are
 * chosen one by one, each the highest
 *
 *		(1 - diversity) r_j - diversity max over the chosen s of cos(v_j, v_s)
 *
 * where r is the relevance moved and scaled to 0 to 1 over the pool, then the
 * others as they were.  Ties go to the lower index, a vector of zeros is like
 * nothing, diversity is in [0, 1].
 */
extern WcStatus wc_diversify(int32_t count, int32_t factors,
                             const float *const *vectors,
                             const double *relevance, double diversity,
                             int32_t places, int32_t *order,
                             const WcAlloc *alloc, const WcHooks *hooks,
                             WcError *error);

/* ------------------------------------------------------------------------
 * Kernels (kernel.c)
 * ------------------------------------------------------------------------ */

/*
 * The name of the inner loops a solver would use when asked for name: avx512,
 * avx2 or portable; NULL, "" and "auto" mean the widest this processor runs.
 * NULL when the name is unknown or this processor does not run it.
 */
extern const char *wc_kernel_name(const char *name);

#endif /* WALS_CORE_H */
