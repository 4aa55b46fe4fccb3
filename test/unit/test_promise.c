/*-------------------------------------------------------------------------
 *
 * test_promise.c
 *	  What core.h promises of every function that takes a WcError: whatever it
 *	  fails for, the error says so too.
 *
 * Each is called again and again, with the first allocation failing, then the
 * second, and so on until it succeeds; and in the same way cancelled at the
 * first question, the second, and so on.  Nothing leaks on the way, which the
 * sanitizer sees.
 *
 *-------------------------------------------------------------------------
 */
#include "fixtures.h"
#include "packs.h"

#define USERS 40
#define ITEMS 400
#define FACTORS 12
#define RATED 9
#define TRIES_MAX 20000

static Data *data; /* items as a pack, and questions */
static WcProblem problem;
static WcSolver *solver;
static WcModel model;
static WcFold *fold;

typedef WcStatus (*Call)(const WcHooks *hooks, WcError *error);

static bool
is_promised(WcStatus status, WcStatus expected, const WcError *error)
{
	return status == expected && error->status == status;
}

/* Returns how often it failed for memory. */
static int
check_call(const char *name, Call call)
{
	WcStatus status = WC_EMPTY;
	int broken = 0;
	int failed = 0;
	int n;

	for (n = 0; status != WC_OK && n < TRIES_MAX; n++)
	{
		WcError error = {WC_OK, WC_USERS, -1, -1, ""};

		check_fail_after = n;
		status = call(NULL, &error);
		check_fail_after = -1;
		failed += status != WC_OK;
		broken += status != WC_OK && !is_promised(status, WC_NO_MEMORY, &error);
	}
	CHECK(status == WC_OK);
	status = WC_EMPTY;
	for (n = 0; status != WC_OK && n < TRIES_MAX; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error = {WC_OK, WC_USERS, -1, -1, ""};

		status = call(&hooks, &error);
		broken += status != WC_OK && !is_promised(status, WC_CANCELLED, &error);
	}
	CHECK(status == WC_OK);
	if (broken > 0)
		fprintf(stderr, "%s breaks the promise %d times\n", name, broken);
	CHECK(broken == 0);
	return failed;
}

/* ------------------------------------------------------------------------
 * Training
 * ------------------------------------------------------------------------ */

static void
fill_coo(WcCoo *coo)
{
	long fail_after = check_fail_after;

	check_fail_after = -1;
	if (wc_coo_init(coo, true, true, true, &check_alloc) != WC_OK)
		abort();
	for (int32_t user = 0; user < USERS; user++)
		for (int32_t e = 0; e < RATED + 2; e++)
		{
			int32_t item = (user * 37 + (e % RATED) * 11) % ITEMS;
			float value = (float) (e % 3 + 1);
			float weight = 1 + (float) (user % 2);
			int64_t time = e;

			if (check_append(coo, user, item, value, weight, time,
			                 &check_alloc) != WC_OK)
				abort();
		}
	check_fail_after = fail_after;
}

static WcStatus
make_csr(WcCsr *csr, const WcHooks *hooks, WcError *error)
{
	WcMerging merging = {.duplicates = WC_DUP_AVG};
	int64_t n_merged;
	int64_t n_zero;
	WcStatus status;
	WcCoo coo;

	fill_coo(&coo);
	status = wc_csr_from_coo(&coo, USERS, ITEMS, merging, csr, &n_merged,
	                         &n_zero, &check_alloc, hooks, error);
	if (status != WC_OK)
		wc_coo_free(&coo, &check_alloc);
	return status;
}

static WcStatus
call_csr(const WcHooks *hooks, WcError *error)
{
	WcCsr csr;
	WcStatus status = make_csr(&csr, hooks, error);

	if (status == WC_OK)
		wc_csr_free(&csr, &check_alloc);
	return status;
}

static void
set_params(WcParams *params)
{
	wc_params_defaults(params);
	params->factors = FACTORS;
	params->regularization = 0.1;
	params->unobserved_weight = 0.05;
}

static WcStatus
make_problem(WcProblem *result, const WcHooks *hooks, WcError *error)
{
	long fail_after = check_fail_after;
	WcParams params;
	WcStatus status;
	WcCsr csr;

	set_params(&params);
	params.popularity_exponent = 0.5;
	check_fail_after = -1;
	if (make_csr(&csr, NULL, NULL) != WC_OK)
		abort();
	check_fail_after = fail_after;
	status = wc_problem_build(&params, &csr, NULL, NULL, result, &check_alloc,
	                          hooks, error);
	if (status != WC_OK)
		wc_csr_free(&csr, &check_alloc);
	return status;
}

static WcStatus
call_problem(const WcHooks *hooks, WcError *error)
{
	WcProblem built;
	WcStatus status = make_problem(&built, hooks, error);

	if (status == WC_OK)
		wc_problem_free(&built, &check_alloc);
	return status;
}

static WcStatus
call_solver(const WcHooks *hooks, WcError *error)
{
	WcSolver *made;
	WcStatus status =
	    wc_solver_create(&problem, NULL, &made, &check_alloc, error);

	(void) hooks;
	if (status == WC_OK)
		wc_solver_free(made);
	return status;
}

static WcStatus
call_sweep(const WcHooks *hooks, WcError *error)
{
	return wc_half_sweep(solver, WC_ITEMS, &model, hooks, error);
}

static WcStatus
call_descent(const WcHooks *hooks, WcError *error)
{
	return wc_half_descent(solver, WC_USERS, &model, hooks, error);
}

static WcStatus
call_loss(const WcHooks *hooks, WcError *error)
{
	double loss;

	return wc_loss(solver, &model, &loss, hooks, error);
}

/* ------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------ */

static const float *
vector_of(const void *arg, int32_t index)
{
	(void) arg;
	return data->vectors + (size_t) index * FACTORS;
}

static float
bias_of(const void *arg, int32_t index)
{
	(void) arg;
	return data->bias[index];
}

static int32_t
entries_of(const void *arg, int32_t index)
{
	(void) arg;
	return index % 11;
}

static const WcFoldItems fold_items = {ITEMS,      vector_of, bias_of,
                                       entries_of, NULL,      NULL};

static WcStatus
make_fold(WcFold **made, const WcHooks *hooks, WcError *error)
{
	WcObjective objective;

	memset(&objective, 0, sizeof(objective));
	set_params(&objective.params);
	objective.params.biases = 0;
	objective.params.row_weight_exponent = 0;
	objective.params.col_weight_exponent = 0;
	objective.params.reg_exponent = 1;
	objective.count_weight = 1;
	return wc_fold_create(
	    &objective, WC_USERS, &fold_items, NULL, made,
	    &(WcJob){.alloc = &check_alloc, .hooks = hooks, .error = error});
}

static WcStatus
call_fold(const WcHooks *hooks, WcError *error)
{
	WcFold *made;
	WcStatus status = make_fold(&made, hooks, error);

	if (status == WC_OK)
		wc_fold_free(made);
	return status;
}

static WcStatus
fold_in(WcFold *with, const WcHooks *hooks, WcError *error)
{
	WcFoldRow rows[RATED];
	WcFoldUser user = {.count = RATED,
	                   .rows = rows,
	                   .has_weight = true,
	                   .has_time = true,
	                   .weight = 1};
	float factors[FACTORS];
	float bias;

	for (int32_t e = 0; e < RATED; e++)
		rows[e] = (WcFoldRow){e * 17 % ITEMS, 1, 1, e};
	return wc_fold_in(with, &fold_items, &user, factors, &bias, hooks, error);
}

/* In a new one: what it needs for a user is kept for the next. */
static WcStatus
call_fold_in(const WcHooks *hooks, WcError *error)
{
	long fail_after = check_fail_after;
	WcStatus status;
	WcFold *made;

	check_fail_after = -1;
	if (make_fold(&made, NULL, NULL) != WC_OK)
		abort();
	check_fail_after = fail_after;
	status = fold_in(made, hooks, error);
	wc_fold_free(made);
	return status;
}

static WcStatus
call_explain(const WcHooks *hooks, WcError *error)
{
	return wc_fold_explain(fold, vector_of(NULL, 3), hooks, error);
}

static WcQuery
question(bool candidates)
{
	WcQuery query = {.vector = data->query,
	                 .min_score = -INFINITY,
	                 .excluded = data->excluded,
	                 .exclude = data->exclude,
	                 .n_exclude = data->n_exclude};

	if (candidates)
	{
		query.candidates = data->candidates;
		query.n_candidates = data->n_candidates;
	}
	return query;
}

static WcStatus
search(int32_t n, bool candidates, const WcHooks *hooks, WcError *error)
{
	WcQuery query = question(candidates);
	int32_t count;

	return wc_search(
	    &data->pack, &query, n, data->result, &count,
	    &(WcJob){.alloc = &check_alloc, .hooks = hooks, .error = error});
}

static WcStatus
call_search(const WcHooks *hooks, WcError *error)
{
	return search(10, false, hooks, error);
}

static WcStatus
call_search_among(const WcHooks *hooks, WcError *error)
{
	return search(10, true, hooks, error);
}

static WcStatus
call_search_all(const WcHooks *hooks, WcError *error)
{
	return search(ITEMS, false, hooks, error);
}

static WcStatus
call_search_many(const WcHooks *hooks, WcError *error)
{
	WcQuery queries[] = {question(false), question(false), question(false)};
	WcScored results[3 * 5];
	int32_t counts[3];

	return wc_search_many(&data->pack, 3, queries, 5, results, counts,
	                      &(WcJob){.alloc = &check_alloc,
	                               .hooks = hooks,
	                               .error = error,
	                               .threads = 2});
}

static WcStatus
call_explored(const WcHooks *hooks, WcError *error)
{
	WcQuery query = question(false);
	WcExplore explore = {0.5f, 0.1f, 7, fold};
	long fail_after = check_fail_after;
	int32_t count;

	check_fail_after = -1;
	if (fold_in(fold, NULL, NULL) != WC_OK)
		abort();
	check_fail_after = fail_after;
	return wc_search_explored(
	    &data->pack, &query, &explore, 10, data->result, &count,
	    &(WcJob){.alloc = &check_alloc, .hooks = hooks, .error = error});
}

static WcStatus
similar(WcMetric metric, const WcHooks *hooks, WcError *error)
{
	WcQuery query = question(false);
	int32_t count;

	query.likes = 3;
	return wc_search_similar(
	    &data->pack, metric, &query, 10, data->result, &count,
	    &(WcJob){.alloc = &check_alloc, .hooks = hooks, .error = error});
}

static WcStatus
call_cosine(const WcHooks *hooks, WcError *error)
{
	return similar(WC_COSINE, hooks, error);
}

static WcStatus
call_euclidean(const WcHooks *hooks, WcError *error)
{
	return similar(WC_EUCLIDEAN, hooks, error);
}

static WcStatus
call_together(const WcHooks *hooks, WcError *error)
{
	return similar(WC_TOGETHER, hooks, error);
}

/* ------------------------------------------------------------------------
 * Measuring
 * ------------------------------------------------------------------------ */

static WcRanker
ranker_of(const float **vectors)
{
	static float base[USERS];

	for (int32_t j = 0; j < ITEMS; j++)
		vectors[j] = vector_of(NULL, j);
	return (WcRanker){.items = ITEMS,
	                  .factors = FACTORS,
	                  .vectors = vectors,
	                  .bias = data->bias,
	                  .user_factors = model.user_factors,
	                  .user_base = base};
}

static WcStatus
call_rank(const WcHooks *hooks, WcError *error)
{
	static double values[USERS * (WC_CUT_METRICS + 1)];
	static int32_t best_rank[ITEMS];
	static int32_t n_relevant[USERS];
	static const int32_t cut = 5;
	const float *vectors[ITEMS];
	WcRanker ranker = ranker_of(vectors);
	WcTrial trial = {.users = USERS,
	                 .relevant = &problem.by_user,
	                 .n_relevant = n_relevant,
	                 .n_cuts = 1,
	                 .cuts = &cut};
	int64_t next = 0;

	for (int32_t i = 0; i < USERS; i++)
		n_relevant[i] = RATED;
	return wc_rank_users(&ranker, &trial, &next, values, best_rank,
	                     &(WcJob){.alloc = &check_alloc,
	                              .hooks = hooks,
	                              .error = error,
	                              .threads = 2});
}

static WcStatus
call_rate(const WcHooks *hooks, WcError *error)
{
	static WcErrorSums sums[USERS];
	static float values[USERS * RATED];
	const float *vectors[ITEMS];
	WcRanker ranker = ranker_of(vectors);
	WcCsr ratings = problem.by_user;

	ratings.value = values;
	return wc_rate_users(&ranker, &ratings, sums, hooks, error);
}

static WcStatus
call_selftest_solve(const WcHooks *hooks, WcError *error)
{
	double worst;

	return wc_selftest_solve(&worst, &(WcJob){.alloc = &check_alloc,
	                                          .hooks = hooks,
	                                          .error = error,
	                                          .kernel = "portable"});
}

int
main(void)
{
	static const uint64_t hashes[ITEMS];
	uint64_t state = 4;
	int failed = 0;

	data = data_make(ITEMS, FACTORS, SKEWED, BIAS_SMALL, 3);
	data_filter(data, 0.1, 0.1, 0.9, &state);
	if (make_problem(&problem, NULL, NULL) != WC_OK ||
	    wc_model_init(&problem, hashes, &model, &check_alloc) != WC_OK ||
	    wc_solver_create(&problem, NULL, &solver, &check_alloc, NULL) !=
	        WC_OK ||
	    make_fold(&fold, NULL, NULL) != WC_OK ||
	    fold_in(fold, NULL, NULL) != WC_OK)
		abort();

	failed += check_call("wc_csr_from_coo", call_csr);
	failed += check_call("wc_problem_build", call_problem);
	failed += check_call("wc_solver_create", call_solver);
	failed += check_call("wc_half_sweep", call_sweep);
	failed += check_call("wc_half_descent", call_descent);
	failed += check_call("wc_loss", call_loss);
	failed += check_call("wc_fold_create", call_fold);
	failed += check_call("wc_fold_in", call_fold_in);
	failed += check_call("wc_fold_explain", call_explain);
	failed += check_call("wc_search", call_search);
	failed += check_call("wc_search, candidates", call_search_among);
	failed += check_call("wc_search, all", call_search_all);
	failed += check_call("wc_search_many", call_search_many);
	failed += check_call("wc_search_explored", call_explored);
	failed += check_call("wc_search_similar, cosine", call_cosine);
	failed += check_call("wc_search_similar, euclidean", call_euclidean);
	failed += check_call("wc_search_similar, together", call_together);
	failed += check_call("wc_rank_users", call_rank);
	failed += check_call("wc_rate_users", call_rate);
	failed += check_call("wc_selftest_solve", call_selftest_solve);
	CHECK(failed > 40);

	wc_fold_free(fold);
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	wc_problem_free(&problem, &check_alloc);
	data_free(data);
	return check_report("test_promise");
}
