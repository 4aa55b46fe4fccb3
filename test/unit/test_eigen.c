/*-------------------------------------------------------------------------
 *
 * test_eigen.c
 *	  Eigenvalues and vectors: A = Q' diag(e) Q again, Q orthogonal, for
 *	  matrices that are easy, degenerate, graded or not finite.
 *
 * eigen.c is here a second time, asked for far more than float64 has: it ends
 * all the same, because what counts as nothing grows from step to step.
 *
 *-------------------------------------------------------------------------
 */
#include "symmetric.h"
#include "core/solve/numerics.h"

extern WcStatus restless_eigen(const WcKernel *kernel, int32_t n, double *a,
                               double *values, double *work, WcPace *pace);

#define wc_eigen restless_eigen
#define STEPS_USUAL 0
#define PRECISION 1e-100
#include "../../src/core/ground/eigen.c"
#undef wc_eigen

/* Far too much is asked for: it ends, and the vectors stay orthogonal. */
static void
test_restless(const WcKernel *kernel)
{
	uint64_t state = 5;

	for (int n = 2; n <= 20; n += 6)
		for (int kind = 0; kind < TINY_NUMBERS; kind++)
		{
			fill((Kind) kind, n, &state);
			(void) solve_and_compare(restless_eigen, kernel, n, 1);
		}
}

static void
test_cancel(const WcKernel *kernel)
{
	uint64_t state = 5;
	WcStatus status = WC_CANCELLED;
	long n;

	for (n = 0; status == WC_CANCELLED && n < 1000; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcPace pace = wc_pace_start(&hooks);

		fill(GRAM, N_SOME, &state);
		status = wc_eigen(kernel, N_SOME, a, values, work, &pace);
		CHECK(cancel.asked == (status == WC_OK ? n : n + 1));
	}
	CHECK(status == WC_OK && n > 4);
}

int
main(void)
{
	static const char *const names[] = {"portable", "avx2", "avx512"};

	for (int n = 0; n < 3; n++)
	{
		const WcKernel *kernel = wc_kernel_choose(names[n]);

		if (kernel == NULL)
			continue;
		test_kinds(wc_eigen, kernel, kernel->name);
		test_restless(kernel);
		test_not_finite(wc_eigen, kernel);
		test_cancel(kernel);
	}
	return check_report("test_eigen");
}
