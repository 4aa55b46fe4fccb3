# Guards of a model's tables through the life of a model: an update of the
# extension from 0.1.0, which had none, dump and restore, renames, other schemas
# and owners.  test/sql/trust.sql has what they do.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_owner;
	CREATE ROLE regress_wals_heir;
	CREATE ROLE regress_wals_app;
	CREATE DATABASE shop OWNER regress_wals_owner;
	CREATE DATABASE copy OWNER regress_wals_owner;
});

# Output and error of statements of a role.
sub as
{
	my ($role, $db, $sql) = @_;
	my ($out, $err);

	$node->psql(
		$db,
		"\\set VERBOSITY verbose\nSET ROLE $role;\nSET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0);
	return wantarray ? ($out, $err) : "$out$err";
}

sub owner { return as('regress_wals_owner', @_); }
sub app { return as('regress_wals_app', @_); }

# Tables with a guard in force, and how many tokens they have.
sub guards
{
	my ($db) = @_;

	return $node->safe_psql(
		$db, q{
		SELECT string_agg(c.relname, ' ' ORDER BY c.relname), count(DISTINCT split_part(encode(t.tgargs, 'escape'), '\000', 1))
		FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
		WHERE t.tgname = 'wals_guard' AND t.tgenabled = 'A'
			AND c.oid NOT IN (SELECT inhrelid FROM pg_inherits)});
}

# ---------------------------------------------------------------------------
# A model of 0.1.0
# ---------------------------------------------------------------------------

is( scalar owner(
		'shop', q{
	CREATE EXTENSION wals VERSION '0.1.0';
	CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
	WHERE (u * u + i * i + u * i) % 7 < 2;
	GRANT SELECT, INSERT ON ratings TO regress_wals_app;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 2);
	SELECT wals_queue_enable('m');
	GRANT ALL ON m, m_users, m_items TO regress_wals_app;
	GRANT CREATE ON SCHEMA public TO regress_wals_app;}),
	"1\n", 'the library works with the functions of 0.1.0');
is(guards('shop'), '|0', 'which know no guards');
is(scalar app('shop', 'INSERT INTO ratings VALUES (100, 3);'), '', 'its queue is filled');
is(scalar owner('shop', q{ALTER EXTENSION wals UPDATE; SELECT extversion <> '0.1.0' FROM pg_extension WHERE extname = 'wals';}),
	't', 'the extension is updated');
like(scalar owner('shop', q{CALL wals_retrain('m');}), qr/42501.*may name a source that its owner did not choose/,
	'what others could have written is not followed');
like(scalar owner('shop', q{SELECT wals_refresh('m');}), qr/42501/, 'nor refreshed from');
is(guards('shop'), '|0', 'and not taken for good');
owner('shop', 'REVOKE INSERT, UPDATE, TRIGGER ON m FROM regress_wals_app;');
is(scalar owner('shop', q{SELECT users_added FROM wals_refresh('m');}), '1', 'the queue of 0.1.0 is found');
is(guards('shop'), 'm m_items m_users|1', 'guards are put in place');
is(scalar app('shop', 'INSERT INTO ratings VALUES (101, 3);'), '', 'writers go on writing');
is( scalar owner(
		'shop', q{
	SELECT users_added FROM wals_refresh('m');
	CALL wals_retrain('m');
	SELECT max(version) FROM m;
	SELECT wals_queue_disable('m');
	SELECT wals_queue_enable('m');}),
	"1\n2\nt\n", 'and the model lives on');
is(guards('shop'), 'm m_items m_queue m_users|1', 'with its queue');

# ---------------------------------------------------------------------------
# Dump and restore
# ---------------------------------------------------------------------------

owner('shop', 'GRANT ALL ON m, m_users, m_items, m_queue TO regress_wals_app;');
app('shop', 'INSERT INTO ratings VALUES (102, 3);');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/shop.dump", 'shop' ], 'dump');
$node->command_ok([ 'pg_restore', '-d', 'copy', '--no-comments', "$dir/shop.dump" ], 'restore, without comments');
is(guards('copy'), 'm m_items m_queue m_users|1', 'guards are restored');
is( $node->safe_psql('copy', q{SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = 'wals_guard' AND tgrelid = 'm'::regclass}),
	$node->safe_psql('shop', q{SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = 'wals_guard' AND tgrelid = 'm'::regclass}),
	'as they were');
like(scalar app('copy', q{UPDATE m SET source = 'pg_class';}), qr/42501/, 'they guard');
like(scalar app('copy', q{DELETE FROM m_users;}), qr/42501/, 'the factors, too');
is(scalar owner('copy', q{SELECT users_added FROM wals_refresh('m'); CALL wals_retrain('m'); SELECT max(version) FROM m;}), "1\n3",
	'and the owner refreshes from the queue and retrains');

# data alone: the server has put the guards back in its own way, and others may write
$node->command_ok([ 'pg_restore', '-d', 'copy', '--data-only', '--disable-triggers', '-t', 'm_queue', "$dir/shop.dump" ], 'restore of data');
is(guards('copy'), 'm m_items m_users|1', 'a guard that was disabled and enabled is not trusted');
my ($out, $err) = owner('copy', q{SELECT users_added FROM wals_refresh('m');});
like($err, qr/55000/, 'so that the queue is not known');
is(scalar owner('copy', q{ALTER TABLE m_queue ENABLE ALWAYS TRIGGER wals_guard; SELECT users_updated + users_added > 0 FROM wals_refresh('m');}),
	't', 'until its owner says so');

# a schema that was restored under another name, beside the first: the tokens are
# the same, the tables are not taken for each other's
$node->safe_psql('postgres', 'CREATE DATABASE twins OWNER regress_wals_owner');
owner(
	'twins', q{
	CREATE EXTENSION wals;
	CREATE SCHEMA left_one;
	CREATE SCHEMA stock;
	CREATE TABLE left_one.ratings AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
	WHERE (u * u + i) % 3 = 0;
	SELECT wals_train('left_one.m', 'left_one.ratings', factors => 4, iterations => 2);
	SELECT wals_queue_enable('left_one.m');});
my ($twin) = run_command([ 'pg_dump', '-n', 'left_one', $node->connstr('twins') ]);
$twin =~ s/\bleft_one\b(?=\.|;| OWNER)/right_one/g;
append_to_file("$dir/twin.sql", $twin);
$node->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/twin.sql", 'twins' ], 'a schema is restored under another name');
is(guards('twins'), 'm m m_items m_items m_queue m_queue m_users m_users|1', 'its guards have the same token');
($out, $err) = owner(
	'twins', q{
	INSERT INTO left_one.ratings VALUES (100, 3);
	INSERT INTO right_one.ratings VALUES (101, 3);
	SELECT users_added FROM wals_refresh('right_one.m');
	INSERT INTO right_one.ratings VALUES (102, 3);
	SELECT users_added FROM wals_refresh('right_one.m');
	SELECT users_added FROM wals_refresh('left_one.m');
	CALL wals_retrain('right_one.m');
	SELECT max(version) FROM right_one.m;
	DROP TABLE right_one.m_queue;
	SELECT outcome FROM (SELECT 'queue' AS outcome, wals_queue_disable('right_one.m')) AS x;
	SELECT count(*) FROM left_one.m_queue;
	SELECT wals_drop('right_one.m');
	SELECT to_regclass('right_one.m_users');
	SELECT count(*) FROM wals_recommend(1, 5, 'left_one.m');
	INSERT INTO left_one.ratings VALUES (103, 3);
	SELECT users_added FROM wals_refresh('left_one.m');
	SELECT wals_drop('left_one.m');});
is($out, "1\n1\n1\n2\nqueue\n0\n\n\n5\n1\n", 'each model keeps to its own');
like($err, qr/\A.*WARNING:.*the queue of model "m" may have missed changes(?!.*(?:WARNING|ERROR))/s, 'once the triggers were put right');
is(guards('twins'), '|0', 'and both are dropped whole');

# one model, beside its source
$node->safe_psql('postgres', 'CREATE DATABASE one OWNER regress_wals_owner');
owner('one', 'CREATE EXTENSION wals; CREATE TABLE ratings (user_id integer, item_id integer);');
$node->command_ok([ 'pg_dump', '-f', "$dir/one.sql", '-t', 'm', '-t', 'm_users*', '-t', 'm_items*', 'shop' ], 'dump of one model');
$node->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/one.sql", 'one' ], 'is restored');
is(guards('one'), 'm m_items m_users|1', 'with its guards');
is(scalar owner('one', q{SELECT count(*) FROM wals_recommend(1, 5, exclude_seen => false, fold_in => 'never');}), '5', 'and answers');

# ---------------------------------------------------------------------------
# Names, schemas, owners
# ---------------------------------------------------------------------------

is( scalar owner(
		'shop', q{
	CREATE SCHEMA models;
	ALTER TABLE m RENAME TO films;
	ALTER TABLE films SET SCHEMA models;
	ALTER TABLE m_items SET SCHEMA models;
	ALTER INDEX models.m_items_pkey RENAME TO whatever;
	ALTER TABLE m_queue RENAME TO changes;
	INSERT INTO ratings VALUES (103, 3);
	SELECT users_added FROM wals_refresh('models.films');
	CALL wals_retrain('models.films');
	SELECT max(version) FROM models.films;}),
	"2\n3", 'a model is renamed and moved, with its queue');
is(guards('shop'), 'changes films m_items m_users|1', 'and guarded');
$node->safe_psql(
	'shop', q{
	ALTER TABLE ratings OWNER TO regress_wals_heir;
	ALTER TABLE models.films OWNER TO regress_wals_heir;
	ALTER TABLE m_users OWNER TO regress_wals_heir;
	ALTER TABLE models.m_items OWNER TO regress_wals_heir;
	ALTER TABLE changes OWNER TO regress_wals_heir;
	GRANT ALL ON SCHEMA models TO regress_wals_heir;});
like(scalar owner('shop', 'DELETE FROM m_users;'), qr/42501/, 'who was the owner is a stranger');
is(scalar as('regress_wals_heir', 'shop', q{INSERT INTO ratings VALUES (104, 3); SELECT users_added FROM wals_refresh('models.films'); CALL wals_retrain('models.films'); SELECT max(version) FROM models.films;}),
	"1\n4", 'and the new one the owner');
is(scalar as('regress_wals_heir', 'shop', q{SELECT wals_drop('models.films');}), '', 'who drops it');
is(guards('shop'), '|0', 'with all that was its');

$node->stop;
done_testing();
