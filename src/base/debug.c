/*-------------------------------------------------------------------------
 *
 * debug.c
 *	  Places where a test can make a training fail or wait.
 *
 *		SET wals.debug_point = 'half_sweep 3 wait'
 *
 * makes the third passing of the point "half_sweep" since the SET wait, until
 * it is interrupted, the configuration is reloaded or the server dies; 'error' raises an error there, 'cancel'
 * is the request to cancel the query, arriving just then.
 * 'allocation 17 error' makes the 17th allocation of the core fail, resizing
 * included; 'disk 1 error' lets the disk have nothing free.  'interrupt 5
 * cancel' cancels the 5th time that the core asks whether it should go on; do not
 * raise errors there.  A word that no point has does nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/debug.h"

#ifdef WALS_DEBUG_POINTS

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/guc.h"

static char *debug_point = NULL;

/* What it says; with nothing remaining, nothing. */
static char debug_name[32];
static char debug_action[32];
static int debug_remaining = 0;

static bool
check_debug_point(char **value, void **extra, GucSource source)
{
	char name[32];
	char action[32];
	int count;

	return **value == '\0' ||
	       (sscanf(*value, "%31s %d %31s", name, &count, action) == 3 &&
	        count > 0 &&
	        (strcmp(action, "error") == 0 || strcmp(action, "wait") == 0 ||
	         strcmp(action, "cancel") == 0));
}

static void
assign_debug_point(const char *value, void *extra)
{
	debug_remaining = 0;
	if (value[0] != '\0')
		sscanf(value, "%31s %d %31s", debug_name, &debug_remaining,
		       debug_action);
}

void
wals_debug_define(void)
{
	DefineCustomStringVariable(
	    "wals.debug_point",
	    "Where to fail or wait: a point, a count, error, "
	    "wait or cancel.",
	    NULL, &debug_point, "", PGC_SUSET, 0, check_debug_point,
	    assign_debug_point, NULL);
}

static bool
is_now(const char *name)
{
	return debug_remaining > 0 && strcmp(name, debug_name) == 0 &&
	       --debug_remaining == 0;
}

bool
wals_debug_fails(const char *name)
{
	return is_now(name);
}

void
wals_debug_point(const char *name)
{
	if (!is_now(name))
		return;
	if (strcmp(debug_action, "error") == 0)
		elog(ERROR, "debug point \"%s\"", name);
	if (strcmp(debug_action, "cancel") == 0)
	{
		raise(SIGINT);
		return;
	}
	while (!ConfigReloadPending)
	{
		WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1,
		          PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

#endif
