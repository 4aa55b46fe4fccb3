/*-------------------------------------------------------------------------
 *
 * train.c
 *	  Train a model and store it as a new version: the page to read first.
 *
 * api/wals_train.c hands over a request; wals_train_run at the end of this file
 * is the whole story.  Everything happens in the caller's transaction, so a
 * failure, a cancel or a rollback leaves the model as it was.
 *
 * Memory: all arrays live in one context, "wals train", below the caller's.
 * The triplets are freed while the first side is built, the second side is
 * built from the first.  The core takes every block through one WalsJob,
 * which knows wals.max_memory.
 *
 * Not done here: reading and writing tables (store), numbers (core).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/board.h"
#include "base/debug.h"
#include "base/progress.h"
#include "base/settings.h"
#include "run/answer/answer.h"
#include "run/measure/gate.h"
#include "run/train/doubts.h"
#include "run/train/options.h"
#include "run/train/start.h"
#include "run/train/steps.h"
#include "run/train/train.h"
#include "store/factors.h"
#include "store/model.h"
#include "store/query.h"
#include "store/ratings.h"
#include "store/source.h"
#include "store/space.h"

/* Values of stop_reason: the option that ended the iterations. */
#define STOP_ITERATIONS "iterations"
#define STOP_TOLERANCE "tolerance"
#define STOP_MAX_SECONDS "max_seconds"

/* State of one training, in the order in which it comes to be. */
typedef struct TrainState
{
	/* input */
	WalsTrainRequest *request;
	WalsTarget target;
	WalsModel start; /* active version, if warm */
	bool warm;
	WalsJob job;
	WalsStepNames names; /* of its errors */
	WalsProgress progress;
	WalsBoard *board; /* of the iterations */
	TimestampTz started_at;
	instr_time started;

	/* ratings */
	WalsRatings ratings;
	int32 most_factors; /* that fit into wals.max_memory, if chosen */
	WcCsr by_user;
	WalsNewest looked_at; /* how far the times go */
	int64 newest; /* time that ages are counted back from */
	double faded; /* part of the entries of which hardly anything is left */
	WcLiking liking;
	int32 *user_likes;
	int32 *item_likes;
	int64 n_zero; /* implicit cells whose value was 0 */
	WalsHoldout holdout; /* if the request holds out */
	WalsGate gate;

	/* problem and model */
	float *row_weights; /* one per user, or NULL */
	float *col_weights;
	WcProblem problem;
	WcModel model;
	WcSolver *solver;

	/* what happened */
	int32 n_started; /* items that have their first factors from start */
	int32 iterations; /* that were run */
	const char *stop_reason;
	double loss;
	bool is_compared; /* with mean and biases, on what was held out to see */
	WcComparison comparison;
	double *losses; /* one per iteration */
	double *iteration_seconds;
	double load_seconds;
	double solve_seconds;
	double write_seconds;
	char *differences; /* of its options from the active version's, or NULL */
	int32 differs_from;
} TrainState;

static void
open_job(TrainState *state, MemoryContext context)
{
	wals_job_init(&state->job, context, (Size) wals_max_memory * 1024);
	state->names = (WalsStepNames){&state->request->source, &state->ratings};
	wals_step_name(&state->job, &state->names);
}

/* Leave out rare users and items, and those whose rows all came to nothing. */
static void
filter_rows(TrainState *state)
{
	const WcParams *params = &state->request->params;
	bool *keep_user = wals_job_array(&state->job, state->by_user.rows, 1);
	bool *keep_item = wals_job_array(&state->job, state->by_user.cols, 1);

	wals_job_check(&state->job,
	               wc_csr_filter(&state->by_user, params->min_user_rows,
	                             params->min_item_rows, keep_user, keep_item,
	                             &state->job.alloc, &wals_hooks));
	wals_job_check(&state->job,
	               wc_idmap_keep(state->ratings.users, keep_user, &wals_hooks));
	wals_job_check(&state->job,
	               wc_idmap_keep(state->ratings.items, keep_item, &wals_hooks));
	if (state->gate.fraction > 0)
		wals_holdout_filter(&state->holdout, keep_user, keep_item);
	wc_free(&state->job.alloc, keep_user);
	wc_free(&state->job.alloc, keep_item);
}

static int64
rows_skipped(const TrainState *state)
{
	return wals_left_out(&state->ratings, state->n_zero);
}

static void
check_not_empty(const TrainState *state)
{
	WalsShortage shortage = {state->request->source.name,
	                         "train on",
	                         &state->ratings,
	                         &state->request->params,
	                         state->n_zero,
	                         state->gate.fraction > 0 ? state->holdout.pairs.nnz
	                                                  : 0,
	                         state->by_user.rows,
	                         state->by_user.cols};

	wals_shortage_check(&shortage);
}

/* Ages are counted back from the newest entry that is left. */
static void
fade(TrainState *state)
{

	wals_job_check(&state->job,
	               wc_csr_newest(&state->by_user, &state->newest, &wals_hooks));
	wals_job_check(&state->job,
	               wc_csr_fade(&state->by_user,
	                           state->request->params.half_life, state->newest,
	                           &state->faded, &state->job.alloc, &wals_hooks));
}

/* Before the values become targets. */
static void
count_likes(TrainState *state)
{
	const WcCsr *entries = &state->by_user;

	state->user_likes =
	    wals_job_array(&state->job, entries->rows, sizeof(int32));
	state->item_likes =
	    wals_job_array(&state->job, entries->cols, sizeof(int32));
	wals_job_check(&state->job,
	               wc_liking(entries, state->request->params.feedback,
	                         &state->liking, &wals_hooks));
	wals_job_check(&state->job,
	               wc_count_likes(entries, state->liking, state->user_likes,
	                              state->item_likes, &wals_hooks));
}

/* Look at everything there is, and read the ratings. */
static void
read_source(void *arg)
{
	TrainState *state = arg;
	WalsTrainRequest *request = state->request;

	wals_source_find_again(state->target.relation, "source",
	                       &request->source.naming, &request->source.relation);
	wals_source_check(&request->source, state->target.name);
	wals_target_check(&state->target, request->source.user_id_type,
	                  request->source.item_id_type);
	wals_gate_open(request, state->target.relation, &state->gate);
	state->warm =
	    wals_start_find(request, &state->target, &state->gate, &state->start);
	wals_ratings_read(&request->source, &request->params, &state->job,
	                  &state->progress, &state->ratings);
}

static void
load(TrainState *state)
{
	WcParams *params = &state->request->params;
	WalsRatings *ratings = &state->ratings;
	instr_time start;

	INSTR_TIME_SET_CURRENT(start);
	wals_query_read_and_unlock(read_source, state);
	wals_ratings_check_memory(ratings, &state->job, params);
	state->most_factors =
	    wals_ratings_most_factors(ratings, &state->job, params);
	if (state->request->source.time_col != NULL)
		wals_newest_of(state->request->source.time_type, ratings->coo.time,
		               ratings->coo.count, &state->looked_at);
	wals_step_sort_ids(&state->job, ratings);
	if (state->gate.fraction > 0)
		wals_holdout_take(state->gate.fraction, state->gate.seed, params,
		                  ratings, &state->job, &state->holdout);
	wals_step_merge(&state->job, params, ratings, &state->by_user,
	                &state->n_zero);
	filter_rows(state);
	check_not_empty(state);
	count_likes(state);
	if (params->half_life > 0)
		fade(state);
	state->load_seconds = wals_step_seconds(start);
}

/* How many factors, if nobody said. */
static void
choose_factors(TrainState *state)
{
	WalsChooser chooser = {state->target.name, &state->by_user, &state->job,
	                       state->request->params.feedback,
	                       state->most_factors};

	if (state->request->factors_chosen)
		wals_choose_factors(&chooser, &state->request->params.factors);
}

/* Weights the user gave per user or item, one per index, or NULL. */
static float *
given_weights(TrainState *state, Oid *relation, WalsNaming *naming,
              const char *column, const char *option, WalsIdType id_type,
              const WcIdMap *ids)
{
	float *result;

	if (!OidIsValid(*relation))
		return NULL;
	wals_source_find_again(state->target.relation, option, naming, relation);
	result = wals_job_array(&state->job, wc_idmap_count(ids), sizeof(float));
	wals_weights_read(*relation, column, option, id_type, ids, result);
	wals_naming_set(naming, *relation);
	return result;
}

static void
read_weights(void *arg)
{
	TrainState *state = arg;
	WalsTrainRequest *request = state->request;

	state->row_weights =
	    given_weights(state, &request->row_weights, &request->row_naming,
	                  request->source.user_col, "row_weights",
	                  request->source.user_id_type, state->ratings.users);
	state->col_weights =
	    given_weights(state, &request->col_weights, &request->col_naming,
	                  request->source.item_col, "col_weights",
	                  request->source.item_id_type, state->ratings.items);
}

/* The factors will have to be stored: better told now than after the solving. */
static void
check_space(const TrainState *state)
{
	const WalsSource *source = &state->request->source;
	int32 factors = state->request->params.factors;

	wals_space_check(&state->target,
	                 wals_space_needed(wc_idmap_count(state->ratings.users),
	                                   factors, source->user_id_type),
	                 wals_space_needed(wc_idmap_count(state->ratings.items),
	                                   factors, source->item_id_type));
}

static void
build_problem(TrainState *state)
{
	WalsTrainRequest *request = state->request;

	wals_query_read_and_unlock(read_weights, state);
	wals_job_check(&state->job,
	               wc_problem_build(&request->params, &state->by_user,
	                                state->row_weights, state->col_weights,
	                                &state->problem, &state->job.alloc,
	                                &wals_hooks, &state->job.error));
	state->problem.objective.newest = state->newest;
	state->problem.objective.like_from = state->liking.from;
	if (state->problem.negatives_vanish)
		ereport(
		    WARNING,
		    (errmsg("unobserved_weight of model \"%s\" is so small that "
		            "unobserved cells hardly count",
		            state->target.name),
		     errdetail("It is %g, the mean weight of an observed cell is %g: "
		               "such a model tends to rank worse than plain "
		               "popularity.",
		               state->problem.w0, state->problem.mean_weight),
		     errhint("Leave unobserved_weight out to have it chosen, or "
		             "normalize the counts: row_weight_exponent => 1, "
		             "col_weight_exponent => 1.")));
}

static void
init_model(TrainState *state)
{
	const WcIdMap *items = state->ratings.items;
	int32 count = wc_idmap_count(items);
	uint64 *hashes = wals_job_array(&state->job, count, sizeof(uint64));
	WcSolverOptions options = wals_solver_options(wals_thread_count());
	int32 i;

	for (i = 0; i < count; i++)
		hashes[i] = wc_idmap_hash(items, i);
	wals_job_check(&state->job,
	               wc_model_init(&state->problem, hashes, &state->model,
	                             &state->job.alloc));
	wc_free(&state->job.alloc, hashes);
	if (state->warm)
		state->n_started = wals_factors_read(
		    state->start.items_table, state->start.item_type,
		    state->start.version, state->model.factors, items,
		    state->model.item_factors, state->model.item_bias);
	wals_job_check(&state->job,
	               wc_solver_create(&state->problem, &options, &state->solver,
	                                &state->job.alloc, &state->job.error));
}

/* Solve one side, exactly or as the solver of the options does. */
static void
half_sweep(TrainState *state, WcSide side, bool exact)
{
	wals_debug_point("half_sweep");
	wals_progress_phase(&state->progress,
	                    side == WC_USERS ? WALS_PHASE_USERS : WALS_PHASE_ITEMS);
	wals_job_check(&state->job,
	               wals_step_solve(state->solver, side, &state->model, exact,
	                               &state->job.error));
}

static double
current_loss(TrainState *state)
{
	double loss;

	wals_job_check(&state->job, wc_loss(state->solver, &state->model, &loss,
	                                    &wals_hooks, &state->job.error));
	return loss;
}

/*
 * Why no further iteration is to be run, or NULL.  next is the time another
 * one and the last half sweep will take, if they take as long as those before.
 */
static const char *
reason_to_stop(const TrainState *state, double next)
{
	const WalsTrainRequest *request = state->request;
	int32 n = state->iterations;

	if (request->tolerance > 0 && n > 1)
	{
		double before = state->losses[n - 2];
		double fall = before - state->losses[n - 1];

		if (fall <= request->tolerance * fabs(before))
			return STOP_TOLERANCE;
	}
	if (n == state->problem.objective.params.iterations)
		return STOP_ITERATIONS;
	if (wals_step_seconds(state->started) + next > request->max_seconds)
		return STOP_MAX_SECONDS;
	return NULL;
}

/*
 * All is read: a training that may commit does so, and solves without holding
 * a snapshot or a lock on a table.  The lock on the model's name stays, its
 * caller holds it for the session.
 */
static void
let_go(TrainState *state)
{
	if (!state->request->commits)
		return;
	wals_query_commit();
	wals_progress_phase(&state->progress, WALS_PHASE_PREPARING);
}

/* And looks whether the model is still there before it writes. */
static void
take_up(TrainState *state)
{
	const WalsSource *source = &state->request->source;

	if (!state->request->commits)
		return;
	wals_query_commit(); /* the next transaction sees what happened since */
	wals_target_reopen(&state->target);
	wals_target_check(&state->target, source->user_id_type,
	                  source->item_id_type);
	wals_progress_version(&state->progress, state->target.version);
}

/* For who looks on, in this session and in others. */
static void
announce_iteration(TrainState *state)
{
	int32 n = state->iterations;
	WalsBoardIteration row = {n, state->losses[n - 1],
	                          state->iteration_seconds[n - 1]};

	wals_board_put(state->board, &row);
	wals_progress_iteration(&state->progress, n, row.loss);
	ereport(DEBUG1, (errmsg_internal("iteration %d: loss %g in %.3f s", n,
	                                 row.loss, row.seconds)));
}

/*
 * Iterate, then solve the users once more against the final items, so that a
 * stored score is what folding in or explaining the same rows gives.
 */
static void
solve(TrainState *state)
{
	int32 iterations = state->problem.objective.params.iterations;
	instr_time start;

	INSTR_TIME_SET_CURRENT(start);
	let_go(state);
	state->losses = palloc(sizeof(double) * iterations);
	state->iteration_seconds = palloc(sizeof(double) * iterations);
	while (state->stop_reason == NULL)
	{
		int32 i = state->iterations;
		instr_time iteration_start;
		double users;
		double items;

		INSTR_TIME_SET_CURRENT(iteration_start);
		/* users of a warm start have no old values, but items worth a lot */
		half_sweep(state, WC_USERS, state->warm && i == 0);
		users = wals_step_seconds(iteration_start);
		half_sweep(state, WC_ITEMS, false);
		items = wals_step_seconds(iteration_start) - users;
		state->losses[i] = current_loss(state);
		state->iteration_seconds[i] = wals_step_seconds(iteration_start);
		state->iterations++;
		announce_iteration(state);
		state->stop_reason =
		    reason_to_stop(state, 2 * state->iteration_seconds[i] - items);
	}
	half_sweep(state, WC_USERS, true);
	state->loss = current_loss(state);
	state->solve_seconds = wals_step_seconds(start);
}

/* All that is done in memory. */
static void
train(TrainState *state)
{
	load(state);
	choose_factors(state);
	check_space(state);
	wals_debug_point("load_done");
	wals_progress_phase(&state->progress, WALS_PHASE_PREPARING);
	build_problem(state);
	init_model(state);
	solve(state);
}

static WalsTrained
trained(const TrainState *state)
{
	return (WalsTrained){state->ratings.users, state->ratings.items,
	                     &state->problem.by_user, &state->model};
}

/*
 * Measure what was held out, while nothing is written yet.  What stands in for
 * the active version is trained like another version, and forgotten.
 */
static void
judge(TrainState *state)
{
	WalsTrained own = trained(state);
	WalsTrained other;
	TrainState twin;

	if (state->gate.fraction == 0)
		return;
	if (state->gate.stand_in != NULL)
	{
		memset(&twin, 0, sizeof(twin));
		twin.request = state->gate.stand_in;
		twin.target = state->target;
		twin.progress = state->progress;
		INSTR_TIME_SET_CURRENT(twin.started);
		open_job(&twin, state->job.context);
		twin.job.used = state->job.used;
		train(&twin);
		other = trained(&twin);
	}
	wals_progress_phase(&state->progress, WALS_PHASE_MEASURING);
	wals_gate_judge(&state->gate, &state->holdout, &own, &other);
}

static void
write_factors(TrainState *state)
{
	const WalsSource *source = &state->request->source;
	WalsFactorRows users = {source->user_id_type,
	                        state->ratings.users,
	                        state->model.users,
	                        state->model.factors,
	                        state->model.user_factors,
	                        state->model.user_bias,
	                        state->problem.by_user.start,
	                        state->user_likes,
	                        state->row_weights};
	WalsFactorRows items = {source->item_id_type,
	                        state->ratings.items,
	                        state->model.items,
	                        state->model.factors,
	                        state->model.item_factors,
	                        state->model.item_bias,
	                        state->problem.by_item.start,
	                        state->item_likes,
	                        state->col_weights};
	instr_time start;

	INSTR_TIME_SET_CURRENT(start);
	wals_target_create(&state->target, source->user_id_type,
	                   source->item_id_type);
	/* again: creating tables has ended the server's record of it */
	wals_progress_phase(&state->progress, WALS_PHASE_WRITING);
	wals_factors_write(state->target.users_rows, state->target.version, &users);
	wals_factors_write(state->target.items_rows, state->target.version, &items);
	wals_target_close(&state->target);
	state->write_seconds = wals_step_seconds(start);
}

static char *
objective_words(const TrainState *state)
{
	char *text = palloc(2048);

	wc_objective_text(&state->problem.objective,
	                  state->request->source.weight_col != NULL, 2048, text);
	return text;
}

static void
write_version(TrainState *state)
{
	const WcObjective *objective = &state->problem.objective;
	const WalsTarget *target = &state->target;
	WalsVersionRow row;

	memset(&row, 0, sizeof(row));
	row.trained_at = state->started_at;
	row.source = state->request->source;
	row.newest = state->looked_at;
	if (OidIsValid(state->request->row_weights))
		row.row_weights_id = state->request->row_naming.identity;
	if (OidIsValid(state->request->col_weights))
		row.col_weights_id = state->request->col_naming.identity;
	row.feedback = wc_feedback_name(objective->params.feedback);
	row.options = wals_options_json(state->request, objective, state->solver);
	row.objective = objective_words(state);
	row.factors = state->model.factors;
	row.biases = state->problem.biases;
	row.mean = state->model.mean;
	row.n_users = state->model.users;
	row.n_items = state->model.items;
	row.n_entries = state->problem.by_user.nnz;
	row.n_rows = state->ratings.n_rows;
	row.n_skipped = rows_skipped(state);
	row.started_from = state->warm ? state->start.version : 0;
	row.iterations = state->iterations;
	row.stop_reason = state->stop_reason;
	row.loss = state->loss;
	row.losses = state->losses;
	row.iteration_seconds = state->iteration_seconds;
	row.load_seconds = state->load_seconds;
	row.solve_seconds = state->solve_seconds;
	row.write_seconds = state->write_seconds;
	row.metrics = wals_gate_json(&state->gate, state->target.version);
	row.seconds = wals_step_seconds(state->started);
	if (state->request->command == WALS_COMMAND_TRAIN)
		state->differences = wals_version_differences(
		    &state->target, &row, wals_options_names(), &state->differs_from);
	wals_version_insert(&state->target, &row);
	wals_debug_point("before_activate");
	if (state->gate.activates)
		wals_version_activate(target->relation, target->version, true);
	wals_version_prune(target->relation, state->request->keep_versions);
}

/* True when values were given that only say "liked" or "disliked". */
static bool
values_are_signs(const TrainState *state)
{
	const WcParams *params = &state->problem.objective.params;

	return state->request->source.value_col != NULL &&
	       params->feedback == WC_IMPLICIT && !wc_by_value(params->weighting);
}

/* Say so when fewer iterations were run than asked for. */
static void
announce_stop(const TrainState *state)
{
	const WalsTrainRequest *request = state->request;
	int32 asked = state->problem.objective.params.iterations;

	if (state->iterations == asked)
		return;
	if (strcmp(state->stop_reason, STOP_TOLERANCE) == 0)
		ereport(NOTICE,
		        (errmsg("the training of model \"%s\" stopped after %d of %d "
		                "iterations: the last one lowered the loss by less "
		                "than %g of it, the tolerance",
		                state->target.name, state->iterations, asked,
		                request->tolerance)));
	else
		ereport(NOTICE,
		        (errmsg("the training of model \"%s\" stopped after %d of %d "
		                "iterations: another one might end after max_seconds, "
		                "%d s",
		                state->target.name, state->iterations, asked,
		                request->max_seconds)));
}

static void
announce(const TrainState *state)
{
	int64 retries = wc_solver_retries(state->solver);
	WalsDoubtful doubtful = {
	    state->target.name, state->request, &state->problem, &state->model,
	    state->faded,       state->newest,  &state->ratings};

	if (rows_skipped(state) > 0)
		ereport(NOTICE,
		        (errmsg("model \"%s\" leaves out " INT64_FORMAT
		                " of " INT64_FORMAT " rows: %s",
		                state->target.name, rows_skipped(state),
		                state->ratings.n_rows,
		                wals_left_out_words(&state->ratings, state->n_zero))));
	if (retries > 0)
		ereport(DEBUG1,
		        (errmsg_internal(INT64_FORMAT " rows were solved again in "
		                                      "float64",
		                         retries)));
	if (state->warm)
		ereport(NOTICE, (errmsg("model \"%s\" started from version %d, which "
		                        "has %d of the %d items",
		                        state->target.name, state->start.version,
		                        state->n_started, state->model.items)));
	wals_doubts_temporary(&state->target, &state->request->source);
	announce_stop(state);
	ereport(NOTICE,
	        (errmsg("model \"%s\" version %d: %d users, %d items, " INT64_FORMAT
	                " entries, %d factors",
	                state->target.name, state->target.version,
	                state->model.users, state->model.items,
	                state->problem.by_user.nnz, state->model.factors),
	         errdetail("Objective: %s.", objective_words(state)),
	         values_are_signs(state)
	             ? errhint("Of the values in \"%s\" only the sign was used: "
	                       "weighting => 'linear' or 'log' lets larger values "
	                       "weigh more, feedback => 'explicit' predicts them.",
	                       state->request->source.value_col)
	         : state->problem.objective.params.feedback == WC_EXPLICIT
	             ? errhint(WALS_PURPOSE_EXPLICIT)
	             : 0));
	wals_doubts_differences(&state->target, state->differs_from,
	                        state->differences);
	wals_gate_announce(&state->gate, state->target.relation,
	                   state->target.version);
	wals_doubts_tell(&doubtful);
	if (state->is_compared)
		wals_baseline_tell(state->target.name, &state->request->params,
		                   &state->problem, &state->comparison);
}

/* From here on other sessions see the training, and its iterations. */
static void
begin_progress(TrainState *state, MemoryContext context)
{
	const WalsTrainRequest *request = state->request;
	MemoryContext caller = MemoryContextSwitchTo(context);
	uint32 handle;

	wals_progress_begin(&state->progress, request->command,
	                    state->target.schema, state->target.name,
	                    state->started_at, request->params.iterations,
	                    request->max_seconds);
	wals_progress_version(&state->progress, state->target.version);
	state->board = wals_board_open(request->params.iterations,
	                               sizeof(WalsBoardIteration), &handle);
	wals_progress_board(&state->progress, handle);
	MemoryContextSwitchTo(caller);
}

/*
 * The story: find the place to write, read, build, solve, judge, write; all in
 * the caller's transaction, unless it asked for commits.
 */
int32
wals_train_run(WalsTrainRequest *request)
{
	MemoryContext context;
	TrainState state;

	PreventCommandIfReadOnly("wals_train()");
	PreventCommandIfParallelMode("wals_train()");
	wals_options_check(request);

	context = AllocSetContextCreate(CurrentMemoryContext, "wals train",
	                                ALLOCSET_DEFAULT_SIZES);
	memset(&state, 0, sizeof(state));
	state.request = request;
	state.started_at = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(state.started);
	open_job(&state, context);

	if (request->commits)
		wals_query_begin_procedure();
	else
		wals_query_begin();
	wals_target_open(request->model, &state.target);
	begin_progress(&state, context);
	train(&state);
	state.is_compared =
	    wals_baseline_check(&request->params, &state.problem, state.row_weights,
	                        state.col_weights, &state.job, &state.comparison);
	take_up(&state);
	judge(&state);
	wals_debug_point("before_write");
	wals_progress_phase(&state.progress, WALS_PHASE_WRITING);
	write_factors(&state);
	write_version(&state);
	wals_progress_end();
	announce(&state);

	if (request->commits)
		wals_query_end_procedure();
	else
		wals_query_end();
	MemoryContextDelete(context);
	return state.target.version;
}
