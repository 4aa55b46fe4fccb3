/*-------------------------------------------------------------------------
 *
 * complete.c
 *	  Whether a version has the factors that its row says it has.
 *
 * Factor tables may be empty although the model's row is there: dumps are made
 * without them because a training makes them again, copies are interrupted,
 * tables are truncated.  Nothing is found in them then, which is no different from
 * users and items that the model has never seen.  So whoever reads a side as a
 * whole compares how many rows there are, and whoever looks for one row and finds
 * none asks, once for each version in a session, whether there is any.
 *
 * Fewer rows than the version has are an error where a guard would have told of
 * rows that its owner deleted (store/guard.c): then their number is not known.
 * Whoever a policy of row-level security shows some rows only has no others.
 * And a version that has been removed has none for a snapshot that is older.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "base/hint.h"
#include "store/factors.h"
#include "store/guard.h"
#include "store/query.h"

/* A side of a version that has rows. */
typedef struct Known
{
	Oid table;
	int32 version;
	pg_uuid_t id;
} Known;

#define KNOWN_MAX 64

static Known known[KNOWN_MAX];
static int n_known = 0; /* that were ever added: the oldest go first */

static Oid
table_of(const WalsModel *model, WcSide side)
{
	return side == WC_USERS ? model->users_table : model->items_table;
}

/* How many rows the version should have, -1 where that is not known. */
static int64
expected_of(const WalsModel *model, WcSide side)
{
	return side == WC_USERS ? model->n_users : model->n_items;
}

static bool
is_restricted(Oid table)
{
	return check_enable_rls(table, InvalidOid, true) == RLS_ENABLED;
}

static char *
how_to_mend(const WalsModel *model)
{
	char *name = quote_literal_cstr(wals_relation_quoted(model->relation));

	if (model->named.state == WALS_NAMED_NONE)
		return pstrdup("Import the version again with wals_import().");
	return psprintf("%sCALL wals_retrain(%s);",
	                wals_model_is_own(model->relation)
	                    ? "To make them again: "
	                    : "Its owner can make them again: ",
	                name);
}

/*
 * Whether the version has left since the caller's snapshot was taken: then its
 * tables went with it, and who sees its row finds nothing there.
 */
static bool
has_left(const WalsModel *model)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};
	bool result;

	if (IsInParallelMode() || is_restricted(model->relation))
		return false;
	wals_query_begin();
	result = wals_query_run(psprintf("SELECT 1 FROM %s "
	                                 "WHERE version OPERATOR(pg_catalog.=) $1",
	                                 wals_relation_quoted(model->relation)),
	                        1, types, values, NULL, WALS_READ_LATEST) == 0;
	wals_query_end();
	return result;
}

static void
complain(const WalsModel *model, WcSide side, int64 found)
{
	const char *what = side == WC_USERS ? "users" : "items";
	char *table = get_rel_name(table_of(model, side));

	if (has_left(model))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		     errmsg("could not see version %d of model \"%s\" due to a "
		            "concurrent change",
		            model->version, get_rel_name(model->relation)),
		     errdetail("It was removed after the snapshot of this statement "
		               "was taken."),
		     IsolationUsesXactSnapshot()
		         ? errhint("Try again in a new transaction.")
		         : errhint("Repeat the statement.")));
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                found == 0 ? errmsg("model \"%s\" has no factors",
	                                    get_rel_name(model->relation))
	                           : errmsg("model \"%s\" lacks factors",
	                                    get_rel_name(model->relation)),
	                expected_of(model, side) >= 0
	                    ? errdetail("Version %d has " INT64_FORMAT
	                                " %s, \"%s\" has rows "
	                                "of " INT64_FORMAT " of them.",
	                                model->version, expected_of(model, side),
	                                what, table, found)
	                    : errdetail("\"%s\" has no %s of version %d.", table,
	                                what, model->version),
	                wals_hint("%s", how_to_mend(model))));
}

/* Are so many rows all there should be? */
static bool
is_complete(const WalsModel *model, WcSide side, int64 found)
{
	Oid table = table_of(model, side);
	int64 expected = expected_of(model, side);
	char token[WALS_TOKEN_SIZE];

	if (found > 0 ? found >= expected : expected == 0)
		return true;
	return is_restricted(table) ||
	       (found > 0 && !wals_guard_token(table, token));
}

void
wals_complete_check(const WalsModel *model, WcSide side, int64 found)
{
	if (!is_complete(model, side, found))
		complain(model, side, found);
}

void
wals_complete_check_any(const WalsModel *model, WcSide side,
                        WalsSnapshot snapshot)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};
	Oid table = table_of(model, side);
	Known now = {table, model->version,
	             side == WC_USERS ? model->version_id : model->items_id};
	int i;

	if (expected_of(model, side) == 0 || is_restricted(table))
		return;
	for (i = 0; i < Min(n_known, KNOWN_MAX); i++)
		if (memcmp(&known[i], &now, sizeof(now)) == 0)
			return;
	if (wals_query_run(psprintf("SELECT 1 FROM %s "
	                            "WHERE version OPERATOR(pg_catalog.=) $1 "
	                            "LIMIT 1",
	                            wals_relation_quoted(table)),
	                   1, types, values, NULL, snapshot) == 0)
		complain(model, side, 0);
	known[n_known % KNOWN_MAX] = now;
	n_known = n_known + 1 < 2 * KNOWN_MAX ? n_known + 1 : KNOWN_MAX;
}

bool
wals_complete_is(const WalsModel *model)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(model->version)};
	WcSide side;

	for (side = WC_USERS; side <= WC_ITEMS; side++)
	{
		bool is_null;

		wals_query_run(psprintf("SELECT pg_catalog.count(*) FROM %s "
		                        "WHERE version OPERATOR(pg_catalog.=) $1",
		                        wals_relation_quoted(table_of(model, side))),
		               1, types, values, NULL, WALS_READ_FRESH);
		if (!is_complete(
		        model, side,
		        DatumGetInt64(wals_query_value(0, 1, INT8OID, &is_null))))
			return false;
	}
	return true;
}
