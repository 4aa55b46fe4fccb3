/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  Rank and rate for every user of a test: what evaluations sum up.
 *
 * wals_measure at the end of this file is the story.  All statements come
 * first: the rows of the versions, the test, what users have seen, lists of
 * candidates, the factors of the users.  Then the items are taken from the
 * cache, one version at a time.
 *
 * Nothing here may flatter.  What users have seen is what the source has for
 * them now, less what is in the test; pairs that are in both are warned about,
 * because a version that was trained on them knows the answers.  Relevant items
 * that a version does not have count as not found.  Only users it does not have
 * are left out, and counted.
 *
 * What is drawn (users if there are more than max_users, negatives) depends on
 * ids and the seed.  Users and items are renumbered by sorted id, so that every
 * sum has one order whatever the order of the rows.
 *
 * What everybody gets, beside a single version: the items by popularity, that is
 * by their likes, and for predictions mean + b_i + b_j with biases estimated one after
 * the other and damped, from the rows of the source.
 *
 * Memory: 8 bytes for each pair of the test, of a list, and of the source that
 * belongs to a user of the test, twice while they are sorted (12 with values);
 * 4 bytes times the factors for each of these users, 64 for each cut; 8 for each
 * item; and what core/measure/ranking.c needs per thread.  Limited by wals.max_memory,
 * the numbers that are kept for each user by as much again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/hint.h"
#include "base/settings.h"
#include "run/answer/answer.h"
#include "run/measure/measure.h"
#include "store/query.h"

/* Apart from the draws of negatives, whatever the seed. */
#define SALT_USERS INT64CONST(0x7573657273)

/* Whether a row of a matrix has an item, by halving. */
bool
wals_measure_has(const WcCsr *csr, int32 row, int32 item)
{
	int64 low = csr->start[row];
	int64 high = csr->start[row + 1];

	while (low < high)
	{
		int64 middle = low + (high - low) / 2;

		if (csr->col[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < csr->start[row + 1] && csr->col[low] == item;
}

uint64
wals_measure_hash(const WcIdMap *ids, int32 index)
{
	WcId id = wc_idmap_get(ids, index);

	return wc_hash_id(wc_idmap_kind(ids), &id);
}

uint64 *
wals_measure_hashes(const WcIdMap *ids, WalsJob *job)
{
	int32 count = wc_idmap_count(ids);
	uint64 *result = wals_job_array(job, count, sizeof(uint64));
	int32 i;

	for (i = 0; i < count; i++)
		result[i] = wals_measure_hash(ids, i);
	return result;
}

bool
wals_measure_is_explicit(const WalsModel *model)
{
	return strcmp(model->feedback, "explicit") == 0;
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------ */

/* A version can be compared with one that was opened before. */
static void
check_pair(const WalsModel *a, const WalsModel *b)
{
	if (a->relation == b->relation && a->version == b->version)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("nothing to compare: version %d of model \"%s\" is "
		                "there twice",
		                a->version, get_rel_name(a->relation)),
		         errhint("Name another model_b, or version_a and version_b; "
		                 "SELECT version, active FROM %s lists them.",
		                 wals_relation_quoted(a->relation))));
	if (a->user_type != b->user_type || a->item_type != b->item_type)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("models \"%s\" and \"%s\" have ids of different types",
		                get_rel_name(a->relation), get_rel_name(b->relation)),
		         errhint("Compare models of the same users and items.")));
}

static void
open_models(WalsMeasureState *state)
{
	const WalsEvaluateRequest *request = state->request;
	Oid relation = InvalidOid;
	int m;
	int before;

	for (m = 0; m < request->n_models; m++)
	{
		if (m == 0 || OidIsValid(request->model[m]))
			relation = wals_model_resolve(request->model[m]);
		if (request->version[m] != 0)
			wals_model_version(relation, request->version[m],
			                   &state->models[m]);
		else
			wals_model_active(relation, &state->models[m]);
		for (before = 0; before < m; before++)
			check_pair(&state->models[before], &state->models[m]);
	}
}

/* Ids must have the types of the model's. */
static void
check_id_types(const WalsMeasureState *state, const WalsSource *source)
{
	const WalsModel *model = &state->models[0];

	if (source->user_id_type == model->user_type &&
	    source->item_id_type == model->item_type)
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_DATATYPE_MISMATCH),
	     errmsg("ids in \"%s\" have other types than those of model \"%s\"",
	            get_rel_name(source->relation), get_rel_name(model->relation)),
	     errdetail("They are of types %s and %s; the model has users of "
	               "type %s and items of type %s.",
	               wals_id_type_name(source->user_id_type),
	               wals_id_type_name(source->item_id_type),
	               wals_id_type_name(model->user_type),
	               wals_id_type_name(model->item_type)),
	     errhint("Use a view that casts the columns.")));
}

static void
open_test(WalsMeasureState *state)
{
	const WalsEvaluateRequest *request = state->request;
	WalsModel *model = &state->models[0];
	WalsSource *test = &state->test;

	test->relation = request->test;
	test->user_col =
	    request->user_col ? request->user_col : NameStr(model->user_col);
	test->item_col =
	    request->item_col ? request->item_col : NameStr(model->item_col);
	test->value_col = request->value_col;
	if (test->value_col == NULL &&
	    wals_has_number_column(test->relation, NameStr(model->value_col)))
		test->value_col = NameStr(model->value_col);
	wals_source_check_columns(test, "test");
	check_id_types(state, test);
	if (request->has_threshold && test->value_col == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("relevance_threshold needs a column of values"),
		                errhint("Name one of \"%s\" with value_col => '...'.",
		                        get_rel_name(test->relation))));
	/* who has values may wait for errors of predictions */
	if (request->n_models == 1 && test->value_col != NULL &&
	    !request->has_threshold && !wals_measure_is_explicit(model))
		ereport(
		    NOTICE,
		    (errmsg("%s are not measured: the scores of model \"%s\" are no "
		            "predictions of \"%s\"",
		            wals_metric_rating_names("and"),
		            get_rel_name(model->relation), test->value_col),
		     errdetail("It was trained with feedback %s.", model->feedback),
		     errhint("Train with feedback => 'explicit' to predict values.")));
}

static int32 *
identity(WalsMeasureState *state, int32 count)
{
	int32 *result = wals_job_array(&state->job, count, sizeof(int32));
	int32 i;

	for (i = 0; i < count; i++)
		result[i] = i;
	return result;
}

/* Read the test and put its users in the order of their ids. */
static void
read_test(WalsMeasureState *state)
{
	WalsPairs *pairs = &state->test_pairs;
	int32 *users;
	int32 *items;

	wals_job_check(&state->job,
	               wc_idmap_create(wals_id_kind(state->models[0].user_type),
	                               &state->users, &state->job.alloc));
	wals_job_check(&state->job,
	               wc_idmap_create(wals_id_kind(state->models[0].item_type),
	                               &state->items, &state->job.alloc));
	wals_pairs_read(&state->test, state->users, state->items, NULL, &state->job,
	                pairs);
	if (pairs->coo.count == 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("there is nothing to evaluate in \"%s\"", state->test.name),
		     errdetail("It has " INT64_FORMAT " rows the caller may see, "
		               "and none without a NULL.",
		               pairs->n_rows)));
	if (pairs->n_null > 0)
		ereport(NOTICE,
		        (errmsg(INT64_FORMAT " of " INT64_FORMAT
		                             " rows of \"%s\" were left out: "
		                             "they have a NULL",
		                pairs->n_null, pairs->n_rows, state->test.name)));
	users = wals_job_array(&state->job, wc_idmap_count(state->users),
	                       sizeof(int32));
	items = identity(state, wc_idmap_count(state->items));
	wals_job_check(&state->job,
	               wc_idmap_sort(state->users, users, &wals_hooks));
	wals_job_check(&state->job,
	               wc_coo_renumber(&pairs->coo, users, items, &wals_hooks));
	wc_free(&state->job.alloc, users);
	wc_free(&state->job.alloc, items);
}

typedef struct DrawnUser
{
	uint64 key;
	int32 index;
} DrawnUser;

static int
compare_drawn(const void *a, const void *b)
{
	const DrawnUser *left = a;
	const DrawnUser *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

int32
wals_measure_draw(const WcIdMap *users, int32 max_users, int64 seed,
                  WalsJob *job, bool *wanted)
{
	int32 count = wc_idmap_count(users);
	DrawnUser *drawn = NULL;
	int32 n = 0;
	int32 i;

	for (i = 0; i < count; i++)
		n += wanted[i];
	if (n <= max_users)
		return n;
	drawn = wals_job_array(job, n, sizeof(DrawnUser));
	n = 0;
	for (i = 0; i < count; i++)
	{
		if (!wanted[i])
			continue;
		wanted[i] = false;
		drawn[n].index = i;
		drawn[n++].key =
		    wc_hash_pair(seed ^ SALT_USERS, wals_measure_hash(users, i), 0);
	}
	qsort(drawn, n, sizeof(DrawnUser), compare_drawn);
	for (i = 0; i < max_users; i++)
		wanted[drawn[i].index] = true;
	wc_free(&job->alloc, drawn);
	return max_users;
}

/* The users asked: all, or a sample. */
static void
draw_users(WalsMeasureState *state)
{
	int32 count = wc_idmap_count(state->users);

	state->wanted = wals_job_array(&state->job, count, sizeof(bool));
	memset(state->wanted, true, count);
	state->n_wanted =
	    wals_measure_draw(state->users, state->request->max_users,
	                      state->request->seed, &state->job, state->wanted);
}

/* Whether what was seen is what an earlier version's source says, too. */
static bool
is_read(const WalsMeasureState *state, int m, const WalsSource *source)
{
	const WalsModel *models = state->models;
	int before;

	for (before = 0; before < m; before++)
		if (models[before].source == models[m].source &&
		    strcmp(NameStr(models[before].user_col), source->user_col) == 0 &&
		    strcmp(NameStr(models[before].item_col), source->item_col) == 0)
			return true;
	return false;
}

/* Rows of the users under test in the sources, all together. */
static void
read_seen(WalsMeasureState *state)
{
	const WalsModel *models = state->models;
	WalsSource other;
	WalsPairs more;
	int m;

	wals_pairs_open_seen(&models[0],
	                     state->request->n_models == 1 &&
	                         wals_measure_is_explicit(&models[0]),
	                     &state->source);
	wals_pairs_read(&state->source, state->users, state->items, state->wanted,
	                &state->job, &state->seen_pairs);
	for (m = 1; m < state->request->n_models; m++)
	{
		wals_pairs_open_seen(&models[m], false, &other);
		if (is_read(state, m, &other))
			continue;
		wals_pairs_read(&other, state->users, state->items, state->wanted,
		                &state->job, &more);
		wals_job_check(&state->job,
		               wc_coo_append(&state->seen_pairs.coo, &more.coo, 0,
		                             more.coo.count, &state->job.alloc));
		wc_coo_free(&more.coo, &state->job.alloc);
	}
}

static void
read_candidates(WalsMeasureState *state)
{
	WalsSource list;

	memset(&list, 0, sizeof(list));
	list.relation = state->request->candidates;
	list.user_col = state->test.user_col;
	list.item_col = state->test.item_col;
	wals_source_check_columns(&list, "candidates");
	check_id_types(state, &list);
	wals_pairs_read(&list, state->users, state->items, state->wanted,
	                &state->job, &state->candidate_pairs);
}

/* All that is in relations of the user's, and the versions. */
static void
read_relations(void *arg)
{
	WalsMeasureState *state = arg;

	open_models(state);
	open_test(state);
	read_test(state);
	draw_users(state);
	if (state->request->exclude_seen)
		read_seen(state);
	if (OidIsValid(state->request->candidates))
		read_candidates(state);
}

static void
read_sums(void *arg)
{
	WalsMeasureState *state = arg;

	wals_pairs_sum_items(&state->source, state->items, state->item_count,
	                     state->item_sum);
}

/* Move one of the users to an earlier place. */
static void
move_user(WalsUsers *users, int32 factors, int32 from, int32 to)
{
	Size k = (Size) factors;

	memmove(users->factors + (Size) to * k, users->factors + (Size) from * k,
	        sizeof(float) * k);
	users->base[to] = users->base[from];
	users->known[to] = users->known[from];
}

/* Look up those who are wanted; chosen is who is in all versions. */
static void
read_users(WalsMeasureState *state)
{
	int n_models = state->request->n_models;
	int32 count = wc_idmap_count(state->users);
	int32 n = 0;
	int32 i;
	int m;

	state->chosen = wals_job_array(&state->job, state->n_wanted, sizeof(int32));
	for (i = 0; i < count; i++)
		if (state->wanted[i])
			state->chosen[n++] = i;
	for (m = 0; m < n_models; m++)
		state->users_of[m] = wals_users_read(&state->models[m], state->users, n,
		                                     state->chosen, &state->job);
	for (i = 0; i < n; i++)
	{
		bool is_chosen = true;

		for (m = 0; m < n_models; m++)
			is_chosen = is_chosen && state->users_of[m].known[i];
		if (!is_chosen)
			continue;
		for (m = 0; m < n_models; m++)
			move_user(&state->users_of[m], state->models[m].factors, i,
			          state->n_chosen);
		state->chosen[state->n_chosen++] = state->chosen[i];
	}
	if (state->n_chosen == 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         n_models == 1
		             ? errmsg("no user of \"%s\" is in version %d of model "
		                      "\"%s\"",
		                      state->test.name, state->models[0].version,
		                      get_rel_name(state->models[0].relation))
		             : errmsg("no user of \"%s\" is in both versions",
		                      state->test.name),
		         wals_hint("Hold out some rows of each user, not all rows of "
		                   "some users: see wals_holdout().")));
}

static void
to_csr(WalsMeasureState *state, WalsPairs *pairs, WcCsr *csr)
{
	int64 n_merged;
	int64 n_zero;

	wals_job_check(&state->job,
	               wc_csr_from_coo(&pairs->coo, wc_idmap_count(state->users),
	                               wc_idmap_count(state->items),
	                               (WcMerging){.duplicates = WC_DUP_AVG}, csr,
	                               &n_merged, &n_zero, &state->job.alloc,
	                               &wals_hooks, &state->job.error));
}

/* All read: items in the order of their ids, triplets by row. */
static void
sort_pairs(WalsMeasureState *state)
{
	WalsPairs *all[3] = {&state->test_pairs, &state->seen_pairs,
	                     &state->candidate_pairs};
	WcCsr *by_user[3] = {&state->tested, &state->seen, &state->candidates};
	int32 *users = identity(state, wc_idmap_count(state->users));
	int32 *items = wals_job_array(&state->job, wc_idmap_count(state->items),
	                              sizeof(int32));
	int i;

	wals_job_check(&state->job,
	               wc_idmap_sort(state->items, items, &wals_hooks));
	for (i = 0; i < 3; i++)
	{
		wals_job_check(&state->job, wc_coo_renumber(&all[i]->coo, users, items,
		                                            &wals_hooks));
		to_csr(state, all[i], by_user[i]);
	}
	wc_free(&state->job.alloc, users);
	wc_free(&state->job.alloc, items);
}

/* Pairs that are in the test and in the source. */
static void
warn_of_overlap(const WalsMeasureState *state)
{
	int64 n_both = 0;
	int64 n_tested = 0;
	int32 user;
	int64 e;

	for (user = 0; user < state->seen.rows; user++)
	{
		if (!state->wanted[user])
			continue;
		for (e = state->tested.start[user]; e < state->tested.start[user + 1];
		     e++)
		{
			n_tested++;
			n_both +=
			    wals_measure_has(&state->seen, user, state->tested.col[e]);
		}
	}
	if (n_both > 0)
		ereport(WARNING,
		        (errmsg(INT64_FORMAT " of " INT64_FORMAT
		                             " test pairs are in the source of the "
		                             "model",
		                n_both, n_tested),
		         errdetail("If the version was trained on them, the figures "
		                   "flatter it."),
		         wals_hint("Train on a view without the rows of the test: see "
		                   "wals_holdout().")));
}

/* Where each item that was read is in a version. */
static void
map_items(WalsMeasureState *state, int m)
{
	int32 count = wc_idmap_count(state->items);
	int32 i;

	state->rows = wals_cache_rows(&state->models[m], WC_ITEMS);
	state->map[m] = wals_job_array(&state->job, count, sizeof(int32));
	for (i = 0; i < count; i++)
		state->map[m][i] =
		    wals_rows_find(state->rows, wc_idmap_get(state->items, i));
}

/* Pairs with a value, of the users asked. */
static int64
count_pairs(const WalsMeasureState *state)
{
	int64 result = 0;
	int32 user;

	for (user = 0; user < state->tested.rows; user++)
		if (state->wanted[user])
			result += state->tested.start[user + 1] - state->tested.start[user];
	return result;
}

static void
open_job(WalsJob *job, MemoryContext context)
{
	wals_job_init(job, context, (Size) wals_max_memory * 1024);
	job->name = "evaluation";
	job->advice = "evaluate on fewer rows";
}

/* What was measured, for who writes it down when the names may be others'. */
static void
tell_names(WalsMeasureState *state, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);

	state->measured->test = pstrdup(state->test.quoted);
	state->measured->model = wals_relation_quoted(state->models[0].relation);
	state->measured->version = state->models[0].version;
	MemoryContextSwitchTo(caller);
}

/*
 * All but the items is read.  Who may commit does so, takes the items in a
 * transaction of their own, for they are valid in no other, and drops its snapshot.
 */
static void
let_go(const WalsMeasureState *state)
{
	Assert(!state->request->commits || state->request->n_models == 1);
	if (!state->request->commits)
		return;
	wals_query_commit();
	wals_query_take_snapshot();
}

/*
 * The story: everything that is read, then the versions one after the other;
 * the one whose items were looked up last comes first, because they are at
 * hand.
 */
void
wals_measure(const WalsEvaluateRequest *request, WalsMeasured *measured)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(caller, "wals evaluate", ALLOCSET_DEFAULT_SIZES);
	WalsMeasureState state;
	int m;

	memset(&state, 0, sizeof(state));
	memset(measured, 0, sizeof(*measured));
	state.request = request;
	state.measured = measured;
	open_job(&state.job, context);
	open_job(&state.kept, CurrentMemoryContext);

	if (request->commits)
		wals_query_begin_procedure();
	else
		wals_query_begin();
	wals_query_read_and_unlock(read_relations, &state);
	tell_names(&state, caller);
	sort_pairs(&state);
	measured->rated = state.tested.value != NULL;
	for (m = 0; m < request->n_models; m++)
		measured->rated =
		    measured->rated && wals_measure_is_explicit(&state.models[m]);
	if (measured->rated && state.seen.value != NULL)
	{
		int32 count = wc_idmap_count(state.items);

		state.item_count = wals_job_array(&state.job, count, sizeof(double));
		state.item_sum = wals_job_array(&state.job, count, sizeof(double));
		wals_query_read_and_unlock(read_sums, &state);
	}
	read_users(&state);
	warn_of_overlap(&state);

	let_go(&state);
	for (m = 0; m < request->n_models; m++)
		map_items(&state, m);
	if (request->commits)
		wals_query_drop_snapshot();
	for (m = request->n_models - 1; m >= 0; m--)
	{
		if (m < request->n_models - 1)
			state.rows = wals_cache_rows(&state.models[m], WC_ITEMS);
		wals_trial_run(&state, m);
	}
	measured->n_asked = state.n_wanted;
	measured->n_pairs = count_pairs(&state);
	if (request->commits)
		wals_query_end_procedure();
	else
		wals_query_end();
	MemoryContextDelete(context);
}
