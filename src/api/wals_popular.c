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

#include "base/args.h"
#include "base/result.h"
#include "run/answer/recommend.h"

PG_FUNCTION_INFO_V1(wals_popular);

Datum
wals_popular(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsAnswer *items;
	int32 n = wals_arg_limit(fcinfo, 0);
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	count = wals_popular_run(wals_arg_oid(fcinfo, 1),
	                         wals_result_id_type(&result), n, &items);
	for (i = 0; i < count; i++)
	{
		wals_put_datum(&result, items[i].id, false);
		wals_put_int64(&result, items[i].entries);
		wals_put_int32(&result, i + 1);
		wals_put_int64(&result, items[i].likes);
		wals_put_row(&result);
	}
	return (Datum) 0;
}
