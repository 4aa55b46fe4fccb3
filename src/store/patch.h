/*-------------------------------------------------------------------------
 *
 * patch.h
 *	  A side of a version while some of its rows are changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PATCH_H
#define WALS_STORE_PATCH_H

#include "store/packed.h"
#include "store/side.h"

typedef struct WalsPatch
{
	const WalsModel *model; /* as it was */
	WalsSide rows; /* those that are changed, as they are by now */
	WcIdMap *touched; /* ids that were read: what is not in rows is gone */
	WcIdMap *stored; /* those of them that the table has */
	WalsPacked *before; /* all rows as they were, when somebody needs them */
	bool is_laid; /* now is up to date */
	WcPack delta;
	WcPack now; /* all rows as they are by now */
} WalsPatch;

/* Nothing is read yet.  model stays as it is. */
extern void wals_patch_open(const WalsModel *model, WcSide side, WalsJob *job,
                            WalsPatch *patch);

/* Read the rows of ids, unless they were read before, to change them: XX001. */
extern void wals_patch_read(WalsPatch *patch, const WcIdMap *ids);

/* Forget the rows with keep[index] false; the others may have changed as well. */
extern void wals_patch_keep(WalsPatch *patch, const bool *keep);

/*
 * All rows as they are by now.  It is valid until the next call of wals_patch_keep
 * and the end of the memory context that patch was opened in.
 */
extern const WcPack *wals_patch_pack(WalsPatch *patch);

/*
 * As what the other side is solved against, valid as long; gram is for a Gram
 * matrix (k x k) or NULL.
 */
extern WcFoldItems wals_patch_items(WalsPatch *patch, double *gram);

/* The weights that the training was given for these, by index of the pack. */
extern float *wals_patch_weights(WalsPatch *patch);

/* Write the rows that were read. */
extern void wals_patch_write(const WalsPatch *patch);

/*
 * Make the files of the version as model says it is now, from those it had.  Where
 * this is not possible nothing is done: wals_version_prepare makes them.
 */
extern void wals_patch_share(WalsPatch *patch, const WalsModel *model);

#endif /* WALS_STORE_PATCH_H */
