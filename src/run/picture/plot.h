/*-------------------------------------------------------------------------
 *
 * plot.h
 *	  Losses and metrics as pictures, of characters or as SVG.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_PLOT_H
#define WALS_RUN_PLOT_H

#include "base/args.h"

typedef enum WalsCharacters
{
	WALS_CHARACTERS_AUTO, /* what database and client can do */
	WALS_CHARACTERS_UNICODE,
	WALS_CHARACTERS_ASCII
} WalsCharacters;

extern const WalsChoice wals_characters_choices[];

typedef struct WalsPlotRequest
{
	Oid model; /* InvalidOid: the default */
	bool has_version; /* else the active one, or of a metric all */
	int32 version;
	const char *metric; /* NULL: the loss */
	int32 width; /* columns or pixels */
	int32 height; /* lines or pixels */
	WalsCharacters characters;
} WalsPlotRequest;

/* Lines of text, each with its end, or an SVG; allocated in the current context. */
extern char *wals_plot_text(const WalsPlotRequest *request);
extern char *wals_plot_svg(const WalsPlotRequest *request);

#endif /* WALS_RUN_PLOT_H */
