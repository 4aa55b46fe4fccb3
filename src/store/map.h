/*-------------------------------------------------------------------------
 *
 * map.h
 *	  Names for ids, out of a relation of the user's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_MAP_H
#define WALS_STORE_MAP_H

#include "store/relation.h"

/* Where labels stand. */
typedef struct WalsLabels
{
	Oid relation;
	const char *id_col;
	const char *label_col;
	const char *color_col; /* or NULL */
} WalsLabels;

/* What is known of an item; NULL: nothing. */
typedef struct WalsLabel
{
	char *name;
	char *group; /* of color_col */
} WalsLabel;

/* Characters of a label that are read at most. */
#define WALS_LABEL_MAX 200

/*
 * Read the labels of count distinct ids (datums of the type an id is stored
 * in), as the caller: result[i] is that of ids[i], the least of several, NULL
 * without one.  42703 for a column that is not there, 42804 when the ids are of
 * another type.
 */
extern void wals_labels_read(const WalsLabels *labels, WalsIdType id_type,
                             int32 count, const Datum *ids, WalsLabel *result);

#endif /* WALS_STORE_MAP_H */
