/*-------------------------------------------------------------------------
 *
 * normal.c
 *	  The normal equations of one row, as sums that can be made in several places.
 *
 * Sums of parts are those of the whole but for the order in which float64 adds:
 * whoever adds the same parts in the same order gets the same bits.  The rows of
 * a training on one machine are not solved in this way: solve.c never has their
 * equations in float64 unless it must, and sums them with the kernels.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/solve/normal.h"

void
wc_normal_clear(WcNormal *normal)
{
	size_t width = (size_t) normal->width;

	normal->count = 0;
	memset(normal->a, 0, width * width * sizeof(double));
	memset(normal->b, 0, width * sizeof(double));
}

void
wc_normal_add_cells(WcNormal *normal, double unobserved, const double *gram)
{
	size_t width = (size_t) normal->width;

	for (size_t p = 0; p < width; p++)
		for (size_t q = p; q < width; q++)
			normal->a[p * width + q] += unobserved * gram[p * width + q];
}

void
wc_normal_add_entries(WcNormal *normal, int64_t count, const double *vectors,
                      const double *weights, const double *full_weights,
                      const double *targets)
{
	size_t width = (size_t) normal->width;

	for (int64_t e = 0; e < count; e++)
	{
		const double *vector = vectors + (size_t) e * width;

		for (size_t p = 0; p < width; p++)
		{
			for (size_t q = p; q < width; q++)
				normal->a[p * width + q] += weights[e] * vector[p] * vector[q];
			normal->b[p] += full_weights[e] * targets[e] * vector[p];
		}
	}
	normal->count += count;
}

void
wc_normal_add(WcNormal *normal, const WcNormal *part)
{
	size_t width = (size_t) normal->width;

	WC_ASSERT(part->width == normal->width);
	for (size_t p = 0; p < width; p++)
	{
		for (size_t q = p; q < width; q++)
			normal->a[p * width + q] += part->a[p * width + q];
		normal->b[p] += part->b[p];
	}
	normal->count += part->count;
}

WcStatus
wc_normal_solve(WcNormal *normal, double lambda, double *diagonal)
{
	size_t width = (size_t) normal->width;
	WcPace pace = {NULL, 0, NULL};
	WcStatus status;
	double worst;

	for (size_t p = 0; p < width; p++)
	{
		normal->a[p * width + p] += lambda;
		diagonal[p] = normal->a[p * width + p];
	}
	status = wc_ref_factor(
	    normal->width, wc_ref_tolerance(normal->width, normal->count, lambda),
	    normal->a, diagonal, &worst, &pace);
	if (status == WC_OK)
		wc_ref_substitute(normal->width, normal->a, normal->b);
	return status;
}
