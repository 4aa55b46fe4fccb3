/*-------------------------------------------------------------------------
 *
 * stored.h
 *	  The options of a version as they stand in its row.
 *
 * One reader for all who need some: an option is there and of the type that a
 * training writes, or the version is damaged.  A model's row is written by its
 * owner, who need not have let wals_train() do it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_STORED_H
#define WALS_STORE_STORED_H

#include "utils/jsonb.h"

#include "core/core.h"
#include "store/fields.h"

/* Key of the names of the options that were left to the training. */
#define WALS_STORED_CHOSEN "chosen"

typedef struct WalsStored
{
	Oid relation; /* the model, for errors */
	bool is_null; /* the factors were imported without an objective */
	Jsonb *json; /* the object, NULL where there is none */
} WalsStored;

extern void wals_stored_take(Oid relation, const WalsFields *fields,
                             WalsStored *stored);

/* XX001 unless there is an object. */
extern void wals_stored_need(const WalsStored *stored);

/* XX001: option "name" problem, such as "is out of range". */
_Noreturn extern void wals_stored_damaged(const WalsStored *stored,
                                          const char *name,
                                          const char *problem);

/* The same with a sentence of wc_option_check or wc_params_check. */
_Noreturn extern void wals_stored_contradicts(const WalsStored *stored,
                                              const char *name,
                                              const char *detail);

/* Whether something of this name is there, and whether it is a string. */
extern bool wals_stored_has(const WalsStored *stored, const char *name);
extern bool wals_stored_is_text(const WalsStored *stored, const char *name);

/* Whether the caller had left the option to the training. */
extern bool wals_stored_chosen(const WalsStored *stored, const char *name);

/* XX001 for what is not there, of another type or not representable. */
extern double wals_stored_real(const WalsStored *stored, const char *name);
extern int64 wals_stored_whole(const WalsStored *stored, const char *name);
extern const char *wals_stored_text(const WalsStored *stored,
                                    const char *name); /* NULL: null */

/*
 * Set an option of a table: its kind says the type, and its row the range (XX001,
 * too) and what it is where it is left out.
 */
extern void wals_stored_option(const WalsStored *stored, const WcOption *option,
                               void *of);

/* Seconds, 0: none. */
extern double wals_stored_half_life(const WalsStored *stored);

/*
 * The fraction of the pairs that the training held out, and the holdout_seed they
 * were drawn with.  Trainings from before this was an option held out nothing, and
 * those from before it had a seed drew as wals_holdout() does without one.
 */
extern void wals_stored_holdout(const WalsStored *stored, double *fraction,
                                int64 *seed);

/* Whether an older release has refreshed the version from what it held out. */
extern bool wals_stored_holdout_seen(const WalsStored *stored);

#endif /* WALS_STORE_STORED_H */
