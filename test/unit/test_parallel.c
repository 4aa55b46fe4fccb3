/*-------------------------------------------------------------------------
 *
 * test_parallel.c
 *	  Threads: every chunk once, the same bits with any number of them, signals
 *	  blocked, none left behind, whatever fails and whenever it is cancelled.
 *
 *	  make unit-tsan runs this and test_sweep under ThreadSanitizer.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "check.h"
#include "core/solve/numerics.h"
#include "fixtures.h"

#define CHUNKS 200

static int tasks_at_start;

static void
pause_milliseconds(int milliseconds)
{
	struct timespec a_while = {0, 1000000L * milliseconds};

	nanosleep(&a_while, NULL);
}

static int
count_tasks(void)
{
	DIR *directory = opendir("/proc/self/task");
	int tasks = 0;

	if (directory == NULL)
		return -1;
	for (struct dirent *entry = readdir(directory); entry != NULL;
	     entry = readdir(directory))
		tasks += entry->d_name[0] != '.';
	closedir(directory);
	return tasks;
}

/* A thread that was joined may take a moment to leave /proc. */
static bool
no_thread_left(void)
{
	for (int turn = 0; turn < 2000; turn++)
	{
		if (count_tasks() <= tasks_at_start)
			return true;
		pause_milliseconds(1);
	}
	return false;
}

static void *
nothing(void *arg)
{
	return arg;
}

/* A sanitizer may start a thread of its own when the first one is started. */
static void
count_at_start(void)
{
	pthread_t handle;

	if (pthread_create(&handle, NULL, nothing, NULL) != 0)
		abort();
	pthread_join(handle, NULL);
	pause_milliseconds(100);
	tasks_at_start = count_tasks();
}

/* ------------------------------------------------------------------------
 * wc_parallel by itself
 * ------------------------------------------------------------------------ */

typedef struct Job
{
	atomic_int done[CHUNKS];
	atomic_int threads[WC_THREADS_MAX];
	atomic_llong turn;
	int64_t fails_at;
	int64_t slow;
	atomic_int open_signals;
	double sum; /* added to in turn */
} Job;

static WcStatus
job_chunk(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	Job *job = arg;
	sigset_t mask;

	atomic_fetch_add(&job->threads[thread], 1);
	if (thread > 0)
	{
		pthread_sigmask(SIG_SETMASK, NULL, &mask);
		if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM) ||
		    !sigismember(&mask, SIGUSR1) || !sigismember(&mask, SIGALRM))
			atomic_fetch_add(&job->open_signals, 1);
	}
	if (chunk == job->fails_at)
		return WC_NOT_SPD;
	if (job->slow > 0)
		pause_milliseconds((int) job->slow);
	if (!wc_parallel_turn(&job->turn, chunk, pace))
		return WC_CANCELLED;
	job->sum = job->sum / 3 + (double) chunk;
	atomic_store(&job->turn, chunk + 1);
	atomic_fetch_add(&job->done[chunk], 1);
	return wc_pace(pace, WC_STOP_INTERVAL) ? WC_CANCELLED : WC_OK;
}

/* Thread creation that succeeds so many times. */
static atomic_int starts_left;

static int
limited_start(pthread_t *handle, const pthread_attr_t *attributes,
              void *(*run)(void *), void *arg)
{
	if (atomic_fetch_sub(&starts_left, 1) <= 0)
		return EAGAIN;
	return pthread_create(handle, attributes, run, arg);
}

static void
test_chunks(void)
{
	static const int counts[] = {1, 2, 3, 7, 40};
	static const int64_t chunks[] = {0, 1, 2, 5, CHUNKS};
	double expected = 0;

	for (int64_t chunk = 0; chunk < CHUNKS; chunk++)
		expected = expected / 3 + (double) chunk;
	for (size_t t = 0; t < sizeof(counts) / sizeof(counts[0]); t++)
		for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++)
			for (int starts = -1; starts < 3; starts++)
			{
				WcThreads threads = {counts[t], limited_start};
				Job job = {.fails_at = -1};
				bool once = true;

				atomic_store(&starts_left, starts < 0 ? 1000 : starts);
				CHECK(wc_parallel(&threads, chunks[c], job_chunk, &job, NULL) ==
				      WC_OK);
				for (int64_t chunk = 0; chunk < CHUNKS; chunk++)
					once = once && job.done[chunk] == (chunk < chunks[c]);
				CHECK(once && job.open_signals == 0);
				for (int i = counts[t]; i < WC_THREADS_MAX; i++)
					once = once && job.threads[i] == 0;
				/* with one chunk, or no thread to be had, ours does it all */
				if (chunks[c] == 1 || starts == 0)
					CHECK(job.threads[0] == chunks[c]);
				if (chunks[c] == CHUNKS)
					CHECK(job.sum == expected);
				CHECK(once && no_thread_left());
			}
}

static void
test_failures(void)
{
	for (int count = 1; count <= 7; count += 2)
		for (int64_t at = 0; at < CHUNKS; at += 33)
		{
			WcThreads threads = {count, pthread_create};
			Job job = {.fails_at = at};

			CHECK(wc_parallel(&threads, CHUNKS, job_chunk, &job, NULL) ==
			      WC_NOT_SPD);
			CHECK(job.turn <= at && no_thread_left());
		}
}

/* Questions come from the calling thread only, also while it waits. */
typedef struct Asker
{
	pthread_t owner;
	long remaining;
	long asked;
	bool foreign;
} Asker;

static bool
asker_should_stop(void *arg)
{
	Asker *asker = arg;

	asker->asked++;
	asker->foreign =
	    asker->foreign || !pthread_equal(pthread_self(), asker->owner);
	return asker->remaining-- <= 0;
}

static void
test_cancel_chunks(void)
{
	for (int count = 1; count <= 7; count += 2)
		for (long at = 0; at < 60; at += 4)
		{
			WcThreads threads = {count, pthread_create};
			Asker asker = {pthread_self(), at, 0, false};
			WcHooks hooks = {asker_should_stop, NULL, &asker};
			Job job = {.fails_at = -1, .slow = 1};
			WcStatus status =
			    wc_parallel(&threads, CHUNKS, job_chunk, &job, &hooks);

			/* one that says yes is not asked again */
			CHECK(status == (asker.asked > at ? WC_CANCELLED : WC_OK));
			CHECK(asker.asked <= at + 1 && !asker.foreign);
			CHECK(no_thread_left());
		}
}

/* Chunk 0 waits for being told to stop; the calling thread has nothing to do. */
static WcStatus
endless_chunk(void *arg, int32_t thread, int64_t chunk, WcPace *pace)
{
	atomic_int *taken = arg;

	(void) chunk;
	if (thread == 0)
	{
		while (atomic_load(taken) == 0)
			pause_milliseconds(1);
		return WC_OK;
	}
	atomic_store(taken, 1);
	while (!wc_pace(pace, WC_STOP_INTERVAL))
		pause_milliseconds(1);
	return WC_CANCELLED;
}

static void
test_cancel_waiting(void)
{
	WcThreads threads = {2, pthread_create};
	Asker asker = {pthread_self(), 10, 0, false};
	WcHooks hooks = {asker_should_stop, NULL, &asker};
	atomic_int taken = 0;

	CHECK(wc_parallel(&threads, 2, endless_chunk, &taken, &hooks) ==
	      WC_CANCELLED);
	CHECK(asker.asked == 11 && no_thread_left());
}

/* Says yes to every so many questions whether to pause. */
typedef struct Pauser
{
	pthread_t owner;
	long every;
	long asked;
	bool foreign;
} Pauser;

static bool
pauser_should_pause(void *arg)
{
	Pauser *pauser = arg;

	pauser->asked++;
	pauser->foreign =
	    pauser->foreign || !pthread_equal(pthread_self(), pauser->owner);
	return pauser->asked % pauser->every == 0;
}

/* Each chunk once, in whatever number of calls, and some in every call. */
static void
test_pause_chunks(void)
{
	for (int count = 1; count <= 7; count += 2)
		for (long every = 1; every < 300; every *= 6)
		{
			WcThreads threads = {count, pthread_create};
			Pauser pauser = {pthread_self(), every, 0, false};
			WcHooks hooks = {NULL, pauser_should_pause, &pauser};
			Job job = {.fails_at = -1};
			WcStatus status = WC_PAUSED;
			int64_t next = 0;
			bool once = true;
			int calls = 0;

			for (; status == WC_PAUSED && calls <= CHUNKS; calls++)
			{
				int64_t before = next;

				status = wc_parallel_from(&threads, &next, CHUNKS, job_chunk,
				                          &job, &hooks);
				CHECK(no_thread_left());
				CHECK(next > before && (status == WC_OK || job.turn == next));
			}
			CHECK(status == WC_OK && !pauser.foreign);
			for (int64_t chunk = 0; chunk < CHUNKS; chunk++)
				once = once && job.done[chunk] == 1;
			CHECK(once);
			if (count == 1)
				CHECK(calls == (CHUNKS + every - 1) / every);
		}
}

/* Only work that can be gone on with is paused; failures come through. */
static void
test_pause_not(void)
{
	WcThreads threads = {3, pthread_create};
	Pauser pauser = {pthread_self(), 1, 0, false};
	WcHooks hooks = {NULL, pauser_should_pause, &pauser};
	Job whole = {.fails_at = -1};
	Job failing = {.fails_at = 0};
	int64_t next = 0;

	CHECK(wc_parallel(&threads, CHUNKS, job_chunk, &whole, &hooks) == WC_OK);
	CHECK(whole.turn == CHUNKS && pauser.asked == 0);
	CHECK(wc_parallel_from(&threads, &next, CHUNKS, job_chunk, &failing,
	                       &hooks) == WC_NOT_SPD);
	CHECK(no_thread_left());
}

/* ------------------------------------------------------------------------
 * Solving with threads
 * ------------------------------------------------------------------------ */

static WcSolver *
solver_for(const Fixture *f, int32_t threads, const char *kernel)
{
	WcSolverOptions options = {threads, kernel, WC_DENSE_BUILTIN};
	WcSolver *solver = NULL;

	if (wc_solver_create(&f->problem, &options, &solver, &check_alloc, NULL) !=
	    WC_OK)
		abort();
	return solver;
}

/* Large enough for several chunks, panels and strips on both sides. */
static FixtureSpec
large(int kind)
{
	FixtureSpec spec = fixture_kinds[kind];

	spec.m = 2300;
	spec.n = 90;
	spec.k = 19;
	spec.density = 0.35;
	return spec;
}

static double
sweeps(const Fixture *f, WcSolver *solver, int halves, WcModel *model)
{
	double loss = NAN;

	fixture_model(f, 1.0, 7, model);
	for (int half = 0; half < halves; half++)
		CHECK(wc_half_sweep(solver, half % 2 == 0 ? WC_USERS : WC_ITEMS, model,
		                    NULL, NULL) == WC_OK);
	CHECK(wc_loss(solver, model, &loss, NULL, NULL) == WC_OK);
	return loss;
}

static bool
same_bits(const Fixture *f, const WcModel *a, const WcModel *b)
{
	size_t users = (size_t) f->m * sizeof(float);
	size_t items = (size_t) f->n * sizeof(float);

	return memcmp(a->user_factors, b->user_factors, users * f->k) == 0 &&
	       memcmp(a->item_factors, b->item_factors, items * f->k) == 0 &&
	       (a->user_bias == NULL ||
	        (memcmp(a->user_bias, b->user_bias, users) == 0 &&
	         memcmp(a->item_bias, b->item_bias, items) == 0));
}

static void
test_same_bits(void)
{
	static const int32_t counts[] = {2, 3, 7};
	static const int kinds[] = {0, 2, 6, 7};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		FixtureSpec spec = large(kinds[i]);
		Fixture f;
		WcModel expected;
		WcSolver *solver;
		double loss;

		fixture_create(&spec, 3, &f);
		solver = solver_for(&f, 1, NULL);
		CHECK(solver->schedule[WC_USERS].n_chunks > 3);
		CHECK(solver->schedule[WC_ITEMS].n_chunks > 3);
		loss = sweeps(&f, solver, 4, &expected);
		wc_solver_free(solver);
		for (size_t t = 0; t < sizeof(counts) / sizeof(counts[0]); t++)
			for (int starts = 0; starts < 4; starts++)
			{
				WcModel model;

				/* all threads start, or only so many of them each time */
				solver = solver_for(&f, counts[t], NULL);
				solver->engine.threads.start = limited_start;
				atomic_store(&starts_left, starts == 3 ? 1000 : starts);
				CHECK(sweeps(&f, solver, 4, &model) == loss);
				CHECK(same_bits(&f, &model, &expected));
				wc_solver_free(solver);
				wc_model_free(&model, &check_alloc);
			}
		CHECK(no_thread_left());
		wc_model_free(&expected, &check_alloc);
		fixture_free(&f);
	}
}

/* Kernels differ in last bits only. */
static void
test_kernels(void)
{
	static const char *const names[] = {"portable", "avx2", "avx512"};
	double worst = 0;

	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
		for (int n = 0; n < 3; n++)
		{
			FixtureSpec spec = fixture_kinds[kind];
			Fixture f;
			WcModel model;
			WcSolver *solver;
			double loss;

			if (wc_kernel_choose(names[n]) == NULL)
				continue;
			spec.k = 21; /* both forms, with padding in every kernel */
			fixture_create(&spec, 3, &f);
			solver = solver_for(&f, 1, names[n]);
			CHECK(strcmp(solver->engine.kernel->name, names[n]) == 0);
			loss = sweeps(&f, solver, 1, &model);
			worst = fmax(worst, fixture_worst_row(&f, &model, WC_USERS));
			CHECK(fixture_worst_row(&f, &model, WC_USERS) < 1e-5);
			CHECK_NEAR(loss, fixture_loss(&f, &model), 1e-6 * loss);
			wc_model_free(&model, &check_alloc);
			loss = sweeps(&f, solver, 2, &model);
			CHECK(fixture_worst_row(&f, &model, WC_ITEMS) < 1e-5);
			wc_model_free(&model, &check_alloc);
			wc_solver_free(solver);
			fixture_free(&f);
		}
	printf("kernels: largest relative error of a row %.1e\n", worst);
}

/* The lowest row that fails is named, whoever meets which first. */
static void
test_error_row(void)
{
	FixtureSpec spec = large(3);
	Fixture f;
	int32_t row = -1;

	spec.lambda = 0;
	spec.density = 0.22; /* some users have fewer entries than factors */
	fixture_create(&spec, 3, &f);
	for (int32_t threads = 1; threads <= 7; threads++)
	{
		WcSolver *solver = solver_for(&f, threads, NULL);
		WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};
		WcModel model;

		fixture_model(&f, 1.0, 7, &model);
		CHECK(wc_half_sweep(solver, WC_USERS, &model, NULL, &error) ==
		      WC_NOT_SPD);
		CHECK(error.side == WC_USERS && error.row >= 0);
		if (threads == 1)
			row = error.row;
		CHECK(error.row == row);
		wc_solver_free(solver);
		wc_model_free(&model, &check_alloc);
	}
	CHECK(no_thread_left());
	fixture_free(&f);
}

/* Half sweeps with pauses give the same bits, or the same error. */
static void
test_pause_solver(void)
{
	static const int kinds[] = {0, 2, 3, 6};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int32_t threads = 1; threads <= 3; threads += 2)
		{
			FixtureSpec spec = large(kinds[i]);
			WcStatus status = WC_OK;
			int pauses = 0;
			WcError expected_error = {WC_OK, WC_USERS, -1, -1, ""};
			Fixture f;
			WcModel expected;
			WcModel model;
			WcSolver *solver;
			double loss;

			if (kinds[i] == 3)
			{
				spec.lambda = 0;
				spec.density = 0.22; /* as in test_error_row */
			}
			fixture_create(&spec, 3, &f);
			fixture_model(&f, 1.0, 7, &expected);
			fixture_model(&f, 1.0, 7, &model);

			solver = solver_for(&f, 1, NULL);
			for (int half = 0; half < 4 && status == WC_OK; half++)
				status = wc_half_sweep(solver, (WcSide) (half % 2), &expected,
				                       NULL, &expected_error);
			CHECK(status == (kinds[i] == 3 ? WC_NOT_SPD : WC_OK));
			wc_solver_free(solver);

			solver = solver_for(&f, threads, NULL);
			status = WC_OK;
			for (int half = 0; half < 4 && status == WC_OK; half++)
				do
				{
					Pauser pauser = {pthread_self(), 1, 0, false};
					WcHooks hooks = {NULL, pauser_should_pause, &pauser};
					WcError error = {WC_OK, WC_ITEMS, -1, -1, ""};

					status = wc_half_sweep(solver, (WcSide) (half % 2), &model,
					                       &hooks, &error);
					pauses += status == WC_PAUSED;
					CHECK(!pauser.foreign && no_thread_left());
					if (status != WC_OK && status != WC_PAUSED)
						CHECK(error.row == expected_error.row &&
						      error.side == expected_error.side);
				} while (status == WC_PAUSED && pauses < 10000);
			/* others may have taken all the chunks meanwhile */
			CHECK(threads > 1 || pauses > 2);
			if (kinds[i] == 3)
				CHECK(status == WC_NOT_SPD);
			else
			{
				CHECK(same_bits(&f, &model, &expected));
				CHECK(wc_loss(solver, &model, &loss, NULL, NULL) == WC_OK);
			}
			wc_solver_free(solver);
			wc_model_free(&model, &check_alloc);
			wc_model_free(&expected, &check_alloc);
			fixture_free(&f);
		}
}

/* A half sweep cancelled between two pauses is forgotten by the solver. */
static void
test_pause_cancel(void)
{
	FixtureSpec spec = large(0);
	Pauser pauser = {pthread_self(), 1, 0, false};
	Asker asker = {pthread_self(), 0, 0, false};
	WcHooks pausing = {NULL, pauser_should_pause, &pauser};
	WcHooks stopping = {asker_should_stop, NULL, &asker};
	Fixture f;
	WcModel model;
	WcModel expected;
	WcSolver *solver;

	fixture_create(&spec, 3, &f);
	solver = solver_for(&f, 1, NULL);
	sweeps(&f, solver, 1, &expected);
	fixture_model(&f, 1.0, 7, &model);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, &pausing, NULL) == WC_PAUSED);
	CHECK(wc_half_sweep(solver, WC_USERS, &model, &stopping, NULL) ==
	      WC_CANCELLED);
	wc_model_free(&model, &check_alloc);
	sweeps(&f, solver, 1, &model);
	CHECK(same_bits(&f, &model, &expected));
	wc_solver_free(solver);
	wc_model_free(&model, &check_alloc);
	wc_model_free(&expected, &check_alloc);
	fixture_free(&f);
}

static void
test_cancel_solver(void)
{
	FixtureSpec spec = large(0);
	WcStatus status = WC_CANCELLED;
	Fixture f;
	long n = 0;

	fixture_create(&spec, 3, &f);
	while (status == WC_CANCELLED && n < 3000)
	{
		Asker asker = {pthread_self(), n, 0, false};
		WcHooks hooks = {asker_should_stop, NULL, &asker};
		WcSolver *solver = solver_for(&f, 3, NULL);
		WcError error = {WC_OK, WC_ITEMS, 0, 0, ""};
		WcModel model;
		double loss = -1;

		fixture_model(&f, 1.0, 7, &model);
		status = wc_half_sweep(solver, WC_USERS, &model, &hooks, &error);
		if (status == WC_OK)
			status = wc_loss(solver, &model, &loss, &hooks, &error);
		CHECK((status == WC_CANCELLED) == (asker.asked > n) && !asker.foreign &&
		      asker.asked <= n + 1);
		CHECK(status == WC_OK || (error.status == WC_CANCELLED && loss == -1));
		CHECK(no_thread_left());
		wc_solver_free(solver);
		wc_model_free(&model, &check_alloc);
		n += 1 + n / 8;
	}
	CHECK(status == WC_OK);
	fixture_free(&f);
}

/* Longest first, every row once, chunks of bounded work. */
static void
test_schedule(void)
{
	FixtureSpec spec = large(0);
	Fixture f;
	WcSchedule schedule;
	WcCsr empty = {.rows = 0, .cols = 5};
	int64_t zero = 0;
	bool *seen;
	bool sorted = true;
	const int64_t *start;

	fixture_create(&spec, 3, &f);
	start = f.problem.by_user.start;
	seen = fixture_array((size_t) f.m, sizeof(bool));
	CHECK(wc_schedule_create(&f.problem.by_user, f.k, &schedule,
	                         &check_alloc) == WC_OK);
	CHECK(schedule.rows == f.m && schedule.start[0] == 0 &&
	      schedule.start[schedule.n_chunks] == f.m);
	for (int32_t i = 0; i < f.m; i++)
	{
		int32_t row = schedule.order[i];

		sorted = sorted && !seen[row];
		seen[row] = true;
		if (i > 0)
		{
			int32_t before = schedule.order[i - 1];
			int64_t length = start[row + 1] - start[row];
			int64_t longer = start[before + 1] - start[before];

			sorted = sorted &&
			         (longer > length || (longer == length && before < row));
		}
	}
	for (int32_t c = 0; c < schedule.n_chunks; c++)
		sorted = sorted && schedule.start[c] < schedule.start[c + 1];
	CHECK(sorted);
	wc_schedule_free(&schedule, &check_alloc);

	empty.start = &zero;
	CHECK(wc_schedule_create(&empty, 3, &schedule, &check_alloc) == WC_OK);
	CHECK(schedule.n_chunks == 0 && schedule.start[0] == 0);
	wc_schedule_free(&schedule, &check_alloc);
	free(seen);
	fixture_free(&f);
}

int
main(void)
{
	count_at_start();
	test_chunks();
	test_failures();
	test_cancel_chunks();
	test_cancel_waiting();
	test_pause_chunks();
	test_pause_not();
	test_schedule();
	test_same_bits();
	test_kernels();
	test_error_row();
	test_pause_solver();
	test_pause_cancel();
	test_cancel_solver();
	return check_report("test_parallel");
}
