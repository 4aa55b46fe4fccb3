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
 * of what is held out depends on ids alone and never changes, so a version
 * trained with the same fraction or a larger one has not.  One that was trained
 * with less has, and so has one that was refreshed, from all rows; its figure
 * is too good.  It is compared all the same: a bound that is too high keeps the
 * promise that an answer never gets worse by more than the margin, and the
 * NOTICE says how to get out of it.  For the same reason a version that holds
 * out does not begin with the items of one that has seen them (run/train.c).
 *
 * The difference is tested as wals_compare does (run/compare.c); its standard
 * error informs and does not decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "base/mapping.h"
#include "run/evaluate.h"
#include "run/gate.h"
#include "run/options.h"
#include "store/query.h"
#include "store/record.h"
#include "store/relation.h"

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

	if (!(holdout >= 0 && holdout < 1))
		refuse("holdout",
		       psprintf("The value is %g, it must be at least 0 and less than "
		                "1.",
		                holdout),
		       "0.1 holds out one of ten pairs of user and item.");
	if (holdout == 0 && is_gated(request))
		refuse("holdout",
		       "The value is 0, but activate => 'if_better' needs ratings to "
		       "measure on.",
		       "Leave it out, or use 0.1.");
	if (holdout == 0 && request->metric != NULL)
		refuse("metric", "Nothing is held out that it could be measured on.",
		       "Give a holdout, or leave it out.");
	if (!(request->margin >= 0) || isinf(request->margin))
		refuse("margin",
		       psprintf("The value is %g, it must be a finite number of at "
		                "least 0.",
		                request->margin),
		       "It is how much worse the metric may be, in its own unit.");
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
	if (gate->metric.rates && strcmp(gate->active.feedback, "explicit") != 0)
		refuse("metric",
		       psprintf("The metric is %s, but version %d, which it is to be "
		                "compared with, was trained with feedback %s.",
		                gate->metric.name, gate->active.version,
		                gate->active.feedback),
		       "Use metric => 'ndcg@10', or activate => 'yes'.");
}

void
wals_gate_open(const WalsTrainRequest *request, Oid model, WalsGate *gate)
{
	WalsRecord record;

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
	gate->active_saw = !wals_record_read(model, gate->active.version,
	                                     WALS_READ_FRESH, &record) ||
	                   wals_options_unseen(model, &record, gate->seed) <
	                       gate->fraction;
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
	gate->difference_error = wc_moments_error(&both[2]);
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
	gate->difference_error = scale > 0 ? wc_ratio_error(&both[2]) / scale : NAN;
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

void
wals_gate_judge(WalsGate *gate, const WalsHoldout *holdout,
                const WcIdMap *users, const WcIdMap *items,
                const WcCsr *by_user, const WcCsr *by_item,
                const WcModel *model)
{
	WalsContestant mine = wals_holdout_trained(holdout, model, by_item);
	WalsContestant theirs;

	if (gate->has_active)
	{
		/* of this moment: a training may have begun long ago */
		wals_query_take_snapshot();
		wals_model_version(gate->active.relation, gate->active.version,
		                   &gate->active);
		theirs = wals_holdout_stored(holdout, &gate->active, users, items);
		measure(gate, holdout, by_user, &mine, &theirs);
		/* what comes next is a decision, and it is committed */
		wals_mapping_check();
		wals_query_drop_snapshot();
	}
	else
		measure(gate, holdout, by_user, &mine, NULL);
	gate->compared = gate->n_common > 0;
	if (gate->has_active)
		gate->activates =
		    gate->compared &&
		    (gate->metric.rates ? gate->difference <= gate->margin
		                        : gate->difference >= -gate->margin);
}

/* ------------------------------------------------------------------------
 * Telling
 * ------------------------------------------------------------------------ */

/* "name": value, NaN as null */
static void
put_number(StringInfo json, const char *name, double value)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	escape_json(json, name);
	double_to_shortest_decimal_buf(value, text);
	appendStringInfo(json, ": %s", isfinite(value) ? text : "null");
}

static void
put_gate(StringInfo json, const WalsGate *gate)
{
	appendStringInfoString(json, ", \"gate\": {\"metric\": ");
	escape_json(json, gate->metric.name);
	appendStringInfo(json, ", \"activated\": %s, ",
	                 gate->activates ? "true" : "false");
	put_number(json, "margin", gate->margin);
	if (gate->has_active)
	{
		appendStringInfo(json,
		                 ", \"active_version\": %d, "
		                 "\"active_saw_holdout\": %s, "
		                 "\"n_users\": " INT64_FORMAT,
		                 gate->active.version,
		                 gate->active_saw ? "true" : "false", gate->n_common);
		if (gate->compared)
		{
			appendStringInfoString(json, ", ");
			put_number(json, "active_value", gate->values[0]);
			appendStringInfoString(json, ", ");
			put_number(json, "value", gate->values[1]);
			appendStringInfoString(json, ", ");
			put_number(json, "difference", gate->difference);
			appendStringInfoString(json, ", ");
			put_number(json, "std_error", gate->difference_error);
		}
	}
	appendStringInfoChar(json, '}');
}

char *
wals_gate_json(const WalsGate *gate)
{
	StringInfoData json;

	if (gate->fraction == 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	put_number(&json, gate->metric.name, gate->value);
	appendStringInfoString(&json, ", \"holdout\": {");
	put_number(&json, "fraction", gate->fraction);
	/* the one that draws the same as an argument of wals_holdout() */
	appendStringInfo(&json, ", \"seed\": " INT64_FORMAT ", ",
	                 gate->seed ^ WC_DRAW_HOLDOUT);
	put_number(&json, "std_error", gate->error);
	appendStringInfo(&json, ", \"n_users\": " INT64_FORMAT "}", gate->n_users);
	if (gate->decides)
		put_gate(&json, gate);
	appendStringInfoChar(&json, '}');
	return json.data;
}

static void
announce_decision(const WalsGate *gate, Oid model, int32 version)
{
	const char *name = get_rel_name(model);
	int32 active = gate->active.version;
	char *activate =
	    psprintf("SELECT wals_activate(%s, %d);",
	             quote_literal_cstr(wals_relation_quoted(model)), version);
	char *figures;
	char *flatters = "";

	if (!gate->compared)
	{
		ereport(NOTICE,
		        (errmsg("version %d of model \"%s\" does not answer: version "
		                "%d has none of the users that were measured",
		                version, name, active),
		         wals_hint("%s makes it answer.", activate)));
		return;
	}
	figures = psprintf("%s is %.4g, that of version %d %.4g", gate->metric.name,
	                   gate->values[1], active, gate->values[0]);
	if (gate->active_saw)
		flatters = psprintf(" Version %d has seen what is held out now, which "
		                    "flatters it.",
		                    active);
	ereport(
	    NOTICE,
	    (gate->activates
	         ? errmsg("version %d of model \"%s\" answers from now on: its %s",
	                  version, name, figures)
	         : errmsg("version %d of model \"%s\" does not answer: its %s",
	                  version, name, figures),
	     errdetail("For " INT64_FORMAT
	               " users the difference is %.3g, its standard error %.3g, "
	               "the margin %g.%s",
	               gate->n_common, gate->difference, gate->difference_error,
	               gate->margin, flatters),
	     gate->active_saw && !gate->activates
	         ? wals_hint("%s makes it answer, and later comparisons fair.",
	                     activate)
	         : 0));
}

void
wals_gate_announce(const WalsGate *gate, Oid model, int32 version)
{
	if (gate->fraction == 0)
		return;
	if (gate->has_active)
		announce_decision(gate, model, version);
	else
		ereport(
		    NOTICE,
		    (errmsg("%s of version %d of model \"%s\" is %.4g on ratings "
		            "that were held out",
		            gate->metric.name, version, get_rel_name(model),
		            gate->value),
		     errdetail("Its standard error for " INT64_FORMAT " users is %.3g.",
		               gate->n_users, gate->error)));
}
