/*-------------------------------------------------------------------------
 *
 * gate.c
 *	  Whether a new version is good enough to answer.
 *
 * run/train/train.c measures a version on what it held out, if it held anything out,
 * and with activate => 'if_better' the active version on the same, user by
 * user.  The new one answers if its metric is not worse by more than the
 * margin.
 *
 * The comparison is fair when neither has seen what it is asked for.  The draw
 * of what is held out depends on ids and a seed alone, so a version trained with
 * the same seed and the same fraction or a larger one has not.  One that was
 * trained with less has, and its figure would be too good for ever.  What can be
 * compared then are its options, trained without these pairs on the rows of
 * today: if they are those of the new version, that is the new version, and it
 * answers; else they are trained in memory, and stand in for it.  If neither can
 * be (an imported version, another source), its figure is a bound that is too
 * high, and keeps the promise.  A version that holds out does not begin with the
 * items of one that has seen them (run/train/start.c).
 *
 * Worse by no more than the margin, night after night, would be much worse in a
 * month.  So each version is stored with how far it is behind the best one so
 * far: the differences of one night to the next, on the same pairs, added up
 * from the last that was the best.  The margin limits that.
 *
 * The difference is tested as wals_compare does (run/measure/summary.c).  Over the users
 * its standard error says what other users might have shown; what another
 * training of the same options would have shown is told by how much trainings
 * of the same options have differed in the nights before.  The standard error of
 * both informs and does not decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/lsyscache.h"

#include "base/args.h"
#include "base/mapping.h"
#include "run/measure/gate.h"
#include "run/measure/measure.h"
#include "run/train/options.h"
#include "store/factors.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/record.h"
#include "store/source.h"

/* ------------------------------------------------------------------------
 * Options
 * ------------------------------------------------------------------------ */

/* The length is said with the name. */
static WalsMetric
metric_of(const WalsTrainRequest *request)
{
	return wals_metric_read(request->metric, request->params.feedback, 0);
}

static bool
is_gated(const WalsTrainRequest *request)
{
	return request->activate == WALS_ACTIVATE_IF_BETTER;
}

void
wals_gate_check(const WalsTrainRequest *request)
{
	double holdout = request->holdout;

	if (holdout == 0 && is_gated(request))
		wals_option_refuse(
		    "holdout",
		    "The value is 0, but activate => 'if_better' needs ratings to "
		    "measure on.",
		    "Leave it out, or use 0.1.");
	if (holdout == 0 && request->metric != NULL)
		wals_option_refuse("metric",
		                   "Nothing is held out that it could be measured on.",
		                   "Give a holdout, or leave it out.");
	if (request->margin > 0 && !is_gated(request))
		wals_option_refuse("margin",
		                   "It has a meaning for activate => 'if_better' only.",
		                   "Leave it out.");
	if (holdout > 0)
		(void) metric_of(request);
}

/* ------------------------------------------------------------------------
 * The active version
 * ------------------------------------------------------------------------ */

/* Predictions can be compared with predictions only. */
static void
check_comparable(const WalsGate *gate)
{
	if (gate->metric.kind == WALS_METRIC_RATING &&
	    !wals_measure_is_explicit(&gate->active))
		wals_option_refuse(
		    "metric",
		    psprintf("The metric is %s, but version %d, which it is to be "
		             "compared with, was trained with feedback %s.",
		             gate->metric_text, gate->active.version,
		             gate->active.feedback),
		    "Use metric => 'ndcg@10', or activate => 'yes'.");
}

/*
 * Whether the new version has the options of the active one; if not, and that
 * has seen what is held out, they are to be trained again.
 */
static void
open_stand_in(const WalsTrainRequest *request, Oid model,
              const WalsRecord *record, WalsGate *gate)
{
	WalsTrainRequest *theirs = palloc(sizeof(WalsTrainRequest));

	wals_options_read(model, record, theirs);
	gate->same_options = wals_options_same(request, theirs);
	if (!gate->active_saw)
		return;
	if (gate->same_options)
	{
		gate->against = WALS_AGAINST_NOTHING;
		return;
	}
	wals_guard_trust(model, record->version);
	wals_source_check_code(model, theirs->row_weights, "");
	wals_source_check_code(model, theirs->col_weights, "");
	theirs->warm_start = false;
	theirs->factors_chosen = false; /* as many as it has */
	theirs->activate = WALS_ACTIVATE_NO;
	theirs->holdout = request->holdout;
	theirs->holdout_seed = request->holdout_seed;
	theirs->metric = gate->metric_text;
	theirs->command = request->command;
	gate->against = WALS_AGAINST_STAND_IN;
	gate->stand_in = theirs;
}

/* Whether a verdict is about what is measured now. */
static bool
is_comparable(const WalsGate *gate, const WalsVerdict *verdict)
{
	return strcmp(verdict->metric, gate->metric_text) == 0 &&
	       verdict->fraction == gate->fraction &&
	       verdict->draw == (gate->seed ^ WC_DRAW_HOLDOUT);
}

/*
 * What earlier gates found: how far the active version is behind the best, and
 * how much versions differ.  One that answers although it was turned down is
 * somebody's decision, who begins anew.
 */
static void
read_verdicts(Oid model, WalsGate *gate)
{
	WalsVerdict verdict;

	gate->best_version = gate->active.version;
	if (!gate->active_saw &&
	    wals_verdict_read(model, gate->active.version, &verdict) &&
	    verdict.activated && is_comparable(gate, &verdict))
	{
		gate->active_behind = verdict.behind;
		if (verdict.behind > 0)
			gate->best_version = verdict.best_version;
	}
	if (wals_verdict_read(model, 0, &verdict) && is_comparable(gate, &verdict))
	{
		gate->n_differences = verdict.n_differences;
		gate->deviation = verdict.deviation;
	}
}

void
wals_gate_open(const WalsTrainRequest *request, Oid model, WalsGate *gate)
{
	WalsRecord record;
	bool known;

	memset(gate, 0, sizeof(*gate));
	gate->activates = request->activate != WALS_ACTIVATE_NO;
	gate->fraction = request->holdout;
	gate->seed = request->holdout_seed;
	gate->margin = request->margin;
	gate->decides = is_gated(request);
	if (gate->fraction == 0)
		return;
	gate->metric = metric_of(request);
	gate->metric_text = wals_metric_text(&gate->metric);
	if (!gate->decides || !OidIsValid(model) ||
	    !wals_model_find_active(model, &gate->active))
		return;
	if (!wals_complete_is(&gate->active))
	{
		ereport(NOTICE, (errmsg("version %d of model \"%s\" lacks factors to "
		                        "compare with: the new version answers",
		                        gate->active.version, get_rel_name(model))));
		return;
	}
	gate->has_active = true;
	check_comparable(gate);
	known =
	    wals_record_read(model, gate->active.version, WALS_READ_FRESH, &record);
	gate->active_saw =
	    !known || wals_options_unseen(&record, gate->seed) < gate->fraction;
	if (known && wals_options_repeatable(&record, request))
		open_stand_in(request, model, &record, gate);
	read_verdicts(model, gate);
}

/* ------------------------------------------------------------------------
 * Measuring
 * ------------------------------------------------------------------------ */

static void
measure(WalsGate *gate, const WalsHoldout *holdout, const WcCsr *by_user,
        const WalsContestant *mine, const WalsContestant *theirs)
{
	static const int one_each[2] = {1, 1};
	const WalsMetric *metric = &gate->metric;
	WalsOutcome own =
	    wals_holdout_measure(holdout, mine, NULL, by_user, metric);
	WalsOutcome both[2];
	WalsDifference difference;

	gate->mean = wals_summary_mean(metric, &own);
	if (theirs == NULL)
		return;
	both[0] = wals_holdout_measure(holdout, theirs, mine, by_user, metric);
	both[1] = own; /* of lists; predictions are of what both know */
	if (metric->kind == WALS_METRIC_RATING)
		both[1] = wals_holdout_measure(holdout, mine, theirs, by_user, metric);
	difference = wals_summary_difference(metric, both, one_each);
	gate->n_common = difference.n_users;
	gate->values[0] = difference.value[0];
	gate->values[1] = difference.value[1];
	gate->difference = difference.difference;
	gate->user_error = difference.error;
	wals_outcome_free(&both[0], holdout->job);
	wals_outcome_free(&both[1], holdout->job);
	if (metric->kind == WALS_METRIC_RATING)
		wals_outcome_free(&own, holdout->job);
}

/* The active version as it is now; a training may have begun long ago. */
static void
measure_active(WalsGate *gate, const WalsHoldout *holdout,
               const WalsTrained *trained, const WalsContestant *mine)
{
	WalsContestant theirs;

	wals_query_take_snapshot();
	wals_model_version(gate->active.relation, gate->active.version,
	                   &gate->active);
	theirs = wals_holdout_stored(holdout, trained, &gate->active);
	measure(gate, holdout, trained->by_user, mine, &theirs);
	/* what comes next is a decision, and it is committed */
	wals_mapping_check();
	wals_query_drop_snapshot();
}

/* How far the new version is behind the best so far, itself included. */
static void
rank_among_versions(WalsGate *gate)
{
	double gain = wals_metric_higher(&gate->metric) ? gate->difference
	                                                : -gate->difference;

	gate->behind = Max(0.0, gate->active_behind - gain);
	if (gate->behind == 0)
		gate->best_version = 0;
}

static void
decide(WalsGate *gate)
{
	gate->compared =
	    gate->n_common > 0 && gate->against != WALS_AGAINST_NOTHING;
	gate->difference_error = gate->user_error;
	if (gate->against == WALS_AGAINST_NOTHING)
	{
		gate->activates = gate->n_common > 0;
		gate->best_version = 0;
		return;
	}
	gate->activates = gate->compared;
	if (!gate->compared)
		return;
	if (gate->n_differences > 0)
		gate->difference_error = hypot(gate->user_error, gate->deviation);
	rank_among_versions(gate);
	gate->activates = gate->behind <= gate->margin;
	/* a figure that is too good is nothing to be behind of */
	if (gate->active_saw && gate->against == WALS_AGAINST_ACTIVE)
	{
		gate->behind = 0;
		gate->best_version = 0;
	}
}

void
wals_gate_judge(WalsGate *gate, const WalsHoldout *holdout,
                const WalsTrained *trained, const WalsTrained *stand_in)
{
	WalsContestant mine = wals_holdout_trained(holdout, trained, trained);

	gate->seen_value = NAN;
	if (!gate->has_active)
	{
		measure(gate, holdout, trained->by_user, &mine, NULL);
		return;
	}
	measure_active(gate, holdout, trained, &mine);
	if (gate->active_saw && gate->n_common > 0)
		gate->seen_value = gate->values[0];
	if (gate->against == WALS_AGAINST_STAND_IN && gate->n_common > 0)
	{
		WalsContestant theirs =
		    wals_holdout_trained(holdout, trained, stand_in);

		measure(gate, holdout, trained->by_user, &mine, &theirs);
	}
	decide(gate);
}
