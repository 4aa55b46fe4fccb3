/*-------------------------------------------------------------------------
 *
 * test_ranking.c
 *	  The measures of a ranking: worked out by hand, and against a slow twin
 *	  that sorts everything and counts pairs, with ties, lists and samples.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 41
#define ITEMS 330
#define K 5
#define CUTS 4

/* A matrix by rows from a list of pairs in order, ended by a negative user. */
static WcCsr
matrix(int32_t users, int32_t items, const int32_t (*pair)[2])
{
	WcCsr csr = {.rows = users, .cols = items};

	while (pair[csr.nnz][0] >= 0)
		csr.nnz++;
	csr.start = calloc((size_t) users + 1, sizeof(int64_t));
	csr.col = calloc((size_t) csr.nnz + 1, sizeof(int32_t));
	if (csr.start == NULL || csr.col == NULL)
		abort();
	for (int64_t e = 0; e < csr.nnz; e++)
	{
		csr.start[pair[e][0] + 1]++;
		csr.col[e] = pair[e][1];
	}
	for (int32_t i = 0; i < users; i++)
		csr.start[i + 1] += csr.start[i];
	if (!wc_csr_check(&csr))
		abort();
	return csr;
}

/* wc_rank_users to its end, however often it pauses on the way. */
static WcStatus
rank_users(const WcRanker *ranker, const WcTrial *trial, int32_t threads,
           double *values, int32_t *best_rank, const WcAlloc *alloc,
           const WcHooks *hooks, WcError *error)
{
	int64_t next = 0;
	WcStatus status;

	do
	{
		int64_t before = next;

		status = wc_rank_users(ranker, trial, &next, values, best_rank,
		                       &(WcJob){.alloc = alloc,
		                                .hooks = hooks,
		                                .error = error,
		                                .threads = threads});
		CHECK(status != WC_PAUSED || next > before);
	} while (status == WC_PAUSED);
	return status;
}

static bool
pause_always(void *arg)
{
	int *asked = arg;

	(*asked)++;
	return true;
}

/*
 * Ten items in descending order of score.  User 0 has seen 0, and 1, 4, 9 and
 * an item nobody knows are relevant, so they come first, fourth and last of
 * nine.  User 1 has nothing to find.  For user 2, only unknown items are
 * relevant.
 */
static void
test_by_hand(void)
{
	static const int32_t relevant_pairs[][2] = {{0, 1}, {0, 4}, {0, 9}, {-1}};
	static const int32_t seen_pairs[][2] = {{0, 0}, {2, 1}, {-1}};
	static const int32_t cuts[] = {1, 3, 5, 20};
	static const int32_t n_relevant[] = {4, 0, 2};
	static const float base[] = {0, 1, 2};
	float bias[10];
	int32_t likes[10];
	int32_t best[10];
	double v[3][CUTS * WC_CUT_METRICS + 1];
	WcCsr relevant = matrix(3, 10, relevant_pairs);
	WcCsr seen = matrix(3, 10, seen_pairs);
	WcRanker ranker = {10, 0, NULL, bias, NULL, base, NULL};
	WcTrial trial = {.users = 3,
	                 .relevant = &relevant,
	                 .n_relevant = n_relevant,
	                 .seen = &seen,
	                 .likes = likes,
	                 .n_cuts = CUTS,
	                 .cuts = cuts};
	double ideal4 = 1 + 1 / log2(3) + 0.5 + 1 / log2(5);
	double *at;

	for (int32_t j = 0; j < 10; j++)
	{
		bias[j] = (float) (10 - j);
		likes[j] = j * j;
		best[j] = INT32_MAX;
	}
	CHECK(wc_trial_values(&trial) == CUTS * WC_CUT_METRICS + 1);
	CHECK(rank_users(&ranker, &trial, 1, v[0], best, &check_alloc, NULL,
	                 NULL) == WC_OK);

	at = v[0];
	CHECK(at[WC_PRECISION] == 1 && at[WC_RECALL] == 0.25);
	CHECK(at[WC_RECALL_CAPPED] == 1 && at[WC_HIT_RATE] == 1);
	CHECK(at[WC_NDCG] == 1 && at[WC_MAP] == 1 && at[WC_MRR] == 1);
	CHECK(at[WC_POPULARITY] == 1);
	at += WC_CUT_METRICS;
	CHECK_NEAR(at[WC_PRECISION], 1.0 / 3, 1e-15);
	CHECK(at[WC_RECALL] == 0.25 && at[WC_HIT_RATE] == 1);
	CHECK_NEAR(at[WC_RECALL_CAPPED], 1.0 / 3, 1e-15);
	CHECK_NEAR(at[WC_NDCG], 1 / (1 + 1 / log2(3) + 0.5), 1e-15);
	CHECK_NEAR(at[WC_MAP], 1.0 / 3, 1e-15);
	CHECK(at[WC_MRR] == 1);
	CHECK_NEAR(at[WC_POPULARITY], (1 + 4 + 9) / 3.0, 1e-14);
	at += WC_CUT_METRICS;
	CHECK_NEAR(at[WC_PRECISION], 0.4, 1e-15);
	CHECK(at[WC_RECALL] == 0.5 && at[WC_RECALL_CAPPED] == 0.5);
	CHECK_NEAR(at[WC_NDCG], (1 + 1 / log2(5)) / ideal4, 1e-15);
	CHECK_NEAR(at[WC_MAP], (1 + 2.0 / 4) / 4, 1e-15);
	CHECK(at[WC_POPULARITY] == 11);
	/* more than there are: the list ends, its length still counts */
	at += WC_CUT_METRICS;
	CHECK_NEAR(at[WC_PRECISION], 3.0 / 20, 1e-15);
	CHECK(at[WC_RECALL] == 0.75 && at[WC_RECALL_CAPPED] == 0.75);
	CHECK_NEAR(at[WC_NDCG], (1 + 1 / log2(5) + 1 / log2(10)) / ideal4, 1e-15);
	CHECK_NEAR(at[WC_MAP], (1 + 2.0 / 4 + 3.0 / 9) / 4, 1e-15);
	CHECK_NEAR(at[WC_POPULARITY], 285 / 9.0, 1e-13);
	/* six others; six come after 1, four after 4, none after 9 */
	CHECK_NEAR(v[0][CUTS * WC_CUT_METRICS], 10 / 24.0, 1e-15);

	for (int i = 0; i <= CUTS * WC_CUT_METRICS; i++)
		CHECK(isnan(v[1][i]));
	for (int c = 0; c < CUTS; c++)
	{
		for (int m = 0; m < WC_POPULARITY; m++)
			CHECK(v[2][c * WC_CUT_METRICS + m] == 0);
		CHECK((v[2][c * WC_CUT_METRICS + WC_POPULARITY] > 0) == (c > 0));
	}
	CHECK(v[2][CUTS * WC_CUT_METRICS] == 0);

	/* user 0 has not been shown 0, user 2 has; user 1 is not asked */
	CHECK(best[0] == 1 && best[1] == 1 && best[2] == 2 && best[9] == 9);
	free(relevant.start);
	free(relevant.col);
	free(seen.start);
	free(seen.col);
}

/* Random users and items, and few distinct scores if ties. */
typedef struct Data
{
	float item_factors[ITEMS * K];
	const float *vectors[ITEMS];
	float bias[ITEMS];
	float user_factors[USERS * K];
	float base[USERS];
	int32_t likes[ITEMS];
	uint64_t user_hash[USERS];
	uint64_t item_hash[ITEMS];
	int32_t n_relevant[USERS];
	int32_t cuts[CUTS];
	WcCsr relevant;
	WcCsr seen;
	WcCsr candidates;
	WcRanker ranker;
	WcTrial trial;
	int32_t pairs[3][USERS * ITEMS + 1][2];
} Data;

static Data *
create(bool ties, bool seen, bool candidates, int32_t negatives, uint64_t seed)
{
	Data *data = calloc(1, sizeof(Data));
	uint64_t state = 2 * seed + 1;
	int32_t n[3] = {0};
	static const int32_t cuts[CUTS] = {1, 2, 10, ITEMS};

	if (data == NULL)
		abort();
	memcpy(data->cuts, cuts, sizeof(cuts));
	for (int32_t p = 0; p < ITEMS * K; p++)
	{
		double x = check_random(&state) - 0.5;

		data->item_factors[p] = (float) (ties ? floor(2 * x) : x);
	}
	for (int32_t p = 0; p < USERS * K; p++)
	{
		double x = check_random(&state) - 0.5;

		data->user_factors[p] = (float) (ties ? floor(2 * x) : x);
	}
	for (int32_t j = 0; j < ITEMS; j++)
	{
		data->vectors[j] = data->item_factors + j * K;
		data->bias[j] = (float) floor(2 * check_random(&state));
		data->likes[j] = (int32_t) (100 * check_random(&state));
		data->item_hash[j] = (uint64_t) j * 7;
	}
	for (int32_t i = 0; i < USERS; i++)
	{
		/* the last of them has nothing, the one before knows nothing */
		double density = i >= USERS - 2 ? 0 : i % 7 == 0 ? 0.5 : 0.03;

		data->base[i] = (float) i;
		data->user_hash[i] = (uint64_t) i * 3;
		data->n_relevant[i] = i == USERS - 1 ? 0 : i % 3;
		for (int32_t j = 0; j < ITEMS; j++)
		{
			double limit[3] = {density, 0.2, 0.1};

			for (int m = 0; m < 3; m++)
			{
				if (check_random(&state) >= limit[m])
					continue;
				data->pairs[m][n[m]][0] = i;
				data->pairs[m][n[m]++][1] = j;
				data->n_relevant[i] += m == 0;
			}
		}
	}
	for (int m = 0; m < 3; m++)
		data->pairs[m][n[m]][0] = -1;
	data->relevant = matrix(USERS, ITEMS, data->pairs[0]);
	data->seen = matrix(USERS, ITEMS, data->pairs[1]);
	data->candidates = matrix(USERS, ITEMS, data->pairs[2]);
	data->ranker = (WcRanker){
	    ITEMS,      K,   data->vectors, data->bias, data->user_factors,
	    data->base, NULL};
	data->trial = (WcTrial){.users = USERS,
	                        .relevant = &data->relevant,
	                        .n_relevant = data->n_relevant,
	                        .seen = seen ? &data->seen : NULL,
	                        .candidates = candidates ? &data->candidates : NULL,
	                        .negatives = negatives,
	                        .seed = (int64_t) seed,
	                        .user_hash = data->user_hash,
	                        .item_hash = data->item_hash,
	                        .likes = data->likes,
	                        .n_cuts = CUTS,
	                        .cuts = data->cuts};
	return data;
}

static void
destroy(Data *data)
{
	free(data->relevant.start);
	free(data->relevant.col);
	free(data->seen.start);
	free(data->seen.col);
	free(data->candidates.start);
	free(data->candidates.col);
	free(data);
}

static bool
has(const WcCsr *csr, int32_t user, int32_t item)
{
	for (int64_t e = csr->start[user]; e < csr->start[user + 1]; e++)
	{
		if (csr->col[e] == item)
			return true;
	}
	return false;
}

static double
score(const Data *data, int32_t user, int32_t item)
{
	return wc_score(K, data->user_factors + user * K, data->base[user],
	                data->item_factors + item * K, data->bias[item]);
}

/* Whether an item is among the negatives: fewer have smaller hashes. */
static bool
is_drawn(const Data *data, int32_t user, int32_t item)
{
	const WcTrial *trial = &data->trial;
	uint64_t own =
	    wc_hash_pair(trial->seed, data->user_hash[user], data->item_hash[item]);
	int32_t smaller = 0;

	for (int32_t j = 0; j < ITEMS; j++)
	{
		if ((trial->seen != NULL && has(&data->seen, user, j)) ||
		    has(&data->relevant, user, j))
			continue;
		smaller += wc_hash_pair(trial->seed, data->user_hash[user],
		                        data->item_hash[j]) < own;
	}
	return smaller < trial->negatives;
}

static bool
is_ranked(const Data *data, int32_t user, int32_t item)
{
	const WcTrial *trial = &data->trial;

	if (trial->seen != NULL && has(&data->seen, user, item))
		return false;
	if (has(&data->relevant, user, item))
		return true;
	if (trial->candidates != NULL)
		return has(&data->candidates, user, item);
	return trial->negatives == 0 || is_drawn(data, user, item);
}

/* Rank of an item: one more than the items that come before it. */
static void
expect(const Data *data, int32_t user, double *values, int32_t *best)
{
	const WcTrial *trial = &data->trial;
	static int32_t rank[ITEMS];
	bool relevant[ITEMS];
	int32_t total = trial->n_relevant[user];
	int32_t ranked = 0;
	int32_t others = 0;
	double before = 0;

	for (int32_t j = 0; j < ITEMS; j++)
	{
		relevant[j] = has(&data->relevant, user, j);
		rank[j] = is_ranked(data, user, j) ? 1 : -1;
		ranked += rank[j] > 0;
	}
	for (int32_t j = 0; j < ITEMS; j++)
	{
		for (int32_t l = 0; l < ITEMS && rank[j] > 0; l++)
		{
			double difference = score(data, user, l) - score(data, user, j);

			if (rank[l] < 0)
				continue;
			rank[j] += difference > 0 || (difference == 0 && l < j);
			if (!relevant[j] || relevant[l])
				continue;
			before += difference < 0 ? 1 : difference == 0 ? 0.5 : 0;
		}
		if (rank[j] > 0 && rank[j] <= data->cuts[CUTS - 1] && rank[j] < best[j])
			best[j] = rank[j];
	}
	for (int c = 0; c < CUTS; c++)
	{
		double *value = values + c * WC_CUT_METRICS;
		int32_t cut = data->cuts[c];
		int32_t capped = cut < total ? cut : total;
		int32_t listed = cut < ranked ? cut : ranked;
		int32_t first = INT32_MAX;
		double hits = 0;
		double gain = 0;
		double ideal = 0;
		double precisions = 0;
		double likes = 0;

		for (int32_t j = 0; j < ITEMS; j++)
		{
			int32_t above = 0;

			if (rank[j] < 0 || rank[j] > cut)
				continue;
			likes += data->likes[j];
			if (!relevant[j])
				continue;
			for (int32_t l = 0; l < ITEMS; l++)
				above += relevant[l] && rank[l] > 0 && rank[l] <= rank[j];
			hits++;
			gain += 1 / log2(rank[j] + 1.0);
			precisions += (double) above / rank[j];
			if (rank[j] < first)
				first = rank[j];
		}
		for (int32_t r = 1; r <= capped; r++)
			ideal += 1 / log2(r + 1.0);
		value[WC_PRECISION] = hits / cut;
		value[WC_RECALL] = hits / total;
		value[WC_RECALL_CAPPED] = hits / capped;
		value[WC_HIT_RATE] = hits > 0;
		value[WC_NDCG] = gain / ideal;
		value[WC_MAP] = precisions / capped;
		value[WC_MRR] = hits > 0 ? 1.0 / first : 0;
		value[WC_POPULARITY] = listed > 0 ? likes / listed : NAN;
	}
	/* those the ranker lacks come after everything */
	for (int32_t j = 0; j < ITEMS; j++)
		others += rank[j] > 0 && !relevant[j];
	values[CUTS * WC_CUT_METRICS] =
	    others > 0 ? before / ((double) total * others) : NAN;
}

static void
check_twin(bool ties, bool seen, bool candidates, int32_t negatives)
{
	Data *data = create(ties, seen, candidates, negatives,
	                    8u * ties + 4u * seen + 2u * candidates + 1);
	int32_t n = wc_trial_values(&data->trial);
	double *values = calloc((size_t) USERS * (size_t) n, sizeof(double));
	double *again = calloc((size_t) USERS * (size_t) n, sizeof(double));
	double *expected = calloc((size_t) n, sizeof(double));
	int32_t best[ITEMS];
	int32_t best_again[ITEMS];
	int32_t best_expected[ITEMS];
	int asked;
	WcHooks pausing = {NULL, pause_always, &asked};

	for (int32_t j = 0; j < ITEMS; j++)
		best[j] = best_again[j] = best_expected[j] = INT32_MAX;
	CHECK(rank_users(&data->ranker, &data->trial, 1, values, best, &check_alloc,
	                 NULL, NULL) == WC_OK);
	for (int32_t i = 0; i < USERS; i++)
	{
		double worst = 0;

		if (data->n_relevant[i] > 0)
			expect(data, i, expected, best_expected);
		for (int32_t v = 0; v < n; v++)
		{
			double value = values[i * n + v];

			if (data->n_relevant[i] == 0 || isnan(expected[v]))
				CHECK(isnan(value));
			else
				worst = fmax(worst, fabs(value - expected[v]));
			if (isnan(value) && data->n_relevant[i] > 0)
				CHECK(isnan(expected[v]));
		}
		CHECK(worst < 1e-12);
	}
	CHECK(memcmp(best, best_expected, sizeof(best)) == 0);

	/* the same bits with any number of threads, and of pauses */
	for (int32_t threads = 1; threads <= 5; threads++)
	{
		for (int32_t j = 0; j < ITEMS; j++)
			best_again[j] = INT32_MAX;
		memset(again, 0, sizeof(double) * (size_t) USERS * (size_t) n);
		asked = 0;
		CHECK(rank_users(&data->ranker, &data->trial, threads, again,
		                 best_again, &check_alloc,
		                 threads <= 2 ? &pausing : NULL, NULL) == WC_OK);
		/* with two, the other one may have done it all by then */
		CHECK(threads != 1 || asked > 1);
		CHECK(memcmp(values, again,
		             sizeof(double) * (size_t) USERS * (size_t) n) == 0);
		CHECK(memcmp(best, best_again, sizeof(best)) == 0);
	}
	free(values);
	free(again);
	free(expected);
	destroy(data);
}

/* Every failing allocation and every ask that says stop. */
static void
check_failures(bool candidates, int32_t negatives)
{
	Data *data = create(false, true, candidates, negatives, 5);
	int32_t n = wc_trial_values(&data->trial);
	double *values = calloc((size_t) USERS * (size_t) n, sizeof(double));
	int32_t best[ITEMS];
	WcError error;

	for (int run = 0; run < 4; run++)
	{
		bool cancelling = run % 2;
		int32_t threads = 1 + run / 2;
		WcStatus status = WC_NO_MEMORY;
		long tries = 0;

		while (status != WC_OK && tries < 200)
		{
			CheckCancel cancel = {tries++, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};

			if (!cancelling)
				check_fail_after = cancel.remaining;
			status =
			    rank_users(&data->ranker, &data->trial, threads, values, best,
			               &check_alloc, cancelling ? &hooks : NULL, &error);
			check_fail_after = -1;
			CHECK(status == WC_OK ||
			      (status == (cancelling ? WC_CANCELLED : WC_NO_MEMORY) &&
			       error.status == status));
		}
		CHECK(status == WC_OK && error.status == WC_OK);
		/* with two, the other one may have done it all, and is not asked */
		if (!cancelling)
			CHECK(tries > 3 + 7 * threads);
		else
			CHECK(threads > 1 || tries > 5);
	}
	free(values);
	destroy(data);
}

/* A long search is asked about on its way, at every stage. */
static void
test_long(int32_t negatives)
{
	int32_t items = 300000;
	float *bias = calloc((size_t) items, sizeof(float));
	int32_t *likes = calloc((size_t) items, sizeof(int32_t));
	int32_t *best = calloc((size_t) items, sizeof(int32_t));
	uint64_t *hash = calloc((size_t) items, sizeof(uint64_t));
	static const int32_t pairs[][2] = {{0, 7}, {-1}};
	static const int32_t n_relevant[] = {1};
	static const int32_t cuts[] = {10};
	static const float base[] = {0};
	WcCsr relevant = matrix(1, items, pairs);
	WcRanker ranker = {items, 0, NULL, bias, NULL, base, NULL};
	WcTrial trial = {.users = 1,
	                 .relevant = &relevant,
	                 .n_relevant = n_relevant,
	                 .negatives = negatives,
	                 .user_hash = hash,
	                 .item_hash = hash,
	                 .likes = likes,
	                 .n_cuts = 1,
	                 .cuts = cuts};
	double values[WC_CUT_METRICS + 1];
	WcStatus status = WC_CANCELLED;
	long n = 0;

	for (; status != WC_OK && n < 100; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		status = rank_users(&ranker, &trial, 1, values, best, &check_alloc,
		                    &hooks, NULL);
	}
	CHECK(status == WC_OK && n > (negatives > 0 ? 9 : 6));
	/* all scores are equal: order of the index */
	CHECK(values[WC_MRR] == 0.125);
	CHECK_NEAR(values[WC_CUT_METRICS], 0.5, 1e-15);
	free(bias);
	free(likes);
	free(best);
	free(hash);
	free(relevant.start);
	free(relevant.col);
}

static void
test_not_finite(void)
{
	Data *data = create(false, false, false, 0, 3);
	int32_t n = wc_trial_values(&data->trial);
	double *values = calloc((size_t) USERS * (size_t) n, sizeof(double));
	WcErrorSums sums[USERS];
	int32_t best[ITEMS];
	WcError error;

	data->bias[77] = INFINITY;
	CHECK(rank_users(&data->ranker, &data->trial, 1, values, best, &check_alloc,
	                 NULL, &error) == WC_NOT_FINITE);
	CHECK(error.status == WC_NOT_FINITE && error.row == 77);
	data->trial.negatives = ITEMS;
	CHECK(rank_users(&data->ranker, &data->trial, 3, values, best, &check_alloc,
	                 NULL, &error) == WC_NOT_FINITE);
	CHECK(error.status == WC_NOT_FINITE && error.row == 77);
	for (int32_t j = 0; j < ITEMS; j++)
		data->bias[j] = NAN;
	CHECK(wc_rate_users(&data->ranker, &data->relevant, sums, NULL, &error) ==
	      WC_NOT_FINITE);
	CHECK(error.row == data->relevant.col[0]);
	free(values);
	destroy(data);
}

/* Scores 3 and 5 for values 4 and 2, nothing, 4 for 4. */
static void
test_rate(void)
{
	static const int32_t pairs[][2] = {{0, 0}, {0, 2}, {2, 1}, {-1}};
	static float values[] = {4, 2, 4};
	static const float bias[] = {1, 2, 3};
	static const float base[] = {2, 9, 2};
	static const WcRange range = {3.5f, 4.5f};
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcCsr ratings = matrix(3, 3, pairs);
	WcRanker ranker = {3, 0, NULL, bias, NULL, base, NULL};
	WcErrorSums sums[3];

	ratings.value = values;
	CHECK(wc_rate_users(&ranker, &ratings, sums, NULL, NULL) == WC_OK);
	CHECK(sums[0].n == 2 && sums[0].sum[WC_MAE] == 4 &&
	      sums[0].sum[WC_RMSE] == 10);
	CHECK(sums[1].n == 0 && sums[1].sum[WC_MAE] == 0 &&
	      sums[1].sum[WC_RMSE] == 0);
	CHECK(sums[2].n == 1 && sums[2].sum[WC_MAE] == 0 &&
	      sums[2].sum[WC_RMSE] == 0);
	ranker.range = &range; /* 3.5 and 4.5, nothing, 4 */
	CHECK(wc_rate_users(&ranker, &ratings, sums, NULL, NULL) == WC_OK);
	CHECK(sums[0].n == 2 && sums[0].sum[WC_MAE] == 3 &&
	      sums[0].sum[WC_RMSE] == 6.5);
	CHECK(sums[2].n == 1 && sums[2].sum[WC_MAE] == 0 &&
	      sums[2].sum[WC_RMSE] == 0);
	CHECK(wc_rate_users(&ranker, &ratings, sums, &hooks, NULL) == WC_CANCELLED);
	free(ratings.start);
	free(ratings.col);
}

int
main(void)
{
	test_by_hand();
	for (int bits = 0; bits < 4; bits++)
	{
		check_twin(bits & 1, bits & 2, false, 0);
		check_twin(bits & 1, bits & 2, true, 0);
		check_twin(bits & 1, bits & 2, false, 20);
		check_twin(bits & 1, bits & 2, false, ITEMS);
	}
	check_failures(false, 0);
	check_failures(true, 0);
	check_failures(false, 9);
	test_long(0);
	test_long(99);
	test_not_finite();
	test_rate();
	return check_report("test_ranking");
}
