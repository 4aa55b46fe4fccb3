/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  What folding users in to a version takes, kept between calls.
 *
 * A WcFold holds the Gram matrix of a version's items and numbers per item.
 * Making one takes some milliseconds, using it some microseconds, so a session
 * keeps those it used last.  One is found by all that it was made from: the very
 * rows that the cache keeps (cache.c), with their serial number, which stands for
 * all that they were made from; the weights of the items, which stand in the same
 * rows of the table; the objective; and the kernel.  Rows that are not kept, as
 * where row-level security restricts the caller, have a fold of their own that is
 * not kept either.
 *
 * A fold reads vectors through the rows at hand and keeps no pointer to them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "base/job.h"
#include "base/mapping.h"
#include "base/settings.h"
#include "store/factors.h"
#include "store/fold.h"
#include "store/packed.h"
#include "store/query.h"
#include "store/relation.h"

#define FOLDS_MAX 4 /* kept */

typedef struct FoldEntry
{
	dlist_node node; /* in kept_folds, most recently used first */
	uint64 serial; /* of the rows */
	WcObjective objective;
	WalsJob job; /* context of the entry and its size */
	WcFold *fold;
} FoldEntry;

static dlist_head kept_folds = DLIST_STATIC_INIT(kept_folds);

/* Weights of items by id, while a fold is made. */
typedef struct ItemWeights
{
	const WalsModel *model;
	WalsJob job;
	WcIdMap *ids;
	float *weights;
	int64 capacity;
} ItemWeights;

static void
read_weight(const WalsRow *row, void *arg)
{
	ItemWeights *items = arg;
	const WalsModel *model = items->model;
	float weight = row->nulls[1] ? 1.0f : DatumGetFloat4(row->values[1]);
	int32 index;
	WcId id;

	if (row->nulls[0])
		wals_factors_damaged(model->items_table, "NULL", "it has no id");
	id = wals_id_from_datum(wals_id_sql_type(model->item_type), row->values[0]);
	if (!(weight >= 0) || !isfinite(weight))
		wals_factors_damaged(model->items_table,
		                     wals_id_to_cstring(model->item_type, id),
		                     "its weight is not a finite number of 0 or more");
	wals_job_check(&items->job, wc_idmap_add(items->ids, &id, &index));
	if (index >= items->capacity)
	{
		items->capacity = Max(1024, items->capacity * 2);
		items->weights = wals_job_resize(&items->job, items->weights,
		                                 items->capacity, sizeof(float));
	}
	items->weights[index] = weight;
}

/* The weights a version's items were given, in a context of their own. */
static void
read_weights(const WalsModel *model, ItemWeights *items)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};

	items->model = model;
	wals_job_init(&items->job,
	              AllocSetContextCreate(CurrentMemoryContext,
	                                    "wals item weights",
	                                    ALLOCSET_DEFAULT_SIZES),
	              0);
	wals_job_check(&items->job,
	               wc_idmap_create(wals_id_kind(model->item_type), &items->ids,
	                               &items->job.alloc));
	wals_query_each(
	    psprintf("SELECT id, weight FROM %s "
	             "WHERE version OPERATOR(pg_catalog.=) $1",
	             wals_relation_quoted(model->items_table)),
	    1, types, values, WALS_READ_CALLER,
	    &(const WalsShape){2, {wals_id_sql_type(model->item_type), FLOAT4OID}},
	    read_weight, items);
}

/* One per row, 1 for a row that was not read. */
static float *
weights_of_rows(ItemWeights *items, const WalsRows *rows)
{
	int32 count = wals_rows_count(rows);
	float *result = wals_job_array(&items->job, count, sizeof(float));
	int32 i;

	for (i = 0; i < count; i++)
	{
		WcId id = wals_rows_id(rows, i);
		int32 index = wc_idmap_find(items->ids, &id);

		result[i] = index < 0 ? 1.0f : items->weights[index];
	}
	return result;
}

static void
entry_free(FoldEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextDelete(entry->job.context);
}

/*
 * Objectives are filled in over zeros; should padding differ all the same, a fold
 * is made anew.
 */
static bool
is_made_from(const FoldEntry *entry, const WalsRows *rows,
             const WalsObjective *objective)
{
	return entry->serial == rows->serial &&
	       memcmp(&entry->objective, &objective->core, sizeof(WcObjective)) ==
	           0 &&
	       strcmp(entry->job.core.kernel, wc_kernel_name(wals_kernel)) == 0;
}

/*
 * The fold that is kept for the rows, as the most recent one.  One that a user
 * with very many ratings has made large is not kept for the next.
 */
static FoldEntry *
entry_find(const WalsRows *rows, const WalsObjective *objective)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &kept_folds)
	{
		FoldEntry *entry = dlist_container(FoldEntry, node, iter.cur);

		if (entry->job.used > (Size) wals_cache_mem * 1024)
			entry_free(entry);
		else if (is_made_from(entry, rows, objective))
		{
			dlist_move_head(&kept_folds, &entry->node);
			return entry;
		}
	}
	return NULL;
}

static void
entry_keep(FoldEntry *entry)
{
	int n = 0;
	dlist_mutable_iter iter;

	MemoryContextSetParent(entry->job.context, CacheMemoryContext);
	dlist_push_head(&kept_folds, &entry->node);
	dlist_foreach_modify(iter, &kept_folds) if (++n > FOLDS_MAX)
	    entry_free(dlist_container(FoldEntry, node, iter.cur));
}

/* Make a fold in a context below the current one. */
static FoldEntry *
entry_make(const WalsObjective *objective, const WalsRows *rows,
           const float *item_weights, const double *gram)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "wals fold", ALLOCSET_DEFAULT_SIZES);
	FoldEntry *entry = MemoryContextAllocZero(context, sizeof(FoldEntry));
	WcFoldItems items = wc_pack_items(&rows->pack, gram);
	WcStatus status;

	entry->serial = rows->serial;
	entry->objective = objective->core;
	wals_job_init(&entry->job, context, 0);
	status = wc_fold_create(&objective->core, WC_USERS, &items, item_weights,
	                        &entry->fold, &entry->job.core);
	/* it is going to be kept */
	wals_mapping_check();
	wals_job_check(&entry->job, status);
	return entry;
}

const WalsRows *
wals_fold_rows(const WalsModel *model, const WalsObjective *objective,
               WcFold **fold)
{
	const WalsRows *rows = wals_cache_rows(model, WC_ITEMS);
	FoldEntry *entry = entry_find(rows, objective);
	float *item_weights = NULL;
	double *gram = NULL;
	ItemWeights weights;
	bool is_own = false;

	/* the objective's is that of the model's row, and so is that of the rows */
	if (objective->core.params.factors != rows->pack.factors)
		wals_model_damaged(model->relation, "\"factors\" has changed");
	if (entry == NULL)
	{
		/* the only statement in this is one that runs no policy */
		if (wc_fold_wants_gram(&objective->core.params, WC_USERS))
		{
			Size k = rows->pack.factors;

			gram = palloc(k * k * sizeof(double));
			wals_packed_gram(wals_packed_of(rows), model, gram);
		}
		memset(&weights, 0, sizeof(weights));
		if (objective->core.weighted[WC_ITEMS])
		{
			is_own = wals_packed_may_differ(model->items_table);
			read_weights(model, &weights);
			rows = wals_cache_rows(model, WC_ITEMS);
			item_weights = weights_of_rows(&weights, rows);
		}
		entry = entry_make(objective, rows, item_weights, gram);
		if (gram != NULL)
			pfree(gram);
		if (rows->is_kept && !is_own)
			entry_keep(entry);
		if (objective->core.weighted[WC_ITEMS])
			MemoryContextDelete(weights.job.context);
	}
	*fold = entry->fold;
	return rows;
}
