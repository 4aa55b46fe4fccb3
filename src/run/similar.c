/*-------------------------------------------------------------------------
 *
 * similar.c
 *	  Items like an item, users like a user.
 *
 * Two rows are alike when their vectors are: biases say how much a row is liked
 * and not what it is like, so they do not count.  Every row that may be an
 * answer is compared, which is exact and costs as much as scoring all of them;
 * then the search for the best scores picks the best of the numbers, as if
 * they were vectors of one factor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "base/report.h"
#include "run/similar.h"
#include "store/query.h"

const WalsChoice wals_metric_choices[] = {{"cosine", WC_COSINE},
                                          {"dot", WC_DOT},
                                          {"euclidean", WC_EUCLIDEAN},
                                          {NULL, 0}};

/* Compare one row, or leave it out. */
static void
compare_row(const WalsRows *rows, const WcProbe *probe, int32 self, int32 index,
            float *similarity, uint64 *excluded)
{
	CHECK_FOR_INTERRUPTS();
	if (index == self || !wc_probe_compare(probe, wals_rows_vector(rows, index),
	                                       &similarity[index]))
		wals_row_set_add(excluded, index);
	else if (!isfinite(similarity[index]))
		wals_answer_damaged(rows, index);
}

/* The n best of the rows, or of the candidates when there are any. */
static int32
find_similar(const WalsRows *rows, WcMetric metric, int32 factors, int32 self,
             const int32 *candidates, int64 n_candidates, int32 n,
             WcScored *result)
{
	Size room = Max(wals_rows_count(rows), 1);
	float *similarity = palloc_extended(sizeof(float) * room, MCXT_ALLOC_HUGE);
	uint64 *excluded = wals_row_set(rows);
	float one = 1.0f;
	WcVectors numbers = {wals_rows_count(rows), 1, similarity, NULL};
	WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};
	WcStatus status;
	WcProbe probe;
	int32 count;
	int64 i;

	wc_probe_init(&probe, metric, factors, wals_rows_vector(rows, self));
	if (candidates == NULL)
		for (i = 0; i < wals_rows_count(rows); i++)
			compare_row(rows, &probe, self, (int32) i, similarity, excluded);
	for (i = 0; i < n_candidates; i++)
		compare_row(rows, &probe, self, candidates[i], similarity, excluded);
	status = wc_topn(&numbers, &one, 0.0f, candidates, n_candidates, excluded,
	                 -INFINITY, n, result, &count, &wals_hooks, &error);
	if (status != WC_OK)
		wals_report(&error, NULL, NULL, NULL);
	return count;
}

int32
wals_similar_run(const WalsSimilarRequest *request, WalsAnswer **result)
{
	bool is_users = request->side == WC_USERS;
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	const WalsRows *rows;
	int32 *candidates = NULL;
	int64 n_candidates = 0;
	WcScored *scored;
	int32 self;
	int32 n;
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
	if (request->has_candidates)
		candidates = wals_answer_candidates(rows, request->id_type,
		                                    request->n_candidates,
		                                    request->candidates, &n_candidates);
	n = Min(request->n, wals_rows_count(rows));
	scored =
	    palloc_extended(sizeof(WcScored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE);
	count = find_similar(rows, request->metric, model.factors, self, candidates,
	                     n_candidates, n, scored);
	*result = wals_answer_name(rows, request->id_type, scored, count, context);
	wals_query_end();
	return count;
}
