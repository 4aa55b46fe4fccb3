/*-------------------------------------------------------------------------
 *
 * selftest.c
 *	  Small fixed problems, solved and searched here and now by the very code
 *	  that serves, beside the slow and obvious way.
 *
 * For after an upgrade of the library, the compiler or the machine: a kernel
 * that is compiled wrongly, or runs on a processor that is not what it says,
 * shows in numbers.  The problem has rows with fewer and with more entries than
 * factors, so both forms of a row's system are solved (solve.c), weights spread
 * over two decades and a Gram matrix; the vectors that are searched have norms
 * and directions that let the bounds leave out some rows and not others.
 *
 * All of it is made by integer arithmetic and wc_hash_pair.  It takes some
 * milliseconds and less than a megabyte.  Not tested here: speed, large
 * problems, and what the unit tests do with sanitizers.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/dense.h"
#include "core/measure/measure.h"

#define USERS 60
#define ITEMS 40
#define FACTORS 20
#define SWEEPS 3

#define SECOND_DIFFERENCE 300 /* rows */
#define ROWS 700
#define WIDTH 24
#define QUERIES 30
#define BEST 10

/* A number of [-1, 1). */
static float
number(uint64_t row, uint64_t place)
{
	return (float) (2 * wc_hash_unit(wc_hash_pair(1, row, place)) - 1);
}

/* ------------------------------------------------------------------------
 * Solving
 * ------------------------------------------------------------------------ */

static WcStatus
fail(WcError *error, WcStatus status)
{
	return wc_fail(error, status, WC_USERS, -1, -1, "%s", "");
}

static WcStatus
append_ratings(WcCoo *coo, const WcAlloc *alloc)
{
	for (int32_t user = 0; user < USERS; user++)
		for (int32_t item = 0; item < ITEMS; item++)
		{
			float value = (float) (1 + user * item % 7 * (user % 5));
			WcStatus status;

			/* 1 to 40 entries */
			if (item != user % ITEMS &&
			    (user * 7 + item * 11) % 41 > user * 2 / 3)
				continue;
			status = wc_coo_append(
			    coo, &(WcCoo){.user = &user, .item = &item, .value = &value}, 0,
			    1, alloc);
			if (status != WC_OK)
				return status;
		}
	return WC_OK;
}

static WcStatus
build(WcProblem *problem, const WcJob *job)
{
	const WcAlloc *alloc = job->alloc;
	WcParams params;
	WcCoo coo;
	WcCsr by_user;
	int64_t merged;
	int64_t zero;
	WcStatus status = wc_coo_init(&coo, true, false, false, alloc);

	wc_params_defaults(&params);
	params.weighting = WC_WEIGHT_LINEAR;
	params.alpha = 2;
	params.factors = FACTORS;
	if (status != WC_OK)
		return fail(job->error, status);
	status = append_ratings(&coo, alloc);
	if (status != WC_OK)
	{
		wc_coo_free(&coo, alloc);
		return fail(job->error, status);
	}
	memset(&by_user, 0, sizeof(by_user));
	status = wc_csr_from_coo(
	    &coo, USERS, ITEMS,
	    (WcMerging){.duplicates = WC_DUP_SUM, .drop_zero = true}, &by_user,
	    &merged, &zero, alloc, job->hooks, job->error);
	wc_coo_free(&coo, alloc);
	if (status != WC_OK)
		return status;
	return wc_problem_build(&params, &by_user, NULL, NULL, problem, alloc,
	                        job->hooks, job->error);
}

/* What one user's row should be, by wc_ref_solve_row; work is its scratch. */
static WcStatus
solve_slowly(const WcProblem *problem, const WcModel *model, const double *gram,
             int32_t user, double *solution, double *work)
{
	const WcCsr *by_user = &problem->by_user;
	double *vectors = work;
	double *weights = vectors + ITEMS * FACTORS;
	double *full = weights + ITEMS;
	double *targets = full + ITEMS;
	double scale = problem->user_scale ? problem->user_scale[user] : 1;
	int64_t n = 0;

	for (int64_t e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		int32_t item = by_user->col[e];
		double t = problem->unobserved ? problem->unobserved[item] : 1;

		for (int32_t f = 0; f < FACTORS; f++)
			vectors[n * FACTORS + f] = model->item_factors[item * FACTORS + f];
		weights[n] = problem->base_weight * scale;
		if (by_user->weight != NULL)
			weights[n] *= by_user->weight[e];
		if (problem->item_scale != NULL)
			weights[n] *= problem->item_scale[item];
		full[n] = problem->w0 * t + weights[n];
		targets[n] = by_user->value ? by_user->value[e] : 1;
		n++;
	}
	return wc_ref_solve_row(FACTORS, gram, problem->w0,
	                        problem->user_lambda[user], n, vectors, weights,
	                        full, targets, solution, targets + ITEMS);
}

#define SCRATCH                                                                \
	(FACTORS * FACTORS + FACTORS + ITEMS * (FACTORS + 3) +                     \
	 FACTORS * (FACTORS + 1))

/* Every user of the model beside the slow solution. */
static WcStatus
compare(const WcProblem *problem, const WcModel *model, double *worst,
        const WcAlloc *alloc)
{
	double *gram = wc_alloc_array(alloc, SCRATCH, sizeof(double));
	double *solution;
	WcStatus status = WC_OK;

	*worst = 0;
	if (gram == NULL)
		return WC_NO_MEMORY;
	solution = gram + FACTORS * FACTORS;
	memset(gram, 0, sizeof(double) * FACTORS * FACTORS);
	for (int32_t item = 0; item < ITEMS; item++)
	{
		const float *v = model->item_factors + item * FACTORS;
		double t = problem->unobserved ? problem->unobserved[item] : 1;

		for (int32_t f = 0; f < FACTORS * FACTORS; f++)
			gram[f] += t * v[f / FACTORS] * v[f % FACTORS];
	}
	for (int32_t user = 0; status == WC_OK && user < USERS; user++)
	{
		double off = 0;
		double length = 0;

		status = solve_slowly(problem, model, gram, user, solution,
		                      solution + FACTORS);
		for (int32_t f = 0; f < FACTORS; f++)
		{
			double d = model->user_factors[user * FACTORS + f] - solution[f];

			off += d * d;
			length += solution[f] * solution[f];
		}
		off = sqrt(off / length);
		/* a NaN is the worst of all */
		if (status == WC_OK && !(off <= *worst))
			*worst = isnan(off) ? INFINITY : off;
	}
	wc_free(alloc, gram);
	return status;
}

static WcStatus
train(const WcProblem *problem, WcModel *model, const WcJob *job)
{
	WcSolverOptions options = {1, job->kernel, WC_DENSE_BUILTIN};
	WcSolver *solver;
	WcStatus status =
	    wc_solver_create(problem, &options, &solver, job->alloc, job->error);

	if (status != WC_OK)
		return status;
	for (int sweep = 0; status == WC_OK && sweep < SWEEPS; sweep++)
	{
		status = wc_half_sweep(solver, WC_USERS, model, job->hooks, job->error);
		if (status == WC_OK)
			status =
			    wc_half_sweep(solver, WC_ITEMS, model, job->hooks, job->error);
	}
	if (status == WC_OK)
		status = wc_half_sweep(solver, WC_USERS, model, job->hooks, job->error);
	wc_solver_free(solver);
	return status;
}

WcStatus
wc_selftest_solve(double *worst, const WcJob *given)
{
	/* what pauses a training would only be called again here */
	WcHooks no_pause = {given->hooks ? given->hooks->should_stop : NULL, NULL,
	                    given->hooks ? given->hooks->arg : NULL};
	WcJob job = {given->alloc, &no_pause, given->error, given->kernel, 1};
	uint64_t item_hash[ITEMS];
	WcProblem problem;
	WcModel model;
	WcStatus status;

	memset(&problem, 0, sizeof(problem));
	memset(&model, 0, sizeof(model));
	for (uint64_t item = 0; item < ITEMS; item++)
		item_hash[item] = wc_hash_pair(2, item, 0);
	status = build(&problem, &job);
	if (status != WC_OK)
		return status;
	status = wc_model_init(&problem, item_hash, &model, job.alloc);
	if (status == WC_OK)
	{
		status = train(&problem, &model, &job);
		if (status == WC_OK)
		{
			status = compare(&problem, &model, worst, job.alloc);
			if (status != WC_OK)
				fail(job.error, status);
		}
		wc_model_free(&model, job.alloc);
	}
	else
		fail(job.error, status);
	wc_problem_free(&problem, job.alloc);
	return status;
}

/* ------------------------------------------------------------------------
 * Dense algebra
 * ------------------------------------------------------------------------ */

/* How far a vector and its value are off. */
static double
error_of_pair(int32_t n, const double *values, int32_t l, const double *q)
{
	const double pi = 3.14159265358979323846;
	int32_t below = 0;
	double worst;

	for (int32_t other = 0; other < n; other++)
		below += values[other] < values[l];
	worst = fabs(values[l] - 2 + 2 * cos(pi * (below + 1) / (n + 1)));
	for (int32_t i = 0; i < n; i++)
	{
		double off = (2 - values[l]) * q[i];

		off -= (i > 0 ? q[i - 1] : 0) + (i < n - 1 ? q[i + 1] : 0);
		if (!(fabs(off) <= worst))
			worst = fabs(off);
	}
	return isnan(worst) ? INFINITY : worst;
}

WcStatus
wc_selftest_dense(const WcDense *dense, double *worst, const WcAlloc *alloc,
                  const WcHooks *hooks)
{
	const int32_t n = SECOND_DIFFERENCE;
	size_t cells = (size_t) n * (size_t) n;
	double *a = wc_alloc_array(alloc, cells + (size_t) n + wc_dense_space(n),
	                           sizeof(double));
	WcPace pace = wc_pace_start(hooks);
	double *values;
	WcStatus status;

	if (a == NULL)
		return WC_NO_MEMORY;
	values = a + cells;
	memset(a, 0, cells * sizeof(double));
	for (int32_t i = 0; i < n; i++)
	{
		a[(size_t) i * n + i] = 2;
		if (i < n - 1)
			a[(size_t) i * n + i + 1] = -1;
	}
	status =
	    dense->eigen(wc_kernel_choose(NULL), n, a, values, values + n, &pace);
	*worst = 0;
	for (int32_t l = 0; status == WC_OK && l < n; l++)
		*worst = fmax(*worst, error_of_pair(n, values, l, a + (size_t) l * n));
	wc_free(alloc, a);
	return status;
}

/* ------------------------------------------------------------------------
 * Searching
 * ------------------------------------------------------------------------ */

WcStatus
wc_selftest_pack(const void *identity, WcPack *pack, const WcAlloc *alloc,
                 const WcHooks *hooks)
{
	WcPackBuilder *builder;
	WcStatus status = wc_pack_begin(WC_ID_INT64, WIDTH, &builder, alloc);

	if (status != WC_OK)
		return status;
	for (int32_t row = 0; row < ROWS; row++)
	{
		WcId id = {row * 3 - 1000, NULL, 0};
		float vector[WIDTH];

		/* a few rows are long, and every tenth has a twin: ties */
		for (int32_t f = 0; f < WIDTH; f++)
			vector[f] = number((uint64_t) (row - row % 10 / 9), (uint64_t) f) *
			            (row % 50 == 0 ? 5.0f : 1.0f);
		status = wc_pack_add(builder, &id, vector, 0.0f, row % 97, row % 53);
		if (status != WC_OK)
		{
			wc_pack_abandon(builder);
			return status;
		}
	}
	return wc_pack_finish(builder, identity, pack,
	                      &(WcJob){.hooks = hooks, .threads = 1});
}

/* The best rows by scoring all of them; best has room for BEST. */
static void
search_slowly(const WcPack *pack, const float *query, WcScored *best)
{
	int32_t n = 0;

	for (int32_t row = 0; row < pack->count; row++)
	{
		WcScored scored = {wc_pack_score(pack, query, 0.5f, row), row};
		int32_t place = n;

		while (place > 0 && best[place - 1].score < scored.score)
			place--;
		if (place >= BEST)
			continue;
		n = n < BEST ? n + 1 : n;
		memmove(best + place + 1, best + place,
		        sizeof(WcScored) * (size_t) (n - 1 - place));
		best[place] = scored;
	}
}

WcStatus
wc_selftest_search(const WcPack *pack, int32_t *n_queries, int32_t *n_wrong,
                   const WcJob *job)
{
	*n_queries = QUERIES;
	*n_wrong = 0;
	for (uint64_t q = 0; q < QUERIES; q++)
	{
		float vector[WIDTH];
		WcQuery query = {
		    .vector = vector, .base = 0.5f, .min_score = -INFINITY};
		WcScored found[BEST];
		WcScored best[BEST];
		int32_t n = 0;
		bool same;
		WcStatus status;

		for (uint64_t f = 0; f < WIDTH; f++)
			vector[f] = number(ROWS + q, f);
		status = wc_search(pack, &query, BEST, found, &n, job);
		if (status != WC_OK)
			return status;
		search_slowly(pack, vector, best);
		same = n == BEST;
		for (int32_t i = 0; same && i < BEST; i++)
			same = found[i].index == best[i].index &&
			       found[i].score == best[i].score;
		*n_wrong += !same;
	}
	return WC_OK;
}
