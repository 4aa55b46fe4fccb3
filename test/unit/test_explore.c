/*-------------------------------------------------------------------------
 *
 * test_explore.c
 *	  The uncertainty of scores against the inverse of the user's equations,
 *	  solved in float64 the slow and obvious way.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#include "spread.h"

#define ITEMS 150 /* more than the kernel takes at a time, and not a multiple */
#define ROWS 30

typedef struct Side
{
	int32_t factors;
	float vector[ITEMS][WC_FACTORS_MAX];
} Side;

static Side side;

static const float *
vector_of(const void *arg, int32_t index)
{
	(void) arg;
	return side.vector[index];
}

static float
bias_of(const void *arg, int32_t index)
{
	(void) arg;
	return (float) (index % 3) - 1;
}

static int32_t
entries_of(const void *arg, int32_t index)
{
	(void) arg;
	return 1 + index % 9;
}

static WcFoldItems
make_items(int32_t k, uint64_t seed)
{
	WcFoldItems items = {ITEMS, vector_of, bias_of, entries_of, NULL, NULL};
	uint64_t state = seed;

	side.factors = k;
	for (int32_t j = 0; j < ITEMS; j++)
		for (int32_t f = 0; f < k; f++)
			side.vector[j][f] =
			    (float) ((check_random(&state) - 0.3) * 4 / (1 + f % 7));
	memset(side.vector[7], 0, sizeof(side.vector[7]));
	return items;
}

/* sqrt(v' A^-1 v) by elimination; a is used up. */
static double
spread_by_hand(int32_t width, double *a, double *v)
{
	double sum = 0;

	for (int32_t p = 0; p < width; p++)
	{
		double pivot = a[p * width + p];

		sum += v[p] * v[p] / pivot;
		for (int32_t q = p + 1; q < width; q++)
		{
			double factor = a[q * width + p] / pivot;

			for (int32_t c = p; c < width; c++)
				a[q * width + c] -= factor * a[p * width + c];
			v[q] -= factor * v[p];
		}
	}
	return sqrt(sum);
}

/* What an item's own factors add, from the definition; a is used up. */
static double
item_by_hand(const WcFold *fold, int32_t width, const double *a,
             const float *factors, int32_t entries_of_item)
{
	const WcParams *params = &fold->objective.params;
	double *copy = malloc(sizeof(double) * (size_t) (width * width));
	double *v = malloc(sizeof(double) * (size_t) width);
	int64_t count;
	const WcFoldEntry *entries = wc_fold_entries(fold, &count);
	double square = 0;
	double trace = 0;
	double weight = 0;

	for (int32_t p = 0; p < width; p++)
	{
		double root;

		memcpy(copy, a, sizeof(double) * (size_t) (width * width));
		memset(v, 0, sizeof(double) * (size_t) width);
		v[p] = 1;
		root = spread_by_hand(width, copy, v);
		trace += root * root;
		square += (double) factors[p] * factors[p];
	}
	for (int64_t e = 0; e < count; e++)
		weight += entries[e].full_weight;
	weight *= (double) entries_of_item / (double) count;
	free(copy);
	free(v);
	return (square + trace) /
	       (params->regularization * pow(weight, params->reg_exponent) +
	        weight * square / width);
}

/* A of the user who was folded in last: from the definition, in no basis. */
static void
make_matrix(const WcFold *fold, const WcFoldItems *items, double *a)
{
	int32_t k = fold->factors;
	int32_t width = fold->width;
	int64_t count;
	const WcFoldEntry *entries = wc_fold_entries(fold, &count);
	double w0 = fold->objective.params.unobserved_weight;

	memset(a, 0, sizeof(double) * (size_t) (width * width));
	for (int32_t p = 0; p < width; p++)
		a[p * width + p] =
		    p < k ? fold->lambda
		          : fold->objective.params.bias_regularization[WC_USERS];
	for (int64_t e = -items->count; e < count; e++)
	{
		int32_t j = e < 0 ? (int32_t) -e - 1 : entries[e].item;
		double share = fold->share != NULL ? fold->share[j] : 1;
		double c = e < 0 ? w0 * share : entries[e].weight;

		for (int32_t p = 0; p < width; p++)
			for (int32_t q = 0; q < width; q++)
				a[p * width + q] += c * (p < k ? side.vector[j][p] : 1) *
				                    (q < k ? side.vector[j][q] : 1);
	}
}

static void
set_objective(WcObjective *objective, int32_t k, bool explicit_feedback)
{
	memset(objective, 0, sizeof(*objective));
	wc_params_defaults(&objective->params);
	objective->params.row_weight_exponent = 0;
	objective->params.col_weight_exponent = 0;
	objective->params.factors = k;
	objective->params.regularization = 0.3;
	objective->params.reg_exponent = 1;
	objective->params.bias_regularization[WC_USERS] = k % 3 == 0 ? 4 : 0.2;
	objective->params.bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
	objective->params.unobserved_weight = explicit_feedback ? 0 : 0.05;
	objective->params.feedback = explicit_feedback ? WC_EXPLICIT : WC_IMPLICIT;
	objective->params.biases = explicit_feedback ? 1 : 0;
	objective->params.unobserved_popularity = !explicit_feedback && k % 2 == 0;
	objective->count_weight = 1;
}

static WcFoldUser
make_user(WcFoldRow *rows, int64_t count)
{
	WcFoldUser user = {count, rows, true, false, 1, {1, 1}};

	for (int64_t e = 0; e < count; e++)
	{
		rows[e].item = (int32_t) (e * 11 % ITEMS);
		rows[e].value = (float) (e % 5 + 1);
		rows[e].weight = (float) (1 + e % 4);
		rows[e].time = 0;
	}
	return user;
}

static void
check_spread(int32_t k, bool explicit_feedback, const char *kernel)
{
	WcFoldItems items = make_items(k, (uint64_t) k + 3);
	int32_t width = k + (explicit_feedback ? 1 : 0);
	double *matrix = malloc(sizeof(double) * (size_t) (width * width));
	double *a = malloc(sizeof(double) * (size_t) (width * width));
	double *v = malloc(sizeof(double) * (size_t) width);
	WcFoldRow rows[ROWS];
	WcFoldUser user = make_user(rows, ROWS);
	float factors[WC_FACTORS_MAX];
	float spread[ITEMS];
	float again[ITEMS];
	int32_t index[ITEMS];
	WcObjective objective;
	WcError error;
	WcFold *fold;
	double worst = 0;
	float bias;

	set_objective(&objective, k, explicit_feedback);
	for (int32_t j = 0; j < ITEMS; j++)
		index[j] = ITEMS - 1 - j;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc,
	                              .error = &error,
	                              .kernel = kernel}) == WC_OK);
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, ITEMS, index, spread, NULL, &error) ==
	      WC_OK);
	make_matrix(fold, &items, matrix);
	for (int32_t i = 0; i < ITEMS; i++)
	{
		double expected;

		memcpy(a, matrix, sizeof(double) * (size_t) (width * width));
		for (int32_t p = 0; p < width; p++)
			v[p] = p < k ? side.vector[index[i]][p] : 1;
		expected = spread_by_hand(width, a, v);
		if (!explicit_feedback)
			expected = sqrt(expected * expected +
			                item_by_hand(fold, width, matrix, factors,
			                             entries_of(NULL, index[i])));
		worst = fmax(worst, fabs(spread[i] - expected) /
		                        (expected > 0 ? expected : 1));
	}
	CHECK(worst < 2e-5);

	/* a score is taken apart before and after, and one item is as many */
	CHECK(wc_fold_explain(fold, side.vector[3], NULL, &error) == WC_OK);
	memset(again, 0, sizeof(again));
	CHECK(spread_of_items(fold, &items, 1, index + 60, again, NULL, &error) ==
	      WC_OK);
	CHECK(again[0] == spread[60] && again[1] == 0);
	CHECK(spread_of_items(fold, &items, 0, index, again, NULL, &error) ==
	      WC_OK);
	wc_fold_free(fold);
	free(matrix);
	free(a);
	free(v);
}

/*
 * One factor: A = w0 (1 + 4) + c + lambda = 0.5 5 + 3 + 2.5 = 8.  The entry weighs
 * 3.5, so u = 3.5 / 8, and the items have 1 and 2 entries.
 */
static void
test_by_hand(void)
{
	WcFoldItems items = {2, vector_of, bias_of, entries_of, NULL, NULL};
	WcFoldRow row = {0, 1, 3, 0};
	WcFoldUser user = {1, &row, true, false, 1, {1, 1}};
	int32_t index[2] = {0, 1};
	WcObjective objective;
	WcError error;
	WcFold *fold;
	float spread[2];
	double u = 3.5 / 8;
	float factor;
	float bias;

	memset(&side, 0, sizeof(side));
	side.vector[0][0] = 1;
	side.vector[1][0] = -2;
	set_objective(&objective, 1, false);
	objective.params.regularization = 2.5;
	objective.params.reg_exponent = 0;
	objective.params.unobserved_weight = 0.5;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	CHECK(wc_fold_in(fold, &items, &user, &factor, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, 2, index, spread, NULL, &error) ==
	      WC_OK);
	CHECK_NEAR(factor, u, 1e-6);
	CHECK_NEAR(spread[0],
	           sqrt(1 / 8.0 + (u * u + 1 / 8.0) / (2.5 + 3.5 * u * u)), 1e-6);
	CHECK_NEAR(spread[1], sqrt(4 / 8.0 + (u * u + 1 / 8.0) / (2.5 + 7 * u * u)),
	           1e-6);
	wc_fold_free(fold);
}

/*
 * More ratings of the user leave less doubt, most about what was rated; more of
 * an item less about it, though everything else of the two is the same.
 */
static void
test_less_with_more(void)
{
	WcFoldItems items = make_items(8, 77);
	WcFoldRow rows[2] = {{3, 1, 1, 0}, {4, 1, 5, 0}};
	WcFoldUser user = {1, rows, true, false, 1, {1, 1}};
	int32_t index[ITEMS];
	float before[ITEMS];
	float after[ITEMS];
	float factors[8];
	WcObjective objective;
	WcError error;
	WcFold *fold;
	bool less = true;
	float bias;

	set_objective(&objective, 8, false);
	objective.params.reg_exponent = 0;
	objective.params.unobserved_weight = 0;
	for (int32_t j = 0; j < ITEMS; j++)
		index[j] = j;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, ITEMS, index, before, NULL, &error) ==
	      WC_OK);
	user.count = 2;
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, ITEMS, index, after, NULL, &error) ==
	      WC_OK);
	for (int32_t j = 0; j < ITEMS; j++)
		less &= after[j] <= before[j] * (1 + 1e-5f);
	CHECK(less);
	CHECK(after[4] < 0.8f * before[4]);
	CHECK(after[7] == 0);
	wc_fold_free(fold);

	for (int32_t j = 1; j < 9; j++)
		memcpy(side.vector[j], side.vector[0], sizeof(side.vector[0]));
	objective.params.unobserved_weight = 0.05;
	for (int exponent = 0; exponent <= 2; exponent++)
	{
		objective.params.reg_exponent = exponent / 2.0;
		CHECK(wc_fold_create(
		          &objective, WC_USERS, &items, NULL, &fold,
		          &(WcJob){.alloc = &check_alloc, .error = &error}) == WC_OK);
		CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
		      WC_OK);
		CHECK(spread_of_items(fold, &items, 9, index, after, NULL, &error) ==
		      WC_OK);
		for (int32_t j = 1; j < 9; j++)
			CHECK(after[j] < after[j - 1]);
		wc_fold_free(fold);
	}
}

/* Equations that say nothing, and such that leave float32. */
static void
test_ends(void)
{
	WcFoldItems items = make_items(2, 5);
	WcFoldRow rows[3];
	WcFoldUser user = make_user(rows, 3);
	int32_t index[3] = {5, 7, 9};
	WcObjective objective;
	WcError error;
	WcFold *fold;
	float spread[3];
	float factors[2];
	float bias;

	set_objective(&objective, 2, true);
	objective.params.biases = 0;
	objective.params.regularization = 0;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	user.weight = 0;
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, 3, index, spread, NULL, &error) ==
	      WC_OK);
	CHECK(spread[0] == 0 && spread[1] == 0 && spread[2] == 0);
	wc_fold_free(fold);

	objective.params.regularization = 1e-30;
	objective.params.reg_exponent = 0;
	for (int32_t j = 0; j < ITEMS; j++)
		side.vector[j][1] = 0;
	side.vector[5][1] = 3e38f;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	user.weight = 1;
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	CHECK(spread_of_items(fold, &items, 3, index, spread, NULL, &error) ==
	      WC_NOT_FINITE);
	CHECK(error.status == WC_NOT_FINITE && error.other == 5);
	wc_fold_free(fold);
}

static void
test_failures(void)
{
	WcFoldItems items = make_items(WC_FACTORS_MAX / 4, 9);
	WcFoldRow rows[ROWS];
	WcFoldUser user = make_user(rows, ROWS);
	float factors[WC_FACTORS_MAX];
	float spread[ITEMS];
	int32_t index[ITEMS];
	WcStatus status = WC_CANCELLED;
	WcObjective objective;
	WcError error;
	WcFold *fold;
	float bias;
	int n;

	for (int32_t j = 0; j < ITEMS; j++)
		index[j] = j;
	set_objective(&objective, WC_FACTORS_MAX / 4, false);
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	for (n = 0; status != WC_OK && n < 1000; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
		      WC_OK);
		error.status = WC_OK;
		status =
		    spread_of_items(fold, &items, ITEMS, index, spread, &hooks, &error);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(error.status == status);
	}
	CHECK(status == WC_OK && n > 3);
	check_fail_after = 0;
	CHECK(spread_of_items(fold, &items, ITEMS, index, spread, NULL, &error) ==
	      WC_NO_MEMORY);
	CHECK(error.status == WC_NO_MEMORY);
	check_fail_after = -1;
	CHECK(spread_of_items(fold, &items, ITEMS, index, spread, NULL, &error) ==
	      WC_OK);
	wc_fold_free(fold);
}

int
main(void)
{
	static const int32_t widths[] = {1, 2, 3, 15, 16, 17, 40, 64};
	static const char *const kernels[] = {"portable", "avx2", "avx512"};

	test_by_hand();
	test_less_with_more();
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
			if (wc_kernel_name(kernels[i]) != NULL)
			{
				check_spread(widths[w], false, kernels[i]);
				check_spread(widths[w], true, kernels[i]);
			}
	test_ends();
	test_failures();
	return check_report("test_explore");
}
