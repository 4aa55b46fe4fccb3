/*-------------------------------------------------------------------------
 *
 * args.h
 *	  Arguments of SQL functions: named choices and array values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_ARGS_H
#define WALS_BASE_ARGS_H

#include "fmgr.h"

#include "base/compat.h"
#include "core/core.h"

/* A text argument takes one of a few words. */
typedef WcChoice WalsChoice;

/* Value of a word, or 22023 with the legal words in the hint. */
extern int wals_choice_parse(const char *option, const char *word,
                             const WalsChoice *choices);
extern const char *wals_choice_name(int value, const WalsChoice *choices);

/* 22023: what is wrong with the value of an option. */
pg_noreturn extern void
wals_option_refuse(const char *option, const char *detail, const char *hint);

/*
 * The place of the argument that a function declares under a name, -1 if it
 * declares none: the script that did so may be an older one.  Of a call also -1
 * for NULL.
 */
extern int wals_arg_place(Oid function, const char *name);
extern int wals_arg_find(FunctionCallInfo fcinfo, const char *name);

/*
 * Not NULL, and not one that the script which declared the function does not
 * have yet: the library serves older scripts, too.
 */
extern bool wals_arg_given(FunctionCallInfo fcinfo, int arg);

/* A text argument among the choices, if_null for NULL. */
extern int wals_arg_choice(FunctionCallInfo fcinfo, int arg, const char *option,
                           const WalsChoice *choices, int if_null);

/*
 * Arguments that may be NULL, which then means the given default.  Whole numbers
 * may be declared integer or bigint, other ones real or double precision.  22023
 * when a whole number is not within the limits, here those of int32.
 */
extern int32 wals_arg_within(FunctionCallInfo fcinfo, int arg, int32 least,
                             int32 most, int32 if_null);
extern int32 wals_arg_int32(FunctionCallInfo fcinfo, int arg, int32 if_null);
extern int64 wals_arg_int64(FunctionCallInfo fcinfo, int arg, int64 if_null);
extern double wals_arg_float8(FunctionCallInfo fcinfo, int arg, double if_null);
extern bool wals_arg_bool(FunctionCallInfo fcinfo, int arg, bool if_null);
extern const char *wals_arg_name(FunctionCallInfo fcinfo, int arg);
extern char *wals_arg_text(FunctionCallInfo fcinfo, int arg);

/*
 * A relation, InvalidOid for NULL, which means the default or none.  42P01 for
 * '-', which names none and must not be taken for that.
 */
extern Oid wals_arg_oid(FunctionCallInfo fcinfo, int arg);

/*
 * Whether a procedure may commit: false inside a transaction block, a function,
 * or DO within one.
 */
extern bool wals_call_may_commit(FunctionCallInfo fcinfo);

/* The same of a job of this name, which is told by a NOTICE where it may not. */
extern bool wals_call_commits(FunctionCallInfo fcinfo, const char *name);

/* 22004 unless an argument of this name is given. */
extern void wals_arg_need(FunctionCallInfo fcinfo, int arg, const char *name,
                          const char *advice);

/* The same, with what to write as the hint. */
extern void wals_arg_required(FunctionCallInfo fcinfo, int arg,
                              const char *name, const char *hint);

/* The model that a function changes: 22004 for NULL, which is no default here. */
extern Oid wals_arg_model(FunctionCallInfo fcinfo, int arg);

/*
 * The declared type of an argument, which tells the overloads of one C function
 * apart.
 */
extern Oid wals_arg_type(FunctionCallInfo fcinfo, int arg);

/*
 * The n of a top-n call: INT32_MAX for NULL (all) and beyond; 2201W when
 * negative.
 */
extern int32 wals_arg_limit(FunctionCallInfo fcinfo, int arg);

/*
 * A least score, rounded to float as scores are: -infinity for NULL, 22023 for
 * NaN.
 */
extern float wals_arg_min_score(FunctionCallInfo fcinfo, int arg);

/*
 * The elements of a one-dimensional array argument, NULL elements left out;
 * false, and no elements, for NULL.  2202E when it has more than one dimension.
 */
extern bool wals_arg_array(FunctionCallInfo fcinfo, int arg, const char *name,
                           int *count, Datum **elements);

/*
 * The same with NULL elements, whose places nulls marks (*nulls may become NULL
 * where there is none).  An argument declared text is the text of a text[]: that
 * is how an array arrives whose type nobody said.
 */
extern void wals_arg_array_nulls(FunctionCallInfo fcinfo, int arg,
                                 const char *name, int *count, Datum **elements,
                                 bool **nulls);

/*
 * The numbers of a one-dimensional array argument of real or double precision, 0
 * for NULL elements, whose places nulls marks (*nulls is NULL where there is
 * none); and those of integer or bigint, NULL elements left out.
 */
extern double *wals_arg_numbers(FunctionCallInfo fcinfo, int arg,
                                const char *name, int *count, bool **nulls);
extern int64 *wals_arg_whole_numbers(FunctionCallInfo fcinfo, int arg,
                                     const char *name, int *count);

#endif /* WALS_BASE_ARGS_H */
