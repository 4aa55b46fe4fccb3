/*-------------------------------------------------------------------------
 *
 * test_dense_openblas.c
 *	  OpenBLAS as a guest: what loading it leaves behind, its eigenvalues of
 *	  every kind of matrix, and what is done where it gives up.
 *
 * dense_openblas.c is here a second time: to it the library is somebody else's,
 * and never converges.
 *
 *-------------------------------------------------------------------------
 */
#include "symmetric.h"

extern const WcDense *stubborn_openblas(size_t size, char *reason);

#define wc_dense_openblas stubborn_openblas
#define DID_NOT_CONVERGE(info) ((info) >= 0)
#include "../../src/core/ground/dense_openblas.c"
#undef wc_dense_openblas

#include <dirent.h>

static int
count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	int count = 0;

	while (folder != NULL && readdir(folder) != NULL)
		count++;
	if (folder != NULL)
		closedir(folder);
	return count;
}

/* What the system says of our signals, but for how many of the user's wait. */
static void
read_signals(size_t size, char *text)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[200];

	text[0] = '\0';
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "Sig", 3) == 0 && strlen(text) + strlen(line) < size)
			strcat(text, line);
	if (file != NULL)
		fclose(file);
}

/* Which is as it was: threads, signals, the environment. */
static const WcDense *
test_loading(size_t size, char *reason)
{
	static const char *const names[] = {"OPENBLAS_CORETYPE",
	                                    "OPENBLAS_NUM_THREADS"};
	char before[1000];
	char after[1000];
	char value[400];
	int threads = count_threads();
	const WcDense *openblas;

	/* what we could not put back is left alone, and nothing is loaded */
	memset(value, '1', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	setenv("OPENBLAS_NUM_THREADS", value, 1);
	CHECK(wc_dense_openblas(size, reason) == NULL);
	CHECK(strstr(reason, "environment") != NULL);
	CHECK(strcmp(getenv("OPENBLAS_NUM_THREADS"), value) == 0);

	unsetenv(names[0]);
	setenv(names[1], "7", 1);
	read_signals(sizeof(before), before);
	reason[0] = '\0';
	openblas = wc_dense_openblas(size, reason);
	CHECK((openblas == NULL) == (reason[0] != '\0'));
	read_signals(sizeof(after), after);
	CHECK(strcmp(before, after) == 0);
	CHECK(getenv(names[0]) == NULL);
	CHECK(strcmp(getenv(names[1]), "7") == 0);
	CHECK(count_threads() == threads);
	CHECK(wc_dense_openblas(0, NULL) == openblas);
	if (widest_core() != NULL && openblas != NULL)
		CHECK(strcmp(openblas->core, widest_core()) == 0 ||
		      strstr(about.get_config(), "DYNAMIC_ARCH") == NULL);
	return openblas;
}

/* As if another extension had loaded the library. */
static void
test_foreign(size_t size, char *reason)
{
	reason[0] = '\0';
	CHECK(stubborn_openblas(size, reason) == NULL);
	CHECK(strstr(reason, "Another library") != NULL);
}

/* The tables of the copy; the library is open already. */
static void
test_stubborn(size_t size, char *reason, const WcKernel *kernel)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);

	CHECK(handle != NULL && adopt(handle, size, reason));
	test_kinds(eigen, kernel, "openblas, which gives up");
}

/* The last digit of a version of another form is no part of what follows. */
static void
test_texts(void)
{
	set_texts("OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Zen MAX_THREADS=64");
	CHECK(strcmp(version, "0.3.21") == 0);
	set_texts("OpenBLAS 0.3.28.dev");
	CHECK(strcmp(version, "0.3.28.dev") == 0);
	set_texts("OpenBLAS");
	CHECK(strcmp(version, "") == 0);
}

int
main(void)
{
	const WcKernel *kernel = wc_kernel_choose(NULL);
	char reason[200];
	const WcDense *openblas = test_loading(sizeof(reason), reason);

	if (openblas != NULL)
	{
		int threads = count_threads();

		test_kinds(openblas->eigen, kernel, openblas->name);
		test_not_finite(openblas->eigen, kernel);
		CHECK(count_threads() == threads);
		test_foreign(sizeof(reason), reason);
		test_stubborn(sizeof(reason), reason, kernel);
		test_texts();
	}
	else
		printf("without OpenBLAS: %s\n", reason);
	return check_report("test_dense_openblas");
}
