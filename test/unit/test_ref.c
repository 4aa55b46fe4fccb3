/*-------------------------------------------------------------------------
 *
 * test_ref.c
 *	  The float64 row solver against elimination in long double, and what it
 *	  says about systems that have no unique solution.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/solve/numerics.h"

#define WIDTH_MAX 40
#define COUNT_MAX 200

static double vectors[COUNT_MAX * WIDTH_MAX];
static double weights[COUNT_MAX];
static double full[COUNT_MAX];
static double targets[COUNT_MAX];
static double gram[WIDTH_MAX * WIDTH_MAX];
static double workspace[WIDTH_MAX * (WIDTH_MAX + 1)];
static double solution[WIDTH_MAX];

/* Gauss with partial pivoting on the written-out system. */
static void
eliminate(int width, bool use_gram, double unobserved, double lambda, int count,
          long double *x)
{
	static long double a[WIDTH_MAX][WIDTH_MAX + 1];

	for (int p = 0; p < width; p++)
	{
		for (int q = 0; q <= width; q++)
			a[p][q] = 0;
		a[p][p] = lambda;
	}
	for (int p = 0; p < width; p++)
	{
		for (int q = 0; q < width; q++)
		{
			if (use_gram)
				a[p][q] += (long double) unobserved * gram[p * width + q];
			for (int e = 0; e < count; e++)
				a[p][q] += (long double) weights[e] * vectors[e * width + p] *
				           vectors[e * width + q];
		}
		for (int e = 0; e < count; e++)
			a[p][width] +=
			    (long double) full[e] * targets[e] * vectors[e * width + p];
	}

	for (int p = 0; p < width; p++)
	{
		int best = p;

		for (int q = p + 1; q < width; q++)
			if (fabsl(a[q][p]) > fabsl(a[best][p]))
				best = q;
		for (int r = 0; r <= width; r++)
		{
			long double swap = a[p][r];

			a[p][r] = a[best][r];
			a[best][r] = swap;
		}
		for (int q = 0; q < width; q++)
		{
			long double factor = a[q][p] / a[p][p];

			if (q == p)
				continue;
			for (int r = p; r <= width; r++)
				a[q][r] -= factor * a[p][r];
		}
	}
	for (int p = 0; p < width; p++)
		x[p] = a[p][width] / a[p][p];
}

static void
fill(int width, int count, double weight_max, uint64_t *state)
{
	double others[WIDTH_MAX];

	for (int e = 0; e < count; e++)
	{
		for (int p = 0; p < width; p++)
			vectors[e * width + p] = 2 * check_random(state) - 1;
		weights[e] = exp(check_random(state) * log(weight_max));
		full[e] = weights[e] + check_random(state);
		targets[e] = 5 * check_random(state) - 2;
	}
	memset(gram, 0, sizeof(gram));
	for (int row = 0; row < 50; row++)
	{
		for (int p = 0; p < width; p++)
			others[p] = 2 * check_random(state) - 1;
		for (int p = 0; p < width; p++)
			for (int q = 0; q < width; q++)
				gram[p * width + q] += others[p] * others[q];
	}
}

static void
test_against_elimination(void)
{
	static const int widths[] = {1, 2, 3, 7, 16, 33, WIDTH_MAX};
	static const int counts[] = {0, 1, 2, 15, 40, COUNT_MAX};
	static const double maxima[] = {1, 1e3, 1e7};
	uint64_t state = 11;

	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
			for (int kind = 0; kind < 6; kind++)
			{
				int width = widths[w];
				bool use_gram = kind % 2 == 1;
				long double expected[WIDTH_MAX];
				double largest = 0;
				double difference = 0;

				fill(width, counts[c], maxima[kind / 2], &state);
				eliminate(width, use_gram, 0.3, 0.01, counts[c], expected);
				CHECK(wc_ref_solve_row(width, use_gram ? gram : NULL,
				                       use_gram ? 0.3 : 0.0, 0.01, counts[c],
				                       vectors, weights, full, targets,
				                       solution, workspace) == WC_OK);
				for (int p = 0; p < width; p++)
				{
					largest = fmax(largest, fabs((double) expected[p]));
					difference = fmax(difference,
					                  fabs(solution[p] - (double) expected[p]));
				}
				/* condition up to about 1e11 times the rounding of float64 */
				CHECK(difference <= largest * (kind < 4 ? 1e-9 : 1e-6));
			}
}

static void
test_by_hand(void)
{
	/* (2 * 3^2 + 0.5 * 4 + 1) x = (2 + 0.7) * 5 * 3 */
	double vector = 3;
	double weight = 2;
	double full_weight = 2.7;
	double target = 5;
	double shared = 4;
	double work[2];
	double x;

	CHECK(wc_ref_solve_row(1, &shared, 0.5, 1.0, 1, &vector, &weight,
	                       &full_weight, &target, &x, work) == WC_OK);
	CHECK_NEAR(x, 2.7 * 15 / 21, 1e-15);

	/* no entries: zero */
	CHECK(wc_ref_solve_row(1, NULL, 0, 1.0, 0, NULL, NULL, NULL, NULL, &x,
	                       work) == WC_OK);
	CHECK(x == 0);
}

static void
test_singular(void)
{
	uint64_t state = 3;
	bool caught = true;

	/* fewer entries than unknowns and nothing else, many times */
	for (int width = 2; width <= WIDTH_MAX; width++)
		for (int count = 0; count < width; count++)
		{
			fill(width, count, 100, &state);
			if (wc_ref_solve_row(width, NULL, 0, 0, count, vectors, weights,
			                     full, targets, solution,
			                     workspace) != WC_NOT_SPD)
				caught = false;
		}
	CHECK(caught);

	/* many entries, but all alike */
	fill(3, COUNT_MAX, 100, &state);
	for (int e = 1; e < COUNT_MAX; e++)
		memcpy(vectors + e * 3, vectors, 3 * sizeof(double));
	CHECK(wc_ref_solve_row(3, NULL, 0, 0, COUNT_MAX, vectors, weights, full,
	                       targets, solution, workspace) == WC_NOT_SPD);

	/* the least regularization that counts is enough */
	CHECK(wc_ref_solve_row(3, NULL, 0, 1e-6, COUNT_MAX, vectors, weights, full,
	                       targets, solution, workspace) == WC_OK);

	/* as many as unknowns */
	fill(8, 8, 1, &state);
	CHECK(wc_ref_solve_row(8, NULL, 0, 0, 8, vectors, weights, full, targets,
	                       solution, workspace) == WC_OK);

	/* what is not a number is not positive definite either */
	vectors[5] = NAN;
	CHECK(wc_ref_solve_row(8, NULL, 0, 1, 8, vectors, weights, full, targets,
	                       solution, workspace) == WC_NOT_SPD);
	vectors[5] = INFINITY;
	CHECK(wc_ref_solve_row(8, NULL, 0, 1, 8, vectors, weights, full, targets,
	                       solution, workspace) == WC_NOT_SPD);
}

int
main(void)
{
	test_against_elimination();
	test_by_hand();
	test_singular();
	return check_report("test_ref");
}
