/*-------------------------------------------------------------------------
 *
 * engine.c
 *	  What computes: inner loops, dense algebra, threads with a workspace each.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/solve/engine.h"

/* Take count floats off an aligned run of them, whole cache lines. */
static float *
take(float **from, size_t count)
{
	float *taken = *from;

	*from += (count + WC_KERNEL_LANES - 1) / WC_KERNEL_LANES * WC_KERNEL_LANES;
	return taken;
}

static void
work_free(WcWork *work, const WcAlloc *alloc)
{
	wc_free(alloc, work->floats);
	wc_free(alloc, work->doubles);
	memset(work, 0, sizeof(*work));
}

static WcStatus
work_create(const WcKernel *kernel, int32_t width, WcWork *work,
            const WcAlloc *alloc)
{
	size_t wide = (size_t) width;
	size_t size = (size_t) wc_pad(width, kernel->lanes);
	size_t pitch = (size_t) wc_pitch((int32_t) size);
	size_t rows = size + 4;
	float *from;
	double *next;

	/* Two chunks for a rotation; dual rows are padded to a multiple of 4. */
	if (rows < 2 * WC_KERNEL_CHUNK)
		rows = 2 * WC_KERNEL_CHUNK;

	memset(work, 0, sizeof(*work));
	work->size = (int32_t) size;
	work->pitch = (int32_t) pitch;
	work->strip_rows = (int32_t) rows;

	/* width <= WC_FACTORS_MAX + 1: the products fit with room to spare */
	work->floats =
	    wc_alloc_array(alloc,
	                   (size + rows) * pitch + size * WC_KERNEL_LANES +
	                       2 * rows + 4 * size + 9 * WC_KERNEL_LANES,
	                   sizeof(float));
	work->doubles = wc_alloc_array(alloc, (WC_KERNEL_CHUNK + wide + 5) * wide,
	                               sizeof(double));
	if (work->floats == NULL || work->doubles == NULL)
	{
		work_free(work, alloc);
		return WC_NO_MEMORY;
	}

	from = (float *) (((uintptr_t) work->floats + WC_KERNEL_ALIGN - 1) /
	                  WC_KERNEL_ALIGN * WC_KERNEL_ALIGN);
	work->matrix = take(&from, size * pitch);
	work->strip = take(&from, rows * pitch);
	work->inverse = take(&from, size * WC_KERNEL_LANES);
	work->weight = take(&from, rows);
	work->right = take(&from, rows);
	work->vector = take(&from, size);
	work->x = take(&from, size);
	work->shared = take(&from, size);
	work->root = take(&from, size);

	next = work->doubles;
	work->strip_double = next;
	next += WC_KERNEL_CHUNK * wide;
	work->matrix_double = next;
	next += wide * wide;
	work->diagonal_double = next;
	work->right_side = next + wide;
	work->solution = next + 2 * wide;
	work->residual = next + 3 * wide;
	work->dual = next + 4 * wide;
	return WC_OK;
}

WcStatus
wc_engine_check(const WcSolverOptions *options, WcError *error)
{
	char reason[200];

	if (options->threads < 1 || options->threads > WC_THREADS_MAX)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "The number of threads must be between 1 and %d.",
		               WC_THREADS_MAX);
	if (wc_kernel_choose(options->kernel) == NULL)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1,
		               "This processor does not run the kernel \"%s\".",
		               options->kernel);
	if (options->dense == WC_DENSE_OPENBLAS &&
	    wc_dense_missing(sizeof(reason), reason) != NULL)
		return wc_fail(error, WC_BAD_PARAM, WC_USERS, -1, -1, "%s", reason);
	return WC_OK;
}

static WcStatus
create_works(WcEngine *engine)
{
	size_t threads = (size_t) engine->threads.count;

	engine->work = wc_alloc_array(engine->alloc, threads, sizeof(WcWork));
	if (engine->work == NULL)
		return WC_NO_MEMORY;
	memset(engine->work, 0, threads * sizeof(WcWork));
	for (size_t thread = 0; thread < threads; thread++)
	{
		if (work_create(engine->kernel, engine->width, &engine->work[thread],
		                engine->alloc) != WC_OK)
			return WC_NO_MEMORY;
	}
	return WC_OK;
}

WcStatus
wc_engine_create(const WcSolverOptions *options, int32_t factors, int32_t width,
                 WcEngine *engine, const WcAlloc *alloc)
{
	memset(engine, 0, sizeof(*engine));
	engine->alloc = alloc;
	engine->kernel = wc_kernel_choose(options->kernel);
	engine->dense = wc_dense(options->dense, factors);
	engine->threads.count = options->threads;
	engine->threads.start = pthread_create;
	engine->factors = factors;
	engine->width = width;
	return create_works(engine);
}

WcStatus
wc_engine_copy(const WcEngine *from, int32_t threads, WcEngine *engine)
{
	*engine = *from;
	engine->threads.count = threads;
	return create_works(engine);
}

void
wc_engine_free(WcEngine *engine)
{
	for (int32_t thread = 0;
	     engine->work != NULL && thread < engine->threads.count; thread++)
		work_free(&engine->work[thread], engine->alloc);
	wc_free(engine->alloc, engine->work);
	engine->work = NULL;
}
