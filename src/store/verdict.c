/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  What earlier gates have written about versions, into the column "metrics".
 *
 * Read as text, number by number, because the owner may write there what he
 * likes (wals_set_metrics); what makes no sense is as good as not there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "store/query.h"
#include "store/record.h"
#include "store/relation.h"

/* What is read of a row, as text, in the order of wals_verdict_read(). */
static const char *const paths[] = {
    "gate,metric",        "gate,activated",
    "holdout,fraction",   "holdout,seed",
    "gate,behind_best",   "gate,best_version",
    "gate,differences,n", "gate,differences,deviation"};

static char *
query_of(Oid model)
{
	StringInfoData sql;
	int i;

	initStringInfo(&sql);
	for (i = 0; i < (int) lengthof(paths); i++)
		appendStringInfo(&sql, "%s metrics OPERATOR(pg_catalog.#>>) '{%s}'",
		                 i == 0 ? "SELECT" : ",", paths[i]);
	appendStringInfo(&sql,
	                 " FROM %s WHERE metrics OPERATOR(pg_catalog.#>>) '{%s}' "
	                 "IS NOT NULL AND ($1 OPERATOR(pg_catalog.=) 0 OR "
	                 "version OPERATOR(pg_catalog.=) $1) "
	                 "ORDER BY version DESC LIMIT 1",
	                 wals_relation_quoted(model), paths[0]);
	return sql.data;
}

static const char *
word(int column)
{
	bool is_null;
	Datum value = wals_query_value(0, column, TEXTOID, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/* A finite number of at least 0, 0 for anything else. */
static double
number(int column)
{
	const char *text = word(column);
	char *end = NULL;
	double value = 0;

	if (text != NULL)
		value = strtod(text, &end);
	return text != NULL && *end == '\0' && isfinite(value) && value > 0 ? value
	                                                                    : 0;
}

static int64
whole(int column)
{
	const char *text = word(column);

	return text == NULL ? 0 : strtoi64(text, NULL, 10);
}

bool
wals_verdict_read(Oid model, int32 version, WalsVerdict *verdict)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version)};
	const char *activated;

	memset(verdict, 0, sizeof(*verdict));
	if (wals_query_run(query_of(model), 1, types, values, NULL,
	                   WALS_READ_FRESH) == 0)
		return false;
	verdict->metric = word(1);
	activated = word(2);
	verdict->activated = activated != NULL && strcmp(activated, "true") == 0;
	verdict->fraction = number(3);
	verdict->draw = whole(4);
	verdict->behind = number(5);
	verdict->best_version = (int32) Min(number(6), PG_INT32_MAX);
	verdict->n_differences = (int32) Min(number(7), PG_INT32_MAX);
	verdict->deviation = number(8);
	return true;
}
