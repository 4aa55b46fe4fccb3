/*-------------------------------------------------------------------------
 *
 * queue.h
 *	  Users and items whose rows have changed, noted down by triggers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_QUEUE_H
#define WALS_STORE_QUEUE_H

#include "commands/trigger.h"

#include "base/memory.h"
#include "store/model.h"
#include "store/relation.h"

/* The model's queue when the current role owns it and can use it, or 0. */
extern Oid wals_queue_find(const WalsModel *model);

/*
 * Create the queue and the triggers on the model's source: 42501 unless the
 * source is the caller's, 42809 unless it is a table, 42P07 when there is one.
 */
extern void wals_queue_create(const WalsModel *model);

/* Drop them; false when there was no queue. */
extern bool wals_queue_drop(Oid model);

/* What was in a queue. */
typedef struct WalsTouched
{
	WcIdMap *users;
	WcIdMap *items;
	bool emptied; /* the source was truncated */
} WalsTouched;

/*
 * Take what the queue has, or only the pairs of one user, and add it to
 * touched.
 */
extern void wals_queue_take(Oid queue, const WalsModel *model,
                            const Datum *user, const WalsMemory *memory,
                            WalsTouched *touched);

/*
 * Add the users and items of rows of a checked source whose time is not before
 * since; needs its time_col.
 */
extern void wals_touched_since(const WalsSource *source, TimestampTz since,
                               const WalsModel *model, const WalsMemory *memory,
                               WalsTouched *touched);

/* The trigger: note down the pairs of the rows that were changed. */
extern void wals_queue_note(TriggerData *trigger);

#endif /* WALS_STORE_QUEUE_H */
