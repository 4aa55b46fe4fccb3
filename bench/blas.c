/*-------------------------------------------------------------------------
 *
 * blas.c
 *	  Load OpenBLAS for the benchmarks.
 *
 * Opened at run time, not linked, so that its development files are not needed
 * and for two habits of OpenBLAS as distributions build it:
 *
 * - It chooses its kernels from a list of processor models, and on a model
 *   younger than the release it falls back to SSE3, 5 to 10 times slower than
 *   what the processor can do: everything would look fast beside those.
 *   OPENBLAS_CORETYPE, read while the library is loaded, overrides the choice:
 *   unless somebody has set it, it names the widest set of kernels that the
 *   processor reports instructions for.  A build for one processor ignores it.
 *
 * - It starts one thread per further processor.  The floor is one thread.
 *
 *-------------------------------------------------------------------------
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blas.h"

static const struct
{
	const char *name;
	size_t offset;
} blas_symbols[] = {
    {"cblas_sgemm", offsetof(Blas, gemm)},
    {"cblas_ssyrk", offsetof(Blas, syrk)},
    {"spotrf_", offsetof(Blas, potrf)},
    {"spotrs_", offsetof(Blas, potrs)},
    {"openblas_get_corename", offsetof(Blas, get_corename)},
    {"openblas_get_config", offsetof(Blas, get_config)},
    {"openblas_set_num_threads", offsetof(Blas, set_num_threads)},
};

static const char *const blas_names[] = {"libopenblas.so.0", "libopenblas.so",
                                         "libopenblas.dylib"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
give_up(const char *words)
{
	fprintf(stderr, "OpenBLAS could not be loaded: %s\n", words);
	exit(1);
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

const Blas *
blas_load(void)
{
	static Blas table;
	const char *core = getenv("OPENBLAS_CORETYPE");
	void *handle = NULL;

	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	if ((core == NULL || core[0] == '\0') && widest_core() != NULL)
		setenv("OPENBLAS_CORETYPE", widest_core(), 1);

	for (size_t i = 0; i < COUNT(blas_names) && handle == NULL; i++)
		handle = dlopen(blas_names[i], RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		give_up(dlerror());

	for (size_t i = 0; i < COUNT(blas_symbols); i++)
	{
		void *symbol = dlsym(handle, blas_symbols[i].name);

		if (symbol == NULL)
			give_up(dlerror());
		/* ISO C has no cast from void * to a function pointer. */
		memcpy((char *) &table + blas_symbols[i].offset, &symbol,
		       sizeof(symbol));
	}

	/* Such a build would read two of our int arguments as one. */
	if (strstr(table.get_config(), "USE64BITINT") != NULL)
		give_up("this build has 64-bit integers");

	/* OpenMP builds have not looked at OPENBLAS_NUM_THREADS. */
	table.set_num_threads(1);
	return &table;
}
