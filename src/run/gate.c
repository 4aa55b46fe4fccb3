/*-------------------------------------------------------------------------
 *
 * gate.c
 *	  Whether a new version is good enough to answer.
 *
 * run/train.c measures a version on what it held out, if it held anything out,
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
 * items of one that has seen them (run/start.c).
 *
 * Worse by no more than the margin, night after night, would be much worse in a
 * month.  So each version is stored with how far it is behind the best one so
 * far: the differences of one night to the next, on the same pairs, added up
 * from the last that was the best.  The margin limits that.
 *
 * The difference is tested as wals_compare does (run/compare.c).  Over the users
 * its standard error says what other users might have shown; what another
 * training of the same options would have shown is told by how much trainings
 * of the same options have differed in the nights before.  The standard error of
 * both informs and does not decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/hint.h"
#include "base/mapping.h"
#include "run/evaluate.h"
#include "run/gate.h"
#include "run/measure.h"
#include "run/options.h"
#include "store/guard.h"
#include "store/query.h"
#include "store/record.h"
#include "store/source.h"
#include "store/verdict.h"

#define DEFAULT_RANKING "ndcg@10"
#define DEFAULT_RATING "rmse"

/* ------------------------------------------------------------------------
 * Options
 * ------------------------------------------------------------------------ */

static void
refuse(const char *option, const char *detail, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value for option \"%s\"", option),
	                errdetail("%s", detail), wals_hint("%s", hint)));
}

/* One of the metrics at a cut, and which; popularity is no measure of worth. */
static bool
parse_cut_metric(const char *word, WalsMetric *metric)
{
	const char *at = strchr(word, '@');
	char *end = NULL;
	long cut;
	int place;

	if (at == NULL || at[1] < '0' || at[1] > '9')
		return false;
	errno = 0;
	cut = strtol(at + 1, &end, 10);
	if (errno != 0 || *end != '\0' || cut < 1 || cut > WC_CUT_MAX)
		return false;
	for (place = 0; place < WC_CUT_METRICS; place++)
	{
		const char *name = wals_cut_metrics[place];

		if (place == WC_POPULARITY || strlen(name) != (Size) (at - word) ||
		    strncmp(name, word, at - word) != 0)
			continue;
		metric->place = place;
		metric->cut = (int32) cut;
		return true;
	}
	return false;
}

static WalsMetric
parse_metric(const WalsTrainRequest *request)
{
	bool is_explicit = request->params.feedback == WC_EXPLICIT;
	const char *word = request->metric;
	WalsMetric metric = {.name = word};

	if (word == NULL)
		metric.name = word = is_explicit ? DEFAULT_RATING : DEFAULT_RANKING;
	if (strcmp(word, "rmse") == 0 || strcmp(word, "mae") == 0)
	{
		if (!is_explicit)
			refuse("metric",
			       psprintf("The metric is %s, which only feedback explicit "
			                "has.",
			                word),
			       "Use metric => 'ndcg@10'.");
		metric.rates = true;
		metric.squares = word[0] == 'r';
	}
	else if (strcmp(word, "auc") != 0 && !parse_cut_metric(word, &metric))
		refuse("metric", psprintf("There is no metric \"%s\".", word),
		       psprintf("Use ndcg, map, mrr, precision, recall, recall_capped "
		                "or hit_rate with a length of at most %d, such as "
		                "ndcg@10; auc; for explicit feedback rmse or mae.",
		                WC_CUT_MAX));
	return metric;
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
		refuse("holdout",
		       "The value is 0, but activate => 'if_better' needs ratings to "
		       "measure on.",
		       "Leave it out, or use 0.1.");
	if (holdout == 0 && request->metric != NULL)
		refuse("metric", "Nothing is held out that it could be measured on.",
		       "Give a holdout, or leave it out.");
	if (request->margin > 0 && !is_gated(request))
		refuse("margin", "It has a meaning for activate => 'if_better' only.",
		       "Leave it out.");
	if (holdout > 0)
		(void) parse_metric(request);
}

/* ------------------------------------------------------------------------
 * The active version
 * ------------------------------------------------------------------------ */

/* Predictions can be compared with predictions only. */
static void
check_comparable(const WalsGate *gate)
{
	if (gate->metric.rates && !wals_measure_is_explicit(&gate->active))
		refuse("metric",
		       psprintf("The metric is %s, but version %d, which it is to be "
		                "compared with, was trained with feedback %s.",
		                gate->metric.name, gate->active.version,
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
	theirs->metric = gate->metric.name;
	theirs->command = request->command;
	gate->against = WALS_AGAINST_STAND_IN;
	gate->stand_in = theirs;
}

/* Whether a verdict is about what is measured now. */
static bool
is_comparable(const WalsGate *gate, const WalsVerdict *verdict)
{
	return strcmp(verdict->metric, gate->metric.name) == 0 &&
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
	gate->metric = parse_metric(request);
	if (!gate->decides || !OidIsValid(model) ||
	    !wals_model_find_active(model, &gate->active))
		return;
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

/* The mean of one number per user and, of two versions, of its differences. */
static void
sum_ranks(WalsGate *gate, int32 n_users, const double *mine,
          const double *theirs, const bool *known)
{
	WcMoments own = {0, 0, 0};
	WcMoments both[3];
	int32 i;

	memset(both, 0, sizeof(both));
	for (i = 0; i < n_users; i++)
	{
		wc_moments_add(&own, mine[i]);
		if (theirs == NULL || !known[i] || isnan(mine[i]) || isnan(theirs[i]))
			continue;
		wc_moments_add(&both[0], theirs[i]);
		wc_moments_add(&both[1], mine[i]);
		wc_moments_add(&both[2], mine[i] - theirs[i]);
	}
	gate->value = own.n > 0 ? own.mean : NAN;
	gate->error = wc_moments_error(&own);
	gate->n_users = own.n;
	gate->n_common = both[0].n;
	gate->values[0] = both[0].mean;
	gate->values[1] = both[1].mean;
	gate->difference = both[2].mean;
	gate->user_error = wc_moments_error(&both[2]);
}

static double
error_of(const WalsGate *gate, const WcErrorSums *sums)
{
	return gate->metric.squares ? sums->square : sums->absolute;
}

/* A mean over all predictions in the unit of the metric. */
static double
in_unit(const WalsGate *gate, double mean)
{
	return gate->metric.squares ? sqrt(mean) : mean;
}

static void
sum_own_rates(WalsGate *gate, int32 n_users, const WcErrorSums *mine)
{
	WcRatio own;
	int32 i;

	memset(&own, 0, sizeof(own));
	for (i = 0; i < n_users; i++)
		wc_ratio_add(&own, mine[i].n, error_of(gate, &mine[i]));
	gate->value = in_unit(gate, wc_ratio_mean(&own));
	gate->error = wc_ratio_error(&own);
	if (gate->metric.squares)
		gate->error = gate->value > 0 ? gate->error / (2 * gate->value) : NAN;
	gate->n_users = own.users;
}

/* See run/compare.c for the error of a difference of roots. */
static void
sum_common_rates(WalsGate *gate, int32 n_users, const WcErrorSums *mine,
                 const WcErrorSums *theirs, const bool *known)
{
	WcRatio both[3];
	double scale = 1;
	int32 i;

	memset(both, 0, sizeof(both));
	for (i = 0; i < n_users; i++)
	{
		if (!known[i])
			continue;
		wc_ratio_add(&both[0], theirs[i].n, error_of(gate, &theirs[i]));
		wc_ratio_add(&both[1], mine[i].n, error_of(gate, &mine[i]));
		wc_ratio_add(&both[2], mine[i].n,
		             error_of(gate, &mine[i]) - error_of(gate, &theirs[i]));
	}
	gate->n_common = both[0].users;
	gate->values[0] = in_unit(gate, wc_ratio_mean(&both[0]));
	gate->values[1] = in_unit(gate, wc_ratio_mean(&both[1]));
	gate->difference = gate->values[1] - gate->values[0];
	if (gate->metric.squares)
		scale = gate->values[0] + gate->values[1];
	gate->user_error = scale > 0 ? wc_ratio_error(&both[2]) / scale : NAN;
}

static void
measure(WalsGate *gate, const WalsHoldout *holdout, const WcCsr *by_user,
        const WalsContestant *mine, const WalsContestant *theirs)
{
	const WalsMetric *metric = &gate->metric;

	if (metric->rates)
	{
		sum_own_rates(gate, holdout->n_users,
		              wals_holdout_rate(holdout, mine, NULL));
		if (theirs != NULL)
			sum_common_rates(gate, holdout->n_users,
			                 wals_holdout_rate(holdout, mine, theirs),
			                 wals_holdout_rate(holdout, theirs, mine),
			                 theirs->known);
	}
	else
		sum_ranks(gate, holdout->n_users,
		          wals_holdout_rank(holdout, mine, by_user, metric->place,
		                            metric->cut),
		          theirs ? wals_holdout_rank(holdout, theirs, by_user,
		                                     metric->place, metric->cut)
		                 : NULL,
		          theirs ? theirs->known : NULL);
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
	double gain = gate->metric.rates ? -gate->difference : gate->difference;

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
