# A server process has one thread, before, between and after trainings; OpenBLAS
# is loaded by those who train only, and its absence is explained.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs /proc of Linux' unless -e '/proc/self/task';

delete @ENV{qw(OPENBLAS_NUM_THREADS OPENBLAS_CORETYPE)};

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 200 AS item_id
	FROM generate_series(1, 2000) AS u, generate_series(1, 20) AS i;
	CREATE FUNCTION threads() RETURNS bigint LANGUAGE sql
	AS $$SELECT count(*) FROM pg_ls_dir('/proc/self/task')$$;
	CREATE FUNCTION maps(library text) RETURNS boolean LANGUAGE sql
	AS $$SELECT pg_read_file('/proc/self/maps', 0, 10000000) LIKE '%' || library || '%'$$;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2);
});

# Run statements in one session; returns what they print.
sub session
{
	my ($sql, %options) = @_;
	my ($out, $err);

	$node->psql(
		'postgres', "SET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		%options);
	return ($out =~ s/\n/ /gr, $err);
}

my ($out, $err) = session(
	q{
	SELECT threads(), maps('wals'), maps('openblas');
	LOAD 'wals';
	SELECT threads(), maps('wals'), maps('openblas');
	SELECT count(*) FROM wals_recommend(1, 3);
	SELECT count(*) FROM wals_popular(3);
	SELECT wals_score(1, 1) IS NOT NULL;
	SELECT count(*) FROM wals_models;
	SELECT threads(), maps('wals'), maps('openblas');});
is($out, '1|f|f 1|t|f 3 3 t 1 1|t|f', 'recommending takes one thread and no OpenBLAS');
is($err, '', 'and no error');

($out, $err) = session(
	q{
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2);
	SELECT threads(), maps('wals'), maps('openblas');
	SELECT count(*) FROM wals_recommend(1, 3);
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2, feedback => 'explicit', value_col => 'item_id');
	SELECT threads();});
is($out, '2 1|t|t 3 3 1', 'after training there is one thread');
is($err, '', 'and no error');

($out) = session(q{
	SELECT value ~ '^OpenBLAS' FROM wals_info() WHERE name = 'blas';
	SELECT threads();});
is($out, 't 1', 'wals_info loads it without a thread');

# loading changes the environment and puts it back
(undef, $err) = session(q{
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2) > 0;
	COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; ! env | grep OPENBLAS';});
is($err, '', 'programs the session starts do not see what it was loaded with');

# without the library
($out, $err) = session(
	q{
	SET wals.blas_library = '/nonexistent/libopenblas.so';
	SELECT wals_train('m', 'ratings');
	SELECT value ~ '^not loaded: .*/nonexistent' FROM wals_info() WHERE name = 'blas';
	SELECT count(*) FROM wals_recommend(1, 3);
	RESET wals.blas_library;
	SELECT wals_train('m', 'ratings', factors => 32, iterations => 2) > 0;});
is($out, 't 3 t', 'without OpenBLAS one can recommend, and train once it is there');
like($err, qr/ERROR:  could not load OpenBLAS\nDETAIL:  .*nonexistent.*\nHINT:  .*apt-get install libopenblas0/, 'its absence is explained');
(undef, $err) = session(
	q{
	\set VERBOSITY sqlstate
	SET wals.blas_library = '/nonexistent/libopenblas.so';
	SELECT wals_train('m', 'ratings');});
like($err, qr/ERROR:  58P01/, 'with SQLSTATE 58P01');

# something else in its place
for my $file ('/dev/null', '/proc/self/status', '/tmp', 'libm.so.6', '')
{
	my $expected = $file eq '' ? '' : qr/ERROR:  could not load OpenBLAS\nDETAIL:  \S.*\nHINT:/;

	(undef, $err) = session(
		qq{
		SET wals.blas_library = '$file';
		SELECT wals_train('m', 'ratings', factors => 3, iterations => 1);});
	$file eq '' ? is($err, '', 'no name means the usual ones')
	  : like($err, $expected, "$file in its place");
}

# Naming the library means running its code as the server, so only a superuser
# may; also before wals is loaded, when the server takes any name for a setting.
$node->safe_psql(
	'postgres', q{
	CREATE ROLE somebody LOGIN;
	CREATE SCHEMA somebody AUTHORIZATION somebody;
	GRANT SELECT ON ratings TO somebody});
my $evil = '/nonexistent/evil.so';
my $use = q{
	SELECT wals_train('somebody.m', 'ratings', factors => 3, iterations => 1) > 0;
	SELECT current_setting('wals.blas_library') = '';};
for my $case (
	[ 'after loading', 'SELECT wals_version();' ],
	[ 'before loading', '' ])
{
	my ($when, $load) = @$case;

	($out, $err) = session("SET ROLE somebody; $load SET wals.blas_library = '$evil'; $use");
	like($out, qr/t t$/, "set $when by an ordinary user: not used");
	like($err, qr/permission denied to set parameter "wals.blas_library"/, "set $when by an ordinary user: refused");
}
{
	local $ENV{PGOPTIONS} = "-c wals.blas_library=$evil -c client_min_messages=error";
	my ($rc, $there, $error) = $node->psql(
		'postgres', $use,
		extra_params => [ '-U', 'somebody' ],
		on_error_stop => 0);
	is("$there$error", "t\nt", 'set when connecting as an ordinary user: not used');
}
(undef, undef, $err) = $node->psql('postgres',
	q{SET ROLE somebody; ALTER ROLE somebody SET wals.blas_library = '/nonexistent/evil.so'});
like($err, qr/permission denied/, 'kept by an ordinary user for his role: refused');

# loaded early
for my $setting ('shared_preload_libraries', 'session_preload_libraries')
{
	$node->append_conf('postgresql.conf', "$setting = 'wals'");
	$node->restart;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my @tasks = glob("/proc/$postmaster/task/*");

	is(scalar(@tasks), 1, "$setting: the postmaster has one thread");
	($out, $err) = session(
		q{
		SELECT threads(), maps('wals'), maps('openblas');
		SELECT count(*) FROM wals_recommend(1, 3);
		SELECT wals_train('m', 'ratings', factors => 32, iterations => 2) > 0;
		SELECT threads();
		SET wals.typo = 1;});
	is($out, '1|t|f 3 t 1', "$setting: works the same");
	like($err, qr/invalid configuration parameter name "wals.typo"/, "$setting: misspelt settings are noticed");
	@tasks = glob("/proc/$postmaster/task/*");
	is(scalar(@tasks), 1, "$setting: the postmaster still has one thread");
	$node->adjust_conf('postgresql.conf', $setting, "''");
}
$node->stop;

done_testing();
