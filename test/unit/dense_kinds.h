/*-------------------------------------------------------------------------
 *
 * dense_kinds.h
 *	  What test_dense.c asks of a provider, for one type of numbers.
 *
 * REAL is the type, NAME(x) is x with its suffix, EPS its precision.
 *
 *-------------------------------------------------------------------------
 */

static REAL NAME(one)[ROOM];
static REAL NAME(two)[ROOM];
static REAL NAME(three)[ROOM];
static REAL NAME(four)[2 * ROOM + 12 * SIDE + 8];

/* Whole numbers, so that a product is exact in any order. */
static void
NAME(fill_whole)(size_t count, REAL *x, uint64_t *state)
{
	for (size_t i = 0; i < count; i++)
		x[i] = (REAL) (floor(check_random(state) * 9) - 4);
}

/* The largest difference in the upper triangles. */
static double
NAME(apart)(int32_t n, const REAL *x, const REAL *y)
{
	double most = 0;

	for (int32_t i = 0; i < n; i++)
		for (int32_t j = i; j < n; j++)
			most = fmax(most, fabs((double) x[(size_t) i * n + j] -
			                       (double) y[(size_t) i * n + j]));
	return most;
}

/* C = V' V of whole numbers, exactly, into what had no numbers, and added. */
static void
NAME(test_square)(const WcDense *dense, int32_t n, int32_t count)
{
	uint64_t state = 3;
	REAL *v = NAME(one);
	REAL *c = NAME(two);
	bool right = true;

	NAME(fill_whole)((size_t) n * count, v, &state);
	for (size_t i = 0; i < (size_t) n * n; i++)
		c[i] = NAN;
	for (int times = 1; times <= 2; times++)
	{
		WcPace pace = wc_pace_start(NULL);

		CHECK(dense->NAME(square)(n, count, v, times == 2, c, &pace) == WC_OK);
		for (int32_t i = 0; i < n; i++)
			for (int32_t j = i; j < n; j++)
			{
				double sum = 0;

				for (int32_t e = 0; e < count; e++)
					sum += (double) v[(size_t) e * n + i] *
					       (double) v[(size_t) e * n + j];
				right &= (double) c[(size_t) i * n + j] == times * sum;
			}
	}
	CHECK(right);
}

static void
NAME(test_multiply)(const WcDense *dense, int32_t m, int32_t n, int32_t inner)
{
	uint64_t state = 3;
	REAL *a = NAME(one);
	REAL *b = NAME(two);
	REAL *c = NAME(three);
	bool right = true;

	NAME(fill_whole)((size_t) m * inner, a, &state);
	NAME(fill_whole)((size_t) n * inner, b, &state);
	for (int turned = 0; turned < 2; turned++)
	{
		WcPace pace = wc_pace_start(NULL);

		for (size_t i = 0; i < (size_t) m * n; i++)
			c[i] = NAN;
		CHECK(dense->NAME(multiply)(m, n, inner, a, b, turned, c, &pace) ==
		      WC_OK);
		for (int32_t i = 0; i < m; i++)
			for (int32_t j = 0; j < n; j++)
			{
				double sum = 0;

				for (int32_t l = 0; l < inner; l++)
					sum += (double) a[(size_t) i * inner + l] *
					       (double) b[turned ? (size_t) j * inner + l
					                         : (size_t) l * n + j];
				right &= (double) c[(size_t) i * n + j] == sum;
			}
	}
	CHECK(right);
}

/*
 * min(i, j), counted from 1, is R' R with all of R ones; its inverse has 2 on the
 * diagonal, 1 at its end, and -1 beside it.  All exact.
 */
static void
NAME(test_factor)(const WcDense *dense, int32_t n)
{
	WcPace pace = wc_pace_start(NULL);
	REAL *a = NAME(one);
	REAL *x = NAME(two);
	int32_t count = n < 3 ? n : 3;
	bool right = true;

	for (int32_t i = 0; i < n; i++)
		for (int32_t j = 0; j < n; j++)
			a[(size_t) i * n + j] = (REAL) (j >= i ? i + 1 : NAN);
	CHECK(dense->NAME(factor)(n, a, &pace) == WC_OK);
	for (int32_t i = 0; i < n; i++)
		for (int32_t j = i; j < n; j++)
			right &= a[(size_t) i * n + j] == 1;
	CHECK(right);

	/* the columns of the inverse */
	memset(x, 0, (size_t) count * n * sizeof(REAL));
	for (int32_t i = 0; i < count; i++)
		x[(size_t) i * n + i * (n / count)] = 1;
	CHECK(dense->NAME(solve)(n, a, count, x, &pace) == WC_OK);
	for (int32_t i = 0; i < count; i++)
		for (int32_t j = 0; j < n; j++)
		{
			int32_t p = i * (n / count);
			int32_t off = j > p ? j - p : p - j;
			int is = off == 0 ? (p == n - 1 ? 1 : 2) : off == 1 ? -1 : 0;

			right &= x[(size_t) i * n + j] == is;
		}
	CHECK(right);
}

/* What is not positive definite is said so, wherever it shows. */
static void
NAME(test_indefinite)(const WcDense *dense, int32_t n)
{
	static const double bad[] = {0, -1, NAN, INFINITY};

	for (int b = 0; b < 4; b++)
		for (int32_t p = 0; p<n; p += n> 50 ? n / 3 : 1)
		{
			WcPace pace = wc_pace_start(NULL);
			REAL *a = NAME(one);

			for (int32_t i = 0; i < n; i++)
				for (int32_t j = 0; j < n; j++)
					a[(size_t) i * n + j] = i == j;
			a[(size_t) p * n + p] = (REAL) bad[b];
			CHECK(dense->NAME(factor)(n, a, &pace) == WC_NOT_SPD);
		}
}

/*
 * The second difference: its eigenvalues are 2 - 2 cos(pi l / (n + 1)), and
 * |A q - e q| is nothing.
 */
static double
NAME(test_eigen)(const WcDense *dense, int32_t n)
{
	WcPace pace = wc_pace_start(NULL);
	REAL *a = NAME(one);
	REAL *values = NAME(two);
	double worst = 0;

	for (int32_t i = 0; i < n; i++)
		for (int32_t j = 0; j < n; j++)
			a[(size_t) i * n + j] = (REAL) (j < i        ? NAN
			                                : j == i     ? 2
			                                : j == i + 1 ? -1
			                                             : 0);
	CHECK(dense->NAME(eigen)(wc_kernel_choose(NULL), n, a, values, NAME(four),
	                         &pace) == WC_OK);
	for (int32_t l = 0; l < n; l++)
	{
		const REAL *q = a + (size_t) l * n;
		int32_t below = 0;
		double pi = 3.14159265358979323846;

		for (int32_t other = 0; other < n; other++)
			below += values[other] < values[l];
		worst = fmax(worst, fabs((double) values[l] - 2 +
		                         2 * cos(pi * (below + 1) / (n + 1))));
		for (int32_t i = 0; i < n; i++)
		{
			double sum = (2 - (double) values[l]) * (double) q[i];

			sum -= (i > 0 ? (double) q[i - 1] : 0) +
			       (i < n - 1 ? (double) q[i + 1] : 0);
			worst = fmax(worst, fabs(sum));
		}
	}
	CHECK(worst <= 100 * EPS);
	return worst / EPS;
}

/* One provider beside the other, where numbers are rounded. */
static void
NAME(test_both)(const WcDense *left, const WcDense *right, int32_t n)
{
	WcPace pace = wc_pace_start(NULL);
	uint64_t state = 9;
	REAL *v = NAME(four);
	double squares;
	double factors;

	for (size_t i = 0; i < (size_t) n * n; i++)
		v[i] = (REAL) (2 * check_random(&state) - 1);
	CHECK(left->NAME(square)(n, n, v, false, NAME(one), &pace) == WC_OK);
	CHECK(right->NAME(square)(n, n, v, false, NAME(two), &pace) == WC_OK);
	squares = NAME(apart)(n, NAME(one), NAME(two)) / n;
	for (int32_t i = 0; i < n; i++)
		NAME(one)[(size_t) i * n + i] += (REAL) n;
	memcpy(NAME(two), NAME(one), sizeof(REAL) * (size_t) n * n);
	CHECK(left->NAME(factor)(n, NAME(one), &pace) == WC_OK);
	CHECK(right->NAME(factor)(n, NAME(two), &pace) == WC_OK);
	factors = NAME(apart)(n, NAME(one), NAME(two)) / sqrt(n);
	CHECK(squares <= 50 * EPS);
	CHECK(factors <= 50 * EPS);
	printf("%d rows, %d bytes a number, apart in precisions: squares %.1f, "
	       "factors %.1f\n",
	       n, (int) sizeof(REAL), squares / EPS, factors / EPS);
}

/* Asked often enough, and heard at every question. */
static void
NAME(test_cancel)(const WcDense *dense, int32_t n)
{
	for (int what = 0; what < 5; what++)
	{
		WcStatus status = WC_CANCELLED;
		long asked;

		for (asked = 0; status == WC_CANCELLED && asked < 5000; asked++)
		{
			CheckCancel cancel = {asked, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};
			WcPace pace = wc_pace_start(&hooks);

			for (int32_t i = 0; i < n; i++)
				for (int32_t j = 0; j < n; j++)
					NAME(one)[(size_t) i * n + j] = i == j;
			memset(NAME(two), 0, sizeof(REAL) * (size_t) n * n);
			if (what == 0)
				status =
				    dense->NAME(eigen)(wc_kernel_choose(NULL), n, NAME(one),
				                       NAME(two), NAME(four), &pace);
			else if (what == 1)
				status = dense->NAME(factor)(n, NAME(one), &pace);
			else if (what == 2)
				status = dense->NAME(solve)(n, NAME(one), n, NAME(two), &pace);
			else if (what == 3)
				status = dense->NAME(square)(n, n, NAME(one), false, NAME(two),
				                             &pace);
			else
				status = dense->NAME(multiply)(n, n, n, NAME(one), NAME(two),
				                               true, NAME(three), &pace);
			CHECK(cancel.asked == (status == WC_OK ? asked : asked + 1));
		}
		CHECK(status == WC_OK && asked > 1);
	}
}

static void
NAME(test_provider)(const WcDense *dense)
{
	static const int32_t sizes[] = {1, 2, 3, 7, 33, 64, 130, SIDE};
	double worst = 0;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
	{
		int32_t n = sizes[s];

		NAME(test_square)(dense, n, 0);
		NAME(test_square)(dense, n, n < 9 ? n + 5 : n / 5);
		NAME(test_multiply)(dense, n, n < 20 ? n + 3 : 20, n < 20 ? n : 11);
		NAME(test_multiply)(dense, 5, n, 0);
		NAME(test_factor)(dense, n);
		NAME(test_indefinite)(dense, n);
		worst = fmax(worst, NAME(test_eigen)(dense, n));
	}
	NAME(test_cancel)(dense, 70);
	printf("%s: eigenvalues off by %.1f precisions\n", dense->name, worst);
}

#undef REAL
#undef NAME
#undef EPS
