/*-------------------------------------------------------------------------
 *
 * result.h
 *	  Rows that a function of SQL returns; for api only.
 *
 * A row is put value by value, in the order of the declared columns.  What the
 * script that declared the function has no column for is left out: the library
 * serves older scripts, too.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_RESULT_H
#define WALS_BASE_RESULT_H

#include "fmgr.h"
#include "nodes/execnodes.h"

#define WALS_RESULT_COLUMNS 16

typedef struct WalsResult
{
	ReturnSetInfo *set;
	int n; /* values of the row that is not put yet */
	Datum values[WALS_RESULT_COLUMNS];
	bool nulls[WALS_RESULT_COLUMNS];
} WalsResult;

/* No rows; the function returns (Datum) 0 when it has put all. */
extern void wals_result_begin(FunctionCallInfo fcinfo, WalsResult *result);

/* The declared type of the first column tells the sisters of a verb apart. */
extern Oid wals_result_id_type(const WalsResult *result);

/* A value; NULL for the pointer NULL, the relation InvalidOid, NaN, the time 0. */
extern void wals_put_datum(WalsResult *result, Datum value, bool is_null);
extern void wals_put_bool(WalsResult *result, bool value);
extern void wals_put_int32(WalsResult *result, int32 value);
extern void wals_put_int64(WalsResult *result, int64 value);
extern void wals_put_float4(WalsResult *result, float value);
extern void wals_put_float8(WalsResult *result, double value);
extern void wals_put_oid(WalsResult *result, Oid value);
extern void wals_put_time(WalsResult *result, int64 value);
extern void wals_put_text(WalsResult *result, const char *value);
extern void wals_put_role(WalsResult *result, Oid value); /* its name */

/* The row is complete. */
extern void wals_put_row(WalsResult *result);

/* A row of an ordered answer: id, score, rank, basis. */
extern void wals_put_ranked(WalsResult *result, Datum id, float score,
                            int32 rank, const char *basis);

#endif /* WALS_BASE_RESULT_H */
