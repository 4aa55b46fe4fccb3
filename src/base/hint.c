/*-------------------------------------------------------------------------
 *
 * hint.c
 *	  Hints with SQL that runs where it is read.
 *
 * A hint is copied and run.  Where the extension is in a schema that is not on
 * the search_path, a bare wals_train(...) would be the next error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/hint.h"

#define STEM "wals_"
#define VIEW "wals_models"

/* Schema of the extension, invalid when it is not installed. */
static Oid
extension_namespace(void)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
	            F_NAMEEQ, CStringGetDatum("wals"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1,
	                          &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return result;
}

const char *
wals_schema_prefix(void)
{
	Oid schema = extension_namespace();
	List *path = fetch_search_path(true);
	bool found = list_member_oid(path, schema);
	char *name = OidIsValid(schema) ? get_namespace_name(schema) : NULL;

	list_free(path);
	if (found || name == NULL)
		return "";
	return psprintf("%s.", quote_identifier(name));
}

/* Begins a name of ours at this place of a text that begins at start? */
static bool
is_name(const char *start, const char *at)
{
	char before = at > start ? at[-1] : ' ';
	size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

	if (strncmp(at, STEM, strlen(STEM)) != 0 || before == '_' ||
	    before == '.' || before == '"' || isalnum((unsigned char) before))
		return false;
	/* tables of models may be called like anything: of relations only the view */
	return at[length] == '(' ||
	       (length == strlen(VIEW) && strncmp(at, VIEW, length) == 0);
}

int
wals_hint(const char *format, ...)
{
	StringInfoData text;
	StringInfoData hint;
	const char *prefix = wals_schema_prefix();
	const char *c;

	initStringInfo(&text);
	for (;;)
	{
		va_list arguments;
		int needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&text, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	initStringInfo(&hint);
	for (c = text.data; *c != '\0'; c++)
	{
		if (is_name(text.data, c))
			appendStringInfoString(&hint, prefix);
		appendStringInfoChar(&hint, *c);
	}
	return errhint("%s", hint.data);
}
