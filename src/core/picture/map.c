/*-------------------------------------------------------------------------
 *
 * map.c
 *	  A plane for vectors, and room for labels in it.
 *
 * Vectors are divided by their lengths, so that near means alike by the cosine,
 * and projected on their first two principal components (Pearson, On lines and
 * planes of closest fit, 1901): the plane that keeps the most of what tells
 * them apart.  With more vectors than factors these are eigenvectors of the
 * covariance, k x k, else they come from the matrix of products, as many by as
 * many as there are vectors; all in float64.
 *
 * Components have no sign, so the first vector that an axis tells something
 * about lies on its positive side.  Turning all vectors changes nothing but
 * rounding.  Where two components are equally strong any axes in their plane
 * are as good.
 *
 * Labels are placed greedily, the most important first; an optimal placement is
 * NP-hard (Marks and Shieber 1991) and no nicer to look at.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/picture/picture.h"
#include "core/solve/numerics.h"

#define AT_ONCE 64 /* vectors */
#define NOTHING 1e-12 /* of the whole variance */
#define NEAR_ZERO 1e-3 /* of the largest coordinate */
#define LABELS_OVER                                                            \
	12 /* marks, the first ones, whose labels may cover points */
#define LABEL_GAP 2.0 /* between a point and its label */

/* What a projection works with. */
typedef struct Projection
{
	int32_t count; /* vectors with a direction */
	int32_t factors;
	int32_t size; /* of the matrix */
	const float *const *vectors; /* count, none of zeros */
	double *inverse; /* count: 1 / length */
	double *mean; /* factors */
	double *centred; /* rows of factors: AT_ONCE or, if that is the smaller way,
	                  * of all vectors */
	bool by_vectors; /* which of the two */
	const WcKernel *kernel;
	const WcDense *dense;
	double *matrix; /* size x size */
	double *values; /* size, and wc_dense_space(size) to find them */
} Projection;

static double
length_of(int32_t k, const float *vector)
{
	double sum = 0;

	for (int32_t f = 0; f < k; f++)
		sum += (double) vector[f] * vector[f];
	return sqrt(sum);
}

static void
centre(const Projection *p, int32_t i, double *row)
{
	for (int32_t f = 0; f < p->factors; f++)
		row[f] = p->vectors[i][f] * p->inverse[i] - p->mean[f];
}

static WcStatus
find_mean(Projection *p, WcPace *pace)
{
	memset(p->mean, 0, (size_t) p->factors * sizeof(double));
	for (int32_t i = 0; i < p->count; i++)
	{
		p->inverse[i] = 1 / length_of(p->factors, p->vectors[i]);
		for (int32_t f = 0; f < p->factors; f++)
			p->mean[f] += p->vectors[i][f] * p->inverse[i];
		if (wc_pace(pace, 2 * (int64_t) p->factors))
			return WC_CANCELLED;
	}
	for (int32_t f = 0; f < p->factors; f++)
		p->mean[f] /= p->count;
	return WC_OK;
}

/* Upper triangle of the sum of products of coordinates. */
static WcStatus
covariance(Projection *p, WcPace *pace)
{
	size_t k = (size_t) p->factors;
	WcStatus status = WC_OK;

	for (int32_t first = 0; status == WC_OK && first < p->count;
	     first += AT_ONCE)
	{
		int32_t some = p->count - first < AT_ONCE ? p->count - first : AT_ONCE;

		for (int32_t i = 0; i < some; i++)
			centre(p, first + i, p->centred + (size_t) i * k);
		status = p->dense->square(p->factors, some, p->centred, first > 0,
		                          p->matrix, pace);
	}
	return status;
}

/* The products of vectors. */
static WcStatus
products(Projection *p, WcPace *pace)
{
	for (int32_t i = 0; i < p->count; i++)
		centre(p, i, p->centred + (size_t) i * (size_t) p->factors);
	return p->dense->multiply(p->count, p->count, p->factors, p->centred,
	                          p->centred, true, p->matrix, pace);
}

/* The axis of the largest eigenvalue but for one that is taken, -1: none. */
static int32_t
strongest(const Projection *p, double least, int32_t taken)
{
	int32_t best = -1;

	for (int32_t l = 0; l < p->size; l++)
		if (l != taken && p->values[l] > least &&
		    (best < 0 || p->values[l] > p->values[best]))
			best = l;
	return best;
}

/* Coordinates on one axis, with its sign settled; without an axis 0. */
static WcStatus
project(const Projection *p, int32_t axis, float *result, WcPace *pace)
{
	const double *vector =
	    axis < 0 ? NULL : p->matrix + (size_t) axis * (size_t) p->size;
	double largest = 0;
	float sign = 0;

	for (int32_t i = 0; i < p->count; i++)
	{
		double sum = 0;

		if (vector != NULL && p->by_vectors)
			sum = vector[i] * sqrt(p->values[axis]);
		else if (vector != NULL)
		{
			centre(p, i, p->centred);
			for (int32_t f = 0; f < p->factors; f++)
				sum += p->centred[f] * vector[f];
		}
		result[i] = (float) sum;
		largest = fmax(largest, fabs(sum));
		if (wc_pace(pace, 2 * (int64_t) p->factors))
			return WC_CANCELLED;
	}
	for (int32_t i = 0; i < p->count; i++)
	{
		if (sign == 0 && fabsf(result[i]) > NEAR_ZERO * largest)
			sign = result[i] > 0 ? 1.0f : -1.0f;
		result[i] = sign == 0 ? 0 : sign * result[i];
	}
	return WC_OK;
}

static WcStatus
find_axes(Projection *p, float *x, float *y, WcPace *pace)
{
	WcStatus status = find_mean(p, pace);
	double whole = 0;
	int32_t first;
	int32_t second;

	if (status == WC_OK)
		status = p->by_vectors ? products(p, pace) : covariance(p, pace);
	if (status == WC_OK)
		status = p->dense->eigen(p->kernel, p->size, p->matrix, p->values,
		                         p->values + p->size, pace);
	if (status != WC_OK)
		return status;
	for (int32_t l = 0; l < p->size; l++)
		whole += fmax(p->values[l], 0);

	/* rounding is no direction, not even when it is all there is */
	whole = fmax(NOTHING * whole, NOTHING * p->count);
	first = strongest(p, whole, -1);
	second = first < 0 ? -1 : strongest(p, whole, first);
	status = project(p, first, x, pace);
	if (status == WC_OK)
		status = project(p, second, y, pace);
	return status;
}

/* Move results to the places of their vectors, from behind. */
static void
spread_out(WcVectors all, int32_t directed, float *x, float *y)
{
	for (int32_t i = all.count - 1; i >= 0; i--)
	{
		bool has_direction = length_of(all.factors, all.vectors[i]) > 0;

		if (has_direction)
			directed--;
		x[i] = has_direction ? x[directed] : NAN;
		y[i] = has_direction ? y[directed] : NAN;
	}
}

WcStatus
wc_map_project(WcVectors all, float *x, float *y,
               const WcSolverOptions *options, const WcAlloc *alloc,
               const WcHooks *hooks)
{
	size_t k = (size_t) all.factors;
	size_t n = all.count > 0 ? (size_t) all.count : 1;
	const float **directed = wc_alloc_array(alloc, n, sizeof(*directed));
	Projection p = {.factors = all.factors, .vectors = directed};
	static const WcSolverOptions defaults = {1, NULL, WC_DENSE_BUILTIN};
	WcPace pace = wc_pace_start(hooks);
	WcStatus status = WC_NO_MEMORY;
	size_t size;

	if (options == NULL)
		options = &defaults;

	for (int32_t i = 0; directed != NULL && i < all.count; i++)
		if (length_of(all.factors, all.vectors[i]) > 0)
			directed[p.count++] = all.vectors[i];
	p.by_vectors = p.count < all.factors;
	p.size = p.by_vectors ? p.count : all.factors;
	p.kernel = wc_kernel_choose(options->kernel);
	p.dense = wc_dense(options->dense, p.size);
	size = (size_t) p.size;
	p.inverse = wc_alloc_array(alloc, n, sizeof(double));
	p.mean = wc_alloc_array(alloc, k, sizeof(double));
	p.centred = wc_alloc_array(alloc, (p.by_vectors ? size : AT_ONCE) * k,
	                           sizeof(double));
	p.matrix = wc_alloc_array(alloc, size * size, sizeof(double));
	p.values =
	    wc_alloc_array(alloc, size + wc_dense_space(p.size), sizeof(double));
	if (directed != NULL && p.inverse != NULL && p.mean != NULL &&
	    p.centred != NULL && p.matrix != NULL && p.values != NULL)
		status = p.count > 0 ? find_axes(&p, x, y, &pace) : WC_OK;
	if (status == WC_OK)
		spread_out(all, p.count, x, y);
	wc_free(alloc, directed);
	wc_free(alloc, p.inverse);
	wc_free(alloc, p.mean);
	wc_free(alloc, p.matrix);
	wc_free(alloc, p.values);
	wc_free(alloc, p.centred);
	return status;
}

static bool
overlap(const WcBox *a, const WcBox *b)
{
	return a->left < b->right && b->left < a->right && a->top < b->bottom &&
	       b->top < a->bottom;
}

static WcBox
box_of_point(const WcMark *mark)
{
	WcBox box = {mark->x - mark->radius, mark->y - mark->radius,
	             mark->x + mark->radius, mark->y + mark->radius};

	return box;
}

/* One of the four places of a label. */
static WcBox
box_of_label(const WcMark *mark, int place)
{
	static const double dx[] = {1, -1, 0, 0};
	static const double dy[] = {0, 0, -1, 1};
	double x =
	    mark->x + dx[place] * (mark->radius + LABEL_GAP + mark->width / 2);
	double y =
	    mark->y + dy[place] * (mark->radius + LABEL_GAP + mark->height / 2);
	WcBox box = {x - mark->width / 2, y - mark->height / 2, x + mark->width / 2,
	             y + mark->height / 2};

	return box;
}

static bool
is_free(int32_t count, const WcMark *marks, int32_t self, const WcBox *frame,
        const WcBox *box, bool over)
{
	if (box->left < frame->left || box->right > frame->right ||
	    box->top < frame->top || box->bottom > frame->bottom)
		return false;
	for (int32_t i = 0; i < count; i++)
	{
		WcBox point = box_of_point(&marks[i]);

		if (i != self && !(over && marks[i].radius < marks[self].radius) &&
		    overlap(box, &point))
			return false;
		if (marks[i].placed && overlap(box, &marks[i].box))
			return false;
	}
	return true;
}

WcStatus
wc_map_labels(int32_t count, WcMark *marks, const WcBox *frame, int32_t limit,
              const WcHooks *hooks)
{
	WcPace pace = wc_pace_start(hooks);

	for (int32_t i = 0; i < count; i++)
		marks[i].placed = marks[i].over = false;
	for (int32_t i = 0; i < count && limit > 0; i++)
	{
		/* beside all points; the first ones else over smaller points */
		int places = i < LABELS_OVER ? 8 : 4;

		for (int place = 0; place < places && marks[i].width > 0; place++)
		{
			WcBox box = box_of_label(&marks[i], place % 4);

			if (wc_pace(&pace, 8 * (int64_t) count))
				return WC_CANCELLED;
			if (!is_free(count, marks, i, frame, &box, place >= 4))
				continue;
			marks[i].box = box;
			marks[i].placed = true;
			marks[i].over = place >= 4;
			limit--;
			break;
		}
	}
	return WC_OK;
}
