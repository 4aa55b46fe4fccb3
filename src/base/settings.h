/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The wals.* settings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_SETTINGS_H
#define WALS_BASE_SETTINGS_H

extern char *wals_default_model; /* name of a model, "" for none */
extern int wals_cache_mem; /* kB per backend */
extern int wals_max_memory; /* kB per training, 0: no limit */
extern char *wals_blas_library; /* file name or path, "" for the usual */

extern void wals_settings_define(void);

#endif /* WALS_BASE_SETTINGS_H */
