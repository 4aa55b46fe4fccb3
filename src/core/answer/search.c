/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Find the best scores of queries among the rows of a pack, exactly.
 *
 * The n best so far stay in a heap with the worst on top; its score, or
 * min_score, is what a row must reach.  Rows are looked at in blocks of 64, in
 * the order of the pack, and most are never scored:
 *
 * 1. The search ends at a block behind which no row can reach it.  For a query
 *	  q and rows with norms up to N and biases up to B, scores are at most
 *	  |q| N + B (Cauchy and Schwarz); and with b + c |v| <= K, the pack's order,
 *	  at most K + (|q| - c) |v|.  The smaller bound counts.
 * 2. In other blocks the codes of rows and query are multiplied (the kernel).
 *	  With q = q^ + d and v = v^ + e, where q^ and v^ are what codes stand for,
 *
 *			q.v  <=  q^.v^ + |d| |v^| + |q| |e|
 *
 *	  and only rows whose bound reaches it are scored in float32.
 *
 * The bounds hold for the computed scores, not only for exact ones: they include
 * the rounding of wc_dot, and are computed in float64, or in float32 with a
 * slack that covers its own rounding.  So the result is that of scoring every
 * row, bit for bit, with any kernel; where numbers are so large that float32
 * might overflow on the way, every row is scored indeed.
 *
 * Filters come before: a row that is left out never enters the heap.  Few
 * candidates are scored one by one; when a good part of all rows is wanted they
 * are all scored and sorted.
 *
 * The search among vectors of skewed norms by these two bounds follows LEMP
 * (Teflioudi, Gemulla, Mykytiuk 2015) and FEXIPRO (Li, Chan, Yiu, Mamoulis
 * 2017); their further bounds, by partial products, are not here.
 *
 * A pack of two blocks is searched one after the other with one heap; a row that
 * is gone from the base passes no filter, and indexes are those of the whole.
 *
 * Many queries share each block while it is in the nearest cache, and threads
 * take batches of them.
 *
 * Memory: none for a plain search; a bit per row for filters, 16 bytes a row to
 * sort all; about 128 (k + 8 n_blocks^0) bytes for each thread of many.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/ground/parallel.h"
#include "core/answer/search.h"

#define BATCH 128 /* queries that share a block */
#define NO_KEY UINT32_MAX /* of no finite score */

#define ULP WC_SEARCH_ULP
#define TINY WC_SEARCH_TINY

/* A query on its way through the blocks. */
typedef struct Scan
{
	const WcQuery *query;
	const uint64_t *excluded; /* bitmap, or NULL */
	WcScored *heap;
	int32_t n;
	int32_t count; /* in the heap */
	double cut; /* exact scores below it are not among the best */
	double norm; /* bound of |q| */
	WcCoded coded;
	const int8_t *codes;
} Scan;

static inline void
set_bit(uint64_t *set, int32_t index)
{
	set[index / 64] |= UINT64_C(1) << (index % 64);
}

static inline size_t
bitmap_words(const WcPack *pack)
{
	return (size_t) pack->count / 64 + 1;
}

static WcStatus
fail_cancelled(WcError *error)
{
	return wc_fail(error, WC_CANCELLED, WC_ITEMS, -1, -1, "%s", "");
}

/* ------------------------------------------------------------------------
 * One query
 * ------------------------------------------------------------------------ */

/* A score that rounds to what must be reached may be this much below it. */
static void
set_cut(Scan *scan)
{
	float least =
	    scan->count < scan->n ? scan->query->min_score : scan->heap[0].score;

	scan->cut = least - fabs((double) least) * ULP - 1.5e-45;
}

/* Enter a row that no filter leaves out, if it is among the best so far. */
static inline void
offer(Scan *scan, WcScored scored)
{
	if (!(scored.score >= scan->query->min_score))
		return;
	if (wc_heap_offer(scan->heap, scan->n, &scan->count, scored))
		set_cut(scan);
}

/*
 * Begin a search.  False when float32 might overflow, and no bound would hold:
 * score_all must do it.
 */
static bool
scan_begin(Scan *scan, const WcPack *pack, const WcQuery *query,
           const uint64_t *excluded, int32_t n, WcScored *heap)
{
	bool bounded;

	memset(scan, 0, sizeof(*scan));
	scan->query = query;
	scan->excluded = excluded;
	scan->heap = heap;
	scan->n = n;
	set_cut(scan);
	scan->norm = wc_query_norm(pack->factors, query->vector);
	bounded = scan->norm < 1e30;
	for (int l = 0; l < wc_pack_layers(pack); l++)
	{
		const WcPack *layer = wc_pack_layer(pack, l);

		if (layer->count > 0)
			bounded &= scan->norm * layer->blocks[0].norm_max +
			               layer->blocks[0].bias + fabs((double) query->base) <
			           1e37;
	}
	return bounded;
}

double
wc_query_norm(int32_t k, const float *vector)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
		sum += (double) vector[f] * vector[f];
	return sqrt(sum) * (1 + 1e-12);
}

WcCoded
wc_code_query(int32_t k, const float *vector, int32_t largest_code,
              int8_t *codes)
{
	WcCoded coded = {WC_PACK_TINY, 0, 0};
	int32_t sum = 0;
	double rest = 0;

	for (int32_t f = 0; f < k; f++)
	{
		if (fabsf(vector[f]) > coded.scale)
			coded.scale = fabsf(vector[f]);
	}
	coded.scale /= (float) largest_code;
	for (int32_t f = 0; f < k; f++)
	{
		long code = lrintf(vector[f] / coded.scale);
		double left;

		if (code > largest_code)
			code = largest_code;
		if (code < -largest_code)
			code = -largest_code;
		codes[f] = (int8_t) code;
		sum += (int32_t) code;
		left = vector[f] - (double) coded.scale * (double) code;
		rest += left * left;
	}
	for (int32_t f = k; f < wc_pack_chunks(k) * WC_PACK_CHUNK; f++)
		codes[f] = 0;
	coded.offset = WC_PACK_ZERO * sum;
	coded.rest = sqrt(rest) * (1 + 1e-12);
	return coded;
}

/* Put the query into codes up to largest_code; codes has chunks x 4. */
static void
scan_code(Scan *scan, const WcPack *pack, int32_t largest_code, int8_t *codes)
{
	scan->coded =
	    wc_code_query(pack->factors, scan->query->vector, largest_code, codes);
	scan->codes = codes;
}

/* Can a row of this block or behind it be among the best? */
static inline bool
scan_goes_on(const Scan *scan, const WcPack *pack, const WcPackBlock *block)
{
	double c = pack->query_norm;
	double above = scan->norm - c;
	double reach = scan->norm * block->norm_max + block->bias_max;
	double by_key = block->key_max +
	                above * (above > 0 ? block->norm_max : block->norm_min);
	double base = scan->query->base;
	double slack = wc_dot_error(pack->factors) * scan->norm * block->norm_max +
	               ULP * (fabs(base) + block->bias) + TINY;

	return !(base + (reach < by_key ? reach : by_key) + slack < scan->cut);
}

/* Score the rows of a block of a layer that are in mask. */
static inline void
scan_rows(Scan *scan, const WcPack *pack, const WcPack *layer, int32_t block,
          uint64_t mask)
{
	int32_t first = block * WC_PACK_BLOCK;

	for (mask &= wc_block_rows(layer, block); mask != 0; mask &= mask - 1)
	{
		int32_t position = first + __builtin_ctzll(mask);
		WcScored scored = {0, wc_pack_index_at(pack, layer, position)};

		if (scored.index < 0 || wc_has_bit(scan->excluded, scored.index))
			continue;
		scored.score = wc_pack_score_at(layer, scan->query->vector,
		                                scan->query->base, position);
		offer(scan, scored);
	}
}

/* Where queries meet blocks. */
typedef struct Scanner
{
	const WcPack *pack;
	const WcSearchKernel *kernel;
	Scan **scans;
	Scan **order; /* those that go on */
	WcScanQuery *views;
	uint64_t *masks;
} Scanner;

/* Search the blocks of a layer, several queries at a time. */
static bool
scan_blocks(const Scanner *scanner, const WcPack *layer, int32_t count,
            WcPace *pace)
{
	const WcPack *pack = scanner->pack;
	int32_t chunks = wc_pack_chunks(pack->factors);
	Scan **scans = scanner->order;
	WcScanQuery *views = scanner->views;

	memcpy(scans, scanner->scans, (size_t) count * sizeof(Scan *));
	for (int32_t b = 0; b < wc_pack_blocks(layer) && count > 0; b++)
	{
		const WcPackBlock *block = &layer->blocks[b];
		size_t row = (size_t) b * WC_PACK_BLOCK;
		int32_t kept = 0;

		if (wc_pace(pace, (int64_t) count * (16 + 2 * chunks)))
			return false;
		for (int32_t s = 0; s < count; s++)
		{
			Scan *scan = scans[s];

			if (!scan_goes_on(scan, layer, block))
				continue;
			wc_query_view(block, &scan->coded, scan->codes, scan->norm,
			              scan->query->base, scan->cut, 0, &views[kept]);
			scans[kept++] = scan;
		}
		count = kept;
		scanner->kernel->scan(chunks, wc_block_codes(layer, b),
		                      layer->scale + row, layer->bias + row, count,
		                      views, scanner->masks);
		for (int32_t s = 0; s < count; s++)
			scan_rows(scans[s], pack, layer, b, scanner->masks[s]);
	}
	return true;
}

static bool
scan_layers(const Scanner *scanner, int32_t count, WcPace *pace)
{
	bool done = true;

	for (int l = 0; l < wc_pack_layers(scanner->pack) && done; l++)
		done =
		    scan_blocks(scanner, wc_pack_layer(scanner->pack, l), count, pace);
	return done;
}

/* ------------------------------------------------------------------------
 * Without bounds
 * ------------------------------------------------------------------------ */

/* Score candidates, or all rows in the order of their ids. */
static WcStatus
score_all(Scan *scan, const WcPack *pack, const int32_t *candidates,
          int64_t count, WcPace *pace, WcError *error)
{
	const WcQuery *query = scan->query;

	for (int64_t place = 0; place < count; place++)
	{
		WcScored scored = {0, candidates != NULL ? candidates[place]
		                                         : (int32_t) place};

		WC_ASSERT(scored.index >= 0 && scored.index < pack->count);
		if (wc_pace(pace, 16 + pack->factors / 8))
			return fail_cancelled(error);
		if (wc_has_bit(scan->excluded, scored.index))
			continue;
		scored.score =
		    wc_pack_score(pack, query->vector, query->base, scored.index);
		if (!isfinite(scored.score))
			return wc_fail(error, WC_NOT_FINITE, WC_ITEMS, scored.index, -1,
			               "The score is %g.", (double) scored.score);
		offer(scan, scored);
	}
	return WC_OK;
}

/* The float of a key. */
static float
score_of_key(uint32_t key)
{
	union
	{
		uint32_t bits;
		float number;
	} both = {key <= UINT32_C(0x7FFFFFFF) ? UINT32_C(0x7FFFFFFF) - key : key};

	return both.number;
}

/* Score all rows and sort them; entries has two per row. */
static WcStatus
sort_all(const Scan *scan, const WcPack *pack, WcKeyed *entries,
         WcScored *result, int32_t *n_result, WcPace *pace, WcError *error)
{
	const WcQuery *query = scan->query;
	WcKeyed *scratch = entries + pack->count;
	int32_t count = 0;
	WcKeyed *sorted;

	/* a pack that has become zeros has not every index at some position */
	for (int32_t i = 0; i < pack->count; i++)
	{
		entries[i].key = NO_KEY;
		entries[i].value = i;
	}
	for (int l = 0; l < wc_pack_layers(pack); l++)
	{
		const WcPack *layer = wc_pack_layer(pack, l);

		for (int32_t p = 0; p < layer->count; p++)
		{
			int32_t index = wc_pack_index_at(pack, layer, p);
			float score;

			if (wc_pace(pace, 16 + pack->factors / 8))
				return fail_cancelled(error);
			if (index < 0 || wc_has_bit(scan->excluded, index))
				continue;
			score = wc_pack_score_at(layer, query->vector, query->base, p);
			if (score >= query->min_score)
				entries[index].key = wc_key_descending(score);
		}
	}
	for (int32_t i = 0; i < pack->count; i++)
	{
		if (entries[i].key != NO_KEY)
			entries[count++] = entries[i];
	}
	if (wc_sort_keyed(count, entries, scratch, &sorted, pace) != WC_OK)
		return fail_cancelled(error);
	if (count > scan->n)
		count = scan->n;
	for (int32_t i = 0; i < count; i++)
	{
		result[i].score = score_of_key(sorted[i].key);
		result[i].index = sorted[i].value;
	}
	*n_result = count;
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * The ways to search
 * ------------------------------------------------------------------------ */

WcStatus
wc_query_filter(const WcPack *pack, const WcQuery *query, bool few,
                const uint64_t **filter, uint64_t **owned, const WcAlloc *alloc)
{
	size_t words = bitmap_words(pack);
	bool allow = query->candidates != NULL && !few;
	uint64_t *set;

	*filter = query->excluded;
	*owned = NULL;
	if (query->n_exclude == 0 && !allow)
		return WC_OK;
	set = wc_alloc_array(alloc, words, sizeof(uint64_t));
	if (set == NULL)
		return WC_NO_MEMORY;
	*filter = *owned = set;
	memset(set, allow ? 0xFF : 0, words * sizeof(uint64_t));
	for (int64_t i = 0; allow && i < query->n_candidates; i++)
	{
		int32_t index = query->candidates[i];

		WC_ASSERT(index >= 0 && index < pack->count);
		set[index / 64] &= ~(UINT64_C(1) << (index % 64));
	}
	if (query->excluded != NULL)
	{
		size_t last = ((size_t) pack->count + 63) / 64;

		for (size_t w = 0; w < last; w++)
			set[w] |= query->excluded[w];
	}
	for (int64_t i = 0; i < query->n_exclude; i++)
	{
		WC_ASSERT(query->exclude[i] >= 0 && query->exclude[i] < pack->count);
		set_bit(set, query->exclude[i]);
	}
	return WC_OK;
}

static WcStatus
search_bounded(Scan *scan, const WcPack *pack, const WcSearchKernel *kernel,
               WcPace *pace, WcError *error)
{
	int8_t codes[WC_FACTORS_MAX];
	WcScanQuery view;
	uint64_t mask;
	Scan *order;
	const Scanner scanner = {pack, kernel, &scan, &order, &view, &mask};

	scan_code(scan, pack, kernel->query_max, codes);
	if (!scan_layers(&scanner, 1, pace))
		return fail_cancelled(error);
	return WC_OK;
}

static WcStatus
search_sorted(const Scan *scan, const WcPack *pack, WcScored *result,
              int32_t *n_result, const WcAlloc *alloc, WcPace *pace,
              WcError *error)
{
	WcKeyed *entries =
	    wc_alloc_array(alloc, (size_t) pack->count, 2 * sizeof(WcKeyed));
	WcStatus status =
	    entries != NULL
	        ? sort_all(scan, pack, entries, result, n_result, pace, error)
	        : wc_fail(error, WC_NO_MEMORY, WC_ITEMS, -1, -1, "%s", "");

	wc_free(alloc, entries);
	return status;
}

WcStatus
wc_search(const WcPack *pack, const WcQuery *query, int32_t n, WcScored *result,
          int32_t *n_result, const WcJob *job)
{
	WcPace pace = wc_pace_start(job->hooks);
	int64_t searched =
	    query->candidates != NULL ? query->n_candidates : pack->count;
	bool few =
	    query->candidates != NULL && searched < pack->count / WC_SEARCH_FEW;
	const WcSearchKernel *kernel = wc_search_kernel_choose(job->kernel);
	const uint64_t *filter;
	uint64_t *owned;
	Scan scan;
	WcStatus status;

	*n_result = 0;
	if (kernel == NULL)
		kernel = wc_search_kernel_choose(NULL);
	if (n > searched)
		n = (int32_t) searched;
	if (n <= 0)
		return WC_OK;
	status = wc_query_filter(pack, query, few, &filter, &owned, job->alloc);
	if (status != WC_OK)
		return wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");

	if (!scan_begin(&scan, pack, query, filter, n, result))
		status = score_all(&scan, pack, query->candidates, searched, &pace,
		                   job->error);
	else if (few)
		status = score_all(&scan, pack, query->candidates, searched, &pace,
		                   job->error);
	else if (n > pack->count / WC_SEARCH_MANY)
		status = search_sorted(&scan, pack, result, n_result, job->alloc, &pace,
		                       job->error);
	else
		status = search_bounded(&scan, pack, kernel, &pace, job->error);
	wc_free(job->alloc, owned);
	if (status != WC_OK || *n_result > 0)
		return status;
	if (!wc_heap_sort(result, scan.count, &pace))
		return fail_cancelled(job->error);
	*n_result = scan.count;
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * Many queries
 * ------------------------------------------------------------------------ */

/* What one thread needs for a batch of queries. */
typedef struct Workspace
{
	Scan scans[BATCH];
	Scan *bounded[BATCH];
	Scan *order[BATCH];
	WcScanQuery views[BATCH];
	uint64_t masks[BATCH];
	int8_t *codes; /* BATCH x chunks x 4 */
	uint64_t *filters; /* BATCH x bitmap_words, zero between batches */
	WcError error;
} Workspace;

typedef struct ManyJob
{
	const WcPack *pack;
	const WcSearchKernel *kernel;
	int32_t n_queries;
	const WcQuery *queries;
	int32_t n;
	WcScored *results;
	int32_t *n_results;
	Workspace **work; /* one per thread */
} ManyJob;

/* The filter of query q in a batch, of its own when it has a list. */
static const uint64_t *
batch_filter(const ManyJob *job, const WcQuery *query, uint64_t *own)
{
	size_t words = ((size_t) job->pack->count + 63) / 64;

	if (query->n_exclude == 0)
		return query->excluded;
	if (query->excluded != NULL)
		memcpy(own, query->excluded, words * sizeof(uint64_t));
	for (int64_t i = 0; i < query->n_exclude; i++)
	{
		WC_ASSERT(query->exclude[i] >= 0 &&
		          query->exclude[i] < job->pack->count);
		set_bit(own, query->exclude[i]);
	}
	return own;
}

/* Make the filter zero again, in time proportional to what is set. */
static void
batch_filter_clear(const ManyJob *job, const WcQuery *query, uint64_t *own)
{
	if (query->n_exclude == 0)
		return;
	if (query->excluded != NULL)
		memset(own, 0, bitmap_words(job->pack) * sizeof(uint64_t));
	for (int64_t i = 0; i < query->n_exclude; i++)
		own[query->exclude[i] / 64] = 0;
}

static WcStatus
search_batch(void *arg, int32_t thread, int64_t batch, WcPace *pace)
{
	ManyJob *job = arg;
	Workspace *work = job->work[thread];
	const WcPack *pack = job->pack;
	size_t words = bitmap_words(pack);
	size_t code_bytes = (size_t) wc_pack_chunks(pack->factors) * WC_PACK_CHUNK;
	int32_t first = (int32_t) (batch * BATCH);
	int32_t count =
	    job->n_queries - first < BATCH ? job->n_queries - first : BATCH;
	const Scanner scanner = {pack,        job->kernel, work->bounded,
	                         work->order, work->views, work->masks};
	int32_t bounded = 0;
	WcStatus status = WC_OK;

	for (int32_t q = 0; q < count && status == WC_OK; q++)
	{
		const WcQuery *query = &job->queries[first + q];
		Scan *scan = &work->scans[q];
		const uint64_t *filter =
		    batch_filter(job, query, work->filters + (size_t) q * words);

		WC_ASSERT(query->candidates == NULL);
		if (scan_begin(scan, pack, query, filter, job->n,
		               job->results + (size_t) (first + q) * (size_t) job->n))
		{
			scan_code(scan, pack, job->kernel->query_max,
			          work->codes + (size_t) q * code_bytes);
			work->bounded[bounded++] = scan;
		}
		else
			status =
			    score_all(scan, pack, NULL, pack->count, pace, &work->error);
		work->error.other = first + q;
	}
	if (status == WC_OK && !scan_layers(&scanner, bounded, pace))
		status = fail_cancelled(&work->error);
	for (int32_t q = 0; q < count && status == WC_OK; q++)
	{
		Scan *scan = &work->scans[q];

		if (!wc_heap_sort(scan->heap, scan->count, pace))
			status = fail_cancelled(&work->error);
		job->n_results[first + q] = scan->count;
		batch_filter_clear(job, scan->query,
		                   work->filters + (size_t) q * words);
	}
	return status;
}

static void
workspace_free(Workspace *work, const WcAlloc *alloc)
{
	if (work == NULL)
		return;
	wc_free(alloc, work->codes);
	wc_free(alloc, work->filters);
	wc_free(alloc, work);
}

static Workspace *
workspace_take(const WcPack *pack, bool filters, const WcAlloc *alloc)
{
	Workspace *work = wc_alloc_array(alloc, 1, sizeof(Workspace));
	size_t words = filters ? bitmap_words(pack) * BATCH : 0;

	if (work == NULL)
		return NULL;
	memset(work, 0, sizeof(*work));
	work->codes = wc_alloc_array(
	    alloc, (size_t) wc_pack_chunks(pack->factors) * WC_PACK_CHUNK, BATCH);
	work->filters = wc_alloc_array(alloc, words, sizeof(uint64_t));
	if (work->codes == NULL || work->filters == NULL)
	{
		workspace_free(work, alloc);
		return NULL;
	}
	memset(work->filters, 0, words * sizeof(uint64_t));
	return work;
}

WcStatus
wc_search_many(const WcPack *pack, int32_t n_queries, const WcQuery *queries,
               int32_t n, WcScored *results, int32_t *n_results,
               const WcJob *job)
{
	int64_t batches = ((int64_t) n_queries + BATCH - 1) / BATCH;
	WcThreads threads = {job->threads > 1 ? job->threads : 1, pthread_create};
	Workspace *work[WC_THREADS_MAX] = {NULL};
	ManyJob many = {pack,      wc_search_kernel_choose(job->kernel),
	                n_queries, queries,
	                n,         results,
	                n_results, work};
	bool filters = false;
	WcStatus status = WC_OK;

	WC_ASSERT(n <= pack->count);
	for (int32_t q = 0; q < n_queries; q++)
	{
		n_results[q] = 0;
		filters |= queries[q].n_exclude > 0;
	}
	if (n <= 0 || n_queries <= 0)
		return WC_OK;
	if (many.kernel == NULL)
		many.kernel = wc_search_kernel_choose(NULL);
	if (threads.count > batches)
		threads.count = (int32_t) batches;
	for (int32_t t = 0; t < threads.count && status == WC_OK; t++)
	{
		work[t] = workspace_take(pack, filters, job->alloc);
		if (work[t] == NULL)
			status = WC_NO_MEMORY;
	}
	if (status == WC_OK)
		status =
		    wc_parallel(&threads, batches, search_batch, &many, job->hooks);
	if (status != WC_OK)
		wc_fail(job->error, status, WC_ITEMS, -1, -1, "%s", "");
	for (int32_t t = 0; t < threads.count; t++)
	{
		if (work[t] != NULL && work[t]->error.status == status &&
		    job->error != NULL)
			*job->error = work[t]->error;
		workspace_free(work[t], job->alloc);
	}
	return status;
}
