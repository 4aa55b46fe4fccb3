/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  One half sweep: every row of one side, given the other side.
 *
 * The training loop calls wc_half_descent for the users and the items in turn
 * (Hu, Koren and Volinsky 2008), and wc_half_sweep at the end.  When w0 is 0 each
 * row is solved as it is, exactly (solve.c) or nearly (cg.c, block.c).  Otherwise
 * all rows share the Gram matrix of the fixed side, and first
 *
 *		G = V' diag(t) V			gram.c, panels shared by the threads
 *		G = Q diag(g) Q'			the provider of dense.h
 *		V := V Q					strips of rows shared by the threads
 *
 * In the new basis what the rows share is a diagonal, whatever their lambda:
 * rows with few entries can be solved in as few dimensions, and no k x k matrix
 * is copied for a row.  V stays in that basis.  Scores do not depend on it, since
 * every row of the other side is solved in the same one; where the old values of
 * that side are a beginning, they are rotated too.
 *
 * Rows depend on the fixed side only, so their order does not matter, and the
 * same input gives the same bits with any number of threads.
 *
 * All memory a half sweep needs belongs to the solver, so nothing is allocated
 * while it runs.
 *
 * should_stop is asked about once a millisecond: between rows, inside rows
 * between chunks of entries, between the steps of the eigenvalue problem, and
 * between pivots of a float64 factor.  The longest piece of work in between is
 * one float32 Cholesky factor.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

#define ROTATION_ROWS 1024 /* of a strip one thread takes */
#define ROTATION_WORK (1 << 24) /* multiply-adds without a question */
#define CG_FACTORS 128 /* from which on auto means cg */

typedef WcStatus (*SolveRow)(const WcHalf *half, int32_t row, int32_t next,
                             WcWork *work, WcPace *pace, WcError *error);

static WcStatus
check_options(const WcProblem *problem, const WcSolverOptions *options,
              WcError *error)
{
	int32_t k = problem->objective.params.factors;

	if (k < WC_FACTORS_MIN || k > WC_FACTORS_MAX)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "The number of factors must be between %d and %d.",
		               WC_FACTORS_MIN, WC_FACTORS_MAX);
	if (problem->biases && problem->w0 != 0)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "Biases need an unobserved weight of 0.");
	if ((int) problem->objective.params.solver < WC_SOLVE_AUTO ||
	    problem->objective.params.solver > WC_SOLVE_BLOCK)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "There is no solver %d.",
		               (int) problem->objective.params.solver);
	return wc_engine_check(options, error);
}

/* What the rotation of the fixed side needs. */
static WcStatus
create_rotation(WcSolver *solver)
{
	size_t k = (size_t) solver->engine.factors;
	int32_t size = wc_pad(solver->engine.factors, solver->engine.kernel->lanes);
	size_t cells = (size_t) size * (size_t) wc_pitch(size);
	uintptr_t block;

	solver->gram = wc_alloc_array(solver->alloc, k * k, sizeof(double));
	solver->eigen = wc_alloc_array(solver->alloc,
	                               k + wc_dense_space(solver->engine.factors),
	                               sizeof(double));
	solver->rotation_block =
	    wc_alloc_array(solver->alloc, cells + WC_KERNEL_LANES, sizeof(float));
	if (solver->gram == NULL || solver->eigen == NULL ||
	    solver->rotation_block == NULL)
		return WC_NO_MEMORY;
	block = (uintptr_t) solver->rotation_block;
	block = (block + WC_KERNEL_ALIGN - 1) / WC_KERNEL_ALIGN * WC_KERNEL_ALIGN;
	solver->rotation = (float *) block;
	memset(solver->rotation, 0, cells * sizeof(float));
	return WC_OK;
}

static WcMethod
choose_method(const WcParams *params)
{
	if (params->solver != WC_SOLVE_AUTO)
		return params->solver;
	return params->factors < CG_FACTORS ? WC_SOLVE_CHOLESKY : WC_SOLVE_CG;
}

/* Schedules have the longest row first. */
static int64_t
longest_row(const WcSolver *solver, WcSide side)
{
	const WcCsr *csr = side == WC_USERS ? &solver->problem->by_user
	                                    : &solver->problem->by_item;
	int32_t row;

	if (csr->rows == 0)
		return 0;
	row = solver->schedule[side].order[0];
	return csr->start[row + 1] - csr->start[row];
}

static WcStatus
create_descent(WcSolver *solver)
{
	int64_t users = longest_row(solver, WC_USERS);
	int64_t items = longest_row(solver, WC_ITEMS);

	for (int32_t thread = 0; thread < solver->engine.threads.count; thread++)
	{
		if (wc_descent_create(users > items ? users : items,
		                      &solver->engine.work[thread],
		                      solver->alloc) != WC_OK)
			return WC_NO_MEMORY;
	}
	return WC_OK;
}

static WcStatus
create_parts(WcSolver *solver)
{
	const WcProblem *problem = solver->problem;
	const WcAlloc *alloc = solver->alloc;
	size_t chunks;

	if (wc_schedule_create(&problem->by_user, solver->engine.factors,
	                       &solver->schedule[WC_USERS], alloc) != WC_OK ||
	    wc_schedule_create(&problem->by_item, solver->engine.factors,
	                       &solver->schedule[WC_ITEMS], alloc) != WC_OK)
		return WC_NO_MEMORY;
	chunks = (size_t) solver->schedule[WC_USERS].n_chunks +
	         (size_t) solver->schedule[WC_ITEMS].n_chunks;
	solver->sums = wc_alloc_array(alloc, chunks, sizeof(WcLossSum));
	if (solver->sums == NULL)
		return WC_NO_MEMORY;
	if (solver->method != WC_SOLVE_CHOLESKY && create_descent(solver) != WC_OK)
		return WC_NO_MEMORY;
	return problem->w0 != 0 ? create_rotation(solver) : WC_OK;
}

WcStatus
wc_solver_create(const WcProblem *problem, const WcSolverOptions *options,
                 WcSolver **result, const WcAlloc *alloc, WcError *error)
{
	static const WcSolverOptions defaults = {1, NULL, WC_DENSE_BUILTIN};
	WcSolverOptions engine;
	WcSolver *solver;
	WcStatus status;

	*result = NULL;
	if (options == NULL)
		options = &defaults;
	status = check_options(problem, options, error);
	if (status != WC_OK)
		return status;

	solver = wc_alloc_array(alloc, 1, sizeof(WcSolver));
	if (solver == NULL)
		return wc_fail_silently(error, WC_NO_MEMORY, WC_USERS, -1);
	memset(solver, 0, sizeof(*solver));
	solver->problem = problem;
	solver->alloc = alloc;
	solver->method = choose_method(&problem->objective.params);
	engine = *options;
	if (problem->w0 == 0)
		engine.dense = WC_DENSE_BUILTIN; /* nothing to do for another one */
	status = wc_engine_create(&engine, problem->objective.params.factors,
	                          problem->objective.params.factors +
	                              (problem->biases ? 1 : 0),
	                          &solver->engine, alloc);
	if (status == WC_OK)
		status = create_parts(solver);
	if (status != WC_OK)
	{
		wc_solver_free(solver);
		return wc_fail_silently(error, WC_NO_MEMORY, WC_USERS, -1);
	}
	*result = solver;
	return WC_OK;
}

void
wc_solver_free(WcSolver *solver)
{
	const WcAlloc *alloc;

	if (solver == NULL)
		return;
	alloc = solver->alloc;
	for (int32_t thread = 0;
	     solver->engine.work != NULL && thread < solver->engine.threads.count;
	     thread++)
		wc_descent_free(&solver->engine.work[thread], alloc);
	wc_engine_free(&solver->engine);
	wc_schedule_free(&solver->schedule[WC_USERS], alloc);
	wc_schedule_free(&solver->schedule[WC_ITEMS], alloc);
	wc_free(alloc, solver->sums);
	wc_free(alloc, solver->gram);
	wc_free(alloc, solver->eigen);
	wc_free(alloc, solver->rotation_block);
	wc_free(alloc, solver);
}

int64_t
wc_solver_retries(const WcSolver *solver)
{
	int64_t retries = 0;

	for (int32_t thread = 0; thread < solver->engine.threads.count; thread++)
		retries += solver->engine.work[thread].retries;
	return retries;
}

const WcDense *
wc_solver_dense(const WcSolver *solver)
{
	return solver->engine.dense;
}

static WcHalf
half_open(const WcSolver *solver, WcSide side, WcModel *model)
{
	const WcProblem *problem = solver->problem;
	bool users = side == WC_USERS;
	WcHalf half;

	half.kernel = solver->engine.kernel;
	half.side = side;
	half.factors = solver->engine.factors;
	half.width = solver->engine.width;
	half.rows = wc_rows_of(problem, side);
	half.rows.all.col_bias = users ? model->item_bias : model->user_bias;
	half.lambda = users ? problem->user_lambda : problem->item_lambda;
	half.bias_lambda = problem->objective.params.bias_regularization[side];
	half.fixed = users ? model->item_factors : model->user_factors;
	half.eigen = solver->eigen;
	half.eigen_min = 0;
	half.solved = users ? model->user_factors : model->item_factors;
	half.solved_bias = users ? model->user_bias : model->item_bias;
	half.steps = problem->objective.params.cg_steps;
	return half;
}

/* ------------------------------------------------------------------------
 * The basis of eigenvectors
 * ------------------------------------------------------------------------ */

typedef struct RotationJob
{
	const WcSolver *solver;
	int32_t rows;
	float *factors;
} RotationJob;

/* Rows multiplied at once: few when there are many factors, to ask in time. */
static int32_t
rotation_rows(int32_t k)
{
	int32_t rows = WC_KERNEL_CHUNK;

	while (rows > 8 && (int64_t) rows * k * k > ROTATION_WORK)
		rows /= 2;
	return rows;
}

static WcStatus
rotate_strip(void *arg, int32_t thread, int64_t strip, WcPace *pace)
{
	const RotationJob *job = arg;
	const WcKernel *kernel = job->solver->engine.kernel;
	WcWork *work = &job->solver->engine.work[thread];
	int32_t k = job->solver->engine.factors;
	int32_t size = wc_pad(k, kernel->lanes);
	int32_t pitch = wc_pitch(size);
	int32_t first = (int32_t) (strip * ROTATION_ROWS);
	int32_t end =
	    job->rows - first < ROTATION_ROWS ? job->rows : first + ROTATION_ROWS;
	int32_t some = rotation_rows(k);
	float *from = work->strip;
	float *to = work->strip + (size_t) WC_KERNEL_CHUNK * pitch;

	memset(from, 0, (size_t) WC_KERNEL_CHUNK * pitch * sizeof(float));
	for (int32_t row = first; row < end; row += some)
	{
		int32_t count = end - row < some ? end - row : some;
		float *factors = job->factors + (size_t) row * k;

		for (int32_t e = 0; e < count; e++)
			memcpy(from + (size_t) e * pitch, factors + (size_t) e * k,
			       (size_t) k * sizeof(float));
		kernel->multiply(size, pitch, wc_pad(count, 8), from,
		                 job->solver->rotation, to);
		for (int32_t e = 0; e < count; e++)
		{
			float *vector = factors + (size_t) e * k;

			memcpy(vector, to + (size_t) e * pitch, (size_t) k * sizeof(float));
			wc_flush(k, vector);
		}
		if (wc_pace(pace, (int64_t) count * k * k / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* Multiply rows of factors by the rotation, in place. */
static WcStatus
rotate(WcSolver *solver, int32_t rows, float *factors, const WcHooks *hooks)
{
	RotationJob job = {solver, rows, factors};
	int64_t strips = ((int64_t) rows + ROTATION_ROWS - 1) / ROTATION_ROWS;

	return wc_parallel(&solver->engine.threads, strips, rotate_strip, &job,
	                   hooks);
}

bool
wc_beyond_rank(int32_t k, int32_t rows, const double *eigen, int32_t l)
{
	int32_t larger = 0;

	if (rows >= k)
		return false;
	for (int32_t other = 0; other < k; other++)
	{
		if (eigen[other] > eigen[l] || (eigen[other] == eigen[l] && other < l))
			larger++;
	}
	return larger >= rows;
}

/* Bring the fixed side into the basis of its Gram matrix's eigenvectors. */
static WcStatus
rotate_fixed(WcSolver *solver, const WcHalf *half, float *fixed,
             const WcHooks *hooks)
{
	int32_t k = solver->engine.factors;
	int32_t pitch = wc_pitch(wc_pad(k, solver->engine.kernel->lanes));
	WcPace pace = wc_pace_start(hooks);
	int32_t rows = half->rows.cols;
	WcStatus status = wc_gram(&solver->engine, rows, fixed,
	                          half->rows.all.col_share, solver->gram, hooks);

	if (status != WC_OK)
		return status;
	status =
	    solver->engine.dense->eigen(solver->engine.kernel, k, solver->gram,
	                                solver->eigen, solver->eigen + k, &pace);
	if (status != WC_OK)
		return status;

	for (int32_t l = 0; l < k; l++)
	{
		bool null = wc_beyond_rank(k, rows, solver->eigen, l);

		for (int32_t p = 0; p < k; p++)
			solver->rotation[(size_t) p * pitch + l] =
			    null ? 0 : (float) solver->gram[(size_t) l * k + p];
		if (wc_pace(&pace, k))
			return WC_CANCELLED;
	}
	for (int32_t l = 0; l < k; l++)
	{
		/* rounding may have made the least of them negative */
		solver->eigen[l] = fmax(solver->eigen[l], 0);
	}
	return rotate(solver, rows, fixed, hooks);
}

static double
least(int32_t count, const double *values)
{
	double result = INFINITY;

	for (int32_t l = 0; l < count; l++)
		result = fmin(result, values[l]);
	return result;
}

/* ------------------------------------------------------------------------
 * The rows
 * ------------------------------------------------------------------------ */

typedef struct RowsJob
{
	SolveRow solve;
	const WcHalf *half;
	const WcSchedule *schedule;
	WcWork *work;
	atomic_int *failed; /* lowest row that failed */
} RowsJob;

/*
 * A row that cannot be solved does not end the work: lower ones are still tried,
 * so that the error names the same row with any number of threads.
 */
static WcStatus
solve_chunk(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	RowsJob *job = arg;
	const WcSchedule *schedule = job->schedule;
	WcWork *work = &job->work[thread];

	for (int32_t i = schedule->start[chunk]; i < schedule->start[chunk + 1];
	     i++)
	{
		int32_t row = schedule->order[i];
		int32_t next = i + 1 < schedule->rows ? schedule->order[i + 1] : -1;
		int failed = atomic_load(job->failed);
		WcError error;
		WcStatus status;

		if (row >= failed)
			continue;
		status = job->solve(job->half, row, next, work, pace, &error);
		if (status == WC_CANCELLED)
			return status;
		if (status == WC_OK)
			continue;
		if (work->error.status == WC_OK || row < work->error.row)
			work->error = error;
		while (row < failed &&
		       !atomic_compare_exchange_weak(job->failed, &failed, row))
			;
	}
	return WC_OK;
}

static WcStatus
solve_rows(WcSolver *solver, const WcHalf *half, SolveRow solve,
           const WcHooks *hooks, WcError *error)
{
	RowsJob job = {solve, half, &solver->schedule[half->side],
	               solver->engine.work, &solver->failed};
	WcStatus status;

	if (solver->next_chunk == 0)
	{
		atomic_store(&solver->failed, INT32_MAX);
		for (int32_t thread = 0; thread < solver->engine.threads.count;
		     thread++)
			solver->engine.work[thread].error.status = WC_OK;
	}
	status = wc_parallel_from(&solver->engine.threads, &solver->next_chunk,
	                          job.schedule->n_chunks, solve_chunk, &job, hooks);
	if (status != WC_PAUSED)
		solver->next_chunk = 0;
	if (status != WC_OK)
		return wc_fail_silently(error, status, half->side, -1);
	for (int32_t thread = 0; thread < solver->engine.threads.count; thread++)
	{
		const WcError *found = &solver->engine.work[thread].error;

		if (found->status != WC_OK &&
		    found->row == atomic_load(&solver->failed))
		{
			if (error != NULL)
				*error = *found;
			return found->status;
		}
	}
	return WC_OK;
}

static WcStatus
half_sweep(WcSolver *solver, WcSide side, SolveRow solve, WcModel *model,
           const WcHooks *hooks, WcError *error)
{
	WcHalf half = half_open(solver, side, model);

	WC_ASSERT(model->factors == solver->engine.factors);
	WC_ASSERT(model->users == solver->problem->by_user.rows);
	WC_ASSERT(model->items == solver->problem->by_item.rows);
	WC_ASSERT((model->user_bias != NULL) == solver->problem->biases);
	WC_ASSERT((model->item_bias != NULL) == solver->problem->biases);

	if (half.rows.all.unobserved != 0 && solver->next_chunk == 0)
	{
		float *fixed =
		    side == WC_USERS ? model->item_factors : model->user_factors;
		WcStatus status = rotate_fixed(solver, &half, fixed, hooks);

		if (status == WC_OK && solve != wc_solve_row)
			status = rotate(solver, half.rows.rows, half.solved, hooks);
		if (status == WC_NOT_FINITE)
			return wc_fail(error, status, side, -1, -1,
			               "The factors of the other side, or their products, "
			               "leave the range of single precision.");
		if (status != WC_OK)
			return wc_fail_silently(error, status, side, -1);
	}
	if (half.rows.all.unobserved != 0)
		half.eigen_min = least(solver->engine.factors, solver->eigen);
	return solve_rows(solver, &half, solve, hooks, error);
}

WcStatus
wc_half_sweep(WcSolver *solver, WcSide side, WcModel *model,
              const WcHooks *hooks, WcError *error)
{
	return half_sweep(solver, side, wc_solve_row, model, hooks, error);
}

WcStatus
wc_half_descent(WcSolver *solver, WcSide side, WcModel *model,
                const WcHooks *hooks, WcError *error)
{
	static const SolveRow solve[] = {[WC_SOLVE_CHOLESKY] = wc_solve_row,
	                                 [WC_SOLVE_CG] = wc_cg_row,
	                                 [WC_SOLVE_BLOCK] = wc_block_row};

	return half_sweep(solver, side, solve[solver->method], model, hooks, error);
}
