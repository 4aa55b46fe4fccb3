/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  Solve a user against the items of a model, from rows as they are now, and
 *	  take a score apart.
 *
 * Ratings come from the source (store/history.c) or from the caller, a basket.
 * Their items become indexes of the version's; what the version does not know is
 * left out and counted.  The rest is the core's.
 *
 * A user whose rows are those of the training gets the stored factors again, up
 * to the rounding of single precision, and a score is the sum of what each
 * entry contributes, because a training ends with a half sweep over the users.
 * So what a training holds out does not count here either.  Users the version
 * does not know have nothing stored that their answer could differ from, and
 * whoever rated one thing wants an answer: all their rows count.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/lsyscache.h"

#include "base/job.h"
#include "run/answer/fold.h"
#include "store/factors.h"
#include "store/query.h"

#define WITHOUT_FOLD "Do without it: fold_in => 'never'."

const WalsChoice wals_fold_in_choices[] = {{"auto", WALS_FOLD_AUTO},
                                           {"always", WALS_FOLD_ALWAYS},
                                           {"never", WALS_FOLD_NEVER},
                                           {NULL, 0}};

static int64
rows_left_out(const WalsFolded *folded)
{
	return folded->n_unusable + folded->n_unknown + folded->n_held_out;
}

/* What a user is solved with: WalsNamer has the one user and the items. */
typedef struct Asked
{
	const char *user; /* NULL: not one of the model's */
	const WalsRows *items;
} Asked;

static char *
name_of_asked(const void *arg, WcSide side, int32 index)
{
	const Asked *asked = arg;

	if (side == WC_USERS)
		return unconstify(char *, asked->user);
	return wals_id_to_cstring(asked->items->id_type,
	                          wals_rows_id(asked->items, index));
}

static void
open_job(const Asked *asked, WalsJob *job)
{
	wals_job_init(job, CurrentMemoryContext, 0);
	job->namer = name_of_asked;
	job->named = asked;
}

/* Solve for the rows, which are n_rows less those left out. */
static void
solve(const WalsObjective *objective, WcFoldUser *user, const char *user_name,
      WalsFolded *folded)
{
	WcFoldItems items = wc_pack_items(&folded->items->pack, NULL);
	Asked asked = {user_name, folded->items};
	WalsJob job;
	int32 count = wc_fold_factors(folded->fold);
	float *factors = palloc(sizeof(float) * count);
	float bias;

	open_job(&asked, &job);
	wals_answer_check_factors(folded->items, count);
	folded->vector.count = count;
	folded->vector.factors = factors;
	wals_job_check(&job, wc_fold_in(folded->fold, &items, user, factors, &bias,
	                                &wals_hooks, &job.error));
	wc_fold_entries(folded->fold, &folded->n_entries);
	folded->vector.known = folded->n_entries > 0;
	folded->vector.base = (float) objective->core.mean + bias;
}

void
wals_fold_history(const WalsModel *model, const WalsObjective *objective,
                  Datum user, const WalsHistory *history, WalsFolded *folded)
{
	WcId user_id = wals_id_from_datum(wals_id_sql_type(model->user_type), user);
	char *user_name = wals_id_to_cstring(model->user_type, user_id);
	WcFoldUser rows = {0,   NULL,    history->has_weight, history->has_time,
	                   1.0, {1.0, 1}};
	WcIdKind item_kind = wals_id_kind(model->item_type);
	uint64 user_hash = wc_hash_id(wals_id_kind(model->user_type), &user_id);
	float weight = 1.0f;
	bool holds_out;
	int64 i;

	memset(folded, 0, sizeof(*folded));
	holds_out = objective->holdout > 0 && wals_answer_user(model, user).known;
	folded->n_rows = history->n_rows;
	folded->n_unusable = history->n_rows - history->count;
	if (objective->core.weighted[WC_USERS])
		weight = wals_factors_weight(model->users_table, model->user_type,
		                             model->version, user);
	rows.weight = weight;
	rows.rows = palloc_extended(
	    mul_size(sizeof(WcFoldRow), (Size) Max(history->count, 1)),
	    MCXT_ALLOC_HUGE);
	folded->items = wals_fold_rows(model, objective, &folded->fold);
	for (i = 0; i < history->count; i++)
	{
		const WalsRating *rating = &history->ratings[i];
		WcFoldRow *row = &rows.rows[rows.count];

		if (!rating->usable)
		{
			folded->n_unusable++;
			continue;
		}
		if (holds_out &&
		    wc_is_drawn(objective->holdout, objective->draw, user_hash,
		                wc_hash_id(item_kind, &history->ids[i])))
		{
			folded->n_held_out++;
			continue;
		}
		row->item = wals_rows_find(folded->items, history->ids[i]);
		if (row->item < 0)
		{
			folded->n_unknown++;
			continue;
		}
		row->value = rating->value;
		row->weight = rating->weight;
		row->time = rating->time;
		rows.count++;
	}
	solve(objective, &rows, user_name, folded);
	if (rows_left_out(folded) > 0)
		ereport(DEBUG1, (errmsg_internal(
		                    "folding in user %s left out " INT64_FORMAT
		                    " of " INT64_FORMAT " rows",
		                    user_name, rows_left_out(folded), folded->n_rows)));
}

void
wals_fold_basket(const WalsModel *model, const WalsObjective *objective,
                 Oid id_type, const WalsBasket *basket, WalsFolded *folded)
{
	WcFoldUser rows = {0, NULL, basket->weights != NULL, false, 1.0, {1.0, 1}};
	int i;

	if (basket->values == NULL &&
	    objective->core.params.feedback != WC_IMPLICIT)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("argument \"values\" is needed for model \"%s\"",
		                get_rel_name(model->relation)),
		         errdetail("Its feedback is %s: a value is what it predicts.",
		                   model->feedback),
		         errhint("Pass one value for each item: \"values\" => "
		                 "ARRAY[5, 3, 4].")));
	memset(folded, 0, sizeof(*folded));
	folded->n_rows = basket->count;
	rows.rows = palloc_extended(
	    mul_size(sizeof(WcFoldRow), (Size) basket->count + 1), MCXT_ALLOC_HUGE);
	folded->items = wals_fold_rows(model, objective, &folded->fold);
	for (i = 0; i < basket->count; i++)
	{
		WcFoldRow *row = &rows.rows[rows.count];

		row->item = wals_answer_find(folded->items, id_type, basket->items[i]);
		row->value = basket->values != NULL ? basket->values[i] : 1.0f;
		row->weight = basket->weights != NULL ? basket->weights[i] : 1.0f;
		row->time = 0;
		if (row->item < 0)
			folded->n_unknown++;
		else if (row->weight == 0)
			folded->n_unusable++;
		else
			rows.count++;
	}
	solve(objective, &rows, "(anonymous)", folded);
}

/* A vector that outlives the answer, NULL when it is not known. */
static float *
copy_factors(const WalsUserVector *vector, MemoryContext context, int32 *count)
{
	float *result;

	if (!vector->known)
		return NULL;
	*count = vector->count;
	result = MemoryContextAlloc(context, sizeof(float) * vector->count);
	memcpy(result, vector->factors, sizeof(float) * vector->count);
	return result;
}

float *
wals_user_factors_run(Oid model_argument, Oid id_type, Datum user_argument,
                      WalsFoldIn fold_in, int32 *count)
{
	MemoryContext context = CurrentMemoryContext;
	WalsUserVector vector = {false, 0, NULL, 0.0f};
	float *result;
	WalsModel model;
	Datum user;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	wals_answer_check_side(&model, WC_USERS, id_type,
	                       "wals_user_factors('42')");
	user = wals_id_argument(model.user_type, id_type, user_argument);
	if (fold_in != WALS_FOLD_ALWAYS)
		vector = wals_answer_user(&model, user);
	if (!vector.known && fold_in != WALS_FOLD_NEVER)
	{
		WalsObjective objective;
		WalsHistory history;
		WalsFolded folded;

		wals_objective_read(&model, &objective);
		wals_history_read(&model, user, &objective, "fold the user in",
		                  WITHOUT_FOLD, &history);
		wals_fold_history(&model, &objective, user, &history, &folded);
		vector = folded.vector;
	}
	result = copy_factors(&vector, context, count);
	wals_query_end();
	return result;
}

float *
wals_fold_in_run(Oid model_argument, Oid id_type, const WalsBasket *basket,
                 int32 *count)
{
	MemoryContext context = CurrentMemoryContext;
	float *result;
	WalsObjective objective;
	WalsFolded folded;
	WalsModel model;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	wals_answer_check_side(&model, WC_ITEMS, id_type,
	                       "wals_fold_in(ARRAY['17', '23'])");
	wals_objective_read(&model, &objective);
	wals_fold_basket(&model, &objective, id_type, basket, &folded);
	result = copy_factors(&folded.vector, context, count);
	wals_query_end();
	return result;
}

/* Largest contribution first, whatever its sign; ties by item. */
static int
compare_entries(const void *a, const void *b)
{
	const WcFoldEntry *left = a;
	const WcFoldEntry *right = b;
	float x = fabsf(left->contribution);
	float y = fabsf(right->contribution);

	if (x != y)
		return x > y ? -1 : 1;
	return left->item < right->item ? -1 : 1;
}

/* Say what was left out: the explanation is about the rest. */
static void
tell_left_out(const WalsFolded *folded)
{
	char *held_out = "";

	if (rows_left_out(folded) == 0)
		return;
	if (folded->n_held_out > 0)
		held_out = psprintf(", " INT64_FORMAT " held out by the training",
		                    folded->n_held_out);
	ereport(NOTICE,
	        (errmsg(INT64_FORMAT " of the user's " INT64_FORMAT
	                             " rows do not count: " INT64_FORMAT
	                             " with a NULL or weight 0, " INT64_FORMAT
	                             " of items that are not in the model%s",
	                rows_left_out(folded), folded->n_rows, folded->n_unusable,
	                folded->n_unknown, held_out)));
}

static int32
list_reasons(const WalsModel *model, const WalsObjective *objective,
             const WalsFolded *folded, Oid id_type, int32 index, int32 n,
             WalsReason **result)
{
	const WalsRows *items = folded->items;
	bool has_base = objective->core.params.feedback == WC_EXPLICIT;
	float base = 0.0f;
	int64 n_entries;
	const WcFoldEntry *entries = wc_fold_entries(folded->fold, &n_entries);
	WcFoldEntry *sorted =
	    palloc_extended(sizeof(WcFoldEntry) * n_entries, MCXT_ALLOC_HUGE);
	WalsReason *reasons;
	double sum = 0;
	int32 count = 0;
	int64 i;

	if (has_base)
	{
		/* with what the scale of the ratings adds or takes, if anything */
		float score = wals_rows_score(items, folded->vector.factors,
		                              folded->vector.base, index);

		base = (float) (objective->core.mean +
		                (model->biases ? wals_rows_bias(items, index) : 0.0f) +
		                (wc_limit(&model->range, score) - score));
	}
	memcpy(sorted, entries, sizeof(WcFoldEntry) * n_entries);
	qsort(sorted, n_entries, sizeof(WcFoldEntry), compare_entries);
	sum = fabs(base);
	for (i = 0; i < n_entries; i++)
		sum += fabs(sorted[i].contribution);
	if (!isfinite(sum) || !isfinite(base))
		wals_answer_damaged(items, index);

	n_entries = Min(n_entries, n);
	reasons = palloc0(mul_size(sizeof(WalsReason), (Size) n_entries + 1));
	if (has_base)
	{
		reasons[0].is_base = true;
		reasons[0].contribution = base;
		count = 1;
	}
	for (i = 0; i < n_entries; i++)
	{
		WalsReason *reason = &reasons[count++];

		reason->item = wals_id_result(items->id_type, id_type,
		                              wals_rows_id(items, sorted[i].item));
		reason->value = sorted[i].value;
		reason->weight = sorted[i].full_weight;
		reason->contribution = sorted[i].contribution;
	}
	for (i = 0; i < count; i++)
		reasons[i].share =
		    sum > 0 ? (float) (reasons[i].contribution / sum) : 0.0f;
	*result = reasons;
	return count;
}

int32
wals_explain_run(Oid model_argument, Oid id_type, Datum user_argument,
                 Datum item, int32 n, WalsReason **reasons)
{
	MemoryContext context = CurrentMemoryContext;
	WalsObjective objective;
	WalsHistory history;
	WalsFolded folded;
	WalsModel model;
	int32 count = 0;
	int32 index;
	Datum user;

	wals_query_begin();
	wals_model_active(wals_model_resolve(model_argument), &model);
	wals_answer_check_type(&model, id_type, "wals_explain('42', '260')");
	user = wals_id_argument(model.user_type, id_type, user_argument);
	wals_objective_read(&model, &objective);
	wals_history_read(&model, user, &objective, "explain a score", NULL,
	                  &history);
	wals_fold_history(&model, &objective, user, &history, &folded);
	index = wals_answer_find(folded.items, id_type, item);
	if (folded.vector.known && index >= 0 && n > 0)
	{
		WcId user_id =
		    wals_id_from_datum(wals_id_sql_type(model.user_type), user);
		Asked asked = {wals_id_to_cstring(model.user_type, user_id),
		               folded.items};
		MemoryContext query;
		WcStatus status;
		WalsJob job;

		open_job(&asked, &job);
		status =
		    wc_fold_explain(folded.fold, wals_rows_vector(folded.items, index),
		                    &wals_hooks, &job.error);
		if (status == WC_NOT_FINITE)
			wals_answer_damaged(folded.items, index);
		wals_job_check(&job, status);
		query = MemoryContextSwitchTo(context);
		count = list_reasons(&model, &objective, &folded, id_type, index, n,
		                     reasons);
		MemoryContextSwitchTo(query);
		tell_left_out(&folded);
	}
	wals_query_end();
	return count;
}
