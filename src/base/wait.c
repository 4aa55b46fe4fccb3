/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  Wait for another process, without a lock that it would have to know of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"

#include "base/compat.h"
#include "base/wait.h"

void
wals_wait(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
	                 milliseconds, wals_wait_event());
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
