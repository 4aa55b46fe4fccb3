/*-------------------------------------------------------------------------
 *
 * loss.c
 *	  The objective: weighted loss over all m x n cells plus regularization.
 *
 * The cells nobody observed are never visited.  With p = U V' and targets 0
 * there, their loss is what all cells would lose less what the observed ones
 * would (the trick is that of Hu, Koren and Volinsky 2008):
 *
 *		sum over entries [ (w0 t_j + c) (a - p)^2 - w0 t_j p^2 ]
 *			+ w0 trace(U'U V' diag(t) V)
 *			+ sum_i lambda_i (|u_i|^2 + b_i^2)
 *			+ sum_j lambda_j (|v_j|^2 + b_j^2)
 *
 * Products of factors are taken in float32 by the kernels, in at least four
 * partial sums each, everything else in float64; the Gram matrices are those of
 * gram.c.  Threads take the chunks of the schedules that solving goes by, and
 * the sums of chunks are added up in their order.  The second Gram matrix
 * borrows the float64 matrix of the first workspace.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/numerics.h"

typedef struct LossJob
{
	const WcSolver *solver;
	const WcModel *model;
} LossJob;

/* Loss of one user's entries; false when asked to stop. */
static bool
row_loss(const LossJob *job, int32_t user, WcWork *work, double *loss,
         WcPace *pace)
{
	const WcProblem *problem = job->solver->problem;
	const WcModel *model = job->model;
	const WcCsr *entries = &problem->by_user;
	int32_t k = model->factors;
	int64_t end = entries->start[user + 1];
	double scale = problem->base_weight;

	if (problem->user_scale != NULL)
		scale *= problem->user_scale[user];
	for (int64_t first = entries->start[user]; first < end;
	     first += WC_KERNEL_CHUNK)
	{
		int64_t left = end - first;
		WcGather gather = {.k = k, .width = k};

		gather.count =
		    left < WC_KERNEL_CHUNK ? (int32_t) left : WC_KERNEL_CHUNK;
		left -= gather.count;
		gather.ahead =
		    left < WC_KERNEL_CHUNK ? (int32_t) left : WC_KERNEL_CHUNK;
		gather.base = model->item_factors;
		gather.col = entries->col + first;
		job->solver->kernel->dots(
		    &gather, model->user_factors + (size_t) user * k, work->right);
		for (int32_t i = 0; i < gather.count; i++)
		{
			int64_t e = first + i;
			int32_t item = entries->col[e];
			double target = entries->value != NULL ? entries->value[e] : 1.0;
			double weight = scale;
			double unobserved = problem->w0;
			double prediction = work->right[i];

			if (entries->weight != NULL)
				weight *= entries->weight[e];
			if (problem->item_scale != NULL)
				weight *= problem->item_scale[item];
			if (problem->unobserved != NULL)
				unobserved *= problem->unobserved[item];
			if (problem->biases)
				prediction += (double) model->user_bias[user] +
				              (double) model->item_bias[item];
			*loss += (unobserved + weight) * (target - prediction) *
			             (target - prediction) -
			         unobserved * prediction * prediction;
		}
		if (wc_pace(pace, (int64_t) gather.count * k))
			return false;
	}
	return true;
}

/* lambda (|x|^2 + b^2) of one row */
static double
penalty(int32_t k, const float *x, const float *bias, double lambda)
{
	double square = bias != NULL ? (double) *bias * *bias : 0;

	for (int32_t p = 0; p < k; p++)
		square += (double) x[p] * x[p];
	return lambda * square;
}

/* Chunks of the users' schedule, then those of the items': their sums. */
static WcStatus
loss_chunk(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	const LossJob *job = arg;
	const WcSolver *solver = job->solver;
	const WcProblem *problem = solver->problem;
	const WcModel *model = job->model;
	int32_t k = model->factors;
	bool users = chunk < solver->schedule[WC_USERS].n_chunks;
	const WcSchedule *schedule = &solver->schedule[users ? WC_USERS : WC_ITEMS];
	int64_t at = users ? chunk : chunk - solver->schedule[WC_USERS].n_chunks;
	const float *factors = users ? model->user_factors : model->item_factors;
	const float *bias = users ? model->user_bias : model->item_bias;
	const float *lambda = users ? problem->user_lambda : problem->item_lambda;
	double sum = 0;

	for (int32_t i = schedule->start[at]; i < schedule->start[at + 1]; i++)
	{
		int32_t row = schedule->order[i];

		if (users && !row_loss(job, row, &solver->work[thread], &sum, pace))
			return WC_CANCELLED;
		sum += penalty(k, factors + (size_t) row * k,
		               bias != NULL ? bias + row : NULL, lambda[row]);
		if (wc_pace(pace, k))
			return WC_CANCELLED;
	}
	solver->sums[chunk] = sum;
	return WC_OK;
}

/* w0 trace(U'U V' diag(t) V): the loss of all cells if nothing was observed */
static WcStatus
unobserved_loss(WcSolver *solver, const WcModel *model, double *loss,
                const WcHooks *hooks)
{
	const WcProblem *problem = solver->problem;
	double *user_gram = solver->work[0].matrix_double;
	int32_t k = solver->factors;
	double trace = 0;
	WcStatus status;

	status = wc_gram(solver, model->items, model->item_factors,
	                 problem->unobserved, solver->gram, hooks);
	if (status == WC_OK)
		status = wc_gram(solver, model->users, model->user_factors, NULL,
		                 user_gram, hooks);
	if (status != WC_OK)
		return status;
	for (int32_t p = 0; p < k; p++)
	{
		const double *x = user_gram + (size_t) p * k;
		const double *y = solver->gram + (size_t) p * k;

		trace += x[p] * y[p];
		for (int32_t q = p + 1; q < k; q++)
			trace += 2 * x[q] * y[q];
	}
	*loss = problem->w0 * trace;
	return WC_OK;
}

WcStatus
wc_loss(WcSolver *solver, const WcModel *model, double *loss,
        const WcHooks *hooks, WcError *error)
{
	LossJob job = {solver, model};
	int64_t chunks = (int64_t) solver->schedule[WC_USERS].n_chunks +
	                 solver->schedule[WC_ITEMS].n_chunks;
	WcStatus status = WC_OK;
	double sum = 0;

	if (solver->problem->w0 != 0)
		status = unobserved_loss(solver, model, &sum, hooks);
	if (status == WC_OK)
		status = wc_parallel(&solver->threads, chunks, loss_chunk, &job, hooks);
	if (status != WC_OK)
		return wc_fail_silently(error, status, WC_USERS, -1);
	for (int64_t chunk = 0; chunk < chunks; chunk++)
		sum += solver->sums[chunk];
	if (!isfinite(sum))
		return wc_fail(error, WC_NOT_FINITE, WC_USERS, -1, -1,
		               "The loss leaves the range of double precision.");
	*loss = sum;
	return WC_OK;
}
