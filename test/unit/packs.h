/*-------------------------------------------------------------------------
 *
 * packs.h
 *	  Packs of vectors of all shapes, filters, and the comparison of answers, for
 *	  the tests of searches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_PACKS_H
#define WALS_PACKS_H

#include "check.h"

#include "core/answer/kernel_search.h"

static const char *const kernel_names[] = {"avx512vnni", "avx512", "avx2",
                                           "portable", NULL};

/* What vectors look like. */
typedef enum Shape
{
	SKEWED, /* norms fall by a power law, as those of factors do */
	FLAT, /* all norms are 1 */
	EQUAL, /* five vectors in turns: ties everywhere */
	ZERO, /* all zeros, but for biases */
	SPARSE, /* one factor besides zeros, and every third vector zero */
	TINY_NUMBERS, /* below what codes can tell, denormals included */
	LARGE_NUMBERS, /* scores up to 1e36 */
	HUGE_NUMBERS, /* finite scores whose bounds overflow */
	INTEGERS, /* exact products: scores that tie exactly */
	N_SHAPES
} Shape;

typedef enum Biases
{
	BIAS_NONE,
	BIAS_SMALL,
	BIAS_LARGE, /* decide alone */
	BIAS_STEPS, /* -1, 0, 1: more ties */
	N_BIASES
} Biases;

typedef struct Data
{
	int32_t count;
	int32_t k;
	float *vectors;
	float *bias;
	bool layered; /* pack is base and delta */
	WcPack lower;
	WcPack upper;
	WcPack pack;
	float *query;
	float base;
	uint64_t *excluded;
	int32_t *exclude;
	int64_t n_exclude;
	int32_t *candidates;
	int64_t n_candidates;
	WcScored *expected;
	WcScored *result;
} Data;

static const char identity[WC_PACK_IDENTITY] = "test";

static inline double
normal(uint64_t *state)
{
	double sum = 0;

	for (int i = 0; i < 6; i++)
		sum += check_random(state) - 0.5;
	return sum * 1.41;
}

static inline void
fill_vector(Shape shape, int32_t k, int32_t j, int32_t count, float *vector,
            uint64_t *state)
{
	double norm = 0;
	double factor = 1;

	if (shape == EQUAL)
	{
		uint64_t same = (uint64_t) (j % 5) + 7;

		for (int32_t f = 0; f < k; f++)
			vector[f] = (float) normal(&same);
		return;
	}
	for (int32_t f = 0; f < k; f++)
	{
		vector[f] = (float) normal(state);
		norm += (double) vector[f] * vector[f];
	}
	switch (shape)
	{
		case SKEWED:
			factor = 3 / pow(1 + (j * 7919) % count, 0.6);
			break;
		case FLAT:
			factor = norm > 0 ? 1 / sqrt(norm) : 1;
			break;
		case ZERO:
			factor = 0;
			break;
		case TINY_NUMBERS:
			factor = pow(10, -30 - j % 16);
			break;
		case LARGE_NUMBERS:
			factor = 1e18 / sqrt(k) / 4;
			break;
		case HUGE_NUMBERS:
			factor = j % 3 == 0 ? 1e19 / sqrt(k) / 8 : 1;
			break;
		case SPARSE:
		case INTEGERS:
		case EQUAL:
		case N_SHAPES:
			break;
	}
	for (int32_t f = 0; f < k; f++)
	{
		if (shape == SPARSE)
			vector[f] = f == j % k && j % 3 != 0 ? vector[f] : 0;
		else if (shape == INTEGERS)
			vector[f] = (float) (int) (vector[f] * 1.5);
		else
			vector[f] = (float) (vector[f] * factor);
	}
}

/* Whether the row j of layered data is in the base, in the delta, or both. */
static inline bool
is_in_base(int32_t j)
{
	return j % 5 != 1;
}

static inline bool
is_in_delta(int32_t j)
{
	return j % 5 == 1 || j % 7 == 3;
}

static inline WcPackBuilder *
pack_begin(int32_t k)
{
	WcPackBuilder *builder = NULL;

	CHECK(wc_pack_begin(WC_ID_INT64, k, &builder, &check_alloc) == WC_OK);
	return builder;
}

/* Id 2 j is row j; odd ones are rows of the base that are removed. */
static inline void
pack_add(const Data *data, WcPackBuilder *builder, int64_t number, int32_t j)
{
	WcId id = {number, NULL, 0};

	if (wc_pack_add(builder, &id, data->vectors + (size_t) j * (size_t) data->k,
	                data->bias[j], j % 11, (j + 3) % 7) != WC_OK)
		CHECK(!"added");
}

/*
 * Make the pack of the data's rows, or the same from a base that has other rows
 * for some ids and rows of further ids, and a delta.
 */
static inline void
data_pack(Data *data)
{
	WcPackBuilder *builder = pack_begin(data->k);
	WcIdMap *removed;

	if (!data->layered)
	{
		for (int32_t j = 0; j < data->count; j++)
			pack_add(data, builder, 2 * (int64_t) j, j);
		CHECK(wc_pack_finish(builder, identity, &data->pack, NULL) == WC_OK);
		return;
	}
	CHECK(wc_idmap_create(WC_ID_INT64, &removed, &check_alloc) == WC_OK);
	for (int32_t j = 0; j < data->count; j++)
	{
		WcId odd = {2 * (int64_t) j + 1, NULL, 0};
		int32_t index;

		if (is_in_base(j))
			pack_add(data, builder, 2 * (int64_t) j,
			         is_in_delta(j) ? (j * 3) % data->count : j);
		if (j % 4 != 0)
			continue;
		pack_add(data, builder, odd.number, (j * 5) % data->count);
		CHECK(wc_idmap_add(removed, &odd, &index) == WC_OK);
	}
	CHECK(wc_pack_finish(builder, identity, &data->lower, NULL) == WC_OK);
	builder = pack_begin(data->k);
	for (int32_t j = 0; j < data->count; j++)
	{
		if (is_in_delta(j))
			pack_add(data, builder, 2 * (int64_t) j, j);
	}
	CHECK(wc_pack_change(builder, &data->lower, removed) == WC_OK);
	CHECK(wc_pack_finish(builder, identity, &data->upper, NULL) == WC_OK);
	CHECK(wc_pack_lay(&data->lower, &data->upper, &data->pack));
	CHECK(data->pack.count == data->count);
	wc_idmap_free(removed);
}

static inline void
data_release_pack(Data *data)
{
	free(data->lower.owned);
	free(data->upper.owned);
	free(data->pack.owned);
	data->lower.owned = data->upper.owned = data->pack.owned = NULL;
}

static inline Data *
data_make(int32_t count, int32_t k, Shape shape, Biases biases, uint64_t seed)
{
	Data *data = calloc(1, sizeof(Data));
	uint64_t state = seed * 977 + 13;
	size_t rows = (size_t) count + 1;

	data->count = count;
	data->layered = (seed ^ (uint64_t) count) % 2 == 1;
	data->k = k;
	data->vectors = calloc(rows * (size_t) k, sizeof(float));
	data->bias = calloc(rows, sizeof(float));
	data->query = calloc((size_t) k, sizeof(float));
	data->excluded = calloc(rows / 64 + 1, sizeof(uint64_t));
	data->exclude = calloc(rows, sizeof(int32_t));
	data->candidates = calloc(rows, sizeof(int32_t));
	data->expected = calloc(rows, sizeof(WcScored));
	data->result = calloc(rows, sizeof(WcScored));
	fill_vector(shape, k, 0, 1, data->query, &state);
	if (shape == FLAT || shape == SKEWED)
	{
		/* some direction matters more: so do factors' */
		for (int32_t f = 0; f < k; f++)
			data->query[f] *= f == 0 ? 3 : 1;
	}
	data->base = biases == BIAS_NONE ? 0 : (float) normal(&state);
	for (int32_t j = 0; j < count; j++)
	{
		float *vector = data->vectors + (size_t) j * (size_t) k;

		fill_vector(shape, k, j, count, vector, &state);
		if (biases == BIAS_SMALL)
			data->bias[j] = (float) (normal(&state) * 0.1);
		else if (biases == BIAS_LARGE)
			data->bias[j] = (float) (normal(&state) * 10 - 3);
		else if (biases == BIAS_STEPS)
			data->bias[j] = (float) (j % 3 - 1);
	}
	data_pack(data);
	return data;
}

static inline void
data_free(Data *data)
{
	data_release_pack(data);
	free(data->vectors);
	free(data->bias);
	free(data->query);
	free(data->excluded);
	free(data->exclude);
	free(data->candidates);
	free(data->expected);
	free(data->result);
	free(data);
}

/* Leave out about a share of the rows, by bitmap and by list. */
static inline void
data_filter(Data *data, double excluded, double listed, double candidates,
            uint64_t *state)
{
	data->n_exclude = 0;
	data->n_candidates = 0;
	memset(data->excluded, 0,
	       ((size_t) data->count / 64 + 1) * sizeof(uint64_t));
	for (int32_t j = 0; j < data->count; j++)
	{
		if (check_random(state) < excluded)
			data->excluded[j / 64] |= UINT64_C(1) << (j % 64);
		if (check_random(state) < listed)
			data->exclude[data->n_exclude++] = j;
		if (check_random(state) < candidates)
			data->candidates[data->n_candidates++] = j;
	}
	for (int64_t i = data->n_candidates - 1; i > 0; i--)
	{
		int64_t other = (int64_t) (check_random(state) * (double) (i + 1));
		int32_t swap = data->candidates[i];

		data->candidates[i] = data->candidates[other];
		data->candidates[other] = swap;
	}
}

/* Score of a row. */
static inline float
data_score(const Data *data, const WcQuery *query, int32_t index)
{
	return wc_score(data->k, query->vector, query->base,
	                data->vectors + (size_t) index * (size_t) data->k,
	                data->bias[index]);
}

/* qsort: descending score, then ascending index. */
static inline int
compare_scored(const void *a, const void *b)
{
	const WcScored *left = a;
	const WcScored *right = b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static inline bool
is_as_expected(const Data *data, int32_t n_expected, int32_t n,
               const WcScored *result, int32_t n_result)
{
	if (n_expected > n)
		n_expected = n;
	return n_result == n_expected &&
	       (n_result == 0 || memcmp(result, data->expected,
	                                (size_t) n_result * sizeof(WcScored)) == 0);
}

#endif /* WALS_PACKS_H */
