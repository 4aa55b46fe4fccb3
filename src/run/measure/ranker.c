/*-------------------------------------------------------------------------
 *
 * ranker.c
 *	  Who ranks and rates for some users, what they are asked, what it comes to.
 *
 * Matrices that are taken over stay sorted, because rows and columns are in the
 * order of the ids on both sides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "run/answer/answer.h"
#include "run/measure/measure.h"
#include "run/measure/ranker.h"
#include "run/train/steps.h"
#include "store/query.h"

#define DAMPING 5.0 /* entries at the mean that a bias begins with */
#define USERS_AT_ONCE 256 /* looked up between two frees of what SQL took */

/* ------------------------------------------------------------------------
 * What is asked
 * ------------------------------------------------------------------------ */

static inline bool
is_relevant(const WalsRelevance *relevance, const WcCsr *csr, int64 e)
{
	if (csr->value == NULL)
		return true;
	if (relevance->by_threshold)
		return csr->value[e] >= (float) relevance->threshold;
	return relevance->is_explicit || csr->value[e] > 0;
}

static inline int32
row_of(const WalsCells *cells, int32 user)
{
	return cells->row == NULL ? user : cells->row[user];
}

static inline int32
item_of(const WalsCells *cells, int32 column)
{
	return cells->item == NULL ? column : cells->item[column];
}

static inline bool
is_taken(const WalsCells *cells, int32 row, int64 e)
{
	const WcCsr *csr = cells->csr;

	if (cells->except != NULL &&
	    wals_measure_has(cells->except, row, csr->col[e]))
		return false;
	return cells->relevance == NULL || is_relevant(cells->relevance, csr, e);
}

WcCsr
wals_cells_take(const WalsCells *cells, WalsJob *job)
{
	const WcCsr *from = cells->csr;
	WcCsr to = {.rows = cells->n_users, .cols = cells->n_items};
	int64 room = 0;
	int32 i;
	int64 e;

	for (i = 0; i < cells->n_users; i++)
	{
		int32 row = row_of(cells, i);

		room += from->start[row + 1] - from->start[row];
	}
	to.start = wals_job_array(job, (int64) cells->n_users + 1, sizeof(int64));
	to.col = wals_job_array(job, room, sizeof(int32));
	if (cells->with_values && from->value != NULL)
		to.value = wals_job_array(job, room, sizeof(float));
	to.start[0] = 0;
	for (i = 0; i < cells->n_users; i++)
	{
		int32 row = row_of(cells, i);
		bool is_asked = cells->user == NULL || cells->user[i];

		CHECK_FOR_INTERRUPTS();
		for (e = from->start[row]; is_asked && e < from->start[row + 1]; e++)
		{
			int32 item = item_of(cells, from->col[e]);

			if (item < 0 || !is_taken(cells, row, e))
				continue;
			to.col[to.nnz] = item;
			if (to.value != NULL)
				to.value[to.nnz] = from->value[e];
			to.nnz++;
		}
		to.start[i + 1] = to.nnz;
	}
	return to;
}

int32 *
wals_cells_count(const WalsCells *cells, WalsJob *job, int64 *total)
{
	const WcCsr *csr = cells->csr;
	int32 *result = wals_job_array(job, cells->n_users, sizeof(int32));
	int32 i;
	int64 e;

	*total = 0;
	for (i = 0; i < cells->n_users; i++)
	{
		int32 row = row_of(cells, i);
		bool is_asked = cells->user == NULL || cells->user[i];

		CHECK_FOR_INTERRUPTS();
		result[i] = 0;
		for (e = csr->start[row]; is_asked && e < csr->start[row + 1]; e++)
			result[i] += is_relevant(cells->relevance, csr, e);
		*total += result[i];
	}
	return result;
}

WalsAsked
wals_asked_take(const WalsMetric *metric, const WalsCells *held_out,
                WalsJob *job)
{
	WalsAsked asked = {.n_users = held_out->n_users};
	WalsCells cells = *held_out;
	int64 ignored;

	if (metric->kind == WALS_METRIC_RATING)
	{
		cells.relevance = NULL;
		cells.with_values = true;
		asked.rated = wals_cells_take(&cells, job);
		return asked;
	}
	asked.relevant = wals_cells_take(&cells, job);
	asked.n_relevant = wals_cells_count(&cells, job, &ignored);
	return asked;
}

void
wals_asked_free(WalsAsked *asked, WalsJob *job)
{
	wc_csr_free(&asked->relevant, &job->alloc);
	wc_csr_free(&asked->seen, &job->alloc);
	wc_csr_free(&asked->rated, &job->alloc);
	wc_free(&job->alloc, asked->n_relevant);
	asked->n_relevant = NULL;
}

/* ------------------------------------------------------------------------
 * Who ranks
 * ------------------------------------------------------------------------ */

WalsUsers
wals_users_read(const WalsModel *version, const WcIdMap *ids, int32 n,
                const int32 *index, WalsJob *job)
{
	Size k = (Size) version->factors;
	WalsUsers users = {wals_job_array(job, n, sizeof(float) * k),
	                   wals_job_array(job, n, sizeof(float)),
	                   wals_job_array(job, n, sizeof(bool))};
	int32 first;
	int32 i;

	for (first = 0; first < n; first += USERS_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		wals_query_begin();
		for (i = first; i < n && i < first + USERS_AT_ONCE; i++)
		{
			WcId id = wc_idmap_get(ids, index[i]);
			WalsUserVector vector = wals_answer_user(
			    version, wals_id_to_datum(version->user_type, id));

			users.known[i] = vector.known;
			users.base[i] = vector.base;
			if (vector.known)
				memcpy(users.factors + (Size) i * k, vector.factors,
				       sizeof(float) * k);
			else
				memset(users.factors + (Size) i * k, 0, sizeof(float) * k);
		}
		wals_query_end();
	}
	return users;
}

WcRanker
wals_ranker_trained(const WcModel *model, int32 n_users, const int32 *user,
                    WalsJob *job)
{
	Size k = (Size) model->factors;
	const float **vectors =
	    wals_job_array(job, model->items, sizeof(const float *));
	float *bias = wals_job_array(job, model->items, sizeof(float));
	float *factors = wals_job_array(job, n_users, sizeof(float) * k);
	float *base = wals_job_array(job, n_users, sizeof(float));
	int32 i;

	for (i = 0; i < model->items; i++)
	{
		vectors[i] = model->item_factors + (Size) i * k;
		bias[i] = model->item_bias != NULL ? model->item_bias[i] : 0;
	}
	for (i = 0; i < n_users; i++)
	{
		base[i] = 0;
		if (user[i] < 0)
		{
			memset(factors + (Size) i * k, 0, sizeof(float) * k);
			continue;
		}
		memcpy(factors + (Size) i * k, model->user_factors + (Size) user[i] * k,
		       sizeof(float) * k);
		/* in the order in which a stored version adds them */
		base[i] = (model->user_bias != NULL ? model->user_bias[user[i]] : 0) +
		          (float) model->mean;
	}
	return (WcRanker){model->items, model->factors, vectors,      bias,
	                  factors,      base,           &model->range};
}

WcRanker
wals_ranker_stored(const WalsModel *version, const WalsRows *rows,
                   const WalsUsers *users, WalsJob *job)
{
	int32 count = wals_rows_count(rows);
	const float **vectors = wals_job_array(job, count, sizeof(const float *));
	float *bias = wals_job_array(job, count, sizeof(float));
	int32 item;

	wals_answer_check_factors(rows, version->factors);
	for (item = 0; item < count; item++)
	{
		vectors[item] = wals_rows_vector(rows, item);
		bias[item] = wals_rows_bias(rows, item);
	}
	return (WcRanker){count,          rows->pack.factors, vectors,        bias,
	                  users->factors, users->base,        &version->range};
}

WcRanker
wals_ranker_same(int32 n_items, const float *value, int32 n_users, WalsJob *job)
{
	float *bias = wals_job_array(job, n_items, sizeof(float));
	float *base = wals_job_array(job, n_users, sizeof(float));

	memcpy(bias, value, sizeof(float) * n_items);
	memset(base, 0, sizeof(float) * n_users);
	return (WcRanker){n_items, 0, NULL, bias, NULL, base, NULL};
}

WcRanker
wals_ranker_biases(const WalsModel *version, const WalsCells *cells,
                   const double *count, const double *sum, WalsJob *job)
{
	const WcCsr *seen = cells->csr;
	float *bias = wals_job_array(job, cells->n_items, sizeof(float));
	float *base = wals_job_array(job, cells->n_users, sizeof(float));
	double mean = version->mean;
	int32 i;
	int64 e;

	memset(bias, 0, sizeof(float) * cells->n_items);
	for (i = 0; i < seen->cols; i++)
		if (item_of(cells, i) >= 0)
			bias[item_of(cells, i)] =
			    (float) ((sum[i] - count[i] * mean) / (count[i] + DAMPING));
	for (i = 0; i < cells->n_users; i++)
	{
		int32 row = row_of(cells, i);
		double off = 0;
		int64 n = 0;

		CHECK_FOR_INTERRUPTS();
		for (e = seen->start[row]; e < seen->start[row + 1]; e++)
		{
			int32 item = item_of(cells, seen->col[e]);

			if (!is_taken(cells, row, e))
				continue;
			off += seen->value[e] - mean - (item >= 0 ? bias[item] : 0);
			n++;
		}
		base[i] = (float) (mean + off / ((double) n + DAMPING));
	}
	return (WcRanker){cells->n_items, 0,    NULL,           bias,
	                  NULL,           base, &version->range};
}

void
wals_ranker_free(WcRanker *ranker, WalsJob *job)
{
	wc_free(&job->alloc, (void *) ranker->vectors);
	wc_free(&job->alloc, (void *) ranker->bias);
	wc_free(&job->alloc, (void *) ranker->user_factors);
	wc_free(&job->alloc, (void *) ranker->user_base);
}

/* ------------------------------------------------------------------------
 * What it comes to
 * ------------------------------------------------------------------------ */

WcStatus
wals_ranker_rank(const WcRanker *ranker, const WcTrial *trial, WalsJob *job,
                 WalsJob *kept, WalsOutcome *outcome)
{
	int32 *best_rank = wals_job_array(job, ranker->items, sizeof(int32));
	WcStatus status;
	int32 item;
	int cut;

	for (item = 0; item < ranker->items; item++)
		best_rank[item] = PG_INT32_MAX;
	outcome->n_users = trial->users;
	outcome->n_cuts = trial->n_cuts;
	outcome->cuts = trial->cuts;
	outcome->n_values = wc_trial_values(trial);
	outcome->values = wals_job_array(kept, trial->users,
	                                 sizeof(double) * (Size) outcome->n_values);
	status = wals_step_rank(ranker, trial, outcome->values, best_rank, job);
	for (cut = 0; cut < trial->n_cuts; cut++)
	{
		int32 shown = 0;

		for (item = 0; item < ranker->items; item++)
			shown += best_rank[item] <= trial->cuts[cut];
		outcome->coverage[cut] =
		    ranker->items > 0 ? (double) shown / ranker->items : 0;
	}
	wc_free(&job->alloc, best_rank);
	return status;
}

WcStatus
wals_ranker_rate(const WcRanker *ranker, const WcCsr *ratings, WalsJob *kept,
                 WalsOutcome *outcome, WcError *error)
{
	outcome->n_users = ratings->rows;
	outcome->sums = wals_job_array(kept, ratings->rows, sizeof(WcErrorSums));
	return wc_rate_users(ranker, ratings, outcome->sums, &wals_hooks, error);
}

WcStatus
wals_ranker_measure(const WcRanker *ranker, const WalsMetric *metric,
                    const WalsAsked *asked, WalsJob *job, WalsOutcome *outcome)
{
	static const int32 shortest = 1; /* what the AUC makes no use of */
	WcTrial trial = {.users = asked->n_users,
	                 .relevant = &asked->relevant,
	                 .n_relevant = asked->n_relevant,
	                 .seen = &asked->seen,
	                 .n_cuts = 1,
	                 .cuts = metric->cut > 0 ? &metric->cut : &shortest};

	*outcome = (WalsOutcome){.n_users = asked->n_users};
	if (metric->kind == WALS_METRIC_RATING)
		return wals_ranker_rate(ranker, &asked->rated, job, outcome,
		                        &job->error);
	return wals_ranker_rank(ranker, &trial, job, job, outcome);
}

void
wals_outcome_free(WalsOutcome *outcome, WalsJob *kept)
{
	wc_free(&kept->alloc, outcome->values);
	wc_free(&kept->alloc, outcome->sums);
	outcome->values = NULL;
	outcome->sums = NULL;
}
