/*-------------------------------------------------------------------------
 *
 * shortage.c
 *	  Too few users or items for a model: what was left out, and why.
 *
 * Whoever sees this error mostly named a wrong column or has a filter that is
 * too strict.  What was counted while reading says which, and the hint is about
 * that alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "run/train/steps.h"

int64
wals_left_out(const WalsRatings *ratings, int64 n_zero)
{
	return ratings->n_null + ratings->n_weightless + n_zero;
}

char *
wals_left_out_words(const WalsRatings *ratings, int64 n_zero)
{
	const struct
	{
		int64 count;
		const char *why;
	} causes[] = {{ratings->n_null, "with a NULL"},
	              {ratings->n_weightless, "with weight 0"},
	              {n_zero, "with value 0"}};
	StringInfoData words;

	initStringInfo(&words);
	for (size_t i = 0; i < lengthof(causes); i++)
		if (causes[i].count > 0)
			appendStringInfo(&words, "%s" INT64_FORMAT " %s",
			                 words.len > 0 ? ", " : "", causes[i].count,
			                 causes[i].why);
	return words.data;
}

/* What to do, by what took most of the rows. */
static const char *
advice(const WalsShortage *shortage)
{
	const WalsRatings *ratings = shortage->ratings;
	const WcParams *params = shortage->params;
	int64 n_zero = shortage->n_zero;
	int64 left = ratings->n_rows - wals_left_out(ratings, n_zero);

	if (ratings->n_rows == 0)
		return "Fill it, or check that row-level security lets the current "
		       "role see its rows.";
	if (ratings->n_null > left && ratings->n_null >= ratings->n_weightless &&
	    ratings->n_null >= n_zero)
		return "Check the columns for NULLs, or name others.";
	if (ratings->n_weightless > left && ratings->n_weightless >= n_zero)
		return "Check the weights, or leave weight_col out.";
	if (n_zero > left)
		return "Check the values, or leave value_col out: a value of 0 says "
		       "nothing with implicit feedback.";
	if (params->min_user_rows > 1 || params->min_item_rows > 1)
		return "Lower min_user_rows or min_item_rows.";
	if (shortage->n_held_out > 0)
		return "Hold out less, or wait for more rows.";
	return "Check user_col and item_col, or wait for more rows.";
}

void
wals_shortage_check(const WalsShortage *shortage)
{
	const WalsRatings *ratings = shortage->ratings;
	const WcParams *params = shortage->params;
	const char *name = shortage->relation;
	StringInfoData detail;

	if (shortage->users >= WALS_ROWS_MIN && shortage->items >= WALS_ROWS_MIN)
		return;
	initStringInfo(&detail);
	appendStringInfo(&detail, INT64_FORMAT " rows were read", ratings->n_rows);
	if (wals_left_out(ratings, shortage->n_zero) > 0)
		appendStringInfo(&detail, ", " INT64_FORMAT " of them left out: %s",
		                 wals_left_out(ratings, shortage->n_zero),
		                 wals_left_out_words(ratings, shortage->n_zero));
	if (shortage->n_held_out > 0)
		appendStringInfo(&detail, "; " INT64_FORMAT " were held out",
		                 shortage->n_held_out);
	appendStringInfo(&detail, "; %d users and %d items have entries enough",
	                 shortage->users, shortage->items);
	if (params->min_user_rows > 1 || params->min_item_rows > 1)
		appendStringInfo(&detail, " (min_user_rows is %d, min_item_rows %d)",
		                 params->min_user_rows, params->min_item_rows);
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         ratings->n_rows == 0
	             ? errmsg("relation \"%s\" has no rows to %s", name,
	                      shortage->purpose)
	             : errmsg("relation \"%s\" has too few users or items to %s",
	                      name, shortage->purpose),
	         errdetail("%s, a model needs two of each.", detail.data),
	         errhint("%s", advice(shortage))));
}
