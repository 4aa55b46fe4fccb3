/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Define the wals.* settings and reserve their prefix, so that a misspelt
 *	  name is an error and not a silent placeholder.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <unistd.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/debug.h"
#include "base/settings.h"

#define REASON 300 /* bytes of a sentence */

char *wals_default_model = NULL;
int wals_cache_mem = 256 * 1024;
int wals_cache_share = WALS_SHARE_AUTO;
int wals_cache_file_limit = 8 * 1024 * 1024;
int wals_cache_idle_timeout = 60 * 1000;
int wals_max_memory = 4 * 1024 * 1024;
int wals_threads = 0;
char *wals_kernel = NULL;
int wals_dense = WC_DENSE_AUTO;

static const struct config_enum_entry cache_share_choices[] = {
    {"auto", WALS_SHARE_AUTO, false},
    {"always", WALS_SHARE_ALWAYS, false},
    {"never", WALS_SHARE_NEVER, false},
    {NULL, 0, false}};

static const struct config_enum_entry dense_choices[] = {
    {"auto", WC_DENSE_AUTO, false},
    {"openblas", WC_DENSE_OPENBLAS, false},
    {"builtin", WC_DENSE_BUILTIN, false},
    {NULL, 0, false}};

/* A model's name is checked where it is set, not in every later call. */
static bool
check_default_model(char **value, void **extra, GucSource source)
{
	List *names = NIL;
	bool valid;

	if (**value == '\0')
		return true;
	valid = SplitIdentifierString(pstrdup(*value), '.', &names) &&
	        list_length(names) <= 3;
	list_free(names);
	if (!valid)
		GUC_check_errdetail("It must be the name of a table, with or without "
		                    "its schema.");
	return valid;
}

/* Inner loops this processor does not run are refused where they are set. */
static bool
check_kernel(char **value, void **extra, GucSource source)
{
	if (wc_kernel_name(*value) != NULL)
		return true;
	GUC_check_errdetail("Kernels are auto, avx512, avx2 and portable, and the "
	                    "server's processor must run them.");
	return false;
}

/*
 * The setting, or what the administrator allows other long jobs of one session
 * (max_parallel_maintenance_workers and the session itself), but never more
 * than there are processors.
 */
int
wals_thread_count(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (wals_threads > 0)
		return wals_threads;
	return Max(1, Min(max_parallel_maintenance_workers + 1,
	                  (int) Min(processors, WC_THREADS_MAX)));
}

WcSolverOptions
wals_solver_options(int threads)
{
	WcSolverOptions options = {threads, wals_kernel,
	                           (WcDenseChoice) wals_dense};
	char reason[REASON];

	if (options.dense == WC_DENSE_OPENBLAS &&
	    wc_dense_missing(sizeof(reason), reason) != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_FILE),
		         errmsg("OpenBLAS cannot be used in this session"),
		         errdetail("%s", reason),
		         errhint("Install it, on Debian and Ubuntu the package "
		                 "libopenblas0, or SET wals.dense = 'auto' to do "
		                 "without where it is not there.")));
	return options;
}

char *
wals_dense_text(const WcDense *dense)
{
	char text[100];

	wc_dense_text(dense, sizeof(text), text);
	return pstrdup(text);
}

char *
wals_dense_words(void)
{
	char reason[REASON];

	if (wals_dense != WC_DENSE_BUILTIN &&
	    wc_dense_missing(sizeof(reason), reason) != NULL)
		return psprintf("builtin: %s", reason);
	if (wals_dense == WC_DENSE_AUTO)
		return psprintf("%s, from %d factors on",
		                wals_dense_text(wc_dense(WC_DENSE_AUTO, WC_DENSE_FROM)),
		                WC_DENSE_FROM);
	return wals_dense_text(wc_dense((WcDenseChoice) wals_dense, 1));
}

void
wals_settings_define(void)
{
	DefineCustomStringVariable(
	    "wals.default_model", "Model that functions use when none is named.",
	    "A table name, qualified or found through search_path. "
	    "Empty: the model marked with wals_set_default, else the "
	    "only model owned by a role the caller belongs to.",
	    &wals_default_model, "", PGC_USERSET, 0, check_default_model, NULL,
	    NULL);

	DefineCustomIntVariable(
	    "wals.cache_mem", "Memory a session may use to keep item factors.",
	    "Models that do not fit, and are not shared, are read again by each "
	    "call.",
	    &wals_cache_mem, 256 * 1024, 1024, MAX_KILOBYTES, PGC_USERSET,
	    GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomEnumVariable(
	    "wals.cache_share", "Keeps item factors in files all sessions share.",
	    "auto: those of a megabyte or more. The files are temporary files of "
	    "the server.",
	    &wals_cache_share, WALS_SHARE_AUTO, cache_share_choices, PGC_USERSET, 0,
	    NULL, NULL, NULL);

	DefineCustomIntVariable(
	    "wals.cache_file_limit",
	    "Size of all files with item factors that sessions share.",
	    "Files used longest ago make room. -1 means no limit.",
	    &wals_cache_file_limit, 8 * 1024 * 1024, -1, INT_MAX, PGC_SUSET,
	    GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomIntVariable(
	    "wals.cache_idle_timeout",
	    "Time after which an idle session lets go of files it shares.",
	    "Files that were removed take their space until then. 0 means never.",
	    &wals_cache_idle_timeout, 60 * 1000, 0, INT_MAX, PGC_USERSET,
	    GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable(
	    "wals.max_memory", "Memory a training, tuning or evaluation may use.",
	    "A training whose estimate is higher stops with an error "
	    "before it allocates. 0 means no limit.",
	    &wals_max_memory, 4 * 1024 * 1024, 0, MAX_KILOBYTES, PGC_USERSET,
	    GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomIntVariable(
	    "wals.threads", "Threads a training and wals_recommend_all may use.",
	    "0: as many as max_parallel_maintenance_workers + 1, but not more than "
	    "there are processors. The result is the same for any number.",
	    &wals_threads, 0, 0, WC_THREADS_MAX, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
	    "wals.kernel",
	    "Inner loops a training uses: auto, avx512, avx2, portable.",
	    "auto takes the widest the processor runs. Last digits of the factors "
	    "differ from one to the next.",
	    &wals_kernel, "auto", PGC_USERSET, 0, check_kernel, NULL, NULL);

	/* whether OpenBLAS is there is asked when it is needed */
	DefineCustomEnumVariable(
	    "wals.dense", "Whose code solves dense problems of trainings and maps.",
	    "auto: OpenBLAS from 256 factors on, if it is there. Last digits of "
	    "the factors differ from one to the other.",
	    &wals_dense, WC_DENSE_AUTO, dense_choices, PGC_USERSET, 0, NULL, NULL,
	    NULL);

	wals_debug_define();

	MarkGUCPrefixReserved("wals");
}
