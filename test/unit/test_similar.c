/*-------------------------------------------------------------------------
 *
 * test_similar.c
 *	  Likeness against closed forms and a slow twin in long double, for lengths
 *	  around the width of a block and numbers from the smallest to the largest;
 *	  the search for the most alike against comparing every row, bit for bit.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "packs.h"

#define K_MAX 70

static float
compare(WcMetric metric, int32_t k, const float *a, const float *b)
{
	WcProbe probe;
	float similarity = NAN;

	wc_probe_init(&probe, metric, k, a);
	CHECK(wc_probe_compare(&probe, b, &similarity));
	return similarity;
}

static double
expected(WcMetric metric, int32_t k, const float *a, const float *b)
{
	long double product = 0;
	long double left = 0;
	long double right = 0;
	long double difference = 0;

	for (int32_t f = 0; f < k; f++)
	{
		long double d = (long double) a[f] - b[f];

		product += (long double) a[f] * b[f];
		left += (long double) a[f] * a[f];
		right += (long double) b[f] * b[f];
		difference += d * d;
	}
	if (metric == WC_COSINE)
		return (double) (product / (sqrtl(left) * sqrtl(right)));
	if (metric == WC_DOT)
		return (double) product;
	return (double) (1 / (1 + sqrtl(difference)));
}

static void
test_twin(int32_t k, float scale_a, float scale_b)
{
	uint64_t state = (uint64_t) k * 2 + 1;
	float a[K_MAX];
	float b[K_MAX];

	for (int32_t f = 0; f < k; f++)
	{
		a[f] = (float) (check_random(&state) - 0.5) * scale_a;
		b[f] = (float) (check_random(&state) - 0.3) * scale_b;
	}
	CHECK_NEAR(compare(WC_COSINE, k, a, b), expected(WC_COSINE, k, a, b), 2e-6);
	CHECK_NEAR(compare(WC_EUCLIDEAN, k, a, b), expected(WC_EUCLIDEAN, k, a, b),
	           1e-6);
	CHECK(compare(WC_COSINE, k, a, a) == 1);
	CHECK(compare(WC_EUCLIDEAN, k, b, b) == 1);
	CHECK(compare(WC_COSINE, k, a, b) == compare(WC_COSINE, k, b, a));
	if (scale_a == 1 && scale_b == 1)
		CHECK_NEAR(compare(WC_DOT, k, a, b), expected(WC_DOT, k, a, b), 1e-5);
	for (int32_t f = 0; f < k; f++)
		b[f] = -a[f];
	CHECK(compare(WC_COSINE, k, a, b) == -1);
}

static void
test_closed_forms(void)
{
	float a[] = {3, 4, 0};
	float b[] = {-4, 3, 0};
	float c[] = {0, 0, 0};
	float d[] = {3, 4, 12};

	CHECK(compare(WC_COSINE, 3, a, b) == 0);
	CHECK_NEAR(compare(WC_COSINE, 3, a, d), 5.0 / 13, 1e-7);
	CHECK(compare(WC_DOT, 3, a, d) == 25);
	CHECK(compare(WC_DOT, 3, a, c) == 0);
	CHECK_NEAR(compare(WC_EUCLIDEAN, 3, a, d), 1.0 / 13, 1e-7);
	CHECK_NEAR(compare(WC_EUCLIDEAN, 3, a, c), 1.0 / 6, 1e-7);
	CHECK(compare(WC_TOGETHER, 3, a, d) == compare(WC_COSINE, 3, a, d));
}

/*
 * Of 4 users with one item 2 have another, which 9 have: by their columns the
 * cosine is 2 / 6, and half of those with the one have the other.
 */
static void
test_together(void)
{
	CHECK_NEAR(2.0 / 6 * wc_together_ratio(4, 9), 0.5, 1e-15);
	CHECK_NEAR(2.0 / 6 * wc_together_ratio(9, 4), 2.0 / 9, 1e-15);
	CHECK(wc_together_ratio(0, 1) == 1 && wc_together_ratio(-5, 4) == 2);
	CHECK(wc_together_ratio(4, 0) == 0.5);
}

/* There is no cosine with nothing, from either side. */
static void
test_zero(void)
{
	float zero[] = {0, -0.0f};
	float one[] = {1, 0};
	float tiny[] = {FLT_TRUE_MIN, 0};
	float similarity = 7;
	WcProbe probe;

	wc_probe_init(&probe, WC_COSINE, 2, zero);
	CHECK(!wc_probe_compare(&probe, one, &similarity));
	CHECK(!wc_probe_compare(&probe, zero, &similarity));
	wc_probe_init(&probe, WC_COSINE, 2, one);
	CHECK(!wc_probe_compare(&probe, zero, &similarity));
	CHECK(similarity == 7);
	/* the smallest number is not nothing */
	CHECK(compare(WC_COSINE, 2, tiny, one) == 1);
	CHECK(compare(WC_EUCLIDEAN, 2, zero, zero) == 1);
}

/* The largest numbers: only the dot product has no room for them. */
static void
test_large(void)
{
	float a[] = {FLT_MAX, FLT_MAX};
	float b[] = {FLT_MAX, -FLT_MAX};
	float c[] = {-FLT_MAX, -FLT_MAX};

	CHECK(compare(WC_COSINE, 2, a, b) == 0);
	CHECK(compare(WC_COSINE, 2, a, c) == -1);
	CHECK(isinf(compare(WC_DOT, 2, a, a)));
	CHECK(compare(WC_EUCLIDEAN, 2, a, c) >= 0);
	CHECK(compare(WC_EUCLIDEAN, 2, a, c) < 1e-38);
}

/* The slow, obvious way; all of them, in order. */
static int32_t
compare_every_row(Data *data, WcMetric metric, const WcQuery *query)
{
	uint64_t *drop = calloc((size_t) data->count / 64 + 1, sizeof(uint64_t));
	uint64_t *allow = calloc((size_t) data->count / 64 + 1, sizeof(uint64_t));
	int32_t count = 0;
	WcProbe probe;

	wc_probe_init(&probe, metric, data->k, query->vector);
	for (int64_t i = 0; i < query->n_exclude; i++)
		drop[query->exclude[i] / 64] |= UINT64_C(1) << (query->exclude[i] % 64);
	for (int64_t i = 0; i < query->n_candidates; i++)
		allow[query->candidates[i] / 64] |= UINT64_C(1)
		                                    << (query->candidates[i] % 64);
	for (int32_t j = 0; j < data->count; j++)
	{
		uint64_t bit = UINT64_C(1) << (j % 64);
		WcScored scored = {0, j};

		if ((drop[j / 64] & bit) != 0 ||
		    (query->excluded != NULL && (query->excluded[j / 64] & bit) != 0) ||
		    (query->candidates != NULL && (allow[j / 64] & bit) == 0) ||
		    !wc_probe_compare(&probe,
		                      data->vectors + (size_t) j * (size_t) data->k,
		                      &scored.score))
			continue;
		if (metric == WC_TOGETHER)
			scored.score =
			    (float) (scored.score *
			             wc_together_ratio(query->likes,
			                               wc_pack_likes(&data->pack, j)));
		scored.score += 0.0f;
		data->expected[count++] = scored;
	}
	free(drop);
	free(allow);
	qsort(data->expected, (size_t) count, sizeof(WcScored), compare_scored);
	return count;
}

/* One query with all metrics and kernels and several n. */
static void
check_likeness(Data *data, const WcQuery *query)
{
	static const int32_t ns[] = {1, 10, INT32_MAX};

	for (int metric = WC_COSINE; metric <= WC_TOGETHER; metric++)
	{
		int32_t n_expected = compare_every_row(data, (WcMetric) metric, query);

		for (int name = 0; kernel_names[name] != NULL; name++)
		{
			if (wc_search_kernel_choose(kernel_names[name]) == NULL)
				continue;
			for (int i = 0; i < 3; i++)
			{
				int32_t n_result = -1;
				WcError error;
				WcStatus status =
				    wc_search_similar(&data->pack, (WcMetric) metric, query,
				                      ns[i], data->result, &n_result,
				                      &(WcJob){.alloc = &check_alloc,
				                               .error = &error,
				                               .kernel = kernel_names[name]});

				if (status != WC_OK || !is_as_expected(data, n_expected, ns[i],
				                                       data->result, n_result))
					check_that(false, kernel_names[name], __FILE__, __LINE__);
				else
					check_passed++;
			}
		}
	}
}

/* Shapes whose products are finite, all filters; like a row, and like none. */
static void
test_search(void)
{
	static const int32_t counts[] = {0, 1, 63, 65, 300, 1500, 3000};
	static const int32_t ks[] = {1, 2, 5, 16, 31, 64, 65, 127, 256};
	uint64_t state = 99;
	uint64_t seed = 0;

	for (int shape = 0; shape < N_SHAPES; shape++)
	{
		for (int i = 0; i < 9; i++)
		{
			Data *data =
			    data_make(counts[seed % 7], ks[i], (Shape) shape,
			              seed % 2 == 0 ? BIAS_NONE : BIAS_LARGE, seed);
			int32_t self = data->count / 3;

			seed++;
			for (int bits = 0; bits < 8; bits++)
			{
				WcQuery query = {.vector = data->query, .likes = bits - 1};

				data_filter(data, 0.3, 0.05, bits % 2 == 0 ? 0.02 : 0.6,
				            &state);
				if (bits < 4 && data->count > 0)
				{
					query.vector =
					    data->vectors + (size_t) self * (size_t) data->k;
					query.exclude = &self;
					query.n_exclude = 1;
				}
				if (bits & 1)
					query.excluded = data->excluded;
				if (bits & 2)
				{
					query.candidates = data->candidates;
					query.n_candidates = data->n_candidates;
				}
				check_likeness(data, &query);
			}
			data_free(data);
		}
	}
}

/*
 * Rows that codes tell badly, all alike: the best is where what is left out of
 * its codes lies in the direction of the query.
 */
static void
test_tight(void)
{
	Data *data = data_make(4000, 32, FLAT, BIAS_NONE, 3);
	WcQuery query = {.vector = data->query};
	WcPackBuilder *builder;

	data_release_pack(data);
	CHECK(wc_pack_begin(WC_ID_INT64, 32, &builder, &check_alloc) == WC_OK);
	for (int32_t j = 0; j < data->count; j++)
	{
		float *vector = data->vectors + j * 32;
		WcId id = {j, NULL, 0};

		for (int32_t f = 0; f < 32; f++)
			vector[f] = j == 3900
			                ? 10.49f
			                : 10.49f + (f % 2 == 0 ? 1 : -1) *
			                               (0.5f + (float) (j % 7) * 0.01f);
		vector[31] = 127;
		CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_OK);
	}
	CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
	for (int32_t f = 0; f < 32; f++)
		data->query[f] = f < 31 ? 1 : 0;
	check_likeness(data, &query);
	CHECK(data->expected[0].index == 3900 || data->expected[0].score > 0);
	for (int32_t f = 0; f < 32; f++)
		data->query[f] = f < 31 ? 10.49f : 127;
	check_likeness(data, &query);
	CHECK(data->expected[0].index == 3900);
	data_free(data);
}

/* What makes a row the most alike rounds to a code of 0, behind many others. */
static void
test_unseen(void)
{
	Data *data = data_make(300, 2, ZERO, BIAS_NONE, 3);
	WcQuery query = {.vector = data->query};
	WcPackBuilder *builder;

	data_release_pack(data);
	CHECK(wc_pack_begin(WC_ID_INT64, 2, &builder, &check_alloc) == WC_OK);
	for (int32_t j = 0; j < data->count; j++)
	{
		float *vector = data->vectors + j * 2;
		WcId id = {j, NULL, 0};

		vector[0] = j == 200 ? 127 : 130;
		vector[1] = j == 200 ? 0.49f : 0.2f;
		CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_OK);
	}
	CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
	CHECK(data->pack.position[200] == 299);
	data->query[0] = 0;
	data->query[1] = 1;
	check_likeness(data, &query);
	CHECK(data->expected[0].index == 200);
	data_free(data);
}

/* The first row that counts whose product overflows is named. */
static void
test_overflow(void)
{
	Data *data = data_make(1000, 4, HUGE_NUMBERS, BIAS_NONE, 8);
	WcQuery query = {.vector = data->query, .excluded = data->excluded};
	int32_t n_result;
	WcError error;

	for (int32_t f = 0; f < 4; f++)
		data->query[f] = f == 0 ? 3e38f : 0;
	for (int32_t first = 0; first < 1000; first += 37)
	{
		float product;
		int32_t row = first;
		WcProbe probe;

		wc_probe_init(&probe, WC_DOT, 4, data->query);
		memset(data->excluded, 0, 1000 / 8);
		for (int32_t j = 0; j < first; j++)
			data->excluded[j / 64] |= UINT64_C(1) << (j % 64);
		while (row < 1000 &&
		       wc_probe_compare(&probe, data->vectors + row * 4, &product) &&
		       isfinite(product))
			row++;
		CHECK(wc_search_similar(
		          &data->pack, WC_DOT, &query, 10, data->result, &n_result,
		          &(WcJob){.alloc = &check_alloc, .error = &error}) ==
		      (row < 1000 ? WC_NOT_FINITE : WC_OK));
		CHECK(row == 1000 || (error.row == row && n_result == 0));
	}
	data_free(data);
}

static void
test_failures(void)
{
	Data *data = data_make(20000, 32, FLAT, BIAS_NONE, 6);
	int32_t self = 7;
	WcQuery query = {
	    .vector = data->vectors + 7 * 32, .exclude = &self, .n_exclude = 1};
	int32_t n_result;
	WcError error;

	check_fail_after = 0;
	CHECK(wc_search_similar(&data->pack, WC_COSINE, &query, 10, data->result,
	                        &n_result,
	                        &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_NO_MEMORY);
	CHECK(error.status == WC_NO_MEMORY);
	check_fail_after = -1;
	for (int32_t n = 10; n <= 20000; n += 19990)
	{
		WcStatus status = WC_CANCELLED;
		long asked;

		for (asked = 0; status != WC_OK && asked < 1000; asked++)
		{
			CheckCancel cancel = {asked, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};

			status = wc_search_similar(
			    &data->pack, WC_COSINE, &query, n, data->result, &n_result,
			    &(WcJob){
			        .alloc = &check_alloc, .hooks = &hooks, .error = &error});
			CHECK(status == WC_OK ||
			      (status == WC_CANCELLED && error.status == WC_CANCELLED &&
			       n_result == 0));
		}
		CHECK(status == WC_OK && asked > 1);
	}
	data_free(data);
}

int
main(void)
{
	static const float scales[] = {1, 1e-30f, 1e-15f, 1e15f, 1e30f};

	for (int32_t k = 1; k <= K_MAX; k++)
	{
		for (int s = 0; s < 5; s++)
		{
			test_twin(k, scales[s], scales[s]);
			test_twin(k, 1, scales[s]);
		}
	}
	test_closed_forms();
	test_together();
	test_zero();
	test_large();
	test_search();
	test_tight();
	test_unseen();
	test_overflow();
	test_failures();
	return check_report("test_similar");
}
