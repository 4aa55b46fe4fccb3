# Other sessions see each trial of a tuning once it is done, if they may, and no
# longer than it runs; a cancel ends it at once and leaves nothing; max_seconds
# ends one that would run on.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE DATABASE other;
	CREATE ROLE regress_wals_alice LOGIN;
	CREATE ROLE regress_wals_bob LOGIN;
	CREATE EXTENSION wals;
	CREATE SCHEMA regress_wals_alice AUTHORIZATION regress_wals_alice;
	CREATE TABLE regress_wals_alice.ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 500 AS item_id, i AS ts
	FROM generate_series(1, 2000) AS u, generate_series(1, 20) AS i;
	GRANT SELECT ON regress_wals_alice.ratings TO regress_wals_alice;
});
$node->safe_psql('other', 'CREATE EXTENSION wals');

sub psql_as
{
	my ($role, $sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql,
		extra_params => [ '-U', $role ]);
}

# A tuning of some small trials, and one that would take much longer than this
# test: the fourth.
my $tune = q{SELECT count(*) FROM wals_tune('regress_wals_alice.ratings',
	'{"factors": 64, "iterations": [1, 2, 3, 1000], "solver": "cholesky"}')};

sub start
{
	my ($sql, $out, $err) = @_;
	return IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-U', 'regress_wals_alice',
			'-c', 'SET wals.threads = 1', '-c', $sql
		],
		'>', $out, '2>', $err);
}

my $trials = q{SELECT trial, options::jsonb ->> 'iterations', iterations, value BETWEEN 0 AND 1,
	std_error > 0, seconds > 0, source FROM wals_tune_progress ORDER BY trial};
my $progress = 'SELECT model, role, phase, iteration, iterations, rows_read, loss > 0 FROM wals_progress';
my $seen = "1|1|1|t|t|t|regress_wals_alice.ratings\n2|2|2|t|t|t|regress_wals_alice.ratings\n3|3|3|t|t|t|regress_wals_alice.ratings";

for my $case (
	[ 'pg_cancel_backend', qr/canceling statement due to user request/ ],
	[ 'pg_terminate_backend', qr/terminating connection/ ])
{
	my ($function, $message) = @$case;
	my ($out, $err) = ('', '');
	my $psql = start($tune, \$out, \$err);

	ok($node->poll_query_until('postgres', 'SELECT count(*) = 3 FROM wals_tune_progress'),
		'three trials are done');
	is(psql_as('regress_wals_alice', $trials), $seen, 'her other sessions see them');
	is($node->safe_psql('postgres', $trials), $seen, 'so does the superuser');
	is($node->safe_psql('postgres', $progress), 'regress_wals_alice.ratings|regress_wals_alice|tuning|3|5|40000|t', 'wals_progress counts them');
	is(psql_as('regress_wals_bob', $trials), '', 'a stranger sees nothing');
	is($node->safe_psql('other', $trials), '', 'nor does another database');
	is( $node->safe_psql('postgres', q{SELECT best.loss = max(t.value) FROM wals_progress AS best, wals_tune_progress AS t GROUP BY best.loss}),
		't', 'wals_progress has the best value');

	$node->safe_psql('postgres', "SELECT $function(pid) FROM wals_progress");
	$psql->finish;
	like($err, $message, "$function ends it");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM wals_tune_progress'), '0', 'no trial is left');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM wals_progress'), '0', 'nor is the progress');
}
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relnamespace = 'regress_wals_alice'::regnamespace}),
	'1', 'no relation is left');

# a trial that failed is seen, without a value; the sixth takes long
my ($out, $err) = ('', '');
my $psql = start(q{SELECT count(*) FROM wals_tune('regress_wals_alice.ratings', '{"factors": 64, "iterations": [9, 8, 1000],
	"regularization": [0, 0.1], "solver": "cholesky"}', feedback => 'explicit', value_col => 'ts', search => 'grid')}, \$out, \$err);
ok($node->poll_query_until('postgres', 'SELECT count(*) = 5 FROM wals_tune_progress'), 'five trials are done');
is( $node->safe_psql('postgres', q{SELECT trial, options::jsonb ->> 'regularization', value IS NULL, std_error IS NULL, seconds > 0
		FROM wals_tune_progress ORDER BY trial}),
	"1|0|t|t|t\n2|0.1|f|f|t\n3|0|t|t|t\n4|0.1|f|f|t\n5|0|t|t|t", 'with a value or not');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM wals_progress');
$psql->finish;

# a tuning that sees itself, from a function in its source
is( psql_as('regress_wals_alice', q{
		CREATE VIEW regress_wals_alice.looking AS SELECT user_id, item_id FROM regress_wals_alice.ratings
		WHERE user_id <> 1 OR (SELECT count(*) FROM wals_tune_progress) = 0;
		SELECT count(*) FROM wals_tune('regress_wals_alice.looking', '{"factors": 2, "iterations": [1, 2]}')}),
	'2', 'a tuning may look at itself');

# max_seconds: the small trials are done, 1000 iterations of the large ones would
# not be; the first is always run, and the best is still tested
my ($rc, $stdout, $stderr) = $node->psql('postgres', q{SELECT count(*) FILTER (WHERE value IS NOT NULL) < count(*),
	count(*) FILTER (WHERE value IS NOT NULL) >= 1, count(test_value)
	FROM wals_tune('regress_wals_alice.ratings', '{"factors": {"min": 2, "max": 40}, "regularization": {"min": 0.001, "max": 1}, "iterations": 30}',
		search => 'random', trials => 1000, max_seconds => 1)});
is($stdout, 't|t|1', 'max_seconds leaves out trials, and tests the best');
like($stderr, qr/stopped after \d+ of 1000 trials: another one might end after max_seconds, 1 s/, 'and says so');
($rc, $stdout, $stderr) = $node->psql('postgres', q{SELECT count(*) FILTER (WHERE value IS NOT NULL) < count(*),
	count(*) FILTER (WHERE value IS NOT NULL) >= 1, count(test_value)
	FROM wals_tune('regress_wals_alice.ratings', '{"factors": {"min": 2, "max": 40}, "regularization": {"min": 0.001, "max": 1}, "iterations": 90}',
		search => 'halving', trials => 1000, max_seconds => 1)});
is($stdout, 't|t|1', 'so does halving');
($rc, $stdout, $stderr) = $node->psql('postgres', q{SELECT count(*) < 200 OR count(value) < 200, count(value) >= 1, count(test_value), count(*) - count(options)
	FROM wals_tune('regress_wals_alice.ratings', '{"factors": {"min": 2, "max": 40}, "regularization": {"min": 0.001, "max": 1}, "iterations": 900}',
		search => 'model', trials => 200, max_seconds => 1)});
is($stdout, 't|t|1|0', 'and a model');

# within a trial: the first one, and what is tested, run what there is time for,
# and the call says how much; another one that would not end has no value
my $long = q{SELECT trial, value IS NOT NULL, iterations BETWEEN 1 AND 999, call LIKE '%, iterations => %', call LIKE '%, iterations => 1000%'
	FROM wals_tune('regress_wals_alice.ratings', '{"factors": 64, "iterations": ITERATIONS, "solver": "cholesky"}', max_seconds => 2) ORDER BY trial};
($rc, $stdout, $stderr) = $node->psql('postgres', $long =~ s/ITERATIONS/1000/r);
is($stdout, '1|t|t|t|f', 'the first trial ends in time');
like($stderr, qr/the best was tested after \d+ of \d+ iterations: another one might end after max_seconds, 2 s/, 'and says so');
($rc, $stdout, $stderr) = $node->psql('postgres', $long =~ s/ITERATIONS/[1, 1000]/r);
is($stdout, "1|t|t|t|f\n2|f|f||", 'one that would not is given up');
like($stderr, qr/stopped after 1 of 2 trials: another one might end after max_seconds, 2 s/, 'and says so, too');

# the next tuning of the session starts afresh
is(psql_as('regress_wals_alice', q{SELECT count(*) FROM wals_tune('regress_wals_alice.ratings', '{"factors": 2, "iterations": 1}')}), '1', 'it can be done again');
$node->stop;
done_testing();
