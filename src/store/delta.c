/*-------------------------------------------------------------------------
 *
 * delta.c
 *	  The files of a version after a few of its rows have changed.
 *
 * A refresh gives a side of a version another identity, under which sessions ask
 * for other files.  They are made here of what has changed alone: a delta to the
 * pack that is there (core/answer/pack_delta.c), which takes a second name, and the
 * Gram matrix that folding in needs, with the sums of the groups that have changed
 * (core/answer/grams.c).
 *
 * What has changed is read from the table once more, by ids: what others will see
 * is what stands there.  Where triggers or rules of the owner may have changed rows
 * that we know nothing of, there is no delta.
 *
 * When a delta would hold more than one row for DELTA_PART of the base, the whole
 * is packed anew, by who makes the version's files anyway.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "base/settings.h"
#include "store/guard.h"
#include "store/packed.h"
#include "store/version_table.h"

#define DELTA_PART 16

/* A key of the same rows for something else than their pack. */
static WalsPackKey
key_for(const WalsPackKey *key, WalsPackWhat what, uint8 *identity)
{
	WalsPackKey result = *key;

	result.what = what;
	if (identity != NULL)
		wals_packfile_identity(&result, identity);
	return result;
}

/* Take the Gram matrix of rows from its file, if it is of use to us. */
static bool
read_grams(const WalsPacked *packed, const WalsJob *job, WcGrams *grams)
{
	uint8 identity[WC_PACK_IDENTITY];
	WalsPackKey key = key_for(&packed->key, WALS_PACK_GRAMS, identity);
	Size bytes;
	void *block;

	if (packed->map.address == NULL)
		return false;
	block = wals_packfile_read(&key, job, &bytes);
	if (block == NULL)
		return false;
	if (wc_grams_open(block, bytes, identity, &packed->rows.pack, wals_kernel,
	                  grams))
		return true;
	wc_free(&job->alloc, block);
	return false;
}

/* Sum them, and write them to a file where the rows are in one. */
static void
make_grams(const WalsPacked *packed, const WalsModel *model,
           const WcGramsChange *change, WalsJob *job, WcGrams *grams)
{
	uint8 identity[WC_PACK_IDENTITY];
	WalsPackKey key = key_for(&packed->key, WALS_PACK_GRAMS, identity);

	wals_job_check(job, wc_grams_make(&packed->rows.pack, identity, change,
	                                  grams, &job->core));
	wals_mapping_check();
	/* one group is summed in no time */
	if (packed->map.address != NULL && grams->groups > 1)
		(void) wals_packed_write(&key, model, grams->block, grams->bytes,
		                         false);
}

static void
open_job(WalsJob *job)
{
	wals_job_init(job,
	              AllocSetContextCreate(CurrentMemoryContext, "wals grams",
	                                    ALLOCSET_DEFAULT_SIZES),
	              0);
}

void
wals_packed_gram(const WalsPacked *packed, const WalsModel *model, double *gram)
{
	WcGrams grams;
	WalsJob job;

	open_job(&job);
	if (!read_grams(packed, &job, &grams))
		make_grams(packed, model, NULL, &job, &grams);
	if (gram != NULL)
		wc_grams_sum(&grams, gram);
	MemoryContextDelete(job.context);
}

void
wals_packed_gram_of(const WalsPacked *packed, const WalsModel *model,
                    const WcPack *pack, const WcIdMap *ids, double *gram)
{
	static const uint8 nobody[WC_PACK_IDENTITY];
	WcGrams before;
	WcGrams now;
	WcGramsChange change = {&before, ids};
	WalsJob job;

	open_job(&job);
	if (!read_grams(packed, &job, &before))
		make_grams(packed, model, NULL, &job, &before);
	wals_job_check(&job, wc_grams_make(pack, nobody, &change, &now, &job.core));
	wals_mapping_check();
	wc_grams_sum(&now, gram);
	MemoryContextDelete(job.context);
}

/* Whether a pack is a delta that is worth to be one. */
static bool
is_small(const WcPack *delta)
{
	return (int64) delta->count + delta->n_gone <=
	       delta->base_count / DELTA_PART;
}

/*
 * Whether nobody but who writes to a table decides what becomes of its rows:
 * triggers and rules of the owner may change others than those that are written.
 */
static bool
is_written_plainly(Oid table)
{
	Relation relation = relation_open(table, AccessShareLock);
	const TriggerDesc *triggers = relation->trigdesc;
	bool plain = !relation->rd_rel->relhasrules;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		plain &= strcmp(triggers->triggers[i].tgname, WALS_GUARD_NAME) == 0;
	relation_close(relation, AccessShareLock);
	return plain;
}

void
wals_packed_change(const WalsPacked *before, const WalsModel *model,
                   const WcIdMap *ids)
{
	const WcPack *pack = &before->rows.pack;
	WalsPackKey key;
	WalsPackKey from;
	WalsPackKey to;
	WalsPacked *now;
	WcGrams old_grams;
	WcGrams new_grams;

	wals_packed_ask(model, (WcSide) before->key.side, &key);
	LockRelationOid(key.table, AccessShareLock);
	/* in the same table: only the rows have changed */
	if (before->map.address == NULL || wals_cache_share == WALS_SHARE_NEVER ||
	    !wals_packed_look(&key) || key.table != before->key.table ||
	    key.storage != before->key.storage ||
	    key.layout != before->key.layout || key.factors != pack->factors ||
	    key.id_type != before->key.id_type ||
	    wc_idmap_count(ids) > pack->count / DELTA_PART ||
	    !is_written_plainly(key.table) ||
	    !is_written_plainly(wals_version_table_of(key.table, key.version)))
		return;
	now = wals_packed_create(&key);
	wals_packed_load(now, WALS_READ_FRESH,
	                 &(const WalsPackedChange){pack, ids});
	wals_mapping_check();
	from = key_for(&before->key,
	               pack->delta != NULL ? WALS_PACK_BASE : WALS_PACK_ROWS, NULL);
	to = key_for(&key, WALS_PACK_BASE, NULL);
	if (is_small(&now->rows.pack) && wals_packfile_link(&from, &to) &&
	    wals_packed_write(&key, model, now->rows.pack.block,
	                      now->rows.pack.bytes, false) &&
	    wals_packed_open(now) && read_grams(before, &now->job, &old_grams))
		make_grams(now, model, &(const WcGramsChange){&old_grams, ids},
		           &now->job, &new_grams);
	MemoryContextDelete(now->job.context);
}
