/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Sum up what was measured for two versions: the differences, user by user.
 *
 * Users differ far more from each other than two versions do for one of them,
 * so differences are formed per user and then tested, by Student's t for their
 * mean and by the signs alone.  For the RMSE, whose difference is no mean, the
 * differences of squares are: rmse_b - rmse_a = (mse_b - mse_a) / (rmse_a +
 * rmse_b).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "run/evaluate.h"

/* t and p of a mean difference; neither if there is nothing to divide by. */
static void
test_difference(WalsCompareRow *row, double mean, double error, int64 n)
{
	row->t = error > 0 ? mean / error : NAN;
	row->p = wc_student_p(row->t, (double) (n - 1));
	row->sign_p = wc_sign_p(row->n_higher, row->n_lower);
}

static WalsCompareRow
mean_row(const WalsMeasured *measured, const char *metric, int32 cut, int place)
{
	WalsCompareRow row = {.metric = metric, .cut = cut};
	WcMoments moments[3];
	int32 user;

	memset(moments, 0, sizeof(moments));
	for (user = 0; user < measured->n_users; user++)
	{
		Size at = (Size) user * measured->n_values + place;
		double a = measured->values[0][at];
		double b = measured->values[1][at];

		if (isnan(a) || isnan(b))
			continue;
		wc_moments_add(&moments[0], a);
		wc_moments_add(&moments[1], b);
		wc_moments_add(&moments[2], b - a);
		row.n_higher += b > a;
		row.n_lower += b < a;
	}
	row.n_users = moments[0].n;
	row.n_skipped = measured->n_asked - moments[0].n;
	row.value[0] = moments[0].n > 0 ? moments[0].mean : NAN;
	row.value[1] = moments[0].n > 0 ? moments[1].mean : NAN;
	row.difference = moments[0].n > 0 ? moments[2].mean : NAN;
	row.error = wc_moments_error(&moments[2]);
	test_difference(&row, moments[2].mean, row.error, moments[2].n);
	return row;
}

static WalsCompareRow
coverage_row(const WalsMeasured *measured, int32 cut, int place)
{
	WalsCompareRow row =
	    mean_row(measured, "coverage", cut, place * WC_CUT_METRICS);

	row.value[0] = measured->coverage[0][place];
	row.value[1] = measured->coverage[1][place];
	row.difference = row.value[1] - row.value[0];
	row.error = row.t = row.p = row.sign_p = NAN;
	row.n_higher = row.n_lower = -1;
	return row;
}

static WalsCompareRow
rating_row(const WalsMeasured *measured, const char *metric, bool square)
{
	WalsCompareRow row = {.metric = metric};
	WcRatio ratio[3];
	double scale = 1;
	int64 n_rated = 0;
	int32 user;

	memset(ratio, 0, sizeof(ratio));
	for (user = 0; user < measured->n_users; user++)
	{
		const WcErrorSums *a = &measured->sums[0][user];
		const WcErrorSums *b = &measured->sums[1][user];
		double left = square ? a->square : a->absolute;
		double right = square ? b->square : b->absolute;

		Assert(a->n == b->n);
		n_rated += a->n;
		wc_ratio_add(&ratio[0], a->n, left);
		wc_ratio_add(&ratio[1], a->n, right);
		wc_ratio_add(&ratio[2], a->n, right - left);
		row.n_higher += right > left;
		row.n_lower += right < left;
	}
	row.n_users = ratio[0].users;
	row.n_skipped = measured->n_pairs - n_rated;
	row.value[0] = wc_ratio_mean(&ratio[0]);
	row.value[1] = wc_ratio_mean(&ratio[1]);
	if (square)
	{
		row.value[0] = sqrt(row.value[0]);
		row.value[1] = sqrt(row.value[1]);
		scale = row.value[0] + row.value[1];
	}
	row.difference = row.value[1] - row.value[0];
	row.error = scale > 0 ? wc_ratio_error(&ratio[2]) / scale : NAN;
	test_difference(&row, row.difference, row.error, row.n_users);
	return row;
}

int
wals_compare_run(const WalsEvaluateRequest *request, WalsCompareRow **rows)
{
	WalsMeasured measured;
	WalsCompareRow *row;
	int metric;
	int cut;

	wals_measure(request, &measured);
	*rows = row = palloc0(sizeof(WalsCompareRow) *
	                      ((WC_CUT_METRICS + 1) * request->n_cuts + 3));
	for (metric = 0; metric < WC_CUT_METRICS; metric++)
		for (cut = 0; cut < request->n_cuts; cut++)
			*row++ =
			    mean_row(&measured, wals_cut_metrics[metric],
			             request->cuts[cut], cut * WC_CUT_METRICS + metric);
	for (cut = 0; cut < request->n_cuts; cut++)
		*row++ = coverage_row(&measured, request->cuts[cut], cut);
	*row++ = mean_row(&measured, "auc", 0, measured.n_values - 1);
	if (measured.rated)
	{
		*row++ = rating_row(&measured, "rmse", true);
		*row++ = rating_row(&measured, "mae", false);
	}
	return (int) (row - *rows);
}
