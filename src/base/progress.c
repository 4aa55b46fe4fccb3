/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  Where a running training, tuning or refresh stands, visible from other
 *	  sessions.
 *
 * The server has counters per session in shared memory for the progress of its
 * own long commands (pg_stat_progress_vacuum and its like).  Nothing checks
 * whose command they count, so we use them under a number of our own: no
 * preloading, no memory of ours, an update is a few stores, and the server
 * takes the entry away when a transaction is aborted.
 *
 * What has to be known about these counters:
 *
 * - Other commands use them too.  CREATE TABLE with a primary key ends our
 *   entry, and so does an exception that a function in the source catches.  So
 *   the training keeps its own copy and publishes all of it again when the
 *   entry is not its own any more.
 * - There are 20 integers.  Times are microseconds, the loss is its bits, and
 *   the model's name, which nobody else could look up before the first commit,
 *   takes eight of them.
 * - Libraries of two versions may be loaded at a time.  The number ends in one
 *   for the layout of the counters; raise it when that changes.
 *
 * With track_activities off nothing is published.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/float.h"

#include "base/compat.h"
#include "base/progress.h"

/* "WAL" and the number of the layout. */
#define PROGRESS_COMMAND_WALS ((ProgressCommandType) 0x57414c03)

#define NAME_BYTES WALS_PROGRESS_NAME_BYTES
#define NAME_COUNTERS (NAME_BYTES / sizeof(int64))

/* The counters. */
enum
{
	COUNT_PHASE, /* and, above it, the command */
	COUNT_ITERATION,
	COUNT_ITERATIONS,
	COUNT_ROWS_READ,
	COUNT_LOSS, /* bits of a double */
	COUNT_STARTED_AT,
	COUNT_LIMIT, /* started_at + max_seconds, 0: none */
	COUNT_SOLVE_AT, /* when the first iteration began */
	COUNT_ITERATION_AT, /* when the last one was done */
	COUNT_ROLE, /* and, above it, the schema */
	COUNT_VERSION, /* being made, 0: none */
	COUNT_BOARD, /* handle, 0: none */
	COUNT_NAME,
	N_COUNTERS = COUNT_NAME + NAME_COUNTERS
};

StaticAssertDecl(N_COUNTERS <= PGSTAT_NUM_PROGRESS_PARAM,
                 "the server has too few progress counters");

static const char *const phase_names[WALS_PHASES] = {
    [WALS_PHASE_LOADING] = "loading",     [WALS_PHASE_PREPARING] = "preparing",
    [WALS_PHASE_USERS] = "solving users", [WALS_PHASE_ITEMS] = "solving items",
    [WALS_PHASE_WRITING] = "writing",     [WALS_PHASE_TUNING] = "tuning",
    [WALS_PHASE_MEASURING] = "measuring",
};

static const char *const command_names[WALS_COMMANDS] = {
    [WALS_COMMAND_TRAIN] = "train",   [WALS_COMMAND_RETRAIN] = "retrain",
    [WALS_COMMAND_TUNE] = "tune",     [WALS_COMMAND_REFRESH] = "refresh",
    [WALS_COMMAND_FORGET] = "forget",
};

/* Two numbers in one counter. */
static int64
pair(uint32 low, uint32 high)
{
	return (int64) ((uint64) high << 32 | low);
}

static uint32
low(int64 counter)
{
	return (uint32) counter;
}

static uint32
high(int64 counter)
{
	return (uint32) ((uint64) counter >> 32);
}

static int64
double_bits(double value)
{
	int64 bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double
double_from_bits(int64 bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void
publish(const WalsProgress *progress)
{
	int index[N_COUNTERS];
	int i;

	if (MyBEEntry == NULL)
		return;
	if (MyBEEntry->st_progress_command != PROGRESS_COMMAND_WALS)
		pgstat_progress_start_command(PROGRESS_COMMAND_WALS, InvalidOid);
	for (i = 0; i < N_COUNTERS; i++)
		index[i] = i;
	pgstat_progress_update_multi_param(N_COUNTERS, index, progress->counters);
}

void
wals_progress_begin(WalsProgress *progress, WalsCommand command, Oid schema,
                    const char *name, TimestampTz started_at, int32 iterations,
                    int32 max_seconds)
{
	int64 *counters = progress->counters;
	char bytes[NAME_BYTES] = {0};

	memset(progress, 0, sizeof(*progress));
	memcpy(bytes, name, pg_mbcliplen(name, strlen(name), NAME_BYTES - 1));
	memcpy(&counters[COUNT_NAME], bytes, NAME_BYTES);
	counters[COUNT_ROLE] = pair(GetUserId(), schema);
	counters[COUNT_PHASE] = pair(WALS_PHASE_LOADING, command);
	counters[COUNT_ITERATIONS] = iterations;
	counters[COUNT_LOSS] = double_bits(get_float8_nan());
	counters[COUNT_STARTED_AT] = started_at;
	if (max_seconds != PG_INT32_MAX)
		counters[COUNT_LIMIT] =
		    started_at + (int64) max_seconds * USECS_PER_SEC;
	publish(progress);
}

static void
set_phase(int64 *counters, WalsPhase phase)
{
	counters[COUNT_PHASE] = pair(phase, high(counters[COUNT_PHASE]));
}

void
wals_progress_phase(WalsProgress *progress, WalsPhase phase)
{
	int64 *counters = progress->counters;

	set_phase(counters, phase);
	if ((phase == WALS_PHASE_USERS || phase == WALS_PHASE_TUNING) &&
	    counters[COUNT_SOLVE_AT] == 0)
		counters[COUNT_SOLVE_AT] = GetCurrentTimestamp();
	publish(progress);
}

void
wals_progress_rows(WalsProgress *progress, int64 rows_read)
{
	progress->counters[COUNT_ROWS_READ] = progress->rows_before + rows_read;
	publish(progress);
}

void
wals_progress_iteration(WalsProgress *progress, int32 iteration, double loss)
{
	int64 *counters = progress->counters;

	counters[COUNT_ITERATION] = iteration;
	counters[COUNT_LOSS] = double_bits(loss);
	counters[COUNT_ITERATION_AT] = GetCurrentTimestamp();
	publish(progress);
}

void
wals_progress_version(WalsProgress *progress, int32 version)
{
	progress->counters[COUNT_VERSION] = version;
	publish(progress);
}

void
wals_progress_load(WalsProgress *progress)
{
	int64 *counters = progress->counters;

	progress->rows_before = counters[COUNT_ROWS_READ];
	counters[COUNT_ITERATION] = 0;
	counters[COUNT_ITERATIONS] = 0;
	set_phase(counters, WALS_PHASE_LOADING);
	publish(progress);
}

void
wals_progress_step(WalsProgress *progress, WalsPhase phase, int32 rows,
                   bool last)
{
	int64 *counters = progress->counters;

	counters[COUNT_ITERATIONS] = rows;
	counters[COUNT_SOLVE_AT] = last ? GetCurrentTimestamp() : 0;
	set_phase(counters, phase);
	publish(progress);
}

void
wals_progress_solved(WalsProgress *progress, int32 rows)
{
	progress->counters[COUNT_ITERATION] = rows;
	progress->counters[COUNT_ITERATION_AT] = GetCurrentTimestamp();
	publish(progress);
}

void
wals_progress_board(WalsProgress *progress, uint32 handle)
{
	progress->counters[COUNT_BOARD] = handle;
	publish(progress);
}

bool
wals_progress_copy(WalsProgress *copy)
{
	if (MyBEEntry == NULL ||
	    MyBEEntry->st_progress_command != PROGRESS_COMMAND_WALS)
		return false;
	memset(copy, 0, sizeof(*copy));
	memcpy(copy->counters, MyBEEntry->st_progress_param,
	       sizeof(int64) * N_COUNTERS);
	return true;
}

void
wals_progress_show(const WalsProgress *copy)
{
	publish(copy);
}

void
wals_progress_end(void)
{
	pgstat_progress_end_command();
}

/*
 * When the solving ends if what is to come, for a training with the half sweep
 * after it, takes as long as what is done.  max_seconds ends it earlier.
 */
static TimestampTz
expected_end(const int64 *counters)
{
	uint32 phase = low(counters[COUNT_PHASE]);
	uint32 command = high(counters[COUNT_PHASE]);
	int64 done = counters[COUNT_ITERATION];
	double left = (double) (counters[COUNT_ITERATIONS] - done);
	double each;
	double end;

	if (done < 1 || counters[COUNT_SOLVE_AT] == 0 ||
	    phase == WALS_PHASE_WRITING || phase == WALS_PHASE_MEASURING)
		return 0;
	if (command != WALS_COMMAND_REFRESH && command != WALS_COMMAND_FORGET)
		left += 0.5;
	each = (double) (counters[COUNT_ITERATION_AT] - counters[COUNT_SOLVE_AT]) /
	       (double) done;
	end = (double) counters[COUNT_ITERATION_AT] + each * left;
	if (counters[COUNT_LIMIT] != 0)
		end = Min(end, (double) counters[COUNT_LIMIT]);
	return end > (double) END_TIMESTAMP / 2 ? 0 : (TimestampTz) end;
}

static void
fill_row(const PgBackendStatus *entry, WalsProgressRow *row)
{
	const int64 *counters = entry->st_progress_param;

	row->pid = entry->st_procpid;
	row->command = command_names[high(counters[COUNT_PHASE])];
	row->schema = high(counters[COUNT_ROLE]);
	row->role = low(counters[COUNT_ROLE]);
	memcpy(row->name, &counters[COUNT_NAME], NAME_BYTES);
	row->name[NAME_BYTES - 1] = '\0';
	row->phase = phase_names[low(counters[COUNT_PHASE])];
	row->iteration = (int32) counters[COUNT_ITERATION];
	row->iterations = (int32) counters[COUNT_ITERATIONS];
	row->rows_read = counters[COUNT_ROWS_READ];
	row->loss = double_from_bits(counters[COUNT_LOSS]);
	row->started_at = counters[COUNT_STARTED_AT];
	row->expected_end = expected_end(counters);
	row->version = (int32) counters[COUNT_VERSION];
	row->board = (uint32) counters[COUNT_BOARD];
}

/* Between the start of a command and its first counters all are 0. */
static bool
is_complete(const PgBackendStatus *entry)
{
	const int64 *counters = entry->st_progress_param;

	return entry->st_progress_command == PROGRESS_COMMAND_WALS &&
	       counters[COUNT_STARTED_AT] != 0 &&
	       low(counters[COUNT_PHASE]) < WALS_PHASES &&
	       high(counters[COUNT_PHASE]) < WALS_COMMANDS;
}

int
wals_progress_read(WalsProgressRow **rows)
{
	int n_entries = pgstat_fetch_stat_numbackends();
	int n = 0;
	int i;

	*rows = palloc(sizeof(WalsProgressRow) * Max(n_entries, 1));
	for (i = 1; i <= n_entries; i++)
	{
		LocalPgBackendStatus *local = wals_backend_status(i);
		const PgBackendStatus *entry;

		if (local == NULL)
			continue;
		entry = &local->backendStatus;
		if (entry->st_procpid > 0 && entry->st_databaseid == MyDatabaseId &&
		    is_complete(entry) &&
		    (has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		     has_privs_of_role(GetUserId(), entry->st_userid)))
			fill_row(entry, &(*rows)[n++]);
	}
	return n;
}
