# Tables whose rows are elsewhere, because an extension's hooks say so: answers
# come from where the planner finds them, not from the shell that the catalog
# shows.  The module of test/modules/redirect stands in for such an extension.
use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# --- the module, built into a folder of this test
my $folder = abs_path(PostgreSQL::Test::Utils::tempdir());
my $source = abs_path(dirname(__FILE__) . '/../modules/redirect');
my $config = $ENV{PG_CONFIG} // 'pg_config';
my $output =
  qx{cp '$source'/Makefile '$source'/redirect.c '$folder' && make -C '$folder' PG_CONFIG='$config' with_llvm=no COPT=-Werror=implicit-function-declaration 2>&1};
ok(-e "$folder/redirect.so", 'the module is built') or BAIL_OUT($output);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

sub sql
{
	my ($sql, $mode) = @_;
	my $load = defined $mode ? "LOAD '$folder/redirect.so'; SET redirect.mode = '$mode';" : '';

	return $node->safe_psql('postgres', "SET client_min_messages = warning; $load $sql");
}

sql(q{
	CREATE EXTENSION wals;
	CREATE TABLE seen AS
	SELECT u AS user_id, i AS item_id, (u + i) % 5 + 1 AS value
	FROM generate_series(1, 40) AS u, generate_series(1, 30) AS i
	WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
	CREATE INDEX ON seen (user_id, item_id);
	CREATE INDEX ON seen (item_id, user_id);
	ANALYZE seen;
	CREATE TABLE kept AS SELECT * FROM seen;
	SELECT wals_train('m', 'seen', value_col => 'value', factors => 4, iterations => 3);
	CREATE FUNCTION move(shell regclass) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE %s_elsewhere (LIKE %s INCLUDING ALL)', shell, shell);
		EXECUTE format('INSERT INTO %s_elsewhere SELECT * FROM %s', shell, shell);
		EXECUTE format('TRUNCATE %s', shell);
	END $$;
	CREATE FUNCTION move_back(shell regclass) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('INSERT INTO %s SELECT * FROM %s_elsewhere', shell, shell);
		EXECUTE format('DROP TABLE %s_elsewhere', shell);
	END $$;
	CREATE FUNCTION index_scans(name regclass) RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(pg_stat_get_xact_numscans(indexrelid))::bigint FROM pg_index WHERE indrelid = name OR indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = name) $$;
});

# What is recommended and on which basis, and how much of it the user has seen.
my $answers = q{
	SELECT string_agg(r::text, ' ' ORDER BY u, r.rank) FROM generate_series(1, 42) AS u,
		LATERAL wals_recommend(u, 30, 'm', fold_in => 'never') AS r;
	SELECT string_agg(r::text, ' ' ORDER BY u, r.rank) FROM generate_series(1, 42) AS u,
		LATERAL wals_recommend(u, 10, 'm', fold_in => 'always') AS r;
	SELECT string_agg(r::text, ' ' ORDER BY r.user_id, r.rank) FROM wals_recommend_all(10, 'm') AS r;
	SELECT string_agg(r::text, ' ' ORDER BY i, r.rank) FROM generate_series(1, 30) AS i,
		LATERAL wals_recommend_users(i, 10, 'm') AS r;
	SELECT string_agg(r::text, ' ') FROM wals_explain(1, 1, 10, 'm') AS r;
	SELECT wals_score(1, 1, 'm'), wals_user_factors(2, 'm');
	SELECT string_agg(r::text, ' ') FROM wals_similar_items(1, 10, 'm') AS r;
};
my $basis = q{SELECT count(*) > 100, count(*) FILTER (WHERE basis <> 'model'),
	count(*) FILTER (WHERE EXISTS (SELECT FROM kept WHERE user_id = u AND item_id = r.item_id))
	FROM generate_series(1, 40) AS u, LATERAL wals_recommend(u, 30, 'm', fold_in => 'never') AS r};
my $expected = sql($answers);
cmp_ok(length($expected), '>', 10000, 'answers without the module');
is(sql($basis), 't|0|0', 'known users, and nothing they have seen');

# --- the module alone changes nothing, and plain tables are read directly
my $directly = q{BEGIN; SELECT count(*) > 0 FROM wals_recommend(1, 10, 'm', fold_in => 'never');
	SELECT index_scans('seen') > 0, index_scans('m_users') > 0; COMMIT};
is(sql($directly), "t\nt|t", 'read directly');
foreach my $mode ('none', 'planner', 'scan', 'analyze')
{
	is(sql($directly, $mode), "t\nt|t", "read directly with the module, $mode");
	ok(sql($answers, $mode) eq $expected, "the same answers with the module, $mode");
}

# --- hooks that count and time what runs are no obstacle
SKIP:
{
	my ($code) = $node->psql('postgres', "LOAD 'auto_explain'");

	skip 'auto_explain is not installed', 1 if $code != 0;
	is(sql("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; $directly"),
		"t\nt|t", 'read directly with auto_explain');
}

# --- shells, one at a time and all of them
foreach my $shells (['seen'], ['m_users'], ['m_items'], ['m'], [ 'seen', 'm_users', 'm_items', 'm' ])
{
	my $names = join(', ', @$shells);

	sql("SELECT move('$_')") foreach @$shells;
	foreach my $mode ('planner', 'scan')
	{
		ok(sql($answers, $mode) eq $expected, "the same answers where $names are shells, $mode");
		is(sql($basis, $mode), 't|0|0', "known users, and nothing they have seen, $mode");
	}

	# the test can fail: this is what the shell itself gives
	my ($code, $plain, $error) = $node->psql('postgres', $basis);
	isnt($plain, 't|0|0', "another answer from $names alone");
	sql("SELECT move_back('$_')") foreach @$shells;
}
ok(sql($answers) eq $expected, 'the same answers when all are back');

# --- in a session that has read the tables directly before
foreach my $mode ('planner', 'scan')
{
	is( sql("$basis; LOAD '$folder/redirect.so'; SET redirect.mode = '$mode'; SELECT move('seen'), move('m_users'); $basis"),
		"t|0|0\n|\nt|0|0",
		"tables become shells in the course of a session, $mode");
	is(sql("$basis; SELECT move_back('seen'), move_back('m_users'); $basis", $mode),
		"t|0|0\n|\nt|0|0", "and tables again, $mode");

	# the hooks alone come later: nothing is told of the tables
	sql(q{SELECT move('seen')});
	is( sql("SELECT count(*) > 0 FROM wals_recommend(1, 10, 'm', fold_in => 'never');
			LOAD '$folder/redirect.so'; SET redirect.mode = '$mode'; $basis"),
		"t\nt|0|0",
		"the module is loaded in the course of a session, $mode");
	sql(q{SELECT move_back('seen')});
}

# --- conditions that a hook adds are conditions of a statement
sql(q{CREATE TABLE seen_elsewhere (LIKE seen)});
is( sql(q{SELECT count(*) FROM wals_recommend(1, 30, 'm', fold_in => 'never')}, 'analyze'),
	30, 'a hook that hides what was seen');
is( sql(q{SELECT count(*) < 30 FROM wals_recommend(1, 30, 'm', fold_in => 'never')}),
	't', 'and nobody else');
sql(q{DROP TABLE seen_elsewhere});

# --- what changes shells does not crash
sql(q{SELECT move('seen'), move('m_users'), move('m_items')});
foreach my $mode ('planner', 'scan')
{
	foreach my $change (
		q{SELECT wals_train('m', 'seen', value_col => 'value', factors => 4, iterations => 3)},
		q{CALL wals_retrain('m')},
		q{SELECT wals_refresh('m', since => '-infinity')},
		q{SELECT wals_forget(1, 'm', delete_rows => true)},
		q{SELECT wals_evaluate('seen', 'm')},
		q{SELECT wals_activate('m', 1)},
		q{SELECT wals_prune('m')})
	{
		my ($code, $result, $error) = $node->psql('postgres',
			"\\set VERBOSITY verbose\nLOAD '$folder/redirect.so'; SET redirect.mode = '$mode'; $change");

		ok($code == 0 || $error =~ /ERROR:  (?!XX000)\w{5}: /, "$change, $mode");
	}
}
is(sql('SELECT 1'), '1', 'the server answers');
$node->stop;
done_testing();
