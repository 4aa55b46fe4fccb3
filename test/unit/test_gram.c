/*-------------------------------------------------------------------------
 *
 * test_gram.c
 *	  The Gram matrix against sums in float64, around the edges of chunks
 *	  and panels.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/solve/numerics.h"

#define K_MAX 64
#define COUNT_MAX 6000
#define THREADS_MAX 3

static float factors[COUNT_MAX * K_MAX];
static float share[COUNT_MAX];
static double gram[K_MAX * K_MAX];
static double again[K_MAX * K_MAX];

/* With an engine whose workspaces are full of something else. */
static WcStatus
compute(const char *kernel, int32_t threads, int32_t count, int32_t k,
        const float *t, double *result, const WcHooks *hooks)
{
	const WcSolverOptions options = {threads, kernel, WC_DENSE_BUILTIN};
	WcEngine engine;
	WcStatus status;

	if (wc_engine_create(&options, k, k, &engine, &check_alloc) != WC_OK)
		abort();
	for (int32_t i = 0; i < threads; i++)
	{
		const WcWork *work = &engine.work[i];

		/* a wrong leftover must not survive */
		for (int32_t cell = 0; cell < work->size * work->pitch; cell++)
			work->matrix[cell] = NAN;
	}
	status = wc_gram(&engine, count, factors, t, result, hooks);
	wc_engine_free(&engine);
	return status;
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
				bool upper = true;
				bool same = true;

				for (int cell = 0; cell < K_MAX * K_MAX; cell++)
					gram[cell] = NAN;
				CHECK(compute(NULL, 1, count, k, weighted ? share : NULL, gram,
				              NULL) == WC_OK);
				for (int32_t p = 0; p < k; p++)
					for (int32_t q = p; q < k; q++)
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
						if (q > p && gram[q * k + p] != 0)
							upper = false;
						if (size > 0)
							worst =
							    fmax(worst, fabs(gram[p * k + q] - sum) / size);
						else if (gram[p * k + q] != 0)
							same = false;
					}
				CHECK(upper);
				CHECK(same);
			}
	printf("largest error relative to the sum of absolute terms: %.1e\n",
	       worst);
	CHECK(worst < 1e-6);
}

/* The same bits with any number of threads; nearly so with any kernel. */
static void
test_same(void)
{
	static const char *const names[] = {"portable", "avx2", "avx512"};
	double largest = 0;

	CHECK(compute("portable", 1, 5001, 17, share, again, NULL) == WC_OK);
	for (int cell = 0; cell < 17 * 17; cell++)
		largest = fmax(largest, fabs(again[cell]));
	for (int n = 0; n < 3; n++)
	{
		if (wc_kernel_choose(names[n]) == NULL)
			continue;
		CHECK(compute(names[n], 1, 5001, 17, share, gram, NULL) == WC_OK);
		for (int cell = 0; cell < 17 * 17; cell++)
			CHECK_NEAR(gram[cell], again[cell], 1e-6 * largest);
		memcpy(again, gram, sizeof(again));
		for (int repeat = 0; repeat < 20; repeat++)
		{
			CHECK(compute(names[n], 1 + repeat % THREADS_MAX, 5001, 17, share,
			              gram, NULL) == WC_OK);
			CHECK(memcmp(gram, again, 17 * 17 * sizeof(double)) == 0);
		}
	}
}

static void
test_cancel(int32_t threads)
{
	long n = 0;
	WcStatus status;

	do
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		status = compute(NULL, threads, COUNT_MAX, K_MAX, share, gram, &hooks);
		CHECK(status == (cancel.asked > n ? WC_CANCELLED : WC_OK));
		n++;
	} while (status != WC_OK && n < 1000);
	CHECK(status == WC_OK && n > (threads == 1 ? 5 : 0));
}

int
main(void)
{
	uint64_t state = 17;

	for (size_t p = 0; p < sizeof(factors) / sizeof(factors[0]); p++)
		factors[p] = (float) (2 * check_random(&state) - 0.9);
	for (size_t i = 0; i < COUNT_MAX; i++)
		share[i] = (float) (2 * check_random(&state));
	test_sums();
	test_same();
	test_cancel(1);
	test_cancel(THREADS_MAX);
	return check_report("test_gram");
}
