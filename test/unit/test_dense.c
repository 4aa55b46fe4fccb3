/*-------------------------------------------------------------------------
 *
 * test_dense.c
 *	  Every provider of dense algebra against closed forms, and the two beside
 *	  each other.
 *
 * Without OpenBLAS on this machine the builtin one is tested alone, and the test
 * says so.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/ground/dense.h"

#define SIDE 530 /* more than a block of a factor, and odd in lines */
#define ROOM (SIDE * SIDE)

#define REAL double
#define NAME(x) x
#define EPS DBL_EPSILON
#include "dense_kinds.h"

#define REAL float
#define NAME(x) x##_float
#define EPS FLT_EPSILON
#include "dense_kinds.h"

static void
test_choice(const WcDense *openblas)
{
	const WcDense *best = openblas != NULL ? openblas : &wc_dense_builtin;
	char text[100];

	CHECK(wc_dense(WC_DENSE_BUILTIN, 1000) == &wc_dense_builtin);
	CHECK(wc_dense(WC_DENSE_AUTO, WC_DENSE_FROM - 1) == &wc_dense_builtin);
	CHECK(wc_dense(WC_DENSE_AUTO, WC_DENSE_FROM) == best);
	CHECK(wc_dense(WC_DENSE_OPENBLAS, 1) == best);
	wc_dense_text(&wc_dense_builtin, sizeof(text), text);
	CHECK(strcmp(text, "builtin") == 0);
	if (openblas == NULL)
		return;
	wc_dense_text(openblas, sizeof(text), text);
	CHECK(strncmp(text, "openblas ", 9) == 0);
	CHECK(strlen(openblas->version) > 0 && strlen(openblas->core) > 0);
	CHECK(strlen(text) ==
	      10 + strlen(openblas->version) + strlen(openblas->core));
}

int
main(void)
{
	static const int32_t sizes[] = {1, 5, 64, 129, SIDE};
	const WcDense *openblas;
	char reason[200];

	test_provider(&wc_dense_builtin);
	test_provider_float(&wc_dense_builtin);
	openblas = wc_dense_openblas(sizeof(reason), reason);
	test_choice(openblas);
	if (openblas != NULL)
	{
		test_provider(openblas);
		test_provider_float(openblas);
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		{
			test_both(&wc_dense_builtin, openblas, sizes[s]);
			test_both_float(&wc_dense_builtin, openblas, sizes[s]);
		}
	}
	else
		printf("without OpenBLAS: %s\n", reason);
	return check_report("test_dense");
}
