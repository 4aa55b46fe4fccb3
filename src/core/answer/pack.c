/*-------------------------------------------------------------------------
 *
 * pack.c
 *	  The rows of one side of a version in one block of memory, prepared for
 *	  finding ids and the best scores.
 *
 * store/cache.c adds the rows as it reads them, in any order.  The block that
 * comes out has no pointers: it is as good in a file that many processes map
 * as in the memory of one.
 *
 * Two numberings.  The index counts rows in the order of their ids, so that
 * ties of scores are broken by id; the position counts them in the order in
 * which search.c looks at them, by descending b + c |v| for a row with bias b
 * and vector v.  The score of a query q is at most b + |q| |v|, so the best are
 * near the front, whichever the query; c, the root mean square of the norms,
 * stands for a |q| that is not known yet.
 *
 * Codes.  Of each row there is a copy in 8 bits per factor, v = scale (code -
 * 128) + e with scale = max |v_f| / 127.  The four codes of factors 4 c to
 * 4 c + 3 lie together, and those of 16 rows side by side, so that one step of
 * a kernel multiplies 64 codes by 4 of the query and adds up 16 rows in 16
 * lanes; rows are padded to 64 and factors to 4 with codes of 0.  Bounds of |e|
 * and what else search.c needs to be sure are kept per block of 64 rows; they
 * are computed in float64 and rounded up, or down, so that they are bounds
 * (pack_codes.c).
 *
 * Layout: header, then the parts in the order of the enum below, each on a
 * boundary of 64 bytes.  Where a part lies follows from kind, count, factors and
 * the bytes of text ids alone.
 *
 * Memory: 4 k of factors, k of codes, about 52 bytes and the id per row.
 * While it is built the rows exist twice, and 40 bytes per row besides.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/data/rows.h"
#include "core/ground/kernel.h"
#include "core/answer/pack.h"

#define PACK_MAGIC "walspack"
#define PACK_FORMAT 4
#define PACK_BYTE_ORDER 0x01020304
#define PACK_ALIGN 64
#define FIRST_CAPACITY 256

enum
{
	PART_IDS,
	PART_TEXT,
	PART_SLOTS,
	PART_POSITION,
	PART_ENTRIES,
	PART_LIKES,
	PART_POPULAR,
	PART_INDEX,
	PART_DATA,
	PART_NORM,
	PART_BIAS,
	PART_SCALE,
	PART_CODES,
	PART_BLOCKS,
	PART_GONE,
	PART_AT,
	PART_POPULAR_GONE,
	PART_POPULAR_AT,
	N_PARTS
};

/* ------------------------------------------------------------------------
 * Layout
 * ------------------------------------------------------------------------ */

/* Rows with codes and bounds, the padding included. */
static uint64_t
padded_rows(int32_t count)
{
	return ((uint64_t) count + WC_PACK_BLOCK - 1) / WC_PACK_BLOCK *
	       WC_PACK_BLOCK;
}

/*
 * Where the parts begin, and the bytes of all.  Counts below 2^31, factors up
 * to 1024 and texts below 2^48 bytes keep every sum below 2^50.
 */
static uint64_t
lay_out(const WcPackHeader *header, uint64_t offset[N_PARTS])
{
	uint64_t rows = (uint64_t) header->count;
	uint64_t k = (uint64_t) header->factors;
	uint64_t padded = padded_rows(header->count);
	uint64_t gone = (uint64_t) header->gone;
	uint64_t changed = header->base_count < 0 ? 0 : rows;
	const uint64_t bytes[N_PARTS] = {
	    [PART_IDS] =
	        (header->kind == WC_ID_INT64 ? rows : rows + 1) * sizeof(int64_t),
	    [PART_TEXT] = header->text,
	    [PART_SLOTS] = wc_pack_slots(header->count) * sizeof(uint64_t),
	    [PART_POSITION] = rows * sizeof(int32_t),
	    [PART_ENTRIES] = rows * sizeof(int32_t),
	    [PART_LIKES] = rows * sizeof(int32_t),
	    [PART_POPULAR] = rows * sizeof(int32_t),
	    [PART_INDEX] = rows * sizeof(int32_t),
	    [PART_DATA] = rows * k * sizeof(float),
	    [PART_NORM] = rows * sizeof(float),
	    [PART_BIAS] = padded * sizeof(float),
	    [PART_SCALE] = padded * sizeof(float),
	    [PART_CODES] =
	        padded * (uint64_t) wc_pack_chunks(header->factors) * WC_PACK_CHUNK,
	    [PART_BLOCKS] = padded / WC_PACK_BLOCK * sizeof(WcPackBlock),
	    [PART_GONE] = gone * sizeof(int32_t),
	    [PART_AT] = changed * sizeof(int32_t),
	    [PART_POPULAR_GONE] = gone * sizeof(int32_t),
	    [PART_POPULAR_AT] = changed * sizeof(int32_t)};
	uint64_t place = sizeof(WcPackHeader);

	for (int part = 0; part < N_PARTS; part++)
	{
		place = (place + PACK_ALIGN - 1) / PACK_ALIGN * PACK_ALIGN;
		offset[part] = place;
		place += bytes[part];
	}
	return place;
}

/* The header is a copy: the block may change into zeros at any time. */
static void
view(const void *block, const WcPackHeader *header, WcPack *pack)
{
	const char *base = block;
	uint64_t offset[N_PARTS];

	memset(pack, 0, sizeof(*pack));
	pack->block = block;
	pack->bytes = (size_t) header->bytes;
	pack->kind = (WcIdKind) header->kind;
	pack->count = header->count;
	pack->factors = header->factors;
	pack->query_norm = header->query_norm;
	pack->text_bytes = (int64_t) header->text;
	lay_out(header, offset);
	if (pack->kind == WC_ID_INT64)
		pack->number = (const int64_t *) (base + offset[PART_IDS]);
	else
		pack->offset = (const int64_t *) (base + offset[PART_IDS]);
	pack->text = base + offset[PART_TEXT];
	pack->slots = (const uint64_t *) (base + offset[PART_SLOTS]);
	pack->position = (const int32_t *) (base + offset[PART_POSITION]);
	pack->entries = (const int32_t *) (base + offset[PART_ENTRIES]);
	pack->likes = (const int32_t *) (base + offset[PART_LIKES]);
	pack->popular = (const int32_t *) (base + offset[PART_POPULAR]);
	pack->index = (const int32_t *) (base + offset[PART_INDEX]);
	pack->data = (const float *) (base + offset[PART_DATA]);
	pack->norm = (const float *) (base + offset[PART_NORM]);
	pack->bias = (const float *) (base + offset[PART_BIAS]);
	pack->scale = (const float *) (base + offset[PART_SCALE]);
	pack->codes = (const uint8_t *) (base + offset[PART_CODES]);
	pack->blocks = (const WcPackBlock *) (base + offset[PART_BLOCKS]);
	if (header->base_count < 0)
		return;
	pack->base_identity = base + offsetof(WcPackHeader, base);
	pack->base_count = header->base_count;
	pack->n_gone = header->gone;
	pack->gone = (const int32_t *) (base + offset[PART_GONE]);
	pack->at = (const int32_t *) (base + offset[PART_AT]);
	pack->popular_gone = (const int32_t *) (base + offset[PART_POPULAR_GONE]);
	pack->popular_at = (const int32_t *) (base + offset[PART_POPULAR_AT]);
}

/* ------------------------------------------------------------------------
 * Rows in
 * ------------------------------------------------------------------------ */

WcStatus
wc_pack_begin(WcIdKind kind, int32_t factors, WcPackBuilder **result,
              const WcAlloc *alloc)
{
	WcPackBuilder *builder;
	WcStatus status;

	WC_ASSERT(factors >= WC_FACTORS_MIN && factors <= WC_FACTORS_MAX);
	*result = NULL;
	builder = wc_alloc_array(alloc, 1, sizeof(WcPackBuilder));
	if (builder == NULL)
		return WC_NO_MEMORY;
	memset(builder, 0, sizeof(*builder));
	builder->alloc = *alloc;
	builder->factors = factors;
	status = wc_idmap_create(kind, &builder->ids, alloc);
	if (status != WC_OK)
	{
		wc_pack_abandon(builder);
		return status;
	}
	*result = builder;
	return WC_OK;
}

void
wc_pack_abandon(WcPackBuilder *builder)
{
	WcAlloc alloc;

	if (builder == NULL)
		return;
	alloc = builder->alloc;
	wc_idmap_free(builder->ids);
	wc_free(&alloc, builder->data);
	wc_free(&alloc, builder->bias);
	wc_free(&alloc, builder->entries);
	wc_free(&alloc, builder->likes);
	wc_free(&alloc, builder->gone);
	wc_free(&alloc, builder->renumber);
	wc_free(&alloc, builder->arrival);
	wc_free(&alloc, builder->norms);
	wc_free(&alloc, builder->keyed);
	wc_free(&alloc, builder->scratch);
	wc_free(&alloc, builder);
}

static bool
resize(const WcAlloc *alloc, void **array, size_t count, size_t size)
{
	void *grown = wc_resize_array(alloc, *array, count, size);

	if (grown == NULL)
		return false;
	*array = grown;
	return true;
}

static WcStatus
make_room(WcPackBuilder *builder)
{
	const WcAlloc *alloc = &builder->alloc;
	size_t capacity = builder->capacity == 0 ? FIRST_CAPACITY
	                                         : (size_t) builder->capacity * 2;

	if (capacity > INT32_MAX)
		capacity = INT32_MAX;
	if (!resize(alloc, (void **) &builder->data, capacity,
	            sizeof(float) * (size_t) builder->factors) ||
	    !resize(alloc, (void **) &builder->bias, capacity, sizeof(float)) ||
	    !resize(alloc, (void **) &builder->entries, capacity,
	            sizeof(int32_t)) ||
	    !resize(alloc, (void **) &builder->likes, capacity, sizeof(int32_t)))
		return WC_NO_MEMORY;
	builder->capacity = (int32_t) capacity;
	return WC_OK;
}

WcStatus
wc_pack_add(WcPackBuilder *builder, const WcId *id, const float *vector,
            float bias, int32_t entries, int32_t likes)
{
	int32_t before = wc_idmap_count(builder->ids);
	int32_t k = builder->factors;
	bool finite = isfinite(bias);
	int32_t row;
	WcStatus status;

	for (int32_t f = 0; f < k; f++)
		finite &= isfinite(vector[f]);
	if (!finite)
		return WC_NOT_FINITE;
	if (before == builder->capacity)
	{
		status = make_room(builder);
		if (status != WC_OK)
			return status;
	}
	status = wc_idmap_add(builder->ids, id, &row);
	if (status != WC_OK)
		return status;
	if (row < before)
		return WC_DUPLICATE;
	memcpy(builder->data + (size_t) row * (size_t) k, vector,
	       sizeof(float) * (size_t) k);
	builder->bias[row] = bias + 0.0f; /* no score is -0 */
	builder->entries[row] = entries;
	builder->likes[row] = likes;
	return WC_OK;
}

/* ------------------------------------------------------------------------
 * Order
 * ------------------------------------------------------------------------ */

/* What rows are ordered by.  Too large for a float: all such are equal. */
static float
key_of(float bias, double norm, float c)
{
	double key = bias + c * norm;

	return key > 3e38 ? 3e38f : (float) key;
}

/* Positions by descending key, then index. */
static WcStatus
fill_order(const WcPackBuilder *builder, const WcPack *pack, float *c,
           WcPace *pace)
{
	int32_t *index = (int32_t *) pack->index;
	int32_t *position = (int32_t *) pack->position;
	WcKeyed *sorted;
	double sum = 0;
	WcStatus status;

	for (int32_t i = 0; i < pack->count; i++)
	{
		double norm = builder->norms[builder->arrival[i]];

		if (wc_pace(pace, 4))
			return WC_CANCELLED;
		/* by index for now; it goes to its position below */
		((float *) pack->scale)[i] = (float) norm;
		sum += norm * norm;
	}
	*c = pack->count > 0 ? (float) sqrt(sum / pack->count) : 0.0f;
	if (!isfinite(*c))
		*c = 1.0f;
	for (int32_t i = 0; i < pack->count; i++)
	{
		float bias = builder->bias[builder->arrival[i]];

		builder->keyed[i].key =
		    wc_key_descending(key_of(bias, pack->scale[i], *c));
		builder->keyed[i].value = i;
	}
	status = wc_sort_keyed(pack->count, builder->keyed, builder->scratch,
	                       &sorted, pace);
	if (status != WC_OK)
		return status;
	for (int32_t p = 0; p < pack->count; p++)
	{
		index[p] = sorted[p].value;
		position[sorted[p].value] = p;
		((float *) pack->norm)[p] = pack->scale[sorted[p].value];
	}
	return WC_OK;
}

static WcStatus
fill_popular(const WcPackBuilder *builder, const WcPack *pack,
             const WcHooks *hooks)
{
	int32_t *entries = (int32_t *) pack->entries;
	int32_t *likes = (int32_t *) pack->likes;

	for (int32_t i = 0; i < pack->count; i++)
	{
		entries[i] = builder->entries[builder->arrival[i]];
		likes[i] = builder->likes[builder->arrival[i]];
	}
	return wc_popular_order(pack->count, likes, entries,
	                        (int32_t *) pack->popular, &builder->alloc, hooks);
}

/* ------------------------------------------------------------------------
 * The pack
 * ------------------------------------------------------------------------ */

static uint64_t
header_check(const WcPackHeader *header)
{
	return wc_hash_bytes((const char *) header, offsetof(WcPackHeader, check));
}

static WcStatus
take_workspace(WcPackBuilder *builder)
{
	const WcAlloc *alloc = &builder->alloc;
	size_t count = (size_t) wc_idmap_count(builder->ids);

	builder->renumber = wc_alloc_array(alloc, count, sizeof(int32_t));
	builder->arrival = wc_alloc_array(alloc, count, sizeof(int32_t));
	builder->norms = wc_alloc_array(alloc, count, sizeof(double));
	builder->keyed = wc_alloc_array(alloc, count, sizeof(WcKeyed));
	builder->scratch = wc_alloc_array(alloc, count, sizeof(WcKeyed));
	return builder->renumber == NULL || builder->arrival == NULL ||
	               builder->norms == NULL || builder->keyed == NULL ||
	               builder->scratch == NULL
	           ? WC_NO_MEMORY
	           : WC_OK;
}

/* The block with its header, all else still to be filled in. */
static WcStatus
take_block(const WcPackBuilder *builder, const void *identity, WcPack *pack)
{
	WcPackHeader header;
	uint64_t offset[N_PARTS];
	char *owned;
	char *block;

	memset(&header, 0, sizeof(header));
	memcpy(header.magic, PACK_MAGIC, sizeof(header.magic));
	header.format = PACK_FORMAT;
	header.byte_order = PACK_BYTE_ORDER;
	memcpy(header.identity, identity, WC_PACK_IDENTITY);
	header.kind = (int32_t) wc_idmap_kind(builder->ids);
	header.count = wc_idmap_count(builder->ids);
	header.factors = builder->factors;
	header.base_count = builder->base != NULL ? builder->base->count : -1;
	header.gone = builder->n_gone;
	if (builder->base != NULL)
		memcpy(header.base,
		       ((const WcPackHeader *) builder->base->block)->identity,
		       WC_PACK_IDENTITY);
	header.text = wc_pack_text(builder->ids);
	header.bytes = lay_out(&header, offset);
	if (header.bytes > SIZE_MAX - PACK_ALIGN)
		return WC_NO_MEMORY;
	owned =
	    wc_alloc_array(&builder->alloc, (size_t) header.bytes + PACK_ALIGN, 1);
	if (owned == NULL)
		return WC_NO_MEMORY;
	block = owned + (PACK_ALIGN - (uintptr_t) owned % PACK_ALIGN);
	/* what lies between the parts goes into files too */
	memset(block, 0, offset[PART_IDS]);
	for (int part = 1; part < N_PARTS; part++)
		memset(block + offset[part] - PACK_ALIGN, 0, PACK_ALIGN);
	memcpy(block, &header, sizeof(header));
	view(block, &header, pack);
	pack->owned = owned;
	return WC_OK;
}

/* Everything but the block itself; the ids are sorted first. */
static WcStatus
fill(WcPackBuilder *builder, WcPack *pack, const WcJob *job)
{
	WcPackHeader *header = (WcPackHeader *) pack->block;
	WcPace pace = wc_pace_start(job->hooks);
	float c;
	WcStatus status;

	for (int32_t row = 0; row < pack->count; row++)
		builder->arrival[builder->renumber[row]] = row;
	status = wc_pack_fill_ids(pack, builder->ids, &pace);
	if (status == WC_OK)
		status = wc_pack_measure(builder, job);
	if (status == WC_OK)
		status = fill_order(builder, pack, &c, &pace);
	if (status == WC_OK)
		status = fill_popular(builder, pack, job->hooks);
	if (status == WC_OK)
		status = wc_pack_fill_rows(builder, pack, c, job);
	if (status == WC_OK && builder->base != NULL)
		status = wc_pack_fill_delta(builder, pack, &pace);
	if (status != WC_OK)
		return status;
	pack->query_norm = header->query_norm = c;
	header->check = header_check(header);
	return WC_OK;
}

WcStatus
wc_pack_finish(WcPackBuilder *builder, const void *identity, WcPack *pack,
               const WcJob *job)
{
	static const WcJob alone = {.threads = 1};
	WcAlloc alloc = builder->alloc;
	WcStatus status;

	memset(pack, 0, sizeof(*pack));
	if (job == NULL)
		job = &alone;
	status = take_workspace(builder);
	if (status == WC_OK)
		status = wc_idmap_sort(builder->ids, builder->renumber, job->hooks);
	if (status == WC_OK)
		status = take_block(builder, identity, pack);
	if (status == WC_OK)
		status = fill(builder, pack, job);
	if (status != WC_OK && pack->owned != NULL)
	{
		wc_free(&alloc, pack->owned);
		memset(pack, 0, sizeof(*pack));
	}
	wc_pack_abandon(builder);
	return status;
}

/* ------------------------------------------------------------------------
 * Rows for who folds in
 * ------------------------------------------------------------------------ */

static const float *
item_vector(const void *pack, int32_t index)
{
	return wc_pack_vector(pack, index);
}

static float
item_bias(const void *pack, int32_t index)
{
	return wc_pack_bias(pack, index);
}

static int32_t
item_entries(const void *pack, int32_t index)
{
	return wc_pack_entries(pack, index);
}

WcFoldItems
wc_pack_items(const WcPack *pack, const double *gram)
{
	return (WcFoldItems){pack->count,  item_vector, item_bias,
	                     item_entries, pack,        gram};
}

/* ------------------------------------------------------------------------
 * A block of unknown origin
 * ------------------------------------------------------------------------ */

static bool
header_is_good(const WcPackHeader *header, size_t bytes, const void *identity)
{
	uint64_t offset[N_PARTS];

	if (memcmp(header->magic, PACK_MAGIC, sizeof(header->magic)) != 0 ||
	    header->format != PACK_FORMAT ||
	    header->byte_order != PACK_BYTE_ORDER ||
	    header->check != header_check(header) ||
	    memcmp(header->identity, identity, WC_PACK_IDENTITY) != 0)
		return false;
	return (header->kind == WC_ID_INT64 || header->kind == WC_ID_BYTES) &&
	       header->count >= 0 && header->factors >= WC_FACTORS_MIN &&
	       header->factors <= WC_FACTORS_MAX && header->text <= bytes &&
	       header->base_count >= -1 && header->gone >= 0 &&
	       header->gone <= (header->base_count < 0 ? 0 : header->base_count) &&
	       header->bytes == bytes && lay_out(header, offset) == bytes;
}

static bool
are_indexes(int32_t count, const int32_t *numbers)
{
	uint32_t limit = (uint32_t) count;
	bool good = true;

	for (int32_t i = 0; i < count; i++)
		good &= (uint32_t) numbers[i] < limit;
	return good;
}

bool
wc_pack_open(const void *block, size_t bytes, const void *identity,
             bool as_written, WcPack *pack)
{
	WcPackHeader header;

	memset(pack, 0, sizeof(*pack));
	if ((uintptr_t) block % PACK_ALIGN != 0 || bytes < sizeof(header))
		return false;
	memcpy(&header, block, sizeof(header));
	if (!header_is_good(&header, bytes, identity))
		return false;
	view(block, &header, pack);
	if (as_written)
		return true;
	if (wc_pack_ids_are_good(pack) &&
	    are_indexes(pack->count, pack->position) &&
	    are_indexes(pack->count, pack->popular) &&
	    are_indexes(pack->count, pack->index) && wc_pack_delta_is_good(pack))
		return true;
	memset(pack, 0, sizeof(*pack));
	return false;
}

float
wc_pack_score(const WcPack *pack, const float *query, float base, int32_t index)
{
	WcPackRow row = wc_pack_row(pack, index);

	WC_ASSERT(index >= 0 && index < pack->count);
	return wc_pack_score_at(row.pack, query, base,
	                        row.pack->position[row.index]);
}
