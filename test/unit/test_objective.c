/*-------------------------------------------------------------------------
 *
 * test_objective.c
 *	  The line that says what is minimized, word for word, for every kind of
 *	  objective; and cut off cleanly where the room ends.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

/* Three users, two items, four entries; values 4, 2, 1 and the last given. */
static void
build(const WcParams *params, bool has_value, float last, bool user_weights,
      bool item_weights, WcProblem *problem)
{
	static const int32_t user[] = {0, 1, 1, 2};
	static const int32_t item[] = {0, 0, 1, 1};
	const float value[] = {4, 2, 1, last};
	const float ones[] = {1, 1, 1};
	WcCoo coo;
	WcCsr csr;
	int64_t n_merged;
	int64_t n_zero;

	if (wc_coo_init(&coo, has_value, false, false, &check_alloc) != WC_OK)
		abort();
	for (int e = 0; e < 4; e++)
	{
		if (check_append(&coo, user[e], item[e], value[e], 1, 0,
		                 &check_alloc) != WC_OK)
			abort();
	}
	if (wc_csr_from_coo(&coo, 3, 2, (WcMerging){.duplicates = WC_DUP_SUM}, &csr,
	                    &n_merged, &n_zero, &check_alloc, NULL, NULL) != WC_OK)
		abort();
	if (wc_problem_build(params, &csr, user_weights ? ones : NULL,
	                     item_weights ? ones : NULL, problem, &check_alloc,
	                     NULL, NULL) != WC_OK)
		abort();
}

static void
check_text(const WcProblem *problem, bool has_weight_column,
           const char *expected)
{
	char text[2048];

	wc_objective_text(&problem->objective, has_weight_column, sizeof(text),
	                  text);
	CHECK(strcmp(text, expected) == 0);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "got      %s\nexpected %s\n", text, expected);
	CHECK(strlen(text) < 700 && strchr(text, '\n') == NULL);
}

static void
expect(const WcParams *params, bool has_weight_column, const char *expected)
{
	WcProblem problem;

	build(params, true, 1, false, false, &problem);
	check_text(&problem, has_weight_column, expected);
	wc_problem_free(&problem, &check_alloc);
}

static void
test_implicit(void)
{
	WcParams p;

	wc_params_defaults(&p);
	p.unobserved_weight = 0.36;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	       " observed cells and 0 elsewhere, W = w0 + 1 on observed cells and "
	       "w0 elsewhere, w0 = 0.36, lambda of a row = 0.03 * (sum of its "
	       "weights)");
	expect(&p, true,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	       " observed cells and 0 elsewhere, W = w0 + weight on observed cells"
	       " and w0 elsewhere, w0 = 0.36, lambda of a row = 0.03 * (sum of its"
	       " weights)");
	p.weighting = WC_WEIGHT_LINEAR;
	p.alpha = 40;
	p.half_life = 30;
	expect(&p, true,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	       " observed cells and 0 elsewhere, faded by the factor"
	       " 1 - (1 - f) w0 / W, W = w0 + 40 |r| * weight * f on observed cells"
	       " and w0 elsewhere, w0 = 0.36, r = value,"
	       " f = 2^(-age / half_life), lambda of a row = 0.03 * (sum of its "
	       "weights)");
	p.weighting = WC_WEIGHT_LOG;
	p.alpha = 1;
	p.half_life = 0;
	p.unobserved_popularity = true;
	p.reg_exponent = 0.5;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	       " observed cells and 0 elsewhere, W = w0 t_j + log(1 + |r|) on "
	       "observed cells and w0 t_j elsewhere, w0 = 0.36, t_j = C_j^0.5 / "
	       "its mean over the items, r = value, C_j = entries of item j, "
	       "lambda of a row = 0.03 * (sum of its weights)^0.5");
	p.epsilon = 0.1;
	p.unobserved_popularity = false;
	p.reg_exponent = 0;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	       " observed cells and 0 elsewhere, W = w0 + log(1 + |r| / 0.1) on "
	       "observed cells and w0 elsewhere, w0 = 0.36, r = value, lambda of a"
	       " row = 0.03");
	p.weighting = WC_WEIGHT_COUNTS;
	p.unobserved_weight = 0;
	expect(&p, false,
	       "implicit feedback: minimize sum over observed cells of W (A - U "
	       "V')^2 + sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A"
	       " = 1, W = R_i C_j, R_i and C_j = entries of user i and of item j, "
	       "lambda of a row = 0.03");
}

static void
test_exponents(void)
{
	WcParams p;

	wc_params_defaults(&p);
	p.regularization = 0;
	p.row_weight_exponent = 0.5;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2, "
	       "where A = 1 on observed cells and 0 elsewhere, W = w0 + R_i^0.5 / "
	       "s on observed cells and w0 elsewhere, w0 = 1, R_i = entries of "
	       "user i, s = mean of R_i^0.5 over the observed cells, no "
	       "regularization");
	p.col_weight_exponent = -0.25;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2, "
	       "where A = 1 on observed cells and 0 elsewhere, W = w0 + R_i^0.5 "
	       "C_j^-0.25 / s on observed cells and w0 elsewhere, w0 = 1, R_i and "
	       "C_j = entries of user i and of item j, s = mean of R_i^0.5 "
	       "C_j^-0.25 over the observed cells, no regularization");
	p.row_weight_exponent = 0;
	p.unobserved_popularity = true;
	expect(&p, true,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2, "
	       "where A = 1 on observed cells and 0 elsewhere, W = w0 t_j + weight"
	       " * C_j^-0.25 / s on observed cells and w0 t_j elsewhere, w0 = 1, "
	       "t_j = C_j^0.5 / its mean over the items, C_j = entries of item j, "
	       "s = mean of C_j^-0.25 over the observed cells, no regularization");
	p.weight_normalize = false;
	p.col_weight_exponent = 1;
	expect(&p, false,
	       "implicit feedback: minimize sum over all cells of W (A - U V')^2, "
	       "where A = 1 on observed cells and 0 elsewhere, W = w0 t_j + C_j on"
	       " observed cells and w0 t_j elsewhere, w0 = 2, t_j = C_j^0.5 / its "
	       "mean over the items, C_j = entries of item j, no regularization");
}

static void
test_explicit(void)
{
	WcParams p;

	wc_params_defaults(&p);
	p.feedback = WC_EXPLICIT;
	p.regularization = 0.1;
	p.bias_regularization[WC_USERS] = 2;
	p.bias_regularization[WC_ITEMS] = 3.5;
	expect(&p, false,
	       "explicit feedback: minimize sum over observed cells of W (A - b_i "
	       "- b_j - U V')^2 + sum of lambda_i |U_i|^2 + 2 sum of b_i^2 + sum "
	       "of lambda_j |V_j|^2 + 3.5 sum of b_j^2, where A = value - "
	       "mean, mean = 2, b_i and b_j = bias of user i and item j, W = 1, "
	       "lambda of a row = 0.1 * (sum of its weights)");
	p.regularization = 0;
	expect(&p, false,
	       "explicit feedback: minimize sum over observed cells of W (A - b_i "
	       "- b_j - U V')^2 + 2 sum of b_i^2 + 3.5 sum of b_j^2, where A = "
	       "value - mean, mean = 2, b_i and b_j = bias of user i and item j, "
	       "W = 1, no regularization of factors");
	p.regularization = 0.1;
	p.bias_regularization[WC_USERS] = WC_BIAS_AS_ROW;
	p.bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
	expect(&p, false,
	       "explicit feedback: minimize sum over observed cells of W (A - b_i "
	       "- b_j - U V')^2 + sum of lambda_i (|U_i|^2 + b_i^2) + sum of "
	       "lambda_j (|V_j|^2 + b_j^2), where A = value - mean, mean = 2, b_i "
	       "and b_j = bias of user i and item j, W = 1, lambda of a row = 0.1 "
	       "* (sum of its weights)");
	p.biases = 0;
	p.weighting = WC_WEIGHT_COUNTS;
	expect(&p, true,
	       "explicit feedback: minimize sum over observed cells of W (A - U "
	       "V')^2 + sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A"
	       " = value - mean, mean = 1.83333, W = weight * R_i C_j, R_i and C_j"
	       " = entries of user i and of item j, lambda of a row = 0.1 * (sum "
	       "of its weights)");
}

static void
test_weighted(void)
{
	WcParams p;

	wc_params_defaults(&p);
	p.feedback = WC_WEIGHTED;
	expect(
	    &p, true,
	    "weighted feedback: minimize sum over all cells of W (A - U V')^2 +"
	    " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = "
	    "value on observed cells and 0 elsewhere, W = w0 + weight on "
	    "observed cells and w0 elsewhere, w0 = 1, lambda of a row = 0.07036 * "
	    "(sum of its weights)");
	p.weighting = WC_WEIGHT_NONE;
	p.unobserved_popularity = true;
	p.regularization = 0.2;
	expect(&p, false,
	       "weighted feedback: minimize sum over all cells of W (A - U V')^2 +"
	       " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = "
	       "value on observed cells and 0 elsewhere, W = w0 t_j, w0 = 1, t_j ="
	       " C_j^0.5 / its mean over the items, C_j = entries of item j, "
	       "lambda of a row = 0.2 * (sum of its weights)");
	p.weighting = WC_WEIGHT_CONSTANT;
	p.unobserved_weight = 0;
	expect(&p, false,
	       "weighted feedback: minimize sum over observed cells of W (A - U "
	       "V')^2 + sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A"
	       " = value, W = 1, lambda of a row = 0.2 * (sum of its weights)");
}

/* Given weights and dislikes show; without w0, only the observed cells do. */
static void
test_data(void)
{
	WcParams p;
	WcProblem problem;

	wc_params_defaults(&p);
	p.unobserved_weight = 0.5;
	build(&p, true, -1, true, false, &problem);
	check_text(
	    &problem, true,
	    "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	    " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 "
	    "where the value is > 0 and 0 elsewhere, W = w0 + weight * user "
	    "weight on observed cells and w0 elsewhere, w0 = 0.5, lambda of a "
	    "row = 0.03 * (sum of its weights)");
	wc_problem_free(&problem, &check_alloc);
	build(&p, false, 1, true, true, &problem);
	check_text(
	    &problem, false,
	    "implicit feedback: minimize sum over all cells of W (A - U V')^2 +"
	    " sum of lambda_i |U_i|^2 + sum of lambda_j |V_j|^2, where A = 1 on"
	    " observed cells and 0 elsewhere, W = w0 + user weight * item "
	    "weight on observed cells and w0 elsewhere, w0 = 0.5, lambda of a "
	    "row = 0.03 * (sum of its weights)");
	wc_problem_free(&problem, &check_alloc);
}

/* Every size up to the whole line: the beginning of it, terminated. */
static void
test_truncation(void)
{
	WcParams p;
	WcProblem problem;
	char whole[1024];
	size_t length;

	wc_params_defaults(&p);
	build(&p, true, 1, false, false, &problem);
	wc_objective_text(&problem.objective, true, sizeof(whole), whole);
	length = strlen(whole);
	CHECK(length > 100 && length < sizeof(whole) - 1);
	for (size_t size = 0; size <= length + 2; size++)
	{
		char *text = malloc(size + 1);
		size_t kept = size <= length ? (size > 0 ? size - 1 : 0) : length;

		text[0] = '!';
		text[size] = '#';
		wc_objective_text(&problem.objective, true, size, text);
		CHECK(text[size] == '#');
		if (size == 0)
			CHECK(text[0] == '#');
		else
			CHECK(strlen(text) == kept && strncmp(text, whole, kept) == 0);
		free(text);
	}
	wc_problem_free(&problem, &check_alloc);
}

int
main(void)
{
	test_implicit();
	test_exponents();
	test_explicit();
	test_weighted();
	test_data();
	test_truncation();
	return check_report("test_objective");
}
