/*-------------------------------------------------------------------------
 *
 * test_option.c
 *	  Every row of the table: its member and no other, its default, the ends of
 *	  its range and one step beyond, its words; and that no member is without.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static WcValue
whole(int64_t value)
{
	WcValue result = {.whole = value};

	return result;
}

static WcValue
real(double value)
{
	WcValue result = {.real = value};

	return result;
}

static bool
is_real(const WcOption *option)
{
	return option->kind == WC_OPTION_REAL || option->kind == WC_OPTION_INTERVAL;
}

/* Whether params with this value of an option are in range; says why not. */
static bool
passes(const WcOption *option, WcValue value, const char *words)
{
	WcParams params;
	char detail[256] = "";
	bool ok;

	wc_params_defaults(&params);
	wc_option_set(option, &params, value);
	ok = wc_option_check(option, &params, sizeof(detail), detail);
	CHECK((detail[0] == '\0') == ok);
	CHECK(ok || strstr(detail, words) != NULL);
	CHECK(ok || detail[strlen(detail) - 1] == '.');
	/* the whole is checked by the same rows */
	CHECK(ok == (wc_params_check_ranges(&params, 0, NULL) == NULL));
	return ok;
}

/* Setting an option changes the bytes of its member only. */
static void
test_place(const WcOption *option)
{
	WcParams params;
	WcParams before;
	WcValue value = is_real(option) ? real(0.5) : whole(1);
	const unsigned char *a = (const unsigned char *) &before;
	const unsigned char *b = (const unsigned char *) &params;
	size_t outside = 0;
	size_t inside = 0;

	memset(&params, 0x5a, sizeof(params));
	before = params;
	wc_option_set(option, &params, value);
	for (size_t i = 0; i < sizeof(params); i++)
	{
		bool is_inside =
		    i >= option->offset && i < option->offset + option->size;

		if (a[i] != b[i])
			*(is_inside ? &inside : &outside) += 1;
	}
	CHECK(outside == 0 && inside > 0);
	CHECK(is_real(option) ? wc_option_get(option, &params).real == 0.5
	                      : wc_option_get(option, &params).whole == 1);
	CHECK(wc_option_same(option, &params, &params));
	wc_option_set(option, &before, is_real(option) ? real(0.25) : whole(0));
	CHECK(!wc_option_same(option, &params, &before));
}

static void
test_default(const WcOption *option)
{
	bool open = (option->flags & WC_OPTION_OPEN) != 0;
	WcParams params;

	wc_params_defaults(&params);
	CHECK(passes(option, option->initial, ""));
	CHECK(wc_option_is_open(option, &params) == open);
	CHECK(open || !is_real(option) || isfinite(option->initial.real));
	wc_option_set(option, &params, is_real(option) ? real(0.5) : whole(1));
	CHECK(!wc_option_is_open(option, &params));
}

static void
test_range(const WcOption *option)
{
	bool open = (option->flags & WC_OPTION_OPEN) != 0;
	bool as_row = (option->flags & WC_OPTION_AS_ROW) != 0;

	if (is_real(option))
	{
		double least = option->least.real;
		double most = option->most.real;

		CHECK(passes(option, real(least), ""));
		CHECK(passes(option, real(most), ""));
		CHECK(!passes(option, real(nextafter(least, -INFINITY)), "The value"));
		CHECK(!passes(option, real(nextafter(most, INFINITY)), "The value"));
		CHECK(!passes(option, real(-INFINITY), "-inf"));
		CHECK(passes(option, real(NAN), "nan") == open);
		CHECK(passes(option, real(WC_BIAS_AS_ROW), "-1") ==
		      (as_row || least <= WC_BIAS_AS_ROW));
	}
	else if (option->kind == WC_OPTION_INTEGER)
	{
		int64_t least = option->least.whole;
		int64_t most = option->most.whole;

		CHECK(passes(option, whole(least), ""));
		CHECK(passes(option, whole(most), ""));
		if (least > INT32_MIN)
			CHECK(!passes(option, whole(least - 1), "The value is"));
		if (most < INT32_MAX)
			CHECK(!passes(option, whole(most + 1), "The value is"));
	}
	else if (option->kind == WC_OPTION_BOOLEAN &&
	         option->size == sizeof(int32_t))
	{
		CHECK(passes(option, whole(0), "") && passes(option, whole(1), ""));
		CHECK(!passes(option, whole(2), "true, false or NULL"));
	}
}

static void
test_words(const WcOption *option)
{
	int64_t count = 0;
	int value = -1;

	CHECK((option->kind == WC_OPTION_WORD) == (option->choices != NULL));
	if (option->choices == NULL)
		return;
	for (const WcChoice *choice = option->choices; choice->name; choice++)
	{
		/* as the values of the enum, from 0 */
		CHECK(choice->value == count++);
		CHECK(passes(option, whole(choice->value), ""));
		CHECK(wc_choice_find(option->choices, strlen(choice->name),
		                     choice->name, &value) &&
		      value == choice->value);
		CHECK(!wc_choice_find(option->choices, strlen(choice->name) - 1,
		                      choice->name, &value));
		CHECK(strcmp(wc_choice_name(option->choices, choice->value),
		             choice->name) == 0);
		if (option->size > sizeof(bool))
			CHECK(!passes(option, whole(99), choice->name));
	}
	CHECK(count >= 2);
	CHECK(wc_choice_name(option->choices, (int) count) == NULL);
	CHECK(!wc_choice_find(option->choices, 0, "", &value));
}

/* What stands apart in the table. */
static void
test_flags(const WcOption *option)
{
	bool tuned = (option->flags & WC_OPTION_TUNED) != 0;
	bool fixed = (option->flags & WC_OPTION_FIXED) != 0;
	bool found = (option->flags & WC_OPTION_FOUND) != 0;
	bool seed = (option->flags & WC_OPTION_SEED) != 0;
	const int unknown = WC_OPTION_LATE | WC_OPTION_OPEN | WC_OPTION_OBJECTIVE;

	/* nothing would choose it for a version that does not have it */
	CHECK((option->flags & unknown) != unknown);
	CHECK(!(tuned && fixed) && !(found && (tuned || fixed)));
	/* feedback is an argument of wals_tune(), seeds are no choice */
	CHECK(tuned || fixed || found || seed ||
	      strcmp(option->name, "feedback") == 0);
	CHECK(option->kind != WC_OPTION_TEXT && option->kind != WC_OPTION_RELATION);
}

static int
compare_places(const void *a, const void *b)
{
	const WcOption *left = *(const WcOption *const *) a;
	const WcOption *right = *(const WcOption *const *) b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Each byte of WcParams that is no padding belongs to one option. */
static void
test_all(void)
{
	const WcOption *rows[64];
	size_t end = 0;

	for (int32_t i = 0; i < wc_option_count; i++)
	{
		rows[i] = &wc_options[i];
		for (int32_t j = 0; j < i; j++)
			CHECK(strcmp(rows[i]->name, rows[j]->name) != 0);
	}
	qsort(rows, (size_t) wc_option_count, sizeof(rows[0]), compare_places);
	for (int32_t i = 0; i < wc_option_count; i++)
	{
		CHECK(rows[i]->offset >= end && rows[i]->offset - end < 8);
		end = rows[i]->offset + rows[i]->size;
	}
	CHECK(sizeof(WcParams) - end < 8);
}

/* A table of somebody else's struct, with sentences of its own. */
static void
test_other(void)
{
	struct
	{
		double part;
		int32_t most;
	} other;
	const WcOption rows[] = {{.name = "part",
	                          .kind = WC_OPTION_REAL,
	                          .size = sizeof(double),
	                          .initial.real = 0.25,
	                          .most.real = 1,
	                          .legal = "it must be a part"},
	                         {.name = "most",
	                          .kind = WC_OPTION_INTEGER,
	                          .offset = offsetof(__typeof__(other), most),
	                          .size = sizeof(int32_t),
	                          .initial.whole = INT32_MAX,
	                          .least.whole = 1,
	                          .most.whole = INT32_MAX,
	                          .legal = "the minimum is 1",
	                          .flags = WC_OPTION_OPEN}};
	char detail[64];

	wc_options_reset(2, rows, &other);
	CHECK(other.part == 0.25 && other.most == INT32_MAX);
	CHECK(!wc_option_is_open(&rows[0], &other));
	CHECK(wc_option_is_open(&rows[1], &other));
	other.part = 2;
	CHECK(!wc_option_check(&rows[0], &other, sizeof(detail), detail));
	CHECK(strcmp(detail, "The value is 2, it must be a part.") == 0);
	other.most = 0;
	CHECK(!wc_option_check(&rows[1], &other, sizeof(detail), detail));
	CHECK(strcmp(detail, "The value is 0, the minimum is 1.") == 0);
	CHECK(!wc_option_check(&rows[1], &other, 5, detail));
	CHECK(strcmp(detail, "The ") == 0);
}

int
main(void)
{
	for (int32_t i = 0; i < wc_option_count; i++)
	{
		test_place(&wc_options[i]);
		test_default(&wc_options[i]);
		test_range(&wc_options[i]);
		test_words(&wc_options[i]);
		test_flags(&wc_options[i]);
	}
	test_all();
	test_other();
	CHECK(strcmp(wc_feedback_name(WC_WEIGHTED), "weighted") == 0);
	return check_report("test_option");
}
