/*-------------------------------------------------------------------------
 *
 * wals_explain.c
 *	  SQL: wals_explain(user_id, item_id, n, model): what a score is made of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "run/answer/fold.h"

PG_FUNCTION_INFO_V1(wals_explain);

enum
{
	ARG_USER,
	ARG_ITEM,
	ARG_N,
	ARG_MODEL
};

Datum
wals_explain(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsReason *reasons;
	int32 n;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	n = wals_arg_limit(fcinfo, ARG_N);
	if (PG_ARGISNULL(ARG_USER) || PG_ARGISNULL(ARG_ITEM))
		return (Datum) 0;
	count = wals_explain_run(
	    wals_arg_oid(fcinfo, ARG_MODEL), wals_arg_type(fcinfo, ARG_USER),
	    PG_GETARG_DATUM(ARG_USER), PG_GETARG_DATUM(ARG_ITEM), n, &reasons);
	for (i = 0; i < count; i++)
	{
		const WalsReason *row = &reasons[i];

		wals_put_datum(&result, row->item, row->is_base);
		wals_put_datum(&result, Float4GetDatum(row->value), row->is_base);
		wals_put_datum(&result, Float4GetDatum(row->weight), row->is_base);
		wals_put_float4(&result, row->contribution);
		wals_put_float4(&result, row->share);
		wals_put_row(&result);
	}
	return (Datum) 0;
}
