# Servers with debug points, and long calls that are looked at while they run.
package Job;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(debug_node start_job);

use IPC::Run;
use PostgreSQL::Test::Cluster;
use Test::More;

# A server whose library has the debug points of src/base/debug.c, not initialized
# yet.  Where there is none the test is skipped.
sub debug_node
{
	plan skip_all => 'needs a library with debug points; test/run builds one'
	  unless $ENV{WALS_DEBUG_CONFIG};
	$ENV{TEMP_CONFIG} = $ENV{WALS_DEBUG_CONFIG};
	return PostgreSQL::Test::Cluster->new('main',
		$ENV{WALS_DEBUG_INSTALL} ? (install_path => $ENV{WALS_DEBUG_INSTALL}) : ());
}

# Start statements in a session of their own, and wait until a query about them is
# true.  with has node, until, out and err (references to what is printed), and
# options of psql.
sub start_job
{
	my ($with, @statements) = @_;

	${ $with->{out} } = ${ $with->{err} } = '';
	my $psql = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $with->{node}->connstr('postgres'),
			@{ $with->{options} // [] },
			map { ('-c', $_) } @statements
		],
		'>', $with->{out}, '2>', $with->{err});
	$with->{node}->poll_query_until('postgres', $with->{until})
	  or die "what was started is not seen: ${ $with->{err} }";
	return $psql;
}

1;
