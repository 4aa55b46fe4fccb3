/*-------------------------------------------------------------------------
 *
 * kernel_table.h
 *	  The table of the functions of kernel_impl.h and kernel_rows.h, the last
 *	  thing each kernel_*.c includes.
 *
 *-------------------------------------------------------------------------
 */

const WcKernel KERNEL_TABLE = {
    KERNEL_NAME, LANES,  pack,        pack_dual, prefetch,          rank_update,
    dual_gram,   factor, forward,     backward,  combine,           multiply,
    dots,        rotate, gather_rows, project,   rank_update_double};
