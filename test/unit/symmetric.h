/*-------------------------------------------------------------------------
 *
 * symmetric.h
 *	  Symmetric matrices that are easy, degenerate, graded or not finite, and
 *	  whether what a provider says of them is right: A = Q' diag(e) Q again,
 *	  Q orthogonal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_SYMMETRIC_H
#define WALS_SYMMETRIC_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "core/ground/dense.h"

#define N_MAX 200
#define N_SOME 130
#define DENORMAL_MIN 4.9406564584124654e-324

typedef WcStatus (*Eigen)(const WcKernel *kernel, int32_t n, double *a,
                          double *values, double *work, WcPace *pace);

static double a[N_MAX * N_MAX];
static double q[N_MAX * N_MAX];
static double values[N_MAX];
static double work[2 * N_MAX * N_MAX + 12 * N_MAX + 8]; /* wc_dense_space */

static void
set(int n, int i, int j, double value)
{
	a[i * n + j] = a[j * n + i] = value;
}

typedef enum Kind
{
	RANDOM,
	GRAM,
	LOW_RANK,
	RANK_ONE,
	DIAGONAL,
	ZERO,
	ONES,
	GRADED,
	SPLIT,
	HOLES,
	CLUSTERS,
	WILKINSON,
	GLUED,
	FALLING,
	RISING,
	MIXED,
	COLLAPSED,
	DYING,
	TINY_NUMBERS,
	DENORMAL,
	HUGE_NUMBERS,
	KINDS
} Kind;

/* sum_t v_t v_t' of terms vectors, element i of them times scale[i] */
static void
fill_products(int n, int terms, const double *scale, uint64_t *state)
{
	double v[N_MAX];

	for (int t = 0; t < terms; t++)
	{
		for (int i = 0; i < n; i++)
			v[i] = (2 * check_random(state) - 1) * scale[i];
		for (int i = 0; i < n; i++)
			for (int j = i; j < n; j++)
				set(n, i, j, a[i * n + j] + v[i] * v[j]);
	}
}

/* An element of the kinds that are made one by one. */
static double
element(Kind kind, int n, int i, int j, double x)
{
	int part = n / 2 > 0 ? n / 2 : 1;

	switch (kind)
	{
		case RANDOM:
			return x;
		case SPLIT: /* into two */
			return (i < part) == (j < part) ? x : 0;
		case HOLES: /* rows of zeros */
			return i % 3 != 1 && j % 3 != 1 ? x : 0;
		case DIAGONAL:
			return i == j ? x : 0;
		case ONES:
			return 1;
		case GRADED:
			return x * pow(10, -12.0 * (i + j) / (2 * n));
		case CLUSTERS: /* at 1, 2 and 3, but for rounding */
			return i == j ? 1 + i % 3 : 1e-15 * x;
		case WILKINSON: /* pairs of eigenvalues that are nearly equal */
			return i == j ? abs(i - part) : j == i + 1;
		case GLUED: /* many of them, with next to nothing in between */
			return i == j       ? abs(i % 21 - 10)
			       : j != i + 1 ? 0
			       : j % 21 > 0 ? 1
			                    : 1e-9;
		case FALLING: /* 1 to 1e-300 and back */
			return x * pow(10, -300.0 * (i + j) / (2 * n));
		case RISING:
			return x * pow(10, -300 + 300.0 * (i + j) / (2 * n));
		case MIXED:
			return x * pow(10, -300.0 * (i * 7 % n + j * 7 % n) / (2 * n));
		case TINY_NUMBERS:
			return x * 1e-290;
		case DENORMAL: /* the least there is, and a few times it */
			return floor(8 * x) * DENORMAL_MIN;
		case HUGE_NUMBERS:
			return x * 1e305;
		default:
			return 0;
	}
}

static void
fill(Kind kind, int n, uint64_t *state)
{
	double scale[N_MAX];

	memset(a, 0, sizeof(a));
	for (int i = 0; i < n; i++)
	{
		/* directions that shrink from sweep to sweep, each in its own way */
		if (kind == COLLAPSED)
			scale[i] = pow(10, -45.0 * i / n);
		else if (kind == DYING)
			scale[i] = i % 2 ? 1 : pow(10, -40.0 * check_random(state));
		else
			scale[i] = 1;
		for (int j = i; j < n; j++)
			set(n, i, j, element(kind, n, i, j, 2 * check_random(state) - 1));
	}
	if (kind == GRAM || kind == COLLAPSED || kind == DYING)
		fill_products(n, 2 * n, scale, state);
	else if (kind == LOW_RANK)
		fill_products(n, n / 3, scale, state);
	else if (kind == RANK_ONE)
		fill_products(n, 1, scale, state);
}

/*
 * |A - Q' diag(e) Q| and |Q Q' - 1|, largest elements, the former relative to
 * the largest eigenvalue.
 */
static double
solve_and_compare(Eigen eigen, const WcKernel *kernel, int n, double power)
{
	WcPace pace = wc_pace_start(NULL);
	double largest = 0;
	double error = 0;
	double skew = 0;

	memcpy(q, a, sizeof(q));
	/* the lower triangle is not read */
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			q[i * n + j] = NAN;
	CHECK(eigen(kernel, n, q, values, work, &pace) == WC_OK);
	for (int i = 0; i < n; i++)
		largest = fmax(largest, fabs(values[i]));
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			double sum = 0;
			double product = 0;

			for (int l = 0; l < n; l++)
			{
				sum += q[l * n + i] * (values[l] * power) * q[l * n + j];
				product += q[i * n + l] * q[j * n + l];
			}
			error = fmax(error, fabs(sum - a[i * n + j] * power));
			skew = fmax(skew, fabs(product - (i == j)));
		}
	/* a value below the normal range is rounded */
	error = fmax(error / power - DENORMAL_MIN, 0);
	if (largest > 0)
		error /= largest;
	CHECK(error <= 1e-13);
	CHECK(skew <= 1e-13);
	return fmax(error, skew);
}

static inline void
test_kinds(Eigen eigen, const WcKernel *kernel, const char *name)
{
	static const int larger[] = {21, 33, 64, 84, N_SOME, N_MAX};
	uint64_t state = 5;
	double worst = 0;

	for (int s = 1; s < 18; s++)
		for (int kind = 0; kind < KINDS; kind++)
		{
			int n = s < 12 ? s : larger[s - 12];
			/* so that the products of the test are in range */
			double power = kind == TINY_NUMBERS   ? ldexp(1, 900)
			               : kind == DENORMAL     ? ldexp(1, 1000)
			               : kind == HUGE_NUMBERS ? ldexp(1, -1000)
			                                      : 1;

			fill((Kind) kind, n, &state);
			worst = fmax(worst, solve_and_compare(eigen, kernel, n, power));
		}
	printf("%s: largest error %.1e\n", name, worst);
}

static inline void
test_not_finite(Eigen eigen, const WcKernel *kernel)
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
					CHECK(eigen(kernel, n, a, values, work, &pace) ==
					      WC_NOT_FINITE);
				}
}

#endif /* WALS_SYMMETRIC_H */
