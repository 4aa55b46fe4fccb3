/*-------------------------------------------------------------------------
 *
 * test_engine.c
 *	  What an engine is made of; copies share no workspace; what fails for lack
 *	  of memory leaves nothing behind.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#include "core/solve/numerics.h"

#define K 40

static void
test_check(void)
{
	WcError error;

	CHECK(wc_engine_check(&(const WcSolverOptions){1, NULL, WC_DENSE_BUILTIN},
	                      &error) == WC_OK);
	CHECK(wc_engine_check(&(const WcSolverOptions){0, NULL, WC_DENSE_BUILTIN},
	                      &error) == WC_BAD_PARAM);
	CHECK(error.status == WC_BAD_PARAM &&
	      strstr(error.detail, "threads") != NULL);
	CHECK(wc_engine_check(&(const WcSolverOptions){WC_THREADS_MAX + 1, NULL,
	                                               WC_DENSE_BUILTIN},
	                      &error) == WC_BAD_PARAM);
	CHECK(wc_engine_check(&(const WcSolverOptions){1, "avx9", WC_DENSE_BUILTIN},
	                      &error) == WC_BAD_PARAM);
	CHECK(strstr(error.detail, "avx9") != NULL);
}

static void
test_parts(void)
{
	const WcSolverOptions options = {3, "portable", WC_DENSE_BUILTIN};
	WcEngine engine;
	WcEngine copy;

	CHECK(wc_engine_create(&options, K, K + 1, &engine, &check_alloc) == WC_OK);
	CHECK(engine.threads.count == 3);
	CHECK(engine.kernel == wc_kernel_choose("portable"));
	CHECK(engine.dense == &wc_dense_builtin);
	CHECK(engine.factors == K && engine.width == K + 1);
	for (int32_t i = 0; i < 3; i++)
	{
		CHECK(engine.work[i].size >= K + 1);
		CHECK(engine.work[i].retries == 0);
		for (int32_t other = 0; other < i; other++)
			CHECK(engine.work[i].matrix != engine.work[other].matrix);
	}
	CHECK(wc_engine_copy(&engine, 1, &copy) == WC_OK);
	CHECK(copy.threads.count == 1 && copy.kernel == engine.kernel);
	CHECK(copy.work[0].size == engine.work[0].size);
	for (int32_t i = 0; i < 3; i++)
		CHECK(copy.work[0].matrix != engine.work[i].matrix);
	wc_engine_free(&copy);
	wc_engine_free(&engine);
}

/* Whichever allocation fails, freeing takes the rest. */
static void
test_no_memory(void)
{
	const WcSolverOptions options = {2, NULL, WC_DENSE_BUILTIN};
	WcStatus status = WC_NO_MEMORY;

	for (long after = 0; status != WC_OK && after < 100; after++)
	{
		WcEngine engine;

		check_fail_after = after;
		status = wc_engine_create(&options, K, K, &engine, &check_alloc);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		wc_engine_free(&engine);
	}
	CHECK(status == WC_OK);
}

int
main(void)
{
	test_check();
	test_parts();
	test_no_memory();
	return check_report("test_engine");
}
