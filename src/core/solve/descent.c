/*-------------------------------------------------------------------------
 *
 * descent.c
 *	  What the solvers that improve a row's old values have in common.
 *
 * cg.c and block.c begin with the values a row has and put better ones in their
 * place; they keep the vectors of its entries, and a few numbers of each, in a
 * block per thread.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/solve/numerics.h"

/* Of the vectors of a row: what a second-level cache holds beside the rest. */
#define ROOM_BYTES (768 * 1024)

/* Take count floats off an aligned run of them, whole cache lines. */
static float *
take(float **from, size_t count)
{
	float *taken = *from;

	*from += (count + WC_KERNEL_LANES - 1) / WC_KERNEL_LANES * WC_KERNEL_LANES;
	return taken;
}

WcStatus
wc_descent_create(int64_t longest, WcWork *work, const WcAlloc *alloc)
{
	WcDescent *descent = &work->descent;
	size_t size = (size_t) work->size;
	size_t entries = (size_t) longest;
	size_t room;
	float *from;

	/* rows many lines apart would share few sets of the first-level cache */
	descent->pitch = size < 512 ? work->size : work->pitch;
	room = ROOM_BYTES / sizeof(float) / (size_t) descent->pitch;
	if (room > entries)
		room = entries;
	room = (room + WC_KERNEL_CHUNK) / WC_KERNEL_CHUNK * WC_KERNEL_CHUNK;
	if (entries < room)
		entries = room;
	descent->room = (int32_t) room;
	descent->block =
	    wc_alloc_array(alloc,
	                   room * (size_t) descent->pitch + 2 * entries + 2 * size +
	                       6 * WC_KERNEL_LANES,
	                   sizeof(float));
	if (descent->block == NULL)
		return WC_NO_MEMORY;
	from = (float *) (((uintptr_t) descent->block + WC_KERNEL_ALIGN - 1) /
	                  WC_KERNEL_ALIGN * WC_KERNEL_ALIGN);
	descent->rows = take(&from, room * (size_t) descent->pitch);
	descent->weight = take(&from, entries);
	descent->right = take(&from, entries);
	descent->residual = take(&from, size);
	descent->direction = take(&from, size);
	return WC_OK;
}

void
wc_descent_free(WcWork *work, const WcAlloc *alloc)
{
	wc_free(alloc, work->descent.block);
}

void
wc_descent_begin(const WcHalf *half, int32_t index, WcWork *work, float *x)
{
	int32_t k = half->factors;

	memset(x, 0, (size_t) work->size * sizeof(float));
	memcpy(x, half->solved + (size_t) index * k, (size_t) k * sizeof(float));
	if (half->solved_bias != NULL)
		x[k] = half->solved_bias[index];
}

void
wc_descent_end(const WcHalf *half, int32_t index, const float *x)
{
	int32_t k = half->factors;
	float *to = half->solved + (size_t) index * k;

	memcpy(to, x, (size_t) k * sizeof(float));
	wc_flush(k, to);
	if (half->solved_bias != NULL)
		half->solved_bias[index] = x[k];
}
