/*-------------------------------------------------------------------------
 *
 * half_sweep.c
 *	  How fast half sweeps are, beside what the processor can do.
 *
 *		half_sweep [--scale S] [--factors K] [--threads N] [--reps N]
 *		           [--kernel NAME] [--no-peer]
 *
 * Prints one line for each number of factors (32, 64, 128, 256), side and number
 * of threads (1, 2): seconds, GFLOP/s, and R, their ratio to OpenBLAS's product
 * of two 1024 x 1024 matrices on one thread, measured directly before and
 * directly after each half sweep.  The work is counted the same for every
 * method, as if each row were solved in the textbook way:
 *
 *		F = sum over rows [ n k (k + 1) + 2 n k + k^3 / 3 + 2 k^2 ]
 *
 * A half sweep that solves short rows in fewer dimensions does less than F, so
 * R can pass 1.  The last column is that textbook way in the same run: gather,
 * ssyrk, spotrf and spotrs for each row, for the seconds it takes a sample of
 * the rows, scaled up.
 *
 * One thread is timed in its processor time, more in elapsed time, medians of
 * --reps (5).  Ratings are random with the shape of MovieLens-20M (row lengths
 * of users, popularity of items), --scale (0.1) times its users and ratings and
 * sqrt(scale) times its items; weights are constant, w0 is 1.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ground/dense.h"
#include "ratings.h"

#define SGEMM 1024
#define REPS_MAX 99

typedef struct Timing
{
	double seconds;
	double ratio;
} Timing;

static const WcDense *blas;

/* GFLOP/s of one thread, the best of a few products. */
static double
sgemm_rate(int times)
{
	static float *a;
	static float *b;
	static float *c;
	double best = 0;

	if (a == NULL)
	{
		a = array((size_t) SGEMM * SGEMM, sizeof(float));
		b = array((size_t) SGEMM * SGEMM, sizeof(float));
		c = array((size_t) SGEMM * SGEMM, sizeof(float));
		for (size_t i = 0; i < (size_t) SGEMM * SGEMM; i++)
			a[i] = b[i] = (float) random_number() - 0.5f;
	}
	for (int i = 0; i < times; i++)
	{
		WcPace pace = wc_pace_start(NULL);
		double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);

		blas->multiply_float(SGEMM, SGEMM, SGEMM, a, b, false, c, &pace);
		best = fmax(best, 2e-9 * SGEMM * SGEMM * SGEMM /
		                      (clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start));
	}
	return best;
}

static double
work_of(const WcCsr *csr, int32_t k)
{
	double n = (double) csr->nnz;
	double m = csr->rows;

	return n * k * (k + 1.0) + 2 * n * k +
	       m * ((double) k * k * k / 3 + 2.0 * k * k);
}

static int
compare_timings(const void *a, const void *b)
{
	double x = ((const Timing *) a)->ratio;
	double y = ((const Timing *) b)->ratio;

	return (x > y) - (x < y);
}

static Timing
median(int count, Timing *timings)
{
	qsort(timings, (size_t) count, sizeof(Timing), compare_timings);
	return timings[count / 2];
}

/*
 * The textbook way for every stride-th row of a side: seconds for all of them.
 * The Gram matrix stands still: it is the same work.
 */
static double
peer_seconds(const WcCsr *csr, int32_t k, const float *fixed, int32_t stride)
{
	size_t cells = (size_t) k * (size_t) k;
	float *gram = array(cells, sizeof(float));
	float *matrix = array(cells, sizeof(float));
	float *x = array((size_t) k, sizeof(float));
	float *rows = array((size_t) csr->cols * (size_t) k, sizeof(float));
	WcPace pace = wc_pace_start(NULL);
	int64_t done = 0;
	double start;
	double seconds;

	for (int32_t p = 0; p < k; p++)
		gram[(size_t) p * (size_t) k + (size_t) p] = 10;
	start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	for (int32_t i = 0; i < csr->rows; i += stride)
	{
		int32_t count = (int32_t) (csr->start[i + 1] - csr->start[i]);

		memcpy(matrix, gram, cells * sizeof(float));
		memset(x, 0, (size_t) k * sizeof(float));
		for (int32_t e = 0; e < count; e++)
		{
			const float *from =
			    fixed + (size_t) csr->col[csr->start[i] + e] * (size_t) k;
			float *to = rows + (size_t) e * (size_t) k;

			for (int32_t p = 0; p < k; p++)
			{
				to[p] = 1.5f * from[p];
				x[p] += 3.25f * from[p];
			}
		}
		blas->square_float(k, count, rows, true, matrix, &pace);
		if (blas->factor_float(k, matrix, &pace) != WC_OK ||
		    blas->solve_float(k, matrix, 1, x, &pace) != WC_OK)
			die("the peer's system is not positive definite");
		done++;
	}
	seconds = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
	free(gram);
	free(matrix);
	free(x);
	free(rows);
	return done > 0 ? seconds * csr->rows / (double) done : 0;
}

static void
measure(WcProblem *problem, WcModel *model, int32_t k, int32_t threads,
        const char *kernel, int reps, bool with_peer)
{
	WcSolverOptions options = {threads, kernel, WC_DENSE_AUTO};
	Timing timings[2][REPS_MAX];
	WcSolver *solver;
	WcError error;

	if (wc_solver_create(problem, &options, &solver, &bench_memory, &error) !=
	    WC_OK)
		die(error.detail);
	for (int rep = -1; rep < reps; rep++)
		for (int side = 0; side < 2; side++)
		{
			clockid_t clock =
			    threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
			const WcCsr *csr =
			    side == 0 ? &problem->by_user : &problem->by_item;
			double before = sgemm_rate(5);
			double start = clock_seconds(clock);
			double seconds;

			if (wc_half_sweep(solver, (WcSide) side, model, NULL, &error) !=
			    WC_OK)
				die(error.detail);
			seconds = clock_seconds(clock) - start;
			before = (before + sgemm_rate(5)) / 2;
			if (rep < 0)
				continue; /* finds cold memory and first factors */
			timings[side][rep].seconds = seconds;
			timings[side][rep].ratio =
			    work_of(csr, k) * 1e-9 / seconds / before;
		}
	for (int side = 0; side < 2; side++)
	{
		const WcCsr *csr = side == 0 ? &problem->by_user : &problem->by_item;
		Timing middle = median(reps, timings[side]);

		printf("%4d  %-5s  %7d  %8.3f  %7.1f  %5.2f  %4.2f-%4.2f", (int) k,
		       side == 0 ? "users" : "items", (int) threads, middle.seconds,
		       work_of(csr, k) * 1e-9 / middle.seconds, middle.ratio,
		       timings[side][0].ratio, timings[side][reps - 1].ratio);
		if (with_peer && threads == 1)
		{
			const float *fixed =
			    side == 0 ? model->item_factors : model->user_factors;
			double seconds =
			    peer_seconds(csr, k, fixed, csr->nnz > 2000000 ? 7 : 1);

			printf("  %5.2f", seconds / middle.seconds);
		}
		printf("\n");
	}
	fflush(stdout);
	wc_solver_free(solver);
}

static WcProblem
problem_of(const WcCsr *csr, int32_t k)
{
	WcProblem problem;

	memset(&problem, 0, sizeof(problem));
	problem.objective.params.factors = k;
	problem.by_user = *csr;
	if (wc_csr_transpose(csr, &problem.by_item, &bench_memory, NULL) != WC_OK)
		die("out of memory");
	problem.base_weight = 2;
	problem.w0 = 1;
	problem.user_lambda = array((size_t) csr->rows, sizeof(float));
	problem.item_lambda = array((size_t) csr->cols, sizeof(float));
	for (int32_t i = 0; i < csr->rows; i++)
		problem.user_lambda[i] = 1;
	for (int32_t j = 0; j < csr->cols; j++)
		problem.item_lambda[j] = 1;
	return problem;
}

int
main(int argc, char **argv)
{
	char reason[200];
	static const int32_t all_factors[] = {32, 64, 128, 256};
	double scale = 0.1;
	int32_t only_factors = 0;
	int32_t only_threads = 0;
	int reps = 5;
	bool with_peer = true;
	const char *kernel = "auto";
	WcCsr csr;

	for (int i = 1; i < argc; i++)
	{
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--no-peer") == 0)
		{
			with_peer = false;
			continue;
		}
		if (strcmp(argv[i], "--scale") == 0)
			scale = atof(value);
		else if (strcmp(argv[i], "--factors") == 0)
			only_factors = atoi(value);
		else if (strcmp(argv[i], "--threads") == 0)
			only_threads = atoi(value);
		else if (strcmp(argv[i], "--reps") == 0)
			reps = atoi(value);
		else if (strcmp(argv[i], "--kernel") == 0)
			kernel = value;
		else
			die("usage: half_sweep [--scale S] [--factors K] [--threads N] "
			    "[--reps N] [--kernel NAME] [--no-peer]");
		i++;
	}
	if (!(scale > 0 && scale <= 20) || reps < 1 || reps > REPS_MAX)
		die("--scale is above 0 and up to 20, --reps 1 to 99");
	blas = wc_dense_openblas(sizeof(reason), reason);
	if (blas == NULL)
		die(reason);
	if (wc_kernel_name(kernel) == NULL)
		die("this processor does not run that kernel");

	csr = generate(scale, 0);
	printf("%d users, %d items, %lld entries; kernel %s; OpenBLAS %s, sgemm "
	       "%.1f GFLOP/s\n",
	       (int) csr.rows, (int) csr.cols, (long long) csr.nnz,
	       wc_kernel_name(kernel), blas->core, sgemm_rate(9));
	printf("   k  side   threads   seconds  GFLOP/s      R      range  "
	       "textbook/ours\n");
	for (int f = 0; f < 4; f++)
	{
		int32_t k = only_factors > 0 ? only_factors : all_factors[f];
		WcProblem problem = problem_of(&csr, k);
		uint64_t *hashes = array((size_t) csr.cols, sizeof(uint64_t));
		WcModel model;

		for (int32_t j = 0; j < csr.cols; j++)
			hashes[j] = (uint64_t) j * UINT64_C(0x9e3779b97f4a7c15);
		if (wc_model_init(&problem, hashes, &model, &bench_memory) != WC_OK)
			die("out of memory");
		for (int32_t threads = 1; threads <= 2; threads++)
		{
			int32_t count = only_threads > 0 ? only_threads : threads;

			measure(&problem, &model, k, count, kernel, reps, with_peer);
			if (only_threads > 0)
				break;
		}
		wc_model_free(&model, &bench_memory);
		wc_csr_free(&problem.by_item, &bench_memory);
		free(problem.user_lambda);
		free(problem.item_lambda);
		free(hashes);
		if (only_factors > 0)
			break;
	}
	wc_csr_free(&csr, &bench_memory);
	return 0;
}
