/*-------------------------------------------------------------------------
 *
 * wals_train.c
 *	  SQL: wals_train(model, source, ...) returns the new version.
 *
 * What the options mean is in the reference and in core/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "run/train/options.h"
#include "run/train/train.h"

PG_FUNCTION_INFO_V1(wals_train);

/* The options are found by their names. */
enum
{
	ARG_MODEL,
	ARG_SOURCE
};

static void
required(FunctionCallInfo fcinfo, int arg, const char *name)
{
	wals_arg_required(fcinfo, arg, name,
	                  "SELECT wals_train('movies', 'ratings');");
}

Datum
wals_train(PG_FUNCTION_ARGS)
{
	WalsTrainRequest request;

	required(fcinfo, ARG_MODEL, "model");
	required(fcinfo, ARG_SOURCE, "source");
	wals_options_reset(&request);
	request.model = wals_arg_text(fcinfo, ARG_MODEL);
	request.source.relation = PG_GETARG_OID(ARG_SOURCE);
	wals_options_source(fcinfo, &request.source);
	wals_options_fetch(fcinfo, &request);
	request.factors_chosen = request.params.factors == WC_FACTORS_AUTO;
	PG_RETURN_INT32(wals_train_run(&request));
}
