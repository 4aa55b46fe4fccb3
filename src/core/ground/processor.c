/*-------------------------------------------------------------------------
 *
 * processor.c
 *	  Which instructions this processor has, and which kernel it is to run.
 *
 * Every kernel is compiled into every build, so one package serves all
 * processors, and a narrower kernel can be asked for by name to compare or to
 * reproduce another machine's bits.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/ground/processor.h"

bool
wc_processor_has(WcInstructions instructions)
{
#if defined(__x86_64__)
	bool has = true;

	__builtin_cpu_init();
	if (instructions >= WC_AVX2)
		has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	if (instructions >= WC_AVX512)
		has = has && __builtin_cpu_supports("avx512f") &&
		      __builtin_cpu_supports("avx512dq") &&
		      __builtin_cpu_supports("avx512bw") &&
		      __builtin_cpu_supports("avx512vl");
	if (instructions >= WC_AVX512_VNNI)
		has = has && __builtin_cpu_supports("avx512vnni");
	return has;
#else
	return instructions == WC_ANY_PROCESSOR;
#endif
}

const void *
wc_kernel_among(const WcKernelChoice *choices, size_t count, const char *name)
{
	bool any = name == NULL || name[0] == '\0' || strcmp(name, "auto") == 0;

	for (size_t i = 0; i < count; i++)
		if ((any || strcmp(name, choices[i].name) == 0) &&
		    wc_processor_has(choices[i].needs))
			return choices[i].kernel;
	return NULL;
}
