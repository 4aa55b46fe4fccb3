/*-------------------------------------------------------------------------
 *
 * test_gram.c
 *	  The Gram matrix against sums in float64, around the edges of strips and
 *	  panels.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/numerics.h"

#define K_MAX 64
#define COUNT_MAX 6000

static float factors[COUNT_MAX * K_MAX];
static float share[COUNT_MAX];
static float strip[512 * K_MAX];
static float partial[K_MAX * K_MAX];
static double gram[K_MAX * K_MAX];
static double again[K_MAX * K_MAX];
static float gram_float[K_MAX * K_MAX];

static WcStatus
compute(int32_t count, int32_t k, const float *t, int32_t strip_rows,
        double *result, const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	return wc_gram(wc_blas(), count, k, factors, t, strip_rows, strip, partial,
	               result, gram_float, &pace);
}

static void
test_sums(void)
{
	static const int32_t counts[] = {0,    1,    2,    127,  128,      129,
	                                 2047, 2048, 2049, 4096, COUNT_MAX};
	static const int32_t widths[] = {1, 3, 8, 17, K_MAX};
	double worst = 0;

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
			for (int weighted = 0; weighted < 2; weighted++)
			{
				int32_t count = counts[c];
				int32_t k = widths[w];
				bool symmetric = true;
				bool same = true;

				/* A wrong leftover must not survive. */
				for (int cell = 0; cell < K_MAX * K_MAX; cell++)
					gram[cell] = partial[cell] = NAN;
				CHECK(compute(count, k, weighted ? share : NULL, 128, gram,
				              NULL) == WC_OK);
				for (int32_t p = 0; p < k; p++)
					for (int32_t q = 0; q < k; q++)
					{
						double sum = 0;
						double size = 0;

						for (int32_t i = 0; i < count; i++)
						{
							double term = (double) factors[i * k + p] *
							              factors[i * k + q] *
							              (weighted ? share[i] : 1.0f);

							sum += term;
							size += fabs(term);
						}
						if (gram[p * k + q] != gram[q * k + p])
							symmetric = false;
						if (gram_float[p * k + q] != (float) gram[p * k + q])
							same = false;
						if (size > 0)
							worst =
							    fmax(worst, fabs(gram[p * k + q] - sum) / size);
						else if (gram[p * k + q] != 0)
							same = false;
					}
				CHECK(symmetric);
				CHECK(same);
			}
	printf("largest error relative to the sum of absolute terms: %.1e\n",
	       worst);
	CHECK(worst < 1e-6);
}

static void
test_repeatable(void)
{
	CHECK(compute(5001, 17, share, 256, gram, NULL) == WC_OK);
	CHECK(compute(5001, 17, share, 256, again, NULL) == WC_OK);
	CHECK(memcmp(gram, again, 17 * 17 * sizeof(double)) == 0);
}

static void
test_cancel(void)
{
	long n = 0;
	WcStatus status;

	do
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		status = compute(COUNT_MAX, K_MAX, share, 128, gram, &hooks);
		CHECK(status == (cancel.asked > n ? WC_CANCELLED : WC_OK));
		n++;
	} while (status != WC_OK && n < 1000);
	CHECK(status == WC_OK && n > 5);
}

int
main(void)
{
	uint64_t state = 17;
	WcError error;

	if (wc_blas_load(NULL, &error) != WC_OK)
	{
		CHECK(!"OpenBLAS can be loaded");
		return check_report("test_gram");
	}
	for (size_t p = 0; p < sizeof(factors) / sizeof(factors[0]); p++)
		factors[p] = (float) (2 * check_random(&state) - 0.9);
	for (size_t i = 0; i < COUNT_MAX; i++)
		share[i] = (float) (2 * check_random(&state));
	test_sums();
	test_repeatable();
	test_cancel();
	return check_report("test_gram");
}
