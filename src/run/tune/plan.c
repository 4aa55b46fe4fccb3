/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Which options the trials of a tuning have.
 *
 * All searches but the grid draw their points at random, and the trials of a
 * random search and of halving are the first of those that a model chooses
 * from (core/measure/tune_model.c), so that what is compared is the choosing.
 *
 * A value that is out of range is a mistake of whoever wrote the grid.  Two
 * values that contradict each other are a corner of a grid that is a product,
 * and left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "run/measure/measure.h"
#include "run/train/options.h"
#include "run/tune/plan.h"

#define CANDIDATES 500 /* that a model chooses from */
#define CANDIDATES_LONG 2000 /* where it goes on as long as there is time */
#define LISTED_MAX 1000000 /* combinations that are gone through */

const double *
wals_plan_point(const WalsPlan *plan, int32 trial)
{
	if (plan->chosen[trial] < 0)
		return NULL;
	return plan->points +
	       (Size) plan->chosen[trial] * (Size) plan->request->grid.n;
}

/* Lists, more combinations of them than trials: which are meant? */
static void
refuse_grid(const WalsTuneRequest *request, int64 combinations)
{
	if (combinations < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("search \"grid\" cannot go through a range"),
		         errhint("Give arrays of values, or use search => 'random', "
		                 "'halving' or 'model'.")));
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("the grid has more combinations than trials"),
	         errdetail(INT64_FORMAT " combinations, %d trials.", combinations,
	                   request->trials),
	         errhint("Raise trials up to %d, give fewer values, or use search "
	                 "=> 'random', 'halving' or 'model'.",
	                 WC_TUNE_TRIALS_MAX)));
}

/* What was left out of a grid, for the message. */
typedef struct Corner
{
	const WalsTuneRequest *request;
	bool is_found;
	WcParams params; /* of the first */
	char *options;
	char detail[256];
} Corner;

/* Whether wals_train would take a point; the first that it would not is kept. */
static bool
is_wanted(void *arg, const double *point)
{
	Corner *corner = arg;
	const WalsTuneRequest *request = corner->request;
	WalsTrainRequest train = request->train;
	char detail[256];

	wals_grid_apply(&request->grid, point, &train.params);
	if (wals_options_conflict(&train, sizeof(detail), detail) == NULL)
		return true;
	if (!corner->is_found)
	{
		corner->is_found = true;
		corner->params = train.params;
		corner->options = wals_grid_json(&request->grid, point);
		strlcpy(corner->detail, detail, sizeof(corner->detail));
	}
	return false;
}

/* Find the points; what the search is, if nobody said, is resolved on the way. */
static void
find_points(WalsPlan *plan, int32 trials, WcTuneFilter *filter)
{
	WalsTuneRequest *request = plan->request;
	const WalsGrid *grid = &request->grid;
	int64 combinations = wc_tune_combinations(grid->n, grid->options);
	int32 room = request->goes_on ? CANDIDATES_LONG : Max(trials, CANDIDATES);
	/* time may end a long list anywhere, so its order should be by promise */
	int32 listed = request->goes_on && request->search != WALS_SEARCH_GRID
	                   ? Min(trials, WALS_TUNE_TRIALS)
	                   : trials;

	plan->points = wals_job_array(plan->job, room,
	                              sizeof(double) * Max((Size) grid->n, 1));
	plan->n_points = listed + 1;
	if (combinations >= 0 && combinations <= LISTED_MAX)
		plan->n_points =
		    wc_tune_grid(grid->n, grid->options, listed, filter, plan->points);
	if (plan->n_points <= listed)
	{
		/* no need to search: all are tried */
		if (request->search == WALS_SEARCH_AUTO ||
		    request->search == WALS_SEARCH_MODEL)
			request->search = WALS_SEARCH_GRID;
		return;
	}
	if (request->search == WALS_SEARCH_GRID)
		refuse_grid(request, combinations);
	if (request->search == WALS_SEARCH_AUTO)
		request->search = request->goes_on || trials <= WC_TUNE_MODEL_MAX
		                      ? WALS_SEARCH_MODEL
		                      : WALS_SEARCH_HALVING;
	plan->n_points =
	    wc_tune_random(grid->n, grid->options, request->seed,
	                   request->search == WALS_SEARCH_MODEL ? room : trials,
	                   filter, plan->points);
}

/* Tell of combinations that were left out; an error when there is no other. */
static void
report_corner(const WalsPlan *plan, const WcTuneFilter *filter,
              const Corner *corner)
{
	WalsTrainRequest train = plan->request->train;

	if (plan->n_points == 0)
	{
		train.params = corner->params;
		wals_options_check(&train);
	}
	if (filter->left_out > 0)
		ereport(NOTICE,
		        (errmsg(INT64_FORMAT
		                " of " INT64_FORMAT
		                " combinations were left out: wals_train() would "
		                "refuse them",
		                filter->left_out, filter->left_out + plan->n_points),
		         errdetail("The first is %s. %s", corner->options,
		                   corner->detail)));
}

/* What all trials have in common, and the most memory one may take. */
static void
find_common(WalsPlan *plan)
{
	WalsTuneRequest *request = plan->request;
	const WalsGrid *grid = &request->grid;
	WcParams most = request->train.params;
	int32 i;

	plan->leaves_factors = request->with_defaults;
	if (!request->with_defaults)
		most.factors = WC_FACTORS_AUTO;
	for (i = 0; i < plan->n_points; i++)
	{
		WcParams params = request->train.params;

		wals_grid_apply(grid, plan->points + (Size) i * (Size) grid->n,
		                &params);
		most.factors = Max(most.factors, params.factors);
		plan->leaves_factors =
		    plan->leaves_factors || params.factors == WC_FACTORS_AUTO;
		plan->fades = plan->fades || params.half_life > 0;
		most.duplicates = params.duplicates;
		most.min_user_rows = params.min_user_rows;
		most.min_item_rows = params.min_item_rows;
	}
	request->train.params = most;
}

void
wals_plan_make(WalsTuneRequest *request, WalsJob *job, WalsPlan *plan)
{
	int32 first = request->with_defaults ? 1 : 0;
	Corner corner = {.request = request};
	WcTuneFilter filter = {is_wanted, &corner, 0};
	int32 i;

	memset(plan, 0, sizeof(*plan));
	plan->request = request;
	plan->job = job;
	plan->base = request->train.params;
	if (request->search == WALS_SEARCH_MODEL && !request->goes_on &&
	    request->trials > WC_TUNE_MODEL_MAX)
		wals_option_refuse(
		    "trials",
		    psprintf("The value is %d, search \"model\" has at most %d.",
		             request->trials, WC_TUNE_MODEL_MAX),
		    "Use fewer, or search => 'halving'.");
	if (first > 0)
		wals_options_check(&request->train);
	wals_grid_check(&request->grid, &request->train.params);
	find_points(plan, request->trials - first, &filter);
	report_corner(plan, &filter, &corner);
	find_common(plan);
	plan->n_trials = first + Min(plan->n_points, request->trials - first);
	plan->chosen = wals_job_array(job, plan->n_trials, sizeof(int32));
	for (i = 0; i < plan->n_trials; i++)
		plan->chosen[i] = i - first;
	if (request->search != WALS_SEARCH_MODEL)
		return;
	plan->places = wals_job_array(job, plan->n_points,
	                              sizeof(double) * (Size) request->grid.n);
	for (i = 0; i < plan->n_points; i++)
		wc_tune_place(request->grid.n, request->grid.options,
		              plan->points + (Size) i * (Size) request->grid.n,
		              plan->places + (Size) i * (Size) request->grid.n);
}

void
wals_plan_limit_factors(WalsPlan *plan, int32 most)
{
	const WalsGrid *grid = &plan->request->grid;
	Size n = (Size) grid->n;
	int32 i;

	for (i = 0; i < plan->n_points; i++)
	{
		wals_grid_limit_factors(grid, most, plan->points + (Size) i * n);
		if (plan->places != NULL)
			wc_tune_place(grid->n, grid->options, plan->points + (Size) i * n,
			              plan->places + (Size) i * n);
	}
}

/*
 * Of more trials than a model can be made of, the better half of what it takes
 * and an even part of the others: where it is good wants to be known exactly,
 * where it is bad not to be forgotten.  Points that are left out are no
 * candidates either: it returns which points are, and memory has the numbers of
 * those.
 */
static int32 *
remember(const WcTuneMemory *all, WcTuneMemory *memory)
{
	Size n = (Size) all->n;
	int32 *order = palloc(sizeof(int32) * all->n_tried);
	int32 *role = palloc0(sizeof(int32) * all->n_candidates);
	int32 *candidates = palloc(sizeof(int32) * all->n_candidates);
	double *place = palloc(sizeof(double) * all->n_candidates * n);
	int32 *tried = palloc(sizeof(int32) * WC_TUNE_MODEL_MAX);
	double *value = palloc(sizeof(double) * WC_TUNE_MODEL_MAX);
	int32 best = WC_TUNE_MODEL_MAX / 2;
	int32 others = WC_TUNE_MODEL_MAX - 1 - best;
	int32 i;

	*memory = (WcTuneMemory){all->n, 0, place, 0, tried, value, all->higher};
	for (i = 0; i < all->n_tried; i++)
	{
		order[i] = i;
		role[all->tried[i]] = -1; /* forgotten */
	}
	wc_tune_rank(all->n_tried, all->value, all->higher, order);
	for (i = 0; i < best; i++)
		role[all->tried[order[i]]] = 1 + order[i];
	for (i = 0; i < others; i++)
	{
		int32 t =
		    order[best + (int32) ((int64) i * (all->n_tried - best) / others)];

		role[all->tried[t]] = 1 + t;
	}
	for (i = 0; i < all->n_candidates; i++)
	{
		if (role[i] < 0)
			continue;
		if (role[i] > 0)
		{
			tried[memory->n_tried] = memory->n_candidates;
			value[memory->n_tried++] = all->value[role[i] - 1];
		}
		memcpy(place + (Size) memory->n_candidates * n,
		       all->place + (Size) i * n, sizeof(double) * n);
		candidates[memory->n_candidates++] = i;
	}
	pfree(order);
	pfree(role);
	return candidates;
}

void
wals_plan_choose(WalsPlan *plan, int32 trial, const double *value)
{
	const WalsTuneRequest *request = plan->request;
	int32 first = request->with_defaults ? 1 : 0;
	WcTuneMemory all = {.n = request->grid.n,
	                    .n_candidates = plan->n_points,
	                    .place = plan->places,
	                    .n_tried = trial - first,
	                    .tried = plan->chosen + first,
	                    .value = value + first,
	                    .higher = wals_metric_higher(&request->metric)};
	WcStatus status;

	if (plan->places == NULL || trial < first)
		return;
	if (all.n_tried < WC_TUNE_MODEL_MAX)
		status = wc_tune_next(&all, &plan->chosen[trial], &plan->job->alloc,
		                      &wals_hooks);
	else
	{
		WcTuneMemory memory;
		int32 *candidates = remember(&all, &memory);
		int32 next = 0;

		status = wc_tune_next(&memory, &next, &plan->job->alloc, &wals_hooks);
		plan->chosen[trial] = candidates[next];
		pfree(candidates);
		pfree(unconstify(double *, memory.place));
		pfree(unconstify(int32 *, memory.tried));
		pfree(unconstify(double *, memory.value));
	}
	wals_job_check(plan->job, status);
}
