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

/* What earlier gates have written about versions (verdict.c). */

/* One of them; what it does not say is 0. */
typedef struct WalsVerdict
{
	const char *metric;
	double fraction; /* of the pairs that were held out */
	int64 draw; /* their seed, as wc_is_drawn has it */
	bool activated;
	double behind; /* the best version so far, in the unit of the metric */
	int32 best_version;
	int32 n_differences; /* between versions of the same options */
	double deviation; /* root of their mean square */
} WalsVerdict;

/*
 * The verdict about a version, or with 0 the newest there is; false when there
 * is none, or it is not as wals writes it.  Between wals_query_begin and
 * wals_query_end.
 */
extern bool wals_verdict_read(Oid model, int32 version, WalsVerdict *verdict);

#endif /* WALS_STORE_RECORD_H */
