/*-------------------------------------------------------------------------
 *
 * debug.h
 *	  Places where a test can make a training fail or wait.
 *
 * Compiled in with make DEBUG_POINTS=1 only (test/run makes such a library for
 * the tests that need it); otherwise nothing of this is in the library.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_DEBUG_H
#define WALS_BASE_DEBUG_H

#ifdef WALS_DEBUG_POINTS

extern void wals_debug_define(void);

/* Fail or wait here if wals.debug_point asks for it. */
extern void wals_debug_point(const char *name);

/* True if wals.debug_point asks for an operation of this name to fail here. */
extern bool wals_debug_fails(const char *name);

#else

#define wals_debug_define() ((void) 0)
#define wals_debug_point(name) ((void) 0)
#define wals_debug_fails(name) false

#endif

#endif /* WALS_BASE_DEBUG_H */
