/*-------------------------------------------------------------------------
 *
 * optionlist.h
 *	  The options of the core, one row for each.
 *
 * No guard: option.h makes the members of WcParams of it and option.c the
 * table, each with its own meaning of the macros (as PostgreSQL's kwlist.h).  A
 * row says what SQL calls the option, its default, its range or words, and its
 * flags, which are the names of WcOptionFlag without their beginning.
 *
 * The default of an OPEN option stands for "choose".  What decides which
 * ratings there are is FIXED: trials with different values could not be
 * compared.
 *
 *-------------------------------------------------------------------------
 */
/* clang-format off */
WC_WORD(WcFeedback, feedback, "feedback",
        WC_IMPLICIT, feedback_choices, OBJECTIVE)

/* k; WC_FACTORS_AUTO: by the shape.  A column of the version has it */
WC_INTEGER(int32_t, factors, "factors",
           WC_FACTORS_AUTO, WC_FACTORS_MIN, WC_FACTORS_MAX, OPEN | TUNED)

/* full sweeps: users, then items */
WC_INTEGER(int32_t, iterations, "iterations",
           WC_ITERATIONS_DEFAULT, WC_ITERATIONS_MIN, WC_ITERATIONS_MAX, TUNED)

/* lambda; NaN: by shape and spread */
WC_REAL(regularization, "regularization",
        NAN, 0, DBL_MAX, OPEN | TUNED | OBJECTIVE)

/* nu; NaN: 1, but 0.5 for explicit feedback where lambda is chosen */
WC_REAL(reg_exponent, "reg_exponent", NAN, 0, 1, OPEN | TUNED | OBJECTIVE)

/* w0; NaN: from the density */
WC_REAL(unobserved_weight, "unobserved_weight",
        NAN, 0, DBL_MAX, OPEN | TUNED | OBJECTIVE)

/* t_j = C_j^e / mean, else 1 */
WC_WORD(bool, unobserved_popularity, "unobserved_weighting",
        false, unobserved_choices, TUNED | OBJECTIVE)

/* e */
WC_REAL(popularity_exponent, "popularity_exponent",
        WC_POPULARITY_EXPONENT_DEFAULT, -WC_EXPONENT_MAX, WC_EXPONENT_MAX,
        TUNED | OBJECTIVE)

WC_WORD(WcWeighting, weighting, "weighting",
        WC_WEIGHT_CONSTANT, weighting_choices, TUNED | OBJECTIVE)
WC_REAL(alpha, "alpha", 1, WC_MORE_THAN_0, DBL_MAX, TUNED | OBJECTIVE)
WC_REAL(epsilon, "epsilon", 1, WC_MORE_THAN_0, DBL_MAX, TUNED | OBJECTIVE)

/* p of R_i^p, q of C_j^q; NaN: by the density */
WC_REAL(row_weight_exponent, "row_weight_exponent",
        NAN, -WC_EXPONENT_MAX, WC_EXPONENT_MAX, OPEN | TUNED | OBJECTIVE)
WC_REAL(col_weight_exponent, "col_weight_exponent",
        NAN, -WC_EXPONENT_MAX, WC_EXPONENT_MAX, OPEN | TUNED | OBJECTIVE)

/* R_i^p C_j^q to mean 1 over the entries */
WC_BOOLEAN(bool, weight_normalize, "weight_normalize", true, TUNED | OBJECTIVE)

/* in the unit of the time column; 0: none */
WC_INTERVAL(half_life, "half_life",
            0, TUNED, "Leave it out to weigh old and new rows alike.")

/* 0, 1, or -1: on for explicit only.  A column of the version has it */
WC_BOOLEAN(int, biases, "biases", -1, OPEN | TUNED)

/*
 * lambda of the biases of users and of items; NaN: by how they spread;
 * WC_BIAS_AS_ROW: that of the row
 */
WC_REAL_SIDES(bias_regularization,
              "user_bias_regularization", "item_bias_regularization",
              NAN, 0, DBL_MAX, OPEN | OBJECTIVE | FOUND | AS_ROW)

WC_INTEGER(int64_t, seed, "seed", 0, INT64_MIN, INT64_MAX, SEED)
WC_WORD(WcMethod, solver, "solver", WC_SOLVE_AUTO, solver_choices, TUNED)
WC_INTEGER(int32_t, cg_steps, "cg_steps",
           WC_CG_STEPS_DEFAULT, 1, WC_CG_STEPS_MAX, TUNED)

/* NULL in SQL: by feedback, and whether there are times */
WC_WORD(WcDuplicates, duplicates, "duplicates",
        WC_DUP_SUM, duplicates_choices, FIXED | OBJECTIVE | DERIVED)

/* entries, counted once */
WC_INTEGER(int32_t, min_user_rows, "min_user_rows", 1, 1, INT32_MAX, FIXED)
WC_INTEGER(int32_t, min_item_rows, "min_item_rows", 1, 1, INT32_MAX, FIXED)
/* clang-format on */
