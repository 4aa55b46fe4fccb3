/*-------------------------------------------------------------------------
 *
 * sgemm.c
 *	  What this processor can do: OpenBLAS's product of two square matrices.
 *
 *		sgemm [SIZE [TIMES]]
 *
 * Prints, parted by tabs, the GFLOP/s of the best of TIMES (5) products of
 * single precision of SIZE (1024), on one thread, the name of the kernels
 * OpenBLAS uses, and its version.  bench/run calls it directly before and
 * directly after each training: shared machines change speed from minute to
 * minute.
 *
 * core/ground/dense_openblas.c sees to the widest kernels: left to itself OpenBLAS may
 * choose some several times slower, and everything would look fast beside those.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/ground/dense.h"

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

int
main(int argc, char **argv)
{
	int size = argc > 1 ? atoi(argv[1]) : 1024;
	int times = argc > 2 ? atoi(argv[2]) : 5;
	const WcDense *blas;
	char reason[200];
	double best = 0;
	size_t cells;
	float *a;
	float *b;
	float *c;

	if (argc > 3 || size < 1 || size > 16384 || times < 1)
	{
		fprintf(stderr, "usage: sgemm [SIZE [TIMES]]\n");
		return 2;
	}
	blas = wc_dense_openblas(sizeof(reason), reason);
	if (blas == NULL)
	{
		fprintf(stderr, "sgemm: %s\n", reason);
		return 1;
	}

	cells = (size_t) size * (size_t) size;
	a = malloc(cells * sizeof(float));
	b = malloc(cells * sizeof(float));
	c = malloc(cells * sizeof(float));
	if (a == NULL || b == NULL || c == NULL)
	{
		fprintf(stderr, "sgemm: out of memory\n");
		return 1;
	}
	for (size_t i = 0; i < cells; i++)
	{
		a[i] = (float) (i % 17) / 17.0f - 0.5f;
		b[i] = (float) (i % 13) / 13.0f - 0.5f;
		c[i] = 0.0f;
	}

	/* One more than asked for: the first finds cold memory. */
	for (int i = 0; i <= times; i++)
	{
		WcPace pace = wc_pace_start(NULL);
		double start = seconds_now();
		double rate;

		blas->multiply_float(size, size, size, a, b, false, c, &pace);
		rate = 2.0 * size * (double) cells / (seconds_now() - start) * 1e-9;
		if (rate > best)
			best = rate;
	}
	printf("%.2f\t%s\t%s\n", best, blas->core, blas->version);
	free(a);
	free(b);
	free(c);
	return 0;
}
