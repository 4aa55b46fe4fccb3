# CALL wals_evaluate_into holds no snapshot, no transaction number and no lock on
# what it has read while it ranks; wals_evaluate, a function, cannot give back
# that of its query.  The moment is a debug point of src/base/debug.c.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Job;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = debug_node();
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 300 AS item_id FROM generate_series(1, 500) AS u, generate_series(1, 20) AS i;
	CREATE TABLE train AS SELECT * FROM ratings WHERE NOT wals_holdout(user_id, item_id);
	CREATE TABLE test AS SELECT * FROM ratings WHERE wals_holdout(user_id, item_id);
	CREATE TABLE churned AS SELECT i FROM generate_series(1, 1000) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'train', factors => 8, iterations => 2);
});

my $waiting = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'evaluation' AND wait_event_type = 'Extension'};
my $held = q{SELECT backend_xmin IS NULL, backend_xid IS NULL,
	(SELECT count(*) FROM pg_locks AS l WHERE l.pid = a.pid AND relation IN ('ratings'::regclass, 'test'::regclass, 'train'::regclass, 'churned'::regclass))
	FROM pg_stat_activity AS a WHERE application_name = 'evaluation'};
my ($out, $err);

# Start a statement that waits where it ranks for the nth time: with the version,
# then by popularity.
sub start
{
	my ($point, $statement) = @_;

	return start_job(
		{ node => $node, until => $waiting, out => \$out, err => \$err },
		"SET application_name = 'evaluation'; SELECT wals_version() IS NULL",
		"SET wals.debug_point = 'rank $point wait'", $statement);
}

sub left_by_vacuum
{
	my $told;

	$node->safe_psql('postgres', 'UPDATE churned SET i = i + 1');
	$node->psql('postgres', 'VACUUM (VERBOSE) churned', stderr => \$told);
	return $told =~ /(\d+) are dead but not yet removable/ ? $1 : "nothing: $told";
}

my $call = q{CALL wals_evaluate_into('figures', 'test', 'm')};
for my $case ([ 1, $call ], [ 2, $call ], [ 1, "DO \$\$BEGIN $call; END\$\$" ])
{
	my ($point, $statement) = @$case;
	my $psql = start($point, $statement);

	is($node->safe_psql('postgres', $held), 't|t|0', "$statement, $point: it holds no snapshot, no transaction number and no lock on what it read");
	is(left_by_vacuum(), '0', 'vacuum leaves nothing');
	$node->safe_psql('postgres', q{SET lock_timeout = '60s'; ALTER TABLE test ADD COLUMN note text; ALTER TABLE test DROP COLUMN note});
	$node->reload;
	$psql->finish;
	is($err, '', 'it ends well');
}
is( $node->safe_psql('postgres', q{SELECT count(DISTINCT evaluated_at), count(*) FILTER (WHERE NOT EXISTS (
		SELECT FROM wals_evaluate('test', 'm') AS e WHERE (e.metric, e.value, e.n_users) = (f.metric, f.value, f.n_users))) FROM figures AS f}),
	'3|0', 'and has measured what the function does');

# what is refreshed, trained or pruned meanwhile does not change what it measures
my $psql = start(1, $call);
$node->safe_psql('postgres', q{SET client_min_messages = warning;
	SELECT wals_train('m', 'train', factors => 4, iterations => 1, keep_versions => 1); SELECT wals_prune('m', keep => 1)});
$node->reload;
$psql->finish;
is($err, '', 'a version that is pruned meanwhile is measured to the end');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT (metric, value)) = count(DISTINCT metric), count(DISTINCT evaluated_at) FROM figures WHERE version = 1}), 't|4', 'as it was');

# cancelled
$psql = start(1, $call);
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'evaluation'});
$psql->finish;
like($err, qr/ERROR:  57014/, 'it can be cancelled');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT evaluated_at) FROM figures'), '4', 'and has then written nothing');

# the table goes away meanwhile
$psql = start(1, $call);
$node->safe_psql('postgres', 'DROP TABLE figures');
$node->reload;
$psql->finish;
like($err, qr/ERROR:  55000: table "figures" was dropped while its rows were being found/, 'a dropped table is told');

# the function
$psql = start(1, q{SELECT count(*) > 3 FROM wals_evaluate('test', 'm')});
is($node->safe_psql('postgres', $held), 'f|t|0', 'wals_evaluate holds a snapshot');
is(left_by_vacuum(), '1000', 'and vacuum waits');
$node->reload;
$psql->finish;
like($out, qr/^t$/m, 'it ends well');

$node->stop;

done_testing();
