/*-------------------------------------------------------------------------
 *
 * ids.h
 *	  User and item ids: SQL types on one side, the core's WcId on the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_IDS_H
#define WALS_STORE_IDS_H

#include "core/core.h"

/* How ids are stored; smallint and integer are stored as bigint. */
typedef enum WalsIdType
{
	WALS_ID_BIGINT,
	WALS_ID_TEXT,
	WALS_ID_UUID
} WalsIdType;

#define WALS_ID_TYPES 3

/* An index entry and a row of factors must fit a page beside the id. */
#define WALS_ID_MAX_BYTES 2000

/* Id type for a column or argument type (domains already resolved). */
extern bool wals_id_type_of(Oid type, WalsIdType *id_type);

extern Oid wals_id_sql_type(WalsIdType id_type);
extern const char *wals_id_type_name(WalsIdType id_type);
extern WcIdKind wals_id_kind(WalsIdType id_type);

/*
 * The id in a datum of any type wals_id_type_of accepts.  Text and uuid are
 * borrowed from the datum, or from a detoasted copy in the current context.
 */
extern WcId wals_id_from_datum(Oid type, Datum datum);

/* A whole number of any type. */
extern int64 wals_integer_of(Oid type, Datum datum);

/* An id as a datum of its storage type, allocated in the current context. */
extern Datum wals_id_to_datum(WalsIdType id_type, WcId id);

/* All ids of a map, in the order of their indexes, as an array. */
extern Datum wals_id_array(WalsIdType id_type, const WcIdMap *ids);

/* An id as text, allocated in the current context. */
extern char *wals_id_to_cstring(WalsIdType id_type, WcId id);

/*
 * An argument as a datum of the model's id type.  Text arguments are parsed
 * (22P02 when they cannot be); other types must be the stored one, see
 * wals_id_argument_check.
 */
extern Datum wals_id_argument(WalsIdType stored, Oid argument_type,
                              Datum argument);

/* An id of the model as a datum of the result type: itself, or its text. */
extern Datum wals_id_result(WalsIdType stored, Oid result_type, WcId id);

#endif /* WALS_STORE_IDS_H */
