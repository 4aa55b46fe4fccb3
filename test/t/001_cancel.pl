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

# statement_timeout, from hardly any time up until the training gets through
my ($cancelled, $wrong, $changed, $dead, $worst) = (0, 0, 0, 0, 0);
my $through = 0;
for (my $ms = 1; $ms < 1000 * ($whole * 4 + 10); $ms = int($ms * 1.4) + 1)
{
	my ($rc, $out, $err);

	$rc = $node->psql(
		'postgres',
		"\\set VERBOSITY sqlstate\n"
		  . "SET client_min_messages = warning; SET statement_timeout = $ms;\n"
		  . "SELECT extract(epoch FROM clock_timestamp());\n"
		  . "$train\n"
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
		last;
	}
	$cancelled++;
	$wrong++ unless $err =~ /^\S*\s*ERROR:  57014$/m;
	$changed++ unless state_of_model() eq $before;
	my $late = $lines[-2] - $lines[0] - $ms / 1000;
	$worst = $late if $late > $worst;
}
note sprintf('%d timeouts, the error came at most %.3f s late', $cancelled, $worst);
ok($through, 'with enough time the training gets through');
cmp_ok($cancelled, '>', 8, 'it was cancelled at many moments');
is($wrong, 0, 'each time with SQLSTATE 57014');
is($changed, 0, 'each time without a trace');
is($dead, 0, 'each time the session went on');
cmp_ok($worst, '<', $patience, "each time within $patience s");
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
