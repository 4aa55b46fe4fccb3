/*-------------------------------------------------------------------------
 *
 * params.c
 *	  Fill the options of a training with their defaults, and check them.
 *
 * The checker returns the name of the first offending option, as SQL spells
 * it, and a sentence with the value and what is legal.  It looks at ranges
 * first, then at agreement: an option that could not have any effect next to
 * the others is refused, because somebody expects an effect from it.
 *
 * What depends on the data is not known here; wc_problem_build resolves it.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/internal.h"

void
wc_params_defaults(WcParams *params)
{
	WcParams defaults = {
	    .feedback = WC_IMPLICIT,
	    .weighting = WC_WEIGHT_CONSTANT,
	    .duplicates = WC_DUP_SUM,
	    .factors = WC_FACTORS_AUTO,
	    .iterations = WC_ITERATIONS_DEFAULT,
	    .regularization = NAN,
	    .reg_exponent = NAN,
	    .bias_regularization = {NAN, NAN},
	    .unobserved_weight = NAN,
	    .unobserved_popularity = false,
	    .popularity_exponent = WC_POPULARITY_EXPONENT_DEFAULT,
	    .alpha = 1.0,
	    .epsilon = 1.0,
	    .row_weight_exponent = NAN,
	    .col_weight_exponent = NAN,
	    .weight_normalize = true,
	    .biases = -1,
	    .half_life = 0.0,
	    .min_user_rows = 1,
	    .min_item_rows = 1,
	    .seed = 0,
	    .solver = WC_SOLVE_AUTO,
	    .cg_steps = WC_CG_STEPS_DEFAULT,
	};

	*params = defaults;
}

/* NaN leaves it open. */
static bool
same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

bool
wc_params_same(const WcParams *a, const WcParams *b)
{
	return a->feedback == b->feedback && a->weighting == b->weighting &&
	       a->duplicates == b->duplicates && a->factors == b->factors &&
	       a->iterations == b->iterations &&
	       same_number(a->regularization, b->regularization) &&
	       same_number(a->reg_exponent, b->reg_exponent) &&
	       same_number(a->unobserved_weight, b->unobserved_weight) &&
	       a->unobserved_popularity == b->unobserved_popularity &&
	       same_number(a->popularity_exponent, b->popularity_exponent) &&
	       same_number(a->alpha, b->alpha) &&
	       same_number(a->epsilon, b->epsilon) &&
	       same_number(a->row_weight_exponent, b->row_weight_exponent) &&
	       same_number(a->col_weight_exponent, b->col_weight_exponent) &&
	       a->weight_normalize == b->weight_normalize &&
	       a->biases == b->biases && same_number(a->half_life, b->half_life) &&
	       a->min_user_rows == b->min_user_rows &&
	       a->min_item_rows == b->min_item_rows && a->solver == b->solver &&
	       a->cg_steps == b->cg_steps;
}

/* Where the sentence goes; its functions return true when all is well. */
typedef struct Checker
{
	const char *option; /* the offender */
	size_t size;
	char *detail;
} Checker;

static bool
refuse(Checker *checker, const char *option, const char *detail)
{
	checker->option = option;
	if (checker->size > 0)
		snprintf(checker->detail, checker->size, "%s", detail);
	return false;
}

static bool
check_count(Checker *checker, const char *option, int32_t value, int32_t min,
            int32_t max)
{
	char text[120];

	if (value >= min && value <= max)
		return true;
	snprintf(text, sizeof(text), "The value is %d, the range is %d to %d.",
	         (int) value, (int) min, (int) max);
	return refuse(checker, option, text);
}

/* legal completes "The value is ..., "; a NaN passes only if it may. */
static bool
check_number(Checker *checker, const char *option, double value, bool in_range,
             bool may_be_nan, const char *legal)
{
	char text[160];

	if (isnan(value) ? may_be_nan : isfinite(value) && in_range)
		return true;
	snprintf(text, sizeof(text), "The value is %.15g, %s.", value, legal);
	return refuse(checker, option, text);
}

static bool
check_bias_lambda(Checker *checker, const char *option, double value)
{
	return check_number(checker, option, value,
	                    value >= 0 || value == WC_BIAS_AS_ROW, true,
	                    "it must be a finite number of at least 0");
}

static bool
check_ranges(Checker *checker, const WcParams *p)
{
	const char *not_negative = "it must be a finite number of at least 0";
	const char *positive = "it must be a finite number greater than 0";
	const char *exponent = "the range is -10 to 10";

	if ((int) p->feedback < WC_IMPLICIT || p->feedback > WC_WEIGHTED)
		return refuse(checker, "feedback",
		              "The legal values are implicit, explicit and weighted.");
	if ((int) p->weighting < WC_WEIGHT_CONSTANT ||
	    p->weighting > WC_WEIGHT_NONE)
		return refuse(checker, "weighting",
		              "The legal values are constant, linear, log, counts and "
		              "none.");
	if ((int) p->duplicates < WC_DUP_SUM || p->duplicates > WC_DUP_ERROR)
		return refuse(checker, "duplicates",
		              "The legal values are sum, max, avg, last and error.");
	if (p->biases < -1 || p->biases > 1)
		return refuse(checker, "biases",
		              "The value must be true, false or NULL.");
	if ((int) p->solver < WC_SOLVE_AUTO || p->solver > WC_SOLVE_BLOCK)
		return refuse(checker, "solver",
		              "The legal values are auto, cholesky, cg and block.");
	return (p->factors == WC_FACTORS_AUTO ||
	        check_count(checker, "factors", p->factors, WC_FACTORS_MIN,
	                    WC_FACTORS_MAX)) &&
	       check_count(checker, "iterations", p->iterations, WC_ITERATIONS_MIN,
	                   WC_ITERATIONS_MAX) &&
	       check_count(checker, "cg_steps", p->cg_steps, 1, WC_CG_STEPS_MAX) &&
	       check_number(checker, "regularization", p->regularization,
	                    p->regularization >= 0, true, not_negative) &&
	       check_number(checker, "reg_exponent", p->reg_exponent,
	                    p->reg_exponent >= 0 && p->reg_exponent <= 1, true,
	                    "the range is 0 to 1") &&
	       check_bias_lambda(checker, "user_bias_regularization",
	                         p->bias_regularization[WC_USERS]) &&
	       check_bias_lambda(checker, "item_bias_regularization",
	                         p->bias_regularization[WC_ITEMS]) &&
	       check_number(checker, "unobserved_weight", p->unobserved_weight,
	                    p->unobserved_weight >= 0, true, not_negative) &&
	       check_number(checker, "popularity_exponent", p->popularity_exponent,
	                    fabs(p->popularity_exponent) <= WC_EXPONENT_MAX, false,
	                    exponent) &&
	       check_number(checker, "alpha", p->alpha, p->alpha > 0, false,
	                    positive) &&
	       check_number(checker, "epsilon", p->epsilon, p->epsilon > 0, false,
	                    positive) &&
	       check_number(checker, "row_weight_exponent", p->row_weight_exponent,
	                    fabs(p->row_weight_exponent) <= WC_EXPONENT_MAX, true,
	                    exponent) &&
	       check_number(checker, "col_weight_exponent", p->col_weight_exponent,
	                    fabs(p->col_weight_exponent) <= WC_EXPONENT_MAX, true,
	                    exponent) &&
	       check_number(checker, "half_life", p->half_life, p->half_life >= 0,
	                    false, positive) &&
	       check_count(checker, "min_user_rows", p->min_user_rows, 1,
	                   INT32_MAX) &&
	       check_count(checker, "min_item_rows", p->min_item_rows, 1,
	                   INT32_MAX);
}

static bool
check_feedback(Checker *checker, const WcParams *p, bool has_value)
{
	char text[160];

	if (p->feedback != WC_IMPLICIT && !has_value)
		return refuse(checker, "feedback",
		              p->feedback == WC_EXPLICIT
		                  ? "Feedback explicit needs a value column."
		                  : "Feedback weighted needs a value column.");
	if (p->feedback == WC_EXPLICIT)
	{
		if (p->unobserved_weight > 0)
		{
			snprintf(text, sizeof(text),
			         "The value is %.15g, but feedback explicit knows only "
			         "observed cells: leave it out or use 0.",
			         p->unobserved_weight);
			return refuse(checker, "unobserved_weight", text);
		}
		if (p->unobserved_popularity)
			return refuse(checker, "unobserved_weighting",
			              "Weighting the unobserved cells by popularity "
			              "contradicts feedback explicit, which knows only "
			              "observed cells.");
	}
	else if (p->biases == 1)
		return refuse(checker, "biases",
		              "Biases can only be used with feedback explicit.");
	return true;
}

static bool
check_weighting(Checker *checker, const WcParams *p, bool has_value)
{
	bool from_value =
	    p->weighting == WC_WEIGHT_LINEAR || p->weighting == WC_WEIGHT_LOG;

	if (from_value && p->feedback != WC_IMPLICIT)
		return refuse(checker, "weighting",
		              "Weighting linear and log make weights from the values, "
		              "which only feedback implicit allows.");
	if (from_value && !has_value && p->duplicates != WC_DUP_SUM)
		return refuse(checker, "weighting",
		              "Weighting linear and log need a value column, or "
		              "duplicates sum, which counts rows.");
	if (!from_value && p->alpha != 1)
		return refuse(checker, "alpha",
		              "It has a meaning for weighting linear and log only: "
		              "leave it out.");
	if (p->weighting != WC_WEIGHT_LOG && p->epsilon != 1)
		return refuse(checker, "epsilon",
		              "It has a meaning for weighting log only: leave it out.");
	if (!p->unobserved_popularity &&
	    p->popularity_exponent != WC_POPULARITY_EXPONENT_DEFAULT)
		return refuse(checker, "popularity_exponent",
		              "It has a meaning for unobserved_weighting popularity "
		              "only: leave it out.");
	if (p->weighting == WC_WEIGHT_NONE)
	{
		if (p->half_life > 0)
			return refuse(checker, "half_life",
			              "Weighting none gives observed cells no weight that "
			              "could decay: leave it out.");
		if (p->feedback == WC_EXPLICIT)
			return refuse(checker, "weighting",
			              "Weighting none leaves only the weight of the "
			              "unobserved cells, which feedback explicit does not "
			              "have.");
		if (p->unobserved_weight == 0)
			return refuse(checker, "unobserved_weight",
			              "The value is 0, but with weighting none it is the "
			              "only weight there is: it must be greater than 0.");
	}
	return true;
}

/* Whether an exponent is given that raises something. */
static bool
raises(double exponent)
{
	return !isnan(exponent) && exponent != 0;
}

/* counts has its own exponents, none has nothing to raise. */
static bool
check_exponents(Checker *checker, const WcParams *p)
{
	bool none = p->weighting == WC_WEIGHT_NONE;
	bool counts = p->weighting == WC_WEIGHT_COUNTS;
	const char *option = NULL;
	double value = 0;
	char text[160];

	if (!none && !counts)
		return true;
	if (raises(p->row_weight_exponent) && (none || p->row_weight_exponent != 1))
	{
		option = "row_weight_exponent";
		value = p->row_weight_exponent;
	}
	else if (raises(p->col_weight_exponent) &&
	         (none || p->col_weight_exponent != 1))
	{
		option = "col_weight_exponent";
		value = p->col_weight_exponent;
	}
	if (option == NULL)
		return true;
	snprintf(text, sizeof(text),
	         "The value is %.15g, but weighting %s: leave it out.", value,
	         none ? "none has no weights to raise"
	              : "counts means an exponent of 1");
	return refuse(checker, option, text);
}

static bool
check_time(Checker *checker, const WcParams *p, bool has_time)
{
	if (has_time)
		return true;
	if (p->half_life > 0)
		return refuse(checker, "half_life", "A half-life needs a time column.");
	if (p->duplicates == WC_DUP_LAST)
		return refuse(checker, "duplicates",
		              "Duplicates last needs a time column.");
	return true;
}

static bool
check_solver(Checker *checker, const WcParams *p)
{
	if (p->cg_steps != WC_CG_STEPS_DEFAULT &&
	    (p->solver == WC_SOLVE_CHOLESKY || p->solver == WC_SOLVE_BLOCK))
		return refuse(checker, "cg_steps",
		              "It has a meaning for solver cg only: leave it out.");
	return true;
}

const char *
wc_params_check_ranges(const WcParams *params, size_t detail_size, char *detail)
{
	Checker checker = {NULL, detail_size, detail};

	if (detail_size > 0)
		detail[0] = '\0';
	(void) check_ranges(&checker, params);
	return checker.option;
}

const char *
wc_params_check(const WcParams *params, bool has_value, bool has_time,
                size_t detail_size, char *detail)
{
	Checker checker = {NULL, detail_size, detail};

	if (detail_size > 0)
		detail[0] = '\0';
	if (!check_ranges(&checker, params) ||
	    !check_feedback(&checker, params, has_value) ||
	    !check_weighting(&checker, params, has_value) ||
	    !check_exponents(&checker, params) ||
	    !check_time(&checker, params, has_time) ||
	    !check_solver(&checker, params))
		return checker.option;
	return NULL;
}
