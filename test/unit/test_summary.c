/*-------------------------------------------------------------------------
 *
 * test_summary.c
 *	  Means and errors against their definitions, p values against closed forms
 *	  and sums over every outcome.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32. */
static void
test_moments(void)
{
	static const double values[] = {2, 4, 4, NAN, 4, 5, 5, 7, 9};
	WcMoments moments = {0, 0, 0};

	CHECK(isnan(wc_moments_error(&moments)));
	wc_moments_add(&moments, 2);
	CHECK(isnan(wc_moments_error(&moments)) && moments.mean == 2);
	for (int i = 1; i < 9; i++)
		wc_moments_add(&moments, values[i]);
	CHECK(moments.n == 8);
	CHECK_NEAR(moments.mean, 5, 1e-15);
	CHECK_NEAR(moments.square, 32, 1e-13);
	CHECK_NEAR(wc_moments_error(&moments), sqrt(32.0 / 7 / 8), 1e-15);
}

/* A large offset takes nothing from the variance. */
static void
test_moments_offset(void)
{
	WcMoments moments = {0, 0, 0};

	for (int i = 0; i < 1000; i++)
		wc_moments_add(&moments, 1e9 + i % 2);
	CHECK_NEAR(moments.square, 250, 1e-3);
}

/*
 * Users with 1, 2 and 3 ratings, sums 1, 4, 3: mean 8 / 6, residuals
 * 1 - 4/3, 4 - 8/3, 3 - 4.
 */
static void
test_ratio(void)
{
	WcRatio ratio = {0, 0, 0, 0, 0, 0};
	double a = 1 - 4.0 / 3;
	double b = 4 - 8.0 / 3;
	double c = 3 - 4.0;

	CHECK(isnan(wc_ratio_mean(&ratio)) && isnan(wc_ratio_error(&ratio)));
	wc_ratio_add(&ratio, 1, 1);
	CHECK(isnan(wc_ratio_error(&ratio)) && wc_ratio_mean(&ratio) == 1);
	wc_ratio_add(&ratio, 0, 17);
	wc_ratio_add(&ratio, 2, 4);
	wc_ratio_add(&ratio, 3, 3);
	CHECK(ratio.users == 3);
	CHECK_NEAR(wc_ratio_mean(&ratio), 8.0 / 6, 1e-15);
	CHECK_NEAR(wc_ratio_error(&ratio), sqrt(1.5 * (a * a + b * b + c * c)) / 6,
	           1e-14);

	/* one rating each: the error of the plain mean */
	memset(&ratio, 0, sizeof(ratio));
	for (int i = 0; i < 8; i++)
		wc_ratio_add(&ratio, 1, i);
	CHECK_NEAR(wc_ratio_error(&ratio), sqrt(42.0 / 7 / 8), 1e-14);

	/* no difference, no error, and no NaN from rounding */
	memset(&ratio, 0, sizeof(ratio));
	for (int i = 1; i < 50; i++)
		wc_ratio_add(&ratio, i, 0.1 * i);
	CHECK(wc_ratio_error(&ratio) < 1e-8);
}

static void
test_student(void)
{
	const double pi = 3.14159265358979323846;

	for (double t = -30; t <= 30; t += 0.37)
	{
		double a = fabs(t);

		CHECK_NEAR(wc_student_p(t, 1), 1 - 2 / pi * atan(a), 1e-12);
		CHECK_NEAR(wc_student_p(t, 2), 1 - a / sqrt(2 + t * t), 1e-12);
		CHECK_NEAR(wc_student_p(t, 3),
		           1 - 2 / pi *
		                   (atan(a / sqrt(3)) + a / sqrt(3) / (1 + t * t / 3)),
		           1e-12);
	}
	CHECK(wc_student_p(0, 5) == 1);
	/* many degrees of freedom: the normal distribution */
	CHECK_NEAR(wc_student_p(1.959963984540054, 1e7), 0.05, 1e-7);
	CHECK_NEAR(wc_student_p(5, 1e7) / erfc(5 / sqrt(2)), 1, 1e-4);
	CHECK_NEAR(wc_student_p(2.2281388519862735, 10), 0.05, 1e-12);
	CHECK(wc_student_p(40, 1000) > 0 && wc_student_p(40, 1000) < 1e-200);
	CHECK(isnan(wc_student_p(NAN, 5)) && isnan(wc_student_p(INFINITY, 5)));
	CHECK(isnan(wc_student_p(1, 0)));
}

/* Every outcome of up to 60 coins, counted. */
static void
test_sign(void)
{
	for (int n = 1; n <= 60; n++)
	{
		double ways = 1; /* n over k */
		double below = 0;

		for (int k = 0; 2 * k <= n; k++)
		{
			double p;

			below += ways;
			p = 2 * below / ldexp(1, n);
			CHECK_NEAR(wc_sign_p(k, n - k), p < 1 ? p : 1, 1e-11);
			CHECK(wc_sign_p(k, n - k) == wc_sign_p(n - k, k));
			ways = ways * (n - k) / (k + 1);
		}
	}
	CHECK(isnan(wc_sign_p(0, 0)));
	/* a million: three standard deviations with the correction of 1/2 */
	CHECK_NEAR(wc_sign_p(498500, 501500), erfc(1499.5 / 500 / sqrt(2)), 1e-6);
}

/*
 * One version each is the paired test: 1/4, 1/4, 1/4, 1, 1 and 1, 1, 1, 1/4, 1,
 * as in regress compare, with a user that one has no number for.
 */
static void
test_contrast_pair(void)
{
	static const double a[] = {0.25, 0.25, 0.25, 1, NAN, 1};
	static const double b[] = {1, 1, 1, 0.25, 7, 1};
	const double *values[] = {a, b};
	WcContrast c = wc_contrast(values, (int[]){1, 1}, 6);

	CHECK(c.users == 5 && c.higher == 3 && c.lower == 1);
	CHECK_NEAR(c.difference, 0.3, 1e-15);
	CHECK_NEAR(c.error, 0.3, 1e-15);
	CHECK(isnan(c.version_error) && c.df == 4);
	CHECK_NEAR(c.mean[0], 0.55, 1e-15);
	CHECK_NEAR(c.mean[1], 0.85, 1e-15);
	c = wc_contrast(values, (int[]){1, 1}, 1);
	CHECK(c.users == 1 && isnan(c.error));
	c = wc_contrast(values, (int[]){1, 1}, 0);
	CHECK(c.users == 0 && isnan(c.difference) && isnan(c.mean[0]));
}

/*
 * Two versions against one, two users.  First side 0, 4 and 2, 2 of the users,
 * second 5, 7.  Means of the versions 1 and 3: V_a = 2 / 2; differences of the
 * users 5 - 2 and 7 - 2: V_users = 2 / 2; what is left of x_us is +-1:
 * V_both = 4 / 1 / 4.  Variance 1 + 1 - 1, degrees of freedom 1 / (1 + 1), and the
 * parts are not more than it.
 */
static void
test_contrast_hand(void)
{
	static const double first[] = {0, 2};
	static const double again[] = {4, 2};
	static const double second[] = {5, 7};
	const double *values[] = {first, again, second};
	WcContrast c = wc_contrast(values, (int[]){2, 1}, 2);

	CHECK(c.users == 2 && c.higher == 2 && c.lower == 0);
	CHECK_NEAR(c.mean[0], 2, 1e-15);
	CHECK_NEAR(c.difference, 4, 1e-15);
	CHECK_NEAR(c.version_error, 1, 1e-15);
	CHECK_NEAR(c.error, 1, 1e-15);
	CHECK_NEAR(c.df, 0.5, 1e-15);
}

/* About normal, from a counter. */
static double
noise(uint64_t number)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += wc_hash_unit(wc_hash_pair(5, number, (uint64_t) i));
	return sum - 6;
}

/*
 * Sides that do not differ: users differ, versions do, and each version has its
 * own luck with each user.  p < 0.05 comes about in about one of twenty cases,
 * where a test of single versions says so far more often.
 */
static void
test_contrast_null(void)
{
	enum
	{
		USERS = 40,
		VERSIONS = 5,
		CASES = 2000
	};
	static double x[2 * VERSIONS][USERS];
	const double *values[2 * VERSIONS];
	const double *pair[2];
	int found = 0;
	int found_alone = 0;
	uint64_t number = 0;

	for (int c = 0; c < CASES; c++)
	{
		WcContrast all;
		WcContrast alone;
		double user[USERS];

		for (int u = 0; u < USERS; u++)
			user[u] = noise(number++);
		for (int v = 0; v < 2 * VERSIONS; v++)
		{
			double version = 0.3 * noise(number++);

			for (int u = 0; u < USERS; u++)
				x[v][u] = user[u] + version + noise(number++);
			values[v] = x[v];
		}
		all = wc_contrast(values, (int[]){VERSIONS, VERSIONS}, USERS);
		pair[0] = x[0];
		pair[1] = x[VERSIONS];
		alone = wc_contrast(pair, (int[]){1, 1}, USERS);
		found += wc_student_p(all.difference / all.error, all.df) < 0.05;
		found_alone +=
		    wc_student_p(alone.difference / alone.error, alone.df) < 0.05;
	}
	/* 100 of 2000 are expected, with a standard deviation of 9.7 */
	CHECK(found >= 60 && found <= 140);
	CHECK(found_alone > 400);
}

int
main(void)
{
	test_contrast_pair();
	test_contrast_hand();
	test_contrast_null();
	test_moments();
	test_moments_offset();
	test_ratio();
	test_student();
	test_sign();
	return check_report("test_summary");
}
