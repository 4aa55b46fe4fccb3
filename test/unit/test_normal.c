/*-------------------------------------------------------------------------
 *
 * test_normal.c
 *	  Equations whose sums are made in 1, 2 and 5 parts: one part is the whole
 *	  to the bit, several are it to rounding, and the order of the parts is all
 *	  that tells; a system that cannot be solved says so.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#include "core/solve/normal.h"

#define WIDTH 24
#define COUNT 300
#define PARTS 5

static double gram[WIDTH * WIDTH];
static double vectors[COUNT * WIDTH];
static double weights[COUNT];
static double full[COUNT];
static double targets[COUNT];

static void
fill(void)
{
	uint64_t state = 5;

	memset(gram, 0, sizeof(gram));
	for (int32_t e = 0; e < COUNT; e++)
	{
		weights[e] = check_random(&state) * 3;
		full[e] = weights[e] + 0.2;
		targets[e] = check_random(&state) - 0.3;
		for (int32_t p = 0; p < WIDTH; p++)
			vectors[e * WIDTH + p] = check_random(&state) - 0.5;
		for (int32_t p = 0; p < WIDTH; p++)
			for (int32_t q = 0; q < WIDTH; q++)
				gram[p * WIDTH + q] +=
				    vectors[e * WIDTH + p] * vectors[e * WIDTH + q];
	}
}

/* The solution from so many parts, the unobserved cells in the first. */
static void
solve(int32_t parts, double lambda, double *solution)
{
	double a[2][WIDTH * WIDTH];
	double b[2][WIDTH];
	double diagonal[WIDTH];
	WcNormal whole = {.width = WIDTH, .a = a[0], .b = b[0]};
	WcNormal part = {.width = WIDTH, .a = a[1], .b = b[1]};

	wc_normal_clear(&whole);
	for (int32_t i = 0; i < parts; i++)
	{
		int32_t first = COUNT * i / parts;
		int32_t end = COUNT * (i + 1) / parts;

		wc_normal_clear(&part);
		if (i == 0)
			wc_normal_add_cells(&part, 0.2, gram);
		wc_normal_add_entries(&part, end - first, vectors + first * WIDTH,
		                      weights + first, full + first, targets + first);
		wc_normal_add(&whole, &part);
	}
	CHECK(whole.count == COUNT);
	CHECK(wc_normal_solve(&whole, lambda, diagonal) == WC_OK);
	memcpy(solution, whole.b, WIDTH * sizeof(double));
}

static void
test_parts(void)
{
	double once[WIDTH];
	double workspace[WIDTH * (WIDTH + 1)];
	double worst = 0;

	CHECK(wc_ref_solve_row(WIDTH, gram, 0.2, 0.5, COUNT, vectors, weights, full,
	                       targets, once, workspace) == WC_OK);
	for (int32_t parts = 1; parts <= PARTS; parts++)
	{
		double solution[WIDTH];
		double again[WIDTH];
		double largest = 0;

		solve(parts, 0.5, solution);
		solve(parts, 0.5, again);
		CHECK(memcmp(solution, again, sizeof(again)) == 0);
		if (parts == 1)
			CHECK(memcmp(solution, once, sizeof(once)) == 0);
		for (int32_t p = 0; p < WIDTH; p++)
			largest = fmax(largest, fabs(once[p]));
		for (int32_t p = 0; p < WIDTH; p++)
			worst = fmax(worst, fabs(solution[p] - once[p]) / largest);
	}
	CHECK(worst < 1e-13);
	printf("equations from parts: largest relative error %.1e\n", worst);
}

/* Fewer entries than unknowns, and nothing else. */
static void
test_singular(void)
{
	double a[WIDTH * WIDTH];
	double b[WIDTH];
	double diagonal[WIDTH];
	WcNormal normal = {.width = WIDTH, .a = a, .b = b};

	wc_normal_clear(&normal);
	wc_normal_add_entries(&normal, WIDTH / 2, vectors, weights, full, targets);
	CHECK(wc_normal_solve(&normal, 0, diagonal) == WC_NOT_SPD);
}

int
main(void)
{
	fill();
	test_parts();
	test_singular();
	return check_report("test_normal");
}
