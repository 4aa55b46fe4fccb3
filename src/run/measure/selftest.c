/*-------------------------------------------------------------------------
 *
 * selftest.c
 *	  Does what serves here work as it should?  For after an upgrade, and for a
 *	  machine that is new.
 *
 * The numbers are core/measure/selftest.c's: small fixed problems, solved and searched
 * with every kernel this processor runs, and eigenvectors by every provider of
 * dense algebra there is.  What is left is the surroundings:
 * whether library and SQL objects are of one version, whether threads start,
 * whether the shared files can be written and read back, and what is switched
 * off.  Nothing is written but one file of some 100 kB, which is removed; no
 * table is read.
 *
 * A check that fails is a row that says so, not an error; interrupts are errors
 * as ever.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/backend_status.h"

#include "base/job.h"
#include "base/settings.h"
#include "run/measure/selftest.h"
#include "store/packfile.h"
#include "store/relation.h"

#define MAX_ROWS 16

static const char *const kernels[] = {"avx512", "avx2", "portable"};

/* The checks that were made. */
typedef struct Selftest
{
	WalsJob job;
	WcPack pack;
	uint8 identity[WC_PACK_IDENTITY];
	int n;
	WalsSelftestRow *rows;
} Selftest;

static void
put(Selftest *test, const char *name, bool passed, const char *detail)
{
	Assert(test->n < MAX_ROWS);
	test->rows[test->n].name = name;
	test->rows[test->n].passed = passed;
	test->rows[test->n++].detail = detail;
}

/* False, with a row, for a status that is a failure; an interrupt is thrown. */
static bool
succeeded(Selftest *test, const char *name, WcStatus status)
{
	CHECK_FOR_INTERRUPTS();
	if (status != WC_OK)
		put(test, name, false, wc_status_text(status));
	return status == WC_OK;
}

static void
check_versions(Selftest *test)
{
	char *sql = wals_extension_version();

	put(test, "versions", sql != NULL && strcmp(sql, WALS_VERSION) == 0,
	    sql == NULL
	        ? "the extension is not installed in this database"
	        : psprintf("library %s, SQL objects %s%s", WALS_VERSION, sql,
	                   strcmp(sql, WALS_VERSION) == 0
	                       ? ""
	                       : ": ALTER EXTENSION wals UPDATE, then reconnect"));
}

static void
check_kernel(Selftest *test, const char *kernel)
{
	const char *solving = psprintf("solving, %s", kernel);
	const char *searching = psprintf("searching, %s", kernel);
	double worst;
	int32 n_queries;
	int32 n_wrong;

	test->job.core.kernel = kernel;
	if (wc_kernel_name(kernel) == NULL)
	{
		put(test, solving, true, "not for this processor");
		put(test, searching, true, "not for this processor");
		return;
	}
	if (succeeded(test, solving, wc_selftest_solve(&worst, &test->job.core)))
		put(test, solving, worst <= WC_SELFTEST_TOLERANCE,
		    psprintf("largest relative error of a user %.1e, allowed %.0e",
		             worst, WC_SELFTEST_TOLERANCE));
	if (test->pack.block != NULL &&
	    succeeded(test, searching,
	              wc_selftest_search(&test->pack, &n_queries, &n_wrong,
	                                 &test->job.core)))
		put(test, searching, n_wrong == 0,
		    psprintf("%d of %d answers differ from scoring every row", n_wrong,
		             n_queries));
}

static void
check_provider(Selftest *test, const WcDense *dense)
{
	const char *name = psprintf("eigenvectors, %s", wals_dense_text(dense));
	double worst;

	if (succeeded(
	        test, name,
	        wc_selftest_dense(dense, &worst, &test->job.alloc, &wals_hooks)))
		put(test, name, worst <= WC_SELFTEST_DENSE_TOLERANCE,
		    psprintf("largest error %.1e, allowed %.0e", worst,
		             WC_SELFTEST_DENSE_TOLERANCE));
}

/* OpenBLAS may be missing, but not where the setting insists on it. */
static void
check_dense(Selftest *test)
{
	char reason[300];

	check_provider(test, wc_dense(WC_DENSE_BUILTIN, 0));
	if (wals_dense == WC_DENSE_BUILTIN)
		return;
	if (wc_dense_missing(sizeof(reason), reason) != NULL)
		put(test, "eigenvectors, openblas", wals_dense == WC_DENSE_AUTO,
		    pstrdup(reason));
	else
		check_provider(test, wc_dense(WC_DENSE_OPENBLAS, 0));
}

static void
check_threads(Selftest *test)
{
	int32 asked = wals_thread_count();
	int32 got = wc_threads_available(asked);

	put(test, "threads", got == asked,
	    psprintf("%d of %d, the session's own included", got, asked));
}

static void
check_files(Selftest *test)
{
	const char *detail = psprintf("%zu kB were written, mapped and compared",
	                              test->pack.bytes / 1024);

	bool passed;

	if (test->pack.block == NULL)
		return;
	passed = wals_packfile_try(&test->pack, test->identity, &detail);
	put(test, "shared files", passed, detail);
	CHECK_FOR_INTERRUPTS();
}

static void
add_off(StringInfo off, const char *what)
{
	appendStringInfo(off, "%s%s", off->len > 0 ? "; " : "", what);
}

/* What is switched off costs time or sight, but nothing is wrong with it. */
static void
check_settings(Selftest *test)
{
	const char *widest = wc_kernel_name(NULL);
	const char *kernel = wc_kernel_name(wals_kernel);
	StringInfoData off;

	initStringInfo(&off);
	if (kernel == NULL || strcmp(kernel, widest) != 0)
		add_off(&off, psprintf("wals.kernel is %s, the widest is %s",
		                       wals_kernel, widest));
	if (wals_thread_count() == 1)
		add_off(&off, "trainings have one thread (wals.threads, "
		              "max_parallel_maintenance_workers)");
	if (wals_cache_share == WALS_SHARE_NEVER)
		add_off(&off, "sessions share no items (wals.cache_share)");
	if (wals_max_memory == 0)
		add_off(&off, "trainings have no limit of memory (wals.max_memory)");
	if (!pgstat_track_activities)
		add_off(&off, "wals_progress shows nothing (track_activities)");
	put(test, "settings", true, off.len > 0 ? off.data : "nothing is off");
}

int
wals_selftest_run(WalsSelftestRow **rows)
{
	Selftest test;
	int i;

	memset(&test, 0, sizeof(test));
	wals_job_init(&test.job, CurrentMemoryContext, 0);
	test.rows = palloc(sizeof(WalsSelftestRow) * MAX_ROWS);
	check_versions(&test);
	/* without a pack there is a row that says why, and none of what needs it */
	(void) succeeded(&test, "pack",
	                 wc_selftest_pack(test.identity, &test.pack,
	                                  &test.job.alloc, &wals_hooks));
	for (i = 0; i < (int) lengthof(kernels); i++)
		check_kernel(&test, kernels[i]);
	check_dense(&test);
	check_threads(&test);
	check_files(&test);
	check_settings(&test);
	wc_free(&test.job.alloc, test.pack.owned);
	*rows = test.rows;
	return test.n;
}
