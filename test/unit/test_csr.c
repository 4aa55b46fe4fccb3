/*-------------------------------------------------------------------------
 *
 * test_csr.c
 *	  Triplets become sorted, distinct rows: against a plain sort, for every
 *	  rule for duplicates, and bit for bit the same for any order of arrival;
 *	  rows become columns and back.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 23
#define ITEMS 17

/* Enough for ranges of users and of columns, and for numbers of two bytes. */
#define MANY_USERS 5000
#define MANY_ITEMS 4000

typedef struct Row
{
	int32_t user;
	int32_t item;
	float value;
	float weight;
	int64_t time;
} Row;

/* Numbers whose float sums depend on their order. */
static void
random_rows(int64_t count, Row *row, uint64_t *state)
{
	for (int64_t e = 0; e < count; e++)
	{
		row[e].user = (int32_t) (check_random(state) * USERS);
		row[e].item =
		    (int32_t) (check_random(state) * check_random(state) * ITEMS);
		row[e].value = (float) ((check_random(state) - 0.5) *
		                        pow(10, 6 * check_random(state)));
		row[e].weight = (float) pow(10, 6 * check_random(state));
		row[e].time = (int64_t) (check_random(state) * 5);
	}
}

static void
shuffle(int64_t count, Row *row, uint64_t *state)
{
	for (int64_t e = count - 1; e > 0; e--)
	{
		int64_t other = (int64_t) (check_random(state) * (double) (e + 1));
		Row swap = row[e];

		row[e] = row[other];
		row[other] = swap;
	}
}

static int
compare_rows(const void *a, const void *b)
{
	const Row *left = a;
	const Row *right = b;

	if (left->user != right->user)
		return left->user < right->user ? -1 : 1;
	if (left->item != right->item)
		return left->item < right->item ? -1 : 1;
	return 0;
}

/* Columns the input has. */
enum
{
	VALUE = 1,
	WEIGHT = 2,
	TIME = 4
};

static void
fill(WcCoo *coo, int64_t count, const Row *row, int columns)
{
	if (wc_coo_init(coo, columns & VALUE, columns & WEIGHT, columns & TIME,
	                &check_alloc) != WC_OK)
		abort();
	for (int64_t e = 0; e < count; e++)
	{
		if (check_append(coo, row[e].user, row[e].item, row[e].value,
		                 row[e].weight, row[e].time, &check_alloc) != WC_OK)
			abort();
	}
}

static bool
same_csr(const WcCsr *a, const WcCsr *b)
{
	size_t bytes = (size_t) a->nnz * 4;

	return a->rows == b->rows && a->cols == b->cols && a->nnz == b->nnz &&
	       memcmp(a->start, b->start, ((size_t) a->rows + 1) * 8) == 0 &&
	       memcmp(a->col, b->col, bytes) == 0 &&
	       (a->value == NULL) == (b->value == NULL) &&
	       (a->value == NULL || memcmp(a->value, b->value, bytes) == 0) &&
	       (a->weight == NULL) == (b->weight == NULL) &&
	       (a->weight == NULL || memcmp(a->weight, b->weight, bytes) == 0);
}

/* What the cell of row[first, end) should become. */
static void
expect_cell(const Row *row, int64_t first, int64_t end, WcDuplicates duplicates,
            int columns, double *value, double *weight)
{
	double values = 0;
	double weights = 0;
	double products = 0;
	double max_value = -INFINITY;
	double max_weight = -INFINITY;
	const Row *last = &row[first];

	for (int64_t e = first; e < end; e++)
	{
		double v = columns & VALUE ? row[e].value : 1;
		double w = columns & WEIGHT ? row[e].weight : 1;
		const Row *r = &row[e];

		values += v;
		weights += w;
		products += v * w;
		max_value = fmax(max_value, v);
		max_weight = fmax(max_weight, w);
		if (r->time > last->time ||
		    (r->time == last->time && (columns & VALUE) &&
		     r->value > last->value) ||
		    (r->time == last->time &&
		     (!(columns & VALUE) || r->value == last->value) &&
		     r->weight > last->weight))
			last = r;
	}
	switch (duplicates)
	{
		case WC_DUP_SUM:
			*value = values;
			*weight = max_weight;
			break;
		case WC_DUP_MAX:
			*value = max_value;
			*weight = max_weight;
			break;
		case WC_DUP_AVG:
			*value = products / weights;

			*weight = max_weight;
			break;
		default:
			*value = columns & VALUE ? last->value : 1;
			*weight = columns & WEIGHT ? last->weight : 1;
			break;
	}
}

static bool
near_float(double expected, float got)
{
	return fabs(expected - got) <= 1e-6 * fabs(expected) + 1e-6;
}

/* What a mean or a sum may lose digits of; at least 1. */
static double
largest_value(const Row *row, int64_t first, int64_t end)
{
	double largest = 1;

	for (int64_t e = first; e < end; e++)
		largest = fmax(largest, fabsf(row[e].value));
	return largest;
}

/* Compare with cells made from the rows, sorted by user and item here. */
static void
check_cells(int64_t count, Row *row, WcDuplicates duplicates, int columns,
            const WcCsr *csr, int64_t n_merged)
{
	int64_t cell = 0;
	int64_t end;

	qsort(row, (size_t) count, sizeof(Row), compare_rows);
	for (int64_t e = 0; e < count; e = end)
	{
		double value;
		double weight;

		for (end = e + 1; end < count && compare_rows(&row[e], &row[end]) == 0;
		     end++)
			;
		expect_cell(row, e, end, duplicates, columns, &value, &weight);
		if (cell >= csr->nnz)
			break;
		CHECK(cell >= csr->start[row[e].user] &&
		      cell < csr->start[row[e].user + 1]);
		CHECK(csr->col[cell] == row[e].item);
		CHECK_NEAR(csr->value == NULL ? 1 : csr->value[cell], value,
		           1e-6 * largest_value(row, e, end));
		CHECK(near_float(weight, csr->weight == NULL ? 1 : csr->weight[cell]));
		cell++;
	}
	CHECK(cell == csr->nnz);
	CHECK(n_merged == count - cell);
}

static void
test_rules(WcDuplicates duplicates, int columns, int64_t count)
{
	uint64_t state = (uint64_t) count * 8 + (uint64_t) columns + 1;
	Row *row = malloc(sizeof(Row) * (size_t) (count + 1));
	WcCsr first;
	int64_t n_merged;
	int64_t n_zero;

	random_rows(count, row, &state);
	for (int order = 0; order < 4; order++)
	{
		WcCoo coo;
		WcCsr csr;

		/* The last order is sorted, which takes another way. */
		if (order == 3)
			qsort(row, (size_t) count, sizeof(Row), compare_rows);
		else if (order > 0)
			shuffle(count, row, &state);
		fill(&coo, count, row, columns);
		CHECK(wc_csr_from_coo(
		          &coo, USERS, ITEMS, (WcMerging){.duplicates = duplicates},
		          &csr, &n_merged, &n_zero, &check_alloc, NULL, NULL) == WC_OK);
		CHECK(coo.user == NULL && coo.item == NULL && coo.time == NULL);
		CHECK(wc_csr_check(&csr));
		CHECK(csr.rows == USERS && csr.cols == ITEMS && n_zero == 0);
		CHECK((csr.weight != NULL) == ((columns & WEIGHT) != 0));
		CHECK((csr.value != NULL) ==
		      ((columns & VALUE) != 0 ||
		       (duplicates == WC_DUP_SUM && n_merged > 0)));
		if (order == 0)
		{
			check_cells(count, row, duplicates, columns, &csr, n_merged);
			first = csr;
			continue;
		}
		CHECK(same_csr(&csr, &first));
		wc_csr_free(&csr, &check_alloc);
	}
	wc_csr_free(&first, &check_alloc);
	free(row);
}

/*
 * More users and items than are written to at once, long rows and short ones:
 * the entries, their transpose and that of the transpose against a plain sort.
 */
static void
test_many(void)
{
	int64_t count = 120000;
	uint64_t state = 12;
	Row *row = malloc(sizeof(Row) * (size_t) count);
	WcCoo coo;
	WcCsr csr;
	WcCsr by_item;
	WcCsr back;
	int64_t n_merged;
	int64_t n_zero;
	int64_t cell = 0;

	random_rows(count, row, &state);
	for (int64_t e = 0; e < count; e++)
	{
		double skewed = pow(check_random(&state), 3);

		row[e].user = (int32_t) (skewed * MANY_USERS);
		row[e].item = (int32_t) (check_random(&state) * MANY_ITEMS);
	}
	fill(&coo, count, row, VALUE | WEIGHT | TIME);
	CHECK(wc_csr_from_coo(&coo, MANY_USERS, MANY_ITEMS,
	                      (WcMerging){.duplicates = WC_DUP_LAST}, &csr,
	                      &n_merged, &n_zero, &check_alloc, NULL,
	                      NULL) == WC_OK);
	CHECK(wc_csr_check(&csr) && csr.start[1] > 1000);
	check_cells(count, row, WC_DUP_LAST, VALUE | WEIGHT | TIME, &csr, n_merged);
	CHECK(wc_csr_transpose(&csr, &by_item, &check_alloc, NULL) == WC_OK);
	CHECK(wc_csr_check(&by_item) && by_item.nnz == csr.nnz);
	for (int32_t j = 0; j < MANY_ITEMS; j++)
	{
		for (int64_t e = by_item.start[j]; e < by_item.start[j + 1]; e++)
		{
			cell = csr.start[by_item.col[e]];
			while (csr.col[cell] < j)
				cell++;
			if (csr.col[cell] != j || csr.value[cell] != by_item.value[e] ||
			    csr.weight[cell] != by_item.weight[e])
				CHECK(!"transposed cell");
		}
	}
	CHECK(wc_csr_transpose(&by_item, &back, &check_alloc, NULL) == WC_OK);
	CHECK(same_csr(&csr, &back));
	wc_csr_free(&csr, &check_alloc);
	wc_csr_free(&by_item, &check_alloc);
	wc_csr_free(&back, &check_alloc);
	free(row);
}

static WcStatus
convert(int64_t count, const Row *row, int columns, WcDuplicates duplicates,
        bool drop_zero, WcCsr *csr, int64_t *n_merged, int64_t *n_zero,
        WcError *error)
{
	WcCoo coo;

	fill(&coo, count, row, columns);
	return wc_csr_from_coo(
	    &coo, USERS, ITEMS,
	    (WcMerging){.duplicates = duplicates, .drop_zero = drop_zero}, csr,
	    n_merged, n_zero, &check_alloc, NULL, error);
}

/* Every failing allocation and every ask that says stop. */
static void
test_failures(int columns, bool sorted)
{
	int64_t count = 100000;
	uint64_t state = 9;
	Row *row = malloc(sizeof(Row) * (size_t) count);
	WcDuplicates duplicates = columns & TIME ? WC_DUP_LAST : WC_DUP_SUM;
	int tries[2] = {0, 0};
	WcError error;

	random_rows(count, row, &state);
	for (int64_t e = 0; e < count; e++)
		row[e].user = (int32_t) (check_random(&state) * MANY_USERS);
	if (sorted)
		qsort(row, (size_t) count, sizeof(Row), compare_rows);
	for (int cancelling = 0; cancelling < 2; cancelling++)
	{
		WcStatus status = WC_NO_MEMORY;

		while (status != WC_OK && tries[cancelling] < 100)
		{
			CheckCancel cancel = {tries[cancelling]++, 0};
			WcHooks hooks = {check_should_stop, NULL, &cancel};
			WcCoo coo;
			WcCsr csr;
			int64_t n_merged;
			int64_t n_zero;

			fill(&coo, count, row, columns);
			if (!cancelling)
				check_fail_after = cancel.remaining;
			status = wc_csr_from_coo(&coo, MANY_USERS, ITEMS,
			                         (WcMerging){.duplicates = duplicates},
			                         &csr, &n_merged, &n_zero, &check_alloc,
			                         cancelling ? &hooks : NULL, &error);
			check_fail_after = -1;
			CHECK(coo.user == NULL && coo.item == NULL);
			if (status != WC_OK)
			{
				CHECK(status == (cancelling ? WC_CANCELLED : WC_NO_MEMORY));
				CHECK(error.status == status && csr.start == NULL);
			}
			wc_csr_free(&csr, &check_alloc);
		}
		CHECK(status == WC_OK);
	}
	CHECK(tries[0] >= (sorted ? 2 : 6));
	CHECK(tries[1] >= (sorted ? 3 : columns == 0 ? 4 : 7));
	free(row);
}

static void
test_transpose(void)
{
	uint64_t state = 3;
	Row row[200];
	CheckCancel cancel = {0, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcCsr csr;
	WcCsr result;
	WcCsr back;
	int64_t n_merged;
	int64_t n_zero;

	for (int columns = 0; columns < 4; columns++)
	{
		random_rows(200, row, &state);
		CHECK(convert(200, row, columns, WC_DUP_MAX, false, &csr, &n_merged,
		              &n_zero, NULL) == WC_OK);
		CHECK(wc_csr_transpose(&csr, &result, &check_alloc, NULL) == WC_OK);
		CHECK(wc_csr_check(&result) && result.rows == ITEMS &&
		      result.cols == USERS && result.nnz == csr.nnz);
		for (int32_t i = 0; i < csr.rows; i++)
		{
			for (int64_t e = csr.start[i]; e < csr.start[i + 1]; e++)
			{
				int64_t t = result.start[csr.col[e]];

				while (result.col[t] != i)
					t++;
				CHECK(t < result.start[csr.col[e] + 1]);
				CHECK(csr.value == NULL || csr.value[e] == result.value[t]);
				CHECK(csr.weight == NULL || csr.weight[e] == result.weight[t]);
			}
		}
		CHECK(wc_csr_transpose(&result, &back, &check_alloc, NULL) == WC_OK);
		CHECK(same_csr(&csr, &back));
		wc_csr_free(&back, &check_alloc);
		wc_csr_free(&result, &check_alloc);

		for (long n = 0; n < 3 + (columns & 1) + (columns & 2) / 2; n++)
		{
			check_fail_after = n;
			CHECK(wc_csr_transpose(&csr, &result, &check_alloc, NULL) ==
			      WC_NO_MEMORY);
			check_fail_after = -1;
			CHECK(result.start == NULL && result.col == NULL);
		}
		cancel.remaining = 0;
		CHECK(wc_csr_transpose(&csr, &result, &check_alloc, &hooks) ==
		      WC_CANCELLED);
		CHECK(result.start == NULL);
		wc_csr_free(&csr, &check_alloc);
	}
}

static void
test_check(void)
{
	int64_t start[] = {0, 2, 2, 3};
	int32_t col[] = {0, 2, 1};
	WcCsr good = {.rows = 3, .cols = 3, .nnz = 3, .start = start, .col = col};

	CHECK(wc_csr_check(&good));
	col[1] = 0;
	CHECK(!wc_csr_check(&good));
	col[1] = 3;
	CHECK(!wc_csr_check(&good));
	col[1] = 2;
	col[2] = -1;
	CHECK(!wc_csr_check(&good));
	col[2] = 1;
	start[2] = 1;
	CHECK(!wc_csr_check(&good));
	start[2] = 4;
	CHECK(!wc_csr_check(&good));
	start[2] = 2;
	start[0] = 1;
	CHECK(!wc_csr_check(&good));
	start[0] = 0;
	good.nnz = 4;
	CHECK(!wc_csr_check(&good));
	good.nnz = 3;
	CHECK(wc_csr_check(&good));
}

/* Entries of the given times, in one row. */
static void
timed_csr(int32_t count, const int64_t *times, bool has_weight, WcCsr *csr)
{
	int64_t n_merged;
	int64_t n_zero;
	WcCoo coo;

	CHECK(wc_coo_init(&coo, false, has_weight, true, &check_alloc) == WC_OK);
	for (int32_t e = 0; e < count; e++)
		CHECK(check_append(&coo, 0, e, 0, 3, times[e], &check_alloc) == WC_OK);
	CHECK(wc_csr_from_coo(&coo, 1, count + 1, (WcMerging){.half_life = 30}, csr,
	                      &n_merged, &n_zero, &check_alloc, NULL,
	                      NULL) == WC_OK);
	CHECK(csr->nnz == count && csr->time != NULL && csr->share == NULL);
}

static void
test_fade(void)
{
	static const int64_t times[] = {100, 70, 100, 40, INT64_MIN};
	static const float expected[] = {1, 0.5f, 1, 0.25f, 0};
	double faded;

	for (int has_weight = 0; has_weight < 2; has_weight++)
	{
		int64_t newest = 0;
		WcCsr csr;

		timed_csr(5, times, has_weight != 0, &csr);
		CHECK(wc_csr_newest(&csr, &newest, NULL) == WC_OK && newest == 100);
		CHECK(wc_csr_fade(&csr, 30, newest, &faded, &check_alloc, NULL) ==
		      WC_OK);
		CHECK(csr.time == NULL);
		CHECK(faded == 0.2);
		for (int e = 0; e < 5; e++)
		{
			CHECK_NEAR(csr.share[e], expected[e], 1e-6);
			CHECK_NEAR(csr.weight[e], (has_weight ? 3 : 1) * expected[e], 1e-6);
		}
		wc_csr_free(&csr, &check_alloc);
	}
}

/* No entry at all, what is later than the newest, and the widest distance. */
static void
test_fade_extremes(void)
{
	static const int64_t times[] = {INT64_MIN, INT64_MAX};
	double faded;
	int64_t newest = 0;
	WcCsr csr;

	timed_csr(0, times, false, &csr);
	CHECK(wc_csr_newest(&csr, &newest, NULL) == WC_OK && newest == INT64_MIN);
	CHECK(wc_csr_fade(&csr, 1, newest, &faded, &check_alloc, NULL) == WC_OK);
	wc_csr_free(&csr, &check_alloc);

	timed_csr(2, times, false, &csr);
	CHECK(wc_csr_newest(&csr, &newest, NULL) == WC_OK && newest == INT64_MAX);
	CHECK(wc_csr_fade(&csr, ldexp(1, 64), newest, &faded, &check_alloc, NULL) ==
	      WC_OK);
	CHECK_NEAR(csr.share[0], 0.5, 1e-6);
	CHECK(csr.share[1] == 1 && csr.weight[1] == 1);
	wc_csr_free(&csr, &check_alloc);

	timed_csr(2, times, false, &csr);
	CHECK(wc_csr_fade(&csr, 1, 0, &faded, &check_alloc, NULL) == WC_OK);
	CHECK(csr.share[0] == 0 && csr.share[1] == 1);
	wc_csr_free(&csr, &check_alloc);
}

static void
test_fade_failures(void)
{
	int32_t count = 300000;
	int64_t *times = malloc(sizeof(int64_t) * (size_t) count);
	WcStatus status = WC_CANCELLED;
	double faded;
	WcCsr csr;

	for (int32_t e = 0; e < count; e++)
		times[e] = e;
	for (int n = 0; n < 2; n++)
	{
		timed_csr(2, times, false, &csr);
		check_fail_after = n;
		CHECK(wc_csr_fade(&csr, 30, 9, &faded, &check_alloc, NULL) ==
		      WC_NO_MEMORY);
		check_fail_after = -1;
		wc_csr_free(&csr, &check_alloc);
	}
	for (long n = 0; status != WC_OK; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		int64_t newest;

		timed_csr(count, times, false, &csr);
		status = wc_csr_newest(&csr, &newest, &hooks);
		if (status == WC_OK)
			status =
			    wc_csr_fade(&csr, 30, newest, &faded, &check_alloc, &hooks);
		CHECK(status == WC_OK || status == WC_CANCELLED);
		CHECK(status != WC_OK || n >= 10);
		CHECK(n < 20);
		wc_csr_free(&csr, &check_alloc);
	}
	free(times);
}

int
main(void)
{
	test_fade();
	test_fade_extremes();
	test_fade_failures();
	static const int64_t counts[] = {0, 1, 2, 50, 3000};

	for (int duplicates = WC_DUP_SUM; duplicates <= WC_DUP_LAST; duplicates++)
	{
		for (int columns = 0; columns < 8; columns++)
		{
			if (duplicates == WC_DUP_LAST && (columns & TIME) == 0)
				continue;
			for (int c = 0; c < 5; c++)
				test_rules((WcDuplicates) duplicates, columns, counts[c]);
		}
	}
	test_many();
	for (int sorted = 0; sorted < 2; sorted++)
	{
		test_failures(0, sorted != 0);
		test_failures(VALUE | WEIGHT, sorted != 0);
		test_failures(VALUE | WEIGHT | TIME, sorted != 0);
	}
	test_transpose();
	test_check();
	return check_report("test_csr");
}
