# Models survive dump and restore; the extension can be installed by who may
# create in a database, into any schema, and takes over nothing.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Run statements as the role regress_wals_app, who is no superuser; returns output and error.
sub app
{
	my ($db, $sql) = @_;
	my ($out, $err);

	$node->psql(
		$db,
		"\\set VERBOSITY verbose\nSET ROLE regress_wals_app;\nSET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0);
	return ($out, $err);
}

$node->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_app LOGIN;
	CREATE ROLE regress_wals_reader;
	CREATE ROLE regress_wals_stranger;
	CREATE DATABASE origin;
	CREATE DATABASE copy OWNER regress_wals_app;
	GRANT CREATE ON DATABASE origin TO regress_wals_app;
});

# ---------------------------------------------------------------------------
# Installing
# ---------------------------------------------------------------------------

my ($out, $err) = app('origin', 'CREATE SCHEMA wals_shop; CREATE EXTENSION wals SCHEMA wals_shop;');
is($err, '', 'who may create in the database may install the extension');
is( $node->safe_psql('origin',
		q{SELECT extowner::regrole, extnamespace::regnamespace, extversion = wals_shop.wals_version() FROM pg_extension WHERE extname = 'wals'}),
	'regress_wals_app|wals_shop|t',
	'and owns it');
($out, $err) = app('origin', 'CREATE EXTENSION wals;');
like($err, qr/42710/, 'once');
($out, $err) = app('origin', 'CREATE SCHEMA other; ALTER EXTENSION wals SET SCHEMA other;');
like($err, qr/0A000/, 'it stays in its schema');
($out, $err) = app('postgres', 'CREATE EXTENSION wals;');
like($err, qr/42501/, 'who may not create may not install');

# an object of somebody else's is not taken over
for my $trap (
	'CREATE TYPE wals_model AS (x integer)',
	'CREATE TABLE wals_models (x integer)',
	q{CREATE FUNCTION wals_version() RETURNS text LANGUAGE sql AS 'SELECT 1::text'})
{
	$node->safe_psql('postgres', 'CREATE DATABASE trapped');
	$node->safe_psql('trapped', 'GRANT CREATE ON SCHEMA public TO regress_wals_stranger');
	$node->safe_psql('trapped', "SET ROLE regress_wals_stranger; $trap");
	my ($rc, undef, $error) = $node->psql('trapped', "\\set VERBOSITY verbose\nCREATE EXTENSION wals");
	like($error, qr/ERROR:  (42710|42P07|42723)/, "refused: $trap");
	$node->safe_psql('postgres', 'DROP DATABASE trapped');
}

# a schema with a difficult name
$node->safe_psql('postgres', 'CREATE DATABASE weird');
(undef, undef, $err) = $node->psql('weird',
	q{CREATE SCHEMA "a $$ ""b'"; CREATE EXTENSION wals SCHEMA "a $$ ""b'"});
like($err, qr/ERROR:  invalid character in extension "wals" schema/, 'the server refuses schemas that could escape quoting');
is( $node->safe_psql(
		'weird', q{
		CREATE SCHEMA "We;ird, schema";
		CREATE EXTENSION wals SCHEMA "We;ird, schema";
		CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id
		FROM generate_series(1, 20) AS u, generate_series(1, 10) AS i WHERE (u + i) % 3 > 0;
		SET client_min_messages = warning;
		SET search_path = "We;ird, schema", public;
		SELECT wals_train('public.m', 'public.ratings', factors => 3, iterations => 2);
		SET search_path = public;
		SELECT count(*) FROM "We;ird, schema".wals_recommend(1, 2);
		SELECT count(*) FROM "We;ird, schema".wals_models;
		SELECT "We;ird, schema".wals_train('m', 'ratings', factors => 3, iterations => 2);
		SELECT count(*) FROM "We;ird, schema".wals_recommend(1, 2, 'm');
		DROP EXTENSION wals CASCADE;
		CREATE EXTENSION wals;
		SELECT wals_train('m', 'ratings', factors => 3, iterations => 2);
		SELECT count(*) FROM wals_recommend(1, 2, 'm');}),
	"1\n2\n1\n2\n2\n1\n2",
	'works in a schema with a difficult name, and in another one after that');

# ---------------------------------------------------------------------------
# Dump and restore
# ---------------------------------------------------------------------------

($out, $err) = app(
	'origin', q{
	SET search_path = wals_shop;
	CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id, 1 + (u * i) % 5 AS value
	FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i WHERE (u * u + i * i + u * i) % 7 < 2;
	CREATE TABLE "Odd ""Ratings" AS SELECT 'u' || user_id AS user_id, lpad(item_id::text, 32, '0')::uuid AS item_id FROM ratings;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 3);
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 3, seed => 1);
	SELECT wals_train('stars', 'ratings', value_col => 'value', feedback => 'explicit', factors => 8, iterations => 3);
	SELECT wals_train('"Odd ""Model"', '"Odd ""Ratings"', factors => 8, iterations => 3);
	SELECT wals_set_default('m');
	GRANT USAGE ON SCHEMA wals_shop TO regress_wals_reader;
	GRANT SELECT ON m, m_users, m_items, ratings TO regress_wals_reader;
	CREATE VIEW best AS SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 5, 'm') AS r;
});
is($err, '', 'models are trained');

# Everything a user can see of the models, scores to the last bit.
my $answers = q{
	SET search_path = wals_shop;
	SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 40, 'm') AS r;
	SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 40, 'stars', exclude_seen => false) AS r;
	SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend('u' || u, 40, '"Odd ""Model"') AS r;
	SELECT * FROM wals_recommend(1, 3);
	SELECT * FROM best;
	SELECT model, is_default, versions, active_version, source, objective, options FROM wals_models ORDER BY model::text COLLATE "C";
	SELECT model, version, iteration, loss FROM wals_training_log ORDER BY model::text COLLATE "C", 2, 3;
	SELECT relname, attname, attstorage FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
	WHERE attname = 'factors' AND relkind = 'r' AND relnamespace = 'wals_shop'::regnamespace ORDER BY 1;
	SET ROLE regress_wals_reader;
	SELECT count(*) FROM wals_recommend(1, 3, 'm');
};
my ($before) = app('origin', $answers);
cmp_ok(length($before), '>', 10000, 'they answer');

sub check_copy
{
	my ($how) = @_;
	my ($after, $error) = app('copy', $answers);

	is($error, '', "$how: no errors");
	ok($after eq $before, "$how: same answers");
	($after, $error) = app(
		'copy', q{
		SET search_path = wals_shop;
		SELECT wals_train('m', 'ratings', factors => 8, iterations => 3);
		ALTER TABLE m ADD COLUMN x integer;});
	is($after, '3', "$how: can be trained on");
	like($error, qr/42809.*typed table/, "$how: tables are still guarded");
	$node->safe_psql('postgres', 'DROP DATABASE copy');
	$node->safe_psql('postgres', 'CREATE DATABASE copy OWNER regress_wals_app');
	return;
}

$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", $node->connstr('origin') ], 'dump');
$node->command_ok([ 'pg_restore', '--role', 'regress_wals_app', '-d', $node->connstr('copy'), '--exit-on-error', "$dir/dump" ],
	'restore as an ordinary user');
check_copy('custom format');

$node->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", $node->connstr('origin') ], 'dump as a script');
my $script = slurp_file("$dir/dump.sql");
unlike($script, qr/CREATE FUNCTION|CREATE TYPE/, 'the script has nothing of the extension');
like($script, qr/CREATE TABLE wals_shop\.m_items OF wals_shop\.wals_factors_bigint/, 'model tables are typed in it');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', "$dir/dump.sql" ],
	'restore the script');
check_copy('script');

$node->command_ok([ 'pg_dump', '-Fd', '-j', '2', '-f', "$dir/parallel", $node->connstr('origin') ], 'dump in parallel');
$node->command_ok([ 'pg_restore', '-j', '2', '-d', $node->connstr('copy'), '--exit-on-error', "$dir/parallel" ],
	'restore in parallel');
check_copy('parallel');

$node->command_ok(
	[
		'pg_restore', '--role', 'regress_wals_app', '-d', $node->connstr('origin'), '--clean',
		'--if-exists', '--exit-on-error', "$dir/dump"
	],
	'restore over what is there');
($out) = app('origin', $answers);
ok($out eq $before, 'over what was there: same answers');

# ---------------------------------------------------------------------------
# One model, restored where there is nothing but the extension
# ---------------------------------------------------------------------------

# notices are what is looked at
sub serve
{
	my ($sql) = @_;
	my ($said, $told);

	$node->psql(
		'serving',
		"\\set VERBOSITY verbose\nSET ROLE regress_wals_app;\n$sql",
		stdout => \$said,
		stderr => \$told,
		on_error_stop => 0);
	return ($said, $told);
}

$node->safe_psql('postgres', 'CREATE DATABASE serving OWNER regress_wals_app');
$node->safe_psql('serving', 'CREATE SCHEMA wals_shop AUTHORIZATION regress_wals_app; CREATE EXTENSION wals SCHEMA wals_shop; CREATE TABLE stranger AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i; GRANT SELECT ON stranger TO PUBLIC');
$node->command_ok([ 'pg_dump', '-Fc', '--table=wals_shop.m*', '-f', "$dir/one", $node->connstr('origin') ], 'one model is dumped');
$node->command_ok([ 'pg_restore', '--role', 'regress_wals_app', '-d', $node->connstr('serving'), '--exit-on-error', "$dir/one" ],
	'and restored without its source');
my $served = q{SET search_path = wals_shop; SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u, 40, 'm', exclude_seen => false) AS r;};
($before) = app('origin', $served);
($out, $err) = serve($served);
is($err, '', 'it serves without a word where what was seen is not asked for');
ok($out eq $before, 'as where it comes from');
($out, $err) = serve($served =~ s/, exclude_seen => false//r . 'SELECT count(*) FROM wals_recommend(999, 3); SELECT basis FROM wals_recommend(999, 1);');
is(scalar(() = $err =~ /^.*NOTICE: .*answers without its source, wals_shop\.ratings, which is not in this database/mg), 1,
	'what was seen is not left out, which is said once');
ok($out eq "$before\n3\npopular", 'otherwise the answers are the same, new users get what is popular');
($out, $err) = serve(q{
	SET search_path = wals_shop;
	SELECT count(*) FROM wals_recommend_all(5, 'm');
	SELECT count(*) FROM wals_recommend_users(1, 5, 'm');
	SELECT count(*) FROM wals_similar_items(1, 5, 'm');
	SELECT wals_score(1, 1, 'm') IS NOT NULL, wals_score(999, 1, 'm') IS NULL;
	SELECT source IS NULL, versions FROM wals_models;});
is($out, "300\n5\n5\nt|t\nt|2", 'all who answer do');
unlike($err, qr/ERROR/, 'and none fails');
for my $call (
	"CALL wals_retrain('m')",
	"SELECT wals_refresh('m', since => '2000-01-01')",
	"SELECT * FROM wals_explain(1, 1, 3, 'm')",
	"SELECT * FROM wals_recommend(1, 3, 'm', fold_in => 'always')",
	"SELECT * FROM wals_evaluate('seen', 'm')",
	"SELECT wals_queue_enable('m')")
{
	($out, $err) = serve("SET search_path = wals_shop; CREATE TEMP TABLE seen (user_id int, item_id int); INSERT INTO seen VALUES (1, 1); $call;");
	like($err, qr/ERROR:  42P01: the source of model "m" is not in this database\n.*on wals_shop\.ratings\..*wals_set_source\('wals_shop\.m', '\.\.\.'\)/s, "$call says what is missing");
}

# the number of the source is a stranger's table here, and stays that
is( $node->safe_psql(
		'serving', q{
		SET ROLE regress_wals_app;
		UPDATE wals_shop.m SET source_id = regexp_replace(source_id, '^(\d+/\d+/)\d+', '\1' || 'public.stranger'::regclass::oid)
		WHERE active RETURNING source_id LIKE '%/' || 'public.stranger'::regclass::oid || '/%'}),
	't', 'another table has the OID of the source here');
($out, $err) = serve($served =~ s/, exclude_seen => false//r);
ok($out eq $before, 'and is not taken for the source');

# a stranger's table of that name neither; one of the owner's is the source
$node->safe_psql('serving', 'GRANT ALL ON SCHEMA wals_shop TO regress_wals_stranger');
$node->safe_psql('serving', 'SET ROLE regress_wals_stranger; CREATE TABLE wals_shop.ratings AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i; GRANT SELECT ON wals_shop.ratings TO PUBLIC');
($out, $err) = serve($served =~ s/, exclude_seen => false//r);
ok($out eq $before, "a stranger's table of that name is not taken for it");
($out, $err) = serve(q{SET search_path = wals_shop; CALL wals_retrain('m')});
like($err, qr/42P01: .*belongs to role "regress_wals_stranger".*wals_set_source\('wals_shop\.m', 'wals_shop\.ratings'\)/s, 'but told about');
$node->safe_psql('serving', 'DROP TABLE wals_shop.ratings');
($out, $err) = serve(q{
	SET search_path = wals_shop;
	CREATE TABLE ratings AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i WHERE (u * u + i * i + u * i) % 7 < 2;
	SELECT count(*) = (SELECT count(*) FROM ratings WHERE user_id = 1) FROM wals_recommend(1, 40, 'm', exclude_seen => false) JOIN ratings USING (item_id) WHERE user_id = 1;
	SELECT count(*) FROM wals_recommend(1, 40, 'm') JOIN ratings USING (item_id) WHERE user_id = 1;
	CALL wals_retrain('m');
	SELECT max(version) FROM m;
	SELECT source, versions FROM wals_models;});
like($out, qr/^t\n0\n3\nwals_shop\.ratings\|2$|^t\n0\n3\nratings\|2$/, 'a table of that name of the owner is the source, and it trains');
$node->safe_psql('postgres', 'DROP DATABASE serving');

# ---------------------------------------------------------------------------
# Removing
# ---------------------------------------------------------------------------

($out, $err) = app('origin', 'DROP EXTENSION wals;');
like($err, qr/2BP01/, 'the extension stays while there are models');
($out, $err) = app('origin', q{
	SET search_path = wals_shop;
	DROP VIEW best;
	SELECT count(wals_drop(model)) FROM wals_models;
	DROP EXTENSION wals;
	SELECT count(*) FROM pg_proc WHERE proname LIKE 'wals%';
	SELECT count(*) FROM pg_class WHERE relnamespace = 'wals_shop'::regnamespace AND relkind IN ('r', 'v');});
is($err, '', 'without models it goes');
is($out, "3\n0\n2", 'and nothing stays but what was there before');
$node->stop;

done_testing();
