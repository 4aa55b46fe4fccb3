/*-------------------------------------------------------------------------
 *
 * relation.h
 *	  Relations and columns the user names: looked up, checked, quoted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_RELATION_H
#define WALS_STORE_RELATION_H

#include "nodes/primnodes.h"

#include "store/ids.h"
#include "store/named.h"

/* Name of a relation; 42P01 when it is gone. */
extern char *wals_relation_name(Oid relation);

/*
 * Whether a relation that was listed is still there; if so it stays until the
 * transaction ends.
 */
extern bool wals_relation_hold(Oid relation);

/*
 * Lock a relation as a statement that reads it will, so that what is looked up
 * from now on is what the statement finds.  42P01 when it goes while the lock is
 * waited for; one that was gone before is for the caller to notice.
 */
extern void wals_relation_lock(Oid relation);

/*
 * Schema of a relation that is going to be created, with the right to do so
 * (42501); 0A000 for a temporary one.  what is "a model" and its like, call the
 * function that creates it.
 */
extern Oid wals_creation_schema(const RangeVar *name, const char *what,
                                const char *call);

/* schema.name, quoted for use in SQL; fails with 42P01 when it is gone. */
extern char *wals_relation_quoted(Oid relation);

/*
 * What a relation is to wals, by the composite type it is a table of.  Temporary
 * tables are nothing to it.
 */
typedef enum WalsTableKind
{
	WALS_TABLE_OTHER,
	WALS_TABLE_MODEL,
	WALS_TABLE_FACTORS,
	WALS_TABLE_TRIALS, /* of tunings, and figures of evaluations: output.h */
	WALS_TABLE_FIGURES
} WalsTableKind;

/* id_type is set for factor tables; may be NULL. */
extern WalsTableKind wals_table_kind(Oid relation, WalsIdType *id_type);

/* Schema of the extension, quoted, and the OID of its type for model rows. */
extern char *wals_extension_schema(void);

/* The version its SQL objects have, NULL when it is not installed here. */
extern char *wals_extension_version(void);
extern Oid wals_model_type(void);

/* Its function of this name without arguments, 0 when there is none. */
extern Oid wals_extension_function(const char *name);

/* Owner of a relation, 0 when it is gone. */
extern Oid wals_relation_owner(Oid relation);
/* The names of its columns for a message, those beyond 500 bytes left out. */
extern char *wals_relation_columns(Oid relation);

/*
 * A relation whose reading would run the code of a role that the current one,
 * a superuser, is not, nor is that one a superuser: this one, or one that
 * inherits from it.  InvalidOid where there is none, and for everybody else.
 */
extern Oid wals_relation_with_strange_code(Oid relation);

/*
 * Base type of a column the user named, or 42703 with the columns there are.
 * option is the argument that named it.
 */
extern Oid wals_column_type(Oid relation, const char *column,
                            const char *option);

/* The same for a column that must hold numbers (42804). */
extern Oid wals_number_column_type(Oid relation, const char *column,
                                   const char *option);

/* True when there is such a column, and it holds numbers. */
extern bool wals_has_number_column(Oid relation, const char *column);

/* The same for a column that must hold times. */
extern Oid wals_time_column_type(Oid relation, const char *column);

/* Columns of a source, in the order of its members: user, ..., time. */
#define WALS_SOURCE_COLUMNS 5

/* Where ratings are read from, resolved and checked by wals_source_check. */
typedef struct WalsSource
{
	Oid relation;
	const char *user_col;
	const char *item_col;
	const char *value_col; /* NULL: not used */
	const char *weight_col;
	const char *time_col;
	bool stored; /* the columns stand in a version's row */
	/* filled by wals_source_check: how it was called, for it may be gone later */
	const char *name;
	const char *quoted; /* with its schema, for SQL */
	bool temporary;
	WalsNaming naming; /* by rows */
	/* and base types */
	Oid user_type;
	Oid item_type;
	Oid value_type;
	Oid weight_type;
	Oid time_type;
	WalsIdType user_id_type;
	WalsIdType item_id_type;
} WalsSource;

/*
 * Check kind, columns, types and the caller's rights, in this order: 42809,
 * 42703, 42804, 42501.  option is the argument that named the relation.
 */
extern void wals_source_check_columns(WalsSource *source, const char *option);

/*
 * The same for the source of a training, of the model of this name, or of trials
 * if that is NULL.  Warns when row security hides rows from others that are going
 * to be seen.
 */
extern void wals_source_check(WalsSource *source, const char *model);

/* Number of rows the caller sees in a relation; reads all of them. */
extern int64 wals_relation_count(Oid relation);

/* True when the caller may read all columns, by table or column privilege. */
extern bool wals_may_select(Oid relation, int n, const char *const *columns);

#endif /* WALS_STORE_RELATION_H */
