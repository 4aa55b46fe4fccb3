/*-------------------------------------------------------------------------
 *
 * test_merge.c
 *	  The corners of merging duplicates: cells rated very often, cells whose
 *	  value is 0, both zeros, sums beyond float32, duplicates that are errors;
 *	  rows that fade.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS 23
#define ITEMS 17

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

/* Numbers that cancel: every order of adding them up gives another sum. */
static void
test_cancelling(void)
{
	static const int64_t counts[] = {3, 16, 17, 40, 1000};
	uint64_t state = 6;

	for (int c = 0; c < 5; c++)
	{
		Row row[1000];
		float first[2] = {0, 0};

		for (int64_t e = 0; e < counts[c]; e++)
		{
			float huge = e % 2 == 0 ? 1e30f : -1e30f;

			memset(&row[e], 0, sizeof(Row));
			row[e].value = e % 3 == 2 ? (float) e : huge;
			row[e].weight = e % 3 == 1 ? (float) e : -huge;
		}
		for (int order = 0; order < 20; order++)
		{
			WcCsr csr;
			int64_t n_merged;
			int64_t n_zero;

			CHECK(convert(counts[c], row, VALUE | WEIGHT, WC_DUP_SUM, false,
			              &csr, &n_merged, &n_zero, NULL) == WC_OK);
			if (order == 0)
			{
				first[0] = csr.value[0];
				first[1] = csr.weight[0];
			}
			CHECK(csr.value[0] == first[0] && csr.weight[0] == first[1]);
			wc_csr_free(&csr, &check_alloc);
			shuffle(counts[c], row, &state);
		}
	}
}

/* One cell rated so often that its numbers are sorted the long way. */
static void
test_crowded_cell(void)
{
	int64_t count = 20000;
	uint64_t state = 5;
	Row *row = malloc(sizeof(Row) * (size_t) count);
	float sums[2][2];

	random_rows(count, row, &state);
	for (int64_t e = 0; e < count; e++)
		row[e].user = row[e].item = 3;
	for (int order = 0; order < 2; order++)
	{
		WcCoo coo;
		WcCsr csr;
		int64_t n_merged;
		int64_t n_zero;

		fill(&coo, count, row, VALUE | WEIGHT);
		CHECK(wc_csr_from_coo(
		          &coo, USERS, ITEMS, (WcMerging){.duplicates = WC_DUP_SUM},
		          &csr, &n_merged, &n_zero, &check_alloc, NULL, NULL) == WC_OK);
		CHECK(csr.nnz == 1 && n_merged == count - 1);
		sums[order][0] = csr.value[0];
		sums[order][1] = csr.weight[0];
		wc_csr_free(&csr, &check_alloc);
		shuffle(count, row, &state);
	}
	CHECK(memcmp(sums[0], sums[1], sizeof(sums[0])) == 0);
	free(row);
}

static void
test_zeros(void)
{
	Row row[] = {{2, 1, 3, 1, 0}, {2, 1, -3, 1, 0},   {0, 0, 0, 1, 0},
	             {0, 1, 5, 2, 0}, {1, 1, -0.f, 1, 0}, {2, 0, 1, 1, 0},
	             {2, 2, -1, 1, 0}};
	WcCsr csr;
	int64_t n_merged;
	int64_t n_zero;

	CHECK(convert(7, row, VALUE | WEIGHT, WC_DUP_SUM, true, &csr, &n_merged,
	              &n_zero, NULL) == WC_OK);
	CHECK(wc_csr_check(&csr) && csr.nnz == 3 && n_merged == 1 && n_zero == 3);
	CHECK(csr.start[1] == 1 && csr.start[2] == 1 && csr.start[3] == 3);
	CHECK(csr.col[0] == 1 && csr.value[0] == 5 && csr.weight[0] == 2);
	CHECK(csr.col[1] == 0 && csr.col[2] == 2 && csr.value[2] == -1);
	wc_csr_free(&csr, &check_alloc);

	CHECK(convert(7, row, VALUE, WC_DUP_SUM, false, &csr, &n_merged, &n_zero,
	              NULL) == WC_OK);
	CHECK(csr.nnz == 6 && n_merged == 1 && n_zero == 0);
	wc_csr_free(&csr, &check_alloc);

	/* Nothing but zeros leaves no entry, which is not an error here. */
	CHECK(convert(1, &row[2], VALUE, WC_DUP_SUM, true, &csr, &n_merged, &n_zero,
	              NULL) == WC_OK);
	CHECK(csr.nnz == 0 && n_zero == 1 && wc_csr_check(&csr));
	wc_csr_free(&csr, &check_alloc);
	CHECK(convert(0, row, VALUE, WC_DUP_SUM, true, &csr, &n_merged, &n_zero,
	              NULL) == WC_OK);
	CHECK(csr.nnz == 0 && wc_csr_check(&csr));
	wc_csr_free(&csr, &check_alloc);
}

static void
test_refusals(void)
{
	Row row[] = {{4, 5, 3e38f, 1, 0},
	             {1, 2, 3e38f, 3e38f, 0},
	             {1, 1, 1, 1, 0},
	             {1, 2, 1e38f, 3e38f, 0},
	             {1, 3, 1, 1, 0}};
	WcError error;
	WcCsr csr;
	int64_t n_merged;
	int64_t n_zero;

	for (int c = 0; c < 2; c++)
	{
		static const int with[] = {VALUE, VALUE | WEIGHT};
		int columns = with[c];

		CHECK(convert(5, row, columns, WC_DUP_SUM, false, &csr, &n_merged,
		              &n_zero, &error) == WC_NOT_FINITE);
		CHECK(error.status == WC_NOT_FINITE && error.side == WC_USERS);
		CHECK(error.row == 1 && error.other == 2 && csr.start == NULL);
		CHECK(convert(5, row, columns, WC_DUP_ERROR, false, &csr, &n_merged,
		              &n_zero, &error) == WC_DUPLICATE);
		CHECK(error.status == WC_DUPLICATE && csr.col == NULL);
		CHECK(error.row == 1 && error.other == 2 && error.detail[0] != '\0');
	}

	/* Without the duplicate, the same numbers pass. */
	CHECK(convert(3, row, VALUE | WEIGHT, WC_DUP_ERROR, false, &csr, &n_merged,
	              &n_zero, &error) == WC_OK);
	CHECK(csr.nnz == 3);
	wc_csr_free(&csr, &check_alloc);
	CHECK(convert(5, row, VALUE | WEIGHT, WC_DUP_AVG, false, &csr, &n_merged,
	              &n_zero, &error) == WC_OK);
	CHECK(csr.value[1] == 2e38f && csr.weight[1] == 3e38f);
	wc_csr_free(&csr, &check_alloc);
}

/* -0 and 0 are one value, whichever comes first. */
static void
test_signed_zero(void)
{
	static const WcDuplicates rules[] = {WC_DUP_SUM, WC_DUP_MAX, WC_DUP_AVG,
	                                     WC_DUP_LAST};

	for (int rule = 0; rule < 4; rule++)
	{
		for (int first = 0; first < 2; first++)
		{
			Row row[] = {{1, 1, first ? 0.0f : -0.0f, 1, 5},
			             {1, 1, first ? -0.0f : 0.0f, 1, 5}};
			WcCsr csr;
			int64_t n_merged;
			int64_t n_zero;

			CHECK(convert(2, row, VALUE | TIME, rules[rule], false, &csr,
			              &n_merged, &n_zero, NULL) == WC_OK);
			CHECK(csr.nnz == 1 && csr.value[0] == 0 && !signbit(csr.value[0]));
			wc_csr_free(&csr, &check_alloc);
		}
	}
}

/* The latest row wins; of several latest, the larger value, then weight. */
static void
test_last(void)
{
	Row row[] = {{1, 1, 9, 9, -4}, {1, 1, 2, 3, 8}, {1, 1, 5, 1, 8},
	             {1, 1, 5, 2, 8},  {1, 1, 7, 7, 7}, {1, 2, 4, 4, INT64_MIN}};
	uint64_t state = 4;

	for (int order = 0; order < 20; order++)
	{
		WcCsr csr;
		int64_t n_merged;
		int64_t n_zero;

		CHECK(convert(6, row, VALUE | WEIGHT | TIME, WC_DUP_LAST, false, &csr,
		              &n_merged, &n_zero, NULL) == WC_OK);
		CHECK(csr.nnz == 2 && n_merged == 4);
		CHECK(csr.value[0] == 5 && csr.weight[0] == 2);
		CHECK(csr.value[1] == 4 && csr.weight[1] == 4);
		wc_csr_free(&csr, &check_alloc);
		shuffle(6, row, &state);
	}
}

/* What merging with fading makes of cells, in double. */
static void
check_faded(int64_t count, const Row *row, int columns, WcMerging how,
            const WcCsr *csr)
{
	for (int32_t u = 0; u < USERS; u++)
	{
		for (int64_t cell = csr->start[u]; cell < csr->start[u + 1]; cell++)
		{
			double sum = 0;
			double size = 0;
			double faded = 0; /* sum of |v| u */
			double weighted = 0; /* sum of v u */
			double weights = 0;
			double largest = 0;
			int64_t latest = INT64_MIN;
			const Row *last = NULL;

			for (int64_t e = 0; e < count; e++)
				if (row[e].user == u && row[e].item == csr->col[cell])
					latest = row[e].time > latest ? row[e].time : latest;
			for (int64_t e = 0; e < count; e++)
			{
				double v = columns & VALUE ? row[e].value : 1;
				double weight = columns & WEIGHT ? row[e].weight : 1;

				if (row[e].user != u || row[e].item != csr->col[cell])
					continue;
				weight *=
				    exp2(-(double) (latest - row[e].time) / how.half_life);
				sum += v;
				size += fabs(v);
				faded += fabs(v) * weight;
				weighted += v * weight;
				weights += weight;
				largest = fmax(largest, weight);
				last = &row[e];
			}
			CHECK(last != NULL && csr->time[cell] == latest);
			if (how.duplicates == WC_DUP_SUM && how.by_value)
			{
				double weight = csr->weight == NULL ? 1 : csr->weight[cell];

				CHECK_NEAR(weight * size / faded, 1, 1e-6);
			}
			else
				CHECK_NEAR(csr->weight == NULL ? 1 : csr->weight[cell], largest,
				           1e-6 * largest);
			if (how.duplicates == WC_DUP_SUM && csr->value != NULL)
				CHECK_NEAR(csr->value[cell], sum, 1e-6 * size);
			if (how.duplicates == WC_DUP_AVG && csr->value != NULL)
				CHECK_NEAR(csr->value[cell], weighted / weights, 1e-7 * size);
		}
	}
}

static WcStatus
merge(int64_t count, const Row *row, int columns, WcMerging how, WcCsr *csr)
{
	WcCoo coo;
	int64_t n_merged;
	int64_t n_zero;

	fill(&coo, count, row, columns);
	return wc_csr_from_coo(&coo, USERS, ITEMS, how, csr, &n_merged, &n_zero,
	                       &check_alloc, NULL, NULL);
}

static bool
same_floats(int64_t nnz, const float *a, const float *b)
{
	for (int64_t e = 0; e < nnz; e++)
	{
		float x = a == NULL ? 1 : a[e];
		float y = b == NULL ? 1 : b[e];

		if (x != y)
			return false;
	}
	return true;
}

static bool
same_cells(const WcCsr *a, const WcCsr *b)
{
	return a->nnz == b->nnz && same_floats(a->nnz, a->value, b->value) &&
	       same_floats(a->nnz, a->weight, b->weight);
}

/*
 * Every policy, with and without values and weights: rows fade once, in any
 * order; a half-life without end and a column of ones change nothing, to the
 * last bit.
 */
static void
test_fading(void)
{
	static const WcDuplicates rules[] = {WC_DUP_SUM, WC_DUP_MAX, WC_DUP_AVG,
	                                     WC_DUP_LAST};
	int64_t count = 3000;
	Row *row = malloc(sizeof(Row) * (size_t) count);
	Row *ones = malloc(sizeof(Row) * (size_t) count);
	uint64_t state = 8;

	random_rows(count, row, &state);
	for (int64_t e = 0; e < count; e++)
		row[e].time *= 40;
	memcpy(ones, row, sizeof(Row) * (size_t) count);
	for (int64_t e = 0; e < count; e++)
		ones[e].weight = 1;
	for (int c = 0; c < 4 * 2 * 2 * 2; c++)
	{
		int columns = (c & 4 ? VALUE : 0) | (c & 8 ? WEIGHT : 0) | TIME;
		WcMerging how = {.duplicates = rules[c & 3],
		                 .by_value = (c & 16) != 0,
		                 .half_life = 25};
		WcMerging never = {.duplicates = how.duplicates,
		                   .by_value = how.by_value};
		WcCsr first;
		WcCsr csr;

		CHECK(merge(count, row, columns, how, &first) == WC_OK);
		if (how.duplicates != WC_DUP_LAST)
			check_faded(count, row, columns, how, &first);
		shuffle(count, row, &state);
		CHECK(merge(count, row, columns, how, &csr) == WC_OK);
		CHECK(same_cells(&first, &csr));
		wc_csr_free(&csr, &check_alloc);
		wc_csr_free(&first, &check_alloc);

		CHECK(merge(count, row, columns, never, &first) == WC_OK);
		how.half_life = 1e30;
		CHECK(merge(count, row, columns, how, &csr) == WC_OK);
		CHECK(same_cells(&first, &csr));
		wc_csr_free(&csr, &check_alloc);
		wc_csr_free(&first, &check_alloc);

		CHECK(merge(count, ones, columns & ~WEIGHT, never, &first) == WC_OK);
		CHECK(merge(count, ones, columns | WEIGHT, never, &csr) == WC_OK);
		CHECK(same_cells(&first, &csr));
		wc_csr_free(&csr, &check_alloc);
		wc_csr_free(&first, &check_alloc);
	}
	free(row);
	free(ones);
}

int
main(void)
{
	test_fading();
	test_cancelling();
	test_crowded_cell();
	test_zeros();
	test_refusals();
	test_signed_zero();
	test_last();
	return check_report("test_merge");
}
