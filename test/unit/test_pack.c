/*-------------------------------------------------------------------------
 *
 * test_pack.c
 *	  Packs: what goes in comes out, bounds are bounds, and a damaged block is
 *	  either refused or harmless.  Of core/answer/pack_ids.c, too.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "check.h"

#include "core/answer/pack.h"

static const char identity[WC_PACK_IDENTITY] = "one";
static const char other_identity[WC_PACK_IDENTITY] = "two";

/* The id of row j: numbers far apart, or strings of any length. */
static WcId
id_of(WcIdKind kind, int32_t j, char *buffer)
{
	WcId id = {0, NULL, 0};

	if (kind == WC_ID_INT64)
	{
		id.number = (int64_t) ((uint64_t) j * UINT64_C(0x9E3779B97F4A7C15));
		if (j == 0)
			id.number = INT64_MIN;
	}
	else
	{
		id.length =
		    (size_t) sprintf(buffer, "%.*s%d", j % 40,
		                     "the same beginning of all of these ids", j);
		if (j == 0)
			id.length = 0;
		id.bytes = buffer;
	}
	return id;
}

static void
vector_of(int32_t k, int32_t j, float *vector)
{
	uint64_t state = (uint64_t) j * 31 + 7;

	for (int32_t f = 0; f < k; f++)
		vector[f] = (float) ((check_random(&state) - 0.5) / (1 + j % 17));
	if (j % 13 == 5)
		memset(vector, 0, sizeof(float) * (size_t) k);
}

static float
bias_of(int32_t j)
{
	return (float) (j % 7) - 3;
}

static WcStatus
make(WcIdKind kind, int32_t count, int32_t k, int32_t step, WcPack *pack,
     const WcHooks *hooks)
{
	WcPackBuilder *builder;
	WcStatus status = wc_pack_begin(kind, k, &builder, &check_alloc);
	float vector[WC_FACTORS_MAX];
	char buffer[64];

	/* step: another order of arrival */
	for (int32_t i = 0; i < count && status == WC_OK; i++)
	{
		int32_t j = (int32_t) ((int64_t) i * step % count);
		WcId id = id_of(kind, j, buffer);

		vector_of(k, j, vector);
		status = wc_pack_add(builder, &id, vector, bias_of(j), j % 5, j % 3);
		if (status != WC_OK)
			wc_pack_abandon(builder);
	}
	if (status != WC_OK)
		return status;
	return wc_pack_finish(builder, identity, pack,
	                      &(WcJob){.hooks = hooks, .threads = 1});
}

/* Looked for together, ids lead to the same rows, those that are not there too. */
static void
check_find_many(const WcPack *pack, int32_t count)
{
	int32_t n = count + 21;
	WcId *ids = malloc((size_t) n * sizeof(WcId));
	char(*buffers)[64] = malloc((size_t) n * 64);
	int32_t *found = malloc((size_t) n * sizeof(int32_t));
	bool same = true;

	for (int32_t i = 0; i < n; i++)
		ids[i] = id_of(pack->kind, n - 1 - i, buffers[i]);
	for (int32_t some = n; some >= 0; some -= n / 3 + 1)
	{
		memset(found, 0x7F, (size_t) n * sizeof(int32_t));
		wc_pack_find_many(pack, some, ids, found);
		for (int32_t i = 0; i < some; i++)
			same &= found[i] == wc_pack_find(pack, &ids[i]);
	}
	CHECK(same);
	free(ids);
	free(buffers);
	free(found);
}

/* Who folds in sees each row as others do. */
static void
check_items(const WcPack *pack)
{
	double gram[1] = {0};
	WcFoldItems items = wc_pack_items(pack, gram);
	bool same = items.count == pack->count && items.gram == gram;

	for (int32_t i = 0; i < pack->count; i++)
		same &= items.vector(items.arg, i) == wc_pack_vector(pack, i) &&
		        items.bias(items.arg, i) == wc_pack_bias(pack, i) &&
		        items.entries(items.arg, i) == wc_pack_entries(pack, i);
	CHECK(same);
}

/* Ids ascend, and lead to what was added under them. */
static void
check_rows(const WcPack *pack, int32_t count, int32_t k)
{
	float vector[WC_FACTORS_MAX];
	char buffer[64];
	bool found = true;
	bool right = true;
	bool ascending = true;

	CHECK(pack->count == count && pack->factors == k);
	check_find_many(pack, count);
	for (int32_t j = 0; j < count; j++)
	{
		WcId id = id_of(pack->kind, j, buffer);
		int32_t index = wc_pack_find(pack, &id);
		float norm;
		WcId own;

		found &= index >= 0;
		if (index < 0)
			continue;
		own = wc_pack_id(pack, index);
		found &=
		    own.number == id.number && own.length == id.length &&
		    (id.length == 0 || memcmp(own.bytes, id.bytes, id.length) == 0);
		vector_of(k, j, vector);
		right &= memcmp(wc_pack_vector(pack, index), vector,
		                sizeof(float) * (size_t) k) == 0;
		right &= wc_pack_bias(pack, index) == bias_of(j);
		right &= pack->entries[index] == j % 5;
		right &= pack->likes[index] == j % 3;
		norm = pack->norm[pack->position[index]];
		right &= fabsf(norm - sqrtf(wc_dot(k, vector, vector))) <= 1e-5f * norm;
		right &= pack->index[pack->position[index]] == index;
	}
	for (int32_t i = 1; i < count; i++)
	{
		WcId a = wc_pack_id(pack, i - 1);
		WcId b = wc_pack_id(pack, i);
		size_t shorter = a.length < b.length ? a.length : b.length;
		int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);

		ascending &= pack->kind == WC_ID_INT64
		                 ? a.number < b.number
		                 : order < 0 || (order == 0 && a.length < b.length);
	}
	CHECK(found && right && ascending);
	{
		WcId id = id_of(pack->kind, count + 7, buffer);

		CHECK(wc_pack_find(pack, &id) == -1);
	}
}

static void
check_popularity(const WcPack *pack)
{
	bool sorted = true;

	for (int32_t place = 1; place < pack->count; place++)
	{
		int32_t a = pack->popular[place - 1];
		int32_t b = pack->popular[place];

		sorted &= pack->likes[a] > pack->likes[b] ||
		          (pack->likes[a] == pack->likes[b] &&
		           (pack->entries[a] < pack->entries[b] ||
		            (pack->entries[a] == pack->entries[b] && a < b)));
	}
	CHECK(sorted);
}

/* The codes of a row, and what pack.h promises of its block. */
static void
check_bounds(const WcPack *pack)
{
	int32_t k = pack->factors;
	int32_t chunks = wc_pack_chunks(k);
	double c = pack->query_norm;
	bool held = true;

	for (int32_t p = 0; p < pack->count; p++)
	{
		const float *v = pack->data + (size_t) p * (size_t) k;
		const uint8_t *codes =
		    pack->codes + (size_t) (p / 16) * (size_t) chunks * 64 + p % 16 * 4;
		double norm = 0;
		double hat = 0;
		double rest = 0;

		for (int32_t f = 0; f < k; f++)
		{
			double coded =
			    (double) pack->scale[p] * (codes[f / 4 * 64 + f % 4] - 128);

			norm += (double) v[f] * v[f];
			hat += coded * coded;
			rest += (v[f] - coded) * (v[f] - coded);
		}
		norm = sqrt(norm);
		for (int32_t b = p / 64; b >= 0; b--)
		{
			const WcPackBlock *block = &pack->blocks[b];

			held &= block->norm_max >= norm && block->norm_min <= norm &&
			        block->bias_max >= pack->bias[p] &&
			        block->bias >= fabsf(pack->bias[p]) &&
			        block->key_max >= pack->bias[p] + c * norm;
		}
		held &= pack->blocks[p / 64].hat >= sqrt(hat);
		held &= pack->blocks[p / 64].ratio * (double) pack->scale[p] >=
		        sqrt(rest) + wc_dot_error(k) * norm;
		held &=
		    pack->blocks[p / 64].size >=
		    sqrt(hat) + pack->blocks[p / 64].ratio * (double) pack->scale[p];
		/* half a code off, and a little */
		held &= sqrt(rest) <= 0.51 * sqrt(k) * pack->scale[p];
	}
	CHECK(held);
}

static void
test_contents(void)
{
	static const int32_t counts[] = {0, 1, 2, 64, 65, 1000};
	static const int32_t ks[] = {1, 3, 4, 17, 64};

	for (int kind = 0; kind < 2; kind++)
	{
		for (int i = 0; i < 6; i++)
		{
			for (int j = 0; j < 5; j++)
			{
				WcPack pack;
				WcPack again;

				CHECK(make((WcIdKind) kind, counts[i], ks[j], 1, &pack, NULL) ==
				      WC_OK);
				check_rows(&pack, counts[i], ks[j]);
				check_items(&pack);
				check_popularity(&pack);
				check_bounds(&pack);
				/* 7 and the counts have no factor in common */
				CHECK(make((WcIdKind) kind, counts[i], ks[j], 7, &again,
				           NULL) == WC_OK);
				CHECK(again.bytes == pack.bytes &&
				      memcmp(again.block, pack.block, pack.bytes) == 0);
				free(again.owned);
				free(pack.owned);
			}
		}
	}
}

static void
test_refusals(void)
{
	float vector[] = {1, 2, 3};
	WcId id = {7, NULL, 0};
	WcPackBuilder *builder;

	CHECK(wc_pack_begin(WC_ID_INT64, 3, &builder, &check_alloc) == WC_OK);
	CHECK(wc_pack_add(builder, &id, vector, NAN, 0, 0) == WC_NOT_FINITE);
	CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_OK);
	CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_DUPLICATE);
	id.number = 8;
	vector[2] = INFINITY;
	CHECK(wc_pack_add(builder, &id, vector, 0, 0, 0) == WC_NOT_FINITE);
	wc_pack_abandon(builder);
	wc_pack_abandon(NULL);
}

/* The end of the address space of a good pack, to be spoilt. */
static char *
copy_of(const WcPack *pack, void **owned)
{
	char *raw = malloc(pack->bytes + 64);
	char *copy = raw + (64 - (uintptr_t) raw % 64);

	*owned = raw;
	memcpy(copy, pack->block, pack->bytes);
	return copy;
}

/* What anybody may do with an opened pack; sanitizers watch. */
static void
use(const WcPack *pack)
{
	char buffer[64];
	float query[64] = {1, -1, 0.5f};
	WcScored result[10];
	int32_t n_result;
	WcQuery search = {.vector = query, .min_score = -INFINITY};
	WcError error;

	for (int32_t j = 0; j < 20; j++)
	{
		WcId id = id_of(pack->kind, j, buffer);

		(void) wc_pack_find(pack, &id);
	}
	for (int32_t i = 0; i < pack->count; i++)
	{
		WcId id = wc_pack_id(pack, i);

		check_passed += id.length > 0 && id.bytes[id.length - 1] == 1;
		check_passed += wc_pack_vector(pack, pack->popular[i])[0] == 3;
	}
	(void) wc_search(pack, &search, 10, result, &n_result,
	                 &(WcJob){.alloc = &check_alloc, .error = &error});
}

static void
test_open(void)
{
	for (int kind = 0; kind < 2; kind++)
	{
		WcPack pack;
		WcPack view;
		void *owned;
		char *copy;
		uint64_t state = 5;
		int refused = 0;

		CHECK(make((WcIdKind) kind, 100, 5, 1, &pack, NULL) == WC_OK);
		copy = copy_of(&pack, &owned);
		memset(&view, 0xFF, sizeof(view));
		CHECK(wc_pack_open(copy, pack.bytes, identity, false, &view));
		CHECK(view.owned == NULL && view.block == copy);
		check_rows(&view, 100, 5);
		CHECK(wc_pack_open(copy, pack.bytes, identity, true, &view));
		check_rows(&view, 100, 5);
		CHECK(!wc_pack_open(copy, pack.bytes, other_identity, false, &view));
		CHECK(view.block == NULL);
		CHECK(!wc_pack_open(copy + 8, pack.bytes - 8, identity, false, &view));
		CHECK(!wc_pack_open(copy, pack.bytes + 64, identity, false, &view));
		free(owned);

		/* a file of any length, from the beginning of a good one */
		for (size_t bytes = 0; bytes < pack.bytes; bytes += 61)
		{
			char *raw = malloc(bytes + 64);
			char *part = raw + (64 - (uintptr_t) raw % 64);

			memcpy(part, pack.block, bytes);
			refused += !wc_pack_open(part, bytes, identity, false, &view);
			free(raw);
		}
		CHECK(refused == (int) ((pack.bytes + 60) / 61));

		/* any bit of the header or of an index counts */
		for (size_t bit = 0; bit < sizeof(WcPackHeader) * 8; bit++)
		{
			copy = copy_of(&pack, &owned);
			copy[bit / 8] ^= (char) (1 << bit % 8);
			if (wc_pack_open(copy, pack.bytes, identity, false, &view))
				CHECK(!"a damaged header was taken");
			if (wc_pack_open(copy, pack.bytes, identity, true, &view))
				CHECK(!"a damaged header was taken unseen");
			free(owned);
		}
		refused = 0;
		for (int i = 0; i < 3000; i++)
		{
			size_t place;
			size_t length = i % 3 == 0 ? 1 : 8;

			copy = copy_of(&pack, &owned);
			place = (size_t) (check_random(&state) * (double) (pack.bytes - 8));
			for (size_t b = 0; b < length; b++)
				copy[place + b] = (char) (check_random(&state) * 256);
			if (wc_pack_open(copy, pack.bytes, identity, false, &view))
				use(&view);
			else
				refused++;
			free(owned);
		}
		CHECK(refused > 300 && refused < 2900);
		free(pack.owned);
	}
}

static bool
are_within(const WcPack *pack, int32_t n, const WcScored *scored)
{
	bool good = true;

	for (int32_t i = 0; i < n; i++)
		good &= scored[i].index >= 0 && scored[i].index < pack->count;
	return good;
}

/* All ways to read a pack, none of which may leave it or go on for ever. */
static void
check_all_within(const WcPack *pack, int32_t k)
{
	int32_t count = pack->count;
	WcScored *scored = malloc((size_t) count * 3 * sizeof(WcScored));
	float vector[WC_FACTORS_MAX];
	WcQuery query = {.vector = vector, .min_score = -INFINITY};
	WcQuery queries[3] = {query, query, query};
	int32_t n_many[3];
	char buffer[64];
	WcError error;
	bool good = true;

	for (int32_t j = 0; j < count + 5; j++)
	{
		WcId id = id_of(pack->kind, j, buffer);
		int32_t index = wc_pack_find(pack, &id);

		good &= index >= -1 && index < count;
		if (j >= count)
			continue;
		id = wc_pack_id(pack, j);
		good &=
		    pack->kind == WC_ID_INT64 || id.length <= (size_t) pack->text_bytes;
		for (size_t b = 0; b < id.length; b++)
			good &= id.bytes[b] != '\x7F'; /* read, for the sanitizer */
		good &= wc_pack_vector(pack, j)[0] < FLT_MAX;
	}
	CHECK(good);
	vector_of(k, 3, vector);
	for (int32_t n = 1; n <= count; n = n * 3 + 1)
	{
		int32_t found = 0;

		if (wc_search(pack, &query, n, scored, &found,
		              &(WcJob){.alloc = &check_alloc, .error = &error}) ==
		    WC_OK)
			CHECK(found <= n && are_within(pack, found, scored));
		for (int metric = 0; metric < 3; metric++)
			if (wc_search_similar(
			        pack, (WcMetric) metric, &query, n, scored, &found,
			        &(WcJob){.alloc = &check_alloc, .error = &error}) == WC_OK)
				CHECK(found <= n && are_within(pack, found, scored));
		if (wc_search_many(pack, 3, queries, n, scored, n_many,
		                   &(WcJob){.alloc = &check_alloc, .error = &error}) ==
		    WC_OK)
			for (int q = 0; q < 3; q++)
				CHECK(n_many[q] <= n &&
				      are_within(pack, n_many[q], scored + q * n));
	}
	free(scored);
}

/*
 * A file that goes bad while it is mapped becomes zeros (base/mapping.c), all of
 * it, and a reader may have looked at some of it before.
 */
static void
test_zeros(void)
{
	for (int kind = 0; kind < 2; kind++)
	{
		WcPack pack;

		CHECK(make((WcIdKind) kind, 300, 5, 1, &pack, NULL) == WC_OK);
		for (size_t from = 0; from <= pack.bytes; from += 512)
		{
			WcPack view;
			void *owned;
			char *copy = copy_of(&pack, &owned);

			CHECK(wc_pack_open(copy, pack.bytes, identity, false, &view));
			memset(copy + from, 0, pack.bytes - from);
			check_all_within(&view, 5);
			free(owned);

			/* the other way round */
			copy = copy_of(&pack, &owned);
			CHECK(wc_pack_open(copy, pack.bytes, identity, false, &view));
			memset(copy, 0, from);
			check_all_within(&view, 5);
			free(owned);
		}
		free(pack.owned);
	}
}

/* Numbers that lead outside are found wherever they stand. */
static void
test_indexes(void)
{
	WcPack pack;
	WcPack view;

	CHECK(make(WC_ID_BYTES, 100, 5, 1, &pack, NULL) == WC_OK);
	for (int part = 0; part < 6; part++)
	{
		const int32_t *arrays[] = {pack.position, pack.popular, pack.index};
		uint64_t *slots = (uint64_t *) pack.slots;
		int64_t *offset = (int64_t *) pack.offset;
		int32_t *array = part < 3 ? (int32_t *) arrays[part] : NULL;
		int32_t kept = array != NULL ? array[99] : 0;
		uint64_t kept_slot = slots[3];

		CHECK(wc_pack_open(pack.block, pack.bytes, identity, false, &view));
		if (array != NULL)
			array[99] = part == 1 ? -1 : 100;
		else if (part == 3)
			slots[3] = 101;
		else if (part == 4)
			slots[3] = UINT64_C(1) << 40;
		else
			offset[50] += INT64_C(1) << 40;
		CHECK(!wc_pack_open(pack.block, pack.bytes, identity, false, &view));
		if (array != NULL)
			array[99] = kept;
		slots[3] = kept_slot;
		if (part == 5)
			offset[50] -= INT64_C(1) << 40;
	}
	/* no empty slot: a search would never end */
	for (int s = 0; s < 256; s++)
		((uint64_t *) pack.slots)[s] = 1;
	CHECK(!wc_pack_open(pack.block, pack.bytes, identity, false, &view));
	free(pack.owned);
}

static void
test_failures(void)
{
	WcStatus status = WC_NO_MEMORY;
	WcPack pack;
	long n;

	for (n = 0; status != WC_OK && n < 100; n++)
	{
		check_fail_after = n;
		status = make(WC_ID_BYTES, 600, 5, 1, &pack, NULL);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
	}
	CHECK(status == WC_OK && n > 15);
	free(pack.owned);

	status = WC_CANCELLED;
	for (n = 0; status != WC_OK && n < 500; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};

		status = make(WC_ID_INT64, 20000, 16, 1, &pack, &hooks);
		CHECK(status == WC_OK ||
		      (status == WC_CANCELLED && pack.owned == NULL));
	}
	/* sorting twice, ids, order, rows, codes, Gram matrix */
	CHECK(status == WC_OK && n > 10);
	free(pack.owned);
}

int
main(void)
{
	test_contents();
	test_refusals();
	test_open();
	test_zeros();
	test_indexes();
	test_failures();
	return check_report("test_pack");
}
