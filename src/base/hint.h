/*-------------------------------------------------------------------------
 *
 * hint.h
 *	  Hints with SQL that runs where it is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_HINT_H
#define WALS_BASE_HINT_H

/*
 * What to write before the name of one of our functions or views: nothing where
 * the extension's schema is on the search_path, else the schema, quoted, and a
 * point.  The result is palloc'd or constant.
 */
extern const char *wals_schema_prefix(void);

/* errhint, with that before each name of ours that is called or selected from. */
extern int wals_hint(const char *format, ...) pg_attribute_printf(1, 2);

#endif /* WALS_BASE_HINT_H */
