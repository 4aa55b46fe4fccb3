/*-------------------------------------------------------------------------
 *
 * test_search.c
 *	  Search equals scoring every row and sorting, bit for bit: for vectors of
 *	  all shapes, every kernel and filter, one query and many.  Of
 *	  core/answer/kernel_search.c, too.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "packs.h"

#include "core/answer/pack.h"

/* The slow, obvious way; all of them, in order. */
static int32_t
score_every_row(Data *data, const WcQuery *query)
{
	uint64_t *drop = calloc((size_t) data->count / 64 + 1, sizeof(uint64_t));
	uint64_t *allow = calloc((size_t) data->count / 64 + 1, sizeof(uint64_t));
	int32_t count = 0;

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
		    (query->candidates != NULL && (allow[j / 64] & bit) == 0))
			continue;
		scored.score = data_score(data, query, j);
		if (scored.score >= query->min_score)
			data->expected[count++] = scored;
	}
	free(drop);
	free(allow);
	qsort(data->expected, (size_t) count, sizeof(WcScored), compare_scored);
	return count;
}

/* One query with all kernels and several n, filters as they are set. */
static void
check_query(Data *data, const WcQuery *query)
{
	static const int32_t ns[] = {1, 10, INT32_MAX};
	int32_t n_expected = score_every_row(data, query);

	for (int name = 0; kernel_names[name] != NULL; name++)
	{
		if (wc_search_kernel_choose(kernel_names[name]) == NULL)
			continue;
		for (int i = 0; i < 3; i++)
		{
			int32_t n_result = -1;
			WcError error;
			WcStatus status =
			    wc_search(&data->pack, query, ns[i], data->result, &n_result,
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

static void
test_filters(Data *data, uint64_t *state)
{
	static const double shares[][3] = {
	    {0, 0, 0.001}, {0.2, 0.01, 0.05}, {0.9, 0.2, 0.3}, {0.5, 0.99, 0.95}};
	int32_t middle = score_every_row(data, &(WcQuery){.vector = data->query,
	                                                  .base = data->base,
	                                                  .min_score = -INFINITY});

	for (int i = 0; i < 4; i++)
	{
		float min_scores[] = {-INFINITY, 0, INFINITY};

		data_filter(data, shares[i][0], shares[i][1], shares[i][2], state);
		if (i % 2 == 0 && middle > 0)
			min_scores[1] = data->expected[middle / 20].score; /* met exactly */
		/* half of the combinations now, the others with other data */
		for (int bits = (int) (check_random(state) * 2); bits < 8; bits += 2)
		{
			WcQuery query = {.vector = data->query, .base = data->base};

			query.min_score = min_scores[(bits + i) % 3];
			if (bits & 1)
				query.excluded = data->excluded;
			if (bits & 2)
			{
				query.exclude = data->exclude;
				query.n_exclude = data->n_exclude;
			}
			if (bits & 4)
			{
				query.candidates = data->candidates;
				query.n_candidates = data->n_candidates;
			}
			check_query(data, &query);
		}
	}
}

static void
test_shapes(void)
{
	static const int32_t counts[] = {0, 1, 63, 64, 65, 300, 1500};
	static const int32_t ks[] = {1, 2, 3, 5, 16, 31, 64, 65, 127, 256};
	uint64_t state = 4711;
	uint64_t seed = 0;

	for (int s = 0; s < N_SHAPES; s++)
	{
		for (int b = 0; b < N_BIASES; b++)
		{
			for (int i = 0; i < 10; i++)
			{
				/* every k with every shape and bias, counts in turns */
				Data *data = data_make(counts[seed % 7], ks[i], (Shape) s,
				                       (Biases) b, seed);

				seed++;
				test_filters(data, &state);
				data_free(data);
			}
		}
	}
}

static void
test_widest(void)
{
	Data *data = data_make(300, WC_FACTORS_MAX, SKEWED, BIAS_SMALL, 5);
	uint64_t state = 5;

	test_filters(data, &state);
	data_free(data);
}

/*
 * Codes of a query and of rows at their largest, where sums of products are
 * widest: no kernel may lose a carry.
 */
static void
test_extreme_codes(void)
{
	for (int sign = -1; sign <= 1; sign += 2)
	{
		Data *data = data_make(200, 128, FLAT, BIAS_NONE, 1);
		WcQuery query = {.vector = data->query, .min_score = -INFINITY};
		WcPackBuilder *builder;

		data_release_pack(data);
		CHECK(wc_pack_begin(WC_ID_INT64, 128, &builder, &check_alloc) == WC_OK);
		for (int32_t j = 0; j < 200; j++)
		{
			WcId id = {j, NULL, 0};

			for (int32_t f = 0; f < 128; f++)
				data->vectors[j * 128 + f] =
				    (float) (j % 3 == 0 || f >= j ? 1 : -1);
			CHECK(wc_pack_add(builder, &id, data->vectors + j * 128, 0, 0, 0) ==
			      WC_OK);
		}
		CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
		for (int32_t f = 0; f < 128; f++)
			data->query[f] = (float) sign;
		check_query(data, &query);
		data_free(data);
	}
}

/*
 * What codes leave out, all in the direction of the query: the bound is met with
 * equality, and the best row is behind many whose codes promise more.
 */
static void
test_tight_bound(void)
{
	Data *data = data_make(200, 32, FLAT, BIAS_NONE, 1);
	WcQuery query = {.vector = data->query, .min_score = -INFINITY};
	WcPackBuilder *builder;

	data_release_pack(data);
	CHECK(wc_pack_begin(WC_ID_INT64, 32, &builder, &check_alloc) == WC_OK);
	for (int32_t j = 0; j < 200; j++)
	{
		float *vector = data->vectors + j * 32;
		WcId id = {j, NULL, 0};

		/* 435 of whole codes, and a large norm; or 441.7 with halves of codes */
		for (int32_t f = 0; f < 32; f++)
			vector[f] = j == 150 ? 10.49f : f <= 8 ? 11 : 10;
		vector[0] = 127;
		vector[31] = j == 150 ? 0 : 127;
		CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_OK);
	}
	CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
	for (int32_t f = 0; f < 32; f++)
		data->query[f] = f < 31 ? 1 : 0;
	check_query(data, &query);
	CHECK(data->expected[0].index == 150 && data->pack.position[150] == 199);
	data_free(data);
}

/* A row that a search looks at early. */
static int32_t
one_near_the_front(const Data *data, int32_t place)
{
	const WcPack *layer = wc_pack_layer(&data->pack, 0);
	int32_t index = wc_pack_index_at(&data->pack, layer, place % layer->count);

	return index < 0 ? 0 : index;
}

/* Many queries at once equal one after the other, on any number of threads. */
static void
test_many(int32_t count, int32_t k, Shape shape, int32_t n_queries, int32_t n)
{
	Data *data = data_make(count, k, shape, BIAS_SMALL, 99);
	size_t total = (size_t) n_queries * (size_t) n + 1;
	WcQuery *queries = calloc((size_t) n_queries + 1, sizeof(WcQuery));
	float *vectors = calloc((size_t) n_queries * (size_t) k + 1, sizeof(float));
	int32_t *lists = calloc((size_t) n_queries * 50 + 1, sizeof(int32_t));
	WcScored *results = calloc(total, sizeof(WcScored));
	int32_t *n_results = calloc((size_t) n_queries + 1, sizeof(int32_t));
	uint64_t state = 3;
	WcError error;

	data_filter(data, 0.1, 0, 0, &state);
	for (int32_t q = 0; q < n_queries; q++)
	{
		WcQuery *query = &queries[q];

		fill_vector(shape, k, q, n_queries, vectors + (size_t) q * (size_t) k,
		            &state);
		query->vector = vectors + (size_t) q * (size_t) k;
		query->base = (float) (q % 5);
		query->min_score = q % 7 == 0 ? 5 : -INFINITY;
		query->excluded = q % 3 == 0 ? data->excluded : NULL;
		query->exclude = lists + (size_t) q * 50;
		query->n_exclude = q % 4 == 0 ? 0 : q % 50;
		for (int64_t i = 0; i < query->n_exclude; i++)
			lists[q * 50 + i] = (int32_t) (check_random(&state) * count);
		/* the largest of a list is often one of the best: leave some out */
		if (query->n_exclude > 2)
			lists[q * 50] = one_near_the_front(data, q);
	}
	for (int name = 0; kernel_names[name] != NULL; name++)
	{
		for (int32_t threads = 1; threads <= 3; threads += 2)
		{
			memset(results, 0, total * sizeof(WcScored));
			if (wc_search_kernel_choose(kernel_names[name]) == NULL)
				continue;
			CHECK(wc_search_many(&data->pack, n_queries, queries, n, results,
			                     n_results,
			                     &(WcJob){.alloc = &check_alloc,
			                              .error = &error,
			                              .kernel = kernel_names[name],
			                              .threads = threads}) == WC_OK);
			for (int32_t q = 0; q < n_queries; q++)
			{
				int32_t n_expected = score_every_row(data, &queries[q]);

				if (!is_as_expected(data, n_expected, n,
				                    results + (size_t) q * (size_t) n,
				                    n_results[q]))
					CHECK(!"many equal one");
			}
		}
	}
	/* the row whose score is not finite, and whose query it is */
	if (n_queries > 150 && n > 0)
	{
		for (int32_t f = 0; f < k; f++)
			vectors[(size_t) 140 * (size_t) k + (size_t) f] = f == 0 ? NAN : 0;
		queries[140].n_exclude = 0;
		queries[140].excluded = NULL;
		CHECK(wc_search_many(&data->pack, n_queries, queries, n, results,
		                     n_results,
		                     &(WcJob){.alloc = &check_alloc,
		                              .error = &error,
		                              .threads = 2}) == WC_NOT_FINITE);
		CHECK(error.other == 140 && error.row == 0);
	}
	free(queries);
	free(vectors);
	free(lists);
	free(results);
	free(n_results);
	data_free(data);
}

/* The first row that counts and whose score overflows is named. */
static void
test_not_finite(void)
{
	Data *data = data_make(1000, 4, HUGE_NUMBERS, BIAS_NONE, 8);
	WcQuery query = {.vector = data->query, .min_score = -INFINITY};
	uint64_t state = 1;
	int32_t n_result;
	WcError error;

	for (int32_t f = 0; f < 4; f++)
		data->query[f] = f == 0 ? 3e38f : 0;
	for (int32_t left = 0; left < 20; left++)
	{
		int32_t first = 0;

		data_filter(data, 0.3 + left * 0.034, 0, 0.5, &state);
		query.excluded = data->excluded;
		while (first < 1000 &&
		       (((data->excluded[first / 64] >> (first % 64)) & 1) != 0 ||
		        isfinite(data_score(data, &query, first))))
			first++;
		CHECK(wc_search(&data->pack, &query, left % 2 ? 10 : 1000, data->result,
		                &n_result,
		                &(WcJob){.alloc = &check_alloc, .error = &error}) ==
		      (first < 1000 ? WC_NOT_FINITE : WC_OK));
		CHECK(first == 1000 ||
		      (error.status == WC_NOT_FINITE && error.row == first));
	}
	data->query[1] = NAN;
	query.excluded = NULL;
	CHECK(wc_search(&data->pack, &query, 1, data->result, &n_result,
	                &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_NOT_FINITE);
	CHECK(error.row == 0 && n_result == 0);
	data_free(data);
}

/* Whichever allocation fails, and whenever it is cancelled. */
static void
test_failures(void)
{
	Data *data = data_make(20000, 8, FLAT, BIAS_STEPS, 77);
	uint64_t state = 2;
	WcQuery query = {.vector = data->query, .min_score = -INFINITY};
	WcQuery queries[300];
	int32_t n_results[300];
	int32_t n_result;
	WcError error;

	data_filter(data, 0.1, 0.1, 0.6, &state);
	query.excluded = data->excluded;
	query.exclude = data->exclude;
	query.n_exclude = data->n_exclude;
	for (int i = 0; i < 300; i++)
		queries[i] = query;
	query.candidates = data->candidates;
	query.n_candidates = data->n_candidates;
	for (int way = 0; way < 3; way++)
	{
		int32_t n = way == 0 ? 10 : 20000;
		WcStatus status = WC_NO_MEMORY;
		long fail;

		for (fail = 0; status != WC_OK && fail < 50; fail++)
		{
			check_fail_after = fail;
			status = way == 2 ? wc_search_many(&data->pack, 300, queries, 10,
			                                   data->result, n_results,
			                                   &(WcJob){.alloc = &check_alloc,
			                                            .error = &error,
			                                            .threads = 2})
			                  : wc_search(&data->pack, &query, n, data->result,
			                              &n_result,
			                              &(WcJob){.alloc = &check_alloc,
			                                       .error = &error});
			check_fail_after = -1;
			CHECK(status == WC_OK || status == WC_NO_MEMORY);
		}
		CHECK(status == WC_OK && fail > 1);

		status = WC_CANCELLED;
		for (fail = 0; status != WC_OK && fail < 1000; fail++)
		{
			CheckCancel cancel = {fail, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};

			status = way == 2 ? wc_search_many(&data->pack, 300, queries, 10,
			                                   data->result, n_results,
			                                   &(WcJob){.alloc = &check_alloc,
			                                            .hooks = &hooks,
			                                            .error = &error})
			                  : wc_search(&data->pack, &query, n, data->result,
			                              &n_result,
			                              &(WcJob){.alloc = &check_alloc,
			                                       .hooks = &hooks,
			                                       .error = &error});
			CHECK(status == WC_OK ||
			      (status == WC_CANCELLED && error.status == WC_CANCELLED));
		}
		CHECK(status == WC_OK && fail > 1);
	}
	data_free(data);
}

int
main(void)
{
	test_shapes();
	test_widest();
	test_extreme_codes();
	test_tight_bound();
	test_many(1000, 16, SKEWED, 300, 10);
	test_many(5000, 33, FLAT, 5, 100);
	test_many(70, 8, EQUAL, 200, 70);
	test_many(500, 7, HUGE_NUMBERS, 130, 3);
	test_many(10, 7, SKEWED, 0, 3);
	test_not_finite();
	test_failures();
	return check_report("test_search");
}
