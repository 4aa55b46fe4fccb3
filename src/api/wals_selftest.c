/*-------------------------------------------------------------------------
 *
 * wals_selftest.c
 *	  SQL: wals_selftest(), for after an upgrade.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/result.h"
#include "run/measure/selftest.h"

PG_FUNCTION_INFO_V1(wals_selftest);

Datum
wals_selftest(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsSelftestRow *rows;
	int count;
	int i;

	wals_result_begin(fcinfo, &result);
	count = wals_selftest_run(&rows);
	for (i = 0; i < count; i++)
	{
		wals_put_text(&result, rows[i].name);
		wals_put_bool(&result, rows[i].passed);
		wals_put_text(&result, rows[i].detail);
		wals_put_row(&result);
	}
	return (Datum) 0;
}
