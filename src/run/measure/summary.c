/*-------------------------------------------------------------------------
 *
 * summary.c
 *	  What rankers have come to, summed up: means, their errors, differences.
 *
 * Users differ far more from each other than two versions do for one of them,
 * so differences are formed per user and then tested, by Student's t for their
 * mean and by the signs alone.  With several versions on a side, trained with
 * different seeds, what the seeds do is part of the error, and the test is about
 * their options; with one on each it is about these two versions (wc_contrast).
 *
 * The mean over predictions, of which users have several, is a ratio of sums,
 * and the root of it no mean at all.  So each user gets the number whose mean it
 * is, linearized: v + (s_i - q n_i) / (n c) for a value v, users' sums s_i over
 * n_i predictions, n the mean of n_i, q the mean over the predictions; c is 1,
 * for roots the sum of those of both sides, because rmse_b - rmse_a =
 * (mse_b - mse_a) / (rmse_a + rmse_b).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "run/measure/summary.h"

/* Which of the cuts a metric's is. */
static int
cut_of(const WalsMetric *metric, const WalsOutcome *outcome)
{
	int cut = 0;

	while (cut < outcome->n_cuts && outcome->cuts[cut] != metric->cut)
		cut++;
	Assert(cut < outcome->n_cuts);
	return cut;
}

/* The place of a metric among a user's numbers; coverage takes a list's. */
static int
place_of(const WalsMetric *metric, const WalsOutcome *outcome)
{
	if (metric->kind == WALS_METRIC_AUC)
		return outcome->n_values - 1;
	return cut_of(metric, outcome) * WC_CUT_METRICS + metric->place;
}

static bool
is_root(const WalsMetric *metric)
{
	return wc_rating_metrics[metric->place].is_root;
}

/* A mean over predictions in the unit of the metric. */
static double
in_unit(const WalsMetric *metric, double mean)
{
	return is_root(metric) ? sqrt(mean) : mean;
}

/* ------------------------------------------------------------------------
 * Means
 * ------------------------------------------------------------------------ */

static WalsMean
mean_of_users(const WalsMetric *metric, const WalsOutcome *outcome)
{
	bool ranked = outcome->values != NULL;
	int place = ranked ? place_of(metric, outcome) : 0;
	WcMoments moments = {0, 0, 0};
	WalsMean mean;
	int32 user;

	for (user = 0; ranked && user < outcome->n_users; user++)
		wc_moments_add(
		    &moments, outcome->values[(Size) user * outcome->n_values + place]);
	mean.value = moments.n > 0 ? moments.mean : NAN;
	mean.error = wc_moments_error(&moments);
	mean.n_users = mean.n_measured = moments.n;
	return mean;
}

static WcRatio
ratio_of(const WalsMetric *metric, const WalsOutcome *outcome)
{
	WcRatio ratio;
	int32 user;

	memset(&ratio, 0, sizeof(ratio));
	for (user = 0; outcome->sums != NULL && user < outcome->n_users; user++)
		wc_ratio_add(&ratio, outcome->sums[user].n,
		             outcome->sums[user].sum[metric->place]);
	return ratio;
}

static WalsMean
mean_of_predictions(const WalsMetric *metric, const WalsOutcome *outcome)
{
	WcRatio ratio = ratio_of(metric, outcome);
	WalsMean mean;

	mean.value = in_unit(metric, wc_ratio_mean(&ratio));
	mean.error = wc_ratio_error(&ratio);
	if (is_root(metric))
		mean.error = mean.value > 0 ? mean.error / (2 * mean.value) : NAN;
	mean.n_users = ratio.users;
	mean.n_measured = (int64) ratio.weight;
	return mean;
}

WalsMean
wals_summary_mean(const WalsMetric *metric, const WalsOutcome *outcome)
{
	WalsMean mean;

	if (metric->kind == WALS_METRIC_RATING)
		return mean_of_predictions(metric, outcome);
	mean = mean_of_users(metric, outcome);
	if (metric->kind == WALS_METRIC_COVERAGE)
	{
		mean.value = outcome->values != NULL
		                 ? outcome->coverage[cut_of(metric, outcome)]
		                 : NAN;
		mean.error = NAN;
	}
	return mean;
}

/* ------------------------------------------------------------------------
 * Differences
 * ------------------------------------------------------------------------ */

/* A number for each version and user. */
typedef struct Table
{
	const WalsMetric *metric;
	const WalsOutcome *outcomes;
	const int *versions; /* of each side */
	int total;
	int32 n_users;
	double **values;
} Table;

static inline int
side_of(const Table *table, int v)
{
	return v >= table->versions[0];
}

static inline double
error_of(const Table *table, int v, int32 user)
{
	return table->outcomes[v].sums[user].sum[table->metric->place];
}

static void
fill_from_lists(const Table *table)
{
	int place = place_of(table->metric, table->outcomes);
	int32 user;
	int v;

	for (v = 0; v < table->total; v++)
		for (user = 0; user < table->n_users; user++)
			table->values[v][user] =
			    table->outcomes[v]
			        .values[(Size) user * table->outcomes[v].n_values + place];
}

/* What they come to over the predictions; sides are means of versions. */
static void
fill_from_predictions(const Table *table, double sides[2], int64 *n_measured)
{
	bool root = is_root(table->metric);
	double mean[WALS_SIDES_MAX]; /* over the predictions */
	double per_user = 0;
	double scale = 1;
	int32 user;
	int v;

	sides[0] = sides[1] = 0;
	for (v = 0; v < table->total; v++)
	{
		WcRatio ratio = ratio_of(table->metric, &table->outcomes[v]);
		int side = side_of(table, v);

		mean[v] = wc_ratio_mean(&ratio);
		sides[side] += in_unit(table->metric, mean[v]) / table->versions[side];
		per_user = ratio.users > 0 ? ratio.weight / (double) ratio.users : NAN;
		*n_measured = (int64) ratio.weight;
	}
	if (root)
		scale = sides[0] + sides[1];
	for (v = 0; v < table->total; v++)
		for (user = 0; user < table->n_users; user++)
		{
			int64 n = table->outcomes[v].sums[user].n;
			double apart = error_of(table, v, user) - mean[v] * (double) n;

			Assert(n == table->outcomes[0].sums[user].n);
			if (root && scale > 0)
				apart /= scale;
			table->values[v][user] =
			    n == 0 ? NAN
			           : in_unit(table->metric, mean[v]) + apart / per_user;
		}
}

/* What the test says about the numbers. */
static WalsDifference
test(const Table *table)
{
	WcContrast contrast = wc_contrast((const double *const *) table->values,
	                                  table->versions, table->n_users);
	WalsDifference result;

	result.value[0] = contrast.mean[0];
	result.value[1] = contrast.mean[1];
	result.difference = contrast.difference;
	result.error = contrast.error;
	result.version_error = contrast.version_error;
	result.df = contrast.df > 0 ? contrast.df : NAN;
	result.t = contrast.error > 0 ? contrast.difference / contrast.error : NAN;
	result.p = wc_student_p(result.t, contrast.df);
	result.n_higher = contrast.higher;
	result.n_lower = contrast.lower;
	result.sign_p = wc_sign_p(contrast.higher, contrast.lower);
	result.n_users = result.n_measured = contrast.users;
	return result;
}

/* No number per user: the mean over the versions of each side. */
static void
take_coverage(const Table *table, WalsDifference *result)
{
	int cut = cut_of(table->metric, table->outcomes);
	int v;

	result->value[0] = result->value[1] = 0;
	for (v = 0; v < table->total; v++)
		result->value[side_of(table, v)] += table->outcomes[v].coverage[cut] /
		                                    table->versions[side_of(table, v)];
	result->difference = result->value[1] - result->value[0];
	result->error = result->version_error = result->df = NAN;
	result->t = result->p = result->sign_p = NAN;
	result->n_higher = result->n_lower = -1;
}

/* Users whose errors are larger on one side; all have as many predictions. */
static void
count_users(const Table *table, WalsDifference *result)
{
	int32 user;
	int v;

	result->n_higher = result->n_lower = 0;
	for (user = 0; user < table->n_users; user++)
	{
		double sum[2] = {0, 0};

		for (v = 0; v < table->total; v++)
			sum[side_of(table, v)] +=
			    error_of(table, v, user) / table->versions[side_of(table, v)];
		result->n_higher += sum[1] > sum[0];
		result->n_lower += sum[1] < sum[0];
	}
	result->sign_p = wc_sign_p(result->n_higher, result->n_lower);
}

WalsDifference
wals_summary_difference(const WalsMetric *metric, const WalsOutcome *outcomes,
                        const int versions[2])
{
	double *values[WALS_SIDES_MAX];
	Table table = {metric,
	               outcomes,
	               versions,
	               versions[0] + versions[1],
	               outcomes[0].n_users,
	               values};
	bool rates = metric->kind == WALS_METRIC_RATING;
	WalsDifference result;
	double sides[2];
	int64 n_measured;
	int v;

	for (v = 0; v < table.total; v++)
		values[v] = palloc_extended(sizeof(double) * ((Size) table.n_users + 1),
		                            MCXT_ALLOC_HUGE);
	if (rates)
		fill_from_predictions(&table, sides, &n_measured);
	else
		fill_from_lists(&table);
	result = test(&table);
	if (metric->kind == WALS_METRIC_COVERAGE)
		take_coverage(&table, &result);
	if (rates)
	{
		count_users(&table, &result);
		/* to the last bit those of wals_summary_mean */
		result.value[0] = sides[0];
		result.value[1] = sides[1];
		result.difference = sides[1] - sides[0];
		result.n_measured = n_measured;
	}
	for (v = 0; v < table.total; v++)
		pfree(values[v]);
	return result;
}
