/*-------------------------------------------------------------------------
 *
 * wals_cache_info.c
 *	  SQL: wals_cache_info(), what this session keeps to answer from.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "store/cache.h"

PG_FUNCTION_INFO_V1(wals_cache_info);

Datum
wals_cache_info(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	wals_cache_list_rows((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
