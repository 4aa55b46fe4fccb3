/*-------------------------------------------------------------------------
 *
 * test_fold.c
 *	  Users folded in against the same users of a half sweep, a dense float64
 *	  solution and the explanation of their scores, for all kinds of objective;
 *	  items against the same items of a half sweep.  Of core/answer/fold_rows.c, too.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 45
#define ITEMS 37
#define ROWS 900

/* What a training reads, as arrays. */
typedef struct Data
{
	int64_t count;
	int32_t user[ROWS];
	int32_t item[ROWS];
	float value[ROWS];
	float weight[ROWS];
	int64_t time[ROWS];
	bool has_value;
	bool has_weight;
	bool has_time;
	float user_weight[USERS];
	float item_weight[ITEMS];
	bool user_weighted;
	bool item_weighted;
} Data;

/* A training: the problem and the model after its last half sweep. */
typedef struct Trained
{
	WcProblem problem;
	WcModel model;
	WcObjective objective;
} Trained;

static void
fill_data(uint64_t seed, bool unique, Data *data)
{
	uint64_t state = seed * 2 + 1;
	bool seen[USERS][ITEMS] = {{false}};

	memset(data, 0, sizeof(*data));
	for (int32_t e = 0; e < ROWS; e++)
	{
		/* users and items of very different length; some pairs come again */
		double u = check_random(&state);
		double i = check_random(&state);
		int32_t user = e < USERS ? e : (int32_t) (u * u * USERS);
		int32_t item = e < USERS ? e % ITEMS : (int32_t) (i * i * ITEMS);
		int64_t at = data->count;

		if (unique && seen[user][item])
			continue;
		seen[user][item] = true;
		data->user[at] = user;
		data->item[at] = item;
		data->value[at] = (float) (int) (check_random(&state) * 11) / 2 - 1;
		/* nobody is without entries, not even implicit ones */
		if (e < USERS)
			data->value[at] = 3;
		data->weight[at] = (float) (0.1 + 3 * check_random(&state));
		data->time[at] = (int64_t) (check_random(&state) * 1000);
		data->count++;
	}
	for (int32_t i = 0; i < USERS; i++)
		data->user_weight[i] = (float) (0.2 + 2 * check_random(&state));
	for (int32_t j = 0; j < ITEMS; j++)
		data->item_weight[j] = (float) (0.2 + 2 * check_random(&state));
}

/* The rows of a user as the data has them. */
static WcFoldUser
user_rows(const Data *data, int32_t user, WcFoldRow *rows)
{
	WcFoldUser result = {0, rows, data->has_weight, data->has_time, 1, {1, 1}};

	for (int64_t e = 0; e < data->count; e++)
	{
		if (data->user[e] != user)
			continue;
		rows[result.count].item = data->item[e];
		rows[result.count].value = data->has_value ? data->value[e] : 1;
		rows[result.count].weight = data->weight[e];
		rows[result.count].time = data->time[e];
		result.count++;
	}
	if (data->user_weighted)
		result.weight = data->user_weight[user];
	return result;
}

static void
train(Data *data, const WcParams *params, int half_sweeps, Trained *t)
{
	WcCoo given = {
	    0, 0, data->user, data->item, data->value, data->weight, data->time};
	uint64_t hash[ITEMS];
	WcCoo coo;
	WcCsr csr;
	WcSolver *solver;
	WcError error;
	double faded;
	int64_t merged;
	int64_t zero;

	memset(t, 0, sizeof(*t));
	CHECK(wc_coo_init(&coo, data->has_value, data->has_weight, data->has_time,
	                  &check_alloc) == WC_OK);
	CHECK(wc_coo_append(&coo, &given, 0, data->count, &check_alloc) == WC_OK);
	CHECK(wc_csr_from_coo(&coo, USERS, ITEMS, wc_merging(params), &csr, &merged,
	                      &zero, &check_alloc, NULL, &error) == WC_OK);
	if (params->half_life > 0)
	{
		CHECK(wc_csr_newest(&csr, &t->objective.newest, NULL) == WC_OK);
		CHECK(wc_csr_fade(&csr, params->half_life, t->objective.newest, &faded,
		                  &check_alloc, NULL) == WC_OK);
	}
	CHECK(wc_problem_build(params, &csr,
	                       data->user_weighted ? data->user_weight : NULL,
	                       data->item_weighted ? data->item_weight : NULL,
	                       &t->problem, &check_alloc, NULL, &error) == WC_OK);
	for (int32_t j = 0; j < ITEMS; j++)
		hash[j] = (uint64_t) j * 77 + 5;
	CHECK(wc_model_init(&t->problem, hash, &t->model, &check_alloc) == WC_OK);
	CHECK(wc_solver_create(&t->problem, NULL, &solver, &check_alloc, &error) ==
	      WC_OK);
	for (int half = 0; half < half_sweeps; half++)
		CHECK(wc_half_sweep(solver, half % 2 == 0 ? WC_USERS : WC_ITEMS,
		                    &t->model, NULL, &error) == WC_OK);
	wc_solver_free(solver);
	t->objective.params = t->problem.objective.params;
	t->objective.count_weight = t->problem.objective.count_weight;
	t->objective.mean = t->problem.objective.mean;
}

static void
train_free(Trained *t)
{
	wc_problem_free(&t->problem, &check_alloc);
	wc_model_free(&t->model, &check_alloc);
}

static const float *
item_vector(const void *arg, int32_t index)
{
	const Trained *t = arg;

	return t->model.item_factors + (size_t) index * (size_t) t->model.factors;
}

static float
item_bias(const void *arg, int32_t index)
{
	const Trained *t = arg;

	return t->model.item_bias != NULL ? t->model.item_bias[index] : 0;
}

static int32_t
item_entries(const void *arg, int32_t index)
{
	const Trained *t = arg;
	const int64_t *start = t->problem.by_item.start;

	return (int32_t) (start[index + 1] - start[index]);
}

static WcFoldItems
items_of(const Trained *t)
{
	WcFoldItems items = {ITEMS, item_vector, item_bias, item_entries, t, NULL};

	return items;
}

static WcFold *
fold_of(const Data *data, const Trained *t)
{
	WcFoldItems items = items_of(t);
	WcFold *fold = NULL;
	WcError error;

	CHECK(wc_fold_create(&t->objective, WC_USERS, &items,
	                     data->item_weighted ? data->item_weight : NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	if (fold == NULL)
		abort();
	return fold;
}

/* Score of a user who was folded in, less the mean. */
static double
score(const Trained *t, const float *factors, float bias, int32_t j)
{
	double sum = (double) bias + item_bias(t, j);

	for (int32_t p = 0; p < t->model.factors; p++)
		sum += (double) factors[p] * item_vector(t, j)[p];
	return sum;
}

/*
 * The user by plain sums over all items from the problem's own numbers, and
 * wc_ref_solve_row.
 */
static void
solve_dense(const Trained *t, int32_t user, double *x)
{
	const WcProblem *p = &t->problem;
	size_t k = (size_t) t->model.factors;
	size_t width = k + (p->biases ? 1 : 0);
	double *vectors = malloc(sizeof(double) * ITEMS * width);
	double *work = malloc(sizeof(double) * width * (width + 1));
	double weights[ITEMS];
	double targets[ITEMS];
	double one = 1;
	int64_t e = p->by_user.start[user];

	/* with the lambda of the factors, a bias in another unit has its own */
	if (p->biases && p->objective.params.bias_regularization[WC_USERS] > 0)
		one = sqrt(p->user_lambda[user] /
		           p->objective.params.bias_regularization[WC_USERS]);

	for (int32_t j = 0; j < ITEMS; j++)
	{
		double c = p->base_weight;

		for (size_t f = 0; f < k; f++)
			vectors[(size_t) j * width + f] = item_vector(t, j)[f];
		if (p->biases)
			vectors[(size_t) j * width + k] = one;
		weights[j] = p->w0 * (p->unobserved != NULL ? p->unobserved[j] : 1);
		targets[j] = 0;
		if (e == p->by_user.start[user + 1] || p->by_user.col[e] != j)
			continue;
		c *= p->by_user.weight != NULL ? p->by_user.weight[e] : 1;
		c *= p->user_scale != NULL ? p->user_scale[user] : 1;
		c *= p->item_scale != NULL ? p->item_scale[j] : 1;
		weights[j] += c;
		targets[j] = p->by_user.value != NULL ? p->by_user.value[e] : 1;
		targets[j] -= item_bias(t, j);
		e++;
	}
	CHECK(wc_ref_solve_row((int32_t) width, NULL, 0, p->user_lambda[user],
	                       ITEMS, vectors, weights, weights, targets, x,
	                       work) == WC_OK);
	if (p->biases)
		x[k] *= one;
	free(vectors);
	free(work);
}

static double most_from_sweep = 0;
static double most_from_dense = 0;
static double most_from_sum = 0;

/* Every user of a training, folded in, explained, and compared. */
static void
check_users(const Data *data, const Trained *t)
{
	WcFoldItems items = items_of(t);
	WcFold *fold = fold_of(data, t);
	int32_t k = t->model.factors;
	WcFoldRow rows[ROWS];

	CHECK(wc_fold_factors(fold) == k);
	for (int32_t i = 0; i < USERS; i++)
	{
		WcFoldUser user = user_rows(data, i, rows);
		const WcFoldEntry *entries;
		const float *stored = t->model.user_factors + (size_t) i * (size_t) k;
		float stored_bias =
		    t->model.user_bias != NULL ? t->model.user_bias[i] : 0;
		float factors[64];
		double dense[65];
		double size = 0.01;
		float bias;
		int64_t count;
		WcError error;

		CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
		      WC_OK);
		solve_dense(t, i, dense);
		for (int32_t j = 0; j < ITEMS; j++)
			size = fmax(size, fabs(score(t, stored, stored_bias, j)));
		entries = wc_fold_entries(fold, &count);
		CHECK(count ==
		      t->problem.by_user.start[i + 1] - t->problem.by_user.start[i]);
		for (int32_t j = 0; j < ITEMS; j++)
		{
			double folded = score(t, factors, bias, j);
			double exact = (t->problem.biases ? dense[k] : 0) + item_bias(t, j);
			double sum = item_bias(t, j);
			bool ascending = true;

			for (int32_t p = 0; p < k; p++)
				exact += dense[p] * item_vector(t, j)[p];
			CHECK(wc_fold_explain(fold, item_vector(t, j), NULL, &error) ==
			      WC_OK);
			for (int64_t e = 0; e < count; e++)
			{
				sum += entries[e].contribution;
				ascending = ascending &&
				            (e == 0 || entries[e].item > entries[e - 1].item);
			}
			CHECK(ascending);
			most_from_sweep =
			    fmax(most_from_sweep,
			         fabs(folded - score(t, stored, stored_bias, j)) / size);
			most_from_dense =
			    fmax(most_from_dense, fabs(folded - exact) / size);
			most_from_sum = fmax(most_from_sum, fabs(folded - sum) / size);
			CHECK_NEAR(folded, score(t, stored, stored_bias, j), 1e-4 * size);
			CHECK_NEAR(folded, exact, 1e-4 * size);
			CHECK_NEAR(folded, sum, 1e-4 * size);
		}
	}
	wc_fold_free(fold);
}

static const float *
user_vector(const void *arg, int32_t index)
{
	const Trained *t = arg;

	return t->model.user_factors + (size_t) index * (size_t) t->model.factors;
}

static float
user_bias(const void *arg, int32_t index)
{
	const Trained *t = arg;

	return t->model.user_bias != NULL ? t->model.user_bias[index] : 0;
}

static int32_t
user_entries(const void *arg, int32_t index)
{
	const Trained *t = arg;
	const int64_t *start = t->problem.by_user.start;

	return (int32_t) (start[index + 1] - start[index]);
}

/* The rows of an item, and what an item's popularity is measured by. */
static WcFoldUser
item_rows(const Data *data, const Trained *t, int32_t item, WcFoldRow *rows)
{
	WcFoldUser result = {0, rows,      data->has_weight, data->has_time,
	                     1, {0, ITEMS}};

	for (int64_t e = 0; e < data->count; e++)
	{
		if (data->item[e] != item)
			continue;
		rows[result.count].item = data->user[e];
		rows[result.count].value = data->has_value ? data->value[e] : 1;
		rows[result.count].weight = data->weight[e];
		rows[result.count].time = data->time[e];
		result.count++;
	}
	if (data->item_weighted)
		result.weight = data->item_weight[item];
	for (int32_t j = 0; j < ITEMS; j++)
		result.popularity.sum +=
		    pow(item_entries(t, j),
		        t->problem.objective.params.popularity_exponent);
	return result;
}

/* Every item after a half sweep over the items, solved against the users. */
static void
check_items(const Data *data, const Trained *t)
{
	WcFoldItems users = {USERS, user_vector, user_bias, user_entries, t, NULL};
	int32_t k = t->model.factors;
	WcFold *fold = NULL;
	WcFoldRow rows[ROWS];
	WcError error;

	CHECK(wc_fold_create(&t->objective, WC_ITEMS, &users,
	                     data->user_weighted ? data->user_weight : NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	if (fold == NULL)
		abort();
	for (int32_t j = 0; j < ITEMS; j++)
	{
		WcFoldUser item = item_rows(data, t, j, rows);
		double size = 0.01;
		float factors[64];
		int64_t count;
		float bias;

		CHECK(wc_fold_in(fold, &users, &item, factors, &bias, NULL, &error) ==
		      WC_OK);
		wc_fold_entries(fold, &count);
		CHECK(count == item_entries(t, j));
		for (int32_t i = 0; i < USERS; i++)
			size = fmax(size,
			            fabs(score(t, user_vector(t, i), user_bias(t, i), j)));
		for (int32_t i = 0; i < USERS; i++)
		{
			double solved = (double) bias + user_bias(t, i);

			for (int32_t p = 0; p < k; p++)
				solved += (double) factors[p] * user_vector(t, i)[p];
			CHECK_NEAR(solved, score(t, user_vector(t, i), user_bias(t, i), j),
			           1e-4 * size);
		}
	}
	wc_fold_free(fold);
}

/* A turn of the items by Householder's matrix: other vectors, same scores. */
static void
turn_items(Trained *t)
{
	int32_t k = t->model.factors;
	double h[64];
	double square = 0;

	for (int32_t p = 0; p < k; p++)
	{
		h[p] = 1 + 0.3 * p * (p % 3 - 1);
		square += h[p] * h[p];
	}
	for (int side = 0; side < 2; side++)
	{
		float *factors =
		    side == 0 ? t->model.user_factors : t->model.item_factors;

		for (int32_t row = 0; row < (side == 0 ? USERS : ITEMS); row++)
		{
			float *v = factors + (size_t) row * (size_t) k;
			double dot = 0;

			for (int32_t p = 0; p < k; p++)
				dot += h[p] * v[p];
			for (int32_t p = 0; p < k; p++)
				v[p] = (float) (v[p] - 2 * dot * h[p] / square);
		}
	}
}

static void
check_objective(Data *data, const WcParams *params)
{
	Trained t;

	train(data, params, 5, &t);
	check_users(data, &t);
	turn_items(&t);
	check_users(data, &t);
	train_free(&t);
	train(data, params, 4, &t);
	check_items(data, &t);
	turn_items(&t);
	check_items(data, &t);
	train_free(&t);
}

/* Every kind of objective that wc_params_check lets pass. */
static void
test_objectives(void)
{
	int tried = 0;

	for (int kind = 0; kind < 3 * 5 * 5; kind++)
		for (int rest = 0; rest < 8; rest++)
		{
			WcParams params;
			char detail[200];
			Data data;

			wc_params_defaults(&params);
			params.feedback = (WcFeedback) (kind % 3);
			params.weighting = (WcWeighting) (kind / 3 % 5);
			params.duplicates = (WcDuplicates) (kind / 15);
			params.factors = rest < 4 ? 6 : 45; /* fewer and more than items */
			params.regularization = rest % 2 == 0 ? 0.05 : 0.4;
			params.reg_exponent = rest % 4 == 0 ? 1 : 0.3 * (rest % 4);
			params.seed = kind;
			fill_data((uint64_t) (kind * 8 + rest + 1),
			          params.duplicates == WC_DUP_ERROR, &data);
			data.has_value = params.feedback != WC_IMPLICIT || rest % 3 != 0;
			data.has_weight = rest % 2 == 1;
			data.has_time = params.duplicates == WC_DUP_LAST || rest % 4 == 2;
			if (params.weighting == WC_WEIGHT_LINEAR ||
			    params.weighting == WC_WEIGHT_LOG)
				params.alpha = 1.7;
			if (params.weighting == WC_WEIGHT_LOG)
				params.epsilon = 0.5;
			if (params.weighting != WC_WEIGHT_NONE)
			{
				data.user_weighted = rest == 3 || rest == 6;
				data.item_weighted = rest == 2 || rest == 6;
				if (data.has_time && rest != 0)
					params.half_life = 300;
			}
			if (params.weighting < WC_WEIGHT_COUNTS)
			{
				params.row_weight_exponent = rest % 4 == 1 ? 0.5 : 0;
				params.col_weight_exponent = rest % 3 == 1 ? -0.4 : 0;
				params.weight_normalize = rest != 1;
			}
			if (params.feedback == WC_EXPLICIT)
				params.biases = rest % 4 == 3 ? 0 : -1;
			else
			{
				params.unobserved_popularity = rest % 4 == 3;
				if (rest == 5 && params.weighting != WC_WEIGHT_NONE)
					params.unobserved_weight = 0;
				else if (rest == 2)
					params.unobserved_weight = 0.3;
			}
			if (wc_params_check(&params, data.has_value, data.has_time,
			                    sizeof(detail), detail) != NULL)
				continue;
			check_objective(&data, &params);
			tried++;
		}
	CHECK(tried > 300);
	printf("%d objectives; largest relative difference of a score from the "
	       "half sweep %.1e, from the dense solution %.1e, from its sum %.1e\n",
	       tried, most_from_sweep, most_from_dense, most_from_sum);
}

/* Two factors, three items: by hand. */
static void
test_by_hand(void)
{
	float factors[3 * 2] = {1, 0, 0, 2, 1, 1};
	WcFoldRow rows[2] = {{0, 1, 1, 0}, {1, 1, 1, 0}};
	WcFoldUser user = {2, rows, false, false, 1, {1, 1}};
	const WcFoldEntry *entries;
	Trained t;
	WcFoldItems items;
	WcFold *fold;
	WcError error;
	float x[2];
	float bias;
	int64_t count;
	int64_t start[4] = {0, 1, 2, 3};

	/*
	 * w0 = 0.5, c = 1, lambda 2: A = 0.5 (2 1; 1 5) + (1 0; 0 4) + 2 I = (4 .5;
	 * .5 8.5), y = 1.5 (1 2)', x = A^-1 y = (12 - .75..)/33.75
	 */
	memset(&t, 0, sizeof(t));
	wc_params_defaults(&t.objective.params);
	t.objective.params.row_weight_exponent = 0;
	t.objective.params.col_weight_exponent = 0;
	t.objective.params.factors = 2;
	t.objective.params.regularization = 2;
	t.objective.params.reg_exponent = 0;
	t.objective.params.unobserved_weight = 0.5;
	t.objective.params.biases = 0;
	t.objective.count_weight = 1;
	t.model.factors = 2;
	t.model.item_factors = factors;
	t.problem.by_item.start = start;
	items = items_of(&t);
	items.count = 3;
	CHECK(wc_fold_create(&t.objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	CHECK_NEAR(x[0], (8.5 * 1.5 - 0.5 * 3) / 33.75, 1e-6);
	CHECK_NEAR(x[1], (4 * 3 - 0.5 * 1.5) / 33.75, 1e-6);
	CHECK(bias == 0);
	/* the third item: v' A^-1 = (8, 3.5) / 33.75 */
	CHECK(wc_fold_explain(fold, factors + 4, NULL, &error) == WC_OK);
	entries = wc_fold_entries(fold, &count);
	CHECK(count == 2 && entries[0].item == 0 && entries[1].item == 1);
	CHECK(entries[0].value == 1 && entries[0].weight == 1);
	CHECK(entries[0].full_weight == 1.5f);
	CHECK_NEAR(entries[0].contribution, 1.5 * 8 / 33.75, 1e-6);
	CHECK_NEAR(entries[1].contribution, 1.5 * 2 * 3.5 / 33.75, 1e-6);

	/* a user without rows, and one with rows that say nothing */
	user.count = 0;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	entries = wc_fold_entries(fold, &count);
	CHECK(count == 0 && x[0] == 0 && x[1] == 0);
	user.count = 1;
	rows[0].value = 0;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	entries = wc_fold_entries(fold, &count);
	CHECK(count == 0 && x[0] == 0 && x[1] == 0);
	wc_fold_free(fold);
}

/* Rows newer than the training: the newest of the user's counts in full. */
static void
test_newer(void)
{
	WcParams params;
	WcFoldRow rows[2] = {{3, 1, 1, 5000}, {4, 1, 1, 4000}};
	WcFoldUser user = {2, rows, false, true, 1, {1, 1}};
	const WcFoldEntry *entries;
	WcFoldItems items;
	WcFold *fold;
	WcError error;
	float x[64];
	float bias;
	int64_t count;
	Trained t;
	Data data;

	wc_params_defaults(&params);
	params.factors = 4;
	params.half_life = 1000;
	fill_data(5, false, &data);
	data.has_time = true;
	train(&data, &params, 3, &t);
	CHECK(t.objective.newest > 900 && t.objective.newest < 1000);
	items = items_of(&t);
	fold = fold_of(&data, &t);
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	entries = wc_fold_entries(fold, &count);
	CHECK(count == 2);
	CHECK_NEAR(entries[0].weight, 1, 1e-6);
	CHECK_NEAR(entries[1].weight, 0.5, 1e-6);
	/* older than all of them */
	user.count = 1;
	user.has_weight = false;
	rows[0].time = t.objective.newest - 2000;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	CHECK_NEAR(entries[0].weight, 0.25, 1e-6);
	wc_fold_free(fold);
	train_free(&t);
}

/* Without times, duplicates last takes the later row. */
static void
test_last_in_order(void)
{
	WcParams params;
	WcFoldRow rows[5] = {
	    {7, 5, 1, 0}, {2, 4, 1, 0}, {7, 1, 1, 0}, {2, 9, 1, 0}, {7, 3, 1, 0}};
	WcFoldUser user = {5, rows, false, false, 1, {1, 1}};
	const WcFoldEntry *entries;
	WcFoldItems items;
	WcFold *fold;
	WcError error;
	float x[64];
	float bias;
	int64_t count;
	Trained t;
	Data data;

	wc_params_defaults(&params);
	params.feedback = WC_WEIGHTED;
	params.duplicates = WC_DUP_LAST;
	params.factors = 4;
	fill_data(6, false, &data);
	data.has_value = data.has_time = true;
	train(&data, &params, 3, &t);
	items = items_of(&t);
	fold = fold_of(&data, &t);
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	entries = wc_fold_entries(fold, &count);
	CHECK(count == 2 && entries[0].item == 2 && entries[1].item == 7);
	CHECK(entries[0].value == 9 && entries[1].value == 3);
	wc_fold_free(fold);
	train_free(&t);
}

/* Powers of counts beyond float32 that normalization brings back. */
static void
test_large_powers(void)
{
	WcParams params;
	Data data;

	wc_params_defaults(&params);
	params.factors = 6;
	params.row_weight_exponent = 9;
	params.col_weight_exponent = 10;
	fill_data(8, false, &data);
	check_objective(&data, &params);
	params.col_weight_exponent = -10;
	params.row_weight_exponent = -3;
	check_objective(&data, &params);
}

static void
test_refusals(void)
{
	WcParams params;
	WcFoldItems items;
	WcObjective objective;
	WcFoldRow rows[2] = {{3, 1, 1, 0}, {3, 1, 1, 0}};
	WcFoldUser user = {2, rows, true, false, 1, {1, 1}};
	WcFold *fold;
	WcError error;
	float x[64];
	float bias;
	float kept;
	int64_t count;
	Trained t;
	Data data;

	wc_params_defaults(&params);
	params.factors = 4;
	params.duplicates = WC_DUP_ERROR;
	fill_data(9, true, &data);
	data.has_weight = true;
	train(&data, &params, 3, &t);
	items = items_of(&t);
	fold = fold_of(&data, &t);
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) ==
	      WC_DUPLICATE);
	CHECK(error.row == 0 && error.other == 3 && error.side == WC_USERS);
	rows[1].item = 4;
	rows[1].weight = INFINITY;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) ==
	      WC_NOT_FINITE);
	CHECK(error.row == 0 && error.other == 4);
	wc_fold_entries(fold, &count);
	rows[1].weight = 2;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	wc_fold_free(fold);

	/* options that no training leaves behind */
	objective = t.objective;
	objective.params.unobserved_weight = NAN;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.params.regularization = NAN;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.params.reg_exponent = NAN;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.params.biases = 1;
	objective.params.bias_regularization[WC_ITEMS] = NAN;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.params.factors = 0;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.count_weight = 0;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	objective = t.objective;
	objective.mean = INFINITY;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_BAD_PARAM);
	CHECK(wc_fold_create(&t.objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc,
	                              .error = &error,
	                              .kernel = "abacus"}) == WC_BAD_PARAM);
	CHECK(fold == NULL);

	/* factors whose products are too large */
	kept = t.model.item_factors[5];
	t.model.item_factors[5] = 3e38f;
	CHECK(wc_fold_create(&t.objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_NOT_FINITE);
	t.model.item_factors[5] = kept;

	/* no regularization and fewer entries than unknowns */
	t.objective.params.regularization = 0;
	t.objective.params.unobserved_weight = 0;
	fold = fold_of(&data, &t);
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) ==
	      WC_NOT_SPD);
	CHECK(error.row == 0);
	wc_fold_entries(fold, &count);
	CHECK(count == 0);

	/* no weight at all: zeros, and nothing to explain */
	rows[0].weight = rows[1].weight = 0;
	CHECK(wc_fold_in(fold, &items, &user, x, &bias, NULL, &error) == WC_OK);
	CHECK(x[0] == 0 && x[3] == 0);
	CHECK(wc_fold_explain(fold, item_vector(&t, 0), NULL, &error) == WC_OK);
	CHECK(wc_fold_entries(fold, &count)[0].contribution == 0 && count == 2);
	wc_fold_free(fold);
	train_free(&t);
}

/* Everything a fold does, once, with many rows. */
static WcStatus
fold_everything(const Trained *t, const float *item_weight,
                const WcHooks *hooks, WcError *error)
{
	enum
	{
		MANY = 30000
	};
	WcFoldItems items = items_of(t);
	WcFoldRow *rows = malloc(sizeof(WcFoldRow) * MANY);
	WcFoldUser user = {MANY, rows, true, true, 2, {1, 1}};
	WcFold *fold;
	float x[64];
	float bias;
	WcStatus status;

	for (int64_t e = 0; e < MANY; e++)
	{
		rows[e].item = (int32_t) (e * 7 % ITEMS);
		rows[e].value = (float) (e % 3);
		rows[e].weight = 1;
		rows[e].time = e;
	}
	status = wc_fold_create(
	    &t->objective, WC_USERS, &items, item_weight, &fold,
	    &(WcJob){.alloc = &check_alloc, .hooks = hooks, .error = error});
	if (status == WC_OK)
		status = wc_fold_in(fold, &items, &user, x, &bias, hooks, error);
	if (status == WC_OK)
		status = wc_fold_explain(fold, item_vector(t, 3), hooks, error);
	check_fail_after = -1;
	wc_fold_free(fold);
	free(rows);
	return status;
}

static void
test_failures(void)
{
	WcStatus status = WC_NO_MEMORY;
	WcParams params;
	Trained t;
	Data data;
	long n;

	wc_params_defaults(&params);
	params.factors = 40;
	params.unobserved_popularity = true;
	params.half_life = 1e6;
	fill_data(11, false, &data);
	data.has_value = data.has_time = data.item_weighted = true;
	train(&data, &params, 4, &t);
	turn_items(&t);
	for (n = 0; status != WC_OK && n < 60; n++)
	{
		WcError error = {WC_OK, WC_USERS, -1, -1, ""};

		check_fail_after = n;
		status = fold_everything(&t, data.item_weight, NULL, &error);
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		CHECK(error.status == status);
	}
	CHECK(status == WC_OK && n > 20);
	status = WC_CANCELLED;
	for (n = 0; status != WC_OK && n < 200; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error = {WC_OK, WC_USERS, -1, -1, ""};

		status = fold_everything(&t, data.item_weight, &hooks, &error);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(error.status == status);
	}
	CHECK(status == WC_OK && n > 5);
	train_free(&t);
}

int
main(void)
{
	test_by_hand();
	test_newer();
	test_last_in_order();
	test_objectives();
	test_large_powers();
	test_refusals();
	test_failures();
	return check_report("test_fold");
}
