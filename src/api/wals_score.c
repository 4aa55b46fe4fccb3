/*-------------------------------------------------------------------------
 *
 * wals_score.c
 *	  SQL: wals_score(user_id, item_id, model, fold_in), NULL for unknown ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/lsyscache.h"

#include "run/recommend.h"

PG_FUNCTION_INFO_V1(wals_score);

Datum
wals_score(PG_FUNCTION_ARGS)
{
	Oid *types;
	int n;
	float score;
	int fold_in = wals_arg_choice(fcinfo, 3, "fold_in", wals_fold_in_choices,
	                              WALS_FOLD_NEVER);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	if (!wals_score_run(wals_arg_oid(fcinfo, 2), types[0], PG_GETARG_DATUM(0),
	                    PG_GETARG_DATUM(1), fold_in, &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4(score);
}
