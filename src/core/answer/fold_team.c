/*-------------------------------------------------------------------------
 *
 * fold_team.c
 *	  Fold in many users, on several threads.
 *
 * A refresh solves each of its rows by itself, as wc_fold_in (fold.c) does.
 * What all rows share, the basis of the items and their weights, is read only;
 * every thread has a fold of its own for the rest.  So a row's solution has the
 * same bits with any number of threads and in any order.
 *
 * A row that cannot be solved does not end the work: lower ones are still
 * tried, so that the error names the same row with any number of threads.
 *
 * Memory: per thread a WcFold that has room for the longest row, some
 * 4 k + 90 bytes a rating, allocated before any thread begins.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/answer/fold.h"

/* What one thread has. */
typedef struct Member
{
	WcFold *fold; /* of the first it is the team's, else a copy */
	WcFoldRow *ratings; /* of the row at hand */
	WcError error; /* of the lowest row that failed */
} Member;

struct WcFoldTeam
{
	const WcAlloc *alloc;
	WcThreads threads;
	Member *member;
	atomic_int failed; /* lowest row that failed */
};

typedef struct RowsJob
{
	WcFoldTeam *team;
	const WcFoldItems *items;
	const WcFoldBatch *batch;
} RowsJob;

/* A fold that shares what nobody writes. */
static WcStatus
copy_fold(const WcFold *fold, WcFold **result)
{
	WcFold *copy = wc_alloc_array(fold->alloc, 1, sizeof(WcFold));

	*result = copy;
	if (copy == NULL)
		return WC_NO_MEMORY;
	memset(copy, 0, sizeof(*copy));
	copy->objective = fold->objective;
	copy->side = fold->side;
	copy->alloc = fold->alloc;
	copy->factors = fold->factors;
	copy->width = fold->width;
	copy->items = fold->items;
	copy->base_weight = fold->base_weight;
	copy->unobserved = fold->unobserved;
	copy->share = fold->share;
	copy->scale = fold->scale;
	copy->eigen = fold->eigen;
	copy->eigen_min = fold->eigen_min;
	copy->rotation = fold->rotation;
	return wc_engine_copy(&fold->engine, 1, &copy->engine);
}

static void
free_copy(WcFold *copy)
{
	if (copy == NULL)
		return;
	copy->share = NULL;
	copy->scale = NULL;
	copy->eigen = NULL;
	wc_fold_free(copy);
}

WcStatus
wc_fold_team_create(WcFold *fold, int32_t threads, int64_t longest,
                    WcFoldTeam **result)
{
	WcStatus status = WC_OK;
	WcFoldTeam *team = wc_alloc_array(fold->alloc, 1, sizeof(WcFoldTeam));

	WC_ASSERT(threads >= 1 && threads <= WC_THREADS_MAX);
	*result = NULL;
	if (team == NULL)
		return WC_NO_MEMORY;
	team->alloc = fold->alloc;
	team->threads.count = threads;
	team->threads.start = pthread_create;
	atomic_init(&team->failed, INT32_MAX);
	team->member =
	    wc_alloc_array(team->alloc, (size_t) threads, sizeof(Member));
	if (team->member == NULL)
	{
		wc_free(team->alloc, team);
		return WC_NO_MEMORY;
	}
	memset(team->member, 0, (size_t) threads * sizeof(Member));
	team->member[0].fold = fold;
	for (int32_t i = 0; status == WC_OK && i < threads; i++)
	{
		Member *member = &team->member[i];

		member->ratings =
		    wc_alloc_array(team->alloc, (size_t) (longest > 0 ? longest : 1),
		                   sizeof(WcFoldRow));
		if (member->ratings == NULL)
			status = WC_NO_MEMORY;
		if (status == WC_OK && i > 0)
			status = copy_fold(fold, &member->fold);
		if (status == WC_OK)
			status = wc_fold_make_room(member->fold, longest);
		if (status == WC_OK)
			status = wc_fold_make_vector_room(member->fold, longest);
	}
	if (status != WC_OK)
	{
		wc_fold_team_free(team);
		return status;
	}
	*result = team;
	return WC_OK;
}

void
wc_fold_team_free(WcFoldTeam *team)
{
	if (team == NULL)
		return;
	for (int32_t i = 0; i < team->threads.count; i++)
	{
		wc_free(team->alloc, team->member[i].ratings);
		if (i > 0)
			free_copy(team->member[i].fold);
	}
	wc_free(team->alloc, team->member);
	wc_free(team->alloc, team);
}

/* The ratings of a row, in their order. */
static int64_t
gather(const WcFold *fold, const WcFoldBatch *batch, int32_t row,
       WcFoldRow *ratings)
{
	const WcCoo *coo = batch->ratings;
	const int32_t *column = fold->side == WC_USERS ? coo->item : coo->user;
	int64_t first = batch->start[row];
	int64_t count = batch->start[row + 1] - first;

	for (int64_t i = 0; i < count; i++)
	{
		int64_t e = batch->order[first + i];

		ratings[i].item = batch->item[column[e]];
		ratings[i].value = coo->value != NULL ? coo->value[e] : 1.0f;
		ratings[i].weight = coo->weight != NULL ? coo->weight[e] : 1.0f;
		ratings[i].time = coo->time != NULL ? coo->time[e] : 0;
	}
	return count;
}

/* One row is a chunk. */
static WcStatus
solve_row(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	RowsJob *job = arg;
	const WcFoldBatch *batch = job->batch;
	Member *member = &job->team->member[thread];
	WcFold *fold = member->fold;
	int32_t row = (int32_t) chunk;
	int32_t place = batch->place[row];
	int failed = atomic_load(&job->team->failed);
	WcFoldUser user = {0,
	                   member->ratings,
	                   batch->ratings->weight != NULL,
	                   batch->ratings->time != NULL,
	                   batch->weight[place],
	                   batch->popularity};
	WcError error = {WC_OK, fold->side, -1, -1, ""};
	WcStatus status;

	if (row >= failed)
		return WC_OK;
	user.count = gather(fold, batch, row, member->ratings);
	status = wc_fold_row(fold, job->items, &user,
	                     batch->factors + (size_t) place * fold->factors,
	                     &batch->bias[place], pace, &error);
	if (status == WC_CANCELLED)
		return status;
	batch->entries[place] =
	    fold->count > INT32_MAX ? INT32_MAX : (int32_t) fold->count;
	batch->likes[place] = wc_fold_likes(fold);
	if (status == WC_OK)
		return WC_OK;
	if (member->error.status == WC_OK || row < member->error.row)
	{
		member->error = error;
		member->error.status = status;
		member->error.row = row;
	}
	while (row < failed &&
	       !atomic_compare_exchange_weak(&job->team->failed, &failed, row))
		;
	return WC_OK;
}

WcStatus
wc_fold_team_solve(WcFoldTeam *team, const WcFoldItems *items,
                   const WcFoldBatch *batch, int64_t *next,
                   const WcHooks *hooks, WcError *error)
{
	RowsJob job = {team, items, batch};
	WcSide side = team->member[0].fold->side;
	WcStatus status;

	if (*next == 0)
	{
		atomic_store(&team->failed, INT32_MAX);
		for (int32_t i = 0; i < team->threads.count; i++)
			team->member[i].error.status = WC_OK;
	}
	status = wc_parallel_from(&team->threads, next, batch->rows, solve_row,
	                          &job, hooks);
	if (status != WC_OK)
		return wc_fail_silently(error, status, side, -1);
	for (int32_t i = 0; i < team->threads.count; i++)
	{
		const WcError *found = &team->member[i].error;

		if (found->status != WC_OK && found->row == atomic_load(&team->failed))
		{
			if (error != NULL)
				*error = *found;
			return found->status;
		}
	}
	return WC_OK;
}
