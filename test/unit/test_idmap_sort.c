/*-------------------------------------------------------------------------
 *
 * test_idmap_sort.c
 *	  Ids of every kind are put into order, and the map still knows them:
 *	  against qsort, with failing memory, and left in the middle.
 *
 *-------------------------------------------------------------------------
 */
#include "ids.h"

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

/* Without memory for sorting the map is what it was. */
static void
test_no_memory(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	WcIdMap *map = create(kind);
	int32_t *renumber = malloc(sizeof(int32_t) * IDS);
	WcStatus status = WC_NO_MEMORY;
	long n = 0;

	for (int32_t i = 0; i < 3000; i++)
		add(map, pool->id[i]);
	for (; status != WC_OK; n++)
	{
		check_fail_after = n;
		status = wc_idmap_sort(map, renumber, NULL);
		check_fail_after = -1;
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		for (int32_t i = 0; i < 3000 && status != WC_OK; i++)
			CHECK(find(map, pool->id[i]) == i &&
			      same_id(wc_idmap_get(map, i), pool->id[i]));
	}
	CHECK(n > 2);
	for (int32_t i = 0; i < 3000; i++)
		CHECK(find(map, pool->id[i]) == renumber[i]);
	wc_idmap_free(map);
	free(renumber);
	free(pool);
}

/* Sorting asks while it works, and can be left at any ask. */
static void
test_cancel(WcIdKind kind)
{
	Pool *pool = create_pool(kind);
	int32_t *renumber = malloc(sizeof(int32_t) * IDS);
	WcStatus status = WC_CANCELLED;
	long asks = 0;

	for (long n = 0; status != WC_OK; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcIdMap *map = create(kind);

		for (int32_t i = 0; i < IDS; i++)
			add(map, pool->id[i]);
		status = wc_idmap_sort(map, renumber, &hooks);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(n < 1000);
		asks = cancel.asked;
		wc_idmap_free(map);
	}

	/* 15 passes over 20,000 ids: hundreds of thousands of comparisons. */
	CHECK(asks >= 5);
	free(renumber);
	free(pool);
}

/* Long ids that differ at their end, and any byte. */
static void
test_long_bytes(void)
{
	WcIdMap *map = create(WC_ID_BYTES);
	size_t length = 1000000;
	char *text = malloc(length);
	int32_t renumber[260];

	memset(text, 'x', length);
	add(map, bytes_id(text, length));
	text[length - 1] = 'a';
	add(map, bytes_id(text, length));
	add(map, bytes_id(text, length - 1));
	add(map, bytes_id(NULL, 0));
	for (int i = 0; i < 256; i++)
	{
		memset(text, i, 16);
		add(map, bytes_id(text, 16));
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

		for (int c = 0; c < 7; c++)
			test_sort((WcIdKind) kind, counts[c]);
		test_no_memory((WcIdKind) kind);
		test_cancel((WcIdKind) kind);
	}
	test_common_bytes();
	test_long_bytes();
	return check_report("test_idmap_sort");
}
