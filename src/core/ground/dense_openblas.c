/*-------------------------------------------------------------------------
 *
 * dense_openblas.c
 *	  OpenBLAS: the one place that knows its names and its habits.
 *
 * It is opened at run time when it is first needed, not linked: a session that
 * needs none pays nothing, and a server without it lacks nothing but speed
 * (docs/decisions/0029).  Habits of it that a host with signals and one thread
 * must know of:
 *
 * - While it is being loaded it starts one thread per further processor, with
 *   all signals open, and asking for fewer later ends none.  It reads their
 *   number from OPENBLAS_NUM_THREADS at that moment, so the variable is 1
 *   meanwhile.  Should a build start threads all the same, they have every signal
 *   blocked, and the library is closed again.
 *
 * - Another part of the process may have loaded it before.  Its threads are not
 *   ours to end then, nor is their number, or its kernels, ours to choose: we
 *   leave it alone.
 *
 * - It chooses its kernels from a list of processor models.  On a model younger
 *   than the release it may fall back to SSE3, and two processors with the same
 *   instructions may differ.  OPENBLAS_CORETYPE overrides the choice: unless
 *   somebody has set it, it names the widest kernels that the processor has
 *   instructions for.  A build for one processor only ignores it.
 *
 * - When there is no memory for its buffer it tries again, for ever.  So we look
 *   whether there is, and have it take the one buffer that a single thread needs.
 *   It keeps that, 128 MB of address space, of which it touches a few.
 *
 * Both variables are put back.  Once loaded the library stays open until the
 * process ends.
 *
 * LAPACK and BLAS are called as Fortran does: every argument by its address, and
 * behind the last the lengths of the strings, which parts of the library that are
 * written in C ignore.
 *
 *-------------------------------------------------------------------------
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/ground/dense.h"
#include "core/ground/processor.h"

#define TILE 32 /* rows and columns of a transposition */
#define TURNED 256 /* eigenvectors at once */
#define BLOCK 512 /* rows of a factor */
#define PIECE                                                                  \
	(1 << 28) /* multiply-adds of a call: 10 ms, on old processors 50 */
#define BUFFER ((size_t) 256 << 20) /* bytes: more than one of the library's */
#define FIRST 128 /* rows of the product that makes it take one */

#ifndef DID_NOT_CONVERGE /* the unit test says so */
#define DID_NOT_CONVERGE(info) ((info) != 0)
#endif

/* Deep: our library calls itself, not a namesake that came with another one. */
#if defined(RTLD_DEEPBIND) && !defined(__SANITIZE_ADDRESS__)
#define HOW (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#else
#define HOW (RTLD_NOW | RTLD_LOCAL)
#endif

#ifdef __APPLE__
#define LIBRARY "libopenblas.0.dylib"
#else
#define LIBRARY "libopenblas.so.0"
#endif

/* Between two calls. */
static bool
ask(WcPace *pace)
{
	return wc_pace(pace, WC_STOP_INTERVAL);
}

/* How many rows with so many multiply-adds each are a piece. */
static int32_t
rows_at_once(int64_t work)
{
	return work <= 1 ? PIECE : work >= PIECE ? 1 : (int32_t) (PIECE / work);
}

#define CALLS(REAL)                                                            \
	{                                                                          \
		void (*sytrd)(const char *uplo, const int *n, REAL *a, const int *lda, \
		              REAL *d, REAL *e, REAL *tau, REAL *work,                 \
		              const int *lwork, int *info, size_t);                    \
		void (*stedc)(const char *compz, const int *n, REAL *d, REAL *e,       \
		              REAL *z, const int *ldz, REAL *work, const int *lwork,   \
		              int *iwork, const int *liwork, int *info, size_t);       \
		void (*ormtr)(const char *side, const char *uplo, const char *trans,   \
		              const int *m, const int *n, REAL *a, const int *lda,     \
		              const REAL *tau, REAL *c, const int *ldc, REAL *work,    \
		              const int *lwork, int *info, size_t, size_t, size_t);    \
		void (*potrf)(const char *uplo, const int *n, REAL *a, const int *lda, \
		              int *info, size_t);                                      \
		void (*potrs)(const char *uplo, const int *n, const int *nrhs,         \
		              const REAL *a, const int *lda, REAL *b, const int *ldb,  \
		              int *info, size_t);                                      \
		void (*trsm)(const char *side, const char *uplo, const char *trans,    \
		             const char *diag, const int *m, const int *n,             \
		             const REAL *alpha, const REAL *a, const int *lda,         \
		             REAL *b, const int *ldb, size_t, size_t, size_t, size_t); \
		void (*syrk)(const char *uplo, const char *trans, const int *n,        \
		             const int *k, const REAL *alpha, const REAL *a,           \
		             const int *lda, const REAL *beta, REAL *c,                \
		             const int *ldc, size_t, size_t);                          \
		void (*gemm)(const char *trans_a, const char *trans_b, const int *m,   \
		             const int *n, const int *k, const REAL *alpha,            \
		             const REAL *a, const int *lda, const REAL *b,             \
		             const int *ldb, const REAL *beta, REAL *c,                \
		             const int *ldc, size_t, size_t);                          \
	}

/* The members have these names, in this order, and are all of one size. */
static const char *const call_names[] = {"sytrd", "stedc", "ormtr", "potrf",
                                         "potrs", "trsm",  "syrk",  "gemm"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct CALLS(double) calls;
static struct CALLS(float) calls_float;

#define REAL double
#define NAME(x) x
#include "core/ground/dense_openblas_impl.h"

#define REAL float
#define NAME(x) x##_float
#include "core/ground/dense_openblas_impl.h"

/* What is asked of the library itself. */
static struct
{
	char *(*get_corename)(void);
	char *(*get_config)(void);
	void (*set_num_threads)(int threads);
	int (*get_num_threads)(void);
	int (*get_parallel)(void);
} about;

static const char *const about_names[] = {
    "openblas_get_corename", "openblas_get_config", "openblas_set_num_threads",
    "openblas_get_num_threads", "openblas_get_parallel"};

#define PARALLEL_PTHREAD 1 /* of get_parallel: it has threads of its own */

static char version[32];
static char core[32];
static const WcDense provider = {.name = "openblas",
                                 .version = version,
                                 .core = core,
                                 .eigen = eigen,
                                 .eigen_float = eigen_float,
                                 .factor = factor,
                                 .factor_float = factor_float,
                                 .solve = solve,
                                 .solve_float = solve_float,
                                 .square = square,
                                 .square_float = square_float,
                                 .multiply = multiply,
                                 .multiply_float = multiply_float};
static bool is_loaded = false;

/* ------------------------------------------------------------------------
 * Loading
 * ------------------------------------------------------------------------ */

/* A variable of the environment as it was before we changed it. */
typedef struct Variable
{
	const char *name;
	bool was_set;
	bool changed;
	char value[256];
} Variable;

/* False, with nothing changed, when the old value could not be put back. */
static bool
variable_set(Variable *variable, const char *name, const char *value)
{
	const char *old = getenv(name);

	variable->name = name;
	variable->was_set = old != NULL;
	variable->changed = false;
	if (old != NULL)
	{
		if (strlen(old) >= sizeof(variable->value))
			return false;
		strcpy(variable->value, old);
	}
	variable->changed = setenv(name, value, 1) == 0;
	return variable->changed;
}

static void
variable_restore(const Variable *variable)
{
	if (variable->changed && variable->was_set)
		setenv(variable->name, variable->value, 1);
	else if (variable->changed)
		unsetenv(variable->name);
}

/* The name of the widest kernels for this processor, NULL: no opinion. */
static const char *
widest_core(void)
{
	if (wc_processor_has(WC_AVX512))
		return "SkylakeX";
	if (wc_processor_has(WC_AVX2))
		return "Haswell";
	return NULL;
}

/* Open the library with one thread and our kernels; NULL sets words. */
static void *
open_quietly(const char **words)
{
	const char *set = getenv("OPENBLAS_CORETYPE");
	const char *widest = widest_core();
	Variable threads;
	Variable kernels = {.changed = false};
	sigset_t all;
	sigset_t before;
	void *handle = NULL;

	*words = "a variable of the environment could not be changed";
	if (!variable_set(&threads, "OPENBLAS_NUM_THREADS", "1"))
		return NULL;
	/* set but empty says nothing */
	if ((set != NULL && set[0] != '\0') || widest == NULL ||
	    variable_set(&kernels, "OPENBLAS_CORETYPE", widest))
	{
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		handle = dlopen(LIBRARY, HOW);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (handle == NULL)
			*words = dlerror();
	}
	variable_restore(&kernels);
	variable_restore(&threads);
	return handle;
}

/* Fill a table of functions; NULL, or the name that is missing. */
static const char *
find_all(void *handle, const char *before, const char *const *names,
         size_t count, const char *after, void *table)
{
	for (size_t i = 0; i < count; i++)
	{
		char name[64];
		void *symbol;

		snprintf(name, sizeof(name), "%s%s%s", before, names[i], after);
		symbol = dlsym(handle, name);
		if (symbol == NULL)
			return names[i];
		/* ISO C has no cast from void * to a function pointer */
		memcpy((char *) table + i * sizeof(symbol), &symbol, sizeof(symbol));
	}
	return NULL;
}

/* The second word of what the library says of itself, if that is a number. */
static void
set_texts(const char *config)
{
	const char *number = strpbrk(config, "0123456789");
	size_t length = number == NULL ? 0 : strcspn(number, " ");

	snprintf(version, sizeof(version), "%.*s", (int) length,
	         number == NULL ? "" : number);
	snprintf(core, sizeof(core), "%s", about.get_corename());
}

/* Have the library take its buffer, if there is memory for it. */
static bool
take_buffer(void)
{
	static double a[FIRST * FIRST];
	static double c[FIRST * FIRST];
	const int n = FIRST;
	const double one = 1;
	const double none = 0;
	void *room = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return false;
	munmap(room, BUFFER);
	calls.gemm("N", "N", &n, &n, &n, &one, a, &n, a, &n, &none, c, &n, 1, 1);
	return true;
}

/* Make an open library ours; false sets reason. */
static bool
adopt(void *handle, size_t size, char *reason)
{
	const char *missing =
	    find_all(handle, "", about_names, COUNT(about_names), "", &about);

	if (missing == NULL)
		missing =
		    find_all(handle, "d", call_names, COUNT(call_names), "_", &calls);
	if (missing == NULL)
		missing = find_all(handle, "s", call_names, COUNT(call_names), "_",
		                   &calls_float);
	if (missing != NULL)
	{
		snprintf(reason, size, "%s has no function \"%s\".", LIBRARY, missing);
		return false;
	}
	/* such a build would read two of our int arguments as one */
	if (strstr(about.get_config(), "USE64BITINT") != NULL)
	{
		snprintf(reason, size, "%s has been built for 64-bit integers.",
		         LIBRARY);
		return false;
	}
	if (about.get_parallel() == PARALLEL_PTHREAD &&
	    about.get_num_threads() != 1)
	{
		snprintf(reason, size, "%s has started threads.", LIBRARY);
		return false;
	}
	/* builds with OpenMP have none yet, and have not looked at our variable */
	about.set_num_threads(1);
	if (!take_buffer())
	{
		snprintf(reason, size, "There is no memory for the buffer of %s.",
		         LIBRARY);
		return false;
	}
	set_texts(about.get_config());
	return true;
}

const WcDense *
wc_dense_openblas(size_t size, char *reason)
{
	const char *words;
	void *handle;

	if (is_loaded)
		return &provider;
	handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
	if (handle != NULL)
	{
		dlclose(handle);
		snprintf(reason, size,
		         "Another library of this process has loaded %s before, with "
		         "threads and kernels of its choice.",
		         LIBRARY);
		return NULL;
	}
	handle = open_quietly(&words);
	if (handle == NULL)
		snprintf(reason, size, "The system's loader says \"%s\".", words);
	else if (!adopt(handle, size, reason))
		dlclose(handle);
	else
		is_loaded = true;
	return is_loaded ? &provider : NULL;
}
