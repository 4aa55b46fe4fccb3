/*-------------------------------------------------------------------------
 *
 * report.c
 *	  Raise the error that belongs to a status of the core.
 *
 * The core returns statuses and never jumps; this file turns them into the
 * server's errors, each with its SQLSTATE and, where the user can do
 * something, a HINT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/pmsignal.h"

#include "base/job.h"
#include "base/mapping.h"
#include "base/settings.h"

static const char *
side_noun(WcSide side)
{
	return side == WC_USERS ? "user" : "item";
}

static void
report_memory(const WalsJob *memory)
{
	if (memory != NULL && memory->over_limit)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OUT_OF_MEMORY),
		     errmsg("%s needs more memory than wals.max_memory allows",
		            memory->name),
		     errdetail("The limit is %zu kB, %zu kB were in use when more was "
		               "needed.",
		               memory->limit / 1024, memory->used / 1024),
		     errhint("Raise it with SET wals.max_memory = '...', or %s.",
		             memory->advice)));
	ereport(
	    ERROR,
	    (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
	     errdetail("The server could not allocate memory for the model."),
	     errhint("Train on fewer rows or factors, or on a machine with more "
	             "memory.")));
}

void
wals_report(const WcError *error, const WalsJob *memory, const char *row_name,
            const char *other_name)
{
	const char *row = row_name ? row_name : "(unknown)";
	const char *other = other_name ? other_name : "(unknown)";

	/* zeros that nobody wrote may be all there is to report */
	if (error->status != WC_CANCELLED)
		wals_mapping_check();
	switch (error->status)
	{
		case WC_CANCELLED:
			CHECK_FOR_INTERRUPTS();
			if (IsUnderPostmaster && !PostmasterIsAlive())
				ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
				                errmsg("terminating connection due to "
				                       "unexpected postmaster exit")));
			ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
			                errmsg("canceling statement due to user request")));
			break;

		case WC_NO_MEMORY:
			report_memory(memory);
			break;

		case WC_TOO_LARGE:
			ereport(
			    ERROR,
			    (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			     errmsg("the training data is too large"),
			     errdetail("A model holds at most 2147483646 users and as many "
			               "items."),
			     errhint("Train on a view that selects fewer rows.")));
			break;

		case WC_DUPLICATE:
			ereport(
			    ERROR,
			    (errcode(ERRCODE_UNIQUE_VIOLATION),
			     errmsg("duplicate rating of item %s by user %s", other, row),
			     errdetail("duplicates => 'error' allows one row per user and "
			               "item."),
			     errhint("Merge them with duplicates => 'sum', 'max', 'avg' or "
			             "'last'.")));
			break;

		case WC_NOT_FINITE:
			if (error->row >= 0 && error->other >= 0)
				ereport(
				    ERROR,
				    (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				     errmsg(
				         "weight or value of %s %s and %s %s is out of range",
				         side_noun(error->side), row,
				         side_noun(1 - error->side), other),
				     error->detail[0] ? errdetail("%s", error->detail) : 0,
				     errhint("Scale the values or weights down.")));
			ereport(ERROR,
			        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			         error->row >= 0
			             ? errmsg("factors of %s %s are out of range",
			                      side_noun(error->side), row)
			             : errmsg("factors of the %ss are out of range",
			                      side_noun(error->side)),
			         error->detail[0] ? errdetail("%s", error->detail) : 0,
			         errhint("Scale the values or weights down, and train "
			                 "again.")));
			break;

		case WC_LAMBDA_TOO_LARGE:
			ereport(ERROR,
			        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			         errmsg("regularization of %s %s is out of range",
			                side_noun(error->side), row),
			         error->detail[0] ? errdetail("%s", error->detail) : 0,
			         errhint("Lower regularization, or scale the weights "
			                 "down.")));
			break;

		case WC_NOT_SPD:
			ereport(
			    ERROR,
			    (errcode(ERRCODE_DATA_EXCEPTION),
			     errmsg("could not solve the system of %s %s",
			            side_noun(error->side), row),
			     error->detail[0] ? errdetail("%s", error->detail) : 0,
			     errhint("Give a regularization greater than 0; where it is, "
			             "raise it, or clip values and weights that are far "
			             "from all others.")));
			break;

		case WC_EMPTY:
			ereport(
			    ERROR,
			    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			     errmsg("nothing to train on"),
			     error->detail[0] ? errdetail("%s", error->detail) : 0,
			     errhint("Check the columns and the filters of the source.")));
			break;

		case WC_PAUSED:
		case WC_BAD_PARAM:
		case WC_OK:
			break;
	}
	elog(ERROR, "unexpected status %d: %s", (int) error->status,
	     wc_status_text(error->status));
}
