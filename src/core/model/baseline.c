/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  Mean and biases: what ratings come to without factors.
 *
 * Called by problem.c once per training with values.  How far ratings are from the
 * baseline is what factors have to explain, and their regularization is counted
 * in that unit; without biases it is how far they are from their mean, or from 0
 * with feedback weighted.  How far biases are regularized is
 * found here, too: it has no unit, and follows from the ratings.
 *
 * A rating is taken for mean + b_i + b_j + noise, biases and noise being drawn
 * from normal distributions around 0, the noise with variance s^2 / c_ij.  Given
 * the variances the likeliest biases minimize
 *
 *		sum c_ij (a_ij - b_i - b_j)^2 + lambda_u sum b_i^2 + lambda_v sum b_j^2
 *
 * with lambda_u = s^2 / var(b_i), lambda_v alike.  Items and users are fitted in
 * turn, and after each turn the variances are set to their expectation (EM, with
 * biases of the other side taken as known): the square of a bias plus what is
 * uncertain about it, s^2 / (sum of its weights + lambda).
 *
 * All in float64 by one thread: these passes over the entries are little beside
 * half sweeps, and sums have one order.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/model/baseline.h"
#include "core/model/formula.h"

#define TURNS 10

/* Entries of mean weight that a bias begins with: at first, least and most. */
#define BEGIN 5.0
#define LEAST 0.01
#define MOST 1000.0

#define SPREAD_LEAST 0.01 /* of the deviation of the targets */

static WcStatus
fit_items(const WcProblem *problem, const double *weight, WcBaseline *baseline,
          WcPace *pace)
{
	WcRows rows = wc_rows_of(problem, WC_USERS);
	double *bias = baseline->item_bias;

	memset(bias, 0, (size_t) rows.cols * sizeof(double));
	for (int32_t i = 0; i < rows.rows; i++)
	{
		WcTerms row = wc_terms_of(&rows, i);

		for (int64_t e = 0; e < row.count; e++)
			bias[row.col[e]] += (double) wc_term_weight(&row, e) *
			                    (row.value[e] - baseline->user_bias[i]);
		if (wc_pace(pace, row.count + 1))
			return WC_CANCELLED;
	}
	for (int32_t j = 0; j < rows.cols; j++)
		bias[j] /= weight[j] + baseline->lambda[WC_ITEMS];
	return WC_OK;
}

/* *square is the weighted sum of the squares of what both biases leave. */
static WcStatus
fit_users(const WcProblem *problem, WcBaseline *baseline, double *square,
          WcPace *pace)
{
	WcRows rows = wc_rows_of(problem, WC_USERS);
	const double *item_bias = baseline->item_bias;

	*square = 0;
	for (int32_t i = 0; i < rows.rows; i++)
	{
		WcTerms row = wc_terms_of(&rows, i);
		double weight = baseline->lambda[WC_USERS];
		double sum = 0;
		double squares = 0;

		for (int64_t e = 0; e < row.count; e++)
		{
			double c = wc_term_weight(&row, e);

			weight += c;
			sum += c * (row.value[e] - item_bias[row.col[e]]);
		}
		baseline->user_bias[i] = sum / weight;
		for (int64_t e = 0; e < row.count; e++)
		{
			double left =
			    row.value[e] - item_bias[row.col[e]] - baseline->user_bias[i];

			squares += wc_term_weight(&row, e) * left * left;
		}
		*square += squares;
		if (wc_pace(pace, 2 * row.count + 1))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/*
 * The lambda of one side from its biases.  *square grows by what the noise has in
 * the uncertainty of the biases.
 */
static double
expect(int32_t rows, const double *weight, const double *bias, double noise,
       double lambda, double *square)
{
	double variance = 0;

	for (int32_t i = 0; i < rows; i++)
	{
		double uncertain = noise / (weight[i] + lambda);

		variance += bias[i] * bias[i] + uncertain;
		*square += weight[i] * uncertain;
	}
	return noise * rows / variance;
}

WcStatus
wc_baseline_fit(const WcProblem *problem, const double *user_weight,
                const double *item_weight, WcBaseline *baseline, WcPace *pace)
{
	const WcCsr *csr = &problem->by_user;
	double unit = problem->mean_weight;
	double square = 0;

	baseline->lambda[WC_USERS] = baseline->lambda[WC_ITEMS] = BEGIN * unit;
	memset(baseline->user_bias, 0, (size_t) csr->rows * sizeof(double));
	for (int turn = 0; turn < TURNS; turn++)
	{
		double noise;

		if (fit_items(problem, item_weight, baseline, pace) != WC_OK ||
		    fit_users(problem, baseline, &square, pace) != WC_OK)
			return WC_CANCELLED;
		noise = square / (double) csr->nnz;
		if (noise > 0)
		{
			double *lambda = baseline->lambda;

			lambda[WC_USERS] =
			    expect(csr->rows, user_weight, baseline->user_bias, noise,
			           lambda[WC_USERS], &square);
			lambda[WC_ITEMS] =
			    expect(csr->cols, item_weight, baseline->item_bias, noise,
			           lambda[WC_ITEMS], &square);
			for (int side = 0; side < 2; side++)
				lambda[side] =
				    fmin(fmax(lambda[side], LEAST * unit), MOST * unit);
		}
	}
	baseline->square = square;
	return WC_OK;
}

/* Weighted sum of the squares of the targets, and the largest term of it. */
static WcStatus
square_targets(const WcProblem *problem, double *square, double *largest,
               WcPace *pace)
{
	WcRows rows = wc_rows_of(problem, WC_USERS);

	*square = 0;
	for (int32_t i = 0; i < rows.rows; i++)
	{
		WcTerms row = wc_terms_of(&rows, i);

		for (int64_t e = 0; e < row.count; e++)
		{
			double term =
			    (double) wc_term_weight(&row, e) * row.value[e] * row.value[e];

			*square += term;
			*largest = fmax(*largest, term);
		}
		if (wc_pace(pace, row.count + 1))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* What biases leave of that, and their lambdas where they are to be chosen. */
static WcStatus
square_left(WcProblem *problem, const double *user_weight,
            const double *item_weight, double *square, const WcAlloc *alloc,
            WcPace *pace)
{
	double *lambda = problem->objective.params.bias_regularization;
	WcBaseline baseline;
	WcStatus status = WC_NO_MEMORY;

	baseline.user_bias =
	    wc_alloc_array(alloc, (size_t) problem->by_user.rows, sizeof(double));
	baseline.item_bias =
	    wc_alloc_array(alloc, (size_t) problem->by_user.cols, sizeof(double));
	if (baseline.user_bias != NULL && baseline.item_bias != NULL)
		status =
		    wc_baseline_fit(problem, user_weight, item_weight, &baseline, pace);
	wc_free(alloc, baseline.user_bias);
	wc_free(alloc, baseline.item_bias);
	if (status != WC_OK)
		return status;
	for (int side = 0; side < 2; side++)
	{
		if (isnan(lambda[side]))
			lambda[side] = baseline.lambda[side];
	}
	*square = baseline.square;
	return WC_OK;
}

/*
 * Where targets differ by no more than the rounding of float32, any unit will do;
 * where biases explain nearly all of them, it is a part of theirs.
 */
WcStatus
wc_baseline_spread(WcProblem *problem, const double *user_weight,
                   const double *item_weight, const WcAlloc *alloc,
                   WcPace *pace)
{
	double total = problem->mean_weight * (double) problem->by_user.nnz;
	double all = 0;
	double largest = 0;
	double left;
	WcStatus status;

	problem->spread = 1.0;
	if (problem->objective.params.feedback == WC_IMPLICIT ||
	    problem->by_user.value == NULL || total == 0)
		return WC_OK;
	status = square_targets(problem, &all, &largest, pace);
	problem->largest = all > 0 ? largest / all : 0;
	left = all;
	if (status == WC_OK && problem->biases)
		status =
		    square_left(problem, user_weight, item_weight, &left, alloc, pace);
	all = sqrt(all / total);
	if (status == WC_OK && all > FLT_EPSILON * fabs(problem->objective.mean))
		problem->spread = fmax(sqrt(left / total), all * SPREAD_LEAST);
	return status;
}

/* ------------------------------------------------------------------------
 * A model beside it
 * ------------------------------------------------------------------------ */

#define HELD 10 /* one in so many */

/* The finalizer of splitmix64: the same entries whatever the machine. */
static bool
is_held(int32_t row, int32_t col)
{
	uint64_t x = ((uint64_t) (uint32_t) row << 32) | (uint32_t) col;

	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % HELD == 0;
}

static WcStatus
allocate_part(const WcCsr *csr, int64_t count, WcCsr *part,
              const WcAlloc *alloc)
{
	size_t entries = (size_t) count;

	memset(part, 0, sizeof(*part));
	part->rows = csr->rows;
	part->cols = csr->cols;
	part->nnz = count;
	part->start =
	    wc_alloc_array(alloc, (size_t) csr->rows + 1, sizeof(int64_t));
	part->col = wc_alloc_array(alloc, entries, sizeof(int32_t));
	part->value = wc_alloc_array(alloc, entries, sizeof(float));
	if (csr->weight != NULL)
		part->weight = wc_alloc_array(alloc, entries, sizeof(float));
	return part->start == NULL || part->col == NULL || part->value == NULL ||
	               (csr->weight != NULL && part->weight == NULL)
	           ? WC_NO_MEMORY
	           : WC_OK;
}

static WcStatus
copy_part(const WcCsr *csr, bool held, WcCsr *part, WcPace *pace)
{
	int64_t to = 0;

	for (int32_t i = 0; i < csr->rows; i++)
	{
		part->start[i] = to;
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
		{
			if (is_held(i, csr->col[e]) != held)
				continue;
			part->col[to] = csr->col[e];
			part->value[to] = csr->value[e];
			if (csr->weight != NULL)
				part->weight[to] = csr->weight[e];
			to++;
		}
		if (wc_pace(pace, csr->start[i + 1] - csr->start[i] + 1))
			return WC_CANCELLED;
	}
	part->start[csr->rows] = to;
	return WC_OK;
}

WcStatus
wc_baseline_split(const WcProblem *problem, WcCsr *kept, WcCsr *held,
                  const WcAlloc *alloc, const WcHooks *hooks)
{
	const WcCsr *csr = &problem->by_user;
	WcPace pace = wc_pace_start(hooks);
	int64_t count = 0;
	WcStatus status;

	WC_ASSERT(csr->value != NULL);
	memset(kept, 0, sizeof(*kept));
	memset(held, 0, sizeof(*held));
	for (int32_t i = 0; i < csr->rows; i++)
	{
		for (int64_t e = csr->start[i]; e < csr->start[i + 1]; e++)
			count += is_held(i, csr->col[e]);
		if (wc_pace(&pace, csr->start[i + 1] - csr->start[i] + 1))
			return WC_CANCELLED;
	}
	status = allocate_part(csr, csr->nnz - count, kept, alloc);
	if (status == WC_OK)
		status = allocate_part(csr, count, held, alloc);
	if (status == WC_OK)
		status = copy_part(csr, false, kept, &pace);
	if (status == WC_OK)
		status = copy_part(csr, true, held, &pace);
	if (status != WC_OK)
	{
		wc_csr_free(kept, alloc);
		wc_csr_free(held, alloc);
	}
	return status;
}

/* Sums of c_ij of both sides, in the arithmetic of problem.c. */
static void
sum_weights(const WcProblem *problem, double *user_weight, double *item_weight)
{
	WcRows rows = wc_rows_of(problem, WC_USERS);

	memset(item_weight, 0, (size_t) rows.cols * sizeof(double));
	for (int32_t i = 0; i < rows.rows; i++)
	{
		WcTerms row = wc_terms_of(&rows, i);

		user_weight[i] = 0;
		for (int64_t e = 0; e < row.count; e++)
		{
			double c = wc_term_weight(&row, e);

			user_weight[i] += c;
			item_weight[row.col[e]] += c;
		}
	}
}

/* Squares of one user's errors, and of their differences. */
static void
add_errors(const WcProblem *problem, const WcModel *model,
           const WcBaseline *baseline, const WcCsr *held, int32_t user,
           double sum[4], int64_t *count)
{
	const WcCsr *by_user = &problem->by_user;
	const WcCsr *by_item = &problem->by_item;
	size_t k = (size_t) model->factors;
	const float *u = model->user_factors + (size_t) user * k;
	double low = problem->objective.range.low;
	double high = problem->objective.range.high;

	if (by_user->start[user] == by_user->start[user + 1])
		return;
	for (int64_t e = held->start[user]; e < held->start[user + 1]; e++)
	{
		int32_t j = held->col[e];
		double score =
		    model->mean +
		    wc_dot(model->factors, u, model->item_factors + (size_t) j * k);
		double plain =
		    model->mean + baseline->user_bias[user] + baseline->item_bias[j];
		double difference;

		if (by_item->start[j] == by_item->start[j + 1])
			continue;
		if (model->item_bias != NULL)
			score += (double) model->user_bias[user] + model->item_bias[j];
		score = fmin(fmax(score, low), high) - held->value[e];
		plain = fmin(fmax(plain, low), high) - held->value[e];
		difference = score * score - plain * plain;
		sum[0] += score * score;
		sum[1] += plain * plain;
		sum[2] += difference * difference;
		sum[3] +=
		    (held->value[e] - model->mean) * (held->value[e] - model->mean);
		++*count;
	}
}

WcStatus
wc_baseline_compare(const WcProblem *problem, const WcModel *model,
                    const WcCsr *held, WcComparison *result,
                    const WcAlloc *alloc, const WcHooks *hooks)
{
	size_t users = (size_t) model->users;
	size_t items = (size_t) model->items;
	double *block = wc_alloc_array(alloc, 2 * (users + items), sizeof(double));
	WcPace pace = wc_pace_start(hooks);
	double sum[4] = {0, 0, 0, 0};
	WcBaseline baseline;
	WcStatus status;

	memset(result, 0, sizeof(*result));
	if (block == NULL)
		return WC_NO_MEMORY;
	baseline.user_bias = block;
	baseline.item_bias = block + users;
	sum_weights(problem, baseline.item_bias + items,
	            baseline.item_bias + items + users);
	status =
	    wc_baseline_fit(problem, baseline.item_bias + items,
	                    baseline.item_bias + items + users, &baseline, &pace);
	for (int32_t i = 0; i < model->users && status == WC_OK; i++)
	{
		add_errors(problem, model, &baseline, held, i, sum, &result->count);
		if (wc_pace(&pace, (held->start[i + 1] - held->start[i]) *
		                       (int64_t) model->factors))
			status = WC_CANCELLED;
	}
	wc_free(alloc, block);
	if (status == WC_OK && result->count > 0)
	{
		double n = (double) result->count;
		double mean = (sum[0] - sum[1]) / n;

		result->model = sum[0] / n;
		result->baseline = sum[1] / n;
		result->mean = sum[3] / n;
		result->error = sqrt(fmax(sum[2] / n - mean * mean, 0) / n);
	}
	return status;
}
