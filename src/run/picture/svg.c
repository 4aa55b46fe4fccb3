/*-------------------------------------------------------------------------
 *
 * svg.c
 *	  Pictures as text: the beginning and the end of an SVG, and its words.
 *
 * What we write is XML 1.0 in the encoding of the database, without a
 * declaration, because the server converts it for the client.  Colours are such
 * that they stand out on light and on dark pages; there is no background, no
 * script, no style sheet and nothing to fetch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "run/picture/svg.h"

/* Characters XML has no way to write: most controls, U+FFFE and U+FFFF. */
static bool
is_forbidden(const char *c, int length)
{
	unsigned char byte = (unsigned char) c[0];

	if (length == 1)
		return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
	return GetDatabaseEncoding() == PG_UTF8 && length == 3 && byte == 0xEF &&
	       (unsigned char) c[1] == 0xBF && (unsigned char) c[2] >= 0xBE;
}

/* Append text with everything in it that XML takes otherwise escaped. */
static void
append_text(StringInfo svg, const char *text)
{
	const char *c = text;

	while (*c != '\0')
	{
		int length = pg_mblen(c);

		if (*c == '&')
			appendStringInfoString(svg, "&amp;");
		else if (*c == '<')
			appendStringInfoString(svg, "&lt;");
		else if (*c == '>')
			appendStringInfoString(svg, "&gt;");
		else if (*c == '"')
			appendStringInfoString(svg, "&quot;");
		else if (*c == '\'')
			appendStringInfoString(svg, "&#39;");
		else if (is_forbidden(c, length))
			appendStringInfoChar(svg, '?');
		else
			appendBinaryStringInfo(svg, c, length);
		c += length;
	}
}

void
wals_svg_begin(StringInfo svg, int32 width, int32 height, const char *heading,
               const char *note)
{
	appendStringInfo(svg,
	                 "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	                 "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	                 "role=\"img\" font-family=\"system-ui, sans-serif\" "
	                 "font-size=\"%d\" fill=\"%s\">\n<title>",
	                 width, height, width, height, WALS_SVG_FONT, WALS_SVG_INK);
	append_text(svg, heading);
	appendStringInfoString(svg, "</title>\n<text x=\"12\" y=\"22\" "
	                            "font-size=\"14\" font-weight=\"bold\">");
	append_text(svg, wals_text_shorten(heading, (width - 24) / 8));
	appendStringInfoString(svg, "</text>\n");
	if (note != NULL)
		wals_svg_label(svg, 12, 38, "start",
		               wals_text_shorten(note, (width - 24) / 6));
}

void
wals_svg_end(StringInfo svg)
{
	appendStringInfoString(svg, "</svg>\n");
}

void
wals_svg_label(StringInfo svg, double x, double y, const char *anchor,
               const char *text)
{
	appendStringInfo(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x,
	                 y, anchor);
	append_text(svg, text);
	appendStringInfoString(svg, "</text>\n");
}

void
wals_svg_point(StringInfo svg, double x, double y, double radius,
               const char *colour, double opacity, const char *text)
{
	appendStringInfo(svg,
	                 "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" "
	                 "fill=\"%s\"",
	                 x, y, radius, colour);
	if (opacity < 1)
		appendStringInfo(svg, " fill-opacity=\"%.1f\"", opacity);
	appendStringInfoString(svg, "><title>");
	append_text(svg, text);
	appendStringInfoString(svg, "</title></circle>\n");
}

char *
wals_text_shorten(const char *text, int characters)
{
	int length = (int) strlen(text);

	if (pg_mbstrlen_with_len(text, length) <= characters)
		return pstrdup(text);
	return psprintf("%.*s...",
	                pg_mbcharcliplen(text, length, Max(characters - 3, 1)),
	                text);
}

int
wals_text_columns(const char *text)
{
	int columns = 0;

	while (*text != '\0')
	{
		columns += Max(pg_dsplen(text), 0);
		text += pg_mblen(text);
	}
	return columns;
}
