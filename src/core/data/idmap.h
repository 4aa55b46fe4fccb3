/*-------------------------------------------------------------------------
 *
 * idmap.h
 *	  The inside of a WcIdMap, shared by idmap.c and idmap_sort.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_IDMAP_H
#define WALS_CORE_IDMAP_H

#include "core/data/rows.h"
#include "core/ground/internal.h"

typedef struct WcIdSlot
{
	uint64_t key; /* the number, or the hash of the bytes */
	int32_t index; /* -1: empty */
} WcIdSlot;

struct WcIdMap
{
	WcAlloc alloc;
	WcIdKind kind;
	int32_t count;
	int32_t capacity; /* of number, or of offset less one */
	int32_t last; /* the id added or found last, -1: none */
	int64_t last_number; /* its number, to be compared without a look-up */
	int64_t *number; /* WC_ID_INT64 */
	int64_t *offset; /* WC_ID_BYTES: id i is bytes [offset i, offset i + 1) */
	char *bytes;
	size_t bytes_capacity;
	WcIdSlot *slot;
	size_t slots; /* a power of two */
	size_t used; /* slots that are not empty */
	int32_t *dense; /* WC_ID_INT64: index of each number < dense_size, or -1 */
	size_t dense_size;
};

#endif /* WALS_CORE_IDMAP_H */
