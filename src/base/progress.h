/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  Where a running training, tuning or refresh stands, visible from other
 *	  sessions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_PROGRESS_H
#define WALS_BASE_PROGRESS_H

#include "utils/backend_progress.h"
#include "utils/timestamp.h"

typedef enum WalsPhase
{
	WALS_PHASE_LOADING,
	WALS_PHASE_PREPARING,
	WALS_PHASE_USERS,
	WALS_PHASE_ITEMS,
	WALS_PHASE_WRITING,
	WALS_PHASE_TUNING,
	WALS_PHASE_MEASURING, /* before writing; last for older readers */
	WALS_PHASES
} WalsPhase;

typedef enum WalsCommand
{
	WALS_COMMAND_TRAIN,
	WALS_COMMAND_RETRAIN,
	WALS_COMMAND_TUNE,
	WALS_COMMAND_REFRESH,
	WALS_COMMAND_FORGET,
	WALS_COMMANDS
} WalsCommand;

/* What the session publishes; private to progress.c. */
typedef struct WalsProgress
{
	int64 counters[PGSTAT_NUM_PROGRESS_PARAM];
	int64 rows_before; /* rows that earlier steps have read */
} WalsProgress;

/*
 * Publish a command on the model schema.name, in phase loading, until
 * wals_progress_end or the end of the (sub)transaction by an error.  All of
 * these are for the session's main thread only.  max_seconds is PG_INT32_MAX
 * for none.
 */
extern void wals_progress_begin(WalsProgress *progress, WalsCommand command,
                                Oid schema, const char *name,
                                TimestampTz started_at, int32 iterations,
                                int32 max_seconds);
extern void wals_progress_phase(WalsProgress *progress, WalsPhase phase);
extern void wals_progress_rows(WalsProgress *progress, int64 rows_read);
extern void wals_progress_iteration(WalsProgress *progress, int32 iteration,
                                    double loss);
extern void wals_progress_end(void);

/*
 * What is published, for who is about to roll a part of the transaction back,
 * which ends it; false when there is nothing.
 */
extern bool wals_progress_copy(WalsProgress *copy);
extern void wals_progress_show(const WalsProgress *copy);

/* The number the version is going to have. */
extern void wals_progress_version(WalsProgress *progress, int32 version);

/*
 * A refresh works in steps.  One begins with wals_progress_load; when its rows
 * are read, wals_progress_step says how many are to be solved, in the phase of
 * their side, and wals_progress_solved how many are.  When the last step ends
 * is foretold.
 */
extern void wals_progress_load(WalsProgress *progress);
extern void wals_progress_step(WalsProgress *progress, WalsPhase phase,
                               int32 rows, bool last);
extern void wals_progress_solved(WalsProgress *progress, int32 rows);

/*
 * A tuning counts trials as a training does iterations, and shows the best value
 * so far as its loss.  Iterations and trials stand on a board (base/board.h).
 */
extern void wals_progress_board(WalsProgress *progress, uint32 handle);

/* Room for a model's name with its end; longer ones are cut. */
#define WALS_PROGRESS_NAME_BYTES 64

/* A command as another session sees it. */
typedef struct WalsProgressRow
{
	int32 pid;
	const char *command;
	Oid schema;
	char name[WALS_PROGRESS_NAME_BYTES];
	Oid role;
	const char *phase;
	int32 iteration; /* iterations done */
	int32 iterations;
	int64 rows_read;
	double loss; /* NaN before the first iteration is done */
	TimestampTz started_at;
	TimestampTz expected_end; /* 0: not known yet */
	int32 version; /* that is being made; 0: none */
	uint32 board; /* 0: none */
} WalsProgressRow;

/*
 * The commands in this database whose sessions the current role may look at,
 * as pg_stat_activity has it: its own, those of roles it belongs to, or all
 * with pg_read_all_stats.  *rows is allocated in the current context.
 */
extern int wals_progress_read(WalsProgressRow **rows);

#endif /* WALS_BASE_PROGRESS_H */
