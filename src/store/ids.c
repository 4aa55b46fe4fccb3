/*-------------------------------------------------------------------------
 *
 * ids.c
 *	  User and item ids: SQL types on one side, the core's WcId on the other.
 *
 * Integers of all sizes become int64.  Text and varchar are compared by their
 * bytes, which is what their = operator does under every deterministic
 * collation (relation.c refuses the others).  A uuid is its 16 bytes, whose
 * order as bytes is the type's own order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "store/ids.h"

static const struct
{
	Oid sql_type;
	const char *name;
	WcIdKind kind;
} id_types[WALS_ID_TYPES] = {
    [WALS_ID_BIGINT] = {INT8OID, "bigint", WC_ID_INT64},
    [WALS_ID_TEXT] = {TEXTOID, "text", WC_ID_BYTES},
    [WALS_ID_UUID] = {UUIDOID, "uuid", WC_ID_BYTES},
};

bool
wals_id_type_of(Oid type, WalsIdType *id_type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			*id_type = WALS_ID_BIGINT;
			return true;
		case TEXTOID:
		case VARCHAROID:
			*id_type = WALS_ID_TEXT;
			return true;
		case UUIDOID:
			*id_type = WALS_ID_UUID;
			return true;
	}
	return false;
}

Oid
wals_id_sql_type(WalsIdType id_type)
{
	return id_types[id_type].sql_type;
}

const char *
wals_id_type_name(WalsIdType id_type)
{
	return id_types[id_type].name;
}

WcIdKind
wals_id_kind(WalsIdType id_type)
{
	return id_types[id_type].kind;
}

int64
wals_integer_of(Oid type, Datum datum)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		case INT8OID:
			return DatumGetInt64(datum);
	}
	elog(ERROR, "unexpected type %u of a number", type);
}

WcId
wals_id_from_datum(Oid type, Datum datum)
{
	WcId id = {0, NULL, 0};

	switch (type)
	{
		case UUIDOID:
			id.bytes = (const char *) DatumGetUUIDP(datum)->data;
			id.length = UUID_LEN;
			break;
		case TEXTOID:
		case VARCHAROID:
		{
			text *value = DatumGetTextPP(datum);

			id.bytes = VARDATA_ANY(value);
			id.length = VARSIZE_ANY_EXHDR(value);
			break;
		}
		default:
			id.number = wals_integer_of(type, datum);
	}
	return id;
}

Datum
wals_id_to_datum(WalsIdType id_type, WcId id)
{
	switch (id_type)
	{
		case WALS_ID_BIGINT:
			return Int64GetDatum(id.number);
		case WALS_ID_TEXT:
			return PointerGetDatum(
			    cstring_to_text_with_len(id.bytes, (int) id.length));
		case WALS_ID_UUID:
		{
			pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));

			Assert(id.length == UUID_LEN);
			memcpy(uuid->data, id.bytes, UUID_LEN);
			return UUIDPGetDatum(uuid);
		}
	}
	elog(ERROR, "unexpected id type %d", (int) id_type);
}

Datum
wals_id_array(WalsIdType id_type, const WcIdMap *ids)
{
	int32 count = wc_idmap_count(ids);
	Oid type = wals_id_sql_type(id_type);
	Datum *elements = palloc_extended(mul_size(sizeof(Datum), (Size) count + 1),
	                                  MCXT_ALLOC_HUGE);
	ArrayType *array;
	int16 length;
	bool by_value;
	char align;
	int32 i;

	for (i = 0; i < count; i++)
		elements[i] = wals_id_to_datum(id_type, wc_idmap_get(ids, i));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	array = construct_array(elements, count, type, length, by_value, align);
	pfree(elements);
	return PointerGetDatum(array);
}

char *
wals_id_to_cstring(WalsIdType id_type, WcId id)
{
	switch (id_type)
	{
		case WALS_ID_BIGINT:
			return psprintf(INT64_FORMAT, id.number);
		case WALS_ID_TEXT:
			return psprintf("\"%s\"", pnstrdup(id.bytes, id.length));
		case WALS_ID_UUID:
			return DatumGetCString(
			    DirectFunctionCall1(uuid_out, wals_id_to_datum(id_type, id)));
	}
	elog(ERROR, "unexpected id type %d", (int) id_type);
}

/* What an error says of text that is no id of the kind that arg points to. */
static void
wrong_id(void *arg)
{
	int code = geterrcode();

	if (code != ERRCODE_INVALID_TEXT_REPRESENTATION &&
	    code != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
		return;
	errdetail("The model that was asked has ids of type %s there.",
	          wals_id_type_name(*(WalsIdType *) arg));
	errhint("If another model is meant, name it: model => '...'.");
}

Datum
wals_id_argument(WalsIdType stored, Oid argument_type, Datum argument)
{
	ErrorContextCallback context;
	char *string;

	if (argument_type != TEXTOID || stored == WALS_ID_TEXT)
		return argument;
	string = TextDatumGetCString(argument);
	context.previous = error_context_stack;
	context.callback = wrong_id;
	context.arg = &stored;
	error_context_stack = &context;
	argument = DirectFunctionCall1(stored == WALS_ID_BIGINT ? int8in : uuid_in,
	                               CStringGetDatum(string));
	error_context_stack = context.previous;
	return argument;
}

Datum
wals_id_result(WalsIdType stored, Oid result_type, WcId id)
{
	if (result_type == TEXTOID && stored != WALS_ID_TEXT)
		return CStringGetTextDatum(wals_id_to_cstring(stored, id));
	return wals_id_to_datum(stored, id);
}
