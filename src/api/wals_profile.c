/*-------------------------------------------------------------------------
 *
 * wals_profile.c
 *	  SQL: wals_profile(source, ...) describes a relation of ratings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "run/train/options.h"
#include "run/train/profile.h"

PG_FUNCTION_INFO_V1(wals_profile);

enum
{
	ARG_SOURCE,
	ARG_FACTORS = 6 /* after the columns */
};

static void
put(void *result, const char *property, Datum value, const char *note)
{
	wals_put_text(result, property);
	wals_put_datum(result, value, value == (Datum) 0);
	wals_put_text(result, note);
	wals_put_row(result);
}

Datum
wals_profile(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsProfileRequest request;

	wals_arg_required(fcinfo, ARG_SOURCE, "source",
	                  "SELECT * FROM wals_profile('ratings');");
	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.source.relation = PG_GETARG_OID(ARG_SOURCE);
	wals_options_source(fcinfo, &request.source);
	request.factors = wals_arg_within(fcinfo, ARG_FACTORS, WC_FACTORS_MIN,
	                                  WC_FACTORS_MAX, WC_FACTORS_AUTO);
	wals_profile_run(&request, put, &result);
	return (Datum) 0;
}
