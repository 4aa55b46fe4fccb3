# After a crash in the middle of a training, whoever dies, the version before
# it answers as before and nothing of the new one is to be seen.
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
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 2000 AS item_id
	FROM generate_series(1, 8000) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
	CREATE TABLE expected AS
	SELECT u, r.* FROM generate_series(1, 20) AS u, LATERAL wals_recommend(u, 10) AS r;
	CHECKPOINT;
});

my $train = q{SELECT wals_train('m', 'ratings', factors => 48, iterations => 3);};
my $start = time;
$node->safe_psql('postgres', "SET client_min_messages = warning; BEGIN; $train ROLLBACK;");
my $whole = time - $start;

# Wait until a training's process runs a query like this.
sub wait_for_training
{
	my ($query) = @_;

	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'training' AND state = 'active' AND query LIKE '%$query%'")
	  or die "the training does not run $query";
	return;
}

# Begin a training, in a transaction that does not end by itself; returns the
# client and the process that serves it.
sub begin_training
{
	my $psql = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			"BEGIN; SET application_name = 'training'", '-c', $train, '-c',
			'SELECT pg_sleep(3600); COMMIT'
		],
		'>', '/dev/null', '2>', '/dev/null');

	wait_for_training('');
	return (
		$psql,
		$node->safe_psql('postgres',
			q{SELECT pid FROM pg_stat_activity WHERE application_name = 'training'}));
}

sub check_model
{
	my ($when) = @_;

	is( $node->safe_psql(
			'postgres', q{
			SELECT (SELECT string_agg(version || ' ' || active, ',') FROM m),
				(SELECT count(*) FROM m_users WHERE version <> 1),
				(SELECT count(*) FROM m_items WHERE version <> 1)}),
		'1 true|0|0',
		"$when: the old version alone");
	is( $node->safe_psql(
			'postgres', q{
			SELECT count(*) FROM expected AS e
			FULL JOIN (SELECT u, r.* FROM generate_series(1, 20) AS u, LATERAL wals_recommend(u, 10) AS r) AS r
				USING (u, item_id, score, rank, basis)
			WHERE e.u IS NULL OR r.basis IS NULL OR e.rank IS NULL}),
		'0',
		"$when: it answers as before");
	return;
}
check_model('at first');

# the process that trains, at several moments, the last one when everything is
# written and only the commit is missing
for my $part (0.1, 0.4, 0.8, 1)
{
	my ($psql, $pid) = begin_training();

	$part < 1 ? sleep($whole * $part) : wait_for_training('pg_sleep');
	kill_session($node, $pid, $psql);
	check_model("killed after $part of its time");
}

# the whole server
my ($psql, $pid) = begin_training();
sleep($whole / 2);
$node->stop('immediate');
$psql->finish;
$node->start;
check_model('after an immediate shutdown');

# it gives up after a minute, long before the training is done
$train = q{SET wals.threads = 1; SELECT wals_train('m', 'ratings', factors => 128, iterations => 1000, solver => 'cholesky');};
($psql, $pid) = begin_training();
sleep($whole / 2);
$node->stop('fast');
$psql->finish;
$node->start;
check_model('after a fast shutdown');

# what is on disk is sound
SKIP:
{
	my $ready = $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'});

	skip 'there is no amcheck', 1
	  if $ready eq '0' || !-x $node->config_data('--bindir') . '/pg_amcheck';
	$node->command_ok(
		[
			'pg_amcheck', '--install-missing', '--heapallindexed', '-t', 'm',
			'-t', 'm_users', '-t', 'm_items', 'postgres'
		],
		'tables and indexes of the model are sound');
}

# and a new training works
is( $node->safe_psql('postgres', q{SET client_min_messages = warning; SELECT wals_train('m', 'ratings', factors => 48, iterations => 3)}),
	'2', 'the model can be trained again');
is( $node->safe_psql('postgres', 'SELECT count(*) FROM wals_recommend(1, 5)'),
	'5', 'and answers');
$node->stop;

done_testing();
