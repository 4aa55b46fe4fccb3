/*-------------------------------------------------------------------------
 *
 * kernel.c
 *	  The inner loops of half sweeps for this processor; an engine asks once.
 *
 *-------------------------------------------------------------------------
 */
#include "core/ground/common.h"
#include "core/ground/kernel.h"
#include "core/ground/processor.h"

/* Widest first. */
static const WcKernelChoice kernels[] = {
#if defined(__x86_64__)
    {"avx512", WC_AVX512, &wc_kernel_avx512},
    {"avx2", WC_AVX2, &wc_kernel_avx2},
#endif
    {"portable", WC_ANY_PROCESSOR, &wc_kernel_portable}};

const WcKernel *
wc_kernel_choose(const char *name)
{
	return wc_kernel_among(kernels, sizeof(kernels) / sizeof(kernels[0]), name);
}

const char *
wc_kernel_name(const char *name)
{
	const WcKernel *kernel = wc_kernel_choose(name);

	return kernel != NULL ? kernel->name : NULL;
}
