/*-------------------------------------------------------------------------
 *
 * plot.c
 *	  Losses and metrics as pictures, of characters or as SVG.
 *
 * Both are made of the same curve and axes (core/picture/axis.c).  A loss that falls by
 * a factor of 20 or more has a logarithmic axis; no axis begins at 0 unless the
 * numbers are near it, because what is looked for is the change.  A first iteration
 * that takes more than half of the fall is told, not drawn: beside it the others
 * would be a flat line.
 *
 * Of characters: a point is drawn at the nearest place, dots lead to the next.
 * An SVG has the number of each point as a text under the pointer, bars for the
 * 95 % interval of a metric, and what popularity achieves as a dashed line.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "run/picture/plot.h"
#include "run/picture/svg.h"
#include "store/model.h"
#include "store/plot.h"
#include "store/query.h"

#define LABEL_BYTES 32
#define BAR 1.96 /* standard errors to either side: 95 % */
#define DRAWN_LEAST 3 /* iterations, for the first one to be left out */
#define POPULARITY "popularity"

const WalsChoice wals_characters_choices[] = {
    {"auto", WALS_CHARACTERS_AUTO},
    {"unicode", WALS_CHARACTERS_UNICODE},
    {"ascii", WALS_CHARACTERS_ASCII},
    {NULL, 0}};

/* What is drawn, whatever with. */
typedef struct Plot
{
	WalsCurve curve;
	char *heading;
	char *note; /* a line below it, or NULL */
	bool skips; /* the curve's first number lies before its arrays */
	bool has_baseline;
	const char *x_name;
	const char *y_name;
	WcAxis x;
	WcAxis y;
} Plot;

/* The curve without its first iteration, if that would squash the others. */
static void
leave_out_first(Plot *plot, int ticks)
{
	WalsCurve *curve = &plot->curve;
	double least = INFINITY;
	int32 i;

	for (i = 0; i < curve->count; i++)
		least = fmin(least, curve->y[i]);
	if (plot->y.is_log || curve->count < DRAWN_LEAST + 1 || curve->x[0] != 1 ||
	    !(curve->y[0] / 2 - curve->y[1] / 2 > curve->y[0] / 4 - least / 4))
		return;
	plot->skips = true;
	plot->note = psprintf("iteration 1: %.4g, above the picture", curve->y[0]);
	curve->x++;
	curve->y++;
	curve->seconds++;
	curve->error++;
	curve->baseline++;
	curve->count--;
	wc_axis_make(WC_AXIS_LOG, curve->count, curve->y, ticks, &plot->y);
}

/* An axis for the numbers, their bars and the baseline. */
static void
measure_metric(Plot *plot, int ticks)
{
	WalsCurve *curve = &plot->curve;
	double *all = palloc(sizeof(double) * 4 * Max(curve->count, 1));
	int32 n = 0;
	int32 i;
	bool has_bars = false;

	for (i = 0; i < curve->count; i++)
	{
		all[n++] = curve->y[i];
		if (!isnan(curve->error[i]) && fabs(curve->y[i]) <= WC_AXIS_LIMIT / 4)
		{
			all[n++] = curve->y[i] - BAR * curve->error[i];
			all[n++] = curve->y[i] + BAR * curve->error[i];
			has_bars = true;
		}
		else
			curve->error[i] = NAN;
		if (!isnan(curve->baseline[i]))
		{
			all[n++] = curve->baseline[i];
			plot->has_baseline = true;
		}
	}
	wc_axis_make(WC_AXIS_NUMBERS, n, all, ticks, &plot->y);
	if (has_bars || plot->has_baseline)
		plot->note = psprintf("%s%s%s", has_bars ? "bars: 95 % intervals" : "",
		                      has_bars && plot->has_baseline ? "; " : "",
		                      plot->has_baseline ? "dashes: " POPULARITY : "");
}

/* Read what the request asks for. */
static void
open_plot(const WalsPlotRequest *request, int x_ticks, int y_ticks, Plot *plot)
{
	WalsCurve *curve = &plot->curve;
	Oid model;
	char *name;

	model = wals_model_resolve(request->model);
	name = get_rel_name(model);
	plot->y_name = request->metric != NULL ? request->metric : "loss";
	if (request->metric == NULL)
	{
		wals_curve_losses(
		    model, request->has_version ? &request->version : NULL, curve);
		plot->x_name = "iteration";
	}
	else if (!request->has_version)
	{
		wals_curve_versions(model, request->metric, curve);
		plot->x_name = "version";
	}
	else
	{
		wals_curve_cuts(model, request->version, request->metric, curve);
		plot->x_name = "k";
	}
	plot->heading =
	    curve->version > 0
	        ? psprintf("%s: %s version %d", plot->y_name, name, curve->version)
	        : psprintf("%s: %s", plot->y_name, name);
	plot->note = NULL;
	plot->skips = false;
	plot->has_baseline = false;
	if (request->metric != NULL)
		measure_metric(plot, y_ticks);
	else
	{
		wc_axis_make(WC_AXIS_LOG, curve->count, curve->y, y_ticks, &plot->y);
		leave_out_first(plot, y_ticks);
	}
	wc_axis_make(WC_AXIS_COUNTS, curve->count, curve->x, x_ticks, &plot->x);
}

/* What stands where nothing can be drawn. */
static const char *
nothing_to_show(const WalsPlotRequest *request)
{
	return request->metric == NULL
	           ? "There are no numbers to show."
	           : psprintf(
	                 "There is no %s yet: %swals_set_metrics() attaches it "
	                 "to a version.",
	                 request->metric, wals_schema_prefix());
}

/* ------------------------------------------------------------------------
 * Of characters
 * ------------------------------------------------------------------------ */

/* Box drawing as in psql's linestyle unicode, or what a typewriter has. */
typedef struct Pens
{
	const char *point;
	const char *way;
	const char *dash; /* of the baseline */
	const char *side;
	const char *side_tick;
	const char *corner;
	const char *bottom;
	const char *bottom_tick;
} Pens;

static const Pens unicode_pens = {
    "\xE2\x80\xA2", /* bullet */
    "\xC2\xB7", /* middle dot */
    "\xE2\x95\x8C", /* dashes */
    "\xE2\x94\x82", /* vertical */
    "\xE2\x94\xA4", /* vertical and left */
    "\xE2\x94\x94", /* up and right */
    "\xE2\x94\x80", /* horizontal */
    "\xE2\x94\xAC" /* down and horizontal */
};

static const Pens ascii_pens = {"o", ".", "-", "|", "+", "+", "-", "+"};

static const Pens *
choose_pens(WalsCharacters characters)
{
	bool utf8 = GetDatabaseEncoding() == PG_UTF8;

	if (characters == WALS_CHARACTERS_UNICODE && !utf8)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("the database has no such characters"),
		         errdetail("Its encoding is %s.", GetDatabaseEncodingName()),
		         errhint("Use characters => 'ascii'.")));
	if (characters == WALS_CHARACTERS_AUTO)
		utf8 = utf8 && pg_get_client_encoding() == PG_UTF8;
	return characters == WALS_CHARACTERS_ASCII || !utf8 ? &ascii_pens
	                                                    : &unicode_pens;
}

static void
end_line(StringInfo text, StringInfo line)
{
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->data[--line->len] = '\0';
	appendStringInfo(text, "%s\n", line->data);
	resetStringInfo(line);
}

/* Names may hold anything, also what moves a terminal's cursor. */
static void
append_name(StringInfo line, const char *name)
{
	while (*name != '\0')
	{
		int length = pg_mblen(name);

		if (length == 1 && ((unsigned char) *name < 0x20 || *name == 0x7F))
			appendStringInfoChar(line, '?');
		else if (pg_dsplen(name) < 0)
			appendStringInfoChar(line, '?');
		else
			appendBinaryStringInfo(line, name, length);
		name += length;
	}
}

static int32
cell_of(const WcAxis *axis, double number, int32 cells)
{
	double place = wc_axis_place(axis, number) * (cells - 1);

	return (int32) floor(Max(0, Min(place, cells - 1)) + 0.5);
}

/* Points of numbers and the ways between them; NaN: no point. */
static void
draw_numbers(const Plot *plot, const double *number, char point, char way,
             int32 width, int32 height, char *cells)
{
	const WalsCurve *curve = &plot->curve;
	int32 last_column = -1;
	int32 last_row = 0;
	int32 i;

	for (i = 0; i < curve->count; i++)
	{
		int32 column = cell_of(&plot->x, curve->x[i], width);
		int32 row;
		int32 c;

		if (isnan(number[i]))
			continue;
		row = height - 1 - cell_of(&plot->y, number[i], height);
		for (c = last_column + 1; last_column >= 0 && c < column; c++)
		{
			double part = (double) (c - last_column) / (column - last_column);
			int32 r = (int32) floor(last_row + part * (row - last_row) + 0.5);

			if (cells[r * width + c] != point)
				cells[r * width + c] = way;
		}
		cells[row * width + column] = point;
		last_column = column;
		last_row = row;
	}
}

/* The picture, row by row from above: ' ', and '-', '.' and 'o' in it. */
static char *
draw_cells(const Plot *plot, int32 width, int32 height)
{
	char *cells = palloc(width * height);

	memset(cells, ' ', width * height);
	if (plot->has_baseline)
		draw_numbers(plot, plot->curve.baseline, '-', '-', width, height,
		             cells);
	draw_numbers(plot, plot->curve.y, 'o', '.', width, height, cells);
	return cells;
}

/* The tick that belongs to a row, -1 if none. */
static int
tick_of_row(const WcAxis *axis, int32 row, int32 height)
{
	int i;

	for (i = 0; i < axis->n_ticks; i++)
		if (height - 1 - cell_of(axis, axis->tick[i], height) == row)
			return i;
	return -1;
}

/* The line below the cells, and the numbers below it. */
static void
put_bottom(const Plot *plot, const Pens *pens, int32 margin, int32 width,
           StringInfo line, StringInfo text)
{
	char *ticks = palloc0(width + 1);
	char label[LABEL_BYTES];
	int32 free_from = 0;
	int32 c;
	int i;

	for (i = 0; i < plot->x.n_ticks; i++)
		ticks[cell_of(&plot->x, plot->x.tick[i], width)] = 1;
	appendStringInfo(line, "%*s %s", margin, "", pens->corner);
	for (c = 0; c < width; c++)
		appendStringInfoString(line,
		                       ticks[c] ? pens->bottom_tick : pens->bottom);
	end_line(text, line);

	appendStringInfoSpaces(line, margin + 2 + width + LABEL_BYTES);
	for (i = 0; i < plot->x.n_ticks; i++)
	{
		int32 length;
		int32 at;

		wc_axis_label(&plot->x, plot->x.tick[i], sizeof(label), label);
		length = (int32) strlen(label);
		at = margin + 2 + cell_of(&plot->x, plot->x.tick[i], width) -
		     (length - 1) / 2;
		if (at < free_from)
			continue;
		memcpy(line->data + at, label, length);
		free_from = at + length + 1;
	}
	end_line(text, line);
	appendStringInfo(line, "%*s%s",
	                 margin + 2 + (width - (int32) strlen(plot->x_name)) / 2,
	                 "", plot->x_name);
	end_line(text, line);
}

char *
wals_plot_text(const WalsPlotRequest *request)
{
	const Pens *pens = choose_pens(request->characters);
	StringInfoData text;
	StringInfoData line;
	Plot plot;
	char label[LABEL_BYTES];
	char *cells;
	int32 margin = 0;
	int32 width;
	int32 height = request->height;
	int32 row;
	int32 c;
	int i;

	initStringInfo(&text);
	initStringInfo(&line);
	wals_query_begin();
	open_plot(request, Min(Max(request->width / 10, 2), 10),
	          Min(Max(height / 3, 2), 8), &plot);
	append_name(&line, plot.heading);
	end_line(&text, &line);
	if (plot.skips || plot.has_baseline)
	{
		appendStringInfoString(&line,
		                       plot.skips ? plot.note : "dashes: " POPULARITY);
		end_line(&text, &line);
	}
	if (plot.curve.count == 0)
	{
		append_name(&line, nothing_to_show(request));
		end_line(&text, &line);
		wals_query_end();
		return text.data;
	}
	for (i = 0; i < plot.y.n_ticks; i++)
	{
		wc_axis_label(&plot.y, plot.y.tick[i], sizeof(label), label);
		margin = Max(margin, (int32) strlen(label));
	}
	width = Max(request->width - margin - 2, 10);
	cells = draw_cells(&plot, width, height);
	for (row = 0; row < height; row++)
	{
		int tick = tick_of_row(&plot.y, row, height);

		label[0] = '\0';
		if (tick >= 0)
			wc_axis_label(&plot.y, plot.y.tick[tick], sizeof(label), label);
		appendStringInfo(&line, "%*s %s", margin, label,
		                 tick >= 0 ? pens->side_tick : pens->side);
		for (c = 0; c < width; c++)
		{
			char cell = cells[row * width + c];

			appendStringInfoString(&line, cell == 'o'   ? pens->point
			                              : cell == '.' ? pens->way
			                              : cell == '-' ? pens->dash
			                                            : " ");
		}
		end_line(&text, &line);
	}
	put_bottom(&plot, pens, margin, width, &line, &text);
	wals_query_end();
	return text.data;
}

/* ------------------------------------------------------------------------
 * As SVG
 * ------------------------------------------------------------------------ */

/* Where the axes are, in pixels. */
typedef struct Frame
{
	double left;
	double right;
	double top;
	double bottom;
} Frame;

static double
pixel_x(const Plot *plot, const Frame *frame, double number)
{
	return frame->left +
	       wc_axis_place(&plot->x, number) * (frame->right - frame->left);
}

static double
pixel_y(const Plot *plot, const Frame *frame, double number)
{
	return frame->bottom -
	       wc_axis_place(&plot->y, number) * (frame->bottom - frame->top);
}

static void
draw_line(StringInfo svg, double x1, double y1, double x2, double y2)
{
	appendStringInfo(
	    svg, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1,
	    y1, x2, y2);
}

/* Lines across for the ticks of y, short ones down for those of x. */
static void
draw_axes(const Plot *plot, const Frame *frame, StringInfo svg)
{
	char label[LABEL_BYTES];
	int i;

	appendStringInfoString(svg, "<g stroke=\"" WALS_SVG_INK
	                            "\" stroke-opacity=\"0.35\">\n");
	for (i = 0; i < plot->y.n_ticks; i++)
	{
		double y = pixel_y(plot, frame, plot->y.tick[i]);

		draw_line(svg, frame->left - 8, y, frame->right + 8, y);
	}
	for (i = 0; i < plot->x.n_ticks; i++)
	{
		double x = pixel_x(plot, frame, plot->x.tick[i]);

		draw_line(svg, x, frame->bottom + 4, x, frame->bottom + 9);
	}
	appendStringInfoString(svg, "</g>\n");
	for (i = 0; i < plot->y.n_ticks; i++)
	{
		wc_axis_label(&plot->y, plot->y.tick[i], sizeof(label), label);
		wals_svg_label(svg, frame->left - 12,
		               pixel_y(plot, frame, plot->y.tick[i]) + 4, "end", label);
	}
	for (i = 0; i < plot->x.n_ticks; i++)
	{
		wc_axis_label(&plot->x, plot->x.tick[i], sizeof(label), label);
		wals_svg_label(svg, pixel_x(plot, frame, plot->x.tick[i]),
		               frame->bottom + 22, "middle", label);
	}
	wals_svg_label(svg, (frame->left + frame->right) / 2, frame->bottom + 40,
	               "middle", plot->x_name);
}

/* "iteration 3: loss 1234.5, -1.5 %, 0.25 s" */
static char *
point_text(const Plot *plot, int32 i)
{
	const WalsCurve *curve = &plot->curve;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %.0f: %s %.6g", plot->x_name, curve->x[i],
	                 plot->y_name, curve->y[i]);
	if (isfinite(curve->error[i]))
		appendStringInfo(&text, " +- %.2g", BAR * curve->error[i]);
	if (isfinite(curve->baseline[i]))
		appendStringInfo(&text, ", " POPULARITY " %.4g", curve->baseline[i]);
	if ((i > 0 || plot->skips) && curve->y[i - 1] != 0 &&
	    fabs(curve->y[i - 1]) > 1e-200 && fabs(curve->y[i]) < 1e200)
		appendStringInfo(&text, ", %+.3g %%",
		                 100 * (curve->y[i] - curve->y[i - 1]) /
		                     fabs(curve->y[i - 1]));
	if (isfinite(curve->seconds[i]))
		appendStringInfo(&text, ", %.3g s", curve->seconds[i]);
	return text.data;
}

/* What popularity achieves, and the intervals of the numbers. */
static void
draw_beside(const Plot *plot, const Frame *frame, StringInfo svg)
{
	const WalsCurve *curve = &plot->curve;
	int32 last = -1;
	int32 i;

	if (plot->has_baseline)
	{
		appendStringInfoString(svg,
		                       "<polyline fill=\"none\" stroke=\"" WALS_SVG_INK
		                       "\" stroke-width=\"1.5\" "
		                       "stroke-dasharray=\"6 4\" points=\"");
		for (i = 0; i < curve->count; i++)
		{
			if (isnan(curve->baseline[i]))
				continue;
			if (last < 0)
				appendStringInfo(svg, "%.1f,%.1f",
				                 curve->count > 1
				                     ? pixel_x(plot, frame, curve->x[i])
				                     : frame->left,
				                 pixel_y(plot, frame, curve->baseline[i]));
			last = i;
			appendStringInfo(svg, " %.1f,%.1f",
			                 curve->count > 1
			                     ? pixel_x(plot, frame, curve->x[i])
			                     : frame->right,
			                 pixel_y(plot, frame, curve->baseline[i]));
		}
		appendStringInfoString(svg, "\"/>\n");
		wals_svg_label(svg, frame->right,
		               pixel_y(plot, frame, curve->baseline[last]) +
		                   (curve->baseline[last] < curve->y[last] ? 15 : -5),
		               "end", POPULARITY);
	}
	appendStringInfoString(svg, "<g stroke=\"" WALS_SVG_COLOUR
	                            "\" stroke-opacity=\"0.6\">\n");
	for (i = 0; i < curve->count; i++)
	{
		double x = pixel_x(plot, frame, curve->x[i]);
		double low = pixel_y(plot, frame, curve->y[i] - BAR * curve->error[i]);
		double high = pixel_y(plot, frame, curve->y[i] + BAR * curve->error[i]);

		if (isnan(curve->error[i]))
			continue;
		draw_line(svg, x, low, x, high);
		draw_line(svg, x - 4, low, x + 4, low);
		draw_line(svg, x - 4, high, x + 4, high);
	}
	appendStringInfoString(svg, "</g>\n");
}

static void
draw_curve(const Plot *plot, const Frame *frame, StringInfo svg)
{
	const WalsCurve *curve = &plot->curve;
	int32 i;

	appendStringInfoString(svg,
	                       "<polyline fill=\"none\" stroke=\"" WALS_SVG_COLOUR
	                       "\" stroke-width=\"2\" "
	                       "stroke-linejoin=\"round\" points=\"");
	for (i = 0; i < curve->count; i++)
		appendStringInfo(svg, "%s%.1f,%.1f", i > 0 ? " " : "",
		                 pixel_x(plot, frame, curve->x[i]),
		                 pixel_y(plot, frame, curve->y[i]));
	appendStringInfoString(svg, "\"/>\n");
	for (i = 0; i < curve->count; i++)
		wals_svg_point(svg, pixel_x(plot, frame, curve->x[i]),
		               pixel_y(plot, frame, curve->y[i]),
		               curve->count > 100 ? 2 : 4, WALS_SVG_COLOUR, 1,
		               point_text(plot, i));
}

char *
wals_plot_svg(const WalsPlotRequest *request)
{
	MemoryContext caller = CurrentMemoryContext;
	StringInfoData svg;
	Plot plot;
	Frame frame;
	char label[LABEL_BYTES];
	int32 longest = 0;
	char *result;
	int i;

	wals_query_begin();
	open_plot(request, Min(Max(request->width / 60, 2), 10),
	          Min(Max(request->height / 60, 2), 8), &plot);
	for (i = 0; i < plot.y.n_ticks; i++)
	{
		wc_axis_label(&plot.y, plot.y.tick[i], sizeof(label), label);
		longest = Max(longest, (int32) strlen(label));
	}
	frame.left = 28 + 7 * longest;
	frame.right = request->width - 24;
	frame.top = WALS_SVG_HEAD + (plot.note != NULL ? 10 : 0);
	frame.bottom = request->height - 52;

	initStringInfo(&svg);
	wals_svg_begin(&svg, request->width, request->height, plot.heading,
	               plot.note);
	if (plot.curve.count > 0)
	{
		draw_axes(&plot, &frame, &svg);
		if (request->metric != NULL)
			draw_beside(&plot, &frame, &svg);
		draw_curve(&plot, &frame, &svg);
	}
	else
		wals_svg_label(&svg, request->width / 2.0, request->height / 2.0,
		               "middle", nothing_to_show(request));
	wals_svg_end(&svg);
	result = MemoryContextStrdup(caller, svg.data);
	wals_query_end();
	return result;
}
