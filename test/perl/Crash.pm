# Processes of a server that end, some without a word.
package Crash;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(kill_session kill_postmaster wait_for_end_of_sessions);

use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

# Kill one session, and wait until the server has restarted all others.  To
# connect proves nothing: before the postmaster has heard of the death, the old
# server still answers.
sub kill_session
{
	my ($node, $pid, $psql) = @_;
	my $offset = -s $node->logfile;
	my $start = time;

	kill('KILL', $pid) or die "kill: $!";
	$psql->finish if defined $psql;
	while (slurp_file($node->logfile, $offset) !~ /database system is ready to accept connections/)
	{
		die 'the server did not come back' if time - $start > $PostgreSQL::Test::Utils::timeout_default;
		sleep 0.01;
	}
	return;
}

# Kill the postmaster alone, wait until its client is told, which took so many
# seconds, and start it again, which is possible once no process of the old
# server is there.
sub kill_postmaster
{
	my ($node, $psql) = @_;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my $start = time;

	$node->kill9;
	$psql->finish;
	my $seconds = time - $start;
	sleep 0.01 while kill(0, $postmaster) && time - $start < 180;
	$node->start;
	return $seconds;
}

# A process ends, and drops its temporary tables, a moment after its client has
# gone: wait until there is no other session.
sub wait_for_end_of_sessions
{
	my ($node) = @_;

	$node->poll_query_until(
		'postgres', q{
		SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()})
	  or die 'a session does not end';
	return;
}

1;
