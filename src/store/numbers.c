/*-------------------------------------------------------------------------
 *
 * numbers.c
 *	  Values, weights and times: SQL types on one side, float4 and int64 on the
 *	  other.
 *
 * Read in the type the column has, without a cast in SQL, for a training
 * (ratings.c) and for one user (history.c) alike; both refuse the same numbers
 * in the same words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "store/numbers.h"

static double
number_from_int2(Datum datum)
{
	return DatumGetInt16(datum);
}

static double
number_from_int4(Datum datum)
{
	return DatumGetInt32(datum);
}

static double
number_from_int8(Datum datum)
{
	return (double) DatumGetInt64(datum);
}

static double
number_from_float4(Datum datum)
{
	return DatumGetFloat4(datum);
}

static double
number_from_float8(Datum datum)
{
	return DatumGetFloat8(datum);
}

/* Finite numbers stay finite, so that one too large is not called infinite. */
static double
number_from_numeric(Datum datum)
{
	double number;

	number =
	    DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, datum));
	if (isinf(number) && !numeric_is_inf(DatumGetNumeric(datum)))
		number = copysign(DBL_MAX, number);
	return number;
}

WalsNumberReader
wals_number_reader(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return number_from_int2;
		case INT4OID:
			return number_from_int4;
		case INT8OID:
			return number_from_int8;
		case FLOAT4OID:
			return number_from_float4;
		case FLOAT8OID:
			return number_from_float8;
		case NUMERICOID:
			return number_from_numeric;
	}
	elog(ERROR, "unexpected number type %u", type);
}

double
wals_time_unit(Oid type)
{
	bool is_whole = type == INT2OID || type == INT4OID || type == INT8OID;

	return is_whole ? 1.0 : (double) USECS_PER_SEC;
}

static bool
time_from_int2(Datum datum, int64 *time)
{
	*time = DatumGetInt16(datum);
	return true;
}

static bool
time_from_int4(Datum datum, int64 *time)
{
	*time = DatumGetInt32(datum);
	return true;
}

static bool
time_from_int8(Datum datum, int64 *time)
{
	*time = DatumGetInt64(datum);
	return true;
}

static bool
time_from_date(Datum datum, int64 *time)
{
	*time = (int64) DatumGetDateADT(datum) * USECS_PER_DAY;
	return !DATE_NOT_FINITE(DatumGetDateADT(datum));
}

static bool
time_from_timestamp(Datum datum, int64 *time)
{
	*time = DatumGetTimestamp(datum);
	return !TIMESTAMP_NOT_FINITE(*time);
}

WalsTimeReader
wals_time_reader(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return time_from_int2;
		case INT4OID:
			return time_from_int4;
		case INT8OID:
			return time_from_int8;
		case DATEOID:
			return time_from_date;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return time_from_timestamp;
	}
	elog(ERROR, "unexpected time type %u", type);
}

void
wals_number_refuse(double number, const char *what, const char *user,
                   const char *item)
{
	if (!isfinite(number))
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_EXCEPTION),
		         errmsg("%s of user %s and item %s is not finite", what, user,
		                item),
		         errhint("Correct the row, or train on a view that leaves it "
		                 "out.")));
	ereport(ERROR,
	        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
	         errmsg("%s of user %s and item %s is out of range for type real",
	                what, user, item),
	         errhint("Train on a view that scales the column down.")));
}

void
wals_weight_refuse(float weight, const char *user, const char *item)
{
	ereport(ERROR,
	        (errcode(ERRCODE_DATA_EXCEPTION),
	         errmsg("weight of user %s and item %s is negative", user, item),
	         errdetail("The weight is %g.", weight),
	         errhint("Weights are 0 or greater; a dislike is a negative "
	                 "value.")));
}

void
wals_time_refuse(const char *user, const char *item)
{
	ereport(ERROR,
	        (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
	         errmsg("time of user %s and item %s is infinite", user, item),
	         errhint("Correct the row, or train on a view that leaves it "
	                 "out.")));
}
