/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  The only file that starts threads.
 *
 * sweep.c and loss.c cut their work into chunks that depend on the problem
 * alone, never on the number of threads; whoever is free takes the next one
 * from an atomic counter.  Six rules keep this safe in a host that handles
 * signals, and jumps out of errors, in its only thread:
 *
 * 1. Threads touch plain memory and C11 atomics, nothing of the host.
 * 2. They are created with all signals blocked, but the one a thread causes
 *    itself by reading a mapped file that has gone bad: the host handles it.
 * 3. They live inside one call from outside.  The calling thread works too,
 *    asks should_stop while it works and while it waits, sets a flag that the
 *    others look at as often, and joins all of them before it returns.
 * 4. All memory has been allocated before, a workspace for each thread.
 * 5. Fewer threads than asked for, or none, is normal and changes nothing but
 *    the time.
 * 6. Results that depend on an order are put together in the order of chunks.
 *
 * So a result has the same bits with any number of threads.
 *
 * Waiting is polling, with short sleeps: the calling thread must go on asking
 * should_stop, which no wait of the thread library lets it do.
 *
 *-------------------------------------------------------------------------
 */
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "core/ground/parallel.h"

#define SPINS 64 /* turns of waiting before sleeping */
#define SLEEP_NANOSECONDS 100000

typedef struct Team
{
	/* not changed while threads run */
	WcChunk chunk;
	void *arg;
	int64_t n_chunks;

	atomic_llong next;
	atomic_int running; /* threads besides the calling one */
	atomic_int status; /* first WcStatus that was not WC_OK */
	atomic_bool stop;
	atomic_bool pause; /* begin no further chunk */
} Team;

typedef struct Member
{
	Team *team;
	int32_t thread;
	pthread_t handle;
} Member;

static void
team_stop(Team *team, WcStatus status)
{
	int expected = WC_OK;

	atomic_compare_exchange_strong(&team->status, &expected, (int) status);
	atomic_store(&team->stop, true);
}

/* hooks are asked whether to pause; NULL: not by this thread, or never. */
static void
team_work(Team *team, int32_t thread, WcPace *pace, const WcHooks *hooks)
{
	while (!atomic_load(&team->stop) && !atomic_load(&team->pause))
	{
		int64_t chunk = atomic_fetch_add(&team->next, 1);
		WcStatus status;

		if (chunk >= team->n_chunks)
			return;
		status = team->chunk(team->arg, thread, chunk, pace);
		if (status != WC_OK)
			team_stop(team, status);
		else if (wc_should_pause(hooks))
			atomic_store(&team->pause, true);
	}
}

static void *
member_main(void *arg)
{
	Member *member = arg;
	WcPace pace = {NULL, 0, &member->team->stop};

	team_work(member->team, member->thread, &pace, NULL);
	atomic_fetch_sub(&member->team->running, 1);
	return NULL;
}

static void
rest(int turn)
{
	struct timespec a_while = {0, SLEEP_NANOSECONDS};

	if (turn < SPINS)
		sched_yield();
	else
		nanosleep(&a_while, NULL);
}

/* Start up to count threads with signals blocked; says how many did. */
static int32_t
members_start(const WcThreads *threads, int32_t count, Team *team,
              Member *members)
{
	int32_t started = 0;
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return 0;
	while (started < count)
	{
		Member *member = &members[started];

		member->team = team;
		member->thread = started + 1;
		atomic_fetch_add(&team->running, 1);
		if (threads->start(&member->handle, NULL, member_main, member) != 0)
		{
			atomic_fetch_sub(&team->running, 1);
			break;
		}
		started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* Chunks from *next on; can_pause: *next is where to go on. */
static WcStatus
work_together(const WcThreads *threads, int64_t *next, int64_t n_chunks,
              WcChunk chunk, void *arg, const WcHooks *hooks, bool can_pause)
{
	Member members[WC_THREADS_MAX];
	Team team = {.chunk = chunk, .arg = arg, .n_chunks = n_chunks};
	WcPace pace = wc_pace_start(hooks);
	int64_t helpers = threads->count - 1;
	int64_t chunks = n_chunks - *next;
	int32_t started = 0;

	WC_ASSERT(threads->count >= 1 && threads->count <= WC_THREADS_MAX);
	atomic_init(&team.next, *next);
	atomic_init(&team.running, 0);
	atomic_init(&team.status, WC_OK);
	atomic_init(&team.stop, false);
	atomic_init(&team.pause, false);

	if (helpers > chunks - 1)
		helpers = chunks - 1;
	if (helpers > 0)
		started = members_start(threads, (int32_t) helpers, &team, members);

	pace.stop = &team.stop;
	team_work(&team, 0, &pace, can_pause ? hooks : NULL);
	for (int turn = 0; atomic_load(&team.running) > 0; turn++)
	{
		rest(turn);
		if (!atomic_load(&team.stop) && wc_pace(&pace, WC_STOP_INTERVAL / 8))
			team_stop(&team, WC_CANCELLED);
	}
	for (int32_t i = 0; i < started; i++)
		pthread_join(members[i].handle, NULL);
	*next = atomic_load(&team.next);
	if (atomic_load(&team.status) == WC_OK && *next < n_chunks)
		return WC_PAUSED;
	return (WcStatus) atomic_load(&team.status);
}

int32_t
wc_threads_available(int32_t count)
{
	WcThreads threads = {count, pthread_create};
	Member members[WC_THREADS_MAX];
	Team team = {.chunk = NULL};
	int32_t started;

	WC_ASSERT(count >= 1 && count <= WC_THREADS_MAX);
	atomic_init(&team.next, 0);
	atomic_init(&team.running, 0);
	atomic_init(&team.status, WC_OK);
	atomic_init(&team.stop, true);
	atomic_init(&team.pause, false);
	started = members_start(&threads, count - 1, &team, members);
	for (int32_t i = 0; i < started; i++)
		pthread_join(members[i].handle, NULL);
	return started + 1;
}

WcStatus
wc_parallel(const WcThreads *threads, int64_t n_chunks, WcChunk chunk,
            void *arg, const WcHooks *hooks)
{
	int64_t next = 0;

	return work_together(threads, &next, n_chunks, chunk, arg, hooks, false);
}

WcStatus
wc_parallel_from(const WcThreads *threads, int64_t *next, int64_t n_chunks,
                 WcChunk chunk, void *arg, const WcHooks *hooks)
{
	return work_together(threads, next, n_chunks, chunk, arg, hooks, true);
}

bool
wc_parallel_turn(atomic_llong *turn, int64_t chunk, WcPace *pace)
{
	for (int waited = 0; atomic_load(turn) != chunk; waited++)
	{
		rest(waited);
		if (pace->stop != NULL && atomic_load(pace->stop))
			return false;
		if (wc_pace(pace, WC_STOP_INTERVAL / 8))
			return false;
	}
	return true;
}
