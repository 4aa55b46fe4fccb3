/*-------------------------------------------------------------------------
 *
 * newest.c
 *	  How far rows with times have been looked at.
 *
 * wals_refresh asks a time column which rows are new since the last time.  The
 * moment of that refresh is no answer: what stands in the column was written by
 * clocks of others, a timestamp or date without saying in which zone.  So times
 * are compared with times of the same column only: with the newest that was seen.
 *
 * Wall clocks.  A timestamp or date without a zone that is written later may be
 * the earlier one: of two writers in different zones, or of one whose summer time
 * ends.  Zones go from 14 hours before UTC to 12 behind, so rows are looked at
 * that are up to 26 hours older, or 2 days where there are only days.
 *
 * Most of those were looked at before.  If there are as many as then, none of them
 * is new: a row that came late can hide behind one that was deleted, until a
 * newer one comes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/hint.h"
#include "store/newest.h"
#include "store/relation.h"

#define HOURS_AHEAD 14
#define HOURS_BEHIND 12
#define HOURS_APART (HOURS_AHEAD + HOURS_BEHIND)
#define DAYS_APART 2

/* What kinds of times there are; what is compared must be of one. */
typedef enum Kind
{
	SECONDS, /* integers, whatever they count */
	DAYS,
	WALL_CLOCK,
	INSTANT
} Kind;

static Kind
kind_of(Oid time_type)
{
	switch (time_type)
	{
		case DATEOID:
			return DAYS;
		case TIMESTAMPOID:
			return WALL_CLOCK;
		case TIMESTAMPTZOID:
			return INSTANT;
		default:
			return SECONDS;
	}
}

/* Seconds since 1970, downwards. */
static int64
seconds_of(TimestampTz moment)
{
	int64 seconds = moment / USECS_PER_SEC - (moment % USECS_PER_SEC < 0);

	return seconds + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/* The latest that a clock can show now. */
static int64
latest_now(Kind kind)
{
	TimestampTz now = GetCurrentTimestamp();

	switch (kind)
	{
		case INSTANT:
			return now;
		case DAYS:
		case WALL_CLOCK:
			return now + HOURS_AHEAD * USECS_PER_HOUR;
		case SECONDS:
			break;
	}
	return seconds_of(now);
}

static int64
less(int64 time, int64 by)
{
	return time < PG_INT64_MIN + by ? PG_INT64_MIN : time - by;
}

int64
wals_newest_since(Oid time_type, const WalsNewest *newest)
{
	switch (kind_of(time_type))
	{
		case DAYS:
			return less(newest->time, DAYS_APART * USECS_PER_DAY);
		case WALL_CLOCK:
			return less(newest->time, HOURS_APART * USECS_PER_HOUR);
		default:
			return newest->time;
	}
}

int64
wals_newest_since_moment(Oid time_type, TimestampTz moment)
{
	Kind kind = kind_of(time_type);

	if (TIMESTAMP_IS_NOBEGIN(moment))
		return PG_INT64_MIN;
	if (kind == SECONDS)
		return seconds_of(moment);
	return kind == INSTANT ? moment
	                       : less(moment, HOURS_BEHIND * USECS_PER_HOUR);
}

int64
wals_newest_from_moment(Oid time_type, TimestampTz moment)
{
	if (kind_of(time_type) == SECONDS)
		return TIMESTAMP_NOT_FINITE(moment) ? moment : seconds_of(moment);
	if (kind_of(time_type) == INSTANT)
		return moment;
	return DatumGetTimestamp(
	    DirectFunctionCall1(timestamptz_timestamp, moment));
}

/* Days before or after an instant of a day, downwards. */
static int64
day_of(int64 time)
{
	int64 day = time / USECS_PER_DAY;

	return time % USECS_PER_DAY < 0 ? day - 1 : day;
}

Datum
wals_newest_datum(Oid time_type, int64 time, Oid *type)
{
	switch (kind_of(time_type))
	{
		case DAYS:
			*type = DATEOID;
			if (time == DT_NOBEGIN || time == DT_NOEND)
				return DateADTGetDatum(time == DT_NOBEGIN ? DATEVAL_NOBEGIN
				                                          : DATEVAL_NOEND);
			return DateADTGetDatum((DateADT) day_of(time));
		case WALL_CLOCK:
			*type = TIMESTAMPOID;
			return TimestampGetDatum(time);
		case INSTANT:
			*type = TIMESTAMPTZOID;
			return TimestampTzGetDatum(time);
		case SECONDS:
			break;
	}
	*type = INT8OID;
	return Int64GetDatum(time);
}

/* How many rows are not newer than what was seen, nor much older. */
static int64
rows_about(Oid time_type, const int64 *times, int64 count,
           const WalsNewest *newest)
{
	int64 since = wals_newest_since(time_type, newest);
	int64 rows = 0;
	int64 i;

	for (i = 0; i < count; i++)
		rows += times[i] >= since && times[i] <= newest->time;
	return rows;
}

int64
wals_newest_advance(Oid time_type, const int64 *times, int64 count,
                    WalsNewest *newest)
{
	Kind kind = kind_of(time_type);
	int64 latest = latest_now(kind);
	WalsNewest before = *newest;
	int64 last = before.known ? before.time : PG_INT64_MIN;
	int64 past = last <= latest ? last : PG_INT64_MIN;
	int64 i;

	for (i = 0; i < count; i++)
	{
		last = Max(last, times[i]);
		if (times[i] <= latest)
			past = Max(past, times[i]);
	}
	newest->time = past > PG_INT64_MIN ? past : last;
	/* a date may be beyond what a timestamp can be */
	newest->known = newest->time > PG_INT64_MIN &&
	                (kind == SECONDS || IS_VALID_TIMESTAMP(newest->time));
	newest->rows = rows_about(time_type, times, count, newest);
	return before.known &&
	               rows_about(time_type, times, count, &before) == before.rows
	           ? before.time
	           : PG_INT64_MIN;
}

void
wals_newest_of(Oid time_type, const int64 *times, int64 count,
               WalsNewest *newest)
{
	memset(newest, 0, sizeof(*newest));
	(void) wals_newest_advance(time_type, times, count, newest);
}

char *
wals_newest_text(Oid time_type, const WalsNewest *newest)
{
	Kind kind = kind_of(time_type);
	char buffer[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t fraction;

	if (kind == SECONDS)
		return psprintf(INT64_FORMAT, newest->time);
	if (timestamp2tm(newest->time, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("timestamp out of range")));
	tm.tm_isdst = 0; /* or no zone is written */
	if (kind == DAYS)
		EncodeDateOnly(&tm, USE_ISO_DATES, buffer);
	else
		EncodeDateTime(&tm, fraction, kind == INSTANT, 0, NULL, USE_ISO_DATES,
		               buffer);
	return pstrdup(buffer);
}

/* What kind of time a text is, as wals_newest_text writes it. */
static Kind
kind_of_text(const char *text)
{
	const char *clock = strchr(text, ':');

	if (clock != NULL)
		return strchr(clock, '+') != NULL ? INSTANT : WALL_CLOCK;
	return text[0] != '\0' && strchr(text + 1, '-') != NULL ? DAYS : SECONDS;
}

void
wals_newest_read(Oid model, Oid time_type, const char *text, WalsNewest *newest)
{
	Kind kind = kind_of(time_type);
	Datum value;

	if (kind_of_text(text) != kind)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("the time column of model \"%s\" has changed its type "
		                "to %s",
		                get_rel_name(model), format_type_be(time_type)),
		         errdetail("The newest time that was seen in it is %s.", text),
		         wals_hint("Train the model again, or say since when to "
		                   "refresh: wals_refresh(since => ...).")));
	switch (kind)
	{
		case DAYS:
			value = DirectFunctionCall1(date_in, CStringGetDatum(text));
			newest->time = (int64) DatumGetDateADT(value) * USECS_PER_DAY;
			break;
		case WALL_CLOCK:
			value = DirectFunctionCall3(timestamp_in, CStringGetDatum(text),
			                            ObjectIdGetDatum(InvalidOid),
			                            Int32GetDatum(-1));
			newest->time = DatumGetTimestamp(value);
			break;
		case INSTANT:
			value = DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
			                            ObjectIdGetDatum(InvalidOid),
			                            Int32GetDatum(-1));
			newest->time = DatumGetTimestampTz(value);
			break;
		case SECONDS:
			value = DirectFunctionCall1(int8in, CStringGetDatum(text));
			newest->time = DatumGetInt64(value);
			break;
	}
	newest->known = true;
}
