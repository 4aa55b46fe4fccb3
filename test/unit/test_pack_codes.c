/*-------------------------------------------------------------------------
 *
 * test_pack_codes.c
 *	  The rows, codes and bounds of a pack on several threads: the same bits with
 *	  any number of them, and nothing left when they are cancelled.  What they are
 *	  is test_pack.c's and test_search.c's.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/answer/pack.h"

static const uint8_t identity[WC_PACK_IDENTITY] = {7};

static WcStatus
make(int32_t count, int32_t k, int32_t threads, const WcHooks *hooks,
     WcPack *pack)
{
	WcPackBuilder *builder;
	float vector[WC_FACTORS_MAX];

	CHECK(wc_pack_begin(WC_ID_INT64, k, &builder, &check_alloc) == WC_OK);
	for (int32_t i = 0; i < count; i++)
	{
		/* in another order than that of their ids */
		int32_t j = (int32_t) ((int64_t) i * 7919 % count);
		WcId id = {j, NULL, 0};

		for (int32_t f = 0; f < k; f++)
			vector[f] = (float) ((j * 31 + f * 17) % 101 - 50) / 8;
		if (wc_pack_add(builder, &id, vector, (float) (j % 7) - 3, j % 5,
		                j % 3) != WC_OK)
			CHECK(!"added");
	}
	return wc_pack_finish(builder, identity, pack,
	                      &(WcJob){.hooks = hooks, .threads = threads});
}

/* One piece, one and a bit, and several of which the last is not full. */
static void
test_same_bits(void)
{
	static const int32_t counts[] = {1, 63, 4096, 4097, 9000};

	for (int c = 0; c < 5; c++)
	{
		WcPack one;

		CHECK(make(counts[c], 6, 1, NULL, &one) == WC_OK);
		for (int32_t threads = 2; threads <= 5; threads++)
		{
			WcPack many;

			CHECK(make(counts[c], 6, threads, NULL, &many) == WC_OK);
			CHECK(many.bytes == one.bytes &&
			      memcmp(many.block, one.block, one.bytes) == 0);
			free(many.owned);
		}
		free(one.owned);
	}
}

static void
test_cancel(void)
{
	for (long n = 0; n < 60; n++)
	{
		CheckCancel cancel = {n, 0};
		WcHooks hooks = {check_should_stop, NULL, &cancel};
		WcPack pack;
		WcStatus status = make(20000, 16, 3, &hooks, &pack);

		CHECK(status == WC_OK ||
		      (status == WC_CANCELLED && pack.owned == NULL));
		free(pack.owned);
	}
}

int
main(void)
{
	test_same_bits();
	test_cancel();
	return check_report("test_pack_codes");
}
