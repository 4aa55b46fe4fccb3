/*-------------------------------------------------------------------------
 *
 * test_params.c
 *	  Every option: its legal edges pass, one step beyond is refused under its
 *	  own name with a sentence; and options that contradict each other are.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static WcParams
defaults(void)
{
	WcParams params;

	wc_params_defaults(&params);
	return params;
}

/* Everything there is to have: a value and a time column. */
static bool
passes(const WcParams *params)
{
	char detail[256];

	return wc_params_check(params, true, true, sizeof(detail), detail) ==
	           NULL &&
	       detail[0] == '\0';
}

/* Refused as option, in a sentence that contains words. */
static bool
refused_without(const WcParams *params, bool has_value, bool has_time,
                const char *option, const char *words)
{
	char detail[256];
	const char *offender =
	    wc_params_check(params, has_value, has_time, sizeof(detail), detail);
	bool ok = offender != NULL && strcmp(offender, option) == 0 &&
	          strstr(detail, words) != NULL &&
	          detail[strlen(detail) - 1] == '.';

	if (!ok)
		fprintf(stderr, "%s: %s\n", offender != NULL ? offender : "passed",
		        detail);
	return ok;
}

static bool
refused(const WcParams *params, const char *option, const char *words)
{
	return refused_without(params, true, true, option, words);
}

/* The default parameters with one field changed. */
#define WITH(field, to) (params = defaults(), params.field = (to), &params)

static void
test_defaults(void)
{
	WcParams p = defaults();
	char detail[256];

	CHECK(p.feedback == WC_IMPLICIT && p.weighting == WC_WEIGHT_CONSTANT);
	CHECK(p.factors == WC_FACTORS_AUTO && p.iterations == 15 &&
	      isnan(p.regularization));
	CHECK(isnan(p.reg_exponent) && isnan(p.unobserved_weight));
	CHECK(!p.unobserved_popularity && p.popularity_exponent == 0.5);
	CHECK(p.alpha == 1 && p.epsilon == 1 && p.weight_normalize);
	CHECK(isnan(p.row_weight_exponent) && isnan(p.col_weight_exponent));
	CHECK(p.biases == -1 && p.half_life == 0 && p.seed == 0);
	CHECK(p.min_user_rows == 1 && p.min_item_rows == 1);
	CHECK(p.duplicates == WC_DUP_SUM);
	CHECK(passes(&p));
	CHECK(wc_params_check(&p, false, false, sizeof(detail), detail) == NULL);
}

static void
test_counts(void)
{
	WcParams params;

	CHECK(passes(WITH(factors, 1)));
	CHECK(passes(WITH(factors, 1024)));
	CHECK(refused(WITH(factors, 0), "factors",
	              "The value is 0, the range is 1 to 1024."));
	CHECK(refused(WITH(factors, 1025), "factors", "1025"));
	CHECK(refused(WITH(factors, INT32_MIN + 1), "factors", "-2147483647"));
	CHECK(passes(WITH(iterations, 1)));
	CHECK(passes(WITH(iterations, 1000)));
	CHECK(refused(WITH(iterations, 0), "iterations", "1 to 1000"));
	CHECK(refused(WITH(iterations, 1001), "iterations", "1001"));
	CHECK(passes(WITH(min_user_rows, INT32_MAX)));
	CHECK(refused(WITH(min_user_rows, 0), "min_user_rows", "is 0"));
	CHECK(passes(WITH(min_item_rows, INT32_MAX)));
	CHECK(refused(WITH(min_item_rows, -3), "min_item_rows", "is -3"));
}

static void
test_numbers(void)
{
	WcParams params;

	CHECK(passes(WITH(regularization, 0)));
	CHECK(passes(WITH(regularization, 1e300)));
	CHECK(refused(WITH(regularization, -1e-9), "regularization", "-1e-09"));
	CHECK(refused(WITH(regularization, INFINITY), "regularization", "inf"));
	CHECK(passes(WITH(reg_exponent, 0)));
	CHECK(refused(WITH(reg_exponent, -0.001), "reg_exponent", "0 to 1"));
	CHECK(refused(WITH(reg_exponent, 1.001), "reg_exponent", "1.001"));
	CHECK(passes(WITH(reg_exponent, NAN)));
	CHECK(passes(WITH(bias_regularization[WC_USERS], 0)));
	CHECK(passes(WITH(bias_regularization[WC_ITEMS], WC_BIAS_AS_ROW)));
	CHECK(refused(WITH(bias_regularization[WC_USERS], -0.5),
	              "user_bias_regularization", "-0.5"));
	CHECK(refused(WITH(bias_regularization[WC_ITEMS], INFINITY),
	              "item_bias_regularization", "inf"));
	CHECK(passes(WITH(unobserved_weight, 0)));
	CHECK(refused(WITH(unobserved_weight, -1), "unobserved_weight", "-1"));
	CHECK(refused(WITH(unobserved_weight, INFINITY), "unobserved_weight",
	              "at least 0"));
	params = defaults();
	params.weighting = WC_WEIGHT_LINEAR;
	params.alpha = 1e-30;
	CHECK(passes(&params));
	params.weighting = WC_WEIGHT_LOG;
	params.epsilon = 3;
	CHECK(passes(&params));
	params.weighting = WC_WEIGHT_LINEAR;
	CHECK(refused(&params, "epsilon", "weighting log only"));
	params = defaults();
	CHECK(refused(WITH(alpha, 2), "alpha", "linear and log only"));
	CHECK(refused(WITH(alpha, 0), "alpha", "greater than 0"));
	CHECK(refused(WITH(alpha, NAN), "alpha", "nan"));
	CHECK(refused(WITH(alpha, INFINITY), "alpha", "inf"));
	CHECK(refused(WITH(epsilon, 0), "epsilon", "greater than 0"));
	CHECK(refused(WITH(epsilon, -INFINITY), "epsilon", "inf"));
	CHECK(passes(WITH(row_weight_exponent, -10)));
	CHECK(refused(WITH(row_weight_exponent, -10.5), "row_weight_exponent",
	              "-10 to 10"));
	CHECK(passes(WITH(col_weight_exponent, 10)));
	CHECK(passes(WITH(col_weight_exponent, NAN)));
	CHECK(refused(WITH(col_weight_exponent, INFINITY), "col_weight_exponent",
	              "inf"));
	CHECK(refused(WITH(solver, (WcMethod) 4), "solver", "cholesky"));
	CHECK(refused(WITH(cg_steps, 0), "cg_steps", "1 to 100"));
	CHECK(refused(WITH(cg_steps, 101), "cg_steps", "1 to 100"));
	CHECK(passes(WITH(cg_steps, 100)));
	params = defaults();
	params.solver = WC_SOLVE_BLOCK;
	CHECK(passes(&params));
	params.cg_steps = 4;
	CHECK(refused(&params, "cg_steps", "solver cg only"));
	params = defaults();
	params.unobserved_popularity = true;
	params.popularity_exponent = -10;
	CHECK(passes(&params));
	params = defaults();
	CHECK(refused(WITH(popularity_exponent, -10), "popularity_exponent",
	              "unobserved_weighting popularity only"));
	CHECK(refused(WITH(popularity_exponent, 11), "popularity_exponent", "11"));
	CHECK(passes(WITH(half_life, 1e-3)));
	CHECK(refused(WITH(half_life, -1), "half_life", "greater than 0"));
	CHECK(refused(WITH(half_life, INFINITY), "half_life", "inf"));
	CHECK(refused(WITH(half_life, NAN), "half_life", "nan"));
	CHECK(passes(WITH(seed, INT64_MIN)));
}

static void
test_choices(void)
{
	WcParams params;

	CHECK(refused(WITH(feedback, (WcFeedback) 3), "feedback", "explicit"));
	CHECK(refused(WITH(weighting, (WcWeighting) 5), "weighting", "counts"));
	CHECK(refused(WITH(duplicates, (WcDuplicates) 5), "duplicates", "last"));
	CHECK(refused(WITH(biases, 2), "biases", "true"));
	CHECK(passes(WITH(biases, 0)));
	CHECK(passes(WITH(weighting, WC_WEIGHT_LINEAR)));
	CHECK(passes(WITH(weighting, WC_WEIGHT_LOG)));
	CHECK(passes(WITH(weighting, WC_WEIGHT_COUNTS)));
	CHECK(passes(WITH(weighting, WC_WEIGHT_NONE)));
	CHECK(passes(WITH(feedback, WC_EXPLICIT)));
	CHECK(passes(WITH(feedback, WC_WEIGHTED)));
	CHECK(passes(WITH(duplicates, WC_DUP_LAST)));
}

static void
test_explicit(void)
{
	WcParams params = defaults();

	params.feedback = WC_EXPLICIT;
	params.unobserved_weight = 0;
	params.biases = 1;
	CHECK(passes(&params));
	CHECK(refused_without(&params, false, true, "feedback", "value column"));
	params.unobserved_weight = 0.25;
	CHECK(refused(&params, "unobserved_weight", "0.25"));
	params.unobserved_weight = NAN;
	params.unobserved_popularity = true;
	CHECK(refused(&params, "unobserved_weighting", "explicit"));
	params.unobserved_popularity = false;
	params.weighting = WC_WEIGHT_NONE;
	CHECK(refused(&params, "weighting", "none"));
	params.weighting = WC_WEIGHT_LINEAR;
	CHECK(refused(&params, "weighting", "implicit"));
	params.weighting = WC_WEIGHT_COUNTS;
	CHECK(passes(&params));

	CHECK(refused(WITH(biases, 1), "biases", "explicit"));
	params.feedback = WC_WEIGHTED;
	CHECK(refused(&params, "biases", "explicit"));
	params.biases = 0;
	CHECK(passes(&params));
	CHECK(refused_without(&params, false, true, "feedback", "weighted"));
	params.weighting = WC_WEIGHT_LOG;
	CHECK(refused(&params, "weighting", "implicit"));
}

static void
test_agreement(void)
{
	WcParams params;

	/* without values the sum of duplicates counts rows, the others do not */
	params = defaults();
	params.weighting = WC_WEIGHT_LINEAR;
	CHECK(wc_params_check(&params, false, true, 0, NULL) == NULL);
	params.duplicates = WC_DUP_MAX;
	CHECK(refused_without(&params, false, true, "weighting", "value column"));
	params.weighting = WC_WEIGHT_LOG;
	CHECK(refused_without(&params, false, true, "weighting", "value column"));
	params = defaults();
	params.weighting = WC_WEIGHT_NONE;
	params.half_life = 1;
	CHECK(refused(&params, "half_life", "Weighting none"));
	CHECK(refused_without(WITH(half_life, 5), true, false, "half_life",
	                      "time column"));
	CHECK(refused_without(WITH(duplicates, WC_DUP_LAST), true, false,
	                      "duplicates", "time column"));

	params = defaults();
	params.weighting = WC_WEIGHT_NONE;
	params.unobserved_weight = 0;
	CHECK(refused(&params, "unobserved_weight", "greater than 0"));
	params.unobserved_weight = 1;
	CHECK(passes(&params));
	params.col_weight_exponent = 1;
	CHECK(refused(&params, "col_weight_exponent", "none"));
	params.col_weight_exponent = 0;
	CHECK(passes(&params));
	params.col_weight_exponent = 1;

	params.weighting = WC_WEIGHT_COUNTS;
	params.row_weight_exponent = 1;
	CHECK(passes(&params));
	params.row_weight_exponent = 0.5;
	CHECK(refused(&params, "row_weight_exponent", "0.5"));
}

/* A short buffer is respected, none at all is allowed. */
static void
test_detail_size(void)
{
	WcParams params;
	char detail[8] = "XXXXXXX";

	CHECK(wc_params_check(WITH(factors, 0), true, true, 5, detail) != NULL);
	CHECK(strcmp(detail, "The ") == 0 && detail[5] == 'X');
	CHECK(wc_params_check(WITH(factors, 0), true, true, 0, NULL) != NULL);
	CHECK(wc_params_check(WITH(factors, 1), true, true, 0, NULL) == NULL);
}

/* Every option counts but the seed; what is left open equals itself. */
static void
test_same(void)
{
	WcParams base = defaults();
	WcParams params;
	const WcParams others[] = {*WITH(feedback, WC_EXPLICIT),
	                           *WITH(weighting, WC_WEIGHT_LOG),
	                           *WITH(duplicates, WC_DUP_MAX),
	                           *WITH(factors, 3),
	                           *WITH(iterations, 3),
	                           *WITH(regularization, 0.5),
	                           *WITH(reg_exponent, 0.5),
	                           *WITH(unobserved_weight, 0.5),
	                           *WITH(unobserved_popularity, true),
	                           *WITH(popularity_exponent, 0.25),
	                           *WITH(alpha, 2),
	                           *WITH(epsilon, 2),
	                           *WITH(row_weight_exponent, 0),
	                           *WITH(col_weight_exponent, 0),
	                           *WITH(weight_normalize, false),
	                           *WITH(biases, 1),
	                           *WITH(half_life, 5),
	                           *WITH(min_user_rows, 2),
	                           *WITH(min_item_rows, 2),
	                           *WITH(solver, WC_SOLVE_CG),
	                           *WITH(cg_steps, 9)};

	CHECK(wc_params_same(&base, &base));
	CHECK(wc_params_same(&base, WITH(seed, 7)));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		CHECK(!wc_params_same(&base, &others[i]));
		CHECK(!wc_params_same(&others[i], &base));
		CHECK(wc_params_same(&others[i], &others[i]));
	}
}

int
main(void)
{
	test_defaults();
	test_same();
	test_counts();
	test_numbers();
	test_choices();
	test_explicit();
	test_agreement();
	test_detail_size();
	return check_report("test_params");
}
