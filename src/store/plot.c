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
}

static void
curve_add(WalsCurve *curve, double x, double y, double seconds)
{
	int32 at = curve->count;

	if (!(fabs(y) <= WC_AXIS_LIMIT) || !(x >= 0 && x <= X_MAX))
		return;
	/* in order, and one for each x */
	while (at > 0 && curve->x[at - 1] > x)
		at--;
	if (at > 0 && curve->x[at - 1] == x)
		return;
	memmove(curve->x + at + 1, curve->x + at,
	        sizeof(double) * (curve->count - at));
	memmove(curve->y + at + 1, curve->y + at,
	        sizeof(double) * (curve->count - at));
	memmove(curve->seconds + at + 1, curve->seconds + at,
	        sizeof(double) * (curve->count - at));
	curve->x[at] = x;
	curve->y[at] = y;
	curve->seconds[at] = seconds;
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
		          number_value(row, 2));
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
	             "THEN v.metrics OPERATOR(pg_catalog.->>) $1 END "
	             "FROM %s AS v ORDER BY v.version DESC LIMIT %d",
	             wals_relation_quoted(model), POINTS_MAX),
	    1, types, values, NULL, WALS_READ_CALLER);
	curve_begin(curve, 0, n);
	for (row = 0; row < n; row++)
		curve_add(curve, number_value(row, 1), text_value(row, 2), NAN);
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
	             "o.value OPERATOR(pg_catalog.#>>) '{}' "
	             "FROM %s AS v, LATERAL pg_catalog.jsonb_each("
	             "CASE WHEN pg_catalog.jsonb_typeof(v.metrics) "
	             "OPERATOR(pg_catalog.=) 'object' THEN v.metrics END) AS o "
	             "WHERE v.version OPERATOR(pg_catalog.=) $1 "
	             "AND pg_catalog.starts_with(o.key, $2) "
	             "AND pg_catalog.jsonb_typeof(o.value) "
	             "OPERATOR(pg_catalog.=) 'number' LIMIT %d",
	             wals_relation_quoted(model), POINTS_MAX),
	    2, types, values, NULL, WALS_READ_CALLER);
	curve_begin(curve, version, n);
	for (row = 0; row < n; row++)
	{
		double k = text_value(row, 1);

		if (k == floor(k))
			curve_add(curve, k, text_value(row, 2), NAN);
	}
}
