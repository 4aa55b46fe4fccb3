/*-------------------------------------------------------------------------
 *
 * explore_search.c
 *	  Find the rows of a pack that are the best by their score and what it is
 *	  uncertain by, exactly.
 *
 * The uncertainty of a row v is |v' B| (explore.c): k^2 multiply-adds, where its
 * score takes k; with w0 > 0 it is the root of that squared and of what the
 * number of the row's entries leaves open, which is known of every row before
 * and stands under each root below.  The n best so far are in a heap, and blocks
 * of 64 rows go through three sieves, each for what the one before has left:
 *
 * 1. With s a bound of |v' B| / |v|, no row is worth more than its score
 *	  + x s |v|, and the score has the bound of search.c.  That ends the search
 *	  where lengths fall, and is a number for each row in the place of a bias for
 *	  the kernel of the search.
 * 2. The columns of B are put into codes as queries are, and the codes of the
 *	  rows multiplied by them: with v = v^ + e and B = B^ + D,
 *
 *			|v' B|  <=  |v^' B^| + |D| |v^| + s |e|
 *
 *	  where |D| is the root of the sum of squares.  Where B is upper triangular,
 *	  which it is in the basis a training leaves, half of the products are zeros
 *	  and left out.
 * 3. The rows that are left are scored and measured as explore.c does it,
 *	  several at a time.
 *
 * The bounds hold for computed numbers, by slacks for the rounding of each step:
 * the answer is bit for bit that of measuring every row, which is also what is
 * done where numbers are too large for bounds, for few candidates, and when a
 * good part of all rows is wanted.  A penalty only takes away, so the bounds
 * are for what is worth more without it.
 *
 * Memory: a bit per row for filters, k^2 bytes and 32 k for the codes of B.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/answer/fold.h"
#include "core/answer/search.h"

#define LENGTH_MAX 1e15 /* of vectors that bounds are made for */
#define REACH_MAX 1e30 /* of scores and uncertainties */
#define BATCH WC_KERNEL_CHUNK /* rows that are measured together */
#define BATCH_MIN 8 /* measured before the next block */

/* float32 loses squares below its least number. */
#define LOST_LENGTH 1e-18

/* A search on its way through the blocks. */
typedef struct Tour
{
	WcFold *fold;
	const WcPack *pack;
	const WcPack *layer; /* of it, that is searched */
	const WcQuery *query;
	const WcExplore *explore;
	const uint64_t *excluded;
	WcScored *heap; /* the scores are worths */
	int32_t n;
	int32_t count; /* in the heap */

	/* rows that wait for the third sieve */
	int32_t waiting;
	int32_t index[BATCH];
	float score[BATCH];

	/* bounds */
	double norm; /* of the query */
	double largest; /* s */
	double item_most; /* what the row with the fewest entries leaves open */
	double total; /* root of the sum of squares of B */
	double missed; /* |D|, and what float32 may be wrong by, times |v| */
	double lost; /* the same, whatever |v| is */
	float one; /* square of what every vector ends in besides */
	WcCoded coded;
	int8_t codes[WC_FACTORS_MAX];
	int32_t n_columns; /* a multiple of WC_SCAN_COLUMNS */
	WcScanQuery *columns; /* B^ */
	int8_t *column_codes;
	int32_t *used; /* chunks of each WC_SCAN_COLUMNS columns */
} Tour;

/* ------------------------------------------------------------------------
 * Exactly
 * ------------------------------------------------------------------------ */

static WcStatus
measure_waiting(Tour *tour, WcPace *pace, WcError *error)
{
	const WcExplore *explore = tour->explore;
	int64_t size = tour->fold->engine.work->size;
	const float *vectors[BATCH];
	int32_t entries[BATCH];
	float spread[BATCH];
	int32_t place = 0;

	if (tour->waiting == 0)
		return WC_OK;
	for (int32_t i = 0; i < tour->waiting; i++)
	{
		vectors[i] = wc_pack_vector(tour->pack, tour->index[i]);
		entries[i] = wc_pack_entries(tour->pack, tour->index[i]);
	}
	if (!wc_spread_some(tour->fold, tour->waiting, vectors, entries, spread,
	                    &place))
		return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, tour->index[place], -1,
		               "The uncertainty of the score is %g.",
		               (double) spread[place]);
	for (int32_t i = 0; i < tour->waiting; i++)
	{
		WcScored worth = {0, tour->index[i]};
		double sum = tour->score[i] + (double) explore->factor * spread[i];

		sum -= wc_popularity_cost(explore->penalty,
		                          wc_pack_likes(tour->pack, worth.index),
		                          explore->most);
		/* adding 0 makes one zero of the two there are */
		worth.score = (float) fmin(sum, FLT_MAX) + 0.0f;
		wc_heap_offer(tour->heap, tour->n, &tour->count, worth);
	}
	if (wc_pace(pace, tour->waiting * size * size / WC_PACE_VECTOR))
		return WC_CANCELLED;
	tour->waiting = 0;
	return WC_OK;
}

/* Score a row that no filter leaves out, and measure it with others. */
static WcStatus
take_row(Tour *tour, int32_t index, WcPace *pace, WcError *error)
{
	float score = wc_pack_score(tour->pack, tour->query->vector,
	                            tour->query->base, index);

	if (!isfinite(score))
		return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, index, -1,
		               "The score is %g.", (double) score);
	if (!(score >= tour->query->min_score))
		return WC_OK;
	tour->index[tour->waiting] = index;
	tour->score[tour->waiting++] = score;
	return tour->waiting < BATCH ? WC_OK : measure_waiting(tour, pace, error);
}

/* Measure candidates, or all rows in the order of their ids. */
static WcStatus
take_all(Tour *tour, const int32_t *candidates, int64_t count, WcPace *pace,
         WcError *error)
{
	WcStatus status = WC_OK;

	for (int64_t place = 0; place < count && status == WC_OK; place++)
	{
		int32_t index =
		    candidates != NULL ? candidates[place] : (int32_t) place;

		if (wc_pace(pace, 16 + tour->pack->factors / 8))
			return WC_CANCELLED;
		if (!wc_has_bit(tour->excluded, index))
			status = take_row(tour, index, pace, error);
	}
	return status;
}

/* ------------------------------------------------------------------------
 * Bounds
 * ------------------------------------------------------------------------ */

/* A row that is gone makes the bound larger, and harms nobody. */
static int32_t
fewest_entries(const WcPack *pack)
{
	int32_t fewest = INT32_MAX;

	for (int l = 0; l < wc_pack_layers(pack); l++)
	{
		const WcPack *layer = wc_pack_layer(pack, l);

		for (int32_t i = 0; i < layer->count; i++)
			fewest = layer->entries[i] < fewest ? layer->entries[i] : fewest;
	}
	return fewest;
}

/* False when float32 might overflow, and no bound would hold. */
static bool
is_bounded(Tour *tour)
{
	const WcPack *pack = tour->pack;
	double norm_max = 0;
	double bias = 0;
	const WcFold *fold = tour->fold;
	size_t width = (size_t) fold->width;
	double sum = 0;
	double reach;

	for (size_t p = 0; p < width && !fold->empty; p++)
	{
		const float *row =
		    fold->engine.work->matrix + p * (size_t) fold->engine.work->pitch;

		for (size_t c = 0; c < width; c++)
			sum += (double) row[c] * row[c];
	}
	tour->total = sqrt(sum) * (1 + 1e-9);
	tour->norm = wc_query_norm(pack->factors, tour->query->vector);
	tour->one = fold->width > fold->factors ? 1 : 0;
	tour->item_most = wc_spread_of_item(fold, fewest_entries(pack));
	for (int l = 0; l < wc_pack_layers(pack); l++)
	{
		const WcPack *layer = wc_pack_layer(pack, l);

		if (layer->count == 0)
			continue;
		norm_max = fmax(norm_max, layer->blocks[0].norm_max);
		bias = fmax(bias, layer->blocks[0].bias);
	}
	reach = tour->norm * norm_max + bias + fabs((double) tour->query->base) +
	        tour->explore->factor *
	            (tour->total * hypot(norm_max, 1) + sqrt(tour->item_most));
	return tour->norm < LENGTH_MAX && norm_max < LENGTH_MAX &&
	       tour->total < LENGTH_MAX && reach < REACH_MAX;
}

/* The columns of B in codes, and how far they are from it. */
static WcStatus
code_columns(Tour *tour, int32_t largest_code, const WcAlloc *alloc,
             WcPace *pace)
{
	const WcFold *fold = tour->fold;
	int32_t k = fold->factors;
	size_t pitch = (size_t) fold->engine.work->pitch;
	size_t code_bytes = (size_t) wc_pack_chunks(k) * WC_PACK_CHUNK;
	const float *b = fold->engine.work->matrix;
	float column[WC_FACTORS_MAX];
	double rest = 0;

	tour->n_columns = fold->empty ? 0 : wc_pad(fold->width, WC_SCAN_COLUMNS);
	tour->columns =
	    wc_alloc_array(alloc, (size_t) tour->n_columns, sizeof(WcScanQuery));
	tour->column_codes =
	    wc_alloc_array(alloc, (size_t) tour->n_columns, code_bytes);
	tour->used = wc_alloc_array(
	    alloc, (size_t) tour->n_columns / WC_SCAN_COLUMNS, sizeof(int32_t));
	if (tour->columns == NULL || tour->column_codes == NULL ||
	    tour->used == NULL)
		return WC_NO_MEMORY;
	for (int32_t c = 0; c < tour->n_columns; c++)
	{
		int8_t *codes = tour->column_codes + (size_t) c * code_bytes;
		int32_t *used = &tour->used[c / WC_SCAN_COLUMNS];
		int32_t last = -1;
		WcCoded coded;

		for (int32_t p = 0; p < k; p++)
		{
			column[p] = c < fold->width ? b[(size_t) p * pitch + c] : 0;
			last = column[p] != 0 ? p : last;
		}
		coded = wc_code_query(k, column, largest_code, codes);
		tour->columns[c] =
		    (WcScanQuery){.codes = codes,
		                  .offset = coded.offset,
		                  .scale = coded.scale,
		                  .extra = tour->one > 0 && c < fold->width
		                               ? b[(size_t) k * pitch + c]
		                               : 0};
		if (c % WC_SCAN_COLUMNS == 0)
			*used = 0;
		if (last / WC_PACK_CHUNK + 1 > *used && last >= 0)
			*used = last / WC_PACK_CHUNK + 1;
		rest += coded.rest * coded.rest;
		if (wc_pace(pace, k / 2))
			return WC_CANCELLED;
	}
	/* the kernel's sums, and those of what is measured exactly */
	tour->missed =
	    sqrt(rest) + (fold->width + 40) * WC_SEARCH_ULP * 2 * tour->total;
	tour->lost = 1e-17 + tour->largest * LOST_LENGTH;
	return WC_OK;
}

/* Worths below it are not among the best. */
static double
find_cut(const Tour *tour)
{
	double least;

	if (tour->count < tour->n)
		return -INFINITY;
	least = tour->heap[0].score;
	return least - fabs(least) * WC_SEARCH_ULP - 1.5e-45;
}

/*
 * Can a row of this block or behind it be among the best, if none of them leaves
 * more than item open by its entries?
 */
static bool
goes_on(const Tour *tour, const WcPackBlock *block, double item, double cut)
{
	double c = tour->layer->query_norm;
	double above = tour->norm - c;
	double reach = tour->norm * block->norm_max + block->bias_max;
	double by_key = block->key_max +
	                above * (above > 0 ? block->norm_max : block->norm_min);
	double base = tour->query->base;
	double length =
	    sqrt((double) block->norm_max * block->norm_max + tour->one);
	double spread = tour->explore->factor *
	                (hypot(tour->largest * length, sqrt(item)) + tour->lost);
	double slack =
	    wc_dot_error(tour->pack->factors) * tour->norm * block->norm_max +
	    WC_SEARCH_SLACK * (fabs(base) + block->bias + spread) + WC_SEARCH_TINY;

	return !(base + fmin(reach, by_key) + spread + slack < cut);
}

/* What a row of a block leaves open at most by its entries. */
static double
most_of_items(const Tour *tour, int32_t block)
{
	const WcPack *pack = tour->layer;
	const int32_t *index = pack->index + (size_t) block * WC_PACK_BLOCK;
	int rows = pack->count - block * WC_PACK_BLOCK;
	int32_t least = INT32_MAX;

	if (tour->item_most == 0)
		return 0;
	for (int r = 0; r < WC_PACK_BLOCK && r < rows; r++)
		least =
		    pack->entries[index[r]] < least ? pack->entries[index[r]] : least;
	return wc_spread_of_item(tour->fold, least);
}

/* What is added for the rows of a block by their own factors; 0 with w0 = 0. */
static void
measure_items(const Tour *tour, int32_t block, float *item)
{
	const WcPack *pack = tour->layer;
	const int32_t *index = pack->index + (size_t) block * WC_PACK_BLOCK;
	int rows = pack->count - block * WC_PACK_BLOCK;

	memset(item, 0, WC_PACK_BLOCK * sizeof(float));
	if (tour->item_most == 0)
		return;
	for (int r = 0; r < WC_PACK_BLOCK && r < rows; r++)
		item[r] = (float) (tour->explore->factor *
		                   sqrt(wc_spread_of_item(tour->fold,
		                                          pack->entries[index[r]])));
}

/* The root of two squares, whose sum may be too large for float32. */
static inline float
joined(float user, float item)
{
	return (float) sqrt((double) user * user + (double) item * item);
}

/*
 * most = what the rows of a block are worth at most, besides the product of
 * query and vector: the first sieve, and what float32 may be wrong by in both.
 */
static double
bound_by_length(const Tour *tour, const WcPackBlock *block, const float *norm,
                const float *bias, const float *item, float *most)
{
	double x = tour->explore->factor;
	float per_length = (float) (x * tour->largest);
	float always = (float) (x * tour->lost);

	for (int r = 0; r < WC_PACK_BLOCK; r++)
		most[r] =
		    bias[r] +
		    joined(per_length * sqrtf(norm[r] * norm[r] + tour->one) + always,
		           item[r]);
	return 4 * WC_SEARCH_SLACK * x *
	       (tour->largest * hypot(block->norm_max, tour->one) + tour->lost +
	        sqrt(tour->item_most));
}

/* The second sieve: the lesser of both bounds. */
static void
bound_by_codes(const Tour *tour, const WcSearchKernel *kernel, int32_t block,
               const float *norm, const float *bias, const float *item,
               float *most)
{
	const WcPack *pack = tour->layer;
	const float *scale = pack->scale + (size_t) block * WC_PACK_BLOCK;
	double x = tour->explore->factor;
	double ratio = pack->blocks[block].ratio;
	float per_root = (float) (x * (1 + 2e-4));
	float per_length = (float) (x * tour->missed);
	float per_scale = (float) (x * (tour->largest + tour->missed) * ratio);
	float always = (float) (x * tour->lost);
	float sums[WC_PACK_BLOCK] = {0};

	for (int32_t c = 0; c < tour->n_columns; c += WC_SCAN_COLUMNS)
		kernel->squares(
		    wc_pack_chunks(pack->factors), tour->used[c / WC_SCAN_COLUMNS],
		    wc_block_codes(pack, block), scale, tour->columns + c, sums);
	for (int r = 0; r < WC_PACK_BLOCK; r++)
	{
		float length = sqrtf(norm[r] * norm[r] + tour->one);
		float user = per_root * sqrtf(sums[r]) + per_length * length +
		             per_scale * scale[r] + always;
		float bound = bias[r] + joined(user, item[r]);

		most[r] = bound < most[r] ? bound : most[r];
	}
}

/* ------------------------------------------------------------------------
 * The search
 * ------------------------------------------------------------------------ */

/* The rows of a block that may be among the best, and that filters let pass. */
static uint64_t
sift_block(const Tour *tour, const WcSearchKernel *kernel, int32_t b,
           double cut)
{
	const WcPack *pack = tour->layer;
	const WcPackBlock *block = &pack->blocks[b];
	const WcQuery *query = tour->query;
	int32_t chunks = wc_pack_chunks(pack->factors);
	const uint8_t *codes = wc_block_codes(pack, b);
	size_t first = (size_t) b * WC_PACK_BLOCK;
	const float *scale = pack->scale + first;
	const float *bias = pack->bias + first;
	const float *norm = pack->norm + first;
	uint64_t mask = wc_block_rows(pack, b);
	float last[WC_PACK_BLOCK] = {0}; /* norms, where there are fewer */
	float item[WC_PACK_BLOCK];
	float most[WC_PACK_BLOCK];
	WcScanQuery view;
	uint64_t passed;
	double slack;

	if (mask != UINT64_MAX)
	{
		memcpy(last, norm, sizeof(float) * ((size_t) pack->count - first));
		norm = last;
	}
	if (query->min_score > -INFINITY)
	{
		double least = query->min_score;

		least -= fabs(least) * WC_SEARCH_ULP + 1.5e-45;
		wc_query_view(block, &tour->coded, tour->codes, tour->norm, query->base,
		              least, 0, &view);
		kernel->scan(chunks, codes, scale, bias, 1, &view, &passed);
		mask &= passed;
	}
	if (cut > -INFINITY && mask != 0)
	{
		measure_items(tour, b, item);
		slack = bound_by_length(tour, block, norm, bias, item, most);
		wc_query_view(block, &tour->coded, tour->codes, tour->norm, query->base,
		              cut, slack, &view);
		kernel->scan(chunks, codes, scale, most, 1, &view, &passed);
		mask &= passed;
	}
	for (uint64_t left = mask; left != 0; left &= left - 1)
	{
		int row = __builtin_ctzll(left);
		int32_t index =
		    wc_pack_index_at(tour->pack, pack, (int32_t) first + row);

		if (index < 0 || wc_has_bit(tour->excluded, index))
			mask &= ~(UINT64_C(1) << row);
	}
	if (cut > -INFINITY && mask != 0)
	{
		bound_by_codes(tour, kernel, b, norm, bias, item, most);
		kernel->scan(chunks, codes, scale, most, 1, &view, &passed);
		mask &= passed;
	}
	return mask;
}

static WcStatus
tour_blocks(Tour *tour, const WcSearchKernel *kernel, WcPace *pace,
            WcError *error)
{
	const WcPack *pack = tour->layer;
	int32_t chunks = wc_pack_chunks(pack->factors);
	WcStatus status = WC_OK;

	for (int32_t b = 0; b < wc_pack_blocks(pack) && status == WC_OK; b++)
	{
		const WcPackBlock *block = &pack->blocks[b];
		double cut = find_cut(tour);
		uint64_t mask;

		if (!goes_on(tour, block, tour->item_most, cut))
			break;
		if (wc_pace(pace, 64 + (int64_t) chunks * (8 + tour->n_columns)))
			return WC_CANCELLED;
		if (!goes_on(tour, block, most_of_items(tour, b), cut))
			continue;
		mask = sift_block(tour, kernel, b, cut);
		for (; mask != 0 && status == WC_OK; mask &= mask - 1)
		{
			int32_t index = wc_pack_index_at(
			    tour->pack, pack, b * WC_PACK_BLOCK + __builtin_ctzll(mask));

			/* it was none that is gone, unless the file has become zeros */
			if (index >= 0)
				status = take_row(tour, index, pace, error);
		}
		if (status == WC_OK &&
		    (tour->waiting >= BATCH_MIN || tour->count < tour->n))
			status = measure_waiting(tour, pace, error);
	}
	return status;
}

static WcStatus
tour_bounded(Tour *tour, const WcSearchKernel *kernel, const WcAlloc *alloc,
             WcPace *pace, WcError *error)
{
	WcStatus status = code_columns(tour, kernel->query_max, alloc, pace);

	if (status == WC_OK)
	{
		tour->coded = wc_code_query(tour->pack->factors, tour->query->vector,
		                            kernel->query_max, tour->codes);
		for (int l = 0; l < wc_pack_layers(tour->pack) && status == WC_OK; l++)
		{
			tour->layer = wc_pack_layer(tour->pack, l);
			status = tour_blocks(tour, kernel, pace, error);
		}
	}
	wc_free(alloc, tour->columns);
	wc_free(alloc, tour->column_codes);
	wc_free(alloc, tour->used);
	return status;
}

WcStatus
wc_search_explored(const WcPack *pack, const WcQuery *query,
                   const WcExplore *explore, int32_t n, WcScored *result,
                   int32_t *n_result, const WcJob *job)
{
	WcFold *fold = explore->fold;
	WcPace pace = wc_pace_start(job->hooks);
	int64_t searched =
	    query->candidates != NULL ? query->n_candidates : pack->count;
	bool few =
	    query->candidates != NULL && searched < pack->count / WC_SEARCH_FEW;
	const WcSearchKernel *kernel = wc_search_kernel_choose(job->kernel);
	uint64_t *owned;
	Tour tour = {.fold = fold,
	             .pack = pack,
	             .query = query,
	             .explore = explore,
	             .heap = result};
	WcStatus status;

	WC_ASSERT(pack->count == fold->items && pack->factors == fold->factors);
	WC_ASSERT(fold->count > 0);
	*n_result = 0;
	tour.n = n > searched ? (int32_t) searched : n;
	if (tour.n <= 0)
		return WC_OK;
	if (kernel == NULL)
		kernel = wc_search_kernel_choose(NULL);
	status = wc_spread_begin(fold, &tour.largest, &pace, job->error);
	if (status != WC_OK)
		return status;
	status =
	    wc_query_filter(pack, query, few, &tour.excluded, &owned, job->alloc);
	if (status != WC_OK)
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");
	if (few || tour.n > pack->count / WC_SEARCH_MANY || !is_bounded(&tour))
		status =
		    take_all(&tour, query->candidates, searched, &pace, job->error);
	else
		status = tour_bounded(&tour, kernel, job->alloc, &pace, job->error);
	if (status == WC_OK)
		status = measure_waiting(&tour, &pace, job->error);
	wc_free(job->alloc, owned);
	if (status == WC_OK && !wc_heap_sort(result, tour.count, &pace))
		status = WC_CANCELLED;
	if (status == WC_OK)
		*n_result = tour.count;
	else if (status != WC_NOT_FINITE)
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");
	return status;
}
