/*-------------------------------------------------------------------------
 *
 * gram.c
 *	  The Gram matrix of one side's factors, sum_j t_j v_j v_j'.
 *
 * It stands for all unobserved cells at once: sweep.c needs the one of the
 * fixed side, loss.c those of both sides.
 *
 * Panels of WC_GRAM_PANEL rows are summed in float32, each by one thread in its
 * own workspace; the panels are added up in float64, each when its turn comes.
 * So the error does not grow with the number of rows, and the result depends on
 * nothing but the factors and the kernel.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/solve/numerics.h"

typedef struct GramJob
{
	const WcEngine *engine;
	int32_t count;
	const float *factors;
	const float *share;
	double *gram;
	atomic_llong turn;
} GramJob;

static WcStatus
gram_panel(void *arg, int32_t thread, int64_t panel, WcPace *pace)
{
	GramJob *job = arg;
	const WcKernel *kernel = job->engine->kernel;
	WcWork *work = &job->engine->work[thread];
	int32_t k = job->engine->factors;
	int32_t size = wc_pad(k, kernel->lanes);
	int32_t first = (int32_t) (panel * WC_GRAM_PANEL);
	int32_t end =
	    job->count - first < WC_GRAM_PANEL ? job->count : first + WC_GRAM_PANEL;
	int32_t col[WC_KERNEL_CHUNK];
	float none[WC_KERNEL_CHUNK] = {0};
	WcGather nothing = {.k = k};

	for (int32_t row = first; row < end; row += WC_KERNEL_CHUNK)
	{
		WcGather gather = {.k = k, .width = k, .size = size, .col = col};

		gather.pitch = work->pitch;
		gather.base = job->factors + (size_t) row * k;
		gather.count =
		    end - row < WC_KERNEL_CHUNK ? end - row : WC_KERNEL_CHUNK;
		for (int32_t e = 0; e < gather.count; e++)
		{
			col[e] = e;
			work->weight[e] = job->share != NULL ? job->share[row + e] : 1.0f;
		}
		memset(work->vector, 0, (size_t) size * sizeof(float));
		kernel->pack(&gather, work->weight, none, work->strip, work->vector);
		kernel->rank_update(size, work->pitch, gather.count, work->strip,
		                    row == first, work->matrix, &nothing);
		if (wc_pace(pace,
		            (int64_t) gather.count * k * (k + 1) / 2 / WC_PACE_VECTOR))
			return WC_CANCELLED;
	}

	if (!wc_parallel_turn(&job->turn, panel, pace))
		return WC_CANCELLED;
	for (int32_t p = 0; p < k; p++)
	{
		const float *from = work->matrix + (size_t) p * work->pitch;
		double *to = job->gram + (size_t) p * k;

		for (int32_t q = p; q < k; q++)
			to[q] += from[q];
	}
	atomic_store(&job->turn, panel + 1);
	return WC_OK;
}

WcStatus
wc_gram(const WcEngine *engine, int32_t count, const float *factors,
        const float *share, double *gram, const WcHooks *hooks)
{
	int32_t k = engine->factors;
	int64_t panels = ((int64_t) count + WC_GRAM_PANEL - 1) / WC_GRAM_PANEL;
	GramJob job = {engine, count, factors, share, gram, 0};

	memset(gram, 0, (size_t) k * k * sizeof(double));
	return wc_parallel(&engine->threads, panels, gram_panel, &job, hooks);
}
