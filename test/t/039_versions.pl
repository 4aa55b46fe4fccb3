# Versions leave as a whole: what trainings write to WAL and keep on disk, keys
# beside a snapshot that is held, tables that somebody reads, trainings that fail,
# snapshots that are older than all that is left.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_wal_size = 4GB\ncheckpoint_timeout = 1h\nwal_log_hints = off\n");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * 4001) % 20000 AS item_id FROM generate_series(1, 20000) AS u, generate_series(1, 3) AS i;
	CREATE TABLE few AS
	SELECT u AS user_id, (u * 7 + i * i) % 100 AS item_id FROM generate_series(1, 200) AS u, generate_series(1, 4) AS i;
	CREATE FUNCTION size_of(model text, OUT tables int, OUT bytes bigint, OUT keys bigint) LANGUAGE sql
	AS $$SELECT count(*), sum(pg_total_relation_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class
		WHERE relkind = 'r' AND relname ~ ('^' || model || '(_users|_items)(_[0-9]+)?$')$$;
	CREATE FUNCTION size_of_database() RETURNS bigint LANGUAGE sql
	AS $$SELECT sum((pg_stat_file(d || f)).size) FROM (SELECT 'base/' || oid || '/' FROM pg_database
		WHERE datname = current_database()) AS d (d), pg_ls_dir(d) AS f$$;
});

sub query
{
	return $node->safe_psql('postgres', "SET client_min_messages = warning; $_[0]");
}

sub train
{
	my ($model, $source, $factors) = @_;
	return query("SELECT wals_train('$model', '$source', factors => $factors, iterations => 1)");
}

# --- WAL and disk
my $raw = 40000 * 64 * 4;
train('m', 'ratings', 64) for 1 .. 3;
for my $what (q{SELECT wals_train('m', 'ratings', factors => 64, iterations => 1)}, q{CALL wals_retrain('m')})
{
	$node->safe_psql('postgres', 'CHECKPOINT');
	my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	query($what);
	my $wal = $node->safe_psql('postgres', "SELECT pg_current_wal_insert_lsn() - '$before'") / $raw;
	cmp_ok($wal, '<=', 1.6, "WAL of $what, the old version's leaving included");
	cmp_ok($wal, '>=', 1, 'which is more than the factors');
	my ($tables, $bytes) = split /\|/, query("SELECT tables, bytes FROM size_of('m')");
	is($tables, 6, 'the two factor tables, and those of two versions');
	cmp_ok($bytes / $raw, '<=', 3, 'disk of two versions');
}

# --- what fails leaves nothing
my $size = query('SELECT size_of_database()');
query(q{BEGIN; SELECT wals_train('m', 'ratings', factors => 64, iterations => 1); ROLLBACK});
query('CHECKPOINT');
cmp_ok(query('SELECT size_of_database()') - $size, '<', $raw / 10, 'a training that is undone gives its space back');
is(query(q{SELECT tables FROM size_of('m')}), 6, 'and leaves no table');

# --- a snapshot is held
train('s', 'few', 16) for 1 .. 3;
my $holder = Session->new(psql => 'psql', connection => $node->connstr('postgres'));

# Rows, or the state of an error.
sub hold
{
	my ($statement) = @_;
	my $answer = $holder->ask($statement);

	return $answer->{state} || $answer->{rows} =~ s/\s+\z//r;
}

hold('BEGIN ISOLATION LEVEL REPEATABLE READ');
hold('SELECT count(*) FROM few');
train('s', 'few', 16) for 1 .. 2;
my $first = query(q{SELECT * FROM size_of('s')});
train('s', 'few', 16) for 1 .. 60;
is(query(q{SELECT * FROM size_of('s')}), $first, 'tables and keys are as large after 60 trainings beside a snapshot');
like(hold(q{SELECT count(*) FROM wals_recommend(1, 5, 's')}), qr/40001|55000/,
	'who asks by that snapshot is told, not given something else');
hold('ROLLBACK');
is(hold(q{SELECT count(*) FROM wals_recommend(1, 5, 's')}), '5', 'and answered afterwards');

# --- a version is read
hold('BEGIN');
hold('DECLARE c CURSOR FOR SELECT version FROM s_users');
hold('FETCH 1 FROM c');
my $seen = query(q{SELECT count(*) FROM s_users});
is(query(qq{SET lock_timeout = '10s'; SELECT wals_train('s', 'few', factors => 16, iterations => 1, seed => seed) > 0
		FROM generate_series(1, 4) AS seed}), "t\nt\nt\nt", 'trainings do not wait for a cursor');
is(query(q{SELECT tables FROM size_of('s')}), 10, 'what it reads stays, what it does not read is gone');

is(hold('FETCH ALL FROM c') =~ tr/\n// + 2, $seen, 'it reads on');
hold('COMMIT');
train('s', 'few', 16);
is(query(q{SELECT tables FROM size_of('s')}), 6, 'then it goes with the next training');

# --- and a training that is not committed yet
hold('SET client_min_messages = warning');
hold('BEGIN');
hold(q{SELECT wals_train('s', 'few', factors => 16, iterations => 1)});
is(query(q{SET lock_timeout = '10s'; SELECT count(*) FROM wals_recommend(1, 5, 's')}), '5', 'readers do not wait for a training');
is(query(q{SET lock_timeout = '10s'; SELECT count(DISTINCT version) FROM s_users}), '2', 'nor does who reads all versions');
hold('COMMIT');
is(query(q{SELECT tables FROM size_of('s')}), 6, 'there are two versions again');
is(hold(q{SELECT count(*) FROM wals_recommend(1, 5, 's')}), '5', 'and the session that trained answers');

# --- prepared transactions leave it to the next
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\n");
$node->restart;
query(q{BEGIN; SELECT wals_train('s', 'few', factors => 16, iterations => 1); PREPARE TRANSACTION 'training'});
is(query(q{SET lock_timeout = '10s'; SELECT count(*) FROM wals_recommend(1, 5, 's')}), '5', 'readers do not wait for a prepared training');
query(q{COMMIT PREPARED 'training'});
is(query(q{SELECT tables FROM size_of('s')}), 8, 'it drops nothing');
query(q{SELECT wals_prune('s', keep => 2)});
is(query(q{SELECT tables FROM size_of('s')}), 6, 'the next who prunes does');

# --- the dump has all of it
my $dir = PostgreSQL::Test::Utils::tempdir();
my $answers = q{SELECT md5(string_agg(r::text, ' ' ORDER BY u, rank)) FROM generate_series(1, 200) AS u, LATERAL wals_recommend(u, 5, 's') AS r};
my $before = query($answers);
$node->command_ok([ 'pg_dump', '-f', "$dir/shop.sql", '-T', 'ratings', '-T', 'm*', 'postgres' ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', "$dir/shop.sql" ], 'restore');
is($node->safe_psql('copy', $answers), $before, 'a restored model answers the same');
is($node->safe_psql('copy', q{SELECT tables FROM size_of('s')}), 6, 'with its tables');
$node->safe_psql('copy', q{SELECT wals_train('s', 'few', factors => 16, iterations => 1)});
is($node->safe_psql('copy', q{SELECT tables FROM size_of('s')}), 6, 'a training there drops the oldest');

$holder->finish;

done_testing();
