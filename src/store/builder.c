/*-------------------------------------------------------------------------
 *
 * builder.c
 *	  A background worker that makes the file of a pack.
 *
 * A session whose call is cancelled throws away what it has done.  Where making a
 * file takes longer than callers have, it would never be made; so it is done by a
 * process that nobody's timeout ends.  It is a dynamic background worker: nothing
 * is preloaded, and it takes one of max_worker_processes for a second or so.
 *
 * It connects as the role that logged in, and does its work as the role that asked,
 * in a security-restricted operation: it can do nothing that the asker could not,
 * and reads nothing but one model and its table.  What it is asked for fits into
 * what the server passes on to a worker (bgw_extra); of the asker's settings those
 * come along that decide whether there is a file, and how many threads make it.
 *
 * It says nothing to the asker: there is a file when it has ended, or there is none
 * (packed.c).  An error of its own goes to the server's log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/debug.h"
#include "base/settings.h"
#include "store/builder.h"
#include "store/packed.h"
#include "store/query.h"

#define NAME "wals builder"

typedef struct Request
{
	WalsPackKey key;
	Oid database;
	Oid login; /* the role that connected */
	Oid role; /* and the one that asks */
	int security; /* the context it asks in */
	/* settings of the asker's */
	int cache_share;
	int cache_file_limit;
	int temp_file_limit;
	int threads;
} Request;

extern PGDLLEXPORT void wals_builder_main(Datum arg);

WalsBuilder *
wals_builder_start(const WalsPackKey *key)
{
	Request request = {.key = *key,
	                   .database = MyDatabaseId,
	                   .login = GetAuthenticatedUserId(),
	                   .cache_share = wals_cache_share,
	                   .cache_file_limit = wals_cache_file_limit,
	                   .temp_file_limit = temp_file_limit,
	                   .threads = wals_threads};
	BackgroundWorker worker;
	WalsBuilder *builder;

	StaticAssertStmt(sizeof(request) <= BGW_EXTRALEN,
	                 "a request fits into what is passed on");
	GetUserIdAndSecContext(&request.role, &request.security);
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags =
	    BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState; /* standbys, too */
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_name, NAME, sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, NAME, sizeof(worker.bgw_type));
	strlcpy(worker.bgw_library_name, "wals", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "wals_builder_main",
	        sizeof(worker.bgw_function_name));
	memcpy(worker.bgw_extra, &request, sizeof(request));
	return RegisterDynamicBackgroundWorker(&worker, &builder) ? builder : NULL;
}

bool
wals_builder_has_ended(WalsBuilder *builder)
{
	pid_t pid;
	BgwHandleStatus status = GetBackgroundWorkerPid(builder, &pid);

	return status != BGWH_STARTED && status != BGWH_NOT_YET_STARTED;
}

/* What pg_stat_activity shows of it. */
static void
tell_activity(const WalsPackKey *key)
{
	const char *name = get_rel_name(key->model);

	if (name != NULL)
		pgstat_report_activity(
		    STATE_RUNNING, psprintf("wals: %s of version %d of model \"%s\"",
		                            key->side == WC_USERS ? "users" : "items",
		                            key->version, name));
}

void
wals_builder_main(Datum arg)
{
	Request request;

	memcpy(&request, MyBgworkerEntry->bgw_extra, sizeof(request));
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(request.database, request.login,
	                                          0);
	process_session_preload_libraries();
	wals_cache_share = request.cache_share;
	wals_cache_file_limit = request.cache_file_limit;
	temp_file_limit = request.temp_file_limit;
	wals_threads = request.threads;

	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = true;
	PushActiveSnapshot(GetTransactionSnapshot());
	SetUserIdAndSecContext(request.role,
	                       request.security | SECURITY_RESTRICTED_OPERATION);
	tell_activity(&request.key);
	wals_debug_point("builder");
	wals_query_begin();
	wals_packed_build(&request.key);
	wals_query_end();
	PopActiveSnapshot();
	CommitTransactionCommand();
}
