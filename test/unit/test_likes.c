/*-------------------------------------------------------------------------
 *
 * test_likes.c
 *	  What counts as a like, for each feedback, against counting by hand; the
 *	  order of popularity against qsort; failures.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 40
#define ITEMS 30
#define NNZ 700

typedef struct Data
{
	int64_t start[USERS + 1];
	int32_t col[NNZ];
	float value[NNZ];
	WcCsr csr;
} Data;

/* Some cells, with values of scale * 1 to 5 + shift. */
static void
fill(Data *data, float scale, float shift)
{
	int64_t n = 0;

	for (int32_t i = 0; i < USERS; i++)
	{
		data->start[i] = n;
		for (int32_t j = 0; j < ITEMS; j++)
		{
			if ((i + j) % 2 != 0 || j == 7)
				continue;
			data->col[n] = j;
			data->value[n++] =
			    scale * (float) (1 + (i * j + i + 3 * j) % 5) + shift;
		}
	}
	data->start[USERS] = n;
	CHECK(n > 300 && n <= NNZ);
	data->csr = (WcCsr){.rows = USERS,
	                    .cols = ITEMS,
	                    .nnz = n,
	                    .start = data->start,
	                    .col = data->col,
	                    .value = data->value};
}

/* Likes of all entries; they must be those at or above least. */
static int
count(const Data *data, WcFeedback feedback, double least)
{
	int32_t users[USERS];
	int32_t items[ITEMS];
	int32_t again[ITEMS];
	int32_t user_want[USERS] = {0};
	int32_t item_want[ITEMS] = {0};
	WcLiking liking;
	int total = 0;

	CHECK(wc_liking(&data->csr, feedback, &liking, NULL) == WC_OK);
	CHECK(liking.feedback == feedback);
	CHECK(wc_count_likes(&data->csr, liking, users, items, NULL) == WC_OK);
	CHECK(wc_count_likes(&data->csr, liking, NULL, again, NULL) == WC_OK);
	for (int32_t i = 0; i < USERS; i++)
		for (int64_t e = data->start[i]; e < data->start[i + 1]; e++)
		{
			float value = data->csr.value != NULL ? data->csr.value[e] : 1.0f;

			user_want[i] += value >= least;
			item_want[data->col[e]] += value >= least;
			total += value >= least;
		}
	CHECK(memcmp(users, user_want, sizeof(users)) == 0);
	CHECK(memcmp(items, item_want, sizeof(items)) == 0);
	CHECK(memcmp(items, again, sizeof(items)) == 0);
	return total;
}

static double
mean_of(const Data *data)
{
	double sum = 0;

	for (int64_t e = 0; e < data->csr.nnz; e++)
		sum += data->value[e];
	return sum / (double) data->csr.nnz;
}

static void
test_feedback(void)
{
	static Data data;
	int stars;
	int nnz;

	/* 1 to 5, 20 to 100, -1 to 1: the same ratings in other units */
	fill(&data, 1, 0);
	nnz = (int) data.csr.nnz;
	CHECK(mean_of(&data) > 2.5 && mean_of(&data) < 3.5);
	stars = count(&data, WC_EXPLICIT, mean_of(&data));
	CHECK(stars > nnz / 4 && stars < 3 * nnz / 4);
	CHECK(count(&data, WC_WEIGHTED, mean_of(&data)) == stars);
	CHECK(count(&data, WC_IMPLICIT, 1) == nnz);
	fill(&data, 20, 0);
	CHECK(count(&data, WC_EXPLICIT, mean_of(&data)) == stars);
	fill(&data, 0.5f, -1.5f);
	CHECK(count(&data, WC_EXPLICIT, mean_of(&data)) == stars);

	/* below 0: no like where an unobserved cell is predicted to be 0 */
	fill(&data, 1, -3.0f);
	CHECK(count(&data, WC_IMPLICIT, 0.5) < nnz / 2 + nnz / 10);
	fill(&data, 1, -10);
	CHECK(count(&data, WC_IMPLICIT, 0.5) == 0);
	CHECK(count(&data, WC_WEIGHTED, 0.5) == 0);
	CHECK(count(&data, WC_EXPLICIT, mean_of(&data)) == stars);

	/* one value for all: everybody agrees */
	for (int64_t e = 0; e < data.csr.nnz; e++)
		data.value[e] = 0.1f;
	CHECK(count(&data, WC_EXPLICIT, 0) == nnz);
	CHECK(count(&data, WC_WEIGHTED, 0) == nnz);

	/* no values: rows that say "did" */
	data.csr.value = NULL;
	CHECK(count(&data, WC_IMPLICIT, 1) == nnz);
	CHECK(count(&data, WC_EXPLICIT, 1) == nnz);
	CHECK(count(&data, WC_WEIGHTED, 1) == nnz);

	/* nothing is a like where nobody knows what one is */
	CHECK(!wc_is_like((WcLiking){WC_WEIGHTED, NAN}, 5));
	CHECK(!wc_is_like((WcLiking){WC_IMPLICIT, 0}, 0));
	CHECK(wc_is_like((WcLiking){WC_IMPLICIT, 0}, 1e-30f));
	CHECK(wc_is_like((WcLiking){WC_EXPLICIT, -2}, -2));
	CHECK(!wc_is_like((WcLiking){WC_WEIGHTED, -2}, -1));
}

typedef struct Item
{
	int32_t likes;
	int32_t entries;
	int32_t index;
} Item;

static int
compare(const void *a, const void *b)
{
	const Item *x = a;
	const Item *y = b;

	if (x->likes != y->likes)
		return x->likes > y->likes ? -1 : 1;
	if (x->entries != y->entries)
		return x->entries < y->entries ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static void
test_order(int32_t n)
{
	int32_t *likes = malloc(sizeof(int32_t) * ((size_t) n + 1));
	int32_t *entries = malloc(sizeof(int32_t) * ((size_t) n + 1));
	int32_t *order = malloc(sizeof(int32_t) * ((size_t) n + 1));
	float *value = malloc(sizeof(float) * ((size_t) n + 1));
	Item *items = malloc(sizeof(Item) * ((size_t) n + 1));
	bool right = true;

	for (int32_t i = 0; i < n; i++)
	{
		likes[i] = i * 7919 % 13 - 2;
		entries[i] = i % 11 == 0 ? INT32_MAX : i * 104729 % 17 - 3;
		if (i % 29 == 0)
			likes[i] = i % 2 == 0 ? INT32_MIN : INT32_MAX;
		items[i] = (Item){likes[i], entries[i], i};
	}
	qsort(items, (size_t) n, sizeof(Item), compare);
	CHECK(wc_popular_order(n, likes, entries, order, &check_alloc, NULL) ==
	      WC_OK);
	for (int32_t i = 0; i < n; i++)
		right &= order[i] == items[i].index;
	wc_popular_values(n, likes, entries, order, value);
	for (int32_t i = 1; i < n; i++)
	{
		const Item *a = &items[i - 1];
		const Item *b = &items[i];

		if (a->likes == b->likes && a->entries == b->entries)
			right &= value[a->index] == value[b->index];
		else
			right &= value[a->index] > value[b->index];
	}
	CHECK(right);
	for (int i = 0; i < 2; i++)
	{
		check_fail_after = i;
		CHECK(wc_popular_order(n, likes, entries, order, &check_alloc, NULL) ==
		      WC_NO_MEMORY);
		check_fail_after = -1;
	}
	free(likes);
	free(entries);
	free(order);
	free(value);
	free(items);
}

static bool
stop_always(void *arg)
{
	(void) arg;
	return true;
}

static void
test_cancel(void)
{
	const int32_t n = 100000;
	int32_t *numbers = calloc((size_t) n, sizeof(int32_t));
	int64_t *start = calloc((size_t) n + 1, sizeof(int64_t));
	float *value = calloc((size_t) n, sizeof(float));
	int32_t *result = malloc(sizeof(int32_t) * (size_t) n);
	WcHooks hooks = {stop_always, NULL, NULL};
	WcCsr csr = {.rows = n,
	             .cols = n,
	             .nnz = n,
	             .start = start,
	             .col = numbers,
	             .value = value};
	WcLiking liking = {WC_EXPLICIT, 0};

	start[n] = n;
	CHECK(wc_liking(&csr, WC_EXPLICIT, &liking, &hooks) == WC_CANCELLED);
	CHECK(wc_count_likes(&csr, liking, NULL, result, &hooks) == WC_CANCELLED);
	CHECK(wc_popular_order(n, numbers, numbers, result, &check_alloc, &hooks) ==
	      WC_CANCELLED);
	free(numbers);
	free(start);
	free(value);
	free(result);
}

int
main(void)
{
	test_feedback();
	test_order(0);
	test_order(1);
	test_order(1000);
	test_cancel();
	return check_report("test_likes");
}
