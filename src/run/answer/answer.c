/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  What all answers from a model have in common: ids in, ids out, a user's
 *	  vector, sets of rows, the search itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "base/mapping.h"
#include "base/settings.h"
#include "run/answer/answer.h"
#include "store/factors.h"

/*
 * Text serves every model; the others need a model whose users and items both
 * have this type.
 */
void
wals_answer_check_type(const WalsModel *model, Oid id_type, const char *call)
{
	if (id_type == TEXTOID || (wals_id_sql_type(model->user_type) == id_type &&
	                           wals_id_sql_type(model->item_type) == id_type))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("model \"%s\" has users of type %s and items of type %s",
	                get_rel_name(model->relation),
	                wals_id_type_name(model->user_type),
	                wals_id_type_name(model->item_type)),
	         errdetail("The function was called with ids of type %s.",
	                   format_type_be(id_type)),
	         model->user_type == model->item_type &&
	                 model->user_type != WALS_ID_TEXT
	             ? wals_hint("Pass ids of type %s, or their text: %s.",
	                         wals_id_type_name(model->user_type), call)
	             : wals_hint("Pass the ids as text: %s.", call)));
}

void
wals_answer_check_side(const WalsModel *model, WcSide side, Oid id_type,
                       const char *call)
{
	WalsIdType stored = side == WC_USERS ? model->user_type : model->item_type;

	if (id_type == TEXTOID || wals_id_sql_type(stored) == id_type)
		return;
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
	                errmsg("model \"%s\" has %s of type %s",
	                       get_rel_name(model->relation),
	                       side == WC_USERS ? "users" : "items",
	                       wals_id_type_name(stored)),
	                errdetail("The function was called with ids of type %s.",
	                          format_type_be(id_type)),
	                stored != WALS_ID_TEXT
	                    ? wals_hint("Pass ids of type %s, or their text: %s.",
	                                wals_id_type_name(stored), call)
	                    : wals_hint("Pass the ids as text: %s.", call)));
}

void
wals_answer_unknown(const WalsModel *model, WcSide side, Datum id,
                    const char *hint)
{
	const char *name = side == WC_USERS ? "user" : "item";
	WalsIdType stored = side == WC_USERS ? model->user_type : model->item_type;
	WcId stored_id = wals_id_from_datum(wals_id_sql_type(stored), id);

	wals_mapping_check();
	ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
	                errmsg("%s %s is not in model \"%s\"", name,
	                       wals_id_to_cstring(stored, stored_id),
	                       get_rel_name(model->relation)),
	                errdetail("Version %d was trained without rows of this %s.",
	                          model->version, name),
	                wals_hint("%s", hint)));
}

WalsUserVector
wals_answer_user(const WalsModel *model, Datum user)
{
	float *factors = palloc(sizeof(float) * model->factors);
	float bias;
	WalsUserVector result = {false, model->factors, factors, 0.0f};

	result.known = wals_factors_find(model, WC_USERS, user, factors, &bias);
	if (result.known)
		result.base = bias + model->mean;
	return result;
}

bool
wals_answer_tells_nothing(const WalsModel *model, const float *factors,
                          int32 count)
{
	int32 f;

	if (model->biases)
		return false;
	for (f = 0; f < count && factors[f] == 0; f++)
		;
	return f == count;
}

uint64 *
wals_row_set(const WalsRows *rows)
{
	return palloc0(sizeof(uint64) * (wals_rows_count(rows) / 64 + 1));
}

int32
wals_answer_find(const WalsRows *rows, Oid id_type, Datum id)
{
	Datum stored = wals_id_argument(rows->id_type, id_type, id);

	return wals_rows_find(
	    rows, wals_id_from_datum(wals_id_sql_type(rows->id_type), stored));
}

int32 *
wals_answer_candidates(const WalsRows *rows, Oid id_type, int n,
                       const Datum *ids, int64 *count)
{
	int32 *result =
	    palloc_extended(sizeof(int32) * ((Size) n + 1), MCXT_ALLOC_HUGE);
	uint64 *seen = wals_row_set(rows);
	int i;

	*count = 0;
	for (i = 0; i < n; i++)
	{
		int32 index = wals_answer_find(rows, id_type, ids[i]);

		if (index < 0 || wals_row_set_has(seen, index))
			continue;
		wals_row_set_add(seen, index);
		result[(*count)++] = index;
	}
	return result;
}

void
wals_answer_damaged(const WalsRows *rows, int32 index)
{
	wals_mapping_check();
	wals_factors_damaged(
	    rows->table,
	    wals_id_to_cstring(rows->id_type, wals_rows_id(rows, index)),
	    "its score is not finite");
}

/*
 * Vectors and rows come from one row of the model, so this is the last line of
 * defence: no search ever reads beyond a vector.
 */
void
wals_answer_check_factors(const WalsRows *rows, int32 count)
{
	if (count != rows->pack.factors)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATA_CORRUPTED),
		     errmsg("vectors of different lengths cannot be multiplied"),
		     errdetail("One has %d factors, those in \"%s\" have %d.", count,
		               get_rel_name(rows->table), rows->pack.factors)));
}

void
wals_answer_limit(const WalsModel *model, int32 count, WcScored *result)
{
	int32 i;

	for (i = 0; i < count; i++)
		result[i].score = wc_limit(&model->range, result[i].score);
}

float
wals_answer_least(const WalsModel *model, float min_score)
{
	if (min_score <= model->range.low)
		return -INFINITY;
	return min_score > model->range.high ? INFINITY : min_score;
}

WalsAnswer *
wals_answer_name(const WalsRows *rows, Oid id_type, const WcScored *scored,
                 int32 count, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	WalsAnswer *result;
	int32 i;

	result = palloc_extended(sizeof(WalsAnswer) * (Size) Max(count, 1),
	                         MCXT_ALLOC_HUGE);
	for (i = 0; i < count; i++)
	{
		result[i].id = wals_id_result(rows->id_type, id_type,
		                              wals_rows_id(rows, scored[i].index));
		result[i].score = scored[i].score;
		result[i].entries = wals_rows_entries(rows, scored[i].index);
		result[i].likes = wals_rows_likes(rows, scored[i].index);
	}
	MemoryContextSwitchTo(caller);
	return result;
}
