# Memory, temporary files, clients and servers come to an end while a training
# runs: an error that says so, and a session or server that goes on.  And a long
# half sweep does what others wait for.
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

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 2000 AS item_id
	FROM generate_series(1, 20000) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
});

# What a training may change.
sub state_of_database
{
	wait_for_end_of_sessions($node);
	return $node->safe_psql(
		'postgres', q{
		SELECT (SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (
				SELECT m::text FROM m UNION ALL SELECT u::text FROM m_users AS u
				UNION ALL SELECT i::text FROM m_items AS i) AS all_rows(x)),
			(SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_ls_tmpdir()),
			(SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid())});
}
my $before = state_of_database();

# Run statements in one session; returns what they print.
sub session
{
	my ($sql) = @_;
	my ($out, $err);

	$node->psql(
		'postgres', "\\set VERBOSITY sqlstate\nSET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0);
	return ($out =~ s/\n/ /gr, $err);
}

# --- the operating system has no more memory for this process
SKIP:
{
	skip 'needs prlimit and /proc of Linux', 3
	  if !-e '/proc/self/status' || system('prlimit --version >/dev/null 2>&1') != 0;

	my ($out, $err) = session(
		q{
		SELECT count(*) FROM wals_recommend(1, 3);
		COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; prlimit --pid $PPID --as=$(awk "/^VmSize/ { print (\$2 + 30000) * 1024 }" /proc/$PPID/status):';
		SELECT wals_train('m', 'ratings', factors => 1024, iterations => 1);
		SELECT wals_train('new', 'ratings', factors => 1024, iterations => 1);
		SELECT count(*) FROM wals_recommend(1, 3);
		COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; prlimit --pid $PPID --as=unlimited:';
		BEGIN; SELECT wals_train('m', 'ratings', factors => 32, iterations => 1); ROLLBACK;});
	like($err, qr/^\S*\s*ERROR:  53200\n\S*\s*ERROR:  53200$/, 'out of memory is 53200');
	is($out, '3 3 2', 'the session goes on, and trains when there is memory again');
	is(state_of_database(), $before, 'nothing changed');
}

# --- temporary files
my ($out, $err) = session(
	q{
	SET work_mem = '64kB';
	SET temp_file_limit = '100kB';
	BEGIN; SELECT wals_train('m', 'ratings', factors => 32, iterations => 1); ROLLBACK;
	SELECT count(*) FROM wals_recommend(1, 3);});
is($err, '', 'temp_file_limit is no limit to a training');
is($out, '2 3', 'nor to what comes after');
is(state_of_database(), $before, 'nothing changed');

# --- hardly any memory for sorts: the same model
my $bits = q{
	BEGIN;
	SELECT wals_train('m', 'ratings', factors => 16, iterations => 1) > 0;
	SELECT md5(string_agg(x::text, '|' ORDER BY x.id)) FROM (
		SELECT id, factors FROM m_users WHERE version = 2 UNION ALL
		SELECT -id, factors FROM m_items WHERE version = 2) AS x;
	ROLLBACK;};
my ($usual) = session($bits);
my ($little) = session("SET work_mem = '64kB'; SET maintenance_work_mem = '1MB'; $bits");
like($usual, qr/^t \w{32}$/, 'a model has bits');
is($little, $usual, 'the same with little work_mem');

# --- During one half sweep of several minutes, in float64 and by one thread, and
# anything else takes seconds.
sub begin_long_training
{
	my ($out, $err, @commands) = @_;
	my $psql = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			q{SET application_name = 'training'; SET wals.threads = 1},
			(map { ('-c', $_) } @commands),
			'-c', q{SELECT wals_train('m', 'ratings', factors => 512, regularization => 0)}
		],
		'>', $out, '2>', $err);

	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM wals_progress WHERE phase = 'solving users'})
	  or die 'no training is seen';
	return ($psql,
		$node->safe_psql('postgres', 'SELECT pid FROM wals_progress'));
}

sub stands
{
	return $node->safe_psql('postgres', 'SELECT phase, iteration FROM wals_progress');
}

my ($psql, $pid) = begin_long_training(\$out, \$err);
my $start = time;
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('postgres', 'DROP DATABASE doomed');
note sprintf('DROP DATABASE after %.1f s', time - $start);
is(stands(), 'solving users|0', 'DROP DATABASE does not wait for the half sweep');

my $offset = -s $node->logfile;
$start = time;
$node->safe_psql('postgres', "SELECT pg_log_backend_memory_contexts($pid)");
sleep 0.05
  while slurp_file($node->logfile, $offset) !~ /wals train: \d+ total/ && time - $start < 180;
note sprintf('memory report after %.1f s', time - $start);
is(stands(), 'solving users|0', 'nor does a report of memory');
like(slurp_file($node->logfile, $offset), qr/wals train: \d+ total/, 'which tells of the training');

$start = time;
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
$psql->finish;
note sprintf('cancelled after %.1f s', time - $start);
like($err, qr/canceling statement due to user request/, 'a cancel after pauses ends it');

# --- a ranking of many items for many users does, too; it takes most of a minute
$node->safe_psql(
	'postgres', q{
	CREATE TABLE factors_of_users AS SELECT g AS id, ARRAY(SELECT sin(g * f)::real
		FROM generate_series(1, 64) AS f) AS factors FROM generate_series(1, 60000) AS g;
	CREATE TABLE factors_of_items AS SELECT g AS id, ARRAY(SELECT cos(g * f)::real
		FROM generate_series(1, 64) AS f) AS factors FROM generate_series(1, 100000) AS g;
	CREATE TABLE liked AS SELECT id AS user_id, id AS item_id FROM factors_of_users;
	SELECT wals_import('wide', 'factors_of_users', 'factors_of_items')});
($out, $err) = ('', '');
$psql = IPC::Run::start(
	[
		'psql', '-XAtq', '-d', $node->connstr('postgres'),
		'-c', q{SET application_name = 'evaluation'; SET wals.threads = 1},
		'-c', q{SELECT * FROM wals_evaluate('liked', 'wide', exclude_seen => false, max_users => NULL)}
	],
	'>', \$out, '2>', \$err);
my $evaluating = q{SELECT count(*) FROM pg_stat_activity
	WHERE application_name = 'evaluation' AND query LIKE '%wals_evaluate%' AND state = 'active'};
$node->poll_query_until('postgres', $evaluating, '1') or die 'no evaluation is seen';
sleep 1;
$start = time;
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('postgres', 'DROP DATABASE doomed');
note sprintf('DROP DATABASE after %.1f s', time - $start);
is($node->safe_psql('postgres', $evaluating), '1', 'DROP DATABASE does not wait for a ranking');
$node->safe_psql('postgres',
	q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'evaluation'});
$psql->finish;
like($err, qr/canceling statement due to user request/, 'until it is cancelled');
$node->safe_psql('postgres',
	q{SELECT wals_drop('wide'); DROP TABLE factors_of_users, factors_of_items, liked});

# --- the client is gone
($psql, $pid) = begin_long_training(\$out, \$err, 'SET client_connection_check_interval = 100');
$start = time;
$psql->kill_kill;
ok( $node->poll_query_until('postgres',
		q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'training'}),
	'a session whose client is gone ends');
note sprintf('the session ended after %.1f s', time - $start);
is(state_of_database(), $before, 'nothing changed');

# --- the server is gone: the process must not keep it from being started again
($psql, $pid) = begin_long_training(\$out, \$err);
my $seconds = kill_postmaster($node, $psql);
note sprintf('the session ended after %.1f s', $seconds);
like($err, qr/terminating connection due to unexpected postmaster exit/, 'a session whose server is gone ends, and says why');
is(state_of_database(), $before, 'nothing changed');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM wals_recommend(1, 3)}),
	'3', 'the model answers');
$node->stop;

done_testing();
