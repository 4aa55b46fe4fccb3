/*-------------------------------------------------------------------------
 *
 * fold_in.c
 *	  Microseconds of folding one user in, and of an explanation.
 *
 * usage: fold_in [--factors K] [--entries N] [--items M] [--kernel NAME]
 *
 * Items of random length, w0 > 0, users of N random items each; lowest and
 * median CPU time of many calls.  "as trained": the items lie in the basis of
 * their Gram matrix's eigenvectors, as a training leaves them; "turned": in
 * another one.  Beside them what no fold-in can do without: the vectors of the
 * entries copied together, from where they lie among the others.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"

#define CALLS 400

typedef struct Items
{
	int32_t k;
	float *factors;
} Items;

static void *
plain_alloc(void *arg, size_t bytes)
{
	(void) arg;
	return malloc(bytes);
}

static void *
plain_resize(void *arg, void *block, size_t bytes)
{
	(void) arg;
	return realloc(block, bytes);
}

static void
plain_release(void *arg, void *block)
{
	(void) arg;
	free(block);
}

static const WcAlloc alloc = {plain_alloc, plain_resize, plain_release, NULL};

static const float *
item_vector(const void *arg, int32_t index)
{
	const Items *items = arg;

	return items->factors + (size_t) index * (size_t) items->k;
}

static float
item_bias(const void *arg, int32_t index)
{
	(void) arg;
	(void) index;
	return 0;
}

static int32_t
item_entries(const void *arg, int32_t index)
{
	(void) arg;
	return index % 1000 + 1;
}

static uint64_t state = 88172645463325252u;

static double
uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double) (state >> 11) / 9007199254740992.0;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return 1e6 * (double) t.tv_sec + 1e-3 * (double) t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* Lowest and median, which sorts them. */
static void
print_times(double *times)
{
	qsort(times, CALLS, sizeof(double), compare);
	printf(" %8.1f %8.1f", times[0], times[CALLS / 2]);
}

static void
check(WcStatus status, const WcError *error)
{
	if (status == WC_OK)
		return;
	fprintf(stderr, "%s %s\n", wc_status_text(status), error->detail);
	exit(1);
}

/* v = v (I - 2 h h' / h'h): a turn that no score notices */
static void
turn(int32_t count, const Items *items)
{
	for (int32_t i = 0; i < count; i++)
	{
		float *v = items->factors + (size_t) i * (size_t) items->k;
		double sum = 0;

		for (int32_t p = 0; p < items->k; p++)
			sum += v[p];
		for (int32_t p = 0; p < items->k; p++)
			v[p] -= (float) (2 * sum / items->k);
	}
}

static void
measure(const char *name, int32_t count, int32_t entries, const Items *items,
        const char *kernel)
{
	WcFoldItems view = {count, item_vector, item_bias, item_entries, items, NULL};
	WcFoldRow *rows = malloc(sizeof(WcFoldRow) * (size_t) entries);
	float *factors = malloc(sizeof(float) * (size_t) items->k);
	double fold_times[CALLS];
	double explain_times[CALLS];
	WcObjective objective;
	WcFold *fold;
	WcError error;
	double begin = now();
	double made;

	memset(&objective, 0, sizeof(objective));
	wc_params_defaults(&objective.params);
	objective.params.factors = items->k;
	objective.params.reg_exponent = 1;
	objective.params.regularization = 0.01;
	objective.params.unobserved_weight = 0.02;
	objective.params.biases = 0;
	objective.count_weight = 1;
	check(wc_fold_create(
	          &objective, WC_USERS, &view, NULL, &fold,
	          &(WcJob){.alloc = &alloc, .error = &error, .kernel = kernel}),
	      &error);
	made = now() - begin;
	for (int call = 0; call < CALLS; call++)
	{
		WcFoldUser user = {entries, rows, false, false, 1, {1, 1}};
		float bias;

		for (int32_t e = 0; e < entries; e++)
		{
			rows[e].item = (int32_t) (uniform() * count);
			rows[e].value = 1;
		}
		begin = now();
		check(wc_fold_in(fold, &view, &user, factors, &bias, NULL, &error),
		      &error);
		fold_times[call] = now() - begin;
		begin = now();
		check(wc_fold_explain(fold, item_vector(items, 0), NULL, &error),
		      &error);
		explain_times[call] = now() - begin;
	}
	printf("%-12s", name);
	print_times(fold_times);
	print_times(explain_times);
	printf(" %10.2f\n", made / 1000);
	wc_fold_free(fold);
	free(rows);
	free(factors);
}

static void
measure_floor(int32_t count, int32_t entries, const Items *items)
{
	size_t k = (size_t) items->k;
	float *copy = malloc(sizeof(float) * (size_t) entries * k);
	double copy_times[CALLS];
	double sum = 0;

	for (int call = 0; call < CALLS; call++)
	{
		double begin = now();

		for (int32_t e = 0; e < entries; e++)
			memcpy(copy + (size_t) e * k,
			       item_vector(items, (int32_t) (uniform() * count)),
			       k * sizeof(float));
		copy_times[call] = now() - begin;
		sum += copy[0];
	}
	printf("%-12s", "copying");
	print_times(copy_times);
	printf("%s\n", isfinite(sum) ? "" : "!");
	free(copy);
}

int
main(int argc, char **argv)
{
	int32_t entries = 68;
	int32_t count = 26744;
	const char *kernel = NULL;
	Items items = {64, NULL};

	for (int i = 1; i + 1 < argc; i += 2)
	{
		if (strcmp(argv[i], "--factors") == 0)
			items.k = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--entries") == 0)
			entries = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--items") == 0)
			count = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--kernel") == 0)
			kernel = argv[i + 1];
		else
		{
			fprintf(stderr, "unknown option %s\n", argv[i]);
			return 1;
		}
	}
	items.factors = malloc(sizeof(float) * (size_t) count * (size_t) items.k);
	/* one factor each: the Gram matrix is diagonal */
	for (int32_t i = 0; i < count; i++)
		for (int32_t p = 0; p < items.k; p++)
			items.factors[(size_t) i * (size_t) items.k + (size_t) p] =
			    i % items.k == p ? (float) (1 + uniform()) / (float) (1 + p)
			                     : 0.0f;
	printf("%d items, %d factors, %d entries, kernel %s\n", (int) count,
	       (int) items.k, (int) entries, wc_kernel_name(kernel));
	printf("%-12s %17s %17s %10s\n", "", "fold in us", "explain us",
	       "create ms");
	measure_floor(count, entries, &items);
	measure("as trained", count, entries, &items, kernel);
	turn(count, &items);
	measure("turned", count, entries, &items, kernel);
	free(items.factors);
	return 0;
}
