/*-------------------------------------------------------------------------
 *
 * carriers.c
 *	  Triggers that may be guards, by the token they carry.
 *
 * No index of the catalog finds them, and who asks for each of a thousand models
 * would read those of all models a thousand times.  So they are kept until the
 * server tells that a relation has changed, whichever it is: then they are read
 * again.  Whether one is a guard is for store/guard.c to see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "store/guard.h"
#include "store/query.h"
#include "store/relation.h"

typedef struct Carrier
{
	char token[WALS_TOKEN_SIZE];
	Oid table;
} Carrier;

static Carrier *carriers = NULL;
static int n_carriers = 0;
static bool carriers_valid = false;

static void
forget_carriers(Datum arg, Oid relation)
{
	carriers_valid = false;
}

/* By token, then by OID. */
static int
compare_carriers(const void *left, const void *right)
{
	const Carrier *a = left;
	const Carrier *b = right;
	int order = strcmp(a->token, b->token);

	if (order != 0)
		return order;
	return (a->table > b->table) - (a->table < b->table);
}

static void
read_carriers(void)
{
	static bool registered = false;
	Oid types[1] = {OIDOID};
	Datum values[1] = {
	    ObjectIdGetDatum(wals_extension_function(WALS_GUARD_FUNCTION))};
	uint64 n;
	uint64 i;

	if (!registered)
		CacheRegisterRelcacheCallback(forget_carriers, (Datum) 0);
	registered = true;
	AcceptInvalidationMessages();
	if (carriers_valid)
		return;
	if (carriers != NULL)
		pfree(carriers);
	carriers = NULL;
	n_carriers = 0;
	carriers_valid = true; /* unless something changes meanwhile */
	n = wals_query_run("SELECT tgrelid, tgargs FROM pg_catalog.pg_trigger "
	                   "WHERE tgfoid OPERATOR(pg_catalog.=) $1",
	                   1, types, values, NULL, WALS_READ_FRESH);
	carriers = MemoryContextAllocExtended(CacheMemoryContext,
	                                      mul_size(sizeof(Carrier), n + 1),
	                                      MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (i = 0; i < n; i++)
	{
		bool is_null;
		bytea *arguments;

		carriers[i].table =
		    DatumGetObjectId(wals_query_value(i, 1, OIDOID, &is_null));
		/* each ends with a zero byte */
		arguments = DatumGetByteaPP(wals_query_value(i, 2, BYTEAOID, &is_null));
		memcpy(carriers[i].token, VARDATA_ANY(arguments),
		       Min(VARSIZE_ANY_EXHDR(arguments), WALS_TOKEN_SIZE - 1));
	}
	n_carriers = (int) n;
	qsort(carriers, n, sizeof(Carrier), compare_carriers);
}

/* The place of the first carrier of a token, or of what comes after it. */
static int
find_carrier(const char *token)
{
	int low = 0;
	int high = n_carriers;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (strcmp(carriers[middle].token, token) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

List *
wals_guard_candidates(const char *token)
{
	List *result = NIL;
	int i;

	read_carriers();
	for (i = find_carrier(token);
	     i < n_carriers && strcmp(carriers[i].token, token) == 0; i++)
		result = lappend_oid(result, carriers[i].table);
	return result;
}
