/*-------------------------------------------------------------------------
 *
 * dense.c
 *	  Choose the provider of dense algebra, and the one that is always there.
 *
 * From how many rows on OpenBLAS is worth its loading was measured by
 * bench/dense.c: docs/decisions/0029 has the table.
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <string.h>

#include <float.h>

#include "core/ground/dense.h"

#define REAL double
#define NAME(x) x
#define WORD(x) x
#define REAL_MAX DBL_MAX
#define EXPONENT_MAX 1000 /* whose power of two has an inverse */
#include "core/ground/dense_impl.h"

#define REAL float
#define NAME(x) x##_float
#define WORD(x) x##f
#define REAL_MAX FLT_MAX
#define EXPONENT_MAX 120
#include "core/ground/dense_impl.h"

/* By way of double, for which there is room in the space. */
static WcStatus
eigen_float(const WcKernel *kernel, int32_t n, float *a, float *values,
            float *space, WcPace *pace)
{
	size_t cells = (size_t) n * (size_t) n;
	size_t place = ((uintptr_t) space % sizeof(double)) / sizeof(float);
	double *matrix = (double *) (void *) (space + place);
	double *value = matrix + cells;
	WcStatus status;

	for (size_t i = 0; i < cells; i++)
		matrix[i] = a[i];
	status = wc_eigen(kernel, n, matrix, value, value + n, pace);
	for (size_t i = 0; status == WC_OK && i < cells; i++)
		a[i] = (float) matrix[i];
	for (int32_t l = 0; status == WC_OK && l < n; l++)
	{
		values[l] = (float) value[l];
		if (!isfinite(values[l]))
			status = WC_NOT_FINITE;
	}
	return status;
}

const WcDense wc_dense_builtin = {.name = "builtin",
                                  .version = "",
                                  .core = "",
                                  .eigen = wc_eigen,
                                  .eigen_float = eigen_float,
                                  .factor = factor,
                                  .factor_float = factor_float,
                                  .solve = solve,
                                  .solve_float = solve_float,
                                  .square = square,
                                  .square_float = square_float,
                                  .multiply = multiply,
                                  .multiply_float = multiply_float};

const WcDense *
wc_dense(WcDenseChoice choice, int32_t n)
{
	const WcDense *openblas = NULL;

	if (choice == WC_DENSE_OPENBLAS ||
	    (choice == WC_DENSE_AUTO && n >= WC_DENSE_FROM))
		openblas = wc_dense_openblas(0, NULL);
	return openblas != NULL ? openblas : &wc_dense_builtin;
}

const char *
wc_dense_missing(size_t size, char *reason)
{
	return wc_dense_openblas(size, reason) == NULL ? reason : NULL;
}

void
wc_dense_text(const WcDense *dense, size_t size, char *text)
{
	bool more = dense->version[0] != '\0';

	snprintf(text, size, "%s%s%s%s%s", dense->name, more ? " " : "",
	         dense->version, more ? " " : "", dense->core);
}
