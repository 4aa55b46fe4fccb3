# A session of psql that may be left waiting.
#
#     my $session = Session->new(psql => $path, connection => 'host=/tmp/x dbname=postgres', name => 'reader');
#     my $answer = $session->ask('SELECT 1');         # {state => '', rows => "1\n", ...}
#     $session->send('LOCK TABLE t');                 # does not wait
#     $session->ready                                 # has it ended?
#     $answer = $session->receive;                    # waits
#
# What comes with PostgreSQL::Test (BackgroundPsql) waits for each answer and
# dies of an error; here a statement is sent, other sessions go on, and errors
# are answers.  An answer has
#
#     rows      what was printed, unaligned, fields apart by |
#     state     SQLSTATE of the first error, '' without one
#     message   its primary message
#     text      all that was printed, details and hints too
#     ended     the connection is lost
#     late      there was no answer in time
package Session;

use strict;
use warnings;

use IO::Select;
use IPC::Open3;
use Time::HiRes qw(time);

sub new
{
	my ($class, %with) = @_;
	my $self = bless {
		name => $with{name} // 'session',
		seconds => $with{seconds} // 180,
		count => 0,
		received => ''
	}, $class;

	local $ENV{PGCLIENTENCODING} = 'UTF8';
	$self->{pid} = open3(
		$self->{input}, $self->{output}, undef, $with{psql},
		'-XAtq', '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never',
		'-d', $with{connection});
	$self->{input}->autoflush(1);
	$self->{select} = IO::Select->new($self->{output});
	my $answer = $self->ask('SELECT pg_backend_pid()');
	$self->{backend} = $1 if $answer->{rows} =~ /^(\d+)$/m;
	return $self;
}

sub name { return $_[0]{name} }
sub backend { return $_[0]{backend} }

# Hand over statements, which may be several, without waiting for them.
sub send
{
	my ($self, $sql) = @_;

	local $SIG{PIPE} = 'IGNORE';
	$self->{count}++;
	print { $self->{input} } "$sql\n;\n\\echo [end $self->{count}]\n";
	return;
}

# Take what has come; false when the other end is gone.
sub _read
{
	my ($self) = @_;
	my $n = sysread($self->{output}, $self->{received}, 65536, length $self->{received});

	$self->{gone} = 1 unless $n;
	return $n;
}

# Has what was sent last ended?
sub ready
{
	my ($self) = @_;

	while (!$self->{gone} && $self->{select}->can_read(0))
	{
		$self->_read or last;
	}
	return $self->{gone} || $self->{received} =~ /^\[end $self->{count}\]$/m;
}

sub receive
{
	my ($self) = @_;
	my $until = time + $self->{seconds};
	my $mark = "[end $self->{count}]\n";
	my %answer = (state => '', message => '', rows => '', text => '');
	my $place;

	while (($place = index($self->{received}, $mark)) < 0 && !$self->{gone})
	{
		my $left = $until - time;

		if ($left <= 0)
		{
			$answer{late} = 1;
			last;
		}
		$self->_read if $self->{select}->can_read($left);
	}
	$answer{text} = $place < 0 ? $self->{received} : substr($self->{received}, 0, $place);
	$self->{received} = $place < 0 ? '' : substr($self->{received}, $place + length $mark);
	# without a position in a script: ERROR:  42P01: relation does not exist
	if ($answer{text} =~ /^(?:psql:\S*\s*)?(?:ERROR|FATAL|PANIC):  (\w{5}): (.*)$/m)
	{
		@answer{qw(state message)} = ($1, $2);
	}
	$answer{ended} = 1
	  if $self->{gone}
	  || $answer{text} =~ /connection to server was lost|server closed the connection|^PANIC: /m;
	$answer{rows} = $answer{text}
	  =~ s/^(?:DEBUG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|LOG):  .*\n(?:(?:DETAIL|HINT|CONTEXT|LOCATION|QUERY|LINE \d+|STATEMENT):.*\n|\s+\^\n)*//gmr;
	return \%answer;
}

sub ask
{
	my ($self, $sql) = @_;

	$self->send($sql);
	return $self->receive;
}

sub finish
{
	my ($self) = @_;

	return if !defined $self->{pid};
	CORE::close($self->{input});
	kill 'TERM', $self->{pid} if $self->{count} && !$self->ready;
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY
{
	my ($self) = @_;

	local ($?, $!, $@);
	$self->finish;
	return;
}

1;
