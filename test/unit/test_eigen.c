/*-------------------------------------------------------------------------
 *
 * test_eigen.c
 *	  Eigenvalues and vectors: A = Q' diag(e) Q again, Q orthogonal, for
 *	  matrices that are easy, degenerate, graded or not finite.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/numerics.h"

#define N_MAX 130

static double a[N_MAX * N_MAX];
static double q[N_MAX * N_MAX];
static double values[N_MAX];
static double work[3 * N_MAX];

static void
set(int n, int i, int j, double value)
{
	a[i * n + j] = a[j * n + i] = value;
}

enum
{
	RANDOM,
	GRAM,
	LOW_RANK,
	DIAGONAL,
	ZERO,
	ONES,
	GRADED,
	SPLIT,
	KINDS
};

static void
fill(int kind, int n, uint64_t *state)
{
	static double v[N_MAX * N_MAX];
	int terms = kind == LOW_RANK ? n / 3 : 2 * n;

	memset(a, 0, sizeof(a));
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
		{
			double x = 2 * check_random(state) - 1;

			if (kind == RANDOM || (kind == SPLIT && (i < n / 2) == (j < n / 2)))
				set(n, i, j, x);
			else if (kind == DIAGONAL && i == j)
				set(n, i, j, x);
			else if (kind == ONES)
				set(n, i, j, 1);
			else if (kind == GRADED)
				set(n, i, j, x * pow(10, -12.0 * (i + j) / (2 * n)));
		}
	if (kind != GRAM && kind != LOW_RANK)
		return;
	for (int t = 0; t < terms; t++)
	{
		for (int i = 0; i < n; i++)
			v[i] = 2 * check_random(state) - 1;
		for (int i = 0; i < n; i++)
			for (int j = i; j < n; j++)
				set(n, i, j, a[i * n + j] + v[i] * v[j]);
	}
}

static void
test_kinds(const WcKernel *kernel)
{
	static const int sizes[] = {1, 2, 3, 4, 7, 16, 33, 64, N_MAX};
	uint64_t state = 5;
	double worst = 0;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (int kind = 0; kind < KINDS; kind++)
		{
			int n = sizes[s];
			WcPace pace = wc_pace_start(NULL);
			double largest = 1e-300;
			double error = 0;
			double skew = 0;

			fill(kind, n, &state);
			memcpy(q, a, sizeof(q));
			/* the lower triangle is not read */
			for (int i = 0; i < n; i++)
				for (int j = 0; j < i; j++)
					q[i * n + j] = NAN;
			CHECK(wc_eigen(kernel, n, q, values, work, &pace) == WC_OK);
			for (int i = 0; i < n; i++)
				for (int j = 0; j <= i; j++)
				{
					double sum = 0;
					double product = 0;

					for (int l = 0; l < n; l++)
					{
						sum += q[l * n + i] * values[l] * q[l * n + j];
						product += q[i * n + l] * q[j * n + l];
					}
					largest = fmax(largest, fabs(values[i]));
					error = fmax(error, fabs(sum - a[i * n + j]));
					skew = fmax(skew, fabs(product - (i == j)));
				}
			CHECK(error <= 1e-13 * largest);
			CHECK(skew < 1e-13);
			worst = fmax(worst, fmax(error / largest, skew));
		}
	printf("%s: largest error %.1e\n", kernel->name, worst);
}

static void
test_not_finite(const WcKernel *kernel)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY};
	uint64_t state = 5;

	for (int n = 1; n <= 20; n += 6)
		for (int b = 0; b < 3; b++)
			for (int i = 0; i < n; i += 3)
				for (int j = i; j < n; j += 4)
				{
					WcPace pace = wc_pace_start(NULL);

					fill(GRAM, n, &state);
					set(n, i, j, bad[b]);
					CHECK(wc_eigen(kernel, n, a, values, work, &pace) ==
					      WC_NOT_FINITE);
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

		fill(GRAM, N_MAX, &state);
		status = wc_eigen(kernel, N_MAX, a, values, work, &pace);
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
		test_kinds(kernel);
		test_not_finite(kernel);
		test_cancel(kernel);
	}
	return check_report("test_eigen");
}
