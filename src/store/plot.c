/*-------------------------------------------------------------------------
 *
 * plot.c
 *	  The numbers in a model's table that can be drawn.
 *
 * Arrays and metrics are what the model's owner has written: NULLs, NaNs and
 * numbers too large to be drawn are left out, and so is what lies behind the
 * first thousand points.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "store/plot.h"
#include "store/query.h"
#include "store/relation.h"

#define POINTS_MAX 1000
#define X_MAX PG_INT32_MAX

static void
curve_begin(WalsCurve *curve, int32 version, uint64 n)
{
	memset(curve, 0, sizeof(*curve));
	curve->version = version;
	curve->x = palloc(sizeof(double) * Max(n, 1));
	curve->y = palloc(sizeof(double) * Max(n, 1));
	curve->seconds = palloc(sizeof(double) * Max(n, 1));
	curve->error = palloc(sizeof(double) * Max(n, 1));
	curve->baseline = palloc(sizeof(double) * Max(n, 1));
}

/* Make room for a point at a place of one of the arrays, and put it there. */
static void
array_insert(double *array, int32 count, int32 at, double number)
{
	memmove(array + at + 1, array + at, sizeof(double) * (count - at));
	array[at] = number;
}

static void
curve_add(WalsCurve *curve, double x, double y, double seconds, double error,
          double baseline)
{
	int32 at = curve->count;

	if (!(fabs(y) <= WC_AXIS_LIMIT) || !(x >= 0 && x <= X_MAX))
		return;
	/* in order, and one for each x */
	while (at > 0 && curve->x[at - 1] > x)
		at--;
	if (at > 0 && curve->x[at - 1] == x)
		return;
	if (!(error >= 0 && error <= WC_AXIS_LIMIT / 4))
		error = NAN;
	if (!(fabs(baseline) <= WC_AXIS_LIMIT))
		baseline = NAN;
	array_insert(curve->x, curve->count, at, x);
	array_insert(curve->y, curve->count, at, y);
	array_insert(curve->seconds, curve->count, at, seconds);
	array_insert(curve->error, curve->count, at, error);
	array_insert(curve->baseline, curve->count, at, baseline);
	curve->count++;
}

static double
number_value(uint64 row, int column)
{
	bool is_null;
	Datum value = wals_query_value(row, column, FLOAT8OID, &is_null);

	return is_null ? NAN : DatumGetFloat8(value);
}

/* A number in JSON, which has no limits; NaN for anything else. */
static double
text_value(uint64 row, int column)
{
	bool is_null;
	Datum value = wals_query_value(row, column, TEXTOID, &is_null);
	char *word;
	char *end;
	double number;

	if (is_null)
		return NAN;
	word = TextDatumGetCString(value);
	number = strtod(word, &end);
	return end == word || *end != '\0' ? NAN : number;
}

/* The number of the version that is meant, or an error. */
static int32
find_version(Oid model, const int32 *version)
{
	Oid types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(version != NULL ? *version : 0)};
	bool is_null;

	if (wals_query_run(
	        psprintf("SELECT version FROM %s WHERE CASE WHEN $1 IS NULL "
	                 "THEN active ELSE version OPERATOR(pg_catalog.=) $1 END "
	                 "LIMIT 1",
	                 wals_relation_quoted(model)),
	        1, types, values, version != NULL ? NULL : "n",
	        WALS_READ_CALLER) == 1)
		return DatumGetInt32(wals_query_value(0, 1, INT4OID, &is_null));
	if (version == NULL)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("model \"%s\" has no active version", get_rel_name(model)),
		     wals_hint("Choose one: SELECT wals_activate(%s, version);",
		               quote_literal_cstr(wals_relation_quoted(model)))));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("model \"%s\" has no version %d",
	                       get_rel_name(model), *version),
	                errhint("SELECT version FROM %s lists them.",
	                        wals_relation_quoted(model))));
}

void
wals_curve_losses(Oid model, const int32 *version, WalsCurve *curve)
{
	Oid types[1] = {INT4OID};
	int32 found = find_version(model, version);
	Datum values[1] = {Int32GetDatum(found)};
	uint64 n;
	uint64 row;

	n = wals_query_run(
	    psprintf("SELECT i.loss, i.seconds FROM %s AS v, LATERAL ROWS FROM ("
	             "pg_catalog.unnest(v.losses), "
	             "pg_catalog.unnest(v.iteration_seconds)) "
	             "WITH ORDINALITY AS i(loss, seconds, iteration) "
	             "WHERE v.version OPERATOR(pg_catalog.=) $1 "
	             "ORDER BY i.iteration LIMIT %d",
	             wals_relation_quoted(model), POINTS_MAX),
	    1, types, values, NULL, WALS_READ_CALLER);
	curve_begin(curve, found, n);
	for (row = 0; row < n; row++)
		curve_add(curve, (double) row + 1, number_value(row, 1),
		          number_value(row, 2), NAN, NAN);
}

/* SQL for the number that an object in the column metrics has under a name. */
static char *
companion(const char *object, const char *name)
{
	return psprintf(
	    "CASE WHEN pg_catalog.jsonb_typeof(v.metrics "
	    "OPERATOR(pg_catalog.->) '%s' OPERATOR(pg_catalog.->) %s) "
	    "OPERATOR(pg_catalog.=) 'number' THEN v.metrics "
	    "OPERATOR(pg_catalog.->) '%s' OPERATOR(pg_catalog.->>) %s END",
	    object, name, object, name);
}

/*
 * SQL for the standard error of a metric.  That of a training with a hold-out,
 * whose metric is the only number in the object, stands in the object holdout.
 */
static char *
error_of(const char *name)
{
	return psprintf("COALESCE(%s, CASE WHEN (SELECT pg_catalog.count(*) FROM "
	                "pg_catalog.jsonb_each(CASE WHEN "
	                "pg_catalog.jsonb_typeof(v.metrics) OPERATOR(pg_catalog.=) "
	                "'object' THEN v.metrics END) AS n WHERE "
	                "pg_catalog.jsonb_typeof(n.value) OPERATOR(pg_catalog.=) "
	                "'number') OPERATOR(pg_catalog.=) 1 THEN %s END)",
	                companion("std_error", name),
	                companion("holdout", "'std_error'"));
}

void
wals_curve_versions(Oid model, const char *metric, WalsCurve *curve)
{
	Oid types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(metric)};
	uint64 n;
	uint64 row;

	n = wals_query_run(
	    psprintf("SELECT v.version::double precision, CASE WHEN "
	             "pg_catalog.jsonb_typeof(v.metrics "
	             "OPERATOR(pg_catalog.->) $1) OPERATOR(pg_catalog.=) 'number' "
	             "THEN v.metrics OPERATOR(pg_catalog.->>) $1 END, %s, %s "
	             "FROM %s AS v ORDER BY v.version DESC LIMIT %d",
	             error_of("$1"), companion("popular_baseline", "$1"),
	             wals_relation_quoted(model), POINTS_MAX),
	    1, types, values, NULL, WALS_READ_CALLER);
	curve_begin(curve, 0, n);
	for (row = 0; row < n; row++)
		curve_add(curve, number_value(row, 1), text_value(row, 2), NAN,
		          text_value(row, 3), text_value(row, 4));
}

void
wals_curve_cuts(Oid model, int32 version, const char *metric, WalsCurve *curve)
{
	Oid types[2] = {INT4OID, TEXTOID};
	Datum values[2];
	uint64 n;
	uint64 row;

	values[0] = Int32GetDatum(find_version(model, &version));
	values[1] = CStringGetTextDatum(psprintf("%s@", metric));
	n = wals_query_run(
	    psprintf("SELECT pg_catalog.substr(o.key, "
	             "pg_catalog.length($2) OPERATOR(pg_catalog.+) 1), "
	             "o.value OPERATOR(pg_catalog.#>>) '{}', %s, %s "
	             "FROM %s AS v, LATERAL pg_catalog.jsonb_each("
	             "CASE WHEN pg_catalog.jsonb_typeof(v.metrics) "
	             "OPERATOR(pg_catalog.=) 'object' THEN v.metrics END) AS o "
	             "WHERE v.version OPERATOR(pg_catalog.=) $1 "
	             "AND pg_catalog.starts_with(o.key, $2) "
	             "AND pg_catalog.jsonb_typeof(o.value) "
	             "OPERATOR(pg_catalog.=) 'number' LIMIT %d",
	             error_of("o.key"), companion("popular_baseline", "o.key"),
	             wals_relation_quoted(model), POINTS_MAX),
	    2, types, values, NULL, WALS_READ_CALLER);
	curve_begin(curve, version, n);
	for (row = 0; row < n; row++)
	{
		double k = text_value(row, 1);

		if (k == floor(k))
			curve_add(curve, k, text_value(row, 2), NAN, text_value(row, 3),
			          text_value(row, 4));
	}
}
