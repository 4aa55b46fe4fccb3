/*-------------------------------------------------------------------------
 *
 * test_blas.c
 *	  Loading OpenBLAS: failures in words, one thread, environment and signal
 *	  mask as before, the right kernels, and a product that is right.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/blas.h"

static int
count_threads(void)
{
	DIR *directory = opendir("/proc/self/task");
	int threads = 0;

	if (directory == NULL)
		return -1;
	for (struct dirent *entry = readdir(directory); entry != NULL;
	     entry = readdir(directory))
	{
		if (entry->d_name[0] != '.')
			threads++;
	}
	closedir(directory);
	return threads;
}

/* The mask the program started with. */
static sigset_t mask;

static void
check_mask(void)
{
	sigset_t now;
	bool same = true;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	for (int number = 1; number < NSIG; number++)
		same = same && sigismember(&mask, number) == sigismember(&now, number);
	CHECK(same);
}

static void
test_failures(void)
{
	WcError error = {WC_OK, WC_USERS, 0, 0, ""};

	CHECK(wc_blas() == NULL);
	CHECK(strcmp(wc_blas_description(), "not loaded") == 0);

	CHECK(wc_blas_load("/nonexistent/libopenblas.so", &error) == WC_NO_BLAS);
	CHECK(error.status == WC_NO_BLAS);
	CHECK(strstr(error.detail, "/nonexistent/libopenblas.so") != NULL);
	CHECK(getenv("OPENBLAS_NUM_THREADS") == NULL);
	CHECK(wc_blas_load("/nonexistent/libopenblas.so", NULL) == WC_NO_BLAS);
	check_mask();

	/* A library, but another one. */
	CHECK(wc_blas_load("libm.so.6", &error) == WC_NO_BLAS);
	CHECK(strstr(error.detail, "cblas_sgemm") != NULL);
	CHECK(wc_blas() == NULL);
	CHECK(strcmp(wc_blas_description(), "not loaded") == 0);
}

/* A core type that somebody has set is left alone: asked in a child. */
static void
test_core_type_kept(void)
{
	pid_t child;
	int status = -1;

	fflush(NULL);
	child = fork();
	if (child == 0)
	{
		bool kept;

		setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
		setenv("OPENBLAS_NUM_THREADS", "3", 1);
		kept = wc_blas_load(NULL, NULL) == WC_OK &&
		       strcmp(wc_blas()->get_corename(), "Nehalem") == 0 &&
		       strcmp(getenv("OPENBLAS_CORETYPE"), "Nehalem") == 0 &&
		       strcmp(getenv("OPENBLAS_NUM_THREADS"), "3") == 0 &&
		       wc_blas()->get_num_threads() == 1;
		_exit(kept ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
#if defined(__x86_64__)
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
}

static void
test_load(void)
{
	int threads_before = count_threads();
	WcError error;

	setenv("OPENBLAS_CORETYPE", "", 1);
	CHECK(wc_blas_load("", &error) == WC_OK);
	check_mask();

	CHECK(count_threads() == threads_before);
	CHECK(getenv("OPENBLAS_NUM_THREADS") == NULL);
	CHECK(getenv("OPENBLAS_CORETYPE") != NULL &&
	      getenv("OPENBLAS_CORETYPE")[0] == '\0');

	CHECK(wc_blas() != NULL && wc_blas()->get_num_threads() == 1);
	CHECK(strstr(wc_blas_description(), "OpenBLAS") != NULL);
	CHECK(strstr(wc_blas_description(), wc_blas()->get_corename()) != NULL);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
	{
		const char *core = wc_blas()->get_corename();

		CHECK(strcmp(core, "Haswell") == 0 || strcmp(core, "SkylakeX") == 0);
	}
#endif

	/* Later calls return at once, whatever they name. */
	CHECK(wc_blas_load("/nonexistent/libopenblas.so", &error) == WC_OK);
}

static void
test_products(void)
{
	enum
	{
		M = 33,
		N = 17,
		K = 29
	};
	static float a[M * K];
	static float b[K * N];
	static float c[M * N];
	static float y[K];
	uint64_t state = 5;

	for (int p = 0; p < M * K; p++)
		a[p] = (float) check_random(&state) - 0.5f;
	for (int p = 0; p < K * N; p++)
		b[p] = (float) check_random(&state) - 0.5f;
	wc_blas()->gemm(WC_BLAS_ROW_MAJOR, WC_BLAS_NO_TRANS, WC_BLAS_NO_TRANS, M, N,
	                K, 1.0f, a, K, b, N, 0.0f, c, N);
	for (int i = 0; i < M; i++)
	{
		for (int j = 0; j < N; j++)
		{
			double sum = 0;

			for (int p = 0; p < K; p++)
				sum += (double) a[i * K + p] * b[p * N + j];
			CHECK_NEAR(c[i * N + j], sum, 1e-6);
		}
	}

	/* y = A' 1: the transposed form solve.c relies on */
	for (int i = 0; i < M * N; i++)
		c[i] = 1;
	wc_blas()->gemv(WC_BLAS_ROW_MAJOR, WC_BLAS_TRANS, M, K, 1.0f, a, K, c, 1,
	                1.0f, y, 1);
	for (int p = 0; p < K; p++)
	{
		double sum = 0;

		for (int i = 0; i < M; i++)
			sum += a[i * K + p];
		CHECK_NEAR(y[p], sum, 1e-5);
	}
	CHECK(count_threads() <= 2);
}

/* A = R'R by rows from the upper triangle, and a solution from it. */
static void
test_cholesky(void)
{
	float a[9] = {4, 2, -2, -99, 10, 5, -99, -99, 9};
	float x[3] = {4, 17, 12}; /* A times (1, 1, 1) is (4, 17, 12) */
	int n = 3;
	int one = 1;
	int info = -1;

	wc_blas()->potrf("L", &n, a, &n, &info, 1);
	CHECK(info == 0);
	CHECK_NEAR(a[0], 2, 1e-6);
	CHECK(a[3] == -99 && a[6] == -99 && a[7] == -99);
	wc_blas()->potrs("L", &n, &one, a, &n, x, &n, &info, 1);
	CHECK(info == 0);
	for (int p = 0; p < 3; p++)
		CHECK_NEAR(x[p], 1, 1e-5);
}

int
main(void)
{
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	unsetenv("OPENBLAS_NUM_THREADS");
	test_failures();
	test_core_type_kept();
	test_load();
	test_products();
	test_cholesky();
	return check_report("test_blas");
}
