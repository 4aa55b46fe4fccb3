/*-------------------------------------------------------------------------
 *
 * test_map.c
 *	  Projections with known directions, moved and turned; labels that keep
 *	  out of each other's way.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

#define N 60
#define K_MAX 90

static void
pointers(int32_t n, int32_t k, const float *data, const float **vectors)
{
	for (int32_t i = 0; i < n; i++)
		vectors[i] = data + (size_t) i * (size_t) k;
}

static WcStatus
project(int32_t n, int32_t k, const float *data, float *x, float *y)
{
	const float *vectors[N];

	pointers(n, k, data, vectors);
	return wc_map_project((WcVectors){n, k, vectors}, x, y, NULL, &check_alloc,
	                      NULL);
}

/*
 * Vectors (1, a, b): unit lengths after division, spread most along a, then b.
 * The mean direction has no part in it.
 */
static void
test_directions(void)
{
	/* in units of length: (0, +-1, 0) twice, (0, 0, +-0.6) with the rest in
	 * the first coordinate */
	static const float data[] = {0, -2, 0,    0, 3, 0,     0.8f, 0,  0.6f,
	                             8, 0,  -6.f, 0, 7, 0,     0,    -1, 0,
	                             0, 0,  0,    4, 0, -3.0f, 0.4f, 0,  0.3f};
	float x[9];
	float y[9];

	CHECK(project(9, 3, data, x, y) == WC_OK);
	/* the first vector is on the positive side */
	CHECK_NEAR(x[0], 1, 1e-6);
	CHECK_NEAR(x[1], -1, 1e-6);
	CHECK_NEAR(x[2], 0, 1e-6);
	CHECK_NEAR(x[4], -1, 1e-6);
	CHECK_NEAR(x[5], 1, 1e-6);
	/* lengths do not matter */
	CHECK_NEAR(y[2], y[8], 1e-6);
	CHECK_NEAR(y[3], y[7], 1e-6);
	CHECK(isnan(x[6]) && isnan(y[6]));
	CHECK_NEAR(y[0], y[1], 1e-6);
	CHECK(fabsf(y[2] - y[3]) > 0.5f);
}

/* What a map says: distances in the plane, for any shape of the matrix. */
static void
fill(int32_t n, int32_t k, float *data)
{
	uint64_t state = (uint64_t) (n * 1000 + k);

	for (int32_t i = 0; i < n; i++)
		for (int32_t f = 0; f < k; f++)
			data[i * k + f] =
			    (float) (check_random(&state) - 0.4) / (float) (1 + f * f);
}

/* Variance along both axes, and that they are at right angles. */
static void
test_shape(int32_t n, int32_t k)
{
	static float data[N * K_MAX];
	static float turned[N * K_MAX];
	float x[N];
	float y[N];
	float x2[N];
	float y2[N];
	double sum[5] = {0};
	uint64_t state = 77;
	double v[K_MAX];
	double length = 0;

	fill(n, k, data);
	CHECK(project(n, k, data, x, y) == WC_OK);
	for (int32_t i = 0; i < n; i++)
	{
		sum[0] += x[i];
		sum[1] += y[i];
		sum[2] += (double) x[i] * x[i];
		sum[3] += (double) y[i] * y[i];
		sum[4] += (double) x[i] * y[i];
		CHECK(fabsf(x[i]) <= 2 && fabsf(y[i]) <= 2);
	}
	CHECK_NEAR(sum[0], 0, 1e-5);
	CHECK_NEAR(sum[1], 0, 1e-5);
	CHECK_NEAR(sum[4], 0, 1e-4);
	CHECK(sum[2] + 1e-9 >= sum[3]);
	if (n > 2 && k > 2)
		CHECK(sum[3] > 0);

	/* reflected: I - 2 v v' / |v|^2, and every row with another length */
	for (int32_t f = 0; f < k; f++)
	{
		v[f] = check_random(&state) - 0.5;
		length += v[f] * v[f];
	}
	for (int32_t i = 0; i < n; i++)
	{
		double along = 0;

		for (int32_t f = 0; f < k; f++)
			along += data[i * k + f] * v[f];
		for (int32_t f = 0; f < k; f++)
			turned[i * k + f] =
			    (float) ((data[i * k + f] - 2 * along * v[f] / length) *
			             (1 + i % 5));
	}
	CHECK(project(n, k, turned, x2, y2) == WC_OK);
	for (int32_t i = 0; i < n; i++)
	{
		CHECK_NEAR(x2[i], x[i], 2e-4);
		CHECK_NEAR(y2[i], y[i], 2e-3);
	}
}

/* Both ways to the components give the same map. */
static void
test_both_ways(void)
{
	static float narrow[N * 20];
	static float wide[N * K_MAX];
	float x[N];
	float y[N];
	float x2[N];
	float y2[N];

	fill(N, 20, narrow);
	memset(wide, 0, sizeof(wide));
	for (int32_t i = 0; i < N; i++)
		memcpy(wide + i * K_MAX, narrow + i * 20, 20 * sizeof(float));
	CHECK(project(N, 20, narrow, x, y) == WC_OK);
	CHECK(project(N, K_MAX, wide, x2, y2) == WC_OK);
	for (int32_t i = 0; i < N; i++)
	{
		CHECK_NEAR(x[i], x2[i], 1e-5);
		CHECK_NEAR(y[i], y2[i], 1e-5);
	}
}

/* Where there is nothing to see, everything is in the middle. */
static void
test_degenerate(void)
{
	static const float same[] = {1, 2, 2, 4, 0.5f, 1};
	static const float zeros[] = {0, 0, 0, 0};
	static const float huge[] = {FLT_MAX, FLT_MAX, -FLT_MAX, FLT_MAX};
	static const float line[] = {3, -3, 9};
	float x[3];
	float y[3];

	CHECK(project(3, 2, same, x, y) == WC_OK);
	CHECK(x[0] == 0 && y[0] == 0 && x[2] == 0 && y[2] == 0);
	CHECK(project(2, 2, zeros, x, y) == WC_OK);
	CHECK(isnan(x[0]) && isnan(y[1]));
	CHECK(project(0, 2, zeros, x, y) == WC_OK);
	CHECK(project(1, 2, same, x, y) == WC_OK);
	CHECK(x[0] == 0 && y[0] == 0);
	CHECK(project(2, 2, huge, x, y) == WC_OK);
	CHECK_NEAR(x[0], sqrt(0.5), 1e-6);
	CHECK_NEAR(x[1], -sqrt(0.5), 1e-6);
	CHECK(y[0] == 0 && y[1] == 0);
	CHECK(project(3, 1, line, x, y) == WC_OK);
	CHECK_NEAR(x[0], 2.0 / 3, 1e-6);
	CHECK_NEAR(x[1], -4.0 / 3, 1e-6);
	CHECK(y[0] == 0);

	/* a line through many dimensions: rounding is no second one */
	for (int32_t k = 20; k <= K_MAX; k += K_MAX - 20)
	{
		static float rays[N * K_MAX];
		float x2[N];
		float y2[N];

		for (int32_t i = 0; i < N; i++)
			for (int32_t f = 0; f < k; f++)
				rays[i * k + f] =
				    (float) (i % 3 - 1.5) / (float) (1 + i) / (float) (3 + f);
		CHECK(project(N, k, rays, x2, y2) == WC_OK);
		for (int32_t i = 0; i < N; i++)
			CHECK(x2[i] != 0 && y2[i] == 0);
	}
}

static bool
boxes_meet(WcBox a, WcBox b)
{
	return a.left < b.right && b.left < a.right && a.top < b.bottom &&
	       b.top < a.bottom;
}

static void
test_labels(void)
{
	WcBox frame = {0, 0, 300, 200};
	WcMark marks[N];
	uint64_t state = 5;
	int placed = 0;

	for (int32_t i = 0; i < N; i++)
	{
		WcMark mark = {300 * check_random(&state),
		               200 * check_random(&state),
		               3,
		               i % 7 == 3 ? 0 : 40,
		               12,
		               false,
		               false,
		               {0, 0, 0, 0}};

		marks[i] = mark;
	}
	CHECK(wc_map_labels(N, marks, &frame, N, NULL) == WC_OK);
	for (int32_t i = 0; i < N; i++)
	{
		if (!marks[i].placed)
			continue;
		placed++;
		CHECK(marks[i].width > 0);
		CHECK_NEAR(marks[i].box.right - marks[i].box.left, 40, 1e-9);
		CHECK_NEAR(marks[i].box.bottom - marks[i].box.top, 12, 1e-9);
		CHECK(marks[i].box.left >= 0 && marks[i].box.right <= 300);
		CHECK(marks[i].box.top >= 0 && marks[i].box.bottom <= 200);
		for (int32_t j = 0; j < N; j++)
		{
			WcBox point = {marks[j].x - 3, marks[j].y - 3, marks[j].x + 3,
			               marks[j].y + 3};

			CHECK(!boxes_meet(marks[i].box, point));
			if (j < i && marks[j].placed)
				CHECK(!boxes_meet(marks[i].box, marks[j].box));
		}
	}
	CHECK(placed > 10 && placed < N);

	/* the first comes first, and no more than the limit */
	CHECK(wc_map_labels(N, marks, &frame, 3, NULL) == WC_OK);
	placed = 0;
	for (int32_t i = 0; i < N; i++)
		placed += marks[i].placed;
	CHECK(placed == 3);
}

/* Right of the point if there is room, else left, above, below. */
static void
test_label_places(void)
{
	WcBox frame = {0, 0, 100, 100};
	WcMark marks[] = {{50, 50, 2, 20, 10, false, false, {0, 0, 0, 0}},
	                  {95, 20, 2, 20, 10, false, false, {0, 0, 0, 0}},
	                  {50, 62, 2, 96, 10, false, false, {0, 0, 0, 0}}};

	CHECK(wc_map_labels(3, marks, &frame, 3, NULL) == WC_OK);
	CHECK(marks[0].placed && marks[0].box.left == 54);
	CHECK(marks[0].box.top == 45);
	CHECK(marks[1].placed && marks[1].box.right == 91);
	/* above it would lie on the first label and point */
	CHECK(marks[2].placed && marks[2].box.top == 66);
	frame.right = 10;
	CHECK(wc_map_labels(3, marks, &frame, 3, NULL) == WC_OK);
	CHECK(!marks[0].placed && !marks[1].placed && !marks[2].placed);
}

/* A large point in a crowd of small ones; a small one in a crowd of large. */
static void
test_label_over(void)
{
	WcBox frame = {0, 0, 100, 100};
	WcMark marks[] = {{50, 50, 8, 20, 10, false, false, {0, 0, 0, 0}},
	                  {65, 50, 3, 0, 10, false, false, {0, 0, 0, 0}},
	                  {35, 50, 3, 0, 10, false, false, {0, 0, 0, 0}},
	                  {50, 35, 3, 0, 10, false, false, {0, 0, 0, 0}},
	                  {50, 65, 3, 0, 10, false, false, {0, 0, 0, 0}}};

	CHECK(wc_map_labels(5, marks, &frame, 5, NULL) == WC_OK);
	CHECK(marks[0].placed && marks[0].over);
	CHECK(marks[0].box.left == 60); /* the first of the places again */
	for (int32_t i = 1; i < 5; i++)
		marks[i].radius = 8;
	CHECK(wc_map_labels(5, marks, &frame, 5, NULL) == WC_OK);
	CHECK(!marks[0].placed && !marks[0].over);
	/* with room beside it lies over nothing */
	marks[1].x = 95;
	marks[1].y = 95;
	CHECK(wc_map_labels(5, marks, &frame, 5, NULL) == WC_OK);
	CHECK(marks[0].placed && !marks[0].over);
}

static void
test_failures(void)
{
	static float data[N * K_MAX];
	const float *vectors[N];
	float x[N];
	float y[N];
	WcBox frame = {0, 0, 100, 100};
	WcMark mark = {50, 50, 2, 20, 10, false, false, {0, 0, 0, 0}};
	CheckCancel cancel;
	WcHooks hooks = {check_should_stop, NULL, &cancel};

	for (int wide = 0; wide < 2; wide++)
	{
		int32_t k = wide ? K_MAX : 10;
		long n = 0;
		WcStatus status;

		fill(N, k, data);
		pointers(N, k, data, vectors);
		do
		{
			check_fail_after = n++;
			status = wc_map_project((WcVectors){N, k, vectors}, x, y, NULL,
			                        &check_alloc, NULL);
			CHECK(status == WC_OK || status == WC_NO_MEMORY);
		} while (status != WC_OK);
		CHECK(n == 7);
		check_fail_after = -1;
		cancel.remaining = 0;
		CHECK(wc_map_project((WcVectors){N, k, vectors}, x, y, NULL,
		                     &check_alloc, &hooks) == WC_CANCELLED);
	}
	cancel.remaining = 0;
	CHECK(wc_map_labels(1, &mark, &frame, 1, &hooks) == WC_CANCELLED);
}

int
main(void)
{
	static const int32_t shapes[][2] = {{N, 3},  {N, 16}, {N, 59}, {N, 60},
	                                    {N, 61}, {5, 80}, {3, 3},  {2, 9}};

	test_directions();
	for (int i = 0; i < (int) (sizeof(shapes) / sizeof(shapes[0])); i++)
		test_shape(shapes[i][0], shapes[i][1]);
	test_both_ways();
	test_degenerate();
	test_labels();
	test_label_over();
	test_label_places();
	test_failures();
	return check_report("test_map");
}
