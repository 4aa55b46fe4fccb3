# A training that is cancelled at any moment ends soon, with the right error,
# and leaves the model as it was and the session usable.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Seconds from the wish to the error.  Typical are a few milliseconds; the
# bound is wide for machines that are busy with something else.
my $patience = 2;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 2000 AS item_id
	FROM generate_series(1, 8000) AS u, generate_series(1, 20) AS i;
	INSERT INTO ratings SELECT u, 2000 FROM generate_series(1, 8000) AS u;
	INSERT INTO ratings SELECT 0, i FROM generate_series(0, 1999) AS i;
	VACUUM ANALYZE ratings;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
});

# All that a training may change, in one line.
sub state_of_model
{
	return $node->safe_psql(
		'postgres', q{
		SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (
			SELECT m::text FROM m UNION ALL SELECT u::text FROM m_users AS u
			UNION ALL SELECT i::text FROM m_items AS i
			UNION ALL SELECT relname::text FROM pg_class
			WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) AS all_rows(x)});
}

my $train = q{SELECT wals_train('m', 'ratings', factors => 48, iterations => 3);};
my $before = state_of_model();

# How long it takes undisturbed, so that the wishes below hit all its parts.
my $start = time;
$node->safe_psql('postgres', "SET client_min_messages = warning; BEGIN; $train ROLLBACK;");
my $whole = time - $start;
note sprintf('the whole training takes %.2f s', $whole);
is(state_of_model(), $before, 'a training that is rolled back changes nothing');

# statement_timeout, from hardly any time up until the training gets through;
# the moments in milliseconds, then ever longer ones
sub sweep
{
	my ($what, $training, $least, @moments) = @_;
	my ($cancelled, $wrong, $changed, $dead, $worst, $through) = (0, 0, 0, 0, 0, 0);
	my $longest = 1000 * ($whole * 40 + 100);

	for (my $ms = shift @moments; $ms < $longest; $ms = shift @moments // int($ms * 1.4) + 1)
	{
		my ($rc, $out, $err);

		$rc = $node->psql(
			'postgres',
			"\\set VERBOSITY sqlstate\n"
			  . "SET client_min_messages = warning; SET statement_timeout = $ms;\n"
			  . "SELECT extract(epoch FROM clock_timestamp());\n"
			  . "$training\n"
			  . "SET statement_timeout = 0;\n"
			  . "SELECT extract(epoch FROM clock_timestamp());\n"
			  . "SELECT 'alive' WHERE EXISTS (SELECT FROM wals_recommend(1, 3));\n",
			stdout => \$out,
			stderr => \$err,
			on_error_stop => 0);
		my @lines = split /\n/, $out;

		$dead++ unless $lines[-1] eq 'alive';
		if ($err eq '')
		{
			$through = 1;
			@moments ? next : last;
		}
		$cancelled++;
		$wrong++ unless $err =~ /^\S*\s*ERROR:  57014$/m;
		$changed++ unless state_of_model() eq $before;
		my $late = $lines[-2] - $lines[0] - $ms / 1000;
		$worst = $late if $late > $worst;
	}
	note sprintf('%s: %d timeouts, the error came at most %.3f s late', $what, $cancelled, $worst);
	ok($through, "$what: with enough time the training gets through");
	cmp_ok($cancelled, '>=', $least, "$what: it was cancelled at many moments");
	is($wrong, 0, "$what: each time with SQLSTATE 57014");
	is($changed, 0, "$what: each time without a trace");
	is($dead, 0, "$what: each time the session went on");
	cmp_ok($worst, '<', $patience, "$what: each time within $patience s");
	return;
}

# One that spends its time on writing: how long its parts take, and moments in
# each of them.
my $write = q{SELECT wals_train('m', 'ratings', factors => 256, iterations => 1);};
my ($load, $solve, $writing) = split /\|/, $node->safe_psql(
	'postgres', qq{
	SET client_min_messages = warning;
	BEGIN;
	$write
	SELECT load_seconds, solve_seconds, write_seconds FROM m WHERE version = 2;
	ROLLBACK}) =~ s/^2\n//r;
note sprintf('loading %.2f s, solving %.2f s, writing %.2f s', $load, $solve, $writing);
sweep('writing', "BEGIN; $write ROLLBACK;", 3,
	map { int(1000 * $_) + 1 } $load / 2, $load + $solve / 2,
	map { $load + $solve + $writing * $_ / 20 } (1 .. 20));
is(state_of_model(), $before, 'what was rolled back is not stored');

sweep('training', $train, 9, 1);
isnt(state_of_model(), $before, 'the one that got through is stored');

# pg_cancel_backend, pg_terminate_backend; the transaction does not end by
# itself, so that a quick training is not through before
$before = state_of_model();
for my $case (
	[ 'pg_cancel_backend', qr/canceling statement due to user request/ ],
	[ 'pg_terminate_backend', qr/terminating connection due to administrator command/ ])
{
	my ($function, $message) = @$case;

	for my $part (0.1, 0.3, 0.5, 0.8)
	{
		my ($out, $err) = ('', '');
		my $psql = IPC::Run::start(
			[
				'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
				"BEGIN; SET application_name = 'training'", '-c', $train, '-c',
				'SELECT pg_sleep(3600)'
			],
			'>', \$out, '2>', \$err);

		$node->poll_query_until('postgres',
			q{SELECT count(*) = 1 FROM pg_stat_activity
			WHERE application_name = 'training' AND state = 'active'})
		  or die 'the training did not start';
		sleep($whole * $part);
		my $wish = time;
		$node->safe_psql('postgres',
			"SELECT $function(pid) FROM pg_stat_activity WHERE application_name = 'training'");
		$psql->finish;
		my $late = time - $wish;

		like($err, $message, "$function after $part of the time: message");
		is(state_of_model(), $before, "$function after $part of the time: no trace");
		cmp_ok($late, '<', $patience, sprintf('%s after %s of the time: took %.3f s', $function, $part, $late));
		is( $node->safe_psql('postgres',
				q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
			'0',
			"$function after $part of the time: no lock stays");
	}
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM wals_recommend(1, 3)'), '3', 'the model answers');
$node->stop;

done_testing();
