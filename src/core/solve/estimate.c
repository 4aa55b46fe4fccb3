/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  The memory that a training needs.
 *
 * The estimate follows the life of the data.  While the triplets are sorted
 * (csr.c), each of their arrays is replaced by a sorted copy and released: the
 * triplets plus one array exist at once.  During the solve both sides exist,
 * and the triplets do not.  The spare capacity of arrays that grow by doubling
 * is not counted: nothing has touched those pages.  The workspaces of threads
 * (numerics.h) are counted apart: 0.14 MB each at 64 factors, 18 MB at 1024.
 *
 *-------------------------------------------------------------------------
 */
#include "core/ground/internal.h"
#include "core/solve/solve.h"

/* total += count * size; false when that passes the range of size_t. */
static bool
add_product(size_t *total, size_t count, size_t size)
{
	size_t product;

	if (size != 0 && count > SIZE_MAX / size)
		return false;
	product = count * size;
	if (product > SIZE_MAX - *total)
		return false;
	*total += product;
	return true;
}

WcStatus
wc_memory_needed(int64_t nnz, int32_t users, int32_t items, int32_t factors,
                 bool has_value, bool has_weight, bool has_time, size_t *bytes)
{
	size_t number = sizeof(float);
	size_t entry = sizeof(int32_t);
	size_t triplet;
	size_t rows;
	size_t sorting = 0;
	size_t solving = 0;
	size_t vectors = 0;
	size_t choosing = 0;
	size_t total;

	*bytes = 0;
	if (nnz < 0 || users < 0 || items < 0 || factors < 0)
		return WC_TOO_LARGE;
	if ((uint64_t) nnz > SIZE_MAX)
		return WC_TOO_LARGE;

	entry += (has_value ? number : 0) + (has_weight ? number : 0);
	triplet = entry + sizeof(int32_t) + (has_time ? sizeof(int64_t) : 0);
	triplet += has_time ? sizeof(int64_t) : number; /* the sorted copy */

	/* Offsets, and the counters they are filled with. */
	rows = (size_t) users + (size_t) items;
	if (!add_product(&sorting, (size_t) nnz, triplet) ||
	    !add_product(&sorting, rows, 2 * sizeof(int64_t)))
		return WC_TOO_LARGE;

	/* Offsets, a scale, a lambda and a place per row, t_j. */
	if (!add_product(&solving, (size_t) nnz, 2 * entry) ||
	    !add_product(&solving, rows,
	                 sizeof(int64_t) + 2 * number + sizeof(int32_t)) ||
	    !add_product(&solving, (size_t) items, number))
		return WC_TOO_LARGE;

	total = sorting > solving ? sorting : solving;

	/* Factors and biases; before them, where lambda is chosen, 20 bytes per user. */
	if (!add_product(&vectors, rows, ((size_t) factors + 1) * number) ||
	    !add_product(&choosing, (size_t) users, 20) ||
	    !add_product(&total, vectors > choosing ? vectors : choosing, 1))
		return WC_TOO_LARGE;
	*bytes = total;
	return WC_OK;
}

/* k is at most a few thousand, threads a few hundred: no overflow. */
size_t
wc_workspace_needed(int32_t factors, int32_t threads)
{
	size_t k = (size_t) factors;
	size_t shared = 32 * k * k + 200 * k;
	size_t each = 16 * k * k + 2000 * k + ((size_t) 1 << 20);

	return shared + (size_t) threads * each;
}
