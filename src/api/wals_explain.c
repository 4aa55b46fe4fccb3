/*-------------------------------------------------------------------------
 *
 * wals_explain.c
 *	  SQL: wals_explain(user_id, item_id, n, model): what a score is made of.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "base/args.h"
#include "run/answer/fold.h"

PG_FUNCTION_INFO_V1(wals_explain);

enum
{
	ARG_USER,
	ARG_ITEM,
	ARG_N,
	ARG_MODEL
};

/* Columns of the result. */
enum
{
	COL_ITEM,
	COL_VALUE,
	COL_WEIGHT,
	COL_CONTRIBUTION,
	COL_SHARE,
	N_COLS
};

Datum
wals_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsReason *reasons;
	int32 n;
	int32 count;
	int32 i;

	InitMaterializedSRF(fcinfo, 0);
	n = wals_arg_limit(fcinfo, ARG_N);
	if (PG_ARGISNULL(ARG_USER) || PG_ARGISNULL(ARG_ITEM))
		return (Datum) 0;
	count = wals_explain_run(
	    wals_arg_oid(fcinfo, ARG_MODEL), wals_arg_type(fcinfo, ARG_USER),
	    PG_GETARG_DATUM(ARG_USER), PG_GETARG_DATUM(ARG_ITEM), n, &reasons);
	for (i = 0; i < count; i++)
	{
		Datum values[N_COLS];
		bool nulls[N_COLS] = {false};

		nulls[COL_ITEM] = reasons[i].is_base;
		nulls[COL_VALUE] = reasons[i].is_base;
		nulls[COL_WEIGHT] = reasons[i].is_base;
		values[COL_ITEM] = reasons[i].item;
		values[COL_VALUE] = Float4GetDatum(reasons[i].value);
		values[COL_WEIGHT] = Float4GetDatum(reasons[i].weight);
		values[COL_CONTRIBUTION] = Float4GetDatum(reasons[i].contribution);
		values[COL_SHARE] = Float4GetDatum(reasons[i].share);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
