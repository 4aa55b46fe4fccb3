/*-------------------------------------------------------------------------
 *
 * option.h
 *	  What a training can be told: a member of WcParams and a row of a table for
 *	  each option.
 *
 * The rows are in optionlist.h.  Whoever handles options (defaults, checks,
 * arguments, grids, records) goes through the table, so an option is written
 * down once.  Other rooms make tables of the same kind for options of their own.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_OPTION_H
#define WALS_CORE_OPTION_H

#include <float.h>

#include "core/data/data.h"

#define WC_FACTORS_AUTO INT32_MIN /* choose, see wc_factors_choose */
#define WC_FACTORS_LEAST 64 /* that are chosen */
#define WC_FACTORS_MOST 512
#define WC_FACTORS_STEP 32
#define WC_FACTORS_MIN 1
#define WC_FACTORS_MAX 1024
#define WC_ITERATIONS_DEFAULT 15
#define WC_ITERATIONS_MIN 1
#define WC_ITERATIONS_MAX 1000
#define WC_POPULARITY_EXPONENT_DEFAULT 0.5
#define WC_EXPONENT_MAX 10.0 /* of counts, in absolute value */
#define WC_BIAS_AS_ROW (-1.0)

typedef enum WcFeedback
{
	WC_IMPLICIT, /* target 1 where the value is > 0, else 0 */
	WC_EXPLICIT, /* target = value, observed cells only */
	WC_WEIGHTED /* target = value, w0 on all other cells */
} WcFeedback;

/* The weight g(r) an entry gets from its own value r. */
typedef enum WcWeighting
{
	WC_WEIGHT_CONSTANT, /* g = 1 */
	WC_WEIGHT_LINEAR, /* g = alpha |r| */
	WC_WEIGHT_LOG, /* g = alpha log(1 + |r| / epsilon) */
	WC_WEIGHT_COUNTS, /* g = R_i C_j, raw entry counts */
	WC_WEIGHT_NONE /* g = 0: plain ALS over all cells */
} WcWeighting;

/* How the rows of a half sweep are solved. */
typedef enum WcMethod
{
	WC_SOLVE_AUTO, /* by the number of factors, see core/README.md */
	WC_SOLVE_CHOLESKY, /* exactly */
	WC_SOLVE_CG, /* conjugate gradients from the old values */
	WC_SOLVE_BLOCK /* blocks of factors in turn, from the old values */
} WcMethod;

#define WC_CG_STEPS_DEFAULT 3
#define WC_CG_STEPS_MAX 100

#define WC_MORE_THAN_0 DBL_TRUE_MIN /* the least of a range without 0 */

/*
 * Everything a training can be told.  WC_FACTORS_AUTO in factors, a NaN, and a -1
 * in biases mean "choose": wc_params_defaults fills the struct, wc_problem_build
 * resolves the choices from the data.
 */
#define WC_WORD(type, member, ...) type member;
#define WC_BOOLEAN(type, member, ...) type member;
#define WC_INTEGER(type, member, ...) type member;
#define WC_REAL(member, ...) double member;
#define WC_REAL_SIDES(member, ...) double member[2];
#define WC_INTERVAL(member, ...) double member;
typedef struct WcParams
{
#include "core/model/optionlist.h"
} WcParams;
#undef WC_WORD
#undef WC_BOOLEAN
#undef WC_INTEGER
#undef WC_REAL
#undef WC_REAL_SIDES
#undef WC_INTERVAL

/* One of the words of an option; a list ends with the name NULL. */
typedef struct WcChoice
{
	const char *name;
	int value;
} WcChoice;

/* What an option is in SQL, and what its member is. */
typedef enum WcOptionKind
{
	WC_OPTION_WORD, /* text: enum, or bool of two words */
	WC_OPTION_BOOLEAN, /* boolean: bool, or int where it may be open */
	WC_OPTION_INTEGER, /* bigint: int32_t or int64_t */
	WC_OPTION_REAL, /* double precision: double */
	WC_OPTION_INTERVAL, /* interval: double */
	/* which the core has none of */
	WC_OPTION_TEXT, /* text: const char *, NULL by default */
	WC_OPTION_RELATION /* regclass: uint32_t, 0 by default */
} WcOptionKind;

typedef enum WcOptionFlag
{
	WC_OPTION_OPEN = 1, /* may be left open, which its default stands for */
	WC_OPTION_TUNED = 2, /* trials of a tuning may differ in it */
	WC_OPTION_FIXED = 4, /* a tuning may have one value of it for all trials */
	WC_OPTION_OBJECTIVE = 8, /* read from a version to solve one more row */
	WC_OPTION_FOUND = 16, /* a training finds it and cannot be told */
	WC_OPTION_AS_ROW = 32, /* WC_BIAS_AS_ROW is a value of it, too */
	WC_OPTION_SEED = 64, /* makes no difference to what is computed */
	WC_OPTION_DERIVED = 128, /* without a value it follows from others */
	WC_OPTION_LATE = 256, /* versions of older releases do not have it: they had
									 * its default */
	WC_OPTION_RECORDED = 512 /* of a caller's table: stands in the version */
} WcOptionFlag;

/* Of a REAL or an INTERVAL the one, of the other kinds of the core the other. */
typedef union WcValue
{
	int64_t whole;
	double real;
} WcValue;

typedef struct WcOption
{
	const char *name; /* in SQL, in messages and in records */
	WcOptionKind kind;
	size_t offset; /* of its member */
	size_t size;
	WcValue initial; /* default */
	WcValue least; /* of a number */
	WcValue most;
	const WcChoice *choices; /* of a word */
	int flags; /* of WcOptionFlag */
	const char *legal; /* ends the sentence about a value out of range; NULL:
									 * the range does */
	const char *advice; /* hint of that error, or NULL */
} WcOption;

#define WC_OPTIONS_MAX 32

/* Options of WcParams, at most WC_OPTIONS_MAX. */
extern const WcOption wc_options[];
extern const int32_t wc_option_count;

/* In what follows, of is the struct that the table describes: a WcParams. */
extern WcValue wc_option_get(const WcOption *option, const void *of);
extern void wc_option_set(const WcOption *option, void *of, WcValue value);
extern bool wc_option_is_open(const WcOption *option, const void *of);
extern bool wc_option_same(const WcOption *option, const void *a,
                           const void *b);

/* Set options to their defaults. */
extern void wc_options_reset(int32_t count, const WcOption *options, void *of);

/*
 * True when the value is in range, or open where it may be; else detail is a
 * sentence with the value and what is legal, truncated to size.
 */
extern bool wc_option_check(const WcOption *option, const void *of, size_t size,
                            char *detail);

/* True and its value for one of the words; length is that of word. */
extern bool wc_choice_find(const WcChoice *choices, size_t length,
                           const char *word, int *value);

/* The word of a value, NULL for another one. */
extern const char *wc_choice_name(const WcChoice *choices, int value);

extern const char *wc_feedback_name(WcFeedback feedback);

#endif /* WALS_CORE_OPTION_H */
