/*-------------------------------------------------------------------------
 *
 * result.c
 *	  Rows that a function of SQL returns; for api only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/result.h"

void
wals_result_begin(FunctionCallInfo fcinfo, WalsResult *result)
{
	Oid type;

	/* a set of one column has no row type of its own */
	InitMaterializedSRF(fcinfo, get_call_result_type(fcinfo, &type, NULL) ==
	                                    TYPEFUNC_SCALAR
	                                ? MAT_SRF_USE_EXPECTED_DESC
	                                : 0);
	result->set = (ReturnSetInfo *) fcinfo->resultinfo;
	result->n = 0;
}

Oid
wals_result_id_type(const WalsResult *result)
{
	return TupleDescAttr(result->set->setDesc, 0)->atttypid;
}

void
wals_put_datum(WalsResult *result, Datum value, bool is_null)
{
	if (result->n == WALS_RESULT_COLUMNS)
		elog(ERROR, "a row has more than %d columns", WALS_RESULT_COLUMNS);
	result->values[result->n] = value;
	result->nulls[result->n++] = is_null;
}

void
wals_put_bool(WalsResult *result, bool value)
{
	wals_put_datum(result, BoolGetDatum(value), false);
}

void
wals_put_int32(WalsResult *result, int32 value)
{
	wals_put_datum(result, Int32GetDatum(value), false);
}

void
wals_put_int64(WalsResult *result, int64 value)
{
	wals_put_datum(result, Int64GetDatum(value), false);
}

void
wals_put_float4(WalsResult *result, float value)
{
	wals_put_datum(result, Float4GetDatum(value), isnan(value));
}

void
wals_put_float8(WalsResult *result, double value)
{
	wals_put_datum(result, Float8GetDatum(value), isnan(value));
}

void
wals_put_oid(WalsResult *result, Oid value)
{
	wals_put_datum(result, ObjectIdGetDatum(value), !OidIsValid(value));
}

void
wals_put_time(WalsResult *result, int64 value)
{
	wals_put_datum(result, TimestampTzGetDatum(value), value == 0);
}

void
wals_put_text(WalsResult *result, const char *value)
{
	wals_put_datum(result, value ? CStringGetTextDatum(value) : (Datum) 0,
	               value == NULL);
}

void
wals_put_role(WalsResult *result, Oid value)
{
	const char *role = GetUserNameFromId(value, true);
	Name name = palloc0(sizeof(NameData));

	if (role != NULL)
		namestrcpy(name, role);
	wals_put_datum(result, NameGetDatum(name), role == NULL);
}

void
wals_put_row(WalsResult *result)
{
	TupleDesc desc = result->set->setDesc;

	if (result->n < desc->natts)
		elog(ERROR, "a row has %d of %d columns", result->n, desc->natts);
	tuplestore_putvalues(result->set->setResult, desc, result->values,
	                     result->nulls);
	result->n = 0;
}

void
wals_put_ranked(WalsResult *result, Datum id, float score, int32 rank,
                const char *basis)
{
	wals_put_datum(result, id, false);
	wals_put_float4(result, score);
	wals_put_int32(result, rank);
	wals_put_text(result, basis);
	wals_put_row(result);
}
