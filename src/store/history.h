/*-------------------------------------------------------------------------
 *
 * history.h
 *	  What a user has already seen and how it was rated, and who has seen an
 *	  item, from the live source.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_HISTORY_H
#define WALS_STORE_HISTORY_H

#include "store/objective.h"

/* A row's value, weight and time; not usable with a NULL or weight 0. */
typedef struct WalsRating
{
	bool usable;
	float value; /* 1 without a column */
	float weight; /* the same */
	int64 time; /* in the unit of the column, 0 without one */
} WalsRating;

/* The rows of one user or item, in no order, ids possibly more than once. */
typedef struct WalsHistory
{
	int64 n_rows; /* all of them, those without an id included */
	int64 count;
	int64 capacity;
	WcId *ids; /* items of a user, users of an item */
	WalsRating *ratings; /* NULL unless they were asked for */
	bool has_weight;
	bool has_time;
} WalsHistory;

/*
 * Read the rows of a user (a datum of the model's user id type) from the
 * model's source with the caller's rights and snapshot: the items, and with an
 * objective the ratings that go into it.  42501 without SELECT, 42P01 when the
 * source is gone, 42703 and 42804 when its columns changed, 22000, 22003 and
 * 22008 as in a training.  what completes "It is needed to", without says how
 * to do without the source, NULL: not at all.
 */
extern void wals_history_read(const WalsModel *model, Datum user,
                              const WalsObjective *objective, const char *what,
                              const char *without, WalsHistory *history);

/* The same for the users who have rows of an item, without ratings. */
extern void wals_history_read_users(const WalsModel *model, Datum item,
                                    WalsHistory *history);

/*
 * The checks before users and items of the source are read; the base types of
 * these columns.
 */
extern void wals_history_check_source(const WalsModel *model, Oid *user_type,
                                      Oid *item_type);

#endif /* WALS_STORE_HISTORY_H */
