/*-------------------------------------------------------------------------
 *
 * sort.c
 *	  Sort numbers by 32-bit keys, in time proportional to their count.
 *
 * Least significant digit first, 11 bits at a time: three passes, less those in
 * which all keys have the same digit.  Equal keys keep their order.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/ground/internal.h"

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)

WcStatus
wc_sort_keyed(int32_t count, WcKeyed *entries, WcKeyed *scratch,
              WcKeyed **sorted, WcPace *pace)
{
	WcKeyed *from = entries;
	WcKeyed *to = scratch;

	for (int shift = 0; shift < 32; shift += DIGIT_BITS)
	{
		int32_t at[DIGITS] = {0};
		int32_t place = 0;
		WcKeyed *swap = from;

		for (int32_t i = 0; i < count; i++)
		{
			if (wc_pace(pace, 1))
				return WC_CANCELLED;
			at[(from[i].key >> shift) % DIGITS]++;
		}
		if (count == 0 || at[(from[0].key >> shift) % DIGITS] == count)
			continue;
		for (int digit = 0; digit < DIGITS; digit++)
		{
			int32_t length = at[digit];

			at[digit] = place;
			place += length;
		}
		for (int32_t i = 0; i < count; i++)
		{
			if (wc_pace(pace, 4))
				return WC_CANCELLED;
			to[at[(from[i].key >> shift) % DIGITS]++] = from[i];
		}
		from = to;
		to = swap;
	}
	*sorted = from;
	return WC_OK;
}
