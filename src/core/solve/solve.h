/*-------------------------------------------------------------------------
 *
 * solve.h
 *	  Half sweeps: a model becomes the solution of its problem.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_SOLVE_H
#define WALS_CORE_SOLVE_H

#include "core/model/model.h"

/* ------------------------------------------------------------------------
 * The solver (solve.c, sweep.c, loss.c)
 * ------------------------------------------------------------------------ */

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

/* ------------------------------------------------------------------------
 * The memory it takes (estimate.c)
 * ------------------------------------------------------------------------ */

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
 * The slow, obvious way (ref.c)
 * ------------------------------------------------------------------------ */

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

#endif /* WALS_CORE_SOLVE_H */
