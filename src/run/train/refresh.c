/*-------------------------------------------------------------------------
 *
 * refresh.c
 *	  Bring a version up to date with the rows that have changed.
 *
 * Between two trainings users rate and items appear.  A refresh solves those
 * that were touched, exactly and from all of their rows, against the other side
 * as it is; the objective's constants (w0, the mean, the scale of the weights)
 * stay those of the training.
 *
 * Order.  Without items to solve, the touched users are solved against the
 * items: what folding in gives and what the last half sweep of a training does.
 * With items to solve,
 *
 *		1. the touched users, so that the items are solved against who they are;
 *		2. the items, against all users;
 *		3. the touched users again, and every other user with rows of these items.
 *
 * The last step is one of users, so for each user it solves the stored score is
 * the folded-in one and the sum of its explanation.  A user whom it does not
 * solve has no row of a changed item and keeps factors that differ from folded
 * in ones by what those items weigh among all his unobserved cells.
 *
 * A user or item that has no rows left, or fewer than min_user_rows or
 * min_item_rows, is removed, as a training would leave it out.
 *
 * What the training held out is not solved from either, so that the version
 * stays one that has not seen it: later gates are fair, and folding in and
 * explaining leave out the same.
 *
 * Cost: the rows of who is solved, once per step.  The other rows of a side are
 * those of the files that sessions answer from, and so is their Gram matrix, less
 * what has changed (store/patch.c); where there are no files the side is read.  The
 * rows are solved on the threads of wals.threads, with the same bits
 * for any number of them (core/answer/fold_team.c).  Nothing is written before all
 * numbers are final, and the identity of the version changes in the same
 * transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/hint.h"
#include "base/settings.h"
#include "run/measure/holdout.h"
#include "run/train/options.h"
#include "run/train/refresh.h"
#include "run/train/steps.h"
#include "store/guard.h"
#include "store/patch.h"
#include "store/query.h"
#include "store/ratings.h"
#include "store/source.h"

const WalsChoice wals_refresh_items_choices[] = {
    {"new", WALS_REFRESH_NEW}, {"touched", WALS_REFRESH_TOUCHED}, {NULL, 0}};

/* Seconds between two looks of other sessions at what is solved. */
#define WATCH_SECONDS 0.2

/* One side while some of its rows are solved. */
typedef struct SolveState
{
	WalsRefresh *refresh;
	WalsPatch *patch; /* whose rows are solved */
	WalsSide *own; /* its rows */
	WalsPatch *other;
	WcFoldItems items; /* the other's, as it is by now */
	double *gram; /* of these, or NULL */
	WcFold *fold;
	const WcIdMap *ids; /* of those rows */
	WalsRatings ratings; /* that they have */
	float *given; /* weights they were given, or NULL */
	const WcIdMap *rows; /* ids of them that have ratings */
	const WcIdMap *columns; /* ids of the ratings on the other side */

	/* those that have ratings, in the order of the ids that were asked for */
	int32 n_rows;
	int32 *batch_row; /* of an index of rows, or -1 */
	int32 *place; /* index in own */
	int64 *start; /* ratings of a row whose column other knows */
	int64 *order;
	int32 *unknown; /* columns of a row that other does not know */
	int32 *item; /* of a column in other, or -1 */
	WcPopularity popularity; /* see WcFoldUser */
	bool *keep; /* rows of own, afterwards */
} SolveState;

WcIdMap *
wals_refresh_ids(const WalsRefresh *refresh, WcSide side)
{
	const WalsModel *model = &refresh->model;
	WcIdMap *ids;

	wals_job_check(
	    &refresh->job,
	    wc_idmap_create(wals_id_kind(side == WC_USERS ? model->user_type
	                                                  : model->item_type),
	                    &ids, &refresh->job.alloc));
	return ids;
}

void
wals_refresh_unite(const WalsRefresh *refresh, WcIdMap *ids,
                   const WcIdMap *more)
{
	int32 count = wc_idmap_count(more);
	int32 i;

	for (i = 0; i < count; i++)
	{
		WcId id = wc_idmap_get(more, i);
		int32 index;

		wals_job_check(&refresh->job, wc_idmap_add(ids, &id, &index));
	}
}

/* The training's weights of rows, or NULL if it was given none. */
static float *
read_weights(const WalsRefresh *refresh, const WalsSide *own,
             const WcIdMap *ids)
{
	const WalsTrainRequest *request = &refresh->request;
	bool users = own->side == WC_USERS;
	Oid table = users ? request->row_weights : request->col_weights;
	float *given;

	if (!OidIsValid(table))
		return NULL;
	given = wals_job_array(&refresh->job, wc_idmap_count(ids), sizeof(float));
	wals_weights_read(
	    table, users ? request->source.user_col : request->source.item_col,
	    users ? "row_weights" : "col_weights", own->id_type, ids, given);
	return given;
}

/* They are for rows that the version does not have yet. */
static void
weigh_new_rows(const WalsRefresh *refresh, WalsSide *own, const WcIdMap *ids,
               int32 n_before, float *given)
{
	int32 i;

	if (given == NULL)
		return;
	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);
		int32 index = wc_idmap_find(own->ids, &id);

		if (index >= n_before)
			own->weight[index] = given[i];
	}
	wc_free(&refresh->job.alloc, given);
}

/* Where the rows stand: batch_row and place. */
static void
number_rows(SolveState *state, const WcIdMap *ids)
{
	const WalsRefresh *refresh = state->refresh;
	int32 rows = wc_idmap_count(state->rows);
	int32 i;

	state->batch_row =
	    wals_job_array(&refresh->job, Max(rows, 1), sizeof(int32));
	state->place = wals_job_array(&refresh->job, Max(rows, 1), sizeof(int32));
	for (i = 0; i < rows; i++)
		state->batch_row[i] = -1;
	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);
		int32 row = wc_idmap_find(state->rows, &id);

		if (row < 0)
			continue;
		state->batch_row[row] = state->n_rows;
		state->place[state->n_rows++] = wc_idmap_find(state->own->ids, &id);
	}
}

/* Ratings by row, in their order: start and order. */
static void
group_ratings(SolveState *state)
{
	const WcCoo *coo = &state->ratings.coo;
	WalsJob *job = &state->refresh->job;

	state->start =
	    wals_job_array(job, (int64) state->n_rows + 1, sizeof(int64));
	state->order = wals_job_array(job, Max(coo->count, 1), sizeof(int64));
	wals_job_check(job, wc_coo_group(coo, state->own->side, state->batch_row,
	                                 state->n_rows, state->start, state->order,
	                                 &wals_hooks));
}

/* Leave out of start and order what other does not know: item and unknown. */
static void
drop_unknown(SolveState *state)
{
	const WalsRefresh *refresh = state->refresh;
	const WcCoo *coo = &state->ratings.coo;
	const int32 *column = state->own->side == WC_USERS ? coo->item : coo->user;
	int32 columns = wc_idmap_count(state->columns);
	int32 *seen = wals_job_array(&refresh->job, Max(columns, 1), sizeof(int32));
	int64 begin = 0;
	int64 filled = 0;
	int32 i;

	state->item = wals_job_array(&refresh->job, Max(columns, 1), sizeof(int32));
	state->unknown =
	    wals_job_array(&refresh->job, Max(state->n_rows, 1), sizeof(int32));
	for (i = 0; i < columns; i++)
	{
		WcId id = wc_idmap_get(state->columns, i);

		state->item[i] = wc_pack_find(state->items.arg, &id);
		seen[i] = -1;
	}
	for (i = 0; i < state->n_rows; i++)
	{
		int64 end = state->start[i + 1];

		CHECK_FOR_INTERRUPTS();
		state->unknown[i] = 0;
		for (; begin < end; begin++)
		{
			int64 e = state->order[begin];

			if (state->item[column[e]] >= 0)
				state->order[filled++] = e;
			else
			{
				state->unknown[i] += seen[column[e]] != i;
				seen[column[e]] = i;
			}
		}
		state->start[i + 1] = filled;
	}
	wc_free(&refresh->job.alloc, seen);
}

/* WalsNamer of a batch: its rows by their places, the others as they are. */
static char *
name_of_batch(const void *arg, WcSide side, int32 index)
{
	const SolveState *state = arg;
	const WalsSide *own = state->own;

	return side == own->side
	           ? wals_id_to_cstring(own->id_type,
	                                wc_idmap_get(own->ids, state->place[index]))
	           : wals_id_to_cstring(state->other->rows.id_type,
	                                wc_pack_id(state->items.arg, index));
}

/* Now and then, and for what does not wait: arg is when it was last. */
static bool
want_pause(void *arg)
{
	const instr_time *since = arg;

	return wals_hooks.should_pause(wals_hooks.arg) ||
	       wals_step_seconds(*since) > WATCH_SECONDS;
}

/* Solve what was grouped. */
static void
solve_batch(SolveState *state)
{
	WalsRefresh *refresh = state->refresh;
	WalsSide *own = state->own;
	WcFoldBatch batch = {state->n_rows, &state->ratings.coo, state->start,
	                     state->order,  state->item,         state->popularity,
	                     state->place,  own->weight,         own->data,
	                     own->bias,     own->entries,        own->likes};
	instr_time since;
	WcHooks hooks = {wals_hooks.should_stop, want_pause, &since};
	WalsJob *job = &refresh->job;
	int64 longest = 0;
	int64 next = 0;
	WcFoldTeam *team;
	WcStatus status;
	int32 i;

	for (i = 0; i < batch.rows; i++)
		longest = Max(longest, state->start[i + 1] - state->start[i]);
	wals_job_check(
	    &refresh->job,
	    wc_fold_team_create(state->fold,
	                        Max(1, Min(wals_thread_count(), batch.rows)),
	                        longest, &team));
	do
	{
		CHECK_FOR_INTERRUPTS();
		INSTR_TIME_SET_CURRENT(since);
		status = wc_fold_team_solve(team, &state->items, &batch, &next, &hooks,
		                            &job->error);
		wals_progress_solved(&refresh->progress, (int32) Min(next, batch.rows));
	} while (status == WC_PAUSED);
	wals_mapping_check();
	job->namer = name_of_batch;
	job->named = state;
	wals_job_check(job, status);
	job->namer = NULL;
	wc_fold_team_free(team);
}

/* Solve the rows of ids that have ratings; keep says which of own stay. */
static void
solve_rows(SolveState *state, const WcIdMap *ids)
{
	WalsRefresh *refresh = state->refresh;
	WalsSide *own = state->own;
	const WcParams *params = &refresh->request.params;
	int32 at_least =
	    own->side == WC_USERS ? params->min_user_rows : params->min_item_rows;
	int32 i;

	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);
		int32 index = wc_idmap_find(own->ids, &id);

		refresh->entries -= own->entries[index];
		state->keep[index] = false; /* a training would leave it out */
	}
	solve_batch(state);
	for (i = 0; i < state->n_rows; i++)
	{
		int32 index = state->place[i];
		int32 entries = own->entries[index];

		state->keep[index] =
		    entries > 0 && (int64) entries + state->unknown[i] >= at_least;
		if (state->keep[index])
			refresh->entries += entries;
	}
}

/* Entries of all items, where w0 is shared out by their popularity. */
static void
measure_popularity(SolveState *state)
{
	const WalsRefresh *refresh = state->refresh;
	const WcParams *params = &refresh->objective.core.params;
	const WcPack *pack = wals_patch_pack(state->patch);
	int32 *entries = NULL;
	int32 i;

	if (params->unobserved_popularity)
	{
		entries = wals_job_array(&refresh->job, pack->count, sizeof(int32));
		for (i = 0; i < pack->count; i++)
			entries[i] = wc_pack_entries(pack, i);
	}
	wals_job_check(&refresh->job,
	               wc_popularity(params, pack->count, entries,
	                             &state->popularity, &wals_hooks));
	wc_free(&refresh->job.alloc, entries);
}

static void
create_fold(SolveState *state)
{
	WalsRefresh *refresh = state->refresh;
	const WalsObjective *objective = &refresh->objective;
	WcSide side = state->own->side;
	Size k = refresh->model.factors;
	float *weights = NULL;

	if (wc_fold_wants_gram(&objective->core.params, side))
		state->gram = wals_job_array(&refresh->job, k * k, sizeof(double));
	state->items = wals_patch_items(state->other, state->gram);
	if (objective->core.weighted[state->other->rows.side])
		weights = wals_patch_weights(state->other);
	wals_job_check(&refresh->job,
	               wc_fold_create(&objective->core, side, &state->items,
	                              weights, &state->fold, &refresh->job.core));
	wc_free(&refresh->job.alloc, weights);
	if (side == WC_ITEMS)
		measure_popularity(state);
}

static void
free_ratings(const WalsRefresh *refresh, WalsRatings *ratings)
{
	wc_coo_free(&ratings->coo, &refresh->job.alloc);
	wc_idmap_free(ratings->users);
	wc_idmap_free(ratings->items);
}

/* What the relations say of the rows to solve. */
static void
read_rows(void *arg)
{
	SolveState *state = arg;
	WalsRefresh *refresh = state->refresh;
	WalsRatingsOf of = {state->own->side, state->ids};

	wals_ratings_read_of(&refresh->request.source, &refresh->request.params,
	                     &of, &refresh->job, &refresh->progress,
	                     &state->ratings);
	state->given = read_weights(refresh, state->own, state->ids);
}

/*
 * Solve the rows of some ids against the other side.  The ids on the other side
 * that they have ratings of are added to columns, unless that is NULL.  last:
 * nothing is solved afterwards.
 */
static void
solve_some(WalsRefresh *refresh, const WcIdMap *ids, WalsPatch *patch,
           WalsPatch *other, WcIdMap *columns, bool last)
{
	const WcAlloc *alloc = &refresh->job.alloc;
	WalsSide *own = &patch->rows;
	int32 before = wc_idmap_count(own->ids);
	bool users = own->side == WC_USERS;
	SolveState state;
	int32 i;

	if (wc_idmap_count(ids) == 0)
		return;
	memset(&state, 0, sizeof(state));
	state.refresh = refresh;
	state.patch = patch;
	state.own = own;
	state.other = other;
	state.ids = ids;
	wals_progress_load(&refresh->progress);
	wals_query_read_and_unlock(read_rows, &state);
	wals_holdout_leave_out(refresh->objective.holdout, refresh->objective.draw,
	                       &state.ratings, &refresh->job);
	state.rows = users ? state.ratings.users : state.ratings.items;
	state.columns = users ? state.ratings.items : state.ratings.users;
	create_fold(&state);
	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);

		wals_side_add(own, &id);
	}
	weigh_new_rows(refresh, own, ids, before, state.given);
	state.keep =
	    wals_job_array(&refresh->job, wc_idmap_count(own->ids), sizeof(bool));
	memset(state.keep, true, wc_idmap_count(own->ids));
	number_rows(&state, ids);
	wals_progress_step(&refresh->progress,
	                   users ? WALS_PHASE_USERS : WALS_PHASE_ITEMS,
	                   state.n_rows, last);
	group_ratings(&state);
	drop_unknown(&state);
	solve_rows(&state, ids);
	wals_patch_keep(patch, state.keep);
	if (columns != NULL)
		wals_refresh_unite(refresh, columns, state.columns);

	wc_fold_free(state.fold);
	wc_free(alloc, state.gram);
	free_ratings(refresh, &state.ratings);
	wc_free(alloc, state.keep);
	wc_free(alloc, state.start);
	wc_free(alloc, state.order);
	wc_free(alloc, state.batch_row);
	wc_free(alloc, state.place);
	wc_free(alloc, state.item);
	wc_free(alloc, state.unknown);
}

/* What became of ids that were in a side, or not, and are now, or not. */
static void
count_changes(const WalsPatch *patch, WalsRefreshCounts *counts)
{
	const WcIdMap *ids = patch->touched;
	int32 i;

	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);
		bool was = wc_idmap_find(patch->stored, &id) >= 0;
		bool is = wc_idmap_find(patch->rows.ids, &id) >= 0;

		counts->updated += was && is;
		counts->added += !was && is;
		counts->removed += was && !is;
	}
}

/* Items to solve: the touched ones, those of them that are new, or all. */
static WcIdMap *
choose_items(const WalsRefresh *refresh, const WcIdMap *touched,
             const WcPack *items, WalsRefreshItems which)
{
	WcIdMap *chosen = wals_refresh_ids(refresh, WC_ITEMS);
	int32 index;
	int32 i;

	for (i = 0; which == WALS_REFRESH_ALL && i < items->count; i++)
	{
		WcId id = wc_pack_id(items, i);

		wals_job_check(&refresh->job, wc_idmap_add(chosen, &id, &index));
	}
	for (i = 0; i < wc_idmap_count(touched); i++)
	{
		WcId id = wc_idmap_get(touched, i);

		if (which != WALS_REFRESH_NEW || wc_pack_find(items, &id) < 0)
			wals_job_check(&refresh->job, wc_idmap_add(chosen, &id, &index));
	}
	return chosen;
}

static void
write_changes(WalsRefresh *refresh, WalsPatch *users, WalsPatch *items)
{
	const WalsRefreshResult *result = &refresh->result;
	const WalsModel *model = &refresh->model;
	WalsVersionChange change = {wc_idmap_count(items->touched) > 0,
	                            refresh->started_at,
	                            result->users.added - result->users.removed,
	                            result->items.added - result->items.removed,
	                            refresh->entries,
	                            refresh->newest.known ? &refresh->newest : NULL,
	                            refresh->request.source.time_type};
	WalsVersionChange begun = {.items = change.items};
	WalsModel now;

	wals_progress_phase(&refresh->progress, WALS_PHASE_WRITING);
	/* what a trigger on the tables would keep of half of it is not kept */
	wals_version_change(model->relation, model->version, &begun);
	wals_patch_write(items);
	wals_patch_write(users);
	wals_version_change(model->relation, model->version, &change);
	if (!wals_model_find_version(model->relation, model->version, &now))
		wals_version_unknown(model->relation, model->version);
	wals_patch_share(items, &now);
	wals_patch_share(users, &now);
	wals_version_prepare(model->relation, model->version, true);
}

void
wals_refresh_solve(WalsRefresh *refresh, WcIdMap *users, WcIdMap *items,
                   WalsRefreshItems which)
{
	const WalsModel *model = &refresh->model;
	WalsPatch user_patch;
	WalsPatch item_patch;
	WcIdMap *chosen;
	int64 entries;

	wals_patch_open(model, WC_USERS, &refresh->job, &user_patch);
	wals_patch_open(model, WC_ITEMS, &refresh->job, &item_patch);
	chosen = choose_items(refresh, items, wals_patch_pack(&item_patch), which);
	wals_patch_read(&item_patch, chosen);
	wals_patch_read(&user_patch, users);
	if (wc_idmap_count(chosen) > 0)
	{
		solve_some(refresh, users, &user_patch, &item_patch, NULL, false);
		entries = refresh->entries;
		solve_some(refresh, chosen, &item_patch, &user_patch, users, false);
		refresh->entries = entries; /* counted by user */
		wals_patch_read(&user_patch, users);
	}
	solve_some(refresh, users, &user_patch, &item_patch, NULL, true);
	count_changes(&user_patch, &refresh->result.users);
	count_changes(&item_patch, &refresh->result.items);
	write_changes(refresh, &user_patch, &item_patch);
}

/* The time column counts in the unit it had in the training. */
static void
check_time_column(const WalsRefresh *refresh)
{
	const WalsSource *source = &refresh->request.source;

	if (wals_objective_has_time(&refresh->objective, source->time_type))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("column \"%s\" of relation \"%s\" has changed its type to "
	                "%s",
	                source->time_col, get_rel_name(source->relation),
	                format_type_be(source->time_type)),
	         errdetail("Model \"%s\" was trained on times of another kind.",
	                   get_rel_name(refresh->model.relation)),
	         errhint("Train the model again.")));
}

static void
check_id_type(const WalsRefresh *refresh, WalsIdType found, WalsIdType stored,
              const char *column)
{
	if (found != stored)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("column \"%s\" of relation \"%s\" has changed its type",
		                column, get_rel_name(refresh->request.source.relation)),
		         errdetail("Model \"%s\" was trained on ids of type %s.",
		                   get_rel_name(refresh->model.relation),
		                   wals_id_type_name(stored)),
		         errhint("Train the model again.")));
}

/* Read what solving takes, if the version says it. */
static void
prepare(void *arg)
{
	WalsRefresh *refresh = arg;
	WalsRecord *record = &refresh->record;
	WalsModel *model = &refresh->model;
	WalsTrainRequest *request = &refresh->request;
	const WalsNaming *naming = &record->source.naming;

	model->named = record->named = wals_named_hold(
	    naming, wals_relation_owner(model->relation), model->source);
	model->source = record->source.relation = model->named.relation;
	refresh->has_source = OidIsValid(model->source);
	refresh->has_objective =
	    record->options.json != NULL && JB_ROOT_COUNT(record->options.json) > 0;
	if (!refresh->has_source)
		return;
	wals_named_tell(model->relation, "source", naming, &model->named);
	if (refresh->has_objective)
	{
		wals_objective_read_as(model, WALS_READ_FRESH, &refresh->objective);
		wals_options_read(model->relation, record, request);
		wals_source_check_code(model->relation, request->row_weights, "");
		wals_source_check_code(model->relation, request->col_weights, "");
	}
	wals_source_check_code(model->relation, model->source, "");
	request->source = record->source;
	wals_source_check_columns(&request->source, "source");
	check_id_type(refresh, request->source.user_id_type, model->user_type,
	              request->source.user_col);
	check_id_type(refresh, request->source.item_id_type, model->item_type,
	              request->source.item_col);
	if (refresh->has_objective)
		check_time_column(refresh);
	wals_naming_set(&refresh->row_naming, request->row_weights);
	wals_naming_set(&refresh->col_naming, request->col_weights);
}

/* Let the version name a relation as it is called now, so it is told of once. */
static void
keep_name(const WalsRefresh *refresh, const char *option, const WalsNaming *now,
          const WalsNaming *before)
{
	if (strcmp(now->name, before->name) != 0 ||
	    strcmp(now->identity, before->identity) != 0)
		wals_version_rename(refresh->model.relation, refresh->model.version,
		                    option, now);
}

void
wals_refresh_open(WalsRefresh *refresh, Oid argument, WalsCommand command)
{
	const char *name =
	    command == WALS_COMMAND_REFRESH ? "wals_refresh()" : "wals_forget()";
	WalsModel *model = &refresh->model;
	Oid relation;

	PreventCommandIfReadOnly(name);
	PreventCommandIfParallelMode(name);
	memset(refresh, 0, sizeof(*refresh));
	wals_job_init(&refresh->job,
	              AllocSetContextCreate(CurrentMemoryContext, "wals refresh",
	                                    ALLOCSET_DEFAULT_SIZES),
	              (Size) wals_max_memory * 1024);
	refresh->started_at = GetCurrentTimestamp();
	relation = wals_model_resolve(argument);
	wals_model_check_owner(relation);
	wals_model_lock_to_change(relation, command != WALS_COMMAND_REFRESH);
	wals_version_hold(relation);
	wals_progress_begin(&refresh->progress, command,
	                    get_rel_namespace(relation), get_rel_name(relation),
	                    refresh->started_at, 0, PG_INT32_MAX);
	if (!wals_model_find_active(relation, model) ||
	    !wals_record_read(relation, model->version, WALS_READ_FRESH,
	                      &refresh->record))
		wals_model_inactive(relation);
	wals_model_check_owner(model->users_table);
	wals_model_check_owner(model->items_table);
	wals_guard_need_own(relation, model->users_table, "user");
	wals_guard_need_own(relation, model->items_table, "item");
	wals_guard_trust(relation, model->version);
	wals_guard_open(relation, 0);
	/* a guard that was not there has noticed nothing */
	if (!wals_model_find_active(relation, model))
		wals_model_inactive(relation);
	wals_version_name_early(relation);
	wals_query_read_and_unlock(prepare, refresh);
	if (!refresh->has_source)
		return;
	keep_name(refresh, "source", &refresh->request.source.naming,
	          &refresh->record.source.naming);
	keep_name(refresh, "row_weights", &refresh->row_naming,
	          &refresh->request.row_naming);
	keep_name(refresh, "col_weights", &refresh->col_naming,
	          &refresh->request.col_naming);
}

void
wals_refresh_close(WalsRefresh *refresh)
{
	wals_progress_end();
}

static void
check_needs(void *arg)
{
	WalsRefresh *refresh = arg;
	const WalsModel *model = &refresh->model;
	const WalsSourceUse use = {model, "solve users and items", ""};

	wals_source_need(&use);
	if (!refresh->has_objective)
		wals_objective_read_as(model, WALS_READ_FRESH, &refresh->objective);
}

void
wals_refresh_check(WalsRefresh *refresh)
{
	wals_query_read_and_unlock(check_needs, refresh);
}

void
wals_refresh_run(Oid argument, const TimestampTz *since, WalsRefreshItems items,
                 WalsRefreshResult *result)
{
	WalsRefresh refresh;
	WalsTouched touched;

	wals_query_begin();
	wals_refresh_open(&refresh, argument, WALS_COMMAND_REFRESH);
	wals_refresh_check(&refresh);
	wals_touched_find(&refresh, since, &touched);
	if (wc_idmap_count(touched.users) > 0 || wc_idmap_count(touched.items) > 0)
		wals_refresh_solve(&refresh, touched.users, touched.items, items);
	else
		ereport(NOTICE,
		        (errmsg("model \"%s\" is up to date: no rows of \"%s\" have "
		                "changed",
		                get_rel_name(refresh.model.relation),
		                refresh.request.source.name)));
	*result = refresh.result;
	wals_refresh_close(&refresh);
	wals_query_end();
}
