/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Memory and interrupts for the core, in PostgreSQL's way.
 *
 * The core takes its memory through a WcAlloc and polls a hook.  Here the
 * blocks come from a memory context that may pass 1 GB, and the hooks look at
 * the server's interrupt flags.  The core returns WC_CANCELLED, or WC_PAUSED to
 * be called again, and the caller lets CHECK_FOR_INTERRUPTS do what is wanted
 * (report.c, run/train/train.c), so no frame of the core is ever jumped over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "miscadmin.h"
#include "storage/pmsignal.h"

#include "base/compat.h"
#include "base/debug.h"
#include "base/job.h"
#include "base/settings.h"

#define LARGE_PAGE ((uintptr_t) 1 << 21) /* bytes */

/*
 * Book a change of size; false when the limit forbids it.  Sizes are what the
 * context really spends, chunk headers included.
 */
static bool
memory_allows(WalsJob *memory, Size more)
{
	if (memory->limit > 0 &&
	    (more > memory->limit || memory->used > memory->limit - more))
	{
		memory->over_limit = true;
		return false;
	}
	return more <= MaxAllocHugeSize;
}

/*
 * Ask for large pages where a block has room for some: a solver reads vectors
 * from all over it, and the processor remembers few addresses of small ones.
 * Whether the system gives any changes nothing but the time.
 */
static void
memory_wants_large_pages(void *block, Size bytes)
{
#ifdef MADV_HUGEPAGE
	uintptr_t first = TYPEALIGN(LARGE_PAGE, (uintptr_t) block);
	uintptr_t end = TYPEALIGN_DOWN(LARGE_PAGE, (uintptr_t) block + bytes);

	if (end > first)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#endif
}

static void
memory_book(WalsJob *memory, void *block)
{
	memory->used += GetMemoryChunkSpace(block);
	memory->peak = Max(memory->peak, memory->used);
}

static void *
memory_alloc(void *arg, size_t bytes)
{
	WalsJob *memory = arg;
	void *block;

	if (wals_debug_fails("allocation") || !memory_allows(memory, bytes))
		return NULL;
	block = MemoryContextAllocExtended(memory->context, bytes,
	                                   MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (block != NULL)
	{
		memory_book(memory, block);
		memory_wants_large_pages(block, bytes);
	}
	return block;
}

static void *
memory_resize(void *arg, void *block, size_t bytes)
{
	WalsJob *memory = arg;
	Size before;
	void *result;

	if (block == NULL)
		return memory_alloc(arg, bytes);
	before = GetMemoryChunkSpace(block);
	if (wals_debug_fails("allocation") ||
	    !memory_allows(memory, bytes > before ? bytes - before : 0))
		return NULL;
	result = wals_repalloc_no_oom(block, bytes);
	if (result != NULL)
	{
		memory->used -= before;
		memory_book(memory, result);
		memory_wants_large_pages(result, bytes);
	}
	return result;
}

static void
memory_release(void *arg, void *block)
{
	WalsJob *memory = arg;

	if (block == NULL)
		return;
	memory->used -= GetMemoryChunkSpace(block);
	pfree(block);
}

void
wals_job_init(WalsJob *memory, MemoryContext context, Size limit)
{
	memset(memory, 0, sizeof(*memory));
	memory->context = context;
	memory->limit = limit;
	memory->name = "training";
	memory->advice = "train on fewer rows or factors";
	memory->alloc.alloc = memory_alloc;
	memory->alloc.resize = memory_resize;
	memory->alloc.release = memory_release;
	memory->alloc.arg = memory;
	memory->core = (WcJob){&memory->alloc, &wals_hooks, &memory->error,
	                       wc_kernel_name(wals_kernel), 1};
}

/*
 * True when the transaction has no future: CHECK_FOR_INTERRUPTS is going to
 * raise an error, or the server is gone.  The core may have threads at work when
 * it asks, so nothing may be raised from here.
 */
static bool
must_stop(void *arg)
{
	wals_debug_point("interrupt");
	return (InterruptPending && (ProcDiePending || QueryCancelPending)) ||
	       (IsUnderPostmaster && !PostmasterIsAlive());
}

/*
 * True when something wants to be done that may or may not be an error: a
 * barrier that DROP DATABASE waits for, a memory report, a look whether the
 * client is still there.
 */
static bool
interrupt_pending(void *arg)
{
	wals_debug_point("interrupt");
	return InterruptPending;
}

const WcHooks wals_hooks = {must_stop, interrupt_pending, NULL};
