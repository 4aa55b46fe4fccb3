/*-------------------------------------------------------------------------
 *
 * wals_holdout.c
 *	  SQL: wals_holdout(user_id, item_id, fraction, seed), a split by hash.
 *
 * Strict and immutable: what it says about a pair never changes.  One C function
 * serves the overloads for bigint, text and uuid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/args.h"
#include "store/ids.h"

PG_FUNCTION_INFO_V1(wals_holdout);

static uint64
hash_argument(Oid type, Datum datum)
{
	WalsIdType id_type;
	WcId id;

	if (!wals_id_type_of(type, &id_type))
		elog(ERROR, "unexpected id type %u", type);
	id = wals_id_from_datum(type, datum);
	return wc_hash_id(wals_id_kind(id_type), &id);
}

Datum
wals_holdout(PG_FUNCTION_ARGS)
{
	double fraction = PG_GETARG_FLOAT8(2);
	Oid type = fcinfo->flinfo->fn_extra ? *(Oid *) fcinfo->flinfo->fn_extra
	                                    : InvalidOid;

	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("fraction must be between 0 and 1"),
		                errdetail("The value is %g.", fraction),
		                errhint("0.1 holds out one of ten rows.")));
	/* asked for every row: the type is looked up once per statement */
	if (!OidIsValid(type))
	{
		type = wals_arg_type(fcinfo, 0);
		fcinfo->flinfo->fn_extra =
		    MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Oid));
		*(Oid *) fcinfo->flinfo->fn_extra = type;
	}
	PG_RETURN_BOOL(wc_is_drawn(fraction, PG_GETARG_INT64(3),
	                           hash_argument(type, PG_GETARG_DATUM(0)),
	                           hash_argument(type, PG_GETARG_DATUM(1))));
}
