/*-------------------------------------------------------------------------
 *
 * solvers.c
 *	  Loss against time: the solvers side by side.
 *
 *		solvers [--scale S] [--factors K] [--threads N] [--iterations N]
 *		        [--steps N] [--objective NAME] [--kernel NAME]
 *
 * Trains the same problem from the same first factors with each solver, and
 * prints a line for each iteration: the seconds it took, the seconds so far and
 * the loss.  The solvers take turns iteration by iteration, so all of them meet
 * the same moods of the machine; seconds are processor time on one thread, else
 * elapsed time, and without the losses, which only the program needs.
 *
 * At the end, for each solver: the median iteration, and the seconds and
 * iterations to the loss that the exact one has at its end, within 1e-4.
 *
 * Ratings are random with the shape of MovieLens-20M, --scale (0.1) times its
 * users and ratings and sqrt(scale) times its items, by users who like some of
 * 40 genres.  Objectives: default (that of wals_train), heavy (weights 1 + 40 r,
 * w0 = 1, lambda = 1), explicit (biases).
 *
 *-------------------------------------------------------------------------
 */
#include "ratings.h"

#define GENRES 40
#define NEAR 1e-4 /* of a loss that counts as reached */
#define ITERATIONS_MAX 100
#define SOLVERS 3

typedef struct Settings
{
	int32_t factors;
	int32_t threads;
	int32_t iterations;
	int32_t steps;
	const char *objective;
	const char *kernel;
} Settings;

typedef struct Curve
{
	const char *name;
	WcMethod method;
	WcSolver *solver;
	WcModel model;
	double total;
	double spent[ITERATIONS_MAX]; /* by each iteration */
	double seconds[ITERATIONS_MAX]; /* until it ended */
	double loss[ITERATIONS_MAX];
} Curve;

/* Half stars around 3, by a taste in a few dimensions and chance. */
static float
rating_of(int32_t user, int32_t item)
{
	double value = 3 + (user * 31 % 11 - 5) * 0.1 + (item * 17 % 13 - 6) * 0.1;

	for (int f = 1; f <= 6; f++)
		value += 0.25 * sin(user * 1.7 * f) * cos(item * 2.3 * f);
	value += 1.6 * (random_number() - 0.5);
	return (float) fmin(5, fmax(0.5, round(2 * value) / 2));
}

static WcProblem
problem_of(double scale, const Settings *settings)
{
	WcCsr csr = generate(scale, GENRES);
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WcProblem problem;
	WcParams params;

	csr.value = array((size_t) csr.nnz, sizeof(float));
	for (int32_t i = 0; i < csr.rows; i++)
		for (int64_t e = csr.start[i]; e < csr.start[i + 1]; e++)
			csr.value[e] = rating_of(i, csr.col[e]);

	wc_params_defaults(&params);
	params.factors = settings->factors;
	params.cg_steps = settings->steps;
	if (strcmp(settings->objective, "heavy") == 0)
	{
		params.weighting = WC_WEIGHT_LINEAR;
		params.alpha = 40;
		params.unobserved_weight = 1;
		params.regularization = 1;
		params.reg_exponent = 0;
	}
	else if (strcmp(settings->objective, "explicit") == 0)
		params.feedback = WC_EXPLICIT;
	else if (strcmp(settings->objective, "default") != 0)
		die("--objective is default, heavy or explicit");
	if (wc_problem_build(&params, &csr, NULL, NULL, &problem, &bench_memory,
	                     NULL, &error) != WC_OK)
		die("the problem cannot be built");
	return problem;
}

static void
curve_open(const Settings *settings, WcProblem *problem, Curve *curve)
{
	WcSolverOptions options = {settings->threads, settings->kernel, WC_DENSE_AUTO};
	int32_t items = problem->by_item.rows;
	uint64_t *hashes = array((size_t) items, sizeof(uint64_t));
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};

	problem->objective.params.solver = curve->method;
	for (int32_t j = 0; j < items; j++)
		hashes[j] = (uint64_t) j * UINT64_C(0x9e3779b97f4a7c15);
	if (wc_model_init(problem, hashes, &curve->model, &bench_memory) != WC_OK ||
	    wc_solver_create(problem, &options, &curve->solver, &bench_memory,
	                     &error) != WC_OK)
		die("a solver cannot be created");
	free(hashes);
}

static void
iterate(const Settings *settings, Curve *curve, int iteration)
{
	clockid_t clock =
	    settings->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
	double start = clock_seconds(clock);
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};

	for (int side = 0; side < 2; side++)
	{
		if (wc_half_descent(curve->solver, (WcSide) side, &curve->model, NULL,
		                    &error) != WC_OK)
			die(error.detail);
	}
	curve->spent[iteration] = clock_seconds(clock) - start;
	curve->total += curve->spent[iteration];
	curve->seconds[iteration] = curve->total;
	if (wc_loss(curve->solver, &curve->model, &curve->loss[iteration], NULL,
	            &error) != WC_OK)
		die(error.detail);
	printf(" | %8.3f %8.3f  %-11.6g", curve->spent[iteration], curve->total,
	       curve->loss[iteration]);
	fflush(stdout);
}

static int
compare_seconds(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

static void
summarize(int iterations, Curve *curve, double goal)
{
	int reached = 0;

	while (reached < iterations && !(curve->loss[reached] <= goal * (1 + NEAR)))
		reached++;
	qsort(curve->spent, (size_t) iterations, sizeof(double), compare_seconds);
	printf("%-9s median iteration %.3f s, best %.3f s; ", curve->name,
	       curve->spent[iterations / 2], curve->spent[0]);
	if (reached < iterations)
		printf("the exact solver's last loss after %d iterations, %.3f s\n",
		       reached + 1, curve->seconds[reached]);
	else
		printf("the exact solver's last loss not reached, %.4f of it\n",
		       curve->loss[iterations - 1] / goal);
}

int
main(int argc, char **argv)
{
	Settings settings = {64, 1, 10, WC_CG_STEPS_DEFAULT, "default", "auto"};
	Curve curves[SOLVERS] = {{.name = "cholesky", .method = WC_SOLVE_CHOLESKY},
	                         {.name = "cg", .method = WC_SOLVE_CG},
	                         {.name = "block", .method = WC_SOLVE_BLOCK}};
	double scale = 0.1;
	WcProblem problem;
	int iterations;

	for (int i = 1; i < argc; i += 2)
	{
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--scale") == 0)
			scale = atof(value);
		else if (strcmp(argv[i], "--factors") == 0)
			settings.factors = atoi(value);
		else if (strcmp(argv[i], "--threads") == 0)
			settings.threads = atoi(value);
		else if (strcmp(argv[i], "--iterations") == 0)
			settings.iterations = atoi(value);
		else if (strcmp(argv[i], "--steps") == 0)
			settings.steps = atoi(value);
		else if (strcmp(argv[i], "--objective") == 0)
			settings.objective = value;
		else if (strcmp(argv[i], "--kernel") == 0)
			settings.kernel = value;
		else
			die("usage: solvers [--scale S] [--factors K] [--threads N] "
			    "[--iterations N] [--steps N] [--objective NAME] "
			    "[--kernel NAME]");
	}
	iterations = settings.iterations;
	if (!(scale > 0 && scale <= 20) || iterations < 1 ||
	    iterations > ITERATIONS_MAX)
		die("--scale is above 0 and up to 20, --iterations 1 to 100");

	problem = problem_of(scale, &settings);
	printf("%d users, %d items, %lld entries; k = %d, objective %s, %d steps "
	       "of cg, %d threads, kernel %s\n\n  ",
	       (int) problem.by_user.rows, (int) problem.by_item.rows,
	       (long long) problem.by_user.nnz, (int) settings.factors,
	       settings.objective, (int) settings.steps, (int) settings.threads,
	       wc_kernel_name(settings.kernel));
	for (int c = 0; c < SOLVERS; c++)
	{
		curve_open(&settings, &problem, &curves[c]);
		printf(" | %-8s %8s  %-11s", curves[c].name, "so far", "loss");
	}
	for (int i = 0; i < iterations; i++)
	{
		printf("\n%2d", i + 1);
		for (int c = 0; c < SOLVERS; c++)
			iterate(&settings, &curves[c], i);
	}
	printf("\n\n");
	for (int c = 0; c < SOLVERS; c++)
	{
		summarize(iterations, &curves[c], curves[0].loss[iterations - 1]);
		wc_solver_free(curves[c].solver);
		wc_model_free(&curves[c].model, &bench_memory);
	}
	wc_problem_free(&problem, &bench_memory);
	return 0;
}
