/*-------------------------------------------------------------------------
 *
 * test_formula.c
 *	  Weights, targets and lambdas by their definitions, and the terms of entries
 *	  against the dense matrices of the fixtures.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/model/formula.h"
#include "fixtures.h"

static WcParams
params_of(WcWeighting weighting)
{
	WcParams params;

	wc_params_defaults(&params);
	params.weighting = weighting;
	params.alpha = 2.5;
	params.epsilon = 0.75;
	return params;
}

static void
test_values(void)
{
	static const WcWeighting none[] = {WC_WEIGHT_CONSTANT, WC_WEIGHT_COUNTS,
	                                   WC_WEIGHT_NONE};
	const float value[3] = {-2, 0, 3};
	const float before[3] = {0.3f, 1, 0.7f};
	float weight[3];
	WcParams params = params_of(WC_WEIGHT_LINEAR);

	CHECK(wc_by_value(WC_WEIGHT_LINEAR) && wc_by_value(WC_WEIGHT_LOG));
	wc_weigh_values(&params, 3, value, true, weight);
	CHECK(weight[0] == 5 && weight[1] == 0 && weight[2] == 7.5f);
	memcpy(weight, before, sizeof(weight));
	wc_weigh_values(&params, 3, value, false, weight);
	for (int e = 0; e < 3; e++)
		CHECK(weight[e] == (float) (2.5 * fabs(value[e]) * before[e]));
	wc_weigh_values(&params, 3, NULL, true, weight);
	CHECK(weight[0] == 2.5f && weight[2] == 2.5f);

	/* rounded once, with a weight, too */
	params = params_of(WC_WEIGHT_LOG);
	memcpy(weight, before, sizeof(weight));
	wc_weigh_values(&params, 3, value, false, weight);
	for (int e = 0; e < 3; e++)
		CHECK(weight[e] ==
		      (float) (2.5 * log1p(fabs(value[e]) / 0.75) * before[e]));

	for (int i = 0; i < 3; i++)
	{
		params = params_of(none[i]);
		CHECK(!wc_by_value(none[i]));
		memcpy(weight, before, sizeof(weight));
		wc_weigh_values(&params, 3, value, false, weight);
		CHECK(memcmp(weight, before, sizeof(weight)) == 0);
		wc_weigh_values(&params, 3, value, true, weight);
		CHECK(weight[0] == 1 && weight[1] == 1 && weight[2] == 1);
	}

	CHECK(wc_target(WC_IMPLICIT, 0, 0.5f) == 1);
	CHECK(wc_target(WC_IMPLICIT, 0, 0) == 0 &&
	      wc_target(WC_IMPLICIT, 0, -1) == 0);
	CHECK(wc_target(WC_EXPLICIT, 3.5, 5) == 1.5f);
	CHECK(wc_target(WC_WEIGHTED, 0, -2) == -2);
}

/* share (w0 + c / share) (a - x)^2 + (1 - share) w0 x^2 is least there */
static void
test_faded(void)
{
	double a = 1.25;
	double w0 = 0.5;
	double share = 0.3;
	double c = 2;
	double x = wc_faded_target(a, w0, c, share);
	double slope = share * (w0 + c / share) * (x - a) + (1 - share) * w0 * x;

	CHECK(fabs(slope) < 1e-15);
	CHECK(wc_faded_target(a, w0, c, 1) == a);
	CHECK(wc_faded_target(a, 0, 0, share) == a * share);
}

static void
test_counts(void)
{
	const int32_t count[4] = {4, 0, 1, 9};
	const float given[4] = {2, 3, 0.5f, 0};
	WcPace pace = wc_pace_start(NULL);
	double divided = 2;
	float *scale = NULL;

	CHECK(wc_raise_counts(4, count, 0, true, &scale, &divided, &check_alloc,
	                      &pace) == WC_OK);
	CHECK(scale == NULL && divided == 2);

	/* the largest power is 1, and what that took is known */
	CHECK(wc_raise_counts(4, count, 0.5, true, &scale, &divided, &check_alloc,
	                      &pace) == WC_OK);
	CHECK(scale[3] == 1 && divided == 6);
	CHECK_NEAR(scale[0], 2.0 / 3, 1e-7);
	CHECK(scale[1] == scale[2]);
	CHECK(wc_multiply_given(4, NULL, &scale, &check_alloc, &pace) == WC_OK);
	CHECK(scale[3] == 1);
	CHECK(wc_multiply_given(4, given, &scale, &check_alloc, &pace) == WC_OK);
	CHECK_NEAR(scale[0], 4.0 / 3, 1e-6);
	CHECK(scale[3] == 0);
	wc_free(&check_alloc, scale);

	/* negative powers have nothing to overflow, others only if normalized */
	divided = 1;
	CHECK(wc_raise_counts(4, count, -0.5, true, &scale, &divided, &check_alloc,
	                      &pace) == WC_OK);
	CHECK(divided == 1 && scale[0] == 0.5f && scale[1] == 1);
	wc_free(&check_alloc, scale);
	CHECK(wc_raise_counts(4, count, 1, false, &scale, &divided, &check_alloc,
	                      &pace) == WC_OK);
	CHECK(divided == 1 && scale[0] == 4 && scale[3] == 9);
	wc_free(&check_alloc, scale);

	scale = NULL;
	CHECK(wc_multiply_given(4, given, &scale, &check_alloc, &pace) == WC_OK);
	CHECK(memcmp(scale, given, sizeof(given)) == 0);
	wc_free(&check_alloc, scale);
}

static void
test_popularity(void)
{
	const int32_t count[4] = {4, 0, 1, 9};
	WcPace pace = wc_pace_start(NULL);
	WcParams params = params_of(WC_WEIGHT_CONSTANT);
	WcPopularity popularity;
	float *share = NULL;
	double total;

	CHECK(!wc_by_popularity(&params));
	CHECK(wc_set_shares(&params, 4, count, &share, &total, &check_alloc,
	                    &pace) == WC_OK);
	CHECK(share == NULL && total == 4);
	CHECK(wc_popularity(&params, 4, count, &popularity, NULL) == WC_OK);
	CHECK(wc_popularity_share(&params, 4, popularity) == 1);

	params.unobserved_popularity = true;
	params.popularity_exponent = 0;
	CHECK(!wc_by_popularity(&params));
	params.popularity_exponent = 0.5;
	CHECK(wc_by_popularity(&params));
	CHECK(wc_popularity(&params, 4, count, &popularity, NULL) == WC_OK);
	CHECK(popularity.sum == 7 && popularity.items == 4);
	CHECK(wc_set_shares(&params, 4, count, &share, &total, &check_alloc,
	                    &pace) == WC_OK);
	CHECK_NEAR(total, 4, 1e-6);
	for (int32_t j = 0; j < 4; j++)
	{
		CHECK(share[j] == wc_popularity_share(&params, count[j], popularity));
		CHECK_NEAR(share[j], sqrt(count[j] > 0 ? count[j] : 1) * 4 / 7, 1e-6);
	}
	wc_free(&check_alloc, share);
}

static void
test_lambda(void)
{
	WcParams params = params_of(WC_WEIGHT_CONSTANT);
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	float lambda;

	params.regularization = 0.25;
	params.reg_exponent = 1;
	CHECK(wc_row_lambda(&params, 12) == 3);
	params.reg_exponent = 0.5;
	CHECK(wc_row_lambda(&params, 16) == 1);
	params.reg_exponent = 0;
	CHECK(wc_row_lambda(&params, 0) == 0.25);
	CHECK(wc_set_lambda(&params, WC_ITEMS, 7, 9, &lambda, &error) == WC_OK);
	CHECK(lambda == 0.25f);
	params.reg_exponent = 1;
	CHECK(wc_set_lambda(&params, WC_ITEMS, 7, 1e40, &lambda, &error) ==
	      WC_LAMBDA_TOO_LARGE);
	CHECK(error.side == WC_ITEMS && error.row == 7);
	CHECK(strstr(error.detail, "2.5e+39") != NULL);
	params.regularization = 1;
	CHECK(wc_set_lambda(&params, WC_USERS, 1, 1e39, &lambda, &error) ==
	      WC_LAMBDA_TOO_LARGE);
	CHECK(strstr(error.detail, "1e+39") != NULL);
}

/* Both precisions, and both sides, of every entry of every kind of problem. */
static void
test_terms(const FixtureSpec *spec)
{
	double worst = 0;
	WcModel model;
	Fixture f;

	fixture_create(spec, 31, &f);
	fixture_model(&f, 1.0, 31, &model);
	for (int side = 0; side < 2; side++)
	{
		FixtureSide s = fixture_side(&f, &model, side);
		WcRows rows = wc_rows_of(&f.problem, side);

		CHECK(rows.rows == s.rows && rows.cols == s.cols);
		rows.all.col_bias = s.fixed_bias;
		for (int32_t i = 0; i < s.rows; i++)
		{
			WcTerms row = wc_terms_of(&rows, i);
			float weight[64];
			float right[64];

			wc_term_coefficients(&row, 0, (int32_t) row.count, weight, right);
			for (int64_t e = 0; e < row.count; e++)
			{
				size_t cell = fixture_side_cell(&f, &s, i, row.col[e]);
				double target = fixture_side_target(&f, &s, i, row.col[e]);
				WcTerm term = wc_term(&row, e);
				double c = f.c[cell];
				double w = f.w[cell];

				worst = fmax(worst, fabs(term.weight - c) / (1 + c));
				worst = fmax(worst, fabs(term.target - target));
				worst = fmax(worst,
				             fabs(term.unobserved + term.weight - w) / (1 + w));
				worst = fmax(worst, fabs(weight[e] - c) / (1 + c));
				worst = fmax(worst, fabs(right[e] - w * target) / (1 + w));
				CHECK(weight[e] == wc_term_weight(&row, e));
			}
		}
	}
	CHECK(worst < 2e-6);
	wc_model_free(&model, &check_alloc);
	fixture_free(&f);
}

/* What has no root worth multiplying with, and what has no room. */
static void
test_extremes(void)
{
	const int32_t col[3] = {0, 1, 2};
	const float given[3] = {1e-39f, 1, 3e38f};
	WcTerms row = {.count = 3, .col = col, .weight = given};
	float weight[3];
	float right[3];

	row.scale = 10;
	row.unobserved = 0.5;
	wc_term_coefficients(&row, 0, 3, weight, right);
	CHECK(weight[0] == 0 && right[0] == 0.5f);
	CHECK(weight[1] == 10 && right[1] == 10.5f);
	CHECK(isinf(weight[2]) && isinf(right[2]));
	wc_term_coefficients(&row, 1, 1, weight, right);
	CHECK(weight[0] == 10);
}

int
main(void)
{
	test_values();
	test_faded();
	test_counts();
	test_popularity();
	test_lambda();
	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
		test_terms(&fixture_kinds[kind]);
	test_extremes();
	return check_report("test_formula");
}
