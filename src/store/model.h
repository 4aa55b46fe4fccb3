/*-------------------------------------------------------------------------
 *
 * model.h
 *	  Models: find them, read the version that answers, write new versions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_MODEL_H
#define WALS_STORE_MODEL_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "store/ids.h"
#include "store/named.h"
#include "store/newest.h"
#include "store/relation.h"

/* Layout of stored factors this library reads and writes. */
#define WALS_MODEL_FORMAT 1

/*
 * What answering needs of a version, as the caller's snapshot sees it.
 * Everything is checked: tables are factor tables, counts are in range.
 */
typedef struct WalsModel
{
	Oid relation;
	int32 version;
	pg_uuid_t version_id; /* identity of the factors, for caches */
	pg_uuid_t items_id; /* of those of the items, which change less often */
	Oid users_table;
	Oid items_table;
	WalsIdType user_type;
	WalsIdType item_type;
	Oid source; /* that is found: of named; InvalidOid: none */
	WalsNaming naming; /* how the row names it */
	WalsNamed named;
	NameData user_col;
	NameData item_col;
	NameData value_col; /* "" for none */
	char feedback[NAMEDATALEN]; /* may be empty */
	int32 factors;
	int64 n_users; /* rows of its tables; -1: not known */
	int64 n_items;
	bool biases;
	float mean;
	WcRange range; /* that predictions are limited to */
} WalsModel;

/* default.c from here on */

/*
 * The model an argument means: itself when given and a model (42809), else the
 * default (55000 when there is none or more than one could be meant).
 */
extern Oid wals_model_resolve(Oid argument);

/* The default model of the current role, or InvalidOid. */
extern Oid wals_model_default(void);

/*
 * Have all sessions look again which model is the default, once this transaction
 * has committed: the marks of a model are going to change.
 */
extern void wals_model_tell(Oid model);

/* Relations of all models the caller may select from, ordered by name. */
extern List *wals_model_list_all(void);

/* Those of the current role itself, not of roles it belongs to. */
extern List *wals_model_list_own(void);

/* model.c from here on */

/*
 * Fill model from the active version: 42501, 55000, 0A000, XX001.  Between
 * wals_query_begin and wals_query_end.
 */
extern void wals_model_active(Oid relation, WalsModel *model);

/* The same from any stored version (22023). */
extern void wals_model_version(Oid relation, int32 version, WalsModel *model);

/* Whether its rows name relations by more than their OIDs: since 0.2.0. */
extern bool wals_model_has_names(Oid relation);

/* 55000: no version of the model is active. */
_Noreturn extern void wals_model_inactive(Oid relation);

/* 22023: the model has no such version. */
_Noreturn extern void wals_version_unknown(Oid relation, int32 version);

/* XX001 for an active version that cannot be used. */
_Noreturn extern void wals_model_damaged(Oid relation, const char *reason);

/*
 * The same as a training sees it, with what this transaction has written;
 * false when there is no active version, or no such version.
 */
extern bool wals_model_find_active(Oid relation, WalsModel *model);
extern bool wals_model_find_version(Oid relation, int32 version,
                                    WalsModel *model);

/*
 * About how many users the active version of a relation has that may be a
 * model, for the planner: from the server's statistics, 0 when unknown.
 */
extern double wals_model_estimate_users(Oid relation);

/* True when the current role itself, not a role it belongs to, is owner. */
extern bool wals_model_is_own(Oid relation);

/* 42501 unless wals_model_is_own. */
extern void wals_model_check_owner(Oid relation);

/* 55P03 unless nobody else trains or changes the model; until commit. */
extern void wals_model_lock(Oid schema, const char *name);

/*
 * The same for a change of a model that is there, within one transaction, until
 * its end: a refresh, an activation.  Who may wait does so for another change, but
 * never for a training.
 */
extern void wals_model_lock_to_change(Oid relation, bool wait);

/*
 * Begin a command that changes the model an argument means: 25006 where nothing
 * can be written, 42501 unless it is the caller's, 55P03 unless nobody else
 * changes it.  Ends with wals_query_begin.
 */
extern Oid wals_model_change_begin(Oid argument, const char *command);

/*
 * The lock of a training beyond the end of the transaction: false when somebody
 * else trains; a change is waited for.  Who holds it releases it, after an error
 * too.
 */
extern bool wals_model_hold(Oid schema, const char *name);
extern void wals_model_release(Oid schema, const char *name);

/* Where a training writes. */
typedef struct WalsTarget
{
	Oid schema;
	char *name; /* without schema */
	Oid relation; /* InvalidOid before wals_target_create */
	Oid users_table;
	Oid items_table;
	Oid users_rows; /* where the version's rows go, after wals_target_create */
	Oid items_rows;
	int32 version; /* number of the new version */
} WalsTarget;

/* Whether a new model's tables would have this name in its schema. */
extern bool wals_target_needs_name(const WalsTarget *target, const char *name);

/*
 * Resolve a model name as regclass would, or to the schema where it is going
 * to be created; lock it, check the owner, choose the version number.
 */
extern void wals_target_open(const char *name, WalsTarget *target);

/*
 * Open a target again after a commit, for the transaction that is going to
 * write.  55000 when the model is no longer the relation it was.
 */
extern void wals_target_reopen(WalsTarget *target);

/*
 * Check the factor tables there are: 42804 when the ids have another type than
 * those of earlier versions.  Skips version numbers they still have rows of.
 */
extern void wals_target_check(WalsTarget *target, WalsIdType user_type,
                              WalsIdType item_type);

/* Create the tables that are missing, those of the version among them. */
extern void wals_target_create(WalsTarget *target, WalsIdType user_type,
                               WalsIdType item_type);

/* Once the rows are in. */
extern void wals_target_close(const WalsTarget *target);

/* The row of a new version. */
typedef struct WalsVersionRow
{
	TimestampTz trained_at;
	WalsSource source;
	WalsNewest newest; /* of the times that were read */
	const char *row_weights_id; /* of what the options name, or NULL */
	const char *col_weights_id;
	const char *feedback;
	const char *options; /* JSON object, NULL: not known */
	const char *metrics; /* JSON object, or NULL */
	const char *objective;
	int32 factors;
	bool biases;
	double mean;
	int64 n_users;
	int64 n_items;
	int64 n_entries;
	int64 n_rows;
	int64 n_skipped;
	int32 started_from; /* version, 0: none */
	int32 iterations; /* that were run */
	const char *stop_reason;
	double loss; /* NaN: not known */
	const double *losses; /* iterations */
	const double *iteration_seconds;
	double load_seconds;
	double solve_seconds;
	double write_seconds;
	double seconds;
} WalsVersionRow;

/* version_row.c from here on */
extern void wals_version_insert(const WalsTarget *target,
                                const WalsVersionRow *row);

/*
 * Lock the active row of a model whose lock we have; 40001 when somebody has
 * changed it since our snapshot.
 */
extern void wals_version_hold(Oid relation);

/* What a refresh has changed of a version. */
typedef struct WalsVersionChange
{
	bool items; /* item factors have changed, too */
	TimestampTz refreshed_at; /* 0: as it was */
	int64 users; /* how many more there are */
	int64 n_items;
	int64 entries;
	const WalsNewest *newest; /* of its times now, NULL: as it was */
	Oid time_type;
} WalsVersionChange;

/*
 * New identities for changed factors, the new counts, and in the options that
 * the version has seen what its training held out.
 */
extern void wals_version_change(Oid relation, int32 version,
                                const WalsVersionChange *change);

/*
 * How far a version has looked at the rows of a time column of this type, 42804
 * if it was of another kind then; not known where no row says it.  fresh_at is
 * when it was last brought up to date: refreshed, else trained.
 */
extern void wals_version_newest(Oid relation, int32 version, Oid time_type,
                                WalsNewest *newest, TimestampTz *fresh_at);

/*
 * What a row that is going to be inserted has other options and columns for than
 * the active version, in words, or NULL; version is set to that one's.  Of the
 * options only those named in a text[] are looked at.
 */
extern char *wals_version_differences(const WalsTarget *target,
                                      const WalsVersionRow *row,
                                      const char *option_names, int32 *version);

/* Give rows that name their source by OID alone, as in 0.1.0, its name too. */
extern void wals_version_name_early(Oid relation);

/*
 * Let a version, and all others that name the same for this option ("source",
 * "row_weights", "col_weights"), name another relation.
 */
extern void wals_version_rename(Oid relation, int32 version, const char *option,
                                const WalsNaming *naming);

/*
 * Delete a user from all versions of a model, which get new identities.  user is
 * a datum of the model's user id type.  Returns how many had it.
 */
extern int32 wals_version_forget(const WalsModel *model, Datum user);

/*
 * Make the files of a version that is about to answer (wals_packed_prepare), as this
 * transaction sees it; is_new: its identity is of this transaction.  22023 when
 * there is no such version.
 */
extern void wals_version_prepare(Oid relation, int32 version, bool is_new);

/*
 * Make a version the active one, its files before.  It keeps its identity: who
 * knows it need not read it again.  22023 when there is no such version.
 */
extern void wals_version_activate(Oid relation, int32 version, bool is_new);

/* Attach a jsonb to a version.  22023 when there is no such version. */
extern void wals_version_set_metrics(Oid relation, int32 version, Datum metrics,
                                     bool is_null);

/*
 * Delete all but the newest keep versions and the active one.  Their tables are
 * dropped when the transaction commits (wals_version_table_drop), but for those of
 * versions that were active until this transaction: others are reading them, so
 * their rows are deleted.
 */
extern int32 wals_version_prune(Oid relation, int32 keep);

/* Mark as the default among the owner's models. */
extern void wals_model_mark_default(Oid relation);

/* Drop the three tables. */
extern void wals_model_drop(Oid relation);

/* The owner of this database: may mark models for everybody. */
extern Oid wals_database_owner(void);

/* What lists say of a model, or of one of its versions (listing.c). */
#define WALS_LISTED_FIELDS 5
typedef struct WalsListed
{
	Oid model;
	Oid owner; /* of lists of models only, as what follows */
	bool is_default;
	Datum fields[WALS_LISTED_FIELDS];
	bool nulls[WALS_LISTED_FIELDS];
} WalsListed;

typedef void (*WalsListedPut)(void *result, const WalsListed *row);

/*
 * Every model the caller may look into: how many versions it has, the active
 * one, and the newest that was refused since, as wals_model.
 */
extern void wals_model_list_each(WalsListedPut put, void *result);

/*
 * Bytes on disk of tables and all that inherits from them, with indexes and TOAST:
 * of those that belong to the owner of the first.  What a stranger's model names is
 * not its own, and may be locked.
 */
extern int64 wals_tables_bytes(int n, const Oid *tables);

/* Every version of them: version, active, trained_at, losses, iteration_seconds. */
extern void wals_log_list_each(WalsListedPut put, void *result);

#endif /* WALS_STORE_MODEL_H */
