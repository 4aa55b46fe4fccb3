/*-------------------------------------------------------------------------
 *
 * wals_fold_in.c
 *	  SQL: wals_recommend_for, wals_fold_in and wals_user_factors: answers for
 *	  ratings that are passed, and the factors behind them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "base/args.h"
#include "base/result.h"
#include "run/answer/fold.h"
#include "run/answer/recommend.h"

PG_FUNCTION_INFO_V1(wals_recommend_for);
PG_FUNCTION_INFO_V1(wals_fold_in);
PG_FUNCTION_INFO_V1(wals_user_factors);

/* Arguments of wals_recommend_for. */
enum
{
	ARG_ITEMS,
	ARG_VALUES,
	ARG_N,
	ARG_MODEL,
	ARG_CANDIDATES,
	ARG_EXCLUDE,
	ARG_EXCLUDE_SEEN,
	ARG_MIN_SCORE,
	ARG_COLD_START,
	ARG_WEIGHTS
};

/* Type of the first argument, or of its elements. */
static Oid
id_type_of_call(FunctionCallInfo fcinfo)
{
	Oid type = wals_arg_type(fcinfo, 0);
	Oid element = get_element_type(type);

	return OidIsValid(element) ? element : type;
}

/* Numbers beside the items; NULL elements are marked in left_out. */
static float *
numbers(FunctionCallInfo fcinfo, int arg, const char *name, float least,
        int count, bool *left_out)
{
	double *elements;
	bool *nulls;
	float *result;
	int n;
	int i;

	if (PG_ARGISNULL(arg))
		return NULL;
	elements = wals_arg_numbers(fcinfo, arg, name, &n, &nulls);
	if (n != count)
		ereport(ERROR,
		        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		         errmsg("arguments \"items\" and \"%s\" must have the same "
		                "number of elements",
		                name),
		         errdetail("They have %d and %d.", count, n),
		         errhint("Pass one number for each item, in the same order.")));
	result = palloc_extended(sizeof(float) * ((Size) n + 1), MCXT_ALLOC_HUGE);
	for (i = 0; i < n; i++)
	{
		result[i] = (float) elements[i];
		left_out[i] = left_out[i] || (nulls != NULL && nulls[i]);
		if (!isfinite(result[i]) || result[i] < least)
			ereport(ERROR,
			        (errcode(ERRCODE_DATA_EXCEPTION),
			         least < 0
			             ? errmsg("an element of \"%s\" is not finite", name)
			             : errmsg("an element of \"%s\" is not a finite number "
			                      "of 0 or more",
			                      name),
			         errdetail("Element %d is %g.", i + 1, elements[i]),
			         isfinite(elements[i]) && !isfinite(result[i])
			             ? errhint("Numbers are kept in single precision, of "
			                       "up to 3.4e+38.")
			             : errhint("Correct it, or leave the item out.")));
	}
	return result;
}

/* Items, values and weights; whatever has a NULL is left out. */
static void
basket_of_call(FunctionCallInfo fcinfo, int values, int weights,
               WalsBasket *basket)
{
	bool *left_out;
	int count;
	int kept = 0;
	int i;

	wals_arg_array_nulls(fcinfo, ARG_ITEMS, "items", &count, &basket->items,
	                     &left_out);
	/* the server's array of nulls may be none */
	if (left_out == NULL)
		left_out = palloc0(count + 1);
	basket->values =
	    numbers(fcinfo, values, "values", -INFINITY, count, left_out);
	basket->weights = numbers(fcinfo, weights, "weights", 0, count, left_out);
	for (i = 0; i < count; i++)
	{
		if (left_out[i])
			continue;
		basket->items[kept] = basket->items[i];
		if (basket->values != NULL)
			basket->values[kept] = basket->values[i];
		if (basket->weights != NULL)
			basket->weights[kept] = basket->weights[i];
		kept++;
	}
	basket->count = kept;
}

Datum
wals_recommend_for(PG_FUNCTION_ARGS)
{
	WalsResult result;
	WalsRecommendRequest request;
	WalsBasket basket;
	WalsAnswer *items;
	const char *basis;
	int32 count;
	int32 i;

	wals_result_begin(fcinfo, &result);
	memset(&request, 0, sizeof(request));
	request.n = wals_arg_limit(fcinfo, ARG_N);
	request.min_score = wals_arg_min_score(fcinfo, ARG_MIN_SCORE);
	request.exclude_seen = wals_arg_bool(fcinfo, ARG_EXCLUDE_SEEN, true);
	request.cold_start =
	    wals_arg_choice(fcinfo, ARG_COLD_START, "cold_start",
	                    wals_cold_start_choices, WALS_COLD_POPULAR);
	if (PG_ARGISNULL(ARG_ITEMS))
		return (Datum) 0;

	request.model = wals_arg_oid(fcinfo, ARG_MODEL);
	request.id_type = id_type_of_call(fcinfo);
	basket_of_call(fcinfo, ARG_VALUES, ARG_WEIGHTS, &basket);
	request.basket = &basket;
	request.has_candidates =
	    wals_arg_array(fcinfo, ARG_CANDIDATES, "candidates",
	                   &request.n_candidates, &request.candidates);
	(void) wals_arg_array(fcinfo, ARG_EXCLUDE, "exclude", &request.n_exclude,
	                      &request.exclude);

	count = wals_recommend_run(&request, &items, &basis);
	for (i = 0; i < count; i++)
		wals_put_ranked(&result, items[i].id, items[i].score, i + 1, basis);
	return (Datum) 0;
}

static Datum
vector_datum(const float *vector, int32 count)
{
	Datum *elements = palloc(sizeof(Datum) * count);
	int32 i;

	for (i = 0; i < count; i++)
		elements[i] = Float4GetDatum(vector[i]);
	return PointerGetDatum(construct_array(elements, count, FLOAT4OID,
	                                       sizeof(float4), true, TYPALIGN_INT));
}

Datum
wals_fold_in(PG_FUNCTION_ARGS)
{
	WalsBasket basket;
	int32 count;
	float *vector;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	basket_of_call(fcinfo, 1, 2, &basket);
	vector = wals_fold_in_run(wals_arg_oid(fcinfo, 3), id_type_of_call(fcinfo),
	                          &basket, &count);
	if (vector == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(vector_datum(vector, count));
}

Datum
wals_user_factors(PG_FUNCTION_ARGS)
{
	int fold_in = wals_arg_choice(fcinfo, 2, "fold_in", wals_fold_in_choices,
	                              WALS_FOLD_AUTO);
	int32 count;
	float *vector;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	vector =
	    wals_user_factors_run(wals_arg_oid(fcinfo, 1), id_type_of_call(fcinfo),
	                          PG_GETARG_DATUM(0), fold_in, &count);
	if (vector == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(vector_datum(vector, count));
}
