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

#include "store/ids.h"
#include "store/numbers.h"

double
wals_number_of(Oid type, Datum datum)
{
	double number;

	switch (type)
	{
		case FLOAT4OID:
			return DatumGetFloat4(datum);
		case FLOAT8OID:
			return DatumGetFloat8(datum);
		case NUMERICOID:
			number = DatumGetFloat8(
			    DirectFunctionCall1(numeric_float8_no_overflow, datum));
			/* one too large is not to be called infinite */
			if (isinf(number) && !numeric_is_inf(DatumGetNumeric(datum)))
				number = copysign(DBL_MAX, number);
			return number;
	}
	return (double) wals_integer_of(type, datum);
}

double
wals_time_unit(Oid type)
{
	bool is_whole = type == INT2OID || type == INT4OID || type == INT8OID;

	return is_whole ? 1.0 : (double) USECS_PER_SEC;
}

bool
wals_time_of(Oid type, Datum datum, int64 *time)
{
	switch (type)
	{
		case DATEOID:
			*time = (int64) DatumGetDateADT(datum) * USECS_PER_DAY;
			return !DATE_NOT_FINITE(DatumGetDateADT(datum));
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*time = DatumGetTimestamp(datum);
			return !TIMESTAMP_NOT_FINITE(*time);
	}
	*time = wals_integer_of(type, datum);
	return true;
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
