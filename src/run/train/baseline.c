/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  Does a training predict ratings better than mean and biases?
 *
 * A model with too little regularization, or with more factors than its ratings
 * tell apart, predicts worse than no model at all, and its loss does not show
 * that.  So one in ten entries is held out, the rest solved once more with the
 * same options and few iterations, and both are asked for what was held out.  The
 * model itself is trained on everything.
 *
 * That is half a training more.  It is done where a training is short, by the
 * number of multiplications, so that whether something is said does not depend on
 * the machine; elsewhere the option holdout and wals_evaluate() tell.  Whatever
 * fails here - memory, an option the rest of the entries cannot bear - is no
 * reason to fail the training.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/hint.h"
#include "base/settings.h"
#include "run/train/doubts.h"
#include "run/train/steps.h"

/* Entries times factors squared: a million times 64 squared. */
#define WORK_MOST 4.2e9

#define ITERATIONS 8 /* more changes the third digit of no RMSE we have seen */
#define COUNT_LEAST 100 /* predictions, to say anything */
#define ERRORS 2 /* standard errors that are no chance */

/* Of the square that the mean leaves: who explains all but that is good enough. */
#define NEAR_EXACT 1e-4

#define MORE 1.5 /* times the lambda that is chosen, noise is not learnt */

static WcStatus
solve(const WcProblem *problem, WcModel *model, const WcAlloc *alloc)
{
	WcSolverOptions options = wals_solver_options(wals_thread_count());
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	int32 n = Min(problem->objective.params.iterations, ITERATIONS);
	uint64 *hashes =
	    wc_alloc_array(alloc, (size_t) problem->by_item.rows, sizeof(uint64));
	WcSolver *solver = NULL;
	WcStatus status = hashes == NULL ? WC_NO_MEMORY : WC_OK;
	int32 i;

	for (i = 0; status == WC_OK && i < problem->by_item.rows; i++)
		hashes[i] = (uint64) i;
	if (status == WC_OK)
		status = wc_model_init(problem, hashes, model, alloc);
	if (status == WC_OK)
		status = wc_solver_create(problem, &options, &solver, alloc, &error);
	for (i = 0; status == WC_OK && i < n; i++)
	{
		status = wals_step_solve(solver, WC_USERS, model, false, &error);
		if (status == WC_OK)
			status = wals_step_solve(solver, WC_ITEMS, model, false, &error);
	}
	if (status == WC_OK)
		status = wals_step_solve(solver, WC_USERS, model, true, &error);
	return status;
}

static WcStatus
compare(const WcParams *params, const WcProblem *problem,
        const float *user_weights, const float *item_weights,
        const WcAlloc *alloc, WcComparison *result)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcProblem rest;
	WcModel model;
	WcCsr kept;
	WcCsr held;
	WcStatus status;

	status = wc_baseline_split(problem, &kept, &held, alloc, &wals_hooks);
	if (status == WC_OK)
		status = wc_problem_build(params, &kept, user_weights, item_weights,
		                          &rest, alloc, &wals_hooks, &error);
	if (status == WC_OK)
		status = solve(&rest, &model, alloc);
	if (status == WC_OK)
		status = wc_baseline_compare(&rest, &model, &held, result, alloc,
		                             &wals_hooks);
	return status;
}

bool
wals_baseline_check(const WcParams *params, const WcProblem *problem,
                    const float *user_weights, const float *item_weights,
                    WalsJob *job, WcComparison *result)
{
	double factors = problem->objective.params.factors;
	WcParams same = *params;
	MemoryContext context;
	WalsJob own;
	WcStatus status;

	memset(result, 0, sizeof(*result));
	if (problem->objective.params.feedback != WC_EXPLICIT ||
	    (double) problem->by_user.nnz * factors * factors > WORK_MOST ||
	    (job->limit > 0 && job->used >= job->limit))
		return false;
	context = AllocSetContextCreate(CurrentMemoryContext, "wals baseline",
	                                ALLOCSET_DEFAULT_SIZES);
	wals_job_init(&own, context, job->limit > 0 ? job->limit - job->used : 0);
	same.factors = problem->objective.params.factors;
	status =
	    compare(&same, problem, user_weights, item_weights, &own.alloc, result);
	MemoryContextDelete(context);
	if (status == WC_CANCELLED)
		CHECK_FOR_INTERRUPTS();
	return status == WC_OK && result->count >= COUNT_LEAST;
}

void
wals_baseline_tell(const char *model, const WcParams *params,
                   const WcProblem *problem, const WcComparison *comparison)
{
	double behind = comparison->model - comparison->baseline;
	double lambda = problem->objective.params.regularization;

	if (!(behind > ERRORS * comparison->error) ||
	    comparison->model < NEAR_EXACT * comparison->mean)
		return;
	ereport(
	    WARNING,
	    (errmsg("model \"%s\" predicts ratings worse than their mean and "
	            "biases do",
	            model),
	     errdetail("Of the ratings, " INT64_FORMAT " were held out to see: the "
	               "root mean square error is %.4g, that of mean and biases "
	               "%.4g; regularization is %.4g, factors are %d.",
	               comparison->count, sqrt(comparison->model),
	               sqrt(comparison->baseline), lambda,
	               problem->objective.params.factors),
	     isnan(params->regularization)
	         ? wals_hint("There is little in these ratings that factors could "
	                     "learn. Raise lambda, for instance with "
	                     "reg_exponent => %g, regularization => %.3g, or "
	                     "search with wals_tune(..., feedback => 'explicit').",
	                     problem->objective.params.reg_exponent, MORE * lambda)
	         : wals_hint(
	               "Leave regularization out to have it chosen, or "
	               "search with wals_tune(..., feedback => 'explicit').")));
}
