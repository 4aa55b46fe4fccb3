/*-------------------------------------------------------------------------
 *
 * parallel.h
 *	  Share the chunks of one piece of work between threads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_PARALLEL_H
#define WALS_CORE_PARALLEL_H

#include <pthread.h>

#include "core/ground/internal.h"

/*
 * Do one chunk.  thread is below the count of threads and tells whose workspace
 * to use.  Any status but WC_OK ends the work of all threads.
 */
typedef WcStatus (*WcChunk)(void *arg, int32_t thread, int64_t chunk,
                            WcPace *pace);

/* How many threads, and how one is started: pthread_create, except in tests. */
typedef struct WcThreads
{
	int32_t count;
	int (*start)(pthread_t *, const pthread_attr_t *, void *(*) (void *),
	             void *);
} WcThreads;

/*
 * Call chunk(arg, ...) once for each of 0 to n_chunks - 1, in ascending order
 * of their beginning, on at most threads->count threads, the calling one
 * included.  Returns when all of them have ended, with WC_OK or the first
 * status that was not.  hooks are asked from the calling thread only.
 */
extern WcStatus wc_parallel(const WcThreads *threads, int64_t n_chunks,
                            WcChunk chunk, void *arg, const WcHooks *hooks);

/*
 * The same for the chunks from *next on, in one or more calls: it returns
 * WC_PAUSED when hooks->should_pause asked for it, with *next the first chunk
 * that was not begun and all before it done.  Every call does some.  After any
 * other status *next is undefined.
 */
extern WcStatus wc_parallel_from(const WcThreads *threads, int64_t *next,
                                 int64_t n_chunks, WcChunk chunk, void *arg,
                                 const WcHooks *hooks);

/*
 * Wait until *turn is chunk: results that must be added up in order are.  A
 * chunk may wait for lower ones only.  False when the work has been stopped.
 */
extern bool wc_parallel_turn(atomic_llong *turn, int64_t chunk, WcPace *pace);

#endif /* WALS_CORE_PARALLEL_H */
