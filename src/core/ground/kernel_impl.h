/*-------------------------------------------------------------------------
 *
 * kernel_impl.h
 *	  The inner loops of kernel.h, written once for any vector length.
 *
 * Included by kernel_avx512.c, kernel_avx2.c and kernel_portable.c, which
 * define LANES (floats of a vector), TILE_ROWS (rows of a register tile),
 * DOT_COLS, EVENS, ODDS, KERNEL_NAME and KERNEL_TABLE.
 *
 * Plain C with the compiler's vector types.  Everything rests on one routine,
 * tile: up to TILE_ROWS x 3 vectors of sums stay in registers over a whole run
 * of products; each step loads three vectors, broadcasts TILE_ROWS floats and
 * does TILE_ROWS x 3 multiply-adds.  The rank update, both updates of the
 * Cholesky factor (kernel_factor.h) and the product of matrices are tiles with
 * other strides.
 *
 * Vector lengths are separate copies of this file because the shape of a tile
 * must change with them: one source compiled for a narrower machine would not
 * fit its registers.
 *
 * Vectors are gathered from all over an array that no cache near the processor
 * holds.  So they are asked for long before pack copies them, by the rank update
 * of those before, one line at a time between its multiply-adds: as much as the
 * processor can have under way.
 *
 * These files alone are compiled with -ffp-contract=fast: a product and the sum
 * it belongs to are one instruction, whose result depends on nothing but its
 * operands.
 *
 *-------------------------------------------------------------------------
 */

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef float VectorAny
    __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t Mask __attribute__((vector_size(LANES * 4)));
typedef double Doubles __attribute__((vector_size(LANES * 4)));
typedef double DoublesAny
    __attribute__((vector_size(LANES * 4), aligned(8), may_alias));

#define TILE_VECTORS 3
#define PREFETCH_AHEAD 8 /* vectors */

#define INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define UNROLL _Pragma("GCC unroll 16")
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (Mask){__VA_ARGS__})
#endif

INLINE Vector
load(const float *from)
{
	return *(const VectorAny *) from;
}

INLINE void
store(float *to, Vector x)
{
	*(VectorAny *) to = x;
}

/* All lanes of one lane; lane is a constant once loops are unrolled. */
INLINE Vector
splat(Vector x, int lane)
{
#if defined(__clang__)
	Vector result;

	UNROLL
	for (int i = 0; i < LANES; i++)
		result[i] = x[lane];
	return result;
#else
	return __builtin_shuffle(x, (Mask){0} + lane);
#endif
}

/* Lane i of the result is the sum of the lanes of x[i]; x is spoilt. */
INLINE Vector
sums(Vector x[LANES])
{
	UNROLL
	for (int left = LANES / 2; left > 0; left /= 2)
	{
		UNROLL
		for (int i = 0; i < left; i++)
			x[i] = SHUFFLE(x[2 * i], x[2 * i + 1], EVENS) +
			       SHUFFLE(x[2 * i], x[2 * i + 1], ODDS);
	}
	return x[0];
}

/* ------------------------------------------------------------------------
 * Tiles
 * ------------------------------------------------------------------------ */

enum
{
	TILE_SET,
	TILE_ADD,
	TILE_SUBTRACT
};

/* Vectors to bring into the cache by the way: where the next line of them is. */
typedef struct Fetch
{
	const WcGather *gather;
	int32_t e;
	int32_t line; /* floats from the start of a vector */
} Fetch;

/* How many of the next lines can be fetched from one vector after the other. */
INLINE int32_t
fetch_run(const Fetch *fetch, int32_t most)
{
	int32_t left = fetch->gather->count - fetch->e;

	if (fetch->line >= fetch->gather->k)
		return 0;
	return left < most ? left : most;
}

INLINE void
fetch_advance(Fetch *fetch, int32_t run)
{
	fetch->e += run;
	if (fetch->e == fetch->gather->count)
	{
		fetch->e = 0;
		fetch->line += WC_LINE;
	}
}

/* One product of a column of left and a row of right. */
INLINE void
tile_step(const int rows, const int vectors, const float *left,
          int32_t left_row, const float *right,
          Vector sum[TILE_ROWS][TILE_VECTORS])
{
	Vector x[TILE_VECTORS];

	UNROLL
	for (int v = 0; v < vectors; v++)
		x[v] = load(right + v * LANES);
	UNROLL
	for (int r = 0; r < rows; r++)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
			sum[r][v] += x[v] * left[r * left_row];
	}
}

/*
 * rows x vectors of A = , += or -= the sum over count steps e of
 * left[r * left_row + e * left_step] right[v + e * right_step].  A may be the
 * memory of right: it is written when all is read.  With fetch, one of its lines
 * is asked for at every other step: asked for at once they would hold up the
 * arithmetic.
 */
INLINE void
tile(const int rows, const int vectors, const int mode, int32_t count,
     const float *left, int32_t left_row, int32_t left_step, const float *right,
     int32_t right_step, float *a, int32_t pitch, Fetch *fetch)
{
	Vector sum[TILE_ROWS][TILE_VECTORS];
	int32_t run;

	UNROLL
	for (int r = 0; r < rows; r++)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
			sum[r][v] = (Vector){0};
	}
	while (fetch != NULL && (run = fetch_run(fetch, count / 2)) > 0)
	{
		const WcGather *gather = fetch->gather;
		const float *base = gather->base + fetch->line;
		const int32_t *col = gather->col + fetch->e;
		size_t k = (size_t) gather->k;

		for (int32_t e = 0; e < run; e++)
		{
			__builtin_prefetch(base + (size_t) col[e] * k, 0, 2);
			tile_step(rows, vectors, left, left_row, right, sum);
			left += left_step;
			right += right_step;
			tile_step(rows, vectors, left, left_row, right, sum);
			left += left_step;
			right += right_step;
		}
		count -= 2 * run;
		fetch_advance(fetch, run);
	}
	for (int32_t e = 0; e < count; e++)
	{
		tile_step(rows, vectors, left, left_row, right, sum);
		left += left_step;
		right += right_step;
	}
	UNROLL
	for (int r = 0; r < rows; r++)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
		{
			float *to = a + r * pitch + v * LANES;

			if (mode == TILE_SET)
				store(to, sum[r][v]);
			else if (mode == TILE_ADD)
				store(to, load(to) + sum[r][v]);
			else
				store(to, load(to) - sum[r][v]);
		}
	}
}

/*
 * TILE_ROWS rows of A, columns 0 to columns.  Vectors go in threes; four are
 * two twos, because a tile of one is held up by its broadcasts.
 */
INLINE void
tile_row(const int mode, int32_t columns, int32_t count, const float *left,
         int32_t left_row, int32_t left_step, const float *right,
         int32_t right_step, float *a, int32_t pitch, Fetch *fetch)
{
	int32_t j = 0;

	for (; columns - j > 4 * LANES || columns - j == 3 * LANES; j += 3 * LANES)
		tile(TILE_ROWS, 3, mode, count, left, left_row, left_step, right + j,
		     right_step, a + j, pitch, fetch);
	for (; columns - j >= 2 * LANES; j += 2 * LANES)
		tile(TILE_ROWS, 2, mode, count, left, left_row, left_step, right + j,
		     right_step, a + j, pitch, fetch);
	if (j < columns)
		tile(TILE_ROWS, 1, mode, count, left, left_row, left_step, right + j,
		     right_step, a + j, pitch, fetch);
}

static void
rank_update(int32_t size, int32_t pitch, int32_t count, const float *p,
            bool fresh, float *a, const WcGather *soon)
{
	Fetch fetch = {soon, 0, 0};

	for (int32_t i = 0; i < size; i += TILE_ROWS)
	{
		int32_t j = i / LANES * LANES;
		float *to = a + (size_t) i * pitch + j;

		if (fresh)
			tile_row(TILE_SET, size - j, count, p + i, 1, pitch, p + j, pitch,
			         to, pitch, &fetch);
		else
			tile_row(TILE_ADD, size - j, count, p + i, 1, pitch, p + j, pitch,
			         to, pitch, &fetch);
	}
}

/* The columns of B that a tile needs stay in the cache for all rows. */
static void
multiply(int32_t size, int32_t pitch, int32_t count, const float *from,
         const float *b, float *to)
{
	for (int32_t j = 0; j < size; j += TILE_VECTORS * LANES)
	{
		int32_t columns =
		    size - j < TILE_VECTORS * LANES ? size - j : TILE_VECTORS * LANES;

		for (int32_t i = 0; i < count; i += TILE_ROWS)
			tile_row(TILE_SET, columns, size, from + (size_t) i * pitch, pitch,
			         1, b + j, pitch, to + (size_t) i * pitch + j, pitch, NULL);
	}
}

/* ------------------------------------------------------------------------
 * Gathering
 * ------------------------------------------------------------------------ */

INLINE const float *
vector_of(const WcGather *gather, int32_t e)
{
	return gather->base + (size_t) gather->col[e] * gather->k;
}

INLINE void
prefetch_vector(const WcGather *gather, int32_t e)
{
	const float *vector = vector_of(gather, e);

	for (int32_t p = 0; p < gather->k; p += WC_LINE)
		__builtin_prefetch(vector + p, 0, 3);
}

static void
prefetch(const WcGather *gather)
{
	for (int32_t e = 0; e < gather->count; e++)
		prefetch_vector(gather, e);
}

static inline void
square_roots(int32_t count, const float *weight, float *root)
{
	for (int32_t e = 0; e < count; e++)
		root[e] = sqrtf(weight[e]);
}

/* count vectors at once: each element of sum is touched once for all. */
INLINE void
pack_some(const WcGather *gather, const int count, int32_t e, const float *root,
          const float *right, float *rows, float *sum)
{
	int32_t k = gather->k;
	int32_t pitch = gather->pitch;
	const float *from[4];
	float *to[4];
	int32_t p = 0;

	UNROLL
	for (int i = 0; i < count; i++)
	{
		from[i] = vector_of(gather, e + i);
		to[i] = rows + (size_t) (e + i) * pitch;
	}
	for (; p + LANES <= k; p += LANES)
	{
		Vector s = load(sum + p);

		UNROLL
		for (int i = 0; i < count; i++)
		{
			Vector x = load(from[i] + p);

			store(to[i] + p, x * root[e + i]);
			s += x * right[e + i];
		}
		store(sum + p, s);
	}
	if (p == gather->size)
		return;
	for (; p + 4 <= k; p += 4)
	{
		WcQuad s = *(WcQuadAny *) (sum + p);

		UNROLL
		for (int i = 0; i < count; i++)
		{
			WcQuad x = *(const WcQuadAny *) (from[i] + p);

			*(WcQuadAny *) (to[i] + p) = x * root[e + i];
			s += x * right[e + i];
		}
		*(WcQuadAny *) (sum + p) = s;
	}
	for (; p < gather->size; p++)
	{
		UNROLL
		for (int i = 0; i < count; i++)
		{
			float x = p < k ? from[i][p] : p < gather->width ? 1.0f : 0.0f;

			to[i][p] = x * root[e + i];
			sum[p] += x * right[e + i];
		}
	}
}

static void
pack(const WcGather *gather, const float *weight, const float *right,
     float *rows, float *sum)
{
	float root[WC_KERNEL_CHUNK];
	int32_t e = 0;

	square_roots(gather->count, weight, root);
	for (; e + 4 <= gather->count; e += 4)
		pack_some(gather, 4, e, root, right, rows, sum);
	for (; e < gather->count; e++)
		pack_some(gather, 1, e, root, right, rows, sum);
}

static void
pack_dual(const WcGather *gather, const float *weight,
          const float *column_scale, float *rows)
{
	float root[WC_KERNEL_CHUNK];
	int32_t k = gather->k;

	square_roots(gather->count, weight, root);
	for (int32_t e = 0; e < gather->count; e++)
	{
		const float *from = vector_of(gather, e);
		float *to = rows + (size_t) e * gather->pitch;
		int32_t p = 0;

		if (e + PREFETCH_AHEAD < gather->count + gather->ahead)
			prefetch_vector(gather, e + PREFETCH_AHEAD);
		for (; p + LANES <= k; p += LANES)
			store(to + p, load(from + p) * root[e] * load(column_scale + p));
		for (; p + 4 <= k; p += 4)
			*(WcQuadAny *) (to + p) = *(const WcQuadAny *) (from + p) *
			                          root[e] *
			                          *(const WcQuadAny *) (column_scale + p);
		for (; p < gather->size; p++)
		{
			float x = p < k ? from[p] : p < gather->width ? 1.0f : 0.0f;

			to[p] = x * root[e] * column_scale[p];
		}
	}
}

static void
dots(const WcGather *gather, const float *x, float *out)
{
	int32_t k = gather->k;

	for (int32_t e = 0; e < gather->count; e++)
	{
		const float *from = vector_of(gather, e);
		Vector sum = {0};
		WcQuad rest = {0};
		int32_t p = 0;
		float total = 0;

		if (e + PREFETCH_AHEAD < gather->count + gather->ahead)
			prefetch_vector(gather, e + PREFETCH_AHEAD);
		for (; p + LANES <= k; p += LANES)
			sum += load(from + p) * load(x + p);
		for (; p + 4 <= k; p += 4)
			rest +=
			    *(const WcQuadAny *) (from + p) * *(const WcQuadAny *) (x + p);
		for (; p < k; p++)
			total += from[p] * x[p];
		UNROLL
		for (int lane = 0; lane < LANES; lane += 4)
		{
			WcQuad part;

			memcpy(&part, (const char *) &sum + lane * sizeof(float),
			       sizeof(part));
			rest += part;
		}
		out[e] = total + ((rest[0] + rest[2]) + (rest[1] + rest[3]));
	}
}

static void
combine(int32_t size, int32_t pitch, int32_t count, const float *rows,
        const float *coefficient, float *sum)
{
	for (int32_t p = 0; p < size; p += LANES)
	{
		Vector s[4] = {{0}, {0}, {0}, {0}};
		const float *from = rows + p;
		int32_t e = 0;

		for (; e + 4 <= count; e += 4)
		{
			UNROLL
			for (int i = 0; i < 4; i++)
				s[i] += load(from + (size_t) i * pitch) * coefficient[e + i];
			from += (size_t) 4 * pitch;
		}
		for (; e < count; e++, from += pitch)
			s[0] += load(from) * coefficient[e];
		store(sum + p, (s[0] + s[1]) + (s[2] + s[3]));
	}
}

/* ------------------------------------------------------------------------
 * The dual Gram matrix
 * ------------------------------------------------------------------------ */

/* 4 x DOT_COLS dot products */
INLINE void
dot_tile(int32_t size, int32_t pitch, const float *left, const float *right,
         float *a, int32_t a_pitch)
{
	Vector sum[4 * DOT_COLS];
	float out[4 * DOT_COLS];

	UNROLL
	for (int i = 0; i < 4 * DOT_COLS; i++)
		sum[i] = (Vector){0};
	for (int32_t p = 0; p < size; p += LANES)
	{
		Vector x[DOT_COLS];

		UNROLL
		for (int c = 0; c < DOT_COLS; c++)
			x[c] = load(right + (size_t) c * pitch + p);
		UNROLL
		for (int r = 0; r < 4; r++)
		{
			Vector y = load(left + (size_t) r * pitch + p);

			UNROLL
			for (int c = 0; c < DOT_COLS; c++)
				sum[r * DOT_COLS + c] += x[c] * y;
		}
	}
	UNROLL
	for (int i = 0; i < 4 * DOT_COLS; i += LANES)
		store(out + i, sums(sum + i));
	UNROLL
	for (int r = 0; r < 4; r++)
		memcpy(a + (size_t) r * a_pitch, out + r * DOT_COLS,
		       DOT_COLS * sizeof(float));
}

static void
dual_gram(int32_t first, int32_t last, int32_t count, int32_t size,
          int32_t pitch, const float *s, int32_t a_size, int32_t a_pitch,
          float *a)
{
	int32_t end = wc_pad(count, 4);

	for (int32_t i = first; i < last; i++)
	{
		int32_t from = i < end ? end : i;

		if (i % 4 == 0 && i < end)
			for (int32_t j = i; j < end; j += DOT_COLS)
				dot_tile(size, pitch, s + (size_t) i * pitch,
				         s + (size_t) j * pitch, a + (size_t) i * a_pitch + j,
				         a_pitch);
		memset(a + (size_t) i * a_pitch + from, 0,
		       (size_t) (a_size - from) * sizeof(float));
	}
	for (int32_t i = first; i < last; i++)
		a[(size_t) i * a_pitch + i] += 1.0f;
}

#include "core/ground/kernel_factor.h"

/* ------------------------------------------------------------------------
 * Plane rotations
 * ------------------------------------------------------------------------ */

/* vectors x LANES / 2 columns: a row waits in registers for its next turn. */
INLINE void
rotate_columns(const int vectors, int32_t width, int32_t count, const double *c,
               const double *s, double *q)
{
	Doubles lower[4];
	double *row = q + (size_t) count * width;

	UNROLL
	for (int v = 0; v < vectors; v++)
		lower[v] = *(DoublesAny *) (row + v * (LANES / 2));
	for (int32_t i = count - 1; i >= 0; i--)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
		{
			DoublesAny *to = (DoublesAny *) (row + v * (LANES / 2));
			Doubles upper = *(DoublesAny *) (row - width + v * (LANES / 2));

			*to = upper * s[i] + lower[v] * c[i];
			lower[v] = upper * c[i] - lower[v] * s[i];
		}
		row -= width;
	}
	UNROLL
	for (int v = 0; v < vectors; v++)
		*(DoublesAny *) (row + v * (LANES / 2)) = lower[v];
}

static void
rotate(int32_t width, int32_t count, const double *c, const double *s,
       double *q)
{
	int32_t p = 0;

	for (; p + 2 * LANES <= width; p += 2 * LANES)
		rotate_columns(4, width, count, c, s, q + p);
	for (; p + LANES / 2 <= width; p += LANES / 2)
		rotate_columns(1, width, count, c, s, q + p);
	for (; p < width; p++)
	{
		double *row = q + (size_t) count * width + p;
		double lower = *row;

		for (int32_t i = count - 1; i >= 0; i--)
		{
			double upper = row[-width];

			*row = upper * s[i] + lower * c[i];
			lower = upper * c[i] - lower * s[i];
			row -= width;
		}
		*row = lower;
	}
}

/* ------------------------------------------------------------------------
 * Float64
 * ------------------------------------------------------------------------ */

#define DOUBLE_LANES (LANES / 2)
#define DOUBLE_ROWS 4

/* rows x vectors of A += the sum over count rows e of left_e[r] right_e[v] */
INLINE void
tile_double(const int rows, const int vectors, int32_t width, int32_t count,
            const double *left, const double *right, double *a)
{
	Doubles sum[DOUBLE_ROWS][2];

	UNROLL
	for (int r = 0; r < rows; r++)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
			sum[r][v] =
			    *(DoublesAny *) (a + (size_t) r * width + v * DOUBLE_LANES);
	}
	for (int32_t e = 0; e < count; e++)
	{
		UNROLL
		for (int r = 0; r < rows; r++)
		{
			UNROLL
			for (int v = 0; v < vectors; v++)
				sum[r][v] +=
				    *(const DoublesAny *) (right + v * DOUBLE_LANES) * left[r];
		}
		left += width;
		right += width;
	}
	UNROLL
	for (int r = 0; r < rows; r++)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
			*(DoublesAny *) (a + (size_t) r * width + v * DOUBLE_LANES) =
			    sum[r][v];
	}
}

/* The columns of A from r0 on, of some of its rows. */
INLINE void
strip_double(const int rows, int32_t r0, int32_t width, int32_t count,
             const double *p, double *a)
{
	double *row = a + (size_t) r0 * width;
	int32_t q = r0;

	for (; q + 2 * DOUBLE_LANES <= width; q += 2 * DOUBLE_LANES)
		tile_double(rows, 2, width, count, p + r0, p + q, row + q);
	for (; q + DOUBLE_LANES <= width; q += DOUBLE_LANES)
		tile_double(rows, 1, width, count, p + r0, p + q, row + q);
	for (; q < width; q++)
		for (int r = 0; r < rows; r++)
		{
			double sum = row[(size_t) r * width + q];

			for (int32_t e = 0; e < count; e++)
				sum +=
				    p[(size_t) e * width + r0 + r] * p[(size_t) e * width + q];
			row[(size_t) r * width + q] = sum;
		}
}

static void
rank_update_double(int32_t width, int32_t count, const double *p, double *a)
{
	int32_t r0 = 0;

	for (; r0 + DOUBLE_ROWS <= width; r0 += DOUBLE_ROWS)
		strip_double(DOUBLE_ROWS, r0, width, count, p, a);
	for (; r0 < width; r0++)
		strip_double(1, r0, width, count, p, a);
}
