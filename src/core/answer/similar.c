/*-------------------------------------------------------------------------
 *
 * similar.c
 *	  How alike two vectors are, and the search for those most alike.
 *
 * Sums are in float32, by the function that scores use.  Where a squared length
 * leaves the range in which its float32 sum has its digits, or where digits
 * cancel (distances), they are in float64, whose range holds any product of two
 * float32 numbers.
 *
 * A vector of zeros has no direction: there is no cosine with it, and we invent
 * none.
 *
 * Together.  Of n_i users who like one item and n_j who like another let n_ij like
 * both.  The cosine of these two columns of the matrix is n_ij / sqrt(n_i n_j), so
 * that n_ij / n_i, the part of those with the one who like the other, is the cosine
 * times sqrt(n_j / n_i).  A model's vectors are its columns seen through k
 * factors, with less noise: their cosine takes the place of that of the counts.
 *
 * The search leaves out rows as search.c does.  With U the bound of q.v that the
 * codes give and c what must be reached, a row v is compared if
 *
 *		cosine		U >= c |q| |v|
 *		dot			U >= c
 *		euclidean	U - |v|^2 / 2 >= (|q|^2 - d^2) / 2,  1 / (1 + d) = c
 *		together	as the cosine, with c / ratio of the row in the place of c
 *
 * each of which is what the kernel of the search tests, with a number for each
 * row that depends on its length in the place of a bias.  Lengths in their order
 * end the search for dot products, and for vectors shorter than q by more than
 * d; a cosine knows no length, so that all codes are read, but of blocks whose
 * rows have so few likes that a cosine of 1 would not do for them to be the
 * best together.  Slacks cover the
 * rounding of bounds and comparisons, and where numbers are too large or too
 * small for that every row is compared: the answer is bit for bit the same.
 *
 * Memory: a bit per row for filters.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/answer/search.h"

/* Squared lengths outside of these are summed again in float64. */
#define SQUARE_MIN 1e-24f
#define SQUARE_MAX 1e30f

/* Lengths that bounds are made for. */
#define NORM_MIN 1e-25
#define NORM_MAX 1e15

static double
dot_double(int32_t k, const float *a, const float *b)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
		sum += (double) a[f] * b[f];
	return sum;
}

static double
distance(int32_t k, const float *a, const float *b)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
	{
		double difference = (double) a[f] - b[f];

		sum += difference * difference;
	}
	return sqrt(sum);
}

static inline bool
in_range(double square)
{
	return square >= SQUARE_MIN && square <= SQUARE_MAX;
}

void
wc_probe_init(WcProbe *probe, WcMetric metric, int32_t factors,
              const float *vector)
{
	probe->metric = metric;
	probe->factors = factors;
	probe->vector = vector;
	probe->square = wc_dot(factors, vector, vector);
	probe->exact_square = dot_double(factors, vector, vector);
}

static bool
cosine(const WcProbe *probe, const float *vector, float *similarity)
{
	double left = probe->square;
	double right = wc_dot(probe->factors, vector, vector);
	double product;

	if (in_range(left) && in_range(right))
		product = wc_dot(probe->factors, probe->vector, vector);
	else
	{
		left = probe->exact_square;
		right = dot_double(probe->factors, vector, vector);
		product = dot_double(probe->factors, probe->vector, vector);
	}
	if (left == 0 || right == 0)
		return false;
	product /= sqrt(left) * sqrt(right);
	*similarity = (float) fmax(-1, fmin(1, product));
	return true;
}

bool
wc_probe_compare(const WcProbe *probe, const float *vector, float *similarity)
{
	switch (probe->metric)
	{
		case WC_COSINE:
		case WC_TOGETHER:
			return cosine(probe, vector, similarity);
		case WC_DOT:
			*similarity = wc_dot(probe->factors, probe->vector, vector);
			return true;
		case WC_EUCLIDEAN:
			*similarity = (float) (1 / (1 + distance(probe->factors,
			                                         probe->vector, vector)));
			return true;
	}
	return false;
}

double
wc_together_ratio(int32_t own, int32_t likes)
{
	double left = own > 0 ? own : 1;
	double right = likes > 0 ? likes : 1;

	return sqrt(right / left);
}

/* ------------------------------------------------------------------------
 * The most alike
 * ------------------------------------------------------------------------ */

/* A search on its way through the blocks. */
typedef struct Hunt
{
	const WcPack *pack;
	const WcPack *layer; /* of it, that is searched */
	WcProbe probe;
	int32_t likes; /* of the probe's row */
	const uint64_t *excluded;
	WcScored *heap;
	int32_t n;
	int32_t count; /* in the heap */
	double norm; /* of the probe's vector */
	WcCoded coded;
	int8_t codes[WC_FACTORS_MAX];
} Hunt;

/* Compare a row that no filter leaves out. */
static inline WcStatus
hunt_row(Hunt *hunt, int32_t index, WcError *error)
{
	WcScored found = {0, index};

	if (wc_has_bit(hunt->excluded, index) ||
	    !wc_probe_compare(&hunt->probe, wc_pack_vector(hunt->pack, index),
	                      &found.score))
		return WC_OK;
	if (!isfinite(found.score))
		return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, index, -1,
		               "The similarity is %g.", (double) found.score);
	if (hunt->probe.metric == WC_TOGETHER)
		found.score =
		    (float) (found.score *
		             wc_together_ratio(hunt->likes,
		                               wc_pack_likes(hunt->pack, index)));
	found.score += 0.0f; /* one zero of the two there are */
	wc_heap_offer(hunt->heap, hunt->n, &hunt->count, found);
	return WC_OK;
}

/* Compare candidates, or all rows in the order of their ids. */
static WcStatus
hunt_all(Hunt *hunt, const int32_t *candidates, int64_t count, WcPace *pace,
         WcError *error)
{
	WcStatus status = WC_OK;

	for (int64_t place = 0; place < count && status == WC_OK; place++)
	{
		if (wc_pace(pace, 16 + hunt->pack->factors / 4))
			return WC_CANCELLED;
		status = hunt_row(
		    hunt, candidates != NULL ? candidates[place] : (int32_t) place,
		    error);
	}
	return status;
}

/* What a row's similarity must reach, a little below the worst of the best. */
static double
hunt_cut(const Hunt *hunt)
{
	double least;

	if (hunt->count < hunt->n)
		return -INFINITY;
	least = hunt->heap[0].score;
	return least - fabs(least) * WC_SEARCH_ULP - 1.5e-45;
}

/*
 * For the cosine everything is divided by |q|, and what it is wrong by is in
 * units of |v|: products and both lengths by their sums, bounds by a few
 * roundings.  Rows that are too short for that pass the limit.
 */
static void
aim_cosine(const Hunt *hunt, int32_t b, double cut, const float *norm,
           WcScanQuery *view, float *bias)
{
	const WcPackBlock *block = &hunt->layer->blocks[b];
	double rest = hunt->coded.rest / hunt->norm;
	double slack = 3e-6 + 3 * wc_dot_error(hunt->pack->factors);
	float per_norm = (float) (rest - fmax(cut, -2) + slack);

	view->scale = (float) (hunt->coded.scale / hunt->norm);
	view->extra = wc_round_up(block->ratio * (1 + rest));
	view->limit = (float) (-10 * NORM_MIN);
	for (int r = 0; r < WC_PACK_BLOCK; r++)
		bias[r] = per_norm * norm[r];
}

/* A cosine that each row has to reach for itself; none reaches 2. */
static void
aim_together(const Hunt *hunt, int32_t b, double cut, const float *norm,
             WcScanQuery *view, float *bias)
{
	const WcPack *pack = hunt->layer;
	const int32_t *index = pack->index + (size_t) b * WC_PACK_BLOCK;
	double rest = hunt->coded.rest / hunt->norm;
	double slack = 3e-6 + 3 * wc_dot_error(pack->factors);

	aim_cosine(hunt, b, 0, norm, view, bias);
	for (uint64_t rows = wc_block_rows(pack, b); rows != 0; rows &= rows - 1)
	{
		int r = __builtin_ctzll(rows);
		double least =
		    cut / wc_together_ratio(hunt->likes, pack->likes[index[r]]);

		least = fmin(fmax(least, -2), 2);
		bias[r] = (float) (rest - least + slack) * norm[r];
	}
}

/* Whether no row of the block has the likes that the best together have. */
static bool
is_too_rare(const Hunt *hunt, int32_t b, double cut)
{
	const WcPack *pack = hunt->layer;
	const int32_t *index = pack->index + (size_t) b * WC_PACK_BLOCK;
	int32_t most = 0;

	for (uint64_t rows = wc_block_rows(pack, b); rows != 0; rows &= rows - 1)
	{
		int32_t likes = pack->likes[index[__builtin_ctzll(rows)]];

		most = likes > most ? likes : most;
	}
	return wc_together_ratio(hunt->likes, most) < cut;
}

static void
aim_dot(const Hunt *hunt, int32_t b, double cut, const float *norm,
        WcScanQuery *view, float *bias)
{
	const WcPackBlock *block = &hunt->layer->blocks[b];
	double rest = hunt->coded.rest;
	float per_norm = (float) rest;
	double slack = WC_SEARCH_SLACK * (hunt->norm * block->size +
	                                  rest * block->norm_max + fabs(cut)) +
	               WC_SEARCH_TINY;

	view->scale = hunt->coded.scale;
	view->extra = wc_round_up((hunt->norm + rest) * block->ratio);
	view->limit = wc_round_down(cut - slack);
	for (int r = 0; r < WC_PACK_BLOCK; r++)
		bias[r] = per_norm * norm[r];
}

/* The largest distance whose similarity reaches cut. */
static double
distance_of(double cut)
{
	return cut > 0 ? (1 / cut - 1) * (1 + 1e-12) : INFINITY;
}

static void
aim_euclidean(const Hunt *hunt, int32_t b, double cut, const float *norm,
              WcScanQuery *view, float *bias)
{
	const WcPackBlock *block = &hunt->layer->blocks[b];
	double rest = hunt->coded.rest;
	float per_norm = (float) rest;
	double longest = block->norm_max;
	double square = hunt->norm * hunt->norm;
	double far = distance_of(cut);
	double slack =
	    WC_SEARCH_SLACK * (hunt->norm * block->size + rest * longest +
	                       longest * longest + square + far * far) +
	    WC_SEARCH_TINY;

	view->scale = hunt->coded.scale;
	view->extra = wc_round_up((hunt->norm + rest) * block->ratio);
	view->limit = wc_round_down((square - far * far) / 2 - slack);
	for (int r = 0; r < WC_PACK_BLOCK; r++)
		bias[r] = norm[r] * (per_norm - norm[r] * 0.5f);
}

/* Can a row of this block or behind it be among the most alike? */
static bool
hunt_goes_on(const Hunt *hunt, const WcPackBlock *block, double cut)
{
	double reach = hunt->norm * block->norm_max;

	switch (hunt->probe.metric)
	{
		case WC_COSINE:
		case WC_TOGETHER:
			return true;
		case WC_DOT:
			return !(reach * (1 + wc_dot_error(hunt->pack->factors)) +
			             WC_SEARCH_TINY <
			         cut);
		case WC_EUCLIDEAN:
			return !(hunt->norm * (1 - 1e-11) - block->norm_max >
			         distance_of(cut));
	}
	return true;
}

static WcStatus
hunt_blocks(Hunt *hunt, const WcSearchKernel *kernel, WcPace *pace,
            WcError *error)
{
	static void (*const aims[])(const Hunt *, int32_t, double, const float *,
	                            WcScanQuery *,
	                            float *) = {[WC_COSINE] = aim_cosine,
	                                        [WC_DOT] = aim_dot,
	                                        [WC_EUCLIDEAN] = aim_euclidean,
	                                        [WC_TOGETHER] = aim_together};
	bool together = hunt->probe.metric == WC_TOGETHER;
	const WcPack *pack = hunt->layer;
	int32_t chunks = wc_pack_chunks(pack->factors);
	WcScanQuery view = {hunt->codes, hunt->coded.offset, 0, 0, 0};
	float last[WC_PACK_BLOCK] = {0}; /* norms, where there are fewer */
	float bias[WC_PACK_BLOCK];
	WcStatus status = WC_OK;

	for (int32_t b = 0; b < wc_pack_blocks(pack) && status == WC_OK; b++)
	{
		const WcPackBlock *block = &pack->blocks[b];
		int32_t first = b * WC_PACK_BLOCK;
		uint64_t mask = wc_block_rows(pack, b);
		double cut = hunt_cut(hunt);
		const float *norm = pack->norm + first;
		int32_t index;

		if (wc_pace(pace, 32 + 2 * chunks))
			return WC_CANCELLED;
		if (!hunt_goes_on(hunt, block, cut))
			break;
		if (together && is_too_rare(hunt, b, cut))
			continue;
		if (mask != UINT64_MAX)
		{
			memcpy(last, pack->norm + first,
			       sizeof(float) * (size_t) (pack->count - first));
			norm = last;
		}
		aims[hunt->probe.metric](hunt, b, cut, norm, &view, bias);
		if (hunt->count == hunt->n)
		{
			uint64_t reached;

			kernel->scan(chunks, wc_block_codes(pack, b), pack->scale + first,
			             bias, 1, &view, &reached);
			mask &= reached;
		}
		for (; mask != 0 && status == WC_OK; mask &= mask - 1)
		{
			if (wc_pace(pace, 16 + pack->factors / 4))
				return WC_CANCELLED;
			index = wc_pack_index_at(hunt->pack, pack,
			                         first + __builtin_ctzll(mask));
			if (index >= 0)
				status = hunt_row(hunt, index, error);
		}
	}
	return status;
}

/* Whether the bounds hold. */
static bool
hunt_is_bounded(const Hunt *hunt)
{
	bool bounded = hunt->norm >= NORM_MIN && hunt->norm <= NORM_MAX;

	for (int l = 0; l < wc_pack_layers(hunt->pack); l++)
	{
		const WcPack *layer = wc_pack_layer(hunt->pack, l);

		if (layer->count > 0)
			bounded &= layer->blocks[0].norm_max <= NORM_MAX;
	}
	return bounded;
}

WcStatus
wc_search_similar(const WcPack *pack, WcMetric metric, const WcQuery *query,
                  int32_t n, WcScored *result, int32_t *n_result,
                  const WcJob *job)
{
	WcPace pace = wc_pace_start(job->hooks);
	int64_t searched =
	    query->candidates != NULL ? query->n_candidates : pack->count;
	bool few =
	    query->candidates != NULL && searched < pack->count / WC_SEARCH_FEW;
	const WcSearchKernel *kernel = wc_search_kernel_choose(job->kernel);
	uint64_t *owned;
	Hunt hunt = {.pack = pack, .likes = query->likes, .heap = result};
	WcStatus status;

	*n_result = 0;
	hunt.n = n > searched ? (int32_t) searched : n;
	if (hunt.n <= 0)
		return WC_OK;
	status =
	    wc_query_filter(pack, query, few, &hunt.excluded, &owned, job->alloc);
	if (status != WC_OK)
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");
	if (kernel == NULL)
		kernel = wc_search_kernel_choose(NULL);
	wc_probe_init(&hunt.probe, metric, pack->factors, query->vector);
	hunt.norm = wc_query_norm(pack->factors, query->vector);
	if (few || hunt.n > pack->count / WC_SEARCH_MANY || !hunt_is_bounded(&hunt))
		status =
		    hunt_all(&hunt, query->candidates, searched, &pace, job->error);
	else
	{
		hunt.coded = wc_code_query(pack->factors, query->vector,
		                           kernel->query_max, hunt.codes);
		for (int l = 0; l < wc_pack_layers(pack) && status == WC_OK; l++)
		{
			hunt.layer = wc_pack_layer(pack, l);
			status = hunt_blocks(&hunt, kernel, &pace, job->error);
		}
	}
	wc_free(job->alloc, owned);
	if (status == WC_OK && !wc_heap_sort(result, hunt.count, &pace))
		status = WC_CANCELLED;
	if (status == WC_CANCELLED)
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");
	*n_result = status == WC_OK ? hunt.count : 0;
	return status;
}
