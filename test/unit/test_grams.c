/*-------------------------------------------------------------------------
 *
 * test_grams.c
 *	  Gram matrices that are brought up to date have the bits of those that are
 *	  summed anew.
 *
 *-------------------------------------------------------------------------
 */
#include "world.h"

#define K 5

static const WcJob job = {.alloc = &check_alloc};

static void
check_grams(const WcPack *pack, const WcPack *whole, const WcGrams *before,
            const WcIdMap *changed, WcGrams *now)
{
	WcGramsChange step = {before, changed};
	WcGrams expected;
	WcGrams view;
	double gram[K * K];
	double sum;

	CHECK(wc_grams_make(pack, delta_identity, &step, now, &job) == WC_OK);
	CHECK(wc_grams_make(whole, delta_identity, NULL, &expected, &job) == WC_OK);
	CHECK(now->bytes == expected.bytes &&
	      memcmp(now->block, expected.block, now->bytes) == 0);
	CHECK(wc_grams_open(now->block, now->bytes, delta_identity, whole, NULL,
	                    &view));
	CHECK(!wc_grams_open(now->block, now->bytes, base_identity, whole, NULL,
	                     &view));
	CHECK(!wc_grams_open(now->block, now->bytes - 8, delta_identity, whole,
	                     NULL, &view));
	wc_grams_sum(now, gram);
	for (int p = 0; p < K; p++)
	{
		for (int q = p; q < K; q++)
		{
			sum = 0;
			for (int32_t i = 0; i < whole->count; i++)
				sum += (double) wc_pack_vector(whole, i)[p] *
				       wc_pack_vector(whole, i)[q];
			CHECK_NEAR(gram[p * K + q], sum, 1e-3);
		}
	}
	free(expected.owned);
}

/* Many rows, so that there are groups. */
static void
test_groups(void)
{
	enum
	{
		ROWS = 20000
	};
	uint64_t state = 17;
	World world = world_make(WC_ID_INT64, ROWS, K);
	WcIdMap *changed = create(WC_ID_INT64);
	WcGrams before;
	WcGrams now;
	WcPack base;
	WcPack delta;
	WcPack pack;
	WcPack whole;

	for (int32_t i = 0; i < ROWS; i++)
		world_set(&world, i, &state);
	base = world_pack(&world, base_identity);
	CHECK(wc_grams_make(&base, base_identity, NULL, &before, &job) == WC_OK);
	CHECK(before.groups == 8);
	delta = change(&world, &base, 0.0002, changed, &state);
	CHECK(wc_idmap_count(changed) > 0 && wc_idmap_count(changed) < 12);
	CHECK(wc_pack_lay(&base, &delta, &pack));
	whole = world_pack(&world, base_identity);
	check_grams(&pack, &whole, &before, changed, &now);
	free(now.owned);
	free(delta.owned);
	free(whole.owned);

	/* so many are gone that there are fewer groups */
	for (int32_t i = 0; i < ROWS; i++)
		world.there[i] = false;
	whole = world_pack(&world, base_identity);
	CHECK(whole.count == 0);
	CHECK(wc_grams_make(&whole, delta_identity,
	                    &(WcGramsChange){&before, changed}, &now,
	                    &job) == WC_OK);
	CHECK(now.groups == 1);
	free(now.owned);
	free(whole.owned);
	free(before.owned);
	free(base.owned);
	wc_idmap_free(changed);
	world_free(&world);
}

/* One group, of few rows; and ids that are texts. */
static void
test_few(WcIdKind kind)
{
	uint64_t state = 23;
	World world = world_make(kind, 700, K);
	WcIdMap *changed = create(kind);
	WcGrams before;
	WcGrams now;
	WcPack base;
	WcPack delta;
	WcPack pack;
	WcPack whole;

	for (int32_t i = 0; i < 700; i += 3)
		world_set(&world, i, &state);
	base = world_pack(&world, base_identity);
	CHECK(wc_grams_make(&base, base_identity, NULL, &before, &job) == WC_OK);
	CHECK(before.groups == 1);
	delta = change(&world, &base, 0.1, changed, &state);
	CHECK(wc_pack_lay(&base, &delta, &pack));
	whole = world_pack(&world, base_identity);
	check_grams(&pack, &whole, &before, changed, &now);
	free(now.owned);
	free(before.owned);
	free(base.owned);
	free(delta.owned);
	free(whole.owned);
	wc_idmap_free(changed);
	world_free(&world);
}

/* Who is told to stop, or gets no memory, leaves nothing behind. */
static void
test_refusals(void)
{
	uint64_t state = 29;
	World world = world_make(WC_ID_INT64, 9000, K);
	CheckCancel cancel = {2, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcGrams grams;
	WcPack base;

	for (int32_t i = 0; i < 9000; i++)
		world_set(&world, i, &state);
	base = world_pack(&world, base_identity);
	CHECK(wc_grams_make(&base, base_identity, NULL, &grams,
	                    &(WcJob){.alloc = &check_alloc, .hooks = &hooks}) ==
	      WC_CANCELLED);
	CHECK(grams.owned == NULL && grams.block == NULL);
	for (long n = 0; n < 5; n++)
	{
		check_fail_after = n;
		CHECK(wc_grams_make(&base, base_identity, NULL, &grams, &job) ==
		      WC_NO_MEMORY);
		CHECK(grams.owned == NULL);
	}
	check_fail_after = -1;
	free(base.owned);
	world_free(&world);
}

int
main(void)
{
	test_groups();
	test_few(WC_ID_INT64);
	test_few(WC_ID_BYTES);
	test_refusals();
	return check_report("test_grams");
}
