/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Define the wals.* settings and reserve their prefix, so that a misspelt
 *	  name is an error and not a silent placeholder.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/settings.h"

char *wals_default_model = NULL;
int wals_cache_mem = 256 * 1024;
int wals_max_memory = 4 * 1024 * 1024;
char *wals_blas_library = NULL;

/* A model's name is checked where it is set, not in every later call. */
static bool
check_default_model(char **value, void **extra, GucSource source)
{
	List *names = NIL;
	bool valid;

	if (**value == '\0')
		return true;
	valid = SplitIdentifierString(pstrdup(*value), '.', &names) &&
	        list_length(names) <= 3;
	list_free(names);
	if (!valid)
		GUC_check_errdetail("It must be the name of a table, with or without "
		                    "its schema.");
	return valid;
}

void
wals_settings_define(void)
{
	DefineCustomStringVariable(
	    "wals.default_model", "Model that functions use when none is named.",
	    "A table name, qualified or found through search_path. "
	    "Empty: the model marked with wals_set_default, else the "
	    "only model owned by a role the caller belongs to.",
	    &wals_default_model, "", PGC_USERSET, 0, check_default_model, NULL,
	    NULL);

	DefineCustomIntVariable(
	    "wals.cache_mem", "Memory a session may use to keep item factors.",
	    "Models that do not fit are read again by each call.", &wals_cache_mem,
	    256 * 1024, 1024, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB, NULL, NULL,
	    NULL);

	DefineCustomIntVariable(
	    "wals.max_memory", "Memory a training may use.",
	    "A training whose estimate is higher stops with an error "
	    "before it allocates. 0 means no limit.",
	    &wals_max_memory, 4 * 1024 * 1024, 0, MAX_KILOBYTES, PGC_USERSET,
	    GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomStringVariable(
	    "wals.blas_library", "File name or path of the OpenBLAS library.",
	    "Empty: libopenblas.so.0, then libopenblas.so. Read when "
	    "a session first computes.",
	    &wals_blas_library, "", PGC_SUSET, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved("wals");
}
