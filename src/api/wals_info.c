/*-------------------------------------------------------------------------
 *
 * wals_info.c
 *	  SQL: wals_info() for a bug report, wals_version().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/result.h"
#include "base/settings.h"
#include "core/core.h"

PG_FUNCTION_INFO_V1(wals_info);
PG_FUNCTION_INFO_V1(wals_version);

static void
put(WalsResult *result, const char *name, const char *value)
{
	wals_put_text(result, name);
	wals_put_text(result, value);
	wals_put_row(result);
}

Datum
wals_info(PG_FUNCTION_ARGS)
{
	static const char *const settings[] = {
	    "wals.default_model",    "wals.cache_mem",  "wals.cache_share",
	    "wals.cache_file_limit", "wals.max_memory", "wals.threads",
	    "wals.kernel",           "wals.dense"};
	WalsResult result;
	int i;

	wals_result_begin(fcinfo, &result);
	put(&result, "wals", WALS_VERSION);
	put(&result, "server", PG_VERSION_STR);
	put(&result, "kernel", wc_kernel_name(wals_kernel));
	put(&result, "dense", wals_dense_words());
	put(&result, "threads", psprintf("%d", wals_thread_count()));
	for (i = 0; i < (int) lengthof(settings); i++)
		put(&result, settings[i],
		    GetConfigOptionByName(settings[i], NULL, false));
	return (Datum) 0;
}

Datum
wals_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(WALS_VERSION));
}
