/*-------------------------------------------------------------------------
 *
 * import.c
 *	  Make a version of factors that were trained elsewhere.
 *
 * Like a training without one: find the place to write, read and check, write.
 * What the program that trained knew and does not say is not guessed.  Without
 * an objective nobody can be folded in or explained, without a source nothing is
 * known to have been seen; both is said when it is asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "run/train/import.h"
#include "run/train/options.h"
#include "store/model.h"
#include "store/query.h"
#include "store/side.h"
#include "store/space.h"

/* What was read. */
typedef struct ImportState
{
	WalsImportRequest *request;
	WalsTarget target;
	WalsJob job;
	TimestampTz started_at;
	WalsSide users;
	WalsSide items;
	bool biases;
	WcObjective objective;
} ImportState;

static void
check_sides(const ImportState *state)
{
	if (state->users.factors != state->items.factors)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("users and items have different numbers of factors"),
		         errdetail("Users have %d, items %d.", state->users.factors,
		                   state->items.factors),
		         errhint("Import both from one training.")));
}

/* The source, if there is one, has the ids of the factors. */
static void
check_source(const ImportState *state)
{
	WalsSource *source = &state->request->train.source;

	if (!OidIsValid(source->relation))
		return;
	wals_source_check(source, state->target.name);
	if (source->user_id_type == state->users.id_type &&
	    source->item_id_type == state->items.id_type)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_DATATYPE_MISMATCH),
	         errmsg("ids of relation \"%s\" have other types than those of the "
	                "factors",
	                get_rel_name(source->relation)),
	         errdetail("Users are %s and %s, items %s and %s.",
	                   wals_id_type_name(source->user_id_type),
	                   wals_id_type_name(state->users.id_type),
	                   wals_id_type_name(source->item_id_type),
	                   wals_id_type_name(state->items.id_type)),
	         errhint("Use a view that casts them.")));
}

/* What a training would have taken for a like; NaN: nobody can tell. */
static double
like_from(const WcObjective *objective)
{
	switch (objective->params.feedback)
	{
		case WC_IMPLICIT:
			return 0;
		case WC_EXPLICIT:
			return objective->mean;
		case WC_WEIGHTED:
			break;
	}
	return NAN;
}

/* The objective, as a training would have resolved it. */
static void
set_objective(ImportState *state)
{
	WalsTrainRequest *train = &state->request->train;
	WcParams *params = &train->params;

	params->factors = state->users.factors;
	params->biases = state->biases ? 1 : 0;
	if (params->feedback == WC_EXPLICIT)
		params->unobserved_weight = 0;
	if (isnan(params->regularization) != isnan(params->unobserved_weight) &&
	    params->feedback != WC_EXPLICIT)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("regularization and unobserved_weight belong together"),
		         errdetail("Only both of them say what was minimized."),
		         errhint("Name both, or none to do without folding in and "
		                 "explanations.")));
	if (state->biases && params->feedback != WC_EXPLICIT &&
	    !isnan(params->regularization))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("biases need explicit feedback"),
		         errhint("Use feedback => 'explicit', or leave the objective "
		                 "out.")));
	state->objective.params = *params;
	state->objective.count_weight = 1.0;
	state->objective.mean = state->request->mean;
	state->objective.range = wc_any_range;
	state->objective.like_from = like_from(&state->objective);
	if (!isnan(params->regularization))
		wals_options_check(train);
}

static int64
sum_entries(const WalsSide *side)
{
	int64 sum = 0;
	int32 i;

	for (i = 0; i < wc_idmap_count(side->ids); i++)
		sum += side->entries[i];
	return sum;
}

static void
write_version(ImportState *state)
{
	const WalsTrainRequest *train = &state->request->train;
	bool known = !isnan(train->params.regularization);
	char *objective = palloc(2048);
	WalsVersionRow row;

	memset(&row, 0, sizeof(row));
	row.trained_at = state->started_at;
	row.source = train->source;
	row.feedback = wc_feedback_name(train->params.feedback);
	row.objective = "not known, the factors were imported";
	if (known)
	{
		wc_objective_text(&state->objective, train->source.weight_col != NULL,
		                  2048, objective);
		row.objective = psprintf("imported; %s", objective);
		row.options = wals_options_json(train, &state->objective, NULL);
	}
	row.factors = state->users.factors;
	row.biases = state->biases;
	row.mean = state->request->mean;
	row.n_users = wc_idmap_count(state->users.ids);
	row.n_items = wc_idmap_count(state->items.ids);
	row.n_entries = sum_entries(&state->users);
	row.stop_reason = NULL;
	row.loss = NAN;
	wals_version_insert(&state->target, &row);
	if (train->activate)
		wals_version_activate(state->target.relation, state->target.version,
		                      true);
	wals_version_prune(state->target.relation, train->keep_versions);
}

int32
wals_import_run(WalsImportRequest *request)
{
	WalsTrainRequest *train = &request->train;
	bool user_bias;
	bool item_bias;
	ImportState state;

	PreventCommandIfReadOnly("wals_import()");
	PreventCommandIfParallelMode("wals_import()");
	memset(&state, 0, sizeof(state));
	state.request = request;
	state.started_at = GetCurrentTimestamp();
	wals_query_begin();
	wals_job_init(&state.job,
	              AllocSetContextCreate(CurrentMemoryContext, "wals import",
	                                    ALLOCSET_DEFAULT_SIZES),
	              (Size) wals_max_memory * 1024);
	wals_target_open(train->model, &state.target);
	wals_import_read(request->users, WC_USERS, "users", &state.job,
	                 &state.users, &user_bias);
	wals_import_read(request->items, WC_ITEMS, "items", &state.job,
	                 &state.items, &item_bias);
	state.biases = user_bias || item_bias;
	if (state.biases && train->params.feedback != WC_EXPLICIT)
		state.biases = wals_side_has_bias(&state.users) ||
		               wals_side_has_bias(&state.items);
	check_sides(&state);
	check_source(&state);
	set_objective(&state);
	wals_target_check(&state.target, state.users.id_type, state.items.id_type);
	wals_space_check(
	    &state.target,
	    wals_space_needed(wc_idmap_count(state.users.ids), state.users.factors,
	                      state.users.id_type),
	    wals_space_needed(wc_idmap_count(state.items.ids), state.items.factors,
	                      state.items.id_type));
	wals_target_create(&state.target, state.users.id_type, state.items.id_type);
	wals_side_insert(&state.users, state.target.users_rows,
	                 state.target.version);
	wals_side_insert(&state.items, state.target.items_rows,
	                 state.target.version);
	wals_target_close(&state.target);
	write_version(&state);
	ereport(NOTICE,
	        (errmsg("model \"%s\" version %d: %d users, %d items, %d factors, "
	                "imported",
	                state.target.name, state.target.version,
	                wc_idmap_count(state.users.ids),
	                wc_idmap_count(state.items.ids), state.users.factors)));
	wals_query_end();
	return state.target.version;
}
