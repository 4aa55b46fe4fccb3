# A training that is cancelled at any moment ends with the right error, and leaves
# the model as it was and the session usable.  Moments are counted, by the debug
# points of src/base/debug.c, so that all its parts are hit on any machine.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use IPC::Run;
use Job;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = debug_node();
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

# How long it takes undisturbed, for the wishes at the end.
my $start = time;
$node->safe_psql('postgres', "SET client_min_messages = warning; BEGIN; $train ROLLBACK;");
my $whole = time - $start;
note sprintf('the whole training takes %.2f s', $whole);
is(state_of_model(), $before, 'a training that is rolled back changes nothing');

# Each point with how often it is passed: rows read and written, half sweeps, of
# which the last one makes the users final, and how often at least the core asks
# whether to go on, with one thread; a core that asks less often stops later.
for my $case (
	[ 'row_read', 170000 ],
	[ 'load_done', 1 ],
	[ 'interrupt', 4000 ],
	[ 'half_sweep', 7 ],
	[ 'before_write', 1 ],
	[ 'row_written', 10000 ],
	[ 'before_activate', 1 ])
{
	my ($point, $passed) = @$case;

	for my $threads ($point eq 'interrupt' ? (1, 3) : 1)
	{
		my ($last, $wrong, $changed, $dead) = (0, 0, 0, 0);
		my $what = "$point, $threads threads";

		for (my $moment = 1;; $moment = $moment < 7 ? $moment + 1 : $moment * 4)
		{
			my ($out, $err);

			$node->psql(
				'postgres',
				"\\set VERBOSITY sqlstate\n"
				  . "SET client_min_messages = warning; SET wals.threads = $threads;\n"
				  . "SELECT wals_version() \\g /dev/null\n"
				  . "SET wals.debug_point = '$point $moment cancel';\n"
				  . "BEGIN; $train ROLLBACK;\n"
				  . "SET wals.debug_point = '';\n"
				  . "SELECT 'alive' WHERE EXISTS (SELECT FROM wals_recommend(1, 3));\n",
				stdout => \$out,
				stderr => \$err,
				on_error_stop => 0);

			$dead++ unless $out =~ /^alive$/m;
			last if $err eq '';
			$last = $moment;
			$wrong++ unless $err =~ /^\S*\s*ERROR:  57014$/m;
			$changed++ unless state_of_model() eq $before;
		}
		note "$what: cancelled up to the ${last}th moment";
		cmp_ok($last, '>=', $threads == 1 ? $passed / 4 : 1, "$what: it was cancelled at all times");
		is($wrong, 0, "$what: with SQLSTATE 57014");
		is($changed, 0, "$what: without a trace");
		is($dead, 0, "$what: the session went on");
	}
}
is( $node->safe_psql('postgres', "SET client_min_messages = warning; $train"),
	'2', 'with nobody to cancel it the training gets through');
isnt(state_of_model(), $before, 'and is stored');

# pg_cancel_backend, pg_terminate_backend; the transaction does not end by
# itself, so that a quick training is not through before.  All is one message to
# the server: it forgets a cancel that comes between two of them, and a session
# that was not served in time would then sleep for the rest of the hour.
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
				"BEGIN; SET application_name = 'training'; $train SELECT pg_sleep(3600)"
			],
			'>', \$out, '2>', \$err);

		$node->poll_query_until('postgres',
			q{SELECT count(*) = 1 FROM pg_stat_activity
			WHERE application_name = 'training' AND state = 'active'})
		  or die 'the training did not start';
		sleep($whole * $part);
		$node->safe_psql('postgres',
			"SELECT $function(pid) FROM pg_stat_activity WHERE application_name = 'training'");
		$psql->finish;

		like($err, $message, "$function after $part of the time: message");
		is(state_of_model(), $before, "$function after $part of the time: no trace");
		is( $node->safe_psql('postgres',
				q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}),
			'0',
			"$function after $part of the time: no lock stays");
	}
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM wals_recommend(1, 3)'), '3', 'the model answers');
$node->stop;

done_testing();
