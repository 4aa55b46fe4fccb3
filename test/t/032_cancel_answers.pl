# Answers that take long, for all users or under rules, end soon when they are
# cancelled at any moment, with the right error, and the session goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

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
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 4000 AS item_id
	FROM generate_series(1, 6000) AS u, generate_series(1, 30) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 48, iterations => 1);
});

for my $case (
	[ 'all users', 'SELECT count(*), sum(rank) FROM wals_recommend_all_bigint(10);' ],
	[ 'rows one by one', 'SELECT count(*) FROM (SELECT wals_recommend_all_bigint(10)) AS q;' ],
	[ 'diversity', 'SELECT count(*) FROM generate_series(1, 5) AS u, LATERAL wals_recommend(u, NULL, diversity => 0.5);' ],
	[ 'profile', q{SELECT count(*) FROM wals_profile('ratings', factors => 256);} ],
	[ 'map', q{SELECT length(wals_map_svg('m', 2000));} ],
	[ 'scores', 'SELECT count(wals_score(u, i)) FROM generate_series(1, 300) AS u, generate_series(1, 4000) AS i;' ])
{
	my ($name, $query) = @$case;
	my ($cancelled, $wrong, $dead, $worst, $through) = (0, 0, 0, 0, 0);
	my $start = time;
	my $answer = $node->safe_psql('postgres', $query);
	my $whole = time - $start;

	for (my $ms = 1; $ms < 1000 * ($whole * 4 + 10); $ms = int($ms * 1.8) + 1)
	{
		my ($out, $err);

		$node->psql(
			'postgres',
			"\\set VERBOSITY sqlstate\n"
			  . "SELECT count(*) FROM wals_recommend(1, 3);\n"
			  . "SET statement_timeout = $ms;\n"
			  . "SELECT extract(epoch FROM clock_timestamp());\n"
			  . "$query\n"
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
			is($lines[2], $answer, "$name: the answer");
			last;
		}
		$cancelled++;
		$wrong++ unless $err =~ /^\S*\s*ERROR:  57014$/m;
		my $late = $lines[-2] - $lines[1] - $ms / 1000;
		$worst = $late if $late > $worst;
	}
	note sprintf('%s: takes %.2f s, %d timeouts, the error came at most %.3f s late',
		$name, $whole, $cancelled, $worst);
	ok($through, "$name: with enough time it gets through");
	cmp_ok($cancelled, '>', 3, "$name: it was cancelled at many moments");
	is($wrong, 0, "$name: each time with SQLSTATE 57014");
	is($dead, 0, "$name: each time the session went on");
	cmp_ok($worst, '<', $patience, "$name: each time within $patience s");
}

$node->stop;
done_testing();
