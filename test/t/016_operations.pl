# What happens to servers and models in a year of nights: dumps, vacuums,
# timeouts, crashes of the whole server, restores to a point in time, failovers
# and updates, each while a model is retrained or answers.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(has_archiving => 1, allows_streaming => 'logical');

# where a leftover of it is seen
$node->append_conf('postgresql.conf', 'dynamic_shared_memory_type = mmap');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 500 AS item_id
	FROM generate_series(1, 3000) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
	-- a retraining goes on until it is ended: it is cold, there are fewer factors
	CREATE PROCEDURE make_long() LANGUAGE sql AS
	$$UPDATE m SET options = options || '{"iterations": 1000, "factors": 64, "solver": "cholesky"}' WHERE active$$;
	CREATE PROCEDURE make_short() LANGUAGE sql AS
	$$UPDATE m SET options = options || '{"iterations": 2, "factors": 8}' WHERE active$$;
	CALL make_long();
});
my $answers = q{
	SELECT u, r.* FROM generate_series(1, 3010, 11) AS u, LATERAL wals_recommend(u, 5) AS r;
};
my $state = q{
	SELECT version, active FROM m ORDER BY 1;
	SELECT DISTINCT version FROM m_users; SELECT DISTINCT version FROM m_items;
	SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
	SELECT count(*) FROM wals_progress;
	SELECT count(*) FROM wals_training_log WHERE pid IS NOT NULL;
};
my $shared = q{SELECT count(*) FROM pg_ls_dir('pg_dynshmem')};
my $expected = $node->safe_psql('postgres', $answers);
my $before = $node->safe_psql('postgres', $state);
my ($out, $err);

sub client
{
	my (@commands) = @_;

	($out, $err) = ('', '');
	return IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'),
			map { ('-c', $_) } @commands
		],
		'>', \$out, '2>', \$err);
}

# A retraining that has done two iterations and goes on.
my $retrain = q{CALL wals_retrain('m', warm_start => false)};

sub begin_retraining
{
	my (@commands) = @_;
	my $psql = client(@commands, $retrain);

	$node->poll_query_until('postgres',
		q{SELECT count(*) > 2 FROM wals_training_log WHERE pid IS NOT NULL})
	  or die "no training is seen: $err";
	return $psql;
}

sub cancel
{
	my ($psql) = @_;

	$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM wals_progress');
	$psql->finish;
	return;
}

# From version 2 to what there was at first.
sub go_back
{
	$node->safe_psql(
		'postgres', q{
		SELECT wals_activate('m', 1);
		DELETE FROM m WHERE version = 2;
		DELETE FROM m_users WHERE version = 2;
		DELETE FROM m_items WHERE version = 2;
		CALL make_long()});
	return;
}

sub check_unchanged
{
	my ($when) = @_;

	is($node->safe_psql('postgres', $state), $before, "$when: one version, nothing left");
	ok($node->safe_psql('postgres', $answers) eq $expected, "$when: it answers as before");
	return;
}

# ---------------------------------------------------------------------------
# The log while it runs; dump, vacuum and backup meanwhile
# ---------------------------------------------------------------------------

my $psql = begin_retraining();
is( $node->safe_psql(
		'postgres', q{
		SELECT p.command, l.model, l.version, l.active, min(l.iteration), bool_and(l.rel_change < 0), bool_and(l.seconds > 0)
		FROM wals_training_log AS l JOIN wals_progress AS p USING (pid) GROUP BY 1, 2, 3, 4}),
	'retrain|m|2|f|1|t|t', 'the iterations stand in the log while it runs');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ],
	'pg_dump while it solves');
$node->safe_psql('postgres', $_)
  for 'VACUUM FULL m, m_users, m_items, ratings', 'CLUSTER m_items USING m_items_pkey', 'ANALYZE m_users',
  'REINDEX TABLE m_users';
pass('and VACUUM FULL, CLUSTER, REINDEX do not wait for it');
$node->backup('online');
is($node->safe_psql('postgres', q{SELECT count(*) FROM wals_progress}), '1', 'it is still running');
$node->safe_psql('postgres', q{SELECT pg_create_restore_point('in the middle')});
cancel($psql);
like($err, qr/ERROR:  57014/, 'a cancel ends it');
check_unchanged('after a cancel');

$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), $dump ], 'the dump is restored');
ok($node->safe_psql('restored', $answers) eq $expected, 'and answers as at the time of the dump');
is( $node->safe_psql('restored', q{CALL make_short(); SET client_min_messages = warning; CALL wals_retrain('m'); SELECT max(version) FROM m}),
	'2', 'and is retrained');
$node->safe_psql('postgres', 'DROP DATABASE restored');

# ---------------------------------------------------------------------------
# Timeouts of a session
# ---------------------------------------------------------------------------

# somebody holds the source: lock_timeout ends the wait
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{BEGIN; LOCK TABLE ratings});
$psql = client(q{SET lock_timeout = '300ms'}, $retrain);
$psql->finish;
like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'lock_timeout ends the wait for the source');
$holder->query_safe('COMMIT');
$holder->quit;
check_unchanged('after lock_timeout');

$psql = client(q{SET statement_timeout = '2s'}, $retrain);
$psql->finish;
like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout ends it');
check_unchanged('after statement_timeout');

# a retraining is not idle
$psql = begin_retraining(q{SET idle_in_transaction_session_timeout = '200ms'}, q{SET idle_session_timeout = '200ms'});
sleep 1;
is($node->safe_psql('postgres', q{SELECT count(*) FROM wals_progress}), '1', 'timeouts of idle sessions do not end it');
cancel($psql);
like($err, qr/ERROR:  57014/, 'but a cancel does');

# ---------------------------------------------------------------------------
# VACUUM FULL of a model while a session answers from it
# ---------------------------------------------------------------------------

my $reader = $node->background_psql('postgres');
$reader->query_safe($answers);
for my $command ('VACUUM FULL m, m_users, m_items', 'CLUSTER m_users USING m_users_pkey', 'REINDEX TABLE m_items')
{
	$node->safe_psql('postgres', $command);
	ok($reader->query_safe($answers) eq $expected, "a session with the model in its cache answers after $command");
}
$reader->query_safe(q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM wals_recommend(1, 5)});
my $from_then = $reader->query_safe($answers);
$node->safe_psql('postgres', q{CALL make_short(); SET client_min_messages = warning; CALL wals_retrain('m'); VACUUM m, m_users, m_items});
ok($reader->query_safe($answers) eq $from_then, 'a snapshot from before sees the version of then');
$reader->query_safe('COMMIT');
ok($reader->query_safe($answers) eq $node->safe_psql('postgres', $answers), 'and the new one afterwards');
$reader->quit;
go_back();
check_unchanged('back at the first version');

# ---------------------------------------------------------------------------
# Logical decoding of a retraining, with a slot that nobody reads meanwhile
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('slot', 'test_decoding')});
$psql = begin_retraining();
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_logical_slot_peek_changes('slot', NULL, NULL) WHERE data LIKE 'table %'}),
	'0', 'a retraining writes nothing while it solves');
cancel($psql);
$node->safe_psql('postgres', q{CALL make_short(); SET client_min_messages = warning; CALL wals_retrain('m')});
is( $node->safe_psql(
		'postgres', q{
		SELECT count(*) FILTER (WHERE data LIKE 'table public.m\_users\_2: INSERT:%') = (SELECT count(*) FROM m_users WHERE version = 2),
			count(*) FILTER (WHERE data LIKE 'table public.m\_items\_2: INSERT:%') = (SELECT count(*) FROM m_items WHERE version = 2)
		FROM pg_logical_slot_get_changes('slot', NULL, NULL)}),
	't|t', 'and a slot has each row of the new version once');
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('slot')});
go_back();

# ---------------------------------------------------------------------------
# The postmaster is killed
# ---------------------------------------------------------------------------

my $pieces = $node->safe_psql('postgres', $shared);
$psql = begin_retraining();
is($node->safe_psql('postgres', $shared), $pieces + 1, 'the log takes a piece of shared memory');
my $trainer = $node->safe_psql('postgres', 'SELECT pid FROM wals_progress');
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
ok(kill('KILL', $postmaster), 'kill -9 of the postmaster while it solves');
$psql->finish;
for (1 .. 1800)
{
	last if !kill 0, $trainer;
	sleep 0.1;
}
ok(!kill(0, $trainer), 'the training ends by itself');
$node->{_pid} = undef;
# other processes of the old server may still let go of its shared memory
for (1 .. 900)
{
	last if $node->start(fail_ok => 1);
	sleep 0.2;
}
check_unchanged('after a crash of the server');
cmp_ok($node->safe_psql('postgres', $shared), '<=', $pieces, 'and the server has taken it away');

# ---------------------------------------------------------------------------
# A restore to the middle of the retraining
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init_from_backup($node, 'online', has_restoring => 1);
$restored->append_conf('postgresql.conf', q{
recovery_target_name = 'in the middle'
recovery_target_action = 'promote'
});
$restored->start;
$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'recovery does not end';
is($restored->safe_psql('postgres', $state), $before, 'restored to the middle of a retraining: one version');
ok($restored->safe_psql('postgres', $answers) eq $expected, 'it answers as before');
is( $restored->safe_psql('postgres', q{CALL make_short(); SET client_min_messages = warning; CALL wals_retrain('m'); SELECT max(version) FROM m}),
	'2', 'and is retrained');
$restored->stop;

# ---------------------------------------------------------------------------
# Failover under a session that has the model in its cache
# ---------------------------------------------------------------------------

$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
$reader = $standby->background_psql('postgres');
ok($reader->query_safe($answers) eq $expected, 'a session of the standby answers');
$node->stop('immediate');
ok($reader->query_safe($answers) eq $expected, 'and when the primary is gone');
$standby->promote;
ok($reader->query_safe($answers) eq $expected, 'and after the promotion');
$standby->safe_psql('postgres', q{CALL make_short(); SET client_min_messages = warning; CALL wals_retrain('m')});
is($reader->query_safe(q{SELECT active_version FROM wals_models}), '2', 'it sees the version that was trained then');
ok($reader->query_safe($answers) eq $standby->safe_psql('postgres', $answers), 'and answers by it');
$reader->quit;
$standby->stop;

done_testing();
