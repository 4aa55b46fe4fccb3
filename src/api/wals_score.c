/*-------------------------------------------------------------------------
 *
 * wals_score.c
 *	  SQL: wals_score(user_id, item_id, model, fold_in), NULL for unknown ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "run/score.h"

PG_FUNCTION_INFO_V1(wals_score);

Datum
wals_score(PG_FUNCTION_ARGS)
{
	FmgrInfo *place = fcinfo->flinfo;
	float score;
	int fold_in = wals_arg_choice(fcinfo, 3, "fold_in", wals_fold_in_choices,
	                              WALS_FOLD_NEVER);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (place->fn_extra == NULL)
		place->fn_extra =
		    wals_scoring_create(place->fn_mcxt, wals_arg_type(fcinfo, 0));
	if (!wals_score_run(place->fn_extra, wals_arg_oid(fcinfo, 2),
	                    PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), fold_in,
	                    &score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4(score);
}
