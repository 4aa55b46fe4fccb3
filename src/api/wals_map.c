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
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/args.h"
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
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsMapRequest request;
	WalsMapPoint *points;
	int32 count;
	int32 i;

	InitMaterializedSRF(fcinfo, 0);
	memset(&request, 0, sizeof(request));
	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.id_type = TupleDescAttr(result->setDesc, 0)->atttypid;
	count = wals_map_run(&request, &points);
	for (i = 0; i < count; i++)
	{
		Datum values[5];
		bool nulls[5] = {false};

		values[0] = points[i].id;
		values[1] = Float4GetDatum(points[i].x);
		values[2] = Float4GetDatum(points[i].y);
		values[3] = Int64GetDatum(points[i].entries);
		values[4] = Int64GetDatum(points[i].likes);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
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
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for option \"%s\"", "color_col"),
		         errdetail("It is a column of the relation of labels, and "
		                   "there is none."),
		         errhint("Name that with labels => '...'.")));
	request.width = wals_arg_within(fcinfo, ARG_WIDTH, SIDE_MIN, SIDE_MAX, 800);
	request.height =
	    wals_arg_within(fcinfo, ARG_HEIGHT, SIDE_MIN, SIDE_MAX, 600);
	return CStringGetTextDatum(wals_map_svg_run(&request));
}
