# The driver of test/fuzz, which says what it does and starts the server.
#
# A round has a database of its own, a copy of world.sql, and sessions that live
# as long.  Its steps are a change or a few, and calls.  All that is random in a
# step follows from the seed, the numbers of round and step.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../perl";

use Getopt::Long;
use Time::HiRes qw(sleep time);

use Changes;
use Session;
use Values;

my %set = (minutes => 10, seed => int(time) % 1000000);
GetOptions(\%set, 'minutes=f', 'seed=i', 'round=i', 'psql=s', 'server=s', 'finds=s') or exit 2;
$| = 1;

my $STEPS = 25;
my $SECONDS = 60;    # no call takes longer
my @ROLES = ((qw(fuzz_owner fuzz_reader fuzz_policy)) x 4, 'fuzz_nobody', 'postgres');
my @WRITERS = (('fuzz_owner') x 6, qw(fuzz_reader postgres));

# What cannot be NaN, whatever a model's owner wrote into its tables; the others
# print what they find there.
my $COMPUTES = qr/^wals_(recommend|score|similar|popular|explain|user_factors|fold_in|evaluate|compare|tune|map)/;
# What a new session, or another moment, may answer otherwise.
my $OTHERWISE = qr/^wals_(cache_info|progress|tune_progress|info|profile|selftest)/;
my $SELDOM = qr/^wals_(selftest|drop|tune$)/;
my $ALARM = qr{AddressSanitizer|runtime\ error:|TRAP:|PANIC:|terminated\ by\ signal|problem\ in\ alloc\ set
	|detected\ write\ past|reference\ leak|refcount\ leak|invalid\ memory\ alloc|unexpected\ chunk}x;
# the server's own, before it comes to us
my $FOREIGN = qr{^\S*/(?:src/(?:backend|include|common|port|timezone)|contrib)/\S+: runtime error:|^\w+\.[chly]:\d+:\d+: runtime error:};

my %count = (rounds => 0, steps => 0, changes => 0, calls => 0, answered => 0, waited => 0, compared => 0);
my %outcome;    # of calls, by function and SQLSTATE
my %finds;    # by kind
my %seen;     # by kind, function and message
my %where;    # round, step
my @log;      # of the round: [ session, statement, SQLSTATE ]

# --- sessions -----------------------------------------------------------------

sub connection
{
	my ($database) = @_;

	return "host=$set{server} user=postgres dbname=$database options='-c search_path=w,public -c client_min_messages=error"
	  . " -c statement_timeout=${SECONDS}s -c lock_timeout=5s -c idle_in_transaction_session_timeout=0'";
}

sub session
{
	my ($name, $database) = @_;
	my $session = Session->new(
		psql => $set{psql},
		connection => connection($database // 'fuzz'),
		name => $name,
		seconds => 3 * $SECONDS);

	push @log, [ $name, '-- a new session', '' ];
	$session->{settings} = [];
	return $session;
}

# An end of the round.
sub give_up { die { text => $_[0] } }

open my $server_log, '<', "$set{server}/server.log" or die "server.log: $!\n";
seek $server_log, 0, 2;

# What the server has said since.
sub alarms
{
	my $text = '';

	1 while read $server_log, $text, 65536, length $text;
	seek $server_log, 0, 1;
	return grep { $_ =~ $ALARM && $_ !~ $FOREIGN } split /\n/, $text;
}

sub wait_for_server
{
	for (1 .. 600)
	{
		my $session = Session->new(psql => $set{psql}, connection => connection('postgres'), seconds => 10);

		return if defined $session->backend;
		sleep 0.2;
	}
	die "the server does not come back\n";
}

# --- finds --------------------------------------------------------------------

sub find
{
	my ($kind, $what, @lines) = @_;
	my $key = "$kind in $what: " . ($lines[0] // '') =~ s/\d+/N/gr =~ s/0x[0-9a-f]+/N/gr;

	$finds{$kind}++;
	return if $seen{$key}++ >= 2;
	my $number = keys(%seen) . ($seen{$key} > 1 ? 'b' : 'a');
	my $file = "$set{finds}/find-$number.sql";
	open my $out, '>', $file or die "$file: $!\n";
	print $out "-- $kind in $what, seed $set{seed}, round $where{round}, step $where{step}\n";
	print $out "-- $_\n" for @lines;
	print $out "-- after world.sql:\n";
	print $out '/* ', $_->[0], ($_->[2] ? " $_->[2]" : ''), ' */ ', $_->[1], ";\n" for @log;
	close $out;
	my @changes = grep { $_->[0] =~ /^change/ && $_->[2] eq '' } @log;
	splice @changes, 0, -8;
	print "\nFIND $number: $kind in $what (test/fuzz --seed $set{seed} --round $where{round}, step $where{step})\n";
	print "    $_\n" for @lines[ 0 .. ($#lines < 12 ? $#lines : 12) ];
	print "  after, last of all that is in find-$number.sql:\n";
	print "    $_->[1]\n" for @changes;
	print "  by $log[-1][0]:\n    $log[-1][1]\n";
	return;
}

# Run a statement, note it down, and look for what must never be.
sub took
{
	my ($session, $what, $answer, $may_end) = @_;
	my @alarms = alarms();

	$log[-1][2] = $answer->{state};
	if ($answer->{ended} || @alarms)
	{
		# the other lines come late
		sleep 1;
		push @alarms, alarms();
		find($answer->{ended} ? 'crash' : 'report', $what, @alarms, split /\n/, $answer->{text}) unless $may_end && !@alarms;
	}
	if ($answer->{ended})
	{
		wait_for_server();
		give_up('the connection is lost');
	}
	if ($answer->{late})
	{
		find('late', $what);
		give_up('no answer');
	}
	return $answer;
}

sub run
{
	my ($session, $what, $sql) = @_;

	push @log, [ $session->name, $sql =~ s/\s*\n\s*/ /gr, '' ];
	return took($session, $what, $session->ask($sql));
}

# --- calls --------------------------------------------------------------------

my @functions;

sub read_functions
{
	my $session = session('catalog', 'world');
	my $answer = $session->ask(q{SELECT p.proname, p.prokind, p.proretset OR p.prorettype = 'record'::regtype, p.provolatile,
		p.pronargs - p.pronargdefaults, (SELECT string_agg(COALESCE(p.proargnames[i], '') || '=' || format_type(p.proargtypes[i - 1], NULL), ';' ORDER BY i)
			FROM generate_series(1, p.pronargs) AS i)
		FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'wals'
		WHERE 'internal'::regtype <> ALL (p.proargtypes::oid[]) AND p.prorettype <> 'trigger'::regtype ORDER BY p.oid});

	die "no functions: $answer->{text}\n" if $answer->{state} || $answer->{rows} !~ /wals_recommend/;
	for (split /\n/, $answer->{rows})
	{
		my ($name, $kind, $set, $volatile, $needed, $arguments) = split /\|/;

		push @functions, { name => $name, procedure => $kind eq 'p', set => $set eq 't', reads => $volatile ne 'v' && $kind ne 'p',
			needed => $needed, arguments => [ map { [ split /=/, $_, 2 ] } split /;/, $arguments // '' ] };
	}
	push @functions, map { { name => $_, view => 1, reads => 1, arguments => [] } } qw(wals_models wals_training_log wals_progress wals_tune_progress);
	return;
}

# Models that a change was about; half of the calls after it ask them.
my @focus;
my %models_of = (s_int => [qw(mi mx mw mm mv)], s_view => ['mv'], s_big => ['mb'], s_text => ['mt'], s_uuid => ['mu'], s_part => ['mp']);

sub focus_on
{
	my (@changes) = @_;

	for my $sql (map { @{ $_->{sql} } } @changes)
	{
		push @focus, grep { /^(m[a-z]|copy)$/ } $sql =~ /\b(m[a-z]|copy)(?:_users|_items|_queue)?\b/g;
		push @focus, map { @{ $models_of{$_} // [] } } $sql =~ /\b(s_[a-z]+)\b/g;
	}
	splice @focus, 0, -12;
	return;
}

my %of_type = (bigint => [qw(mi mx mb mp mv mw mm mi mx mb mp mv mw mm copy)], uuid => ['mu']);

# A call with random arguments.
sub call
{
	my ($function) = @_;
	my @arguments = @{ $function->{arguments} };
	my ($typed) = map { $_->[1] =~ s/\[\]$//r } grep { $_->[0] =~ /^(user_id|item_id|items|users|candidates)$/ && $_->[1] =~ /^(bigint|text|uuid)/ } @arguments;
	my $model = pick(chance(0.9) && $typed && $of_type{$typed} ? @{ $of_type{$typed} } : models());
	my @close = grep { !$typed || $typed eq ($_ eq 'mt' ? 'text' : $_ eq 'mu' ? 'uuid' : 'bigint') } @focus;

	$model = pick(@close) if @close && chance(0.5);
	my $id_type = $model eq 'mt' ? 'text' : $model eq 'mu' ? 'uuid' : 'bigint';
	my %call = (name => $function->{name}, model => $model, reads => $function->{reads},
		compares => $function->{reads} && $function->{name} !~ $OTHERWISE);
	my ($n, $many, @list) = (0, '');
	# one of many options that is wrong is enough to be refused
	my $more = @arguments > 15 ? 0.07 : @arguments > 8 ? 0.2 : 0.35;

	return { %call, sql => "SELECT * FROM $function->{name}", compares => 0 } if $function->{view};
	for my $argument (@arguments)
	{
		my ($name, $type) = @$argument;
		my $wanted = $n++ < $function->{needed};
		my $heavy = $function->{name} =~ /train|tune/ && $name =~ /^(factors|iterations|trials|grid|holdout)$/;

		next unless $wanted || $heavy || $name =~ /^model/ && chance(0.97) || chance($more);
		my $value = argument($name, $type, $model, $id_type, $function->{name});

		if ($many eq '' && $name =~ /^(user_id|item_id)$/ && chance(0.3))
		{
			$many = '(VALUES ' . join(', ', map { '(' . argument($name, $type, $model, $id_type, $function->{name}) . ')' } 1 .. 12) . ') AS x(id), LATERAL ';
			$value = 'x.id';
		}
		push @list, "\"$name\" => $value";
	}
	my $text = "$function->{name}(" . join(', ', @list) . ')';
	$call{sql} =
		$function->{procedure} ? "CALL $text"
	  : $many ne '' ? "SELECT x.id, r.* FROM $many$text AS r"
	  : $function->{set} ? "SELECT * FROM $text"
	  : "SELECT $text";
	return \%call;
}

# A call as a role; inside a transaction the transaction goes on.
sub ask
{
	my ($session, $call, $role) = @_;
	my $what = $call->{name};
	my $cancel = chance(0.02) ? 1 + int rand 30 : 0;
	my $sql = "SET ROLE $role;\n" . ($cancel ? "SET statement_timeout = $cancel;\n" : '') . $call->{sql};

	$count{calls}++;
	$sql = "SAVEPOINT s;\n$sql" if $session->{inside};
	my $answer = run($session, $what, $sql);
	# what it wrote nobody else sees
	$session->{wrote} = 1 if $session->{inside} && !$call->{reads};
	# a short timeout ends with the savepoint, and may hit what ends it
	my $after =
		$session->{inside} ? ($answer->{state} || $cancel ? 'ROLLBACK TO s' : 'RELEASE s')
	  : $cancel ? 'RESET statement_timeout'
	  : '';
	for (1 .. 20)
	{
		last if $after eq '' || run($session, 'after', $after)->{state} eq '';
	}
	judge($call, $answer, $cancel);
	$answer->{cancelled} = 1 if $answer->{state} eq '57014';
	check_stored($call, $answer) if !$session->{inside} && $answer->{state} eq '';
	return $answer;
}

# What must not be, in an answer.
sub judge
{
	my ($call, $answer, $cancel) = @_;

	$count{answered}++ if $answer->{state} eq '';
	$outcome{ $call->{name} }{ $answer->{state} || 'answered' }++;
	find('XX000', $call->{name}, $answer->{text}) if $answer->{state} eq 'XX000';
	find('late', $call->{name}, $answer->{text}) if $answer->{state} eq '57014' && !$cancel;
	find('NaN', $call->{name}, grep { /\bNaN\b|Infinity/ } split /\n/, $answer->{rows})
	  if $answer->{state} eq '' && $call->{name} =~ $COMPUTES && $call->{name} !~ /svg/ && $answer->{rows} =~ /\bNaN\b|Infinity/;
	return;
}

my ($changer, $falsified);

# A training that said yes has written numbers.
sub check_stored
{
	my ($call, $answer) = @_;

	return unless $call->{name} eq 'wals_train' && !$falsified && $answer->{rows} =~ /^(\d+)$/m;
	my $version = $1;
	return unless $call->{sql} =~ /"model" => '(\w+)'/;
	for my $table ("$1_users", "$1_items")
	{
		my $bad = run($changer, 'a look', "SELECT count(*) FROM $table WHERE version = $version AND (factors IS NULL OR bias IS NULL"
			  . " OR float4 'NaN' = ANY (factors || bias) OR float4 'Infinity' = ANY (factors || bias) OR float4 '-Infinity' = ANY (factors || bias))");

		find('NaN', 'what wals_train stored', "$bad->{rows} rows of $table") if $bad->{state} eq '' && $bad->{rows} !~ /^0$/m;
	}
	return;
}

# --- mismatches -----------------------------------------------------------------

my (%stale, %linked, $unguarded, $damaged);

# May old sessions know other factors than stand in the tables?
sub is_stale
{
	my ($call, $more) = @_;
	my %old = (%stale, %{ $more // {} });

	return 0 unless %old;
	return 1 if $call->{sql} !~ /"model\w*" => '/ || $call->{sql} =~ /"model\w*" => NULL/;
	for my $model ($call->{sql} =~ /"model\w*" => '(\w+)'/g)
	{
		return 1 if $old{$model} || $linked{$model} || $model eq 'copy';
	}
	return 0;
}

sub sorted { return join "\n", sort split /\n/, $_[0] }

sub compare
{
	my ($call, $role, $one, $one_name, $other, $other_name) = @_;

	return if $one->{cancelled} || $other->{cancelled} || $other->{state} =~ /^(55P03|40001)$/;
	# who reads one row does not see that another is damaged
	return if $other_name eq 'by statements' && grep { $_->{state} eq 'XX001' } $one, $other;
	# whom a policy restricts does not miss the rows of a version that lacks some
	return if $other_name eq 'by statements' && $one->{state} eq '55000' && $one->{message} =~ /(?:has no|lacks) factors/;
	# a damaged file is an error of one call
	return if $one->{state} eq '58030' && $damaged;
	$count{compared}++;
	return if $one->{state} eq $other->{state} && ($one->{state} ne '' || sorted($one->{rows}) eq sorted($other->{rows}));
	my ($a, $b) = map { $_->{state} ? "$_->{state} $_->{message}" : join ' / ', (split /\n/, $_->{rows})[ 0 .. 5 ] } map { my $x = $_; $x } $one, $other;

	no warnings 'uninitialized';
	find('mismatch', $call->{name}, "$one_name and $other_name", "as $role: $call->{sql}", "$one_name: $a", "$other_name: $b");
	return;
}

# A session that knows nothing yet, in the snapshot of another.
sub fresh
{
	my ($like) = @_;
	my $fresh = session('fresh');

	run($fresh, 'settings', join ";\n", @{ $like->{settings} }, 'SET wals.cache_share = never', 'SET force_parallel_mode = off');
	if (my $id = $like->{snapshot})
	{
		run($fresh, 'snapshot', "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSET TRANSACTION SNAPSHOT '$id'");
		$fresh->{inside} = 1;
	}
	return $fresh;
}

# The same rows by statements: row security that hides nothing.
my $SHUT = q{DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT oid FROM pg_class WHERE relnamespace IN ('w'::regnamespace, 'aside'::regnamespace) AND relkind IN ('r', 'p')
		AND relpersistence <> 't' LOOP
		BEGIN
			EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
			EXECUTE format('CREATE POLICY everything ON %s TO fuzz_policy USING (true)', t);
		EXCEPTION WHEN duplicate_object THEN
			EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
		END;
	END LOOP;
END;
$$};

sub compare_statements
{
	my (@calls) = @_;
	my $direct = session('fresh');
	my $slow = session('statements');
	my %by_direct;

	@calls = grep { $_->{name} =~ /recommend|score|similar|popular|explain|user_factors|fold_in|wals_map/ } @calls;
	return unless @calls;
	run($slow, 'settings', 'SET wals.cache_share = never');
	run($direct, 'settings', 'SET wals.cache_share = never');
	my @answers = map { ask($direct, $_, 'fuzz_policy') } @calls;
	if (run($slow, 'row security', "BEGIN;\nSET LOCAL lock_timeout = 500;\n$SHUT")->{state} eq '')
	{
		$slow->{inside} = 1;
		compare($calls[$_], 'fuzz_policy', $answers[$_], 'direct', ask($slow, $calls[$_], 'fuzz_policy'), 'by statements') for 0 .. $#calls;
	}
	run($slow, 'row security', 'ROLLBACK');
	return;
}

# --- a round ----------------------------------------------------------------------

my @sessions;
my $reader;    # with a snapshot of its own

sub begin_snapshot
{
	my $level = pick('REPEATABLE READ', 'REPEATABLE READ', 'SERIALIZABLE');
	my $answer = run($reader, 'snapshot', "BEGIN ISOLATION LEVEL $level;\nSELECT pg_export_snapshot()");

	$reader->{inside} = 1;
	$reader->{stale} = {%stale};
	$reader->{snapshot} = $1 if $answer->{rows} =~ /^([0-9A-F-]+)$/m;
	return;
}

sub end_snapshot
{
	run($reader, 'snapshot', pick('COMMIT', 'ROLLBACK'));
	delete @$reader{qw(inside snapshot stale wrote)};
	return;
}

sub damage_files
{
	my ($how) = @_;

	$damaged = 1;
	for my $file (glob "$set{server}/data/base/pgsql_tmp/pgsql_tmp_wals_*")
	{
		my $size = -s $file // next;

		push @log, [ 'files', "-- $how $file", '' ];
		if ($how eq 'remove') { unlink $file }
		elsif ($how eq 'empty') { truncate $file, 0 }
		elsif ($how eq 'truncate') { truncate $file, int rand $size }
		else
		{
			# beside the file and renamed: who has checked and mapped it keeps what
			# he has, for only the server's own user could change it under him
			my $place = $how eq 'longer' ? $size : $how eq 'header' ? int rand 64 : int rand $size;

			open my $in, '<:raw', $file or next;
			my $content = do { local $/; <$in> };
			close $in;
			substr($content, $place, 40) = join '', map { chr int rand 256 } 1 .. 40;
			open my $out, '>:raw', "$file.1" or next;
			print $out $content;
			close $out;
			chmod 0600, "$file.1";
			rename "$file.1", $file;
		}
	}
	$stale{$_} = 1 for $how eq 'remove' ? () : (models(), 'copy', 'new');
	return;
}

# Make the changes; by is 'change' or the session that makes them itself.
sub make
{
	my ($by, $inside, @changes) = @_;
	my $name = $by->name;

	for my $change (@changes)
	{
		damage_files($change->{files}) if $change->{files};
		my @sql = @{ $change->{sql} };

		$falsified = 1 if "@sql" =~ /falsify/;
		$count{changes} += @sql;
		for my $sql (@sql)
		{
			my $answer = run($by, "the change: $change->{kind}", $inside ? "SAVEPOINT c;\n$sql" : $sql);

			find('XX000', "a change: $change->{kind}", $answer->{text})
			  if $answer->{state} eq 'XX000' && $answer->{text} =~ /wals/ && $answer->{text} =~ /could not|unexpected|SPI|invalid/;
			run($by, 'after', $answer->{state} ? 'ROLLBACK TO c' : 'RELEASE c') if $inside;
		}
	}
	return;
}

sub note_stale
{
	my (@changes) = @_;

	for my $change (@changes)
	{
		# whose tables are not what they were may have lost their guard
		my $lost = "@{ $change->{sql} }" =~ /TRIGGER|RULE|DROP TABLE|CREATE TABLE|NOT OF|OWNER TO|RENAME/;

		$unguarded = 1 if $lost;
		$stale{$_} = $reader->{stale}{$_} = 1 for @{ $change->{stale} }, $unguarded ? @{ $change->{edits} } : ();
	}
	$linked{$_} = 1 for map { @{ $_->{linked} } } @changes;
	return;
}

sub renew
{
	for my $model (keys %stale)
	{
		my $answer = run($changer, 'a new identity', renewal($model) . ' RETURNING true');

		delete $stale{$model} if $answer->{state} eq '' && $answer->{rows} =~ /^t$/m;
	}
	return;
}

# Calls that wait for the locks of changes that are not committed yet.
sub make_while_they_wait
{
	my (@changes) = @_;
	my @waiting = @sessions[ 0, 1 ];
	my @calls;

	run($changer, 'begin', 'BEGIN');
	make($changer, 1, @changes);
	for my $session (@waiting)
	{
		my $call = call(pick(grep { $_->{reads} || chance(0.1) } @functions));

		push @calls, $call;
		push @log, [ $session->name . ', waiting', "SET ROLE fuzz_owner; $call->{sql}", '' ];
		$session->send("SET ROLE fuzz_owner;\n$call->{sql}");
	}
	my $pids = join ',', map { $_->backend } @waiting;
	for (1 .. 40)
	{
		my $answer = $sessions[2]->ask("SELECT count(*) FROM pg_stat_activity WHERE pid IN ($pids) AND wait_event_type = 'Lock'");
		my $ended = grep { $_->ready } @waiting;

		last if $answer->{rows} !~ /^(\d+)$/m || $1 + $ended >= @waiting;
		sleep 0.02;
	}
	run($changer, 'commit', pick('COMMIT', 'COMMIT', 'ROLLBACK'));
	for my $i (0 .. $#waiting)
	{
		push @log, [ $waiting[$i]->name . ', waited', $calls[$i]{sql}, '' ];
		$count{calls}++;
		$count{waited}++;
		judge($calls[$i], took($waiting[$i], $calls[$i]{name}, $waiting[$i]->receive), 0);
	}
	return;
}

sub step
{
	my $mode = pick(qw(plain plain plain plain waiting waiting own snapshot snapshot));
	my @changes = map { change() } 1 .. pick(1, 1, 1, 2, 3);
	my @owners = grep { !$_->{session} } @changes;
	my $asking = pick(@sessions);
	my @names = sort keys %{ { map { $_->{name} => 1 } @functions } };

	$count{steps}++;
	focus_on(@owners);
	begin_snapshot() if $mode eq 'snapshot' && !$reader->{inside};
	for my $change (grep { $_->{session} } @changes)
	{
		run($asking, 'a setting', $_) for @{ $change->{sql} };
		push @{ $asking->{settings} }, @{ $change->{sql} };
	}
	if ($mode eq 'waiting')
	{
		note_stale(@owners);
		make_while_they_wait(@owners);
	}
	elsif ($mode eq 'own')
	{
		run($asking, 'begin', 'BEGIN');
		$asking->{inside} = 1;
		run($asking, 'role', 'RESET ROLE');
		make($asking, 1, @owners);
		my $keep = chance(0.5);
		ask($asking, call(pick(@functions)), pick(@ROLES)) for 1 .. 8;
		run($asking, 'end', $keep ? 'COMMIT' : 'ROLLBACK');
		delete @$asking{qw(inside wrote)};
		note_stale(@owners) if $keep;
	}
	else
	{
		make($changer, 0, @owners);
		note_stale(@owners);
	}
	renew() if chance(0.6);

	# every function, and some of those that change a model
	my $fresh;
	my @compared;
	for my $name (@names)
	{
		my @overloads = grep { $_->{name} eq $name } @functions;
		my $function = pick(@overloads);

		next if $name =~ $SELDOM ? !chance(0.04) : !$function->{reads} && !chance(0.25);
		my $call = call($function);
		my $session = $mode eq 'snapshot' && chance(0.6) ? $reader : pick(@sessions);
		my $role = pick($function->{reads} ? @ROLES : @WRITERS);
		my $answer = ask($session, $call, $role);

		next unless $call->{compares} && !$session->{wrote} && !is_stale($call, $session->{stale}) && chance(0.5);
		$fresh = fresh($session) unless $fresh && $fresh->{like} eq $session->name;
		$fresh->{like} = $session->name;
		compare($call, $role, $answer, $session->name, ask($fresh, $call, $role), 'a fresh session');
		push @compared, $call;
	}
	# what it wrote holds locks that others would wait for
	end_snapshot() if $reader->{inside} && ($reader->{wrote} || chance(0.7));
	compare_statements(@compared) if !$reader->{inside} && chance(0.4);
	return;
}

sub round
{
	my ($number) = @_;
	my $admin = session('admin', 'postgres');

	@log = ();
	%stale = %linked = ();
	@focus = ();
	$falsified = $unguarded = $damaged = 0;
	%where = (round => $number, step => 0);
	run($admin, 'a round', 'DROP DATABASE IF EXISTS fuzz WITH (FORCE)');
	my $answer = run($admin, 'a round', 'CREATE DATABASE fuzz TEMPLATE world');
	die "no database: $answer->{text}\n" if $answer->{state};
	srand($set{seed} * 1000003 + $number * 1009);
	$changer = session('change');
	run($changer, 'settings', "SET lock_timeout = '300ms'");
	@sessions = map { session($_) } qw(old-1 old-2 old-3);
	$reader = session('snapshot');
	for (
		[ 0, 'SET wals.cache_share = always' ],
		[ 1, 'SET wals.cache_share = never' ],
		[ 2, "SET wals.cache_mem = '1MB'" ])
	{
		run($sessions[ $_->[0] ], 'a setting', $_->[1]);
		push @{ $sessions[ $_->[0] ]{settings} }, $_->[1];
	}
	# warm
	for my $session (@sessions, $reader)
	{
		for my $function (grep { $_->{reads} } @functions)
		{
			ask($session, call($function), pick(@ROLES[ 0 .. 5 ])) if $function->{name} !~ $SELDOM;
		}
	}
	for my $step (1 .. $STEPS)
	{
		$where{step} = $step;
		srand($set{seed} * 1000003 + $number * 1009 + $step);
		step();
	}
	return;
}

# --- the run ----------------------------------------------------------------------

sub summary
{
	return join ', ', (map { "$count{$_} $_" } qw(rounds steps changes calls answered waited compared)),
	  map { ($finds{$_} // 0) . " $_" } qw(crash report XX000 NaN late mismatch);
}

sub set_up
{
	my $admin = session('admin', 'postgres');

	$admin->ask('CREATE DATABASE world');
	my $world = session('world', 'world');
	my $answer = $world->ask("\\set DBNAME world\n\\i $FindBin::RealBin/world.sql");

	die "world.sql: $answer->{text}\n" if $answer->{state} || $answer->{ended};
	return;
}

set_up();
read_functions();
print 'seed ', $set{seed}, ', ', scalar(@functions), " functions and views, $set{minutes} minutes\n";
my $began = time;
my $told = $began;
my $next = $set{round} // 1;

while (1)
{
	$count{rounds}++;
	eval { round($next); 1 } or do
	{
		my $error = $@;

		die $error unless ref $error;
		print "    round $next ends: $error->{text}\n";
	};
	@sessions = ();
	undef $changer;
	undef $reader;
	$next++;
	if (time - $told >= 60)
	{
		$told = time;
		printf "%4d min: %s\n", ($told - $began) / 60, summary();
	}
	last if defined $set{round} || time - $began >= 60 * $set{minutes};
}
my $failed = 0;
$failed += $_ for values %finds;
print "\nfunctions, and how many of their calls ended how:\n";
for my $name (sort keys %outcome)
{
	my $of = $outcome{$name};

	printf "%-28s %s\n", $name, join ', ', map { "$_ $of->{$_}" } sort { $of->{$b} <=> $of->{$a} || $a cmp $b } keys %$of;
}
print "\n$count{rounds} rounds, $count{steps} steps, $count{changes} statements that change something\n";
print "$count{calls} calls, $count{answered} of them answered with rows, $count{waited} waited for a lock\n";
print "$count{compared} answers compared\n";
printf "%-9s %d\n", $_->[1], $finds{ $_->[0] } // 0
  for [ 'crash', 'crashes' ], [ 'report', 'reports' ], [ 'XX000', 'XX000' ], [ 'NaN', 'NaN' ], [ 'late', 'late' ], [ 'mismatch', 'mismatches' ];
print $count{calls} - ($failed < $count{calls} ? $failed : $count{calls}), " passed, $failed failed\n";
exit($failed || !$count{calls} ? 1 : 0);
