# A training that fails, is cancelled or dies at a place of our choice: loaded,
# between half sweeps, before writing, before the new version is made active.
# Nothing has changed, nothing is left behind, the old version answers and the
# next training works.
#
# The places are the debug points of src/base/debug.c, which released builds do
# not have: test/run builds a library with them for this file.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Crash;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs a library with debug points; test/run builds one'
  unless $ENV{WALS_DEBUG_CONFIG};

# --- what is released has none of this
my $released = PostgreSQL::Test::Cluster->new('released');
$released->init;
$released->start;
$released->safe_psql('postgres', 'CREATE EXTENSION wals');
my (undef, undef, $refused) = $released->psql('postgres',
	q{SELECT wals_version(); SET wals.debug_point = 'load_done 1 error'});
like($refused, qr/invalid configuration parameter name "wals.debug_point"/, 'a released library has no debug points');
my $library = $released->safe_psql('postgres',
	q{SELECT wals_version() IS NULL;
	SELECT (regexp_match(pg_read_file('/proc/self/maps', 0, 10000000), '(/\S*wals\.so)'))[1]})
  =~ s/^f\n//r;
unlike(slurp_file($library), qr/debug_point/, 'nor anything of that name');
$released->stop;

# --- and this is the other one
$ENV{TEMP_CONFIG} = $ENV{WALS_DEBUG_CONFIG};
my $node = PostgreSQL::Test::Cluster->new('main',
	$ENV{WALS_DEBUG_INSTALL} ? (install_path => $ENV{WALS_DEBUG_INSTALL}) : ());
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nrestart_after_crash = on\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 300 AS item_id, 1 + (u + i) % 5 AS value
	FROM generate_series(1, 2000) AS u, generate_series(1, 10) AS i;
	CREATE TABLE texts AS
	SELECT 'user ' || user_id AS user_id, 'item ' || item_id AS item_id, value FROM ratings;
	CREATE FUNCTION threads() RETURNS bigint LANGUAGE sql
	AS $$SELECT count(*) FROM pg_ls_dir('/proc/self/task')$$;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
	SELECT wals_train('t', 'texts', factors => 8, iterations => 1);
	SELECT wals_set_default('m');
	CREATE TABLE answers AS
	SELECT u, r.* FROM generate_series(1, 20) AS u, LATERAL wals_recommend(u, 10) AS r;
});

# small work_mem, so that there are temporary files to be left
my $settings = "SET client_min_messages = warning; SET work_mem = '64kB'; SET wals.threads = 3;\n";
my $options = 'factors => 16, iterations => 3';

# All a training may change or leave behind, in a few words: the models, rows of
# the catalogs, locks, sessions, temporary files, files of no relation.
sub state_of_database
{
	wait_for_end_of_sessions($node);
	return $node->safe_psql(
		'postgres', q{
		CHECKPOINT;
		SELECT (SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (
				SELECT m::text FROM m UNION ALL SELECT u::text FROM m_users AS u
				UNION ALL SELECT i::text FROM m_items AS i) AS all_rows(x)),
			(SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute),
			(SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_depend),
			(SELECT count(*) FROM pg_shdepend), (SELECT count(*) FROM pg_constraint),
			(SELECT count(*) FROM pg_index), (SELECT count(*) FROM pg_description),
			(SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_trigger),
			(SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()),
			(SELECT count(*) FROM pg_stat_activity WHERE application_name = 'training'),
			(SELECT count(*) FROM wals_progress),
			(SELECT count(*) FROM pg_ls_tmpdir()),
			(SELECT count(*) FROM pg_ls_dir('base/' || (SELECT oid FROM pg_database WHERE datname = current_database())) AS f
				WHERE f ~ '^[0-9]'
					AND (pg_stat_file('base/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || f)).size > 0
					AND substring(f FROM '^[0-9]+')::oid NOT IN
					(SELECT pg_relation_filenode(oid) FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL))});
}

my $before = state_of_database();
like($before, qr/\|0\|0\|0\|0\|0$/, 'at first: no locks, sessions, temporary files and files of no relation');

# When a server crashes, files that a transaction had created stay, and nobody knows
# of them: PostgreSQL has it so.  A training has some once it has written.
sub accept_files
{
	my ($point) = @_;
	my ($files) = state_of_database() =~ /(\d+)$/;

	return if $point !~ /^before_activate/;
	$before =~ s/\d+$/$files/;
	return;
}

# Compare with before; the model answers, and the next training works.
sub check_unchanged
{
	my ($when, $model, $version) = @_;

	# its client is gone a moment before the process
	ok( $node->poll_query_until('postgres',
			q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'training'}),
		"$when: no session is left");
	is(state_of_database(), $before, "$when: nothing changed, nothing left");
	is( $node->safe_psql(
			'postgres', qq{
			$settings
			SELECT count(*) FROM answers AS e
			FULL JOIN (SELECT u, r.* FROM generate_series(1, 20) AS u, LATERAL wals_recommend(u, 10) AS r) AS r
				USING (u, item_id, score, rank, basis)
			WHERE e.u IS NULL OR r.basis IS NULL OR e.rank IS NULL;
			BEGIN;
			SELECT wals_train('$model', 'ratings', $options);
			SELECT count(*) FROM wals_recommend(1, 3, '$model');
			ROLLBACK}),
		"0\n$version\n3",
		"$when: the old version answers, a new one can be trained");
	return;
}

# Begin a training of a model that waits or fails at a point, by wals_train or
# another statement; returns the client.
sub begin_training
{
	my ($model, $what, $timeout, $out, $err, $statement) = @_;
	$statement //= "SELECT wals_train('$model', 'ratings', $options)";
	my $script = "SET application_name = 'training'; $settings
		SELECT wals_version() \\g /dev/null
		SET wals.debug_point = '$what';
		SET statement_timeout = $timeout;
		$statement;
		SET statement_timeout = 0;
		SELECT 'threads', threads();
		SELECT 'answers', count(*) FROM wals_recommend(1, 3);\n";

	# a file: IPC::Run would feed an input only while we wait for the client
	my $file = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
	append_to_file($file, $script);
	return IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr('postgres'), '-f', $file ],
		'>', $out, '2>', $err);
}

# The process of the training, once it waits at its point.
sub waiting_process
{
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'training' AND wait_event_type = 'Extension'})
	  or die 'the training does not wait';
	return $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE application_name = 'training'});
}

my @points = ('load_done 1', 'half_sweep 1', 'half_sweep 4', 'before_write 1', 'before_activate 1');
my $latest = 0;
my $turn = 0;

for my $point (@points)
{
	$turn++;
	for my $fault ('error', 'timeout', 'cancel', 'terminate')
	{
		# a further version of one model and the first one of another in turn
		my $model = $turn++ % 2 == 0 ? 'm' : 'fresh';
		my $when = "$fault at $point of $model";
		my ($out, $err) = ('', '');
		my $psql = begin_training($model,
			$point . ($fault eq 'error' ? ' error' : ' wait'),
			$fault eq 'timeout' ? 700 : 0,
			\$out, \$err);
		my $pid = $fault eq 'error' || $fault eq 'timeout' ? 0 : waiting_process();
		my $wish = time;

		$node->safe_psql('postgres', "SELECT pg_${fault}_backend($pid)") if $pid;
		$psql->finish;
		$latest = time - $wish if $pid && time - $wish > $latest;
		if ($fault eq 'terminate')
		{
			like($err, qr/57P01/, "$when: SQLSTATE");
		}
		else
		{
			like($err, $fault eq 'error' ? qr/ERROR:  XX000$/m : qr/ERROR:  57014$/m, "$when: SQLSTATE");
			is($out, "threads|1\nanswers|3\n", "$when: one thread, the session goes on");
		}
		check_unchanged($when, $model, $model eq 'm' ? 2 : 1);
	}
}
note sprintf('cancelled and terminated at most %.3f s after the wish', $latest);

# --- the procedure, which commits between reading, solving and writing, with the
# one iteration of the first version
for my $point (map { s/half_sweep 4/half_sweep 3/r } @points)
{
	my $when = "cancel of wals_retrain at $point";
	my ($out, $err) = ('', '');
	my $psql = begin_training('m', "$point wait", 0, \$out, \$err, q{CALL wals_retrain('m')});

	$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . waiting_process() . ')');
	$psql->finish;
	like($err, qr/ERROR:  57014$/m, "$when: SQLSTATE");
	is($out, "threads|1\nanswers|3\n", "$when: one thread, the session goes on");
	check_unchanged($when, 'm', 2);
}

# --- the process dies; PostgreSQL restarts all others
for my $point (@points)
{
	my ($out, $err) = ('', '');
	my $psql = begin_training('m', "$point wait", 0, \$out, \$err);

	kill_session($node, waiting_process(), $psql);
	accept_files($point);
	check_unchanged("killed at $point", 'm', 2);
}

# --- the postmaster dies: the training's process must not outlive it for long,
# or the server cannot be started again
$latest = 0;
for my $point (@points)
{
	my ($out, $err) = ('', '');
	my $psql = begin_training('m', "$point wait", 0, \$out, \$err);
	waiting_process();
	my $seconds = kill_postmaster($node, $psql);
	$latest = $seconds if $seconds > $latest;
	accept_files($point);
	check_unchanged("postmaster killed at $point", 'm', 2);
}
note sprintf('the process ended at most %.3f s after its postmaster', $latest);

# --- every allocation of the core fails once, in one session.  Some only ask
# for less memory than is held: then the training gets through.
for my $case (
	[ 'implicit', "wals_train('m', 'ratings', $options)" ],
	[ 'explicit', "wals_train('t', 'texts', $options, feedback => 'explicit', value_col => 'value')" ],
	[ 'warm start', "wals_train('m', 'ratings', factors => 8, iterations => 1, warm_start => true, weighting => 'linear', value_col => 'value')" ])
{
	my ($what, $train) = @$case;
	my ($failed, $last, $threads) = split /\|/, $node->safe_psql(
		'postgres', qq{
		$settings
		CREATE TEMP TABLE result (failed int, last int);
		DO \$\$
		DECLARE
			n int := 0;
			failed int := 0;
			last int := 0;
		BEGIN
			WHILE n < last + 20 LOOP
				n := n + 1;
				PERFORM set_config('wals.debug_point', format('allocation %s error', n), false);
				BEGIN
					PERFORM $train;
					RAISE EXCEPTION USING ERRCODE = 'WALS1';
				EXCEPTION
					WHEN out_of_memory THEN
						failed := failed + 1;
						last := n;
					WHEN SQLSTATE 'WALS1' THEN
				END;
			END LOOP;
			INSERT INTO result VALUES (failed, last);
		END
		\$\$;
		SELECT *, threads() FROM result});

	note "$what: $failed of $last allocations";
	cmp_ok($failed, '>', 20, "$what: failing allocations are 53200");
	cmp_ok($last - $failed, '<', 10, "$what: but for some that do not matter");
	is($threads, '1', "$what: one thread is left");
	is(state_of_database(), $before, "$what: nothing changed, nothing left");
}

# by themselves, outside of any block
my ($out, $err) = ('', '');
$node->psql(
	'postgres',
	"\\set VERBOSITY sqlstate\n$settings SELECT wals_version() \\g /dev/null\n"
	  . join('', map { "SET wals.debug_point = 'allocation $_ error'; SELECT wals_train('m', 'ratings', $options);\n" } (1, 2, 5, 10, 15, 20, 25))
	  . "SELECT count(*) FROM wals_recommend(1, 3);\n",
	stdout => \$out,
	stderr => \$err,
	on_error_stop => 0);
is($out, '3', 'failing allocations one after the other: the session goes on');
is(scalar(() = $err =~ /ERROR:  53200$/mg), 7, 'each is 53200');
is(state_of_database(), $before, 'nothing changed, nothing left');

# --- a disk without room is found before anything is solved
for my $what (
	"wals_train('m', 'ratings', $options)",
	"wals_train('fresh', 'ratings', $options)",
	"wals_import('fresh', 'm_users', 'm_items')")
{
	($out, $err) = ('', '');
	$node->psql(
		'postgres',
		"$settings SET client_min_messages = debug1; SELECT wals_version() \\g /dev/null\n"
		  . "SET wals.debug_point = 'disk 1 error'; SELECT $what;\n",
		extra_params => [ '-v', 'VERBOSITY=verbose' ],
		stdout => \$out,
		stderr => \$err);
	like($err, qr/ERROR:  53100: not enough free disk space for the factors of model "(?:m|fresh)"\n.*DETAIL:  They need \d+\.\d MB, tablespace "pg_default" has 0\.0 MB free\.\n.*HINT:  Make room/s, "no room: $what");
	unlike($err, qr/iteration 1/, 'and nothing was solved');
	is(state_of_database(), $before, 'nothing changed, nothing left');
}

# and in a session that has not answered yet
($out, $err) = split /\|/, $node->safe_psql(
	'postgres', q{
	CREATE TEMP TABLE result (failed int, same boolean);
	DO $$
	DECLARE
		n int := 0;
	BEGIN
		LOOP
			n := n + 1;
			PERFORM wals_version(), set_config('wals.debug_point', format('allocation %s error', n), false);
			BEGIN
				PERFORM wals_recommend(1, 10);
				EXIT;
			EXCEPTION WHEN out_of_memory THEN
			END;
		END LOOP;
		INSERT INTO result SELECT n - 1, count(*) = 0
		FROM (SELECT item_id, score, rank FROM answers WHERE u = 1
			EXCEPT SELECT item_id, score, rank FROM wals_recommend(1, 10)) AS differences;
	END
	$$;
	SELECT * FROM result});
cmp_ok($out, '>', 3, 'answering: failing allocations are 53200');
is($err, 't', 'answering: then it answers as before');
is(state_of_database(), $before, 'answering: nothing changed, nothing left');
$node->stop;

done_testing();
