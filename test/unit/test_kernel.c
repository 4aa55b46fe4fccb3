/*-------------------------------------------------------------------------
 *
 * test_kernel.c
 *	  Every kernel this processor runs, against sums in float64 and against
 *	  each other, for widths around multiples of the lanes.  Of
 *	  core/ground/kernel_avx2.c, core/ground/kernel_avx512.c and core/ground/kernel_portable.c, too.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/ground/kernel.h"

#define WIDTH_MAX 150
#define PITCH_MAX 176
#define VECTORS 200
#define COUNT_MAX 150

static const int32_t widths[] = {1,  2,  3,  4,  7,  8,  15, 16,  17,       31,
                                 32, 33, 48, 49, 63, 64, 80, 129, WIDTH_MAX};

#define WIDTHS ((int) (sizeof(widths) / sizeof(widths[0])))

static float base[VECTORS * WIDTH_MAX];
static int32_t col[VECTORS];
static float weight[COUNT_MAX];
static float right[COUNT_MAX];
static float rows[COUNT_MAX * PITCH_MAX + 4 * PITCH_MAX];
static float matrix[PITCH_MAX * PITCH_MAX];
static float copy[PITCH_MAX * PITCH_MAX];
static float inverse[PITCH_MAX * WC_KERNEL_LANES];
static float x[PITCH_MAX];
static float y[PITCH_MAX];
static const WcGather nothing;

static void
fill(void)
{
	uint64_t state = 12345;

	for (size_t p = 0; p < sizeof(base) / sizeof(base[0]); p++)
		base[p] = (float) (2 * check_random(&state) - 1);
	for (int e = 0; e < VECTORS; e++)
		col[e] = (int32_t) (check_random(&state) * VECTORS);
	for (int e = 0; e < COUNT_MAX; e++)
	{
		weight[e] = e % 7 == 3 ? 0 : (float) (4 * check_random(&state));
		right[e] = (float) (2 * check_random(&state) - 1);
	}
}

static WcGather
gather_of(const WcKernel *kernel, int32_t k, int32_t width, int32_t count)
{
	int32_t size = wc_pad(width, kernel->lanes);
	WcGather gather = {k, width, size, wc_pitch(size), count, 0, base, col};

	gather.ahead = VECTORS - count;
	return gather;
}

static double
component(const WcGather *gather, int32_t e, int32_t p)
{
	return p < gather->k ? gather->base[col[e] * gather->k + p]
	                     : (double) (p < gather->width);
}

static void
test_pack(const WcKernel *kernel)
{
	static const int32_t counts[] = {0, 1, 3, 4, 5, 63, 64};

	for (int w = 0; w < WIDTHS; w++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
			for (int bias = 0; bias < 2; bias++)
			{
				int32_t k = widths[w];
				WcGather g = gather_of(kernel, k, k + bias, counts[c]);
				double worst = 0;

				for (int32_t p = 0; p < g.size; p++)
				{
					x[p] = 10;
					y[p] = (float) (p % 3) + 0.5f;
				}
				x[g.size] = -99;
				kernel->prefetch(&g);
				kernel->pack(&g, weight, right, rows, x);
				for (int32_t p = 0; p < g.size; p++)
				{
					double sum = 10;

					for (int32_t e = 0; e < g.count; e++)
					{
						double v = component(&g, e, p);

						worst = fmax(worst, fabs(rows[e * g.pitch + p] -
						                         sqrt(weight[e]) * v));
						sum += right[e] * v;
					}
					worst = fmax(worst, fabs(x[p] - sum));
				}
				CHECK(worst < 2e-5 && x[g.size] == -99);

				kernel->pack_dual(&g, weight, y, rows);
				worst = 0;
				for (int32_t e = 0; e < g.count; e++)
					for (int32_t p = 0; p < g.size; p++)
						worst = fmax(worst, fabs(rows[e * g.pitch + p] -
						                         sqrt(weight[e]) * y[p] *
						                             component(&g, e, p)));
				CHECK(worst < 2e-6);

				if (bias == 0)
				{
					kernel->dots(&g, y, x);
					worst = 0;
					for (int32_t e = 0; e < g.count; e++)
					{
						double sum = 0;

						for (int32_t p = 0; p < k; p++)
							sum += component(&g, e, p) * y[p];
						worst = fmax(worst, fabs(x[e] - sum));
					}
					CHECK(worst < 2e-5);
				}
			}
}

/* Random rows, zeros from width to size. */
static void
fill_rows(const WcGather *g, uint64_t *state)
{
	for (int32_t e = 0; e < g->count; e++)
		for (int32_t p = 0; p < g->pitch; p++)
			rows[e * g->pitch + p] =
			    p < g->width ? (float) (2 * check_random(state) - 1) : 0.0f;
}

static double
row_product(const WcGather *g, int32_t p, int32_t q)
{
	double sum = 0;

	for (int32_t e = 0; e < g->count; e++)
		sum += (double) rows[e * g->pitch + p] * rows[e * g->pitch + q];
	return sum;
}

static void
test_products(const WcKernel *kernel)
{
	uint64_t state = 9;

	for (int w = 0; w < WIDTHS; w++)
		for (int32_t count = 0; count <= 70; count += count < 4 ? 1 : 33)
		{
			WcGather g = gather_of(kernel, widths[w], widths[w], count);
			int32_t a_size = wc_pad(count, kernel->lanes);
			int32_t a_pitch = wc_pitch(a_size);
			double worst = 0;

			fill_rows(&g, &state);
			for (size_t c = 0; c < sizeof(matrix) / sizeof(matrix[0]); c++)
				matrix[c] = NAN;
			kernel->rank_update(g.size, g.pitch, count, rows, true, matrix,
			                    &nothing);
			kernel->rank_update(g.size, g.pitch, count, rows, false, matrix,
			                    &nothing);
			for (int32_t p = 0; p < g.size; p++)
				for (int32_t q = p; q < g.size; q++)
					worst = fmax(worst, fabs(matrix[p * g.pitch + q] -
					                         2 * row_product(&g, p, q)));
			CHECK(worst < 2e-5);

			memset(rows + count * g.pitch, 0, 4 * PITCH_MAX * sizeof(float));
			for (size_t c = 0; c < sizeof(matrix) / sizeof(matrix[0]); c++)
				matrix[c] = NAN;
			for (int32_t row = 0; row < a_size; row += 16)
				kernel->dual_gram(row, row + 16 < a_size ? row + 16 : a_size,
				                  count, g.size, g.pitch, rows, a_size, a_pitch,
				                  matrix);
			worst = 0;
			for (int32_t d = 0; d < a_size; d++)
				for (int32_t e = d; e < a_size; e++)
				{
					double sum = d == e;

					for (int32_t p = 0; d < count && e < count && p < g.size;
					     p++)
						sum += (double) rows[d * g.pitch + p] *
						       rows[e * g.pitch + p];
					worst = fmax(worst, fabs(matrix[d * a_pitch + e] - sum));
				}
			CHECK(worst < 2e-5);

			kernel->combine(g.size, g.pitch, count, rows, right, x);
			worst = 0;
			for (int32_t p = 0; p < g.size; p++)
			{
				double sum = 0;

				for (int32_t e = 0; e < count; e++)
					sum += (double) right[e] * rows[e * g.pitch + p];
				worst = fmax(worst, fabs(x[p] - sum));
			}
			CHECK(worst < 1e-5);

			if (count % 8 != 0)
				continue;
			for (size_t c = 0; c < sizeof(matrix) / sizeof(matrix[0]); c++)
				matrix[c] = (float) (2 * check_random(&state) - 1);
			kernel->multiply(g.size, g.pitch, count, rows, matrix, copy);
			worst = 0;
			for (int32_t e = 0; e < count; e++)
				for (int32_t q = 0; q < g.size; q++)
				{
					double sum = 0;

					for (int32_t p = 0; p < g.size; p++)
						sum += (double) rows[e * g.pitch + p] *
						       matrix[p * g.pitch + q];
					worst = fmax(worst, fabs(copy[e * g.pitch + q] - sum));
				}
			CHECK(worst < 2e-5);
		}
}

/*
 * Vectors fetched meanwhile change no bit of a sum, however many they are, and
 * nothing but theirs is read: their columns end where their block does.
 */
static void
test_fetch(const WcKernel *kernel)
{
	static const int32_t counts[] = {0, 1, 2, 7, 64};
	uint64_t state = 11;

	for (int w = 0; w < WIDTHS; w++)
		for (int c = 0; c < 25; c++)
		{
			int32_t count = counts[c / 5];
			int32_t soon_count = counts[c % 5];
			WcGather g = gather_of(kernel, widths[w], widths[w], count);
			WcGather soon = gather_of(kernel, widths[w], widths[w], soon_count);
			size_t bytes = (size_t) g.size * g.pitch * sizeof(float);
			int32_t *end = malloc((size_t) soon_count * sizeof(int32_t) + 1);

			fill_rows(&g, &state);
			memset(matrix, 0, bytes);
			memset(copy, 0, bytes);
			memcpy(end, col, (size_t) soon_count * sizeof(int32_t));
			soon.col = end;
			kernel->rank_update(g.size, g.pitch, count, rows, true, matrix,
			                    &soon);
			kernel->rank_update(g.size, g.pitch, count, rows, true, copy,
			                    &nothing);
			CHECK(memcmp(matrix, copy, bytes) == 0);
			free(end);
		}
}

/* largest | A x - b | over the first width unknowns, relative to |A| |x| */
static double
residual(int32_t width, int32_t pitch, const float *a, const float *solution,
         const float *b)
{
	double worst = 0;

	for (int32_t p = 0; p < width; p++)
	{
		double sum = -(double) b[p];
		double terms = fabs((double) b[p]);

		for (int32_t q = 0; q < width; q++)
		{
			double cell = q >= p ? a[p * pitch + q] : a[q * pitch + p];

			sum += cell * solution[q];
			terms += fabs(cell * solution[q]);
		}
		worst = fmax(worst, fabs(sum) / terms);
	}
	return worst;
}

static void
test_factor(const WcKernel *kernel)
{
	uint64_t state = 4;
	double worst = 0;

	for (int w = 0; w < WIDTHS; w++)
	{
		WcGather g = gather_of(kernel, widths[w], widths[w], COUNT_MAX);
		int32_t width = g.width;
		size_t bytes = (size_t) g.size * g.pitch * sizeof(float);
		double smallest = 1;
		float rho;

		fill_rows(&g, &state);
		kernel->rank_update(g.size, g.pitch, g.count, rows, true, matrix,
		                    &nothing);
		for (int32_t p = 0; p < g.size; p++)
			matrix[p * g.pitch + p] += p < width ? 0.5f : 1.0f;
		memcpy(copy, matrix, bytes);
		for (int32_t p = 0; p < g.size; p++)
			x[p] = p < width ? (float) (2 * check_random(&state) - 1) : 0.0f;
		memcpy(y, x, sizeof(y));
		rho = 1;
		for (int32_t row = 0; row < g.size; row += 2 * kernel->lanes)
			rho =
			    fminf(rho, kernel->factor(row,
			                              row + 2 * kernel->lanes < g.size
			                                  ? row + 2 * kernel->lanes
			                                  : g.size,
			                              g.size, g.pitch, matrix, inverse, x));
		kernel->backward(g.size, g.pitch, matrix, inverse, x);
		worst = fmax(worst, residual(width, g.pitch, copy, x, y));
		for (int32_t p = width; p < g.size; p++)
			CHECK(x[p] == 0);

		memcpy(x, y, sizeof(y));
		kernel->forward(g.size, g.pitch, matrix, inverse, x);
		kernel->backward(g.size, g.pitch, matrix, inverse, x);
		worst = fmax(worst, residual(width, g.pitch, copy, x, y));

		/* rho by the textbook */
		{
			static double r[WIDTH_MAX][WIDTH_MAX];

			for (int32_t p = 0; p < width; p++)
				for (int32_t q = p; q < width; q++)
				{
					r[p][q] = copy[p * g.pitch + q];
					for (int32_t s = 0; s < p; s++)
						r[p][q] -= r[s][p] * r[s][q];
					if (q == p)
					{
						smallest =
						    fmin(smallest, r[p][p] / copy[p * g.pitch + p]);
						r[p][p] = sqrt(r[p][p]);
					}
					else
						r[p][q] /= r[p][p];
				}
		}
		CHECK_NEAR(rho, smallest, 1e-4 * smallest);

		/* not positive definite, not finite: told, wherever it is */
		for (int32_t p = 0; p < width; p += width / 3 + 1)
		{
			memcpy(matrix, copy, bytes);
			matrix[p * g.pitch + p] *= -1;
			memset(x, 0, sizeof(x));
			CHECK(kernel->factor(0, g.size, g.size, g.pitch, matrix, inverse,
			                     x) == 0);
			memcpy(matrix, copy, bytes);
			matrix[p * g.pitch + width - 1] = NAN;
			CHECK(kernel->factor(0, g.size, g.size, g.pitch, matrix, inverse,
			                     x) == 0);
			memcpy(matrix, copy, bytes);
			matrix[p * g.pitch + p] = INFINITY;
			CHECK(kernel->factor(0, g.size, g.size, g.pitch, matrix, inverse,
			                     x) == 0);
		}
	}
	printf("%s: largest residual of a solved system %.1e\n", kernel->name,
	       worst);
	CHECK(worst < 1e-6);
}

static void
test_rotate(const WcKernel *kernel)
{
	enum
	{
		STEPS = 9
	};
	static double q[(STEPS + 1) * WIDTH_MAX];
	static double expected[(STEPS + 1) * WIDTH_MAX];
	uint64_t state = 4;
	double c[STEPS];
	double s[STEPS];

	for (int i = 0; i < STEPS; i++)
	{
		double angle = 6 * check_random(&state);

		c[i] = cos(angle);
		s[i] = sin(angle);
	}
	for (int w = 0; w < WIDTHS; w++)
	{
		int32_t width = widths[w];
		double worst = 0;

		for (int32_t p = 0; p < (STEPS + 1) * width; p++)
			q[p] = expected[p] = check_random(&state);
		for (int i = STEPS - 1; i >= 0; i--)
			for (int32_t p = 0; p < width; p++)
			{
				double upper = expected[i * width + p];
				double lower = expected[(i + 1) * width + p];

				expected[i * width + p] = c[i] * upper - s[i] * lower;
				expected[(i + 1) * width + p] = s[i] * upper + c[i] * lower;
			}
		kernel->rotate(width, STEPS, c, s, q);
		for (int32_t p = 0; p < (STEPS + 1) * width; p++)
			worst = fmax(worst, fabs(q[p] - expected[p]));
		CHECK(worst < 1e-14);
		kernel->rotate(width, 0, c, s, q);
	}
}

/* Vectors copied, some of their columns too, and one pass over them. */
static void
test_rows(const WcKernel *kernel)
{
	static const int32_t counts[] = {1, 16, 63, 64};

	for (int w = 0; w < WIDTHS; w++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
			for (int bias = 0; bias < 2; bias++)
			{
				int32_t k = widths[w];
				int32_t count = counts[c];
				int32_t padded = wc_pad(count, kernel->lanes);
				int32_t first = k / 3;
				WcGather g = gather_of(kernel, k, k + bias, count);
				float coefficient[64] = {0};
				double worst = 0;

				kernel->gather_rows(&g, first, g.width - first, rows);
				for (int32_t e = 0; e < count; e++)
					for (int32_t p = 0; p < g.size; p++)
						worst = fmax(worst, fabs(rows[e * g.pitch + p] -
						                         component(&g, e, p + first)));
				CHECK(worst == 0);

				kernel->gather_rows(&g, 0, g.width, rows);
				memset(rows + count * g.pitch, 0,
				       (size_t) (padded - count) * g.pitch * sizeof(float));
				memcpy(coefficient, weight, (size_t) count * sizeof(float));
				for (int known = 0; known < 2; known++)
				{
					float known_right[64] = {0};

					memcpy(known_right, right, (size_t) count * sizeof(float));
					for (int32_t p = 0; p < g.size; p++)
					{
						x[p] = 10;
						y[p] = p < g.width ? (float) (p % 3) - 0.5f : 0;
					}
					x[g.size] = -99;
					kernel->project(g.size, g.pitch, padded, rows, coefficient,
					                known ? known_right : NULL, y, x);
					worst = 0;
					for (int32_t p = 0; p < g.width; p++)
					{
						double sum = 10;

						for (int32_t e = 0; e < count; e++)
						{
							double product = 0;

							for (int32_t q = 0; q < g.width; q++)
								product += component(&g, e, q) * y[q];
							sum += (known * (double) right[e] -
							        weight[e] * product) *
							       component(&g, e, p);
						}
						worst = fmax(worst, fabs(x[p] - sum));
					}
					CHECK(worst < 1e-3 && x[g.size] == -99);
				}
			}
}

/* Sums of integers: exact in any order. */
static void
test_rank_update_double(const WcKernel *kernel)
{
	enum
	{
		ROWS = 7
	};
	static double p[ROWS * WIDTH_MAX];
	static double a[WIDTH_MAX * WIDTH_MAX];
	uint64_t state = 5;

	for (int w = 0; w < WIDTHS; w++)
	{
		int32_t width = widths[w];
		bool same = true;

		for (int32_t i = 0; i < ROWS * width; i++)
			p[i] = floor(100 * check_random(&state));
		for (int32_t i = 0; i < width * width; i++)
			a[i] = i;
		kernel->rank_update_double(width, 0, p, a);
		kernel->rank_update_double(width, 3, p, a);
		kernel->rank_update_double(width, ROWS - 3, p + 3 * width, a);
		for (int32_t r = 0; r < width; r++)
			for (int32_t q = 0; q < width; q++)
			{
				double expected = r * width + q;

				for (int32_t e = 0; e < ROWS && q >= r; e++)
					expected += p[e * width + r] * p[e * width + q];
				if (q >= r || q < r / 4 * 4)
					same = same && a[r * width + q] == expected;
			}
		CHECK(same);
	}
}

static void
test_names(void)
{
	CHECK(wc_kernel_choose("nothing like this") == NULL);
	CHECK(wc_kernel_name("AVX2") == NULL);
	CHECK(wc_kernel_choose(NULL) != NULL);
	CHECK(wc_kernel_choose("") == wc_kernel_choose(NULL));
	CHECK(wc_kernel_choose("auto") == wc_kernel_choose(NULL));
	CHECK(wc_kernel_choose("portable") == &wc_kernel_portable);
	CHECK(strcmp(wc_kernel_name("portable"), "portable") == 0);
#if defined(__x86_64__)
	/* the widest wins */
	if (wc_kernel_choose("avx512") != NULL)
		CHECK(strcmp(wc_kernel_name("auto"), "avx512") == 0);
	else if (wc_kernel_choose("avx2") != NULL)
		CHECK(strcmp(wc_kernel_name("auto"), "avx2") == 0);
#endif
}

int
main(void)
{
	static const char *const names[] = {"portable", "avx2", "avx512"};

	fill();
	test_names();
	for (int n = 0; n < 3; n++)
	{
		const WcKernel *kernel = wc_kernel_choose(names[n]);

		if (kernel == NULL)
		{
			printf("%s: not on this processor\n", names[n]);
			continue;
		}
		CHECK(strcmp(kernel->name, names[n]) == 0);
		test_pack(kernel);
		test_products(kernel);
		test_fetch(kernel);
		test_factor(kernel);
		test_rotate(kernel);
		test_rows(kernel);
		test_rank_update_double(kernel);
	}
	return check_report("test_kernel");
}
