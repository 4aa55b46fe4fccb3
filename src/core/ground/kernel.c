/*-------------------------------------------------------------------------
 *
 * kernel.c
 *	  Choose the inner loops for this processor.
 *
 * sweep.c asks once per solver.  Every kernel is compiled into every build, so
 * one package serves all processors, and a narrower kernel can be asked for by
 * name to compare or to reproduce another machine's bits.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <string.h>

#include "core/ground/common.h"
#include "core/ground/kernel.h"

/* Widest first. */
static const WcKernel *const kernels[] = {
#if defined(__x86_64__)
    &wc_kernel_avx512, &wc_kernel_avx2,
#endif
    &wc_kernel_portable};

static bool
kernel_runs(const WcKernel *kernel)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (kernel->lanes >= 8 &&
	    !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
		return false;
	if (kernel->lanes >= 16 && !(__builtin_cpu_supports("avx512f") &&
	                             __builtin_cpu_supports("avx512dq") &&
	                             __builtin_cpu_supports("avx512bw") &&
	                             __builtin_cpu_supports("avx512vl")))
		return false;
#endif
	return kernel->lanes > 0;
}

const WcKernel *
wc_kernel_choose(const char *name)
{
	bool any = name == NULL || name[0] == '\0' || strcmp(name, "auto") == 0;

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
	{
		if ((any || strcmp(name, kernels[i]->name) == 0) &&
		    kernel_runs(kernels[i]))
			return kernels[i];
	}
	return NULL;
}

const char *
wc_kernel_name(const char *name)
{
	const WcKernel *kernel = wc_kernel_choose(name);

	return kernel != NULL ? kernel->name : NULL;
}
