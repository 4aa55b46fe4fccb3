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

#include "base/debug.h"
#include "base/settings.h"
#include "run/measure/measure.h"
#include "run/measure/summary.h"
#include "run/train/steps.h"
#include "run/tune/contest.h"

/* ------------------------------------------------------------------------
 * Preparing
 * ------------------------------------------------------------------------ */

/* New numbers for those who are kept, in their order. */
static int32 *
number_kept(const WalsContest *contest, int32 count, const bool *keep)
{
	int32 *map = wals_job_array(contest->parts->job, count, sizeof(int32));
	int32 n = 0;
	int32 i;

	for (i = 0; i < count; i++)
		map[i] = keep[i] ? n++ : -1;
	return map;
}

static bool *
flags(const WalsContest *contest, int32 count, bool value)
{
	bool *result = wals_job_array(contest->parts->job, count, sizeof(bool));

	memset(result, value, count);
	return result;
}

/* Popularity as a version trained on these entries would have it. */
static void
rank_popular(WalsContest *contest, const WcCsr *trained)
{
	WalsJob *job = contest->parts->job;
	int32 n = trained->cols;
	int32 *likes = wals_job_array(contest->parts->job, n, sizeof(int32));
	int32 *entries = wals_job_array(contest->parts->job, n, sizeof(int32));
	int32 *order = wals_job_array(contest->parts->job, n, sizeof(int32));
	WcLiking liking;
	int64 e;

	contest->popularity = wals_job_array(contest->parts->job, n, sizeof(float));
	memset(entries, 0, sizeof(int32) * n);
	for (e = 0; e < trained->nnz; e++)
	{
		if (e % 1048576 == 0)
			CHECK_FOR_INTERRUPTS();
		entries[trained->col[e]]++;
	}
	wals_job_check(contest->parts->job,
	               wc_liking(trained,
	                         contest->parts->request->train.params.feedback,
	                         &liking, &wals_hooks));
	wals_job_check(contest->parts->job,
	               wc_count_likes(trained, liking, NULL, likes, &wals_hooks));
	wals_job_check(
	    contest->parts->job,
	    wc_popular_order(n, likes, entries, order, &job->alloc, &wals_hooks));
	wc_popular_values(n, likes, entries, order, contest->popularity);
	wc_free(&job->alloc, likes);
	wc_free(&job->alloc, entries);
	wc_free(&job->alloc, order);
}

/* Who is in the training: the rows and columns of its matrix. */
static void
number_trained(WalsContest *contest)
{
	const WalsParts *parts = contest->parts;
	const WcAlloc *alloc = &parts->job->alloc;
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

	wals_job_check(contest->parts->job,
	               wc_split_take(all, parts->part, contest->trained, users,
	                             all->rows, items, all->cols, &trained, alloc,
	                             &wals_hooks));
	shortage.n_held_out = all->nnz - trained.nnz;
	wals_job_check(contest->parts->job,
	               wc_csr_filter(&trained, params->min_user_rows,
	                             params->min_item_rows, keep_user, keep_item,
	                             alloc, &wals_hooks));
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
	contest->first_hash =
	    wals_job_array(contest->parts->job, contest->items, sizeof(uint64));
	for (i = 0; i < all->cols; i++)
		if (keep_item[i])
			contest->first_hash[contest->item_map[i]] =
			    wc_idmap_hash(parts->ratings->items, i);
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
	int32 *map = wals_job_array(contest->parts->job, all->rows, sizeof(int32));
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
	                      parts->request->seed, parts->job, wanted);
	contest->chosen =
	    wals_job_array(contest->parts->job, contest->n_asked, sizeof(int32));
	for (i = 0; i < all->rows; i++)
	{
		map[i] = -1;
		if (!wanted[i] || contest->user_map[i] < 0)
			continue;
		contest->chosen[contest->n_chosen] = contest->user_map[i];
		map[i] = contest->n_chosen++;
	}
	wc_free(&parts->job->alloc, wanted);
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

/* Entries of some parts, of the chosen users. */
static void
take_chosen(const WalsContest *contest, int parts, const int32 *users,
            const int32 *items, int32 n_items, WcCsr *result)
{
	wals_job_check(contest->parts->job,
	               wc_split_take(&contest->parts->all, contest->parts->part,
	                             parts, users, contest->n_chosen, items,
	                             n_items, result, &contest->parts->job->alloc,
	                             &wals_hooks));
}

/* What the metric asks of the chosen users, by items in the training or not. */
static void
take_measured(WalsContest *contest, const int32 *users)
{
	const WalsParts *parts = contest->parts;
	const WalsTuneRequest *request = parts->request;
	const WcAlloc *alloc = &parts->job->alloc;
	int32 n_all = parts->all.cols;
	bool *every = flags(contest, n_all, true);
	int32 *same = number_kept(contest, n_all, every);
	WalsRelevance relevance = {.by_threshold = request->has_threshold,
	                           .threshold = request->threshold,
	                           .is_explicit = request->train.params.feedback ==
	                                          WC_EXPLICIT};
	WcCsr all;
	WalsCells cells = {.csr = &all,
	                   .item = contest->item_map,
	                   .relevance = &relevance,
	                   .n_users = contest->n_chosen,
	                   .n_items = contest->items};

	take_chosen(contest, contest->measured, users, same, n_all, &all);
	contest->asked = wals_asked_take(&request->metric, &cells, parts->job);
	if (request->metric.kind != WALS_METRIC_RATING)
		take_chosen(contest, contest->trained, users, contest->item_map,
		            contest->items, &contest->asked.seen);
	wc_csr_free(&all, alloc);
	wc_free(alloc, every);
	wc_free(alloc, same);
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
	take_measured(contest, map);
	wc_free(&parts->job->alloc, map);
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
has_failed(const Run *run, WcStatus status)
{
	WalsJob *job = run->contest->parts->job;

	if (status == WC_NOT_SPD || status == WC_NOT_FINITE ||
	    status == WC_LAMBDA_TOO_LARGE)
	{
		run->trial->failure = pstrdup(wc_status_text(status));
		return true;
	}
	/* its indexes are those of the training, which has no names for them */
	job->error.row = job->error.other = -1;
	wals_job_check(job, status);
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
	const WcAlloc *alloc = &parts->job->alloc;
	WcSolverOptions options = wals_solver_options(wals_thread_count());
	bool fades = run->trial->params.half_life > 0;
	WcCsr all = parts->all;
	WcCsr by_user;

	if (fades)
		wals_aged_merge(parts->job, &run->trial->params, &parts->arrivals,
		                &parts->all, contest->newest, &all);
	wals_job_check(contest->parts->job,
	               wc_split_take(&all, parts->part, contest->trained,
	                             contest->user_map, contest->users,
	                             contest->item_map, contest->items, &by_user,
	                             alloc, &wals_hooks));
	if (fades)
		wc_csr_free(&all, alloc);
	if (has_failed(run, wc_problem_build(&run->trial->params, &by_user, NULL,
	                                     NULL, &run->problem, alloc,
	                                     &wals_hooks, &parts->job->error)))
		return false;
	wals_job_check(
	    contest->parts->job,
	    wc_model_init(&run->problem, contest->first_hash, &run->model, alloc));
	if (run->trial->item_factors != NULL)
		copy_items(run, true);
	return !has_failed(run,
	                   wc_solver_create(&run->problem, &options, &run->solver,
	                                    alloc, &parts->job->error));
}

static void
close_run(Run *run)
{
	const WcAlloc *alloc = &run->contest->parts->job->alloc;

	if (run->solver != NULL)
		wc_solver_free(run->solver);
	wc_model_free(&run->model, alloc);
	wc_problem_free(&run->problem, alloc);
}

static bool
half_sweep(Run *run, WcSide side, bool exact)
{

	wals_debug_point("half_sweep");
	return !has_failed(run,
	                   wals_step_solve(run->solver, side, &run->model, exact,
	                                   &run->contest->parts->job->error));
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
		trial->item_factors =
		    wals_job_array(run->contest->parts->job, model->items,
		                   sizeof(float) * (Size) model->factors);
		trial->item_bias = wals_job_array(run->contest->parts->job,
		                                  model->items, sizeof(float));
	}
	copy_items(run, false);
}

/* The metric of one ranker; false when the trial has failed. */
static bool
measure(const Run *run, const WcRanker *ranker, WalsMean *mean)
{
	const WalsContest *contest = run->contest;
	const WalsMetric *metric = &contest->parts->request->metric;
	WalsJob *job = contest->parts->job;
	WalsOutcome outcome;
	bool failed =
	    has_failed(run, wals_ranker_measure(ranker, metric, &contest->asked,
	                                        job, &outcome));

	if (!failed)
		*mean = wals_summary_mean(metric, &outcome);
	wals_outcome_free(&outcome, job);
	return !failed;
}

/* The trial and, if it is asked for, what popularity achieves. */
static void
measure_trial(const Run *run)
{
	const WalsContest *contest = run->contest;
	WalsJob *job = contest->parts->job;
	WcRanker ranker = wals_ranker_trained(&run->model, contest->n_chosen,
	                                      contest->chosen, job);
	WcRanker popular;
	WalsMean mean;

	if (measure(run, &ranker, &mean))
	{
		run->trial->value = mean.value;
		run->trial->error = mean.error;
	}
	wals_ranker_free(&ranker, job);
	if (run->trial->failure != NULL || !run->round->baseline ||
	    contest->parts->request->metric.kind == WALS_METRIC_RATING)
		return;
	popular = wals_ranker_same(contest->items, contest->popularity,
	                           contest->n_chosen, job);
	if (measure(run, &popular, &mean))
		run->trial->baseline = mean.value;
	wals_ranker_free(&popular, job);
}

void
wals_contest_run(const WalsContest *contest, const WalsRound *round,
                 WalsTrial *trial)
{
	Run run = {.contest = contest, .round = round, .trial = trial};

	INSTR_TIME_SET_CURRENT(run.started);
	trial->value = trial->error = trial->baseline = NAN;
	trial->late = false;
	if (open_run(&run) && solve(&run))
	{
		measure_trial(&run);
		if (round->keep)
			keep_items(&run);
	}
	close_run(&run);
	trial->seconds += wals_step_seconds(run.started);
}

void
wals_contest_forget(const WalsContest *contest, WalsTrial *trial)
{
	const WcAlloc *alloc = &contest->parts->job->alloc;

	wc_free(alloc, trial->item_factors);
	wc_free(alloc, trial->item_bias);
	trial->item_factors = trial->item_bias = NULL;
}
