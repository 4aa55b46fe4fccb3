/*-------------------------------------------------------------------------
 *
 * space.h
 *	  Whether the disk has room for a version, before it is solved.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_SPACE_H
#define WALS_STORE_SPACE_H

#include "store/model.h"

/* Bytes that so many rows of factors take on disk, with their key. */
extern double wals_space_needed(int32 count, int32 factors, WalsIdType id_type);

/*
 * 53100 when a tablespace of the model, or the one it is going to be created in,
 * has less than these bytes free for users and items.  Passes where that cannot
 * be told.
 */
extern void wals_space_check(const WalsTarget *target, double users,
                             double items);

#endif /* WALS_STORE_SPACE_H */
