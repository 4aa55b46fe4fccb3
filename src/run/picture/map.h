/*-------------------------------------------------------------------------
 *
 * map.h
 *	  Items in a plane: those that users like alike lie together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_MAP_H
#define WALS_RUN_MAP_H

#include "core/core.h"
#include "store/map.h"

typedef struct WalsMapRequest
{
	Oid model; /* InvalidOid: the default */
	int32 n; /* items, the most popular */
	Oid id_type; /* of wals_map_run: int8, text or uuid */
	/* of wals_map_svg_run */
	WalsLabels labels; /* without relation: the ids */
	int32 width; /* pixels */
	int32 height;
} WalsMapRequest;

typedef struct WalsMapPoint
{
	Datum id; /* of the caller's id type */
	float x;
	float y;
	int32 entries;
	int32 likes;
} WalsMapPoint;

/*
 * Coordinates of the most popular items, by descending likes, allocated
 * in the current context.  Items of no direction are left out.
 */
extern int32 wals_map_run(const WalsMapRequest *request, WalsMapPoint **result);

/* The same as an SVG. */
extern char *wals_map_svg_run(const WalsMapRequest *request);

#endif /* WALS_RUN_MAP_H */
