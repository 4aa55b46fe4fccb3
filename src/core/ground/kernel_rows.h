/*-------------------------------------------------------------------------
 *
 * kernel_rows.h
 *	  The inner loops of the solvers that read the entries of a row several
 *	  times (cg.c, block.c), for any vector length.
 *
 * Included by each kernel_*.c behind kernel_impl.h, whose types and helpers it
 * uses.  The vectors of a row are copied once into a block that stays in the
 * second-level cache; project then makes one pass over them do for a product
 * with the matrix of a row's system, sum_e c_e v_e v_e' x, without the matrix:
 * LANES vectors at a time, first their products with x, all of them reduced to
 * one vector of sums together, then their sum with those for coefficients,
 * while they are in the first-level cache.
 *
 *-------------------------------------------------------------------------
 */

#define COLUMNS 4 /* vectors of a sum in registers */

INLINE void
prefetch_floats(const float *from, int32_t count)
{
	for (int32_t p = 0; p < count; p += WC_LINE)
		__builtin_prefetch(from + p, 0, 3);
}

static void
gather_rows(const WcGather *gather, int32_t first, int32_t columns, float *rows)
{
	int32_t known = gather->k - first < columns ? gather->k - first : columns;

	for (int32_t e = 0; e < gather->count; e++)
	{
		const float *from = vector_of(gather, e) + first;
		float *to = rows + (size_t) e * gather->pitch;
		int32_t p = 0;

		if (e + PREFETCH_AHEAD < gather->count + gather->ahead)
			prefetch_floats(vector_of(gather, e + PREFETCH_AHEAD) + first,
			                known);
		for (; p + LANES <= known; p += LANES)
			store(to + p, load(from + p));
		for (; p + 4 <= known; p += 4)
			*(WcQuadAny *) (to + p) = *(const WcQuadAny *) (from + p);
		for (; p < gather->size; p++)
			to[p] = p < known ? from[p] : p < columns ? 1.0f : 0.0f;
	}
}

/* LANES products of a vector with x, weighted: the coefficients of project. */
INLINE void
products(int32_t size, int32_t pitch, const float *rows, const float *weight,
         const float *right, const float *x, float *coefficient)
{
	const float *from[LANES / 4];
	size_t step = (size_t) pitch;
	Vector part[LANES];
	Vector y = load(x);
	Vector known = {0};

	UNROLL
	for (int i = 0; i < LANES; i++)
	{
		if (i % 4 == 0)
			from[i / 4] = rows + (size_t) i * step;
		part[i] = load(from[i / 4] + (i % 4) * step) * y;
	}
	for (int32_t p = LANES; p < size; p += LANES)
	{
		y = load(x + p);

		UNROLL
		for (int i = 0; i < LANES; i++)
		{
			if (i % 4 == 0)
				from[i / 4] += LANES;
			part[i] += load(from[i / 4] + (i % 4) * step) * y;
		}
	}
	if (right != NULL)
		known = load(right);
	store(coefficient, known - load(weight) * sums(part));
}

/* sum += the rows times their coefficients, a few columns of them */
INLINE void
add_columns(const int vectors, int32_t pitch, int32_t count, const float *rows,
            const float *coefficient, float *sum)
{
	Vector s[2][COLUMNS];

	UNROLL
	for (int v = 0; v < vectors; v++)
	{
		s[0][v] = load(sum + v * LANES);
		s[1][v] = (Vector){0};
	}
	for (int32_t e = 0; e < count; e += 2, rows += (size_t) 2 * pitch)
	{
		UNROLL
		for (int v = 0; v < vectors; v++)
		{
			s[0][v] += load(rows + v * LANES) * coefficient[e];
			s[1][v] += load(rows + pitch + v * LANES) * coefficient[e + 1];
		}
	}
	UNROLL
	for (int v = 0; v < vectors; v++)
		store(sum + v * LANES, s[0][v] + s[1][v]);
}

static void
project(int32_t size, int32_t pitch, int32_t count, const float *rows,
        const float *weight, const float *right, const float *x, float *sum)
{
	int32_t most = size <= 64 ? 64 : size <= 128 ? 32 : LANES;

	for (int32_t first = 0; first < count; first += most)
	{
		int32_t some = count - first < most ? count - first : most;
		const float *from = rows + (size_t) first * pitch;
		float coefficient[64];
		int32_t p = 0;

		for (int32_t e = 0; e < some; e += LANES)
			products(size, pitch, from + (size_t) e * pitch, weight + first + e,
			         right != NULL ? right + first + e : NULL, x,
			         coefficient + e);
		for (; p + COLUMNS * LANES <= size; p += COLUMNS * LANES)
			add_columns(COLUMNS, pitch, some, from + p, coefficient, sum + p);
		for (; p < size; p += LANES)
			add_columns(1, pitch, some, from + p, coefficient, sum + p);
	}
}
