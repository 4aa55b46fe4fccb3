# A session's memory does not grow with the number of trainings and answers,
# nor with the number of errors.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'needs /proc of Linux' unless -e '/proc/self/status';

# Kilobytes a session may have grown over one part of this test.  A training
# here takes some 3 MB, the items of a version 0.2 MB, an answer 100 bytes and
# more: what is lost a few times a round shows.  Each version has tables of its
# own, of which the server's caches and ours keep some kilobytes each, and take it
# a megabyte at a time.
my $tolerance = 1500;
my $tolerance_of_versions = 4000;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 1000 AS item_id, 1 + (u + i) % 5 AS value
	FROM generate_series(1, 3000) AS u, generate_series(1, 12) AS i;
	CREATE TABLE texts AS SELECT 'user ' || user_id AS user_id, 'item ' || item_id AS item_id FROM ratings;
	CREATE VIEW bad AS SELECT user_id, item_id, CASE WHEN user_id = 2999 THEN 'NaN' ELSE 1::float8 END AS value FROM ratings;
	CREATE FUNCTION kilobytes() RETURNS bigint LANGUAGE sql AS
	$$SELECT substring(pg_read_file('/proc/self/status', 0, 100000) FROM 'RssAnon:\s*(\d+) kB')::bigint$$;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 1);
	SELECT wals_train('t', 'texts', factors => 32, iterations => 1);
	CREATE INDEX ON ratings (user_id);
	CREATE INDEX ON texts (user_id);
});

# Kilobytes after a warm-up and after the rest of the rounds, in one session.
sub grown
{
	my ($what, $warm, $rounds, $statement, $errors) = @_;
	my $most = $statement =~ /wals_train/ && !$errors ? $tolerance_of_versions : $tolerance;
	my $sql = "SET client_min_messages = warning;\n\\o /dev/null\n";
	my $start = time;
	my ($out, $err);

	$sql .= $statement x $warm . "\\o\nSELECT kilobytes();\n\\o /dev/null\n";
	$sql .= $statement x $rounds . "\\o\nSELECT kilobytes();\n";
	$node->psql(
		'postgres', $sql,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0);
	my ($first, $last) = split /\n/, $out;
	my $failures = () = $err =~ /ERROR/g;

	is($failures, $errors ? $warm + $rounds : 0, "$what: errors");
	note sprintf('%s: %d kB, then %d kB; %.1f s', $what, $first, $last, time - $start);
	cmp_ok($last - $first, '<', $most, "$what: memory stays");
	return;
}

grown('training', 10, 90,
	"SELECT wals_train('m', 'ratings', factors => 32, iterations => 1);\n", 0);
grown('training on text ids', 10, 20,
	"SELECT wals_train('t', 'texts', factors => 32, iterations => 1);\n", 0);
grown('training explicit', 10, 20,
	"SELECT wals_train('e', 'ratings', value_col => 'value', feedback => 'explicit', factors => 32, iterations => 1);\n", 0);
grown('training that fails while reading', 10, 90,
	"SELECT wals_train('m', 'bad', value_col => 'value', factors => 32);\n", 1);
grown('training over wals.max_memory', 10, 30,
	"SET wals.max_memory = '2MB'; SELECT wals_train('m', 'ratings', factors => 256);\n", 1);
grown('training that times out', 10, 30,
	"SET statement_timeout = 60; SELECT wals_train('m', 'ratings', factors => 32, iterations => 1000);\n", 1);
grown('activating and answering', 20, 100,
	"SET wals.cache_mem = '2MB'; SELECT wals_activate('m', (SELECT max(version) FROM m)); SELECT count(*) FROM wals_recommend(1, 3, 'm');\n", 0);

# 1000 answers a statement
my $answers = q{SELECT count(*) FROM generate_series(1, 1000) AS u, LATERAL wals_recommend(u, 10, 'm') AS r;} . "\n";
grown('recommending', 3, 20, $answers, 0);
grown('recommending text ids', 3, 20, $answers =~ s/\(u, 10, 'm'\)/('user ' || u, 10, 't')/r, 0);
grown('scoring', 3, 20,
	"SELECT sum(wals_score(u, u % 1000, 'm')) FROM generate_series(1, 1000) AS u;\n", 0);
grown('recommending without room in the cache', 3, 20,
	"SET wals.cache_mem = '1MB'; SELECT count(*) FROM generate_series(1, 100) AS u, LATERAL wals_recommend('user ' || u, 10, 't') AS r, wals_popular(3, 'm');\n", 0);
grown('answers that fail', 100, 1000,
	"SELECT * FROM wals_recommend('x', 10, 't', cold_start => 'error');\n", 1);
grown('listing', 100, 1000, "SELECT count(*) FROM wals_models;\n", 0);

# within one statement, too
my ($first, $last) = split /\n/, $node->safe_psql(
	'postgres', q{
	SET client_min_messages = warning;
	SELECT count(*) FROM wals_recommend(1, 10, 'm') \g /dev/null
	SELECT kilobytes();
	SELECT count(*) FROM generate_series(1, 20000) AS u, LATERAL wals_recommend(u % 3000, 10, 'm') AS r \g /dev/null
	SELECT kilobytes();});
note "one statement: $first kB, then $last kB";
cmp_ok($last - $first, '<', $tolerance, '20,000 answers in one statement: memory stays');
$node->stop;

done_testing();
