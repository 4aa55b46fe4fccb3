/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  Memory and interrupts for the core, in PostgreSQL's way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_MEMORY_H
#define WALS_BASE_MEMORY_H

#include "core/core.h"

/*
 * An allocator whose blocks live in one memory context, so that an error frees
 * them all.  It refuses to go beyond limit bytes (0: no limit) and remembers
 * that it did.
 */
typedef struct WalsMemory
{
	WcAlloc alloc; /* give this to the core */
	MemoryContext context;
	Size limit; /* bytes */
	Size used; /* bytes now */
	Size peak; /* bytes at most */
	bool over_limit; /* an allocation was refused for the limit */
	const char *job; /* what needs it, for messages: "training" */
	const char *advice; /* how to need less, for hints */
} WalsMemory;

/* For a training; other jobs say so in job and advice. */
extern void wals_memory_init(WalsMemory *memory, MemoryContext context,
                             Size limit);

/* Hooks that stop or pause the core when an interrupt is waiting. */
extern const WcHooks wals_hooks;

#endif /* WALS_BASE_MEMORY_H */
