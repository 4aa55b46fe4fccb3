/*-------------------------------------------------------------------------
 *
 * ratings.c
 *	  Read ratings and weights out of the user's relations.
 *
 * run/train.c calls us once per training.  We run one SELECT as the caller, so
 * privileges, row security and views work as in any query, and take each row
 * as it comes: the ids go through a dictionary to dense indexes, the numbers
 * are read in the type the column has, and triplets are appended to the core's
 * arrays.  Nothing else is kept of a row, so memory is 8 bytes a rating plus 4
 * for each of value and weight and 8 for a time.
 *
 * Conversions that may allocate (numeric, compressed text) run in a context of
 * their own that is emptied every few thousand rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/report.h"
#include "base/settings.h"
#include "store/query.h"
#include "store/ratings.h"

#define READ_RESET_ROWS 4096 /* between two resets of the row context */
#define READ_CHECK_ROWS (1 << 20) /* between two estimates of memory */

/* State of one read. */
typedef struct ReadState
{
	/* input */
	const WalsSource *source;
	const WcParams *params;
	WalsMemory *memory;
	int value_att; /* attribute of the result from 0, or -1 */
	int weight_att;
	int time_att;

	/* output */
	WalsRatings *ratings;

	/* scratch */
	MemoryContext row_context;
} ReadState;

static char *
user_text(const ReadState *state, WcId id)
{
	return wals_id_to_cstring(state->source->user_id_type, id);
}

static char *
item_text(const ReadState *state, WcId id)
{
	return wals_id_to_cstring(state->source->item_id_type, id);
}

/* Finite numbers stay finite, so that one too large is not called infinite. */
static double
number_from_numeric(Datum datum)
{
	double number;

	number =
	    DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, datum));
	if (isinf(number) && !numeric_is_inf(DatumGetNumeric(datum)))
		number = copysign(DBL_MAX, number);
	return number;
}

static double
number_from_datum(Oid type, Datum datum)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		case INT8OID:
			return (double) DatumGetInt64(datum);
		case FLOAT4OID:
			return DatumGetFloat4(datum);
		case FLOAT8OID:
			return DatumGetFloat8(datum);
		case NUMERICOID:
			return number_from_numeric(datum);
	}
	elog(ERROR, "unexpected number type %u", type);
}

/* Seconds for integers, microseconds for the rest; see wals_time_unit. */
static int64
time_from_datum(Oid type, Datum datum, bool *finite)
{
	*finite = true;
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		case INT8OID:
			return DatumGetInt64(datum);
		case DATEOID:
			*finite = !DATE_NOT_FINITE(DatumGetDateADT(datum));
			return (int64) DatumGetDateADT(datum) * USECS_PER_DAY;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*finite = !TIMESTAMP_NOT_FINITE(DatumGetTimestamp(datum));
			return DatumGetTimestamp(datum);
	}
	elog(ERROR, "unexpected time type %u", type);
}

/* A finite float4 or an error that names what, user and item. */
static float
checked_float(const ReadState *state, double number, const char *what,
              WcId user, WcId item)
{
	if (!isfinite(number))
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_EXCEPTION),
		         errmsg("%s of user %s and item %s is not finite", what,
		                user_text(state, user), item_text(state, item)),
		         errhint("Correct the row, or train on a view that leaves it "
		                 "out.")));
	if (!isfinite((float) number))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		     errmsg("%s of user %s and item %s is out of range for type real",
		            what, user_text(state, user), item_text(state, item)),
		     errhint("Train on a view that scales the column down.")));
	return (float) number;
}

/* Index of an id, which is added when new. */
static int32
id_index(ReadState *state, WcIdMap *map, WcId id, const char *column)
{
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	int32 index = -1;

	if (wc_idmap_kind(map) == WC_ID_BYTES && id.length > WALS_ID_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("id in column \"%s\" is too long", column),
		                errdetail("It has %zu bytes, the limit is %d.",
		                          id.length, WALS_ID_MAX_BYTES),
		                errhint("Train on a view with shorter ids, for example "
		                        "md5(%s).",
		                        quote_identifier(column))));
	error.status = wc_idmap_add(map, &id, &index);
	if (error.status != WC_OK)
		wals_report(&error, state->memory, NULL, NULL);
	return index;
}

static void
read_row(TupleTableSlot *slot, void *arg)
{
	ReadState *state = arg;
	const WalsSource *source = state->source;
	WalsRatings *ratings = state->ratings;
	WcError error = {WC_OK, WC_USERS, -1, -1, ""};
	MemoryContext caller;
	WcId user;
	WcId item;
	int32 user_index;
	int32 item_index;
	float value = 1.0f;
	float weight = 1.0f;
	int64 time = 0;
	int i;

	ratings->n_rows++;
	if (ratings->n_rows % READ_RESET_ROWS == 0)
		MemoryContextReset(state->row_context);
	if (ratings->n_rows % READ_CHECK_ROWS == 0)
		wals_ratings_check_memory(ratings, state->memory, state->params);

	for (i = 0; i < slot->tts_tupleDescriptor->natts; i++)
		if (slot->tts_isnull[i])
		{
			ratings->n_null++;
			return;
		}

	caller = MemoryContextSwitchTo(state->row_context);
	user = wals_id_from_datum(source->user_type, slot->tts_values[0]);
	item = wals_id_from_datum(source->item_type, slot->tts_values[1]);
	if (state->value_att >= 0)
		value =
		    checked_float(state,
		                  number_from_datum(source->value_type,
		                                    slot->tts_values[state->value_att]),
		                  "value", user, item);
	if (state->weight_att >= 0)
	{
		weight = checked_float(
		    state,
		    number_from_datum(source->weight_type,
		                      slot->tts_values[state->weight_att]),
		    "weight", user, item);
		if (weight < 0)
			ereport(
			    ERROR,
			    (errcode(ERRCODE_DATA_EXCEPTION),
			     errmsg("weight of user %s and item %s is negative",
			            user_text(state, user), item_text(state, item)),
			     errdetail("The weight is %g.", weight),
			     errhint("Weights are 0 or greater; a dislike is a negative "
			             "value.")));
	}
	if (state->time_att >= 0)
	{
		bool finite;

		time = time_from_datum(source->time_type,
		                       slot->tts_values[state->time_att], &finite);
		if (!finite)
			ereport(
			    ERROR,
			    (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
			     errmsg("time of user %s and item %s is infinite",
			            user_text(state, user), item_text(state, item)),
			     errhint("Correct the row, or train on a view that leaves it "
			             "out.")));
	}
	if (weight == 0)
	{
		MemoryContextSwitchTo(caller);
		ratings->n_weightless++;
		return;
	}
	user_index = id_index(state, ratings->users, user, source->user_col);
	item_index = id_index(state, ratings->items, item, source->item_col);
	MemoryContextSwitchTo(caller);

	error.status = wc_coo_append(&ratings->coo, user_index, item_index, value,
	                             weight, time, &state->memory->alloc);
	if (error.status != WC_OK)
		wals_report(&error, state->memory, NULL, NULL);
}

static void
check_status(WcStatus status, const WalsMemory *memory)
{
	WcError error = {status, WC_USERS, -1, -1, ""};

	if (status != WC_OK)
		wals_report(&error, memory, NULL, NULL);
}

void
wals_ratings_read(const WalsSource *source, const WcParams *params,
                  WalsMemory *memory, WalsRatings *ratings)
{
	StringInfoData sql;
	ReadState state;
	int next_att = 2;

	memset(ratings, 0, sizeof(*ratings));
	check_status(wc_idmap_create(wals_id_kind(source->user_id_type),
	                             &ratings->users, &memory->alloc),
	             memory);
	check_status(wc_idmap_create(wals_id_kind(source->item_id_type),
	                             &ratings->items, &memory->alloc),
	             memory);
	check_status(wc_coo_init(&ratings->coo, source->value_col != NULL,
	                         source->weight_col != NULL,
	                         source->time_col != NULL, &memory->alloc),
	             memory);

	memset(&state, 0, sizeof(state));
	state.source = source;
	state.params = params;
	state.memory = memory;
	state.ratings = ratings;
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "wals rows",
	                                          ALLOCSET_DEFAULT_SIZES);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s", quote_identifier(source->user_col));
	appendStringInfo(&sql, ", %s", quote_identifier(source->item_col));
	state.value_att = state.weight_att = state.time_att = -1;
	if (source->value_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->value_col));
		state.value_att = next_att++;
	}
	if (source->weight_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->weight_col));
		state.weight_att = next_att++;
	}
	if (source->time_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->time_col));
		state.time_att = next_att++;
	}
	appendStringInfo(&sql, " FROM %s", wals_relation_quoted(source->relation));

	wals_query_each(sql.data, 0, NULL, NULL, WALS_READ_FRESH, read_row, &state);
	MemoryContextDelete(state.row_context);
}

/* Bytes of the triplets' arrays as they are now. */
static Size
coo_bytes(const WcCoo *coo)
{
	Size triplet = 2 * sizeof(int32);

	triplet += coo->value != NULL ? sizeof(float) : 0;
	triplet += coo->weight != NULL ? sizeof(float) : 0;
	triplet += coo->time != NULL ? sizeof(int64) : 0;
	return triplet * (Size) coo->capacity;
}

void
wals_ratings_check_memory(const WalsRatings *ratings, const WalsMemory *memory,
                          const WcParams *params)
{
	const WcCoo *coo = &ratings->coo;
	Size limit = (Size) wals_max_memory * 1024;
	int32 users = wc_idmap_count(ratings->users);
	int32 items = wc_idmap_count(ratings->items);
	Size ids = memory->used - Min(memory->used, coo_bytes(coo));
	bool has_weight = coo->weight != NULL || params->half_life > 0 ||
	                  params->weighting == WC_WEIGHT_LINEAR ||
	                  params->weighting == WC_WEIGHT_LOG;
	size_t bytes = 0;
	WcStatus status;

	if (limit == 0)
		return;
	status = wc_memory_needed(coo->count, users, items, params->factors,
	                          coo->value != NULL, has_weight, coo->time != NULL,
	                          &bytes);
	if (status == WC_OK && bytes <= limit - Min(limit, ids))
		return;
	bytes = add_size(bytes, ids);
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OUT_OF_MEMORY),
	     errmsg("training needs more memory than wals.max_memory allows"),
	     errdetail(
	         "The estimate is %zu kB, the limit is %zu kB, for " INT64_FORMAT
	         " ratings, %d users, %d items and %d factors: the ratings "
	         "while they are sorted or twice by row, the factors with "
	         "4 * factors bytes per user and item, and %zu kB of ids.",
	         bytes / 1024, limit / 1024, coo->count, users, items,
	         params->factors, ids / 1024),
	     errhint("Raise it with SET wals.max_memory = '%zuMB', or train on "
	             "fewer rows or factors.",
	             bytes / (1024 * 1024) + bytes / (8 * 1024 * 1024) + 1)));
}

/* State of reading one table of weights. */
typedef struct WeightState
{
	Oid id_type; /* base type of the id column */
	WalsIdType stored;
	Oid weight_type;
	const WcIdMap *ids;
	float *result;
	bool *given;
	const char *option;
} WeightState;

static void
read_weight(TupleTableSlot *slot, void *arg)
{
	WeightState *state = arg;
	WcId id;
	int32 index;
	double weight;

	if (slot->tts_isnull[0] || slot->tts_isnull[1])
		return;
	id = wals_id_from_datum(state->id_type, slot->tts_values[0]);
	index = wc_idmap_find(state->ids, &id);
	if (index < 0)
		return;
	weight = number_from_datum(state->weight_type, slot->tts_values[1]);
	if (!(weight >= 0) || !isfinite((float) weight))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATA_EXCEPTION),
		     errmsg("weight of %s in %s is not a finite number of 0 or more",
		            wals_id_to_cstring(state->stored, id), state->option),
		     errdetail("The weight is %g.", weight),
		     errhint("Correct the row.")));
	if (state->given[index])
		ereport(ERROR,
		        (errcode(ERRCODE_CARDINALITY_VIOLATION),
		         errmsg("more than one weight for %s in %s",
		                wals_id_to_cstring(state->stored, id), state->option),
		         errhint("Keep one row per id.")));
	state->given[index] = true;
	state->result[index] = (float) weight;
}

void
wals_weights_read(Oid relation, const char *id_col, const char *option,
                  WalsIdType id_type, const WcIdMap *ids, float *result)
{
	WeightState state;
	StringInfoData sql;
	WalsIdType found;
	int32 count = wc_idmap_count(ids);
	int32 i;

	memset(&state, 0, sizeof(state));
	if (get_attnum(relation, id_col) <= 0 ||
	    get_attnum(relation, "weight") <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("relation \"%s\" cannot be used for %s",
		                       get_rel_name(relation), option),
		                errdetail("It needs the columns %s and weight.",
		                          quote_identifier(id_col)),
		                errhint("Use a view that names them so.")));
	state.id_type = wals_column_type(relation, id_col, option);
	if (!wals_id_type_of(state.id_type, &found) || found != id_type)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("column \"%s\" of relation \"%s\" has another type than "
		            "in the source",
		            id_col, get_rel_name(relation)),
		     errdetail("The ids of the source are of type %s.",
		               wals_id_type_name(id_type)),
		     errhint("Use a view that casts the column.")));
	state.weight_type = wals_number_column_type(relation, "weight", option);
	state.stored = id_type;
	state.ids = ids;
	state.result = result;
	state.option = option;
	state.given = MemoryContextAllocExtended(
	    CurrentMemoryContext, Max(count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (i = 0; i < count; i++)
		result[i] = 1.0f;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s, weight FROM ", quote_identifier(id_col));
	appendStringInfoString(&sql, wals_relation_quoted(relation));
	wals_query_each(sql.data, 0, NULL, NULL, WALS_READ_FRESH, read_weight,
	                &state);
	pfree(state.given);
}
