/*-------------------------------------------------------------------------
 *
 * profile.h
 *	  What the catalog knows of a source, for those who give advice.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PROFILE_H
#define WALS_STORE_PROFILE_H

#include "postgres.h"

/* True when row-level security hides rows of the relation from the caller. */
extern bool wals_source_is_filtered(Oid relation);

/* True for relations that can have indexes. */
extern bool wals_source_can_be_indexed(Oid relation);

/*
 * True when rows of one value of the column can be found by an index: a valid,
 * complete one that begins with it.
 */
extern bool wals_source_has_index(Oid relation, const char *column);

/* The first column with a timestamp or a date, NULL when there is none. */
extern char *wals_source_time_column(Oid relation);

#endif /* WALS_STORE_PROFILE_H */
