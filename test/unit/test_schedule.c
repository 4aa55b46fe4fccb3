/*
 * schedule.c: every row once, longest first, in chunks of bounded work that do
 * not depend on anything but the rows.
 */
#include "check.h"
#include "core/solve/numerics.h"

#define ROWS_MAX 3000

/* A matrix of which only the row lengths matter. */
static void
with_lengths(int32_t rows, const int32_t *length, WcCsr *csr)
{
	memset(csr, 0, sizeof(*csr));
	csr->rows = rows;
	csr->start = malloc(((size_t) rows + 1) * sizeof(int64_t));
	csr->start[0] = 0;
	for (int32_t i = 0; i < rows; i++)
		csr->start[i + 1] = csr->start[i] + length[i];
	csr->nnz = csr->start[rows];
}

static void
check_schedule(int32_t rows, const int32_t *length, int32_t k)
{
	bool seen[ROWS_MAX] = {false};
	bool sorted = true;
	bool once = true;
	bool bounded = true;
	bool filled = true;
	WcSchedule schedule;
	WcCsr csr;

	with_lengths(rows, length, &csr);
	CHECK(wc_schedule_create(&csr, k, &schedule, &check_alloc) == WC_OK);
	CHECK(schedule.rows == rows);
	for (int32_t i = 0; i < rows; i++)
	{
		int32_t row = schedule.order[i];

		once &= row >= 0 && row < rows && !seen[row];
		seen[row] = true;
		if (i > 0)
		{
			int32_t before = schedule.order[i - 1];

			sorted &= length[before] > length[row] ||
			          (length[before] == length[row] && before < row);
		}
	}
	CHECK(once);
	CHECK(sorted);

	CHECK(schedule.start[schedule.n_chunks] == rows);
	CHECK(rows == 0 || schedule.start[0] == 0);
	for (int32_t c = 0; c < schedule.n_chunks; c++)
	{
		int64_t work = 0;
		int64_t last = 0;

		for (int32_t i = schedule.start[c]; i < schedule.start[c + 1]; i++)
		{
			last = length[schedule.order[i]] + k / 3 + 1;
			work += last;
		}
		/* a chunk ends with the row that makes it large enough */
		bounded &= work > 0 && work - last < 20000;
		filled &= work >= 20000 || c == schedule.n_chunks - 1;
	}
	CHECK(bounded);
	CHECK(filled);
	wc_schedule_free(&schedule, &check_alloc);
	CHECK(schedule.order == NULL && schedule.start == NULL);
	free(csr.start);
}

static void
test_failures(const int32_t *length)
{
	WcSchedule schedule;
	WcStatus status = WC_NO_MEMORY;
	long n;
	WcCsr csr;

	with_lengths(100, length, &csr);
	for (n = 0; n < 100 && status != WC_OK; n++)
	{
		check_fail_after = n;
		status = wc_schedule_create(&csr, 8, &schedule, &check_alloc);
		CHECK(status == WC_OK || status == WC_NO_MEMORY);
		CHECK(status == WC_OK || schedule.order == NULL);
	}
	check_fail_after = -1;
	CHECK(status == WC_OK && n > 1);
	wc_schedule_free(&schedule, &check_alloc);
	free(csr.start);
}

int
main(void)
{
	int32_t length[ROWS_MAX];
	uint64_t random = 5;

	for (int32_t i = 0; i < ROWS_MAX; i++)
		length[i] = (int32_t) (check_random(&random) * check_random(&random) *
		                       check_random(&random) * 900);
	check_schedule(0, length, 8);
	check_schedule(1, length, 8);
	check_schedule(ROWS_MAX, length, 1);
	check_schedule(ROWS_MAX, length, 64);
	check_schedule(ROWS_MAX, length, 1024);

	/* equal rows keep their order, empty ones come last, one may be huge */
	memset(length, 0, sizeof(length));
	check_schedule(ROWS_MAX, length, 3);
	length[17] = 1000000;
	check_schedule(ROWS_MAX, length, 3);
	test_failures(length);
	return check_report("test_schedule");
}
