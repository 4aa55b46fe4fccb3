/*-------------------------------------------------------------------------
 *
 * recommend_all.c
 *	  Recommendations for all users, one row after the other.
 *
 * Users come in the order of their ids, which is that of the version's rows, in
 * blocks of some ten thousand rows of answers.  The users of a block share the
 * items while these are in the nearest cache, and threads share the users; the
 * rows are the same for any number of threads.  Between two blocks nothing is held
 * but indexes of rows, so the caller may do what he likes with a row before he
 * asks for the next one.
 *
 * What the users have seen is read before, for as many users at once as fit
 * into wals.cache_mem (store/seen.c): usually all of them, with one pass over
 * the source.  How many pairs a user has is only known from the training: what
 * was read last tells how far to trust that, and a read that finds more than fits
 * is done again for half of the users.  Those of one user are always read.
 *
 * So memory is that of both sides of the version, of what was seen, and of a
 * block; never users times items.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/hint.h"
#include "base/job.h"
#include "base/mapping.h"
#include "base/settings.h"
#include "run/answer/answer.h"
#include "run/answer/recommend_all.h"
#include "run/answer/search.h"
#include "store/query.h"
#include "store/seen.h"
#include "store/source.h"

#define BLOCK_ROWS 32768
#define BLOCK_USERS 4096
#define NAMED_USERS 100000 /* at once, in the condition of a statement */

/*
 * Users are searched for one by one when they want more than a MANYth of all
 * items, or have fewer candidates than a FEWth: that has ways of its own.
 */
#define MANY 16
#define FEW 8

struct WalsRecommendAll
{
	WalsModel model;
	Oid id_type;
	int32 n;
	bool exclude_seen;
	float min_score;
	int32 user_count; /* rows of the version */
	int32 item_count;
	int32 *users; /* indexes, ascending, or NULL: all */
	int32 *candidates; /* indexes, or NULL: all */
	int64 n_candidates;
	int32 places; /* number of users to answer for */
	int32 next; /* place of the next user */

	/* what the users before place seen_end have seen */
	MemoryContext seen_context;
	int32 seen_end;
	WcCsr seen;
	int64 seen_limit; /* pairs that fit */
	double pairs_per_entry; /* of the source now, as far as known */

	/* the block of answers */
	MemoryContext block_context;
	WalsRecommendAllRow *rows;
	int64 count;
	int64 position;
};

/* Both sides of the version, which must not have other rows than before. */
static void
get_rows(const WalsRecommendAll *all, const WalsRows **users,
         const WalsRows **items)
{
	*users = wals_cache_rows(&all->model, WC_USERS);
	*items = wals_cache_rows(&all->model, WC_ITEMS);
	if (wals_rows_count(*users) != all->user_count ||
	    wals_rows_count(*items) != all->item_count)
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_CORRUPTED),
		         errmsg("rows of model \"%s\" were changed by hand",
		                get_rel_name(all->model.relation)),
		         errdetail("Version %d had %d users and %d items, now it has "
		                   "%d and %d.",
		                   all->model.version, all->user_count, all->item_count,
		                   wals_rows_count(*users), wals_rows_count(*items)),
		         wals_hint("Tell all sessions to read them again with "
		                   "wals_activate().")));
}

static int32
user_at(const WalsRecommendAll *all, int32 place)
{
	return all->users != NULL ? all->users[place] : place;
}

static int
compare_index(const void *a, const void *b)
{
	int32 left = *(const int32 *) a;
	int32 right = *(const int32 *) b;

	return (left > right) - (left < right);
}

WalsRecommendAll *
wals_recommend_all_begin(const WalsRecommendAllRequest *request,
                         MemoryContext context)
{
	WalsRecommendAll *all =
	    MemoryContextAllocZero(context, sizeof(WalsRecommendAll));
	const WalsRows *users;
	const WalsRows *items;
	MemoryContext caller;
	int64 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &all->model);
	wals_purpose_lists(&all->model);
	wals_answer_check_type(&all->model, request->id_type,
	                       "wals_recommend_all(10)");
	all->id_type = request->id_type;
	all->exclude_seen =
	    request->exclude_seen && !wals_source_is_elsewhere(&all->model);
	all->min_score = wals_answer_least(&all->model, request->min_score);
	all->seen_limit = (int64) wals_cache_mem * 1024 / (2 * sizeof(int32));
	all->pairs_per_entry = 1;
	all->seen_context = AllocSetContextCreate(context, "wals seen items",
	                                          ALLOCSET_DEFAULT_SIZES);
	all->block_context =
	    AllocSetContextCreate(context, "wals answers", ALLOCSET_DEFAULT_SIZES);

	users = wals_cache_rows(&all->model, WC_USERS);
	items = wals_cache_rows(&all->model, WC_ITEMS);
	all->user_count = wals_rows_count(users);
	all->item_count = wals_rows_count(items);
	all->n = Min(request->n, all->item_count);
	all->places = all->n > 0 ? all->user_count : 0;
	caller = MemoryContextSwitchTo(context);
	if (request->has_users)
	{
		all->users = wals_answer_candidates(
		    users, request->id_type, request->n_users, request->users, &count);
		qsort(all->users, count, sizeof(int32), compare_index);
		all->places = all->n > 0 ? (int32) count : 0;
	}
	if (request->has_candidates)
		all->candidates = wals_answer_candidates(
		    items, request->id_type, request->n_candidates, request->candidates,
		    &all->n_candidates);
	MemoryContextSwitchTo(caller);
	wals_query_end();
	return all;
}

static int64
entries_at(const WalsRecommendAll *all, const WalsRows *users, int32 place)
{
	return Max(wals_rows_entries(users, user_at(all, place)), 1);
}

/* The place after the users, beginning with from, who should fit into a read. */
static int32
plan_seen(const WalsRecommendAll *all, const WalsRows *users, int32 from)
{
	double limit = 0.75 * all->seen_limit / all->pairs_per_entry;
	int64 entries = 0;
	int32 place;

	for (place = from; place < all->places; place++)
	{
		entries += entries_at(all, users, place);
		if (place > from && entries > limit)
			break;
		if (all->users != NULL && place - from >= NAMED_USERS)
			break;
	}
	return place;
}

static WalsSeenUsers
name_users(const WalsRecommendAll *all, const WalsRows *users, int32 from,
           int32 end)
{
	WalsSeenUsers result = {0};
	WalsIdType id_type = all->model.user_type;
	int32 place;

	if (all->users != NULL)
	{
		result.named = palloc(sizeof(Datum) * (end - from));
		for (place = from; place < end; place++)
			result.named[result.n_named++] = wals_id_to_datum(
			    id_type, wals_rows_id(users, user_at(all, place)));
	}
	else if (end - from < all->places)
	{
		result.has_range = true;
		result.from = wals_id_to_datum(id_type, wals_rows_id(users, from));
		result.to = wals_id_to_datum(id_type, wals_rows_id(users, end - 1));
	}
	return result;
}

/* What a read of users up to place end tells about the next one. */
static void
learn_rows(WalsRecommendAll *all, const WalsRows *users, int32 end, int64 pairs)
{
	int64 entries = 0;
	int32 place;

	/* one who is out of the common says nothing about others */
	if (end - all->next == 1)
		return;
	for (place = all->next; place < end; place++)
		entries += entries_at(all, users, place);
	all->pairs_per_entry = Max(1, (double) pairs / entries);
}

/* One read of it. */
typedef struct SeenRead
{
	const WalsModel *model;
	WalsSeenUsers which;
	int64 limit;
	WalsSeen seen;
} SeenRead;

static void
read_source(void *arg)
{
	SeenRead *read = arg;

	wals_seen_read(read->model, &read->which, read->limit, &read->seen);
}

/* Read what the users from the next place on have seen. */
static void
read_seen(WalsRecommendAll *all)
{
	const WalsRows *users;
	const WalsRows *items;
	SeenRead read = {.model = &all->model};
	int32 end;

	get_rows(all, &users, &items);
	end = plan_seen(all, users, all->next);
	for (;;)
	{
		MemoryContext caller;
		bool is_one = end - all->next == 1;

		get_rows(all, &users, &items);
		read.which = name_users(all, users, all->next, end);
		read.limit = is_one ? PG_INT64_MAX : all->seen_limit;
		/* or they would be asked for somebody else */
		wals_mapping_check();
		MemoryContextReset(all->seen_context);
		caller = MemoryContextSwitchTo(all->seen_context);
		wals_query_read_and_unlock(read_source, &read);
		MemoryContextSwitchTo(caller);
		if (!read.seen.over_limit)
			break;
		end = all->next + (end - all->next) / 2;
	}
	get_rows(all, &users, &items);
	learn_rows(all, users, end, read.seen.pairs.count);
	wals_seen_sort(&read.seen, users, items, &all->seen);
	all->seen_end = end;
}

/* The items a user has seen; count says how many. */
static const int32 *
seen_by(const WalsRecommendAll *all, int32 user, int64 *count)
{
	*count = 0;
	if (!all->exclude_seen)
		return NULL;
	*count = all->seen.start[user + 1] - all->seen.start[user];
	return all->seen.col + all->seen.start[user];
}

static float
base_of(const WalsRecommendAll *all, const WalsRows *users, int32 user)
{
	return wals_rows_bias(users, user) + all->model.mean;
}

/*
 * Answer for count users from the next place on, one after the other: where few
 * candidates or many rows are asked for.
 */
static void
answer_singly(const WalsRecommendAll *all, const WalsRows *users,
              const WalsRows *items, int32 count, WcScored *scored,
              int32 *n_scored)
{
	uint64 *excluded = wals_row_set(items);
	WalsSearch search = wals_search_of(items, all->n);
	int32 place;

	search.query.min_score = all->min_score;
	search.query.candidates = all->candidates;
	search.query.n_candidates = all->n_candidates;
	search.query.excluded = excluded;
	for (place = 0; place < count; place++)
	{
		int32 user = user_at(all, all->next + place);
		int64 n_seen;
		const int32 *seen = seen_by(all, user, &n_seen);
		int64 i;

		CHECK_FOR_INTERRUPTS();
		for (i = 0; i < n_seen; i++)
			wals_row_set_add(excluded, seen[i]);
		wals_search_by(&search,
		               &(const WalsUserVector){true, users->pack.factors,
		                                       wals_rows_vector(users, user),
		                                       base_of(all, users, user)});
		n_scored[place] =
		    wals_search_run(&search, scored + (Size) place * all->n);
		for (i = 0; i < n_seen; i++)
			excluded[seen[i] / 64] = 0;
	}
}

/* What is no candidate, NULL when everything is. */
static uint64 *
other_than_candidates(const WalsRecommendAll *all, const WalsRows *items)
{
	Size words = wals_rows_count(items) / 64 + 1;
	uint64 *set;
	int64 i;

	if (all->candidates == NULL)
		return NULL;
	set = wals_row_set(items);
	memset(set, 0xFF, words * sizeof(uint64));
	for (i = 0; i < all->n_candidates; i++)
		set[all->candidates[i] / 64] &=
		    ~(UINT64CONST(1) << (all->candidates[i] % 64));
	return set;
}

/* The same for users who are searched for together, by several threads. */
static void
answer_together(const WalsRecommendAll *all, const WalsRows *users,
                const WalsRows *items, int32 count, WcScored *scored,
                int32 *n_scored)
{
	WcQuery *queries =
	    palloc_extended(sizeof(WcQuery) * (Size) count, MCXT_ALLOC_HUGE);
	const uint64 *excluded = other_than_candidates(all, items);
	WalsJob job;
	WcStatus status;
	int32 place;

	wals_answer_check_factors(items, users->pack.factors);
	for (place = 0; place < count; place++)
	{
		int32 user = user_at(all, all->next + place);
		WcQuery *query = &queries[place];

		memset(query, 0, sizeof(*query));
		query->vector = wals_rows_vector(users, user);
		query->base = base_of(all, users, user);
		query->min_score = all->min_score;
		query->excluded = excluded;
		query->exclude = seen_by(all, user, &query->n_exclude);
	}
	wals_job_init(&job, CurrentMemoryContext, 0);
	job.core.threads = IsParallelWorker() ? 1 : wals_thread_count();
	status = wc_search_many(&items->pack, count, queries, all->n, scored,
	                        n_scored, &job.core);
	if (status == WC_NOT_FINITE)
		wals_answer_damaged(items, job.error.row);
	wals_job_check(&job, status);
}

/* Put the answers of count users into the block. */
static void
name_answers(WalsRecommendAll *all, const WalsRows *users,
             const WalsRows *items, int32 count, const WcScored *scored,
             const int32 *n_scored)
{
	int32 place;
	int32 i;

	for (place = 0; place < count; place++)
	{
		int32 user = user_at(all, all->next + place);
		const float *vector = wals_rows_vector(users, user);
		Datum id = wals_id_result(all->model.user_type, all->id_type,
		                          wals_rows_id(users, user));

		/* as wals_recommend has it, such users are to be answered otherwise */
		if (wals_answer_tells_nothing(&all->model, vector, users->pack.factors))
			continue;
		for (i = 0; i < n_scored[place]; i++)
		{
			const WcScored *from = &scored[(Size) place * all->n + i];
			WalsRecommendAllRow *row = &all->rows[all->count++];

			row->user = id;
			row->item = wals_id_result(all->model.item_type, all->id_type,
			                           wals_rows_id(items, from->index));
			row->score = wc_limit(&all->model.range, from->score);
			row->rank = i + 1;
		}
	}
}

static void
fill_block(WalsRecommendAll *all)
{
	const WalsRows *users;
	const WalsRows *items;
	MemoryContext caller;
	WcScored *scored;
	int32 *n_scored;
	bool singly;
	int32 count;
	int32 end;

	MemoryContextReset(all->block_context);
	all->count = 0;
	all->position = 0;
	wals_query_begin();
	if (all->exclude_seen && all->next >= all->seen_end)
		read_seen(all);
	get_rows(all, &users, &items);
	end = all->exclude_seen ? all->seen_end : all->places;
	end = Min(end, all->next + Max(1, Min(BLOCK_USERS, BLOCK_ROWS / all->n)));

	caller = MemoryContextSwitchTo(all->block_context);
	count = end - all->next;
	scored = palloc_extended(sizeof(WcScored) * (Size) count * all->n,
	                         MCXT_ALLOC_HUGE);
	n_scored = palloc(sizeof(int32) * count);
	all->rows = palloc_extended(
	    sizeof(WalsRecommendAllRow) * (Size) count * all->n, MCXT_ALLOC_HUGE);
	singly =
	    all->n > all->item_count / MANY ||
	    (all->candidates != NULL && all->n_candidates < all->item_count / FEW);
	if (singly)
		answer_singly(all, users, items, count, scored, n_scored);
	else
		answer_together(all, users, items, count, scored, n_scored);
	name_answers(all, users, items, count, scored, n_scored);
	all->next = end;
	MemoryContextSwitchTo(caller);
	wals_query_end();
}

bool
wals_recommend_all_next(WalsRecommendAll *all, WalsRecommendAllRow *row)
{
	while (all->position == all->count)
	{
		if (all->next == all->places)
			return false;
		fill_block(all);
	}
	*row = all->rows[all->position++];
	return true;
}
