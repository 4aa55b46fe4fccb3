/*-------------------------------------------------------------------------
 *
 * wals_recommend_users.c
 *	  SQL: wals_recommend_users(item_id, n, ...), whom to show an item to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "base/result.h"
#include "run/answer/recommend.h"

PG_FUNCTION_INFO_V1(wals_recommend_users);

enum
{
	ARG_ITEM,
	ARG_N,
	ARG_MODEL,
	ARG_CANDIDATES,
	ARG_EXCLUDE_SEEN
};

Datum
wals_recommend_users(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsRecommendUsersRequest request;
	WalsAnswer *users;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.exclude_seen = wals_arg_bool(fcinfo, ARG_EXCLUDE_SEEN, true);
	if (PG_ARGISNULL(ARG_ITEM))
		return (Datum) 0;

	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.id_type = wals_arg_type(fcinfo, ARG_ITEM);
	request.item = PG_GETARG_DATUM(ARG_ITEM);
	request.has_candidates =
	    wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
	                   &request.n_candidates, &request.candidates);

	count = wals_recommend_users_run(&request, &users);
	for (i = 0; i < count; i++)
		wals_put_ranked(&result, users[i].id, users[i].score, i + 1, NULL);
	return (Datum) 0;
}
