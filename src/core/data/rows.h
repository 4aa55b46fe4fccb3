/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  What the files that make rows of ratings share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_ROWS_H
#define WALS_CORE_ROWS_H

#include "core/data/data.h"
#include "core/ground/internal.h"

/* 64-bit hash of a string of bytes (idmap.c). */
extern uint64_t wc_hash_bytes(const char *bytes, size_t length);

/*
 * Merge the duplicates of every row and drop cells of value 0, in place, as
 * wc_csr_from_coo says.  The columns of each row ascend, equal ones being
 * duplicates.  The counts are added to.  Arrays that are missing and come to
 * hold other numbers than 1 are created.
 */
extern WcStatus wc_merge_rows(WcCsr *csr, WcMerging merging, int64_t *n_merged,
                              int64_t *n_zero, const WcAlloc *alloc,
                              WcPace *pace, WcError *error);

/* What is left at newest of an entry of that time. */
static inline float
wc_share(double half_life, int64_t newest, int64_t time)
{
	/* unsigned: the distance of two times may pass the range of int64 */
	double age = (double) ((uint64_t) newest - (uint64_t) time);

	return time < newest ? (float) exp2(-age / half_life) : 1.0f;
}

/* Give back what lies behind nnz; a refusal leaves the array larger. */
extern void wc_csr_shrink(WcCsr *csr, const WcAlloc *alloc);

#endif /* WALS_CORE_ROWS_H */
