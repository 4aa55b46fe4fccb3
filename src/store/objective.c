/*-------------------------------------------------------------------------
 *
 * objective.c
 *	  The objective of a stored version: what solving one more user takes.
 *
 * The options that belong to the objective (WC_OPTION_OBJECTIVE) are read back
 * from what a training wrote, one by one and then all of it together by
 * wc_params_check, since whoever may write to the model's table may have written
 * anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "store/numbers.h"
#include "store/objective.h"
#include "store/stored.h"

/* Pairs that the training held out, unless they came in by a refresh since. */
static void
read_holdout(const WalsStored *stored, WalsObjective *objective)
{
	int64 seed;

	if (wals_stored_holdout_seen(stored))
		return;
	wals_stored_holdout(stored, &objective->holdout, &seed);
	objective->draw = seed ^ WC_DRAW_HOLDOUT;
}

static void
read_params(const WalsModel *model, const WalsStored *stored,
            WalsObjective *objective)
{
	WcParams *params = &objective->core.params;
	int32 i;

	wc_params_defaults(params);
	for (i = 0; i < wc_option_count; i++)
		if ((wc_options[i].flags & WC_OPTION_OBJECTIVE) != 0)
			wals_stored_option(stored, &wc_options[i], params);
	params->factors = model->factors;
	params->biases = model->biases ? 1 : 0;
	objective->core.count_weight = wals_stored_real(stored, "count_weight");
	objective->core.like_from = wals_stored_has(stored, "like_from")
	                                ? wals_stored_real(stored, "like_from")
	                                : NAN;
	objective->half_life_seconds = wals_stored_half_life(stored);
	objective->core.weighted[WC_USERS] =
	    wals_stored_is_text(stored, "row_weights");
	objective->core.weighted[WC_ITEMS] =
	    wals_stored_is_text(stored, "col_weights");
	if (objective->half_life_seconds != 0)
	{
		params->half_life = wals_stored_real(stored, "half_life_units");
		objective->core.newest = wals_stored_whole(stored, "newest_time");
	}
}

static void
check_params(const WalsStored *stored, const WalsObjective *objective)
{
	const WcObjective *core = &objective->core;
	char detail[256];
	const char *option;

	option = wc_params_check(
	    &core->params, NameStr(objective->value_col)[0] != '\0',
	    NameStr(objective->time_col)[0] != '\0', sizeof(detail), detail);
	if (option != NULL)
		wals_stored_contradicts(stored, option, detail);
	if (!(core->count_weight > 0) || !isfinite(core->count_weight))
		wals_stored_damaged(stored, "count_weight", " is out of range");
	if (core->params.biases == 1 && core->params.unobserved_weight != 0)
		wals_model_damaged(stored->relation,
		                   "it has biases and an unobserved weight");
	if ((objective->half_life_seconds > 0) != (core->params.half_life > 0))
		wals_stored_damaged(stored, "half_life_seconds", " is out of range");
}

static void
read_column(const WalsFields *fields, WalsField field, NameData *column)
{
	const char *name = wals_field_name(fields, field);

	namestrcpy(column, name != NULL ? name : "");
}

void
wals_objective_read(const WalsModel *model, WalsObjective *objective)
{
	wals_objective_read_as(model, WALS_READ_CALLER, objective);
}

void
wals_objective_read_as(const WalsModel *model, WalsSnapshot snapshot,
                       WalsObjective *objective)
{
	WalsFields fields;
	WalsStored stored;

	memset(objective, 0, sizeof(*objective));
	wals_fields_read(model->relation, 0, snapshot, WALS_FIELDS_OF_OBJECTIVE,
	                 &fields);
	if (fields.nulls[WALS_FIELD_VERSION] ||
	    DatumGetInt32(fields.values[WALS_FIELD_VERSION]) != model->version)
		wals_model_damaged(model->relation, "it is gone");
	wals_stored_take(model->relation, &fields, &stored);
	if (stored.is_null)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("version %d of model \"%s\" has no objective",
		                model->version, get_rel_name(model->relation)),
		         errdetail("Its factors were imported without one, so nobody "
		                   "can be solved as its users were."),
		         errhint("Import them with regularization => ... and "
		                 "unobserved_weight => ..., or do without: fold_in "
		                 "=> 'never'.")));
	wals_stored_need(&stored);
	read_column(&fields, WALS_FIELD_VALUE_COL, &objective->value_col);
	read_column(&fields, WALS_FIELD_WEIGHT_COL, &objective->weight_col);
	read_column(&fields, WALS_FIELD_TIME_COL, &objective->time_col);
	objective->core.mean = fields.nulls[WALS_FIELD_MEAN]
	                           ? NAN
	                           : DatumGetFloat8(fields.values[WALS_FIELD_MEAN]);
	if (!isfinite(objective->core.mean))
		wals_model_damaged(model->relation, "\"global_mean\" is not finite");
	read_params(model, &stored, objective);
	read_holdout(&stored, objective);
	check_params(&stored, objective);
}

bool
wals_objective_has_time(const WalsObjective *objective, Oid time_type)
{
	double expected = objective->half_life_seconds * wals_time_unit(time_type);

	return fabs(objective->core.params.half_life - expected) <= 1e-6 * expected;
}
