/*-------------------------------------------------------------------------
 *
 * wals_profile.c
 *	  SQL: wals_profile(source, ...) describes a relation of ratings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "base/args.h"
#include "base/hint.h"
#include "run/profile.h"

PG_FUNCTION_INFO_V1(wals_profile);

enum
{
	ARG_SOURCE,
	ARG_USER_COL,
	ARG_ITEM_COL,
	ARG_VALUE_COL,
	ARG_WEIGHT_COL,
	ARG_TIME_COL,
	ARG_FACTORS
};

Datum
wals_profile(PG_FUNCTION_ARGS)
{
	WalsProfileRequest request;

	if (PG_ARGISNULL(ARG_SOURCE))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("argument \"%s\" must not be NULL", "source"),
		                wals_hint("SELECT * FROM wals_profile('ratings');")));
	InitMaterializedSRF(fcinfo, 0);
	memset(&request, 0, sizeof(request));
	request.source.relation = PG_GETARG_OID(ARG_SOURCE);
	request.source.user_col = wals_arg_name(fcinfo, ARG_USER_COL);
	request.source.item_col = wals_arg_name(fcinfo, ARG_ITEM_COL);
	request.source.value_col = wals_arg_name(fcinfo, ARG_VALUE_COL);
	request.source.weight_col = wals_arg_name(fcinfo, ARG_WEIGHT_COL);
	request.source.time_col = wals_arg_name(fcinfo, ARG_TIME_COL);
	if (request.source.user_col == NULL)
		request.source.user_col = "user_id";
	if (request.source.item_col == NULL)
		request.source.item_col = "item_id";
	request.factors = wals_arg_within(fcinfo, ARG_FACTORS, WC_FACTORS_MIN,
	                                  WC_FACTORS_MAX, WC_FACTORS_AUTO);
	wals_profile_run(&request, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
