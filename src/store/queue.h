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

#include "base/job.h"
#include "store/model.h"
#include "store/relation.h"

/* A model's queue, which belongs to the model's owner, or 0. */
extern Oid wals_queue_of(Oid model);

/* Whether triggers tell it all changes of a table, for these columns. */
extern bool wals_queue_is_fed(Oid queue, Oid table, const char *user_col,
                              const char *item_col);

/* Whether it takes what a table has in these columns. */
extern bool wals_queue_fits(Oid queue, Oid table, const char *user_col,
                            const char *item_col);

/*
 * Whether a queue works and what waits in it, in words, or why it does not; NULL
 * where there is none.  source, or 0, and its columns are the active version's.
 */
extern char *wals_queue_words(Oid model, Oid source, const char *user_col,
                              const char *item_col);

/* The model's queue when the current role owns it and can use it, or 0. */
extern Oid wals_queue_find(const WalsModel *model);

/*
 * Create the queue and the triggers on the model's source: 42501 unless the
 * source is the caller's, 42809 unless it is a table, 42P07 when there is one.
 */
extern void wals_queue_create(const WalsModel *model);

/*
 * Before a queue is relied on: put triggers that are missing on the model's
 * source, and let those write to the queue who may write to the source.  True if
 * that was necessary, and changes may have been missed; a WARNING says so.  42501,
 * 42809 where the source cannot have triggers.
 */
extern bool wals_queue_mend(const WalsModel *model, Oid queue);

/* Drop them; false when there was no queue. */
extern bool wals_queue_drop(Oid model);

/* What was in a queue. */
typedef struct WalsTouched
{
	WcIdMap *users;
	WcIdMap *items;
	bool all; /* the source was truncated, or something was missed */
} WalsTouched;

/*
 * Take what the queue has, or only the pairs of one user, and add it to
 * touched.
 */
extern void wals_queue_take(Oid queue, const WalsModel *model,
                            const Datum *user, const WalsJob *job,
                            WalsTouched *touched);

/*
 * The queue that a trigger on a source writes to, by its arguments: the table
 * they name, or, if that was renamed, the one that has their token; or 0.
 */
extern Oid wals_queue_of_trigger(Oid source, int n_args, char **args);

/* The trigger: note down the pairs of the rows that were changed. */
extern void wals_queue_note(TriggerData *trigger);

/* Users and items with rows that are new, by the times of rows (touched.c). */

/* Add the users and items of all rows of a checked source. */
extern void wals_touched_all(const WalsSource *source, const WalsModel *model,
                             const WalsJob *job, WalsTouched *touched);

/*
 * The same of rows whose time is not before since, in the unit that
 * wals_time_of gives; needs time_col.  newest is what was known before, and
 * becomes what is known now; rows that were looked at then are left out.
 */
extern void wals_touched_since(const WalsSource *source, int64 since,
                               const WalsModel *model, const WalsJob *job,
                               WalsNewest *newest, WalsTouched *touched);

/* Partitions that come to a queued source and go from it (queue_parts.c). */

/* What a queue's comment says besides: the tables below its source, or "". */
extern char *wals_queue_parts_words(Oid source);

/* Whether they are others now than the queue knows of. */
extern bool wals_queue_parts_differ(Oid source, Oid queue);

/* A foreign table below a source, which our triggers would break, or 0. */
extern Oid wals_queue_foreign_part(Oid source);

/*
 * Compare the tables below a model's source with those that the queue knows of,
 * and note them down.  parts gets those that have come, and those that have gone
 * and can still be read: their rows have changed.  False if that is not all of
 * it, and any row may have changed.  A NOTICE says what has come and gone.
 */
extern bool wals_queue_parts_compare(const WalsModel *model, Oid queue,
                                     List **parts);

#endif /* WALS_STORE_QUEUE_H */
