/*-------------------------------------------------------------------------
 *
 * summary.c
 *	  Means with their standard errors, and whether a difference is one.
 *
 * Sums are taken in the order in which numbers are added, so they have the same
 * bits whenever the order is the same.
 *
 * The mean of one number per user is by Welford's recurrence.  The mean over
 * ratings, of which users have several, is a ratio of two sums, sum s / sum n,
 * with the linearized error of cluster sampling (Cochran, Sampling Techniques,
 * 1977, 6.3 and 9A):
 *
 *		sqrt(m / (m - 1) sum_i (s_i - mean n_i)^2) / sum_i n_i
 *
 * Both p values are incomplete beta functions, by their continued fraction
 * (DLMF 8.17.22) with the method of Lentz:
 *
 *		P(|T| >= t) = I_x(df / 2, 1 / 2), x = df / (df + t^2)
 *		P(X <= k) of n fair coins = I_1/2(n - k, k + 1)
 *
 * The sign test leaves out who does not differ.  Good to about 1e-10 (the tests
 * hold it against sums over every outcome), which is more than a p value means.
 *
 * Versions of one side differ by their seeds and users differ from each other:
 * two random factors that are crossed (wc_contrast).  With x_us for user u and
 * version s, u = 1..m, s = 1..S,
 *
 *		V_users		variance over u of the mean difference of the sides / m
 *		V_side		variance over s of the mean over u / S, 0 for S = 1
 *		V_both		mean square of x_us - x_u - x_s + x, / (m S)
 *
 * The first two both contain the third, so the variance of the difference is
 * V_users + V_a + V_b - V_both,a - V_both,b (Cornfield and Tukey, Ann. Math.
 * Statist. 27, 1956), which is taken for no less than either part, and its
 * degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946).  With one
 * version on each side it is Student's paired test.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/ground/internal.h"
#include "core/measure/measure.h"

#define FRACTION_TERMS 100000
#define FRACTION_PRECISION 1e-15
#define FRACTION_TINY 1e-300
#define STIRLING_FROM 12.0
#define HALF_LOG_TWO_PI 0.91893853320467274178

void
wc_moments_add(WcMoments *moments, double value)
{
	double before = value - moments->mean;

	if (isnan(value))
		return;
	moments->n++;
	moments->mean += before / (double) moments->n;
	moments->square += before * (value - moments->mean);
}

double
wc_moments_error(const WcMoments *moments)
{
	double n = (double) moments->n;

	if (moments->n < 2)
		return NAN;
	return sqrt(moments->square / (n - 1) / n);
}

void
wc_ratio_add(WcRatio *ratio, int64_t n, double sum)
{
	double weight = (double) n;

	if (n == 0)
		return;
	ratio->users++;
	ratio->weight += weight;
	ratio->sum += sum;
	ratio->weight_square += weight * weight;
	ratio->product += weight * sum;
	ratio->sum_square += sum * sum;
}

double
wc_ratio_mean(const WcRatio *ratio)
{
	return ratio->users > 0 ? ratio->sum / ratio->weight : NAN;
}

double
wc_ratio_error(const WcRatio *ratio)
{
	double m = (double) ratio->users;
	double mean = wc_ratio_mean(ratio);
	double square;

	if (ratio->users < 2)
		return NAN;
	square = ratio->sum_square - 2 * mean * ratio->product +
	         mean * mean * ratio->weight_square;
	/* rounding may leave a little less than nothing */
	return sqrt(m / (m - 1) * (square > 0 ? square : 0)) / ratio->weight;
}

/* log(Gamma(x)), x > 0: Stirling's series, where it is exact enough. */
static double
log_gamma(double x)
{
	double below = 1;
	double inverse;
	double square;

	while (x < STIRLING_FROM)
		below *= x++;
	inverse = 1 / x;
	square = inverse * inverse;
	return (x - 0.5) * log(x) - x + HALF_LOG_TWO_PI - log(below) +
	       inverse * (1.0 / 12 -
	                  square * (1.0 / 360 -
	                            square * (1.0 / 1260 - square * (1.0 / 1680))));
}

/* Keep a denominator away from 0. */
static inline double
apart(double x)
{
	return fabs(x) < FRACTION_TINY ? FRACTION_TINY : x;
}

/* The continued fraction of I_x(a, b), which converges for x < (a+1)/(a+b+2) */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 / apart(1 - (a + b) * x / (a + 1));
	double result = d;

	for (int n = 1; n < FRACTION_TERMS; n++)
	{
		double even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n));
		double odd =
		    -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1));

		d = 1 / apart(1 + even * d);
		c = apart(1 + even / c);
		result *= c * d;
		d = 1 / apart(1 + odd * d);
		c = apart(1 + odd / c);
		result *= c * d;
		if (fabs(c * d - 1) < FRACTION_PRECISION)
			break;
	}
	return result;
}

/* The regularized incomplete beta function I_x(a, b), with y = 1 - x. */
static double
beta(double a, double b, double x, double y)
{
	double front;

	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) +
	            b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

double
wc_student_p(double t, double df)
{
	double square = t * t;

	if (!(df > 0) || !isfinite(t))
		return NAN;
	return beta(df / 2, 0.5, df / (df + square), square / (df + square));
}

double
wc_sign_p(int64_t up, int64_t down)
{
	int64_t fewer = up < down ? up : down;
	double n = (double) (up + down);
	double tail;

	if (up + down == 0)
		return NAN;
	tail = beta(n - (double) fewer, (double) fewer + 1, 0.5, 0.5);
	return 2 * tail < 1 ? 2 * tail : 1;
}

/* Whether every version has a number for a user. */
static bool
is_complete(const double *const *values, int versions, int64_t user)
{
	for (int v = 0; v < versions; v++)
		if (isnan(values[v][user]))
			return false;
	return true;
}

static double
mean_of(const double *const *values, int versions, int64_t user)
{
	double sum = 0;

	for (int v = 0; v < versions; v++)
		sum += values[v][user];
	return sum / versions;
}

/* What one side adds to the variance of the difference. */
typedef struct SidePart
{
	double mean;
	double versions; /* V_side */
	double both; /* V_both */
} SidePart;

static SidePart
side_part(const double *const *values, int versions, int total,
          const double *const *all, int64_t users)
{
	WcMoments means = {0, 0, 0};
	SidePart part = {0, 0, 0};
	double square = 0;
	int64_t m = 0;

	for (int v = 0; v < versions; v++)
	{
		WcMoments moments = {0, 0, 0};

		for (int64_t u = 0; u < users; u++)
			if (is_complete(all, total, u))
				wc_moments_add(&moments, values[v][u]);
		m = moments.n;
		wc_moments_add(&means, moments.mean);
	}
	part.mean = means.mean;
	if (versions < 2 || m < 2)
		return part;
	part.versions = means.square / (versions - 1) / versions;
	for (int v = 0; v < versions; v++)
	{
		WcMoments apart = {0, 0, 0};

		/* its mean is that of the version, less that of the side */
		for (int64_t u = 0; u < users; u++)
			if (is_complete(all, total, u))
				wc_moments_add(&apart,
				               values[v][u] - mean_of(values, versions, u));
		square += apart.square;
	}
	part.both =
	    square / ((double) (m - 1) * (versions - 1)) / ((double) m * versions);
	return part;
}

WcContrast
wc_contrast(const double *const *values, const int versions[2], int64_t users)
{
	int total = versions[0] + versions[1];
	const double *const *second = values + versions[0];
	SidePart a = side_part(values, versions[0], total, values, users);
	SidePart b = side_part(second, versions[1], total, values, users);
	double of_versions = a.versions + b.versions;
	WcContrast contrast = {0};
	WcMoments moments = {0, 0, 0};
	double of_users;
	double all;
	double squares;

	for (int64_t u = 0; u < users; u++)
	{
		double x;

		if (!is_complete(values, total, u))
			continue;
		x = mean_of(second, versions[1], u) - mean_of(values, versions[0], u);
		wc_moments_add(&moments, x);
		contrast.higher += x > 0;
		contrast.lower += x < 0;
	}
	contrast.users = moments.n;
	contrast.mean[0] = moments.n > 0 ? a.mean : NAN;
	contrast.mean[1] = moments.n > 0 ? b.mean : NAN;
	contrast.difference = moments.n > 0 ? moments.mean : NAN;
	contrast.error = wc_moments_error(&moments);
	contrast.version_error = total > 2 ? sqrt(of_versions) : NAN;
	contrast.df = (double) (moments.n - 1);
	if (total == 2 || moments.n < 2)
		return contrast;
	of_users = contrast.error * contrast.error;
	all = of_users + of_versions - a.both - b.both;
	all = fmax(all, fmax(of_users, of_versions));
	squares = of_users * of_users / (double) (moments.n - 1);
	if (versions[0] > 1)
		squares += a.versions * a.versions / (versions[0] - 1);
	if (versions[1] > 1)
		squares += b.versions * b.versions / (versions[1] - 1);
	contrast.error = sqrt(all);
	contrast.df = squares > 0 ? all * all / squares : NAN;
	return contrast;
}
