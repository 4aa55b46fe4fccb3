/*-------------------------------------------------------------------------
 *
 * builder.h
 *	  A background worker that makes the file of a pack.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_BUILDER_H
#define WALS_STORE_BUILDER_H

#include "store/packfile.h"

/* One that was started; it goes on when nobody remembers it. */
typedef struct BackgroundWorkerHandle WalsBuilder;

/* Start one, with the rights of the current role; NULL when none is to be had. */
extern WalsBuilder *wals_builder_start(const WalsPackKey *key);

/* Whether it has ended, or will never begin. */
extern bool wals_builder_has_ended(WalsBuilder *builder);

#endif /* WALS_STORE_BUILDER_H */
