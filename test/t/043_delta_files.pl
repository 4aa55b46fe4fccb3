# A version that was refreshed has three files of a side: what has changed, what
# that is to, and a Gram matrix.  Whichever of them is missing, cut short or spoilt,
# sessions answer as before, and have whole files made again.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "wals.cache_share = 'always'\njit = off");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	SET client_min_messages = warning;
	CREATE TABLE ratings (user_id bigint, item_id bigint);
	INSERT INTO ratings SELECT u, u * j * j % 6007 FROM generate_series(1, 900) AS u, generate_series(1, 12) AS j;
	INSERT INTO ratings SELECT 1 + i % 900, i FROM generate_series(0, 5999) AS i;
	CREATE INDEX ON ratings (user_id);
	CREATE INDEX ON ratings (item_id);
	SELECT wals_train('m', 'ratings', factors => 16, iterations => 2, regularization => 0.05);
	SELECT wals_queue_enable('m');
});
my $folder = $node->data_dir . '/base/pgsql_tmp';
my $question = q{SELECT u, f, r.* FROM generate_series(1, 900, 100) AS u, unnest(ARRAY['never', 'always']) AS f, wals_recommend(u, 20, 'm', fold_in => f) AS r};

# Those of the identity that the items have now, smallest first.
sub files
{
	my $id = $node->safe_psql('postgres', q{SELECT translate(COALESCE(items_id, version_id)::text, '-', '') FROM m WHERE active});
	my @found = glob("$folder/pgsql_tmp_wals_*_${id}_*");

	return sort { -s $a <=> -s $b } @found;
}

my $number = 10000;

sub refresh
{
	$number++;
	$node->safe_psql('postgres', "INSERT INTO ratings VALUES (101, $number), (301, $number); SELECT * FROM wals_refresh('m')");
	return;
}

refresh();
my @three = files();
is(scalar(@three), 3, 'three files after a refresh');
is((stat($three[2]))[3], 2, 'the largest has the name it had before, too');

my %spoil = (
	missing => sub { unlink $_[0] or die $! },
	short => sub { truncate($_[0], int((-s $_[0]) / 2)) or die $! },
	spoilt => sub {
		open(my $file, '+<', $_[0]) or die $!;
		print {$file} 'x' x 400;
		close($file) or die $!;
	});
for my $how (sort keys %spoil)
{
	for my $which (0 .. 2)
	{
		refresh();
		@three = files();
		is(scalar(@three), 3, 'three files');
		my $expected = $node->safe_psql('postgres', "SET wals.cache_share = 'never'; $question");
		is($node->safe_psql('postgres', $question), $expected, 'from the files: the answers of all rows');
		$spoil{$how}->($three[$which]);
		is($node->safe_psql('postgres', $question), $expected, "file $which is $how: the same answers");
		is($node->safe_psql('postgres', $question), $expected, 'and the next session has them, too');
	}
}
$node->stop;
done_testing();
