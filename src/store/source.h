/*-------------------------------------------------------------------------
 *
 * source.h
 *	  The source a version was trained on, as it is now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_SOURCE_H
#define WALS_STORE_SOURCE_H

#include "store/model.h"

/* Who needs the source of a version, for the errors that say it is missing. */
typedef struct WalsSourceUse
{
	const WalsModel *model;
	const char *what; /* it is needed to ... */
	const char *without; /* a sentence: how to do without it, or "" */
} WalsSourceUse;

/* The hint of an error: what to do, and how to do without. */
extern int wals_source_hint(const WalsSourceUse *use, const char *advice);

/*
 * 55000 for a version without a source, 42P01 for one that was dropped; 42501
 * where the caller is a superuser and reading it would run a stranger's code, or
 * the model is the caller's and somebody else may have named the source.
 */
extern void wals_source_need(const WalsSourceUse *use);

/*
 * What a version names and somebody has looked up may have been exchanged before
 * it is locked for reading: look again.  "" names nothing.
 */
extern void wals_source_find_again(Oid model, const char *option,
                                   const WalsNaming *naming, Oid *relation);

/*
 * Whether the model comes from another database and its source does not: then it
 * answers as for users of whom no rows are known.  For who is going to do so: a
 * NOTICE tells of it, once in a session.
 */
extern bool wals_source_is_elsewhere(const WalsModel *model);

/* The same check for code, of any relation that a version's row names, or 0. */
extern void wals_source_check_code(Oid model, Oid source, const char *without);

/* 42703 when a column the version was trained on is gone. */
extern void wals_source_need_column(const WalsSourceUse *use,
                                    const char *column);

/*
 * Base type of a column of ids; 42703 when it is gone, 42804 when its type is
 * not that of the model any more.
 */
extern Oid wals_source_id_column(const WalsSourceUse *use, const char *column,
                                 WalsIdType id_type);

/* 42501 when the caller may not read all n columns. */
extern void wals_source_check_rights(const WalsSourceUse *use, int n,
                                     const char **columns);

/* What the catalog knows of a source, for those who give advice (profile.c). */

/* True when row-level security hides rows of the relation from the caller. */
extern bool wals_source_is_filtered(Oid relation);

/* True for relations that can have indexes. */
extern bool wals_source_can_be_indexed(Oid relation);

/*
 * True when rows of one value of the column can be found by an index: a valid,
 * complete one that begins with it.
 */
extern bool wals_source_has_index(Oid relation, const char *column);

/* The first column with a timestamp or a date, NULL when there is none. */
extern char *wals_source_time_column(Oid relation);

#endif /* WALS_STORE_SOURCE_H */
