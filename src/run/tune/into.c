/*-------------------------------------------------------------------------
 *
 * into.c
 *	  A tuning as a procedure: trials into a table, and the best into a model.
 *
 * What keeps vacuum from its work is a snapshot, and a function cannot give back
 * that of the query it stands in.  A procedure can commit.  It then needs a place
 * for what it has found, because a procedure returns no rows; and since that place
 * is a table, a tuning that is cancelled has not been in vain.
 *
 * What could be wrong with the table and the model is looked at before anything is
 * read, and again before something is written, for nothing is locked between.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "run/measure/gate.h"
#include "run/tune/tune.h"
#include "store/model.h"
#include "store/query.h"

/* Train, holding the lock on the model's name until the end, whatever it is. */
static void
train_locked(WalsTrainRequest *train, const WalsTarget *target)
{
	PG_TRY();
	{
		wals_train_run(train);
		wals_query_commit();
	}
	PG_FINALLY();
	{
		wals_model_release(target->schema, target->name);
	}
	PG_END_TRY();
}

static void
train_best(const WalsTuneInto *into, const WalsTarget *target, WalsTuned *tuned)
{
	WalsTrainRequest *train = &tuned->train;
	int32 t;

	train->model = into->model;
	train->activate = into->activate;
	if (into->activate == WALS_ACTIVATE_IF_BETTER)
		train->holdout = WALS_HOLDOUT_DEFAULT;
	train->commits = into->commits;
	if (!into->commits)
	{
		wals_train_run(train);
		return;
	}
	if (wals_model_hold(target->schema, target->name))
	{
		train_locked(train, target);
		return;
	}
	for (t = 0; !tuned->rows[t].best; t++)
		;
	ereport(ERROR,
	        (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
	         errmsg("model \"%s\" is being trained or changed by another "
	                "session",
	                target->name),
	         errdetail("The tuning is done, and its trials are in \"%s\".",
	                   into->trials),
	         errhint("Train it when the other session has finished, with the "
	                 "options of %s",
	                 tuned->rows[t].call)));
}

/* The model may be trained, unless somebody changes that meanwhile. */
static void
open_target(const WalsTuneInto *into, WalsSource *source, WalsTarget *target)
{
	memset(target, 0, sizeof(*target));
	if (into->model == NULL)
		return;
	wals_target_open(into->model, target);
	wals_source_check_columns(source, "source");
	wals_target_check(target, source->user_id_type, source->item_id_type);
}

/* Two new names that are one are found to be one only when the second is created. */
static void
check_names(const WalsTuneInto *into, const WalsOutput *output,
            const WalsTarget *target)
{
	if (into->model != NULL && output->schema == target->schema &&
	    wals_target_needs_name(target, output->name))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("trials_table is \"%s\", a table of model \"%s\"",
		                output->name, target->name),
		         errhint("Choose another name for the table of trials, such as "
		                 "\"%s_trials\".",
		                 target->name)));
}

void
wals_tune_into_run(WalsTuneRequest *request, const WalsTuneInto *into)
{
	WalsTrials trials;
	WalsTarget target;
	WalsTuned tuned;

	PreventCommandIfReadOnly("wals_tune_into()");
	PreventCommandIfParallelMode("wals_tune_into()");
	if (into->commits)
		wals_query_begin_procedure();
	else
		wals_query_begin();
	wals_output_open(&wals_trials_form, into->trials, &trials.output);
	open_target(into, &request->train.source, &target);
	check_names(into, &trials.output, &target);
	request->table = &trials;
	request->commits = into->commits;
	wals_tune_run(request, &tuned);
	if (into->model != NULL)
		train_best(into, &target, &tuned);
	if (into->commits)
		wals_query_end_procedure();
	else
		wals_query_end();
}
