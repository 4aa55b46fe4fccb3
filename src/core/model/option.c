/*-------------------------------------------------------------------------
 *
 * option.c
 *	  The table of options, and what can be done with any of them.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/ground/internal.h"
#include "core/model/model.h"
#include "core/model/option.h"

static const WcChoice feedback_choices[] = {{"implicit", WC_IMPLICIT},
                                            {"explicit", WC_EXPLICIT},
                                            {"weighted", WC_WEIGHTED},
                                            {NULL, 0}};

static const WcChoice weighting_choices[] = {
    {"constant", WC_WEIGHT_CONSTANT}, {"linear", WC_WEIGHT_LINEAR},
    {"log", WC_WEIGHT_LOG},           {"counts", WC_WEIGHT_COUNTS},
    {"none", WC_WEIGHT_NONE},         {NULL, 0}};

static const WcChoice unobserved_choices[] = {
    {"uniform", false}, {"popularity", true}, {NULL, 0}};

static const WcChoice duplicates_choices[] = {
    {"sum", WC_DUP_SUM},   {"max", WC_DUP_MAX},     {"avg", WC_DUP_AVG},
    {"last", WC_DUP_LAST}, {"error", WC_DUP_ERROR}, {NULL, 0}};

static const WcChoice solver_choices[] = {{"auto", WC_SOLVE_AUTO},
                                          {"cholesky", WC_SOLVE_CHOLESKY},
                                          {"cg", WC_SOLVE_CG},
                                          {"block", WC_SOLVE_BLOCK},
                                          {NULL, 0}};

enum
{
	OPEN = WC_OPTION_OPEN,
	TUNED = WC_OPTION_TUNED,
	FIXED = WC_OPTION_FIXED,
	OBJECTIVE = WC_OPTION_OBJECTIVE,
	FOUND = WC_OPTION_FOUND,
	AS_ROW = WC_OPTION_AS_ROW,
	SEED = WC_OPTION_SEED,
	DERIVED = WC_OPTION_DERIVED,
	LATE = WC_OPTION_LATE
};

#define PLACE(member)                                                          \
	.offset = offsetof(WcParams, member),                                      \
	.size = sizeof(((WcParams *) NULL)->member)
#define WC_WORD(type, member, word, value, words, bits)                        \
	{.name = (word),                                                           \
	 .kind = WC_OPTION_WORD,                                                   \
	 PLACE(member),                                                            \
	 .initial.whole = (value),                                                 \
	 .choices = (words),                                                       \
	 .flags = (bits)},
#define WC_BOOLEAN(type, member, word, value, bits)                            \
	{.name = (word),                                                           \
	 .kind = WC_OPTION_BOOLEAN,                                                \
	 PLACE(member),                                                            \
	 .initial.whole = (value),                                                 \
	 .flags = (bits)},
#define WC_INTEGER(type, member, word, value, low, high, bits)                 \
	{.name = (word),                                                           \
	 .kind = WC_OPTION_INTEGER,                                                \
	 PLACE(member),                                                            \
	 .initial.whole = (value),                                                 \
	 .least.whole = (low),                                                     \
	 .most.whole = (high),                                                     \
	 .flags = (bits)},
#define WC_REAL(member, word, value, low, high, bits)                          \
	{.name = (word),                                                           \
	 .kind = WC_OPTION_REAL,                                                   \
	 PLACE(member),                                                            \
	 .initial.real = (value),                                                  \
	 .least.real = (low),                                                      \
	 .most.real = (high),                                                      \
	 .flags = (bits)},
#define WC_REAL_SIDES(member, user, item, value, low, high, bits)              \
	WC_REAL(member[WC_USERS], user, value, low, high, bits)                    \
	WC_REAL(member[WC_ITEMS], item, value, low, high, bits)
#define WC_INTERVAL(member, word, value, bits, hint)                           \
	{.name = (word),                                                           \
	 .kind = WC_OPTION_INTERVAL,                                               \
	 PLACE(member),                                                            \
	 .initial.real = (value),                                                  \
	 .most.real = DBL_MAX,                                                     \
	 .legal = "it must be a finite number greater than 0",                     \
	 .flags = (bits),                                                          \
	 .advice = (hint)},

const WcOption wc_options[] = {
#include "core/model/optionlist.h"
};

const int32_t wc_option_count = sizeof(wc_options) / sizeof(wc_options[0]);

_Static_assert(sizeof(wc_options) / sizeof(wc_options[0]) <= WC_OPTIONS_MAX,
               "more options than a tuning has room for");

static bool
is_real(const WcOption *option)
{
	return option->kind == WC_OPTION_REAL || option->kind == WC_OPTION_INTERVAL;
}

WcValue
wc_option_get(const WcOption *option, const void *of)
{
	const char *member = (const char *) of + option->offset;
	WcValue value = {0};
	bool flag;
	int32_t number;

	if (is_real(option))
		memcpy(&value.real, member, sizeof(double));
	else if (option->size == sizeof(bool))
	{
		memcpy(&flag, member, sizeof(flag));
		value.whole = flag;
	}
	else if (option->size == sizeof(number))
	{
		memcpy(&number, member, sizeof(number));
		value.whole = number;
	}
	else
		memcpy(&value.whole, member, sizeof(int64_t));
	return value;
}

void
wc_option_set(const WcOption *option, void *of, WcValue value)
{
	char *member = (char *) of + option->offset;
	bool flag = value.whole != 0;
	int32_t number = (int32_t) value.whole;

	if (is_real(option))
		memcpy(member, &value.real, sizeof(double));
	else if (option->size == sizeof(bool))
		memcpy(member, &flag, sizeof(flag));
	else if (option->size == sizeof(number))
		memcpy(member, &number, sizeof(number));
	else
		memcpy(member, &value.whole, sizeof(int64_t));
}

/* NaN, which leaves it open, equals itself. */
static bool
same_value(const WcOption *option, WcValue a, WcValue b)
{
	if (!is_real(option))
		return a.whole == b.whole;
	return a.real == b.real || (isnan(a.real) && isnan(b.real));
}

bool
wc_option_is_open(const WcOption *option, const void *of)
{
	return (option->flags & WC_OPTION_OPEN) != 0 &&
	       same_value(option, wc_option_get(option, of), option->initial);
}

bool
wc_option_same(const WcOption *option, const void *a, const void *b)
{
	return same_value(option, wc_option_get(option, a),
	                  wc_option_get(option, b));
}

void
wc_options_reset(int32_t count, const WcOption *options, void *of)
{
	for (int32_t i = 0; i < count; i++)
		wc_option_set(&options[i], of, options[i].initial);
}

/* "The legal values are a, b and c." */
static bool
check_word(const WcOption *option, int64_t value, size_t size, char *detail)
{
	char words[120] = "";
	size_t used = 0;

	for (const WcChoice *choice = option->choices; choice->name != NULL;
	     choice++)
	{
		const char *before = choice == option->choices ? ""
		                     : choice[1].name == NULL  ? " and "
		                                               : ", ";

		if (choice->value == value)
			return true;
		used += (size_t) snprintf(words + used, sizeof(words) - used, "%s%s",
		                          before, choice->name);
		WC_ASSERT(used < sizeof(words));
	}
	snprintf(detail, size, "The legal values are %s.", words);
	return false;
}

static bool
check_whole(const WcOption *option, int64_t value, size_t size, char *detail)
{
	if (value >= option->least.whole && value <= option->most.whole)
		return true;
	if (option->legal != NULL)
		snprintf(detail, size, "The value is %lld, %s.", (long long) value,
		         option->legal);
	else
		snprintf(detail, size, "The value is %lld, the range is %lld to %lld.",
		         (long long) value, (long long) option->least.whole,
		         (long long) option->most.whole);
	return false;
}

static bool
check_real(const WcOption *option, double value, size_t size, char *detail)
{
	const char *legal = option->legal;
	char range[80];

	if (value >= option->least.real && value <= option->most.real)
		return true;
	if ((option->flags & WC_OPTION_AS_ROW) != 0 && value == WC_BIAS_AS_ROW)
		return true;
	if (legal == NULL && option->most.real < DBL_MAX)
	{
		snprintf(range, sizeof(range), "the range is %g to %g",
		         option->least.real, option->most.real);
		legal = range;
	}
	else if (legal == NULL)
		legal = option->least.real > 0
		            ? "it must be a finite number greater than 0"
		            : "it must be a finite number of at least 0";
	snprintf(detail, size, "The value is %.15g, %s.", value, legal);
	return false;
}

bool
wc_option_check(const WcOption *option, const void *of, size_t size,
                char *detail)
{
	WcValue value = wc_option_get(option, of);

	if (wc_option_is_open(option, of))
		return true;
	switch (option->kind)
	{
		case WC_OPTION_WORD:
			return check_word(option, value.whole, size, detail);
		case WC_OPTION_BOOLEAN:
			if (value.whole == 0 || value.whole == 1)
				return true;
			snprintf(detail, size, "The value must be true, false or NULL.");
			return false;
		case WC_OPTION_INTEGER:
			return check_whole(option, value.whole, size, detail);
		case WC_OPTION_REAL:
		case WC_OPTION_INTERVAL:
			return check_real(option, value.real, size, detail);
		case WC_OPTION_TEXT:
		case WC_OPTION_RELATION:
			break;
	}
	return true;
}

bool
wc_choice_find(const WcChoice *choices, size_t length, const char *word,
               int *value)
{
	for (; choices->name != NULL; choices++)
	{
		if (strlen(choices->name) != length ||
		    memcmp(choices->name, word, length) != 0)
			continue;
		*value = choices->value;
		return true;
	}
	return false;
}

const char *
wc_choice_name(const WcChoice *choices, int value)
{
	for (; choices->name != NULL; choices++)
		if (choices->value == value)
			break;
	return choices->name;
}

const char *
wc_feedback_name(WcFeedback feedback)
{
	return wc_choice_name(feedback_choices, (int) feedback);
}
