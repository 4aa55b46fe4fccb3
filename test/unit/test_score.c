/*-------------------------------------------------------------------------
 *
 * test_score.c
 *	  The products and comparisons of a ranking: every kernel gives the bits of
 *	  wc_dot, and counts what a plain loop counts.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/ground/internal.h"
#include "core/answer/score.h"

#define ITEMS 23
#define K_MAX 83
#define SCORES 9001

/* Numbers of very different sizes, so that the order of a sum shows. */
static float
number(uint64_t *state)
{
	return (float) ((check_random(state) - 0.5) *
	                pow(10, floor(8 * check_random(state) - 4)));
}

static void
check_dots(const WcScoreKernel *kernel)
{
	uint64_t state = 11;
	int different = 0;
	int touched = 0;

	for (int32_t k = 1; k <= K_MAX; k++)
	{
		/* exactly as long as they are, for the sanitizer to watch */
		float *query = malloc((size_t) k * sizeof(float));
		float *factors = malloc((size_t) (k * ITEMS) * sizeof(float));
		const float *vectors[ITEMS];
		float out[ITEMS + 1];

		if (query == NULL || factors == NULL)
			abort();
		for (int32_t f = 0; f < k; f++)
			query[f] = number(&state);
		for (int32_t f = 0; f < k * ITEMS; f++)
			factors[f] = number(&state);
		for (int32_t j = 0; j < ITEMS; j++)
			vectors[j] = factors + (ITEMS - 1 - j) * k;
		for (int32_t count = 0; count <= ITEMS; count++)
		{
			out[count] = -7;
			kernel->dots(k, query, count, vectors, out);
			for (int32_t j = 0; j < count; j++)
			{
				float expected = wc_dot(k, query, vectors[j]);

				different += memcmp(&expected, &out[j], sizeof(float)) != 0;
			}
			touched += out[count] != -7;
		}
		free(query);
		free(factors);
	}
	CHECK(different == 0);
	CHECK(touched == 0);
}

static void
check_below(const WcScoreKernel *kernel)
{
	float *scores = malloc(SCORES * sizeof(float));
	uint64_t state = 5;
	int wrong = 0;

	if (scores == NULL)
		abort();
	for (int32_t e = 0; e < SCORES; e++)
		scores[e] = e % 50 == 7 ? -INFINITY
		                        : (float) floor(20 * check_random(&state) - 10);
	for (int32_t count = 0; count <= SCORES; count += count < 40 ? 1 : 853)
	{
		for (int limit = -11; limit <= 11; limit++)
		{
			int64_t twice = 0;

			for (int32_t e = 0; e < count; e++)
				twice += scores[e] < (float) limit    ? 2
				         : scores[e] == (float) limit ? 1
				                                      : 0;
			wrong += kernel->below(count, scores, (float) limit) != twice;
		}
	}
	CHECK(wrong == 0);
	free(scores);
}

/* One score against doubles, for every length around the width of a block. */
static void
check_score(void)
{
	uint64_t state = 3;
	float query[K_MAX];
	float vector[K_MAX];

	for (int32_t k = 1; k <= K_MAX; k++)
	{
		double expected = 1.5 + 0.25;

		for (int32_t f = 0; f < k; f++)
		{
			query[f] = (float) (check_random(&state) - 0.5);
			vector[f] = (float) (check_random(&state) - 0.5);
			expected += (double) query[f] * vector[f];
		}
		CHECK_NEAR(wc_score(k, query, 1.5f, vector, 0.25f), expected, 1e-5);
	}
	CHECK(wc_dot(0, NULL, NULL) == 0);
}

int
main(void)
{
	static const char *const names[] = {"avx2", "portable", "auto"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const WcScoreKernel *kernel = wc_score_kernel_choose(names[i]);

		if (kernel == NULL)
			continue;
		check_dots(kernel);
		check_below(kernel);
	}
	check_score();
	CHECK(wc_score_kernel_choose("portable") != NULL);
	CHECK(wc_score_kernel_choose(NULL) == wc_score_kernel_choose("auto"));
	CHECK(wc_score_kernel_choose("") == wc_score_kernel_choose("auto"));
	CHECK(wc_score_kernel_choose("sse9") == NULL);
	return check_report("test_score");
}
