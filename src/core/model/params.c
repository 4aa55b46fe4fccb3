/*-------------------------------------------------------------------------
 *
 * params.c
 *	  Options of a training as a whole: defaults, differences, agreement.
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
#include <string.h>

#include "core/ground/internal.h"
#include "core/model/model.h"

void
wc_params_defaults(WcParams *params)
{
	memset(params, 0, sizeof(*params));
	wc_options_reset(wc_option_count, wc_options, params);
}

bool
wc_params_same(const WcParams *a, const WcParams *b)
{
	for (int32_t i = 0; i < wc_option_count; i++)
		if ((wc_options[i].flags & WC_OPTION_SEED) == 0 &&
		    !wc_option_same(&wc_options[i], a, b))
			return false;
	return true;
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
check_ranges(Checker *checker, const WcParams *p)
{
	char text[160];

	for (int32_t i = 0; i < wc_option_count; i++)
		if (!wc_option_check(&wc_options[i], p, sizeof(text), text))
			return refuse(checker, wc_options[i].name, text);
	return true;
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
	bool from_value = wc_by_value(p->weighting);

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

WcMerging
wc_merging(const WcParams *params)
{
	WcMerging merging = {
	    .duplicates = params->duplicates,
	    .drop_zero = params->feedback == WC_IMPLICIT,
	    .by_value = wc_by_value(params->weighting),
	    .half_life = params->half_life,
	};

	return merging;
}
