/*-------------------------------------------------------------------------
 *
 * wals_cache_info.c
 *	  SQL: wals_cache_info(), what this session keeps to answer from, and
 *	  wals_warm(model, version), which makes what all share.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "store/cache.h"
#include "store/packed.h"
#include "store/model.h"
#include "store/query.h"

PG_FUNCTION_INFO_V1(wals_cache_info);
PG_FUNCTION_INFO_V1(wals_warm);

Datum
wals_cache_info(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsCached *rows;
	int n = wals_cache_list(&rows);
	int i;

	wals_result_begin(fcinfo, &result);
	for (i = 0; i < n; i++)
	{
		const WalsCached *row = &rows[i];
		const char *place = !row->is_kept    ? "not kept"
		                    : row->is_shared ? "shared file"
		                                     : "memory";

		wals_put_oid(&result, row->model);
		wals_put_int32(&result, row->version);
		wals_put_text(&result, row->side == WC_USERS ? "users" : "items");
		wals_put_text(&result, place);
		wals_put_datum(&result, Int64GetDatum((int64) row->bytes),
		               !row->is_kept);
		wals_put_int64(&result, row->hits);
		wals_put_int64(&result, row->loads);
		wals_put_int64(&result, row->opens);
		wals_put_row(&result);
	}
	return (Datum) 0;
}

Datum
wals_warm(PG_FUNCTION_ARGS)
{
	WalsModel model;
	Size bytes;
	Oid relation;

	wals_query_begin();
	relation = wals_model_resolve(wals_arg_model(fcinfo, 0));
	if (PG_ARGISNULL(1))
		wals_model_active(relation, &model);
	else
		wals_model_version(relation, wals_arg_int32(fcinfo, 1, 0), &model);
	bytes = wals_packed_prepare(&model, WC_USERS, WALS_READ_CALLER, false);
	bytes += wals_packed_prepare(&model, WC_ITEMS, WALS_READ_CALLER, false);
	wals_query_end();
	PG_RETURN_INT64((int64) bytes);
}
