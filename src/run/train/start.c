/*-------------------------------------------------------------------------
 *
 * start.c
 *	  The version a warm training starts from.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "run/train/options.h"
#include "run/train/start.h"
#include "store/record.h"

/* Its factors must be able to be this training's: as many, of the same kind. */
static void
check_kind(const WalsTrainRequest *request, const WalsTarget *target,
           const WalsModel *start)
{
	const WcParams *params = &request->params;
	const char *feedback = wc_feedback_name(params->feedback);
	bool biases = params->biases < 0 ? params->feedback == WC_EXPLICIT
	                                 : params->biases != 0;
	char *detail;

	if (start->factors != params->factors)
		detail = psprintf("It has %d factors, the training has %d.",
		                  start->factors, params->factors);
	else if (strcmp(start->feedback, feedback) != 0)
		detail = psprintf("Its feedback is %s, the training's is %s.",
		                  start->feedback, feedback);
	else if (start->biases != biases)
		detail = psprintf("It has %s, the training has %s.",
		                  start->biases ? "biases" : "no biases",
		                  biases ? "biases" : "none");
	else if (start->item_type != request->source.item_id_type)
		detail = psprintf("Its items are of type %s, the source's of type %s.",
		                  wals_id_type_name(start->item_type),
		                  wals_id_type_name(request->source.item_id_type));
	else
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("version %d of model \"%s\" cannot be the start of "
	                       "this training",
	                       start->version, target->name),
	                errdetail_internal("%s", detail),
	                errhint("Give the options the version has, or leave "
	                        "warm_start out.")));
}

/* Items of a version that has seen what is held out now would tell of it. */
static bool
has_seen(const WalsTarget *target, const WalsGate *gate, const WalsModel *start)
{
	WalsRecord record;

	return gate->fraction > 0 &&
	       (!wals_record_read(target->relation, start->version, WALS_READ_FRESH,
	                          &record) ||
	        wals_options_unseen(&record, gate->seed) < gate->fraction);
}

bool
wals_start_find(WalsTrainRequest *request, const WalsTarget *target,
                const WalsGate *gate, WalsModel *start)
{
	if (!request->warm_start)
		return false;
	if (!OidIsValid(target->relation) ||
	    !wals_model_find_active(target->relation, start))
	{
		ereport(NOTICE,
		        (errmsg("model \"%s\" has no active version to start from",
		                target->name),
		         errdetail("The first factors are random, as without "
		                   "warm_start.")));
		return false;
	}
	if (request->params.factors == WC_FACTORS_AUTO)
		request->params.factors = start->factors;
	check_kind(request, target, start);
	if (!has_seen(target, gate, start))
		return true;
	ereport(NOTICE, (errmsg("the first factors of model \"%s\" are random: "
	                        "version %d has seen ratings that are held out now",
	                        target->name, start->version)));
	return false;
}
