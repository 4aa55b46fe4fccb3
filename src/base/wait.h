/*-------------------------------------------------------------------------
 *
 * wait.h
 *	  Wait for another process.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_WAIT_H
#define WALS_BASE_WAIT_H

/*
 * Wait some milliseconds for what another session is making; interrupts end it.
 * Others see the wait event WalsPack, before PostgreSQL 17 Extension.
 */
extern void wals_wait(long milliseconds);

#endif /* WALS_BASE_WAIT_H */
