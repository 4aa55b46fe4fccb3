# While a call computes, nobody waits who wants to change what it has read: REFRESH
# MATERIALIZED VIEW, TRUNCATE, ALTER and DROP go through at once, and what the call
# makes of that is a model, an answer, or an error that says what has happened.
#
# The call is held by the debug points of src/base/debug.c until the server's
# configuration is reloaded.  Whoever had to wait would do so until then, so
# lock_timeout guards the test and decides nothing.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib "$FindBin::RealBin/../perl";
use Job;
use Session;

my $node = debug_node();
$node->init;
$node->start;

my $world = q{
	SET client_min_messages = error;
	SELECT wals_drop(model) FROM wals_models;
	DROP TABLE IF EXISTS clicks, weights, test, names CASCADE;
	CREATE TABLE clicks (user_id int, item_id int, n int, at timestamptz);
	INSERT INTO clicks
	SELECT u, (u * i * 7 + i * i) % 40, 1 + (u + i) % 3, '2030-01-01'::timestamptz + make_interval(hours => u)
	FROM generate_series(1, 60) AS u, generate_series(1, 12) AS i;
	CREATE MATERIALIZED VIEW summary AS
	SELECT user_id, item_id, sum(n)::int AS n, max(at) AS at FROM clicks GROUP BY 1, 2;
	CREATE UNIQUE INDEX ON summary (user_id, item_id);
	CREATE VIEW shown AS SELECT user_id, item_id, n, at FROM clicks;
	CREATE TABLE weights AS SELECT u AS user_id, 1 + u % 2 AS weight FROM generate_series(1, 60) AS u;
	CREATE TABLE test AS SELECT DISTINCT user_id, 39 - item_id % 3 AS item_id FROM clicks WHERE user_id % 3 = 0;
	CREATE TABLE names AS SELECT i AS id, 'item ' || i AS name FROM generate_series(0, 39) AS i;
	SELECT wals_train('old', 'clicks', time_col => 'at', duplicates => 'last', factors => 4, iterations => 2, row_weights => 'weights');
	SELECT wals_train('new', 'clicks', factors => 4, iterations => 1);
};
$node->safe_psql('postgres', 'CREATE EXTENSION wals');

my $psql = $node->installed_command('psql');
my $caller = Session->new(psql => $psql, connection => $node->connstr('postgres'), name => 'caller');
my $other = Session->new(psql => $psql, connection => $node->connstr('postgres'), name => 'other');
$other->ask("SET lock_timeout = '100s'; SET client_min_messages = error");

# What the caller has locked, but for indexes.
sub held
{
	return $node->safe_psql(
		'postgres', q{
		SELECT string_agg(c.relname || ' ' || l.mode, ', ' ORDER BY c.relname, l.mode)
		FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind <> 'i' AND l.pid = } . $caller->backend);
}

# Hold a call at a point, change things meanwhile, let it go on; its answer.
sub meanwhile
{
	my ($name, $point, $call, @changes) = @_;

	$node->safe_psql('postgres', $world);
	$caller->ask("SET client_min_messages = warning; SET wals.threads = 1; SET wals.debug_point = '$point wait'");
	$caller->send($call);
	$node->poll_query_until('postgres',
		'SELECT wait_event = \'Extension\' FROM pg_stat_activity WHERE pid = ' . $caller->backend)
	  or die "$name: it is not held";
	my $held = held();

	for my $change (@changes)
	{
		my $answer = $other->ask($change);

		is($answer->{state}, '', "$name: $change") or diag($answer->{text});
	}
	ok(!$caller->ready, "$name: it is still held");
	$node->reload;
	my $answer = $caller->receive;
	$caller->ask("SET wals.debug_point = ''");
	unlike($answer->{state}, qr/^XX/, "$name: no internal error");
	$answer->{held} = $held;
	return $answer;
}

my $answer;
my @gentle = (
	'REFRESH MATERIALIZED VIEW summary', 'REFRESH MATERIALIZED VIEW CONCURRENTLY summary',
	'ALTER TABLE clicks ADD COLUMN note text', 'CREATE INDEX ON clicks (item_id)',
	'ALTER TABLE weights ADD COLUMN note text', 'ALTER TABLE clicks RENAME TO renamed',
	'ALTER TABLE renamed RENAME TO clicks', 'TRUNCATE clicks, weights');

# a training in its solve: the model is what was read
for my $source ('summary', 'clicks', 'shown')
{
	$answer = meanwhile(
		"training of $source", 'half_sweep 2', "SELECT wals_train('m', '$source', factors => 4, iterations => 3, row_weights => 'weights')",
		@gentle);
	is($answer->{rows}, "1\n", "training of $source: a version");
	is($answer->{held}, '', "training of $source: nothing is locked");
	is($node->safe_psql('postgres', 'SELECT n_users, n_items > 20 FROM m'), '60|t', "training of $source: of what there was");
	is($node->safe_psql('postgres', "SELECT options->>'row_weights' FROM m"), 'public.weights', "training of $source: with its weights");
	is( $node->safe_psql('postgres', "SELECT count(*) FROM wals_recommend(1, 3, 'm')"),
		'3', "training of $source: it answers");
}

$answer = meanwhile(
	'source dropped', 'half_sweep 2', "SELECT wals_train('m', 'summary', factors => 4, iterations => 3, row_weights => 'weights')",
	'DROP MATERIALIZED VIEW summary', 'DROP TABLE weights');
is($answer->{rows}, "1\n", 'source dropped: the model is stored');
like($answer->{text}, qr/WARNING:  \w+: relation "summary" was dropped while model "m" was trained on it/, 'and it is said');
my ($out, $err);
$node->psql('postgres', "\\set VERBOSITY verbose\nSELECT wals_recommend(1, 3, 'm')", stderr => \$err);
like($err, qr/ERROR:  42P01: the source of model "m" no longer exists/, 'who needs it is told');
is($node->safe_psql('postgres', "SELECT count(*) FROM wals_recommend(1, 3, 'm', exclude_seen => false)"), '3', 'who does not is answered');

# the same where the training commits in between
$answer = meanwhile(
	'retraining', 'half_sweep 2', "CALL wals_retrain('old')",
	'DROP MATERIALIZED VIEW summary', 'DROP VIEW shown', 'ALTER TABLE clicks ALTER COLUMN user_id TYPE bigint', 'DROP TABLE clicks, weights');
is($node->safe_psql('postgres', 'SELECT max(version) FROM old'), '2', 'retraining: the model is stored');
is($answer->{held}, '', 'retraining: nothing is locked');
like($answer->{text}, qr/WARNING:  \w+: relation "clicks" was dropped/, 'and it is said');
$answer = meanwhile(
	'retraining in a block', 'half_sweep 2', "BEGIN; CALL wals_retrain('old'); COMMIT",
	'DROP MATERIALIZED VIEW summary', 'DROP VIEW shown', 'ALTER TABLE clicks ALTER COLUMN user_id TYPE bigint', 'DROP TABLE clicks, weights');
is($node->safe_psql('postgres', 'SELECT max(version) FROM old'), '2', 'retraining in a block: the same');
is( $answer->{held}, 'old AccessShareLock, old RowShareLock, old_items AccessShareLock, old_items_1 AccessShareLock, old_users AccessShareLock',
	'retraining in a block: the model is locked for readers');

# under REPEATABLE READ, too, whose snapshot is older than the change
$answer = meanwhile(
	'repeatable read', 'half_sweep 2',
	"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT wals_train('old', 'summary', factors => 4, iterations => 3); COMMIT",
	@gentle, 'DROP MATERIALIZED VIEW summary');
like($answer->{rows}, qr/^\d+$/, 'repeatable read: a version');

# a tuning between its trials
$answer = meanwhile(
	'tuning', 'half_sweep 3',
	q{SELECT max(call) FROM wals_tune('summary', '{"factors": [2, 4], "half_life": ["1 day", "2 days"]}', time_col => 'at', trials => 4)},
	'TRUNCATE clicks', 'REFRESH MATERIALIZED VIEW summary', 'DROP MATERIALIZED VIEW summary');
like($answer->{rows}, qr/^SELECT wals_train\('summary_model', 'public\.summary', /, 'tuning: the call names what was tuned');

# what computes after reading without writing: held after the last read
for my $case (
	[ 'evaluation', 1, "SELECT count(*) > 0 FROM wals_evaluate('test', 'old', candidates => 'summary')" ],
	[ 'comparison', 1, "SELECT count(*) > 0 FROM wals_compare('test', 'old', 'new', candidates => 'summary')" ],
	[ 'recommendations for all', 1, "SELECT count(*) > 0 FROM wals_recommend_all(3, 'old')" ],
	[ 'map', 1, "SELECT length(wals_map_svg('old', labels => 'names')) > 0" ])
{
	my ($name, $n, $call) = @$case;

	$answer = meanwhile($name, "unlocked $n", $call, @gentle,
		'DROP TABLE clicks, weights, test, names CASCADE');
	is($answer->{rows}, "t\n", "$name: an answer") or diag($answer->{text});
}

# a refresh reads several times: it opens, checks, looks for changes, and solves
my @alone = ('DROP MATERIALIZED VIEW summary', 'DROP VIEW shown');
my $refresh = q{SELECT users_updated, users_removed FROM wals_refresh('old', '2030-01-03')};
for my $point (1 .. 4)
{
	$answer = meanwhile("refresh $point", "unlocked $point", $refresh, @gentle[ 0 .. 6 ]);
	is($answer->{rows}, "13|0\n", "refresh $point: of what is there") or diag($answer->{text});
	$answer = meanwhile("refresh $point, dropped", "unlocked $point", $refresh, 'DROP TABLE clicks CASCADE');
	# after the last read there is nothing to miss
	is($answer->{state}, $point < 4 ? '42P01' : '', "refresh $point, dropped: an error that says so") or diag($answer->{text});
	$answer = meanwhile("refresh $point, altered", "unlocked $point", $refresh, @alone, 'ALTER TABLE clicks ALTER COLUMN item_id TYPE text');
	is($answer->{state}, $point < 4 ? '42804' : '', "refresh $point, altered: the same") or diag($answer->{text});
	$answer = meanwhile("refresh $point, column dropped", "unlocked $point", $refresh, @alone, 'ALTER TABLE clicks DROP COLUMN at');
	is($answer->{state}, $point < 4 ? '42703' : '', "refresh $point, column dropped: the same") or diag($answer->{text});
}

$node->stop;
done_testing();
