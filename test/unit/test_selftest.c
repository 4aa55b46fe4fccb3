/*-------------------------------------------------------------------------
 *
 * test_selftest.c
 *	  The self test passes here with every kernel, and can fail.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/ground/dense.h"
#include "core/answer/pack.h"

static const char *const kernels[] = {"avx512", "avx2", "portable"};

static WcError error;

static void
test_solve(void)
{
	double worst = -1;

	for (int i = 0; i < 3; i++)
	{
		WcStatus status =
		    wc_selftest_solve(&worst, &(WcJob){.alloc = &check_alloc,
		                                       .error = &error,
		                                       .kernel = kernels[i]});

		if (wc_kernel_name(kernels[i]) == NULL)
		{
			CHECK(status == WC_BAD_PARAM);
			continue;
		}
		CHECK(status == WC_OK);
		/* float32 is not exact, and a hundredth of the tolerance is spare */
		CHECK(worst > 1e-9 && worst < WC_SELFTEST_TOLERANCE / 100);
		printf("%s: worst row %.2g\n", kernels[i], worst);
	}
	CHECK(wc_selftest_solve(&worst, &(WcJob){.alloc = &check_alloc,
	                                         .error = &error,
	                                         .kernel = "abacus"}) ==
	      WC_BAD_PARAM);
}

/* A pack with its bounds spoilt gives wrong answers. */
static void
test_search(void)
{
	char identity[WC_PACK_IDENTITY] = "self test";
	int32_t n_queries = 0;
	int32_t n_wrong = -1;
	WcPack pack;
	WcPack view;
	char *copy;

	CHECK(wc_selftest_pack(identity, &pack, &check_alloc, NULL) == WC_OK);
	for (int i = 0; i < 3; i++)
	{
		if (wc_kernel_name(kernels[i]) == NULL)
			continue;
		CHECK(wc_selftest_search(&pack, &n_queries, &n_wrong,
		                         &(WcJob){.alloc = &check_alloc,
		                                  .error = &error,
		                                  .kernel = kernels[i]}) == WC_OK);
		CHECK(n_queries > 0 && n_wrong == 0);
	}

	/* bounds of 0 leave out everything but the first block */
	copy = aligned_alloc(64, (pack.bytes + 63) / 64 * 64);
	if (copy == NULL)
		abort();
	memcpy(copy, pack.block, pack.bytes);
	memset(copy + ((const char *) pack.blocks - (const char *) pack.block), 0,
	       sizeof(WcPackBlock) * (size_t) wc_pack_blocks(&pack));
	CHECK(wc_pack_open(copy, pack.bytes, identity, false, &view));
	CHECK(wc_selftest_search(&view, &n_queries, &n_wrong,
	                         &(WcJob){.alloc = &check_alloc,
	                                  .error = &error,
	                                  .kernel = "portable"}) == WC_OK);
	CHECK(n_wrong > 0);
	free(copy);
	wc_free(&check_alloc, pack.owned);
}

/* No failing allocation leaks or is taken for success; a cancel is one. */
static void
test_failures(void)
{
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	char identity[WC_PACK_IDENTITY] = "";
	WcStatus status = WC_NO_MEMORY;
	double worst;
	WcPack pack;
	long n;

	for (n = 0; status == WC_NO_MEMORY; n++)
	{
		check_fail_after = n;
		status = wc_selftest_solve(&worst, &(WcJob){.alloc = &check_alloc,
		                                            .error = &error,
		                                            .kernel = "portable"});
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n > 20);
	status = WC_NO_MEMORY;
	for (n = 0; status == WC_NO_MEMORY; n++)
	{
		check_fail_after = n;
		status = wc_selftest_pack(identity, &pack, &check_alloc, NULL);
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n > 5);
	wc_free(&check_alloc, pack.owned);
	for (n = 0; n < 10; n++)
	{
		cancel.remaining = n;
		CHECK(wc_selftest_solve(&worst, &(WcJob){.alloc = &check_alloc,
		                                         .hooks = &hooks,
		                                         .error = &error,
		                                         .kernel = "portable"}) ==
		      WC_CANCELLED);
	}
}

/* Off by a little: what a library with a fault might say. */
static WcStatus
eigen_off(const WcKernel *kernel, int32_t n, double *a, double *values,
          double *space, WcPace *pace)
{
	WcStatus status = wc_dense_builtin.eigen(kernel, n, a, values, space, pace);

	a[n / 2] += 1e-9;
	return status;
}

static void
test_dense(void)
{
	const WcDense wrong = {.name = "wrong", .eigen = eigen_off};
	const WcDense *best = wc_dense(WC_DENSE_OPENBLAS, 0);
	double worst;

	CHECK(wc_selftest_dense(&wc_dense_builtin, &worst, &check_alloc, NULL) ==
	      WC_OK);
	CHECK(worst > 0 && worst < WC_SELFTEST_DENSE_TOLERANCE / 10);
	CHECK(wc_selftest_dense(best, &worst, &check_alloc, NULL) == WC_OK);
	CHECK(worst > 0 && worst < WC_SELFTEST_DENSE_TOLERANCE / 10);
	CHECK(wc_selftest_dense(&wrong, &worst, &check_alloc, NULL) == WC_OK);
	CHECK(worst > WC_SELFTEST_DENSE_TOLERANCE);
	check_fail_after = 0;
	CHECK(wc_selftest_dense(best, &worst, &check_alloc, NULL) == WC_NO_MEMORY);
	check_fail_after = -1;
}

static void
test_threads(void)
{
	CHECK(wc_threads_available(1) == 1);
	CHECK(wc_threads_available(4) == 4);
}

int
main(void)
{
	test_solve();
	test_search();
	test_failures();
	test_dense();
	test_threads();
	return check_report("test_selftest");
}
