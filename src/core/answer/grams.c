/*-------------------------------------------------------------------------
 *
 * grams.c
 *	  The Gram matrix of a pack in parts, so that a change costs what has changed.
 *
 * Folding in takes sum_j v_j v_j' over all items (fold.c).  It is summed here in
 * parts, one for each group of rows, and a row belongs to a group by the hash of
 * its id.  A refresh that changes some rows sums their groups anew and takes the
 * others as they are.  Within a group rows come in the order of their ids, and
 * groups are added up in their order: so the sum has the same bits, whichever
 * changes led to the rows that there are.
 *
 * How many groups there are follows from the number of rows alone: as many as let
 * a part take a few hundredths of the bytes of its rows, and not more than
 * GROUPS_MAX.  With one group the order is that of the ids, panel by panel.
 *
 * Bits depend on the kernel, as those of any Gram matrix (gram.c); a block of them
 * says whose they are.
 *
 * Memory: 4 k (k + 1) bytes for a group; while it is made 12 bytes for each row of
 * the groups that are summed, and 16 for each row of the pack.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/answer/pack.h"
#include "core/data/rows.h"
#include "core/solve/numerics.h"

#define GRAMS_MAGIC "walsgram"
#define GRAMS_FORMAT 1
#define GROUPS_MAX 256
#define ROWS_PER_FACTOR 64 /* in a group, at least */

typedef struct GramsHeader
{
	char magic[8];
	uint32_t format;
	int32_t factors;
	int32_t groups;
	int32_t rows;
	char kernel[16];
	uint8_t identity[WC_PACK_IDENTITY];
	uint64_t check; /* of what stands before */
} GramsHeader;

/* Rows that are summed, by group. */
typedef struct Sorted
{
	int32_t start[GROUPS_MAX + 1];
	int32_t *index;
} Sorted;

static int32_t
groups_of(int32_t rows, int32_t factors)
{
	int64_t least = (int64_t) factors * ROWS_PER_FACTOR;
	int32_t groups = 1;

	if (least < WC_GRAM_PANEL)
		least = WC_GRAM_PANEL;
	while (groups < GROUPS_MAX && 2 * groups * least <= rows)
		groups *= 2;
	return groups;
}

static inline int32_t
group_of(int32_t groups, WcIdKind kind, const WcId *id)
{
	return (int32_t) (wc_pack_hash(kind, id) >> 40) & (groups - 1);
}

static inline size_t
cells_of(int32_t factors)
{
	return (size_t) factors * ((size_t) factors + 1) / 2;
}

static size_t
bytes_of(int32_t factors, int32_t groups)
{
	return sizeof(GramsHeader) +
	       cells_of(factors) * (size_t) groups * sizeof(double);
}

static uint64_t
header_check(const GramsHeader *header)
{
	return wc_hash_bytes((const char *) header, offsetof(GramsHeader, check));
}

/* The rows of dirty groups in the order of their ids, each with its group. */
static WcStatus
list_rows(const WcPack *pack, int32_t groups, const bool *dirty, WcKeyed *rows,
          int32_t *count, WcPace *pace)
{
	*count = 0;
	for (int l = 0; l < wc_pack_layers(pack); l++)
	{
		const WcPack *layer = wc_pack_layer(pack, l);

		for (int32_t i = 0; i < layer->count; i++)
		{
			WcId id = wc_pack_id(layer, i);
			int32_t group = group_of(groups, pack->kind, &id);
			int32_t index =
			    dirty[group] ? wc_pack_index_of(pack, layer, i) : -1;

			if (wc_pace(pace, 2))
				return WC_CANCELLED;
			if (index < 0 || *count == pack->count)
				continue;
			rows[*count].key = (uint32_t) index;
			rows[(*count)++].value = group;
		}
	}
	return WC_OK;
}

static WcStatus
sort_rows(const WcPack *pack, int32_t groups, const bool *dirty, Sorted *sorted,
          const WcAlloc *alloc, WcPace *pace)
{
	size_t most = (size_t) pack->count;
	WcKeyed *rows = wc_alloc_array(alloc, most, sizeof(WcKeyed));
	WcKeyed *scratch = wc_alloc_array(alloc, most, sizeof(WcKeyed));
	WcKeyed *in_order = rows;
	int32_t next[GROUPS_MAX] = {0};
	int32_t count = 0;
	WcStatus status = WC_NO_MEMORY;

	sorted->index = wc_alloc_array(alloc, most, sizeof(int32_t));
	if (rows != NULL && scratch != NULL && sorted->index != NULL)
		status = list_rows(pack, groups, dirty, rows, &count, pace);
	if (status == WC_OK && pack->delta != NULL)
		status = wc_sort_keyed(count, rows, scratch, &in_order, pace);
	if (status == WC_OK)
	{
		for (int32_t i = 0; i < count; i++)
			next[in_order[i].value]++;
		sorted->start[0] = 0;
		for (int32_t g = 0; g < groups; g++)
		{
			sorted->start[g + 1] = sorted->start[g] + next[g];
			next[g] = sorted->start[g];
		}
		for (int32_t i = 0; i < count; i++)
			sorted->index[next[in_order[i].value]++] =
			    (int32_t) in_order[i].key;
	}
	wc_free(alloc, rows);
	wc_free(alloc, scratch);
	return status;
}

/* to (upper triangle, row by row) = the sum of some rows, a panel at a time */
static WcStatus
sum_group(const WcPack *pack, const WcEngine *engine, int32_t count,
          const int32_t *index, float *panel, double *sum, double *to,
          const WcHooks *hooks)
{
	size_t k = (size_t) pack->factors;

	memset(to, 0, cells_of(pack->factors) * sizeof(double));
	for (int32_t first = 0; first < count; first += WC_GRAM_PANEL)
	{
		int32_t some =
		    count - first < WC_GRAM_PANEL ? count - first : WC_GRAM_PANEL;
		double *cell = to;
		WcStatus status;

		for (int32_t j = 0; j < some; j++)
			memcpy(panel + (size_t) j * k,
			       wc_pack_vector(pack, index[first + j]), k * sizeof(float));
		status = wc_gram(engine, some, panel, NULL, sum, hooks);
		if (status != WC_OK)
			return status;
		for (size_t p = 0; p < k; p++)
			for (size_t q = p; q < k; q++)
				*cell++ += sum[p * k + q];
	}
	return WC_OK;
}

/* Sum the groups that sorted has rows of, and those that have none any more. */
static WcStatus
sum_groups(const WcPack *pack, const bool *dirty, const Sorted *sorted,
           WcGrams *grams, const WcJob *job)
{
	const WcSolverOptions options = {1, job->kernel, WC_DENSE_BUILTIN};
	const WcAlloc *alloc = job->alloc;
	size_t k = (size_t) pack->factors;
	float *panel = wc_alloc_array(alloc, k * WC_GRAM_PANEL, sizeof(float));
	double *sum = wc_alloc_array(alloc, k * k, sizeof(double));
	WcEngine engine;
	WcStatus status;

	status = wc_engine_create(&options, pack->factors, pack->factors, &engine,
	                          alloc);
	if (panel == NULL || sum == NULL)
		status = WC_NO_MEMORY;
	for (int32_t g = 0; g < grams->groups && status == WC_OK; g++)
	{
		double *to =
		    (double *) grams->sums + (size_t) g * cells_of(pack->factors);

		if (dirty[g])
			status = sum_group(
			    pack, &engine, sorted->start[g + 1] - sorted->start[g],
			    sorted->index + sorted->start[g], panel, sum, to, job->hooks);
	}
	wc_engine_free(&engine);
	wc_free(alloc, panel);
	wc_free(alloc, sum);
	return status;
}

static void
view(const void *block, const GramsHeader *header, WcGrams *grams)
{
	memset(grams, 0, sizeof(*grams));
	grams->block = block;
	grams->factors = header->factors;
	grams->groups = header->groups;
	grams->bytes = bytes_of(header->factors, header->groups);
	grams->sums = (const double *) ((const char *) block + sizeof(GramsHeader));
}

static WcStatus
take_block(const WcPack *pack, const char *kernel, const void *identity,
           WcGrams *grams, const WcAlloc *alloc)
{
	GramsHeader header;
	void *block;

	memset(&header, 0, sizeof(header));
	memcpy(header.magic, GRAMS_MAGIC, sizeof(header.magic));
	header.format = GRAMS_FORMAT;
	header.factors = pack->factors;
	header.groups = groups_of(pack->count, pack->factors);
	header.rows = pack->count;
	strncpy(header.kernel, kernel, sizeof(header.kernel) - 1);
	memcpy(header.identity, identity, WC_PACK_IDENTITY);
	header.check = header_check(&header);
	block = wc_alloc_array(alloc, bytes_of(header.factors, header.groups), 1);
	if (block == NULL)
		return WC_NO_MEMORY;
	memcpy(block, &header, sizeof(header));
	view(block, &header, grams);
	grams->owned = block;
	return WC_OK;
}

WcStatus
wc_grams_make(const WcPack *pack, const void *identity,
              const WcGramsChange *change, WcGrams *grams, const WcJob *job)
{
	WcPace pace = wc_pace_start(job->hooks);
	const WcGrams *before = change != NULL ? change->before : NULL;
	const char *kernel = wc_kernel_name(job->kernel);
	bool dirty[GROUPS_MAX];
	Sorted sorted = {.index = NULL};
	WcStatus status;

	memset(grams, 0, sizeof(*grams));
	WC_ASSERT(kernel != NULL);
	status = take_block(pack, kernel, identity, grams, job->alloc);
	if (status != WC_OK)
		return status;
	if (before != NULL && before->groups != grams->groups)
		before = NULL;
	memset(dirty, before == NULL, sizeof(dirty));
	if (before != NULL)
	{
		memcpy((double *) grams->sums, before->sums,
		       grams->bytes - sizeof(GramsHeader));
		for (int32_t i = 0; i < wc_idmap_count(change->ids); i++)
		{
			WcId id = wc_idmap_get(change->ids, i);

			dirty[group_of(grams->groups, pack->kind, &id)] = true;
		}
	}
	status = sort_rows(pack, grams->groups, dirty, &sorted, job->alloc, &pace);
	if (status == WC_OK)
		status = sum_groups(pack, dirty, &sorted, grams, job);
	wc_free(job->alloc, sorted.index);
	if (status != WC_OK)
	{
		wc_free(job->alloc, grams->owned);
		memset(grams, 0, sizeof(*grams));
	}
	return status;
}

bool
wc_grams_open(const void *block, size_t bytes, const void *identity,
              const WcPack *pack, const char *kernel, WcGrams *grams)
{
	GramsHeader header;

	memset(grams, 0, sizeof(*grams));
	kernel = wc_kernel_name(kernel);
	if ((uintptr_t) block % sizeof(double) != 0 || bytes < sizeof(header) ||
	    kernel == NULL)
		return false;
	memcpy(&header, block, sizeof(header));
	if (memcmp(header.magic, GRAMS_MAGIC, sizeof(header.magic)) != 0 ||
	    header.format != GRAMS_FORMAT ||
	    header.check != header_check(&header) ||
	    memcmp(header.identity, identity, WC_PACK_IDENTITY) != 0 ||
	    strncmp(header.kernel, kernel, sizeof(header.kernel)) != 0 ||
	    header.rows != pack->count || header.factors != pack->factors ||
	    header.groups != groups_of(pack->count, pack->factors) ||
	    bytes_of(header.factors, header.groups) != bytes)
		return false;
	view(block, &header, grams);
	return true;
}

void
wc_grams_sum(const WcGrams *grams, double *gram)
{
	size_t k = (size_t) grams->factors;

	memset(gram, 0, k * k * sizeof(double));
	for (int32_t g = 0; g < grams->groups; g++)
	{
		const double *cell =
		    grams->sums + (size_t) g * cells_of(grams->factors);

		for (size_t p = 0; p < k; p++)
			for (size_t q = p; q < k; q++)
				gram[p * k + q] += *cell++;
	}
}
