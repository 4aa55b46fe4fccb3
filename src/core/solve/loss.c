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
 *			+ sum_i (lambda_i |u_i|^2 + lambda_u b_i^2)
 *			+ sum_j (lambda_j |v_j|^2 + lambda_v b_j^2)
 *
 * Products of factors are taken in float32 by the kernels, in at least four
 * partial sums each, everything else in float64; the Gram matrices are those of
 * gram.c.  Threads take the chunks of the schedules that solving goes by, and
 * the sums of chunks are added up in their order.  The second Gram matrix
 * borrows the float64 matrix of the first workspace.
 *
 * The terms cancel where the fit is near exact: what is left is then no more
 * than the rounding of float32.  So the sizes of the terms are added up as well,
 * and where the loss is less than a small part of them it is taken once more,
 * all in float64.  That takes several times as long, and few trainings need it.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

/* Below this part of its terms a loss is taken again; float32 rounds to 1e-7. */
#define PRECISE 1e-3

typedef struct LossJob
{
	const WcSolver *solver;
	const WcModel *model;
	WcRows rows; /* of users */
	const double *gram; /* k x k, of the items: all in float64; or NULL */
} LossJob;

static double
dot(int32_t k, const float *x, const float *y)
{
	double sum[4] = {0, 0, 0, 0};
	int32_t p = 0;

	for (; p + 4 <= k; p += 4)
		for (int i = 0; i < 4; i++)
			sum[i] += (double) x[p + i] * y[p + i];
	for (; p < k; p++)
		sum[0] += (double) x[p] * y[p];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Products of a user and count items. */
static void
predict(const LossJob *job, int32_t user, const int32_t *col, int32_t count,
        int32_t ahead, float *scratch, double *prediction)
{
	const WcModel *model = job->model;
	int32_t k = model->factors;
	const float *x = model->user_factors + (size_t) user * k;
	WcGather gather = {.k = k, .width = k};

	if (job->gram != NULL)
	{
		for (int32_t i = 0; i < count; i++)
			prediction[i] =
			    dot(k, x, model->item_factors + (size_t) col[i] * k);
		return;
	}
	gather.count = count;
	gather.ahead = ahead;
	gather.base = model->item_factors;
	gather.col = col;
	job->solver->engine.kernel->dots(&gather, x, scratch);
	for (int32_t i = 0; i < count; i++)
		prediction[i] = scratch[i];
}

/* Loss of one user's entries; false when asked to stop. */
static bool
row_loss(const LossJob *job, int32_t user, WcWork *work, WcLossSum *sum,
         WcPace *pace)
{
	const WcModel *model = job->model;
	WcTerms row = wc_terms_of(&job->rows, user);

	for (int64_t first = 0; first < row.count; first += WC_KERNEL_CHUNK)
	{
		double predictions[WC_KERNEL_CHUNK];
		int64_t left = row.count - first;
		int32_t count =
		    left < WC_KERNEL_CHUNK ? (int32_t) left : WC_KERNEL_CHUNK;
		int32_t ahead = left - count < WC_KERNEL_CHUNK
		                    ? (int32_t) (left - count)
		                    : WC_KERNEL_CHUNK;

		predict(job, user, row.col + first, count, ahead, work->right,
		        predictions);
		for (int32_t i = 0; i < count; i++)
		{
			WcTerm term = wc_term(&row, first + i);
			double target = term.target;
			double prediction = predictions[i];
			double full = term.unobserved + term.weight;

			if (model->user_bias != NULL)
				prediction += (double) model->user_bias[user] +
				              (double) model->item_bias[row.col[first + i]];
			sum->loss += full * (target - prediction) * (target - prediction) -
			             term.unobserved * prediction * prediction;
			sum->size += full * (target * target + prediction * prediction);
		}
		if (wc_pace(pace, (int64_t) count * model->factors))
			return false;
	}
	return true;
}

/* lambda |x|^2 of one row, and the same of its bias with the lambda of that */
static double
penalty(int32_t k, const float *x, const float *bias, double lambda,
        double bias_lambda)
{
	double square = 0;
	double apart = 0;

	if (bias != NULL)
		apart = (bias_lambda < 0 ? lambda : bias_lambda) * *bias * *bias;
	for (int32_t p = 0; p < k; p++)
		square += (double) x[p] * x[p];
	return lambda * square + apart;
}

/* x' G x, of the upper triangle */
static double
quadratic(int32_t k, const double *gram, const float *x)
{
	double sum = 0;

	for (int32_t p = 0; p < k; p++)
	{
		const double *row = gram + (size_t) p * k;
		double inner = row[p] * x[p];

		for (int32_t q = p + 1; q < k; q++)
			inner += 2 * row[q] * x[q];
		sum += inner * x[p];
	}
	return sum;
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
	WcLossSum sum = {0, 0};

	for (int32_t i = schedule->start[at]; i < schedule->start[at + 1]; i++)
	{
		int32_t row = schedule->order[i];
		const float *x = factors + (size_t) row * k;

		if (users &&
		    !row_loss(job, row, &solver->engine.work[thread], &sum, pace))
			return WC_CANCELLED;
		if (users && job->gram != NULL && problem->w0 != 0)
		{
			sum.loss += problem->w0 * quadratic(k, job->gram, x);
			if (wc_pace(pace, (int64_t) k * k / 2))
				return WC_CANCELLED;
		}
		sum.loss +=
		    penalty(k, x, bias != NULL ? bias + row : NULL, lambda[row],
		            problem->objective.params
		                .bias_regularization[users ? WC_USERS : WC_ITEMS]);
		if (wc_pace(pace, k))
			return WC_CANCELLED;
	}
	solver->sums[chunk] = sum;
	return WC_OK;
}

/* The sums of all chunks, in their order. */
static WcStatus
add_chunks(WcSolver *solver, LossJob *job, WcLossSum *sum, const WcHooks *hooks)
{
	int64_t chunks = (int64_t) solver->schedule[WC_USERS].n_chunks +
	                 solver->schedule[WC_ITEMS].n_chunks;
	WcStatus status =
	    wc_parallel(&solver->engine.threads, chunks, loss_chunk, job, hooks);

	for (int64_t chunk = 0; status == WC_OK && chunk < chunks; chunk++)
	{
		sum->loss += solver->sums[chunk].loss;
		sum->size += solver->sums[chunk].size;
	}
	return status;
}

/* w0 trace(U'U V' diag(t) V): the loss of all cells if nothing was observed */
static WcStatus
unobserved_loss(WcSolver *solver, const WcModel *model, double *loss,
                const WcHooks *hooks)
{
	const WcProblem *problem = solver->problem;
	double *user_gram = solver->engine.work[0].matrix_double;
	int32_t k = solver->engine.factors;
	double trace = 0;
	WcStatus status;

	status = wc_gram(&solver->engine, model->items, model->item_factors,
	                 problem->unobserved, solver->gram, hooks);
	if (status == WC_OK)
		status = wc_gram(&solver->engine, model->users, model->user_factors,
		                 NULL, user_gram, hooks);
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

/* V' diag(t) V in float64, by one thread, in the first workspace. */
static WcStatus
precise_gram(const WcSolver *solver, const WcModel *model, double *gram,
             const WcHooks *hooks)
{
	const float *share = solver->problem->unobserved;
	int32_t k = solver->engine.factors;
	WcPace pace = wc_pace_start(hooks);

	memset(gram, 0, (size_t) k * k * sizeof(double));
	for (int32_t j = 0; solver->problem->w0 != 0 && j < model->items; j++)
	{
		const float *x = model->item_factors + (size_t) j * k;
		double t = share != NULL ? share[j] : 1.0;

		for (int32_t p = 0; p < k; p++)
		{
			double *row = gram + (size_t) p * k;
			double tx = t * x[p];

			for (int32_t q = p; q < k; q++)
				row[q] += tx * x[q];
		}
		if (wc_pace(&pace, (int64_t) k * k / 2))
			return WC_CANCELLED;
	}
	return WC_OK;
}

WcStatus
wc_loss(WcSolver *solver, const WcModel *model, double *loss,
        const WcHooks *hooks, WcError *error)
{
	LossJob job = {solver, model, wc_rows_of(solver->problem, WC_USERS), NULL};
	WcLossSum sum = {0, 0};
	WcStatus status = WC_OK;

	if (solver->problem->w0 != 0)
		status = unobserved_loss(solver, model, &sum.loss, hooks);
	sum.size = sum.loss;
	if (status == WC_OK)
		status = add_chunks(solver, &job, &sum, hooks);
	if (status == WC_OK && sum.loss < PRECISE * sum.size)
	{
		double *gram = solver->engine.work[0].matrix_double;

		memset(&sum, 0, sizeof(sum));
		job.gram = gram;
		status = precise_gram(solver, model, gram, hooks);
		if (status == WC_OK)
			status = add_chunks(solver, &job, &sum, hooks);
		/* what is left of it is the rounding of float64 */
		sum.loss = fmax(sum.loss, 0);
	}
	if (status != WC_OK)
		return wc_fail_silently(error, status, WC_USERS, -1);
	if (!isfinite(sum.loss))
		return wc_fail(error, WC_NOT_FINITE, WC_USERS, -1, -1,
		               "The loss leaves the range of double precision.");
	*loss = sum.loss;
	return WC_OK;
}
