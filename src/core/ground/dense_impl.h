/*-------------------------------------------------------------------------
 *
 * dense_impl.h
 *	  The builtin provider's functions, for one type of numbers.
 *
 * dense.c includes this twice, with
 *
 *		REAL		the type
 *		NAME(x)		x, with the suffix of the type
 *		WORD(x)		the C library's x for the type
 *
 * Textbook loops along rows, which a compiler turns into vectors.  They are what
 * is left where OpenBLAS is not, and what it is compared with.
 *
 *-------------------------------------------------------------------------
 */

WcStatus
NAME(wc_dense_scale)(int32_t n, REAL *a, int *exponent, WcPace *pace)
{
	REAL largest = 0;
	REAL factor;

	for (int32_t i = 0; i < n; i++)
	{
		const REAL *row = a + (size_t) i * n;
		int beyond = 0;

		for (int32_t j = i; j < n; j++)
		{
			REAL size = WORD(fabs)(row[j]);

			beyond |= !(size <= REAL_MAX);
			largest = size > largest ? size : largest;
		}
		if (beyond)
			return WC_NOT_FINITE;
	}
	(void) WORD(frexp)(largest, exponent);
	if (*exponent < -EXPONENT_MAX)
		*exponent = -EXPONENT_MAX;
	if (*exponent > EXPONENT_MAX)
		*exponent = EXPONENT_MAX;
	factor = WORD(ldexp)(1, -*exponent);
	for (int32_t i = 0; i < n; i++)
	{
		REAL *row = a + (size_t) i * n;

		for (int32_t j = i; j < n; j++)
			row[j] *= factor;
	}
	return wc_pace(pace, (int64_t) n * n / WC_PACE_VECTOR) ? WC_CANCELLED
	                                                       : WC_OK;
}

WcStatus
NAME(wc_dense_unscale)(int32_t n, REAL *values, int exponent)
{
	for (int32_t l = 0; l < n; l++)
	{
		values[l] = WORD(ldexp)(values[l], exponent);
		if (!isfinite(values[l]))
			return WC_NOT_FINITE;
	}
	return WC_OK;
}

/* Right-looking: a pivot row is finished, then taken from all below. */
static WcStatus
NAME(factor)(int32_t n, REAL *a, WcPace *pace)
{
	for (int32_t p = 0; p < n; p++)
	{
		REAL *pivot_row = a + (size_t) p * n;
		REAL pivot = pivot_row[p];
		REAL root;

		if (!(pivot > 0) || !isfinite(pivot))
			return WC_NOT_SPD;
		root = WORD(sqrt)(pivot);
		for (int32_t q = p; q < n; q++)
			pivot_row[q] /= root;
		for (int32_t q = p + 1; q < n; q++)
		{
			REAL *row = a + (size_t) q * n;
			REAL factor = pivot_row[q];

			for (int32_t r = q; r < n; r++)
				row[r] -= factor * pivot_row[r];
		}
		if (wc_pace(pace, (int64_t) (n - p) * (n - p) / 2))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static WcStatus
NAME(solve)(int32_t n, const REAL *r, int32_t count, REAL *x, WcPace *pace)
{
	for (int32_t i = 0; i < count; i++, x += n)
	{
		/* R' z = b */
		for (int32_t p = 0; p < n; p++)
		{
			const REAL *row = r + (size_t) p * n;

			x[p] /= row[p];
			for (int32_t q = p + 1; q < n; q++)
				x[q] -= row[q] * x[p];
		}
		/* R x = z */
		for (int32_t p = n - 1; p >= 0; p--)
		{
			const REAL *row = r + (size_t) p * n;
			REAL sum = x[p];

			for (int32_t q = p + 1; q < n; q++)
				sum -= row[q] * x[q];
			x[p] = sum / row[p];
		}
		if (wc_pace(pace, (int64_t) n * n))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static WcStatus
NAME(square)(int32_t n, int32_t count, const REAL *v, bool add, REAL *c,
             WcPace *pace)
{
	for (int32_t p = 0; p < n && !add; p++)
		memset(c + (size_t) p * n + p, 0, (size_t) (n - p) * sizeof(REAL));
	for (int32_t e = 0; e < count; e++, v += n)
	{
		for (int32_t p = 0; p < n; p++)
		{
			REAL *row = c + (size_t) p * n;
			REAL factor = v[p];

			for (int32_t q = p; q < n; q++)
				row[q] += factor * v[q];
		}
		if (wc_pace(pace, (int64_t) n * n / 2))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static WcStatus
NAME(multiply)(int32_t m, int32_t n, int32_t inner, const REAL *a,
               const REAL *b, bool turned, REAL *c, WcPace *pace)
{
	for (int32_t i = 0; i < m; i++, a += inner, c += n)
	{
		memset(c, 0, (size_t) n * sizeof(REAL));
		for (int32_t l = 0; l < inner && !turned; l++)
			for (int32_t j = 0; j < n; j++)
				c[j] += a[l] * b[(size_t) l * n + j];
		for (int32_t j = 0; j < n && turned; j++)
			for (int32_t l = 0; l < inner; l++)
				c[j] += a[l] * b[(size_t) j * inner + l];
		if (wc_pace(pace, (int64_t) n * inner))
			return WC_CANCELLED;
	}
	return WC_OK;
}

#undef REAL
#undef NAME
#undef WORD
#undef REAL_MAX
#undef EXPONENT_MAX
