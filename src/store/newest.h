/*-------------------------------------------------------------------------
 *
 * newest.h
 *	  How far rows with times have been looked at.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_NEWEST_H
#define WALS_STORE_NEWEST_H

#include "datatype/timestamp.h"

/*
 * The newest time of rows that were read, as wals_time_of gives it, and how
 * many rows were not older than it by more than what their clocks may differ.
 */
typedef struct WalsNewest
{
	bool known;
	int64 time;
	int64 rows; /* -1: not known */
} WalsNewest;

/*
 * Of the times of a column of this type.  Times that are not yet anywhere are
 * passed over, unless there is no other: one row dated 2099 must not hide all
 * that come till then.
 */
extern void wals_newest_of(Oid time_type, const int64 *times, int64 count,
                           WalsNewest *newest);

/*
 * The same for what was known before and all rows since (wals_newest_since).
 * Returns the time until which, inclusive, no row has come.
 */
extern int64 wals_newest_advance(Oid time_type, const int64 *times, int64 count,
                                 WalsNewest *newest);

/* The first time that a row may have which was not there then. */
extern int64 wals_newest_since(Oid time_type, const WalsNewest *newest);

/* The same for who only knows when it was: the earliest of any clock. */
extern int64 wals_newest_since_moment(Oid time_type, TimestampTz moment);

/* As it is kept in a version's row: as the type is written, times ISO. */
extern char *wals_newest_text(Oid time_type, const WalsNewest *newest);

/* 42804 for a time of another kind than the column's; rows is not set. */
extern void wals_newest_read(Oid model, Oid time_type, const char *text,
                             WalsNewest *newest);

/* A moment as a value of the column, in the session's time zone. */
extern int64 wals_newest_from_moment(Oid time_type, TimestampTz moment);

/* A time as a datum that is compared with the column, and that one's type. */
extern Datum wals_newest_datum(Oid time_type, int64 time, Oid *type);

#endif /* WALS_STORE_NEWEST_H */
