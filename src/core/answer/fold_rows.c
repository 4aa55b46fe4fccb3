/*-------------------------------------------------------------------------
 *
 * fold_rows.c
 *	  The ratings of one user, made entries of a version's objective.
 *
 * wc_fold_in (fold.c) calls us before it solves.  The steps are those of a
 * training: duplicates are merged (merge.c itself), entries fade with their age
 * (csr.c), targets and weights are formed (problem.c), but for a single user and
 * from the constants that the training has left (WcObjective).  What problem.c
 * divides out of powers of counts to keep them in float32 is done in float64
 * here, where one number serves the row.
 *
 * Memory: the arrays of WcFold, which grow by doubling and are kept.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/answer/fold.h"
#include "core/data/rows.h"

void *
wc_fold_renew(const WcFold *fold, void *block, size_t room, size_t size)
{
	wc_free(fold->alloc, block);
	return wc_alloc_array(fold->alloc, room, size);
}

WcStatus
wc_fold_make_room(WcFold *fold, int64_t count)
{
	size_t room = WC_FOLD_ROOM;

	if (count <= fold->room)
		return WC_OK;
	if ((uint64_t) count > SIZE_MAX / 2)
		return WC_TOO_LARGE;
	while (room < (size_t) count)
		room *= 2;
	fold->room = 0;
	fold->item = wc_fold_renew(fold, fold->item, room, sizeof(int32_t));
	fold->value = wc_fold_renew(fold, fold->value, room, sizeof(float));
	fold->weight = wc_fold_renew(fold, fold->weight, room, sizeof(float));
	fold->time = wc_fold_renew(fold, fold->time, room, sizeof(int64_t));
	fold->scratch = wc_fold_renew(fold, fold->scratch, room, sizeof(WcFoldRow));
	fold->entry = wc_fold_renew(fold, fold->entry, room, sizeof(WcFoldEntry));
	fold->place = wc_fold_renew(fold, fold->place, room, sizeof(int32_t));
	fold->target = wc_fold_renew(fold, fold->target, room, sizeof(float));
	fold->left = wc_fold_renew(fold, fold->left, room, sizeof(float));
	fold->entry_scale =
	    wc_fold_renew(fold, fold->entry_scale, room, sizeof(float));
	fold->entry_share =
	    wc_fold_renew(fold, fold->entry_share, room, sizeof(float));
	fold->entry_bias =
	    wc_fold_renew(fold, fold->entry_bias, room, sizeof(float));
	fold->right = wc_fold_renew(fold, fold->right, room, sizeof(double));
	if (fold->item == NULL || fold->value == NULL || fold->weight == NULL ||
	    fold->time == NULL || fold->scratch == NULL || fold->entry == NULL ||
	    fold->place == NULL || fold->target == NULL || fold->left == NULL ||
	    fold->entry_scale == NULL || fold->entry_share == NULL ||
	    fold->entry_bias == NULL || fold->right == NULL)
		return WC_NO_MEMORY;
	fold->room = (int64_t) room;
	return WC_OK;
}

/* By item, equal ones in their order: runs are merged, shortest first. */
static WcStatus
sort_rows(WcFold *fold, int64_t count, WcFoldRow *rows, WcPace *pace)
{
	WcFoldRow *from = rows;
	WcFoldRow *to = fold->scratch;

	for (int64_t run = 1; run < count; run *= 2)
	{
		WcFoldRow *swap = from;

		for (int64_t first = 0; first < count; first += 2 * run)
		{
			int64_t middle = count - first < run ? count : first + run;
			int64_t end = count - middle < run ? count : middle + run;
			int64_t a = first;
			int64_t b = middle;

			for (int64_t place = first; place < end; place++)
			{
				bool left =
				    a < middle && (b == end || from[a].item <= from[b].item);

				to[place] = left ? from[a++] : from[b++];
			}
			if (wc_pace(pace, end - first))
				return WC_CANCELLED;
		}
		from = to;
		to = swap;
	}
	if (from != rows)
		memcpy(rows, from, (size_t) count * sizeof(WcFoldRow));
	return WC_OK;
}

/* As wc_csr_fade, since the newest time of the training, or of the user. */
static WcStatus
fade(WcFold *fold, WcPace *pace)
{
	double half_life = fold->objective.params.half_life;
	int64_t newest = fold->objective.newest;

	fold->fades = true;
	for (int64_t e = 0; e < fold->count; e++)
	{
		if (fold->time[e] > newest)
			newest = fold->time[e];
	}
	for (int64_t e = 0; e < fold->count; e++)
	{
		if (wc_pace(pace, 8))
			return wc_fold_fail(fold, NULL, WC_CANCELLED);
		fold->left[e] = wc_share(half_life, newest, fold->time[e]);
		fold->weight[e] *= fold->left[e];
	}
	return WC_OK;
}

WcStatus
wc_fold_merge(WcFold *fold, WcFoldUser *user, WcPace *pace, WcError *error)
{
	WcMerging merging = wc_merging(&fold->objective.params);
	int64_t start[2] = {0, user->count};
	WcCsr row = {.rows = 1,
	             .cols = fold->items,
	             .nnz = user->count,
	             .start = start,
	             .col = fold->item,
	             .value = fold->value,
	             .weight = fold->weight,
	             .time = fold->time};
	int64_t n_merged = 0;
	int64_t n_zero = 0;
	WcStatus status;

	if (!user->has_time)
	{
		merging.half_life = 0;
		for (int64_t e = 0; e < user->count; e++)
			user->rows[e].time = e;
	}
	status = sort_rows(fold, user->count, user->rows, pace);
	if (status != WC_OK)
		return wc_fold_fail(fold, error, status);
	for (int64_t e = 0; e < user->count; e++)
	{
		WC_ASSERT(user->rows[e].item >= 0 && user->rows[e].item < fold->items);
		fold->item[e] = user->rows[e].item;
		fold->value[e] = user->rows[e].value;
		fold->weight[e] = user->has_weight ? user->rows[e].weight : 1.0f;
		fold->time[e] = user->rows[e].time;
	}
	if (error != NULL)
		error->status = WC_OK;
	status = wc_merge_rows(&row, merging, &n_merged, &n_zero, fold->alloc, pace,
	                       error);
	if (error != NULL)
		error->side = fold->side;
	if (status != WC_OK && (error == NULL || error->status == WC_OK))
		return wc_fold_fail(fold, error, status);
	fold->count = row.nnz;
	if (status == WC_OK && merging.half_life > 0)
		status = fade(fold, pace);
	return status;
}

WcStatus
wc_fold_weigh(WcFold *fold, const WcFoldUser *user, double *scale, WcPace *pace,
              WcError *error)
{
	const WcParams *params = &fold->objective.params;
	bool items = fold->side == WC_ITEMS;
	double sum = 0;
	WcTerms terms = {.count = fold->count,
	                 .col = fold->item,
	                 .weight = fold->weight,
	                 .col_scale = fold->scale,
	                 .col_share = fold->share};

	fold->row_share =
	    items ? wc_popularity_share(params, fold->count, user->popularity) : 1;
	*scale = fold->base_weight;
	if (params->weighting != WC_WEIGHT_NONE)
		*scale *=
		    pow((double) fold->count, items ? params->col_weight_exponent
		                                    : params->row_weight_exponent) *
		    user->weight;
	terms.scale = *scale;
	terms.unobserved = params->unobserved_weight * fold->row_share;
	for (int64_t e = 0; e < fold->count; e++)
	{
		WcTerm term;

		if (wc_pace(pace, 8))
			return wc_fold_fail(fold, error, WC_CANCELLED);
		if (wc_by_value(params->weighting))
			wc_weigh_values(params, 1, &fold->value[e], false,
			                &fold->weight[e]);
		term = wc_term(&terms, e);
		if (!isfinite((float) term.weight))
			return wc_fail(error, WC_NOT_FINITE, fold->side, 0, fold->item[e],
			               "The weight is %g, the range is 0 to %g.",
			               term.weight, (double) FLT_MAX);
		fold->target[e] =
		    wc_target(params->feedback, fold->objective.mean, fold->value[e]);
		if (fold->fades)
			fold->target[e] = (float) wc_faded_target(
			    fold->target[e], term.unobserved, term.weight, fold->left[e]);
		fold->entry[e].item = fold->item[e];
		fold->entry[e].value = fold->value[e];
		fold->entry[e].weight = (float) term.weight;
		fold->entry[e].contribution = 0;
		sum += term.weight;
	}
	return wc_set_lambda(params, fold->side, 0,
	                     fold->unobserved * fold->row_share + sum,
	                     &fold->lambda, error);
}

int32_t
wc_fold_likes(const WcFold *fold)
{
	WcLiking liking = {fold->objective.params.feedback,
	                   fold->objective.like_from};
	int32_t likes = 0;

	if (isnan(liking.from))
		return -1;
	for (int64_t e = 0; e < fold->count && likes < INT32_MAX; e++)
		likes += wc_is_like(liking, fold->value[e]);
	return likes;
}
