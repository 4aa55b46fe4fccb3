/*-------------------------------------------------------------------------
 *
 * fields.h
 *	  Fields of a version's row, as they stand there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_FIELDS_H
#define WALS_STORE_FIELDS_H

#include "store/query.h"

/* The columns that are read. */
typedef enum WalsField
{
	WALS_FIELD_VERSION,
	WALS_FIELD_VERSION_ID,
	WALS_FIELD_FORMAT,
	WALS_FIELD_USERS_TABLE,
	WALS_FIELD_ITEMS_TABLE,
	WALS_FIELD_SOURCE,
	WALS_FIELD_USER_COL,
	WALS_FIELD_ITEM_COL,
	WALS_FIELD_FEEDBACK,
	WALS_FIELD_FACTORS,
	WALS_FIELD_BIASES,
	WALS_FIELD_MEAN,
	WALS_FIELD_VALUE_COL,
	WALS_FIELD_ITEMS_ID,
	WALS_FIELD_SOURCE_NAME,
	WALS_FIELD_SOURCE_ID,
	WALS_FIELD_WEIGHT_COL,
	WALS_FIELD_TIME_COL,
	WALS_FIELD_OPTIONS,
	WALS_FIELD_TRAINED_AT,
	WALS_FIELD_N_ROWS,
	WALS_FIELD_N_USERS,
	WALS_FIELD_N_ITEMS,
	WALS_FIELD_ROW_WEIGHTS_ID,
	WALS_FIELD_COL_WEIGHTS_ID,
	WALS_FIELDS
} WalsField;

/* Who reads a row, and so which of them. */
typedef enum WalsFieldReader
{
	WALS_FIELDS_OF_MODEL = 1, /* store/model.h: to answer */
	WALS_FIELDS_OF_OBJECTIVE = 2, /* store/objective.h: to solve one more row */
	WALS_FIELDS_OF_RECORD = 4 /* store/record.h: to train again */
} WalsFieldReader;

/* The first of the rows, in the memory context of the call. */
typedef struct WalsFields
{
	MemoryContext context;
	WalsFieldReader reader;
	int n; /* columns that were read, and which */
	WalsField columns[WALS_FIELDS];
	uint64 count; /* rows */
	Datum values[WALS_FIELDS];
	bool nulls[WALS_FIELDS]; /* true also for what was not read */
} WalsFields;

/*
 * Read the row of a version, 0 meaning the active one, of which there may be
 * several.  Columns that models have since 0.2.0 only are NULL in older ones.
 * The caller has checked the right to SELECT.  Between wals_query_begin and
 * wals_query_end.
 */
extern void wals_fields_read(Oid relation, int32 version, WalsSnapshot snapshot,
                             WalsFieldReader reader, WalsFields *fields);

/* What the column is called. */
extern const char *wals_field_column(WalsField field);

/* A text, a name; NULL for NULL. */
extern char *wals_field_text(const WalsFields *fields, WalsField field);
extern char *wals_field_name(const WalsFields *fields, WalsField field);

#endif /* WALS_STORE_FIELDS_H */
