/*-------------------------------------------------------------------------
 *
 * named.h
 *	  Relations that a version's row names, and what they are by now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_NAMED_H
#define WALS_STORE_NAMED_H

#include "base/compat.h"

/* Bytes of schema.name with every character quoted, and of an identity. */
#define WALS_NAMING_SIZE (2 * (2 * NAMEDATALEN + 2))

/*
 * How a row names a relation: schema.name, quoted as in SQL, and its identity,
 * which says in what database it had which OID and owner.  "" for what is not
 * known.  Whoever may write the row may have written anything.
 */
typedef struct WalsNaming
{
	char name[WALS_NAMING_SIZE];
	char identity[WALS_NAMING_SIZE];
} WalsNaming;

typedef enum WalsNamedState
{
	WALS_NAMED_NONE, /* the row names none */
	WALS_NAMED_SAME, /* it is there, whatever it is called now */
	WALS_NAMED_FOLLOWED, /* another one has taken its name */
	WALS_NAMED_GONE, /* it was dropped */
	WALS_NAMED_ELSEWHERE /* the row comes from another database */
} WalsNamedState;

/* What is found under it. */
typedef struct WalsNamed
{
	WalsNamedState state;
	Oid relation; /* 0 unless it is the same or followed */
	Oid was; /* the one that was trained on, if it still exists */
	Oid stranger; /* has the name and is not followed, or 0 */
} WalsNamed;

/* What a row of today says about a relation; "" for none. */
extern void wals_naming_set(WalsNaming *naming, Oid relation);

/*
 * What a row says: words that may be NULL.  An OID of this database that is not
 * 0, as 0.1.0 wrote it and somebody may by hand, says more than they.
 */
extern void wals_naming_read(WalsNaming *naming, const char *name,
                             const char *identity, Oid by_oid);

/*
 * The relation that a row of a model names.  owner is the model's: what takes a
 * name is followed only if it belongs to him, a superuser, the owner that the
 * relation had, or the owner of the schema.
 */
extern WalsNamed wals_named_find(const WalsNaming *naming, Oid owner);

/*
 * The same, locked for reading, so that it is what has the name.  guess: what it
 * was found to be a moment ago, or 0.
 */
extern WalsNamed wals_named_hold(const WalsNaming *naming, Oid owner,
                                 Oid guess);

/* What it is called in messages: "source", "row_weights" or "col_weights". */
typedef struct WalsNamedUse
{
	Oid model;
	const char *option;
	const char *what; /* it is needed to ... */
	const char *without; /* a sentence: how to do without it, or "" */
} WalsNamedUse;

/*
 * 42P01 for one that was dropped or is in another database, 42501 where a
 * stranger's has its name.
 */
pg_noreturn extern void wals_named_missing(const WalsNamedUse *use,
                                           const WalsNaming *naming,
                                           const WalsNamed *named);

/* The same lock for who cannot do without: wals_named_missing. */
extern WalsNamed wals_named_need(const WalsNamedUse *use,
                                 const WalsNaming *naming);

/*
 * Say that another relation is followed (NOTICE), or that one is not
 * (WARNING); nothing where all is as it was.
 */
extern void wals_named_tell(Oid model, const char *option,
                            const WalsNaming *naming, const WalsNamed *named);

#endif /* WALS_STORE_NAMED_H */
