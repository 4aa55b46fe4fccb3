/*-------------------------------------------------------------------------
 *
 * dense.c
 *	  Providers of dense algebra side by side, and where one might be used.
 *
 *		dense
 *
 * Milliseconds of processor time on one thread, the least of some repetitions.
 * The first table is what core/ground/dense.h offers, by both providers; the second the
 * places of the library that have problems of such a kind, as they are and as
 * OpenBLAS would do their algebra:
 *
 *		scores		a user's scores of 10,000 items, as evaluations make them, bit for
 *					bit those of an answer; OpenBLAS for 32 users at once, whose
 *					scores are not
 *		choice		of wals_tune after so many trials, and its factors alone by
 *					either provider
 *
 * Rows beside OpenBLAS are half_sweep's, searches search's.
 *
 * docs/decisions/0029 has the answers and what follows from them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ground/dense.h"
#include "core/solve/numerics.h"
#include "core/answer/score.h"
#include "ratings.h"

#define LARGEST 1024
#define SCORED 10000
#define TOGETHER 32

static const WcDense *openblas;
static double *first;
static double *second;
static double *third;
static double *space;
static float *first_float;
static float *second_float;
static float *third_float;
static float *space_float;

/* Milliseconds of the fastest of calls that together take a while. */
#define BEST(result, prepare, call)                                            \
	do                                                                         \
	{                                                                          \
		double least_ = 1e9;                                                   \
		double spent_ = 0;                                                     \
		for (int times_ = 0; times_ < 3 || (spent_ < 0.2 && times_ < 200);     \
		     times_++)                                                         \
		{                                                                      \
			WcPace pace = wc_pace_start(NULL);                                 \
			double start_;                                                     \
			double took_;                                                      \
			(void) pace;                                                       \
			prepare;                                                           \
			start_ = clock_seconds(CLOCK_THREAD_CPUTIME_ID);                   \
			if ((call) != WC_OK)                                               \
				die(#call);                                                    \
			took_ = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start_;           \
			spent_ += took_;                                                   \
			least_ = took_ < least_ ? took_ : least_;                          \
		}                                                                      \
		(result) = 1e3 * least_;                                               \
	} while (0)

/* A symmetric, positive definite matrix. */
static void
fill(int32_t n)
{
	uint64_t cells = (uint64_t) n * (uint64_t) n;

	for (uint64_t i = 0; i < cells; i++)
		second[i] = random_number() - 0.5;
	for (int32_t i = 0; i < n; i++)
	{
		for (int32_t j = 0; j < i; j++)
			second[(size_t) i * n + j] = second[(size_t) j * n + i];
		second[(size_t) i * n + i] += n;
	}
	for (uint64_t i = 0; i < cells; i++)
		second_float[i] = (float) second[i];
}

#define TWO(member, ...)                                                       \
	do                                                                         \
	{                                                                          \
		BEST(own, memcpy(first, second, bytes),                                \
		     wc_dense_builtin.member(__VA_ARGS__));                            \
		BEST(other, memcpy(first, second, bytes),                              \
		     openblas->member(__VA_ARGS__));                                   \
		printf(" %9.3f %8.3f", own, other);                                    \
	} while (0)
#define TWO_FLOAT(member, ...)                                                 \
	do                                                                         \
	{                                                                          \
		BEST(own, memcpy(first_float, second_float, bytes / 2),                \
		     wc_dense_builtin.member(__VA_ARGS__));                            \
		BEST(other, memcpy(first_float, second_float, bytes / 2),              \
		     openblas->member(__VA_ARGS__));                                   \
		printf(" %9.3f %8.3f", own, other);                                    \
	} while (0)

static void
compare(void)
{
	static const int32_t sizes[] = {32, 64, 128, 192, 256, 384, 512, 768, 1024};
	const WcKernel *kernel = wc_kernel_choose(NULL);

	printf("milliseconds, builtin and openblas %s %s\n", openblas->version,
	       openblas->core);
	printf(" rows %18s %18s %18s %18s %18s %18s\n", "eigen", "eigen float",
	       "factor", "factor float", "square", "multiply float");
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
	{
		int32_t n = sizes[s];
		size_t bytes = (size_t) n * (size_t) n * sizeof(double);
		double own;
		double other;

		fill(n);
		printf("%5d", (int) n);
		TWO(eigen, kernel, n, first, third, space, &pace);
		TWO_FLOAT(eigen_float, kernel, n, first_float, third_float, space_float,
		          &pace);
		TWO(factor, n, first, &pace);
		TWO_FLOAT(factor_float, n, first_float, &pace);
		TWO(square, n, n, first, false, third, &pace);
		TWO_FLOAT(multiply_float, n, n, n, first_float, second_float, true,
		          third_float, &pace);
		printf("\n");
	}
}

/* ------------------------------------------------------------------------
 * Places
 * ------------------------------------------------------------------------ */

static WcStatus
score(int32_t k, const float **vectors, float *out)
{
	wc_score_kernel_choose(NULL)->dots(k, first_float, SCORED, vectors, out);
	return WC_OK;
}

static void
compare_scores(int32_t k)
{
	float *items = array((size_t) SCORED * (size_t) k, sizeof(float));
	float *out = array((size_t) SCORED * TOGETHER, sizeof(float));
	const float **vectors = array(SCORED, sizeof(*vectors));
	double own;
	double other;

	for (int32_t i = 0; i < SCORED; i++)
		vectors[i] = items + (size_t) i * (size_t) k;
	for (size_t i = 0; i < (size_t) SCORED * (size_t) k; i++)
		items[i] = (float) random_number() - 0.5f;
	BEST(own, (void) 0, score(k, vectors, out));
	BEST(other, (void) 0,
	     openblas->multiply_float(TOGETHER, SCORED, k, first_float, items, true,
	                              out, &pace));
	printf("scores of a user, %3d factors %28.3f %9.3f\n", (int) k, own,
	       other / TOGETHER);
	free(items);
	free(out);
	free(vectors);
}

/* A whole choice of wals_tune, and its factors by either provider. */
static void
compare_tuning(int32_t trials)
{
	static const int32_t options = 6;
	static const int32_t candidates = 2000;
	int32_t factors = 2 + 2 * options * 6;
	double *place = array((size_t) candidates * options, sizeof(double));
	int32_t *tried = array((size_t) trials, sizeof(int32_t));
	double *value = array((size_t) trials, sizeof(double));
	size_t bytes = (size_t) trials * (size_t) trials * sizeof(double);
	int32_t next;
	double whole;
	double own;
	double other;

	for (int32_t i = 0; i < candidates * options; i++)
		place[i] = random_number();
	for (int32_t i = 0; i < trials; i++)
	{
		tried[i] = i;
		value[i] = random_number();
	}
	fill(trials);
	BEST(whole, (void) 0,
	     wc_tune_next(&(WcTuneMemory){options, candidates, place, trials, tried,
	                                  value, true},
	                  &next, &bench_memory, NULL));
	BEST(own, memcpy(first, second, bytes),
	     wc_dense_builtin.factor(trials, first, &pace));
	BEST(other, memcpy(first, second, bytes),
	     openblas->factor(trials, first, &pace));
	printf("choice after %3d trials, and its %d factors    %9.3f %9.3f %9.3f\n",
	       (int) trials, (int) factors, whole, factors * own, factors * other);
	free(place);
	free(tried);
	free(value);
}

int
main(void)
{
	size_t cells = (size_t) LARGEST * LARGEST;
	size_t room = wc_dense_space(LARGEST);
	char reason[200];

	openblas = wc_dense_openblas(sizeof(reason), reason);
	if (openblas == NULL)
		die(reason);
	first = array(cells, sizeof(double));
	second = array(cells, sizeof(double));
	third = array(cells, sizeof(double));
	space = array(room, sizeof(double));
	first_float = array(cells, sizeof(float));
	second_float = array(cells, sizeof(float));
	third_float = array(cells, sizeof(float));
	space_float = array(room, sizeof(float));

	compare();
	printf("\nmilliseconds, as it is and with openblas\n");
	for (int32_t k = 64; k <= 512; k *= 2)
		compare_scores(k);
	for (int32_t trials = 50; trials <= WC_TUNE_MODEL_MAX; trials *= 2)
		compare_tuning(trials);
	return 0;
}
