/*-------------------------------------------------------------------------
 *
 * test_topn.c
 *	  The best n against sorting everything, with ties, exclusions, candidates
 *	  and thresholds; scores are the same bits wherever they are computed.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/internal.h"

#define COUNT 700
#define K_MAX 70

/* Vectors with few distinct components: many scores are equal. */
typedef struct Data
{
	WcVectors vectors;
	float factors[COUNT * K_MAX];
	float bias[COUNT];
	float query[K_MAX];
	uint64_t excluded[(COUNT + 63) / 64];
	int32_t candidates[COUNT];
} Data;

static Data *
create(int32_t count, int32_t k, bool bias, bool ties, uint64_t seed)
{
	Data *data = calloc(1, sizeof(Data));
	uint64_t state = seed * 2 + 1;

	if (data == NULL)
		abort();
	for (int32_t p = 0; p < count * k; p++)
	{
		double x = check_random(&state) - 0.5;

		data->factors[p] = (float) (ties ? floor(x * 3) : x);
	}
	for (int32_t p = 0; p < k; p++)
		data->query[p] = (float) (ties ? p % 2 : check_random(&state) - 0.5);
	for (int32_t j = 0; j < count; j++)
	{
		data->bias[j] = (float) floor(3 * check_random(&state));
		data->candidates[j] = j;
		if (check_random(&state) < 0.3)
			data->excluded[j / 64] |= UINT64_C(1) << (j % 64);
	}
	for (int32_t j = count - 1; j > 0; j--)
	{
		int32_t other = (int32_t) (check_random(&state) * (j + 1));
		int32_t swap = data->candidates[j];

		data->candidates[j] = data->candidates[other];
		data->candidates[other] = swap;
	}
	data->vectors.count = count;
	data->vectors.factors = k;
	data->vectors.factors_data = data->factors;
	data->vectors.bias = bias ? data->bias : NULL;
	return data;
}

static int
compare_scored(const void *a, const void *b)
{
	const WcScored *left = a;
	const WcScored *right = b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->index - right->index;
}

static void
check_search(const Data *data, bool use_candidates, bool use_excluded,
             float min_score, int32_t n)
{
	int32_t searched =
	    use_candidates ? data->vectors.count / 2 : data->vectors.count;
	int32_t room = n < searched ? n : searched;
	WcScored *expected = malloc(sizeof(WcScored) * (size_t) (searched + 1));
	WcScored *result = malloc(sizeof(WcScored) * (size_t) (room + 1));
	int32_t n_expected = 0;
	int32_t n_result = -1;
	bool same = true;

	for (int32_t place = 0; place < searched; place++)
	{
		int32_t j = use_candidates ? data->candidates[place] : place;
		float score = wc_score(&data->vectors, data->query, 0.25f, j);

		if ((use_excluded && (data->excluded[j / 64] >> (j % 64) & 1)) ||
		    score < min_score)
			continue;
		expected[n_expected].score = score;
		expected[n_expected++].index = j;
	}
	qsort(expected, (size_t) n_expected, sizeof(WcScored), compare_scored);
	if (n_expected > n)
		n_expected = n;
	result[room].index = -99;
	CHECK(wc_topn(&data->vectors, data->query, 0.25f,
	              use_candidates ? data->candidates : NULL, searched,
	              use_excluded ? data->excluded : NULL, min_score, n, result,
	              &n_result, NULL, NULL) == WC_OK);
	CHECK(n_result == n_expected);
	for (int32_t r = 0; r < n_expected && r < n_result; r++)
		same = same && result[r].index == expected[r].index &&
		       result[r].score == expected[r].score;
	CHECK(same);
	CHECK(result[room].index == -99);
	free(expected);
	free(result);
}

static void
test_search(int32_t count, int32_t k, bool bias, bool ties)
{
	Data *data = create(count, k, bias, ties, (uint64_t) count + k);
	int32_t sizes[] = {0, 1, 2, 10, 99, count / 2, count, INT32_MAX};

	for (int s = 0; s < 8; s++)
	{
		for (int bits = 0; bits < 4; bits++)
		{
			check_search(data, bits & 1, bits & 2, -INFINITY, sizes[s]);
			check_search(data, bits & 1, bits & 2, 0.25f, sizes[s]);
			check_search(data, bits & 1, bits & 2, 1e30f, sizes[s]);
		}
	}
	free(data);
}

/* Scores against double, for every length around the width of a block. */
static void
test_score(void)
{
	for (int32_t k = 1; k <= K_MAX; k++)
	{
		Data *data = create(9, k, k % 2 == 1, false, (uint64_t) k);

		for (int32_t j = 0; j < 9; j++)
		{
			double score = 1.5 + (k % 2 == 1 ? data->bias[j] : 0);

			for (int32_t p = 0; p < k; p++)
				score += (double) data->query[p] * data->factors[j * k + p];
			CHECK_NEAR(wc_score(&data->vectors, data->query, 1.5f, j), score,
			           1e-5);
		}
		free(data);
	}
	CHECK(wc_dot(0, NULL, NULL) == 0);
}

/* A score that is no number is an error, unless nobody asked for it. */
static void
test_not_finite(void)
{
	Data *data = create(100, 5, false, false, 8);
	WcScored result[10];
	int32_t n_result;
	WcError error;

	data->factors[42 * 5 + 3] = NAN;
	data->excluded[0] &= ~(UINT64_C(1) << 42);
	CHECK(wc_topn(&data->vectors, data->query, 0, NULL, 0, data->excluded,
	              -INFINITY, 10, result, &n_result, NULL,
	              &error) == WC_NOT_FINITE);
	CHECK(error.status == WC_NOT_FINITE && error.row == 42);
	CHECK(n_result == 0);
	data->excluded[0] |= UINT64_C(1) << 42;
	CHECK(wc_topn(&data->vectors, data->query, 0, NULL, 0, data->excluded,
	              -INFINITY, 10, result, &n_result, NULL, &error) == WC_OK);
	CHECK(n_result == 10);
	data->factors[99 * 5] = 3e38f;
	data->excluded[1] &= ~(UINT64_C(1) << (99 - 64));
	data->query[0] = 3e38f;
	for (int32_t j = 0; j < 99; j++)
		data->factors[j * 5] = 0;
	CHECK(wc_topn(&data->vectors, data->query, 0, NULL, 0, data->excluded,
	              INFINITY, 10, result, &n_result, NULL,
	              &error) == WC_NOT_FINITE);
	CHECK(error.row == 99);
	free(data);
}

/* Asked while scoring and while sorting, in proportion to the work. */
static void
test_cancel(void)
{
	int32_t count = 100000;
	float *factors = calloc((size_t) count * 2, sizeof(float));
	WcScored *result = malloc(sizeof(WcScored) * (size_t) count);
	WcVectors vectors = {count, 2, factors, NULL};
	float query[] = {1, 1};
	WcStatus status = WC_CANCELLED;
	int32_t n_result;
	long n = 0;

	for (int32_t j = 0; j < count; j++)
		factors[2 * j] = (float) (j % 1000);
	for (; status != WC_OK && n < 100; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error;

		status = wc_topn(&vectors, query, 0, NULL, 0, NULL, -INFINITY, count,
		                 result, &n_result, &hooks, &error);
		CHECK(status == WC_OK ||
		      (status == WC_CANCELLED && error.status == WC_CANCELLED));
		CHECK(n_result == (status == WC_OK ? count : 0));
	}
	CHECK(status == WC_OK && n > 4);
	for (int32_t j = 1; j < count; j++)
	{
		if (compare_scored(&result[j - 1], &result[j]) >= 0)
			CHECK(!"sorted");
	}
	free(factors);
	free(result);
}

int
main(void)
{
	static const int32_t counts[] = {0, 1, 2, 63, 64, 65, COUNT};
	static const int32_t ks[] = {1, 16, 17, 64};

	for (int c = 0; c < 7; c++)
	{
		for (int bits = 0; bits < 16; bits++)
			test_search(counts[c], ks[bits / 4], bits & 1, bits & 2);
	}
	test_score();
	test_not_finite();
	test_cancel();
	return check_report("test_topn");
}
