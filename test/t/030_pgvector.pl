# Is what docs/pgvector.md says true?  Its SQL is run in order, and its answers
# are compared with ours: the same items and scores by both forms, with and
# without an index.  Skipped where pgvector is not installed.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

my ($version) = $node->safe_psql('postgres',
	"SELECT default_version FROM pg_available_extensions WHERE name = 'vector'") =~ /^(\d+\.\d+)/;
if (($version // 0) < 0.5)
{
	$node->stop;
	plan skip_all => 'pgvector 0.5 or later is not installed';
}

my @blocks = slurp_file("$root/docs/pgvector.md") =~ /^```sql\n(.*?)^```$/msg;
my %answer;

cmp_ok(scalar @blocks, '>', 4, 'the page has SQL');
$node->safe_psql('postgres', slurp_file("$root/test/data/readme.sql"));

# only index scans, or none
sub answers
{
	my ($sql, $index) = @_;
	my ($on, $off) = $index ? ('on', 'off') : ('off', 'on');

	return $node->safe_psql('postgres',
		"SET enable_indexscan = $on; SET enable_seqscan = $off; SET hnsw.ef_search = 200;\n$sql");
}

# Rows of an id and a number: the same ids, nearly the same numbers.
sub is_near
{
	my ($got, $expected, $name) = @_;
	my @got = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $got);
	my @expected = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', $expected);

	cmp_ok(scalar @expected, '>', 0, "$name: there are rows");
	is_deeply([ map { $_->[0] } @got ], [ map { $_->[0] } @expected ], "$name: ids");
	ok(!(grep { abs($got[$_][1] - $expected[$_][1]) > 1e-4 } 0 .. $#expected), "$name: numbers");
}

for my $sql (@blocks)
{
	my ($status, $out, $err);

	$status = $node->psql('postgres', $sql, stdout => \$out, stderr => \$err,
		on_error_stop => 1);
	is($status, 0, 'runs: ' . substr($sql =~ s/\s+/ /gr, 0, 60)) or diag($err);
	$answer{inner} = $sql if $sql =~ /<#>/;
	$answer{distance} = $sql =~ s/.*?(?=^SELECT p\.id)//msr if $sql =~ /<->/;
	$answer{similar} = $sql if $sql =~ /<=>/;
}

my $best = $node->safe_psql('postgres',
	"SELECT item_id FROM wals_recommend(42, 10, 'movies', exclude_seen => false) ORDER BY rank");
is_near("SET enable_indexscan = off;\n$answer{inner}",
	"SELECT item_id, score FROM wals_recommend(42, 10, 'movies', exclude_seen => false) ORDER BY rank",
	'inner product');
is(answers($answer{distance}, 0), $best, 'distances give the order');
is_near($answer{similar},
	"SELECT item_id, similarity FROM wals_similar_items(17, 5, 'movies') ORDER BY rank",
	'angle');

# the indexes are used, and find most of them
my %is_best = map { $_ => 1 } split /\n/, $best;
for my $form ('inner', 'distance')
{
	like(answers("EXPLAIN (COSTS OFF) $answer{$form}", 1), qr/Index Scan using movies_(?:vectors|points)_vector_idx/,
		"$form: the index is used");
	my @found = map { /^(\d+)/ } split /\n/, answers($answer{$form}, 1);
	is(scalar @found, 10, "$form: ten rows");
	cmp_ok(scalar(grep { $is_best{$_} } @found), '>=', 8, "$form: most of the best are found");
}

$node->stop;
done_testing();
