# wals_selftest() sees what is wrong around it: a folder that cannot be written,
# threads that do not start.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION wals');

my $failed = q{SELECT name, detail FROM wals_selftest() WHERE NOT passed};
is($node->safe_psql('postgres', $failed), '', 'all is well');

my $folder = $node->data_dir . '/base/pgsql_tmp';
rename $folder, "$folder.away" or die "rename $folder: $!";
append_to_file($folder, '');
my ($out, $err);
$node->psql('postgres', $failed, stdout => \$out, stderr => \$err);
unlink $folder or die "unlink $folder: $!";
rename "$folder.away", $folder or die "rename $folder: $!";
like($out, qr/^shared files\|could not write "base\/pgsql_tmp\/.*: Not a directory$/, 'a folder that cannot be written is told');
is($err, '', 'and is no error');

# no address space for the stacks of threads
SKIP:
{
	skip 'needs prlimit', 1 if system('prlimit --version >/dev/null 2>&1') != 0;
	$node->psql(
		'postgres', q{
		SET wals.threads = 100;
		SELECT pg_backend_pid() AS pid \gset
		\setenv PID :pid
		\! prlimit --pid $PID --as=$(( ($(grep VmSize /proc/$PID/status | tr -dc 0-9) + 65536) * 1024 ))
		SELECT passed, detail LIKE '100 of%' AS all_started, detail ~ '^[0-9]+ of 100, ' FROM wals_selftest() WHERE name = 'threads'},
		stdout => \$out, stderr => \$err);
	is($out, 'f|f|t', 'threads that do not start are counted');
}
is($node->safe_psql('postgres', $failed =~ s/NOT passed/NOT passed AND name <> 'threads'/r), '', 'and all is well again');

$node->stop;

done_testing();
