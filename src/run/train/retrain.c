/*-------------------------------------------------------------------------
 *
 * retrain.c
 *	  Train models again as they were trained before: what a scheduler calls.
 *
 * The options come from the row of the active version (store/record.h); what a
 * training had chosen from the data is chosen again.  A model that is not due,
 * or that another session is training, is passed over with a NOTICE: a job
 * that has nothing to do has not failed.
 *
 * Where the call may commit, a training commits after reading and again after
 * writing (run/train/train.c), and so no model waits for the next.  The lock on a
 * model's name is then held for the session and released here, after an error
 * too.  Of several models one that fails does not keep the others from being
 * trained: the error becomes a WARNING, and the call fails at its end.  A
 * cancel ends it at once, and so does any error where the call may not commit,
 * for it would undo the other models anyway.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "run/measure/gate.h"
#include "run/train/options.h"
#include "run/train/retrain.h"
#include "store/guard.h"
#include "store/model.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/source.h"

/* Models that could not be trained. */
typedef struct Failures
{
	int count;
	int code; /* SQLSTATE of the first */
	StringInfoData list;
} Failures;

static void
begin(const WalsRetrainRequest *request)
{
	if (request->commits)
		wals_query_begin_procedure();
	else
		wals_query_begin();
}

static void
end(const WalsRetrainRequest *request)
{
	if (!request->commits)
	{
		wals_query_end();
		return;
	}
	wals_query_commit();
	wals_query_end_procedure();
}

/* Why a model need not be trained, or NULL. */
static char *
reason_to_wait(const WalsRetrainRequest *request, const WalsRecord *record)
{
	int64 rows;

	if (record->trained_at >= request->trained_before)
		return psprintf("version %d was trained at %s", record->version,
		                timestamptz_to_str(record->trained_at));
	if (request->min_new_rows > 0)
	{
		rows = wals_relation_count(record->source.relation);
		if (record->n_rows < 0 || rows < record->n_rows ||
		    rows - record->n_rows >= request->min_new_rows)
			return NULL;
		return psprintf("its source has " INT64_FORMAT
		                " rows, version %d was trained on " INT64_FORMAT,
		                rows, record->version, record->n_rows);
	}
	return NULL;
}

/*
 * Whether the version says how it was trained.  What was imported need not; for
 * a job over all models that is no failure.
 */
static bool
check_trained(const WalsRetrainRequest *request, Oid model,
              const WalsRecord *record)
{
	const char *what = NULL;

	if (record->named.state == WALS_NAMED_NONE)
		what = "source";
	else if (record->options.is_null)
		what = "objective";
	if (what == NULL)
		return true;
	if (OidIsValid(request->model))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("version %d of model \"%s\" has no %s to train again "
		            "with",
		            record->version, get_rel_name(model), what),
		     errdetail("Its factors were imported without one."),
		     wals_hint("Train it with wals_train(%s, ...), and wals_retrain() "
		               "works from then on.",
		               quote_literal_cstr(wals_relation_quoted(model)))));
	ereport(NOTICE, (errmsg("model \"%s\" is not trained again: version %d was "
	                        "imported without %s",
	                        get_rel_name(model), record->version, what)));
	return false;
}

/* A training that may be due. */
typedef struct Candidate
{
	const WalsRetrainRequest *request;
	Oid model;
	WalsTrainRequest train;
	bool due;
} Candidate;

/* The request of the active version, if there is something to be done. */
static void
prepare(void *arg)
{
	Candidate *candidate = arg;
	const WalsRetrainRequest *request = candidate->request;
	const WalsTrainRequest *asked = &request->train;
	Oid model = candidate->model;
	WalsTrainRequest *train = &candidate->train;
	WalsRecord record;
	char *reason;

	wals_model_check_owner(model);
	if (!wals_record_read(model, 0, WALS_READ_FRESH, &record))
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("model \"%s\" has no active version to train again",
		                get_rel_name(model)),
		         wals_hint("Train it with wals_train(), or activate a version "
		                   "with wals_activate().")));
	if (!check_trained(request, model, &record))
		return;
	wals_guard_trust(model, record.version);
	wals_record_open_source(model, &record, "train");
	wals_source_check_code(model, record.source.relation, "");
	reason = reason_to_wait(request, &record);
	if (reason != NULL)
	{
		ereport(NOTICE, (errmsg("model \"%s\" is not trained again: %s",
		                        get_rel_name(model), reason)));
		return;
	}
	wals_options_read(model, &record, train);
	wals_source_check_code(model, train->row_weights, "");
	wals_source_check_code(model, train->col_weights, "");
	train->model = wals_relation_quoted(model);
	train->warm_start = asked->warm_start;
	train->activate = asked->activate;
	train->metric = asked->metric;
	train->margin = asked->margin;
	if (request->has_holdout)
		train->holdout = asked->holdout;
	else if (train->holdout == 0 && asked->activate == WALS_ACTIVATE_IF_BETTER)
		train->holdout = WALS_HOLDOUT_DEFAULT;
	if (request->has_holdout_seed)
		train->holdout_seed = asked->holdout_seed;
	if (asked->params.factors != WC_FACTORS_AUTO)
	{
		if (train->params.factors != asked->params.factors)
			train->warm_start = false; /* vectors of another length */
		train->params.factors = asked->params.factors;
		train->factors_chosen = false;
	}
	train->command = WALS_COMMAND_RETRAIN;
	train->commits = request->commits;
	candidate->due = true;
}

/*
 * One model, whose lock the caller holds if the training commits.  Returns the
 * version, 0 for none.
 */
static int32
retrain(const WalsRetrainRequest *request, Oid model)
{
	Candidate candidate = {.request = request, .model = model};
	int32 version = 0;

	begin(request);
	wals_query_read_and_unlock(prepare, &candidate);
	if (candidate.due)
		version = wals_train_run(&candidate.train);
	end(request);
	return version;
}

/* The same, holding the lock until the end, whatever the end is. */
static int32
retrain_locked(const WalsRetrainRequest *request, Oid model)
{
	Oid schema = get_rel_namespace(model);
	char *name = get_rel_name(model);
	int32 version = 0;

	if (name == NULL)
		return 0; /* dropped while another model was trained */
	wals_model_check_owner(model);
	if (!wals_model_hold(schema, name))
	{
		ereport(NOTICE,
		        (errmsg("model \"%s\" is not trained again: another session "
		                "is training it",
		                name)));
		return 0;
	}
	PG_TRY();
	{
		version = retrain(request, model);
	}
	PG_FINALLY();
	{
		wals_model_release(schema, name);
	}
	PG_END_TRY();
	return version;
}

static void
note_failure(Oid model, const ErrorData *error, Failures *failures)
{
	char *name = get_rel_name(model);

	if (name == NULL)
		name = psprintf("%u", model);
	ereport(
	    WARNING,
	    (errcode(error->sqlerrcode),
	     errmsg("model \"%s\" could not be trained again: %s", name,
	            error->message),
	     error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
	     error->hint != NULL ? errhint("%s", error->hint) : 0));
	if (failures->count++ == 0)
		failures->code = error->sqlerrcode;
	else
		appendStringInfoChar(&failures->list, '\n');
	appendStringInfo(&failures->list, "%s: %s", name, error->message);
}

/* One of several models: an error is noted. */
static int32
retrain_guarded(const WalsRetrainRequest *request, Oid model,
                Failures *failures)
{
	volatile int32 version = 0;
	ErrorData *volatile error = NULL;

	wals_query_guard();
	PG_TRY();
	{
		version = retrain_locked(request, model);
		wals_query_unguard();
	}
	PG_CATCH();
	{
		error = wals_query_survive();
	}
	PG_END_TRY();
	if (error == NULL)
		return version;
	note_failure(model, error, failures);
	FreeErrorData(error);
	return 0;
}

static void
report_failures(const Failures *failures, int models)
{
	if (failures->count > 0)
		ereport(ERROR,
		        (errcode(failures->code),
		         errmsg("%d of %d models could not be trained again",
		                failures->count, models),
		         errdetail_internal("%s", failures->list.data),
		         wals_hint("The others are as the messages before say. Try one "
		                   "of these alone: CALL wals_retrain('model');")));
}

int32
wals_retrain_run(const WalsRetrainRequest *request)
{
	Failures failures = {0};
	bool guarded;
	List *models;
	ListCell *cell;
	int32 version = 0;

	PreventCommandIfReadOnly("wals_retrain()");
	PreventCommandIfParallelMode("wals_retrain()");
	models = OidIsValid(request->model)
	             ? list_make1_oid(wals_model_resolve(request->model))
	             : wals_model_list_own();
	if (models == NIL)
		ereport(NOTICE, (errmsg("role \"%s\" has no models to train again",
		                        GetUserNameFromId(GetUserId(), false))));
	guarded = request->commits && list_length(models) > 1;
	initStringInfo(&failures.list);
	foreach (cell, models)
	{
		Oid model = lfirst_oid(cell);
		int32 trained = guarded ? retrain_guarded(request, model, &failures)
		                        : retrain_locked(request, model);

		version = trained != 0 ? trained : version;
	}
	report_failures(&failures, list_length(models));
	return version;
}
