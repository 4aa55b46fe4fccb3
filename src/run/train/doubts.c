/*-------------------------------------------------------------------------
 *
 * doubts.c
 *	  What is odd about a training that went through: warnings.
 *
 * Each of these trains a model that answers, and whose answers are of no use: a
 * slip in the order of arguments, times in milliseconds, regularization taken
 * from a library that means something else by it.  None is certain enough to
 * refuse, and all are silent but for this.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "run/train/doubts.h"

/* So few users for so many items each are seldom people. */
#define USERS_FEW 20
#define ITEMS_PER_USER 50

/* Seconds of the year 5138: later times are milliseconds, or finer. */
#define SECONDS_LATEST INT64CONST(100000000000)

/* Rounded by such a part of what they range over, values are blurred. */
#define BLURRED 0.01

/* Where so many of the entries have faded, so has what the model is about. */
#define FADED_MOST 0.9

/*
 * Users that must agree, and factors, before one list is no accident.  Ratings
 * may well be predicted by biases alone.
 */
#define USERS_AGREE 20
#define FACTORS_AGREE 4

/* An entry of many that makes up so much of the squares is no rating. */
#define ENTRIES_MANY 100
#define OUTLIER_LEAST 0.5

/* It is not locked while we solve. */
static void
doubt_source(const WalsDoubtful *doubtful)
{
	const WalsSource *source = &doubtful->request->source;

	if (get_rel_name(source->relation) == NULL)
		ereport(WARNING,
		        (errmsg("relation \"%s\" was dropped while model \"%s\" was "
		                "trained on it",
		                source->name, doubtful->model),
		         errhint("Without its source a model cannot be trained again, "
		                 "tell what was seen or fold users in.")));
}

static void
doubt_users(const WalsDoubtful *doubtful)
{
	const WalsSource *source = &doubtful->request->source;
	int32 users = doubtful->factors->users;
	int32 items = doubtful->factors->items;

	if (users > USERS_FEW || items / users < ITEMS_PER_USER)
		return;
	ereport(WARNING,
	        (errmsg("model \"%s\" has %d users for %d items", doubtful->model,
	                users, items),
	         errdetail("Users are the distinct values of column \"%s\", items "
	                   "those of \"%s\".",
	                   source->user_col, source->item_col),
	         errhint("If the users are in another column, name it: user_col => "
	                 "'...', item_col => '...'; a column of ratings is "
	                 "value_col => '...'.")));
}

/* Ratings far from 0 and close together: float4 makes them one. */
static void
doubt_values(const WalsDoubtful *doubtful)
{
	const WalsSource *source = &doubtful->request->source;
	const WalsRatings *ratings = doubtful->ratings;
	double range = ratings->value_most - ratings->value_least;

	if (source->value_col == NULL ||
	    doubtful->request->params.feedback == WC_IMPLICIT ||
	    !(ratings->value_rounding > BLURRED * range) || range == 0)
		return;
	ereport(WARNING,
	        (errmsg("values in column \"%s\" lie too close together for "
	                "single precision",
	                source->value_col),
	         errdetail("They are from %.9g to %.9g, and some were rounded by "
	                   "%.2g: what differs may have become the same.",
	                   ratings->value_least, ratings->value_most,
	                   ratings->value_rounding),
	         errhint("Train on a view that subtracts what all of them have in "
	                 "common: %s - %.9g.",
	                 quote_identifier(source->value_col),
	                 floor(ratings->value_least))));
}

/* Does an integer read as a day, 20241231? */
static bool
is_calendar_number(int64 number)
{
	int64 year = number / 10000;
	int64 month = number / 100 % 100;
	int64 day = number % 100;

	return year >= 1900 && year <= 2200 && month >= 1 && month <= 12 &&
	       day >= 1 && day <= 31;
}

/* True when something was said. */
static bool
doubt_times(const WalsDoubtful *doubtful)
{
	const WalsSource *source = &doubtful->request->source;
	bool is_number =
	    source->time_col != NULL &&
	    (source->time_type == INT2OID || source->time_type == INT4OID ||
	     source->time_type == INT8OID);
	const char *unit = NULL;

	if (doubtful->request->params.half_life == 0)
		return false;
	if (is_number && doubtful->newest > SECONDS_LATEST)
		unit = "milliseconds or finer";
	else if (is_number && is_calendar_number(doubtful->newest))
		unit = "days written as numbers, yyyymmdd";
	if (unit != NULL)
		ereport(WARNING,
		        (errmsg("times in column \"%s\" look like %s", source->time_col,
		                unit),
		         errdetail("The newest is " INT64_FORMAT
		                   "; integer times count seconds for half_life.",
		                   doubtful->newest),
		         errhint("Train on a view that makes a timestamp of the "
		                 "column: %s.",
		                 doubtful->newest > SECONDS_LATEST
		                     ? "to_timestamp(ms / 1000.0)"
		                     : "to_date(day::text, 'YYYYMMDD')")));
	else if (doubtful->faded > FADED_MOST)
		ereport(
		    WARNING,
		    (errmsg("half_life has faded nearly all of the ratings"),
		     errdetail("Of %.3g %% of the entries of model \"%s\" less than "
		               "a hundredth is left: ages are counted back from "
		               "the newest time.",
		               100 * doubtful->faded, doubtful->model),
		     errhint("Give a longer half_life, or leave out rows whose "
		             "\"%s\" lies in the future.",
		             source->time_col)));
	else
		return false;
	return true;
}

static const char *
flat_hint(const WalsDoubtful *doubtful)
{
	const WcParams *params = &doubtful->problem->objective.params;

	if (params->feedback == WC_EXPLICIT)
		return "Are the values all the same? Otherwise give a smaller "
		       "regularization, or leave it out.";
	return "Give a smaller regularization, or leave it out to have it chosen.";
}

static void
doubt_factors(const WalsDoubtful *doubtful)
{
	WcVariety variety;

	if (wc_model_variety(doubtful->factors, &variety, &wals_hooks) ==
	    WC_CANCELLED)
		CHECK_FOR_INTERRUPTS();
	else if (variety.flat * 2 > variety.users)
		ereport(
		    WARNING,
		    (errmsg("model \"%s\" cannot tell items apart", doubtful->model),
		     errdetail("For %d of %d users looked at, all items have the "
		               "same score; regularization is %g.",
		               variety.flat, variety.users,
		               doubtful->problem->objective.params.regularization),
		     errhint("%s", flat_hint(doubtful))));
	else if (variety.one_list && variety.users >= USERS_AGREE &&
	         doubtful->factors->factors >= FACTORS_AGREE &&
	         doubtful->factors->item_bias == NULL)
		ereport(
		    WARNING,
		    (errmsg("model \"%s\" cannot tell users apart", doubtful->model),
		     errdetail("Each of %d users looked at has the same best items "
		               "in the same order; regularization is %g.",
		               variety.users,
		               doubtful->problem->objective.params.regularization),
		     errhint("Give a smaller regularization or more factors, or "
		             "leave both out to have them chosen.")));
}

/* A slip of the pen among ratings, that all else is fitted to. */
static void
doubt_outlier(const WalsDoubtful *doubtful)
{
	const WcProblem *problem = doubtful->problem;

	if (problem->by_user.nnz < ENTRIES_MANY || problem->largest < OUTLIER_LEAST)
		return;
	ereport(WARNING,
	        (errmsg("one value in column \"%s\" is far from all others",
	                doubtful->request->source.value_col),
	         errdetail("It makes up %.3g %% of the squared distances of the "
	                   "values of model \"%s\" from %s, and regularization "
	                   "follows these.",
	                   100 * problem->largest, doubtful->model,
	                   problem->objective.params.feedback == WC_EXPLICIT
	                       ? "their mean"
	                       : "0"),
	         errhint("Leave its row out, or limit the values, in a view.")));
}

void
wals_doubts_tell(const WalsDoubtful *doubtful)
{
	doubt_source(doubtful);
	doubt_users(doubtful);
	doubt_values(doubtful);
	doubt_outlier(doubtful);
	if (!doubt_times(doubtful))
		doubt_factors(doubtful);
}

void
wals_doubts_differences(const WalsTarget *target, int32 version,
                        const char *words)
{
	if (words == NULL)
		return;
	ereport(
	    NOTICE,
	    (errmsg("version %d of model \"%s\" has other options than version %d",
	            target->version, target->name, version),
	     errdetail_internal("%s.", words),
	     wals_hint(
	         "What wals_train() is not given has its default; CALL "
	         "wals_retrain(%s); keeps the options of a model.",
	         quote_literal_cstr(wals_relation_quoted(target->relation)))));
}

void
wals_doubts_temporary(const WalsTarget *target, const WalsSource *source)
{
	if (!source->temporary)
		return;
	ereport(
	    NOTICE,
	    (errmsg("model \"%s\" in schema \"%s\" stays when its source, the "
	            "temporary table \"%s\", is gone",
	            target->name, get_namespace_name(target->schema), source->name),
	     errhint("Train on a table that stays: without its source a model "
	             "cannot be trained again, tell what was seen or fold users "
	             "in.")));
}
