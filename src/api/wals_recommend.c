/*-------------------------------------------------------------------------
 *
 * wals_recommend.c
 *	  SQL: wals_recommend(user_id, n, ...), wals_recommend_support.
 *
 * One C function serves the overloads for bigint, text and uuid; it asks which
 * type it was declared with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/estimate.h"
#include "base/result.h"
#include "run/answer/recommend.h"

PG_FUNCTION_INFO_V1(wals_recommend);
PG_FUNCTION_INFO_V1(wals_recommend_support);

#define MAX_PENALTY 1e6f

enum
{
	ARG_USER,
	ARG_N,
	ARG_MODEL,
	ARG_CANDIDATES,
	ARG_EXCLUDE,
	ARG_EXCLUDE_SEEN,
	ARG_MIN_SCORE,
	ARG_COLD_START,
	ARG_FOLD_IN,
	ARG_POPULARITY_PENALTY,
	ARG_DIVERSITY,
	ARG_EXPLORE
};

/* A rule's strength: 0 to most, or 22023; most is finite. */
static float
strength(FunctionCallInfo fcinfo, int arg, const char *name, float most)
{
	double value = wals_arg_float8(fcinfo, arg, 0);

	if (!(value >= 0 && value <= most))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("%s must be between 0 and %.0f", name, most),
		         errdetail("The value is %g.", value),
		         errhint("Leave it out, or use %s => 0, for the order of the "
		                 "scores.",
		                 name)));
	return (float) value;
}

/* Uncertainty is that of the ratings a user is folded in from. */
static void
check_explore(const WalsRecommendRequest *request)
{
	if (request->rules.explore > 0 && request->fold_in == WALS_FOLD_NEVER)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("explore needs the user's ratings, which fold_in => "
		                "'never' leaves unread"),
		         errdetail("How uncertain a score is depends on them."),
		         errhint("Use fold_in => 'auto', or explore => 0.")));
}

Datum
wals_recommend(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsRecommendRequest request;
	WalsAnswer *items;
	const char *basis;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.min_score = wals_arg_min_score(fcinfo, ARG_MIN_SCORE);
	request.exclude_seen = wals_arg_bool(fcinfo, ARG_EXCLUDE_SEEN, true);
	request.cold_start =
	    wals_arg_choice(fcinfo, ARG_COLD_START, "cold_start",
	                    wals_cold_start_choices, WALS_COLD_POPULAR);
	request.fold_in = wals_arg_choice(fcinfo, ARG_FOLD_IN, "fold_in",
	                                  wals_fold_in_choices, WALS_FOLD_AUTO);
	request.rules.popularity_penalty = strength(
	    fcinfo, ARG_POPULARITY_PENALTY, "popularity_penalty", MAX_PENALTY);
	request.rules.diversity = strength(fcinfo, ARG_DIVERSITY, "diversity", 1);
	request.rules.explore =
	    strength(fcinfo, ARG_EXPLORE, "explore", MAX_PENALTY);
	check_explore(&request);
	if (PG_ARGISNULL(ARG_USER))
		return (Datum) 0;

	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.id_type = wals_arg_type(fcinfo, ARG_USER);
	request.user = PG_GETARG_DATUM(ARG_USER);
	request.has_candidates =
	    wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
	                   &request.n_candidates, &request.candidates);
	(void) wals_arg_array(fcinfo, ARG_EXCLUDE, "exclude", &request.n_exclude,
	                      &request.exclude);

	count = wals_recommend_run(&request, &items, &basis);
	for (i = 0; i < count; i++)
		wals_put_ranked(&result, items[i].id, items[i].score, i + 1, basis);
	return (Datum) 0;
}

/* Planner support: n rows when n is known, else the declared number stands. */
Datum
wals_recommend_support(PG_FUNCTION_ARGS)
{
	Node *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *request;
	double rows;

	if (!IsA(raw, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestRows *) raw;
	rows = wals_estimate_limit(request);
	if (rows == 0)
		PG_RETURN_POINTER(NULL);
	request->rows = rows;
	PG_RETURN_POINTER(request);
}
