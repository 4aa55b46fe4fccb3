/*-------------------------------------------------------------------------
 *
 * test_rerank.c
 *	  Maximal marginal relevance against a twin that looks at every pair each
 *	  time; what popularity costs against its formula.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define COUNT 60
#define K_MAX 20

typedef struct Data
{
	float factors[COUNT][K_MAX];
	const float *vectors[COUNT];
	double relevance[COUNT];
} Data;

/* Descending relevance, every third vector near another one. */
static void
fill(Data *data, int32_t k, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;
	double relevance = 5;

	for (int32_t j = 0; j < COUNT; j++)
	{
		for (int32_t f = 0; f < k; f++)
			data->factors[j][f] = j % 3 == 2
			                          ? data->factors[j - 2][f] +
			                                0.01f * (float) check_random(&state)
			                          : (float) check_random(&state) - 0.5f;
		data->vectors[j] = data->factors[j];
		data->relevance[j] = relevance;
		relevance -= j % 5 == 0 ? 0 : check_random(&state);
	}
}

static double
cosine(const Data *data, int32_t k, int32_t a, int32_t b)
{
	double product = 0;
	double left = 0;
	double right = 0;

	for (int32_t f = 0; f < k; f++)
	{
		product += (double) data->factors[a][f] * data->factors[b][f];
		left += (double) data->factors[a][f] * data->factors[a][f];
		right += (double) data->factors[b][f] * data->factors[b][f];
	}
	return left == 0 || right == 0 ? 0 : product / sqrt(left * right);
}

/* How much less than the best the choice at each place is worth. */
static double
largest_regret(const Data *data, int32_t count, int32_t k, double diversity,
               int32_t places, const int32_t *order)
{
	double lowest = data->relevance[count - 1];
	double range = data->relevance[0] - lowest;
	double largest = 0;

	for (int32_t place = 0; place < places; place++)
	{
		double best = -INFINITY;
		double taken = -INFINITY;

		for (int32_t r = place; r < count; r++)
		{
			int32_t j = order[r];
			double scaled =
			    range > 0 ? (data->relevance[j] - lowest) / range : 1;
			double closest = place > 0 ? -INFINITY : 0;
			double value;

			for (int32_t s = 0; s < place; s++)
				closest = fmax(closest, cosine(data, k, j, order[s]));
			value = (1 - diversity) * scaled - diversity * closest;
			best = fmax(best, value);
			if (r == place)
				taken = value;
		}
		largest = fmax(largest, best - taken);
	}
	return largest;
}

static bool
is_permutation(int32_t count, const int32_t *order)
{
	bool seen[COUNT] = {false};

	for (int32_t r = 0; r < count; r++)
	{
		if (order[r] < 0 || order[r] >= count || seen[order[r]])
			return false;
		seen[order[r]] = true;
	}
	return true;
}

static void
test_twin(const Data *data, int32_t count, int32_t k, double diversity,
          int32_t places)
{
	int32_t order[COUNT + 1];
	int32_t chosen = places < count ? places : count;
	bool ascending = true;

	order[count] = -99;
	CHECK(wc_diversify((WcVectors){count, k, data->vectors}, data->relevance,
	                   diversity, places, order, &check_alloc, NULL) == WC_OK);
	CHECK(order[count] == -99);
	CHECK(is_permutation(count, order));
	CHECK(largest_regret(data, count, k, diversity, chosen, order) < 1e-6);
	for (int32_t r = chosen + 1; r < count; r++)
		ascending = ascending && order[r - 1] < order[r];
	CHECK(ascending);
	if (diversity == 0)
	{
		for (int32_t r = 0; r < count; r++)
			CHECK(order[r] == r);
	}
	if (count > 0 && places > 0)
		CHECK(order[0] == 0);
}

/* Two of a kind: the second has to be much better than something new. */
static void
test_by_hand(void)
{
	float a[] = {1, 0};
	float b[] = {2, 0};
	float c[] = {0, 1};
	float d[] = {0, 0};
	const float *vectors[] = {a, b, c, d};
	double relevance[] = {10, 9, 5, 0};
	int32_t order[4];

	/* b: 0.9 (1 - d) - d, c: 0.5 (1 - d), d: 0; equal at d = 0.4 / 1.4 */
	CHECK(wc_diversify((WcVectors){4, 2, vectors}, relevance, 0.28, 4, order,
	                   &check_alloc, NULL) == WC_OK);
	CHECK(order[0] == 0 && order[1] == 1 && order[2] == 2 && order[3] == 3);
	CHECK(wc_diversify((WcVectors){4, 2, vectors}, relevance, 0.29, 4, order,
	                   &check_alloc, NULL) == WC_OK);
	CHECK(order[0] == 0 && order[1] == 2 && order[2] == 1 && order[3] == 3);
	/* nothing but difference: zeros are like nothing, ties in order */
	CHECK(wc_diversify((WcVectors){4, 2, vectors}, relevance, 1, 4, order,
	                   &check_alloc, NULL) == WC_OK);
	CHECK(order[0] == 0 && order[1] == 2 && order[2] == 3 && order[3] == 1);
	/* an opposite is better than something unrelated */
	b[0] = -2;
	CHECK(wc_diversify((WcVectors){4, 2, vectors}, relevance, 1, 2, order,
	                   &check_alloc, NULL) == WC_OK);
	CHECK(order[0] == 0 && order[1] == 1 && order[2] == 2 && order[3] == 3);
	/* all equally relevant */
	for (int32_t j = 0; j < 4; j++)
		relevance[j] = -3;
	CHECK(wc_diversify((WcVectors){4, 2, vectors}, relevance, 0.5, 4, order,
	                   &check_alloc, NULL) == WC_OK);
	CHECK(order[0] == 0 && order[1] == 1 && order[2] == 2 && order[3] == 3);
}

static void
test_failures(const Data *data)
{
	int32_t order[COUNT];
	WcStatus status = WC_NO_MEMORY;
	long n;

	for (n = 0; status != WC_OK && n < 10; n++)
	{
		check_fail_after = n;
		status =
		    wc_diversify((WcVectors){COUNT, 5, data->vectors}, data->relevance,
		                 0.5, COUNT, order, &check_alloc, NULL);
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n == 3);
}

static void
test_cancel(void)
{
	enum
	{
		MANY = 20000
	};
	float vector[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const float **vectors = malloc(sizeof(float *) * MANY);
	double *relevance = calloc(MANY, sizeof(double));
	int32_t *order = malloc(sizeof(int32_t) * MANY);
	WcStatus status = WC_CANCELLED;
	long n = 0;

	for (int32_t j = 0; j < MANY; j++)
		vectors[j] = vector;
	for (; status != WC_OK && n < 1000; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		status = wc_diversify((WcVectors){MANY, 8, vectors}, relevance, 0.5,
		                      200, order, &check_alloc, &hooks);
		CHECK(status == WC_OK || status == WC_CANCELLED);
	}
	CHECK(status == WC_OK && n > 50);
	free(vectors);
	free(relevance);
	free(order);
}

static void
test_popularity(void)
{
	CHECK(wc_popularity_cost(0.5, 100, 100) == 0.5);
	CHECK(wc_popularity_cost(0.5, 0, 100) == 0);
	CHECK(wc_popularity_cost(0, 50, 100) == 0);
	CHECK_NEAR(wc_popularity_cost(2, 9, 999), 2.0 / 3, 1e-12);
	CHECK(wc_popularity_cost(1, 1, 1) == 1);
	CHECK(wc_popularity_cost(1, 0, 0) == 0);
	CHECK(wc_popularity_cost(1, -5, 10) == 0);
	CHECK(wc_popularity_cost(1, INT32_MIN, INT32_MIN) == 0);
	CHECK(wc_popularity_cost(1, INT32_MAX, INT32_MAX) == 1);
}

int
main(void)
{
	static const int32_t counts[] = {0, 1, 2, 3, 17, COUNT};
	static const double diversities[] = {0, 0.1, 0.5, 0.9, 1};
	static Data data;

	for (int32_t k = 1; k <= K_MAX; k += 3)
	{
		fill(&data, k, (uint64_t) k);
		for (int c = 0; c < 6; c++)
		{
			for (int d = 0; d < 5; d++)
			{
				test_twin(&data, counts[c], k, diversities[d], 0);
				test_twin(&data, counts[c], k, diversities[d], 5);
				test_twin(&data, counts[c], k, diversities[d], INT32_MAX);
			}
		}
	}
	test_by_hand();
	fill(&data, 5, 99);
	test_failures(&data);
	test_cancel();
	test_popularity();
	return check_report("test_rerank");
}
