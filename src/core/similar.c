/*-------------------------------------------------------------------------
 *
 * similar.c
 *	  How alike two vectors are.
 *
 * Sums are in float32, by the function that scores use.  Where a squared length
 * leaves the range in which its float32 sum has its digits, or where digits
 * cancel (distances), they are in float64, whose range holds any product of two
 * float32 numbers.
 *
 * A vector of zeros has no direction: there is no cosine with it, and we invent
 * none.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/internal.h"

/* Squared lengths outside of these are summed again in float64. */
#define SQUARE_MIN 1e-24f
#define SQUARE_MAX 1e30f

static double
dot_double(int32_t k, const float *a, const float *b)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
		sum += (double) a[f] * b[f];
	return sum;
}

static double
distance(int32_t k, const float *a, const float *b)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
	{
		double difference = (double) a[f] - b[f];

		sum += difference * difference;
	}
	return sqrt(sum);
}

static inline bool
in_range(double square)
{
	return square >= SQUARE_MIN && square <= SQUARE_MAX;
}

void
wc_probe_init(WcProbe *probe, WcMetric metric, int32_t factors,
              const float *vector)
{
	probe->metric = metric;
	probe->factors = factors;
	probe->vector = vector;
	probe->square = wc_dot(factors, vector, vector);
	probe->exact_square = dot_double(factors, vector, vector);
}

static bool
cosine(const WcProbe *probe, const float *vector, float *similarity)
{
	double left = probe->square;
	double right = wc_dot(probe->factors, vector, vector);
	double product;

	if (in_range(left) && in_range(right))
		product = wc_dot(probe->factors, probe->vector, vector);
	else
	{
		left = probe->exact_square;
		right = dot_double(probe->factors, vector, vector);
		product = dot_double(probe->factors, probe->vector, vector);
	}
	if (left == 0 || right == 0)
		return false;
	product /= sqrt(left) * sqrt(right);
	*similarity = (float) fmax(-1, fmin(1, product));
	return true;
}

bool
wc_probe_compare(const WcProbe *probe, const float *vector, float *similarity)
{
	switch (probe->metric)
	{
		case WC_COSINE:
			return cosine(probe, vector, similarity);
		case WC_DOT:
			*similarity = wc_dot(probe->factors, probe->vector, vector);
			return true;
		case WC_EUCLIDEAN:
			*similarity = (float) (1 / (1 + distance(probe->factors,
			                                         probe->vector, vector)));
			return true;
	}
	return false;
}
