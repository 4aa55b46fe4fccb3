/*-------------------------------------------------------------------------
 *
 * record.h
 *	  What a version's row says about its training.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_RECORD_H
#define WALS_STORE_RECORD_H

#include "utils/timestamp.h"

#include "store/query.h"
#include "store/relation.h"
#include "store/stored.h"

/* Allocated in the caller's context; nothing in it has been checked. */
typedef struct WalsRecord
{
	int32 version;
	TimestampTz trained_at;
	int64 n_rows;
	WalsSource source; /* relation that is found, 0: none, and columns */
	WalsNamed named;
	const char *row_weights_id; /* of what the options name, or NULL */
	const char *col_weights_id;
	WalsStored options;
} WalsRecord;

/*
 * Read the row of a version, 0 meaning the active one; false when there is
 * none.  Between wals_query_begin and wals_query_end.
 */
extern bool wals_record_read(Oid relation, int32 version, WalsSnapshot snapshot,
                             WalsRecord *record);

/*
 * Find and lock the source of a record for a command of its model's owner, who
 * is told if it is another one; 42P01, 42501 when there is none any more.  what
 * says what it is needed for, as "train".
 */
extern void wals_record_open_source(Oid relation, WalsRecord *record,
                                    const char *what);

#endif /* WALS_STORE_RECORD_H */
