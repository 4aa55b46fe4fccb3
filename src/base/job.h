/*-------------------------------------------------------------------------
 *
 * job.h
 *	  One job of the core's: its memory, its error, how its ids are named.
 *
 * A job begins with wals_job_init. Whatever the core is called for is given
 * &job->core, or &job->alloc, &wals_hooks and &job->error, and what it returns
 * goes through wals_job_check: that is the one bridge from a status of the core
 * to an error of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_JOB_H
#define WALS_BASE_JOB_H

#include "core/core.h"

/* The user's id of a dense index of a side, or NULL where it is not known. */
typedef char *(*WalsNamer)(const void *arg, WcSide side, int32 index);

typedef struct WalsJob
{
	/*
	 * An allocator whose blocks live in one memory context, so that an error
	 * frees them all.  It refuses to go beyond limit bytes (0: no limit) and
	 * remembers that it did.
	 */
	WcAlloc alloc;
	MemoryContext context;
	Size limit; /* bytes */
	Size used; /* bytes now */
	Size peak; /* bytes at most */
	bool over_limit; /* an allocation was refused for the limit */
	const char *name; /* what needs it, for messages: "training" */
	const char *advice; /* how to need less, for hints */

	WcError error; /* of the last call that failed */
	WcJob core; /* all that for the core, with wals.kernel, on one thread */
	WalsNamer namer; /* of the rows in it; NULL: nobody knows them */
	const void *named; /* its argument */
} WalsJob;

/* For a training; other jobs say so in name and advice. */
extern void wals_job_init(WalsJob *job, MemoryContext context, Size limit);

/*
 * Raise the error of a status other than WC_OK: what the core has filled in
 * stands in job->error, or the function takes no WcError.
 */
_Noreturn extern void wals_job_fail(const WalsJob *job, WcStatus status);

static inline void
wals_job_check(const WalsJob *job, WcStatus status)
{
	if (unlikely(status != WC_OK))
		wals_job_fail(job, status);
}

/* count * size bytes, which wc_free takes back; an error when there are none. */
extern void *wals_job_array(const WalsJob *job, int64 count, Size size);

/* The same for an array that grows; NULL for a first one. */
extern void *wals_job_resize(const WalsJob *job, void *array, int64 count,
                             Size size);

/* Hooks that stop or pause the core when an interrupt is waiting. */
extern const WcHooks wals_hooks;

/*
 * The only translator from the core's statuses to errors of the server
 * (report.c).
 */

/*
 * Raise the error for a status other than WC_OK.  row_name and other_name are
 * the user's ids of error->row and error->other as text, NULL if unknown.
 * memory tells a refused limit from memory that is really out; may be NULL.
 */
_Noreturn extern void wals_report(const WcError *error, const WalsJob *memory,
                                  const char *row_name, const char *other_name);

#endif /* WALS_BASE_JOB_H */
