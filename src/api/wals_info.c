/*-------------------------------------------------------------------------
 *
 * wals_info.c
 *	  SQL: wals_info() for a bug report, wals_version().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

#include "base/settings.h"
#include "core/core.h"

PG_FUNCTION_INFO_V1(wals_info);
PG_FUNCTION_INFO_V1(wals_version);

static void
put(ReturnSetInfo *result, const char *name, const char *value)
{
	Datum values[2];
	bool nulls[2] = {false};

	values[0] = CStringGetTextDatum(name);
	values[1] = CStringGetTextDatum(value);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
wals_info(PG_FUNCTION_ARGS)
{
	static const char *const settings[] = {
	    "wals.default_model",    "wals.cache_mem",  "wals.cache_share",
	    "wals.cache_file_limit", "wals.max_memory", "wals.threads",
	    "wals.kernel",           "wals.dense"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	put(result, "wals", WALS_VERSION);
	put(result, "server", PG_VERSION_STR);
	put(result, "kernel", wc_kernel_name(wals_kernel));
	put(result, "dense", wals_dense_words());
	put(result, "threads", psprintf("%d", wals_thread_count()));
	for (i = 0; i < (int) lengthof(settings); i++)
	{
		const char *value = GetConfigOptionByName(settings[i], NULL, false);

		put(result, settings[i], value);
	}
	return (Datum) 0;
}

Datum
wals_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(WALS_VERSION));
}
