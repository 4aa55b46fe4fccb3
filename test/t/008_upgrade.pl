# Models survive pg_upgrade.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;

# LOAD, which pg_upgrade asks, looks there even as of PostgreSQL 18, whose
# extensions may be elsewhere
if ($old->psql('postgres', q{LOAD '$libdir/wals'}) != 0)
{
	$old->stop;
	plan skip_all => 'pg_upgrade needs wals in $libdir, this one is staged';
}
$old->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_app LOGIN;
	CREATE DATABASE shop OWNER regress_wals_app;
});
$old->safe_psql(
	'shop', q{
	SET SESSION AUTHORIZATION regress_wals_app;
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, 'sku-' || i AS item_id
	FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
	WHERE (u * u + i * i + u * i) % 7 < 2;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 2);
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 2, seed => 1);
	SELECT wals_set_default('m');
	CREATE VIEW best AS SELECT u, r.* FROM generate_series(1, 60) AS u, LATERAL wals_recommend(u::text, 5) AS r;
});
my $answers = q{
	SET SESSION AUTHORIZATION regress_wals_app;
	SELECT * FROM best ORDER BY u, rank;
	SELECT model, owner, is_default, versions, active_version, source, objective, loss FROM wals_models;
	SELECT version, users_table, items_table FROM m ORDER BY version;
};
my $before = $old->safe_psql('shop', $answers);
cmp_ok(length $before, '>', 1000, 'the old cluster answers');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
my $bin = `pg_config --bindir`;
chomp $bin;

# pg_upgrade leaves its logs where it runs
chdir $PostgreSQL::Test::Utils::tmp_check or die;
command_ok(
	[
		'pg_upgrade', '--no-sync',
		'--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir,
		'--old-bindir', $bin, '--new-bindir', $bin,
		'--socketdir', $new->host,
		'--old-port', $old->port, '--new-port', $new->port
	],
	'pg_upgrade runs');
$new->start;
is($new->safe_psql('shop', $answers), $before, 'the new cluster answers as the old one did');
is( $new->safe_psql(
		'shop', q{
		SET SESSION AUTHORIZATION regress_wals_app;
		SET client_min_messages = warning;
		SELECT wals_train('m', 'ratings', factors => 8, iterations => 2);
		SELECT count(*) FROM wals_recommend('1', 5);}),
	"3\n5",
	'and trains');
$new->stop;

done_testing();
