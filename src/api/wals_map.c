/*-------------------------------------------------------------------------
 *
 * wals_map.c
 *	  SQL: wals_map(model, n), its sisters wals_map_bigint and wals_map_uuid,
 *	  and wals_map_svg(model, n, ...).
 *
 * One C function serves the first three; the type of the first result column
 * tells them apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/args.h"
#include "base/result.h"
#include "run/picture/map.h"

PG_FUNCTION_INFO_V1(wals_map);
PG_FUNCTION_INFO_V1(wals_map_svg);

/* More items than this are no picture any more. */
#define ITEMS_MAX 2000
#define SIDE_MIN 200
#define SIDE_MAX 4000

enum
{
	ARG_MODEL,
	ARG_N,
	ARG_LABELS,
	ARG_ID_COL,
	ARG_LABEL_COL,
	ARG_WIDTH,
	ARG_HEIGHT,
	ARG_COLOR_COL
};

Datum
wals_map(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsMapRequest request;
	WalsMapPoint *points;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.id_type = wals_result_id_type(&result);
	count = wals_map_run(&request, &points);
	for (i = 0; i < count; i++)
	{
		wals_put_datum(&result, points[i].id, false);
		wals_put_float4(&result, points[i].x);
		wals_put_float4(&result, points[i].y);
		wals_put_int64(&result, points[i].entries);
		wals_put_int64(&result, points[i].likes);
		wals_put_row(&result);
	}
	return (Datum) 0;
}

Datum
wals_map_svg(PG_FUNCTION_ARGS)
{
	WalsMapRequest request;

	memset(&request, 0, sizeof(request));
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.n = wals_arg_within(fcinfo, ARG_N, 1, ITEMS_MAX, 200);
	request.id_type = TEXTOID;
	request.labels.relation = wals_arg_oid(fcinfo, ARG_LABELS);
	request.labels.id_col = wals_arg_name(fcinfo, ARG_ID_COL);
	request.labels.label_col = wals_arg_name(fcinfo, ARG_LABEL_COL);
	/* 0.1.0 had no colours */
	request.labels.color_col = PG_NARGS() > ARG_COLOR_COL
	                               ? wals_arg_name(fcinfo, ARG_COLOR_COL)
	                               : NULL;
	if (request.labels.id_col == NULL)
		request.labels.id_col = "id";
	if (request.labels.label_col == NULL)
		request.labels.label_col = "name";
	if (request.labels.color_col != NULL &&
	    !OidIsValid(request.labels.relation))
		wals_option_refuse("color_col",
		                   "It is a column of the relation of labels, and "
		                   "there is none.",
		                   "Name that with labels => '...'.");
	request.width = wals_arg_within(fcinfo, ARG_WIDTH, SIDE_MIN, SIDE_MAX, 800);
	request.height =
	    wals_arg_within(fcinfo, ARG_HEIGHT, SIDE_MIN, SIDE_MAX, 600);
	return CStringGetTextDatum(wals_map_svg_run(&request));
}
