/*-------------------------------------------------------------------------
 *
 * wals_import.c
 *	  SQL: wals_import(model, users, items, ...) -> version.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"

#include "base/args.h"
#include "run/train/import.h"
#include "run/train/options.h"

PG_FUNCTION_INFO_V1(wals_import);

/* The options are found by their names. */
enum
{
	ARG_MODEL,
	ARG_USERS,
	ARG_ITEMS,
	ARG_SOURCE
};

/* There is nothing to be better by. */
static const WalsChoice activate_choices[] = {
    {"yes", WALS_ACTIVATE_YES}, {"no", WALS_ACTIVATE_NO}, {NULL, 0}};

static void
check_number(const char *option, double value)
{
	if (!isfinite((float) value))
		wals_option_refuse(
		    option,
		    psprintf("The value is %g, it must be a finite number.", value),
		    "Leave it out for the default.");
}

static void
required(FunctionCallInfo fcinfo, int arg, const char *name)
{
	wals_arg_required(
	    fcinfo, arg, name,
	    "SELECT wals_import('movies', 'user_factors', 'item_factors');");
}

/*
 * What the objective was.  If nobody says, biases were regularized as their rows,
 * and counts did not raise weights.
 */
static void
fetch_objective(FunctionCallInfo fcinfo, WalsTrainRequest *train)
{
	WcParams *params = &train->params;
	int activate = wals_arg_find(fcinfo, "activate");
	int32 i;

	params->reg_exponent = 1;
	params->bias_regularization[WC_USERS] = WC_BIAS_AS_ROW;
	params->bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
	params->row_weight_exponent = params->col_weight_exponent = 0;
	if (activate >= 0)
		(void) wals_arg_choice(fcinfo, activate, "activate", activate_choices,
		                       WALS_ACTIVATE_YES);
	wals_options_fetch(fcinfo, train);
	for (i = 0; i < wc_option_count; i++)
		if (wc_options[i].kind == WC_OPTION_REAL &&
		    !wc_option_is_open(&wc_options[i], params))
			check_number(wc_options[i].name,
			             wc_option_get(&wc_options[i], params).real);
}

Datum
wals_import(PG_FUNCTION_ARGS)
{
	WalsImportRequest request;
	WalsTrainRequest *train = &request.train;
	int mean = wals_arg_find(fcinfo, "global_mean");

	memset(&request, 0, sizeof(request));
	wals_options_reset(train);
	required(fcinfo, ARG_MODEL, "model");
	required(fcinfo, ARG_USERS, "users");
	required(fcinfo, ARG_ITEMS, "items");
	request.users = PG_GETARG_OID(ARG_USERS);
	request.items = PG_GETARG_OID(ARG_ITEMS);
	train->model = wals_arg_text(fcinfo, ARG_MODEL);
	train->source.relation = wals_arg_oid(fcinfo, ARG_SOURCE);
	wals_options_source(fcinfo, &train->source);
	fetch_objective(fcinfo, train);
	request.mean = mean >= 0 ? wals_arg_float8(fcinfo, mean, 0) : 0;
	check_number("global_mean", request.mean);
	wals_options_check_own(train);
	PG_RETURN_INT32(wals_import_run(&request));
}
