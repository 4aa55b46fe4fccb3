# Finding a server and installing what is missing, as test/lib.sh does it for
# demo/run, test/run and the benchmarks, on machines that are not as they should
# be.  A machine is a folder here, with stand-ins for apt-get and its like
# (test/data/machine); test/fresh does it with real ones.
use strict;
use warnings;
use Cwd qw(getcwd);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $root = getcwd();
my $stubs = "$root/test/data/machine";
plan skip_all => 'not in the source tree' unless -d $stubs;
plan skip_all => 'needs apt-get of an ordinary user' if $> == 0;

# whoever runs this in the background may have them ignored
$SIG{INT} = $SIG{PIPE} = 'DEFAULT';

my $folder;
my $machines = 0;

# A new machine with servers: '15 headers', '18'.
sub machine
{
	$folder = PostgreSQL::Test::Utils::tempdir() . '/machine' . $machines++;
	mkdir $_ or die "$_: $!"
	  foreach $folder, map { "$folder/$_" } qw(servers headers state clusters temp);
	local $ENV{MACHINE} = $folder;
	system("$stubs/server", split ' ') == 0 or die foreach @_;
	return;
}

# Begin a script in bash that uses lib.sh, on the machine; %is is its
# environment.
sub start
{
	my ($script, $out, $err, %is) = @_;
	my $text = qq{
		set -u
		root='$root'
		. "\$root/test/lib.sh"
		debian_servers=$folder/servers
		debian_state=$folder/state
		debian_clusters=$folder/clusters
		$script};

	return IPC::Run::start(
		[ 'setsid', '-w', 'env', "MACHINE=$folder", "TMPDIR=$folder/temp", 'PG_CONFIG=', "PATH=$stubs:/usr/bin:/bin",
			(map { "$_=$is{$_}" } keys %is), 'bash', '-c', $text, "$root/demo/run" ],
		'<', \undef, '>', $out, '2>', $err);
}

sub run_lib
{
	my ($script, %is) = @_;
	my ($out, $err) = ('', '');
	my $run = start($script, \$out, \$err, %is);

	$run->finish;
	return ($run->full_result(0) >> 8, $out, $err);
}

sub asked
{
	return -e "$folder/asked" ? slurp_file("$folder/asked") : '';
}

sub left
{
	return join ' ', map { s/^\Q$folder\E\///r } glob "$folder/temp/* $folder/clusters/*";
}

my $install = 'scrub_environment; install_missing programs; echo "$pg_config $pg_major"';

# --- which server
machine('15 headers', '17 headers', '18');
my ($status, $out, $err) = run_lib($install);
is($out, "$folder/servers/17/bin/pg_config 17\n", 'the newest server with headers is taken')
  or diag($err);
is(asked(), '', 'and nothing is installed');

machine('15', '17');
($status, $out, $err) = run_lib($install);
is($status, 0, 'a server without headers') or diag($err);
like(asked(), qr/^\S.* install postgresql-server-dev-17$/m, 'they are installed');
like($out, qr/17\n\z/, 'and it is taken');
unlike(asked(), qr/ postgresql-17/, 'no server is installed');

machine('14 headers');
($status, $out, $err) = run_lib($install, OFFERED => '9 14 15 16');
is($status, 0, 'a server that is too old') or diag($err);
like(asked(), qr/ install .*postgresql-16 postgresql-server-dev-16$/m, 'the newest is installed beside it');

# --- PG_CONFIG
machine('17 headers', '18');
rename "$folder/servers", "$folder/elsewhere" or die;
system('sed', '-i', "s,$folder/servers,$folder/elsewhere,", glob "$folder/elsewhere/*/bin/pg_config") == 0 or die;
($status, $out, $err) = run_lib($install, PG_CONFIG => "$folder/elsewhere/18/bin/pg_config");
is($status, 1, 'PG_CONFIG of a server without headers');
like($err, qr{no $folder/headers/18/postgres\.h\b.*^    sudo apt-get install postgresql-server-dev-18$}ms,
	'the message says what is missing and the command');
is(asked(), '', 'nothing is installed');
($status, $out, $err) = run_lib($install, PG_CONFIG => "$folder/elsewhere/17/bin/pg_config");
is($out, "$folder/elsewhere/17/bin/pg_config 17\n", 'PG_CONFIG of one that has them');

# --- installing
machine();
($status, $out, $err) = run_lib($install, UPDATE_STATUS => 100);
is($status, 0, 'an archive that is broken') or diag($err);
like($out, qr/^    apt-get update had errors/m, 'is told');
like($out, qr/17\n\z/, 'and does not keep us from the others');
like($out, qr/^    237 MB to download, 1,105 MB of disk; /m, 'the size is told before');
like($out, qr/(    downloading [2468]0 %\n){4}(    installing \d+ %\n){5}/, 'and how far it is');
is(slurp_file("$folder/guards"), "wals-no-main.conf\n", 'no cluster is made by the package');
is(left(), '', 'nothing is left behind');

machine();
($status, $out, $err) = run_lib($install, INSTALL_STATUS => 100);
is($status, 1, 'installing fails');
like($err, qr/Unable to locate package.*could not install/s, 'with the messages of apt-get');
is(left(), '', 'nothing is left behind');

# --- interrupted, by the keys that interrupt apt-get too, which goes on
machine();
($out, $err) = ('', '');
my $run = start("trap 'echo ended' EXIT; $install", \$out, \$err, SLOW => 1);
while (!-e "$folder/installing")
{
	$run->pump_nb;
	sleep 0.01;
}
my ($pid) = map { $_->{PID} } $run->{KIDS}[0];
kill 'INT', -$pid;
append_to_file("$folder/go_on", '');
$run->finish;
is($run->full_result(0) >> 8, 130, 'interrupted while apt-get works');
unlike($out, qr/pg_config/, 'it does not go on');
like($out, qr/installing 100 %\nended\n\z/, 'waits for apt-get, and ends');
is($err, '', 'without a word');
is(left(), '', 'nothing is left behind');

# --- what people can do themselves
machine();
($status, $out, $err) = run_lib($install, OFFERED => '11 13');
is($status, 1, 'a release that is too old');
like($err, qr{^    sudo apt-get install -y postgresql-common .*^    sudo /usr/share/postgresql-common/pgdg/apt\.postgresql\.org\.sh$}ms,
	'the commands that help');
unlike(asked(), qr/ install postgresql/, 'nothing is installed');

machine();
($status, $out, $err) = run_lib($install, NO_SUDO => 1);
is($status, 1, 'a user who may not install');
like($err, qr/^    apt-get update\n    apt-get install --no-install-recommends .*postgresql-17 postgresql-server-dev-17$/m,
	'the commands for an administrator');
is(asked(), '', 'nothing is tried');

# --- folders
machine();
($status, $out, $err) = run_lib('scrub_environment; command -v runuser', PATH => "$stubs:/usr/bin:/bin");
is($status, 0, 'a PATH without sbin');

# what chmod does not make executable stands for a file system mounted noexec
my $noexec = 'chmod() { case $2 in /var/tmp/wals-probe.*) command chmod "$@" ;; esac; };';
($status, $out, $err) = run_lib("$noexec scrub_environment");
is($status, 1, 'TMPDIR is mounted noexec');
like($err, qr{$folder/temp.*noexec.*TMPDIR=/var/tmp demo/run}s, 'the message names another');
($status, $out, $err) = run_lib(qq{$noexec unset TMPDIR; scrub_environment; echo "\$temp"});
is($out, "/var/tmp\n", 'without TMPDIR, /var/tmp is taken instead of such a /tmp');

done_testing();
