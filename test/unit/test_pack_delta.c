/*-------------------------------------------------------------------------
 *
 * test_pack_delta.c
 *	  Packs of a base and a delta: the same as one that was made of all rows, after
 *	  any number of changes.
 *
 * The searches of such packs are tested where searches are: half of the data of
 * packs.h is in two blocks.
 *
 *-------------------------------------------------------------------------
 */
#include "world.h"

#define NUMBERS 4000 /* ids are 0 to NUMBERS - 1, or names of them */
#define K 5
#define STEPS 6

/* Everything that can be asked of a pack. */
static void
check_same(const World *world, const WcPack *pack, const WcPack *whole)
{
	WcId ids[NUMBERS];
	int32_t found[NUMBERS];
	int wrong = 0;

	CHECK(pack->count == whole->count && pack->factors == whole->factors);
	for (int32_t i = 0; i < whole->count && i < pack->count; i++)
	{
		wrong += !same_id(wc_pack_id(pack, i), wc_pack_id(whole, i));
		wrong += memcmp(wc_pack_vector(pack, i), wc_pack_vector(whole, i),
		                (size_t) world->k * sizeof(float)) != 0;
		wrong += wc_pack_bias(pack, i) != wc_pack_bias(whole, i);
		wrong += wc_pack_entries(pack, i) != wc_pack_entries(whole, i);
		wrong += wc_pack_likes(pack, i) != wc_pack_likes(whole, i);
		wrong += wc_pack_popular(pack, i) != wc_pack_popular(whole, i);
		wrong += wc_pack_score(pack, world->vector, 2, i) !=
		         wc_pack_score(whole, world->vector, 2, i);
	}
	CHECK(wrong == 0);
	for (int32_t i = 0; i < world->numbers; i++)
		ids[i] = id_at(world, i);
	wc_pack_find_many(pack, world->numbers, ids, found);
	for (int32_t i = 0; i < world->numbers; i++)
	{
		wrong += found[i] != wc_pack_find(whole, &ids[i]);
		wrong += wc_pack_find(pack, &ids[i]) != found[i];
	}
	CHECK(wrong == 0);
}

static void
test_changes(WcIdKind kind, double first, double share, uint64_t seed)
{
	uint64_t state = seed;
	World world = world_make(kind, NUMBERS, K);
	WcIdMap *changed = create(kind);
	WcPack base;
	WcPack delta = {.owned = NULL};
	WcPack pack;
	WcPack view;

	for (int32_t i = 0; i < NUMBERS; i++)
	{
		if (check_random(&state) < first)
			world_set(&world, i, &state);
	}
	base = world_pack(&world, base_identity);
	pack = base;
	for (int step = 0; step < STEPS; step++)
	{
		WcPack next =
		    change(&world, &pack, step == 3 ? 0 : share, changed, &state);
		WcPack whole = world_pack(&world, base_identity);

		free(delta.owned);
		delta = next;
		CHECK(memcmp(delta.base_identity, base_identity, WC_PACK_IDENTITY) ==
		      0);
		CHECK(wc_pack_lay(&base, &delta, &pack));
		check_same(&world, &pack, &whole);
		CHECK(wc_pack_open(delta.block, delta.bytes, delta_identity, false,
		                   &view));
		CHECK(wc_pack_lay(&base, &view, &pack));
		check_same(&world, &pack, &whole);
		CHECK(wc_pack_lay(&base, &delta, &pack));
		/* not a base, and not this base's */
		CHECK(!wc_pack_lay(&delta, &delta, &view));
		CHECK(!wc_pack_lay(&base, &base, &view));
		if (whole.count != base.count)
			CHECK(!wc_pack_lay(&whole, &delta, &view));
		free(whole.owned);
	}
	free(delta.owned);
	free(base.owned);
	wc_idmap_free(changed);
	world_free(&world);
}

/* All of the base is gone, or there was nothing, or there is nothing. */
static void
test_extremes(void)
{
	uint64_t state = 3;
	World world = world_make(WC_ID_INT64, 40, K);
	WcIdMap *removed = create(WC_ID_INT64);
	WcPack base = world_pack(&world, base_identity);
	WcPackBuilder *builder;
	WcPack delta;
	WcPack pack;
	WcPack whole;

	for (int32_t i = 0; i < 40; i++)
		world_set(&world, i, &state);
	CHECK(wc_pack_begin(WC_ID_INT64, K, &builder, &check_alloc) == WC_OK);
	for (int32_t i = 0; i < 40; i++)
		world_add(&world, builder, i);
	CHECK(wc_pack_change(builder, &base, NULL) == WC_OK);
	CHECK(wc_pack_finish(builder, delta_identity, &delta, NULL) == WC_OK);
	CHECK(wc_pack_lay(&base, &delta, &pack));
	whole = world_pack(&world, base_identity);
	check_same(&world, &pack, &whole);
	free(base.owned);
	free(delta.owned);

	base = whole;
	for (int32_t i = 0; i < 40; i++)
	{
		add(removed, id_at(&world, i));
		world.there[i] = false;
	}
	CHECK(wc_pack_begin(WC_ID_INT64, K, &builder, &check_alloc) == WC_OK);
	CHECK(wc_pack_change(builder, &base, removed) == WC_OK);
	CHECK(wc_pack_finish(builder, delta_identity, &delta, NULL) == WC_OK);
	CHECK(wc_pack_lay(&base, &delta, &pack));
	whole = world_pack(&world, base_identity);
	CHECK(pack.count == 0);
	check_same(&world, &pack, &whole);
	free(base.owned);
	free(delta.owned);
	free(whole.owned);
	wc_idmap_free(removed);
	world_free(&world);
}

/* However the numbers of a block are spoilt, none leads outside. */
static void
test_damaged(void)
{
	uint64_t state = 11;
	World world = world_make(WC_ID_INT64, 600, K);
	WcIdMap *changed = create(WC_ID_INT64);
	WcPack base;
	WcPack delta;
	WcPack view;
	WcPack pack;
	char *block;
	char *copy;

	for (int32_t i = 0; i < 600; i += 2)
		world_set(&world, i, &state);
	base = world_pack(&world, base_identity);
	delta = change(&world, &base, 0.2, changed, &state);
	block = malloc(delta.bytes + 64);
	copy = block + (64 - (uintptr_t) block % 64);
	for (int turn = 0; turn < 400; turn++)
	{
		size_t at = (size_t) (check_random(&state) * (double) delta.bytes);
		size_t length = turn % 2 == 0 ? 4 : delta.bytes - at;

		memcpy(copy, delta.block, delta.bytes);
		/* odd turns: the end of the file is lost after it was opened */
		if (turn % 2 == 0)
			memset(copy + at / 4 * 4, (int) (check_random(&state) * 256),
			       length);
		if (!wc_pack_open(copy, delta.bytes, delta_identity, false, &view) ||
		    !wc_pack_lay(&base, &view, &pack))
			continue;
		if (turn % 2 == 1)
			memset(copy + at, 0, length);
		for (int32_t i = 0; i < pack.count; i++)
		{
			WcPackRow row = wc_pack_row(&pack, i);
			int32_t popular = wc_pack_popular(&pack, i);
			WcId id = id_at(&world, i % 600);
			int32_t index = wc_pack_find(&pack, &id);

			if (row.index < 0 || row.index >= row.pack->count || popular < 0 ||
			    popular >= pack.count || index < -1 || index >= pack.count)
				CHECK(!"inside");
		}
	}
	free(block);
	free(base.owned);
	free(delta.owned);
	wc_idmap_free(changed);
	world_free(&world);
}

/* Whoever makes a delta gets memory for all of it, or leaves nothing behind. */
static void
test_refusals(void)
{
	uint64_t state = 7;
	World world = world_make(WC_ID_INT64, 300, K);
	WcPackBuilder *builder;
	int refused = 0;
	WcPack base;
	WcPack delta;

	for (int32_t i = 0; i < 300; i++)
		world_set(&world, i, &state);
	base = world_pack(&world, base_identity);
	for (long n = 0; n < 100; n++)
	{
		WcStatus status;

		CHECK(wc_pack_begin(WC_ID_INT64, K, &builder, &check_alloc) == WC_OK);
		world_add(&world, builder, 7);
		check_fail_after = n;
		status = wc_pack_change(builder, &base, NULL);
		if (status != WC_OK)
			wc_pack_abandon(builder);
		else
			status = wc_pack_finish(builder, delta_identity, &delta, NULL);
		check_fail_after = -1;
		if (status == WC_OK)
			break;
		CHECK(status == WC_NO_MEMORY);
		refused++;
	}
	CHECK(refused > 5 && refused < 100);
	free(delta.owned);
	free(base.owned);
	world_free(&world);
}

int
main(void)
{
	test_changes(WC_ID_INT64, 0.7, 0.01, 1);
	test_changes(WC_ID_INT64, 0.5, 0.3, 2);
	test_changes(WC_ID_INT64, 0.02, 0.5, 3);
	test_changes(WC_ID_BYTES, 0.7, 0.01, 4);
	test_changes(WC_ID_BYTES, 0.3, 0.4, 5);
	test_extremes();
	test_damaged();
	test_refusals();
	return check_report("test_pack_delta");
}
