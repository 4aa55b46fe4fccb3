/*-------------------------------------------------------------------------
 *
 * test_idmap.c
 *	  Ids go in and come back: against a plain list, through growth, sorting
 *	  and leaving out, for numbers and for bytes of every kind.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static WcId
number_id(int64_t number)
{
	WcId id = {number, NULL, 0};

	return id;
}

static WcId
bytes_id(const char *bytes, size_t length)
{
	WcId id = {0, bytes, length};

	return id;
}

static WcIdMap *
create(WcIdKind kind)
{
	WcIdMap *map;

	if (wc_idmap_create(kind, &map, &check_alloc) != WC_OK)
		abort();
	CHECK(wc_idmap_kind(map) == kind && wc_idmap_count(map) == 0);
	return map;
}

static int32_t
add(WcIdMap *map, WcId id)
{
	int32_t index = -7;

	if (wc_idmap_add(map, &id, &index) != WC_OK)
		abort();
	return index;
}

static int32_t
find(const WcIdMap *map, WcId id)
{
	return wc_idmap_find(map, &id);
}

static bool
same_id(WcId a, WcId b)
{
	return a.number == b.number && a.length == b.length &&
	       (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* The order wc_idmap_sort promises. */
static int
compare_ids(const void *a, const void *b)
{
	const WcId *left = a;
	const WcId *right = b;
	size_t shorter =
	    left->length < right->length ? left->length : right->length;
	int order = 0;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	if (shorter > 0)
		order = memcmp(left->bytes, right->bytes, shorter);
	if (order == 0 && left->length != right->length)
		order = left->length < right->length ? -1 : 1;
	return order;
}

#define IDS 20000
#define TEXT 40

/* A pool of distinct ids, the awkward ones first. */
typedef struct Pool
{
	WcId id[IDS];
	char text[IDS][TEXT];
} Pool;

static Pool *
create_pool(WcIdKind kind)
{
	static const int64_t numbers[] = {
	    0, -1, 1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_C(1) << 32};
	static const char *const texts[] = {
	    "", "a", "b", "aaaaaaaa", "aaaaaaaab", "\xff", "\x7f", "aaaaaaaaa"};
	Pool *pool = malloc(sizeof(Pool));

	if (pool == NULL)
		abort();
	for (int i = 0; i < IDS; i++)
	{
		if (kind == WC_ID_INT64)
		{
			int64_t far = (int64_t) i * INT64_C(1000003) * (i % 2 ? 1 : -1);

			pool->id[i] = number_id(
			    i < (int) (sizeof(numbers) / sizeof(numbers[0])) ? numbers[i]
			                                                     : far);
			continue;
		}
		if (i < (int) (sizeof(texts) / sizeof(texts[0])))
			strcpy(pool->text[i], texts[i]);
		else if (i % 3 == 0)
			snprintf(pool->text[i], TEXT, "%d", i * 7919 % 1000003);
		else if (i % 3 == 1)
			snprintf(pool->text[i], TEXT, "a common prefix %d",
			         i * 7919 % 1000003);
		else
			snprintf(pool->text[i], TEXT, "%dx", i * 7919 % 1000003);
		pool->id[i] = bytes_id(pool->text[i], strlen(pool->text[i]));
	}
	if (kind == WC_ID_BYTES)
	{
		/* Bytes 0 count: "a" and "a\0" are two ids. */
		pool->id[10] = bytes_id("a\0", 2);
		pool->id[11] = bytes_id("\0", 1);
		pool->id[12] = bytes_id("aaaaaaaa\0\0\0\0\0\0\0", 15);
	}
	return pool;
}

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
test_sort(WcIdKind kind, int32_t count)
{
	Pool *pool = create_pool(kind);
	WcIdMap *map = create(kind);
	WcId *expected = malloc(sizeof(WcId) * (size_t) (count + 1));
	int32_t *renumber = malloc(sizeof(int32_t) * (size_t) (count + 1));

	for (int32_t i = 0; i < count; i++)
	{
		expected[i] = pool->id[i];
		add(map, pool->id[i]);
	}
	qsort(expected, (size_t) count, sizeof(WcId), compare_ids);
	CHECK(wc_idmap_sort(map, renumber, NULL) == WC_OK);
	if (count > 0)
		CHECK(add(map, pool->id[count - 1]) == renumber[count - 1]);
	CHECK(wc_idmap_count(map) == count);
	for (int32_t i = 0; i < count; i++)
	{
		CHECK(same_id(wc_idmap_get(map, i), expected[i]));
		CHECK(find(map, expected[i]) == i);
		CHECK(same_id(wc_idmap_get(map, renumber[i]), pool->id[i]));
	}

	/* Sorted ids stay where they are, and the map still grows. */
	CHECK(wc_idmap_sort(map, renumber, NULL) == WC_OK);
	for (int32_t i = 0; i < count; i++)
		CHECK(renumber[i] == i);
	for (int32_t i = 0; i < count + 300; i++)
	{
		int32_t index = add(map, pool->id[i]);

		CHECK(i < count ? same_id(expected[index], pool->id[i]) : index == i);
	}
	wc_idmap_free(map);
	free(expected);
	free(renumber);
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

/* Every failing allocation, while ids arrive and while they are sorted. */
static void
test_no_memory(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	int32_t *renumber = malloc(sizeof(int32_t) * IDS);
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
		if (status == WC_OK)
			status = wc_idmap_sort(map, renumber, NULL);
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
	free(renumber);
	free(pool);
}

/* Sorting and leaving out ask while they work, and can be left at any ask. */
static void
test_cancel(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	int32_t *renumber = malloc(sizeof(int32_t) * IDS);
	bool *keep = calloc(IDS, sizeof(bool));
	long asks[2] = {0, 0};

	for (int step = 0; step < 2; step++)
	{
		WcStatus status = WC_CANCELLED;

		for (long n = 0; status != WC_OK; n++)
		{
			CheckCancel cancel = {n, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};
			WcIdMap *map = create(kind);

			for (int32_t i = 0; i < IDS; i++)
				add(map, pool->id[i]);
			status = step == 0 ? wc_idmap_sort(map, renumber, &hooks)
			                   : wc_idmap_keep(map, keep, &hooks);
			CHECK(status == WC_OK || status == WC_CANCELLED);
			CHECK(n < 1000);
			asks[step] = cancel.asked;
			wc_idmap_free(map);
		}
	}

	/* 15 passes over 20,000 ids: hundreds of thousands of comparisons. */
	CHECK(asks[0] >= 5);
	CHECK(asks[1] >= 1);
	free(renumber);
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

/* A stream of numbers with repetitions; stride 0: those of the pool. */
static int64_t *
create_numbers(int64_t stride, int64_t count)
{
	Pool *pool = create_pool(WC_ID_INT64);
	int64_t *numbers = malloc(sizeof(int64_t) * (size_t) count);
	uint64_t state = 7;

	if (numbers == NULL)
		abort();
	for (int64_t e = 0; e < count; e++)
	{
		int64_t pick = (int64_t) (check_random(&state) * IDS);

		/* New ones come all the time, far ones late, and some in a row. */
		pick = pick * (e + 1) / count;
		numbers[e] = stride == 0 ? pool->id[pick].number : pick * stride;
		if (e > 0 && e % 5 == 0)
			numbers[e] = numbers[e - 1];
	}
	free(pool);
	return numbers;
}

/* Numbers by the block get the indexes they get one by one. */
static void
test_many(int64_t stride, int64_t block)
{
	int64_t count = 60000;
	int64_t *numbers = create_numbers(stride, count);
	int32_t *indexes = malloc(sizeof(int32_t) * (size_t) block);
	WcIdMap *one = create(WC_ID_INT64);
	WcIdMap *many = create(WC_ID_INT64);
	int64_t end;

	if (indexes == NULL)
		abort();
	CHECK(wc_idmap_add_many(many, 0, NULL, NULL) == WC_OK);
	for (int64_t begin = 0; begin < count; begin = end)
	{
		end = count - begin < block ? count : begin + block;
		CHECK(wc_idmap_add_many(many, end - begin, numbers + begin, indexes) ==
		      WC_OK);
		for (int64_t e = begin; e < end; e++)
			CHECK(indexes[e - begin] == add(one, number_id(numbers[e])));
		CHECK(wc_idmap_count(many) == wc_idmap_count(one));

		/* One at a time in between: the id added last is remembered. */
		if (end % 7 == 0 && end < count)
			CHECK(add(many, number_id(numbers[end])) ==
			      add(one, number_id(numbers[end])));
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
	free(numbers);
}

/* A block there is no memory for leaves numbers in order, and can be redone. */
static void
test_many_no_memory(int64_t stride)
{
	int64_t count = 60000;
	int64_t *numbers = create_numbers(stride, count);
	int32_t *indexes = malloc(sizeof(int32_t) * (size_t) count);
	WcIdMap *one = create(WC_ID_INT64);
	WcStatus status = WC_NO_MEMORY;
	long n = 0;

	if (indexes == NULL)
		abort();
	for (int64_t e = 0; e < count; e++)
		add(one, number_id(numbers[e]));
	for (; status != WC_OK; n++)
	{
		WcIdMap *map = create(WC_ID_INT64);
		int32_t added;

		check_fail_after = n;
		status = wc_idmap_add_many(map, count, numbers, indexes);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		added = wc_idmap_count(map);
		CHECK((added == wc_idmap_count(one)) == (status == WC_OK));
		for (int32_t i = 0; i < added; i++)
			CHECK(find(map, wc_idmap_get(one, i)) == i);
		CHECK(wc_idmap_add_many(map, count, numbers, indexes) == WC_OK);
		CHECK(wc_idmap_count(map) == wc_idmap_count(one));
		for (int64_t e = 0; e < count; e++)
			CHECK(indexes[e] == find(one, number_id(numbers[e])));
		wc_idmap_free(map);
	}
	CHECK(n > 8);
	wc_idmap_free(one);
	free(indexes);
	free(numbers);
}

/* Ids that all begin alike are sorted by what follows. */
static void
test_common_bytes(void)
{
	static const char *const texts[] = {
	    "user-00000012", "user-", "user-000000110", "user-1", "user-00000011"};
	static const int32_t expected[] = {3, 0, 2, 4, 1};

	for (int32_t count = 1; count <= 5; count += 4)
	{
		WcIdMap *map = create(WC_ID_BYTES);
		int32_t renumber[5];

		for (int32_t i = 0; i < count; i++)
			add(map, bytes_id(texts[i], strlen(texts[i])));
		CHECK(wc_idmap_sort(map, renumber, NULL) == WC_OK);
		for (int32_t i = 0; i < count; i++)
			CHECK(renumber[i] == (count == 1 ? 0 : expected[i]));
		wc_idmap_free(map);
	}
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
	int32_t renumber[260];

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
	CHECK(wc_idmap_sort(map, renumber, NULL) == WC_OK);
	CHECK(renumber[3] == 0 && renumber[4] == 1 && renumber[4 + 255] == 259);
	CHECK(renumber[2] + 1 == renumber[1] && renumber[1] + 1 == renumber[0]);
	CHECK(renumber[4 + 'x'] == renumber[0] - 3);
	CHECK(wc_idmap_get(map, renumber[1]).bytes[length - 1] == 'a');
	wc_idmap_free(map);
	free(text);
}

int
main(void)
{
	for (int kind = WC_ID_INT64; kind <= WC_ID_BYTES; kind++)
	{
		static const int32_t counts[] = {0, 1, 2, 3, 257, 4096, IDS - 300};

		test_add((WcIdKind) kind);
		for (int c = 0; c < 7; c++)
			test_sort((WcIdKind) kind, counts[c]);
		test_keep((WcIdKind) kind, 0, 1);
		test_keep((WcIdKind) kind, 1000, 0);
		test_keep((WcIdKind) kind, 1000, 1);
		test_keep((WcIdKind) kind, IDS, 3);
		test_no_memory((WcIdKind) kind);
		test_cancel((WcIdKind) kind);
	}
	test_density();
	for (int64_t stride = 0; stride <= 9; stride += 3)
	{
		static const int64_t blocks[] = {1, 31, 32, 33, 2048, 60000};

		for (int b = 0; b < 6; b++)
			test_many(stride, blocks[b]);
		test_many_no_memory(stride);
	}
	test_common_bytes();
	test_hash();
	test_long_bytes();
	wc_idmap_free(NULL);
	return check_report("test_idmap");
}
