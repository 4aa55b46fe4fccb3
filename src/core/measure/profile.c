/*-------------------------------------------------------------------------
 *
 * profile.c
 *	  What there is to train on, and what that will take.
 *
 * Spreads and values are counted exactly.  The labour of a training is the sum
 * over its rows of what the formulas of core/README.md say one takes.  They
 * leave out what depends on the machine, so whoever wants seconds solves a
 * sample and multiplies: rows of the sample are as long as rows of the data
 * are, which is what the time of a multiply-add depends on most.
 *
 * The sample's entries are spread evenly over a part of the items that does
 * not fit the nearest caches.  Real entries crowd on popular items, so we err
 * on the slow side.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/measure/measure.h"

#define CG_FACTORS 128 /* from which on the solver auto is cg (sweep.c) */
#define LONG_FACTORS 256 /* below, cg solves exactly the rows (cg.c) that */
#define CG_ROOM (768 * 1024 / 4) /* have more floats than this */
#define SAMPLE_WORK 1.5e8 /* multiply-adds, tens of milliseconds */
#define SAMPLE_FLOATS (1 << 22) /* of items */
#define SAMPLE_LENGTH 4096 /* entries of a row, at most */

/* Entries per row; rows has one number for each of csr's rows or columns. */
static WcStatus
count_entries(const WcCsr *csr, WcSide side, int32_t *count, WcPace *pace)
{
	if (side == WC_USERS)
	{
		for (int32_t i = 0; i < csr->rows; i++)
		{
			count[i] = (int32_t) (csr->start[i + 1] - csr->start[i]);
			if (wc_pace(pace, 1))
				return WC_CANCELLED;
		}
		return WC_OK;
	}
	memset(count, 0, (size_t) csr->cols * sizeof(int32_t));
	for (int64_t e = 0; e < csr->nnz; e++)
	{
		count[csr->col[e]]++;
		if (wc_pace(pace, 1))
			return WC_CANCELLED;
	}
	return WC_OK;
}

/* entries are sorted by descending count, which is ~key. */
static void
summarize_spread(int32_t rows, const WcKeyed *sorted, int64_t nnz,
                 WcSpread *spread)
{
	int64_t top = 0;

	spread->most = (int32_t) ~sorted[0].key;
	spread->most_row = sorted[0].value;
	spread->median = ((double) ~sorted[(rows - 1) / 2].key +
	                  (double) ~sorted[rows / 2].key) /
	                 2;
	spread->top_rows = rows / 100 > 0 ? rows / 100 : 1;
	for (int32_t i = 0; i < spread->top_rows; i++)
		top += ~sorted[i].key;
	spread->top_share = nnz > 0 ? (double) top / (double) nnz : 0;
}

WcStatus
wc_spread(const WcCsr *csr, WcSide side, WcSpread *spread, const WcAlloc *alloc,
          const WcHooks *hooks)
{
	int32_t rows = side == WC_USERS ? csr->rows : csr->cols;
	int32_t *count = wc_alloc_array(alloc, (size_t) rows, sizeof(int32_t));
	WcKeyed *keyed = wc_alloc_array(alloc, 2 * (size_t) rows, sizeof(WcKeyed));
	WcKeyed *sorted = keyed;
	WcPace pace = wc_pace_start(hooks);
	WcStatus status = WC_NO_MEMORY;

	memset(spread, 0, sizeof(*spread));
	spread->rows = rows;
	spread->most_row = -1;
	if (count != NULL && keyed != NULL)
		status = count_entries(csr, side, count, &pace);
	for (int32_t i = 0; status == WC_OK && i < rows; i++)
	{
		keyed[i].key = ~(uint32_t) count[i];
		keyed[i].value = i;
		spread->singles += count[i] == 1;
		if (wc_pace(&pace, 1))
			status = WC_CANCELLED;
	}
	if (status == WC_OK && rows > 0)
		status = wc_sort_keyed(rows, keyed, keyed + rows, &sorted, &pace);
	if (status == WC_OK && rows > 0)
		summarize_spread(rows, sorted, csr->nnz, spread);
	wc_free(alloc, count);
	wc_free(alloc, keyed);
	return status;
}

/* Open addressing; count 0 is an empty slot. */
#define SLOTS (2 * WC_DISTINCT_MAX)

static WcCommonValue *
find_value(WcCommonValue *slots, float value)
{
	union
	{
		float number;
		uint32_t bits;
	} both = {value};
	uint32_t at = both.bits * UINT32_C(2654435769);

	for (at >>= 15;; at = (at + 1) % SLOTS)
		if (slots[at].count == 0 || slots[at].value == value)
			return &slots[at];
}

/* Keep the commonest, in order. */
static void
keep_common(WcValues *values, WcCommonValue candidate)
{
	WcCommonValue *common = values->common;
	int32_t place = values->n_common;

	while (place > 0 && (common[place - 1].count < candidate.count ||
	                     (common[place - 1].count == candidate.count &&
	                      common[place - 1].value > candidate.value)))
		place--;
	if (place == WC_COMMON_VALUES)
		return;
	if (values->n_common < WC_COMMON_VALUES)
		values->n_common++;
	memmove(common + place + 1, common + place,
	        (size_t) (values->n_common - 1 - place) * sizeof(*common));
	common[place] = candidate;
}

WcStatus
wc_values_summary(int64_t count, const float *value, WcValues *values,
                  const WcAlloc *alloc, const WcHooks *hooks)
{
	WcCommonValue *slots = wc_alloc_array(alloc, SLOTS, sizeof(WcCommonValue));
	WcPace pace = wc_pace_start(hooks);
	WcStatus status = slots == NULL ? WC_NO_MEMORY : WC_OK;

	memset(values, 0, sizeof(*values));
	values->count = count;
	if (count > 0)
		values->min = values->max = value[0] + 0.0f;
	if (slots != NULL)
		memset(slots, 0, SLOTS * sizeof(WcCommonValue));
	for (int64_t i = 0; status == WC_OK && i < count; i++)
	{
		float number = value[i] + 0.0f;

		values->min = fminf(values->min, number);
		values->max = fmaxf(values->max, number);
		values->negative += number < 0;
		values->zero += number == 0;
		if (values->distinct >= 0)
		{
			WcCommonValue *slot = find_value(slots, number);

			if (slot->count++ == 0)
			{
				slot->value = number;
				if (values->distinct++ == WC_DISTINCT_MAX)
					values->distinct = -1;
			}
		}
		if (wc_pace(&pace, 4))
			status = WC_CANCELLED;
	}
	for (int32_t i = 0; status == WC_OK && values->distinct > 0 && i < SLOTS;
	     i++)
		if (slots[i].count > 0)
			keep_common(values, slots[i]);
	wc_free(alloc, slots);
	return status;
}

/* One row, exactly: in the smaller of its two dimensions. */
static double
exact_row(double length, double k)
{
	double tau = k < CG_FACTORS ? 0.5 : 1;

	if (length < tau * k)
		return length * length * k + length * length * length / 3 +
		       2 * length * k;
	return length * k * k + k * k * k / 3 + 2 * length * k;
}

/* One row as the solver auto goes about it. */
static double
auto_row(double length, double k)
{
	if (k < CG_FACTORS || (k < LONG_FACTORS && length * k > CG_ROOM))
		return exact_row(length, k);
	return 2 * (WC_CG_STEPS_DEFAULT + 1) * length * k;
}

WcStatus
wc_labour(const WcCsr *csr, int32_t factors, WcLabour *labour,
          const WcAlloc *alloc, const WcHooks *hooks)
{
	double k = factors;
	double rows = (double) csr->rows + csr->cols;
	int32_t *count = wc_alloc_array(alloc, (size_t) csr->cols, sizeof(int32_t));
	WcPace pace = wc_pace_start(hooks);
	WcStatus status = WC_NO_MEMORY;

	memset(labour, 0, sizeof(*labour));
	if (count != NULL)
		status = count_entries(csr, WC_ITEMS, count, &pace);
	for (int32_t i = 0; status == WC_OK && i < csr->rows; i++)
	{
		double length = (double) (csr->start[i + 1] - csr->start[i]);

		labour->users += auto_row(length, k);
		labour->exact += exact_row(length, k);
		if (wc_pace(&pace, 8))
			status = WC_CANCELLED;
	}
	for (int32_t j = 0; status == WC_OK && j < csr->cols; j++)
	{
		labour->items += auto_row(count[j], k);
		if (wc_pace(&pace, 8))
			status = WC_CANCELLED;
	}
	labour->dense = 4 * rows * k * k + 2 * (double) csr->nnz * k;
	labour->eigen = 2 * 9 * k * k * k;
	wc_free(alloc, count);
	return status;
}

/* Length of a row in the sample. */
static int32_t
sample_length(const WcCsr *csr, int32_t row, int32_t cols)
{
	int64_t length = csr->start[row + 1] - csr->start[row];
	int32_t most = cols < SAMPLE_LENGTH ? cols : SAMPLE_LENGTH;

	return length < most ? (int32_t) length : most;
}

/* The place-th of count rows that are spread evenly over all. */
static int32_t
sample_row(const WcCsr *csr, int32_t place, int32_t count)
{
	return (int32_t) ((int64_t) csr->rows * (2 * (int64_t) place + 1) /
	                  (2 * (int64_t) count));
}

/* How many rows do about SAMPLE_WORK together. */
static int32_t
sample_size(const WcCsr *csr, int32_t factors, bool exact, int32_t cols)
{
	int32_t probes = csr->rows < 1000 ? csr->rows : 1000;
	double work = 1;

	for (int32_t i = 0; i < probes; i++)
	{
		int32_t length = sample_length(csr, sample_row(csr, i, probes), cols);

		work += exact ? exact_row(length, factors) : auto_row(length, factors);
	}
	work = SAMPLE_WORK / (work / probes);
	if (work < 1)
		return 1;
	return work < csr->rows ? (int32_t) work : csr->rows;
}

WcStatus
wc_labour_sample(const WcCsr *csr, int32_t factors, bool exact, WcCsr *sample,
                 const WcAlloc *alloc)
{
	int32_t cols = SAMPLE_FLOATS / factors < csr->cols ? SAMPLE_FLOATS / factors
	                                                   : csr->cols;
	int32_t rows = sample_size(csr, factors, exact, cols);
	int64_t nnz = 0;

	memset(sample, 0, sizeof(*sample));
	for (int32_t i = 0; i < rows; i++)
		nnz += sample_length(csr, sample_row(csr, i, rows), cols);
	sample->rows = rows;
	sample->cols = cols;
	sample->start = wc_alloc_array(alloc, (size_t) rows + 1, sizeof(int64_t));
	sample->col = wc_alloc_array(alloc, (size_t) nnz, sizeof(int32_t));
	sample->value = wc_alloc_array(alloc, (size_t) nnz, sizeof(float));
	if (sample->start == NULL || sample->col == NULL || sample->value == NULL)
	{
		wc_csr_free(sample, alloc);
		return WC_NO_MEMORY;
	}
	sample->start[0] = 0;
	for (int32_t i = 0; i < rows; i++)
	{
		int32_t length = sample_length(csr, sample_row(csr, i, rows), cols);

		for (int32_t e = 0; e < length; e++)
		{
			/* a place of its own in each of length parts */
			int64_t from = (int64_t) cols * e / length;
			int64_t room = (int64_t) cols * (e + 1) / length - from;

			sample->col[sample->nnz] =
			    (int32_t) (from + (int64_t) i * 7919 % room);
			sample->value[sample->nnz++] = (i + e) % 2 == 0 ? 1.0f : -1.0f;
		}
		sample->start[i + 1] = sample->nnz;
	}
	WC_ASSERT(wc_csr_check(sample));
	return WC_OK;
}
