/*-------------------------------------------------------------------------
 *
 * similar.c
 *	  Items like an item, users like a user.
 *
 * Two rows are alike when their vectors are: biases say how much a row is liked
 * and not what it is like, so they do not count.  What is liked together asks how
 * many like a row at all.  The search is the core's
 * (core/answer/similar.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/job.h"
#include "base/settings.h"
#include "run/answer/search.h"
#include "run/answer/similar.h"
#include "store/query.h"

const WalsChoice wals_metric_choices[] = {{"cosine", WC_COSINE},
                                          {"dot", WC_DOT},
                                          {"euclidean", WC_EUCLIDEAN},
                                          {"together", WC_TOGETHER},
                                          {NULL, 0}};

static int32
find_similar(const WalsSearch *search, WcMetric metric, WcScored *result)
{
	WcStatus status;
	WalsJob job;
	int32 count;

	wals_job_init(&job, CurrentMemoryContext, 0);
	status = wc_search_similar(&search->rows->pack, metric, &search->query,
	                           search->n, result, &count, &job.core);
	if (status == WC_NOT_FINITE)
		wals_answer_damaged(search->rows, job.error.row);
	wals_job_check(&job, status);
	return count;
}

int32
wals_similar_run(const WalsSimilarRequest *request, WalsAnswer **result)
{
	bool is_users = request->side == WC_USERS;
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	const WalsRows *rows;
	WalsSearch search;
	WcScored *scored;
	int32 self;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	wals_answer_check_side(&model, request->side, request->id_type,
	                       is_users ? "wals_similar_users('42', 10)"
	                                : "wals_similar_items('260', 10)");
	rows = wals_cache_rows(&model, request->side);
	self = wals_answer_find(rows, request->id_type, request->id);
	if (self < 0)
		wals_answer_unknown(
		    &model, request->side,
		    wals_id_argument(rows->id_type, request->id_type, request->id),
		    is_users
		        ? "Train the model again once the source has rows of this user."
		        : "Train the model again once the source has rows of this "
		          "item.");
	search = wals_search_of(rows, request->n);
	search.query.vector = wals_rows_vector(rows, self);
	search.query.likes = wals_rows_likes(rows, self);
	search.query.exclude = &self;
	search.query.n_exclude = 1;
	if (request->has_candidates)
		wals_search_among(&search, request->id_type, request->n_candidates,
		                  request->candidates);
	scored = wals_search_room(&search);
	count = find_similar(&search, request->metric, scored);
	*result = wals_answer_name(rows, request->id_type, scored, count, context);
	wals_query_end();
	return count;
}
