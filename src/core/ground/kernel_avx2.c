/*-------------------------------------------------------------------------
 *
 * kernel_avx2.c
 *	  The kernels for processors with AVX2 and FMA: 8 lanes, 16 registers.
 *
 * A tile of 4 x 3 vectors keeps 12 sums in registers, and leaves room for the
 * three vectors and one broadcast that feed them.
 *
 *-------------------------------------------------------------------------
 */
#if defined(__x86_64__)

#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/ground/kernel.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))),              \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define LANES 8
#define TILE_ROWS 4
#define DOT_COLS 2
#define KERNEL_NAME "avx2"
#define KERNEL_TABLE wc_kernel_avx2
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15

/* clang-format off: in this order */
#include "core/ground/kernel_impl.h"
#include "core/ground/kernel_rows.h"
#include "core/ground/kernel_table.h"
/* clang-format on */

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
