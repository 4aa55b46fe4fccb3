/*-------------------------------------------------------------------------
 *
 * map.c
 *	  Items in a plane: those that users like alike lie together.
 *
 * The most popular items are projected by core/picture/map.c.  Components are
 * those of the items shown, so that the picture shows what tells these apart.
 * As SVG both axes have one scale, circles have areas in proportion to the
 * likes, and the most popular items are the first to get a label.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/job.h"
#include "base/mapping.h"
#include "base/settings.h"
#include "run/answer/answer.h"
#include "run/picture/map.h"
#include "run/picture/svg.h"
#include "store/query.h"

#define MARGIN 24 /* pixels */
#define HEADING (WALS_SVG_HEAD + 4)
#define LEGEND 20 /* at the bottom, with colours */
#define COLOURS 8
#define LEGEND_COLUMN 7.2 /* of its font */
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
	WcSolverOptions options = wals_solver_options(1);
	WalsJob job;
	MemoryContext caller;
	int32 count = 0;
	int32 i;

	for (i = 0; i < n; i++)
		vectors[i] = wals_rows_vector(rows, wals_rows_popular(rows, i));
	wals_job_init(&job, CurrentMemoryContext, 0);
	wals_job_check(&job,
	               wc_map_project((WcVectors){n, rows->pack.factors, vectors},
	                              x, y, &options, &job.alloc, &wals_hooks));
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
		points[count].likes = wals_rows_likes(rows, index);
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
place_points(const WalsMapRequest *request, double bottom, int32 count,
             const WalsMapPoint *points, WcMark *marks)
{
	double width = request->width - 2 * MARGIN - 2 * MOST_RADIUS;
	double height = bottom - HEADING - MARGIN - 2 * MOST_RADIUS;
	double middle_y = HEADING + (bottom - HEADING - MARGIN) / 2.0;
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
		    Max(points[i].likes, 0) / (double) Max(points[0].likes, 1);

		marks[i].x = request->width / 2.0 +
		             scale * (points[i].x - (ends.left + ends.right) / 2);
		marks[i].y =
		    middle_y - scale * (points[i].y - (ends.top + ends.bottom) / 2);
		marks[i].radius = Max(LEAST_RADIUS, MOST_RADIUS * sqrt(Min(share, 1)));
	}
}

/* What a point is called: its label, or its id. */
static const char *
point_name(const WalsMapPoint *point, const WalsLabel *labels, int32 i)
{
	if (labels != NULL && labels[i].name != NULL && labels[i].name[0] != '\0')
		return labels[i].name;
	return TextDatumGetCString(point->id);
}

/*
 * Colours of groups, told apart by people who see red and green alike, too, and
 * on white as on black.
 */
static const char *const palette[COLOURS] = {
    WALS_SVG_COLOUR, "#d9772b", "#3d9a50", "#c24a7a",
    "#8e6bbf",       "#a88a1f", "#2aa3a3", "#b3402f"};

/* The groups that have a colour: those with most of the points. */
typedef struct Legend
{
	int n;
	const char *group[COLOURS];
	int32 points[COLOURS];
	int32 others; /* points of other groups, or of none */
} Legend;

/* Place of a group in the legend, -1: none. */
static int
group_place(const Legend *legend, const char *group)
{
	int i;

	for (i = 0; group != NULL && i < legend->n; i++)
		if (strcmp(legend->group[i], group) == 0)
			return i;
	return -1;
}

static int
compare_groups(const void *a, const void *b)
{
	const char *left = ((const WalsLabel *) a)->group;
	const char *right = ((const WalsLabel *) b)->group;

	if (left == NULL || right == NULL)
		return (left == NULL) - (right == NULL);
	return strcmp(left, right);
}

/* By points, then by name: the same picture for the same rows. */
static void
make_legend(int32 count, const WalsLabel *labels, Legend *legend)
{
	WalsLabel *sorted;
	int32 i;
	int32 end;

	memset(legend, 0, sizeof(*legend));
	if (labels == NULL)
		return;
	sorted = palloc(sizeof(WalsLabel) * Max(count, 1));
	memcpy(sorted, labels, sizeof(WalsLabel) * count);
	qsort(sorted, count, sizeof(WalsLabel), compare_groups);
	for (i = 0; i < count && sorted[i].group != NULL; i = end)
	{
		int at = legend->n;

		for (end = i + 1;
		     end < count && compare_groups(&sorted[i], &sorted[end]) == 0;)
			end++;
		while (at > 0 && legend->points[at - 1] < end - i)
			at--;
		if (at == COLOURS)
			continue;
		legend->n = Min(legend->n + 1, COLOURS);
		memmove(legend->group + at + 1, legend->group + at,
		        sizeof(char *) * (legend->n - at - 1));
		memmove(legend->points + at + 1, legend->points + at,
		        sizeof(int32) * (legend->n - at - 1));
		legend->group[at] = sorted[i].group;
		legend->points[at] = end - i;
	}
	legend->others = count;
	for (i = 0; i < legend->n; i++)
		legend->others -= legend->points[i];
}

/* A row of coloured dots with the names of the groups, as many as fit. */
static void
draw_legend(const WalsMapRequest *request, const Legend *legend, StringInfo svg)
{
	double x = 16;
	double y = request->height - LEGEND / 2.0 - 2;
	int i;

	for (i = 0; legend->n > 0 && i <= legend->n; i++)
	{
		bool others = i == legend->n;
		char *name = wals_text_shorten(others ? "other" : legend->group[i],
		                               LABEL_CHARACTERS);
		int32 points = others ? legend->others : legend->points[i];
		double width = 28 + LEGEND_COLUMN * wals_text_columns(name);

		if (points == 0 || x + width > request->width)
			continue;
		wals_svg_point(svg, x, y, 5, others ? WALS_SVG_INK : palette[i], 0.6,
		               psprintf("%s: %d items",
		                        others ? "other" : legend->group[i], points));
		wals_svg_label(svg, x + 9, y + 4, "start", name);
		x += width;
	}
}

static const char *
point_colour(const Legend *legend, const WalsLabel *labels, int32 i)
{
	int place;

	if (legend->n == 0)
		return WALS_SVG_COLOUR;
	place = group_place(legend, labels[i].group);
	return place < 0 ? WALS_SVG_INK : palette[place];
}

/* Labels beside points, or those over points, which get a rim to stand out. */
static void
draw_labels(int32 count, const WalsMapPoint *points, const WalsLabel *labels,
            const WcMark *marks, bool over, StringInfo svg)
{
	int32 i;

	appendStringInfo(
	    svg, "<g font-size=\"%d\"%s>\n", LABEL_FONT,
	    over ? " fill=\"#555\" stroke=\"#fff\" stroke-opacity=\"0.8\" "
	           "stroke-width=\"3\" paint-order=\"stroke\""
	         : "");
	for (i = 0; i < count; i++)
		if (marks[i].placed && marks[i].over == over)
			wals_svg_label(svg, (marks[i].box.left + marks[i].box.right) / 2,
			               marks[i].box.bottom - 3, "middle",
			               wals_text_shorten(point_name(&points[i], labels, i),
			                                 LABEL_CHARACTERS));
	appendStringInfoString(svg, "</g>\n");
}

static void
draw_points(const Legend *legend, int32 count, const WalsMapPoint *points,
            const WalsLabel *labels, const WcMark *marks, StringInfo svg)
{
	int32 i;

	for (i = 0; i < count; i++)
	{
		const char *name = point_name(&points[i], labels, i);
		char *id = TextDatumGetCString(points[i].id);
		const char *group = labels != NULL ? labels[i].group : NULL;
		StringInfoData text;

		initStringInfo(&text);
		appendStringInfoString(&text, name);
		if (strcmp(name, id) != 0)
			appendStringInfo(&text, " (%s)", id);
		appendStringInfo(&text, ": %s%s%d %s", group != NULL ? group : "",
		                 group != NULL ? ", " : "", points[i].likes,
		                 points[i].likes == 1 ? "like" : "likes");
		if (points[i].entries > points[i].likes)
			appendStringInfo(&text, " of %d entries", points[i].entries);
		wals_svg_point(svg, marks[i].x, marks[i].y, marks[i].radius,
		               point_colour(legend, labels, i), 0.6, text.data);
	}
	draw_labels(count, points, labels, marks, false, svg);
	draw_labels(count, points, labels, marks, true, svg);
}

/* Which of the points get their label drawn, and where. */
static void
place_labels(const WalsMapRequest *request, double bottom, int32 count,
             const WalsMapPoint *points, const WalsLabel *labels, WcMark *marks)
{
	WcBox frame = {4, HEADING - 8, request->width - 4, bottom - 4};
	WalsJob job;
	int32 i;

	wals_job_init(&job, CurrentMemoryContext, 0);
	for (i = 0; i < count; i++)
	{
		char *label = wals_text_shorten(point_name(&points[i], labels, i),
		                                LABEL_CHARACTERS);

		marks[i].width = COLUMN_WIDTH * wals_text_columns(label);
		marks[i].height = LABEL_FONT + 2;
		pfree(label);
	}
	wals_job_check(
	    &job, wc_map_labels(count, marks, &frame, LABELS_MAX, &wals_hooks));
}

/* Labels of the points with these ids. */
typedef struct LabelRead
{
	const WalsLabels *from;
	WalsIdType id_type;
	int32 count;
	const Datum *ids;
	WalsLabel *labels;
} LabelRead;

static void
read_labels(void *arg)
{
	const LabelRead *read = arg;

	wals_labels_read(read->from, read->id_type, read->count, read->ids,
	                 read->labels);
}

char *
wals_map_svg_run(const WalsMapRequest *request)
{
	MemoryContext caller = CurrentMemoryContext;
	WalsModel model;
	WalsMapPoint *points;
	Datum *ids;
	WcMark *marks;
	WalsLabel *labels = NULL;
	Legend legend;
	char *note;
	StringInfoData svg;
	char *result;
	double bottom;
	int32 count;

	wals_query_begin();
	wals_model_active(wals_model_resolve(request->model), &model);
	count = find_points(&model, request, CurrentMemoryContext, &points, &ids);
	if (OidIsValid(request->labels.relation))
	{
		LabelRead read = {&request->labels, model.item_type, count, ids, NULL};

		read.labels = labels = palloc(sizeof(WalsLabel) * Max(count, 1));
		wals_query_read_and_unlock(read_labels, &read);
	}
	marks = palloc0(sizeof(WcMark) * Max(count, 1));
	make_legend(count, labels, &legend);
	bottom = request->height - (legend.n > 0 ? LEGEND : 0);
	place_points(request, bottom, count, points, marks);
	place_labels(request, bottom, count, points, labels, marks);

	initStringInfo(&svg);
	note = psprintf("liked by the same users: close together; area: likes%s%s",
	                legend.n > 0 ? "; colour: " : "",
	                legend.n > 0 ? request->labels.color_col : "");
	wals_svg_begin(
	    &svg, request->width, request->height,
	    count > 0 ? psprintf("%s version %d: the %d items with most likes",
	                         get_rel_name(model.relation), model.version, count)
	              : psprintf("%s version %d: no items",
	                         get_rel_name(model.relation), model.version),
	    note);
	if (count > 0)
		draw_points(&legend, count, points, labels, marks, &svg);
	else
		wals_svg_label(&svg, request->width / 2.0, request->height / 2.0,
		               "middle", "There are no items to show.");
	draw_legend(request, &legend, &svg);
	wals_svg_end(&svg);
	result = MemoryContextStrdup(caller, svg.data);
	wals_query_end();
	return result;
}
