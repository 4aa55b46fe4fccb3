/*-------------------------------------------------------------------------
 *
 * tune.c
 *	  Find good options for a training by trying them: the order of the trials.
 *
 * wals_tune_run at the end of this file is the story.  The source is read once;
 * ids and merged entries stay in memory, with a byte for each entry that says
 * whether it is trained on, validates or tests.  Every trial trains on the
 * first part and is measured on the second.  The best one is trained once more,
 * on both, and measured on the third, which nothing was chosen on.
 *
 * No trial learns from another: each starts from the first factors of its seed,
 * so that its value is that of wals_train() with its options.  Starting from the
 * factors of a neighbour would save iterations, and make what is found depend
 * on the order.  Successive halving goes on with a trial where it was.
 *
 * Memory: 5 bytes an entry, 4 more for each of value and weight, beside what
 * one training takes; while it is halving 4 bytes times the factors for each
 * item of each trial; for times, 24 bytes a row while the split is made.
 *
 * Nothing is written.  Other sessions see the trials on a board (base/board.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/board.h"
#include "base/settings.h"
#include "run/contest.h"
#include "run/measure.h"
#include "run/options.h"
#include "run/steps.h"
#include "store/query.h"

const WalsChoice wals_tune_metrics[] = {{"ndcg", WC_NDCG},
                                        {"recall", WC_RECALL},
                                        {"recall_capped", WC_RECALL_CAPPED},
                                        {"precision", WC_PRECISION},
                                        {"hit_rate", WC_HIT_RATE},
                                        {"map", WC_MAP},
                                        {"mrr", WC_MRR},
                                        {"auc", WALS_METRIC_AUC},
                                        {"rmse", WALS_METRIC_RMSE},
                                        {"mae", WALS_METRIC_MAE},
                                        {NULL, 0}};

const WalsChoice wals_tune_holdouts[] = {
    {"hash", WALS_HOLDOUT_HASH},
    {"leave_last", WALS_HOLDOUT_LEAVE_LAST},
    {"last", WALS_HOLDOUT_LAST},
    {NULL, 0}};

const WalsChoice wals_tune_searches[] = {{"auto", WALS_SEARCH_AUTO},
                                         {"grid", WALS_SEARCH_GRID},
                                         {"random", WALS_SEARCH_RANDOM},
                                         {"halving", WALS_SEARCH_HALVING},
                                         {NULL, 0}};

/* State of one tuning, in the order in which it comes to be. */
typedef struct TuneState
{
	/* input */
	WalsTuneRequest *request;
	WalsMemory memory;
	WalsProgress progress;
	instr_time started;

	/* what is tried */
	int32 n_trials;
	double *points; /* n_trials x options of the grid; see point_of */
	WalsTrial *trials;
	char **options; /* n_trials: JSON */
	int32 n_rungs;
	WcTuneRung rungs[WC_TUNE_RUNGS_MAX];

	/* ratings */
	WalsRatings ratings;
	WalsParts parts;
	WalsContest validation;

	/* what happened */
	WalsBoard *board;
	int32 n_runs; /* trials, once for each round they were in */
	int32 n_run; /* of those, done */
	double longest; /* seconds of one */
	bool out_of_time;
	int32 *order; /* trials, the best first */
	double *value; /* of each, for the order */
	WalsTrial best; /* trained again, measured on the test */
} TuneState;

static bool
is_higher_better(const WalsTuneRequest *request)
{
	return request->metric != WALS_METRIC_RMSE &&
	       request->metric != WALS_METRIC_MAE;
}

/* The metric with the length of its lists. */
static char *
metric_name(const WalsTuneRequest *request)
{
	const char *name = wals_choice_name(request->metric, wals_tune_metrics);

	return request->metric < WC_CUT_METRICS
	           ? psprintf("%s@%d", name, request->cut)
	           : pstrdup(name);
}

static void
check(const TuneState *state, WcStatus status)
{
	WcError error = {status, WC_USERS, -1, -1, ""};

	wals_step_check(&state->request->train.source, &state->memory,
	                &state->ratings, status, &error);
}

static void *
array_alloc(TuneState *state, int64 count, Size size)
{
	return wals_measure_alloc(&state->memory, count, size);
}

/* ------------------------------------------------------------------------
 * What is tried
 * ------------------------------------------------------------------------ */

/* Where the options of a trial stand, or NULL for the one that has none. */
static const double *
point_of(const TuneState *state, int32 trial)
{
	if (state->request->with_defaults && trial == 0)
		return NULL;
	return state->points + (Size) trial * (Size) state->request->grid.n;
}

/* Lists, more combinations of them than trials: which are meant? */
static void
refuse_grid(const WalsTuneRequest *request, int64 combinations)
{
	if (combinations < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("search \"grid\" cannot go through a range"),
		         errhint("Give arrays of values, or use search => 'random' or "
		                 "'halving'.")));
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("the grid has more combinations than trials"),
	         errdetail(INT64_FORMAT " combinations, %d trials.", combinations,
	                   request->trials),
	         errhint("Raise trials up to %d, give fewer values, or use search "
	                 "=> 'random' or 'halving'.",
	                 WC_TUNE_TRIALS_MAX)));
}

/* Choose the trials; options that wals_train would refuse are refused here. */
static void
plan(TuneState *state)
{
	WalsTuneRequest *request = state->request;
	WalsGrid *grid = &request->grid;
	int64 combinations = wc_tune_combinations(grid->n, grid->options);
	bool fits = combinations >= 0 && combinations <= request->trials;
	int32 first = request->with_defaults ? 1 : 0;
	double *points;
	WcParams most;
	int32 t;

	if (request->search == WALS_SEARCH_AUTO)
		request->search = fits ? WALS_SEARCH_GRID : WALS_SEARCH_HALVING;
	if (request->search == WALS_SEARCH_GRID && !fits)
		refuse_grid(request, combinations);
	state->points = array_alloc(state, request->trials,
	                            sizeof(double) * Max((Size) grid->n, 1));
	points = state->points + (Size) first * (Size) grid->n;
	state->n_trials =
	    first + (fits ? wc_tune_grid(grid->n, grid->options,
	                                 request->trials - first, points)
	                  : wc_tune_random(grid->n, grid->options, request->seed,
	                                   request->trials - first, points));
	state->n_rungs = wc_tune_rungs(
	    state->n_trials, request->search == WALS_SEARCH_HALVING, state->rungs);
	state->trials = array_alloc(state, state->n_trials, sizeof(WalsTrial));
	state->options = array_alloc(state, state->n_trials, sizeof(char *));
	memset(state->trials, 0, sizeof(WalsTrial) * state->n_trials);
	most = request->train.params;
	for (t = 0; t < state->n_trials; t++)
	{
		WalsTrainRequest train = request->train;

		wals_grid_apply(grid, point_of(state, t), &train.params);
		wals_options_check(&train);
		state->trials[t].params = train.params;
		state->trials[t].value = NAN;
		state->options[t] = wals_grid_json(grid, point_of(state, t));
		most.factors = t == 0 ? train.params.factors
		                      : Max(most.factors, train.params.factors);
	}
	/* what all trials have in common, and the most memory one takes */
	most.duplicates = state->trials[state->n_trials - 1].params.duplicates;
	most.min_user_rows =
	    state->trials[state->n_trials - 1].params.min_user_rows;
	most.min_item_rows =
	    state->trials[state->n_trials - 1].params.min_item_rows;
	request->train.params = most;
}

/* ------------------------------------------------------------------------
 * Ratings
 * ------------------------------------------------------------------------ */

/* Stop with 53200 when this tuning would pass the limit. */
static void
check_memory(const TuneState *state)
{
	const WalsTuneRequest *request = state->request;
	const WcParams *params = &request->train.params;
	const WcCsr *all = &state->parts.all;
	Size limit = (Size) wals_max_memory * 1024;
	Size entries = (Size) all->nnz;
	Size kept = 0;
	size_t bytes = 0;

	if (limit == 0)
		return;
	if (state->n_rungs > 1)
		kept = mul_size(mul_size((Size) state->n_trials, (Size) all->cols),
		                sizeof(float) * ((Size) params->factors + 1));
	if (wc_memory_needed(all->nnz, all->rows, all->cols, params->factors,
	                     all->value != NULL, all->weight != NULL, false,
	                     &bytes) != WC_OK)
		bytes = MaxAllocHugeSize;
	bytes = add_size(bytes, add_size(state->memory.used, kept));
	bytes = add_size(bytes, entries); /* parts; what is held is in used */
	if (bytes <= limit)
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OUT_OF_MEMORY),
	     errmsg("tuning needs more memory than wals.max_memory allows"),
	     errdetail(
	         "The estimate is %zu kB, the limit is %zu kB, for " INT64_FORMAT
	         " entries, %d users, %d items and up to %d factors; %zu kB "
	         "of it are the items of %d trials, to go on with.",
	         (Size) bytes / 1024, limit / 1024, all->nnz, all->rows, all->cols,
	         params->factors, kept / 1024, state->n_trials),
	     errhint(
	         "Raise it with SET wals.max_memory = '%zuMB', or tune with "
	         "fewer factors or trials, or search => 'random'.",
	         (Size) (bytes / (1024 * 1024) + bytes / (8 * 1024 * 1024) + 1))));
}

/* A copy of the triplets, whose times the merged entries need. */
typedef struct Arrivals
{
	int64 count;
	int32 *user;
	int32 *item;
	int64 *time;
} Arrivals;

static void *
copy_of(TuneState *state, int64 count, Size size, const void *from)
{
	void *result = array_alloc(state, count, size);

	if (count > 0)
		memcpy(result, from, (Size) count * size);
	return result;
}

static void
load(TuneState *state, Arrivals *arrivals)
{
	WalsTuneRequest *request = state->request;
	const WalsSource *source = &request->train.source;
	WalsRatings *ratings = &state->ratings;
	WcCoo *coo = &ratings->coo;
	int64 n_zero;

	wals_ratings_read(source, &request->train.params, &state->memory,
	                  &state->progress, ratings);
	wals_ratings_check_memory(ratings, &state->memory, &request->train.params);
	if (coo->count == 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("relation \"%s\" has no rows to tune on",
		                get_rel_name(source->relation)),
		         errdetail(INT64_FORMAT " rows were read, all of them left "
		                                "out.",
		                   ratings->n_rows),
		         errhint("Check the source and the columns.")));
	wals_step_sort_ids(source, &state->memory, ratings);
	memset(arrivals, 0, sizeof(*arrivals));
	if (request->holdout != WALS_HOLDOUT_HASH)
	{
		arrivals->count = coo->count;
		arrivals->user = copy_of(state, coo->count, sizeof(int32), coo->user);
		arrivals->item = copy_of(state, coo->count, sizeof(int32), coo->item);
		arrivals->time = copy_of(state, coo->count, sizeof(int64), coo->time);
	}
	wals_step_merge(source, &request->train.params, &state->memory, ratings,
	                &state->parts.all, &n_zero);
}

static uint64 *
hash_ids(TuneState *state, const WcIdMap *ids)
{
	int32 count = wc_idmap_count(ids);
	uint64 *result = array_alloc(state, count, sizeof(uint64));
	int32 i;

	for (i = 0; i < count; i++)
		result[i] = wals_measure_hash(ids, i);
	return result;
}

/* Put every entry into one of the three parts. */
static void
split(TuneState *state, Arrivals *arrivals)
{
	const WalsTuneRequest *request = state->request;
	const WcAlloc *alloc = &state->memory.alloc;
	WalsParts *parts = &state->parts;
	const WcCsr *all = &parts->all;
	int64 *time = NULL;

	parts->request = request;
	parts->memory = &state->memory;
	parts->ratings = &state->ratings;
	parts->user_hash = hash_ids(state, state->ratings.users);
	parts->item_hash = hash_ids(state, state->ratings.items);
	parts->part = array_alloc(state, all->nnz, sizeof(uint8));
	if (request->holdout != WALS_HOLDOUT_HASH)
	{
		time = array_alloc(state, all->nnz, sizeof(int64));
		check(state, wc_split_times(all, arrivals->count, arrivals->user,
		                            arrivals->item, arrivals->time, time,
		                            &wals_hooks));
		wc_free(alloc, arrivals->user);
		wc_free(alloc, arrivals->item);
		wc_free(alloc, arrivals->time);
	}
	switch (request->holdout)
	{
		case WALS_HOLDOUT_HASH:
			check(state, wc_split_hash(all, parts->user_hash, parts->item_hash,
			                           request->fraction, request->seed,
			                           parts->part, &wals_hooks));
			break;
		case WALS_HOLDOUT_LEAVE_LAST:
			check(state, wc_split_leave_last(all, time, parts->user_hash,
			                                 parts->item_hash, request->seed,
			                                 parts->part, &wals_hooks));
			break;
		case WALS_HOLDOUT_LAST:
			check(state, wc_split_last(all, time, request->fraction,
			                           parts->part, &wals_hooks));
			break;
	}
	wc_free(alloc, time);
}

/* ------------------------------------------------------------------------
 * Trials
 * ------------------------------------------------------------------------ */

/* True when another trial, and the last training, might end too late. */
static bool
is_out_of_time(const TuneState *state)
{
	return state->n_run > 0 &&
	       wals_step_seconds(state->started) + 2 * state->longest >
	           state->request->max_seconds;
}

/* Let other sessions see a trial. */
static void
show(TuneState *state, int32 t)
{
	const WalsTrial *trial = &state->trials[t];
	const char *options = state->options[t];
	WalsBoardTrial row;

	memset(&row, 0, sizeof(row));
	row.trial = t + 1;
	row.iterations = trial->iterations;
	row.value = trial->value;
	row.error = trial->error;
	row.seconds = trial->seconds;
	strlcpy(row.options, options, sizeof(row.options));
	wals_board_put(state->board, &row);
}

/* The best value so far, whatever the round. */
static double
best_so_far(const TuneState *state)
{
	bool higher = is_higher_better(state->request);
	double best = NAN;
	int32 t;

	for (t = 0; t < state->n_trials; t++)
	{
		double value = state->trials[t].value;

		if (!isnan(value) &&
		    (isnan(best) || (higher ? value > best : value < best)))
			best = value;
	}
	return best;
}

/* Bring one trial as far as the round goes. */
static void
run_trial(TuneState *state, int32 t, const WcTuneRung *rung)
{
	WalsTrial *trial = &state->trials[t];
	int32 asked = trial->params.iterations;
	double before = trial->seconds;

	if (trial->failure != NULL)
	{
		state->n_run++;
		return;
	}
	wals_contest_run(&state->validation,
	                 asked / rung->part + (asked % rung->part != 0),
	                 rung->part > 1, false, trial);
	state->value[t] = trial->value;
	state->longest = Max(state->longest, trial->seconds - before);
	state->n_run++;
	show(state, t);
	wals_progress_iteration(&state->progress, state->n_run, best_so_far(state));
	ereport(
	    DEBUG1,
	    (errmsg_internal(
	        "trial %d: %s: %g after %d iterations in %.3f s%s%s", t + 1,
	        state->options[t], trial->value, trial->iterations, trial->seconds,
	        trial->failure ? ": " : "", trial->failure ? trial->failure : "")));
}

/* All rounds; afterwards the order begins with the best trial. */
static void
run_trials(TuneState *state)
{
	bool higher = is_higher_better(state->request);
	int r;
	int32 i;

	state->order = array_alloc(state, state->n_trials, sizeof(int32));
	state->value = array_alloc(state, state->n_trials, sizeof(double));
	for (i = 0; i < state->n_trials; i++)
	{
		state->order[i] = i;
		state->value[i] = NAN;
	}
	for (r = 0; r < state->n_rungs && !state->out_of_time; r++)
	{
		int32 count = state->rungs[r].trials;
		int32 done = 0;

		/* those who fell out; they are out of the order, too */
		for (i = count; r > 0 && i < state->rungs[r - 1].trials; i++)
			wals_contest_forget(&state->validation,
			                    &state->trials[state->order[i]]);
		for (; done < count && !state->out_of_time; done++)
		{
			state->out_of_time = is_out_of_time(state);
			if (state->out_of_time)
				break;
			run_trial(state, state->order[done], &state->rungs[r]);
		}
		wc_tune_rank(done, state->value, higher, state->order);
	}
}

/* No trial came to anything. */
static void
refuse_all(const TuneState *state)
{
	const WalsTrial *trial = &state->trials[state->order[0]];

	ereport(ERROR,
	        (errcode(ERRCODE_DATA_EXCEPTION),
	         errmsg("no trial has a value of %s", metric_name(state->request)),
	         trial->failure
	             ? errdetail("The first one failed: %s.", trial->failure)
	             : errdetail("Nothing that was held out is relevant."),
	         errhint("Use a higher regularization, or another holdout or "
	                 "relevance_threshold.")));
}

/* The best once more, on all but the test, and then on the test. */
static void
test_best(TuneState *state)
{
	const WalsTrial *winner = &state->trials[state->order[0]];
	WalsContest test;

	state->best.params = winner->params;
	wals_contest_open(&state->parts, WC_PART_TRAIN | WC_PART_VALIDATION,
	                  WC_PART_TEST, &test);
	wals_contest_run(&test, winner->params.iterations, false, true,
	                 &state->best);
	wals_progress_iteration(&state->progress, state->n_run + 1,
	                        best_so_far(state));
}

/* ------------------------------------------------------------------------
 * What is told
 * ------------------------------------------------------------------------ */

static void
append_column(StringInfo sql, const char *argument, const char *column,
              const char *unless)
{
	if (column != NULL && strcmp(column, unless) != 0)
		appendStringInfo(sql, ", %s => %s", argument,
		                 quote_literal_cstr(column));
}

/* The training of the best options on the whole source, ready to paste. */
static char *
call_of(const TuneState *state, int32 trial)
{
	const WalsTuneRequest *request = state->request;
	const WalsTrainRequest *train = &request->train;
	const WalsSource *source = &train->source;
	bool last = train->params.duplicates == WC_DUP_LAST;
	char *model = psprintf("%s_model", get_rel_name(source->relation));
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(
	    &sql, "SELECT wals_train(%s, %s",
	    quote_literal_cstr(quote_identifier(model)),
	    quote_literal_cstr(wals_relation_quoted(source->relation)));
	append_column(&sql, "user_col", source->user_col, "user_id");
	append_column(&sql, "item_col", source->item_col, "item_id");
	append_column(&sql, "value_col", source->value_col, "");
	append_column(&sql, "weight_col", source->weight_col, "");
	append_column(&sql, "time_col", last ? source->time_col : NULL, "");
	if (train->params.feedback != WC_IMPLICIT)
		appendStringInfo(
		    &sql, ", feedback => '%s'",
		    wals_choice_name(train->params.feedback, wals_feedback_choices));
	wals_grid_arguments(&request->grid, point_of(state, trial), &sql);
	if (request->seed != 0)
		appendStringInfo(&sql, ", seed => " INT64_FORMAT, request->seed);
	appendStringInfoString(&sql, ");");
	return sql.data;
}

static void
announce(const TuneState *state, const char *call)
{
	const WalsTuneRequest *request = state->request;
	int32 t = state->order[0];
	int32 trials = 0;
	int32 i;

	for (i = 0; i < state->n_trials; i++)
		trials +=
		    state->trials[i].iterations > 0 || state->trials[i].failure != NULL;
	if (state->out_of_time)
		ereport(NOTICE,
		        (errmsg("stopped after %d of %d trials: another one might end "
		                "after %d seconds, the max_seconds",
		                trials, state->n_trials, request->max_seconds),
		         request->search == WALS_SEARCH_HALVING
		             ? errdetail("In %d of %d runs of a trial.", state->n_run,
		                         state->n_runs)
		             : 0));
	ereport(NOTICE,
	        (errmsg("trial %d of %d is the best: %s is %.4g on the validation, "
	                "%.4g on the test",
	                t + 1, trials, metric_name(request), state->trials[t].value,
	                state->best.value),
	         errhint("Train it with %s", call)));
}

static int
give_rows(const TuneState *state, MemoryContext context, WalsTuneRow **rows)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	int32 t;

	*rows = palloc0(sizeof(WalsTuneRow) * (Size) state->n_trials);
	for (t = 0; t < state->n_trials; t++)
	{
		const WalsTrial *trial = &state->trials[t];
		WalsTuneRow *row = &(*rows)[t];

		row->trial = t + 1;
		row->options = pstrdup(state->options[t]);
		row->value = trial->value;
		row->error = trial->error;
		row->iterations = trial->iterations;
		row->seconds = trial->seconds;
		row->test_value = row->test_error = row->test_baseline = NAN;
		row->best = t == state->order[0];
		if (!row->best)
			continue;
		row->test_value = state->best.value;
		row->test_error = state->best.error;
		row->test_baseline = state->best.baseline;
		row->call = call_of(state, t);
		announce(state, row->call);
	}
	MemoryContextSwitchTo(caller);
	return state->n_trials;
}

static void
begin_progress(TuneState *state)
{
	const WalsTuneRequest *request = state->request;
	Oid relation = request->train.source.relation;
	uint32 handle;
	int r;

	for (r = 0; r < state->n_rungs; r++)
		state->n_runs += state->rungs[r].trials;
	wals_progress_begin(&state->progress, WALS_COMMAND_TUNE,
	                    get_rel_namespace(relation), get_rel_name(relation),
	                    GetCurrentTimestamp(), state->n_runs + 1,
	                    request->max_seconds);
	state->board =
	    wals_board_open(state->n_trials, sizeof(WalsBoardTrial), &handle);
	wals_progress_board(&state->progress, handle);
}

/*
 * The story: choose the trials, read, split, try, test the best.
 */
int
wals_tune_run(WalsTuneRequest *request, WalsTuneRow **rows)
{
	MemoryContext result = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(result, "wals tune", ALLOCSET_DEFAULT_SIZES);
	Arrivals arrivals;
	TuneState state;
	int count;

	memset(&state, 0, sizeof(state));
	state.request = request;
	INSTR_TIME_SET_CURRENT(state.started);
	wals_memory_init(&state.memory, context, (Size) wals_max_memory * 1024);

	wals_query_begin();
	wals_source_check(&request->train.source);
	plan(&state);
	begin_progress(&state);
	load(&state, &arrivals);
	check_memory(&state);
	wals_progress_phase(&state.progress, WALS_PHASE_PREPARING);
	split(&state, &arrivals);
	wals_contest_open(&state.parts, WC_PART_TRAIN, WC_PART_VALIDATION,
	                  &state.validation);
	wals_progress_phase(&state.progress, WALS_PHASE_TUNING);
	run_trials(&state);
	if (isnan(state.trials[state.order[0]].value))
		refuse_all(&state);
	test_best(&state);
	count = give_rows(&state, result, rows);
	wals_board_close(state.board);
	wals_progress_end();
	wals_query_end();
	MemoryContextDelete(context);
	return count;
}
