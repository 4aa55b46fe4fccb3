# A large file of packed rows that is missing is made by a background worker: the
# call that asked may be cancelled, the file is made all the same.  Where a worker
# would see other rows, or cannot be had, the session makes it itself.
#
# The worker is made to wait by a debug point (src/base/debug.c).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Job;
use Session;
use Test::More;

my $node = debug_node();
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', 'max_connections = 40');
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE ROLE regress_wals_login LOGIN;
	CREATE ROLE regress_wals_reader;
	GRANT regress_wals_reader TO regress_wals_login;
	CREATE TABLE u AS SELECT u::bigint AS id, array_fill((u % 7)::real, '{64}') AS factors FROM generate_series(1, 20) AS u;
	CREATE TABLE i AS SELECT i::bigint AS id, array_fill((i % 11)::real, '{64}') AS factors FROM generate_series(1, 40000) AS i;
	SET client_min_messages = warning;
	SELECT wals_import('m', 'u', 'i');
	SELECT wals_import('m', 'u', 'i', keep_versions => 5);
	GRANT SELECT ON m, m_users, m_items TO regress_wals_reader;
});
my $folder = $node->data_dir . '/base/pgsql_tmp';
my $call = q{SELECT count(*) FROM wals_recommend(1, 3, 'm', exclude_seen => false)};
my $fetched = q{SELECT string_agg(loads || ' ' || opens, ',') FROM wals_cache_info() WHERE side = 'items'};

sub files
{
	my ($what, $in) = @_;

	return scalar(grep { m{/pgsql_tmp_wals_[0-9a-f_]+$what$} } glob(($in // $folder) . '/*'));
}

sub remove_files
{
	unlink glob("$folder/pgsql_tmp_wals_*");
	return;
}

# The worker waits from its start until it is let go.
sub hold
{
	my ($action) = @_;

	$node->safe_psql('postgres', "ALTER DATABASE postgres SET wals.debug_point = 'builder 1 $action'");
	return;
}

sub let_go
{
	$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET wals.debug_point');
	$node->reload;
	return;
}

my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'wals builder'};

sub session
{
	my ($role) = @_;
	my $session = Session->new(
		psql => $node->installed_command('psql'),
		connection => $node->connstr('postgres') . ($role ? " user=$role" : ''));

	return $session;
}

# A session that asks and waits for a held worker.
sub asker
{
	my (@role) = @_;
	my $session = session(@role);

	$session->send($call);
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Extension' AND wait_event IN ('Extension', 'WalsPack') FROM pg_stat_activity WHERE pid = "
		  . $session->backend)
	  or die 'it does not wait';
	return $session;
}

sub held
{
	$node->poll_query_until('postgres', "$workers AND wait_event_type = 'Extension'", '1')
	  or die 'there is no worker';
	return;
}

# --- the asker is cancelled, the work goes on ------------------------------------
remove_files();
hold('wait');
my $first = asker();
held();
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $first->backend . ')');
is($first->receive->{state}, '57014', 'who waits for a worker can be cancelled');
is($node->safe_psql('postgres', $workers), '1', 'the worker is still there');
is(files(''), 0, 'and has made nothing yet');
let_go();
$node->poll_query_until('postgres', $workers, '0') or die 'the worker does not end';
is(files(''), 1, 'there is a file when it has ended');
is(files('\.(?:lock|worker|\d+)'), 0, 'and nothing beside it');
my $second = session();
is($second->ask($call)->{rows}, "3\n", 'the next call is answered');
is($second->ask($fetched)->{rows}, "0 1\n", 'from the file');

# --- a line of askers: one worker, which is the first one's -------------------------
remove_files();
hold('wait');
my @line = map { asker() } 1 .. 3;
held();
my $locks = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE NOT granted OR locktype = 'advisory'});
is($locks, '0', 'nobody waits for a lock');
let_go();
is($_->receive->{rows}, "3\n", 'answered') for @line;
is($_->ask($fetched)->{rows}, "0 1\n", 'none has read the table') for @line;

# --- a worker that fails, or is ended ----------------------------------------------
remove_files();
hold('error');
my $alone = session();
$alone->ask("SET wals.debug_point = ''");
is($alone->ask($call)->{rows}, "3\n", 'answered though the worker has failed');
is($alone->ask($fetched)->{rows}, "1 0\n", 'the asker has made the file');
is(files(''), 1, 'there is one');
like(slurp_file($node->logfile), qr/debug point "builder"/, 'the log says why');
remove_files();
hold('wait');
my $third = asker();
held();
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'wals builder'});
is($third->receive->{rows}, "3\n", 'answered though the worker was ended');
is($third->ask($fetched)->{rows}, "1 0\n", 'by the asker');
is(files('\.(?:lock|worker|\d+)'), 0, 'nothing is left');
let_go();

# --- whose rights -------------------------------------------------------------------
remove_files();
hold('wait');
my $reader = session('regress_wals_login');
$reader->ask('SET ROLE regress_wals_reader');
$reader->send($call);
held();
is($node->safe_psql('postgres', q{SELECT usename FROM pg_stat_activity WHERE backend_type = 'wals builder'}),
	'regress_wals_login', 'it has connected as who has logged in');
# the role that asked, which the other one only belongs to
$node->safe_psql('postgres', 'REVOKE SELECT ON m_items FROM regress_wals_reader');
let_go();
$reader->receive;
is(files(''), 0, 'it reads with the rights of the role that asked');
is($reader->ask($call)->{state}, '42501', 'as does the asker');
$node->safe_psql('postgres', 'GRANT SELECT ON m_items TO regress_wals_reader');
is($reader->ask($call)->{rows}, "3\n", 'answered');
is($reader->ask($fetched)->{rows} =~ s/^\d+ //r, "1\n", 'from a file of the worker');

# --- what only the asker sees ---------------------------------------------------------
remove_files();
hold('error');
my $own = session();
$own->ask("SET wals.debug_point = ''");
my $log = -s $node->logfile;
$own->ask('BEGIN; DELETE FROM m_items WHERE id > 2');
is($own->ask($call)->{rows}, "2\n", 'rows of the own transaction');
is(files(''), 0, 'are nobody else\'s');
$own->ask('ROLLBACK');
$own->ask(q{CREATE TEMP TABLE nobody (x int)});
unlike(slurp_file($node->logfile, $log), qr/debug point "builder"/, 'and no worker was asked');
let_go();
$own->ask('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM m');
$node->safe_psql('postgres', q{UPDATE m_items SET bias = bias + 1 WHERE id = 1});
is($own->ask($call)->{rows}, "3\n", 'an older snapshot is answered');
is($own->ask($fetched)->{rows} =~ s/ \d+$//r, "2\n", 'by itself');
$own->ask('COMMIT');
is($node->safe_psql('postgres', $call), '3', 'others');
$node->safe_psql('postgres', q{
	ALTER TABLE m_items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY p ON m_items TO regress_wals_reader USING (id < 3)});
remove_files();
is($reader->ask($call)->{rows}, "2\n", 'row security restricts');
is(files(''), 0, 'and makes no file');
$node->safe_psql('postgres', 'ALTER TABLE m_items DISABLE ROW LEVEL SECURITY');

# --- damaged rows -------------------------------------------------------------------------
remove_files();
$node->safe_psql('postgres', q{UPDATE m_items SET bias = 'NaN' WHERE id = 7});
my $damaged = session()->ask($call);
is($damaged->{state}, 'XX001', 'the asker meets what the worker has met');
like($damaged->{text}, qr/bias is not finite/, 'in full');
is(files(''), 0, 'there is no file');
is(files('\.(?:lock|worker|\d+)'), 0, 'and nothing is left');
$node->safe_psql('postgres', q{UPDATE m_items SET bias = 0 WHERE id = 7});

# --- a lock the asker holds is in the worker's way ------------------------------------------
remove_files();
my $holder = session();
$holder->ask('BEGIN; LOCK TABLE m IN ACCESS EXCLUSIVE MODE; LOCK TABLE m_items IN ACCESS EXCLUSIVE MODE');
is($holder->ask($call)->{rows}, "3\n", 'answered by who holds all locks');
$holder->ask('ROLLBACK');

# --- a standby, and a server without workers ---------------------------------------------------
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby',
	$ENV{WALS_DEBUG_INSTALL} ? (install_path => $ENV{WALS_DEBUG_INSTALL}) : ());
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "$call; $fetched"), "3\n0 1", 'a worker on a standby');
is(files('', $standby->data_dir . '/base/pgsql_tmp'), 1, 'has made its file');
$standby->stop;

remove_files();
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
is($node->safe_psql('postgres', "$call; $fetched"), "3\n1 0", 'without workers a session does it');
is(files(''), 1, 'and makes the file');
$node->stop;

done_testing();
