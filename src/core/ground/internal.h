/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  Small things shared by the files of the core and by nobody else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_INTERNAL_H
#define WALS_CORE_INTERNAL_H

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/ground/common.h"

/*
 * Assertions state invariants.  They are on in the unit tests and in builds of
 * a server with assertions, and cost nothing elsewhere.
 */
#ifdef WC_ASSERTIONS
#include <assert.h>
#define WC_ASSERT(condition) assert(condition)
#else
#define WC_ASSERT(condition) ((void) 0)
#endif

#define WC_LINE 16 /* floats of a cache line */

/* Work between two questions to should_stop: about a millisecond. */
#define WC_STOP_INTERVAL (1 << 18)

static inline bool
wc_should_stop(const WcHooks *hooks)
{
	return hooks != NULL && hooks->should_stop != NULL &&
	       hooks->should_stop(hooks->arg);
}

static inline bool
wc_should_pause(const WcHooks *hooks)
{
	return hooks != NULL && hooks->should_pause != NULL &&
	       hooks->should_pause(hooks->arg);
}

/*
 * Count work and ask should_stop once per WC_STOP_INTERVAL of it, and at the
 * very first: a pass over three entries can be cancelled too.  Threads have no
 * hooks but a flag (parallel.c).
 */
typedef struct WcPace
{
	const WcHooks *hooks;
	int64_t done;
	atomic_bool *stop; /* set when all threads should stop; NULL: no threads */
} WcPace;

static inline WcPace
wc_pace_start(const WcHooks *hooks)
{
	WcPace pace = {hooks, WC_STOP_INTERVAL, NULL};

	return pace;
}

/* True when the work should stop. */
static inline bool
wc_pace(WcPace *pace, int64_t work)
{
	pace->done += work;
	if (pace->done < WC_STOP_INTERVAL)
		return false;
	pace->done = 0;
	if (pace->stop != NULL &&
	    atomic_load_explicit(pace->stop, memory_order_relaxed))
		return true;
	return wc_should_stop(pace->hooks);
}

/*
 * Work is counted for wc_pace in scalar multiply-adds.  The kernels do at least
 * this many in the time of one, even the narrowest of them.
 */
#define WC_PACE_VECTOR 4

/* Four floats the compiler keeps in one register; loads need no alignment. */
typedef float WcQuad __attribute__((vector_size(16)));
typedef float WcQuadAny __attribute__((vector_size(16), aligned(4), may_alias));

/*
 * Sum of a[f] b[f], k >= 0, no alignment needed.  Sixteen running sums, joined
 * pairwise at the end: the order is fixed by the source, so every caller gets
 * the same bits.  Written with vector types because compilers make a poor job
 * of the same sums in an array.
 */
static inline float
wc_dot(int32_t k, const float *a, const float *b)
{
	WcQuad sum[4] = {{0}, {0}, {0}, {0}};
	int32_t f = 0;

	for (; f + 16 <= k; f += 16)
	{
		sum[0] += *(const WcQuadAny *) (a + f) * *(const WcQuadAny *) (b + f);
		sum[1] +=
		    *(const WcQuadAny *) (a + f + 4) * *(const WcQuadAny *) (b + f + 4);
		sum[2] +=
		    *(const WcQuadAny *) (a + f + 8) * *(const WcQuadAny *) (b + f + 8);
		sum[3] += *(const WcQuadAny *) (a + f + 12) *
		          *(const WcQuadAny *) (b + f + 12);
	}
	for (; f + 4 <= k; f += 4)
		sum[0] += *(const WcQuadAny *) (a + f) * *(const WcQuadAny *) (b + f);
	for (int lane = 0; f < k; f++, lane++)
		sum[1][lane] += a[f] * b[f];
	sum[0] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
	return (sum[0][0] + sum[0][2]) + (sum[0][1] + sum[0][3]);
}

/* Fill an error and hand its status back, so that callers can return it. */
__attribute__((format(printf, 6, 7))) static inline WcStatus
wc_fail(WcError *error, WcStatus status, WcSide side, int32_t row,
        int32_t other, const char *format, ...)
{
	if (error != NULL)
	{
		va_list args;

		error->status = status;
		error->side = side;
		error->row = row;
		error->other = other;
		va_start(args, format);
		vsnprintf(error->detail, sizeof(error->detail), format, args);
		va_end(args);
	}
	return status;
}

/* A failure that needs no words. */
static inline WcStatus
wc_fail_silently(WcError *error, WcStatus status, WcSide side, int32_t row)
{
	return wc_fail(error, status, side, row, -1, "%s", "");
}

/* A number and what it is sorted by. */
typedef struct WcKeyed
{
	uint32_t key;
	int32_t value;
} WcKeyed;

/* Key of a finite float that sorts descending; the zeros are equal. */
static inline uint32_t
wc_key_descending(float x)
{
	union
	{
		float number;
		uint32_t bits;
	} both = {x + 0.0f};

	return (both.bits >> 31) != 0 ? both.bits
	                              : ~both.bits & UINT32_C(0x7FFFFFFF);
}

/*
 * Sort count entries by ascending key, equal keys in their order, with scratch
 * of the same size; *sorted is one of the two.
 */
extern WcStatus wc_sort_keyed(int32_t count, WcKeyed *entries, WcKeyed *scratch,
                              WcKeyed **sorted, WcPace *pace);

#endif /* WALS_CORE_INTERNAL_H */
