/*-------------------------------------------------------------------------
 *
 * svg.h
 *	  Pictures as text: the beginning and the end of an SVG, and its words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SVG_H
#define WALS_RUN_SVG_H

#include "lib/stringinfo.h"

/* Legible on white and on black. */
#define WALS_SVG_INK "#767676"
#define WALS_SVG_COLOUR "#2f81c7"

#define WALS_SVG_FONT 12 /* pixels */

/* Where a picture may begin, below its heading and the note. */
#define WALS_SVG_HEAD 44

/*
 * heading is for the eye and for programs that read pictures aloud; note is a
 * line below it, NULL for none.
 */
extern void wals_svg_begin(StringInfo svg, int32 width, int32 height,
                           const char *heading, const char *note);
extern void wals_svg_end(StringInfo svg);

/* A <text>; anchor is start, middle or end. */
extern void wals_svg_label(StringInfo svg, double x, double y,
                           const char *anchor, const char *text);

/* A circle with a text that appears under the pointer. */
extern void wals_svg_point(StringInfo svg, double x, double y, double radius,
                           const char *colour, double opacity,
                           const char *text);

/* The text, or its beginning and "..." where it has more characters. */
extern char *wals_text_shorten(const char *text, int characters);

/* Columns the text takes in a terminal. */
extern int wals_text_columns(const char *text);

#endif /* WALS_RUN_SVG_H */
