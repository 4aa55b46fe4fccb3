/*-------------------------------------------------------------------------
 *
 * common.h
 *	  Status, hooks, memory: what every call into core has to do with.
 *
 * Part of core/core.h, which is what others include.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_COMMON_H
#define WALS_CORE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------------
 * Status, hooks, memory
 * ------------------------------------------------------------------------ */

typedef enum WcStatus
{
	WC_OK = 0,
	WC_CANCELLED, /* hooks->should_stop said so */
	WC_PAUSED, /* hooks->should_pause said so: call again to go on */
	WC_NO_MEMORY, /* the allocator returned NULL */
	WC_TOO_LARGE, /* a count or size passes its type's range */
	WC_BAD_PARAM, /* an option; wc_params_check has the words */
	WC_NOT_FINITE, /* a weight, target or factor is not finite */
	WC_LAMBDA_TOO_LARGE, /* that of a row, with its weight, leaves float32 */
	WC_NOT_SPD, /* a row's system is singular, even in float64 */
	WC_DUPLICATE, /* two entries for one cell under WC_DUP_ERROR */
	WC_EMPTY /* no entry to train on, or none that asks for anything */
} WcStatus;

typedef enum WcSide
{
	WC_USERS = 0,
	WC_ITEMS = 1
} WcSide;

/* What went wrong and where.  row and other are dense indexes, -1 if unset. */
typedef struct WcError
{
	WcStatus status;
	WcSide side; /* the side row counts in */
	int32_t row;
	int32_t other; /* index on the other side */
	char detail[256]; /* facts for a person, may be empty */
} WcError;

/*
 * Hooks plug the core into its surroundings.  should_stop is asked at least
 * every 50 ms of work.  should_pause is asked by wc_half_sweep only, between
 * pieces of work that it finishes first, and makes it return WC_PAUSED.  Both
 * are called from the calling thread; any member may be NULL, and so may the
 * whole pointer.
 */
typedef struct WcHooks
{
	bool (*should_stop)(void *arg);
	bool (*should_pause)(void *arg);
	void *arg;
} WcHooks;

/*
 * Where memory comes from.  alloc and resize return NULL on failure, memory is
 * aligned for any type and not zeroed; release(NULL) is allowed.
 */
typedef struct WcAlloc
{
	void *(*alloc)(void *arg, size_t bytes);
	void *(*resize)(void *arg, void *block, size_t bytes);
	void (*release)(void *arg, void *block);
	void *arg;
} WcAlloc;

/*
 * How something is computed: with what memory, who may end it, who wants to know
 * what went wrong.  Neither the kernel nor the threads change a bit of the result.
 */
typedef struct WcJob
{
	const WcAlloc *alloc;
	const WcHooks *hooks; /* NULL: none */
	WcError *error; /* NULL: nobody asks */
	const char *kernel; /* see wc_kernel_name */
	int32_t threads; /* at most, the calling one included; below 2: that one */
} WcJob;

/* The status in a few words, never NULL. */
extern const char *wc_status_text(WcStatus status);

/*
 * Allocate count * size bytes; NULL when the product overflows or memory is
 * out.  A count of 0 gives a valid block.
 */
extern void *wc_alloc_array(const WcAlloc *alloc, size_t count, size_t size);
extern void *wc_resize_array(const WcAlloc *alloc, void *block, size_t count,
                             size_t size);
extern void wc_free(const WcAlloc *alloc, void *block);

/* Some vectors, wherever they lie: count pointers to factors finite numbers. */
typedef struct WcVectors
{
	int32_t count;
	int32_t factors;
	const float *const *vectors;
} WcVectors;

/* ------------------------------------------------------------------------
 * Threads (parallel.c)
 * ------------------------------------------------------------------------ */

#define WC_THREADS_MAX 256

/* How many of count threads there are to be had, the calling one included. */
extern int32_t wc_threads_available(int32_t count);

/* ------------------------------------------------------------------------
 * Kernels (kernel.c)
 * ------------------------------------------------------------------------ */

/*
 * The name of the inner loops a solver would use when asked for name: avx512,
 * avx2 or portable; NULL, "" and "auto" mean the widest this processor runs.
 * NULL when the name is unknown or this processor does not run it.
 */
extern const char *wc_kernel_name(const char *name);

/* ------------------------------------------------------------------------
 * Dense algebra (dense.c)
 * ------------------------------------------------------------------------ */

/* Whose code solves dense problems. */
typedef enum WcDenseChoice
{
	WC_DENSE_BUILTIN, /* our own */
	WC_DENSE_OPENBLAS, /* that library, see wc_dense_missing */
	WC_DENSE_AUTO /* OpenBLAS from WC_DENSE_FROM rows on, if it is there */
} WcDenseChoice;

#define WC_DENSE_FROM 256

/* A provider, see core/ground/dense.h. */
typedef struct WcDense WcDense;

/*
 * The provider for matrices of n rows.  It loads OpenBLAS if need be: from the
 * host's thread, while there is no other.
 */
extern const WcDense *wc_dense(WcDenseChoice choice, int32_t n);

/*
 * NULL when OpenBLAS is loaded or can be, and is then; else reason (size bytes),
 * a sentence why not.
 */
extern const char *wc_dense_missing(size_t size, char *reason);

/* Name, version and core type, such as "openblas 0.3.21 SkylakeX". */
extern void wc_dense_text(const WcDense *dense, size_t size, char *text);

#endif /* WALS_CORE_COMMON_H */
