# Sessions share the rows of a version through a file: it is made once, private
# to the server, made anew when it is damaged or of another version, removed by
# the server when it starts, and nothing but a help.
use strict;
use warnings;

use Fcntl ':mode';
use FindBin;
use lib "$FindBin::RealBin/../perl";

use Crash;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nmax_connections = 40");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 500 AS item_id
	FROM generate_series(1, 600) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 16, iterations => 2);
	ALTER SYSTEM SET wals.cache_share = 'always';
	SELECT pg_reload_conf();
	CREATE ROLE regress_wals_reader;
	CREATE ROLE regress_wals_stranger;
	GRANT SELECT ON m, m_users, m_items TO regress_wals_reader;
});

my $folder = $node->data_dir . '/base/pgsql_tmp';

sub files
{
	my ($of) = @_;
	my @found = sort(glob(($of // $folder) . '/pgsql_tmp_wals_*'));

	return @found;
}

# What everybody answers, whatever lies in the folder.
my $answers = q{SELECT u, r.* FROM generate_series(1, 610) AS u,
	LATERAL wals_recommend(u, 10, 'm', exclude_seen => false, fold_in => 'never') AS r};
my $expected = $node->safe_psql('postgres', "SET wals.cache_share = 'never'; $answers");
cmp_ok(length($expected), '>', 50000, 'answers without a file');
is(scalar(files()), 0, 'no file was made for them');

# One call of a new session; its rows must be those expected.
sub answered
{
	my ($what) = @_;

	ok($node->safe_psql('postgres', $answers) eq $expected, "same answers $what");
	return;
}

# --- made once, used by others --------------------------------------------
answered('when the file is made');
my @files = files();
is(scalar(@files), 1, 'one file');
my @status = stat($files[0]);
is(S_IMODE($status[2]), 0600, 'readable for the server alone');
unlike($files[0], qr/\.\d+$/, 'under its final name');

my $first = $node->background_psql('postgres');
$first->query_safe('SELECT count(*) FROM wals_recommend(1, 3, $$m$$)');
answered('from the file');
is((stat($files[0]))[1], $status[1], 'the file was not made again');
my $maps = slurp_file('/proc/' . $first->query_safe('SELECT pg_backend_pid()') . '/maps')
	if -e '/proc/self/maps';
like($maps, qr/r--s .*pgsql_tmp_wals_/, 'a session has it mapped') if defined $maps;

# --- rights -----------------------------------------------------------------
my ($rc, $out, $err) = $node->psql('postgres', "SET ROLE regress_wals_stranger; $answers");
like($err, qr/permission denied/, 'a file gives no rights');
($rc, $out, $err) = $node->psql('postgres', "SET ROLE regress_wals_reader; $answers");
ok($out eq $expected, 'whoever may read the tables may use it');
$node->safe_psql('postgres', q{
	ALTER TABLE m_items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY p ON m_items TO regress_wals_reader USING (id < 100)});
$out = $node->safe_psql('postgres',
	"SET ROLE regress_wals_reader; SELECT max(r.item_id) FROM ($answers) AS r");
cmp_ok($out, '<', 100, 'row security holds beside a file');
unlink files();
$node->safe_psql('postgres', "SET ROLE regress_wals_reader; $answers");
is(scalar(files()), 0, 'whom row security restricts makes none');
answered('for the owner');
is(scalar(files()), 1, 'the owner makes one');
$out = $node->safe_psql('postgres',
	"SET ROLE regress_wals_reader; SELECT max(r.item_id) FROM ($answers) AS r");
cmp_ok($out, '<', 100, 'and the restricted one does not use it');
$node->safe_psql('postgres', 'ALTER TABLE m_items DISABLE ROW LEVEL SECURITY');

# --- damage -----------------------------------------------------------------
my $good = slurp_file((files())[0]);
my %damage = (
	'empty' => '',
	'cut in its header' => substr($good, 0, 50),
	'cut behind' => substr($good, 0, length($good) - 64),
	'longer' => $good . ("\0" x 4096),
	'all zeros' => "\0" x length($good),
	'of another kind' => 'x' . substr($good, 1));
for my $what (sort keys %damage)
{
	my ($file) = files();

	unlink $file;
	append_to_file($file, $damage{$what});
	chmod 0600, $file;
	chown((stat $folder)[4, 5], $file);
	answered("with a file that is $what");
	ok(slurp_file((files())[0]) eq $good, "made anew: $what");
}
{
	my ($file) = files();

	# in place, behind the header, which is as it was
	open(my $out, '+<', $file) or die "$file: $!";
	seek($out, 4096, 0);
	print $out "\xFF" x (length($good) - 4096);
	close $out;
	answered('with a file that was changed in place');
	ok(slurp_file((files())[0]) eq $good, 'made anew: changed in place');
}
{
	my ($file) = files();

	chmod 0644, $file;
	answered('with a file that everybody may read');
	is(S_IMODE((stat((files())[0]))[2]), 0600, 'made anew: mode');
}
unlink files();
answered('when it was deleted');
is($first->query_safe('SELECT count(*) FROM wals_recommend(1, 3, $$m$$)'), 3,
	'a session that has it mapped goes on');

# --- versions ---------------------------------------------------------------
$node->safe_psql('postgres',
	q{SET client_min_messages = warning; SELECT wals_train('m', 'ratings', factors => 8, iterations => 2, seed => 3)});
is(scalar(files()), 2, 'it has its file before anybody asks, beside that of the old one');
my $second = $node->safe_psql('postgres', $answers);
ok($second ne $expected, 'a new version answers');
is(scalar(files()), 2, 'from that file');
$node->safe_psql('postgres', q{SELECT wals_activate('m', 1)});
answered('of the old version, active again');
is($first->query_safe('SELECT count(*) FROM wals_recommend(1, 3, $$m$$)'), 3,
	'in a session that has seen all of them');

# rows read again once the table has other rows, not when it was analyzed
my $inode = (stat((files())[0]))[1];
$node->safe_psql('postgres', 'VACUUM ANALYZE m_items');
answered('after VACUUM');
is((stat((files())[0]))[1], $inode, 'VACUUM leaves the file alone');
$node->safe_psql('postgres', q{CREATE TABLE kept AS TABLE m_items; TRUNCATE m_items;
	CREATE FUNCTION said(query text) RETURNS text LANGUAGE plpgsql AS
	$$BEGIN EXECUTE query; RETURN 'nothing'; EXCEPTION WHEN object_not_in_prerequisite_state THEN RETURN SQLERRM; END$$});
like(($node->psql('postgres', $answers))[2], qr/model "m" has no factors/, 'an emptied table has no items');
is($first->query_safe(q{SELECT said('SELECT wals_recommend(1, 3, ''m'')')}), 'model "m" has no factors',
	'nor for a session that knew them');
$node->safe_psql('postgres', 'INSERT INTO m_items SELECT * FROM kept; VACUUM FULL m_items');
answered('when the rows are back');

# --- two at once -------------------------------------------------------------
unlink files();
$node->pgbench(
	'--no-vacuum --client=8 --jobs=2 --transactions=20 --connect', 0,
	[qr/processed: 160\/160/], [qr/^$/], 'many new sessions at once',
	{ '020_recommend' => q{SELECT count(*) FROM wals_recommend(1, 10, 'm')} });
is(scalar(files()), 1, 'they share one file');
is(scalar(grep { /\.\d+$/ } files()), 0, 'and leave no other');

# --- what was opened longest ago makes room ------------------------------------
$node->safe_psql('postgres', q{
	SET client_min_messages = warning;
	SELECT wals_train(m, 'ratings', factors => 16, iterations => 1)
	FROM (VALUES ('a'), ('b'), ('c')) AS x(m)});

# The file of a model, and a call that makes or opens it.
sub file_of
{
	my ($model) = @_;
	my $oid = $node->safe_psql('postgres', "SELECT '${model}_items'::regclass::oid");

	return (glob("$folder/pgsql_tmp_wals_*_${oid}_*"))[0];
}

sub ask
{
	my ($model, $limit) = @_;

	$node->safe_psql('postgres',
		"SET wals.cache_file_limit = '$limit'; SELECT count(*) FROM wals_recommend(1, 3, '$model')");
	return;
}

# Which of the three have a file once c has one, a and b having been used some
# seconds ago and a session having asked for model $2 since.
sub left_by
{
	my ($limit, $asked, %seconds) = @_;

	unlink files();
	ask($_, -1) for 'a', 'b';
	utime(time - $seconds{$_}, time - $seconds{$_}, file_of($_)) for 'a', 'b';
	ask($asked, -1) if defined $asked;
	ask('c', $limit);
	return join(' ', grep { defined file_of($_) } 'a', 'b', 'c');
}
unlink files();
ask('a', -1);
my $kilobytes = int((-s file_of('a')) / 1024) + 1;
my ($one, $two, $three) = map { $_ * $kilobytes . 'kB' } 1 .. 3;
is(left_by($three, undef, a => 200, b => 100), 'a b c', 'room for three');
is(left_by($two, undef, a => 200, b => 100), 'b c', 'room for two, a is older');
is(left_by($two, undef, a => 100, b => 200), 'a c', 'room for two, b is older');
is(left_by($two, 'a', a => 200, b => 100), 'a c', 'opening a file makes it younger');
is(left_by($one, undef, a => 200, b => 100), 'c', 'room for one');
is(left_by(-1, undef, a => 200, b => 100), 'a b c', 'no limit');
$node->safe_psql('postgres', q{SELECT wals_drop(m::regclass) FROM (VALUES ('a'), ('b'), ('c')) AS x(m)});
is(scalar(files()), 0, 'none is left by dropped models');

# --- limit and failures -------------------------------------------------------
unlink files();
($rc, $out, $err) = $node->psql('postgres', "SET wals.cache_file_limit = '8kB'; $answers");
ok($out eq $expected, 'answers without room for a file');
like($err, qr/WARNING:.*wals\.cache_file_limit/, 'but says so');
is(scalar(files()), 0, 'and makes none');
rmdir $folder;
append_to_file($folder, 'in the way');
($rc, $out, $err) = $node->psql('postgres', $answers);
ok($out eq $expected, 'answers when no file can be written');
like($err, qr/WARNING:  could not write file/, 'but says so');
unlink $folder;

# --- idle sessions let go ------------------------------------------------------
SKIP:
{
	skip 'no /proc', 7 unless -e '/proc/self/maps';
	my $idle = $node->background_psql('postgres', on_error_stop => 0);
	my $maps = '/proc/' . $idle->query_safe('SELECT pg_backend_pid()') . '/maps';
	my $call = q{SELECT count(*) FROM wals_recommend(1, 3, 'm')};

	# Wait until nothing is mapped.
	my $let_go = sub
	{
		my $count = 0;

		for my $try (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
		{
			$count = () = slurp_file($maps) =~ /pgsql_tmp_wals_/g;
			last if $count == 0;
			usleep(100_000);
		}
		return $count == 0;
	};
	$idle->query($call);
	like(slurp_file($maps), qr/pgsql_tmp_wals_/, 'a session has a file mapped');
	$idle->query(q{SET wals.cache_idle_timeout = '1ms'});
	$idle->query($call);
	# the clock runs with the old time until the transaction fails
	$idle->query("BEGIN; $call; SELECT 1 / 0; ROLLBACK");
	ok($let_go->(), 'it lets go of it when it has been idle for a while');
	is($idle->query($call), 3, 'it maps the file again');
	is( $idle->query(q{BEGIN; DECLARE c CURSOR FOR SELECT wals_recommend_all_bigint(3, 'm');
		MOVE 5 IN c; SELECT pg_sleep(0.05); MOVE ALL IN c; COMMIT; SELECT 'same'}) =~ s/\s+//gr,
		'same', 'in a transaction it keeps it');
	ok($let_go->(), 'until that has ended');
	$idle->query('SET wals.cache_idle_timeout = 0');
	$idle->query($call);
	unlink files();
	like(slurp_file($maps), qr/pgsql_tmp_wals_.*deleted/, 'it holds a removed file');
	$idle->query(q{SET client_min_messages = error; SELECT wals_train('other', 'ratings', factors => 16, iterations => 1)});
	$idle->query(q{SELECT count(*) FROM wals_recommend(1, 3, 'other')});
	unlike(slurp_file($maps), qr/pgsql_tmp_wals_.*deleted/, 'until it opens another one');
	$idle->query(q{SELECT wals_drop('other')});
	$idle->quit;
}

# --- a dropped model ----------------------------------------------------------
answered('again');
$node->safe_psql('postgres', q{BEGIN; SELECT wals_drop('m'); ROLLBACK});
answered('after a drop that was undone');
is(scalar(files()), 1, 'made anew');

# --- standby --------------------------------------------------------------------
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
my $there = $standby->data_dir . '/base/pgsql_tmp';
is(scalar(files($there)), 0, 'a base backup leaves the file out');
$standby->start;
$node->wait_for_catchup($standby);
for my $time (1, 2)
{
	ok($standby->safe_psql('postgres', $answers) eq $expected, "a standby answers, $time");
	is(scalar(files($there)), 1, 'and has a file of its own');
}
$standby->stop;

# --- crash and restart ------------------------------------------------------------
append_to_file("$files[0].12345", 'left by a crash');
kill_session($node, $first->query_safe('SELECT pg_backend_pid()'));
is(scalar(files()), 0, 'a crash restart removes all files');
answered('after the crash');
is(scalar(files()), 1, 'made anew');
eval { $first->{run}->finish; };
$node->stop('immediate');
is(scalar(files()), 1, 'still there when the server is down');
$node->start;
is(scalar(files()), 0, 'removed when it starts');
$node->safe_psql('postgres', "$answers; SELECT wals_drop('m')");
is(scalar(files()), 0, 'removed with its model');
$node->stop;

done_testing();
