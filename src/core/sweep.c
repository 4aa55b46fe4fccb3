/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  One half sweep: every row of one side, given the other side.
 *
 * The training loop calls wc_half_sweep for the users and the items in turn
 * (Hu, Koren and Volinsky 2008).  A half sweep takes the Gram matrix of the
 * fixed side once (gram.c), unless w0 is 0, and solves each row exactly
 * (solve.c).  Rows depend on the fixed side only, so their order does not
 * matter, and the same input gives the same bits.
 *
 * All memory a half sweep needs belongs to the solver, so nothing is allocated
 * while it runs.  A solver is for one thread.
 *
 * should_stop is asked about once a millisecond: between rows, inside rows
 * between strips of entries, and between pivots of a float64 factor.  The
 * longest piece of work in between is one float32 Cholesky factor.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/numerics.h"

WcStatus
wc_solver_create(const WcProblem *problem, WcSolver **result,
                 const WcAlloc *alloc, WcError *error)
{
	int32_t k = problem->params.factors;
	WcSolver *solver;

	*result = NULL;
	if (k < WC_FACTORS_MIN || k > WC_FACTORS_MAX)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "The number of factors must be between %d and %d.",
		               WC_FACTORS_MIN, WC_FACTORS_MAX);
	if (problem->biases && problem->w0 != 0)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "Biases need an unobserved weight of 0.");
	if (wc_blas() == NULL)
		return wc_fail(error, WC_NO_BLAS, WC_USERS, -1, -1,
		               "OpenBLAS has not been loaded.");

	solver = wc_alloc_array(alloc, 1, sizeof(WcSolver));
	if (solver == NULL)
		return wc_fail_silently(error, WC_NO_MEMORY, WC_USERS, -1);
	memset(solver, 0, sizeof(*solver));
	solver->problem = problem;
	solver->alloc = alloc;
	solver->blas = wc_blas();
	solver->factors = k;
	solver->width = problem->biases ? k + 1 : k;
	if (problem->w0 != 0)
	{
		size_t cells = (size_t) k * k;

		solver->gram = wc_alloc_array(alloc, cells, sizeof(double));
		solver->gram_float = wc_alloc_array(alloc, cells, sizeof(float));
	}
	if ((problem->w0 != 0 &&
	     (solver->gram == NULL || solver->gram_float == NULL)) ||
	    wc_row_work_create(solver->width, &solver->work, alloc) != WC_OK)
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
	if (solver == NULL)
		return;
	wc_row_work_free(&solver->work, solver->alloc);
	wc_free(solver->alloc, solver->gram);
	wc_free(solver->alloc, solver->gram_float);
	wc_free(solver->alloc, solver);
}

int64_t
wc_solver_retries(const WcSolver *solver)
{
	return solver->work.retries;
}

static WcHalf
half_open(const WcSolver *solver, WcSide side, WcModel *model)
{
	const WcProblem *problem = solver->problem;
	bool users = side == WC_USERS;
	WcHalf half;

	half.side = side;
	half.factors = solver->factors;
	half.width = solver->width;
	half.entries = users ? &problem->by_user : &problem->by_item;
	half.lambda = users ? problem->user_lambda : problem->item_lambda;
	half.base_weight = problem->base_weight;
	half.row_scale = users ? problem->user_scale : problem->item_scale;
	half.fixed_scale = users ? problem->item_scale : problem->user_scale;
	half.w0 = problem->w0;
	half.row_share = users ? NULL : problem->unobserved;
	half.fixed_share = users ? problem->unobserved : NULL;
	half.fixed = users ? model->item_factors : model->user_factors;
	half.fixed_bias = users ? model->item_bias : model->user_bias;
	half.gram = solver->gram;
	half.gram_float = solver->gram_float;
	half.solved = users ? model->user_factors : model->item_factors;
	half.solved_bias = users ? model->user_bias : model->item_bias;
	return half;
}

/*
 * Solve rows [from, to).  Ranges may be solved in any order and by several
 * threads at once, each with its own work and pace.
 */
static WcStatus
solve_rows(const WcBlas *blas, const WcHalf *half, int32_t from, int32_t to,
           WcRowWork *work, WcPace *pace, WcError *error)
{
	for (int32_t row = from; row < to; row++)
	{
		WcStatus status = wc_solve_row(blas, half, row, work, pace, error);

		if (status != WC_OK)
			return status;
	}
	return WC_OK;
}

WcStatus
wc_half_sweep(WcSolver *solver, WcSide side, WcModel *model,
              const WcHooks *hooks, WcError *error)
{
	WcHalf half = half_open(solver, side, model);
	WcPace pace = wc_pace_start(hooks);

	WC_ASSERT(model->factors == solver->factors);
	WC_ASSERT(model->users == solver->problem->by_user.rows);
	WC_ASSERT(model->items == solver->problem->by_item.rows);
	WC_ASSERT((model->user_bias != NULL) == solver->problem->biases);
	WC_ASSERT((model->item_bias != NULL) == solver->problem->biases);

	if (half.w0 != 0)
	{
		WcRowWork *work = &solver->work;
		WcStatus status =
		    wc_gram(solver->blas, half.entries->cols, solver->factors,
		            half.fixed, half.fixed_share, work->strip_rows, work->strip,
		            work->matrix, solver->gram, solver->gram_float, &pace);

		if (status != WC_OK)
			return wc_fail_silently(error, status, side, -1);
	}
	return solve_rows(solver->blas, &half, 0, half.entries->rows, &solver->work,
	                  &pace, error);
}
