# CALL wals_tune_into holds no snapshot, no transaction number and no lock on a
# table while it computes, so that vacuum cleans up and its source may be changed;
# what it has found stays when it is ended; and it is told where it cannot commit.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Job;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_alice LOGIN;
	CREATE EXTENSION wals;
	CREATE SCHEMA regress_wals_alice AUTHORIZATION regress_wals_alice;
	SET SESSION AUTHORIZATION regress_wals_alice;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 500 AS item_id
	FROM generate_series(1, 2000) AS u, generate_series(1, 20) AS i;
	CREATE TABLE churned AS SELECT i FROM generate_series(1, 1000) AS i;
});

sub alice
{
	my ($sql) = @_;
	my ($out, $err);

	$node->psql('postgres', $sql, stdout => \$out, stderr => \$err, extra_params => [ '-U', 'regress_wals_alice' ]);
	return ($out, $err);
}

# A tuning of some small trials, and one that would take much longer than this
# test: the fourth.
my $arguments = q{'ratings', '{"factors": 64, "iterations": [1, 2, 3, 1000], "solver": "cholesky"}'};
my ($rc, $out, $err);

sub start
{
	my (@sql) = @_;

	return start_job(
		{
			node => $node, out => \$out, err => \$err, options => [ '-U', 'regress_wals_alice' ],
			until => 'SELECT count(*) = 3 FROM wals_tune_progress'
		},
		'SET wals.threads = 1', @sql);
}

sub stop
{
	my ($psql, $how) = @_;

	$node->safe_psql('postgres', "SELECT $how(pid) FROM wals_progress");
	$psql->finish;
	return;
}

my $held = q{SELECT backend_xmin IS NULL, backend_xid IS NULL,
	(SELECT count(*) FROM pg_locks WHERE pid = p.pid AND (locktype = 'advisory' OR locktype = 'object' OR relation >= 16384))
	FROM pg_stat_activity JOIN wals_progress AS p USING (pid)};
my $found = q{SELECT count(*), count(DISTINCT tuned_at), count(*) FILTER (WHERE best), count(*) FILTER (WHERE value > 0)
	FROM regress_wals_alice.trials};

# Once the third trial is seen, it is written and committed.
sub holds_nothing
{
	my ($runs) = @_;
	my $rows = 3 * $runs;

	$node->poll_query_until('postgres', "SELECT count(*) = $rows FROM regress_wals_alice.trials")
	  or die 'its trials are not committed';
	$node->poll_query_until('postgres', $held, 't|t|0') or die 'it holds something';
	return 1;
}

# Rows that are dead since the tuning read its source, and those that vacuum had to leave.
sub left_by_vacuum
{
	my ($before, $told);

	alice('UPDATE churned SET i = i + 1');
	$node->psql('postgres', 'VACUUM (VERBOSE) regress_wals_alice.churned', stderr => \$told);
	return $told =~ /(\d+) are dead but not yet removable/ ? $1 : "nothing: $told";
}

my $runs = 0;
for my $case (
	[ 'pg_cancel_backend', qr/ERROR:  57014/ ],
	[ 'pg_terminate_backend', qr/FATAL:  57P01/ ])
{
	my ($function, $message) = @$case;
	my $psql = start("CALL wals_tune_into('trials', $arguments, model => 'm')");

	$runs++;
	ok(holds_nothing($runs), 'it holds no snapshot, no transaction number and no lock');
	is(left_by_vacuum(), '0', 'vacuum leaves nothing');
	is((alice("SET lock_timeout = '60s'; ALTER TABLE ratings ADD COLUMN note$runs text"))[1], '', 'its source may be changed');
	is($node->safe_psql('postgres', $found), 3 * $runs . "|$runs|0|" . 3 * $runs, 'the trials that are done are in the table');
	is($node->safe_psql('postgres', 'SELECT command, phase, iteration, iterations FROM wals_progress'), 'tune|tuning|3|5', 'wals_progress counts them');
	stop($psql, $function);
	like($err, $message, "$function ends it");
	is($node->safe_psql('postgres', $found), 3 * $runs . "|$runs|0|" . 3 * $runs, 'what was found stays');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory', 'object')}), '0', 'no lock is left');
	is($node->safe_psql('postgres', q{SELECT to_regclass('regress_wals_alice.m') IS NULL}), 't', 'nor a model');
}

# From DO and a procedure of one's own, the same.
alice(q{CREATE PROCEDURE nightly() LANGUAGE plpgsql AS $$BEGIN CALL wals_tune_into('trials', } . $arguments . q{); END$$});
for my $call (q{DO $$BEGIN CALL wals_tune_into('trials', } . $arguments . q{); END$$}, 'CALL nightly()')
{
	my $psql = start($call);

	$runs++;
	like($call, qr/^(DO|CALL nightly)/, $call);
	ok(holds_nothing($runs), 'it holds nothing');
	is(left_by_vacuum(), '0', 'vacuum leaves nothing');
	stop($psql, 'pg_cancel_backend');
	is($node->safe_psql('postgres', $found), 3 * $runs . "|$runs|0|" . 3 * $runs, 'what was found stays');
}

# A function cannot give back its caller's snapshot, nor can a transaction block.
my $psql = start("SELECT count(*) FROM wals_tune($arguments)");
is($node->safe_psql('postgres', $held), 'f|t|0', 'wals_tune holds a snapshot');
is(left_by_vacuum(), '1000', 'and vacuum waits');
stop($psql, 'pg_cancel_backend');
(undef, $err) = alice(q{BEGIN; CALL wals_tune_into('block', 'ratings', '{"factors": 2, "iterations": 1}'); ROLLBACK});
like($err, qr/NOTICE:  wals_tune_into\(\) does not commit in a transaction block or a function\nDETAIL:  Its rows are seen when the transaction ends/, 'a transaction block is told');

# To its end: trials, what they say, and a model.
($out, $err) = alice(q{
	CALL wals_tune_into('trials', 'ratings', '{"factors": [4, 8], "iterations": [1, 2]}', model => 'm', max_seconds => 600);
	SELECT version, active, factors, iterations FROM m;
	SELECT (options ->> 'factors')::int, (options ->> 'iterations')::int FROM trials WHERE best;
});
like($err, qr/NOTICE:  trial \d of 4 is the best: ndcg\@10 is .* on the test\nHINT:  Train it with SELECT wals_train\('ratings_model'/, 'the best is told');
unlike($err, qr/does not commit/, 'and nothing else');
my ($model, $best) = split /\n/, $out;
is($model, "1|t|$best", 'and trained');
is((alice("SELECT count(*) FROM wals_recommend(1, 3, 'm')"))[0], '3', 'and it answers');

# The table is dumped and restored as any other.
my $dump = $node->backup_dir . '/trials.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('other') ], 'restored');
my $whole = 'SELECT md5(string_agg(t::text, chr(10) ORDER BY tuned_at, trial)) FROM regress_wals_alice.trials AS t';
is($node->safe_psql('other', $whole), $node->safe_psql('postgres', $whole), 'with the same rows');
($rc, $out, $err) = $node->psql('other', q{CALL wals_tune_into('trials', 'ratings', '{"factors": 4, "iterations": 1}')}, extra_params => [ '-U', 'regress_wals_alice' ]);
is($rc, 0, 'and goes on being used') or diag $err;

$node->stop;

done_testing();
