/*-------------------------------------------------------------------------
 *
 * map.c
 *	  Items in a plane: those that users like alike lie together.
 *
 * The items with most entries are projected by core/map.c.  Components are
 * those of the items shown, so that the picture shows what tells these apart.
 * As SVG both axes have one scale, circles have areas in proportion to the
 * entries, and the items with most entries are the first to get a label.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/mapping.h"
#include "base/report.h"
#include "base/settings.h"
#include "run/answer.h"
#include "run/map.h"
#include "run/svg.h"
#include "store/query.h"

#define MARGIN 24 /* pixels */
#define HEADING 40
#define LEAST_RADIUS 3.0
#define MOST_RADIUS 14.0
#define LABEL_CHARACTERS 28
#define LABEL_FONT 11
#define COLUMN_WIDTH 6.4 /* of such a font, on the large side */
#define LABELS_MAX 40

/*
 * The points of a model's items.  stored gets their ids in the type the model
 * has, unless it is NULL.
 */
static int32
find_points(const WalsModel *model, const WalsMapRequest *request,
            MemoryContext context, WalsMapPoint **result, Datum **stored)
{
	const WalsRows *rows = wals_cache_rows(model, WC_ITEMS);
	int32 n = Min(request->n, wals_rows_count(rows));
	Size room = Max(n, 1);
	const float **vectors =
	    palloc_extended(sizeof(*vectors) * room, MCXT_ALLOC_HUGE);
	float *x = palloc_extended(sizeof(float) * room, MCXT_ALLOC_HUGE);
	float *y = palloc_extended(sizeof(float) * room, MCXT_ALLOC_HUGE);
	WalsMapPoint *points =
	    MemoryContextAllocHuge(context, sizeof(*points) * room);
	Datum *ids = palloc_extended(sizeof(Datum) * room, MCXT_ALLOC_HUGE);
	WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};
	WalsMemory memory;
	MemoryContext caller;
	int32 count = 0;
	int32 i;

	for (i = 0; i < n; i++)
		vectors[i] = wals_rows_vector(rows, wals_rows_popular(rows, i));
	wals_memory_init(&memory, CurrentMemoryContext, 0);
	error.status = wc_map_project(n, rows->pack.factors, vectors, x, y,
	                              wals_kernel, &memory.alloc, &wals_hooks);
	if (error.status != WC_OK)
		wals_report(&error, &memory, NULL, NULL);
	for (i = 0; i < n; i++)
	{
		int32 index = wals_rows_popular(rows, i);
		WcId id = wals_rows_id(rows, index);

		if (isnan(x[i]))
			continue;
		caller = MemoryContextSwitchTo(context);
		points[count].id =
		    wals_id_result(model->item_type, request->id_type, id);
		MemoryContextSwitchTo(caller);
		points[count].x = x[i];
		points[count].y = y[i];
		points[count].entries = wals_rows_entries(rows, index);
		ids[count++] = wals_id_to_datum(model->item_type, id);
	}
	/* labels come next, for these ids */
	wals_mapping_check();
	*result = points;
	if (stored != NULL)
		*stored = ids;
	return count;
}

int32
wals_map_run(const WalsMapRequest *request, WalsMapPoint **result)
{
	MemoryContext context = CurrentMemoryContext;
	WalsModel model;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	wals_answer_check_side(&model, WC_ITEMS, request->id_type, "wals_map()");
	count = find_points(&model, request, context, result, NULL);
	wals_query_end();
	return count;
}

/* Pixels of the points, in one scale for both axes, in the middle. */
static void
place_points(const WalsMapRequest *request, int32 count,
             const WalsMapPoint *points, WcMark *marks)
{
	double width = request->width - 2 * MARGIN - 2 * MOST_RADIUS;
	double height = request->height - HEADING - MARGIN - 2 * MOST_RADIUS;
	double middle_y = HEADING + (request->height - HEADING - MARGIN) / 2.0;
	WcBox ends = {0, 0, 0, 0};
	double scale;
	int32 i;

	for (i = 0; i < count; i++)
	{
		ends.left = i == 0 ? points[i].x : Min(ends.left, points[i].x);
		ends.right = i == 0 ? points[i].x : Max(ends.right, points[i].x);
		ends.top = i == 0 ? points[i].y : Min(ends.top, points[i].y);
		ends.bottom = i == 0 ? points[i].y : Max(ends.bottom, points[i].y);
	}
	scale = Min(width / Max(ends.right - ends.left, 1e-6),
	            height / Max(ends.bottom - ends.top, 1e-6));
	for (i = 0; i < count; i++)
	{
		double share =
		    Max(points[i].entries, 0) / (double) Max(points[0].entries, 1);

		marks[i].x = request->width / 2.0 +
		             scale * (points[i].x - (ends.left + ends.right) / 2);
		marks[i].y =
		    middle_y - scale * (points[i].y - (ends.top + ends.bottom) / 2);
		marks[i].radius = Max(LEAST_RADIUS, MOST_RADIUS * sqrt(Min(share, 1)));
	}
}

/* What a point is called: its label, or its id. */
static const char *
point_name(const WalsMapPoint *point, char *const *labels, int32 i)
{
	if (labels != NULL && labels[i] != NULL && labels[i][0] != '\0')
		return labels[i];
	return TextDatumGetCString(point->id);
}

static void
draw_points(int32 count, const WalsMapPoint *points, char *const *labels,
            const WcMark *marks, StringInfo svg)
{
	int32 i;

	for (i = 0; i < count; i++)
	{
		const char *name = point_name(&points[i], labels, i);
		char *id = TextDatumGetCString(points[i].id);

		wals_svg_point(
		    svg, marks[i].x, marks[i].y, marks[i].radius, 0.6,
		    strcmp(name, id) == 0
		        ? psprintf("%s: %d entries", id, points[i].entries)
		        : psprintf("%s (%s): %d entries", name, id, points[i].entries));
	}
	appendStringInfo(svg, "<g font-size=\"%d\">\n", LABEL_FONT);
	for (i = 0; i < count; i++)
		if (marks[i].placed)
			wals_svg_label(svg, (marks[i].box.left + marks[i].box.right) / 2,
			               marks[i].box.bottom - 3, "middle",
			               wals_text_shorten(point_name(&points[i], labels, i),
			                                 LABEL_CHARACTERS));
	appendStringInfoString(svg, "</g>\n");
}

/* Which of the points get their label drawn, and where. */
static void
place_labels(const WalsMapRequest *request, int32 count,
             const WalsMapPoint *points, char *const *labels, WcMark *marks)
{
	WcBox frame = {4, HEADING - 8, request->width - 4, request->height - 4};
	WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};
	int32 i;

	for (i = 0; i < count; i++)
	{
		char *label = wals_text_shorten(point_name(&points[i], labels, i),
		                                LABEL_CHARACTERS);

		marks[i].width = COLUMN_WIDTH * wals_text_columns(label);
		marks[i].height = LABEL_FONT + 2;
		pfree(label);
	}
	error.status = wc_map_labels(count, marks, &frame, LABELS_MAX, &wals_hooks);
	if (error.status != WC_OK)
		wals_report(&error, NULL, NULL, NULL);
}

char *
wals_map_svg_run(const WalsMapRequest *request)
{
	MemoryContext caller = CurrentMemoryContext;
	WalsModel model;
	WalsMapPoint *points;
	Datum *ids;
	WcMark *marks;
	char **labels = NULL;
	StringInfoData svg;
	char *result;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	count = find_points(&model, request, CurrentMemoryContext, &points, &ids);
	if (OidIsValid(request->labels.relation))
	{
		labels = palloc(sizeof(char *) * Max(count, 1));
		wals_labels_read(&request->labels, model.item_type, count, ids, labels);
	}
	marks = palloc0(sizeof(WcMark) * Max(count, 1));
	place_points(request, count, points, marks);
	place_labels(request, count, points, labels, marks);

	initStringInfo(&svg);
	wals_svg_begin(&svg, request->width, request->height,
	               psprintf("items: %s version %d",
	                        get_rel_name(model.relation), model.version));
	if (count > 0)
		draw_points(count, points, labels, marks, &svg);
	else
		wals_svg_label(&svg, request->width / 2.0, request->height / 2.0,
		               "middle", "There are no items to show.");
	wals_svg_end(&svg);
	result = MemoryContextStrdup(caller, svg.data);
	wals_query_end();
	return result;
}
