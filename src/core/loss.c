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
 * Products of factors are taken and summed in float64; only the two Gram
 * matrices come from float32 panels (gram.c).  The second one borrows the
 * solver's float64 matrix.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/numerics.h"

static double
dot_double(int32_t k, const float *x, const float *y)
{
	double sum0 = 0;
	double sum1 = 0;
	double sum2 = 0;
	double sum3 = 0;
	int32_t p = 0;

	/* Four sums: one would wait for each addition to finish. */
	for (; p + 4 <= k; p += 4)
	{
		sum0 += (double) x[p] * y[p];
		sum1 += (double) x[p + 1] * y[p + 1];
		sum2 += (double) x[p + 2] * y[p + 2];
		sum3 += (double) x[p + 3] * y[p + 3];
	}
	for (; p < k; p++)
		sum0 += (double) x[p] * y[p];
	return (sum0 + sum1) + (sum2 + sum3);
}

/* Loss of one user's entries; *cancelled when asked to stop. */
static double
row_loss(const WcProblem *problem, const WcModel *model, int32_t user,
         WcPace *pace, bool *cancelled)
{
	const WcCsr *entries = &problem->by_user;
	int32_t k = model->factors;
	const float *factors = model->user_factors + (size_t) user * k;
	double scale = problem->base_weight;
	double loss = 0;

	if (problem->user_scale != NULL)
		scale *= problem->user_scale[user];
	for (int64_t e = entries->start[user]; e < entries->start[user + 1]; e++)
	{
		int32_t item = entries->col[e];
		double target = entries->value != NULL ? entries->value[e] : 1.0;
		double weight = scale;
		double unobserved = problem->w0;
		double prediction =
		    dot_double(k, factors, model->item_factors + (size_t) item * k);

		if (entries->weight != NULL)
			weight *= entries->weight[e];
		if (problem->item_scale != NULL)
			weight *= problem->item_scale[item];
		if (problem->unobserved != NULL)
			unobserved *= problem->unobserved[item];
		if (problem->biases)
			prediction += (double) model->user_bias[user] +
			              (double) model->item_bias[item];
		loss += (unobserved + weight) * (target - prediction) *
		            (target - prediction) -
		        unobserved * prediction * prediction;
		if (wc_pace(pace, k))
		{
			*cancelled = true;
			return loss;
		}
	}
	return loss;
}

/* sum of lambda (|x|^2 + b^2) over one side */
static double
penalty(int32_t rows, int32_t k, const float *factors, const float *bias,
        const float *lambda, WcPace *pace, bool *cancelled)
{
	double sum = 0;

	for (int32_t row = 0; row < rows && !*cancelled; row++)
	{
		const float *x = factors + (size_t) row * k;
		double square = dot_double(k, x, x);

		if (bias != NULL)
			square += (double) bias[row] * bias[row];
		sum += lambda[row] * square;
		*cancelled = wc_pace(pace, k);
	}
	return sum;
}

/* w0 trace(U'U V' diag(t) V): the loss of all cells if nothing was observed */
static WcStatus
unobserved_loss(WcSolver *solver, const WcModel *model, double *loss,
                WcPace *pace)
{
	const WcProblem *problem = solver->problem;
	WcRowWork *work = &solver->work;
	double *user_gram = work->matrix_double;
	int32_t k = solver->factors;
	double trace = 0;
	WcStatus status;

	status = wc_gram(solver->blas, model->items, k, model->item_factors,
	                 problem->unobserved, work->strip_rows, work->strip,
	                 work->matrix, solver->gram, NULL, pace);
	if (status == WC_OK)
		status = wc_gram(solver->blas, model->users, k, model->user_factors,
		                 NULL, work->strip_rows, work->strip, work->matrix,
		                 user_gram, NULL, pace);
	if (status != WC_OK)
		return status;
	for (size_t cell = 0; cell < (size_t) k * k; cell++)
		trace += user_gram[cell] * solver->gram[cell];
	*loss = problem->w0 * trace;
	return WC_OK;
}

WcStatus
wc_loss(WcSolver *solver, const WcModel *model, double *loss,
        const WcHooks *hooks, WcError *error)
{
	const WcProblem *problem = solver->problem;
	int32_t k = solver->factors;
	WcPace pace = wc_pace_start(hooks);
	bool cancelled = false;
	double sum = 0;

	if (problem->w0 != 0 &&
	    unobserved_loss(solver, model, &sum, &pace) != WC_OK)
		cancelled = true;
	for (int32_t user = 0; user < model->users && !cancelled; user++)
		sum += row_loss(problem, model, user, &pace, &cancelled);
	if (!cancelled)
		sum += penalty(model->users, k, model->user_factors, model->user_bias,
		               problem->user_lambda, &pace, &cancelled);
	if (!cancelled)
		sum += penalty(model->items, k, model->item_factors, model->item_bias,
		               problem->item_lambda, &pace, &cancelled);
	if (cancelled)
		return wc_fail_silently(error, WC_CANCELLED, WC_USERS, -1);
	if (!isfinite(sum))
		return wc_fail(error, WC_NOT_FINITE, WC_USERS, -1, -1,
		               "The loss leaves the range of double precision.");
	*loss = sum;
	return WC_OK;
}
