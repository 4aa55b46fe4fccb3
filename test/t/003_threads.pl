# A session has one thread, but for the time a training computes: then it has as
# many as wals.threads says, or as it can get.  None is left after success, error,
# cancel or time-out.  They share the memory of the session, not /dev/shm, of
# which a training takes a page or some for what it shows to other sessions.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs /proc of Linux' unless -e '/proc/self/task';

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, i AS item_id, i AS value
	FROM (SELECT u, (u * 7 + i * i * 13 + u * i) % 2000 AS i
		FROM generate_series(1, 8000) AS u, generate_series(1, 20) AS i) AS r;
	CREATE FUNCTION threads() RETURNS bigint LANGUAGE sql
	AS $$SELECT count(*) FROM pg_ls_dir('/proc/self/task')$$;
	CREATE FUNCTION maps(library text) RETURNS boolean LANGUAGE sql
	AS $$SELECT pg_read_file('/proc/self/maps', 0, 10000000) LIKE '%' || library || '%'$$;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2);
});

# Run statements in one session; returns what they print.
sub session
{
	my ($sql, %options) = @_;
	my ($out, $err);

	$node->psql(
		'postgres', "SET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		%options);
	return ($out =~ s/\n/ /gr, $err);
}

my ($out, $err) = session(
	q{
	SELECT threads(), maps('/wals.so');
	LOAD 'wals';
	SELECT threads(), maps('/wals.so');
	SELECT count(*) FROM wals_recommend(1, 3);
	SELECT count(*) FROM wals_popular(3);
	SELECT wals_score(1, 1) IS NOT NULL;
	SELECT count(*) FROM wals_models;
	SELECT threads(), maps('blas');});
is($out, '1|f 1|t 3 3 t 1 1|f', 'answering takes one thread, and no other library');
is($err, '', 'and no error');

($out, $err) = session(
	q{
	SET wals.threads = 4;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2);
	SELECT threads(), maps('blas');
	SELECT count(*) FROM wals_recommend(1, 3);
	-- which warns: these values are all bias
	SET client_min_messages = error;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2, feedback => 'explicit', value_col => 'value');
	SELECT threads();});
is($out, '2 1|f 3 3 1', 'after training there is one thread');
is($err, '', 'and no error');

# rows that cannot be solved: found by several threads
($out, $err) = session(
	q{
	\set VERBOSITY sqlstate
	SET wals.threads = 4;
	SELECT wals_train('m', 'ratings', factors => 32, feedback => 'explicit', value_col => 'value', regularization => 0);
	SELECT threads();
	SET statement_timeout = 400;
	SELECT wals_train('m', 'ratings', factors => 64, iterations => 1000);
	SET statement_timeout = 0;
	SELECT threads();
	SELECT count(*) FROM wals_recommend(1, 3);});
is($out, '1 1 3', 'after an error or a time-out there is one thread');
like($err, qr/ERROR:  22000\n.*ERROR:  57014$/s, 'which are as expected');

# --- while a training computes

sub tasks
{
	my ($pid) = @_;
	my @tasks = glob("/proc/$pid/task/*");

	return scalar @tasks;
}

sub shared_memory
{
	my ($pid) = @_;
	my @big;

	for my $line (grep { m{ /dev/shm/[^/\n]+$} } split /^/, slurp_file("/proc/$pid/maps"))
	{
		my ($from, $to) = $line =~ /^([0-9a-f]+)-([0-9a-f]+) /;

		push @big, $line if hex($to) - hex($from) > 65536;
	}
	return join '', sort @big;
}

# Begin a training that would take much longer than this test, after further
# commands, and wait until it solves; returns client, process, and what it had
# of /dev/shm at first.
my $fork_limit = q{COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; prlimit --pid $PPID --nproc=1:'};
sub begin_training
{
	my ($out, $err, @commands) = @_;
	my $gate = $node->background_psql('postgres');
	$gate->query_safe('SELECT pg_advisory_lock(1)');
	my $psql = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			q{SET application_name = 'training'},
			(map { ('-c', $_) } @commands),
			'-c', 'SELECT pg_advisory_lock(1)',
			'-c', q{SELECT wals_train('m', 'ratings', factors => 64, iterations => 1000, solver => 'cholesky')},
			'-c', 'SELECT threads()'
		],
		'>', $out, '2>', $err);

	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'training' AND query LIKE '%pg_advisory_lock%'})
	  or die 'no session is seen';
	my $pid = $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE application_name = 'training'});
	my $shared = shared_memory($pid);

	is(tasks($pid), 1, 'one thread before');
	$gate->quit;
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM wals_progress WHERE phase LIKE 'solving %'})
	  or die 'no training is seen';
	return ($psql, $pid, $shared);
}

# The most threads seen in some hundred looks, or as soon as there are so many;
# the sorted lists of what is mapped of /dev/shm.
sub most_tasks
{
	my ($pid, $enough) = @_;
	my $most = 0;
	my %shared;
	my $start = time;

	for (my $looks = 0; $looks < 300 || ($enough > $most && time - $start < 180); $looks++)
	{
		my $tasks = tasks($pid);

		$most = $tasks if $tasks > $most;
		$shared{ shared_memory($pid) } = 1 if $looks % 10 == 0;
		sleep 0.002;
	}
	return ($most, keys %shared);
}

for my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my ($psql, $pid, $shared) = begin_training(\$out, \$err, 'SET wals.threads = 4');
	my ($most, @mapped) = most_tasks($pid, 4);

	is($most, 4, 'four threads while it computes');
	is_deeply(\@mapped, [$shared], 'no more of /dev/shm than before');
	$node->safe_psql('postgres', "SELECT $function($pid)");
	$psql->finish;
	$function eq 'pg_cancel_backend'
	  ? is($out, "\n1\n", 'one thread after a cancel')
	  : is($out, "\n", 'none after a termination');
}

# no thread to be had: the same model, by the session alone
SKIP:
{
	skip 'there is no prlimit', 4 if system('prlimit --version >/dev/null 2>&1') != 0;

	my ($psql, $pid) = begin_training(\$out, \$err, 'SET wals.threads = 4', $fork_limit);
	my ($most) = most_tasks($pid, 1);

	is($most, 1, 'one thread when no other can be started');
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	$psql->finish;

	my $train = q{SELECT wals_train('m', 'ratings', factors => 32, iterations => 2) > 0;};
	my $bits = q{SELECT md5(string_agg(x::text, '|' ORDER BY x.id)) FROM (
		SELECT id, factors FROM m_users WHERE version = (SELECT max(version) FROM m) UNION ALL
		SELECT -id, factors FROM m_items WHERE version = (SELECT max(version) FROM m)) AS x;};
	my ($alone) = session("SET wals.threads = 1; $train $bits");
	my ($together) = session("SET wals.threads = 4; $train $bits");
	my ($limited) = session("SET wals.threads = 4; $fork_limit; $train $bits");

	like($alone, qr/^t \w{32}$/, 'a model has bits');
	is($together, $alone, 'with four threads the same');
	is($limited, $alone, 'and when they cannot be started');
}

# loaded early
for my $setting ('shared_preload_libraries', 'session_preload_libraries')
{
	$node->append_conf('postgresql.conf', "$setting = 'wals'");
	$node->restart;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];

	is(tasks($postmaster), 1, "$setting: the postmaster has one thread");
	($out, $err) = session(
		q{
		SELECT threads(), maps('/wals.so');
		SELECT count(*) FROM wals_recommend(1, 3);
		SET wals.threads = 3;
		SELECT wals_train('m', 'ratings', factors => 32, iterations => 2) > 0;
		SELECT threads();
		SET wals.typo = 1;});
	is($out, '1|t 3 t 1', "$setting: works the same");
	like($err, qr/invalid configuration parameter name "wals.typo"/, "$setting: misspelt settings are noticed");
	is(tasks($postmaster), 1, "$setting: the postmaster still has one thread");
	$node->adjust_conf('postgresql.conf', $setting, "''");
}
$node->stop;

done_testing();
