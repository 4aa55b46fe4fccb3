/*-------------------------------------------------------------------------
 *
 * wals.c
 *	  The door: what the server calls when it loads the library.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/settings.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	wals_settings_define();
}
