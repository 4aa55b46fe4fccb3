/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The wals.* settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_SETTINGS_H
#define WALS_BASE_SETTINGS_H

#include "core/core.h"

/* Which versions are kept in files that all sessions share. */
typedef enum WalsCacheShare
{
	WALS_SHARE_AUTO, /* those that are worth it */
	WALS_SHARE_ALWAYS,
	WALS_SHARE_NEVER
} WalsCacheShare;

extern char *wals_default_model; /* name of a model, "" for none */
extern int wals_cache_mem; /* kB per backend */
extern int wals_cache_share; /* WalsCacheShare */
extern int wals_cache_file_limit; /* kB of all shared files, -1: no limit */
extern int wals_cache_idle_timeout; /* ms until files are let go of, 0: never */
extern int wals_max_memory; /* kB per training or evaluation, 0: no limit */

extern int wals_threads; /* 0: as many as parallel maintenance would use */
extern char *wals_kernel; /* name of the inner loops, "auto" for the widest */
extern int wals_dense; /* WcDenseChoice */

/* Threads a training may use now, the session's own included. */
extern int wals_thread_count(void);

/*
 * How to solve, on so many threads.  An error where wals.dense insists on
 * OpenBLAS and that can't be loaded; whatever loads it does so in the session's
 * own thread, while there is no other.
 */
extern WcSolverOptions wals_solver_options(int threads);

/* Name, version and core type of a provider of dense algebra. */
extern char *wals_dense_text(const WcDense *dense);

/* What wals.dense comes to; looks for OpenBLAS unless it says builtin. */
extern char *wals_dense_words(void);

extern void wals_settings_define(void);

#endif /* WALS_BASE_SETTINGS_H */
