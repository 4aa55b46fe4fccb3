/*-------------------------------------------------------------------------
 *
 * queue_parts.h
 *	  Partitions that come to a queued source and go from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_QUEUE_PARTS_H
#define WALS_STORE_QUEUE_PARTS_H

#include "store/model.h"

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

#endif /* WALS_STORE_QUEUE_PARTS_H */
