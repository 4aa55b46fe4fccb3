/*-------------------------------------------------------------------------
 *
 * kernel_portable.c
 *	  The kernels for any processor: 4 lanes, which are one register of SSE2
 *	  and of NEON, and whatever a compiler makes of them elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/ground/internal.h"
#include "core/ground/kernel.h"

#define LANES 4
#define TILE_ROWS 4
#define DOT_COLS 2
#define KERNEL_NAME "portable"
#define KERNEL_TABLE wc_kernel_portable
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7

/* clang-format off: in this order */
#include "core/ground/kernel_impl.h"
#include "core/ground/kernel_rows.h"
#include "core/ground/kernel_table.h"
/* clang-format on */
