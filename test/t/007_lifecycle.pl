# The extension can be updated and dropped, its tables maintained, replicated
# and read without it, in any encoding.
use strict;
use warnings;

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
# Update, from every release that can still be installed.  A server has the
# library of today before its databases are updated, so both serve the script
# of then.
# ---------------------------------------------------------------------------

my $config = slurp_file($ENV{TEMP_CONFIG});
my $share = `pg_config --sharedir`;
chomp $share;
my ($destdir) = $config =~ /^extension_destdir = '(.*)'/m;
my ($path) = $config =~ /^extension_control_path = '(.*?)(?::\$system)?'/m;
my $folder = defined $destdir ? "$destdir$share/extension" : defined $path ? "$path/extension" : "$share/extension";
my ($version) = slurp_file("$folder/wals.control") =~ /default_version *= *'(.*?)'/;
ok($version, "version $version stands in the control file");
my @releases = grep { $_ ne $version } map { m{/wals--([0-9.]+)\.sql$} } glob "$folder/wals--*.sql";
cmp_ok(scalar @releases, '>', 0, 'there are releases to update from');

# everything the extension owns, with what can be said about it
my $catalog = q{
	SELECT i.type, i.identity, o.details, obj_description(d.objid, d.classid::regclass::name)
	FROM pg_depend AS d
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'wals',
	LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS i
	LEFT JOIN LATERAL (
		SELECT concat_ws(' ', prosrc, probin, prokind, provolatile, proparallel, proisstrict, prosecdef, proleakproof,
			procost, prorows, prosupport, prolang, proconfig, pg_get_function_arguments(p.oid),
			pg_get_function_result(p.oid), proargmodes, proacl) AS details
		FROM pg_proc AS p WHERE p.oid = d.objid AND d.classid = 'pg_proc'::regclass
		UNION ALL
		SELECT concat_ws(' ', relkind, relacl, reloptions, pg_get_viewdef(c.oid),
			(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attacl,
				col_description(c.oid, attnum)), ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))
		FROM pg_class AS c WHERE c.oid = d.objid AND d.classid = 'pg_class'::regclass
		UNION ALL
		SELECT concat_ws(' ', typtype, typacl,
			(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)),
				', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = t.typrelid AND typrelid <> 0 AND attnum > 0 AND NOT attisdropped))
		FROM pg_type AS t WHERE t.oid = d.objid AND d.classid = 'pg_type'::regclass
	) AS o ON true
	WHERE d.deptype = 'e'
	ORDER BY 1, 2;
};
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION wals');
my $fresh = $node->safe_psql('fresh', $catalog);
cmp_ok(length $fresh, '>', 5000, 'the extension owns much');

for my $release (@releases)
{
	$node->safe_psql('postgres', 'CREATE DATABASE updated');
	$node->safe_psql('updated', "CREATE EXTENSION wals VERSION '$release'; $ratings $train $train SELECT wals_queue_enable('m');");
	my $before = $node->safe_psql('updated', $answers);
	cmp_ok(length $before, '>', 1000, "the library serves the script of $release");
	# item 1 has most entries, and nobody likes it
	$node->safe_psql(
		'updated', q{
		SET client_min_messages = warning;
		CREATE TABLE votes AS
		SELECT u AS user_id, i AS item_id, CASE i WHEN 1 THEN -1 ELSE 1 END AS vote
		FROM generate_series(1, 30) AS u, generate_series(1, 4) AS i WHERE i = 1 OR i = 2 + u % 3;
		SELECT wals_train('votes_model', 'votes', value_col => 'vote', factors => 4);
		SELECT wals_queue_enable('votes_model');
		-- which the library of then did not write
		UPDATE votes_model SET options = options - 'like_from';});
	my $popular = q{SELECT string_agg(item_id, ' ' ORDER BY rank) FROM wals_popular(10, 'votes_model')};
	is($node->safe_psql('updated', $popular), '1 2 3 4', 'which has no likes, so that all entries count');
	is( $node->safe_psql('updated', q{SET client_min_messages = warning; BEGIN; CALL wals_retrain('votes_model', version => NULL); ROLLBACK}),
		'2', 'nor has its procedure lost what it puts out');

	my $session = $node->background_psql('updated');
	$session->query_safe("PREPARE ask(integer) AS SELECT * FROM wals_recommend(\$1, 5, 'm')");
	my $asked = $session->query_safe('EXECUTE ask(1)');
	ok($asked ne '', 'a session has asked');

	$node->safe_psql('updated', 'ALTER EXTENSION wals UPDATE');
	is($node->safe_psql('updated', q{SELECT extversion FROM pg_extension WHERE extname = 'wals'}),
		$version, "$release is updated to $version");
	is($node->safe_psql('updated', $catalog), $fresh, 'which makes it the same as a fresh one');
	is($node->safe_psql('updated', $answers), $before, 'a model trained before answers as before');
	is($session->query_safe($answers), $before, 'and so it does in a session that was open');
	is($session->query_safe('EXECUTE ask(1)'), $asked, 'which executes what it had prepared');
	$session->quit;

	is($node->safe_psql('updated', $popular), '1 2 3 4', 'nor has a version of then');
	is( $node->safe_psql(
			'updated', q{
			INSERT INTO votes SELECT u, 2, -1 FROM generate_series(31, 39) AS u;
			SELECT users_added FROM wals_refresh('votes_model', items => 'touched');
			SELECT count(likes), max(n) FROM votes_model_items;} . $popular),
		"9\n0|30\n1 2 3 4", 'when it is refreshed neither');
	is( $node->safe_psql(
			'updated', q{
			SET client_min_messages = warning;
			CALL wals_retrain('votes_model');
			SELECT max(version) FROM votes_model;
			SELECT string_agg(concat_ws('/', n, likes), ' ' ORDER BY id) FROM votes_model_items WHERE version = 2;} . $popular),
		"2\n30/0 19/10 10/10 10/10\n3 4 2 1", 'but trained again it counts likes');
	$node->safe_psql('updated', q{SELECT wals_drop('votes_model')});

	is( $node->safe_psql(
			'updated', q{
			SELECT count(*), bool_and(source IS NULL), bool_and(source_name = 'public.ratings') FROM m;
			ALTER TABLE ratings RENAME TO ratings_2;
			SELECT source FROM wals_models;
			ALTER TABLE ratings_2 RENAME TO ratings;
			BEGIN;
			ALTER TABLE ratings RENAME TO old_ratings;
			CREATE TABLE ratings AS SELECT 1 AS user_id, i AS item_id FROM generate_series(1, 39) AS i;
			SELECT source, (SELECT array_agg(item_id) FROM wals_recommend(1, NULL)) FROM wals_models;
			ROLLBACK;}),
		"2|t|t\nratings_2\nratings|{40}", 'its source is known by name and identity');

	# the queue of then, rows of now
	is( $node->safe_psql(
			'updated', q{
			INSERT INTO ratings SELECT 1000, i FROM generate_series(1, 10) AS i;
			SELECT users_added FROM wals_refresh('m');
			SELECT count(*) FROM m_users WHERE id = 1000 AND version = 2;}),
		"1\n1", 'it is refreshed');
	is( $node->safe_psql(
			'updated', q{
			SET client_min_messages = warning;
			CALL wals_retrain('m');
			SELECT max(version) FROM m;
			SELECT basis FROM wals_recommend(1000, 1, 'm');
			SELECT wals_activate('m', 2);
			SELECT versions FROM wals_forget(1000, 'm', delete_rows => true);
			SELECT count(*) FROM wals_models WHERE model = 'm'::regclass;}),
		"3\nmodel\n\n2\n1", 'retrained, activated, made to forget, listed');
	is($node->safe_psql('updated', q{SELECT wals_drop('m'); SELECT to_regclass('m')}) =~ s/\s//gr, '', 'and dropped');
	$node->safe_psql('postgres', 'DROP DATABASE updated');
}
$node->safe_psql('postgres', 'DROP DATABASE fresh');

# ---------------------------------------------------------------------------
# An update runs nobody's code, and leaves what it cannot name to its owner
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{CREATE ROLE regress_wals_owner; CREATE DATABASE watched; GRANT CREATE ON DATABASE watched TO regress_wals_owner});
$node->safe_psql('watched', q{
	CREATE TABLE run (as_role name, by text);
	GRANT INSERT, SELECT ON run TO PUBLIC;
	GRANT CREATE ON SCHEMA public TO regress_wals_owner;
});
$node->safe_psql('watched', "SET ROLE regress_wals_owner; CREATE EXTENSION wals VERSION '0.1.0';" . $ratings . $train . q{
	SELECT wals_train('checked', 'ratings', factors => 4, iterations => 1);
	SELECT wals_train('indexed', 'ratings', factors => 4, iterations => 1);
	CREATE FUNCTION spy(by text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	$$BEGIN INSERT INTO public.run VALUES (current_user, by); RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END$$;
	CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN INSERT INTO public.run VALUES (current_user, 'trigger'); RETURN NEW; END$$;
	CREATE TRIGGER spy BEFORE UPDATE ON m FOR EACH ROW EXECUTE FUNCTION spy();
	ALTER TABLE checked ADD CHECK (public.spy('check') = 1 OR source IS NULL);
	CREATE INDEX ON indexed (public.spy(feedback));
	CREATE VIEW sources AS SELECT version, source FROM m;
	CREATE VIEW models AS SELECT model, source FROM wals_models;
});
$node->safe_psql('watched', 'DELETE FROM run');
$node->safe_psql('watched', 'ALTER EXTENSION wals UPDATE');
is($node->safe_psql('watched', q{SELECT count(*) FROM run}), '0', 'triggers, checks and indexes of owners are not run by it');
is( $node->safe_psql(
		'watched', q{
		SET ROLE regress_wals_owner;
		SELECT count(*) FROM (SELECT source FROM models INTERSECT SELECT source FROM sources) AS s;
		SELECT model, source, (SELECT count(*) FROM wals_recommend(1, 3, model)) FROM models ORDER BY 1;
		SET client_min_messages = warning;
		CALL wals_retrain('checked');
		CALL wals_retrain('m');
		SELECT version, source, source_name FROM m ORDER BY 1;}),
	"1\nm|ratings|3\nchecked|ratings|3\nindexed|ratings|3\n1||public.ratings\n2||public.ratings", 'views on sources live on, and owners do the rest');
is($node->safe_psql('watched', q{SELECT DISTINCT as_role FROM run}), 'regress_wals_owner', 'as whom their code runs');
$node->safe_psql('postgres', 'DROP DATABASE watched');

# ---------------------------------------------------------------------------
# An update where views and the like were made with functions whose arguments
# have other types now
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE held');
$node->safe_psql('held', "CREATE EXTENSION wals VERSION '0.1.0'; $ratings $train" . q{
	CREATE VIEW shelf AS
	SELECT u, r.* FROM generate_series(1, 65) AS u, LATERAL wals_recommend(u, 5, 'm', min_score => 0.01::real) AS r;
	CREATE MATERIALIZED VIEW popular AS SELECT item_id, n_rows, rank FROM wals_popular(5, 'm');
	CREATE FUNCTION basket(VARIADIC items integer[]) RETURNS SETOF bigint LANGUAGE sql STABLE
	BEGIN ATOMIC SELECT item_id FROM wals_recommend_for(items, ARRAY[1, 2]::real[], 3, 'm'); END;
	CREATE FUNCTION as_text(u bigint) RETURNS SETOF bigint LANGUAGE sql STABLE
	AS $$ SELECT item_id FROM wals_recommend(u, 5, 'm', min_score => 0.01::real) ORDER BY rank $$;
});
my $shelves = q{
	SELECT * FROM shelf ORDER BY u, rank;
	SELECT * FROM popular ORDER BY rank;
	SELECT basket(1, 2);
	SELECT u, as_text(u) FROM generate_series(1, 65) AS u;
};
my $then = $node->safe_psql('held', $shelves);
cmp_ok(length $then, '>', 1000, 'views and functions answer before');
my ($status, $told, $warned) = $node->psql('held', 'ALTER EXTENSION wals UPDATE');
is($status, 0, 'an update goes through where views use what changes') or diag($warned);
is(scalar(() = $warned =~ /^.*WARNING: /mg), 3, 'and warns of each of the old functions');
like($warned, qr/WARNING:  wals_recommend\(bigint,[^\n]* has other argument types now, the old one goes on as wals_recommend_0_1_0$/m, 'by its name');
like($warned, qr/DETAIL:  It is used by: view shelf\.$/m, 'with what uses it');
like($warned, qr/HINT: .* then DROP FUNCTION wals_popular_0_1_0\(integer,regclass\)\.$/m, 'and what to do');
is($node->safe_psql('held', "REFRESH MATERIALIZED VIEW popular; $shelves"), $then, 'they answer as before');
is($node->safe_psql('held', $catalog =~ s/(?=ORDER BY 1, 2)/AND i.identity LIKE '%0_1_0%' /r), '', 'the old functions are none of the extension');

# a dump knows them
my $dump = PostgreSQL::Test::Utils::tempdir() . '/held.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('held') ], 'the database is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'and restored');
is($node->safe_psql('restored', $shelves), $then, 'where they answer, too');
$node->safe_psql('postgres', 'DROP DATABASE restored');

# and when everything is defined anew they can go
is( $node->safe_psql(
		'held', q{
		DROP MATERIALIZED VIEW popular;
		CREATE MATERIALIZED VIEW popular AS SELECT item_id, n_rows, rank FROM wals_popular(5, 'm');
		CREATE OR REPLACE VIEW shelf AS
		SELECT u, r.* FROM generate_series(1, 65) AS u, LATERAL wals_recommend(u, 5, 'm', min_score => 0.01::real) AS r;
		CREATE OR REPLACE FUNCTION basket(VARIADIC items integer[]) RETURNS SETOF bigint LANGUAGE sql STABLE
		BEGIN ATOMIC SELECT item_id FROM wals_recommend_for(items, ARRAY[1, 2]::real[], 3, 'm'); END;
		DROP FUNCTION wals_popular_0_1_0, wals_recommend_0_1_0, wals_recommend_for_0_1_0;} . $shelves),
	$then, 'defined anew they use the new functions');
$node->safe_psql('postgres', 'DROP DATABASE held');

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
	CREATE SCHEMA wals_shop;
	ALTER TABLE m RENAME TO films;
	ALTER TABLE films SET SCHEMA wals_shop;
	ALTER TABLE m_items RENAME TO film_vectors;
});
is( $node->safe_psql('postgres', $answers =~ s/'m'/'wals_shop.films'/r),
	$before, 'a renamed and moved model answers');

# ---------------------------------------------------------------------------
# Logical replication of a model's tables
# ---------------------------------------------------------------------------

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$node->safe_psql(
	'postgres', q{
	ALTER TABLE wals_shop.films SET SCHEMA public;
	ALTER TABLE films RENAME TO m;
	ALTER TABLE film_vectors RENAME TO m_items;
	DROP TABLE plain;
	CREATE PUBLICATION model FOR ALL TABLES;
	ALTER TABLE ratings REPLICA IDENTITY FULL;
	SET client_min_messages = warning;
	CALL wals_retrain('m');
	CALL wals_retrain('m')});
is( $node->safe_psql(
		'postgres', q{
		SELECT count(*) FROM pg_inherits WHERE inhparent IN ('m_users'::regclass, 'm_items'::regclass);
		SELECT array_agg(version ORDER BY version) FROM m}),
	"0\n{3,4}", 'versions of what is published need no tables of their own');
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

is($subscriber->safe_psql('postgres', $answers), $node->safe_psql('postgres', $answers),
	'and the subscriber answers as the publisher does');

# what happens there from then on arrives, too
for my $change (
	[ 'a retraining', "SET client_min_messages = warning; CALL wals_retrain('m')" ],
	[ 'an activation', "SELECT wals_activate('m', 4)" ],
	[ 'rows of the source', 'INSERT INTO ratings SELECT 1, i FROM generate_series(1, 30) AS i' ])
{
	$node->safe_psql('postgres', $change->[1]);
	$node->wait_for_catchup('model');
	is($subscriber->safe_psql('postgres', $answers), $node->safe_psql('postgres', $answers), "$change->[0] carries over");
}
is($subscriber->safe_psql('postgres', q{SELECT source, versions, active_version FROM wals_models}), 'ratings|2|4', 'its source is the one there');

# without the source it serves
$subscriber->safe_psql('postgres', q{
	ALTER SUBSCRIPTION model DISABLE;
	DROP TABLE ratings;
});
is( $subscriber->safe_psql('postgres', $answers =~ s/'m'\)/'m', exclude_seen => false, fold_in => 'never')/r),
	$node->safe_psql('postgres', $answers =~ s/'m'\)/'m', exclude_seen => false, fold_in => 'never')/r), 'it answers without its source');
($status, $told, $warned) = $subscriber->psql('postgres', q{SELECT wals_recommend(1, 3, 'm'); SELECT wals_recommend(2, 3, 'm')});
is($status, 0, 'and without what was seen');
is(scalar(() = $warned =~ /NOTICE: .*answers without its source, public\.ratings/g), 1, 'which it says once');

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
