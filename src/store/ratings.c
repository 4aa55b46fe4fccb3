/*-------------------------------------------------------------------------
 *
 * ratings.c
 *	  Read ratings and weights out of the user's relations.
 *
 * run/train/train.c calls us once per training.  We run one SELECT as the caller, so
 * privileges, row security and views work as in any query, and take each row
 * as it comes: the numbers are read in the type the column has and checked, and
 * what is left of the row goes to a block (rows.c), and by it to the core.
 *
 * Nothing else is kept of a row, so memory is 8 bytes a rating plus 4 for each
 * of value and weight and 8 for a time.  Conversions that may allocate (numeric,
 * compressed text) run in a context of their own that is emptied every few
 * thousand rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/debug.h"
#include "base/settings.h"
#include "store/numbers.h"
#include "store/query.h"
#include "store/ratings.h"
#include "store/rows.h"

#define READ_CHECK_ROWS (1 << 20) /* between two estimates of memory */

/* State of one read. */
typedef struct ReadState
{
	/* input */
	const WalsSource *source;
	const WcParams *params;
	WalsJob *job;
	WalsProgress *progress; /* NULL: nobody watches */
	WalsSurvey *survey; /* NULL: bad numbers are errors */
	int value_att; /* attribute of the result from 0, or -1 */
	int weight_att;
	int time_att;
	WalsShape shape; /* of the result */

	/* output */
	WalsRatings *ratings;

	/* scratch */
	WalsBlock block;
	int64 next_check; /* of memory, at this many triplets */
} ReadState;

static char *
user_text(const ReadState *state, const WalsRow *row)
{
	const WalsSource *source = state->source;

	return wals_id_to_cstring(
	    source->user_id_type,
	    wals_id_from_datum(source->user_type, row->values[0]));
}

static char *
item_text(const ReadState *state, const WalsRow *row)
{
	const WalsSource *source = state->source;

	return wals_id_to_cstring(
	    source->item_id_type,
	    wals_id_from_datum(source->item_type, row->values[1]));
}

/* A finite float4 or an error that names what, user and item. */
static inline float
checked_float(const ReadState *state, const WalsRow *row, double number,
              const char *what)
{
	if (unlikely(!isfinite((float) number)))
		wals_number_refuse(number, what, user_text(state, row),
		                   item_text(state, row));
	return (float) number;
}

/* What is to be done now and then. */
static void
watch(ReadState *state)
{
	const WcCoo *coo = &state->ratings->coo;

	if (state->progress != NULL)
		wals_progress_rows(state->progress, state->ratings->n_rows);
	if (state->survey == NULL && coo->count >= state->next_check)
	{
		wals_ratings_check_memory(state->ratings, state->job, state->params);
		state->next_check = coo->count + READ_CHECK_ROWS;
	}
}

/* Which columns of the source a row has no value in. */
static void
survey_nulls(ReadState *state, const WalsRow *row)
{
	const int att[WALS_SOURCE_COLUMNS] = {0, 1, state->value_att,
	                                      state->weight_att, state->time_att};
	int i;

	for (i = 0; i < WALS_SOURCE_COLUMNS; i++)
		if (att[i] >= 0 && row->nulls[att[i]])
			state->survey->n_null[i]++;
}

/* True for a row that a training would accept; else it is counted. */
static bool
survey_accepts(ReadState *state, const Datum *datums)
{
	WalsSurvey *survey = state->survey;
	bool accepts = true;
	int64 time;

	if (state->value_att >= 0 &&
	    !isfinite((float) wals_number_of(state->source->value_type,
	                                     datums[state->value_att])))
	{
		survey->n_bad_value++;
		accepts = false;
	}
	if (state->weight_att >= 0)
	{
		float weight = (float) wals_number_of(state->source->weight_type,
		                                      datums[state->weight_att]);

		if (!isfinite(weight) || weight < 0)
		{
			survey->n_bad_weight++;
			accepts = false;
		}
	}
	if (state->time_att >= 0 &&
	    !wals_time_of(state->source->time_type, datums[state->time_att], &time))
	{
		survey->n_bad_time++;
		accepts = false;
	}
	return accepts;
}

static void
read_row(const WalsRow *row, void *arg)
{
	ReadState *state = arg;
	WalsRatings *ratings = state->ratings;
	const Datum *datums = row->values;
	MemoryContext caller;
	float value = 1;
	float weight = 1;
	int64 time = 0;

	wals_debug_point("row_read");
	ratings->n_rows++;
	if (wals_row_has_null(row))
	{
		ratings->n_null++;
		if (state->survey != NULL)
			survey_nulls(state, row);
		return;
	}

	caller = wals_block_begin(&state->block);
	if (state->survey != NULL && !survey_accepts(state, datums))
	{
		MemoryContextSwitchTo(caller);
		return;
	}
	if (state->value_att >= 0)
	{
		double number =
		    wals_number_of(state->source->value_type, datums[state->value_att]);

		value = checked_float(state, row, number, "value");
		ratings->value_least = Min(ratings->value_least, number);
		ratings->value_most = Max(ratings->value_most, number);
		ratings->value_rounding =
		    Max(ratings->value_rounding, fabs(number - value));
	}
	if (state->weight_att >= 0)
	{
		weight = checked_float(state, row,
		                       wals_number_of(state->source->weight_type,
		                                      datums[state->weight_att]),
		                       "weight");
		if (weight < 0)
			wals_weight_refuse(weight, user_text(state, row),
			                   item_text(state, row));
	}
	if (state->time_att >= 0 &&
	    !wals_time_of(state->source->time_type, datums[state->time_att], &time))
		wals_time_refuse(user_text(state, row), item_text(state, row));
	if (weight == 0)
		ratings->n_weightless++;
	else
	{
		wals_block_take(&state->block, datums[0], datums[1], value, weight,
		                time);
		if (state->block.staged == 0)
			watch(state);
	}
	MemoryContextSwitchTo(caller);
}

/* Settle which columns are read and how; the statement that does. */
static char *
open_columns(ReadState *state)
{
	const WalsSource *source = state->source;
	StringInfoData sql;
	WalsShape *shape = &state->shape;

	shape->n = 2;
	shape->types[0] = source->user_type;
	shape->types[1] = source->item_type;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s", quote_identifier(source->user_col));
	appendStringInfo(&sql, ", %s", quote_identifier(source->item_col));
	state->value_att = state->weight_att = state->time_att = -1;
	if (source->value_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->value_col));
		state->value_att = shape->n++;
		shape->types[state->value_att] = source->value_type;
	}
	if (source->weight_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->weight_col));
		state->weight_att = shape->n++;
		shape->types[state->weight_att] = source->weight_type;
	}
	if (source->time_col != NULL)
	{
		appendStringInfo(&sql, ", %s", quote_identifier(source->time_col));
		state->time_att = shape->n++;
		shape->types[state->time_att] = source->time_type;
	}
	appendStringInfo(&sql, " FROM %s", wals_relation_quoted(source->relation));
	return sql.data;
}

/* Only the rows of some users or items. */
static void
read_some(ReadState *state, const char *sql, const WalsRatingsOf *of)
{
	bool users = of->side == WC_USERS;
	const WalsSource *source = state->source;
	WalsIdType id_type = users ? source->user_id_type : source->item_id_type;
	Oid types[1] = {get_array_type(wals_id_sql_type(id_type))};
	Datum values[1] = {wals_id_array(id_type, of->ids)};

	sql =
	    psprintf("%s WHERE %s OPERATOR(pg_catalog.=) ANY ($1)", sql,
	             quote_identifier(users ? source->user_col : source->item_col));
	wals_query_each_once(sql, 1, types, values, WALS_READ_FRESH, &state->shape,
	                     read_row, state);
}

static void
read_all(const WalsSource *source, const WcParams *params,
         const WalsRatingsOf *of, WalsJob *job, WalsProgress *progress,
         WalsSurvey *survey, WalsRatings *ratings)
{
	MemoryContext context;
	MemoryContext caller;
	ReadState state;
	char *sql;

	memset(ratings, 0, sizeof(*ratings));
	ratings->value_least = HUGE_VAL;
	ratings->value_most = -HUGE_VAL;
	wals_job_check(job, wc_idmap_create(wals_id_kind(source->user_id_type),
	                                    &ratings->users, &job->alloc));
	wals_job_check(job, wc_idmap_create(wals_id_kind(source->item_id_type),
	                                    &ratings->items, &job->alloc));
	wals_job_check(job, wc_coo_init(&ratings->coo, source->value_col != NULL,
	                                source->weight_col != NULL,
	                                source->time_col != NULL, &job->alloc));

	context = AllocSetContextCreate(CurrentMemoryContext, "wals read",
	                                ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	memset(&state, 0, sizeof(state));
	state.source = source;
	state.params = params;
	state.job = job;
	state.progress = progress;
	state.survey = survey;
	state.ratings = ratings;
	state.next_check = READ_CHECK_ROWS;
	wals_block_open(&state.block, job, ratings->users, source->user_type,
	                ratings->items, source->item_type, &ratings->coo);
	state.block.user.name = source->user_col;
	state.block.item.name = source->item_col;
	sql = open_columns(&state);

	if (of != NULL)
		read_some(&state, sql, of);
	else
		wals_query_each(sql, 0, NULL, NULL,
		                survey != NULL ? WALS_READ_CALLER : WALS_READ_FRESH,
		                &state.shape, read_row, &state);
	wals_block_flush(&state.block);
	watch(&state);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

void
wals_ratings_read(const WalsSource *source, const WcParams *params,
                  WalsJob *job, WalsProgress *progress, WalsRatings *ratings)
{
	read_all(source, params, NULL, job, progress, NULL, ratings);
}

void
wals_ratings_read_of(const WalsSource *source, const WcParams *params,
                     const WalsRatingsOf *of, WalsJob *job,
                     WalsProgress *progress, WalsRatings *ratings)
{
	read_all(source, params, of, job, progress, NULL, ratings);
}

void
wals_ratings_survey(const WalsSource *source, WalsJob *job,
                    WalsRatings *ratings, WalsSurvey *survey)
{
	memset(survey, 0, sizeof(*survey));
	read_all(source, NULL, NULL, job, NULL, survey, ratings);
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

WcStatus
wals_ratings_memory(const WalsRatings *ratings, const WalsJob *job,
                    const WcParams *params, Size *bytes, Size *ids)
{
	const WcCoo *coo = &ratings->coo;
	bool has_value = coo->value != NULL || params->half_life > 0;
	bool has_weight = coo->weight != NULL || params->half_life > 0 ||
	                  wc_by_value(params->weighting);
	int32 factors =
	    params->factors == WC_FACTORS_AUTO ? WC_FACTORS_LEAST : params->factors;
	size_t needed = 0;
	WcStatus status;

	*ids = job->used - Min(job->used, coo_bytes(coo));
	status =
	    wc_memory_needed(coo->count, wc_idmap_count(ratings->users),
	                     wc_idmap_count(ratings->items), factors, has_value,
	                     has_weight, coo->time != NULL, &needed);
	*bytes = needed;
	return status;
}

void
wals_ratings_check_memory(const WalsRatings *ratings, const WalsJob *job,
                          const WcParams *params)
{
	const WcCoo *coo = &ratings->coo;
	Size limit = (Size) wals_max_memory * 1024;
	int32 users = wc_idmap_count(ratings->users);
	int32 items = wc_idmap_count(ratings->items);
	Size bytes;
	Size ids;
	WcStatus status;

	if (limit == 0)
		return;
	status = wals_ratings_memory(ratings, job, params, &bytes, &ids);
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
	         params->factors == WC_FACTORS_AUTO ? WC_FACTORS_LEAST
	                                            : params->factors,
	         ids / 1024),
	     errhint("Raise it with SET wals.max_memory = '%zuMB', or train on "
	             "fewer rows or factors.",
	             bytes / (1024 * 1024) + bytes / (8 * 1024 * 1024) + 1)));
}

int32
wals_ratings_most_factors(const WalsRatings *ratings, const WalsJob *job,
                          const WcParams *params)
{
	Size limit = (Size) wals_max_memory * 1024;
	WcParams tried = *params;

	for (tried.factors = WC_FACTORS_MOST;
	     limit > 0 && tried.factors > WC_FACTORS_LEAST;
	     tried.factors -= WC_FACTORS_STEP)
	{
		Size bytes;
		Size ids;

		if (wals_ratings_memory(ratings, job, &tried, &bytes, &ids) == WC_OK &&
		    add_size(add_size(bytes, ids),
		             wc_workspace_needed(tried.factors, wals_thread_count())) <=
		        limit)
			break;
	}
	return tried.factors;
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
read_weight(const WalsRow *row, void *arg)
{
	WeightState *state = arg;
	WcId id;
	int32 index;
	double weight;

	if (row->nulls[0] || row->nulls[1])
		return;
	id = wals_id_from_datum(state->id_type, row->values[0]);
	index = wc_idmap_find(state->ids, &id);
	if (index < 0)
		return;
	weight = wals_number_of(state->weight_type, row->values[1]);
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
wals_weights_check(Oid relation, const char *id_col, const char *option,
                   WalsIdType id_type, WalsShape *shape)
{
	WalsIdType found;
	Oid type;
	Oid number;

	wals_relation_lock(relation);
	if (get_attnum(relation, id_col) <= 0 ||
	    get_attnum(relation, "weight") <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("relation \"%s\" cannot be used for %s",
		                       get_rel_name(relation), option),
		                errdetail("It needs the columns %s and weight.",
		                          quote_identifier(id_col)),
		                errhint("Use a view that names them so.")));
	type = wals_column_type(relation, id_col, option);
	if (!wals_id_type_of(type, &found) || found != id_type)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("column \"%s\" of relation \"%s\" has another type than "
		            "in the source",
		            id_col, get_rel_name(relation)),
		     errdetail("The ids of the source are of type %s.",
		               wals_id_type_name(id_type)),
		     errhint("Use a view that casts the column.")));
	number = wals_number_column_type(relation, "weight", option);
	if (shape != NULL)
		*shape = (WalsShape){2, {type, number}};
}

void
wals_weights_read(Oid relation, const char *id_col, const char *option,
                  WalsIdType id_type, const WcIdMap *ids, float *result)
{
	WeightState state;
	StringInfoData sql;
	WalsShape shape;
	int32 count = wc_idmap_count(ids);
	int32 i;

	memset(&state, 0, sizeof(state));
	wals_weights_check(relation, id_col, option, id_type, &shape);
	state.id_type = shape.types[0];
	state.weight_type = shape.types[1];
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
	wals_query_each(sql.data, 0, NULL, NULL, WALS_READ_FRESH, &shape,
	                read_weight, &state);
	pfree(state.given);
}

bool
wals_ratings_have(const WalsSource *source, Datum user)
{
	Oid types[1] = {wals_id_sql_type(source->user_id_type)};

	return wals_query_run(psprintf("SELECT 1 FROM %s "
	                               "WHERE %s OPERATOR(pg_catalog.=) $1 LIMIT 1",
	                               wals_relation_quoted(source->relation),
	                               quote_identifier(source->user_col)),
	                      1, types, &user, NULL, WALS_READ_FRESH) > 0;
}

/* State of deleting rows. */
typedef struct DeleteState
{
	Oid item_type;
	const WalsJob *job;
	WcIdMap *items;
	int64 count;
} DeleteState;

static void
delete_row(const WalsRow *row, void *arg)
{
	DeleteState *state = arg;
	int32 index;
	WcId id;

	state->count++;
	if (row->nulls[0])
		return;
	id = wals_id_from_datum(state->item_type, row->values[0]);
	wals_job_check(state->job, wc_idmap_add(state->items, &id, &index));
}

int64
wals_ratings_delete(const WalsSource *source, Datum user, const WalsJob *job,
                    WcIdMap *items)
{
	Oid types[1] = {wals_id_sql_type(source->user_id_type)};
	DeleteState state = {source->item_type, job, items, 0};

	wals_query_each(psprintf("DELETE FROM %s "
	                         "WHERE %s OPERATOR(pg_catalog.=) $1 RETURNING %s",
	                         wals_relation_quoted(source->relation),
	                         quote_identifier(source->user_col),
	                         quote_identifier(source->item_col)),
	                1, types, &user, WALS_READ_FRESH,
	                &(const WalsShape){1, {source->item_type}}, delete_row,
	                &state);
	return state.count;
}
