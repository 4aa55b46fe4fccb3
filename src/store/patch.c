/*-------------------------------------------------------------------------
 *
 * patch.c
 *	  A side of a version while some of its rows are changed.
 *
 * A refresh solves some rows of a version against the other side and then that
 * against them, before anything is written.  So it needs both sides as they are
 * going to be, and it changes few rows of them.  The rows that it changes are read
 * from the table by their ids; all others are taken from the pack that sessions
 * answer from (packed.c), which costs nothing when its file is there.  What has
 * changed so far lies over it as a delta does (core/answer/pack_delta.c).
 *
 * Memory: that of WalsSide for the rows that are changed, and of their pack.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "store/factors.h"
#include "store/patch.h"

static WcIdMap *
ids_create(const WalsPatch *patch)
{
	const WalsJob *job = patch->rows.job;
	WcIdMap *ids;

	wals_job_check(job, wc_idmap_create(wals_id_kind(patch->rows.id_type), &ids,
	                                    &job->alloc));
	return ids;
}

void
wals_patch_open(const WalsModel *model, WcSide side, WalsJob *job,
                WalsPatch *patch)
{
	memset(patch, 0, sizeof(*patch));
	patch->model = model;
	wals_side_open(model, side, job, &patch->rows);
	patch->touched = ids_create(patch);
	patch->stored = ids_create(patch);
}

void
wals_patch_read(WalsPatch *patch, const WcIdMap *ids)
{
	const WalsJob *job = patch->rows.job;
	WcIdMap *wanted = ids_create(patch);
	int32 before = wc_idmap_count(patch->rows.ids);
	int32 known = wc_idmap_count(patch->touched);
	int32 index;
	int32 i;

	for (i = 0; i < wc_idmap_count(ids); i++)
	{
		WcId id = wc_idmap_get(ids, i);

		wals_job_check(job, wc_idmap_add(patch->touched, &id, &index));
		if (index >= known)
			wals_job_check(job, wc_idmap_add(wanted, &id, &index));
	}
	wals_complete_check_any(patch->model, patch->rows.side, WALS_READ_FRESH);
	if (wc_idmap_count(wanted) > 0)
		wals_side_read(&patch->rows, wanted);
	for (i = before; i < wc_idmap_count(patch->rows.ids); i++)
	{
		WcId id = wc_idmap_get(patch->rows.ids, i);

		wals_job_check(job, wc_idmap_add(patch->stored, &id, &index));
	}
	wc_idmap_free(wanted);
}

void
wals_patch_keep(WalsPatch *patch, const bool *keep)
{
	wals_side_keep(&patch->rows, keep);
	patch->is_laid = false;
}

/* Lay the rows that were read over all others. */
static void
lay(WalsPatch *patch)
{
	static const uint8 nobody[WC_PACK_IDENTITY];
	const WalsSide *rows = &patch->rows;
	const WalsJob *job = rows->job;
	const WcPack *pack = &patch->before->rows.pack;
	WcPackBuilder *builder;
	int32 i;

	wc_free(&job->alloc, patch->delta.owned);
	memset(&patch->delta, 0, sizeof(patch->delta));
	wals_job_check(
	    job, wc_pack_begin(pack->kind, pack->factors, &builder, &job->alloc));
	for (i = 0; i < wc_idmap_count(rows->ids); i++)
	{
		WcId id = wc_idmap_get(rows->ids, i);
		const float *vector = rows->data + (Size) i * rows->factors;

		wals_job_check(job, wc_pack_add(builder, &id, vector, rows->bias[i],
		                                rows->entries[i], rows->likes[i]));
	}
	wals_job_check(job, wc_pack_change(builder, pack, patch->touched));
	wals_job_check(job,
	               wc_pack_finish(builder, nobody, &patch->delta, &job->core));
	wals_mapping_check();
	if (!wc_pack_lay(pack->delta != NULL ? pack->base : pack, &patch->delta,
	                 &patch->now))
		wals_job_check(job, WC_NO_MEMORY);
}

const WcPack *
wals_patch_pack(WalsPatch *patch)
{
	if (patch->before == NULL)
	{
		patch->before = wals_packed_hold(patch->model, patch->rows.side, true);
		wals_complete_check(patch->model, patch->rows.side,
		                    patch->before->rows.pack.count);
	}
	if (wc_idmap_count(patch->touched) == 0)
		return &patch->before->rows.pack;
	if (!patch->is_laid)
		lay(patch);
	patch->is_laid = true;
	return &patch->now;
}

WcFoldItems
wals_patch_items(WalsPatch *patch, double *gram)
{
	const WcPack *pack = wals_patch_pack(patch);

	if (gram != NULL && pack == &patch->now)
		wals_packed_gram_of(patch->before, patch->model, pack, patch->touched,
		                    gram);
	else if (gram != NULL)
		wals_packed_gram(patch->before, patch->model, gram);
	return wc_pack_items(pack, gram);
}

float *
wals_patch_weights(WalsPatch *patch)
{
	const WcPack *pack = wals_patch_pack(patch);
	const WalsJob *job = patch->rows.job;
	float *weights = wals_job_array(job, pack->count, sizeof(float));
	WalsSide all;
	int32 i;

	wals_side_open(patch->model, patch->rows.side, patch->rows.job, &all);
	wals_side_read(&all, NULL);
	for (i = 0; i < pack->count; i++)
	{
		WcId id = wc_pack_id(pack, i);
		const WalsSide *side = &patch->rows;
		int32 index = wc_idmap_find(side->ids, &id);

		if (index < 0)
		{
			side = &all;
			index = wc_idmap_find(side->ids, &id);
		}
		weights[i] = index < 0 ? 1.0f : side->weight[index];
	}
	wals_side_close(&all);
	return weights;
}

void
wals_patch_write(const WalsPatch *patch)
{
	wals_side_write(&patch->rows, patch->touched);
}

void
wals_patch_share(WalsPatch *patch, const WalsModel *model)
{
	if (wc_idmap_count(patch->touched) == 0)
		return;
	if (patch->before == NULL)
		patch->before = wals_packed_hold(patch->model, patch->rows.side, false);
	if (patch->before != NULL)
		wals_packed_change(patch->before, model, patch->touched);
}
