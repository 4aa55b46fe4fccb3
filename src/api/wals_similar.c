/*-------------------------------------------------------------------------
 *
 * wals_similar.c
 *	  SQL: wals_similar_items(item_id, n, ...), wals_similar_users(user_id, n,
 *	  ...).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "run/answer/similar.h"

PG_FUNCTION_INFO_V1(wals_similar_items);
PG_FUNCTION_INFO_V1(wals_similar_users);

enum
{
	ARG_ID,
	ARG_N,
	ARG_MODEL,
	ARG_CANDIDATES,
	ARG_METRIC
};

static Datum
similar(FunctionCallInfo fcinfo, WcSide side)
{
	WalsResult result;
	WalsSimilarRequest request;
	WalsAnswer *rows;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.side = side;
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.metric = wals_arg_choice(fcinfo, ARG_METRIC, "metric",
	                                 wals_metric_choices, WC_COSINE);
	if (PG_ARGISNULL(ARG_ID))
		return (Datum) 0;

	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.id_type = wals_arg_type(fcinfo, ARG_ID);
	request.id = PG_GETARG_DATUM(ARG_ID);
	request.has_candidates =
	    wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
	                   &request.n_candidates, &request.candidates);

	count = wals_similar_run(&request, &rows);
	for (i = 0; i < count; i++)
		wals_put_ranked(&result, rows[i].id, rows[i].score, i + 1, NULL);
	return (Datum) 0;
}

Datum
wals_similar_items(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, WC_ITEMS);
}

Datum
wals_similar_users(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, WC_USERS);
}
