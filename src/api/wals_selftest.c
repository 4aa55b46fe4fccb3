/*-------------------------------------------------------------------------
 *
 * wals_selftest.c
 *	  SQL: wals_selftest(), for after an upgrade.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "run/measure/selftest.h"

PG_FUNCTION_INFO_V1(wals_selftest);

Datum
wals_selftest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WalsSelftestRow *rows;
	int count;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	count = wals_selftest_run(&rows);
	for (i = 0; i < count; i++)
	{
		Datum values[3];
		bool nulls[3] = {false};

		values[0] = CStringGetTextDatum(rows[i].name);
		values[1] = BoolGetDatum(rows[i].passed);
		values[2] = CStringGetTextDatum(rows[i].detail);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
