/*-------------------------------------------------------------------------
 *
 * engine.h
 *	  What computes: inner loops, dense algebra, threads with a workspace each.
 *
 * A solver has one, and so has whatever solves rows outside of a training.  It
 * knows nothing of ratings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_ENGINE_H
#define WALS_CORE_ENGINE_H

#include "core/ground/dense.h"
#include "core/ground/kernel.h"
#include "core/ground/parallel.h"
#include "core/solve/solve.h"

/*
 * What cg.c and block.c need besides a WcWork: the vectors of a row, as many as
 * there is room for, and two numbers for each of its entries.
 */
typedef struct WcDescent
{
	void *block; /* what the pointers point into; NULL for the exact solver */
	int32_t pitch;
	int32_t room; /* entries */
	float *rows; /* room x pitch */
	float *weight; /* of any row's entries: c */
	float *right; /* ... y, or what is left of it */
	float *residual; /* size */
	float *direction; /* size */
} WcDescent;

/*
 * What one thread needs besides.  size and pitch are those of the width
 * (kernel.h).  A matrix has room for either form of a row's system.
 */
typedef struct WcWork
{
	void *floats; /* what the pointers to float point into */
	void *doubles;
	int32_t size;
	int32_t pitch;
	int32_t strip_rows;
	float *matrix; /* size x pitch */
	float *strip; /* strip_rows x pitch */
	float *inverse; /* size x lanes */
	float *weight; /* strip_rows: c of entries */
	float *right; /* strip_rows: coefficients on the right side */
	float *vector; /* size */
	float *x; /* size */
	float *shared; /* size: the diagonal all entries share */
	float *root; /* size: 1 / sqrt(shared) */
	double *strip_double; /* WC_KERNEL_CHUNK x width */
	double *matrix_double; /* width x width */
	double *diagonal_double; /* width */
	double *right_side; /* width */
	double *solution; /* width */
	double *residual; /* width */
	double *dual; /* width */
	WcDescent descent;
	int64_t retries; /* rows solved in float64 */
	WcError error; /* of the lowest row that failed */
} WcWork;

typedef struct WcEngine
{
	const WcAlloc *alloc;
	const WcKernel *kernel;
	const WcDense *dense;
	WcThreads threads;
	int32_t factors; /* k */
	int32_t width; /* unknowns of a row: k, with biases k + 1 */
	WcWork *work; /* one per thread */
} WcEngine;

/* WC_BAD_PARAM, in words, unless there can be an engine with these options. */
extern WcStatus wc_engine_check(const WcSolverOptions *options, WcError *error);

/*
 * An engine with options that were checked, of its own or like another one but
 * for the number of threads.  What failed for lack of memory is to be freed, too.
 */
extern WcStatus wc_engine_create(const WcSolverOptions *options,
                                 int32_t factors, int32_t width,
                                 WcEngine *engine, const WcAlloc *alloc);
extern WcStatus wc_engine_copy(const WcEngine *from, int32_t threads,
                               WcEngine *engine);
extern void wc_engine_free(WcEngine *engine);

#endif /* WALS_CORE_ENGINE_H */
