# The extension can be updated and dropped, its tables maintained, replicated
# and read without it, in any encoding.
use strict;
use warnings;

use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->start;

my $ratings = q{
	CREATE TABLE ratings AS
	SELECT u AS user_id, i AS item_id
	FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i
	WHERE (u * u + i * i + u * i) % 7 < 2;
};
my $train = q{
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 2);
};
my $answers = q{
	SELECT u, r.* FROM generate_series(1, 65) AS u, LATERAL wals_recommend(u, 5, 'm') AS r;
};

# ---------------------------------------------------------------------------
# Update.  An empty step from a frozen base: the library of today with the
# script of then, before and after ALTER EXTENSION.
# ---------------------------------------------------------------------------

# A copy of the extension's folder in which today's script is that of an older
# version, too.
my $config = slurp_file($ENV{TEMP_CONFIG});
my $share = `pg_config --sharedir`;
chomp $share;
my ($destdir) = $config =~ /^extension_destdir = '(.*)'/m;
my ($path) = $config =~ /^extension_control_path = '(.*?)(?::\$system)?'/m;
my $folder = defined $destdir ? "$destdir$share/extension" : defined $path ? "$path/extension" : "$share/extension";
my ($version) = slurp_file("$folder/wals.control") =~ /default_version *= *'(.*?)'/;
ok($version, "version $version stands in the control file");

SKIP:
{
	skip 'the server has no setting for where extensions are', 4
	  if !defined $destdir && !defined $path;
	my $copy = PostgreSQL::Test::Utils::tempdir();
	my $there = defined $destdir ? "$copy$share/extension" : "$copy/extension";
	system_or_bail('mkdir', '-p', $there);
	copy($_, $there) or die "$_: $!" for glob "$folder/wals*";
	if (defined $destdir)
	{
		my $lib = `pg_config --pkglibdir`;
		chomp $lib;
		system_or_bail('mkdir', '-p', "$copy$lib");
		copy("$destdir$lib/wals.so", "$copy$lib") or die;
	}
	copy("$folder/wals--$version.sql", "$there/wals--0.0.1.sql") or die;
	append_to_file("$there/wals--0.0.1--$version.sql", "\\echo Use \"ALTER EXTENSION\" to load this file. \\quit\n");
	my $setting =
	  defined $destdir
	  ? "extension_destdir = '$copy'"
	  : "extension_control_path = '$copy:\$system'";
	$node->append_conf('postgresql.conf', $setting);
	$node->restart;

	# everything the extension owns, with what can be said about it
	my $catalog = q{
		SELECT o.kind, o.what, o.details, pg_catalog.obj_description(o.oid, o.class)
		FROM (
			SELECT 'function' AS kind, p.oid::regprocedure::text AS what, p.oid, 'pg_proc' AS class,
				concat_ws(' ', prosrc, provolatile, proparallel, proisstrict, prosecdef, procost, prorows,
					prosupport, proargnames, pg_get_expr(proargdefaults, 0), proallargtypes::regtype[], proacl) AS details
			FROM pg_proc p
			UNION ALL
			SELECT 'relation', c.oid::regclass::text, c.oid, 'pg_class',
				concat_ws(' ', relkind, relacl, pg_get_viewdef(c.oid),
					(SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || coalesce(col_description(c.oid, attnum), ''), ', ' ORDER BY attnum)
					FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0))
			FROM pg_class c WHERE relkind <> 'i'
			UNION ALL
			SELECT 'type', t.oid::regtype::text, t.oid, 'pg_type', concat_ws(' ', typtype, typrelid::regclass, typacl)
			FROM pg_type t
		) AS o
		WHERE EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
			WHERE e.extname = 'wals' AND d.deptype = 'e' AND d.objid = o.oid AND d.classid = o.class::regclass)
		ORDER BY 1, 2;
	};
	$node->safe_psql('postgres', 'CREATE DATABASE fresh');
	$node->safe_psql('postgres', 'CREATE DATABASE updated');
	$node->safe_psql('fresh', 'CREATE EXTENSION wals');
	$node->safe_psql('updated', "CREATE EXTENSION wals VERSION '0.0.1'; $ratings $train");
	my $before = $node->safe_psql('updated', $answers);
	cmp_ok(length $before, '>', 1000, 'the new library serves the old script');
	$node->safe_psql('updated', "ALTER EXTENSION wals UPDATE");
	is($node->safe_psql('updated', q{SELECT extversion FROM pg_extension WHERE extname = 'wals'}),
		$version, 'the extension is updated');
	is($node->safe_psql('updated', $answers), $before, 'and answers as before');
	my $fresh = $node->safe_psql('fresh', $catalog);
	cmp_ok(length $fresh, '>', 5000, 'the extension owns much');
	is($node->safe_psql('updated', $catalog), $fresh, 'an updated extension is the same as a fresh one');
	$node->safe_psql('postgres', 'DROP DATABASE updated');
	$node->safe_psql('postgres', 'DROP DATABASE fresh');
}

# ---------------------------------------------------------------------------
# Drop
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', "CREATE EXTENSION wals; $ratings $train");
$node->safe_psql('postgres', q{CREATE VIEW best AS SELECT * FROM wals_recommend(1, 5, 'm')});
my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nDROP EXTENSION wals");
like($err, qr/ERROR:  2BP01/, 'models and views hold the extension');
my $kept = $node->safe_psql('postgres', q{SELECT version, id, factors FROM m_items ORDER BY 1, 2});
$node->safe_psql('postgres', q{CREATE TABLE plain AS SELECT version, id, factors FROM m_items});
$node->safe_psql('postgres', 'SET client_min_messages = warning; DROP EXTENSION wals CASCADE');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname ~ '^(m|m_users|m_items|best)$'}),
	0, 'CASCADE takes models and views with it');
is($node->safe_psql('postgres', q{SELECT version, id, factors FROM plain ORDER BY 1, 2}),
	$kept, 'what was copied out stays');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ratings WHERE user_id = 1}) > 0, 1, 'and so does the source');

# ---------------------------------------------------------------------------
# Maintenance
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', "CREATE EXTENSION wals; $train $train");
my $before = $node->safe_psql('postgres', $answers);
$node->safe_psql('postgres', $_)
  for 'VACUUM (FULL, ANALYZE) m, m_users, m_items',
  'REINDEX TABLE m_items', 'CLUSTER m_items USING m_items_pkey',
  'ALTER TABLE m SET UNLOGGED', 'ALTER TABLE m SET LOGGED';
is($node->safe_psql('postgres', $answers), $before, 'answers survive VACUUM FULL, REINDEX, CLUSTER');
SKIP:
{
	skip 'amcheck is not installed', 1
	  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'}) eq '0';
	is( $node->safe_psql(
			'postgres', q{
			CREATE EXTENSION amcheck;
			SELECT count(*) FROM pg_class, LATERAL verify_heapam(oid) WHERE relname IN ('m', 'm_users', 'm_items');
			SELECT bt_index_check(oid, true) FROM pg_class WHERE relname IN ('m_pkey', 'm_users_pkey', 'm_items_pkey');}),
		"0\n\n\n",
		'tables and indexes are sound');
}

# renamed, moved, altered: a model is a table
$node->safe_psql(
	'postgres', q{
	CREATE SCHEMA shop;
	ALTER TABLE m RENAME TO films;
	ALTER TABLE films SET SCHEMA shop;
	ALTER TABLE m_items RENAME TO film_vectors;
});
is( $node->safe_psql('postgres', $answers =~ s/'m'/'shop.films'/r),
	$before, 'a renamed and moved model answers');

# ---------------------------------------------------------------------------
# Logical replication of a model's tables
# ---------------------------------------------------------------------------

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$node->safe_psql(
	'postgres', q{
	ALTER TABLE shop.films SET SCHEMA public;
	ALTER TABLE films RENAME TO m;
	ALTER TABLE film_vectors RENAME TO m_items;
	CREATE PUBLICATION model FOR TABLE ratings, m_users, m_items;
	ALTER TABLE ratings REPLICA IDENTITY FULL;
});
$subscriber->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings (user_id integer, item_id integer);
	CREATE TABLE m OF wals_model (version WITH OPTIONS NOT NULL, PRIMARY KEY (version));
	CREATE TABLE m_users OF wals_factors_bigint (version WITH OPTIONS NOT NULL, id WITH OPTIONS NOT NULL,
		factors WITH OPTIONS NOT NULL, PRIMARY KEY (version, id));
	CREATE TABLE m_items OF wals_factors_bigint (version WITH OPTIONS NOT NULL, id WITH OPTIONS NOT NULL,
		factors WITH OPTIONS NOT NULL, PRIMARY KEY (version, id));
});
my $connection = $node->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION model CONNECTION '$connection' PUBLICATION model");
$subscriber->wait_for_subscription_sync($node, 'model');
is($subscriber->safe_psql('postgres', 'SELECT version, id, factors FROM m_items ORDER BY 1, 2'),
	$node->safe_psql('postgres', 'SELECT version, id, factors FROM m_items ORDER BY 1, 2'),
	'factors arrive at a subscriber');

# The model table names relations by OID, which differ between servers: its
# rows travel as text, where a relation is its name.
my $rows = $node->safe_psql('postgres', 'COPY m TO STDOUT');
$subscriber->safe_psql('postgres', "COPY m FROM STDIN;\n$rows\n\\.\n");
is($subscriber->safe_psql('postgres', $answers), $node->safe_psql('postgres', $answers),
	'and the subscriber answers as the publisher does');

# ---------------------------------------------------------------------------
# Encodings
# ---------------------------------------------------------------------------

for my $encoding (qw(SQL_ASCII LATIN1 UTF8))
{
	my $name = lc $encoding;
	$node->safe_psql('postgres',
		"CREATE DATABASE $name ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	is( $node->safe_psql(
			$name, q{
			CREATE EXTENSION wals;
			CREATE TABLE ratings AS
			SELECT convert_from('\x4afc7267656e', 'LATIN1') || u AS user_id, convert_from('\x636166e9', 'LATIN1') || i AS item_id
			FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i WHERE (u * i) % 3 = 1;
			SET client_min_messages = warning;
			SELECT wals_train('m', 'ratings', factors => 4, iterations => 2);
			SELECT count(*), min(left(encode(convert_to(item_id, getdatabaseencoding()::name), 'hex'), 10)) FROM wals_recommend(convert_from('\x4afc7267656e', 'LATIN1') || 1, 5);}
		),
		"1\n5|636166" . ($encoding eq 'UTF8' ? 'c3a9' : 'e931'),
		"text ids in $encoding");
}

$subscriber->stop;
$node->stop;

done_testing();
