/*-------------------------------------------------------------------------
 *
 * wals_popular.c
 *	  SQL: wals_popular(n, model), the items with the most likes, and its
 *	  sisters wals_popular_bigint and wals_popular_uuid.
 *
 * One C function serves all; the type of the first result column tells them
 * apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

#include "base/args.h"
#include "run/answer/recommend.h"

PG_FUNCTION_INFO_V1(wals_popular);

Datum
wals_popular(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsAnswer *items;
	int32 n = wals_arg_limit(fcinfo, 0);
	int32 count;
	int32 i;

	InitMaterializedSRF(fcinfo, 0);
	count = wals_popular_run(wals_arg_oid(fcinfo, 1),
	                         TupleDescAttr(result->setDesc, 0)->atttypid, n,
	                         &items);
	for (i = 0; i < count; i++)
	{
		Datum values[4];
		bool nulls[4] = {false};

		values[0] = items[i].id;
		values[1] = Int64GetDatum(items[i].entries);
		values[2] = Int32GetDatum(i + 1);
		values[3] = Int64GetDatum(items[i].likes);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
