/*-------------------------------------------------------------------------
 *
 * test_fold_team.c
 *	  Many rows folded in on several threads: the bits of one after the other,
 *	  through pauses, and the error of the lowest row.
 *
 *	  make unit-tsan runs this under ThreadSanitizer, too.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define ROWS 60
#define COLUMNS 41
#define RATINGS 1500
#define FACTORS 9
#define PLACES (2 * ROWS)

/* A side to solve against and the ratings of the rows. */
typedef struct Data
{
	WcObjective objective;
	float vector[COLUMNS][FACTORS];
	WcCoo ratings;
	int64_t start[ROWS + 1];
	int64_t order[RATINGS];
	int32_t item[COLUMNS];
	int32_t place[ROWS];
	float weight[PLACES];
	int64_t longest;
} Data;

typedef struct Solved
{
	float factors[PLACES][FACTORS];
	float bias[PLACES];
	int32_t entries[PLACES];
	int32_t likes[PLACES];
} Solved;

static const float *
vector_of(const void *arg, int32_t index)
{
	return ((const Data *) arg)->vector[index];
}

static float
bias_of(const void *arg, int32_t index)
{
	(void) arg;
	return (float) (index % 5) / 8;
}

static int32_t
entries_of(const void *arg, int32_t index)
{
	(void) arg;
	return index % 7;
}

static WcFoldItems
items_of(const Data *data)
{
	WcFoldItems items = {COLUMNS, vector_of, bias_of, entries_of, data, NULL};

	return items;
}

static void
append(Data *data, WcSide side, int32_t row, int32_t column, uint64_t *state)
{
	bool users = side == WC_USERS;

	CHECK(check_append(
	          &data->ratings, users ? row : column, users ? column : row,
	          (float) (1 + row % 5), (float) (0.5 + check_random(state)),
	          (int64_t) (check_random(state) * 1000), &check_alloc) == WC_OK);
}

/* Rows of very different length, some of them empty, some pairs twice. */
static void
fill(WcSide side, const WcParams *params, Data *data)
{
	uint64_t state = 77;
	int64_t place[ROWS];

	memset(data, 0, sizeof(*data));
	data->objective.params = *params;
	data->objective.count_weight = 0.7;
	data->objective.mean = 2;
	data->objective.newest = 1000;
	for (int32_t j = 0; j < COLUMNS; j++)
	{
		for (int p = 0; p < FACTORS; p++)
			data->vector[j][p] = (float) (check_random(&state) - 0.4);
		data->item[j] = (j * 11 + 3) % COLUMNS;
	}
	CHECK(wc_coo_init(&data->ratings, true, true, true, &check_alloc) == WC_OK);
	for (int e = 0; e < RATINGS; e++)
	{
		double u = check_random(&state);

		append(data, side, (int32_t) (u * u * (ROWS - 1)),
		       (int32_t) (check_random(&state) * COLUMNS), &state);
	}
	for (int64_t e = 0; e < RATINGS; e++)
	{
		const WcCoo *coo = &data->ratings;
		int32_t row = side == WC_USERS ? coo->user[e] : coo->item[e];

		data->start[row + 1]++;
	}
	for (int32_t i = 0; i < ROWS; i++)
	{
		if (data->start[i + 1] > data->longest)
			data->longest = data->start[i + 1];
		data->start[i + 1] += data->start[i];
		place[i] = data->start[i];
		data->place[i] = (i * 7 + 5) % PLACES;
	}
	for (int64_t e = 0; e < RATINGS; e++)
	{
		const WcCoo *coo = &data->ratings;
		int32_t row = side == WC_USERS ? coo->user[e] : coo->item[e];

		data->order[place[row]++] = e;
	}
	for (int i = 0; i < PLACES; i++)
		data->weight[i] = (float) (1 + i % 3);
}

static WcFoldBatch
batch_of(const Data *data, Solved *solved)
{
	WcFoldBatch batch = {ROWS,         &data->ratings,  data->start,
	                     data->order,  data->item,      {1.5, 1},
	                     data->place,  data->weight,    NULL,
	                     solved->bias, solved->entries, solved->likes};

	batch.factors = &solved->factors[0][0];
	return batch;
}

static WcFold *
fold_of(WcSide side, const Data *data)
{
	WcFoldItems items = items_of(data);
	WcFold *fold = NULL;
	WcError error;

	CHECK(wc_fold_create(&data->objective, side, &items, NULL, &fold,
	                     &(WcJob){.alloc = &check_alloc, .error = &error}) ==
	      WC_OK);
	if (fold == NULL)
		abort();
	return fold;
}

/* All rows by wc_fold_in, one after the other. */
static void
solve_alone(WcSide side, const Data *data, Solved *solved)
{
	static WcFoldRow rows[RATINGS];
	WcFold *fold = fold_of(side, data);
	WcFoldItems items = items_of(data);
	const WcCoo *coo = &data->ratings;
	WcLiking liking = {data->objective.params.feedback,
	                   data->objective.like_from};
	const WcFoldEntry *entries;

	memset(solved, 0xee, sizeof(*solved));
	for (int32_t i = 0; i < ROWS; i++)
	{
		int32_t place = data->place[i];
		WcFoldUser user = {0, rows, true, true, data->weight[place], {1.5, 1}};
		WcError error;
		int64_t count;

		for (int64_t at = data->start[i]; at < data->start[i + 1]; at++)
		{
			int64_t e = data->order[at];
			WcFoldRow *row = &rows[user.count++];

			row->item =
			    data->item[side == WC_USERS ? coo->item[e] : coo->user[e]];
			row->value = coo->value[e];
			row->weight = coo->weight[e];
			row->time = coo->time[e];
		}
		CHECK(wc_fold_in(fold, &items, &user, solved->factors[place],
		                 &solved->bias[place], NULL, &error) == WC_OK);
		entries = wc_fold_entries(fold, &count);
		solved->entries[place] = (int32_t) count;
		solved->likes[place] = isnan(liking.from) ? -1 : 0;
		for (int64_t e = 0; e < count && !isnan(liking.from); e++)
			solved->likes[place] += wc_is_like(liking, entries[e].value);
	}
	wc_fold_free(fold);
}

static bool
pause_always(void *arg)
{
	(*(int *) arg)++;
	return true;
}

static WcStatus
solve_together(WcSide side, const Data *data, int32_t threads,
               const WcHooks *hooks, int *calls, Solved *solved, WcError *error)
{
	WcFold *fold = fold_of(side, data);
	WcFoldItems items = items_of(data);
	WcFoldBatch batch = batch_of(data, solved);
	WcFoldTeam *team = NULL;
	int64_t next = 0;
	WcStatus status;

	memset(solved, 0xee, sizeof(*solved));
	*calls = 0;
	CHECK(wc_fold_team_create(fold, threads, data->longest, &team) == WC_OK);
	/* everything there is room for has been allocated */
	check_fail_after = 0;
	do
	{
		int64_t before = next;

		status = wc_fold_team_solve(team, &items, &batch, &next, hooks, error);
		(*calls)++;
		CHECK(status != WC_PAUSED || (next > before && next < ROWS));
	} while (status == WC_PAUSED);
	check_fail_after = -1;
	wc_fold_team_free(team);
	wc_fold_free(fold);
	return status;
}

static void
test_bits(void)
{
	static Data data;
	static Solved alone;
	static Solved together;
	WcParams params;
	WcError error;
	int asked = 0;
	int calls;

	for (int kind = 0; kind < 8; kind++)
	{
		WcSide side = kind % 2 == 0 ? WC_USERS : WC_ITEMS;
		WcHooks pausing = {NULL, pause_always, &asked};

		wc_params_defaults(&params);
		params.factors = FACTORS;
		params.regularization = 0.3;
		params.reg_exponent = 1;
		params.bias_regularization[WC_USERS] = 0.5;
		params.bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
		params.unobserved_weight = kind < 4 ? 0.1 : 0;
		params.row_weight_exponent = 0.25;
		params.col_weight_exponent = 0.5;
		params.half_life = kind >= 6 ? 100 : 0;
		params.unobserved_popularity = kind < 4;
		params.feedback = kind >= 6 ? WC_EXPLICIT : WC_WEIGHTED;
		params.biases = kind >= 6;
		fill(side, &params, &data);
		data.objective.like_from = kind == 3 ? NAN : kind % 3 + 1;
		solve_alone(side, &data, &alone);
		CHECK(data.longest > 60);
		for (int32_t threads = 1; threads <= 5; threads += 2)
		{
			CHECK(solve_together(side, &data, threads, NULL, &calls, &together,
			                     &error) == WC_OK);
			CHECK(calls == 1);
			CHECK(memcmp(&alone, &together, sizeof(alone)) == 0);
			CHECK(solve_together(side, &data, threads, &pausing, &calls,
			                     &together, &error) == WC_OK);
			CHECK(calls > 1 || threads > 1);
			CHECK(memcmp(&alone, &together, sizeof(alone)) == 0);
		}
		wc_coo_free(&data.ratings, &check_alloc);
	}
	CHECK(asked > 0);
}

/* Rows 11 and 30 cannot be solved: the lower one is named, by any thread. */
static void
test_errors(void)
{
	static Data data;
	static Solved solved;
	WcParams params;
	WcError error;
	int calls;

	wc_params_defaults(&params);
	params.factors = FACTORS;
	params.regularization = 0.3;
	params.reg_exponent = 1;
	params.unobserved_weight = 0.1;
	params.row_weight_exponent = params.col_weight_exponent = 0;
	fill(WC_USERS, &params, &data);
	data.ratings.weight[data.order[data.start[30]]] = INFINITY;
	data.ratings.weight[data.order[data.start[11] + 1]] = INFINITY;
	for (int32_t threads = 1; threads <= 4; threads++)
	{
		int64_t e = data.order[data.start[11] + 1];

		memset(&error, 0, sizeof(error));
		CHECK(solve_together(WC_USERS, &data, threads, NULL, &calls, &solved,
		                     &error) == WC_NOT_FINITE);
		CHECK(error.row == 11 && error.side == WC_USERS);
		CHECK(error.other == data.item[data.ratings.item[e]]);
	}
	wc_coo_free(&data.ratings, &check_alloc);
}

static void
test_failures(void)
{
	static Data data;
	static Solved solved;
	WcStatus status = WC_NO_MEMORY;
	WcParams params;
	WcFold *fold;
	long n;

	wc_params_defaults(&params);
	params.factors = FACTORS;
	params.regularization = 0.3;
	params.reg_exponent = 1;
	params.unobserved_weight = 0.1;
	params.row_weight_exponent = params.col_weight_exponent = 0;
	fill(WC_USERS, &params, &data);
	for (n = 0; status != WC_OK && n < 200; n++)
	{
		WcFoldTeam *team = NULL;

		fold = fold_of(WC_USERS, &data);
		check_fail_after = n;
		status = wc_fold_team_create(fold, 3, data.longest, &team);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		CHECK((team != NULL) == (status == WC_OK));
		wc_fold_team_free(team);
		wc_fold_free(fold);
	}
	CHECK(status == WC_OK && n > 30);
	status = WC_CANCELLED;
	for (n = 0; status != WC_OK && n < 2000; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcError error = {WC_OK, WC_USERS, -1, -1, ""};
		int calls;

		status =
		    solve_together(WC_USERS, &data, 1, &hooks, &calls, &solved, &error);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(status == WC_OK || error.status == WC_CANCELLED);
	}
	CHECK(status == WC_OK && n > 1);
	wc_coo_free(&data.ratings, &check_alloc);
}

int
main(void)
{
	test_bits();
	test_errors();
	test_failures();
	return check_report("test_fold_team");
}
