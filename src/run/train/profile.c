/*-------------------------------------------------------------------------
 *
 * profile.c
 *	  What is in a relation of ratings, and what training on it will take.
 *
 * The source is read once, as a training reads it; then the ratings become
 * rows without values, which is less than a training keeps.  Seconds are those
 * of the reading that has just been done, and for the rest the labour by
 * formula times what a sample of it took here and now; they tell minutes from
 * hours, not more. Advice is in run/train/advice.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "run/train/advice.h"
#include "run/train/steps.h"
#include "store/query.h"

#define SAMPLE_RUNS 3 /* the fastest counts */
#define SECOND_THREAD 0.9 /* of what the first one does */
#define DENSE_SLOWNESS 2.0 /* a multiply-add of a rotation, to one of a row */
#define EIGEN_SLOWNESS 4.0 /* a multiply-add in float64, to one of a row */
#define WRITE_RATE 30e6 /* bytes a second */

/* Newest and oldest time; the array is not needed any more. */
static void
survey_times(WalsProfile *profile)
{
	WcCoo *coo = &profile->ratings.coo;
	int64 i;

	for (i = 0; i < coo->count; i++)
	{
		if (i == 0 || coo->time[i] < profile->oldest)
			profile->oldest = coo->time[i];
		if (i == 0 || coo->time[i] > profile->newest)
			profile->newest = coo->time[i];
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	profile->has_times = coo->count > 0;
	wc_free(&profile->job.alloc, coo->time);
	coo->time = NULL;
}

/* How many factors a training with default options has, and its memory. */
static void
survey_factors(WalsProfile *profile)
{
	WalsRatings *ratings = &profile->ratings;
	WcParams *params = &profile->params;
	Size ids;

	profile->wanted_factors =
	    wc_factors_choose(params->feedback, wc_idmap_count(ratings->users),
	                      wc_idmap_count(ratings->items));
	if (params->factors == WC_FACTORS_AUTO)
		params->factors =
		    Min(profile->wanted_factors,
		        wals_ratings_most_factors(ratings, &profile->job, params));
	if (wals_ratings_memory(ratings, &profile->job, params,
	                        &profile->training_bytes, &ids) != WC_OK)
		profile->training_bytes = SIZE_MAX / 2;
	profile->training_bytes += ids;
}

/* What the numbers of the ratings say; then only pairs are kept of them. */
static void
survey_numbers(WalsProfile *profile)
{
	WcCoo *coo = &profile->ratings.coo;
	const WcAlloc *alloc = &profile->job.alloc;

	if (coo->time != NULL)
		survey_times(profile);
	if (coo->value != NULL)
		wals_job_check(&profile->job,
		               wc_values_summary(coo->count, coo->value,
		                                 &profile->values, alloc, &wals_hooks));
	wc_free(alloc, coo->value);
	wc_free(alloc, coo->weight);
	coo->value = NULL;
	coo->weight = NULL;
}

static void
survey_pairs(WalsProfile *profile)
{
	WcCoo *coo = &profile->ratings.coo;
	const WcAlloc *alloc = &profile->job.alloc;
	int64 ignored;

	wals_job_check(&profile->job,
	               wc_csr_from_coo(coo, wc_idmap_count(profile->ratings.users),
	                               wc_idmap_count(profile->ratings.items),
	                               (WcMerging){.duplicates = WC_DUP_SUM},
	                               &profile->entries, &profile->n_duplicates,
	                               &ignored, alloc, &wals_hooks,
	                               &profile->job.error));
	wals_job_check(&profile->job,
	               wc_spread(&profile->entries, WC_USERS, &profile->users,
	                         alloc, &wals_hooks));
	wals_job_check(&profile->job,
	               wc_spread(&profile->entries, WC_ITEMS, &profile->items,
	                         alloc, &wals_hooks));
}

/* Seconds of a half sweep over the users, the fastest of a few. */
static double
time_users(WalsJob *job, WcSolver *solver, WcModel *model, bool exact)
{
	double best = 0;
	int run;

	for (run = 0; run < SAMPLE_RUNS; run++)
	{
		instr_time start;
		WcStatus status;
		double seconds;

		/* a descent from where it wants to go is no work */
		memset(model->user_factors, 0,
		       sizeof(float) * model->users * model->factors);
		INSTR_TIME_SET_CURRENT(start);
		do
		{
			CHECK_FOR_INTERRUPTS();
			status = exact ? wc_half_sweep(solver, WC_USERS, model, &wals_hooks,
			                               &job->error)
			               : wc_half_descent(solver, WC_USERS, model,
			                                 &wals_hooks, &job->error);
		} while (status == WC_PAUSED);
		wals_job_check(job, status);
		seconds = wals_step_seconds(start);
		if (run == 0 || seconds < best)
			best = seconds;
	}
	return best;
}

/*
 * Seconds of a multiply-add on one thread, measured on a sample of the users.
 * It is small, so its memory is taken beside wals.max_memory.
 */
static double
measure_labour(const WalsProfile *profile, bool exact)
{
	WcSolverOptions options = wals_solver_options(1);
	WalsJob job;
	const WcAlloc *alloc = &job.alloc;
	WcParams params = profile->params;
	WcLabour labour;
	WcCsr sample;
	WcProblem problem;
	WcModel model;
	WcSolver *solver;
	uint64 *hashes;
	double seconds;
	int32 j;

	wals_job_init(&job, CurrentMemoryContext, 0);
	wals_job_check(&job, wc_labour_sample(&profile->entries, params.factors,
	                                      exact, &sample, alloc));
	wals_job_check(
	    &job, wc_labour(&sample, params.factors, &labour, alloc, &wals_hooks));
	hashes = palloc(sizeof(uint64) * sample.cols);
	for (j = 0; j < sample.cols; j++)
		hashes[j] = (uint64) j * UINT64CONST(0x9E3779B97F4A7C15);
	params.feedback = WC_WEIGHTED;
	params.unobserved_weight = 0;
	wals_job_check(&job,
	               wc_problem_build(&params, &sample, NULL, NULL, &problem,
	                                alloc, &wals_hooks, &job.error));
	wals_job_check(&job, wc_model_init(&problem, hashes, &model, alloc));
	wals_job_check(
	    &job, wc_solver_create(&problem, &options, &solver, alloc, &job.error));
	seconds = time_users(&job, solver, &model, exact);
	wc_solver_free(solver);
	wc_model_free(&model, alloc);
	wc_problem_free(&problem, alloc);
	return seconds / Max(exact ? labour.exact : labour.users, 1);
}

/* Seconds of the iterations of a training with default options. */
static double
estimate_solving(const WalsProfile *profile, const WcAlloc *alloc)
{
	const WcParams *params = &profile->params;
	double threads = 1 + SECOND_THREAD * (wals_thread_count() - 1);
	double descent = measure_labour(profile, false);
	double exact = measure_labour(profile, true);
	WcLabour labour;

	wals_job_check(&profile->job, wc_labour(&profile->entries, params->factors,
	                                        &labour, alloc, &wals_hooks));
	return params->iterations *
	           ((labour.users + labour.items) * descent / threads +
	            labour.dense * exact * DENSE_SLOWNESS / threads +
	            labour.eigen * exact * EIGEN_SLOWNESS) +
	       labour.exact * exact / threads;
}

static void
estimate_cost(WalsProfile *profile, double read_seconds)
{
	double rows = (double) profile->users.rows + profile->items.rows;

	profile->version_bytes = rows * (4.0 * profile->params.factors + 80 + 32);
	profile->seconds = read_seconds + profile->version_bytes / WRITE_RATE;
	if (profile->entries.nnz > 0)
		profile->seconds += estimate_solving(profile, &profile->job.alloc);
}

static void
put(const WalsProfile *profile, const char *property, Datum value,
    const char *note)
{
	profile->put(profile->result, property, value, note);
}

void
wals_profile_advise(const WalsProfile *profile, const char *advice)
{
	put(profile, "advice", (Datum) 0, advice);
}

static void
put_count(const WalsProfile *profile, const char *property, int64 count,
          const char *note)
{
	put(profile, property, NumericGetDatum(int64_to_numeric(count)), note);
}

/* A number with as many digits as are worth reading. */
static void
put_number(const WalsProfile *profile, const char *property, double number,
           int digits, const char *note)
{
	char *text = psprintf("%.*g", digits, number);

	put(profile, property,
	    DirectFunctionCall3(numeric_in, CStringGetDatum(text),
	                        ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
	    note);
}

static void
put_float(const WalsProfile *profile, const char *property, float number,
          const char *note)
{
	put(profile, property,
	    DirectFunctionCall1(float4_numeric, Float4GetDatum(number)), note);
}

static char *
percent(double part, double whole)
{
	return psprintf("%.3g %%", whole > 0 ? 100 * part / whole : 0);
}

/* "user_id 3, rating 2": NULLs by column. */
static char *
null_note(const WalsProfile *profile)
{
	const WalsSource *source = profile->source;
	const char *columns[WALS_SOURCE_COLUMNS] = {
	    source->user_col, source->item_col, source->value_col,
	    source->weight_col, source->time_col};
	StringInfoData note;
	int i;

	initStringInfo(&note);
	for (i = 0; i < WALS_SOURCE_COLUMNS; i++)
		if (profile->survey.n_null[i] > 0)
			appendStringInfo(&note, "%s%s " INT64_FORMAT,
			                 note.len > 0 ? ", " : "", columns[i],
			                 profile->survey.n_null[i]);
	return note.len > 0 ? note.data : NULL;
}

static void
put_rows(const WalsProfile *profile)
{
	const WalsSurvey *survey = &profile->survey;
	const WalsSource *source = profile->source;

	put_count(profile, "rows", profile->ratings.n_rows, NULL);
	put_count(profile, "rows_with_null", profile->ratings.n_null,
	          null_note(profile));
	if (source->value_col != NULL)
		put_count(profile, "rows_with_bad_value", survey->n_bad_value,
		          survey->n_bad_value > 0 ? "not finite, or beyond real"
		                                  : NULL);
	if (source->weight_col != NULL)
	{
		put_count(profile, "rows_with_bad_weight", survey->n_bad_weight,
		          survey->n_bad_weight > 0 ? "negative or not finite" : NULL);
		put_count(profile, "rows_with_weight_0", profile->ratings.n_weightless,
		          NULL);
	}
	if (source->time_col != NULL)
		put_count(profile, "rows_with_bad_time", survey->n_bad_time,
		          survey->n_bad_time > 0 ? "infinite" : NULL);
	put_count(profile, "duplicate_rows", profile->n_duplicates, NULL);
}

char *
wals_profile_id(const WalsProfile *profile, WcSide side, int32 index)
{
	const WcIdMap *ids =
	    side == WC_USERS ? profile->ratings.users : profile->ratings.items;

	return wals_id_to_cstring(side == WC_USERS ? profile->source->user_id_type
	                                           : profile->source->item_id_type,
	                          wc_idmap_get(ids, index));
}

static void
put_spread(const WalsProfile *profile, WcSide side)
{
	const WcSpread *spread =
	    side == WC_USERS ? &profile->users : &profile->items;
	const char *noun = side == WC_USERS ? "user" : "item";

	if (spread->rows == 0)
		return;
	put_number(profile, psprintf("%s_entries_median", noun), spread->median, 15,
	           NULL);
	put_count(profile, psprintf("%s_entries_max", noun), spread->most,
	          psprintf("%s %s", noun,
	                   wals_profile_id(profile, side, spread->most_row)));
	put_count(profile, psprintf("%ss_with_one_entry", noun), spread->singles,
	          spread->singles > 0 ? percent(spread->singles, spread->rows)
	                              : NULL);
}

static void
put_pairs(const WalsProfile *profile)
{
	double cells = (double) profile->users.rows * profile->items.rows;

	put_count(profile, "users", profile->users.rows, NULL);
	put_count(profile, "items", profile->items.rows, NULL);
	put_count(profile, "entries", profile->entries.nnz,
	          "distinct pairs of user and item");
	if (cells > 0)
		put_number(profile, "density", profile->entries.nnz / cells, 4,
		           "entries / (users * items)");
	put_spread(profile, WC_USERS);
	put_spread(profile, WC_ITEMS);
	if (profile->items.rows > 0)
		put_number(profile, "top_items_share", profile->items.top_share, 4,
		           psprintf("of the entries, on 1 %% of the items: %d",
		                    profile->items.top_rows));
}

static void
put_values(const WalsProfile *profile)
{
	const WcValues *values = &profile->values;
	int i;

	if (profile->source->value_col == NULL || values->count == 0)
		return;
	put_float(profile, "value_min", values->min, NULL);
	put_float(profile, "value_max", values->max, NULL);
	put_count(profile, "negative_values", values->negative, NULL);
	put_count(profile, "zero_values", values->zero, NULL);
	if (values->distinct < 0)
		put(profile, "distinct_values", (Datum) 0,
		    psprintf("more than %d", WC_DISTINCT_MAX));
	else
		put_count(profile, "distinct_values", values->distinct, NULL);
	for (i = 0; i < values->n_common; i++)
		put_float(profile, "common_value", values->common[i].value,
		          psprintf(INT64_FORMAT " of " INT64_FORMAT " rows, %s",
		                   values->common[i].count, values->count,
		                   percent((double) values->common[i].count,
		                           (double) values->count)));
}

/* Seconds since 1970, and the time in the words of its type. */
static void
put_time(const WalsProfile *profile, const char *property, int64 time)
{
	Oid type = profile->source->time_type;
	char *note = NULL;
	Datum seconds;

	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
	{
		put_count(profile, property, time, NULL);
		return;
	}
	seconds = DirectFunctionCall2(
	    numeric_add, NumericGetDatum(int64_div_fast_to_numeric(time, 6)),
	    NumericGetDatum(int64_to_numeric(
	        (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)));
	if (type == TIMESTAMPTZOID)
		note = DatumGetCString(
		    DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(time)));
	else if (type == TIMESTAMPOID)
		note = DatumGetCString(
		    DirectFunctionCall1(timestamp_out, TimestampGetDatum(time)));
	else
		note = DatumGetCString(DirectFunctionCall1(
		    date_out, DateADTGetDatum((DateADT) (time / USECS_PER_DAY))));
	put(profile, property, seconds, note);
}

/* Where the number of factors comes from, and what it costs. */
static const char *
factors_note(const WalsProfile *profile)
{
	WalsChooser chooser = {NULL, &profile->entries, &profile->job,
	                       profile->params.feedback, WC_FACTORS_MOST};
	int32 factors = profile->params.factors;
	const char *origin = "as asked for";

	if (profile->is_chosen && factors < profile->wanted_factors)
		origin = psprintf("the data ask for %d, wals.max_memory allows these",
		                  profile->wanted_factors);
	else if (profile->is_chosen)
		origin = "what a training chooses for these users and items";
	if (factors == WC_FACTORS_LEAST || profile->entries.nnz == 0)
		return origin;
	return psprintf("%s; an iteration takes about %.1f times the work of %d",
	                origin, wals_choose_labour(&chooser, factors),
	                WC_FACTORS_LEAST);
}

static void
put_cost(const WalsProfile *profile)
{
	int32 factors = profile->params.factors;

	put_count(profile, "factors", factors, factors_note(profile));
	put_number(profile, "training_memory_mb",
	           profile->training_bytes / (1024.0 * 1024.0), 3,
	           wals_max_memory == 0
	               ? "no limit is set"
	               : psprintf("of %.4g that wals.max_memory allows",
	                          wals_max_memory / 1024.0));
	put_number(profile, "training_seconds", profile->seconds, 2,
	           psprintf("roughly: %d iterations, %d factors, threads %d",
	                    profile->params.iterations, factors,
	                    wals_thread_count()));
	put_number(profile, "version_mb",
	           profile->version_bytes / (1024.0 * 1024.0), 3,
	           psprintf("on disk, of each version with %d factors", factors));
}

void
wals_profile_run(WalsProfileRequest *request, WalsProfilePut put, void *result)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals profile", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	WalsProfile profile;
	instr_time start;

	memset(&profile, 0, sizeof(profile));
	profile.source = &request->source;
	profile.put = put;
	profile.result = result;
	wc_params_defaults(&profile.params);
	profile.params.factors = request->factors;
	profile.is_chosen = request->factors == WC_FACTORS_AUTO;
	wals_job_init(&profile.job, context, (Size) wals_max_memory * 1024);

	wals_query_begin();
	wals_source_check_columns(&request->source, "source");
	INSTR_TIME_SET_CURRENT(start);
	wals_ratings_survey(&request->source, &profile.job, &profile.ratings,
	                    &profile.survey);
	survey_factors(&profile);
	survey_numbers(&profile);
	survey_pairs(&profile);
	estimate_cost(&profile, wals_step_seconds(start));

	put_rows(&profile);
	put_pairs(&profile);
	put_values(&profile);
	if (profile.has_times)
	{
		put_time(&profile, "oldest_time", profile.oldest);
		put_time(&profile, "newest_time", profile.newest);
	}
	put_cost(&profile);
	wals_profile_advice(&profile);
	wals_query_end();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
