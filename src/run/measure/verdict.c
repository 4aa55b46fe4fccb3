/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  What a gate has found, in the words and numbers that are left of it: the
 *	  column "metrics" of the version, and a NOTICE.
 *
 * A scheduler loses the NOTICE, so all of it stands in the row, with the reason
 * in words; wals_models shows those of the last version that was turned down.
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
#include "run/measure/gate.h"
#include "store/relation.h"

/* Differences that count in full; with more the older ones fade. */
#define DIFFERENCES_MAX 20

/*
 * More standard errors than these are no noise: rows or options have changed.
 * Without so many differences nobody can tell.
 */
#define NOISE_MAX 4
#define NOISE_KNOWN 5

/* How the new version compares, or why it was not compared. */
static char *
reason_of(const WalsGate *gate, int32 version)
{
	int32 active = gate->active.version;
	const char *name = gate->metric_text;
	const char *other;

	if (!gate->has_active)
		return pstrdup("there was no active version");
	if (gate->n_common == 0)
		return psprintf("version %d has none of the users that were measured",
		                active);
	if (gate->against == WALS_AGAINST_NOTHING)
		return psprintf("version %d was trained on what is held out now, with "
		                "the same options: trained without it, they give this "
		                "version",
		                active);
	if (!gate->activates && gate->best_version != active &&
	    gate->active_behind > 0)
		return psprintf("its %s is %.4g, %.3g behind that of version %d, the "
		                "best so far: more than the margin, %g",
		                name, gate->values[1], gate->behind, gate->best_version,
		                gate->margin);
	other = gate->against == WALS_AGAINST_STAND_IN
	            ? psprintf("that of the options of version %d, trained again "
	                       "without what is held out,",
	                       active)
	            : psprintf("that of version %d", active);
	return psprintf("its %s is %.4g, %s %.4g%s", name, gate->values[1], other,
	                gate->values[0],
	                gate->activates ? ""
	                                : psprintf(": worse by more than the "
	                                           "margin, %g",
	                                           gate->margin));
}

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
put_next(StringInfo json, const char *name, double value)
{
	appendStringInfoString(json, ", ");
	put_number(json, name, value);
}

/*
 * How much versions of the same options have differed, this one included: for
 * the gates to come.
 */
static void
put_differences(StringInfo json, const WalsGate *gate)
{
	double n = gate->n_differences;
	double square = gate->deviation * gate->deviation;

	if (gate->same_options && gate->against == WALS_AGAINST_ACTIVE &&
	    !gate->active_saw &&
	    (n < NOISE_KNOWN ||
	     fabs(gate->difference) <= NOISE_MAX * gate->difference_error))
	{
		square = (n * square + gate->difference * gate->difference) / (n + 1);
		n = Min(n + 1, DIFFERENCES_MAX);
	}
	if (n == 0)
		return;
	appendStringInfo(json, ", \"differences\": {\"n\": %d, ", (int) n);
	put_number(json, "deviation", sqrt(square));
	appendStringInfoChar(json, '}');
}

static void
put_comparison(StringInfo json, const WalsGate *gate, int32 version)
{
	put_next(json, "active_value", gate->values[0]);
	put_next(json, "value", gate->values[1]);
	put_next(json, "difference", gate->difference);
	put_next(json, "std_error", gate->difference_error);
	put_next(json, "user_error", gate->user_error);
	put_next(json, "training_error",
	         gate->n_differences > 0 ? gate->deviation : NAN);
	put_next(json, "behind_best", gate->behind);
	put_next(json, "best_version",
	         gate->best_version == 0 ? version : gate->best_version);
	put_differences(json, gate);
}

static void
put_gate(StringInfo json, const WalsGate *gate, int32 version)
{
	static const char *const against[] = {
	    [WALS_AGAINST_ACTIVE] = "active version",
	    [WALS_AGAINST_NOTHING] = "nothing",
	    [WALS_AGAINST_STAND_IN] = "its options"};

	appendStringInfoString(json, ", \"gate\": {\"metric\": ");
	escape_json(json, gate->metric_text);
	appendStringInfo(json, ", \"activated\": %s, \"reason\": ",
	                 gate->activates ? "true" : "false");
	escape_json(json, reason_of(gate, version));
	put_next(json, "margin", gate->margin);
	if (gate->has_active)
	{
		appendStringInfo(json,
		                 ", \"active_version\": %d, "
		                 "\"active_saw_holdout\": %s, \"against\": ",
		                 gate->active.version,
		                 gate->active_saw ? "true" : "false");
		escape_json(json, against[gate->against]);
		appendStringInfo(json, ", \"n_users\": " INT64_FORMAT, gate->n_common);
		if (gate->active_saw)
			put_next(json, "seen_value", gate->seen_value);
		if (gate->compared)
			put_comparison(json, gate, version);
	}
	appendStringInfoChar(json, '}');
}

char *
wals_gate_json(const WalsGate *gate, int32 version)
{
	StringInfoData json;

	if (gate->fraction == 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	put_number(&json, gate->metric_text, gate->mean.value);
	appendStringInfoString(&json, ", \"holdout\": {");
	put_number(&json, "fraction", gate->fraction);
	/* the one that draws the same as an argument of wals_holdout() */
	appendStringInfo(&json, ", \"seed\": " INT64_FORMAT,
	                 gate->seed ^ WC_DRAW_HOLDOUT);
	put_next(&json, "std_error", gate->mean.error);
	appendStringInfo(&json, ", \"n_users\": " INT64_FORMAT "}",
	                 gate->mean.n_users);
	if (gate->decides)
		put_gate(&json, gate, version);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* The figures behind the decision. */
static char *
figures_of(const WalsGate *gate)
{
	StringInfoData text;

	initStringInfo(&text);
	if (gate->compared)
		appendStringInfo(
		    &text,
		    "For " INT64_FORMAT
		    " users the difference is %.3g, its standard error %.3g, "
		    "the margin %g.",
		    gate->n_common, gate->difference, gate->difference_error,
		    gate->margin);
	else
		appendStringInfo(&text, "Its %s is %.4g.", gate->metric_text,
		                 gate->mean.value);
	if (gate->compared && gate->n_differences > 0)
		appendStringInfo(&text,
		                 " %.3g of the standard error is the noise of "
		                 "training, by the last %d.",
		                 gate->deviation, gate->n_differences);
	if (gate->compared && gate->behind > 0 && gate->active_behind > 0)
		appendStringInfo(&text,
		                 " It is %.3g behind version %d, the best so "
		                 "far.",
		                 gate->behind, gate->best_version);
	if (gate->active_saw && gate->n_common > 0)
		appendStringInfo(&text,
		                 " Version %d has seen what is held out now; its own "
		                 "figure, %.4g, flatters it.",
		                 gate->active.version, gate->seen_value);
	return text.data;
}

static void
announce_decision(const WalsGate *gate, Oid model, int32 version)
{
	const char *name = get_rel_name(model);
	char *activate =
	    psprintf("SELECT wals_activate(%s, %d);",
	             quote_literal_cstr(wals_relation_quoted(model)), version);

	ereport(NOTICE,
	        (gate->activates
	             ? errmsg("version %d of model \"%s\" answers from now on: %s",
	                      version, name, reason_of(gate, version))
	             : errmsg("version %d of model \"%s\" does not answer: %s",
	                      version, name, reason_of(gate, version)),
	         errdetail_internal("%s", figures_of(gate)),
	         gate->activates ? 0 : wals_hint("%s makes it answer.", activate)));
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
		            gate->metric_text, version, get_rel_name(model),
		            gate->mean.value),
		     errdetail("Its standard error for " INT64_FORMAT " users is %.3g.",
		               gate->mean.n_users, gate->mean.error)));
}
