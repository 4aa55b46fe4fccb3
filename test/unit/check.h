/*-------------------------------------------------------------------------
 *
 * check.h
 *	  The few lines every unit test needs: checks that count, an allocator on
 *	  malloc that can be told to fail, hooks that can be told to cancel.
 *
 * A test is one program: its main calls functions that use CHECK, and ends with
 * return check_report("name").  A failed check prints its place and goes on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CHECK_H
#define WALS_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

static int check_passed = 0;
static int check_failed = 0;

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)

#define CHECK_NEAR(a, b, tolerance)                                            \
	check_near((a), (b), (tolerance), #a " ~ " #b, __FILE__, __LINE__)

static inline void
check_that(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		check_passed++;
	else
	{
		/* the first few say enough */
		if (check_failed++ < 20)
			fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	}
}

static inline void
check_near(double a, double b, double tolerance, const char *what,
           const char *file, int line)
{
	bool ok = isfinite(a) && isfinite(b) && fabs(a - b) <= tolerance;

	if (!ok)
		fprintf(stderr, "%s:%d: %.9g and %.9g differ by %.3g\n", file, line, a,
		        b, fabs(a - b));
	check_that(ok, what, file, line);
}

/* One line the test command adds up: "test_x: 12 passed, 0 failed". */
static inline int
check_report(const char *name)
{
	printf("%s: %d passed, %d failed\n", name, check_passed, check_failed);
	return check_failed == 0 && check_passed > 0 ? 0 : 1;
}

/* The n-th allocation from now fails, and all after it; -1: none does. */
static long check_fail_after = -1;

static inline bool
check_allocation_fails(void)
{
	if (check_fail_after < 0)
		return false;
	if (check_fail_after == 0)
		return true;
	check_fail_after--;
	return false;
}

static inline void *
check_malloc(void *arg, size_t bytes)
{
	(void) arg;
	return check_allocation_fails() ? NULL : malloc(bytes > 0 ? bytes : 1);
}

static inline void *
check_realloc(void *arg, void *block, size_t bytes)
{
	(void) arg;
	return check_allocation_fails() ? NULL
	                                : realloc(block, bytes > 0 ? bytes : 1);
}

static inline void
check_release(void *arg, void *block)
{
	(void) arg;
	free(block);
}

static const WcAlloc check_alloc = {check_malloc, check_realloc, check_release,
                                    NULL};

/* One row of ratings. */
static inline WcStatus
check_append(WcCoo *coo, int32_t user, int32_t item, float value, float weight,
             int64_t time, const WcAlloc *alloc)
{
	return wc_coo_append(
	    coo, &(WcCoo){0, 0, &user, &item, &value, &weight, &time}, 0, 1, alloc);
}

/* Hooks that cancel at the n-th question. */
typedef struct CheckCancel
{
	long remaining;
	long asked;
} CheckCancel;

static inline bool
check_should_stop(void *arg)
{
	CheckCancel *cancel = arg;

	cancel->asked++;
	return cancel->remaining-- <= 0;
}

/* xorshift64*: test data without libc's rand. */
static inline double
check_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double) ((*state * UINT64_C(2685821657736338717)) >> 11) /
	       9007199254740992.0;
}

#endif /* WALS_CHECK_H */
