/*-------------------------------------------------------------------------
 *
 * processor.h
 *	  Which instructions this processor has, and which of several kernels for
 *	  the same work it is to run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_PROCESSOR_H
#define WALS_CORE_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>

/* What kernels are compiled for, each with all that the ones before it have. */
typedef enum WcInstructions
{
	WC_ANY_PROCESSOR,
	WC_AVX2, /* with FMA */
	WC_AVX512, /* F, DQ, BW, VL */
	WC_AVX512_VNNI
} WcInstructions;

extern bool wc_processor_has(WcInstructions instructions);

/* A kernel, any struct of functions, and what it asks of the processor. */
typedef struct WcKernelChoice
{
	const char *name;
	WcInstructions needs;
	const void *kernel;
} WcKernelChoice;

/*
 * The kernel of that name among count, which are in the order of preference;
 * "auto", the empty string and NULL mean the first that this processor runs.
 * NULL when it does not run it or the name is unknown.
 */
extern const void *wc_kernel_among(const WcKernelChoice *choices, size_t count,
                                   const char *name);

#endif /* WALS_CORE_PROCESSOR_H */
