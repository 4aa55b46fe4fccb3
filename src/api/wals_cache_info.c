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
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/args.h"
#include "store/cache.h"
#include "store/model.h"
#include "store/query.h"

PG_FUNCTION_INFO_V1(wals_cache_info);
PG_FUNCTION_INFO_V1(wals_warm);

Datum
wals_cache_info(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsCached *rows;
	int n = wals_cache_list(&rows);
	int i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < n; i++)
	{
		const WalsCached *row = &rows[i];
		const char *place = !row->is_kept    ? "not kept"
		                    : row->is_shared ? "shared file"
		                                     : "memory";
		Datum values[8];
		bool nulls[8] = {false};

		values[0] = ObjectIdGetDatum(row->model);
		values[1] = Int32GetDatum(row->version);
		values[2] =
		    CStringGetTextDatum(row->side == WC_USERS ? "users" : "items");
		values[3] = CStringGetTextDatum(place);
		values[4] = Int64GetDatum((int64) row->bytes);
		nulls[4] = !row->is_kept;
		values[5] = Int64GetDatum(row->hits);
		values[6] = Int64GetDatum(row->loads);
		values[7] = Int64GetDatum(row->opens);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
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
	bytes = wals_cache_prepare(&model, WC_USERS, WALS_READ_CALLER, false);
	bytes += wals_cache_prepare(&model, WC_ITEMS, WALS_READ_CALLER, false);
	wals_query_end();
	PG_RETURN_INT64((int64) bytes);
}
