/*-------------------------------------------------------------------------
 *
 * search.c
 *	  One search of a version's rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/job.h"
#include "base/settings.h"
#include "run/answer/search.h"

WalsSearch
wals_search_of(const WalsRows *rows, int32 n)
{
	WalsSearch search = {.rows = rows,
	                     .n = Min(n, wals_rows_count(rows)),
	                     .query = {.min_score = -INFINITY}};

	return search;
}

void
wals_search_by(WalsSearch *search, const WalsUserVector *vector)
{
	wals_answer_check_factors(search->rows, vector->count);
	search->query.vector = vector->factors;
	search->query.base = vector->base;
}

void
wals_search_among(WalsSearch *search, Oid id_type, int n, const Datum *ids)
{
	search->query.candidates = wals_answer_candidates(
	    search->rows, id_type, n, ids, &search->query.n_candidates);
}

WcScored *
wals_search_room(const WalsSearch *search)
{
	return palloc_extended(sizeof(WcScored) * (Size) Max(search->n, 1),
	                       MCXT_ALLOC_HUGE);
}

int32
wals_search_run(const WalsSearch *search, WcScored *result)
{
	int32 count = 0;
	WcStatus status;
	WalsJob job;

	wals_job_init(&job, CurrentMemoryContext, 0);
	status = wc_search(&search->rows->pack, &search->query, search->n, result,
	                   &count, &job.core);
	if (status == WC_NOT_FINITE)
		wals_answer_damaged(search->rows, job.error.row);
	wals_job_check(&job, status);
	return count;
}
