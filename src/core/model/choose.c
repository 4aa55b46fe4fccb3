/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  How many factors, and how much regularization, a training has when nobody
 *	  says.
 *
 * The factors go by the shape of the ratings alone, the regularization by the
 * length of rows and by how entries cluster, or how targets spread.
 * docs/decisions/0025 and 0033 have the measurements they were made from.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/model/baseline.h"

/* Users or items, whichever are fewer, for each factor. */
#define ROWS_PER_FACTOR 10

int32_t
wc_factors_choose(WcFeedback feedback, int32_t users, int32_t items)
{
	int32_t fewer = users < items ? users : items;
	int32_t steps =
	    (fewer / ROWS_PER_FACTOR + WC_FACTORS_STEP / 2) / WC_FACTORS_STEP;
	int32_t factors = steps * WC_FACTORS_STEP;

	if (feedback == WC_EXPLICIT || factors < WC_FACTORS_LEAST)
		return WC_FACTORS_LEAST;
	return factors < WC_FACTORS_MOST ? factors : WC_FACTORS_MOST;
}

/*
 * Users whose entries are followed to those of others: as many as take about so
 * many steps, and so many at least.
 */
#define CLUSTERING_STEPS 0x1p23
#define CLUSTERING_USERS 128

/*
 * What a row weighs in the objective before powers of its count: its entries, and
 * its unobserved cells, which weigh so many times what the mean row's entries do.
 */
#define UNOBSERVED_ROWS 16

/* One side's rows. */
typedef struct Rows
{
	const WcCsr *csr;
	double unobserved; /* the weight of a row's unobserved cells */
	double chance; /* mean over the entries of count / weight */
} Rows;

static int64_t
count_of(const Rows *rows, int32_t row)
{
	return rows->csr->start[row + 1] - rows->csr->start[row];
}

static double
weight_of(const Rows *rows, int32_t row)
{
	return (double) count_of(rows, row) + rows->unobserved;
}

/* *steps is the sum of the squared counts. */
static WcStatus
open_rows(const WcCsr *csr, Rows *rows, double *steps, WcPace *pace)
{
	rows->csr = csr;
	rows->unobserved = UNOBSERVED_ROWS * (double) csr->nnz / csr->rows;
	rows->chance = 0;
	*steps = 0;
	for (int32_t row = 0; row < csr->rows; row++)
	{
		double count = (double) count_of(rows, row);

		if (wc_pace(pace, 1))
			return WC_CANCELLED;
		rows->chance += count * count / weight_of(rows, row);
		*steps += count * count;
	}
	rows->chance /= (double) csr->nnz;
	return WC_OK;
}

/* What a user shares with another: sums over the items that both have. */
typedef struct Shared
{
	double sum; /* of 1 / weight */
	double square; /* of 1 / weight^2 */
} Shared;

typedef struct Others
{
	Shared *shared; /* by user; all 0 but of those who are met */
	int32_t
	    *met; /* in the order of the first meeting; one more is written to */
} Others;

/* Add the cycles that begin at a user. */
static WcStatus
follow_user(const Rows *users, const Rows *items, int32_t user,
            const Others *others, double *cycles, WcPace *pace)
{
	const int64_t *entries = users->csr->start + user;
	double found = 0;
	int32_t n_met = 0;

	for (int64_t e = entries[0]; e < entries[1]; e++)
	{
		int32_t item = users->csr->col[e];
		const int64_t *column = items->csr->start + item;
		double part = 1 / weight_of(items, item);

		if (wc_pace(pace, column[1] - column[0]))
			return WC_CANCELLED;
		for (int64_t f = column[0]; f < column[1]; f++)
		{
			int32_t other = items->csr->col[f];
			Shared *both = &others->shared[other];

			others->met[n_met] = other;
			n_met += both->sum == 0;
			both->sum += part;
			both->square += part * part;
		}
	}
	for (int32_t m = 0; m < n_met; m++)
	{
		int32_t other = others->met[m];
		Shared *both = &others->shared[other];

		if (other != user)
			found += (both->sum * both->sum - both->square) /
			         weight_of(users, other);
		memset(both, 0, sizeof(*both));
	}
	*cycles += found / weight_of(users, user);
	return WC_OK;
}

/*
 * Every so-manieth user, so that the draw is always the same.  By chance those
 * have their part of all cycles, so that what is compared is of the same users.
 */
WcStatus
wc_clustering(const WcCsr *by_user, const WcCsr *by_item, double *clustering,
              const WcAlloc *alloc, const WcHooks *hooks)
{
	size_t size = (size_t) by_user->rows * sizeof(Shared);
	Others others = {
	    wc_alloc_array(alloc, (size_t) by_user->rows, sizeof(Shared)),
	    wc_alloc_array(alloc, (size_t) by_user->rows + 1, sizeof(int32_t))};
	WcPace pace = wc_pace_start(hooks);
	Rows users;
	Rows items;
	double steps;
	double cycles = 0;
	double expected = 0;
	int32_t followed = 0;
	WcStatus status =
	    others.shared == NULL || others.met == NULL ? WC_NO_MEMORY : WC_OK;

	if (status == WC_OK)
		status = open_rows(by_user, &users, &steps, &pace);
	if (status == WC_OK)
		status = open_rows(by_item, &items, &steps, &pace);
	if (status == WC_OK)
	{
		memset(others.shared, 0, size);
		followed = (int32_t) fmin(
		    by_user->rows,
		    fmax(CLUSTERING_USERS, by_user->rows * (CLUSTERING_STEPS / steps)));
	}
	for (int32_t s = 0; s < followed && status == WC_OK; s++)
	{
		int32_t user = (int32_t) ((int64_t) s * by_user->rows / followed);
		double count = (double) count_of(&users, user);

		status = follow_user(&users, &items, user, &others, &cycles, &pace);
		expected += count * count / weight_of(&users, user);
	}
	wc_free(alloc, others.met);
	wc_free(alloc, others.shared);
	if (status != WC_OK)
		return status;
	expected *=
	    users.chance * items.chance * items.chance / (double) by_user->nnz;
	*clustering = expected > 0 ? cycles / expected : 0;
	return WC_OK;
}

/*
 * lambda (1 + 16), 16 being the weight of the unobserved cells to that of the
 * others, is the part of the largest singular value below which a direction of
 * taste is given up.  What is noise reaches the higher the fewer entries a user
 * has; and the more directions there are that are none, the less of them may be
 * given up.  The clustering counts them: it is the sum of the fourth powers of
 * the singular values, that of the largest being 1, less what noise adds.
 */
#define REGULARIZATION_SCALE (1.25 / 17)
#define REGULARIZATION_MOST 0.03 /* little was measured beyond */

double
wc_regularization_choose(double per_user, double clustering)
{
	return fmin(REGULARIZATION_SCALE / pow(per_user, 0.4) /
	                cbrt(fmax(clustering, 1)),
	            REGULARIZATION_MOST);
}

/*
 * With explicit feedback: noise of deviation s in entries that are spread evenly
 * is taken for taste below a lambda of s times (1 / sqrt(entries of a user) + 1 /
 * sqrt(entries of an item)).  This part of it predicts best (docs/tuning.md).
 */
#define REGULARIZATION_NOISE 0.75

/*
 * The lambda of a training that was given none, in the unit of the targets.  With
 * explicit feedback it is meant for a row whose weight is the root of the mean
 * weight of a user times that of an item, whatever nu.
 */
WcStatus
wc_choose_regularization(WcProblem *problem, const WcAlloc *alloc,
                         const WcHooks *hooks)
{
	const WcCsr *csr = &problem->by_user;
	WcParams *params = &problem->objective.params;
	double clustering;
	WcStatus status;
	double users = csr->rows;
	double items = csr->cols;
	double entries = (double) csr->nnz;

	if (params->feedback == WC_EXPLICIT)
	{
		double weight =
		    problem->mean_weight * entries / sqrt(users) / sqrt(items);
		double noise = (sqrt(users) + sqrt(items)) / sqrt(entries);

		params->regularization = REGULARIZATION_NOISE * problem->spread *
		                         noise * pow(weight, 1 - params->reg_exponent);
		return WC_OK;
	}
	status = wc_clustering(csr, &problem->by_item, &clustering, alloc, hooks);
	if (status != WC_OK)
		return status;
	params->regularization =
	    problem->spread * wc_regularization_choose(entries / users, clustering);
	return WC_OK;
}
