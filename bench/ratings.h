/*-------------------------------------------------------------------------
 *
 * ratings.h
 *	  Random ratings with the shape of MovieLens-20M, for the programs that
 *	  measure the core without a server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BENCH_RATINGS_H
#define WALS_BENCH_RATINGS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/core.h"

#define USERS 138493
#define ITEMS 26744

#define BENCH_LARGE ((size_t) 1 << 21)

static uint64_t state = 88172645463325252u;

static void
die(const char *words)
{
	fprintf(stderr, "%s\n", words);
	exit(1);
}

static void *
array(size_t count, size_t size)
{
	void *result = calloc(count > 0 ? count : 1, size);

	if (result == NULL)
		die("out of memory");
	return result;
}

static double
random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double) (state >> 11) / 9007199254740992.0;
}

/* Large pages for large blocks, as src/base/memory.c asks for them. */
static void *
bench_alloc(void *arg, size_t bytes)
{
	void *block;

	(void) arg;
	if (bytes < BENCH_LARGE)
		return malloc(bytes);
	block = aligned_alloc(BENCH_LARGE, (bytes + BENCH_LARGE - 1) / BENCH_LARGE *
	                                       BENCH_LARGE);
	if (block != NULL)
		madvise(block, bytes, MADV_HUGEPAGE);
	return block;
}

static void *
bench_resize(void *arg, void *block, size_t bytes)
{
	(void) arg;
	return realloc(block, bytes);
}

static void
bench_release(void *arg, void *block)
{
	(void) arg;
	free(block);
}

static const WcAlloc bench_memory = {bench_alloc, bench_resize, bench_release,
                                     NULL};

static double
clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/*
 * Entries of user i: 20 at least, median 77, mean 144, a long tail, by the
 * quantiles of a shifted log-normal.
 */
static int32_t
row_length(double quantile, int32_t items)
{
	/* inverse of the normal distribution, to three digits (Tukey's lambda) */
	double z = (pow(quantile, 0.135) - pow(1 - quantile, 0.135)) / 0.1975;
	double length = 20 + 57 * exp(1.25 * z);

	return length < items / 3 ? (int32_t) length : items / 3;
}

static int
compare_columns(const void *a, const void *b)
{
	int32_t x = *(const int32_t *) a;
	int32_t y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

/* A user likes three of the genres, and one in twelve of the other items. */
static bool
likes(int32_t user, int32_t item, int32_t genres)
{
	uint64_t taste = (uint64_t) user * UINT64_C(0x9e3779b97f4a7c15) >> 7;
	int32_t genre = (int32_t) ((uint64_t) item * 2654435761u % 65537) % genres;

	for (int i = 0; i < 3; i++, taste >>= 16)
	{
		if (genre == (int32_t) ((taste & 0xffff) % (uint64_t) genres))
			return true;
	}
	return random_number() < 1.0 / 12;
}

static __attribute__((unused)) WcCsr
generate(double scale, int32_t genres)
{
	int32_t users = (int32_t) fmax(10, USERS * scale);
	int32_t items = (int32_t) fmax(100, ITEMS * sqrt(scale));
	int32_t *names = array((size_t) items, sizeof(int32_t));
	bool *seen = array((size_t) items, sizeof(bool));
	int64_t room = 0;
	WcCsr csr;

	memset(&csr, 0, sizeof(csr));
	csr.rows = users;
	csr.cols = items;
	csr.start = array((size_t) users + 1, sizeof(int64_t));
	for (int32_t i = 0; i < users; i++)
	{
		room += row_length(random_number() * 0.9998 + 0.0001, items);
		csr.start[i + 1] = room;
	}
	csr.col = array((size_t) room, sizeof(int32_t));
	csr.nnz = room;

	/* ids say nothing about popularity */
	for (int32_t j = 0; j < items; j++)
	{
		int32_t other = (int32_t) (random_number() * (j + 1));

		names[j] = names[other];
		names[other] = j;
	}
	for (int32_t i = 0; i < users; i++)
	{
		int32_t *row = csr.col + csr.start[i];
		int32_t count = (int32_t) (csr.start[i + 1] - csr.start[i]);

		for (int32_t e = 0; e < count;)
		{
			/* density of an item falls with the power -0.8 of its place */
			int32_t item = names[(int32_t) (items * pow(random_number(), 4))];

			if (seen[item] || (genres > 0 && !likes(i, item, genres)))
				continue;
			seen[item] = true;
			row[e++] = item;
		}
		qsort(row, (size_t) count, sizeof(int32_t), compare_columns);
		for (int32_t e = 0; e < count; e++)
			seen[row[e]] = false;
	}
	free(names);
	free(seen);
	return csr;
}

#endif /* WALS_BENCH_RATINGS_H */
