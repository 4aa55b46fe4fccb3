/*-------------------------------------------------------------------------
 *
 * test_processor.c
 *	  The choice of a kernel, by its name and by what the processor has.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "check.h"
#include "core/ground/processor.h"

#define NEEDS_ALL WC_AVX512_VNNI

static const void *
among(const WcKernelChoice *choices, const char *name)
{
	return wc_kernel_among(choices, 3, name);
}

int
main(void)
{
	static const char first[1], second[1], third[1];
	const WcKernelChoice plain[] = {{"wide", WC_ANY_PROCESSOR, first},
	                                {"narrow", WC_ANY_PROCESSOR, second},
	                                {"portable", WC_ANY_PROCESSOR, third}};
	const WcKernelChoice picky[] = {{"wide", NEEDS_ALL, first},
	                                {"narrow", WC_AVX2, second},
	                                {"portable", WC_ANY_PROCESSOR, third}};
	const void *best = wc_processor_has(NEEDS_ALL) ? first
	                   : wc_processor_has(WC_AVX2) ? second
	                                               : third;

	/* the first that runs, unless one is asked for */
	CHECK(among(plain, NULL) == first);
	CHECK(among(plain, "") == first);
	CHECK(among(plain, "auto") == first);
	CHECK(among(plain, "narrow") == second);
	CHECK(among(plain, "portable") == third);

	/* nothing else passes for a name */
	CHECK(among(plain, "Narrow") == NULL);
	CHECK(among(plain, "narro") == NULL);
	CHECK(among(plain, "narrow ") == NULL);
	CHECK(wc_kernel_among(plain, 0, NULL) == NULL);

	/* none that this processor does not run, asked for or not */
	CHECK(among(picky, NULL) == best);
	CHECK(among(picky, "wide") == (wc_processor_has(NEEDS_ALL) ? first : NULL));
	CHECK(among(picky, "narrow") ==
	      (wc_processor_has(WC_AVX2) ? second : NULL));

	/* more instructions are never without those before */
	CHECK(wc_processor_has(WC_ANY_PROCESSOR));
	for (int more = WC_AVX2; more <= NEEDS_ALL; more++)
		CHECK(!wc_processor_has((WcInstructions) more) ||
		      wc_processor_has((WcInstructions) (more - 1)));
	return check_report("test_processor");
}
