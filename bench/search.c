/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Microseconds a query for the ways to find the ten best items.
 *
 *		search ITEMS USERS
 *
 * bench/serve runs this on the factors of a model it has trained: two files
 * written by COPY (SELECT id, factors, bias ...) TO STDOUT (FORMAT binary).
 * Each line of the table is one set of vectors:
 *
 *		as trained	the items as they are
 *		flat		the same, all of length 1: no norm tells anything
 *		million		a million items, the trained ones again and again with a
 *					tenth of their length in noise
 *
 * and has, per query, median of passes over the same queries:
 *
 *		floor		adding up all factors: what it costs to touch them once
 *		all			scoring every item, a heap of ten
 *		norms		the same in order of norms until no norm is large enough
 *		codes		the first pass over all codes, without scoring
 *		both		wc_search
 *		many		wc_search_many, all queries in one call
 *		sgemm		OpenBLAS, blocks of users x all items, without selection
 *
 * All but the last two are checked to agree.  Below are, by every row and by the
 * searches for it, which are checked to agree too,
 *
 *		like		the ten rows most like a row, by each metric
 *		explored	the ten best items by score + x times what it is uncertain by, of
 *					users with ENTRIES ratings of what they score best, who are
 *					folded in already
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ground/dense.h"
#include "core/answer/heap.h"
#include "core/answer/kernel_search.h"
#include "core/answer/pack.h"

#include "../test/unit/spread.h"

#define QUERIES 512
#define PASSES 5
#define N 10
#define SGEMM_USERS 256
#define SGEMM_ITEMS 4096
#define MILLION 1000000
#define ENTRIES 78 /* of a user who explores */
#define LIKED 1000 /* that many are among the best */

typedef struct Vectors
{
	int32_t count;
	int32_t k;
	float *data;
	float *bias;
} Vectors;

static void
fail(const char *what)
{
	fprintf(stderr, "search: %s\n", what);
	exit(1);
}

static void *
allocate(void *arg, size_t bytes)
{
	void *block = malloc(bytes > 0 ? bytes : 1);

	(void) arg;
	if (block == NULL)
		fail("out of memory");
	return block;
}

static void *
resize(void *arg, void *block, size_t bytes)
{
	(void) arg;
	block = realloc(block, bytes > 0 ? bytes : 1);
	if (block == NULL)
		fail("out of memory");
	return block;
}

static void
release(void *arg, void *block)
{
	(void) arg;
	free(block);
}

static const WcAlloc alloc = {allocate, resize, release, NULL};

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static uint32_t
read_word(FILE *file)
{
	uint32_t word;

	if (fread(&word, sizeof(word), 1, file) != 1)
		fail("the file ends too early");
	return ntohl(word);
}

static float
read_float(FILE *file)
{
	uint32_t bits = read_word(file);
	float number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* Rows of (bigint, real[], real) from a file of binary COPY. */
static Vectors
read_vectors(const char *name)
{
	FILE *file = fopen(name, "rb");
	char signature[11];
	Vectors vectors = {0, 0, NULL, NULL};
	int32_t capacity = 0;

	if (file == NULL || fread(signature, 11, 1, file) != 1 ||
	    memcmp(signature, "PGCOPY\n\377\r\n\0", 11) != 0)
		fail("not a file of binary COPY");
	read_word(file);
	read_word(file);
	for (;;)
	{
		uint16_t columns;
		int32_t k;

		if (fread(&columns, sizeof(columns), 1, file) != 1)
			fail("the file ends too early");
		if (ntohs(columns) != 3)
			break;
		for (int i = 0; i < 3; i++) /* length and halves of the id */
			read_word(file);
		for (int i = 0; i < 4; i++) /* length, dimensions, nulls, type */
			read_word(file);
		k = (int32_t) read_word(file);
		read_word(file); /* lower bound */
		if (vectors.count == capacity)
		{
			capacity = capacity * 2 + 1024;
			vectors.data =
			    resize(NULL, vectors.data,
			           sizeof(float) * (size_t) capacity * (size_t) k);
			vectors.bias =
			    resize(NULL, vectors.bias, sizeof(float) * (size_t) capacity);
		}
		vectors.k = k;
		for (int32_t f = 0; f < k; f++)
		{
			read_word(file);
			vectors.data[(size_t) vectors.count * (size_t) k + (size_t) f] =
			    read_float(file);
		}
		read_word(file);
		vectors.bias[vectors.count++] = read_float(file);
	}
	fclose(file);
	return vectors;
}

/* splitmix64, as a number from -1 to 1 */
static float
noise(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (float) (int32_t) ((x ^ (x >> 31)) >> 32) / 2147483648.0f;
}

static Vectors
multiplied(const Vectors *from, int32_t count)
{
	Vectors to = {count, from->k, NULL, NULL};
	size_t k = (size_t) from->k;
	uint64_t state = 1;

	to.data = allocate(NULL, sizeof(float) * (size_t) count * k);
	to.bias = allocate(NULL, sizeof(float) * (size_t) count);
	for (int32_t j = 0; j < count; j++)
	{
		const float *v = from->data + (size_t) (j % from->count) * k;
		float length = sqrtf(wc_dot(from->k, v, v) / (float) k);

		for (size_t f = 0; f < k; f++)
			to.data[(size_t) j * k + f] = v[f] + 0.17f * length * noise(&state);
		to.bias[j] = from->bias[j % from->count];
	}
	return to;
}

static Vectors
flattened(const Vectors *from)
{
	Vectors to = multiplied(from, from->count);

	for (int32_t j = 0; j < to.count; j++)
	{
		float *v = to.data + (size_t) j * (size_t) to.k;
		float norm = sqrtf(wc_dot(to.k, v, v));

		for (int32_t f = 0; f < to.k; f++)
			v[f] /= norm > 0 ? norm : 1;
	}
	return to;
}

/* ------------------------------------------------------------------------
 * The ways
 * ------------------------------------------------------------------------ */

static volatile float sink;

static void
touch_all(const WcPack *pack)
{
	size_t count = (size_t) pack->count * (size_t) pack->factors;
	WcQuad sum[4] = {{0}, {0}, {0}, {0}};

	for (size_t f = 0; f + 16 <= count; f += 16)
	{
		for (int i = 0; i < 4; i++)
			sum[i] += *(const WcQuadAny *) (pack->data + f + 4 * i);
	}
	sum[0] += sum[1] + sum[2] + sum[3];
	sink = sum[0][0] + sum[0][1] + sum[0][2] + sum[0][3];
}

/* Every row, or until the norm of the query and the row cannot do it. */
static void
score_rows(const WcPack *pack, const float *query, bool stop, WcScored *heap)
{
	float norm = sqrtf(wc_dot(pack->factors, query, query)) * 1.0001f;
	int32_t count = 0;

	for (int32_t p = 0; p < pack->count; p++)
	{
		WcScored scored = {0, pack->index[p]};

		if (stop && count == N && norm * pack->norm[p] < heap[0].score)
			break;
		scored.score = wc_pack_score_at(pack, query, 0, p);
		if (count < N)
			wc_heap_rise(heap, count++, scored);
		else if (wc_is_better(&scored, &heap[0]))
			wc_heap_sink(heap, count, scored);
	}
}

static void
scan_codes(const WcPack *pack, const float *query, float least)
{
	const WcSearchKernel *kernel = wc_search_kernel_choose(NULL);
	int32_t chunks = wc_pack_chunks(pack->factors);
	int8_t codes[WC_FACTORS_MAX + WC_PACK_CHUNK] = {0};
	WcScanQuery view = {codes, 0, 0, 0, least};
	uint64_t seen = 0;

	for (int32_t f = 0; f < pack->factors; f++)
		view.scale = fmaxf(view.scale, fabsf(query[f]));
	view.scale /= (float) kernel->query_max;
	for (int32_t f = 0; f < pack->factors; f++)
	{
		codes[f] = (int8_t) lrintf(query[f] / view.scale);
		view.offset += WC_PACK_ZERO * codes[f];
	}
	for (int32_t b = 0; b < wc_pack_blocks(pack); b++)
	{
		size_t row = (size_t) b * WC_PACK_BLOCK;
		uint64_t mask;

		kernel->scan(chunks,
		             pack->codes + row * (size_t) chunks * WC_PACK_CHUNK,
		             pack->scale + row, pack->bias + row, 1, &view, &mask);
		seen += mask;
	}
	sink = (float) seen;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
median(double *numbers)
{
	qsort(numbers, PASSES, sizeof(double), compare_doubles);
	return numbers[PASSES / 2];
}

static double
sgemm_per_query(const WcDense *blas, const WcPack *pack, const float *users)
{
	float *out = allocate(NULL, sizeof(float) * SGEMM_USERS * SGEMM_ITEMS);
	double times[PASSES];
	int32_t k = pack->factors;

	for (int pass = 0; pass < PASSES; pass++)
	{
		double started = seconds();

		for (int32_t u = 0; u < QUERIES; u += SGEMM_USERS)
		{
			for (int32_t p = 0; p < pack->count; p += SGEMM_ITEMS)
			{
				int32_t items = pack->count - p < SGEMM_ITEMS ? pack->count - p
				                                              : SGEMM_ITEMS;

				WcPace pace = wc_pace_start(NULL);

				blas->multiply_float(
				    SGEMM_USERS, items, k, users + (size_t) u * (size_t) k,
				    pack->data + (size_t) p * (size_t) k, true, out, &pace);
			}
		}
		times[pass] = (seconds() - started) / QUERIES * 1e6;
	}
	free(out);
	return median(times);
}

static const char identity[WC_PACK_IDENTITY] = "bench";

/* Returns the seconds of the packing alone. */
static double
pack_rows(const Vectors *items, WcPack *pack)
{
	WcPackBuilder *builder;
	double begin;

	if (wc_pack_begin(WC_ID_INT64, items->k, &builder, &alloc) != WC_OK)
		fail("out of memory");
	for (int32_t j = 0; j < items->count; j++)
	{
		WcId id = {j, NULL, 0};

		wc_pack_add(builder, &id, items->data + (size_t) j * (size_t) items->k,
		            items->bias[j], 1, 1);
	}
	begin = seconds();
	if (wc_pack_finish(builder, identity, pack, NULL) != WC_OK)
		fail("could not pack");
	return seconds() - begin;
}

static void
measure(const char *name, const Vectors *items, const Vectors *users,
        const WcDense *blas)
{
	static WcScored results[QUERIES][N];
	static WcScored again[QUERIES][N];
	static WcQuery queries[QUERIES];
	static int32_t n_results[QUERIES];
	float *vectors =
	    allocate(NULL, sizeof(float) * QUERIES * (size_t) users->k);
	int n_queries = items->count > 100000 ? 16 : QUERIES;
	enum
	{
		FLOOR,
		ALL,
		NORMS,
		CODES,
		BOTH,
		N_WAYS
	};
	double us[N_WAYS];
	double times[PASSES];
	double build = seconds();
	double load;
	WcPack pack;
	WcPack opened;
	WcError error;

	load = pack_rows(items, &pack);
	build = seconds() - build;

	for (int q = 0; q < QUERIES; q++)
	{
		int64_t user = (int64_t) q * users->count / QUERIES;

		memcpy(vectors + (size_t) q * (size_t) users->k,
		       users->data + (size_t) user * (size_t) users->k,
		       sizeof(float) * (size_t) users->k);
		queries[q].vector = vectors + (size_t) q * (size_t) users->k;
		queries[q].min_score = -INFINITY;
	}
	for (int way = 0; way < N_WAYS; way++)
	{
		for (int pass = 0; pass < PASSES; pass++)
		{
			double started = seconds();

			for (int q = 0; q < n_queries; q++)
			{
				if (way == FLOOR)
					touch_all(&pack);
				else if (way == ALL || way == NORMS)
					score_rows(&pack, queries[q].vector, way == NORMS,
					           again[q]);
				else if (way == CODES)
					scan_codes(&pack, queries[q].vector, again[q][0].score);
				else if (wc_search(&pack, &queries[q], N, results[q],
				                   &n_results[q],
				                   &(WcJob){.alloc = &alloc,
				                            .error = &error}) != WC_OK)
					fail("search failed");
			}
			times[pass] = (seconds() - started) / n_queries * 1e6;
		}
		us[way] = median(times);
	}
	for (int q = 0; q < n_queries; q++)
	{
		WcPace pace = wc_pace_start(NULL);

		score_rows(&pack, queries[q].vector, false, again[q]);
		wc_heap_sort(again[q], N, &pace);
		if (memcmp(results[q], again[q], sizeof(results[q])) != 0)
			fail("the ways disagree");
	}
	for (int pass = 0; pass < PASSES; pass++)
	{
		double started = seconds();

		if (wc_search_many(&pack, QUERIES, queries, N, results[0], n_results,
		                   &(WcJob){.alloc = &alloc, .error = &error}) != WC_OK)
			fail("search failed");
		times[pass] = (seconds() - started) / QUERIES * 1e6;
	}
	printf("%-12s %8d %4d %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f", name,
	       items->count, items->k, us[FLOOR], us[ALL], us[NORMS], us[CODES],
	       us[BOTH], median(times));
	if (blas)
		printf(" %8.1f", sgemm_per_query(blas, &pack, vectors));
	else
		printf(" %8s", "-");
	times[0] = seconds();
	if (!wc_pack_open(pack.block, pack.bytes, identity, false, &opened))
		fail("cannot open the pack");
	times[0] = seconds() - times[0];
	printf(" %8.1f %8.1f %8.3f\n", build * 1e3, load * 1e3, times[0] * 1e3);
	free(pack.owned);
	free(vectors);
}

/* ------------------------------------------------------------------------
 * Likeness
 * ------------------------------------------------------------------------ */

static void
compare_rows(const WcPack *pack, WcMetric metric, const float *vector,
             WcScored *heap)
{
	WcPace pace = wc_pace_start(NULL);
	int32_t count = 0;
	WcProbe probe;

	wc_probe_init(&probe, metric, pack->factors, vector);
	for (int32_t i = 0; i < pack->count; i++)
	{
		WcScored scored = {0, i};

		if (wc_probe_compare(&probe, wc_pack_vector(pack, i), &scored.score))
			wc_heap_offer(heap, N, &count, scored);
	}
	wc_heap_sort(heap, count, &pace);
}

/* A line: microseconds a query by every row and by the search, each metric. */
static void
measure_similar(const char *name, const Vectors *items)
{
	static WcScored every[QUERIES][N];
	static WcScored found[QUERIES][N];
	int n_queries = items->count > 100000 ? 4 : QUERIES / 8;
	WcPack pack;

	pack_rows(items, &pack);
	printf("%-12s %8d %4d", name, items->count, items->k);
	for (int metric = WC_COSINE; metric <= WC_EUCLIDEAN; metric++)
	{
		for (int way = 0; way < 2; way++)
		{
			double times[PASSES];

			for (int pass = 0; pass < PASSES; pass++)
			{
				double started = seconds();

				for (int q = 0; q < n_queries; q++)
				{
					int32_t row =
					    (int32_t) ((int64_t) q * items->count / n_queries);
					WcQuery query = {.vector = wc_pack_vector(&pack, row)};
					int32_t n_found;
					WcError error;

					if (way == 0)
						compare_rows(&pack, (WcMetric) metric, query.vector,
						             every[q]);
					else if (wc_search_similar(
					             &pack, (WcMetric) metric, &query, N, found[q],
					             &n_found,
					             &(WcJob){.alloc = &alloc, .error = &error}) !=
					         WC_OK)
						fail("search failed");
				}
				times[pass] = (seconds() - started) / n_queries * 1e6;
			}
			printf(" %8.1f", median(times));
		}
		if (memcmp(every, found, sizeof(every[0]) * (size_t) n_queries) != 0)
			fail("the ways disagree");
	}
	printf("\n");
	free(pack.owned);
}

/* ------------------------------------------------------------------------
 * Exploration
 * ------------------------------------------------------------------------ */

/* A user of the pack's items, with what the default options come to. */
static WcFold *
fold_begin(const WcFoldItems *items, int32_t k)
{
	WcObjective objective;
	WcError error;
	WcFold *fold;

	memset(&objective, 0, sizeof(objective));
	wc_params_defaults(&objective.params);
	objective.params.row_weight_exponent = 0;
	objective.params.col_weight_exponent = 0;
	objective.params.factors = k;
	objective.params.reg_exponent = 1;
	objective.params.regularization = 0.003;
	objective.params.unobserved_weight = 0.1;
	objective.params.biases = 0;
	objective.count_weight = 1;
	if (wc_fold_create(&objective, WC_USERS, items, NULL, &fold,
	                   &(WcJob){.alloc = &alloc, .error = &error}) != WC_OK)
		fail("could not prepare to fold in");
	return fold;
}

/* Fold in a user who has rated some of what this vector scores best. */
static void
fold_user(WcFold *fold, const WcFoldItems *items, const WcPack *pack,
          const float *vector, float *factors)
{
	static WcScored liked[LIKED];
	WcFoldRow rows[ENTRIES];
	WcFoldUser user = {ENTRIES, rows, false, false, 1, {1, 1}};
	WcQuery query = {.vector = vector, .min_score = -INFINITY};
	int32_t count;
	WcError error;
	float bias;

	if (wc_search(pack, &query, LIKED, liked, &count,
	              &(WcJob){.alloc = &alloc, .error = &error}) != WC_OK ||
	    count < LIKED)
		fail("search failed");
	for (int e = 0; e < ENTRIES; e++)
		rows[e] = (WcFoldRow){liked[e * (LIKED / ENTRIES)].index, 1, 1, 0};
	if (wc_fold_in(fold, items, &user, factors, &bias, NULL, &error) != WC_OK)
		fail("could not fold in");
}

static void
measure_rows(WcFold *fold, const WcFoldItems *items, const WcPack *pack,
             const float *query, float x, const int32_t *index, float *spread,
             WcScored *heap)
{
	WcPace pace = wc_pace_start(NULL);
	int32_t count = 0;
	WcError error;

	if (spread_of_items(fold, items, pack->count, index, spread, NULL,
	                    &error) != WC_OK)
		fail("could not measure");
	for (int32_t i = 0; i < pack->count; i++)
	{
		double worth =
		    wc_pack_score(pack, query, 0, i) + (double) x * spread[i];
		WcScored scored = {(float) worth, i};

		wc_heap_offer(heap, N, &count, scored);
	}
	wc_heap_sort(heap, count, &pace);
}

/* A line: microseconds a query by every row, and by the search for each x. */
static void
measure_explored(const char *name, const Vectors *items, const Vectors *users)
{
	static const float xs[] = {0.1f, 1, 10};
	int n_queries = items->count > 100000 ? 3 : 32;
	float *factors = allocate(NULL, sizeof(float) * (size_t) items->k);
	int32_t *index = allocate(NULL, sizeof(int32_t) * (size_t) items->count);
	float *spread = allocate(NULL, sizeof(float) * (size_t) items->count);
	double times[2][3][PASSES] = {{{0}}};
	WcPack pack;
	WcFoldItems rows;
	WcFold *fold;

	pack_rows(items, &pack);
	rows = wc_pack_items(&pack, NULL);
	fold = fold_begin(&rows, items->k);
	for (int32_t i = 0; i < items->count; i++)
		index[i] = i;
	for (int q = 0; q < n_queries * PASSES; q++)
	{
		int64_t user = (int64_t) (q % n_queries) * users->count / n_queries;
		const float *vector = users->data + (size_t) user * (size_t) users->k;

		for (int i = 0; i < 3; i++)
		{
			WcScored every[N];
			WcScored found[N];
			WcExplore explore = {xs[i], 0, 1, fold};
			WcQuery query = {.vector = factors, .min_score = -INFINITY};
			int32_t n_found;
			double started;
			WcError error;

			fold_user(fold, &rows, &pack, vector, factors);
			started = seconds();
			measure_rows(fold, &rows, &pack, factors, xs[i], index, spread,
			             every);
			times[0][i][q / n_queries] += seconds() - started;
			fold_user(fold, &rows, &pack, vector, factors);
			started = seconds();
			if (wc_search_explored(
			        &pack, &query, &explore, N, found, &n_found,
			        &(WcJob){.alloc = &alloc, .error = &error}) != WC_OK)
				fail("search failed");
			times[1][i][q / n_queries] += seconds() - started;
			if (memcmp(every, found, sizeof(every)) != 0)
				fail("the ways disagree");
		}
	}
	printf("%-12s %8d %4d %8.1f", name, items->count, items->k,
	       median(times[0][0]) / n_queries * 1e6);
	for (int i = 0; i < 3; i++)
		printf(" %8.1f", median(times[1][i]) / n_queries * 1e6);
	printf("\n");
	wc_fold_free(fold);
	free(pack.owned);
	free(factors);
	free(index);
	free(spread);
}

int
main(int argc, char **argv)
{
	char reason[200];
	Vectors items;
	Vectors users;
	Vectors other;
	Vectors million;
	const WcDense *blas;

	if (argc != 3)
		fail("usage: search ITEMS USERS");
	items = read_vectors(argv[1]);
	users = read_vectors(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	blas = wc_dense_openblas(sizeof(reason), reason);
	if (blas == NULL)
		fail(reason);
	printf("%-12s %8s %4s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "vectors",
	       "items", "k", "floor", "all", "norms", "codes", "both", "many",
	       "sgemm", "build ms", "pack ms", "open ms");
	measure("as trained", &items, &users, blas);
	other = flattened(&items);
	measure("flat", &other, &users, blas);
	million = multiplied(&items, MILLION);
	measure("million", &million, &users, NULL);

	printf("\n%-26s %17s %17s %17s\n%-12s %8s %4s", "", "cosine", "dot",
	       "euclidean", "like", "items", "k");
	for (int metric = 0; metric < 3; metric++)
		printf(" %8s %8s", "all", "search");
	printf("\n");
	measure_similar("as trained", &items);
	measure_similar("flat", &other);
	measure_similar("million", &million);

	printf("\n%-12s %8s %4s %8s %8s %8s %8s\n", "explored", "items", "k", "all",
	       "x = 0.1", "x = 1", "x = 10");
	measure_explored("as trained", &items, &users);
	measure_explored("flat", &other, &users);
	measure_explored("million", &million, &users);
	return 0;
}
