# Other sessions see where a training stands, if they may, and no longer than it
# runs.  max_seconds ends one that would run on.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE DATABASE other;
	CREATE ROLE regress_wals_alice LOGIN;
	CREATE ROLE regress_wals_bob LOGIN;
	CREATE ROLE regress_wals_team LOGIN;
	CREATE ROLE regress_wals_auditor LOGIN IN ROLE pg_read_all_stats;
	GRANT regress_wals_alice TO regress_wals_team;
	CREATE EXTENSION wals;
	CREATE SCHEMA regress_wals_alice AUTHORIZATION regress_wals_alice;
	CREATE TABLE regress_wals_alice.ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 2000 AS item_id
	FROM generate_series(1, 8000) AS u, generate_series(1, 20) AS i;
	GRANT SELECT ON regress_wals_alice.ratings TO regress_wals_alice;
});
$node->safe_psql('other', 'CREATE EXTENSION wals');

sub psql_as
{
	my ($role, $sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql,
		extra_params => [ '-U', $role ]);
}

# Start a training that would take much longer than this test.
sub start_training
{
	my ($out, $err, $options) = @_;
	return IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-U', 'regress_wals_alice',
			'-c', 'SET wals.threads = 1', '-c',
			"SELECT wals_train('regress_wals_alice.m', 'regress_wals_alice.ratings', factors => 64,"
			  . " iterations => 1000, solver => 'cholesky'$options)"
		],
		'>', $out, '2>', $err);
}

my $row = q{SELECT model, role, iterations, rows_read FROM wals_progress};
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
my @watchers = ('regress_wals_alice', 'regress_wals_team', 'regress_wals_auditor', $superuser);

is(psql_as($superuser, 'SELECT count(*) FROM wals_progress'), '0', 'nothing is running');

for my $case (
	[ 'pg_cancel_backend', qr/canceling statement due to user request/ ],
	[ 'pg_terminate_backend', qr/terminating connection/ ])
{
	my ($function, $message) = @$case;
	my ($out, $err) = ('', '');
	my $psql = start_training(\$out, \$err, '');

	# phases and iterations go by
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM wals_progress WHERE phase LIKE 'solving %' AND iteration >= 1})
	  or die 'no training is seen';
	my ($first, $loss) = split /\|/,
	  $node->safe_psql('postgres', 'SELECT iteration, loss FROM wals_progress');
	ok( $node->poll_query_until('postgres',
			"SELECT iteration > $first AND loss < $loss FROM wals_progress"),
		'the iterations go on and the loss falls');
	for my $phase ('solving users', 'solving items')
	{
		ok( $node->poll_query_until('postgres',
				"SELECT phase = '$phase' FROM wals_progress"),
			"$phase is seen");
	}
	is( $node->safe_psql('postgres', q{
			SELECT p.pid = a.pid, p.elapsed > interval '0', p.elapsed < interval '1 hour',
				p.expected_end > now(), p.elapsed <= clock_timestamp() - a.query_start
			FROM wals_progress AS p, pg_stat_activity AS a
			WHERE a.query LIKE 'SELECT wals_train%'}),
		't|t|t|t|t', 'session, elapsed, expected end');

	# who sees it
	is(psql_as($_, $row), 'regress_wals_alice.m|regress_wals_alice|1000|160000', "$_ sees it") for @watchers;
	is(psql_as('regress_wals_bob', $row), '', 'a stranger does not');
	is(psql_as($superuser, $row, 'other'), '', 'nor does another database');
	is( $node->safe_psql('postgres', q{
			SELECT count(*) FROM (SELECT pid FROM pg_stat_progress_vacuum
			UNION ALL SELECT pid FROM pg_stat_progress_create_index
			UNION ALL SELECT pid FROM pg_stat_progress_copy) AS all_of_them}),
		'0', "the server's own views do not show it");

	$node->safe_psql('postgres', "SELECT $function(pid) FROM wals_progress");
	$psql->finish;
	like($err, $message, "$function ends it");
	is(psql_as($superuser, $row), '', "no row is left after $function");
}

# max_seconds: an end long before the 1000 iterations, and as promised: no
# iteration is begun when the time is over
my ($out, $err) = ('', '');
my $psql = start_training(\$out, \$err, ', max_seconds => 8');
ok( $node->poll_query_until('postgres',
		q{SELECT expected_end <= now() + interval '8 s' FROM wals_progress}),
	'the expected end knows the limit');
$psql->finish;
is($out, "1\n", 'max_seconds ends a training');
like($err, qr/NOTICE:  the training of model "\w+" stopped after \d+ of 1000 iterations: .*max_seconds/, 'which says so');
is( psql_as(
		'regress_wals_alice', q{
		SELECT stop_reason, iterations = cardinality(losses),
			load_seconds + (SELECT sum(s) FROM unnest(trim_array(iteration_seconds, 1)) AS s) < 8
		FROM regress_wals_alice.m}),
	'max_seconds|t|t',
	'and is recorded');
is(psql_as($superuser, $row), '', 'no row is left after success');

# another one in the same session, after an error in it
is( psql_as(
		'regress_wals_alice', q{
		SET client_min_messages = error;
		DO $$
		BEGIN
			PERFORM wals_train('regress_wals_alice.m', 'regress_wals_alice.ratings', min_user_rows => 1000000);
		EXCEPTION WHEN invalid_parameter_value THEN
		END
		$$;
		SELECT count(*) FROM wals_progress;
		SELECT wals_train('regress_wals_alice.m', 'regress_wals_alice.ratings', factors => 2, iterations => 1);
		SELECT count(*) FROM wals_progress}),
	"0\n2\n0",
	'no row is left after an error or success in this session');

$node->stop;
done_testing();
