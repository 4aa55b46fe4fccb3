/*-------------------------------------------------------------------------
 *
 * test_similar.c
 *	  Likeness against closed forms and a slow twin in long double, for lengths
 *	  around the width of a block and numbers from the smallest to the largest.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

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
	test_zero();
	test_large();
	return check_report("test_similar");
}
