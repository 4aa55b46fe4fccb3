/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Sum up what was measured for two sides: the differences, user by user.
 *
 * Users differ far more from each other than two versions do for one of them,
 * so differences are formed per user and then tested, by Student's t for their
 * mean and by the signs alone.  With several versions on a side, trained with
 * different seeds, what the seeds do is part of the error, and the test is about
 * their options; with one on each it is about these two versions (wc_contrast).
 *
 * The mean over ratings, of which users have several, is a ratio of sums, and
 * the root of it no mean at all.  So each user gets the number whose mean it is,
 * linearized: v + (s_i - q n_i) / (n c) for a value v, users' sums s_i over n_i
 * ratings, n the mean of n_i, q the mean over the ratings; c is 1, for roots the
 * sum of those of both sides, because rmse_b - rmse_a = (mse_b - mse_a) / (rmse_a
 * + rmse_b).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/hint.h"
#include "run/evaluate.h"

/* A number for each version and user. */
typedef struct Table
{
	int versions[2]; /* of each side */
	int total;
	double *values[WALS_SIDES_MAX];
} Table;

static void
table_create(const WalsEvaluateRequest *request, const WalsMeasured *measured,
             Table *table)
{
	int v;

	table->versions[0] = request->n_first;
	table->versions[1] = request->n_models - request->n_first;
	table->total = request->n_models;
	for (v = 0; v < table->total; v++)
		table->values[v] = palloc_extended(
		    sizeof(double) * ((Size) measured->n_users + 1), MCXT_ALLOC_HUGE);
}

/* What the test says about the numbers. */
static void
test(const Table *table, const WalsMeasured *measured, WalsCompareRow *row)
{
	WcContrast contrast = wc_contrast((const double *const *) table->values,
	                                  table->versions, measured->n_users);

	row->value[0] = contrast.mean[0];
	row->value[1] = contrast.mean[1];
	row->difference = contrast.difference;
	row->error = contrast.error;
	row->version_error = contrast.version_error;
	row->df = contrast.df > 0 ? contrast.df : NAN;
	row->t = contrast.error > 0 ? contrast.difference / contrast.error : NAN;
	row->p = wc_student_p(row->t, contrast.df);
	row->n_higher = contrast.higher;
	row->n_lower = contrast.lower;
	row->sign_p = wc_sign_p(contrast.higher, contrast.lower);
	row->n_users = contrast.users;
}

static WalsCompareRow
mean_row(const Table *table, const WalsMeasured *measured, const char *metric,
         int32 cut, int place)
{
	WalsCompareRow row = {.metric = metric, .cut = cut};
	int32 user;
	int v;

	for (v = 0; v < table->total; v++)
		for (user = 0; user < measured->n_users; user++)
			table->values[v][user] =
			    measured->values[v][(Size) user * measured->n_values + place];
	test(table, measured, &row);
	row.n_skipped = measured->n_asked - row.n_users;
	return row;
}

/* No number per user: the mean over the versions of each side. */
static WalsCompareRow
coverage_row(const Table *table, const WalsMeasured *measured, int32 cut,
             int place)
{
	WalsCompareRow row =
	    mean_row(table, measured, "coverage", cut, place * WC_CUT_METRICS);
	int v;

	row.value[0] = row.value[1] = 0;
	for (v = 0; v < table->total; v++)
	{
		int side = v >= table->versions[0];

		row.value[side] += measured->coverage[v][place] / table->versions[side];
	}
	row.difference = row.value[1] - row.value[0];
	row.error = row.version_error = row.df = NAN;
	row.t = row.p = row.sign_p = NAN;
	row.n_higher = row.n_lower = -1;
	return row;
}

static double
error_of(const WcErrorSums *sums, bool square)
{
	return square ? sums->square : sums->absolute;
}

/* Users whose errors are larger on one side; all have as many ratings there. */
static void
count_users(const Table *table, const WalsMeasured *measured, bool square,
            WalsCompareRow *row)
{
	int32 user;
	int v;

	row->n_higher = row->n_lower = 0;
	for (user = 0; user < measured->n_users; user++)
	{
		double sum[2] = {0, 0};

		for (v = 0; v < table->total; v++)
		{
			int side = v >= table->versions[0];

			sum[side] += error_of(&measured->sums[v][user], square) /
			             table->versions[side];
		}
		row->n_higher += sum[1] > sum[0];
		row->n_lower += sum[1] < sum[0];
	}
	row->sign_p = wc_sign_p(row->n_higher, row->n_lower);
}

static WalsCompareRow
rating_row(const Table *table, const WalsMeasured *measured, const char *metric,
           bool square)
{
	WalsCompareRow row = {.metric = metric};
	double mean[WALS_SIDES_MAX]; /* over the ratings */
	double sides[2] = {0, 0}; /* of these, or their roots, over the versions */
	double per_user = 0;
	double scale = 1;
	int64 n_rated = 0;
	int32 user;
	int v;

	for (v = 0; v < table->total; v++)
	{
		int side = v >= table->versions[0];
		WcRatio ratio;

		memset(&ratio, 0, sizeof(ratio));
		for (user = 0; user < measured->n_users; user++)
		{
			const WcErrorSums *sums = &measured->sums[v][user];

			Assert(sums->n == measured->sums[0][user].n);
			n_rated += v == 0 ? sums->n : 0;
			wc_ratio_add(&ratio, sums->n, error_of(sums, square));
		}
		mean[v] = wc_ratio_mean(&ratio);
		sides[side] +=
		    (square ? sqrt(mean[v]) : mean[v]) / table->versions[side];
		per_user = ratio.users > 0 ? ratio.weight / (double) ratio.users : NAN;
	}
	if (square)
		scale = sides[0] + sides[1];
	for (v = 0; v < table->total; v++)
		for (user = 0; user < measured->n_users; user++)
		{
			const WcErrorSums *sums = &measured->sums[v][user];
			double apart = error_of(sums, square) - mean[v] * (double) sums->n;

			if (square && scale > 0)
				apart /= scale;
			table->values[v][user] =
			    sums->n == 0
			        ? NAN
			        : (square ? sqrt(mean[v]) : mean[v]) + apart / per_user;
		}
	test(table, measured, &row);
	count_users(table, measured, square, &row);
	/* to the last bit those of wals_evaluate */
	row.value[0] = sides[0];
	row.value[1] = sides[1];
	row.difference = sides[1] - sides[0];
	row.n_skipped = measured->n_pairs - n_rated;
	return row;
}

/* The p values of single versions are read as if they were about options. */
static void
tell_single(const WalsEvaluateRequest *request)
{
	if (request->n_models > 2)
		return;
	ereport(
	    NOTICE,
	    (errmsg("the p values are about these two versions, not about their "
	            "options"),
	     errdetail("Versions trained with the same options and other seeds "
	               "differ more than users alone explain."),
	     wals_hint("To compare options, train several versions with each, with "
	               "different seeds, and name them: versions_a => '{1,2,3}', "
	               "versions_b => '{4,5,6}'.")));
}

int
wals_compare_run(const WalsEvaluateRequest *request, WalsCompareRow **rows)
{
	WalsMeasured measured;
	WalsCompareRow *row;
	Table table;
	int metric;
	int cut;

	wals_measure(request, &measured);
	table_create(request, &measured, &table);
	*rows = row = palloc0(sizeof(WalsCompareRow) *
	                      ((WC_CUT_METRICS + 1) * request->n_cuts + 3));
	for (metric = 0; metric < WC_CUT_METRICS; metric++)
		for (cut = 0; cut < request->n_cuts; cut++)
			*row++ =
			    mean_row(&table, &measured, wals_cut_metrics[metric],
			             request->cuts[cut], cut * WC_CUT_METRICS + metric);
	for (cut = 0; cut < request->n_cuts; cut++)
		*row++ = coverage_row(&table, &measured, request->cuts[cut], cut);
	*row++ = mean_row(&table, &measured, "auc", 0, measured.n_values - 1);
	if (measured.rated)
	{
		*row++ = rating_row(&table, &measured, "rmse", true);
		*row++ = rating_row(&table, &measured, "mae", false);
	}
	tell_single(request);
	return (int) (row - *rows);
}
