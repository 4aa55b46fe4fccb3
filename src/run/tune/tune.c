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
 * Each trial starts from the first factors of its seed, so that its value is
 * that of wals_train() with its options.  Starting from the factors of a
 * neighbour would save iterations, and make each value depend on the order.
 * Successive halving goes on with a trial where it was; a model (run/tune/plan.c)
 * chooses the options of the next one, and nothing else, from those before.
 *
 * Memory: 5 bytes an entry, 4 more for each of value and weight, beside what
 * one training takes; while it is halving 4 bytes times the factors for each
 * item of the third of the trials that goes on; for times, see parts.c.
 *
 * Nothing is written, unless there is a table for the trials.  Other sessions see
 * them on a board (base/board.h).  A tuning that may commit does so when all is
 * read, and after each trial: meanwhile it holds no snapshot and no lock on a
 * table, and a trial that is in the table stays there.
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
#include "base/hint.h"
#include "base/settings.h"
#include "run/tune/contest.h"
#include "run/measure/measure.h"
#include "run/train/options.h"
#include "run/tune/plan.h"
#include "run/train/steps.h"
#include "store/query.h"

const WalsChoice wals_tune_holdouts[] = {
    {"hash", WALS_HOLDOUT_HASH},
    {"leave_last", WALS_HOLDOUT_LEAVE_LAST},
    {"last", WALS_HOLDOUT_LAST},
    {NULL, 0}};

const WalsChoice wals_tune_searches[] = {
    {"auto", WALS_SEARCH_AUTO},     {"grid", WALS_SEARCH_GRID},
    {"random", WALS_SEARCH_RANDOM}, {"halving", WALS_SEARCH_HALVING},
    {"model", WALS_SEARCH_MODEL},   {NULL, 0}};

/* State of one tuning, in the order in which it comes to be. */
typedef struct TuneState
{
	/* input */
	WalsTuneRequest *request;
	WcParams asked; /* as the call has them */
	WalsJob job;
	WalsStepNames names;
	WalsProgress progress;
	instr_time started;
	TimestampTz started_at;

	/* what is tried */
	WalsPlan plan;
	int32 n_trials; /* of the plan; those that were chosen, when time is out */
	WalsTrial *trials;
	char **options; /* n_trials: JSON */
	int32 batch; /* trials that are halved together */

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
	int32 n_batches; /* that were run to their end */
	int32 *order; /* trials of each batch, the best first */
	double *value; /* of each, for the order */
	double *learned; /* of each after its first round, to choose others by */
	int32 winner;
	WalsTrial best; /* trained again, measured on the test */
} TuneState;

/* Whether trials run in rounds, and only the best go on. */
static bool
is_halving(const WalsTuneRequest *request)
{
	return request->search == WALS_SEARCH_HALVING ||
	       request->search == WALS_SEARCH_MODEL;
}

/* ------------------------------------------------------------------------
 * Memory
 * ------------------------------------------------------------------------ */

/*
 * Bytes this tuning needs with so many factors; kept is the part of the items of
 * n_kept trials, to go on with.
 */
static Size
bytes_needed(const TuneState *state, int32 factors, Size *kept, int32 *n_kept)
{
	const WcCsr *all = &state->parts.all;
	WcTuneRung rungs[WC_TUNE_RUNGS_MAX];
	size_t bytes = 0;

	*kept = 0;
	*n_kept = 0;
	if (wc_tune_rungs(state->batch, is_halving(state->request), rungs) > 1)
	{
		/* those who go on, and one that is going to fall out; the defaults */
		*n_kept = rungs[1].trials + 1 + state->request->with_defaults;
		*kept = mul_size(mul_size((Size) *n_kept, (Size) all->cols),
		                 sizeof(float) * ((Size) factors + 1));
	}
	if (wc_memory_needed(all->nnz, all->rows, all->cols, factors,
	                     all->value != NULL, all->weight != NULL, false,
	                     &bytes) != WC_OK)
		return MaxAllocHugeSize;
	bytes = add_size(bytes, add_size(state->job.used, *kept));
	if (state->plan.fades) /* ratings are copied, to be merged */
		bytes = add_size(bytes, mul_size((Size) state->parts.arrivals.count,
		                                 2 * sizeof(int32) + 2 * sizeof(float) +
		                                     sizeof(int64)));
	/* parts; what is held is in used */
	return add_size(bytes, (Size) all->nnz);
}

/*
 * How many factors the trials have that leave it to the training, and the
 * largest number that is tried where nobody said what to try: both no more than
 * fit into wals.max_memory.
 */
static void
fit_factors(TuneState *state)
{
	WalsTuneRequest *request = state->request;
	WcParams *most = &request->train.params;
	WcParams *base = &state->plan.base;
	Size limit = (Size) wals_max_memory * 1024;
	int32 fitting = WC_FACTORS_MOST;
	Size kept;
	int32 n_kept;

	while (limit > 0 && fitting > WC_FACTORS_LEAST &&
	       bytes_needed(state, fitting, &kept, &n_kept) +
	               wc_workspace_needed(fitting, wals_thread_count()) >
	           limit)
		fitting -= WC_FACTORS_STEP;
	if (request->with_defaults && fitting < most->factors)
	{
		wals_plan_limit_factors(&state->plan, fitting);
		most->factors = fitting;
		ereport(NOTICE,
		        (errmsg("no more than %d factors are tried, to stay within "
		                "wals.max_memory",
		                fitting)));
	}
	if (base->factors != WC_FACTORS_AUTO || !state->plan.leaves_factors)
		return;
	base->factors = Min(wc_factors_choose(base->feedback, state->parts.all.rows,
	                                      state->parts.all.cols),
	                    fitting);
	most->factors = Max(most->factors, base->factors);
}

/* Stop with 53200 when this tuning would pass the limit. */
static void
check_memory(const TuneState *state)
{
	const WcParams *params = &state->request->train.params;
	const WcCsr *all = &state->parts.all;
	Size limit = (Size) wals_max_memory * 1024;
	Size kept;
	int32 n_kept;
	Size bytes = bytes_needed(state, params->factors, &kept, &n_kept);

	if (limit == 0 || bytes <= limit)
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OUT_OF_MEMORY),
	     errmsg("tuning needs more memory than wals.max_memory allows"),
	     errdetail(
	         "The estimate is %zu kB, the limit is %zu kB, for " INT64_FORMAT
	         " entries, %d users, %d items and up to %d factors; %zu kB "
	         "of it are the items of %d trials, to go on with.",
	         bytes / 1024, limit / 1024, all->nnz, all->rows, all->cols,
	         params->factors, kept / 1024, n_kept),
	     errhint("Raise it with SET wals.max_memory = '%zuMB', or tune with "
	             "fewer factors or trials, or search => 'random'.",
	             bytes / (1024 * 1024) + bytes / (8 * 1024 * 1024) + 1)));
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
	bool higher = wals_metric_higher(&state->request->metric);
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

/* Commit what was written, and hold nothing from here on. */
static void
let_go(TuneState *state)
{
	if (!state->request->commits)
		return;
	wals_query_commit();
	wals_progress_show(&state->progress);
}

static void
fill_row(const TuneState *state, int32 t, WalsTrialRow *row)
{
	const WalsTrial *trial = &state->trials[t];

	memset(row, 0, sizeof(*row));
	row->trial = t + 1;
	row->options = state->options[t];
	row->value = trial->value;
	row->error = trial->error;
	row->iterations = trial->iterations;
	row->seconds = trial->seconds;
	row->test_value = row->test_error = row->test_baseline = NAN;
}

/* Write a trial to the table, if there is one. */
static void
keep(TuneState *state, const WalsTrialRow *row)
{
	if (state->request->table == NULL)
		return;
	wals_trials_put(state->request->table, row);
	let_go(state);
}

/* The options of a trial; with a model those before it must be done. */
static void
open_trial(TuneState *state, int32 t)
{
	const WalsTuneRequest *request = state->request;
	WalsTrial *trial = &state->trials[t];
	const double *point;

	wals_plan_choose(&state->plan, t, state->learned);
	point = wals_plan_point(&state->plan, t);
	trial->params = state->plan.base;
	wals_grid_apply(&request->grid, point, &trial->params);
	if (trial->params.half_life > 0)
	{
		WalsTrainRequest train = request->train;

		wals_options_half_life(&train, trial->params.half_life);
		trial->params.half_life = train.params.half_life;
	}
	state->options[t] = wals_grid_json(&request->grid, point);
}

/*
 * Seconds a trial may take.  Some are kept for the last training, which takes
 * about as long as the longest trial did, or as this one.
 */
static double
seconds_left(const TuneState *state, bool is_first)
{
	const WalsTuneRequest *request = state->request;
	double left = request->max_seconds - wals_step_seconds(state->started);

	if (request->max_seconds == PG_INT32_MAX)
		return HUGE_VAL;
	return is_first ? left / 2 : left - state->longest;
}

/* Bring one trial as far as the round goes; false when time is out. */
static bool
run_trial(TuneState *state, int32 t, const WcTuneRung *rung)
{
	WalsTrial *trial = &state->trials[t];
	WalsTrial before = *trial;
	int32 asked = trial->params.iterations;
	bool is_first = isnan(best_so_far(state));
	WalsTrialRow row;
	WalsRound round = {.iterations =
	                       asked / rung->part + (asked % rung->part != 0),
	                   .keep = rung->part > 1,
	                   .max_seconds = seconds_left(state, is_first),
	                   .may_be_short = is_first};

	if (trial->failure != NULL)
	{
		state->n_run++;
		return true;
	}
	wals_contest_run(&state->validation, &round, trial);
	if (trial->late && !is_first)
	{
		before.seconds = trial->seconds;
		*trial = before;
		return false;
	}
	state->value[t] = trial->value;
	state->longest = Max(state->longest, trial->seconds - before.seconds);
	state->n_run++;
	show(state, t);
	wals_progress_iteration(&state->progress, state->n_run, best_so_far(state));
	fill_row(state, t, &row);
	keep(state, &row);
	ereport(
	    DEBUG1,
	    (errmsg_internal(
	        "trial %d: %s: %g after %d iterations in %.3f s%s%s", t + 1,
	        state->options[t], trial->value, trial->iterations, trial->seconds,
	        trial->failure ? ": " : "", trial->failure ? trial->failure : "")));
	return true;
}

/*
 * The defaults go on whatever the others are like: what a tuning finds is no
 * worse than they are, and after a third of the iterations nobody knows that.
 */
static bool
stays(const TuneState *state, int32 t)
{
	return t == 0 && state->request->with_defaults;
}

/*
 * All rounds of some trials, from first on; afterwards their order begins with
 * the best.  True when it ran as far as its options say.
 */
static bool
run_batch(TuneState *state, int32 first, int32 count)
{
	bool higher = wals_metric_higher(&state->request->metric);
	bool learns = state->request->search == WALS_SEARCH_MODEL;
	int32 *order = state->order + first;
	WcTuneRung rungs[WC_TUNE_RUNGS_MAX];
	int32 n_rungs = wc_tune_rungs(count, is_halving(state->request), rungs);
	int32 done = 0;
	int32 i;
	int r;

	for (i = first; i < first + count && !learns; i++)
		open_trial(state, i);
	for (r = 0; r < n_rungs && !state->out_of_time; r++)
	{
		int32 next = r + 1 < n_rungs ? rungs[r + 1].trials : count;

		for (done = 0; done < rungs[r].trials; done++)
		{
			state->out_of_time = is_out_of_time(state);
			if (state->out_of_time)
				break;
			if (r == 0 && learns)
				open_trial(state, first + done);
			state->out_of_time = !run_trial(state, order[done], &rungs[r]);
			if (state->out_of_time)
				break;
			if (r == 0)
				state->learned[first + done] = state->value[first + done];
			wc_tune_rank(done + 1, state->value, higher, order);
			for (i = next; i <= done; i++) /* who has fallen out */
				if (!stays(state, order[i]))
					wals_contest_forget(&state->validation,
					                    &state->trials[order[i]]);
		}
		for (i = next; i < done; i++)
			if (stays(state, order[i]))
			{
				/* in the place of the last that would have gone on */
				order[i] = order[next - 1];
				order[next - 1] = 0;
			}
	}
	for (i = first; i < first + count; i++)
		wals_contest_forget(&state->validation, &state->trials[i]);
	return r == n_rungs && done > 0;
}

/* All batches; afterwards the winner is the best that was run to its end. */
static void
run_trials(TuneState *state)
{
	bool higher = wals_metric_higher(&state->request->metric);
	int32 first;
	int32 i;

	state->order = wals_job_array(&state->job, state->n_trials, sizeof(int32));
	state->value = wals_job_array(&state->job, state->n_trials, sizeof(double));
	state->learned =
	    wals_job_array(&state->job, state->n_trials, sizeof(double));
	for (i = 0; i < state->n_trials; i++)
	{
		state->order[i] = i;
		state->learned[i] = state->value[i] = state->trials[i].value = NAN;
	}
	for (first = 0; first < state->n_trials && !state->out_of_time;
	     first += state->batch)
	{
		bool is_whole =
		    run_batch(state, first, Min(state->batch, state->n_trials - first));
		int32 best[2] = {state->winner, state->order[first]};

		if (first == 0)
			state->winner = best[1];
		else if (is_whole)
		{
			wc_tune_rank(2, state->value, higher, best);
			state->winner = best[0];
		}
		state->n_batches += !state->out_of_time;
	}
	while (state->options[state->n_trials - 1] == NULL)
		state->n_trials--; /* never chosen */
}

/* No trial came to anything. */
static void
refuse_all(const TuneState *state)
{
	const WalsTrial *trial = &state->trials[state->winner];

	ereport(
	    ERROR,
	    (errcode(ERRCODE_DATA_EXCEPTION),
	     errmsg("no trial has a value of %s",
	            wals_metric_text(&state->request->metric)),
	     trial->failure ? errdetail("The first one failed: %s.", trial->failure)
	                    : errdetail("Nothing that was held out is relevant."),
	     trial->failure
	         ? errhint("Leave extreme values of regularization out, 0 among "
	                   "them, or scale the ratings' values and weights "
	                   "down.")
	         : errhint("Use another holdout, fraction, seed or "
	                   "relevance_threshold.")));
}

/*
 * The best once more, on all but the test, and then on the test.  It runs no
 * more iterations than there is time for, or was when it won.
 */
static void
test_best(TuneState *state)
{
	const WalsTuneRequest *request = state->request;
	const WalsTrial *winner = &state->trials[state->winner];
	WalsRound round = {.iterations = winner->params.iterations,
	                   .baseline = true,
	                   .may_be_short = true};
	WalsContest test;

	state->best.params = winner->params;
	if (winner->late)
		round.iterations = winner->iterations;
	wals_contest_open(&state->parts, WC_PART_TRAIN | WC_PART_VALIDATION,
	                  WC_PART_TEST, &test);
	round.max_seconds =
	    request->max_seconds == PG_INT32_MAX
	        ? HUGE_VAL
	        : request->max_seconds - wals_step_seconds(state->started);
	wals_contest_run(&test, &round, &state->best);
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

/* Whether what was tested ran fewer iterations than its options say. */
static bool
is_short(const TuneState *state)
{
	return state->best.failure == NULL &&
	       state->best.iterations < state->best.params.iterations;
}

/* Whether a training with these options looks at times. */
static bool
is_timed(const TuneState *state, int32 trial)
{
	return state->request->train.params.duplicates == WC_DUP_LAST ||
	       state->trials[trial].params.half_life > 0;
}

/* The training of the best options on the whole source, ready to paste. */
static char *
call_of(const TuneState *state, int32 trial)
{
	const WalsTuneRequest *request = state->request;
	const WalsTrainRequest *train = &request->train;
	const WalsSource *source = &train->source;
	char *model = psprintf("%s_model", source->name);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %swals_train(%s, %s", wals_schema_prefix(),
	                 quote_literal_cstr(quote_identifier(model)),
	                 quote_literal_cstr(source->quoted));
	append_column(&sql, "user_col", source->user_col, "user_id");
	append_column(&sql, "item_col", source->item_col, "item_id");
	append_column(&sql, "value_col", source->value_col, "");
	append_column(&sql, "weight_col", source->weight_col, "");
	append_column(&sql, "time_col",
	              is_timed(state, trial) ? source->time_col : NULL, "");
	if (train->params.feedback != WC_IMPLICIT)
		appendStringInfo(&sql, ", feedback => '%s'",
		                 wc_feedback_name(train->params.feedback));
	wals_grid_arguments(&request->grid, wals_plan_point(&state->plan, trial),
	                    is_short(state) ? state->best.iterations : 0, &sql);
	if (request->seed != 0)
		appendStringInfo(&sql, ", seed => " INT64_FORMAT, request->seed);
	appendStringInfoString(&sql, ");");
	return sql.data;
}

/* The same as a request. */
static void
fill_train(const TuneState *state, int32 trial, WalsTrainRequest *train)
{
	const WalsTuneRequest *request = state->request;

	*train = request->train;
	train->params = state->asked;
	wals_grid_apply(&request->grid, wals_plan_point(&state->plan, trial),
	                &train->params);
	if (is_short(state))
		train->params.iterations = state->best.iterations;
	train->factors_chosen = train->params.factors == WC_FACTORS_AUTO;
	wals_options_half_life(train, train->params.half_life);
	if (!is_timed(state, trial))
		train->source.time_col = NULL;
}

static void
announce(const TuneState *state, const char *call)
{
	const WalsTuneRequest *request = state->request;
	int32 t = state->winner;
	int32 trials = 0;
	int32 i;

	for (i = 0; i < state->n_trials; i++)
		trials +=
		    state->trials[i].iterations > 0 || state->trials[i].failure != NULL;
	if (state->out_of_time && (!request->goes_on || state->n_batches == 0))
		ereport(NOTICE,
		        (errmsg("stopped after %d of %d trials: another one might end "
		                "after max_seconds, %d s",
		                trials, state->plan.n_trials, request->max_seconds),
		         is_halving(request) ? errdetail("In %d of %d runs of a trial.",
		                                         state->n_run, state->n_runs)
		                             : 0));
	if (is_short(state))
		ereport(NOTICE,
		        (errmsg("the best was tested after %d of %d iterations: "
		                "another one might end after max_seconds, %d s",
		                state->best.iterations, state->best.params.iterations,
		                request->max_seconds)));
	ereport(NOTICE,
	        (errmsg("trial %d of %d is the best: %s is %.4g on the validation, "
	                "%.4g on the test",
	                t + 1, trials, wals_metric_text(&request->metric),
	                state->trials[t].value, state->best.value),
	         wals_hint("Train it with %s", call)));
}

static void
give_result(TuneState *state, MemoryContext context, WalsTuned *tuned)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	WalsTrialRow *best;
	int32 t;

	tuned->count = state->n_trials;
	tuned->rows = palloc(sizeof(WalsTrialRow) * (Size) state->n_trials);
	for (t = 0; t < state->n_trials; t++)
	{
		fill_row(state, t, &tuned->rows[t]);
		tuned->rows[t].options = pstrdup(state->options[t]);
	}
	best = &tuned->rows[state->winner];
	best->best = true;
	best->test_value = state->best.value;
	best->test_error = state->best.error;
	best->test_baseline = state->best.baseline;
	best->call = call_of(state, state->winner);
	fill_train(state, state->winner, &tuned->train);
	announce(state, best->call);
	MemoryContextSwitchTo(caller);
	keep(state, best);
}

/* Plan the trials, before anything is read. */
static void
prepare(TuneState *state)
{
	WalsTuneRequest *request = state->request;

	wals_plan_make(request, &state->job, &state->plan);
	state->n_trials = state->plan.n_trials;
	state->batch = request->goes_on ? Min(WALS_TUNE_TRIALS, state->n_trials)
	                                : state->n_trials;
	state->trials =
	    wals_job_array(&state->job, state->n_trials, sizeof(WalsTrial));
	state->options =
	    wals_job_array(&state->job, state->n_trials, sizeof(char *));
	memset(state->trials, 0, sizeof(WalsTrial) * state->n_trials);
	memset(state->options, 0, sizeof(char *) * state->n_trials);
}

static void
begin_progress(TuneState *state)
{
	const WalsTuneRequest *request = state->request;
	Oid relation = request->train.source.relation;
	uint32 handle;
	int32 first;

	for (first = 0; first < state->n_trials; first += state->batch)
	{
		WcTuneRung rungs[WC_TUNE_RUNGS_MAX];
		int32 n_rungs =
		    wc_tune_rungs(Min(state->batch, state->n_trials - first),
		                  is_halving(request), rungs);

		while (n_rungs-- > 0)
			state->n_runs += rungs[n_rungs].trials;
	}
	wals_progress_begin(&state->progress, WALS_COMMAND_TUNE,
	                    get_rel_namespace(relation), get_rel_name(relation),
	                    state->started_at, state->n_runs + 1,
	                    request->max_seconds);
	state->board =
	    wals_board_open(state->n_trials, sizeof(WalsBoardTrial), &handle);
	wals_progress_board(&state->progress, handle);
}

/* Choose the trials, read. */
static void
read_source(void *arg)
{
	TuneState *state = arg;
	WalsTrainRequest *train = &state->request->train;

	wals_source_check(&train->source, NULL);
	prepare(state);
	begin_progress(state);
	wals_ratings_read(&train->source, &train->params, &state->job,
	                  &state->progress, &state->ratings);
}

/* There is something to try: the table, if there is to be one. */
static void
open_table(const TuneState *state)
{
	const WalsTuneRequest *request = state->request;

	if (request->table == NULL)
		return;
	request->table->tuned_at = state->started_at;
	request->table->source = request->train.source.quoted;
	request->table->metric = wals_metric_text(&request->metric);
	wals_output_create(&request->table->output);
}

/*
 * The story: choose the trials, read, split, try, test the best.
 */
void
wals_tune_run(WalsTuneRequest *request, WalsTuned *tuned)
{
	MemoryContext result = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(result, "wals tune", ALLOCSET_DEFAULT_SIZES);
	TuneState state;

	memset(&state, 0, sizeof(state));
	state.request = request;
	state.asked = request->train.params;
	state.started_at = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(state.started);
	wals_job_init(&state.job, context, (Size) wals_max_memory * 1024);
	state.names = (WalsStepNames){&request->train.source, &state.ratings};
	wals_step_name(&state.job, &state.names);

	if (request->commits)
		wals_query_begin_procedure();
	else
		wals_query_begin();
	wals_query_read_and_unlock(read_source, &state);
	open_table(&state);
	let_go(&state);
	state.parts.request = request;
	state.parts.job = &state.job;
	state.parts.ratings = &state.ratings;
	state.parts.fades = state.plan.fades;
	wals_parts_load(&state.parts);
	wals_grid_scale(&request->grid, request->train.params.feedback,
	                &state.parts.all, state.plan.n_points, state.plan.points);
	fit_factors(&state);
	check_memory(&state);
	wals_progress_phase(&state.progress, WALS_PHASE_PREPARING);
	wals_parts_split(&state.parts);
	wals_contest_open(&state.parts, WC_PART_TRAIN, WC_PART_VALIDATION,
	                  &state.validation);
	wals_progress_phase(&state.progress, WALS_PHASE_TUNING);
	run_trials(&state);
	if (isnan(state.trials[state.winner].value))
		refuse_all(&state);
	test_best(&state);
	give_result(&state, result, tuned);
	wals_board_close(state.board);
	wals_progress_end();
	if (request->commits)
		wals_query_end_procedure();
	else
		wals_query_end();
	MemoryContextDelete(context);
}
