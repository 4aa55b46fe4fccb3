/*-------------------------------------------------------------------------
 *
 * test_explore_search.c
 *	  The search by score and uncertainty equals measuring every row, bit for
 *	  bit: for vectors of all shapes, objectives with and without biases and
 *	  unobserved cells, every kernel and filter.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "packs.h"
#include "spread.h"

#define ROWS 90

static const float *
vector_of(const void *arg, int32_t index)
{
	const Data *data = arg;

	return data->vectors + (size_t) index * (size_t) data->k;
}

static float
bias_of(const void *arg, int32_t index)
{
	const Data *data = arg;

	return data->bias[index];
}

static int32_t
entries_of(const void *arg, int32_t index)
{
	(void) arg;
	return index % 11;
}

/* A user with some ratings of the items; NULL where float32 has no room. */
static WcFold *
fold_user(Data *data, bool explicit_feedback, int32_t count)
{
	WcFoldItems items = {data->count, vector_of, bias_of,
	                     entries_of,  data,      NULL};
	WcFoldRow rows[ROWS];
	WcFoldUser user = {count, rows, false, false, 1, {1, 1}};
	float factors[WC_FACTORS_MAX];
	WcObjective objective;
	WcError error;
	WcFold *fold;
	float bias;

	memset(&objective, 0, sizeof(objective));
	wc_params_defaults(&objective.params);
	objective.params.row_weight_exponent = 0;
	objective.params.col_weight_exponent = 0;
	objective.params.factors = data->k;
	objective.params.reg_exponent = 1;
	objective.params.bias_regularization[WC_USERS] = 2;
	objective.params.bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
	objective.params.regularization = explicit_feedback ? 0.1 : 0.01;
	objective.params.unobserved_weight = explicit_feedback ? 0 : 0.01;
	objective.params.feedback = explicit_feedback ? WC_EXPLICIT : WC_IMPLICIT;
	objective.params.biases = explicit_feedback ? 1 : 0;
	objective.count_weight = 1;
	if (wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                   &(WcJob){.alloc = &check_alloc, .error = &error}) !=
	    WC_OK)
		return NULL;
	for (int32_t e = 0; e < count; e++)
		rows[e] = (WcFoldRow){(int32_t) ((int64_t) e * 7919 % data->count),
		                      (float) (e % 5 + 1), 1, 0};
	if (wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) == WC_OK)
		return fold;
	wc_fold_free(fold);
	return NULL;
}

/* The slow, obvious way; all of them, in order; -1 where it cannot be told. */
static int32_t
measure_every_row(Data *data, WcFold *fold, const WcQuery *query,
                  const WcExplore *explore)
{
	WcFoldItems items = {data->count, vector_of, bias_of,
	                     entries_of,  data,      NULL};
	size_t rows = (size_t) data->count + 1;
	uint64_t *allow = calloc(rows / 64 + 1, sizeof(uint64_t));
	int32_t *index = calloc(rows, sizeof(int32_t));
	float *spread = calloc(rows, sizeof(float));
	int32_t count = 0;
	WcError error;

	for (int64_t i = 0; i < query->n_candidates; i++)
		allow[query->candidates[i] / 64] |= UINT64_C(1)
		                                    << (query->candidates[i] % 64);
	for (int32_t j = 0; j < data->count; j++)
	{
		uint64_t bit = UINT64_C(1) << (j % 64);

		if ((query->excluded != NULL && (query->excluded[j / 64] & bit) != 0) ||
		    (query->candidates != NULL && (allow[j / 64] & bit) == 0) ||
		    !(data_score(data, query, j) >= query->min_score))
			continue;
		index[count++] = j;
	}
	if (spread_of_items(fold, &items, count, index, spread, NULL, &error) !=
	    WC_OK)
		count = -1;
	for (int32_t i = 0; i < count; i++)
	{
		double worth = data_score(data, query, index[i]) +
		               (double) explore->factor * spread[i];

		worth -= wc_popularity_cost(explore->penalty, (index[i] + 3) % 7,
		                            explore->most);
		data->expected[i].index = index[i];
		data->expected[i].score = (float) fmin(worth, FLT_MAX) + 0.0f;
	}
	free(allow);
	free(index);
	free(spread);
	if (count > 0)
		qsort(data->expected, (size_t) count, sizeof(WcScored), compare_scored);
	return count;
}

/* One query with all kernels and several n. */
static int
check_query(Data *data, WcFold *fold, const WcQuery *query,
            const WcExplore *explore)
{
	static const int32_t ns[] = {1, 10, INT32_MAX};
	int32_t n_expected = measure_every_row(data, fold, query, explore);
	WcExplore of = {explore->factor, explore->penalty, explore->most, fold};
	int checked = 0;

	for (int name = 0; kernel_names[name] != NULL && n_expected >= 0; name++)
	{
		if (wc_search_kernel_choose(kernel_names[name]) == NULL)
			continue;
		for (int i = 0; i < 3; i++)
		{
			int32_t n_result = -1;
			WcError error;
			WcStatus status = wc_search_explored(
			    &data->pack, query, &of, ns[i], data->result, &n_result,
			    &(WcJob){.alloc = &check_alloc,
			             .error = &error,
			             .kernel = kernel_names[name]});

			if (status != WC_OK || !is_as_expected(data, n_expected, ns[i],
			                                       data->result, n_result))
				check_that(false, kernel_names[name], __FILE__, __LINE__);
			else
				checked++;
		}
	}
	check_passed += checked;
	return checked;
}

static void
test_shapes(void)
{
	static const int32_t counts[] = {1, 65, 300, 500, 1000};
	static const int32_t ks[] = {1, 3, 8, 16, 31, 64, 130, 256};
	static const WcExplore explores[] = {{0.05f, 0, 10, NULL},
	                                     {0.7f, 0, 10, NULL},
	                                     {20, 0, 10, NULL},
	                                     {1e6f, 0, 10, NULL},
	                                     {1, 2, 10, NULL}};
	uint64_t state = 7;
	uint64_t seed = 0;
	int checked[N_SHAPES] = {0};

	for (int shape = 0; shape < N_SHAPES; shape++)
	{
		for (int i = (int) (seed % 2); i < 16; i += 3)
		{
			int32_t k = ks[i / 2];
			Data *data = data_make(counts[seed % 5], k, (Shape) shape,
			                       i % 2 == 0 ? BIAS_NONE : BIAS_SMALL, seed);
			WcFold *fold =
			    fold_user(data, i % 2 == 1, seed % 3 == 0 ? 3 : ROWS);

			for (int bits = 0; bits < 4 && fold != NULL; bits++)
			{
				WcQuery query = {.vector = data->query,
				                 .base = data->base,
				                 .min_score = -INFINITY};

				data_filter(data, 0.3, 0, bits % 2 == 0 ? 0.5 : 0.05, &state);
				if (bits & 1)
					query.excluded = data->excluded;
				if (bits & 2)
				{
					query.candidates = data->candidates;
					query.n_candidates = data->n_candidates;
					query.min_score = 0.5f;
				}
				checked[shape] += check_query(data, fold, &query,
				                              &explores[(seed + bits) % 5]);
			}
			seed++;
			wc_fold_free(fold);
			data_free(data);
		}
	}
	for (int shape = 0; shape < N_SHAPES; shape++)
		CHECK(checked[shape] > 0 || shape == HUGE_NUMBERS);
}

/*
 * Items in many lengths and a user with few ratings: what is uncertain is nearly
 * all that counts, and few rows can be told from each other by codes.
 */
static void
test_uncertain(void)
{
	for (int turn = 0; turn < 6; turn++)
	{
		Data *data = data_make(2500, 40, turn % 2 == 0 ? SKEWED : FLAT,
		                       BIAS_NONE, (uint64_t) turn);
		WcFold *fold = fold_user(data, turn >= 4, 5 + 40 * (turn / 2));
		WcQuery query = {.vector = data->query, .min_score = -INFINITY};

		CHECK(fold != NULL);
		for (float x = 0.01f; x < 1000; x *= 20)
			CHECK(check_query(data, fold, &query,
			                  &(WcExplore){x, 0, 10, fold}) > 0);
		wc_fold_free(fold);
		data_free(data);
	}
}

/*
 * The best row is behind rows of the same few lengths, and the codes see nothing
 * of what makes it so: a factor of its own that rounds to a code of 0, or one of
 * B's that does.  Ratings of rows 0 and 1 leave factor 1 alone uncertain.
 */
static void
test_unseen(bool in_row)
{
	static const WcExplore explore = {1, 0, 10, NULL};
	float first[3] = {1000, in_row ? 0 : 3, 0};
	float second[3] = {0, 0, 1000};
	float others[3] = {in_row ? 130 : 0, in_row ? 0.1f : 0, in_row ? 0 : 130};
	float best[3] = {127, in_row ? 0.49f : 0, 0};
	Data *data = data_make(300, 3, ZERO, BIAS_NONE, 1);
	WcFoldItems items = {300, vector_of, bias_of, entries_of, data, NULL};
	WcFoldRow rows[2] = {{0, 1, 1, 0}, {1, 1, 1, 0}};
	WcFoldUser user = {2, rows, false, false, 1, {1, 1}};
	WcQuery query = {.vector = data->query,
	                 .min_score = -INFINITY,
	                 .excluded = data->excluded};
	WcPackBuilder *builder;
	WcObjective objective;
	float factors[3];
	WcError error;
	WcFold *fold;
	float bias;

	data_release_pack(data);
	memset(data->query, 0, sizeof(float) * 3);
	CHECK(wc_pack_begin(WC_ID_INT64, 3, &builder, &check_alloc) == WC_OK);
	for (int32_t j = 0; j < 300; j++)
	{
		WcId id = {j, NULL, 0};

		memcpy(data->vectors + j * 3,
		       j == 0     ? first
		       : j == 1   ? second
		       : j == 200 ? best
		                  : others,
		       sizeof(first));
		CHECK(wc_pack_add(builder, &id, data->vectors + j * 3, 0, 0, 0) ==
		      WC_OK);
	}
	CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
	CHECK(data->pack.position[200] == 299);
	memset(&objective, 0, sizeof(objective));
	wc_params_defaults(&objective.params);
	objective.params.row_weight_exponent = 0;
	objective.params.col_weight_exponent = 0;
	objective.params.factors = 3;
	objective.params.reg_exponent = 1;
	objective.params.feedback = WC_EXPLICIT;
	objective.params.unobserved_weight = 0;
	objective.params.biases = 0;
	objective.params.regularization = 1;
	objective.params.reg_exponent = 0;
	objective.count_weight = 1;
	CHECK(wc_fold_create(&objective, WC_USERS, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	CHECK(wc_fold_in(fold, &items, &user, factors, &bias, NULL, &error) ==
	      WC_OK);
	data->excluded[0] = 3;
	CHECK(check_query(data, fold, &query, &explore) > 0);
	CHECK(data->expected[0].index == 200);
	wc_fold_free(fold);
	data_free(data);
}

/* Whichever allocation fails, and whenever it is cancelled. */
static void
test_failures(void)
{
	Data *data = data_make(2000, 32, FLAT, BIAS_NONE, 5);
	WcFold *fold = fold_user(data, false, 50);
	WcExplore explore = {0.5f, 0, 10, fold};
	WcQuery query = {.vector = data->query,
	                 .min_score = -INFINITY,
	                 .exclude = data->exclude,
	                 .n_exclude = 1};
	int32_t n_result;
	WcError error;

	for (int32_t n = 10; n <= 2000; n += 1990)
	{
		WcStatus status = WC_NO_MEMORY;
		long fail;

		for (fail = 0; status != WC_OK && fail < 50; fail++)
		{
			check_fail_after = fail;
			status = wc_search_explored(
			    &data->pack, &query, &explore, n, data->result, &n_result,
			    &(WcJob){.alloc = &check_alloc, .error = &error});
			check_fail_after = -1;
			CHECK(status == WC_OK ||
			      (status == WC_NO_MEMORY && error.status == status));
		}
		CHECK(status == WC_OK && fail > 2);
		status = WC_CANCELLED;
		for (fail = 0; status != WC_OK && fail < 5000; fail++)
		{
			CheckCancel cancel = {fail, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};

			status = wc_search_explored(
			    &data->pack, &query, &explore, n, data->result, &n_result,
			    &(WcJob){
			        .alloc = &check_alloc, .hooks = &hooks, .error = &error});
			CHECK(status == WC_OK || (status == WC_CANCELLED &&
			                          error.status == status && n_result == 0));
		}
		CHECK(status == WC_OK && fail > 1);
	}
	/* a row that has no finite score is named */
	data->query[0] = NAN;
	CHECK(wc_search_explored(&data->pack, &query, &explore, 10, data->result,
	                         &n_result,
	                         &(WcJob){.alloc = &check_alloc,
	                                  .error = &error}) == WC_NOT_FINITE);
	CHECK(error.side == WC_ITEMS && error.row == 1 && n_result == 0);
	wc_fold_free(fold);
	data_free(data);
}

int
main(void)
{
	test_shapes();
	test_uncertain();
	test_unseen(true);
	test_unseen(false);
	test_failures();
	return check_report("test_explore_search");
}
