# Answers that take long, for all users or under rules, are cancelled at many
# moments, from the first to the last: each time the error is the right one, the
# session goes on, and with no cancelling the answer is what it was.
#
# The moments are those when the core asks whether to go on, counted by the debug
# points of src/base/debug.c: how fast the machine is does not matter.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Job;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = debug_node();
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 4000 AS item_id
	FROM generate_series(1, 6000) AS u, generate_series(1, 30) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 48, iterations => 1);
});

# A statement, the point that counts its moments, and half of those it has with
# one thread: a core that asks less often is cancelled later.
for my $case (
	[ 'all users', 'interrupt', 7, 'SELECT count(*), sum(rank) FROM wals_recommend_all_bigint(10);' ],
	[ 'rows one by one', 'interrupt', 7, 'SELECT count(*) FROM (SELECT wals_recommend_all_bigint(10)) AS q;' ],
	[ 'diversity', 'interrupt', 200, 'SELECT count(*) FROM generate_series(1, 5) AS u, LATERAL wals_recommend(u, NULL, diversity => 0.5);' ],
	[ 'profile', 'interrupt', 20, q{SELECT count(*) FROM wals_profile('ratings', factors => 256);} ],
	[ 'map', 'interrupt', 80, q{SELECT length(wals_map_svg('m', 2000));} ],
	[ 'scores', 'score', 60000, 'SELECT count(wals_score(u, i)) FROM generate_series(1, 30) AS u, generate_series(1, 4000) AS i;' ])
{
	my ($name, $point, $floor, $query) = @$case;
	my $answer = $node->safe_psql('postgres', $query);

	for my $threads (1, 3)
	{
		my ($cancelled, $last, $wrong, $dead) = (0, 0, 0, 0);
		my $what = "$name, $threads threads";

		for (my $moment = 1;; $moment = int($moment * 1.8) + 1)
		{
			my ($out, $err);

			$node->psql(
				'postgres',
				"\\set VERBOSITY sqlstate\n"
				  . "SET wals.threads = $threads;\n"
				  . "SELECT count(*) FROM wals_recommend(1, 3);\n"
				  . "SET wals.debug_point = '$point $moment cancel';\n"
				  . "$query\n"
				  . "SET wals.debug_point = '';\n"
				  . "SELECT 'alive' WHERE EXISTS (SELECT FROM wals_recommend(1, 3));\n",
				stdout => \$out,
				stderr => \$err,
				on_error_stop => 0);
			my @lines = split /\n/, $out;

			$dead++ unless $lines[-1] eq 'alive';
			if ($err eq '')
			{
				is($lines[1], $answer, "$what: the answer");
				last;
			}
			$cancelled++;
			$last = $moment;
			$wrong++ unless $err =~ /^\S*\s*ERROR:  57014$/m;
		}
		note "$what: cancelled at $cancelled moments up to the ${last}th";
		cmp_ok($last, '>', $threads == 1 ? $floor : 0, "$what: it was cancelled at many moments");
		is($wrong, 0, "$what: each time with SQLSTATE 57014");
		is($dead, 0, "$what: each time the session went on");
	}
}

$node->stop;
done_testing();
