/*-------------------------------------------------------------------------
 *
 * ids.h
 *	  Ids of every kind for the tests of maps of ids.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_IDS_H
#define WALS_IDS_H

#include "check.h"

static inline WcId
number_id(int64_t number)
{
	WcId id = {number, NULL, 0};

	return id;
}

static inline WcId
bytes_id(const char *bytes, size_t length)
{
	WcId id = {0, bytes, length};

	return id;
}

static inline WcIdMap *
create(WcIdKind kind)
{
	WcIdMap *map;

	if (wc_idmap_create(kind, &map, &check_alloc) != WC_OK)
		abort();
	CHECK(wc_idmap_kind(map) == kind && wc_idmap_count(map) == 0);
	return map;
}

static inline int32_t
add(WcIdMap *map, WcId id)
{
	int32_t index = -7;

	if (wc_idmap_add(map, &id, &index) != WC_OK)
		abort();
	return index;
}

static inline int32_t
find(const WcIdMap *map, WcId id)
{
	return wc_idmap_find(map, &id);
}

static inline bool
same_id(WcId a, WcId b)
{
	return a.number == b.number && a.length == b.length &&
	       (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

#define IDS 20000
#define TEXT 40

/* A pool of distinct ids, the awkward ones first. */
typedef struct Pool
{
	WcId id[IDS];
	char text[IDS][TEXT];
} Pool;

static inline Pool *
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

#endif /* WALS_IDS_H */
