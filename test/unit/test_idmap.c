/*-------------------------------------------------------------------------
 *
 * test_idmap.c
 *	  Ids go in and come back: against a plain list, through growth and
 *	  leaving out, one by one and by the block, for numbers and for bytes of
 *	  every kind.
 *
 *-------------------------------------------------------------------------
 */
#include "ids.h"

static void
test_add(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	WcIdMap *map = create(kind);
	WcIdMap *other = create(kind);

	CHECK(find(map, pool->id[0]) == -1);
	for (int32_t i = 0; i < IDS; i++)
	{
		CHECK(add(map, pool->id[i]) == i);
		CHECK(add(map, pool->id[i]) == i);
		CHECK(add(map, pool->id[i / 3]) == i / 3);
		CHECK(wc_idmap_count(map) == i + 1);
		if (i + 1 < IDS)
			CHECK(find(map, pool->id[i + 1]) == -1);
	}
	for (int32_t i = 0; i < IDS; i++)
	{
		CHECK(find(map, pool->id[i]) == i);
		CHECK(same_id(wc_idmap_get(map, i), pool->id[i]));
	}

	/* The hash belongs to the id, not to its index or the map's size. */
	for (int32_t i = 0; i < 100; i++)
		CHECK(add(other, pool->id[99 - i]) == i);
	for (int32_t i = 0; i < 100; i++)
	{
		CHECK(wc_idmap_hash(map, i) == wc_idmap_hash(other, 99 - i));
		if (i > 0)
			CHECK(wc_idmap_hash(map, i) != wc_idmap_hash(map, i - 1));
	}
	wc_idmap_free(map);
	wc_idmap_free(other);
	free(pool);
}

static void
test_keep(WcIdKind kind, int32_t count, int32_t every)
{
	Pool *pool = create_pool(kind);
	WcIdMap *map = create(kind);
	bool *keep = malloc(sizeof(bool) * (size_t) (count + 1));
	int32_t kept = 0;

	for (int32_t i = 0; i < count; i++)
	{
		add(map, pool->id[i]);
		keep[i] = every > 0 && i % every == 0;
	}
	if (every > 1)
		keep[count - 1] = true;
	CHECK(wc_idmap_keep(map, keep, NULL) == WC_OK);
	if (every > 1)
		CHECK(add(map, pool->id[count - 1]) == wc_idmap_count(map) - 1);
	for (int32_t i = 0; i < count; i++)
	{
		CHECK(find(map, pool->id[i]) == (keep[i] ? kept : -1));
		if (keep[i])
			CHECK(same_id(wc_idmap_get(map, kept++), pool->id[i]));
	}
	CHECK(wc_idmap_count(map) == kept);

	/* What was dropped can come back, at the end. */
	for (int32_t i = 0; i < count; i++)
	{
		if (!keep[i])
			CHECK(add(map, pool->id[i]) == kept++);
	}
	CHECK(wc_idmap_count(map) == count);
	wc_idmap_free(map);
	free(keep);
	free(pool);
}

/* Every failing allocation while ids arrive. */
static void
test_no_memory(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	WcStatus status = WC_NO_MEMORY;
	long n = 0;

	for (; status != WC_OK; n++)
	{
		WcIdMap *map;
		int32_t added = 0;
		int32_t index;

		check_fail_after = n;
		status = wc_idmap_create(kind, &map, &check_alloc);
		CHECK((map != NULL) == (status == WC_OK));
		while (status == WC_OK && added < 3000)
		{
			status = wc_idmap_add(map, &pool->id[added], &index);
			if (status == WC_OK)
				added++;
		}
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);

		/* What had arrived is still there, and more can follow. */
		if (map != NULL && status != WC_OK)
		{
			CHECK(wc_idmap_count(map) == added);
			for (int32_t i = 0; i < added; i++)
				CHECK(find(map, pool->id[i]) == i);
			CHECK(add(map, pool->id[added]) == added);
		}
		wc_idmap_free(map);
	}
	CHECK(n > 8);
	free(pool);
}

/* Leaving out asks while it works, and can be left at any ask. */
static void
test_cancel(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	bool *keep = calloc(IDS, sizeof(bool));
	WcStatus status = WC_CANCELLED;
	long asks = 0;

	for (long n = 0; status != WC_OK; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcIdMap *map = create(kind);

		for (int32_t i = 0; i < IDS; i++)
			add(map, pool->id[i]);
		status = wc_idmap_keep(map, keep, &hooks);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(n < 1000);
		asks = cancel.asked;
		wc_idmap_free(map);
	}
	CHECK(asks >= 1);
	free(keep);
	free(pool);
}

/*
 * Numbers of every density, arriving upwards, downwards and mixed: they move
 * from the table to the array as it grows, and none is lost or doubled.
 */
static void
test_density(void)
{
	static const int64_t strides[] = {1, 3, 7, 9, 20, 1000003};

	for (int s = 0; s < 6 * 3; s++)
	{
		int64_t stride = strides[s / 3];
		WcIdMap *map = create(WC_ID_INT64);
		int32_t count = 30000;
		int32_t *renumber = malloc(sizeof(int32_t) * (size_t) count);
		bool *keep = malloc(sizeof(bool) * (size_t) count);

		for (int round = 0; round < 2; round++)
		{
			for (int64_t i = 0; i < count; i++)
			{
				int64_t order[] = {i, count - 1 - i, i * 7919 % count};

				CHECK(add(map, number_id(order[s % 3] * stride)) == i);
			}
		}
		CHECK(wc_idmap_count(map) == count);
		CHECK(wc_idmap_sort(map, renumber, NULL) == WC_OK);
		for (int64_t i = 0; i < count; i++)
		{
			CHECK(find(map, number_id(i * stride)) == i);
			CHECK(find(map, number_id(i * stride + 1)) ==
			      (stride == 1 && i + 1 < count ? i + 1 : -1));
			keep[i] = i % 2 == 0;
		}
		CHECK(find(map, number_id(-1)) == -1);
		CHECK(wc_idmap_keep(map, keep, NULL) == WC_OK);
		for (int64_t i = 0; i < count; i++)
			CHECK(find(map, number_id(i * stride)) == (keep[i] ? i / 2 : -1));
		CHECK(add(map, number_id(stride)) == count / 2);
		CHECK(add(map, number_id(stride)) == count / 2);
		wc_idmap_free(map);
		free(renumber);
		free(keep);
	}
}

/*
 * A stream of ids with repetitions: those of the pool, or with a stride of 1 or
 * more its multiples.
 */
static WcId *
create_stream(const Pool *pool, int64_t stride, int64_t count)
{
	WcId *ids = malloc(sizeof(WcId) * (size_t) count);
	uint64_t state = 7;

	if (ids == NULL)
		abort();
	for (int64_t e = 0; e < count; e++)
	{
		int64_t pick = (int64_t) (check_random(&state) * IDS);

		/* New ones come all the time, far ones late, and some in a row. */
		pick = pick * (e + 1) / count;
		ids[e] = stride == 0 ? pool->id[pick] : number_id(pick * stride);
		if (e > 0 && e % 5 == 0)
			ids[e] = ids[e - 1];
	}
	return ids;
}

static WcStatus
add_many(WcIdMap *map, int64_t count, const WcId *ids, int32_t *indexes)
{
	int64_t *numbers;
	WcStatus status;

	if (wc_idmap_kind(map) == WC_ID_BYTES)
		return wc_idmap_add_many_bytes(map, count, ids, indexes);
	numbers = malloc(sizeof(int64_t) * (size_t) (count + 1));
	if (numbers == NULL)
		abort();
	for (int64_t e = 0; e < count; e++)
		numbers[e] = ids[e].number;
	status = wc_idmap_add_many(map, count, numbers, indexes);
	free(numbers);
	return status;
}

/* Ids by the block get the indexes they get one by one. */
static void
test_many(WcIdKind kind, int64_t stride, int64_t block)
{
	int64_t count = 60000;
	Pool *pool = create_pool(kind);
	WcId *ids = create_stream(pool, stride, count);
	int32_t *indexes = malloc(sizeof(int32_t) * (size_t) block);
	WcIdMap *one = create(kind);
	WcIdMap *many = create(kind);
	int64_t end;

	if (indexes == NULL)
		abort();
	CHECK(add_many(many, 0, NULL, NULL) == WC_OK);
	for (int64_t begin = 0; begin < count; begin = end)
	{
		end = count - begin < block ? count : begin + block;
		CHECK(add_many(many, end - begin, ids + begin, indexes) == WC_OK);
		for (int64_t e = begin; e < end; e++)
			CHECK(indexes[e - begin] == add(one, ids[e]));
		CHECK(wc_idmap_count(many) == wc_idmap_count(one));

		/* One at a time in between: the id added last is remembered. */
		if (end % 7 == 0 && end < count)
			CHECK(add(many, ids[end]) == add(one, ids[end]));
	}
	for (int32_t i = 0; i < wc_idmap_count(one); i++)
	{
		CHECK(same_id(wc_idmap_get(one, i), wc_idmap_get(many, i)));
		CHECK(find(many, wc_idmap_get(one, i)) == i);
	}
	CHECK(wc_idmap_count(many) > IDS / 2);
	wc_idmap_free(one);
	wc_idmap_free(many);
	free(indexes);
	free(ids);
	free(pool);
}

/* A block there is no memory for leaves ids in order, and can be redone. */
static void
test_many_no_memory(WcIdKind kind, int64_t stride)
{
	int64_t count = 60000;
	Pool *pool = create_pool(kind);
	WcId *ids = create_stream(pool, stride, count);
	int32_t *indexes = malloc(sizeof(int32_t) * (size_t) count);
	WcIdMap *one = create(kind);
	WcStatus status = WC_NO_MEMORY;
	long n = 0;

	if (indexes == NULL)
		abort();
	for (int64_t e = 0; e < count; e++)
		add(one, ids[e]);
	for (; status != WC_OK; n++)
	{
		WcIdMap *map = create(kind);
		int32_t added;

		check_fail_after = n;
		status = add_many(map, count, ids, indexes);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		added = wc_idmap_count(map);
		CHECK((added == wc_idmap_count(one)) == (status == WC_OK));
		for (int32_t i = 0; i < added; i++)
			CHECK(find(map, wc_idmap_get(one, i)) == i);
		CHECK(add_many(map, count, ids, indexes) == WC_OK);
		CHECK(wc_idmap_count(map) == wc_idmap_count(one));
		for (int64_t e = 0; e < count; e++)
			CHECK(indexes[e] == find(one, ids[e]));
		wc_idmap_free(map);
	}
	CHECK(n > 8);
	wc_idmap_free(one);
	free(indexes);
	free(ids);
	free(pool);
}

/* The hash of idmap.c, byte by byte. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xE9846AF9B1A615D5);
	x ^= x >> 29;
	x *= UINT64_C(0xC13FA9A902A6328F);
	x ^= x >> 32;
	return x;
}

static uint64_t
word_at(WcId id, size_t at)
{
	uint64_t word = 0;

	for (size_t b = 0; b < 8 && at + b < id.length; b++)
		word |= (uint64_t) (unsigned char) id.bytes[at + b] << (8 * b);
	return word;
}

static uint64_t
slow_hash(WcId id)
{
	uint64_t hash = mix((uint64_t) id.length + UINT64_C(0x5851F42D4C957F2D));

	for (size_t at = 0; at < id.length; at += 8)
		hash = mix(hash ^ word_at(id, at));
	return mix(hash ^ UINT64_C(0x9FB21C651E98DF25));
}

/*
 * A model's first factors come from this hash: it may not change.  And ids that
 * differ in one byte, wherever it is, are two.
 */
static void
test_bytes(void)
{
	char text[40];

	for (size_t length = 0; length < sizeof(text); length++)
	{
		WcIdMap *map = create(WC_ID_BYTES);
		WcId id = bytes_id(text, length);
		int32_t index = 7;

		for (size_t b = 0; b < sizeof(text); b++)
			text[b] = (char) (200 + 31 * b);
		CHECK(add(map, id) == 0);
		CHECK(wc_idmap_hash(map, 0) == slow_hash(id));
		for (size_t b = 0; b < length; b++)
		{
			text[b] ^= 64;
			CHECK(find(map, id) == -1);
			CHECK(add(map, id) == (int32_t) b + 1);
			text[b] ^= 64;
			CHECK(add(map, id) == 0);
		}
		CHECK(wc_idmap_add_many_bytes(map, 1, &id, &index) == WC_OK);
		CHECK(index == 0 && wc_idmap_count(map) == (int32_t) length + 1);
		wc_idmap_free(map);
	}
}

/*
 * Different ids of 16 bytes with the same hash: what the first word changes in
 * the running hash, the second one changes back.
 */
static void
test_collisions(void)
{
	enum
	{
		TWINS = 100
	};

	WcIdMap *map = create(WC_ID_BYTES);
	char text[TWINS][16];
	WcId ids[2 * TWINS];
	int32_t indexes[2 * TWINS];
	uint64_t begin = mix(16 + UINT64_C(0x5851F42D4C957F2D));

	for (uint64_t i = 0; i < TWINS; i++)
	{
		uint64_t second = mix(begin ^ i) ^ UINT64_C(12345);

		for (int b = 0; b < 8; b++)
		{
			text[i][b] = (char) (i >> (8 * b));
			text[i][8 + b] = (char) (second >> (8 * b));
		}
		ids[i] = ids[TWINS + i] = bytes_id(text[i], 16);
	}
	CHECK(slow_hash(ids[0]) == slow_hash(ids[TWINS - 1]));
	CHECK(add(map, ids[5]) == 0);
	CHECK(wc_idmap_add_many_bytes(map, 2 * TWINS, ids, indexes) == WC_OK);
	CHECK(wc_idmap_count(map) == TWINS);
	for (int i = 0; i < TWINS; i++)
	{
		CHECK(indexes[i] == indexes[TWINS + i]);
		CHECK(same_id(wc_idmap_get(map, indexes[i]), ids[i]));
		CHECK(wc_idmap_hash(map, indexes[i]) == slow_hash(ids[0]));
	}
	wc_idmap_free(map);
}

/* Ids in a row, and ids that differ in one bit, spread over all buckets. */
static void
test_hash(void)
{
	WcIdMap *map = create(WC_ID_INT64);
	int bucket[2][256] = {{0}};
	double square[2] = {0, 0};
	double bits = 0;

	for (int32_t i = 0; i < 65536; i++)
		add(map, number_id(i));
	for (int32_t i = 0; i < 65536; i++)
	{
		uint64_t hash = wc_idmap_hash(map, i);

		bucket[0][hash & 255]++;
		bucket[1][hash >> 56]++;
		bits += __builtin_popcountll(hash ^ wc_idmap_hash(map, i ^ 1));
	}
	for (int end = 0; end < 2; end++)
	{
		for (int b = 0; b < 256; b++)
			square[end] += pow(bucket[end][b] - 256, 2) / 256;

		/* Chi square with 255 degrees of freedom: 255 +- 5 sigma. */
		CHECK_NEAR(square[end], 255, 5 * sqrt(2 * 255));
	}
	CHECK_NEAR(bits / 65536, 32, 0.5);
	wc_idmap_free(map);
}

/* Long ids outgrow the block of bytes at once; uuids hold any byte. */
static void
test_long_bytes(void)
{
	WcIdMap *map = create(WC_ID_BYTES);
	size_t length = 1000000;
	char *text = malloc(length);

	memset(text, 'x', length);
	CHECK(add(map, bytes_id(text, length)) == 0);
	text[length - 1] = 'a';
	CHECK(find(map, bytes_id(text, length)) == -1);
	CHECK(add(map, bytes_id(text, length)) == 1);
	CHECK(add(map, bytes_id(text, length - 1)) == 2);
	CHECK(add(map, bytes_id(NULL, 0)) == 3);
	for (int i = 0; i < 256; i++)
	{
		memset(text, i, 16);
		CHECK(add(map, bytes_id(text, 16)) == 4 + i);
	}
	CHECK(wc_idmap_get(map, 1).bytes[length - 1] == 'a');
	wc_idmap_free(map);
	free(text);
}

int
main(void)
{
	static const int64_t blocks[] = {1, 31, 32, 33, 2048, 60000};

	for (int kind = WC_ID_INT64; kind <= WC_ID_BYTES; kind++)
	{
		test_add((WcIdKind) kind);
		test_keep((WcIdKind) kind, 0, 1);
		test_keep((WcIdKind) kind, 1000, 0);
		test_keep((WcIdKind) kind, 1000, 1);
		test_keep((WcIdKind) kind, IDS, 3);
		test_no_memory((WcIdKind) kind);
		test_cancel((WcIdKind) kind);
		for (int b = 0; b < 6; b++)
			test_many((WcIdKind) kind, 0, blocks[b]);
		test_many_no_memory((WcIdKind) kind, 0);
	}
	test_density();
	for (int64_t stride = 3; stride <= 9; stride += 3)
	{
		for (int b = 0; b < 6; b++)
			test_many(WC_ID_INT64, stride, blocks[b]);
		test_many_no_memory(WC_ID_INT64, stride);
	}
	test_hash();
	test_bytes();
	test_collisions();
	test_long_bytes();
	wc_idmap_free(NULL);
	return check_report("test_idmap");
}
