/*-------------------------------------------------------------------------
 *
 * kernel_avx512.c
 *	  The kernels for processors with AVX-512: 16 lanes, 32 registers.
 *
 * A tile of 8 x 3 vectors keeps 24 sums in registers, and leaves room for the
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
#pragma clang attribute push(                                                  \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))),    \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target(                                                            \
    "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prefer-vector-width=512")
#endif

#define LANES 16
#define TILE_ROWS 8
#define DOT_COLS 4
#define KERNEL_NAME "avx512"
#define KERNEL_TABLE wc_kernel_avx512
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31

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
