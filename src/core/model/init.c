/*-------------------------------------------------------------------------
 *
 * init.c
 *	  A model's first factors.
 *
 * Called once per training, before the first half sweep.  That one solves the
 * users, so only the items need a start; users and biases are zero.
 *
 * Item factors are uniform around 0 with standard deviation 0.1 / sqrt(k)
 * (Rendle et al. 2021 draw normal ones of that width), so that |v|^2 is 0.01 on
 * average for any k.  For explicit feedback it is 1 / sqrt(k): nothing but the
 * entries pulls there, zero factors are a saddle point of the objective, and
 * from a start as small as the other the first sweeps hardly move
 * (measurements in README.md).  Both times the root of the spread of the targets,
 * so that a product of two factors begins in the unit of the targets.
 *
 * Numbers are counter-based: one is a hash of (seed, hash of the item's id,
 * column) and of nothing else.  Neither the order of items nor other items nor
 * threads change it, and an item keeps its start when others come or go.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/model/model.h"

/* The finalizer of splitmix64 (Steele, Lea and Flood 2014): a bijection. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Its increment, 2^64 divided by the golden ratio. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

/* Uniform in (-1, 1), symmetric, never 0. */
static double
uniform(uint64_t hash)
{
	return ((double) (hash >> 11) + 0.5) / 4503599627370496.0 - 1.0;
}

static float *
zeros(const WcAlloc *alloc, size_t count)
{
	float *array = wc_alloc_array(alloc, count, sizeof(float));

	if (array != NULL && count > 0)
		memset(array, 0, count * sizeof(float));
	return array;
}

/*
 * Zeros from a whole cache line on, within *block: a vector of k floats then
 * touches no more lines than it must, where k is a multiple of a line.
 */
static float *
zero_factors(const WcAlloc *alloc, size_t rows, size_t k, void **block)
{
	uintptr_t start;

	if (rows > (SIZE_MAX / sizeof(float) - WC_LINE) / k)
		return NULL;
	*block = zeros(alloc, rows * k + WC_LINE);
	start = (uintptr_t) *block + WC_LINE * sizeof(float) - 1;
	return *block == NULL
	           ? NULL
	           : (float *) (start - start % (WC_LINE * sizeof(float)));
}

WcStatus
wc_model_init(const WcProblem *problem, const uint64_t *item_hash,
              WcModel *model, const WcAlloc *alloc)
{
	int32_t k = problem->objective.params.factors;
	bool is_explicit = problem->objective.params.feedback == WC_EXPLICIT;
	double deviation =
	    (is_explicit ? 1.0 : 0.1) * sqrt(problem->spread / (double) k);
	double range = deviation * sqrt(3.0);
	uint64_t seed = mix((uint64_t) problem->objective.params.seed + STEP);

	memset(model, 0, sizeof(*model));
	model->users = problem->by_user.rows;
	model->items = problem->by_item.rows;
	model->factors = k;
	model->mean = problem->objective.mean;
	model->range = problem->objective.range;
	model->user_factors = zero_factors(alloc, (size_t) model->users, (size_t) k,
	                                   &model->factor_blocks[WC_USERS]);
	model->item_factors = zero_factors(alloc, (size_t) model->items, (size_t) k,
	                                   &model->factor_blocks[WC_ITEMS]);
	if (problem->biases)
	{
		model->user_bias = zeros(alloc, (size_t) model->users);
		model->item_bias = zeros(alloc, (size_t) model->items);
	}
	if (model->user_factors == NULL || model->item_factors == NULL ||
	    (problem->biases &&
	     (model->user_bias == NULL || model->item_bias == NULL)))
	{
		wc_model_free(model, alloc);
		return WC_NO_MEMORY;
	}

	for (int32_t item = 0; item < model->items; item++)
	{
		uint64_t row = mix(seed ^ item_hash[item]);
		float *factors = model->item_factors + (size_t) item * k;

		for (int32_t p = 0; p < k; p++)
		{
			uint64_t hash = mix(row + (uint64_t) (p + 1) * STEP);

			factors[p] = (float) (range * uniform(hash));
		}
	}
	return WC_OK;
}

void
wc_model_free(WcModel *model, const WcAlloc *alloc)
{
	wc_free(alloc, model->factor_blocks[WC_USERS]);
	wc_free(alloc, model->factor_blocks[WC_ITEMS]);
	wc_free(alloc, model->user_bias);
	wc_free(alloc, model->item_bias);
	memset(model, 0, sizeof(*model));
}
