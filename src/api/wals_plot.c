/*-------------------------------------------------------------------------
 *
 * wals_plot.c
 *	  SQL: wals_loss_plot, wals_loss_svg, wals_metric_plot, wals_metric_svg.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/args.h"
#include "base/result.h"
#include "run/picture/plot.h"

PG_FUNCTION_INFO_V1(wals_loss_plot);
PG_FUNCTION_INFO_V1(wals_loss_svg);
PG_FUNCTION_INFO_V1(wals_metric_plot);
PG_FUNCTION_INFO_V1(wals_metric_svg);

/* Of characters: columns and lines; as SVG: pixels. */
static const int32 text_sizes[2][3] = {{40, 72, 400}, {5, 12, 100}};
static const int32 svg_sizes[2][3] = {{200, 640, 4000}, {150, 360, 4000}};

static int32
size_argument(FunctionCallInfo fcinfo, int arg, const int32 sizes[3])
{
	return wals_arg_within(fcinfo, arg, sizes[0], sizes[2], sizes[1]);
}

/* The arguments from the model on, which is at first. */
static void
read_request(FunctionCallInfo fcinfo, int first, const int32 sizes[2][3],
             WalsPlotRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->model = wals_arg_oid(fcinfo, first);
	request->has_version = !PG_ARGISNULL(first + 1);
	request->version = wals_arg_int32(fcinfo, first + 1, 0);
	request->width = size_argument(fcinfo, first + 2, sizes[0]);
	request->height = size_argument(fcinfo, first + 3, sizes[1]);
}

static const char *
metric_argument(FunctionCallInfo fcinfo)
{
	wals_arg_required(fcinfo, 0, "metric",
	                  "Name one that wals_set_metrics() has attached to "
	                  "versions, for example 'ndcg@10'.");
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

static Datum
plot_text(FunctionCallInfo fcinfo, int first, const char *metric)
{
	WalsPlotRequest request;
	WalsResult result;
	char *line;
	char *end;

	wals_result_begin(fcinfo, &result);
	read_request(fcinfo, first, text_sizes, &request);
	request.metric = metric;
	request.characters =
	    wals_arg_choice(fcinfo, first + 4, "characters",
	                    wals_characters_choices, WALS_CHARACTERS_AUTO);
	for (line = wals_plot_text(&request); *line != '\0'; line = end + 1)
	{
		end = strchr(line, '\n');
		*end = '\0';
		wals_put_text(&result, line);
		wals_put_row(&result);
	}
	return (Datum) 0;
}

static Datum
plot_svg(FunctionCallInfo fcinfo, int first, const char *metric)
{
	WalsPlotRequest request;

	read_request(fcinfo, first, svg_sizes, &request);
	request.metric = metric;
	return CStringGetTextDatum(wals_plot_svg(&request));
}

Datum
wals_loss_plot(PG_FUNCTION_ARGS)
{
	return plot_text(fcinfo, 0, NULL);
}

Datum
wals_loss_svg(PG_FUNCTION_ARGS)
{
	return plot_svg(fcinfo, 0, NULL);
}

Datum
wals_metric_plot(PG_FUNCTION_ARGS)
{
	return plot_text(fcinfo, 1, metric_argument(fcinfo));
}

Datum
wals_metric_svg(PG_FUNCTION_ARGS)
{
	return plot_svg(fcinfo, 1, metric_argument(fcinfo));
}
