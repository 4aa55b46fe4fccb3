/*-------------------------------------------------------------------------
 *
 * contest.c
 *	  One trial of a tuning: train on some parts of the ratings in memory,
 *	  measure on another.
 *
 * The numbers are those of wals_train() on the rows of the trained parts and
 * wals_evaluate() on those of the measured part: who is in no trained entry is
 * not in the training, ids are in their order, relevant items that are not in
 * the training count as not found, users that are not are left out.
 *
 * A problem is built anew for each trial: copying and transposing the entries
 * takes about as long as reading them twice, an iteration factors^2 times that.
 * To go on with a trial its items are enough, because the first half sweep
 * solves the users exactly.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/debug.h"
#include "base/settings.h"
#include "run/aged.h"
#include "run/contest.h"
#include "run/measure.h"
#include "run/shortage.h"
#include "run/steps.h"

static void
check(const WalsContest *contest, WcStatus status)
{
	const WalsParts *parts = contest->parts;
	WcError error = {status, WC_USERS, -1, -1, ""};

	wals_step_check(&parts->request->train.source, parts->memory,
	                parts->ratings, status, &error);
}

static void *
array_alloc(const WalsContest *contest, int64 count, Size size)
{
	return wals_measure_alloc(contest->parts->memory, count, size);
}

/* ------------------------------------------------------------------------
 * Preparing
 * ------------------------------------------------------------------------ */

/* New numbers for those who are kept, in their order. */
static int32 *
number_kept(const WalsContest *contest, int32 count, const bool *keep)
{
	int32 *map = array_alloc(contest, count, sizeof(int32));
	int32 n = 0;
	int32 i;

	for (i = 0; i < count; i++)
		map[i] = keep[i] ? n++ : -1;
	return map;
}

static bool *
flags(const WalsContest *contest, int32 count, bool value)
{
	bool *result = array_alloc(contest, count, sizeof(bool));

	memset(result, value, count);
	return result;
}

/* Popularity as a version trained on these entries would have it. */
static void
rank_popular(WalsContest *contest, const WcCsr *trained)
{
	WalsMemory *memory = contest->parts->memory;
	int32 n = trained->cols;
	int32 *likes = array_alloc(contest, n, sizeof(int32));
	int32 *entries = array_alloc(contest, n, sizeof(int32));
	int32 *order = array_alloc(contest, n, sizeof(int32));
	WcLiking liking;
	int64 e;

	contest->popularity = array_alloc(contest, n, sizeof(float));
	memset(entries, 0, sizeof(int32) * n);
	for (e = 0; e < trained->nnz; e++)
	{
		if (e % 1048576 == 0)
			CHECK_FOR_INTERRUPTS();
		entries[trained->col[e]]++;
	}
	check(contest,
	      wc_liking(trained, contest->parts->request->train.params.feedback,
	                &liking, &wals_hooks));
	check(contest, wc_count_likes(trained, liking, NULL, likes, &wals_hooks));
	check(contest, wc_popular_order(n, likes, entries, order, &memory->alloc,
	                                &wals_hooks));
	wc_popular_values(n, likes, entries, order, contest->popularity);
	wc_free(&memory->alloc, likes);
	wc_free(&memory->alloc, entries);
	wc_free(&memory->alloc, order);
}

/* Who is in the training: the rows and columns of its matrix. */
static void
number_trained(WalsContest *contest)
{
	const WalsParts *parts = contest->parts;
	const WcAlloc *alloc = &parts->memory->alloc;
	const WcParams *params = &parts->request->train.params;
	const WcCsr *all = &parts->all;
	bool *keep_user = flags(contest, all->rows, true);
	bool *keep_item = flags(contest, all->cols, true);
	int32 *users = number_kept(contest, all->rows, keep_user);
	int32 *items = number_kept(contest, all->cols, keep_item);
	WalsShortage shortage = {parts->request->train.source.name,
	                         "tune on",
	                         parts->ratings,
	                         params,
	                         parts->n_zero,
	                         0,
	                         0,
	                         0};
	WcCsr trained;
	int32 i;

	check(contest,
	      wc_split_take(all, parts->part, contest->trained, users, all->rows,
	                    items, all->cols, &trained, alloc, &wals_hooks));
	shortage.n_held_out = all->nnz - trained.nnz;
	check(contest,
	      wc_csr_filter(&trained, params->min_user_rows, params->min_item_rows,
	                    keep_user, keep_item, alloc, &wals_hooks));
	contest->users = trained.rows;
	contest->items = trained.cols;
	rank_popular(contest, &trained);
	wc_csr_free(&trained, alloc);
	wc_free(alloc, users);
	wc_free(alloc, items);
	shortage.users = contest->users;
	shortage.items = contest->items;
	wals_shortage_check(&shortage);
	contest->user_map = number_kept(contest, all->rows, keep_user);
	contest->item_map = number_kept(contest, all->cols, keep_item);
	contest->first_hash = array_alloc(contest, contest->items, sizeof(uint64));
	contest->item_hash = array_alloc(contest, contest->items, sizeof(uint64));
	for (i = 0; i < all->cols; i++)
		if (keep_item[i])
		{
			contest->first_hash[contest->item_map[i]] =
			    wc_idmap_hash(parts->ratings->items, i);
			contest->item_hash[contest->item_map[i]] = parts->item_hash[i];
		}
	wc_free(alloc, keep_user);
	wc_free(alloc, keep_item);
}

/* Draw the users; the ones that are in the training are chosen. */
static int32 *
choose_users(WalsContest *contest)
{
	const WalsParts *parts = contest->parts;
	const WcCsr *all = &parts->all;
	bool *wanted = flags(contest, all->rows, false);
	int32 *map = array_alloc(contest, all->rows, sizeof(int32));
	int32 i;
	int64 e;

	for (i = 0; i < all->rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (e = all->start[i]; e < all->start[i + 1] && !wanted[i]; e++)
			wanted[i] = (parts->part[e] & contest->measured) != 0;
	}
	contest->n_asked =
	    wals_measure_draw(parts->ratings->users, parts->request->max_users,
	                      parts->request->seed, parts->memory, wanted);
	contest->chosen = array_alloc(contest, contest->n_asked, sizeof(int32));
	contest->user_hash = array_alloc(contest, contest->n_asked, sizeof(uint64));
	for (i = 0; i < all->rows; i++)
	{
		map[i] = -1;
		if (!wanted[i] || contest->user_map[i] < 0)
			continue;
		contest->chosen[contest->n_chosen] = contest->user_map[i];
		contest->user_hash[contest->n_chosen] = parts->user_hash[i];
		map[i] = contest->n_chosen++;
	}
	wc_free(&parts->memory->alloc, wanted);
	if (contest->n_chosen == 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("nothing of relation \"%s\" can be measured",
		            parts->request->train.source.name),
		     errdetail("%d users have entries that were held out, and none of "
		               "them has others to train on.",
		               contest->n_asked),
		     errhint("Hold out some rows of each user: holdout => 'hash' with "
		             "another fraction or seed; it takes users with two "
		             "ratings or more.")));
	return map;
}

/* Whether the value of an entry makes it relevant, as in an evaluation. */
static bool
is_relevant(const WalsTuneRequest *request, const WcCsr *csr, int64 e)
{
	if (csr->value == NULL)
		return true;
	if (request->has_threshold)
		return csr->value[e] >= (float) request->threshold;
	return request->train.params.feedback == WC_EXPLICIT || csr->value[e] > 0;
}

/* Leave out what is not relevant. */
static void
keep_relevant(const WalsTuneRequest *request, WcCsr *csr)
{
	int64 n = 0;
	int64 begin = 0;
	int32 i;
	int64 e;

	for (i = 0; i < csr->rows; i++)
	{
		int64 end = csr->start[i + 1];

		CHECK_FOR_INTERRUPTS();
		for (e = begin; e < end; e++)
			if (is_relevant(request, csr, e))
				csr->col[n++] = csr->col[e];
		csr->start[i + 1] = n;
		begin = end;
	}
	csr->nnz = n;
}

/* Relevant items of each chosen user, in the training or not. */
static void
count_relevant(WalsContest *contest, const int32 *map)
{
	const WalsParts *parts = contest->parts;
	const WcCsr *all = &parts->all;
	int32 i;
	int64 e;

	contest->n_relevant =
	    array_alloc(contest, contest->n_chosen, sizeof(int32));
	for (i = 0; i < all->rows; i++)
	{
		int32 n = 0;

		CHECK_FOR_INTERRUPTS();
		if (map[i] < 0)
			continue;
		for (e = all->start[i]; e < all->start[i + 1]; e++)
			n += (parts->part[e] & contest->measured) != 0 &&
			     is_relevant(parts->request, all, e);
		contest->n_relevant[map[i]] = n;
	}
}

/* Entries of some parts, of the chosen users. */
static void
take_chosen(const WalsContest *contest, int parts, const int32 *map,
            WcCsr *result)
{
	check(contest,
	      wc_split_take(&contest->parts->all, contest->parts->part, parts, map,
	                    contest->n_chosen, contest->item_map, contest->items,
	                    result, &contest->parts->memory->alloc, &wals_hooks));
}

/* The time that ages are counted back from. */
static void
find_newest(WalsContest *contest)
{
	const WalsParts *parts = contest->parts;
	int64 e;

	contest->newest = PG_INT64_MIN;
	for (e = 0; parts->time != NULL && e < parts->all.nnz; e++)
	{
		if (e % 1048576 == 0)
			CHECK_FOR_INTERRUPTS();
		if ((parts->part[e] & contest->trained) != 0)
			contest->newest = Max(contest->newest, parts->time[e]);
	}
}

void
wals_contest_open(const WalsParts *parts, int trained, int measured,
                  WalsContest *contest)
{
	int32 *map;

	memset(contest, 0, sizeof(*contest));
	contest->parts = parts;
	contest->trained = trained;
	contest->measured = measured;
	find_newest(contest);
	number_trained(contest);
	map = choose_users(contest);
	take_chosen(contest, measured, map, &contest->rated);
	take_chosen(contest, measured, map, &contest->relevant);
	keep_relevant(parts->request, &contest->relevant);
	take_chosen(contest, trained, map, &contest->seen);
	count_relevant(contest, map);
	wc_free(&parts->memory->alloc, map);
}

/* ------------------------------------------------------------------------
 * A trial
 * ------------------------------------------------------------------------ */

/* What exists while a trial runs. */
typedef struct Run
{
	const WalsContest *contest;
	const WalsRound *round;
	WalsTrial *trial;
	instr_time started;
	WcProblem problem;
	WcModel model;
	WcSolver *solver;
} Run;

/* True when the numbers of this trial are to blame, not the tuning. */
static bool
has_failed(const Run *run, WcStatus status, WcError *error)
{
	const WalsParts *parts = run->contest->parts;

	if (status == WC_NOT_SPD || status == WC_NOT_FINITE ||
	    status == WC_LAMBDA_TOO_LARGE)
	{
		run->trial->failure = pstrdup(wc_status_text(status));
		return true;
	}
	/* its indexes are those of the training, which has no names for them */
	error->row = error->other = -1;
	wals_step_check(&parts->request->train.source, parts->memory,
	                parts->ratings, status, error);
	return false;
}

static void
copy_items(const Run *run, bool to_model)
{
	const WcModel *model = &run->model;
	Size n = (Size) model->items;
	Size size = sizeof(float) * n * (Size) model->factors;

	if (to_model)
		memcpy(model->item_factors, run->trial->item_factors, size);
	else
		memcpy(run->trial->item_factors, model->item_factors, size);
	if (model->item_bias == NULL)
		return;
	if (to_model)
		memcpy(model->item_bias, run->trial->item_bias, sizeof(float) * n);
	else
		memcpy(run->trial->item_bias, model->item_bias, sizeof(float) * n);
}

/* False when the trial has failed. */
static bool
open_run(Run *run)
{
	const WalsContest *contest = run->contest;
	const WalsParts *parts = contest->parts;
	const WcAlloc *alloc = &parts->memory->alloc;
	WcSolverOptions options = wals_solver_options(wals_thread_count());
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	bool fades = run->trial->params.half_life > 0;
	WcCsr all = parts->all;
	WcCsr by_user;

	if (fades)
		wals_aged_merge(&parts->request->train.source, &run->trial->params,
		                &parts->arrivals, &parts->all, contest->newest,
		                parts->memory, parts->ratings, &all);
	check(contest,
	      wc_split_take(&all, parts->part, contest->trained, contest->user_map,
	                    contest->users, contest->item_map, contest->items,
	                    &by_user, alloc, &wals_hooks));
	if (fades)
		wc_csr_free(&all, alloc);
	if (has_failed(run,
	               wc_problem_build(&run->trial->params, &by_user, NULL, NULL,
	                                &run->problem, alloc, &wals_hooks, &error),
	               &error))
		return false;
	check(contest, wc_model_init(&run->problem, contest->first_hash,
	                             &run->model, alloc));
	if (run->trial->item_factors != NULL)
		copy_items(run, true);
	return !has_failed(
	    run,
	    wc_solver_create(&run->problem, &options, &run->solver, alloc, &error),
	    &error);
}

static void
close_run(Run *run)
{
	const WcAlloc *alloc = &run->contest->parts->memory->alloc;

	if (run->solver != NULL)
		wc_solver_free(run->solver);
	wc_model_free(&run->model, alloc);
	wc_problem_free(&run->problem, alloc);
}

static bool
half_sweep(Run *run, WcSide side, bool exact)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};

	wals_debug_point("half_sweep");
	return !has_failed(
	    run, wals_step_solve(run->solver, side, &run->model, exact, &error),
	    &error);
}

/* Iterate as a training does, from where the trial is. */
static bool
solve(Run *run)
{
	const WalsRound *round = run->round;
	WalsTrial *trial = run->trial;
	bool again = trial->iterations > 0;

	while (trial->iterations < round->iterations && !trial->late)
	{
		double before = wals_step_seconds(run->started);
		double now;

		if (!half_sweep(run, WC_USERS, again) ||
		    !half_sweep(run, WC_ITEMS, false))
			return false;
		again = false;
		trial->iterations++;
		now = wals_step_seconds(run->started);
		trial->late = trial->iterations < round->iterations &&
		              now + (now - before) > round->max_seconds;
	}
	if (trial->late && !round->may_be_short)
		return false;
	return half_sweep(run, WC_USERS, true);
}

/* Keep what going on needs. */
static void
keep_items(Run *run)
{
	const WcModel *model = &run->model;
	WalsTrial *trial = run->trial;

	if (trial->item_factors == NULL)
	{
		trial->item_factors = array_alloc(
		    run->contest, model->items, sizeof(float) * (Size) model->factors);
		trial->item_bias =
		    array_alloc(run->contest, model->items, sizeof(float));
	}
	copy_items(run, false);
}

/* The trial's vectors, or popularity, as the core ranks by. */
static WcRanker
open_ranker(const Run *run, bool popularity)
{
	const WalsContest *contest = run->contest;
	const WcModel *model = &run->model;
	Size k = (Size) model->factors;
	const float **vectors =
	    array_alloc(contest, model->items, sizeof(const float *));
	float *bias = array_alloc(contest, model->items, sizeof(float));
	float *users = array_alloc(contest, contest->n_chosen, sizeof(float) * k);
	float *base = array_alloc(contest, contest->n_chosen, sizeof(float));
	WcRanker ranker = {model->items, popularity ? 0 : model->factors,
	                   vectors,      bias,
	                   users,        base,
	                   &model->range};
	int32 i;

	for (i = 0; i < model->items; i++)
	{
		vectors[i] = model->item_factors + (Size) i * k;
		bias[i] = popularity                 ? contest->popularity[i]
		          : model->item_bias != NULL ? model->item_bias[i]
		                                     : 0.0f;
	}
	for (i = 0; i < contest->n_chosen; i++)
	{
		int32 user = contest->chosen[i];

		memcpy(users + (Size) i * k, model->user_factors + (Size) user * k,
		       sizeof(float) * k);
		base[i] = 0;
		if (!popularity)
			base[i] = (model->user_bias ? model->user_bias[user] : 0.0f) +
			          (float) model->mean;
	}
	return ranker;
}

static void
close_ranker(const Run *run, WcRanker *ranker)
{
	const WcAlloc *alloc = &run->contest->parts->memory->alloc;

	wc_free(alloc, (void *) ranker->vectors);
	wc_free(alloc, (void *) ranker->bias);
	wc_free(alloc, (void *) ranker->user_factors);
	wc_free(alloc, (void *) ranker->user_base);
}

/* The metric of one ranker; false when the trial has failed. */
static bool
rank(const Run *run, bool popularity, double *value, double *std_error)
{
	const WalsContest *contest = run->contest;
	const WalsTuneRequest *request = contest->parts->request;
	const WcAlloc *alloc = &contest->parts->memory->alloc;
	WcTrial trial = {.users = contest->n_chosen,
	                 .relevant = &contest->relevant,
	                 .n_relevant = contest->n_relevant,
	                 .seen = &contest->seen,
	                 .user_hash = contest->user_hash,
	                 .item_hash = contest->item_hash,
	                 .n_cuts = 1,
	                 .cuts = &request->cut};
	WalsMeasured measured = {.n_asked = contest->n_asked,
	                         .n_users = contest->n_chosen,
	                         .n_values = wc_trial_values(&trial)};
	WcRanker ranker = open_ranker(run, popularity);
	int32 *best_rank = array_alloc(contest, ranker.items, sizeof(int32));
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WalsEvaluateRow row;
	bool failed;
	int32 i;

	for (i = 0; i < ranker.items; i++)
		best_rank[i] = PG_INT32_MAX;
	measured.values[0] = array_alloc(contest, contest->n_chosen,
	                                 sizeof(double) * (Size) measured.n_values);
	failed = has_failed(run,
	                    wals_step_rank(&ranker, &trial, measured.values[0],
	                                   best_rank, alloc, &error),
	                    &error);
	row = wals_evaluate_mean(&measured, NULL, request->cut,
	                         request->metric == WALS_METRIC_AUC
	                             ? measured.n_values - 1
	                             : request->metric);
	if (!failed)
	{
		*value = row.value;
		*std_error = row.error;
	}
	wc_free(alloc, measured.values[0]);
	wc_free(alloc, best_rank);
	close_ranker(run, &ranker);
	return !failed;
}

static void
rate(const Run *run)
{
	const WalsContest *contest = run->contest;
	WalsMeasured measured = {.n_asked = contest->n_asked,
	                         .n_users = contest->n_chosen};
	WcRanker ranker = open_ranker(run, false);
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	WalsEvaluateRow row;

	measured.sums[0] =
	    array_alloc(contest, contest->n_chosen, sizeof(WcErrorSums));
	if (!has_failed(run,
	                wc_rate_users(&ranker, &contest->rated, measured.sums[0],
	                              &wals_hooks, &error),
	                &error))
	{
		row = wals_evaluate_errors(&measured, NULL,
		                           contest->parts->request->metric ==
		                               WALS_METRIC_RMSE);
		run->trial->value = row.value;
		run->trial->error = row.error;
	}
	wc_free(&contest->parts->memory->alloc, measured.sums[0]);
	close_ranker(run, &ranker);
}

void
wals_contest_run(const WalsContest *contest, const WalsRound *round,
                 WalsTrial *trial)
{
	Run run = {.contest = contest, .round = round, .trial = trial};
	int metric = contest->parts->request->metric;
	double ignored;

	INSTR_TIME_SET_CURRENT(run.started);
	trial->value = trial->error = trial->baseline = NAN;
	trial->late = false;
	if (open_run(&run) && solve(&run))
	{
		if (metric == WALS_METRIC_RMSE || metric == WALS_METRIC_MAE)
			rate(&run);
		else if (rank(&run, false, &trial->value, &trial->error) &&
		         round->baseline)
			(void) rank(&run, true, &trial->baseline, &ignored);
		if (round->keep)
			keep_items(&run);
	}
	close_run(&run);
	trial->seconds += wals_step_seconds(run.started);
}

void
wals_contest_forget(const WalsContest *contest, WalsTrial *trial)
{
	const WcAlloc *alloc = &contest->parts->memory->alloc;

	wc_free(alloc, trial->item_factors);
	wc_free(alloc, trial->item_bias);
	trial->item_factors = trial->item_bias = NULL;
}
