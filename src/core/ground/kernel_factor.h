/*-------------------------------------------------------------------------
 *
 * kernel_factor.h
 *	  The Cholesky factor of one small system, and its two substitutions.
 *
 * A part of kernel_impl.h, which includes it once for each vector length.
 *
 * The Cholesky factor is left-looking over block rows of LANES:
 *
 *		D = A[p,p] - U[0:p,p]' U[0:p,p]		in registers, together with the
 *											right side as one more row
 *		D = L E L'							one division per pivot
 *		W = E^-1/2 L^-1						by the way, from the same steps
 *		U[p,p+1:] = W (A[p,p+1:] - U[0:p,p]' U[0:p,p+1:])
 *
 * W stands for the diagonal block from then on: forward and backward
 * substitution multiply by it instead of solving a triangle.
 *
 * One system at a time: interleaving several was measured to gain little.
 *
 *-------------------------------------------------------------------------
 */

/*
 * One diagonal block: D (LANES rows) less what the r0 rows of U above it say,
 * factored; inverse gets W, x the LANES elements of U^-T x.
 */
INLINE float
factor_block(int32_t r0, int32_t pitch, const float *above, const float *block,
             float *inverse, const float *x, float *x_block, float rho)
{
	Vector row[LANES];
	Vector w[LANES];
	Vector right = {0};
	Vector pivots = {0};
	Vector y = {0};
	Vector root;
	float pivot[LANES];

	UNROLL
	for (int q = 0; q < LANES; q++)
		row[q] = (Vector){0};
	for (int32_t s = 0; s < r0; s++)
	{
		Vector u = load(above);

		UNROLL
		for (int q = 0; q < LANES; q++)
			row[q] += u * above[q];
		right += u * x[s];
		above += pitch;
	}
	UNROLL
	for (int q = 0; q < LANES; q++)
	{
		row[q] = load(block + q * pitch) - row[q];
		w[q] = (Vector){0};
		w[q][q] = 1.0f;
	}
	right = load(x_block) - right;

	UNROLL
	for (int q = 0; q < LANES; q++)
	{
		Mask lane = {0};
		Vector reciprocal = (Vector){0} + 1.0f / splat(row[q], q)[0];

		lane[q] = -1;
		pivots = (Vector) ((Mask) pivots | ((Mask) row[q] & lane));
		y = (Vector) ((Mask) y | ((Mask) right & lane));
		right -= row[q] * (splat(right, q) * reciprocal);
		UNROLL
		for (int t = q + 1; t < LANES; t++)
		{
			Vector factor = splat(row[q], t);

			row[t] -= (row[q] * factor) * reciprocal;
			w[t] -= w[q] * (factor * reciprocal);
		}
	}

	store(pivot, pivots);
	for (int q = 0; q < LANES; q++)
	{
		float quotient = pivot[q] / block[q * pitch + q];

		if (!(quotient >= rho))
			rho = quotient > 0 ? quotient : 0;
		if (!(pivot[q] > 0))
			rho = 0;
	}
	UNROLL
	for (int q = 0; q < LANES; q++)
		root[q] = sqrtf(pivot[q]);
	root = ((Vector){0} + 1.0f) / root;
	store(x_block, y * root);
	UNROLL
	for (int q = 0; q < LANES; q++)
		store(inverse + q * LANES, w[q] * splat(root, q));
	return rho;
}

static float
factor(int32_t first, int32_t last, int32_t size, int32_t pitch, float *a,
       float *inverse, float *x)
{
	float rho = 1.0f;

	for (int32_t r0 = first; r0 < last; r0 += LANES)
	{
		float *row = a + (size_t) r0 * pitch + r0 + LANES;
		const float *above = a + r0;
		const float *w = inverse + (size_t) r0 * LANES;
		int32_t rest = size - r0 - LANES;

		rho = factor_block(r0, pitch, above, row - LANES,
		                   inverse + (size_t) r0 * LANES, x, x + r0, rho);
		if (!(rho > 0))
			return 0;
		if (rest == 0)
			break;
		if (r0 > 0)
			for (int32_t i = 0; i < LANES; i += TILE_ROWS)
				tile_row(TILE_SUBTRACT, rest, r0, above + i, 1, pitch,
				         above + LANES, pitch, row + (size_t) i * pitch, pitch,
				         NULL);

		/* W is a lower triangle: from the bottom up, in place. */
		for (int32_t i = LANES - TILE_ROWS; i >= 0; i -= TILE_ROWS)
			tile_row(TILE_SET, rest, i + TILE_ROWS, w + i * LANES, LANES, 1,
			         row, pitch, row + (size_t) i * pitch, pitch, NULL);
	}
	return rho;
}

static void
forward(int32_t size, int32_t pitch, const float *u, const float *inverse,
        float *x)
{
	for (int32_t r0 = 0; r0 < size; r0 += LANES)
	{
		const float *w = inverse + (size_t) r0 * LANES;
		Vector sum = load(x + r0);
		Vector part[LANES];

		for (int32_t s = 0; s < r0; s++)
			sum -= load(u + (size_t) s * pitch + r0) * x[s];
		UNROLL
		for (int q = 0; q < LANES; q++)
			part[q] = load(w + q * LANES) * sum;
		store(x + r0, sums(part));
	}
}

static void
backward(int32_t size, int32_t pitch, const float *u, const float *inverse,
         float *x)
{
	for (int32_t r0 = size - LANES; r0 >= 0; r0 -= LANES)
	{
		const float *from = u + (size_t) r0 * pitch;
		const float *w = inverse + (size_t) r0 * LANES;
		Vector sum[LANES];
		Vector result[4] = {{0}, {0}, {0}, {0}};
		float rest[LANES];

		UNROLL
		for (int q = 0; q < LANES; q++)
			sum[q] = (Vector){0};
		for (int32_t s = r0 + LANES; s < size; s += LANES)
		{
			Vector y = load(x + s);

			UNROLL
			for (int q = 0; q < LANES; q++)
				sum[q] += load(from + (size_t) q * pitch + s) * y;
		}
		store(rest, load(x + r0) - sums(sum));
		UNROLL
		for (int q = 0; q < LANES; q++)
			result[q % 4] += load(w + q * LANES) * rest[q];
		store(x + r0, (result[0] + result[1]) + (result[2] + result[3]));
	}
}
