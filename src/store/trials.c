/*-------------------------------------------------------------------------
 *
 * trials.c
 *	  The trials of a tuning in a table of the user's.
 *
 * A tuning that commits has nowhere else to leave what it has found so far.  The
 * table is typed, so that its columns are those we write; it belongs to whoever
 * tunes, because the triggers, rules and policies of somebody else's would run
 * with the rights of the one who writes; and it is no part of a model, for tunings
 * come before models, and are kept as long as somebody wants to look at them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/model.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/trials.h"

static void
check_table(Oid relation)
{
	if (wals_table_kind(relation, NULL) != WALS_TABLE_TRIALS)
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("relation \"%s\" exists and is not a table of wals "
		                "trials",
		                get_rel_name(relation)),
		         wals_hint("Choose another name: wals_tune_into() creates the "
		                   "table.")));
	if (!wals_model_is_own(relation))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
		               get_rel_name(relation));
}

void
wals_trials_open(const char *name, WalsTrials *trials)
{
	RangeVar *range = makeRangeVarFromNameList(wals_qualified_name_list(name));

	memset(trials, 0, sizeof(*trials));
	trials->relation = RangeVarGetRelid(range, NoLock, true);
	trials->name = range->relname;
	if (OidIsValid(trials->relation))
		check_table(trials->relation);
	else
		trials->schema = wals_creation_schema(range, "a table of trials",
		                                      "CALL wals_tune_into");
}

void
wals_trials_create(WalsTrials *trials)
{
	const char *quoted;

	if (OidIsValid(trials->relation))
		return;
	quoted = quote_qualified_identifier(get_namespace_name(trials->schema),
	                                    trials->name);
	wals_query_once(psprintf("CREATE TABLE %s OF %s.wals_trial ("
	                         "tuned_at WITH OPTIONS NOT NULL, "
	                         "trial WITH OPTIONS NOT NULL, "
	                         "PRIMARY KEY (tuned_at, trial))",
	                         quoted, wals_extension_schema()));
	wals_query_once(
	    psprintf("COMMENT ON TABLE %s IS 'trials of wals tunings'", quoted));
	trials->relation = get_relname_relid(trials->name, trials->schema);
}

/* The columns, in the order of the values below. */
#define COLUMNS                                                                \
	"tuned_at, source, metric, trial, options, value, std_error, iterations, " \
	"seconds, best, test_value, test_std_error, test_popular_baseline, call"

#define PARAMETERS "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"

static const Oid column_types[] = {
    TIMESTAMPTZOID, TEXTOID,   TEXTOID,   INT4OID,   JSONBOID,
    FLOAT8OID,      FLOAT8OID, INT4OID,   FLOAT8OID, BOOLOID,
    FLOAT8OID,      FLOAT8OID, FLOAT8OID, TEXTOID};

static uint64
put(const char *sql, const Datum *values, const char *nulls)
{
	return wals_query_run(sql, lengthof(column_types), column_types, values,
	                      nulls, WALS_READ_FRESH);
}

void
wals_trials_put(const WalsTrials *trials, const WalsTrialRow *row)
{
	const double numbers[] = {row->value, row->error, row->test_value,
	                          row->test_error, row->test_baseline};
	const int places[] = {5, 6, 10, 11, 12};
	Datum values[lengthof(column_types)] = {
	    TimestampTzGetDatum(trials->tuned_at),
	    CStringGetTextDatum(trials->source),
	    CStringGetTextDatum(trials->metric),
	    Int32GetDatum(row->trial),
	    DirectFunctionCall1(jsonb_in, CStringGetDatum(row->options)),
	    0,
	    0,
	    Int32GetDatum(row->iterations),
	    Float8GetDatum(row->seconds),
	    BoolGetDatum(row->best)};
	char nulls[lengthof(column_types) + 1];
	char *quoted;
	int i;

	memset(nulls, ' ', lengthof(column_types));
	nulls[lengthof(column_types)] = '\0';
	for (i = 0; i < (int) lengthof(numbers); i++)
	{
		values[places[i]] = Float8GetDatum(numbers[i]);
		if (isnan(numbers[i]))
			nulls[places[i]] = 'n';
	}
	if (row->call != NULL)
		values[13] = CStringGetTextDatum(row->call);
	else
		nulls[13] = 'n';

	LockRelationOid(trials->relation, RowExclusiveLock);
	if (get_rel_name(trials->relation) == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("table \"%s\" was dropped during the tuning",
		                       trials->name),
		                errhint("Tune again.")));
	check_table(trials->relation);
	quoted = wals_relation_quoted(trials->relation);
	if (put(psprintf("UPDATE %s SET (" COLUMNS ") = ROW(" PARAMETERS ") "
	                 "WHERE tuned_at OPERATOR(pg_catalog.=) $1 "
	                 "AND trial OPERATOR(pg_catalog.=) $4",
	                 quoted),
	        values, nulls) == 0)
		put(psprintf("INSERT INTO %s (" COLUMNS ") VALUES (" PARAMETERS ")",
		             quoted),
		    values, nulls);
}
