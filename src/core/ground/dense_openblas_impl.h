/*-------------------------------------------------------------------------
 *
 * dense_openblas_impl.h
 *	  The functions of dense.h by OpenBLAS, for one type of numbers.
 *
 * dense_openblas.c includes this twice, with
 *
 *		REAL		the type
 *		NAME(x)		x, with the suffix of the type
 *
 * and a table of the library's functions, NAME(calls).
 *
 * Fortran's matrices are column-major: ours seem turned to it, so that our upper
 * triangle is its lower one, and its eigenvectors, columns to it, are our rows.
 * A call cannot be interrupted, so no call does more than some 50 ms of work.
 *
 *-------------------------------------------------------------------------
 */

/* The lower triangle of a from the upper, and its diagonal, or back again. */
static void
NAME(keep)(int32_t n, REAL *a, REAL *diagonal, bool back)
{
	for (int32_t first = 0; first < n; first += TILE)
		for (int32_t left = first; left < n; left += TILE)
			for (int32_t i = first; i < n && i < first + TILE; i++)
				for (int32_t j = left > i ? left : i + 1;
				     j < n && j < left + TILE; j++)
				{
					REAL *upper = a + (size_t) i * n + j;
					REAL *lower = a + (size_t) j * n + i;

					if (back)
						*upper = *lower;
					else
						*lower = *upper;
				}
	for (int32_t i = 0; i < n; i++)
	{
		REAL *element = a + (size_t) i * n + i;

		if (back)
			*element = diagonal[i];
		else
			diagonal[i] = *element;
	}
}

/* The steps of LAPACK's syevd one by one. */
static WcStatus
NAME(eigen)(const WcKernel *kernel, int32_t n, REAL *a, REAL *values,
            REAL *space, WcPace *pace)
{
	size_t cells = (size_t) n * (size_t) n;
	int room = 1 + 4 * n + n * n;
	int words = 3 + 5 * n;
	REAL *diagonal = space;
	REAL *off = diagonal + n;
	REAL *tau = off + n;
	REAL *vectors = tau + n;
	REAL *work = vectors + cells;
	int *integers = (int *) (void *) (work + room);
	int exponent;
	int info;
	WcStatus status = NAME(wc_dense_scale)(n, a, &exponent, pace);

	if (status != WC_OK || n == 0)
		return status;
	NAME(keep)(n, a, diagonal, false);
	NAME(calls).sytrd("L", &n, a, &n, values, off, tau, work, &room, &info, 1);
	if (ask(pace))
		return WC_CANCELLED;
	NAME(calls).stedc("I", &n, values, off, vectors, &n, work, &room, integers,
	                  &words, &info, 1);
	if (ask(pace))
		return WC_CANCELLED;
	if (DID_NOT_CONVERGE(info))
	{
		NAME(keep)(n, a, diagonal, true);
		status =
		    wc_dense_builtin.NAME(eigen)(kernel, n, a, values, space, pace);
		return status != WC_OK ? status
		                       : NAME(wc_dense_unscale)(n, values, exponent);
	}
	for (int32_t first = 0; first < n; first += TURNED)
	{
		int some = n - first < TURNED ? n - first : TURNED;

		NAME(calls).ormtr("L", "L", "N", &n, &some, a, &n, tau,
		                  vectors + (size_t) first * n, &n, work, &room, &info,
		                  1, 1, 1);
		if (ask(pace))
			return WC_CANCELLED;
	}
	memcpy(a, vectors, cells * sizeof(REAL));
	return NAME(wc_dense_unscale)(n, values, exponent);
}

/* Block by block, right-looking. */
static WcStatus
NAME(factor)(int32_t n, REAL *a, WcPace *pace)
{
	const REAL one = 1;
	const REAL less = -1;
	int pitch = n;

	for (int32_t first = 0; first < n; first += BLOCK)
	{
		int size = n - first < BLOCK ? n - first : BLOCK;
		int rest = n - first - size;
		REAL *pivot = a + (size_t) first * n + first;
		REAL *beside = pivot + size;
		int info;

		NAME(calls).potrf("L", &size, pivot, &pitch, &info, 1);
		/* whether a NaN is noticed depends on the release */
		for (int32_t p = 0; p < size && info == 0; p++)
			info = !(pivot[(size_t) p * n + p] > 0 &&
			         isfinite(pivot[(size_t) p * n + p]));
		if (info != 0)
			return WC_NOT_SPD;
		if (ask(pace))
			return WC_CANCELLED;
		if (rest == 0)
			break;
		NAME(calls).trsm("R", "L", "T", "N", &rest, &size, &one, pivot, &pitch,
		                 beside, &pitch, 1, 1, 1, 1);
		for (int32_t j = 0; j < rest; j += BLOCK)
		{
			int some = rest - j < BLOCK ? rest - j : BLOCK;
			int below = rest - j - some;
			REAL *to = a + (size_t) (first + size + j) * (size_t) (n + 1);

			NAME(calls).syrk("L", "N", &some, &size, &less, beside + j, &pitch,
			                 &one, to, &pitch, 1, 1);
			if (below > 0)
				NAME(calls).gemm("N", "T", &below, &some, &size, &less,
				                 beside + j + some, &pitch, beside + j, &pitch,
				                 &one, to + some, &pitch, 1, 1);
			if (ask(pace))
				return WC_CANCELLED;
		}
	}
	return WC_OK;
}

static WcStatus
NAME(solve)(int32_t n, const REAL *r, int32_t count, REAL *x, WcPace *pace)
{
	int32_t some = rows_at_once((int64_t) n * n);

	for (int32_t first = 0; first < count && n > 0; first += some)
	{
		int rows = count - first < some ? count - first : some;
		int info;

		NAME(calls).potrs("L", &n, &rows, r, &n, x + (size_t) first * n, &n,
		                  &info, 1);
		if (ask(pace))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static WcStatus
NAME(square)(int32_t n, int32_t count, const REAL *v, bool add, REAL *c,
             WcPace *pace)
{
	int32_t some = rows_at_once((int64_t) n * n / 2);
	const REAL one = 1;

	for (int32_t p = 0; p < n && !add; p++)
		memset(c + (size_t) p * n + p, 0, (size_t) (n - p) * sizeof(REAL));
	for (int32_t first = 0; first < count && n > 0; first += some)
	{
		int rows = count - first < some ? count - first : some;

		NAME(calls).syrk("L", "N", &n, &rows, &one, v + (size_t) first * n, &n,
		                 &one, c, &n, 1, 1);
		if (ask(pace))
			return WC_CANCELLED;
	}
	return WC_OK;
}

static WcStatus
NAME(multiply)(int32_t m, int32_t n, int32_t inner, const REAL *a,
               const REAL *b, bool turned, REAL *c, WcPace *pace)
{
	int32_t some = rows_at_once((int64_t) n * inner);
	const REAL one = 1;
	const REAL none = 0;
	const int *pitch = turned ? &inner : &n;

	if (inner == 0)
		memset(c, 0, (size_t) m * (size_t) n * sizeof(REAL));
	for (int32_t first = 0; first < m && n > 0 && inner > 0; first += some)
	{
		int rows = m - first < some ? m - first : some;

		NAME(calls).gemm(turned ? "T" : "N", "N", &n, &rows, &inner, &one, b,
		                 pitch, a + (size_t) first * inner, &inner, &none,
		                 c + (size_t) first * n, &n, 1, 1);
		if (ask(pace))
			return WC_CANCELLED;
	}
	return WC_OK;
}

#undef REAL
#undef NAME
