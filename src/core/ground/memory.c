/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Ask the caller's allocator for arrays, and put a status into words.
 *
 * Every block of the core comes through here, so that no product of sizes is
 * ever formed unchecked.
 *
 *-------------------------------------------------------------------------
 */
#include "core/ground/internal.h"

const char *
wc_status_text(WcStatus status)
{
	switch (status)
	{
		case WC_OK:
			return "no error";
		case WC_CANCELLED:
			return "cancelled";
		case WC_PAUSED:
			return "paused";
		case WC_NO_MEMORY:
			return "out of memory";
		case WC_TOO_LARGE:
			return "too large";
		case WC_BAD_PARAM:
			return "invalid option";
		case WC_NOT_FINITE:
			return "number is not finite";
		case WC_LAMBDA_TOO_LARGE:
			return "regularization is too large";
		case WC_NOT_SPD:
			return "system is not positive definite";
		case WC_DUPLICATE:
			return "duplicate entry";
		case WC_EMPTY:
			return "no entry to train on";
	}
	return "unknown status";
}

/* Never 0 bytes: what an allocator does then differs between allocators. */
static bool
array_bytes(size_t count, size_t size, size_t *bytes)
{
	if (size != 0 && count > SIZE_MAX / size)
		return false;
	*bytes = count * size;
	if (*bytes == 0)
		*bytes = 1;
	return true;
}

void *
wc_alloc_array(const WcAlloc *alloc, size_t count, size_t size)
{
	size_t bytes;

	if (!array_bytes(count, size, &bytes))
		return NULL;
	return alloc->alloc(alloc->arg, bytes);
}

void *
wc_resize_array(const WcAlloc *alloc, void *block, size_t count, size_t size)
{
	size_t bytes;

	if (!array_bytes(count, size, &bytes))
		return NULL;
	return alloc->resize(alloc->arg, block, bytes);
}

void
wc_free(const WcAlloc *alloc, void *block)
{
	if (block != NULL)
		alloc->release(alloc->arg, block);
}
