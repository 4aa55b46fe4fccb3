/*-------------------------------------------------------------------------
 *
 * world.h
 *	  Rows that change, and the packs of them, for the tests of deltas.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_WORLD_H
#define WALS_WORLD_H

#include "ids.h"

#include "core/answer/pack.h"

static const char base_identity[WC_PACK_IDENTITY] = "base";
static const char delta_identity[WC_PACK_IDENTITY] = "delta";

/* What there is by now of each id. */
typedef struct World
{
	WcIdKind kind;
	int32_t k;
	int32_t numbers;
	char (*name)[16];
	bool *there;
	float *vector; /* numbers x k */
	float *bias;
	int32_t *entries;
	int32_t *likes;
} World;

static inline World
world_make(WcIdKind kind, int32_t numbers, int32_t k)
{
	size_t n = (size_t) numbers;
	World world = {kind,
	               k,
	               numbers,
	               calloc(n, 16),
	               calloc(n, sizeof(bool)),
	               calloc(n * (size_t) k, sizeof(float)),
	               calloc(n, sizeof(float)),
	               calloc(n, sizeof(int32_t)),
	               calloc(n, sizeof(int32_t))};

	/* names whose order is not that of the numbers, and one that is empty */
	for (int32_t i = 1; i < numbers; i++)
		snprintf(world.name[i], 16, "%x", (unsigned) i * 2654435761u);
	return world;
}

static inline void
world_free(World *world)
{
	free(world->name);
	free(world->there);
	free(world->vector);
	free(world->bias);
	free(world->entries);
	free(world->likes);
}

static inline WcId
id_at(const World *world, int32_t i)
{
	return world->kind == WC_ID_INT64
	           ? number_id((int64_t) i * 7 - 5000)
	           : bytes_id(world->name[i], strlen(world->name[i]));
}

static inline void
world_set(World *world, int32_t i, uint64_t *state)
{
	world->there[i] = true;
	for (int32_t f = 0; f < world->k; f++)
		world->vector[i * world->k + f] = (float) (check_random(state) - 0.5);
	world->bias[i] = (float) check_random(state);
	/* few of them, so that popularity ties */
	world->entries[i] = (int32_t) (check_random(state) * 6);
	world->likes[i] = (int32_t) (check_random(state) * 4);
}

static inline void
world_add(const World *world, WcPackBuilder *builder, int32_t i)
{
	WcId id = id_at(world, i);

	CHECK(wc_pack_add(
	          builder, &id, world->vector + (size_t) i * (size_t) world->k,
	          world->bias[i], world->entries[i], world->likes[i]) == WC_OK);
}

static inline WcPack
world_pack(const World *world, const char *identity)
{
	WcPackBuilder *builder;
	WcPack pack;

	CHECK(wc_pack_begin(world->kind, world->k, &builder, &check_alloc) ==
	      WC_OK);
	for (int32_t i = world->numbers - 1; i >= 0; i--)
	{
		if (world->there[i])
			world_add(world, builder, i);
	}
	CHECK(wc_pack_finish(builder, identity, &pack, NULL) == WC_OK);
	return pack;
}

/* Change, add and remove some ids; those touched are added to all. */
static inline WcPack
change(World *world, const WcPack *pack, double share, WcIdMap *all,
       uint64_t *state)
{
	WcPackBuilder *builder;
	WcIdMap *removed = create(world->kind);
	WcPack delta;

	CHECK(wc_pack_begin(world->kind, world->k, &builder, &check_alloc) ==
	      WC_OK);
	for (int32_t i = 0; i < world->numbers; i++)
	{
		if (check_random(state) >= share)
			continue;
		add(all, id_at(world, i));
		if (check_random(state) < 0.3)
		{
			/* some of these were not there before */
			world->there[i] = false;
			add(removed, id_at(world, i));
		}
		else
		{
			world_set(world, i, state);
			world_add(world, builder, i);
		}
	}
	CHECK(wc_pack_change(builder, pack, removed) == WC_OK);
	CHECK(wc_pack_finish(builder, delta_identity, &delta, NULL) == WC_OK);
	wc_idmap_free(removed);
	return delta;
}

#endif /* WALS_WORLD_H */
