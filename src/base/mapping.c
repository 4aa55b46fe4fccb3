/*-------------------------------------------------------------------------
 *
 * mapping.c
 *	  Files in memory that may go bad while they are used.
 *
 * Reading a file that was truncated, or whose disk fails, is an error of the
 * call; reading it through a mapping is SIGBUS, which takes the whole server
 * with it.  Looking at the file before each use would not help: it may go bad
 * in between, and it costs.  So the signal is handled: when its address lies in
 * one of our mappings, all of that mapping becomes zeros, the reader goes on
 * with them, and what it comes to is thrown away, because whoever has used a
 * mapping asks wals_mapping_check before an answer leaves (store/query.c does
 * that for all of them).  Any other SIGBUS is passed on to who handled it before
 * us, or ends the process as ever.
 *
 * The whole mapping, not the page: one fault is enough to throw the answer
 * away, and a truncated file has many pages.
 *
 * Threads of the core may be the ones that read: SIGBUS is delivered to the
 * thread that caused it, which must not block it (core/ground/parallel.c).  The list of
 * mappings only changes while there are no such threads.  What the handler calls
 * beside that are mmap and sigaction, which are system calls and no more.
 *
 * A file that was removed takes its space as long as somebody has it mapped, and
 * pools of connections keep sessions that nobody uses.  So a session that has not
 * used any for wals.cache_idle_timeout lets go of all; mapping a file anew takes a
 * tenth of a millisecond.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xact.h"
#include "utils/timeout.h"

#include "base/mapping.h"
#include "base/settings.h"

volatile sig_atomic_t wals_mapping_is_damaged = 0;

static WalsMapping *volatile mappings = NULL;
static char lost_path[MAXPGPATH]; /* of a damaged mapping that was closed */
static bool handler_installed = false;
static struct sigaction handler_before;

static TimeoutId idle_timer;
static volatile sig_atomic_t idle_was_used = false; /* since the clock began */

static bool
has_address(const WalsMapping *mapping, const char *address)
{
	const char *begin = mapping->address;

	return address >= begin && address < begin + mapping->bytes;
}

static void
handle_bus_error(int signal_number, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	WalsMapping *mapping = mappings;

	while (mapping != NULL && !has_address(mapping, info->si_addr))
		mapping = mapping->next;
	if (mapping != NULL && mmap(mapping->address, mapping->bytes, PROT_READ,
	                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	                            0) == mapping->address)
	{
		mapping->damaged = 1;
		wals_mapping_is_damaged = 1;
		errno = saved_errno;
		return;
	}
	if (handler_before.sa_flags & SA_SIGINFO)
		handler_before.sa_sigaction(signal_number, info, context);
	else if (handler_before.sa_handler != SIG_DFL &&
	         handler_before.sa_handler != SIG_IGN)
		handler_before.sa_handler(signal_number);
	else
	{
		/* the default, as soon as we return */
		(void) sigaction(SIGBUS, &handler_before, NULL);
		(void) raise(signal_number);
	}
	errno = saved_errno;
}

/*
 * The call that was given zeros ends: remove the files of damaged mappings.  What
 * befell one may have befallen others, which the next call is not to find out, so
 * those whose file is not what it was are not to be used any more.
 */
static void
settle(void)
{
	WalsMapping *mapping;

	for (mapping = mappings; mapping != NULL; mapping = mapping->next)
	{
		struct stat status;

		if (mapping->told)
			continue;
		if (mapping->damaged)
		{
			(void) unlink(mapping->path);
			strlcpy(lost_path, mapping->path, MAXPGPATH);
		}
		else if (stat(mapping->path, &status) == 0 &&
		         (Size) status.st_size == mapping->bytes)
			continue;
		mapping->damaged = 1;
		mapping->told = true;
	}
	wals_mapping_is_damaged = 0;
}

/* ------------------------------------------------------------------------
 * Idle sessions
 * ------------------------------------------------------------------------ */

/* Unmap, for good; whoever has the mapping finds it damaged. */
static void
release(WalsMapping *mapping)
{
	(void) munmap(mapping->address, mapping->bytes);
	mapping->address = NULL;
	mapping->damaged = 1;
	mapping->told = true;
}

/*
 * The time is over: in a signal handler, between two of the session's commands or
 * in the middle of one.  Outside of a transaction nobody uses a mapping and nobody
 * changes their list, and lets go of what it has mapped by a system call.
 */
static void
handle_idle(void)
{
	if (idle_was_used || IsTransactionOrTransactionBlock())
	{
		idle_was_used = false;
		enable_timeout_after(idle_timer, wals_cache_idle_timeout);
		return;
	}
	while (mappings != NULL)
	{
		WalsMapping *mapping = mappings;

		mappings = mapping->next;
		release(mapping);
	}
}

/* Start the clock, unless it runs. */
static void
watch_idle(void)
{
	static bool registered = false;

	if (mappings == NULL || wals_cache_idle_timeout == 0)
		return;
	if (!registered)
		idle_timer = RegisterTimeout(USER_TIMEOUT, handle_idle);
	registered = true;
	if (!get_timeout_active(idle_timer))
		enable_timeout_after(idle_timer, wals_cache_idle_timeout);
}

void
wals_mapping_use(void)
{
	idle_was_used = true;
	watch_idle();
}

/*
 * An answer that has failed for another reason is not given either: zeros are
 * no reason to fail the next one.  The server has stopped all clocks, too.
 */
static void
end_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_ABORT)
		return;
	if (wals_mapping_is_damaged)
		settle();
	watch_idle();
}

static void
end_part(SubXactEvent event, SubTransactionId part, SubTransactionId parent,
         void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && wals_mapping_is_damaged)
		settle();
}

static bool
install_handler(void)
{
	struct sigaction handler;

	if (handler_installed)
		return true;
	memset(&handler, 0, sizeof(handler));
	handler.sa_sigaction = handle_bus_error;
	handler.sa_flags = SA_SIGINFO | SA_RESTART;
	sigemptyset(&handler.sa_mask);
	if (sigaction(SIGBUS, &handler, &handler_before) != 0)
		return false;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_part, NULL);
	handler_installed = true;
	return true;
}

bool
wals_mapping_open(WalsMapping *mapping, int fd, const char *path, Size bytes)
{
	memset(mapping, 0, sizeof(*mapping));
	if (!install_handler())
		return false;
	mapping->address = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (mapping->address == MAP_FAILED)
	{
		mapping->address = NULL;
		return false;
	}
	mapping->bytes = bytes;
	strlcpy(mapping->path, path, MAXPGPATH);
	mapping->next = mappings;
	mappings = mapping;
	return true;
}

bool
wals_mapping_is_removed(const WalsMapping *mapping)
{
	return mapping->address != NULL && access(mapping->path, F_OK) != 0;
}

void
wals_mapping_close(WalsMapping *mapping)
{
	WalsMapping *volatile *place = &mappings;

	if (mapping->address == NULL)
		return;
	while (*place != mapping)
		place = (WalsMapping *volatile *) &(*place)->next;
	*place = mapping->next;
	if (mapping->damaged && !mapping->told)
		strlcpy(lost_path, mapping->path, MAXPGPATH);
	(void) munmap(mapping->address, mapping->bytes);
	memset(mapping, 0, sizeof(*mapping));
}

void
wals_mapping_fail(void)
{
	settle();
	ereport(ERROR, (errcode(ERRCODE_IO_ERROR),
	                errmsg("could not read file \"%s\"", lost_path),
	                errdetail("It was truncated, or the disk failed, while "
	                          "rows were read from it. It is removed."),
	                errhint("Try again: the rows are read from their table, "
	                        "which has them all.")));
}
