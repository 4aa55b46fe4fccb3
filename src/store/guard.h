/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  Guards: who may write to a model's tables, and which tables are its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_GUARD_H
#define WALS_STORE_GUARD_H

#include "commands/trigger.h"

#include "store/model.h"

/* Identity of a model in the guards of its tables: a uuid in words. */
#define WALS_TOKEN_SIZE 40

/* What the triggers call. */
#define WALS_GUARD_FUNCTION "_wals_guard"
#define WALS_GUARD_NAME "wals_guard" /* of the trigger */

/*
 * Put a guard on a table of the caller's.  token "": a new one, which is
 * filled in.  A model's guard also says from which version on its rows were
 * written under it.  Does nothing where the extension has no guards yet
 * (ALTER EXTENSION wals UPDATE).
 */
extern void wals_guard_put(Oid table, char *token, int32 first_version);

/*
 * The token of a table's guard, if it has one that its owner put there and that
 * is in force; false when it has none.
 */
extern bool wals_guard_token(Oid table, char *token);

/*
 * Before anything is written to a model of the caller's, under its lock: 42501
 * when a trigger on one of its tables would run a stranger's code.  Guards that
 * are missing are put back, unless others may have written what the rows say.
 * With first_version, a training names everything anew: rows from that version
 * on are trusted, whoever could write before.  0: no training.
 */
extern void wals_guard_open(Oid model, int32 first_version);

/* The triggers of one table alone. */
extern void wals_guard_check_triggers(Oid table);

/*
 * Whether a trigger other than ours would run code of somebody else than the
 * table's owner; the table is locked as for writing.  Sets the trigger's name.
 */
extern bool wals_guard_has_strange_trigger(Oid table, char **trigger);

/*
 * 42501 unless only the model's owner can have written the row of a version: what
 * it names is going to be read, run and deleted from with his rights.
 */
extern void wals_guard_trust(Oid model, int32 version);

/* The tables that a model's rows name as theirs, whatever these are. */
extern List *wals_guard_tables(Oid model);

/*
 * Whether a factor table is the model's own: it belongs to the caller, and no
 * other model names it, unless the guards of both say that it is this one's.
 */
extern bool wals_guard_is_own(Oid model, Oid table);

/* 55000 unless it is; side is "user" or "item". */
extern void wals_guard_need_own(Oid model, Oid table, const char *side);

/* The tables of a role's that carry a token in their guards. */
extern List *wals_guard_carriers(const char *token, Oid owner);

/*
 * Whether several models of a role's carry a token, because one was restored
 * beside the other: it does not tell their tables apart.
 */
extern bool wals_guard_is_shared(const char *token, Oid owner);

/*
 * The one that is the model's queue, whatever it is called now, or 0: it is of
 * none of our types and has a column of users or items.  0 for a shared token.
 */
extern Oid wals_guard_find_queue(const char *token, Oid owner);

/*
 * What is written between these two to a factor table is ours: its identities
 * are given by whoever writes.  After an error the server ends it.
 */
extern void wals_guard_write_begin(Oid table);
extern void wals_guard_write_end(void);

/* The trigger. */
extern void wals_guard_fire(TriggerData *trigger);

/* Tables with a trigger of ours that has this token (carriers.c). */
extern List *wals_guard_candidates(const char *token);

#endif /* WALS_STORE_GUARD_H */
