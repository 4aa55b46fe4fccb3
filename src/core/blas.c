/*-------------------------------------------------------------------------
 *
 * blas.c
 *	  Load OpenBLAS, the one place that knows its name and its habits.
 *
 * The surroundings call wc_blas_load before they create a solver; gram.c and
 * solve.c then call through the table.  The library is opened with dlopen on
 * first use and never linked, for two habits of OpenBLAS as distributions
 * build it:
 *
 * - While it is being loaded it starts one thread per further processor, with
 *   all signals open.  In a host that handles signals in its only thread, a
 *   handler could then run in a thread the host does not know.  The number of
 *   threads is read from OPENBLAS_NUM_THREADS at that moment only, so the
 *   variable is 1 while we load; should a build start a thread all the same, it
 *   inherits a mask that blocks every signal.
 *
 * - It chooses its kernels from a list of processor models, and on a model
 *   younger than the release it falls back to SSE3, 5 to 10 times slower than
 *   what the processor can do.  OPENBLAS_CORETYPE, read at the same moment,
 *   overrides the choice: unless somebody has set it, it names the widest set
 *   of kernels that the processor reports instructions for.  A build for one
 *   processor only ignores it.
 *
 * Both variables are put back afterwards.
 *
 * Loading changes the environment of the process and is not thread-safe: it
 * belongs into the main thread before others start.  The table is written once
 * and the library stays open until the process ends, because closing it under
 * threads that may still be in it cannot be made safe.
 *
 *-------------------------------------------------------------------------
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/blas.h"
#include "core/internal.h"

static WcBlas blas_table;
static bool blas_is_loaded = false;
static char blas_text[256] = "not loaded";

static const struct
{
	const char *name;
	size_t offset;
} blas_symbols[] = {
    {"cblas_sgemm", offsetof(WcBlas, gemm)},
    {"cblas_sgemv", offsetof(WcBlas, gemv)},
    {"cblas_ssyrk", offsetof(WcBlas, ssyrk)},
    {"cblas_dsyrk", offsetof(WcBlas, dsyrk)},
    {"spotrf_", offsetof(WcBlas, potrf)},
    {"spotrs_", offsetof(WcBlas, potrs)},
    {"openblas_get_corename", offsetof(WcBlas, get_corename)},
    {"openblas_get_config", offsetof(WcBlas, get_config)},
    {"openblas_set_num_threads", offsetof(WcBlas, set_num_threads)},
    {"openblas_get_num_threads", offsetof(WcBlas, get_num_threads)},
};

#define BLAS_SYMBOLS (sizeof(blas_symbols) / sizeof(blas_symbols[0]))

static const char *const blas_names[] = {"libopenblas.so.0", "libopenblas.so",
                                         "libopenblas.dylib"};

#define BLAS_NAMES (sizeof(blas_names) / sizeof(blas_names[0]))

/* A variable of the environment as it was before we changed it. */
typedef struct SavedVariable
{
	const char *name;
	bool was_set;
	bool changed;
	char value[256];
} SavedVariable;

/* False, with nothing changed, when the old value could not be put back. */
static bool
variable_set(SavedVariable *saved, const char *name, const char *value)
{
	const char *old = getenv(name);

	saved->name = name;
	saved->was_set = old != NULL;
	saved->changed = false;
	if (old != NULL)
	{
		if (strlen(old) >= sizeof(saved->value))
			return false;
		strcpy(saved->value, old);
	}
	if (setenv(name, value, 1) != 0)
		return false;
	saved->changed = true;
	return true;
}

static void
variable_restore(const SavedVariable *saved)
{
	if (!saved->changed)
		return;
	if (saved->was_set)
		setenv(saved->name, saved->value, 1);
	else
		unsetenv(saved->name);
}

/* The name of the widest kernels for this processor, NULL: no opinion. */
static const char *
widest_core(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512cd"))
		return "SkylakeX";
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return "Haswell";
#endif
	return NULL;
}

/* Fill the table from an open library; false names the missing symbol. */
static bool
table_fill(void *handle, WcBlas *table, const char **missing)
{
	for (size_t i = 0; i < BLAS_SYMBOLS; i++)
	{
		void *symbol = dlsym(handle, blas_symbols[i].name);

		if (symbol == NULL)
		{
			*missing = blas_symbols[i].name;
			return false;
		}
		/* ISO C has no cast from void * to a function pointer. */
		memcpy((char *) table + blas_symbols[i].offset, &symbol,
		       sizeof(symbol));
	}
	return true;
}

/*
 * Open the library or, for an empty name, the first usual one that opens.  The
 * loader's words on failure are about the first name tried.
 */
static void *
library_open(const char *library, size_t words_size, char *words)
{
	bool named = library != NULL && library[0] != '\0';
	size_t count = named ? 1 : BLAS_NAMES;

	words[0] = '\0';
	for (size_t i = 0; i < count; i++)
	{
		void *handle =
		    dlopen(named ? library : blas_names[i], RTLD_NOW | RTLD_LOCAL);

		if (handle != NULL)
			return handle;
		if (words[0] == '\0')
		{
			const char *reason = dlerror();

			snprintf(words, words_size, "%s",
			         reason != NULL ? reason : "unknown error");
		}
	}
	return NULL;
}

/* library_open with signals blocked and the environment prepared. */
static void *
library_open_quietly(const char *library, size_t words_size, char *words)
{
	const char *core = getenv("OPENBLAS_CORETYPE");
	SavedVariable saved_threads;
	SavedVariable saved_core = {.changed = false};
	sigset_t all;
	sigset_t before;
	void *handle;

	if (!variable_set(&saved_threads, "OPENBLAS_NUM_THREADS", "1"))
	{
		snprintf(words, words_size,
		         "the environment variable OPENBLAS_NUM_THREADS could not be "
		         "changed");
		return NULL;
	}

	/* Set but empty counts as a name no kernels have. */
	if (core == NULL || core[0] == '\0')
	{
		core = widest_core();
		if (core != NULL &&
		    !variable_set(&saved_core, "OPENBLAS_CORETYPE", core))
		{
			variable_restore(&saved_threads);
			snprintf(words, words_size,
			         "the environment variable OPENBLAS_CORETYPE could not be "
			         "changed");
			return NULL;
		}
	}

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	handle = library_open(library, words_size, words);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	variable_restore(&saved_core);
	variable_restore(&saved_threads);
	return handle;
}

WcStatus
wc_blas_load(const char *library, WcError *error)
{
	const char *missing = NULL;
	const char *config;
	char words[200];
	WcBlas table;
	void *handle;

	if (blas_is_loaded)
		return WC_OK;

	handle = library_open_quietly(library, sizeof(words), words);
	if (handle == NULL)
		return wc_fail(error, WC_NO_BLAS, WC_USERS, -1, -1, "%s", words);

	if (!table_fill(handle, &table, &missing))
	{
		dlclose(handle);
		return wc_fail(error, WC_NO_BLAS, WC_USERS, -1, -1,
		               "The library is not OpenBLAS: it has no function %s.",
		               missing);
	}

	/* Such a build would read two of our int arguments as one. */
	config = table.get_config();
	if (strstr(config, "USE64BITINT") != NULL)
	{
		dlclose(handle);
		return wc_fail(error, WC_NO_BLAS, WC_USERS, -1, -1,
		               "This build of OpenBLAS has 64-bit integers; one with "
		               "32-bit integers is needed.");
	}

	/* OpenMP builds have not looked at OPENBLAS_NUM_THREADS. */
	table.set_num_threads(1);

	if (strstr(config, table.get_corename()) != NULL)
		snprintf(blas_text, sizeof(blas_text), "%s", config);
	else
		snprintf(blas_text, sizeof(blas_text), "%s %s", config,
		         table.get_corename());
	blas_table = table;
	blas_is_loaded = true;
	return WC_OK;
}

const char *
wc_blas_description(void)
{
	return blas_text;
}

const WcBlas *
wc_blas(void)
{
	return blas_is_loaded ? &blas_table : NULL;
}
